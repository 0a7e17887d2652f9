/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must come out, said as plainly as it can be: from the contract, and without a
 * line of the library. Slow, and of one thread.
 */
#include <string.h>

#include "stacks.h"

/* ---- one step, one credential ---- */

struct going {
	const struct stacks_set *set;
	const struct stacks_ask *ask;
	unsigned at;			/* of the request's credentials */
	bool taken[POLICY_CREDENTIALS_MAX], took[POLICY_CREDENTIALS_MAX], passed[POLICY_CREDENTIALS_MAX];
	bool again;
	int64_t until;
};

struct heard { int outcome; enum policy_reason reason; };

static struct heard
unable(enum policy_reason reason)
{
	return (struct heard){ POLICY_CHECK_ERROR, reason };
}

/* A step whose answer is not kept makes the whole not kept. */
static void
keep(struct going *g, const struct stacks_step *s, const struct stacks_say *say, bool spoke)
{
	const int64_t now = g->ask->now;
	int64_t until = now + (s->cache >= 0 ? s->cache : 30) * STACKS_SECOND;

	if (stacks_is_second(s) || (s->flags & (POLICY_MODULE_CACHEABLE | POLICY_MODULE_CACHE_ASKED)) == 0 ||
	    ((s->flags & POLICY_MODULE_CACHE_ASKED) != 0 && s->cache < 0))
		until = now;
	if (spoke && say->cacheable >= 0 && say->cacheable < until)
		until = say->cacheable;
	if (spoke && say->expires > 0 && say->expires < until)
		until = say->expires;
	if (until < g->until)
		g->until = until;
}

/* May it speak of people of that type? */
static bool
may_name(const struct stacks_set *set, unsigned i, const char *type)
{
	const struct stacks_step *s = &set->steps[i];

	if (strcmp(type, stacks_type_of(s)) == 0)
		return true;
	for (unsigned k = 0; k < set->n; k++) {
		const struct stacks_step *o = &set->steps[k];

		if (stacks_is_second(o) || stacks_same_source(set, i, k))
			continue;
		if (!s->shared || (!o->shared && strcmp(type, stacks_type_of(o)) == 0))
			return false;
	}
	return true;
}

/* The code that it found, if it names any. */
static struct heard
factor(struct going *g, uint32_t used)
{
	const struct heard bad = { POLICY_CHECK_FAIL, POLICY_REASON_BAD_CREDENTIAL }, good = { POLICY_CHECK_PASS, 0 };

	if (used == 0)
		return good;
	if (used > g->ask->n || used - 1 == g->at)
		return unable(POLICY_REASON_UNAVAILABLE);
	if (g->taken[used - 1] || g->took[used - 1] || g->passed[used - 1])
		return bad;
	g->taken[used - 1] = g->took[g->at] = true;
	return good;
}

static struct heard
passed(struct going *g, unsigned i, const struct stacks_say *say)
{
	const struct stacks_step *s = &g->set->steps[i];
	const char *type = say->type != NULL ? say->type : stacks_type_of(s);

	if (say->spoil == 1 || (say->kind >= 0 && (s->kinds & 1u << say->kind) == 0))
		return unable(POLICY_REASON_UNAVAILABLE);
	if (say->spoil == 2)
		return unable(POLICY_REASON_LIMIT);
	if (say->expires > 0 && g->ask->now >= say->expires)
		return (struct heard){ POLICY_CHECK_FAIL, POLICY_REASON_EXPIRED };
	if (stacks_is_second(s))
		return factor(g, say->used);
	if (say->subject == NULL || !may_name(g->set, i, type))
		return unable(POLICY_REASON_UNAVAILABLE);
	if (stacks_grants(s) && say->kind < 0 && (s->kinds & (s->kinds - 1)) != 0)
		return unable(POLICY_REASON_UNAVAILABLE);
	return (struct heard){ POLICY_CHECK_PASS, 0 };
}

