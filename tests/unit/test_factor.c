/* SPDX-License-Identifier: Apache-2.0 */
/* Several steps about one credential: second factors, optional steps, what is merged and
 * how long it may be kept. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/steps.h"
#include "unit/unit.h"

#define R(x) POLICY_REASON_##x
#define IS(text, s) ((text).len == strlen(s) && memcmp((text).data, s, strlen(s)) == 0)
#define NONE(t, why) ((t)->reason == R(why) && (t)->n_ids == 0 && (t)->until == 0)
#define ANN(t) ((t)->reason == R(RULE) && (t)->n_ids == 1 && IS((t)->ids[0].subject_id, "ann"))

static void
must_open(struct steps *t)
{
	const int rc = steps_open(t, NULL);

	if (rc != 0)
		printf("%d: %s\n", rc, t->err.text);
	CU_ASSERT_EQUAL_FATAL(rc, 0);
}

static struct fake *
add_factor(struct steps *t)
{
	struct fake *f;

	steps_add(t, "code")->control = POL_REQUIRED;
	f = steps_fake(t, "code");
	f->flags = POLICY_MODULE_SECOND_FACTOR;
	f->subject = NULL;
	return f;
}

/* Looks for a credential of kind "otp" beside its own, as a module would. */
static void
find_code(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	(void)id;
	f->outcome = POLICY_CHECK_FAIL;
	for (size_t i = 0; i < c->all_count; i++) {
		if (IS(c->all[i].kind, "otp") && IS(c->all[i].data, "123456")) {
			*c->used = (uint32_t)i + 1;
			f->outcome = POLICY_CHECK_PASS;
		}
	}
}

static const struct policy_credential pass_word = STEPS_CREDENTIAL("key", "right");
static const struct policy_credential code_good = STEPS_CREDENTIAL("otp", "123456");
static const struct policy_credential code_bad = STEPS_CREDENTIAL("otp", "000000");

/* Both steps, the factor before or behind, by every word of control: what loads. */
static void
the_right_password_alone_is_refused_in_every_order_that_loads(void)
{
	static const int said[] = { POLICY_CHECK_FAIL, POLICY_CHECK_IGNORE, POLICY_CHECK_ERROR, 999, POLICY_CHECK_PASS };
	unsigned loaded = 0, wrong = 0;

	for (int at = 0; at < 5 * 5 * 2 * 2; at++) {
		const int first = at % 5, second = at / 5 % 5, before = at / 25 % 2, any = at / 50;
		struct steps *t = steps_new();
		struct fake *f;

		if (before)
			add_factor(t);
		steps_add(t, "password")->control = (enum pol_control)first;
		if (!before)
			add_factor(t);
		f = steps_fake(t, "code");
		t->confs[before ? 0 : 1].control = (enum pol_control)second;
		if (any)
			f->kinds[0] = NULL;
		if (steps_open(t, NULL) == 0) {
			loaded++;
			for (int i = 0; i < 5; i++) {
				f->outcome = said[i];
				steps_judge(t, "key", "right");
				wrong += (t->reason == R(RULE)) != (said[i] == POLICY_CHECK_PASS);
			}
			f->claims_not = true;
			steps_judge(t, "key", "right");
			wrong += t->reason == R(RULE);
		}
		steps_free(t);
	}
	/* the factor binding, required or requisite: behind a required or requisite password,
	 * before one that is anything but optional; each for its kind and for any */
	CU_ASSERT_EQUAL(loaded, (3 * 2 + 3 * 4) * 2);
	CU_ASSERT_EQUAL(wrong, 0);
}

static void
a_factor_alone_proves_nobody(void)
{
	struct steps *t = steps_new();
	struct fake *f = add_factor(t), *p;

	f->subject = "ann";		/* whatever it says */
	steps_add(t, "password")->control = POL_SUFFICIENT;
	must_open(t);
	p = steps_fake(t, "password");
	p->outcome = POLICY_CHECK_FAIL;
	steps_judge(t, "key", "right");
	CU_ASSERT(NONE(t, BAD_CREDENTIAL));
	p->outcome = POLICY_CHECK_IGNORE;
	steps_judge(t, "key", "right");
	CU_ASSERT(NONE(t, BAD_CREDENTIAL));
	p->outcome = POLICY_CHECK_PASS;
	f->subject = "bob";
	f->group = "admins";
	f->attr = "vip";
	f->token_id = "otp1";
	steps_judge(t, "key", "right");
	CU_ASSERT(ANN(t));
	CU_ASSERT_EQUAL(t->ids[0].groups_count, 0);
	CU_ASSERT_EQUAL(t->ids[0].subject_attributes_count, 0);
	CU_ASSERT_EQUAL(t->ids[0].token_id.len, 0);
	f->expires = STEPS_NOW;
	steps_judge(t, "key", "right");
	CU_ASSERT(NONE(t, EXPIRED));
	steps_free(t);
}

