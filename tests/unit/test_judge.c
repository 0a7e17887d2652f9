/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials through open steps: what is a yes, and everything that is none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unit/steps.h"
#include "unit/unit.h"

#define R(x) POLICY_REASON_##x
#define IS(text, s) ((text).len == strlen(s) && memcmp((text).data, s, strlen(s)) == 0)

static void
must_open(struct steps *t)
{
	const int rc = steps_open(t, NULL);

	if (rc != 0)
		printf("%d: %s\n", rc, t->err.text);
	CU_ASSERT_EQUAL_FATAL(rc, 0);
}

/* Denied for this reason, with nothing left in the identities. */
static bool
denied(struct steps *t, enum policy_reason reason)
{
	bool right = t->reason == reason && t->n_ids == 0 && t->until == 0 && !t->trampled;

	for (size_t i = 0; i < t->asked; i++) {
		right = right && t->ids[i].subject_id.len == 0 && t->ids[i].groups_count == 0 && t->ids[i].step.len == 0;
		for (size_t k = 0; k < sizeof(t->ids[i].bytes); k++)
			right = right && t->ids[i].bytes[k] == 0;
	}
	if (!right)
		printf("reason %d, %zu identities, until %lld\n", (int)t->reason, t->n_ids, (long long)t->until);
	return right;
}

static bool
passed(struct steps *t, const char *subject)
{
	bool right = t->reason == R(RULE) && t->n_ids == 1 && IS(t->ids[0].subject_id, subject) && !t->trampled &&
	    t->ids[0].size == sizeof(t->ids[0]);

	if (!right)
		printf("reason %d, %zu identities, '%s'\n", (int)t->reason, t->n_ids,
		    t->n_ids > 0 ? t->ids[0].subject_id.data : "");
	return right;
}

static void
a_step_that_passes_says_who(void)
{
	struct steps *t = steps_new();
	struct fake *f;

	steps_add(t, "one");
	f = steps_fake(t, "one");
	f->group = "x";
	f->token_id = "t1";
	f->attr = "vip";
	must_open(t);
	CU_ASSERT_EQUAL(steps_judge(t, "key", "k"), 0);
	CU_ASSERT(passed(t, "ann"));
	CU_ASSERT(IS(t->ids[0].subject_type, "user"));
	CU_ASSERT(IS(t->ids[0].kind, "key"));
	CU_ASSERT(IS(t->ids[0].step, "one"));
	CU_ASSERT(IS(t->ids[0].token_id, "t1"));
	CU_ASSERT_EQUAL_FATAL(t->ids[0].groups_count, 1);
	CU_ASSERT(IS(t->ids[0].groups[0], "one/x"));
	CU_ASSERT_EQUAL(t->ids[0].subject_attributes_count, 1);
	CU_ASSERT_EQUAL(t->ids[0].token_attributes_count, 1);
	CU_ASSERT_EQUAL(t->ids[0].scoped, 0);
	steps_free(t);
}

/* trust.md rule 19, in numbers: whatever is no PASS is no identity. */
static void
only_one_number_is_a_yes(void)
{
	static const int said[] = { POLICY_CHECK_ERROR, POLICY_CHECK_FAIL, POLICY_CHECK_IGNORE, POLICY_CHECK_AGAIN,
	    -1, 5, 17, 255, 257, 999, 65537, 0x7fffffff, -0x7fffffff - 1 };
	struct steps *t = steps_new();
	struct fake *f;

	steps_add(t, "one");
	f = steps_fake(t, "one");
	must_open(t);
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		f->outcome = said[i];
		CU_ASSERT_EQUAL(steps_judge(t, "key", "k"), 0);
		CU_ASSERT(denied(t, said[i] == POLICY_CHECK_FAIL || said[i] == POLICY_CHECK_IGNORE ?
		    R(BAD_CREDENTIAL) : R(UNAVAILABLE)));
	}
	steps_free(t);
}