static struct heard
not_its(const struct stacks_step *s)
{
	/* a second factor is not left out by leaving out its code */
	return stacks_is_second(s) ? (struct heard){ POLICY_CHECK_FAIL, POLICY_REASON_BAD_CREDENTIAL } :
	    (struct heard){ POLICY_CHECK_IGNORE, 0 };
}

static struct heard
hear(struct going *g, unsigned i)
{
	const struct stacks_step *s = &g->set->steps[i];
	const int cred = g->ask->creds[g->at];
	const struct stacks_say *say = &s->say[cred];
	const bool waits = (s->flags & POLICY_MODULE_MAY_BLOCK) != 0 && (s->flags & POLICY_MODULE_HEEDS_NONBLOCK) == 0;

	if ((stacks_looks_at(s) & 1u << g->set->creds[cred].kind) == 0)
		return (struct heard){ POLICY_CHECK_IGNORE, 0 };
	if (say->shape_not) {
		if (stacks_is_second(s))
			g->until = g->ask->now;
		return not_its(s);
	}
	if (g->ask->nonblock && (waits || (say->outcome == POLICY_CHECK_AGAIN && !g->ask->late))) {
		g->again = true;
		return unable(POLICY_REASON_UNAVAILABLE);
	}
	if (!g->ask->late && say->outcome == POLICY_CHECK_IGNORE) {
		if (stacks_is_second(s))
			g->until = g->ask->now;
		return not_its(s);
	}
	keep(g, s, say, !g->ask->late);
	if (g->ask->late)
		return unable(POLICY_REASON_UNAVAILABLE);
	if (say->outcome == POLICY_CHECK_PASS)
		return passed(g, i, say);
	if (say->outcome != POLICY_CHECK_FAIL)
		return unable(POLICY_REASON_UNAVAILABLE);
	return (struct heard){ POLICY_CHECK_FAIL, say->reason != 0 ? say->reason : POLICY_REASON_BAD_CREDENTIAL };
}

/* ---- one credential, all steps ---- */

/* Rows as DESIGN has them; columns ERROR, PASS, FAIL, IGNORE: bad, ok, stop, skip. A
 * capital stops; O stops if nothing is bad. */
static const char *const table[] = {
	[STACKS_BINDING] = "BOB-", [STACKS_REQUIRED] = "bob-", [STACKS_REQUISITE] = "BoB-", [STACKS_SUFFICIENT] = "-O--", [STACKS_OPTIONAL] = "----",
};

static void
say_attributes(struct stacks_who *w, const struct stacks_say *say)
{
	if (w->x < 0)
		w->x = say->x;
	if (w->y < 0)
		w->y = say->y;
}

static void
forget(struct stacks_who *w)
{
	*w = (struct stacks_who){ .step = -1, .kind = -1, .x = -1, .y = -1 };
}

static bool
is_of(const struct stacks_who *w, const char *type, const char *subject)
{
	return w->subject != NULL && strcmp(w->type, type) == 0 && strcmp(w->subject, subject) == 0;
}