static void
a_code_in_another_credential_is_used_up(void)
{
	const struct policy_credential both[] = { pass_word, code_good }, turned[] = { code_good, pass_word };
	const struct policy_credential wrong[] = { pass_word, code_bad }, more[] = { pass_word, code_bad, code_good };
	const struct policy_credential two[] = { pass_word, code_good, pass_word };

	for (int before = 0; before < 2; before++) {
		struct steps *t = steps_new();

		if (before)
			add_factor(t);
		steps_add(t, "password")->control = POL_REQUIRED;
		if (!before)
			add_factor(t);
		steps_fake(t, "code")->more = find_code;
		must_open(t);
		CU_ASSERT_EQUAL(steps_judge_all(t, both, 2, false), 0);
		CU_ASSERT(ANN(t));
		CU_ASSERT_EQUAL(steps_judge_all(t, turned, 2, false), 0);
		CU_ASSERT(ANN(t));
		CU_ASSERT_EQUAL(t->until, 0);
		CU_ASSERT_EQUAL(steps_judge_all(t, both, 1, false), 0);
		CU_ASSERT(NONE(t, BAD_CREDENTIAL));
		CU_ASSERT_EQUAL(steps_judge_all(t, turned, 1, false), 0);
		CU_ASSERT(NONE(t, BAD_CREDENTIAL));
		CU_ASSERT_EQUAL(steps_judge_all(t, wrong, 2, false), 0);
		CU_ASSERT(NONE(t, BAD_CREDENTIAL));
		/* a credential too many is good by itself or bad */
		CU_ASSERT_EQUAL(steps_judge_all(t, more, 3, false), 0);
		CU_ASSERT(NONE(t, BAD_CREDENTIAL));
		/* one code for two passwords */
		CU_ASSERT_EQUAL(steps_judge_all(t, two, 3, false), 0);
		CU_ASSERT(NONE(t, BAD_CREDENTIAL));
		steps_fake(t, "password")->outcome = POLICY_CHECK_FAIL;
		CU_ASSERT_EQUAL(steps_judge_all(t, turned, 2, false), 0);
		CU_ASSERT(NONE(t, BAD_CREDENTIAL));
		steps_free(t);
	}
}

/* What steps said of the code by itself is gone when the password is judged. */
static void
nothing_is_left_of_a_code(void)
{
	const struct policy_credential turned[] = { code_good, pass_word };
	struct steps *t = steps_new();
	struct fake *o;

	steps_add(t, "extra")->control = POL_OPTIONAL;
	o = steps_fake(t, "extra");
	o->kinds[0] = "otp";
	o->attr = "vip";
	steps_add(t, "password")->control = POL_REQUIRED;
	add_factor(t)->more = find_code;
	must_open(t);
	steps_judge_all(t, turned, 2, false);
	CU_ASSERT(ANN(t));
	CU_ASSERT_EQUAL(o->checked, 1);
	CU_ASSERT_EQUAL(t->ids[0].subject_attributes_count, 0);
	steps_free(t);
}

static uint32_t use;

static void
use_that(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	(void)f;
	(void)id;
	*c->used = use;
}

static void
what_a_factor_may_not_use(void)
{
	const struct policy_credential both[] = { pass_word, pass_word };
	struct steps *t = steps_new();
	struct fake *f = add_factor(t);

	f->more = use_that;
	steps_add(t, "password");
	must_open(t);
	use = 1;			/* itself */
	steps_judge_all(t, both, 1, false);
	CU_ASSERT(NONE(t, UNAVAILABLE));
	for (size_t i = 0; i < 4; i++) {
		use = (const uint32_t[]){ 3, 5, 0x80000000u, 0xffffffffu }[i];
		steps_judge_all(t, both, 2, false);
		CU_ASSERT(NONE(t, UNAVAILABLE));
	}
	/* the first uses the second, which is not asked then */
	use = 2;
	f->checked = 0;
	steps_judge_all(t, both, 2, false);
	CU_ASSERT(ANN(t));
	CU_ASSERT_EQUAL(f->checked, 1);
	steps_free(t);
}

