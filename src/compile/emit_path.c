/* SPDX-License-Identifier: Apache-2.0 */
/* Attribute names, paths and the templates of `like`: each kept once. */
#include <string.h>

#include "base/hash.h"
#include "base/name.h"
#include "compile/emit.h"

/* First names that the engine computes. */
static const struct {
	enum pol_root root;
	const char *name;
	enum pol_special special;
} specials[] = {
	{ POL_ROOT_SUBJECT, "type", POL_SP_TYPE },
	{ POL_ROOT_SUBJECT, "id", POL_SP_ID },
	{ POL_ROOT_SUBJECT, "groups", POL_SP_GROUPS },
	{ POL_ROOT_SUBJECT, "roles", POL_SP_ROLES },
	{ POL_ROOT_ACTOR, "type", POL_SP_TYPE },
	{ POL_ROOT_ACTOR, "id", POL_SP_ID },
	{ POL_ROOT_ACTOR, "groups", POL_SP_GROUPS },
	{ POL_ROOT_ACTOR, "roles", POL_SP_ROLES },
	{ POL_ROOT_RESOURCE, "type", POL_SP_TYPE },
	{ POL_ROOT_RESOURCE, "id", POL_SP_ID },
	{ POL_ROOT_ACTION, "name", POL_SP_NAME },
	{ POL_ROOT_CONTEXT, "time", POL_SP_TIME },
	{ POL_ROOT_TOKEN, "scopes", POL_SP_SCOPES },
	{ POL_ROOT_TOKEN, "kind", POL_SP_KIND },
	{ POL_ROOT_TOKEN, "id", POL_SP_TOKEN_ID },
};

/* Same order as enum pol_root. */
static const char *const roots[] = { "subject", "resource", "action", "context", "token", "actor" };

int
pol_emit_path_root(const char *s, size_t len)
{
	size_t i, n;

	for (i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
		n = strlen(roots[i]);
		if (len > n && memcmp(s, roots[i], n) == 0 && s[n] == '.')
			return (int)i;
	}
	return -1;
}

int
pol_emit_path_name(struct pol_emit *e, const char *s, size_t len, uint32_t *index)
{
	struct pol_name row;
	bool found;
	int rc;

	*index = (uint32_t)(e->table[EMIT_NAMES].len / sizeof(row));
	rc = pol_emit_text_rc(e, pol_emit_dict_put(&e->names, s, len, index, &found));
	if (rc != 0 || found)
		return rc;
	memset(&row, 0, sizeof(row));
	row.hash = pol_hash32(s, len);
	rc = pol_emit_text(e, s, len, &row.text);
	return rc != 0 ? rc : pol_emit_text_row(e, EMIT_NAMES, &row, sizeof(row), NULL);
}

/* The attributes of a subject where text is due: `id`, and those that own. */
int
pol_emit_path_owners(struct pol_emit *e)
{
	uint32_t yes = 1;
	bool found;
	size_t i;
	int rc;

	rc = pol_emit_dict_put(&e->owners, "id", 2, &yes, &found);
	for (i = 0; rc == 0 && i < e->set->types.n; i++) {
		const struct ast_type *t = e->set->types.list[i];

		if (t->has_owner)
			rc = pol_emit_dict_put(&e->owners, t->owner_subject.data,
			    t->owner_subject.len, &yes, &found);
	}
	return pol_emit_text_rc(e, rc);
}

static uint8_t
special_of(enum pol_root root, const struct policy_text *name)
{
	size_t i;

	for (i = 0; i < sizeof(specials) / sizeof(*specials); i++)
		if (specials[i].root == root && pol_bytes_equal(name->data, name->len,
		    specials[i].name, strlen(specials[i].name)))
			return (uint8_t)specials[i].special;
	return POL_SP_NONE;
}

/* Only a whole attribute is text where text is due: what lies inside an object is not. */
static uint8_t
flags_of(const struct pol_emit *e, enum pol_root root, const struct policy_text *names, size_t n)
{
	uint32_t yes;

	if (n != 1 || (root != POL_ROOT_SUBJECT && root != POL_ROOT_ACTOR))
		return 0;
	return pol_emit_dict_get(&e->owners, names[0].data, names[0].len, &yes) ? POL_PATH_IDENT : 0;
}

/* The key of a path tells its names apart: one may hold a point. */
static int
find_path(struct pol_emit *e, enum pol_root root, const struct policy_text *names, size_t n,
    uint32_t *index, bool *found)
{
	size_t i;

	e->tmp.len = 0;
	pol_buf_append(&e->tmp, roots[root], strlen(roots[root]) + 1);
	for (i = 0; i < n; i++) {
		pol_buf_append(&e->tmp, names[i].data, names[i].len);
		pol_buf_append(&e->tmp, "", 1);
	}
	if (e->tmp.failed)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	*index = (uint32_t)(e->table[EMIT_PATHS].len / sizeof(struct pol_path));
	return pol_emit_text_rc(e, pol_emit_dict_put(&e->paths, e->tmp.data, e->tmp.len, index, found));
}

int
pol_emit_path(struct pol_emit *e, enum pol_root root, const struct policy_text *names,
    size_t n, const struct pol_node *at, uint32_t *index)
{
	struct pol_path row;
	uint32_t name;
	bool found;
	size_t i;
	int rc;

	if (n > EMIT_PATH_NAMES_MAX)
		return pol_emit_text_fail(e, at, POLICY_ERR_LIMIT,
		    "this path has %zu names; at most %d are wanted", n, EMIT_PATH_NAMES_MAX);
	rc = find_path(e, root, names, n, index, &found);
	if (rc != 0 || found)
		return rc;
	memset(&row, 0, sizeof(row));
	row.root = (uint8_t)root;
	row.special = special_of(root, &names[0]);
	if (row.special == POL_SP_ROLES)
		e->head.hears_roles = 1;
	if (row.special == POL_SP_TIME)
		e->head.hears_time = 1;
	row.flags = flags_of(e, root, names, n);
	row.n = (uint8_t)n;
	row.first = (uint32_t)(e->table[EMIT_PATH_NAMES].len / sizeof(name));
	for (i = 0; i + 1 < e->tmp.len; i++)
		if (e->tmp.data[i] == '\0')
			e->tmp.data[i] = '.';
	rc = pol_emit_text(e, e->tmp.data, e->tmp.len - 1, &row.text);
	for (i = 0; rc == 0 && i < n; i++) {
		rc = pol_emit_path_name(e, names[i].data, names[i].len, &name);
		if (rc == 0)
			rc = pol_emit_text_row(e, EMIT_PATH_NAMES, &name, sizeof(name), NULL);
	}
	return rc != 0 ? rc : pol_emit_text_row(e, EMIT_PATHS, &row, sizeof(row), NULL);
}
