/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random stacks of modules and random requests, told by a plain model of the whole: is
 * the set refused, whose are the credentials, what is decided, is it kept.
 *
 *	stacks [CASES [SEED]]
 */
#include <stdlib.h>

#include "chaos.h"
#include "stacks.h"

#include "api/handle.h"
#include "api/open.h"
#include "auth/revoked.h"

enum { ASKS = 40 };			/* of one set */

static int64_t now;
static unsigned loaded, refused, good, several, factors, kept, allowed;
static char text[8192];

static int64_t
tell_time(void *ctx)
{
	(void)ctx;
	return now;
}

/* ---- showing a case ---- */

static void
show_say(unsigned s, unsigned c, const struct stacks_say *y)
{
	printf("  s%u c%u: %d%s %s:%s id %s kind %d groups %u scopes %u%s%s%s expires %lld cacheable %lld x %d y %d used %u reason %d\n",
	    s, c, y->outcome, y->shape_not ? " !shape" : "", y->type != NULL ? y->type : "-", y->subject != NULL ? y->subject : "-",
	    y->token_id != NULL ? y->token_id : "-", y->kind, y->groups, y->scopes, y->scoped ? " scoped" : "",
	    y->claim ? " claim" : "", y->spoil != 0 ? " spoilt" : "",
	    y->expires < 0 ? -999LL : (long long)((y->expires - STACKS_START) / STACKS_SECOND),
	    y->cacheable < 0 ? -999LL : (long long)((y->cacheable - STACKS_START) / STACKS_SECOND), y->x, y->y, y->used, (int)y->reason);
}

static void
show(const struct stacks_set *set, const struct stacks_ask *ask)
{
	printf("%s", strstr(text, "modules:"));
	for (unsigned i = 0; i < set->n; i++)
		printf("  s%u: flags %x kinds %x source %s\n", i, set->steps[i].flags, set->steps[i].module_kinds,
		    set->steps[i].source != NULL ? set->steps[i].source : "its own");
	if (ask == NULL)
		return;
	printf("  asked:%s%s y %d\n", ask->nonblock ? " nonblock" : "", ask->late ? " late" : "", ask->y);
	for (unsigned i = 0; i < ask->n; i++) {
		const unsigned c = (unsigned)ask->creds[i];

		printf("  c%u is %s%s\n", c, stacks_kinds[set->creds[c].kind], set->creds[c].empty ? ", empty" : "");
		for (unsigned s = 0; s < set->n; s++)
			show_say(s, c, &set->steps[s].say[c]);
	}
}

static bool
differs(const struct stacks_set *set, const struct stacks_ask *ask, const char *what, long ours, long wanted)
{
	if (chaos_failed < 5) {
		printf("%s: %ld, the model says %ld\n", what, ours, wanted);
		show(set, ask);
	}
	chaos_check(false, what);
	return false;
}

/* ---- asking ---- */

struct sent {
	struct policy_request req;
	struct policy_credential list[POLICY_CREDENTIALS_MAX];
	char data[POLICY_CREDENTIALS_MAX][32];
	struct policy_attr y;
};

/* Of which list credentials are: none is like that of an earlier list, which is kept. */
static unsigned serial;

static void
send(struct sent *s, const struct stacks_set *set, const struct stacks_ask *ask)
{
	*s = (struct sent){ .req = POLICY_REQUEST_INIT, .y = { .name = POLICY_TEXT("y"), .value = { .type = POLICY_BOOL } } };
	for (unsigned i = 0; i < ask->n; i++) {
		s->list[i].kind = policy_text(stacks_kinds[set->creds[ask->creds[i]].kind]);
		if (!set->creds[ask->creds[i]].empty)
			snprintf(s->data[i], sizeof(s->data[i]), "c%d of list %u", ask->creds[i], serial);
		s->list[i].data = policy_text(s->data[i]);
	}
	s->req.credentials = s->list;
	s->req.credentials_count = ask->n;
	s->req.flags = ask->nonblock ? POLICY_NONBLOCK : 0;
	s->req.deadline_ns = ask->late ? ask->y < 0 ? INT64_MIN : 1 : ask->y < 0 ? INT64_MAX : 0;
	s->y.value.u.boolean = ask->y == 1;
	s->req.subject_attributes = (struct policy_attrs){ &s->y, ask->y >= 0 };
}

static bool
has_text(const struct policy_text *list, uint32_t n, const char *t)
{
	for (uint32_t i = 0; i < n; i++) {
		if (strcmp(list[i].data, t) == 0)
			return true;
	}
	return false;
}

