/* SPDX-License-Identifier: Apache-2.0 */
/* What a module may say of a subject, and what makes it unsay all. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/identity.h"
#include "core/core.h"
#include "unit/unit.h"

#define IS(text, s) ((text).len == strlen(s) && memcmp((text).data, s, strlen(s)) == 0)

static struct policy_host h;
static struct pol_filling *f;
static struct policy_identity *id;

static void
begin(void)
{
	free(f);
	f = malloc(sizeof(*f));
	if (f == NULL)
		abort();
	memset(f, 0x5a, sizeof(*f));
	pol_identity_begin(f);
	f->step = "key";
	f->subject_type = policy_text("user");
	id = &f->id;
	pol_identity_offer(&h);
}

static struct policy_text
long_text(size_t n)
{
	static char room[1 << 20];

	memset(room, 'x', sizeof(room));
	return (struct policy_text){ room, n };
}

/* The function failed with rc, and whatever follows, the identity is spoilt by it. */
static bool
spoils(int rc, int want)
{
	const bool right = rc == want && f->spoilt == want;

	if (!right)
		printf("%d, spoilt %d, not %d\n", rc, f->spoilt, want);
	begin();
	return right;
}

static bool
is_inside(const void *p)
{
	return (const char *)p >= (const char *)id && (const char *)p < (const char *)(id + 1);
}

static void
it_begins_empty(void)
{
	begin();
	CU_ASSERT_EQUAL(id->size, sizeof(*id));
	CU_ASSERT_EQUAL(id->verified, 0);
	CU_ASSERT_EQUAL(id->expires, 0);
	CU_ASSERT_EQUAL(id->scoped, 0);
	CU_ASSERT_EQUAL(id->groups_count + id->scopes_count + id->subject_attributes_count + id->token_attributes_count, 0);
	CU_ASSERT_EQUAL(id->subject_id.len, 0);
	CU_ASSERT_PTR_NOT_NULL(id->subject_id.data);
	CU_ASSERT_EQUAL(f->spoilt, 0);
	CU_ASSERT_EQUAL(f->reason, POLICY_REASON_BAD_CREDENTIAL);
	CU_ASSERT_PTR_NULL(f->claim);
}

static void
what_was_said_lies_inside_and_ends_in_a_nul(void)
{
	char name[] = "ann", group[] = "eng";

	begin();
	CU_ASSERT_EQUAL(h.set_subject(id, policy_text(NULL), policy_text(name)), 0);
	CU_ASSERT_EQUAL(h.add_group(id, policy_text(group)), 0);
	memset(name, 'z', 3);
	memset(group, 'z', 3);
	CU_ASSERT(IS(id->subject_type, "user"));
	CU_ASSERT(IS(id->subject_id, "ann"));
	CU_ASSERT(IS(id->groups[0], "key/eng"));
	CU_ASSERT(is_inside(id->subject_type.data));
	CU_ASSERT(is_inside(id->subject_id.data));
	CU_ASSERT(is_inside(id->groups[0].data));
	CU_ASSERT_EQUAL(id->subject_id.data[3], '\0');
	CU_ASSERT_EQUAL(f->spoilt, 0);
}

