/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes of a user's row: values with their types, in lines that a person can read.
 */
#include "base/name.h"
#include "base/num.h"
#include "core/core.h"
#include "people/rows.h"

static bool
is_name(struct policy_text t)
{
	return t.data != NULL && t.len != 0 && t.len <= POL_MAX_ID && memchr(t.data, '=', t.len) == NULL &&
	    memchr(t.data, '\n', t.len) == NULL && memchr(t.data, '\0', t.len) == NULL &&
	    !pol_bytes_equal(t.data, t.len, "uid", 3) && !pol_bytes_equal(t.data, t.len, "org", 3);
}

static bool
is_twice(const struct policy_attr *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (pol_bytes_equal(list[i].name.data, list[i].name.len, list[n].name.data, list[n].name.len))
			return true;
	}
	return false;
}

static void
encode_text(struct pol_buf *out, struct policy_text t)
{
	pol_buf_append(out, "\"", 1);
	for (size_t i = 0; i < t.len; i++) {
		char c = t.data[i];

		if (c == '\\' || c == '"' || c == '\n')
			pol_buf_append(out, "\\", 1);
		pol_buf_append(out, c == '\n' ? "n" : &c, 1);
	}
	pol_buf_append(out, "\"", 1);
}

int
pol_rows_attributes_encode(struct pol_buf *out, const struct policy_attrs *attrs)
{
	if (attrs->count > POL_ROWS_ATTRIBUTES)
		return POLICY_ERR_INVALID;
	for (size_t i = 0; i < attrs->count; i++) {
		const struct policy_attr *a = &attrs->list[i];

		if (!is_name(a->name) || is_twice(attrs->list, i))
			return POLICY_ERR_INVALID;
		pol_buf_append(out, a->name.data, a->name.len);
		pol_buf_append(out, "=", 1);
		if (a->value.type == POLICY_INT)
			pol_buf_printf(out, "%lld", (long long)a->value.u.integer);
		else if (a->value.type == POLICY_BOOL)
			pol_buf_printf(out, "%s", a->value.u.boolean != 0 ? "true" : "false");
		else if (a->value.type == POLICY_STRING && a->value.u.text.data != NULL &&
		    (a->value.u.text.len == 0 || memchr(a->value.u.text.data, '\0', a->value.u.text.len) == NULL))
			encode_text(out, a->value.u.text);
		else
			return POLICY_ERR_INVALID;
		pol_buf_append(out, "\n", 1);
	}
	return out->failed ? POLICY_ERR_NOMEM : 0;
}

/* What stands between quotes. */
static int
decode_text(const char *s, size_t len, struct policy_value *v, char **room)
{
	char *to = *room;

	if (len < 2 || s[len - 1] != '"')
		return POLICY_ERR_INVALID;
	for (size_t i = 1; i < len - 1; i++) {
		char c = s[i];

		if (c == '"')
			return POLICY_ERR_INVALID;
		if (c == '\\') {
			if (++i == len - 1 || (s[i] != '\\' && s[i] != '"' && s[i] != 'n'))
				return POLICY_ERR_INVALID;
			c = s[i] == 'n' ? '\n' : s[i];
		}
		*to++ = c;
	}
	v->type = POLICY_STRING;
	v->u.text = (struct policy_text){ *room, (size_t)(to - *room) };
	*room = to;
	return 0;
}

static int
decode_value(const char *s, size_t len, struct policy_value *v, char **room)
{
	double real;

	if (len != 0 && s[0] == '"')
		return decode_text(s, len, v, room);
	if (pol_bytes_equal(s, len, "true", 4) || pol_bytes_equal(s, len, "false", 5)) {
		v->type = POLICY_BOOL;
		v->u.boolean = len == 4;
		return 0;
	}
	v->type = POLICY_INT;
	return pol_num_parse(s, len, &v->u.integer, &real) == POL_NUM_INT ? 0 : POLICY_ERR_INVALID;
}

int
pol_rows_attributes_decode(struct policy_text text, struct policy_attr *list, size_t *n, char *room)
{
	const char *s = text.data, *end = s == NULL ? s : s + text.len;

	for (*n = 0; s != end; ++*n) {
		const char *line = memchr(s, '\n', (size_t)(end - s)), *eq;
		struct policy_attr *a = &list[*n];
		int rc;

		if (line == NULL)
			line = end;
		eq = memchr(s, '=', (size_t)(line - s));
		if (eq == NULL || *n == POL_ROWS_ATTRIBUTES)
			return POLICY_ERR_INVALID;
		memset(a, 0, sizeof(*a));
		a->name = (struct policy_text){ s, (size_t)(eq - s) };
		if (!is_name(a->name) || is_twice(list, *n))
			return POLICY_ERR_INVALID;
		rc = decode_value(eq + 1, (size_t)(line - eq - 1), &a->value, &room);
		if (rc != 0)
			return rc;
		s = line == end ? end : line + 1;
	}
	return 0;
}
