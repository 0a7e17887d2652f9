/* SPDX-License-Identifier: Apache-2.0 */
/* The look-ups of find_inline.h as functions. */
#include "core/find_inline.h"

#define FIND(p, table, T, type, s, len) \
	POL_FIND_ROW(p, pol_hash(s, len, (p)->seed), table, T, type, s, len)

uint32_t
pol_find_action(const struct pol_program *p, const char *s, size_t len)
{
	return pol_find_action_inline(p, s, len);
}

uint32_t
pol_find_type(const struct pol_program *p, const char *s, size_t len, uint64_t *hash)
{
	*hash = pol_hash(s, len, p->seed);
	return pol_find_type_inline(p, *hash, s, len);
}

/* By halves: roles are sought by name when something is loaded or granted, not when
 * deciding. */
uint32_t
pol_find_role(const struct pol_program *p, const char *s, size_t len)
{
	uint32_t low = 0, high = p->roles.n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		struct pol_str name = pol_role_name(p, mid);
		int order = pol_bytes_cmp(pol_str_at(p, name), name.len, s, len);

		if (order == 0)
			return mid;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return POL_NONE;
}

uint32_t
pol_find_scope(const struct pol_program *p, const char *s, size_t len)
{
	return FIND(p, scope_names, scopes, struct pol_scope, s, len);
}

uint32_t
pol_find_kind(const struct pol_program *p, const char *s, size_t len)
{
	return FIND(p, kind_names, kinds, struct pol_kind, s, len);
}

const struct pol_holder *
pol_find_holder(const struct pol_people *w, uint64_t hash, const char *type,
    size_t type_len, const char *name, size_t name_len)
{
	return pol_find_holder_inline(w, hash, type, type_len, name, name_len);
}

const struct pol_thing *
pol_find_thing(const struct pol_people *w, uint64_t hash, uint32_t type,
    const char *id, size_t id_len)
{
	return pol_find_thing_inline(w, hash, type, id, id_len);
}