/* ---- answers that are less than they say ---- */

static void
write_garbage(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	(void)f;
	(void)c;
	id->groups_count = 100000;
}

static void
fill_up(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	char name[16];

	(void)c;
	for (int i = 0; i <= POLICY_IDENTITY_LISTED; i++) {
		snprintf(name, sizeof(name), "g%d", i);
		f->host->add_group(id, policy_text(name));
	}
}

static void
fill_exactly(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	char name[16];

	(void)c;
	for (int i = 0; i < POLICY_IDENTITY_LISTED; i++) {
		snprintf(name, sizeof(name), "g%d", i);
		f->host->add_group(id, policy_text(name));
	}
}

static void
huge_subject(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	char *name = malloc(1 << 20);

	(void)c;
	if (name == NULL)
		abort();
	memset(name, 'a', 1 << 20);
	f->host->set_subject(id, policy_text(NULL), (struct policy_text){ name, 1 << 20 });
	free(name);
}

static void
negative_expiry(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	(void)c;
	f->host->set_expires(id, -1);
}

static void
second_subject(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	(void)c;
	f->host->set_subject(id, policy_text(NULL), policy_text("root"));
}

static void
a_pass_that_is_spoilt_or_nobodys_is_an_error(void)
{
	static const struct {
		void (*more)(struct fake *f, const struct policy_call *c, struct policy_identity *id);
		const char *subject;
		enum policy_reason reason;
	} rows[] = {
		{ NULL, NULL, R(UNAVAILABLE) },
		{ write_garbage, "ann", R(UNAVAILABLE) },
		{ negative_expiry, "ann", R(UNAVAILABLE) },
		{ second_subject, "ann", R(UNAVAILABLE) },
		{ fill_up, "ann", R(LIMIT) },
		{ huge_subject, NULL, R(LIMIT) },
	};
	struct steps *t = steps_new();
	struct fake *f;

	steps_add(t, "one");
	f = steps_fake(t, "one");
	must_open(t);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f->more = rows[i].more;
		f->subject = rows[i].subject;
		f->outcome = POLICY_CHECK_PASS;
		CU_ASSERT_EQUAL(steps_judge(t, "key", "k"), 0);
		CU_ASSERT(denied(t, rows[i].reason));
		f->outcome = POLICY_CHECK_FAIL;
		CU_ASSERT_EQUAL(steps_judge(t, "key", "k"), 0);
		CU_ASSERT(denied(t, R(BAD_CREDENTIAL)));
	}
	f->more = NULL;
	f->subject = "ann";
	f->outcome = POLICY_CHECK_PASS;
	CU_ASSERT_EQUAL(steps_judge(t, "key", "k"), 0);
	CU_ASSERT(passed(t, "ann"));
	steps_free(t);
}

/* Groups of so many bytes in all. */
static unsigned groups_bytes;

static void
fill_bytes(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	char name[200];
	unsigned left = groups_bytes;

	(void)c;
	for (unsigned i = 0; left > 0; i++) {
		const unsigned n = left < sizeof(name) ? left : (unsigned)sizeof(name);

		memset(name, 'g', sizeof(name));
		name[0] = (char)('A' + i);
		f->host->add_group(id, (struct policy_text){ name, n });
		left -= n;
	}
}

/* The kind that was sent is part of who somebody is: without room for it there is no pass. */
static void
an_identity_is_whole_or_none(void)
{
	struct steps *t = steps_new();
	unsigned whole = 0, over = 0;
	struct fake *f;

	steps_add(t, "one");
	f = steps_fake(t, "one");
	f->more = fill_bytes;
	must_open(t);
	for (groups_bytes = POLICY_IDENTITY_BYTES - 400; groups_bytes <= POLICY_IDENTITY_BYTES; groups_bytes++) {
		CU_ASSERT_EQUAL(steps_judge(t, "key", "k"), 0);
		if (t->reason == R(RULE)) {
			CU_ASSERT(over == 0 && IS(t->ids[0].kind, "key") && IS(t->ids[0].step, "one"));
			whole++;
		} else {
			CU_ASSERT(denied(t, R(LIMIT)));
			over++;
		}
	}
	CU_ASSERT(whole > 0 && over > 0);
	steps_free(t);
}