/* What a step that passed adds. A reason, where nothing good comes of it. */
static enum policy_reason
join(const struct going *g, unsigned i, struct stacks_who *w)
{
	const struct stacks_step *s = &g->set->steps[i];
	const struct stacks_say *say = &s->say[g->ask->creds[g->at]];
	const char *type = say->type != NULL ? say->type : stacks_type_of(s);
	bool scoped = say->scoped || say->scopes != 0 || s->unscoped == 1 ||
	    (s->unscoped == 0 && (s->flags & POLICY_MODULE_SCOPED) != 0);
	int kind;

	if (w->subject != NULL && !is_of(w, type, say->subject)) {
		if (!stacks_grants(s))
			return 0;
		if (w->step >= 0)
			return POLICY_REASON_BAD_CREDENTIAL;
		forget(w);
	}
	w->type = type;
	w->subject = say->subject;
	say_attributes(w, say);
	if (!stacks_grants(s))
		return 0;
	kind = say->kind >= 0 ? say->kind : s->kinds != 0 ? __builtin_ctz(s->kinds) : -1;
	/* two kinds: the ceiling of one of them would not be heard */
	if (w->kind >= 0 && kind >= 0 && w->kind != kind)
		return POLICY_REASON_LIMIT;
	if (w->kind < 0)
		w->kind = kind;
	/* two ids: one of them could not be revoked */
	if (w->token_id != NULL && say->token_id != NULL)
		return POLICY_REASON_LIMIT;
	if (w->step < 0 || say->token_id != NULL)
		w->step = (int)i;
	if (say->token_id != NULL)
		w->token_id = say->token_id;
	w->groups[i] |= say->groups | (s->map && say->claim ? 4u : 0);
	if (scoped)
		w->scopes = w->scoped ? w->scopes & say->scopes : say->scopes;
	w->scoped = w->scoped || scoped;
	if (say->expires > 0 && (w->expires == 0 || say->expires < w->expires))
		w->expires = say->expires;
	return 0;
}

static void
first(enum policy_reason *kept, enum policy_reason r)
{
	if (*kept == 0)
		*kept = r;
}

/* RULE: it is good. */
static enum policy_reason
one(struct going *g, struct stacks_who *w)
{
	enum policy_reason ours = 0, bad = 0, error = 0, fail = 0;
	bool ok = false, is_bad = false, stop = false;

	forget(w);
	for (unsigned i = 0; i < g->set->n && !stop; i++) {
		const struct stacks_step *s = &g->set->steps[i];
		struct heard h = hear(g, i);
		char does;

		if (g->again)
			return POLICY_REASON_UNAVAILABLE;
		does = table[s->control][h.outcome == POLICY_CHECK_PASS && stacks_is_second(s) ? POLICY_CHECK_IGNORE : h.outcome];
		if (does == 'b' || does == 'B') {
			is_bad = true;
			first(&bad, h.reason);
		}
		ok = ok || does == 'o' || does == 'O';
		stop = does == 'B' || (does == 'O' && !is_bad);
		if (h.outcome == POLICY_CHECK_ERROR)
			first(&error, h.reason);
		if (h.outcome == POLICY_CHECK_FAIL)
			first(&fail, h.reason);
		if (h.outcome == POLICY_CHECK_PASS && !stacks_is_second(s))
			first(&ours, join(g, i, w));
	}
	if (w->kind < 0)
		w->kind = g->set->creds[g->ask->creds[g->at]].kind;
	if (ok && !is_bad && ours == 0)
		return POLICY_REASON_RULE;
	return ours != 0 ? ours : bad != 0 ? bad : error != 0 ? error : fail != 0 ? fail : POLICY_REASON_BAD_CREDENTIAL;
}

/* ---- a request ---- */

static void
finish(struct going *g, const enum policy_reason *each, struct stacks_told *out, const struct stacks_who *who)
{
	for (unsigned i = 0; i < g->ask->n; i++) {
		if (g->taken[i])
			continue;
		if (!g->passed[i]) {
			first(&out->reason, each[i]);
			continue;
		}
		out->who[out->n++] = who[i];
	}
	for (unsigned i = 1; i < out->n; i++) {
		if (!is_of(&out->who[0], out->who[i].type, out->who[i].subject))
			first(&out->reason, POLICY_REASON_BAD_CREDENTIAL);
	}
	first(&out->reason, out->n != 0 ? POLICY_REASON_RULE : POLICY_REASON_BAD_CREDENTIAL);
	out->until = out->reason == POLICY_REASON_RULE ? g->until : 0;
}