static void
use_the_first(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	(void)f;
	(void)id;
	*c->used = c->credential == &c->all[0] ? 0 : 1;
}

static void
use_in_a_ring(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	const uint32_t at = (uint32_t)(c->credential - c->all);

	(void)id;
	f->outcome = POLICY_CHECK_PASS;
	*c->used = at == 0 ? 2 : 1;	/* the first the second, the third the first */
}

static void
what_was_judged_for_itself_is_no_code(void)
{
	const struct policy_credential three[] = { pass_word, pass_word, pass_word };
	struct steps *t = steps_new();
	struct fake *f = add_factor(t);

	steps_add(t, "password");
	f->more = use_the_first;
	must_open(t);
	steps_judge_all(t, three, 2, false);
	CU_ASSERT(NONE(t, BAD_CREDENTIAL));
	f->more = use_in_a_ring;
	steps_fake(t, "password")->outcome = POLICY_CHECK_FAIL;
	steps_judge_all(t, three, 3, false);
	CU_ASSERT(NONE(t, BAD_CREDENTIAL));
	steps_free(t);
}

/* A step that is no second factor uses nothing, whatever it writes. */
static void
only_a_second_factor_uses(void)
{
	const struct policy_credential both[] = { pass_word, code_good };
	struct steps *t = steps_new();

	steps_add(t, "password")->control = POL_REQUIRED;
	steps_fake(t, "password")->more = use_that;
	must_open(t);
	use = 2;
	steps_judge_all(t, both, 2, false);
	CU_ASSERT(NONE(t, BAD_CREDENTIAL));
	steps_free(t);
}

/* ---- optional ---- */

static void
an_optional_step_adds_attributes_and_nothing_else(void)
{
	struct steps *t = steps_new();
	struct fake *o;

	steps_add(t, "extra")->control = POL_OPTIONAL;
	steps_add(t, "key");
	o = steps_fake(t, "extra");
	o->group = "admins";
	o->scope = "all";
	o->token_id = "x1";
	o->attr = "vip";
	must_open(t);
	steps_judge(t, "key", "k");
	CU_ASSERT(ANN(t));
	CU_ASSERT_EQUAL(t->ids[0].groups_count, 0);
	CU_ASSERT_EQUAL(t->ids[0].scoped, 0);
	CU_ASSERT_EQUAL(t->ids[0].token_id.len, 0);
	CU_ASSERT(IS(t->ids[0].step, "key"));
	CU_ASSERT(IS(t->ids[0].kind, "key"));
	CU_ASSERT_EQUAL(t->ids[0].subject_attributes_count, 1);
	CU_ASSERT_EQUAL(t->ids[0].token_attributes_count, 1);
	t->confs[0].kinds = steps_texts(t, "a", "b");	/* it calls nothing anything */
	t->confs[0].n_kinds = 2;
	steps_fake(t, "key")->attr = "old";
	steps_judge(t, "key", "k");
	CU_ASSERT(ANN(t));
	CU_ASSERT_EQUAL(t->ids[0].subject_attributes_count, 2);
	CU_ASSERT_EQUAL(t->ids[0].token_attributes_count, 2);
	steps_fake(t, "key")->attr = NULL;
	o->subject = "bob";		/* of somebody else: not heard */
	steps_judge(t, "key", "k");
	CU_ASSERT(ANN(t));
	CU_ASSERT_EQUAL(t->ids[0].subject_attributes_count, 0);
	CU_ASSERT_EQUAL(t->ids[0].token_attributes_count, 0);
	steps_fake(t, "key")->outcome = POLICY_CHECK_FAIL;
	steps_judge(t, "key", "k");
	CU_ASSERT(NONE(t, BAD_CREDENTIAL));
	steps_free(t);
}

static void
an_optional_step_behind_is_heard_of_the_same_alone(void)
{
	struct steps *t = steps_new();
	struct fake *o;

	steps_add(t, "key")->control = POL_REQUIRED;
	steps_add(t, "extra")->control = POL_OPTIONAL;
	o = steps_fake(t, "extra");
	o->attr = "vip";
	must_open(t);
	steps_judge(t, "key", "k");
	CU_ASSERT(ANN(t));
	CU_ASSERT_EQUAL(t->ids[0].subject_attributes_count, 1);
	o->subject = "bob";
	steps_judge(t, "key", "k");
	CU_ASSERT(ANN(t));
	CU_ASSERT_EQUAL(t->ids[0].subject_attributes_count, 0);
	o->outcome = POLICY_CHECK_FAIL;
	steps_judge(t, "key", "k");
	CU_ASSERT(ANN(t));
	steps_free(t);
}

