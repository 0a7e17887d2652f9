/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People: values laid out flat read back as what they were, wherever the buffer
 * already is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/name.h"
#include "people/people.h"
#include "unit/unit.h"

#define COUNT(x) (sizeof(x) / sizeof((x)[0]))

static bool same_members(const void *base, const struct pol_sattr *got, uint32_t n, const struct policy_attr *want, size_t n_want);

static bool
same_value(const void *base, const struct pol_sval *got, const struct policy_value *want)
{
	const struct pol_sval *items;

	if (got->type != want->type)
		return false;
	switch ((enum policy_type)want->type) {
	case POLICY_NULL:
		return got->n == 0 && got->u.i == 0;
	case POLICY_STRING:
		return pol_bytes_equal(POL_AT(base, got->u.off), got->n, want->u.text.data, want->u.text.len) &&
		    ((const char *)POL_AT(base, got->u.off))[got->n] == '\0';
	case POLICY_INT:
		return got->u.i == want->u.integer;
	case POLICY_DOUBLE:
		return memcmp(&got->u.d, &want->u.real, sizeof(double)) == 0;
	case POLICY_BOOL:
		return got->u.i == (want->u.boolean != 0);
	case POLICY_LIST:
		items = POL_AT(base, got->u.off);
		for (uint32_t i = 0; i < want->count; i++) {
			if (!same_value(base, &items[i], &want->u.items[i]))
				return false;
		}
		return got->n == want->count && got->u.off % 8 == 0;
	case POLICY_OBJECT:
		return same_members(base, POL_AT(base, got->u.off), got->n, want->u.members, want->count);
	}
	return false;
}

static bool
same_members(const void *base, const struct pol_sattr *got, uint32_t n, const struct policy_attr *want, size_t n_want)
{
	uint32_t k = 0;

	for (size_t i = 0; i < n_want; i++) {
		if (want[i].value.type == POLICY_NULL)	/* left out */
			continue;
		if (k == n || got[k].hash != pol_hash32(want[i].name.data, want[i].name.len) ||
		    !pol_bytes_equal(pol_str_at(base, got[k].name), got[k].name.len, want[i].name.data, want[i].name.len) ||
		    !same_value(base, &got[k].value, &want[i].value))
			return false;
		k++;
	}
	return k == n;
}

static struct policy_value
value(enum policy_type type, uint32_t n, const void *p)
{
	struct policy_value v;

	memset(&v, 0, sizeof(v));
	v.type = (uint32_t)type;
	v.count = n;
	v.u.items = p;
	return v;
}

static struct policy_value
text(const char *s, size_t len)
{
	struct policy_value v = value(POLICY_STRING, 0, NULL);

	v.u.text = (struct policy_text){ s, len };
	return v;
}

static struct policy_value
number(int64_t i)
{
	struct policy_value v = value(POLICY_INT, 0, NULL);

	v.u.integer = i;
	return v;
}

static void
values_read_back_as_they_were(void)
{
	struct policy_value deepest[2] = { number(INT64_MIN), text("", 0) };
	struct policy_value inner[3] = { value(POLICY_LIST, 2, deepest), text("a\0b", 3), value(POLICY_NULL, 0, NULL) };
	struct policy_attr members[3] = {
		{ POLICY_TEXT("list"), value(POLICY_LIST, 3, inner) }, { POLICY_TEXT("none"), value(POLICY_NULL, 0, NULL) },
		{ POLICY_TEXT(""), number(7) }
	};
	struct policy_attr outer[1] = { { POLICY_TEXT("object"), value(POLICY_OBJECT, 3, members) } };
	struct policy_value all[] = {
		value(POLICY_NULL, 0, NULL), text("", 0), text("plain", 5), number(INT64_MAX), number(-1), value(POLICY_DOUBLE, 0, NULL),
		value(POLICY_BOOL, 0, NULL), value(POLICY_LIST, 0, NULL), value(POLICY_OBJECT, 0, NULL), value(POLICY_LIST, 3, inner),
		value(POLICY_OBJECT, 1, outer),
	};
	struct pol_buf buf;
	struct pol_sval got;

	all[5].u.real = -0.0;
	all[6].u.boolean = 5;				/* any true */
	for (size_t skew = 0; skew < 3; skew++) {	/* bytes before the base, and behind it */
		for (size_t i = 0; i < COUNT(all); i++) {
			pol_buf_init(&buf);
			CU_ASSERT(pol_buf_append(&buf, NULL, skew * 8) != SIZE_MAX && pol_buf_append(&buf, "xyz", skew) != SIZE_MAX);
			CU_ASSERT_EQUAL(pol_encode_value(&buf, skew * 8, &all[i], &got), 0);
			CU_ASSERT(same_value(buf.data != NULL ? buf.data + skew * 8 : "", &got, &all[i]));
			pol_buf_fini(&buf);
		}
	}
	all[0].type = 99;
	pol_buf_init(&buf);
	CU_ASSERT_EQUAL(pol_encode_value(&buf, 0, &all[0], &got), POLICY_ERR_ARG);
	inner[0].type = 99;				/* deep inside too */
	CU_ASSERT_EQUAL(pol_encode_value(&buf, 0, &all[9], &got), POLICY_ERR_ARG);
	pol_buf_fini(&buf);
}

static void
attributes_leave_nulls_out(void)
{
	struct policy_attr list[] = {
		{ POLICY_TEXT("a"), value(POLICY_NULL, 0, NULL) }, { POLICY_TEXT("b"), number(1) }, { POLICY_TEXT("c"), value(POLICY_NULL, 0, NULL) },
		{ POLICY_TEXT("d"), text("x", 1) }, { POLICY_TEXT("e"), value(POLICY_NULL, 0, NULL) }
	};
	struct policy_attrs attrs = { list, COUNT(list) };
	struct pol_buf buf;
	struct pol_span span;

	pol_buf_init(&buf);
	CU_ASSERT_EQUAL(pol_encode_attrs(&buf, 0, &attrs, &span), 0);
	CU_ASSERT_EQUAL(span.n, 2);
	CU_ASSERT(same_members(buf.data, POL_AT(buf.data, span.off), span.n, list, COUNT(list)));
	attrs.count = 1;
	CU_ASSERT_EQUAL(pol_encode_attrs(&buf, 0, &attrs, &span), 0);
	CU_ASSERT_EQUAL(span.n, 0);
	attrs.count = 0;
	CU_ASSERT_EQUAL(pol_encode_attrs(&buf, 0, &attrs, &span), 0);
	CU_ASSERT_EQUAL(span.n, 0);
	pol_buf_fini(&buf);
}

static void
a_text_ends_in_nul_that_is_not_counted(void)
{
	struct pol_buf buf;
	struct pol_str a, b;

	pol_buf_init(&buf);
	CU_ASSERT_EQUAL(pol_encode_text(&buf, 0, "one", 3, &a), 0);
	CU_ASSERT_EQUAL(pol_encode_text(&buf, 2, "twofold", 3, &b), 0);
	CU_ASSERT(a.off == 0 && a.len == 3 && b.off == 2 && b.len == 3 && buf.len == 8);
	CU_ASSERT_EQUAL(memcmp(buf.data, "one\0two\0", 8), 0);
	pol_buf_fini(&buf);
}

CU_TestInfo suite_encode[] = {
	{ "values read back as they were", values_read_back_as_they_were },
	{ "attributes leave nulls out", attributes_leave_nulls_out },
	{ "a text ends in NUL that is not counted", a_text_ends_in_nul_that_is_not_counted },
	CU_TEST_INFO_NULL
};