static void
a_subject_is_said_once_and_fits_its_place(void)
{
	static const char *const no_types[] = { "", "group", "everyone", "authenticated", "anonymous", "a b", "1a", "a/b", "a:b" };
	const struct policy_text none = { NULL, 0 }, empty = { "", 0 };

	begin();
	CU_ASSERT_EQUAL(h.set_subject(id, policy_text("host"), policy_text("db1")), 0);
	CU_ASSERT(IS(id->subject_type, "host"));
	CU_ASSERT(spoils(h.set_subject(id, policy_text("host"), policy_text("db1")), POLICY_ERR_ARG));
	CU_ASSERT(spoils(h.set_subject(id, none, none), POLICY_ERR_ARG));
	CU_ASSERT(spoils(h.set_subject(id, none, empty), POLICY_ERR_ARG));
	CU_ASSERT(spoils(h.set_subject(id, none, (struct policy_text){ "a\0b", 3 }), POLICY_ERR_ARG));
	for (size_t i = 0; i < sizeof(no_types) / sizeof(no_types[0]); i++)
		CU_ASSERT(spoils(h.set_subject(id, policy_text(no_types[i]), policy_text("x")), POLICY_ERR_ARG));
	f->subject_type = none;
	CU_ASSERT(spoils(h.set_subject(id, none, policy_text("x")), POLICY_ERR_ARG));
	CU_ASSERT_EQUAL(h.set_subject(id, none, long_text(POL_MAX_ID)), 0);
	begin();
	CU_ASSERT(spoils(h.set_subject(id, none, long_text(POL_MAX_ID + 1)), POLICY_ERR_LIMIT));
	CU_ASSERT(spoils(h.set_subject(id, none, long_text(1 << 20)), POLICY_ERR_LIMIT));
	CU_ASSERT_EQUAL(h.set_subject(id, long_text(POL_MAX_TYPE), policy_text("x")), 0);
	begin();
	CU_ASSERT(spoils(h.set_subject(id, long_text(POL_MAX_TYPE + 1), policy_text("x")), POLICY_ERR_LIMIT));
}

static void
groups_bear_the_name_of_the_step(void)
{
	static const char *const odd[] = { "map:key/admin", "a/b", "../x", "key", "group:x" };
	char name[64];

	begin();
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		CU_ASSERT_EQUAL(h.add_group(id, policy_text(odd[i])), 0);
		CU_ASSERT_EQUAL(strncmp(id->groups[i].data, "key/", 4), 0);
		CU_ASSERT_STRING_EQUAL(id->groups[i].data + 4, odd[i]);
	}
	CU_ASSERT_EQUAL(h.add_group(id, policy_text("a/b")), 0);
	CU_ASSERT_EQUAL(id->groups_count, 5);
	begin();
	for (int i = 0; i < POLICY_IDENTITY_LISTED; i++) {
		snprintf(name, sizeof(name), "g%d", i);
		CU_ASSERT_EQUAL(h.add_group(id, policy_text(name)), 0);
	}
	CU_ASSERT_EQUAL(h.add_group(id, policy_text("g7")), 0);
	CU_ASSERT_EQUAL(id->groups_count, POLICY_IDENTITY_LISTED);
	CU_ASSERT(spoils(h.add_group(id, policy_text("one more")), POLICY_ERR_LIMIT));
	CU_ASSERT(spoils(h.add_group(id, policy_text("")), POLICY_ERR_ARG));
	CU_ASSERT(spoils(h.add_group(id, policy_text(NULL)), POLICY_ERR_ARG));
	CU_ASSERT(spoils(h.add_group(id, (struct policy_text){ "a\0b", 3 }), POLICY_ERR_ARG));
	CU_ASSERT_EQUAL(h.add_group(id, long_text(POL_MAX_ID - 4)), 0);
	begin();
	CU_ASSERT(spoils(h.add_group(id, long_text(POL_MAX_ID - 3)), POLICY_ERR_LIMIT));
	CU_ASSERT(spoils(h.add_group(id, long_text(SIZE_MAX - 2)), POLICY_ERR_LIMIT));
}

