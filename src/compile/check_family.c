/* SPDX-License-Identifier: Apache-2.0 */
/* `parent` and `inherit`: of one fixed shape wherever they are stored. */
#include "compile/check.h"

long
pol_check_above(const struct ast_type *t, struct policy_text value, struct policy_text *id)
{
	const char *slash = memchr(value.data, '/', value.len);
	size_t head = slash ? (size_t)(slash - value.data) : 0, i;

	for (i = 0; slash != NULL && i < t->parents.n; i++) {
		if (!pol_bytes_equal(value.data, head, t->parents.list[i].u.text, t->parents.list[i].count))
			continue;
		id->data = slash + 1;
		id->len = value.len - head - 1;
		return id->len > 0 ? (long)i : -1;
	}
	*id = value;
	return t->parents.n == 1 ? 0 : -1;
}

static int
not_above(struct ast_set *set, const struct ast_type *t, const struct pol_node *at, struct policy_text value, const char *where)
{
	char types[256];
	size_t i, n = 0;

	for (i = 0; i < t->parents.n && n + t->parents.list[i].count + 4 < sizeof(types); i++) {
		if (i > 0) {
			memcpy(types + n, " or ", 4);
			n += 4;
		}
		memcpy(types + n, t->parents.list[i].u.text, t->parents.list[i].count);
		n += t->parents.list[i].count;
	}
	return pol_set_fail(set, at, "%sparent '%.*s': TYPE/ID is wanted, of type %.*s", where, POL_SHOW_TEXT(value), (int)n, types);
}

/* An integer stands for its text: whatever it says, it is a bare id. */
static int
check_one(struct ast_set *set, const struct ast_type *t, const struct pol_node *at, const struct policy_value *v, const char *where)
{
	struct policy_text id, text = { "1", 1 };

	if (v->type != POLICY_INT && (v->type != POLICY_STRING || v->u.text.len == 0))
		return pol_set_fail(set, at, "%sparent must be a text or a list of texts, none of them empty", where);
	if (v->type == POLICY_STRING)
		text = v->u.text;
	if (t->parent_kind != POL_PARENT_ATTRIBUTE || pol_check_above(t, text, &id) >= 0)
		return 0;
	return not_above(set, t, at, text, where);
}

int
pol_check_family(struct ast_set *set, const struct ast_type *t, const struct pol_node *at,
    const struct policy_value *parent, const struct policy_value *inherit, const char *where)
{
	uint32_t i;
	int rc = 0;

	if (parent->type == POLICY_LIST)
		for (i = 0; rc == 0 && i < parent->count; i++)
			rc = check_one(set, t, at, &parent->u.items[i], where);
	else if (parent->type != POLICY_NULL)
		rc = check_one(set, t, at, parent, where);
	if (rc == 0 && inherit->type != POLICY_NULL && inherit->type != POLICY_BOOL)
		return pol_set_fail(set, at, "%sinherit must be true or false, and nothing else", where);
	return rc;
}