/* ---- two that vouch ---- */

static void
two_scopes(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	(void)c;
	f->host->add_scope(id, policy_text("read"));
	f->host->add_scope(id, policy_text("write"));
}

/* A revocation of the second one would not be seen. */
static void
two_token_ids_are_one_too_many(void)
{
	struct steps *t = steps_new();
	struct fake *one, *two;

	steps_add(t, "one")->control = POL_REQUIRED;
	steps_add(t, "two")->control = POL_REQUIRED;
	one = steps_fake(t, "one");
	two = steps_fake(t, "two");
	one->token_id = "t1";
	must_open(t);
	steps_judge(t, "key", "k");
	CU_ASSERT(ANN(t));
	two->token_id = "t2";
	steps_judge(t, "key", "k");
	CU_ASSERT_EQUAL(t->n_ids, 0);
	CU_ASSERT_EQUAL(t->reason, POLICY_REASON_LIMIT);
	two->token_id = "t1";		/* the same word, and another step's */
	steps_judge(t, "key", "k");
	CU_ASSERT_EQUAL(t->reason, POLICY_REASON_LIMIT);
	one->token_id = NULL;
	steps_judge(t, "key", "k");
	CU_ASSERT(ANN(t));
	steps_free(t);
}

static void
two_that_vouch_narrow_each_other(void)
{
	struct steps *t = steps_new();
	struct fake *one, *two;

	steps_add(t, "one")->control = POL_REQUIRED;
	steps_add(t, "two")->control = POL_REQUIRED;
	one = steps_fake(t, "one");
	two = steps_fake(t, "two");
	one->group = two->group = "g";
	one->more = two_scopes;
	two->scope = "write";
	one->expires = STEPS_NOW + 9;
	two->expires = STEPS_NOW + 5;
	two->token_id = "t2";
	two->attr = "vip";
	must_open(t);
	steps_judge(t, "key", "k");
	CU_ASSERT(ANN(t));
	CU_ASSERT_EQUAL_FATAL(t->ids[0].groups_count, 2);
	CU_ASSERT(IS(t->ids[0].groups[1], "two/g"));
	CU_ASSERT_EQUAL(t->ids[0].scoped, 1);
	CU_ASSERT_EQUAL_FATAL(t->ids[0].scopes_count, 1);
	CU_ASSERT(IS(t->ids[0].scopes[0], "write"));
	CU_ASSERT_EQUAL(t->ids[0].expires, STEPS_NOW + 5);
	CU_ASSERT(IS(t->ids[0].token_id, "t2"));
	CU_ASSERT(IS(t->ids[0].step, "two"));	/* whose token that is */
	CU_ASSERT_EQUAL(t->ids[0].subject_attributes_count, 1);
	one->token_id = "t1";
	two->token_id = NULL;
	two->scope = "admin";
	two->expires = 0;
	steps_judge(t, "key", "k");
	CU_ASSERT(IS(t->ids[0].token_id, "t1"));
	CU_ASSERT(IS(t->ids[0].step, "one"));
	CU_ASSERT_EQUAL(t->ids[0].scopes_count, 0);
	CU_ASSERT_EQUAL(t->ids[0].scoped, 1);
	CU_ASSERT_EQUAL(t->ids[0].expires, STEPS_NOW + 9);
	one->more = NULL;
	one->expires = 0;
	two->expires = STEPS_NOW + 7;
	steps_judge(t, "key", "k");
	CU_ASSERT_EQUAL_FATAL(t->ids[0].scopes_count, 1);
	CU_ASSERT(IS(t->ids[0].scopes[0], "admin"));
	CU_ASSERT_EQUAL(t->ids[0].expires, STEPS_NOW + 7);
	two->scope = NULL;
	one->scope = "read";
	steps_judge(t, "key", "k");
	CU_ASSERT_EQUAL(t->ids[0].scopes_count, 1);
	two->scoped = true;
	steps_judge(t, "key", "k");
	CU_ASSERT_EQUAL(t->ids[0].scopes_count, 0);
	CU_ASSERT_EQUAL(t->ids[0].scoped, 1);
	steps_free(t);
}