/* What a sufficient step cannot tell, another may. */
static void
an_error_of_a_step_that_need_not_pass_is_no_harm(void)
{
	struct steps *t = steps_new();

	steps_add(t, "one")->control = POL_SUFFICIENT;
	steps_add(t, "two")->control = POL_SUFFICIENT;
	must_open(t);
	steps_fake(t, "one")->outcome = POLICY_CHECK_ERROR;
	CU_ASSERT_EQUAL(steps_judge(t, "key", "k"), 0);
	CU_ASSERT(passed(t, "ann"));
	CU_ASSERT(IS(t->ids[0].step, "two"));
	/* but where nothing passes, not having known outranks having failed */
	steps_fake(t, "two")->outcome = POLICY_CHECK_FAIL;
	CU_ASSERT_EQUAL(steps_judge(t, "key", "k"), 0);
	CU_ASSERT(denied(t, R(UNAVAILABLE)));
	steps_fake(t, "one")->outcome = POLICY_CHECK_FAIL;
	CU_ASSERT_EQUAL(steps_judge(t, "key", "k"), 0);
	CU_ASSERT(denied(t, R(BAD_CREDENTIAL)));
	steps_free(t);
}

static void
say_revoked(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	(void)c;
	f->host->set_reason(id, POLICY_REASON_REVOKED);
}

static void
say_expired(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	(void)c;
	f->host->set_reason(id, POLICY_REASON_EXPIRED);
}

static void
the_reason_is_that_of_the_first_who_counts(void)
{
	struct steps *t = steps_new();
	struct fake *one, *two;

	steps_add(t, "one")->control = POL_SUFFICIENT;
	steps_add(t, "two")->control = POL_SUFFICIENT;
	steps_add(t, "three");
	one = steps_fake(t, "one");
	two = steps_fake(t, "two");
	must_open(t);
	one->outcome = two->outcome = steps_fake(t, "three")->outcome = POLICY_CHECK_FAIL;
	one->more = say_revoked;
	two->more = say_expired;
	steps_judge(t, "key", "k");
	CU_ASSERT(denied(t, R(BAD_CREDENTIAL)));	/* three's, which had to pass */
	steps_fake(t, "three")->outcome = POLICY_CHECK_IGNORE;
	steps_judge(t, "key", "k");
	CU_ASSERT(denied(t, R(REVOKED)));
	one->outcome = POLICY_CHECK_IGNORE;
	steps_judge(t, "key", "k");
	CU_ASSERT(denied(t, R(EXPIRED)));
	two->outcome = POLICY_CHECK_ERROR;
	steps_judge(t, "key", "k");
	CU_ASSERT(denied(t, R(UNAVAILABLE)));
	two->outcome = POLICY_CHECK_IGNORE;
	steps_judge(t, "key", "k");
	CU_ASSERT(denied(t, R(BAD_CREDENTIAL)));
	steps_free(t);
}

static void
what_is_over_is_no_pass(void)
{
	struct steps *t = steps_new();
	struct fake *f;

	steps_add(t, "one");
	f = steps_fake(t, "one");
	must_open(t);
	for (int64_t by = -1; by <= 1; by++) {
		f->expires = STEPS_NOW + by;
		CU_ASSERT_EQUAL(steps_judge(t, "key", "k"), 0);
		CU_ASSERT(by <= 0 ? denied(t, R(EXPIRED)) : passed(t, "ann"));
	}
	CU_ASSERT_EQUAL(t->ids[0].expires, STEPS_NOW + 1);
	steps_free(t);
}

