/* SPDX-License-Identifier: Apache-2.0 */
/* auth/pack.c. */
#include <stdlib.h>
#include <string.h>

#include "auth/cache.h"
#include "auth/identity.h"

#include "unit/unit.h"

static struct policy_text
t(const char *s)
{
	return policy_text(s);
}

static struct policy_identity *
new_identity(void)
{
	struct policy_identity *id = calloc(1, sizeof(*id));

	CU_ASSERT_PTR_NOT_NULL_FATAL(id);
	id->size = sizeof(*id);
	pol_identity_clear(id);
	return id;
}

static void
named(struct policy_identity *id)
{
	pol_identity_text(id, &id->subject_type, t("user"), 64);
	pol_identity_text(id, &id->subject_id, t("alice"), 255);
	pol_identity_text(id, &id->kind, t("jwt"), 64);
	pol_identity_text(id, &id->token_id, t("k-17"), 64);
	pol_identity_text(id, &id->step, t("corp"), 64);
}

static void
full(struct policy_identity *id)
{
	static const struct policy_value items[] = {
		{ .type = POLICY_STRING, .u.text = POLICY_TEXT("a") }, { .type = POLICY_INT, .u.integer = -5 },
		{ .type = POLICY_DOUBLE, .u.real = 0.25 }, { .type = POLICY_BOOL, .u.boolean = 1 }, { .type = POLICY_NULL }
	};
	static const struct policy_attr inner[] = {
		{ POLICY_TEXT("list"), { .type = POLICY_LIST, .count = 5, .u.items = items } },
		{ POLICY_TEXT("empty"), { .type = POLICY_LIST } },
		{ POLICY_TEXT("text"), { .type = POLICY_STRING, .u.text = POLICY_TEXT("") } }
	};
	static const struct policy_value object = { .type = POLICY_OBJECT, .count = 3, .u.members = inner };

	named(id);
	id->scoped = 1;
	id->expires = 123456789;
	pol_identity_listed(id, id->groups, &id->groups_count, t("corp/eng"));
	pol_identity_listed(id, id->groups, &id->groups_count, t("corp/ops"));
	pol_identity_listed(id, id->scopes, &id->scopes_count, t("read"));
	CU_ASSERT_EQUAL(pol_identity_attr(id, id->subject_attributes, &id->subject_attributes_count, t("o"), &object), 0);
	CU_ASSERT_EQUAL(pol_identity_attr(id, id->token_attributes, &id->token_attributes_count, t("iss"), &items[0]), 0);
	CU_ASSERT_EQUAL(pol_identity_attr(id, id->token_attributes, &id->token_attributes_count, t("five"), &items[1]), 0);
}

static bool
same_text(struct policy_text a, struct policy_text b)
{
	return a.data != NULL && b.data != NULL && a.len == b.len && memcmp(a.data, b.data, a.len) == 0 && a.data[a.len] == '\0';
}

static bool same_attrs(const struct policy_attr *a, const struct policy_attr *b, uint32_t n);

static bool
same_value(const struct policy_value *a, const struct policy_value *b)
{
	bool same = a->type == b->type;

	if (!same || a->type == POLICY_NULL)
		return same;
	if (a->type == POLICY_STRING)
		return same_text(a->u.text, b->u.text);
	if (a->type == POLICY_BOOL)
		return a->u.boolean == b->u.boolean;
	if (a->type == POLICY_INT || a->type == POLICY_DOUBLE)
		return a->u.integer == b->u.integer;
	if (a->count != b->count)
		return false;
	if (a->type == POLICY_OBJECT)
		return same_attrs(a->u.members, b->u.members, a->count);
	for (uint32_t i = 0; same && i < a->count; i++)
		same = same_value(&a->u.items[i], &b->u.items[i]);
	return same;
}

static bool
same_attrs(const struct policy_attr *a, const struct policy_attr *b, uint32_t n)
{
	bool same = true;

	for (uint32_t i = 0; same && i < n; i++)
		same = same_text(a[i].name, b[i].name) && same_value(&a[i].value, &b[i].value);
	return same;
}

static bool
same(const struct policy_identity *a, const struct policy_identity *b)
{
	bool ok = a->expires == b->expires && a->scoped == b->scoped && a->groups_count == b->groups_count &&
	    a->scopes_count == b->scopes_count && a->subject_attributes_count == b->subject_attributes_count &&
	    a->token_attributes_count == b->token_attributes_count && same_text(a->subject_type, b->subject_type) &&
	    same_text(a->subject_id, b->subject_id) && same_text(a->kind, b->kind) &&
	    same_text(a->token_id, b->token_id) && same_text(a->step, b->step);

	for (uint32_t i = 0; ok && i < a->groups_count; i++)
		ok = same_text(a->groups[i], b->groups[i]);
	for (uint32_t i = 0; ok && i < a->scopes_count; i++)
		ok = same_text(a->scopes[i], b->scopes[i]);
	return ok && same_attrs(a->subject_attributes, b->subject_attributes, a->subject_attributes_count) &&
	    same_attrs(a->token_attributes, b->token_attributes, a->token_attributes_count);
}