/* Groups and scopes, as sets. */
static bool
same_lists(const struct policy_identity *id, const struct stacks_who *w, unsigned scopes)
{
	static const char *const forms[3] = { "s%u/g", "s%u/h", "map:s%u/r1" };
	uint32_t n = 0, n_scopes = 0;
	bool all = true;
	char name[32];

	for (unsigned s = 0; s < STACKS_STEPS; s++) {
		for (unsigned g = 0; g < 3; g++) {
			if ((w->groups[s] & 1u << g) == 0)
				continue;
			n++;
			snprintf(name, sizeof(name), g == 0 ? forms[0] : g == 1 ? "s%u/h" : "map:s%u/r1", s);
			all = all && has_text(id->groups, id->groups_count, name);
		}
	}
	for (unsigned a = 0; a < STACKS_ACTIONS; a++) {
		if ((scopes & 1u << a) == 0)
			continue;
		n_scopes++;
		all = all && has_text(id->scopes, id->scopes_count, stacks_actions[a]);
	}
	return all && n == id->groups_count && n_scopes == id->scopes_count;
}

/* The first's, with the scopes that all have and the earliest end. */
static bool
same_identity(const struct policy_identity *id, const struct stacks_told *t)
{
	const struct stacks_who *w = &t->who[0];
	int64_t expires = 0;
	unsigned scopes = ~0u;
	bool scoped = false;
	char step[8];

	for (unsigned i = 0; i < t->n; i++) {
		if (t->who[i].scoped)
			scopes &= t->who[i].scopes;
		scoped = scoped || t->who[i].scoped;
		if (t->who[i].expires != 0 && (expires == 0 || t->who[i].expires < expires))
			expires = t->who[i].expires;
	}
	snprintf(step, sizeof(step), "s%d", w->step);
	return id->scoped == scoped && id->expires == expires && strcmp(id->step.data, step) == 0 &&
	    strcmp(id->subject_type.data, w->type) == 0 && strcmp(id->subject_id.data, w->subject) == 0 &&
	    strcmp(id->kind.data, stacks_kinds[w->kind]) == 0 &&
	    strcmp(id->token_id.data, w->token_id != NULL ? w->token_id : "") == 0 && same_lists(id, w, scoped ? scopes : 0);
}

static bool
ask_whose(struct policy *p, const struct stacks_set *set, const struct stacks_ask *ask, const struct stacks_told *t)
{
	static struct policy_identity id;
	const enum policy_reason wanted = t->rc != 0 ? POLICY_REASON_ERROR : stacks_still(set, t);
	struct sent s;
	int rc;

	send(&s, set, ask);
	id.size = sizeof(id);
	id.verified = 1;
	rc = policy_authenticate(p, &s.req, &id);
	if (rc != t->rc)
		return differs(set, ask, "policy_authenticate returns", rc, t->rc);
	if (id.reason != wanted || (id.verified != 0) != (rc == 0 && wanted == POLICY_REASON_RULE))
		return differs(set, ask, "policy_authenticate: reason", (long)id.reason, (long)wanted);
	if (id.verified != 0 && !same_identity(&id, t))
		return differs(set, ask, "policy_authenticate: another identity", t->who[0].step, -1);
	return true;
}

/* By each door in turn; those of a row that have the credentials are one answer. */
static int
decide(struct policy *p, const struct policy_request *req, struct policy_decision *d)
{
	static unsigned turn;
	struct policy_trace trace = POLICY_TRACE_INIT;
	struct policy_request row[3] = { *req, POLICY_REQUEST_INIT, *req };
	struct policy_decision answers[3] = { *d, *d, *d };
	int rc;

	if (++turn % 3 == 0)
		return policy_decide(p, req, d);
	if (turn % 3 == 1)
		return policy_trace(p, req, d, &trace);
	row[1].subject_id = policy_text("ann");
	row[1].action = policy_text("a0");
	rc = policy_decide_many(p, row, 3, answers);
	if (answers[1].verdict != POLICY_ALLOW || answers[0].verdict != answers[2].verdict ||
	    answers[0].reason != answers[2].reason)
		chaos_check(0, "a row is one answer");
	*d = answers[2];
	return rc;
}

static bool
ask_action(struct policy *p, const struct stacks_set *set, const struct stacks_ask *ask, const struct stacks_told *t, int action)
{
	const enum policy_reason wanted = t->rc != 0 ? POLICY_REASON_ERROR : stacks_decide(set, ask, t, action);
	struct policy_decision d = POLICY_DECISION_INIT;
	struct sent s;
	int rc;

	send(&s, set, ask);
	s.req.action = policy_text(stacks_actions[action]);
	d.verdict = POLICY_ALLOW;
	rc = decide(p, &s.req, &d);
	if (rc != t->rc)
		return differs(set, ask, "policy_decide returns", rc, t->rc);
	if (d.reason != wanted || (d.verdict == POLICY_ALLOW) != (rc == 0 && wanted == POLICY_REASON_RULE))
		return differs(set, ask, "policy_decide: reason", (long)d.reason, (long)wanted);
	allowed += d.verdict == POLICY_ALLOW;
	return true;
}