/* ---- time ---- */

static int64_t
monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * STEPS_SECOND + ts.tv_nsec;
}

/* Until the deadline that it was told has gone by. */
static void
oversleep(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	(void)f;
	(void)id;
	while (monotonic() <= c->deadline_ns)
		;
}

static void
a_late_answer_is_not_heard(void)
{
	static const int said[] = { POLICY_CHECK_PASS, POLICY_CHECK_FAIL, POLICY_CHECK_IGNORE };
	struct steps *t = steps_new();
	struct fake *f;

	steps_add(t, "one")->timeout_ns = 2000000;
	f = steps_fake(t, "one");
	f->more = oversleep;
	must_open(t);
	for (int i = 0; i < 3; i++) {
		f->outcome = said[i];
		CU_ASSERT_EQUAL(steps_judge(t, "key", "k"), 0);
		CU_ASSERT(denied(t, R(UNAVAILABLE)));
	}
	steps_free(t);
}

static void
the_deadline_is_the_nearer_of_two(void)
{
	const struct policy_credential c = STEPS_CREDENTIAL("key", "k");
	struct steps *t = steps_new();
	struct pol_asked asked = { .list = &c, .n = 1, .now_ns = STEPS_NOW };
	struct fake *f;
	int64_t begin;

	steps_add(t, "one");
	f = steps_fake(t, "one");
	must_open(t);
	begin = monotonic();
	t->asked = 1;
	pol_stack_judge(t->stack, &asked, t->ids, &t->n_ids, &t->until, &t->reason);
	CU_ASSERT(passed(t, "ann"));
	CU_ASSERT(f->deadline >= begin + 5 * STEPS_SECOND);
	CU_ASSERT(f->deadline <= monotonic() + 5 * STEPS_SECOND);
	asked.deadline_ns = f->deadline - 1000;
	pol_stack_judge(t->stack, &asked, t->ids, &t->n_ids, &t->until, &t->reason);
	CU_ASSERT_EQUAL(f->deadline, asked.deadline_ns);
	t->confs[0].timeout_ns = 3600 * STEPS_SECOND;
	asked.deadline_ns = 0;
	pol_stack_judge(t->stack, &asked, t->ids, &t->n_ids, &t->until, &t->reason);
	CU_ASSERT(f->deadline > begin + 3000 * STEPS_SECOND);
	t->confs[0].timeout_ns = INT64_MAX;
	pol_stack_judge(t->stack, &asked, t->ids, &t->n_ids, &t->until, &t->reason);
	CU_ASSERT_EQUAL(f->deadline, INT64_MAX);
	/* one that has gone by: the module is not even asked */
	f->checked = 0;
	asked.deadline_ns = begin;
	pol_stack_judge(t->stack, &asked, t->ids, &t->n_ids, &t->until, &t->reason);
	CU_ASSERT(denied(t, R(UNAVAILABLE)));
	CU_ASSERT_EQUAL(f->checked, 0);
	steps_free(t);
}

static void
who_may_not_wait_is_told_so(void)
{
	const struct policy_credential c[] = { STEPS_CREDENTIAL("key", "k") };
	struct steps *t = steps_new();
	struct fake *f;

	steps_add(t, "one");
	f = steps_fake(t, "one");
	f->flags = POLICY_MODULE_MAY_BLOCK;
	must_open(t);
	CU_ASSERT_EQUAL(steps_judge_all(t, c, 1, true), POLICY_ERR_AGAIN);
	CU_ASSERT(denied(t, R(UNAVAILABLE)));
	CU_ASSERT_EQUAL(f->checked, 0);
	CU_ASSERT_EQUAL(steps_judge_all(t, c, 1, false), 0);
	CU_ASSERT(passed(t, "ann"));
	CU_ASSERT_EQUAL(f->call_flags, 0);
	f->module.flags |= POLICY_MODULE_HEEDS_NONBLOCK;
	CU_ASSERT_EQUAL(steps_judge_all(t, c, 1, true), 0);
	CU_ASSERT(passed(t, "ann"));
	CU_ASSERT_EQUAL(f->call_flags, POLICY_CALL_NONBLOCK);
	f->outcome = POLICY_CHECK_AGAIN;
	CU_ASSERT_EQUAL(steps_judge_all(t, c, 1, true), POLICY_ERR_AGAIN);
	CU_ASSERT(denied(t, R(UNAVAILABLE)));
	/* not its credential: nobody would wait */
	f->module.flags = POLICY_MODULE_MAY_BLOCK;
	f->claims_not = true;
	CU_ASSERT_EQUAL(steps_judge_all(t, c, 1, true), 0);
	CU_ASSERT(denied(t, R(BAD_CREDENTIAL)));
	steps_free(t);
}

