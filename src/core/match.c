/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does an entry speak of this thing, of this action?
 */
#include "core/eval.h"

bool
pol_match_search(const uint32_t *list, uint32_t n, uint32_t x)
{
	while (n > 8) {
		uint32_t half = n / 2;

		if (list[half] <= x) {
			list += half;
			n -= half;
		} else {
			n = half;
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		if (list[i] == x)
			return true;
	}
	return false;
}

/* False where the budget runs out too; ev->limit tells. */
bool
pol_match_glob(struct pol_eval *ev, const char *glob, size_t glob_len, const char *id, size_t len)
{
	bool matches;

	/* most globs differ in what stands before their first star: not worth a step */
	for (size_t i = 0; i < glob_len && glob[i] != '*' && glob[i] != '\\'; i++) {
		if (i == len || glob[i] != id[i])
			return false;
	}
	matches = pol_glob_match(glob, glob_len, id, len, '/', &ev->steps);
	ev->limit |= ev->steps == 0;
	return matches;
}

bool
pol_match_pattern(struct pol_eval *ev, const struct pol_pattern *pat,
    uint32_t type, const char *id, size_t len)
{
	const struct pol_program *p = ev->p;

	if (pat->type != type)
		return false;
	if (pat->kind == POL_PAT_TYPE)
		return true;
	if (pat->kind == POL_PAT_LITERAL)
		return pol_bytes_equal(pol_str_at(p, pat->text), pat->text.len, id, len);
	return pol_match_glob(ev, pol_str_at(p, pat->text), pat->text.len, id, len);
}

bool
pol_match_some(struct pol_eval *ev, struct pol_span patterns)
{
	const struct pol_pattern *pat = POL_AT(ev->p, patterns.off);

	if (!ev->has_resource)
		return false;
	for (uint32_t i = 0; i < patterns.n; i++) {
		if (pol_match_pattern(ev, &pat[i], ev->type,
		    ev->req->resource_id.data, ev->req->resource_id.len))
			return true;
	}
	return false;
}

bool
pol_match_has_action(const struct pol_program *p, const struct pol_entry *e, uint32_t action)
{
	const struct pol_span actions = pol_body_of(p, e)->actions;

	return pol_match_sorted(POL_AT(p, actions.off), actions.n, action);
}
