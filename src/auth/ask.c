/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything here turns a yes into something less: too late, spoilt, nobody's, somebody
 * else's, over, of no kind. Only what is left in the end is a PASS.
 */
#include "auth/ask.h"

#include <time.h>

#include "auth/kinds.h"
#include "base/name.h"
#include "load/module.h"

static int64_t
monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t
sum(int64_t a, int64_t b)
{
	return b > 0 && a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* ---- the call ---- */

struct hearing {
	const struct pol_step *step;
	uint64_t *mapped;
};

/* Remembers rows, not texts: a claim may be said before the rest, and of a FAIL too. */
static void
hear_claim(void *ctx, struct policy_text claim, struct policy_text value)
{
	const struct hearing *h = ctx;
	const struct pol_step_conf *c = h->step->conf;

	for (uint32_t i = 0; i < c->n_map; i++) {
		const struct pol_step_map *row = &c->map[i];

		if (pol_bytes_equal(row->claim.data, row->claim.len, claim.data, claim.len) &&
		    pol_bytes_equal(row->value.data, row->value.len, value.data, value.len))
			h->mapped[i / 64] |= UINT64_C(1) << i % 64;
	}
}

/* The module's own answer; a late one is ERROR. */
static int
call(struct pol_asking *a, struct pol_step *s, uint32_t *used)
{
	struct hearing hearing = { s, a->mapped };
	struct policy_call c = { .size = sizeof(c), .flags = (a->asked->nonblock ? POLICY_CALL_NONBLOCK : 0) |
	    (a->asked->no_wait ? POLICY_CALL_NO_WAIT : 0),
	    .credential = &a->all[a->which], .all = a->all, .all_count = a->asked->n, .now_ns = a->asked->now_ns,
	    .used = used };
	const int64_t begin = monotonic();
	int outcome;

	c.deadline_ns = sum(begin, s->conf->timeout_ns > 0 ? s->conf->timeout_ns : POL_STEP_TIMEOUT);
	if (a->asked->deadline_ns != 0 && a->asked->deadline_ns < c.deadline_ns)
		c.deadline_ns = a->asked->deadline_ns;
	memset(a->mapped, 0, sizeof(a->mapped));
	pol_identity_begin(&a->f);	/* also where it is too late: what the last step said is not this one's */
	if (c.deadline_ns <= begin)
		return POLICY_CHECK_ERROR;
	a->f.step = s->conf->name;
	a->f.subject_type = s->subject_type;
	a->f.kinds = s->conf->kinds;
	a->f.n_kinds = s->conf->n_kinds;
	a->f.claim = hear_claim;
	a->f.claim_ctx = &hearing;
	outcome = (int)s->module->check(s->state, &c, &a->f.id);
	a->f.claim = NULL;
	if (outcome == POLICY_CHECK_AGAIN && a->asked->nonblock)
		return outcome;
	return monotonic() > c.deadline_ns ? POLICY_CHECK_ERROR : outcome;
}

/* ---- what makes a PASS none ---- */

/* An identity that the set functions cannot have made: somebody wrote into it. */
static bool
is_whole(const struct policy_identity *id)
{
	return id->groups_count <= POLICY_IDENTITY_LISTED && id->scopes_count <= POLICY_IDENTITY_LISTED &&
	    id->subject_attributes_count <= POLICY_IDENTITY_ATTRS && id->token_attributes_count <= POLICY_IDENTITY_ATTRS &&
	    id->values_count <= POLICY_IDENTITY_VALUES && id->bytes_count <= POLICY_IDENTITY_BYTES;
}

/*
 * `shared:` is judged at load by the types that steps declare. A module that names a type
 * itself would walk past that: it may, where all steps are of one source, or where this
 * one is shared and so is every other whose type it takes.
 */
static bool
is_own_type(const struct pol_step *s, struct policy_text type)
{
	const struct pol_stack *st = s->stack;

	if (pol_bytes_equal(type.data, type.len, s->subject_type.data, s->subject_type.len))
		return true;
	for (uint32_t i = 0; i < st->n; i++) {
		const struct pol_step *o = &st->steps[i];

		if (pol_step_is_second(o) || pol_step_same_source(o, s))
			continue;
		if (!s->conf->shared || (!o->conf->shared &&
		    pol_bytes_equal(type.data, type.len, o->subject_type.data, o->subject_type.len)))
			return false;
	}
	return true;
}

/* A second factor found its code in another credential. One code is good for one
 * credential, and what was judged for itself is no code. */
static int
take(struct pol_asking *a, uint32_t used)
{
	const size_t u = used - 1;

	if (used == 0)
		return POLICY_CHECK_PASS;
	if (used > a->asked->n || u == a->which)
		return POLICY_CHECK_ERROR;
	if (a->taken[u] || a->took[u] || a->passed[u])
		return POLICY_CHECK_FAIL;
	a->taken[u] = a->took[a->which] = true;
	return POLICY_CHECK_PASS;
}

/* What the credential is called: as the module says, else as the step says, if it does. */
static bool
name_kind(const struct pol_step *s, struct policy_identity *id)
{
	if (id->kind.len > 0 || s->conf->n_kinds == 0)
		return true;
	if (s->conf->n_kinds > 1)
		return false;
	id->kind = s->conf->kinds[0];
	return true;
}

static int
add_mapped(struct pol_asking *a, const struct pol_step *s)
{
	struct policy_identity *id = &a->f.id;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < s->conf->n_map; i++) {
		if ((a->mapped[i / 64] >> i % 64 & 1) != 0)
			rc = pol_identity_listed(id, id->groups, &id->groups_count, s->conf->map[i].group);
	}
	return rc;
}