static bool
is_inside(const struct policy_identity *id, const void *p)
{
	return (const char *)p >= (const char *)id && (const char *)p < (const char *)(id + 1);
}

static void
what_is_packed_comes_back(void)
{
	struct policy_identity *ids = calloc(3, sizeof(*ids)), *back = new_identity();
	_Alignas(8) char buf[POL_PACKED_MAX + 1];
	uint32_t len;

	CU_ASSERT_PTR_NOT_NULL_FATAL(ids);
	for (size_t i = 0; i < 3; i++) {
		ids[i].size = sizeof(ids[i]);
		pol_identity_clear(&ids[i]);
	}
	named(&ids[0]);
	full(&ids[1]);
	len = pol_pack(buf + 1, POL_PACKED_MAX, ids, 3);	/* at an odd place */
	CU_ASSERT(len > 0);
	CU_ASSERT_EQUAL(pol_pack_count(buf + 1, len), 3);
	for (uint32_t i = 0; i < 3; i++) {
		memset((char *)back + sizeof(back->size), 0x5a, sizeof(*back) - sizeof(back->size));
		CU_ASSERT(pol_unpack(back, buf + 1, len, i));
		CU_ASSERT(same(&ids[i], back));
		CU_ASSERT_EQUAL(back->verified, 1);
		CU_ASSERT(is_inside(back, back->subject_id.data) && is_inside(back, back->step.data));
		CU_ASSERT(is_inside(back, back->bytes + back->bytes_count - 1));
	}
	CU_ASSERT(!pol_unpack(back, buf + 1, len, 3));
	CU_ASSERT_EQUAL(back->verified, 0);
	CU_ASSERT_EQUAL(pol_pack(buf, POL_PACKED_MAX, ids, 0), 0);
	free(ids);
	free(back);
}

static void
what_has_no_room_is_not_packed(void)
{
	struct policy_identity *id = new_identity();
	char buf[POL_PACKED_MAX], text[256];
	uint32_t len;

	full(id);
	len = pol_pack(buf, sizeof(buf), id, 1);
	CU_ASSERT(len > 0 && len < 300);
	CU_ASSERT_EQUAL(pol_pack(buf, len, id, 1), len);
	CU_ASSERT_EQUAL(pol_pack(buf, len - 1, id, 1), 0);
	memset(text, 'x', sizeof(text) - 1);
	text[255] = '\0';
	for (char c = 'a'; c < 'l'; c++) {
		text[0] = c;
		CU_ASSERT_EQUAL(pol_identity_listed(id, id->groups, &id->groups_count, t(text)), 0);
	}
	CU_ASSERT_EQUAL(pol_pack(buf, sizeof(buf), id, 1), 0);
	free(id);
}

/* Whatever stands there, nothing beyond it is read or written (ASan), and what is taken
 * for an identity lies in itself. */
static void
foreign_bytes_are_refused(void)
{
	struct policy_identity *id = new_identity(), *back = new_identity();
	char buf[POL_PACKED_MAX];
	uint32_t len, taken = 0;

	full(id);
	len = pol_pack(buf, sizeof(buf), id, 1);
	for (uint32_t cut = 0; cut < len; cut++) {
		char *copy = malloc(cut + 1);

		CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
		memcpy(copy, buf, cut);
		CU_ASSERT(!pol_unpack(back, copy, cut, 0));
		CU_ASSERT_EQUAL(back->verified, 0);
		CU_ASSERT_EQUAL(pol_pack_count(copy, cut), 0);
		free(copy);
	}
	for (uint32_t at = 0; at < len; at++) {
		char *copy = malloc(len);

		CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
		memcpy(copy, buf, len);
		for (unsigned v = 1; v < 256; v++) {
			copy[at] = (char)(buf[at] ^ (int)v);
			if (pol_unpack(back, copy, len, 0)) {
				taken++;
				CU_ASSERT(is_inside(back, back->subject_id.data));
				CU_ASSERT(same(back, back));	/* walks all of it */
			}
		}
		free(copy);
	}
	CU_ASSERT(taken > 0);		/* letters may be others */
	free(id);
	free(back);
}

CU_TestInfo suite_pack[] = {
	{ "what is packed comes back", what_is_packed_comes_back },
	{ "what has no room is not packed", what_has_no_room_is_not_packed },
	{ "foreign bytes are refused", foreign_bytes_are_refused },
	CU_TEST_INFO_NULL
};
