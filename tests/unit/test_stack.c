/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks as they are opened, refused, held, served and closed. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/fixture.h"
#include "unit/steps.h"
#include "unit/unit.h"

#define IS(text, s) ((text).len == strlen(s) && memcmp((text).data, s, strlen(s)) == 0)

/* ---- what may not be ---- */

/* Two steps, by word of control; the second's kind, NULL for any; a factor or none. */
static struct steps *
two(enum pol_control first, enum pol_control second, const char *kind, unsigned flags)
{
	struct steps *t = steps_new();

	steps_add(t, "one")->control = first;
	steps_add(t, "two")->control = second;
	steps_fake(t, "two")->kinds[0] = kind;
	steps_fake(t, "two")->flags = flags;
	return t;
}

static void
a_stack_that_cannot_grant_is_refused(void)
{
	struct steps *t = two(POL_OPTIONAL, POL_OPTIONAL, "key", 0);

	CU_ASSERT(steps_refused(t, NULL, 0, "one: no credential would ever be good"));
	steps_free(t);
	t = two(POL_REQUIRED, POL_REQUIRED, "key", POLICY_MODULE_SECOND_FACTOR);
	steps_fake(t, "one")->flags = POLICY_MODULE_SECOND_FACTOR;
	CU_ASSERT(steps_refused(t, NULL, 0, "one: no credential would ever be good"));
	CU_ASSERT_EQUAL(steps_fake(t, "one")->opened, 0);
	steps_free(t);
	t = steps_new();
	CU_ASSERT_EQUAL(steps_open(t, NULL), POLICY_ERR_INVALID);
	CU_ASSERT_PTR_NULL(t->stack);
	steps_free(t);
}

static void
a_step_that_can_never_run_is_refused(void)
{
	static const unsigned flags[] = { 0, POLICY_MODULE_SECOND_FACTOR };
	const char *why;

	for (int at = 0; at < 5 * 5 * 2 * 3; at++) {
		const int first = at % 5, second = at / 5 % 5, factor = at / 25 % 2, kind = at / 50;
		const bool stops = first == POL_BINDING || first == POL_SUFFICIENT;
		const bool must = second == POL_REQUIRED || second == POL_REQUISITE;
		struct steps *t = two((enum pol_control)first, (enum pol_control)second,
		    kind == 0 ? "key" : kind == 1 ? NULL : "card", flags[factor]);
		int rc;

		if (factor)		/* whose second is it? */
			steps_add(t, "three")->control = POL_REQUIRED;
		if (factor && kind == 2)
			steps_fake(t, "three")->kinds[0] = "card";
		why = kind == 0 ? "two: two can never run after one, since one is " : "two: two can never run after one for kind 'key', since one is ";
		if (factor && !must && second != POL_BINDING) {
			CU_ASSERT(steps_refused(t, NULL, 1, "a second factor that may fail is none"));
		} else if (stops && (must || factor) && kind != 2) {
			CU_ASSERT(steps_refused(t, NULL, 1, why));
		} else if (!(factor && stops && kind != 2) && !(first == POL_OPTIONAL && second == POL_OPTIONAL)) {
			rc = steps_open(t, NULL);
			/* the third is required, and what stops may stand before it too */
			CU_ASSERT(rc == 0 || (factor && strstr(t->err.text, "three can never run after") != NULL));
		}
		steps_free(t);
	}
}

static void
kinds_that_overlap_are_told(void)
{
	struct steps *t = two(POL_BINDING, POL_REQUIRED, "card", 0);

	steps_fake(t, "two")->kinds[1] = "key";
	CU_ASSERT(steps_refused(t, NULL, 1, "two: two can never run after one for kind 'key', since one is binding: "
	    "put it before, or make one required, or leave the kind out of its `for`"));
	steps_free(t);
	t = two(POL_SUFFICIENT, POL_REQUISITE, "card", 0);
	steps_fake(t, "one")->kinds[0] = NULL;
	CU_ASSERT(steps_refused(t, NULL, 1, "two: two can never run after one, since one is sufficient: put it before, or make one required"));
	steps_free(t);
	/* the second's `for` leaves the kind out */
	t = two(POL_BINDING, POL_REQUIRED, "card", 0);
	steps_fake(t, "two")->kinds[1] = "key";
	t->confs[1].for_kinds = steps_texts(t, "card", "");
	t->confs[1].n_for = 1;
	CU_ASSERT_EQUAL(steps_open(t, NULL), 0);
	steps_free(t);
	/* two issuers, both binding: the one's shape is not the other's */
	t = two(POL_BINDING, POL_BINDING, "key", 0);
	CU_ASSERT_EQUAL(steps_open(t, NULL), 0);
	steps_free(t);
}