static void
two_that_name_two_persons_are_refused(void)
{
	struct steps *t = steps_new();

	steps_add(t, "one")->control = POL_REQUIRED;
	steps_add(t, "two")->control = POL_REQUIRED;
	must_open(t);
	steps_fake(t, "two")->subject = "bob";
	steps_judge(t, "key", "k");
	CU_ASSERT(NONE(t, BAD_CREDENTIAL));
	steps_fake(t, "two")->subject = "ann";
	steps_fake(t, "two")->type = "host";
	steps_judge(t, "key", "k");
	CU_ASSERT(NONE(t, BAD_CREDENTIAL));
	steps_fake(t, "two")->type = NULL;
	steps_judge(t, "key", "k");
	CU_ASSERT(ANN(t));
	steps_free(t);
}

static void
many_groups(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	char name[16];

	(void)c;
	for (int i = 0; i < 70; i++) {
		snprintf(name, sizeof(name), "g%d", i);
		f->host->add_group(id, policy_text(name));
	}
}

static void
long_attribute(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	static char text[5000];
	const struct policy_value v = { .type = POLICY_STRING, .u.text = { text, sizeof(text) } };

	(void)c;
	f->host->add_subject_attribute(id, policy_text(f->use), &v);
}

static void
what_has_no_room_together_is_a_limit(void)
{
	struct steps *t = steps_new();

	steps_add(t, "one")->control = POL_REQUIRED;
	steps_add(t, "two")->control = POL_REQUIRED;
	must_open(t);
	steps_fake(t, "one")->more = steps_fake(t, "two")->more = many_groups;
	steps_judge(t, "key", "k");
	CU_ASSERT(NONE(t, LIMIT));
	steps_fake(t, "one")->more = steps_fake(t, "two")->more = long_attribute;
	steps_judge(t, "key", "k");
	CU_ASSERT(NONE(t, LIMIT));
	t->confs[0].control = POL_OPTIONAL;
	steps_judge(t, "key", "k");
	CU_ASSERT(NONE(t, LIMIT));
	steps_free(t);
}

/* ---- how long it is kept ---- */

static void
what_is_kept_and_how_long(void)
{
	enum { C = POLICY_MODULE_CACHEABLE, A = POLICY_MODULE_CACHE_ASKED };
	static const struct {
		unsigned flags;
		int64_t cache;		/* negative: not said */
		int64_t cacheable, expires;	/* from now; 0: not said */
		int64_t want;		/* from now; 0: not at all */
	} rows[] = {
		{ 0, -1, 0, 0, 0 }, { C, -1, 0, 0, 30 }, { C, 5, 0, 0, 5 }, { C, 0, 0, 0, 0 }, { C, 300, 0, 0, 300 },
		{ A, -1, 0, 0, 0 }, { A, 5, 0, 0, 5 }, { C | A, -1, 0, 0, 0 }, { C | A, 7, 0, 0, 7 }, { C | A, 0, 0, 0, 0 },
		{ C, -1, 10, 0, 10 }, { C, -1, 60, 0, 30 }, { C, -1, -1, 0, 0 }, { C, -1, 0, 4, 4 }, { C, -1, 0, 99, 30 },
		{ C, -1, 3, 2, 2 }, { C, 1, 3, 2, 1 }, { 0, -1, 20, 0, 0 }, { A, -1, 20, 0, 0 },
	};
	struct steps *t = steps_new();
	struct fake *f;

	steps_add(t, "one");
	f = steps_fake(t, "one");
	must_open(t);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f->module.flags = rows[i].flags;
		t->confs[0].cache_said = rows[i].cache >= 0;
		t->confs[0].cache_ns = rows[i].cache * STEPS_SECOND;
		f->cacheable = rows[i].cacheable != 0 ? STEPS_NOW + rows[i].cacheable * STEPS_SECOND : 0;
		f->expires = rows[i].expires != 0 ? STEPS_NOW + rows[i].expires * STEPS_SECOND : 0;
		steps_judge(t, "key", "k");
		CU_ASSERT(ANN(t));
		CU_ASSERT_EQUAL(t->until, rows[i].want != 0 ? STEPS_NOW + rows[i].want * STEPS_SECOND : 0);
	}
	t->confs[0].cache_ns = INT64_MAX;
	t->confs[0].cache_said = true;
	f->module.flags = C;
	f->cacheable = f->expires = 0;
	steps_judge(t, "key", "k");
	CU_ASSERT_EQUAL(t->until, INT64_MAX);
	steps_free(t);
}