void
stacks_judge(const struct stacks_set *set, const struct stacks_ask *ask, struct stacks_told *out)
{
	struct going g = { .set = set, .ask = ask, .until = INT64_MAX };
	struct stacks_who who[POLICY_CREDENTIALS_MAX];
	enum policy_reason each[POLICY_CREDENTIALS_MAX] = { 0 };
	bool any_second = false;

	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < set->n; i++)
		any_second = any_second || stacks_is_second(&set->steps[i]);
	for (unsigned i = 0; i < ask->n; i++) {
		if (set->creds[ask->creds[i]].empty)
			out->reason = POLICY_REASON_BAD_CREDENTIAL;
	}
	if (out->reason != 0)
		return;
	for (unsigned i = 0; i < ask->n; i++) {
		if (g.taken[i])
			continue;
		g.at = i;
		each[i] = one(&g, &who[i]);
		g.passed[i] = each[i] == POLICY_REASON_RULE;
		if (g.again) {
			out->rc = POLICY_ERR_AGAIN;
			return;
		}
		if (!g.passed[i] && !any_second)
			break;	/* nothing behind it can make it good, so nobody is asked */
	}
	finish(&g, each, out, who);
}

/* ---- a decision ---- */

static enum policy_reason
still(const struct stacks_set *set, const struct stacks_who *w)
{
	if (w->token_id == NULL)
		return POLICY_REASON_RULE;
	for (unsigned t = 0; t < 2; t++) {
		if (strcmp(w->token_id, t == 0 ? "t0" : "t1") == 0 &&
		    (set->revoked[t][w->step] || set->revoked[t][STACKS_STEPS]))
			return POLICY_REASON_REVOKED;
	}
	return POLICY_REASON_RULE;
}

enum policy_reason
stacks_still(const struct stacks_set *set, const struct stacks_told *told)
{
	enum policy_reason r = told->reason;

	for (unsigned i = 0; r == POLICY_REASON_RULE && i < told->n; i++)
		r = still(set, &told->who[i]);
	return r;
}

/* actions a0, a1, a2, ax, ay: see the text in stacks_fake.c */
static bool
has_right(const struct stacks_set *set, const struct stacks_ask *ask, const struct stacks_who *w, int action)
{
	const bool user = strcmp(w->type, "user") == 0;
	bool right[3] = { user && strcmp(w->subject, "ann") == 0, strcmp(w->type, "svc") == 0 && strcmp(w->subject, "ann") == 0, false };
	int y = w->y >= 0 ? w->y : ask->y;

	for (unsigned i = 0; i < set->n; i++) {
		right[2] = right[2] || (w->groups[i] & 1) != 0;
		right[1] = right[1] || (w->groups[i] & 4) != 0;
	}
	if (user && strcmp(w->subject, "bob") == 0)
		y = 1;			/* what the set knows outranks both */
	return action < 3 ? right[action] : (action == 3 ? w->x : y) == 1;
}

/* a ceiling for each kind that has a row */
static bool
below_ceiling(int kind, int action)
{
	return kind == 1 ? action < 3 : kind == 3 ? action != 1 : kind == 0;
}

static enum policy_reason
decide_one(const struct stacks_set *set, const struct stacks_ask *ask, const struct stacks_who *w, int action)
{
	enum policy_reason r = still(set, w);

	if (r != POLICY_REASON_RULE)
		return r;
	if (!has_right(set, ask, w, action))
		return POLICY_REASON_NO_RULE;
	if (w->scoped && (w->scopes & 1u << action) == 0)
		return POLICY_REASON_INSUFFICIENT_SCOPE;
	if (set->rows && !below_ceiling(w->kind, action))
		return POLICY_REASON_CEILING;
	return POLICY_REASON_RULE;
}

enum policy_reason
stacks_decide(const struct stacks_set *set, const struct stacks_ask *ask, const struct stacks_told *told, int action)
{
	enum policy_reason r = told->reason;

	for (unsigned i = 0; r == POLICY_REASON_RULE && i < told->n; i++)
		r = decide_one(set, ask, &told->who[i], action);
	return r;
}