/* Cold, then with what the cache has, then later. */
static bool
compare(struct policy *p, const struct stacks_set *set, struct stacks_ask *ask, uint64_t *seed)
{
	struct stacks_told t, again;
	bool keeps;

	ask->now = now = STACKS_START;
	stacks_judge(set, ask, &t);
	good += t.reason == POLICY_REASON_RULE;
	several += t.reason == POLICY_REASON_RULE && t.n > 1;
	factors += t.reason == POLICY_REASON_RULE && t.n < ask->n;
	serial++;
	if (!ask_action(p, set, ask, &t, (int)stacks_draw(seed, STACKS_ACTIONS)))
		return false;
	keeps = t.rc == 0 && t.reason == POLICY_REASON_RULE && t.until > now;
	kept += keeps;
	stacks_checks = 0;
	for (int i = 0; i < STACKS_ACTIONS; i++) {
		if (!ask_action(p, set, ask, &t, i))
			return false;
	}
	if (!ask_whose(p, set, ask, &t))
		return false;
	if (keeps && stacks_checks != 0)
		return differs(set, ask, "checks of what is kept", stacks_checks, 0);
	if (!keeps && t.rc == 0 && t.reason == POLICY_REASON_RULE && stacks_checks == 0)
		return differs(set, ask, "checks of what is not kept", 0, 1);
	ask->now = now = STACKS_START + (int64_t)stacks_draw(seed, 45) * STACKS_SECOND;
	stacks_judge(set, ask, &again);
	if (keeps && now < t.until && again.reason != t.reason)
		return differs(set, ask, "the model: kept too long", (long)t.reason, (long)again.reason);
	return ask_whose(p, set, ask, keeps && now < t.until ? &t : &again) && (chaos_passed++, true);
}

/* ---- sets ---- */

static void
revoke(struct policy *p, const struct stacks_set *set)
{
	char step[8];

	for (unsigned t = 0; t < 2; t++) {
		for (unsigned i = 0; i <= STACKS_STEPS; i++) {
			snprintf(step, sizeof(step), "s%u", i);
			if (set->revoked[t][i] && pol_revoked_add(p->revoked, policy_text(i < STACKS_STEPS ? step : NULL),
			    policy_text(t == 0 ? "t0" : "t1"), 0) != 0)
				abort();
		}
	}
}

static void
try_set(uint64_t *seed)
{
	struct policy_options o = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct pol_origin from = { .name = "stacks.yaml", .text = text, .is_text = true, .load = stacks_load };
	struct stacks_set set;
	struct stacks_ask ask;
	struct policy *p = NULL;
	int rc;

	stacks_random(&set, seed);
	stacks_now = &set;
	stacks_write(&set, text, sizeof(text));
	from.len = strlen(text);
	o.clock = tell_time;
	o.flags = POLICY_NO_THREAD;
	rc = pol_open_new(&p, &from, &o, &err);
	if ((rc == 0) != stacks_loads(&set)) {
		printf("%s\n", err.text);
		differs(&set, NULL, "opening", rc, stacks_loads(&set));
	}
	*(rc == 0 ? &loaded : &refused) += 1;
	if (rc != 0)
		return;
	revoke(p, &set);
	for (int i = 0; i < ASKS; i++) {
		ask = (struct stacks_ask){ .n = 1 + (unsigned)stacks_draw(seed, 4), .nonblock = stacks_draw(seed, 4) == 0,
		    .late = stacks_draw(seed, 20) == 0, .y = (int)stacks_draw(seed, 3) - 1 };
		for (unsigned c = 0; c < ask.n; c++)
			ask.creds[c] = (int)stacks_draw(seed, STACKS_CREDS);
		compare(p, &set, &ask, seed);
	}
	policy_close(p);
}

int
main(int argc, char **argv)
{
	const unsigned long cases = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;

	while (chaos_passed + chaos_failed < cases)
		try_set(&seed);
	printf("%u sets loaded, %u refused; of %lu lists of credentials %u good (%u of several, %u with a second factor's), %u kept; %u allows\n",
	    loaded, refused, cases, good, several, factors, kept, allowed);
	/* a test that meets no yes says nothing */
	chaos_check(loaded > 0 && refused > 0 && good > cases / 20 && several > cases / 100 && factors > cases / 1000 &&
	    kept > cases / 50 && allowed > cases / 100, "enough of each is met");
	return chaos_finish();
}