static int
error(struct pol_heard *h, int rc)
{
	h->reason = rc == POLICY_ERR_LIMIT ? POLICY_REASON_LIMIT : POLICY_REASON_UNAVAILABLE;
	return POLICY_CHECK_ERROR;
}

/* A PASS, or what it is instead. */
static int
pass(struct pol_heard *h, struct pol_asking *a, const struct pol_step *s, uint32_t used)
{
	struct policy_identity *id = &a->f.id;

	if (a->f.spoilt != 0 || !is_whole(id))
		return error(h, a->f.spoilt);
	if (id->expires != 0 && a->asked->now_ns >= id->expires) {
		a->f.reason = POLICY_REASON_EXPIRED;
		return POLICY_CHECK_FAIL;
	}
	if (pol_step_is_second(s)) {
		a->f.reason = POLICY_REASON_BAD_CREDENTIAL;
		return take(a, used);
	}
	if (id->subject_id.len == 0 || !is_own_type(s, id->subject_type))
		return POLICY_CHECK_ERROR;
	id->step = policy_text(s->conf->name);
	if (!pol_step_grants(s))
		return POLICY_CHECK_PASS;
	if (!name_kind(s, id))
		return POLICY_CHECK_ERROR;
	if (s->conf->unscoped == POL_UNSCOPED_NONE ||
	    (s->conf->unscoped == POL_UNSCOPED_UNSAID && (s->module->flags & POLICY_MODULE_SCOPED) != 0))
		id->scoped = 1;
	if (add_mapped(a, s) != 0)
		return error(h, POLICY_ERR_LIMIT);
	return POLICY_CHECK_PASS;
}

/* ---- all of it ---- */

/* How long may what it said be kept? 0: not at all. */
static int64_t
kept(const struct pol_asking *a, const struct pol_step *s)
{
	const struct pol_step_conf *c = s->conf;
	const unsigned flags = s->module->flags;
	const struct pol_filling *f = &a->f;
	int64_t until;

	if (pol_step_is_second(s) || (flags & (POLICY_MODULE_CACHEABLE | POLICY_MODULE_CACHE_ASKED)) == 0 ||
	    ((flags & POLICY_MODULE_CACHE_ASKED) != 0 && !c->cache_said))
		return 0;
	until = sum(a->asked->now_ns, c->cache_said ? c->cache_ns : POL_STEP_CACHE);
	if (f->cacheable_said && f->id.cacheable < until)
		until = f->id.cacheable;
	if (f->id.expires != 0 && f->id.expires < until)
		until = f->id.expires;
	return until > a->asked->now_ns ? until : 0;
}

/*
 * The table lets a step that is not meant be skipped. A second factor may not be: whether
 * it is meant is told by its kinds alone, or leaving the code away would be enough.
 */
static int
not_mine(struct pol_heard *h, const struct pol_step *s)
{
	if (!pol_step_is_second(s))
		return POLICY_CHECK_IGNORE;
	h->reason = POLICY_REASON_BAD_CREDENTIAL;
	h->until = 0;
	return POLICY_CHECK_FAIL;
}

int
pol_ask_step(struct pol_heard *h, struct pol_asking *a, struct pol_step *s)
{
	const struct policy_credential *c = &a->all[a->which];
	const unsigned block = POLICY_MODULE_MAY_BLOCK | POLICY_MODULE_HEEDS_NONBLOCK;
	uint32_t used = 0;
	int outcome;

	*h = (struct pol_heard){ .outcome = POLICY_CHECK_IGNORE, .until = INT64_MAX };
	if (!pol_kinds_has(s, c->kind))
		return 0;
	if (POL_HAS(s->module, claims) && s->module->claims(s->state, c) == 0) {
		h->outcome = not_mine(h, s);
		return 0;
	}
	if (a->asked->nonblock && (s->module->flags & block) == POLICY_MODULE_MAY_BLOCK)
		return POLICY_ERR_AGAIN;
	outcome = call(a, s, &used);
	if (outcome == POLICY_CHECK_AGAIN && a->asked->nonblock)
		return POLICY_ERR_AGAIN;
	if (outcome == POLICY_CHECK_IGNORE) {
		h->outcome = not_mine(h, s);
		return 0;
	}
	h->outcome = POLICY_CHECK_ERROR;
	h->reason = POLICY_REASON_UNAVAILABLE;
	h->until = kept(a, s);
	if (outcome == POLICY_CHECK_PASS)
		outcome = pass(h, a, s, used);
	if (outcome == POLICY_CHECK_PASS || outcome == POLICY_CHECK_FAIL)
		h->outcome = outcome;
	if (outcome == POLICY_CHECK_FAIL)
		h->reason = a->f.reason;
	return 0;
}