/* ---- which credentials ---- */

static void
a_step_is_asked_about_its_kinds(void)
{
	struct steps *t = steps_new();
	struct fake *one, *two;

	steps_add(t, "one");
	steps_add(t, "two");
	one = steps_fake(t, "one");
	two = steps_fake(t, "two");
	one->kinds[1] = "card";
	two->kinds[0] = NULL;
	t->confs[1].for_kinds = steps_texts(t, "odd", "key");
	t->confs[1].n_for = 1;
	must_open(t);
	steps_judge(t, "card", "k");
	CU_ASSERT(passed(t, "ann"));
	CU_ASSERT(IS(t->ids[0].kind, "card"));
	CU_ASSERT_EQUAL(two->checked, 0);
	steps_judge(t, "odd", "k");
	CU_ASSERT(passed(t, "ann"));
	CU_ASSERT(IS(t->ids[0].step, "two"));
	CU_ASSERT_EQUAL(one->checked, 1);
	steps_judge(t, "other", "k");
	CU_ASSERT(denied(t, R(BAD_CREDENTIAL)));
	one->claims_not = true;
	steps_judge(t, "key", "k");
	CU_ASSERT(denied(t, R(BAD_CREDENTIAL)));
	CU_ASSERT_EQUAL(one->checked, 1);
	steps_free(t);
}

static bool saw_data;

static void
look_at_data(struct fake *f, const struct policy_call *c, struct policy_identity *id)
{
	(void)f;
	(void)id;
	saw_data = c->credential->data.data != NULL && c->all_count == 1 && c->all[0].data.data != NULL;
}

static void
empty_is_bad_and_absent_is_handed_on_as_empty(void)
{
	struct steps *t = steps_new();
	struct fake *f;

	steps_add(t, "one");
	f = steps_fake(t, "one");
	f->more = look_at_data;
	must_open(t);
	steps_judge(t, "key", "");
	CU_ASSERT(denied(t, R(BAD_CREDENTIAL)));
	CU_ASSERT_EQUAL(f->checked, 0);
	steps_judge(t, "key", NULL);
	CU_ASSERT(passed(t, "ann"));
	CU_ASSERT(saw_data);
	steps_free(t);
}