static void
scopes_that_are_none_are_still_scopes(void)
{
	begin();
	CU_ASSERT_EQUAL(h.set_scoped(id), 0);
	CU_ASSERT_EQUAL(id->scoped, 1);
	CU_ASSERT_EQUAL(id->scopes_count, 0);
	begin();
	CU_ASSERT_EQUAL(h.add_scope(id, policy_text("read")), 0);
	CU_ASSERT_EQUAL(h.add_scope(id, policy_text("read")), 0);
	CU_ASSERT_EQUAL(id->scoped, 1);
	CU_ASSERT_EQUAL(id->scopes_count, 1);
	/* one that fails leaves a token that is scoped all the same */
	begin();
	CU_ASSERT_EQUAL(h.add_scope(id, policy_text("")), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(id->scoped, 1);
	begin();
	CU_ASSERT(spoils(h.add_scope(id, long_text(POL_MAX_ID + 1)), POLICY_ERR_LIMIT));
}

static void
ids_kinds_times_and_reasons_fit_their_place(void)
{
	const struct policy_text kinds[] = { POLICY_TEXT("api"), POLICY_TEXT("admin") };

	begin();
	CU_ASSERT_EQUAL(h.set_token_id(id, long_text(POL_MAX_TOKEN_ID)), 0);
	begin();
	CU_ASSERT(spoils(h.set_token_id(id, long_text(POL_MAX_TOKEN_ID + 1)), POLICY_ERR_LIMIT));
	CU_ASSERT(spoils(h.set_token_id(id, policy_text("")), POLICY_ERR_ARG));
	CU_ASSERT(spoils(h.set_kind(id, policy_text("api")), POLICY_ERR_ARG));
	f->kinds = kinds;
	f->n_kinds = 2;
	CU_ASSERT_EQUAL(h.set_kind(id, policy_text("admin")), 0);
	CU_ASSERT(IS(id->kind, "admin"));
	CU_ASSERT(spoils(h.set_kind(id, policy_text("adm")), POLICY_ERR_ARG));
	CU_ASSERT_EQUAL(h.set_expires(id, 12), 0);
	CU_ASSERT_EQUAL(id->expires, 12);
	CU_ASSERT(spoils(h.set_expires(id, -1), POLICY_ERR_ARG));
	CU_ASSERT(!f->cacheable_said);
	CU_ASSERT_EQUAL(h.set_cacheable(id, -5), 0);
	CU_ASSERT(f->cacheable_said);
	CU_ASSERT_EQUAL(id->cacheable, -5);
	for (int r = -1; r <= POLICY_REASON__COUNT; r++) {
		const bool may = r == POLICY_REASON_BAD_CREDENTIAL || r == POLICY_REASON_EXPIRED || r == POLICY_REASON_REVOKED;

		begin();
		CU_ASSERT_EQUAL(h.set_reason(id, (enum policy_reason)r), may ? 0 : POLICY_ERR_ARG);
		CU_ASSERT_EQUAL(f->reason, may ? (enum policy_reason)r : POLICY_REASON_BAD_CREDENTIAL);
		CU_ASSERT_EQUAL(f->spoilt, may ? 0 : POLICY_ERR_ARG);
	}
}

static void
the_first_failure_stays(void)
{
	begin();
	CU_ASSERT_EQUAL(h.add_scope(id, long_text(300)), POLICY_ERR_LIMIT);
	CU_ASSERT_EQUAL(h.add_scope(id, policy_text("")), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(h.add_scope(id, policy_text("fine")), 0);
	CU_ASSERT_EQUAL(f->spoilt, POLICY_ERR_LIMIT);
}

/* ---- attributes ---- */

static int
attribute(const struct policy_value *v)
{
	return h.add_subject_attribute(id, policy_text("a"), v);
}

static void
values_of_every_type_are_copied(void)
{
	char s[] = "text";
	const struct policy_value items[] = { { .type = POLICY_STRING, .u.text = { s, 4 } }, { .type = POLICY_INT, .u.integer = 3 } };
	const struct policy_attr members[] = {
		{ POLICY_TEXT("n"), { .type = POLICY_NULL } },
		{ POLICY_TEXT("l"), { .type = POLICY_LIST, .count = 2, .u.items = items } },
		{ POLICY_TEXT("d"), { .type = POLICY_DOUBLE, .u.real = 1.5 } },
		{ POLICY_TEXT("b"), { .type = POLICY_BOOL, .u.boolean = 1 } },
	};
	const struct policy_value v = { .type = POLICY_OBJECT, .count = 4, .u.members = members };
	const struct policy_attr *m;

	begin();
	CU_ASSERT_EQUAL(attribute(&v), 0);
	memset(s, 'z', 4);
	CU_ASSERT_EQUAL_FATAL(id->subject_attributes_count, 1);
	CU_ASSERT_EQUAL_FATAL(id->subject_attributes[0].value.count, 4);
	m = id->subject_attributes[0].value.u.members;
	CU_ASSERT(is_inside(m));
	CU_ASSERT(IS(m[1].name, "l"));
	CU_ASSERT(is_inside(m[1].value.u.items));
	CU_ASSERT(IS(m[1].value.u.items[0].u.text, "text"));
	CU_ASSERT_EQUAL(m[1].value.u.items[1].u.integer, 3);
	CU_ASSERT_EQUAL(m[2].value.u.real, 1.5);
	CU_ASSERT_EQUAL(id->values_count, 4 * 2 + 2);
}

static void
what_a_request_could_not_carry_is_refused(void)
{
	const double odd[] = { (double)NAN, (double)INFINITY, -(double)INFINITY };
	const struct policy_value list = { .type = POLICY_LIST }, object = { .type = POLICY_OBJECT };
	const struct policy_value bad[] = {
		{ .type = 7 }, { .type = 99 }, { .type = 0xffffffffu },
		{ .type = POLICY_STRING, .u.text = { NULL, 3 } },
		{ .type = POLICY_LIST, .count = 1 }, { .type = POLICY_OBJECT, .count = 1 },
		{ .type = POLICY_LIST, .count = 1, .u.items = &list },
		{ .type = POLICY_LIST, .count = 1, .u.items = &object },
	};
	const struct policy_attr twice[] = { { POLICY_TEXT("x"), { .type = POLICY_NULL } }, { POLICY_TEXT("x"), { .type = POLICY_NULL } } };
	const struct policy_attr unnamed[] = { { { "", 0 }, { .type = POLICY_NULL } } };
	const struct policy_value two = { .type = POLICY_OBJECT, .count = 2, .u.members = twice };
	const struct policy_value no_name = { .type = POLICY_OBJECT, .count = 1, .u.members = unnamed };

	begin();
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		const struct policy_value v = { .type = POLICY_DOUBLE, .u.real = odd[i] };

		CU_ASSERT(spoils(attribute(&v), POLICY_ERR_ARG));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT(spoils(attribute(&bad[i]), POLICY_ERR_ARG));
	CU_ASSERT(spoils(attribute(NULL), POLICY_ERR_ARG));
	CU_ASSERT(spoils(attribute(&two), POLICY_ERR_ARG));
	CU_ASSERT(spoils(attribute(&no_name), POLICY_ERR_ARG));
	CU_ASSERT(spoils(h.add_subject_attribute(id, policy_text(""), &list), POLICY_ERR_ARG));
	CU_ASSERT(spoils(h.add_subject_attribute(id, policy_text(NULL), &list), POLICY_ERR_ARG));
}

static void
depth_and_counts_have_their_ends(void)
{
	static struct policy_value many[POLICY_IDENTITY_VALUES + 1];
	static struct policy_attr members[POL_MAX_ATTRS + 1];
	static char names[POL_MAX_ATTRS + 1][16];
	struct policy_attr deep[12];
	struct policy_value v;

	for (int most = POL_MAX_DEPTH; most <= POL_MAX_DEPTH + 1; most++) {
		begin();
		v = (struct policy_value){ .type = POLICY_INT };
		for (int i = 0; i < most; i++) {
			deep[i] = (struct policy_attr){ POLICY_TEXT("d"), v };
			v = (struct policy_value){ .type = POLICY_OBJECT, .count = 1, .u.members = &deep[i] };
		}
		CU_ASSERT_EQUAL(h.add_token_attribute(id, policy_text("a"), &v), most == POL_MAX_DEPTH ? 0 : POLICY_ERR_LIMIT);
		begin();
		CU_ASSERT_EQUAL(attribute(&deep[most - 1].value), most == POL_MAX_DEPTH ? 0 : POLICY_ERR_LIMIT);
		/* a list is a level too, as it is in a request */
		deep[0].value = (struct policy_value){ .type = POLICY_LIST };
		begin();
		CU_ASSERT_EQUAL(h.add_token_attribute(id, policy_text("a"), &deep[most - 1].value), most == POL_MAX_DEPTH ? 0 : POLICY_ERR_LIMIT);
	}
	begin();
	v = (struct policy_value){ .type = POLICY_LIST, .count = POLICY_IDENTITY_VALUES, .u.items = many };
	CU_ASSERT_EQUAL(attribute(&v), 0);
	begin();
	v.count++;
	CU_ASSERT(spoils(attribute(&v), POLICY_ERR_LIMIT));
	v.count = 0xffffffffu;
	CU_ASSERT(spoils(attribute(&v), POLICY_ERR_LIMIT));
	for (int i = 0; i <= POL_MAX_ATTRS; i++) {
		snprintf(names[i], sizeof(names[i]), "m%d", i);
		members[i].name = policy_text(names[i]);
	}
	v = (struct policy_value){ .type = POLICY_OBJECT, .count = POL_MAX_ATTRS, .u.members = members };
	CU_ASSERT_EQUAL(attribute(&v), 0);
	begin();
	v.count++;
	CU_ASSERT(spoils(attribute(&v), POLICY_ERR_LIMIT));
	v.count = 0xffffffffu;
	CU_ASSERT(spoils(attribute(&v), POLICY_ERR_LIMIT));
	v = (struct policy_value){ .type = POLICY_INT };
	for (int i = 0; i < POLICY_IDENTITY_ATTRS - 1; i++)
		CU_ASSERT_EQUAL(h.add_token_attribute(id, members[i].name, &v), 0);
	CU_ASSERT(spoils(h.add_token_attribute(id, policy_text("more"), &v), POLICY_ERR_LIMIT));
	v = (struct policy_value){ .type = POLICY_STRING, .u.text = long_text(POLICY_IDENTITY_BYTES - 4) };
	CU_ASSERT_EQUAL(attribute(&v), 0);
	CU_ASSERT_EQUAL(id->bytes_count, POLICY_IDENTITY_BYTES - 1);
	CU_ASSERT(spoils(h.add_scope(id, policy_text("s")), POLICY_ERR_LIMIT));
	v.u.text.len++;
	CU_ASSERT(spoils(attribute(&v), POLICY_ERR_LIMIT));
	v.u.text.len = SIZE_MAX;
	CU_ASSERT(spoils(attribute(&v), POLICY_ERR_LIMIT));
}

static void
the_first_who_says_a_name_is_heard(void)
{
	const struct policy_value one = { .type = POLICY_INT, .u.integer = 1 }, two = { .type = POLICY_INT, .u.integer = 2 };

	begin();
	CU_ASSERT_EQUAL(attribute(&one), 0);
	CU_ASSERT_EQUAL(attribute(&two), 0);
	CU_ASSERT_EQUAL(id->subject_attributes_count, 1);
	CU_ASSERT_EQUAL(id->subject_attributes[0].value.u.integer, 1);
}

static void
a_token_does_not_name_what_the_engine_fills(void)
{
	static const char *const own[] = { "scopes", "kind", "id", "subject" };
	const struct policy_value one = { .type = POLICY_INT };

	begin();
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		CU_ASSERT(spoils(h.add_token_attribute(id, policy_text(own[i]), &one), POLICY_ERR_ARG));
		CU_ASSERT_EQUAL(h.add_subject_attribute(id, policy_text(own[i]), &one), 0);
	}
	CU_ASSERT_EQUAL(h.add_token_attribute(id, policy_text("ids"), &one), 0);
}

static unsigned heard;

static void
hear(void *ctx, struct policy_text claim, struct policy_text value)
{
	CU_ASSERT_PTR_EQUAL(ctx, &heard);
	CU_ASSERT(IS(claim, "dept"));
	CU_ASSERT(IS(value, "it"));
	heard++;
}

static void
claims_are_heard_where_somebody_asks(void)
{
	begin();
	CU_ASSERT_EQUAL(h.add_claim(id, policy_text("dept"), policy_text("it")), 0);
	f->claim = hear;
	f->claim_ctx = &heard;
	heard = 0;
	CU_ASSERT_EQUAL(h.add_claim(id, policy_text("dept"), policy_text("it")), 0);
	CU_ASSERT_EQUAL(heard, 1);
	CU_ASSERT(spoils(h.add_claim(id, policy_text(NULL), policy_text("it")), POLICY_ERR_ARG));
	CU_ASSERT(spoils(h.add_claim(id, policy_text("dept"), policy_text(NULL)), POLICY_ERR_ARG));
	free(f);
	f = NULL;
}

/* Texts, names and numbers of every place; then it is looked for in all of the room. */
static void
what_is_wiped_is_gone(void)
{
	static const char canary[] = "CANARYCANARY";
	const struct policy_text t = { canary, sizeof(canary) - 1 };
	const struct policy_value text = { .type = POLICY_STRING, .u.text = t };
	const struct policy_value number = { .type = POLICY_INT, .u.integer = INT64_C(0x434e4152594e554d) };
	const struct policy_value items[] = { number, text };
	const struct policy_value list = { .type = POLICY_LIST, .count = 2, .u.items = items };
	const int64_t n = number.u.integer;

	begin();
	CU_ASSERT_EQUAL(h.set_subject(id, policy_text(NULL), t), 0);
	CU_ASSERT_EQUAL(h.add_group(id, t), 0);
	CU_ASSERT_EQUAL(h.add_scope(id, t), 0);
	CU_ASSERT_EQUAL(h.set_token_id(id, t), 0);
	CU_ASSERT_EQUAL(h.add_subject_attribute(id, t, &number), 0);
	CU_ASSERT_EQUAL(h.add_subject_attribute(id, policy_text("list"), &list), 0);
	CU_ASSERT_EQUAL(h.add_token_attribute(id, t, &number), 0);
	CU_ASSERT_PTR_NOT_NULL(memmem(id, sizeof(*id), canary, t.len));
	CU_ASSERT_PTR_NOT_NULL(memmem(id, sizeof(*id), &n, sizeof(n)));
	pol_identity_wipe(id);
	CU_ASSERT_PTR_NULL(memmem(id, sizeof(*id), canary, t.len));
	CU_ASSERT_PTR_NULL(memmem(id, sizeof(*id), &n, sizeof(n)));
	CU_ASSERT_EQUAL(id->bytes_count + id->groups_count + id->values_count, 0);
	CU_ASSERT_EQUAL(id->size, sizeof(*id));
}

CU_TestInfo suite_identity[] = {
	{ "what is wiped is gone", what_is_wiped_is_gone },
	{ "it begins empty", it_begins_empty },
	{ "what was said lies inside and ends in a NUL", what_was_said_lies_inside_and_ends_in_a_nul },
	{ "a subject is said once and fits its place", a_subject_is_said_once_and_fits_its_place },
	{ "groups bear the name of the step", groups_bear_the_name_of_the_step },
	{ "scopes that are none are still scopes", scopes_that_are_none_are_still_scopes },
	{ "ids, kinds, times and reasons fit their place", ids_kinds_times_and_reasons_fit_their_place },
	{ "the first failure stays", the_first_failure_stays },
	{ "values of every type are copied", values_of_every_type_are_copied },
	{ "what a request could not carry is refused", what_a_request_could_not_carry_is_refused },
	{ "depth and counts have their ends", depth_and_counts_have_their_ends },
	{ "the first who says a name is heard", the_first_who_says_a_name_is_heard },
	{ "a token does not name what the engine fills", a_token_does_not_name_what_the_engine_fills },
	{ "claims are heard where somebody asks", claims_are_heard_where_somebody_asks },
	CU_TEST_INFO_NULL
};