static void
a_factor_of_nothing_is_refused(void)
{
	struct steps *t = two(POL_REQUIRED, POL_REQUIRED, "otp", POLICY_MODULE_SECOND_FACTOR);

	CU_ASSERT(steps_refused(t, NULL, 1, "two: this second factor looks at no kind that another step vouches for"));
	steps_free(t);
	t = two(POL_REQUIRED, POL_REQUIRED, "otp", POLICY_MODULE_SECOND_FACTOR);
	steps_fake(t, "two")->kinds[1] = "key";
	CU_ASSERT_EQUAL(steps_open(t, NULL), 0);
	steps_free(t);
}

static void
a_kind_that_the_module_never_looks_at_is_refused(void)
{
	struct steps *t = two(POL_BINDING, POL_BINDING, "card", 0);

	t->confs[1].for_kinds = steps_texts(t, "card", "coin");
	t->confs[1].n_for = 2;
	CU_ASSERT(steps_refused(t, NULL, 1, "two: for: names the kind 'coin', which the module 'two' never looks at; one that it does is card"));
	steps_free(t);
	t = two(POL_BINDING, POL_BINDING, NULL, 0);
	t->confs[1].for_kinds = steps_texts(t, "card", "coin");
	t->confs[1].n_for = 2;
	CU_ASSERT_EQUAL(steps_open(t, NULL), 0);
	steps_free(t);
}

static void
people_of_two_sources_are_two(void)
{
	struct steps *t;

	for (int both = 0; both < 4; both++) {
		t = two(POL_BINDING, POL_BINDING, "key", 0);
		steps_fake(t, "one")->source = "https://a";
		steps_fake(t, "two")->source = NULL;	/* its name */
		t->confs[0].shared = both & 1;
		t->confs[1].shared = both >> 1;
		if (both == 3)
			CU_ASSERT_EQUAL(steps_open(t, NULL), 0);
		if (both != 3)
			CU_ASSERT(steps_refused(t, NULL, 1, "two: its subjects are of type 'user', and so are those of one, "
			    "which come from elsewhere ('https://a', not 'two'): give one another type in `subject`, or say `shared: true` in both"));
		steps_free(t);
	}
	/* one that is called like a step is not that step's */
	t = two(POL_BINDING, POL_BINDING, "key", 0);
	steps_fake(t, "one")->source = "two";
	steps_fake(t, "two")->source = NULL;
	CU_ASSERT(steps_refused(t, NULL, 1, "two: its subjects are of type 'user', and so are those of one, which come from elsewhere"));
	steps_free(t);
	t = two(POL_BINDING, POL_BINDING, "key", 0);
	steps_fake(t, "two")->source = "there";
	t->confs[1].subject_type = policy_text("host");
	CU_ASSERT_EQUAL(steps_open(t, NULL), 0);
	steps_free(t);
	/* said, or by default: the same type */
	t = two(POL_BINDING, POL_OPTIONAL, "key", 0);
	steps_fake(t, "two")->source = "there";
	t->confs[1].subject_type = policy_text("user");
	CU_ASSERT(steps_refused(t, NULL, 1, "two: its subjects are of type 'user'"));
	steps_free(t);
	/* a second factor has none */
	t = two(POL_REQUIRED, POL_REQUIRED, "key", POLICY_MODULE_SECOND_FACTOR);
	steps_fake(t, "two")->source = "there";
	CU_ASSERT_EQUAL(steps_open(t, NULL), 0);
	steps_free(t);
}

