/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/kinds.h"

#include "base/name.h"

bool
pol_kinds_any(const struct pol_step *s)
{
	return s->conf->n_for == 0 && s->module->kinds == NULL;
}

struct policy_text
pol_kinds_at(const struct pol_step *s, uint32_t i)
{
	const struct policy_text none = { NULL, 0 };

	if (s->conf->n_for > 0)
		return i < s->conf->n_for ? s->conf->for_kinds[i] : none;
	for (uint32_t k = 0; s->module->kinds != NULL && s->module->kinds[k] != NULL; k++) {
		if (k == i)
			return policy_text(s->module->kinds[k]);
	}
	return none;
}

bool
pol_kinds_has(const struct pol_step *s, struct policy_text kind)
{
	struct policy_text t;

	if (pol_kinds_any(s))
		return true;
	for (uint32_t i = 0; (t = pol_kinds_at(s, i)).data != NULL; i++) {
		if (pol_bytes_equal(t.data, t.len, kind.data, kind.len))
			return true;
	}
	return false;
}

enum pol_kinds_share
pol_kinds_share(const struct pol_step *a, const struct pol_step *b, struct policy_text *kind)
{
	bool some = false, lacks = false;
	struct policy_text t;

	if (pol_kinds_any(a))
		return POL_SHARE_ALL;
	if (pol_kinds_any(b)) {
		*kind = pol_kinds_at(a, 0);
		return kind->data != NULL ? POL_SHARE_SOME : POL_SHARE_NONE;
	}
	for (uint32_t i = 0; (t = pol_kinds_at(b, i)).data != NULL; i++) {
		if (!pol_kinds_has(a, t)) {
			lacks = true;
		} else if (!some) {
			some = true;
			*kind = t;
		}
	}
	return !some ? POL_SHARE_NONE : lacks ? POL_SHARE_SOME : POL_SHARE_ALL;
}