static void
every_credential_must_be_good_and_one_persons(void)
{
	const struct policy_credential c[] = { STEPS_CREDENTIAL("key", "k"), STEPS_CREDENTIAL("card", "c"), STEPS_CREDENTIAL("key", "l") };
	const struct policy_credential five[5] = { c[0], c[0], c[0], c[0], c[0] }, last[] = { c[0], c[0], c[1] };
	struct steps *t = steps_new();
	struct fake *two;

	steps_add(t, "one");
	steps_add(t, "two");
	two = steps_fake(t, "two");
	two->kinds[0] = "card";
	must_open(t);
	CU_ASSERT_EQUAL(steps_judge_all(t, c, 3, false), 0);
	CU_ASSERT_EQUAL(t->reason, R(RULE));
	CU_ASSERT_EQUAL_FATAL(t->n_ids, 3);
	CU_ASSERT(IS(t->ids[1].step, "two"));
	CU_ASSERT(IS(t->ids[2].subject_id, "ann"));
	CU_ASSERT_EQUAL(steps_judge_all(t, five, POLICY_CREDENTIALS_MAX, false), 0);
	CU_ASSERT_EQUAL(t->n_ids, POLICY_CREDENTIALS_MAX);
	two->subject = "bob";
	CU_ASSERT_EQUAL(steps_judge_all(t, last, 3, false), 0);
	CU_ASSERT(denied(t, R(BAD_CREDENTIAL)));
	CU_ASSERT_EQUAL(steps_judge_all(t, c, 2, false), 0);
	CU_ASSERT(denied(t, R(BAD_CREDENTIAL)));
	two->subject = "ann";
	two->type = "host";
	CU_ASSERT_EQUAL(steps_judge_all(t, c, 2, false), 0);
	CU_ASSERT(denied(t, R(BAD_CREDENTIAL)));
	two->type = NULL;
	two->outcome = POLICY_CHECK_ERROR;
	CU_ASSERT_EQUAL(steps_judge_all(t, c, 2, false), 0);
	CU_ASSERT(denied(t, R(UNAVAILABLE)));
	CU_ASSERT_EQUAL(steps_judge_all(t, c, 3, false), 0);
	CU_ASSERT(denied(t, R(UNAVAILABLE)));
	two->outcome = POLICY_CHECK_IGNORE;
	CU_ASSERT_EQUAL(steps_judge_all(t, c, 2, false), 0);
	CU_ASSERT(denied(t, R(BAD_CREDENTIAL)));
	CU_ASSERT_EQUAL(steps_judge_all(t, c, 0, false), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(steps_judge_all(t, five, 5, false), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(t->reason, R(ERROR));
	CU_ASSERT_EQUAL(t->n_ids, 0);
	CU_ASSERT_EQUAL(t->until, 0);
	/* one that is bad is enough: the next is not asked about */
	steps_fake(t, "one")->outcome = POLICY_CHECK_FAIL;
	two->checked = 0;
	CU_ASSERT_EQUAL(steps_judge_all(t, c, 2, false), 0);
	CU_ASSERT(denied(t, R(BAD_CREDENTIAL)));
	CU_ASSERT_EQUAL(two->checked, 0);
	steps_free(t);
}

/* ---- what a step calls things ---- */

static void
a_kind_is_named_by_module_step_or_credential(void)
{
	struct steps *t = steps_new();
	struct fake *f;

	steps_add(t, "one");
	f = steps_fake(t, "one");
	t->confs[0].kinds = steps_texts(t, "admin", "api");
	must_open(t);
	t->confs[0].n_kinds = 2;
	steps_judge(t, "key", "k");
	CU_ASSERT(denied(t, R(UNAVAILABLE)));	/* which of the two? */
	f->kind = "api";
	steps_judge(t, "key", "k");
	CU_ASSERT(passed(t, "ann"));
	CU_ASSERT(IS(t->ids[0].kind, "api"));
	f->kind = "key";
	steps_judge(t, "key", "k");
	CU_ASSERT(denied(t, R(UNAVAILABLE)));
	f->kind = NULL;
	t->confs[0].n_kinds = 1;
	steps_judge(t, "key", "k");
	CU_ASSERT(passed(t, "ann"));
	CU_ASSERT(IS(t->ids[0].kind, "admin"));
	steps_free(t);
}

/* Two steps that pass one credential: one kind, or none is heard. */
static void
one_credential_has_one_kind(void)
{
	static const struct { const char *first, *second, *is; } rows[] = {
		{ NULL, NULL, "key" }, { "admin", NULL, "admin" }, { NULL, "admin", "admin" },
		{ "admin", "admin", "admin" }, { "admin", "api", NULL }, { "key", "api", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct steps *t = steps_new();

		steps_add(t, "one")->control = POL_REQUIRED;
		steps_add(t, "two")->control = POL_REQUIRED;
		steps_fake(t, "one")->source = steps_fake(t, "two")->source = "here";
		t->confs[0].kinds = steps_texts(t, rows[i].first != NULL ? rows[i].first : "", "");
		t->confs[0].n_kinds = rows[i].first != NULL;
		t->confs[1].kinds = steps_texts(t, rows[i].second != NULL ? rows[i].second : "", "");
		t->confs[1].n_kinds = rows[i].second != NULL;
		must_open(t);
		steps_judge(t, "key", "k");
		if (rows[i].is == NULL)
			CU_ASSERT(denied(t, R(LIMIT)));
		if (rows[i].is != NULL)
			CU_ASSERT(passed(t, "ann") && IS(t->ids[0].kind, rows[i].is));
		steps_free(t);
	}
}

static void
unscoped_says_what_no_scopes_mean(void)
{
	static const struct {
		int unscoped;
		unsigned flags;
		bool scoped, want;
	} rows[] = {
		{ POL_UNSCOPED_UNSAID, 0, false, false }, { POL_UNSCOPED_UNSAID, POLICY_MODULE_SCOPED, false, true },
		{ POL_UNSCOPED_NONE, 0, false, true }, { POL_UNSCOPED_NONE, POLICY_MODULE_SCOPED, false, true },
		{ POL_UNSCOPED_FULL, 0, false, false }, { POL_UNSCOPED_FULL, POLICY_MODULE_SCOPED, false, false },
		{ POL_UNSCOPED_FULL, 0, true, true }, { POL_UNSCOPED_UNSAID, 0, true, true },
	};
	struct steps *t = steps_new();
	struct fake *f;

	steps_add(t, "one");
	f = steps_fake(t, "one");
	must_open(t);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(&t->confs[0].unscoped, &rows[i].unscoped, sizeof(t->confs[0].unscoped));
		f->module.flags = rows[i].flags;
		f->scoped = rows[i].scoped;
		steps_judge(t, "key", "k");
		CU_ASSERT(passed(t, "ann"));
		CU_ASSERT_EQUAL(t->ids[0].scoped, rows[i].want);
		CU_ASSERT_EQUAL(t->ids[0].scopes_count, 0);
	}
	steps_free(t);
}

static void
a_map_gives_groups_to_who_passes(void)
{
	static const struct pol_step_map rows[] = {
		{ POLICY_TEXT("dept"), POLICY_TEXT("it"), POLICY_TEXT("map:one/admin") },
		{ POLICY_TEXT("dept"), POLICY_TEXT("it"), POLICY_TEXT("map:one/dev") },
		{ POLICY_TEXT("dept"), POLICY_TEXT("hr"), POLICY_TEXT("map:one/hr") },
		{ POLICY_TEXT("team"), POLICY_TEXT("it"), POLICY_TEXT("map:one/team") },
	};
	struct steps *t = steps_new();
	struct fake *f;

	steps_add(t, "one")->map = rows;
	t->confs[0].n_map = 4;
	t->confs[0].control = POL_SUFFICIENT;
	steps_add(t, "two");
	f = steps_fake(t, "one");
	f->claim = "dept";
	f->value = "it";
	must_open(t);
	CU_ASSERT_EQUAL(f->args.claims_count, 2);
	steps_judge(t, "key", "k");
	CU_ASSERT(passed(t, "ann"));
	CU_ASSERT_EQUAL_FATAL(t->ids[0].groups_count, 2);
	CU_ASSERT(IS(t->ids[0].groups[0], "map:one/admin"));
	CU_ASSERT(IS(t->ids[0].groups[1], "map:one/dev"));
	f->value = "i";
	f->group = "map:one/admin";	/* what looks like it is the step's own */
	steps_judge(t, "key", "k");
	CU_ASSERT_EQUAL_FATAL(t->ids[0].groups_count, 1);
	CU_ASSERT(IS(t->ids[0].groups[0], "one/map:one/admin"));
	f->value = "it";
	f->outcome = POLICY_CHECK_FAIL;
	steps_judge(t, "key", "k");
	CU_ASSERT(passed(t, "ann"));
	CU_ASSERT_EQUAL(t->ids[0].groups_count, 0);
	f->outcome = POLICY_CHECK_PASS;
	f->group = NULL;
	f->more = fill_exactly;		/* no room is left for the map's */
	t->confs[0].control = POL_REQUIRED;
	steps_judge(t, "key", "k");
	CU_ASSERT(denied(t, R(LIMIT)));
	steps_free(t);
}

static void
a_type_of_its_own_may_not_be_anothers(void)
{
	struct steps *t = steps_new();
	struct fake *one;

	steps_add(t, "one")->subject_type = policy_text("svc");
	steps_add(t, "two");
	one = steps_fake(t, "one");
	one->source = "issuer";
	must_open(t);
	steps_judge(t, "key", "k");
	CU_ASSERT(passed(t, "ann"));
	CU_ASSERT(IS(t->ids[0].subject_type, "svc"));
	one->type = "user";
	steps_judge(t, "key", "k");
	CU_ASSERT(denied(t, R(UNAVAILABLE)));
	one->type = "host";
	steps_judge(t, "key", "k");
	CU_ASSERT(denied(t, R(UNAVAILABLE)));
	t->confs[0].shared = true;
	steps_judge(t, "key", "k");
	CU_ASSERT(passed(t, "ann"));
	one->type = "user";
	steps_judge(t, "key", "k");
	CU_ASSERT(denied(t, R(UNAVAILABLE)));
	t->confs[1].shared = true;
	steps_judge(t, "key", "k");
	CU_ASSERT(passed(t, "ann"));
	/* nor may one that stands behind it */
	one->outcome = POLICY_CHECK_IGNORE;
	steps_fake(t, "two")->type = "svc";
	steps_judge(t, "key", "k");
	CU_ASSERT(passed(t, "ann"));
	t->confs[0].shared = false;
	steps_judge(t, "key", "k");
	CU_ASSERT(denied(t, R(UNAVAILABLE)));
	steps_free(t);
}

CU_TestInfo suite_judge[] = {
	{ "a step that passes says who", a_step_that_passes_says_who },
	{ "only one number is a yes", only_one_number_is_a_yes },
	{ "a pass that is spoilt or nobody's is an error", a_pass_that_is_spoilt_or_nobodys_is_an_error },
	{ "an identity is whole or none", an_identity_is_whole_or_none },
	{ "an error of a step that need not pass is no harm", an_error_of_a_step_that_need_not_pass_is_no_harm },
	{ "the reason is that of the first who counts", the_reason_is_that_of_the_first_who_counts },
	{ "what is over is no pass", what_is_over_is_no_pass },
	{ "a late answer is not heard", a_late_answer_is_not_heard },
	{ "the deadline is the nearer of two", the_deadline_is_the_nearer_of_two },
	{ "who may not wait is told so", who_may_not_wait_is_told_so },
	{ "a step is asked about its kinds", a_step_is_asked_about_its_kinds },
	{ "empty is bad and absent is handed on as empty", empty_is_bad_and_absent_is_handed_on_as_empty },
	{ "every credential must be good and one person's", every_credential_must_be_good_and_one_persons },
	{ "a kind is named by module step or credential", a_kind_is_named_by_module_step_or_credential },
	{ "one credential has one kind", one_credential_has_one_kind },
	{ "unscoped says what no scopes mean", unscoped_says_what_no_scopes_mean },
	{ "a map gives groups to who passes", a_map_gives_groups_to_who_passes },
	{ "a type of its own may not be another's", a_type_of_its_own_may_not_be_anothers },
	CU_TEST_INFO_NULL
};