static void
every_kind_has_its_row(void)
{
	struct fixture f;
	struct steps *t;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, "policy: 1\nactions: { read: }\ncredentials:\n  key:\n    ceiling: \"*\"\n  admin:\n    ceiling: \"*\"\n"), 0);
	t = two(POL_BINDING, POL_BINDING, "key", 0);
	CU_ASSERT_EQUAL(steps_open(t, f.engine.program), 0);
	steps_free(t);
	t = two(POL_BINDING, POL_BINDING, "card", 0);
	CU_ASSERT(steps_refused(t, f.engine.program, 1, "two: `credentials:` has no row for the kind 'card' of this step"));
	steps_free(t);
	t = two(POL_BINDING, POL_BINDING, "card", 0);
	t->confs[1].kinds = steps_texts(t, "admin", "coin");
	t->confs[1].n_kinds = 1;
	CU_ASSERT_EQUAL(steps_open(t, f.engine.program), 0);
	steps_free(t);
	t = two(POL_BINDING, POL_BINDING, "key", 0);
	t->confs[1].kinds = steps_texts(t, "admin", "coin");
	t->confs[1].n_kinds = 2;
	CU_ASSERT(steps_refused(t, f.engine.program, 1, "two: `credentials:` has no row for the kind 'coin' of this step"));
	steps_free(t);
	t = two(POL_BINDING, POL_BINDING, NULL, 0);
	CU_ASSERT(steps_refused(t, f.engine.program, 1, "two: the module 'two' looks at any kind: with `credentials:` in the set, `kind` or `for` is wanted"));
	steps_free(t);
	t = two(POL_BINDING, POL_BINDING, NULL, 0);
	t->confs[1].for_kinds = steps_texts(t, "admin", "");
	t->confs[1].n_for = 1;
	CU_ASSERT_EQUAL(steps_open(t, f.engine.program), 0);
	steps_free(t);
	/* a second factor and an optional step call nothing anything */
	t = two(POL_REQUIRED, POL_REQUIRED, NULL, POLICY_MODULE_SECOND_FACTOR);
	steps_add(t, "three")->control = POL_OPTIONAL;
	steps_fake(t, "three")->kinds[0] = "card";
	CU_ASSERT_EQUAL(steps_open(t, f.engine.program), 0);
	steps_free(t);
	fixture_close(&f);
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, "policy: 1\nactions: { read: }\n"), 0);
	t = two(POL_BINDING, POL_BINDING, NULL, 0);
	CU_ASSERT_EQUAL(steps_open(t, f.engine.program), 0);
	steps_free(t);
	fixture_close(&f);
}

static void
names_are_names_and_no_step_has_anothers(void)
{
	static const char *const bad[] = { "", "a/b", "A", "a b", "a-b",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct steps *t;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		t = two(POL_BINDING, POL_BINDING, "key", 0);
		t->confs[1].name = bad[i];
		CU_ASSERT(steps_refused(t, NULL, 1, "this is no name of a step"));
		steps_free(t);
	}
	t = two(POL_BINDING, POL_BINDING, "key", 0);
	t->confs[1].name = "one";
	CU_ASSERT(steps_refused(t, NULL, 1, "one: a step of this name stands before it"));
	steps_free(t);
}

static void
what_would_have_no_effect_is_refused(void)
{
	static const struct pol_step_map row[] = { { POLICY_TEXT("c"), POLICY_TEXT("v"), POLICY_TEXT("g") } };
	struct steps *t = two(POL_BINDING, POL_OPTIONAL, "key", 0);

	t->confs[1].map = row;
	t->confs[1].n_map = 1;
	CU_ASSERT(steps_refused(t, NULL, 1, "two: map: gives roles, and an optional step gives none"));
	steps_free(t);
	t = two(POL_REQUIRED, POL_REQUIRED, "key", POLICY_MODULE_SECOND_FACTOR);
	t->confs[1].map = row;
	t->confs[1].n_map = 1;
	CU_ASSERT(steps_refused(t, NULL, 1, "two: map: gives roles, and a second factor gives none"));
	steps_free(t);
	t = two(POL_BINDING, POL_BINDING, "key", 0);
	t->confs[1].map = row;
	t->confs[1].n_map = 1025;
	CU_ASSERT(steps_refused(t, NULL, 1, "two: map: has 1025 rows; at most 1024 are wanted"));
	steps_free(t);
	t = two(POL_BINDING, POL_BINDING, "key", 0);
	t->confs[1].cache_said = true;
	t->confs[1].cache_ns = 1;
	CU_ASSERT(steps_refused(t, NULL, 1, "two: cache: what the module 'two' says is never kept"));
	steps_free(t);
	t = two(POL_REQUIRED, POL_REQUIRED, "key", POLICY_MODULE_SECOND_FACTOR | POLICY_MODULE_CACHEABLE);
	t->confs[1].cache_said = true;
	t->confs[1].cache_ns = 1;
	CU_ASSERT(steps_refused(t, NULL, 1, "two: cache: what the module 'two' says is never kept"));
	steps_free(t);
	t = two(POL_BINDING, POL_BINDING, "key", POLICY_MODULE_CACHE_ASKED);
	t->confs[0].cache_said = t->confs[1].cache_said = true;	/* not at all: always possible */
	t->confs[1].cache_ns = 1;
	CU_ASSERT_EQUAL(steps_open(t, NULL), 0);
	steps_free(t);
	t = two(POL_BINDING, (enum pol_control)9, "key", 0);
	CU_ASSERT(steps_refused(t, NULL, 1, "two: its word of control is none"));
	steps_free(t);
}