/* The shortest of all that were asked; who was not, or whose it was not, has no say. */
static void
all_that_were_asked_say_how_long(void)
{
	const struct policy_credential c[] = { STEPS_CREDENTIAL("key", "k"), STEPS_CREDENTIAL("card", "c") };
	struct steps *t = steps_new();
	struct fake *one, *two, *card;

	steps_add(t, "one")->control = POL_SUFFICIENT;
	steps_add(t, "two");
	steps_add(t, "card");
	one = steps_fake(t, "one");
	two = steps_fake(t, "two");
	card = steps_fake(t, "card");
	card->kinds[0] = "card";
	two->flags = card->flags = POLICY_MODULE_CACHEABLE;
	must_open(t);
	steps_judge(t, "key", "k");
	CU_ASSERT_EQUAL(t->until, 0);
	steps_judge(t, "card", "k");
	CU_ASSERT_EQUAL(t->until, STEPS_NOW + 30 * STEPS_SECOND);
	one->outcome = POLICY_CHECK_IGNORE;
	steps_judge(t, "key", "k");
	CU_ASSERT_EQUAL(t->until, STEPS_NOW + 30 * STEPS_SECOND);
	one->outcome = POLICY_CHECK_FAIL;
	steps_judge(t, "key", "k");
	CU_ASSERT(ANN(t));
	CU_ASSERT_EQUAL(t->until, 0);
	one->module.flags = POLICY_MODULE_CACHEABLE;
	t->confs[0].cache_said = true;
	t->confs[0].cache_ns = 2 * STEPS_SECOND;
	steps_judge(t, "key", "k");
	CU_ASSERT_EQUAL(t->until, STEPS_NOW + 2 * STEPS_SECOND);
	one->outcome = POLICY_CHECK_PASS;
	two->module.flags = 0;
	steps_judge_all(t, c, 2, false);
	CU_ASSERT_EQUAL(t->n_ids, 2);
	CU_ASSERT_EQUAL(t->until, STEPS_NOW + 2 * STEPS_SECOND);
	card->module.flags = 0;
	steps_judge_all(t, c, 2, false);
	CU_ASSERT_EQUAL(t->until, 0);
	steps_free(t);
}

/* Not even where it says so itself: a code is good once. */
static void
a_second_factor_is_never_kept(void)
{
	struct steps *t = steps_new();
	struct fake *f = add_factor(t);

	f->flags |= POLICY_MODULE_CACHEABLE;
	f->cacheable = STEPS_NOW + STEPS_SECOND;
	steps_add(t, "password");
	steps_fake(t, "password")->flags = POLICY_MODULE_CACHEABLE;
	must_open(t);
	steps_judge(t, "key", "k");
	CU_ASSERT(ANN(t));
	CU_ASSERT_EQUAL(t->until, 0);
	steps_free(t);
}

CU_TestInfo suite_factor[] = {
	{ "the right password alone is refused in every order that loads", the_right_password_alone_is_refused_in_every_order_that_loads },
	{ "a factor alone proves nobody", a_factor_alone_proves_nobody },
	{ "a code in another credential is used up", a_code_in_another_credential_is_used_up },
	{ "nothing is left of a code", nothing_is_left_of_a_code },
	{ "what a factor may not use", what_a_factor_may_not_use },
	{ "what was judged for itself is no code", what_was_judged_for_itself_is_no_code },
	{ "only a second factor uses", only_a_second_factor_uses },
	{ "an optional step adds attributes and nothing else", an_optional_step_adds_attributes_and_nothing_else },
	{ "an optional step behind is heard of the same alone", an_optional_step_behind_is_heard_of_the_same_alone },
	{ "two that vouch narrow each other", two_that_vouch_narrow_each_other },
	{ "two token ids are one too many", two_token_ids_are_one_too_many },
	{ "two that name two persons are refused", two_that_name_two_persons_are_refused },
	{ "what has no room together is a limit", what_has_no_room_together_is_a_limit },
	{ "what is kept and how long", what_is_kept_and_how_long },
	{ "all that were asked say how long", all_that_were_asked_say_how_long },
	{ "a second factor is never kept", a_second_factor_is_never_kept },
	CU_TEST_INFO_NULL
};
