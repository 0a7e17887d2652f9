/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lays values out flat: what a caller or a text gives as a tree becomes rows with
 * offsets. Used for records of people and for the literals of a program.
 */
#include "base/arena.h"
#include "base/hash.h"
#include "people/people.h"

int
pol_encode_text(struct pol_buf *buf, size_t base, const char *s, size_t len, struct pol_str *out)
{
	size_t at = pol_buf_append(buf, s, len);

	if (at == SIZE_MAX || pol_buf_append(buf, NULL, 1) == SIZE_MAX)
		return POLICY_ERR_NOMEM;
	out->off = (uint32_t)(at - base);
	out->len = (uint32_t)len;
	return 0;
}

/* Room for n rows of `size` bytes, aligned; SIZE_MAX when memory is out. */
static size_t
rows(struct pol_buf *buf, size_t n, size_t size)
{
	if (pol_buf_align(buf, 8) != 0)
		return SIZE_MAX;
	return pol_buf_append(buf, NULL, n * size);
}

/* Values come from YAML or a store, both of bounded depth: recursion is safe here. */
static int
list(struct pol_buf *buf, size_t base, const struct policy_value *v, struct pol_sval *out)
{
	size_t at = rows(buf, v->count, sizeof(struct pol_sval));

	if (at == SIZE_MAX)
		return POLICY_ERR_NOMEM;
	out->n = v->count;
	out->u.off = at - base;
	for (uint32_t i = 0; i < v->count; i++) {
		struct pol_sval item;
		int rc = pol_encode_value(buf, base, &v->u.items[i], &item);

		if (rc != 0)
			return rc;
		memcpy(buf->data + at + i * sizeof(item), &item, sizeof(item));
	}
	return 0;
}

static int
object(struct pol_buf *buf, size_t base, const struct policy_value *v, struct pol_sval *out)
{
	struct policy_attrs attrs = { v->u.members, v->count };
	struct pol_span span;
	int rc = pol_encode_attrs(buf, base, &attrs, &span);

	out->n = span.n;
	out->u.off = span.off;
	return rc;
}

int
pol_encode_value(struct pol_buf *buf, size_t base, const struct policy_value *v, struct pol_sval *out)
{
	struct pol_str s;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	out->type = (uint8_t)v->type;
	switch ((enum policy_type)v->type) {
	case POLICY_NULL:
		break;
	case POLICY_STRING:
		rc = pol_encode_text(buf, base, v->u.text.data, v->u.text.len, &s);
		if (rc == 0) {
			out->n = s.len;
			out->u.off = s.off;
		}
		break;
	case POLICY_INT:
		out->u.i = v->u.integer;
		break;
	case POLICY_DOUBLE:
		out->u.d = v->u.real;
		break;
	case POLICY_BOOL:
		out->u.i = v->u.boolean != 0;
		break;
	case POLICY_LIST:
		rc = list(buf, base, v, out);
		break;
	case POLICY_OBJECT:
		rc = object(buf, base, v, out);
		break;
	default:
		rc = POLICY_ERR_ARG;
	}
	return rc;
}

int
pol_encode_attrs(struct pol_buf *buf, size_t base, const struct policy_attrs *attrs, struct pol_span *out)
{
	uint32_t n = 0;
	size_t at;

	for (size_t i = 0; i < attrs->count; i++)
		n += attrs->list[i].value.type != POLICY_NULL;
	at = rows(buf, n, sizeof(struct pol_sattr));
	if (at == SIZE_MAX)
		return POLICY_ERR_NOMEM;
	out->off = (uint32_t)(at - base);
	out->n = n;
	n = 0;
	for (size_t i = 0; i < attrs->count; i++) {
		const struct policy_attr *a = &attrs->list[i];
		struct pol_sattr row;
		int rc;

		if (a->value.type == POLICY_NULL)
			continue;
		memset(&row, 0, sizeof(row));
		row.hash = pol_hash32(a->name.data, a->name.len);
		rc = pol_encode_text(buf, base, a->name.data, a->name.len, &row.name);
		if (rc == 0)
			rc = pol_encode_value(buf, base, &a->value, &row.value);
		if (rc != 0)
			return rc;
		memcpy(buf->data + at + n++ * sizeof(row), &row, sizeof(row));
	}
	return 0;
}