/* ---- opening and closing ---- */

static void
a_module_is_told_what_the_set_says(void)
{
	static const struct policy_module_key keys[] = { { "file", POLICY_KEY_TEXT, 0 }, { NULL, 0, 0 } };
	static const struct pol_step_key with[] = { { POLICY_TEXT("file"), { .type = POLICY_STRING, .u.text = POLICY_TEXT("/x") }, { "set.yaml", 3, 4 } } };
	struct steps *t = steps_new();
	struct pol_step_conf *c = steps_add(t, "one");
	struct fake *f = steps_fake(t, "one");
	struct policy_open_args *a = &f->args;

	f->keys = keys;
	c->with = with;
	c->n_with = 1;
	c->kinds = steps_texts(t, "a", "b");
	c->n_kinds = 2;
	c->subject_type = policy_text("svc");
	c->subject_id = policy_text("ci");
	CU_ASSERT_EQUAL_FATAL(steps_open(t, NULL), 0);
	CU_ASSERT_EQUAL(a->size, sizeof(*a));
	CU_ASSERT(IS(a->name, "one"));
	CU_ASSERT(IS(a->subject_type, "svc"));
	CU_ASSERT(IS(a->subject_id, "ci"));
	CU_ASSERT_EQUAL(a->kinds_count, 2);
	CU_ASSERT_EQUAL(a->now_ns, STEPS_NOW);
	CU_ASSERT_PTR_NOT_NULL_FATAL(policy_with(a, "file"));
	CU_ASSERT(IS(policy_with(a, "file")->u.text, "/x"));
	CU_ASSERT_EQUAL(a->host->size, sizeof(*a->host));
	CU_ASSERT_EQUAL(a->host->abi, POLICY_MODULE_ABI);
	steps_free(t);
}

