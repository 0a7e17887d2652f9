/* SPDX-License-Identifier: Apache-2.0 */
/* Equal condition texts are one expression: they mean the same wherever they stand. */
#include "compile/parse_cond.h"

#include "base/name.h"
#include "compile/cond_parse.h"

void
pol_conds_key(const void *value, struct policy_text *a, struct policy_text *b)
{
	*a = pol_node_text(((const struct pol_cond_info *)value)->source);
	*b = policy_text(NULL);
}

int
pol_conds_get(struct pol_conds *c, struct ast_cond *out, struct ast_set *set, const struct pol_node *source)
{
	struct pol_cond_info *info = pol_index_get(&c->index, pol_node_text(source), policy_text(NULL));
	void *old;
	int rc;

	if (info == NULL) {
		info = POL_NEW(set, struct pol_cond_info);
		if (info == NULL)
			return POLICY_ERR_NOMEM;
		info->source = source;
		rc = pol_cond_parse(&info->expr, set, source);
		if (rc != 0)
			return rc;
		if (pol_index_add(&old, &c->index, info) != 0)
			return pol_set_nomem(set);
		if (c->last == NULL)
			c->last = &c->first;
		*c->last = info;
		c->last = &info->next;
	}
	out->source = source;
	out->expr = info->expr;
	out->info = info;
	return 0;
}

bool
pol_conds_is_word(struct policy_text t)
{
	static const char *const words[] = { "own", "has", "not", "and", "or", "true", "false", "all" };
	struct pol_token token = { POL_TOKEN_WORD, t.data, t.len };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (pol_bytes_equal(t.data, t.len, words[i], strlen(words[i])))
			return true;
	return pol_cmp_find(&token) >= 0;
}