static void
who_opens_nothing_closes_nothing(void)
{
	static const struct {
		int rc, want;
		const char *text, *file, *says, *at;
		uint32_t line;
	} rows[] = {
		{ POLICY_ERR_UNAVAILABLE, POLICY_ERR_UNAVAILABLE, "the server is down", NULL, "modules: two: the server is down", "set.yaml", 11 },
		{ POLICY_ERR_INVALID, POLICY_ERR_INVALID, "a key of one bit", "/etc/keys", "modules: two: a key of one bit", "/etc/keys", 7 },
		{ POLICY_ERR_IO, POLICY_ERR_IO, NULL, NULL, "modules: two: the module could not be opened", "set.yaml", 11 },
		{ 1, POLICY_ERR_INTERNAL, "yes", NULL, "modules: two: yes", "set.yaml", 11 },
		{ 999, POLICY_ERR_INTERNAL, NULL, NULL, "modules: two: the module could not be opened", "set.yaml", 11 },
		{ -999, POLICY_ERR_INTERNAL, "a\nb", NULL, "modules: two: a?b", "set.yaml", 11 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct steps *t = two(POL_BINDING, POL_BINDING, "key", 0);
		struct fake *f = steps_fake(t, "two");

		steps_add(t, "three");
		f->open_rc = rows[i].rc;
		f->open_text = rows[i].text;
		f->open_file = rows[i].file;
		CU_ASSERT_EQUAL(steps_open(t, NULL), rows[i].want);
		CU_ASSERT_PTR_NULL(t->stack);
		CU_ASSERT_EQUAL(t->err.code, rows[i].want);
		CU_ASSERT_STRING_EQUAL(t->err.text, rows[i].says);
		CU_ASSERT_STRING_EQUAL(t->err.file, rows[i].at);
		CU_ASSERT_EQUAL(t->err.line, rows[i].line);
		CU_ASSERT_EQUAL(steps_fake(t, "one")->closed, 1);
		CU_ASSERT_EQUAL(f->closed, 0);
		CU_ASSERT_EQUAL(steps_fake(t, "three")->opened, 0);
		CU_ASSERT_PTR_NULL(t->conf.arena.chunks);	/* taken over, and gone */
		steps_free(t);
	}
}

static void
a_module_that_is_not_there_is_told_with_its_step(void)
{
	struct steps *t = two(POL_BINDING, POL_BINDING, "key", 0);

	t->confs[1].use = "tow";
	CU_ASSERT_EQUAL(steps_open(t, NULL), POLICY_ERR_NOENT);
	CU_ASSERT_STRING_EQUAL(t->err.text, "modules: two: there is no module 'tow'");
	CU_ASSERT_STRING_EQUAL(t->err.file, "set.yaml");
	CU_ASSERT_EQUAL(t->err.line, 11);
	CU_ASSERT_EQUAL(steps_fake(t, "one")->opened, 0);
	steps_free(t);
}

static void
the_last_who_lets_go_closes_in_reverse(void)
{
	struct steps *t = two(POL_BINDING, POL_BINDING, "key", 0);
	void *state = NULL;

	steps_add(t, "three");
	CU_ASSERT_EQUAL_FATAL(steps_open(t, NULL), 0);
	CU_ASSERT_PTR_EQUAL(pol_stack_find(t->stack, "two", &state), &t->fakes[1].module);
	CU_ASSERT_PTR_EQUAL(state, &t->fakes[1]);
	CU_ASSERT_PTR_NULL(pol_stack_find(t->stack, "four", &state));
	pol_stack_hold(t->stack);
	pol_stack_drop(t->stack);
	CU_ASSERT_EQUAL(t->closings, 0);
	pol_stack_drop(t->stack);
	t->stack = NULL;
	CU_ASSERT_EQUAL(t->fakes[2].order, 1);
	CU_ASSERT_EQUAL(t->fakes[1].order, 2);
	CU_ASSERT_EQUAL(t->fakes[0].order, 3);
	steps_free(t);
}

static void
a_stack_is_opened_once_more_from_the_same_settings(void)
{
	struct steps *t = two(POL_BINDING, POL_BINDING, "key", 0);
	struct pol_stack *old, *again;
	const struct policy_host *hosts[2];

	CU_ASSERT_EQUAL_FATAL(steps_open(t, NULL), 0);
	old = t->stack;
	hosts[0] = t->fakes[0].host;
	hosts[1] = t->fakes[1].host;
	steps_fake(t, "two")->open_rc = POLICY_ERR_IO;
	CU_ASSERT_EQUAL(pol_stack_again(&again, old, NULL, &t->err), POLICY_ERR_IO);
	CU_ASSERT_PTR_NULL(again);
	CU_ASSERT_EQUAL(t->closings, 1);
	t->fakes[0].host = hosts[0];	/* a fake knows one stack at a time */
	t->fakes[1].host = hosts[1];
	steps_judge(t, "key", "k");	/* it is as it was */
	CU_ASSERT_EQUAL(t->n_ids, 1);
	steps_fake(t, "two")->open_rc = 0;
	CU_ASSERT_EQUAL_FATAL(pol_stack_again(&again, old, NULL, &t->err), 0);
	CU_ASSERT_NOT_EQUAL(pol_stack_serial(again), pol_stack_serial(old));
	pol_stack_drop(old);		/* abandoned: nothing is closed */
	CU_ASSERT_EQUAL(t->closings, 1);
	CU_ASSERT_EQUAL(steps_fake(t, "two")->opened, 2);
	t->stack = again;
	steps_judge(t, "key", "k");
	CU_ASSERT_EQUAL(t->n_ids, 1);
	pol_stack_drop(again);
	t->stack = NULL;
	CU_ASSERT_EQUAL(t->closings, 3);
	steps_free(t);
}

/* ---- host and service ---- */

static void
a_line_bears_the_name_and_no_control_bytes(void)
{
	struct steps *t = two(POL_BINDING, POL_BINDING, "key", 0);
	const struct policy_host *h;
	char *line = malloc(5000);

	if (line == NULL)
		abort();
	CU_ASSERT_EQUAL_FATAL(steps_open(t, NULL), 0);
	h = steps_fake(t, "two")->host;
	h->log(h, POLICY_LOG_WARNING, "keys\n\x1b[2Jread\x7f \xc3\xa9");
	CU_ASSERT_STRING_EQUAL(t->line, "two: keys??[2Jread? \xc3\xa9");
	memset(line, 'x', 4999);
	line[4999] = '\0';
	h->log(h, (enum policy_log_level)77, line);
	CU_ASSERT(strlen(t->line) < 4000);
	h->log(h, POLICY_LOG_INFO, NULL);
	CU_ASSERT_EQUAL(t->logged, 2);
	free(line);
	steps_free(t);
	t = two(POL_BINDING, POL_BINDING, "key", 0);
	t->conf.log = NULL;
	CU_ASSERT_EQUAL_FATAL(steps_open(t, NULL), 0);
	h = steps_fake(t, "two")->host;
	h->log(h, POLICY_LOG_INFO, "unheard");
	steps_free(t);
}

static void
files_are_named_while_opening_and_absolute(void)
{
	struct steps *t = two(POL_BINDING, POL_BINDING, "key", 0);
	const struct policy_host *h;
	struct fake *f = steps_fake(t, "two");

	f->serves = true;
	f->watch[0] = "/etc/keys";
	f->watch[1] = "etc/keys";
	steps_fake(t, "one")->watch[0] = "/etc/others";	/* never served: nobody would hear of it */
	CU_ASSERT_EQUAL_FATAL(steps_open(t, NULL), 0);
	CU_ASSERT_STRING_EQUAL(pol_stack_watched(t->stack, 0), "/etc/keys");
	CU_ASSERT_PTR_NULL(pol_stack_watched(t->stack, 1));
	CU_ASSERT(pol_stack_needs_service(t->stack));
	h = f->host;
	CU_ASSERT_EQUAL(h->watch(h, "/etc/late"), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(h->source(h, policy_text("late")), POLICY_ERR_ARG);
	steps_free(t);
	t = two(POL_BINDING, POL_BINDING, "key", 0);
	CU_ASSERT_EQUAL_FATAL(steps_open(t, NULL), 0);
	CU_ASSERT(!pol_stack_needs_service(t->stack));
	CU_ASSERT_PTR_NULL(pol_stack_watched(t->stack, 0));
	steps_free(t);
}

static void
a_step_is_served_when_it_is_due(void)
{
	struct steps *t = two(POL_BINDING, POL_BINDING, "key", 0);
	struct fake *one = steps_fake(t, "one"), *f = steps_fake(t, "two");
	int64_t now = 1000 * STEPS_SECOND, next;

	one->serves = f->serves = true;
	one->serve_after = -1;
	f->serve_after = 5 * STEPS_SECOND;
	f->watch[0] = "/a";
	f->watch[1] = "/b";
	CU_ASSERT_EQUAL_FATAL(steps_open(t, NULL), 0);
	CU_ASSERT_EQUAL(pol_stack_serve(t->stack, now, &next), 2);
	CU_ASSERT_EQUAL(f->why, POLICY_SERVE_TIME);
	CU_ASSERT_EQUAL(next, now + 5 * STEPS_SECOND);
	CU_ASSERT_EQUAL(pol_stack_serve(t->stack, next - 1, &next), 0);
	CU_ASSERT_EQUAL(pol_stack_serve(t->stack, next, &next), 1);
	CU_ASSERT_EQUAL(one->served, 1);
	now += 6 * STEPS_SECOND;
	pol_stack_changed(t->stack, "/b");
	pol_stack_changed(t->stack, "/c");
	CU_ASSERT_EQUAL(pol_stack_serve(t->stack, now, &next), 1);
	CU_ASSERT_EQUAL(f->why, POLICY_SERVE_CHANGED);
	f->host->wake(f->host);
	one->host->wake(one->host);
	CU_ASSERT_EQUAL(t->woken, 2);
	f->serve_after = -7;
	CU_ASSERT_EQUAL(pol_stack_serve(t->stack, now, &next), 2);
	CU_ASSERT_EQUAL(f->why, POLICY_SERVE_WOKEN);
	CU_ASSERT_EQUAL(next, INT64_MAX);
	pol_stack_changed(t->stack, "/a");
	f->host->wake(f->host);
	f->serve_after = 0;		/* at once is soon */
	CU_ASSERT_EQUAL(pol_stack_serve(t->stack, now, &next), 1);
	CU_ASSERT_EQUAL(f->why, POLICY_SERVE_WOKEN | POLICY_SERVE_CHANGED);
	CU_ASSERT(next > now && next < now + STEPS_SECOND);
	f->serve_after = INT64_MAX;
	CU_ASSERT_EQUAL(pol_stack_serve(t->stack, next, &next), 1);
	CU_ASSERT_EQUAL(f->why, POLICY_SERVE_TIME);
	CU_ASSERT_EQUAL(next, INT64_MAX);
	steps_free(t);
}

/* ---- threads ---- */

enum { ROUNDS = 300 };

static atomic_uint wrong_answers;

/* Holds, judges, drops; the other does the same, and the first holder lets go meanwhile. */
static void *
judge_and_drop(void *arg)
{
	const struct policy_credential c = STEPS_CREDENTIAL("key", "k");
	const struct pol_asked asked = { .list = &c, .n = 1, .now_ns = STEPS_NOW };
	struct policy_identity *id = malloc(sizeof(*id));
	struct pol_stack *s = arg;
	enum policy_reason reason;
	int64_t until;
	size_t n;

	if (id == NULL)
		abort();
	for (int i = 0; i < 20; i++) {
		if (pol_stack_judge(s, &asked, id, &n, &until, &reason) != 0 || reason != POLICY_REASON_RULE || n != 1)
			wrong_answers++;
		pol_stack_changed(s, "/a");
	}
	pol_stack_drop(s);
	free(id);
	return NULL;
}

static void
threads_may_let_go_in_any_order(void)
{
	pthread_t threads[2];
	struct fake *f;
	int64_t next;

	for (int i = 0; i < ROUNDS; i++) {
		struct steps *t = two(POL_REQUIRED, POL_REQUIRED, "key", 0);

		f = steps_fake(t, "two");
		f->serves = true;
		f->watch[0] = "/a";
		CU_ASSERT_EQUAL_FATAL(steps_open(t, NULL), 0);
		for (int k = 0; k < 2; k++) {
			pol_stack_hold(t->stack);
			if (pthread_create(&threads[k], NULL, judge_and_drop, t->stack) != 0)
				abort();
		}
		f->host->wake(f->host);
		pol_stack_serve(t->stack, STEPS_SECOND, &next);
		pol_stack_drop(t->stack);
		t->stack = NULL;
		pthread_join(threads[0], NULL);
		pthread_join(threads[1], NULL);
		CU_ASSERT_EQUAL(t->closings, 2);
		CU_ASSERT_EQUAL(f->closed, 1);
		steps_free(t);
	}
	CU_ASSERT_EQUAL(wrong_answers, 0);
}

CU_TestInfo suite_stack[] = {
	{ "a stack that cannot grant is refused", a_stack_that_cannot_grant_is_refused },
	{ "a step that can never run is refused", a_step_that_can_never_run_is_refused },
	{ "kinds that overlap are told", kinds_that_overlap_are_told },
	{ "a factor of nothing is refused", a_factor_of_nothing_is_refused },
	{ "a kind that the module never looks at is refused", a_kind_that_the_module_never_looks_at_is_refused },
	{ "people of two sources are two", people_of_two_sources_are_two },
	{ "every kind has its row", every_kind_has_its_row },
	{ "names are names and no step has another's", names_are_names_and_no_step_has_anothers },
	{ "what would have no effect is refused", what_would_have_no_effect_is_refused },
	{ "a module is told what the set says", a_module_is_told_what_the_set_says },
	{ "who opens nothing closes nothing", who_opens_nothing_closes_nothing },
	{ "a module that is not there is told with its step", a_module_that_is_not_there_is_told_with_its_step },
	{ "the last who lets go closes in reverse", the_last_who_lets_go_closes_in_reverse },
	{ "a stack is opened once more from the same settings", a_stack_is_opened_once_more_from_the_same_settings },
	{ "a line bears the name and no control bytes", a_line_bears_the_name_and_no_control_bytes },
	{ "files are named while opening and absolute", files_are_named_while_opening_and_absolute },
	{ "a step is served when it is due", a_step_is_served_when_it_is_due },
	{ "threads may let go in any order", threads_may_let_go_in_any_order },
	CU_TEST_INFO_NULL
};
