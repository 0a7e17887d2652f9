/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every credential that was sent must be good, by the steps that look at its kind, and
 * all must be one person's. Judging goes on behind a bad one where there are second
 * factors: a code that is nothing by itself may be what a later credential needs.
 */
#include "auth/ask.h"
#include "auth/merge.h"

#include "base/name.h"

/* Why one credential is not good: the first of each sort that was met; 0: none. */
struct whys {
	enum policy_reason ours;	/* whatever the steps say: no room, two persons */
	enum policy_reason bad;		/* of a step that counts against it */
	enum policy_reason error, fail;
};

static void
note(enum policy_reason *first, bool is, enum policy_reason reason)
{
	if (is && *first == POLICY_REASON_ERROR)
		*first = reason;
}

static enum policy_reason
reason_of(const struct whys *w)
{
	const enum policy_reason in_order[] = { w->ours, w->bad, w->error, w->fail };

	for (size_t i = 0; i < sizeof(in_order) / sizeof(in_order[0]); i++) {
		if (in_order[i] != POLICY_REASON_ERROR)
			return in_order[i];
	}
	return POLICY_REASON_BAD_CREDENTIAL;
}

/* What the step said goes into the credential's identity. */
static void
merge(struct whys *w, struct policy_identity *id, const struct pol_asking *a, const struct pol_step *s)
{
	int rc = 0;

	if (pol_step_grants(s))
		rc = pol_merge_pass(id, &a->f.id);
	else if (!pol_step_is_second(s))
		rc = pol_merge_attributes(id, &a->f.id);
	note(&w->ours, rc != 0, rc == POLICY_ERR_LIMIT ? POLICY_REASON_LIMIT : POLICY_REASON_BAD_CREDENTIAL);
}

/* Where no step said another, it is of the kind that was sent. */
static void
name_kind(struct whys *w, struct policy_identity *id, const struct pol_asking *a)
{
	if (id->step.len > 0 && id->kind.len == 0 && pol_identity_text(id, &id->kind, a->all[a->which].kind, POL_MAX_ID) != 0)
		note(&w->ours, true, POLICY_REASON_LIMIT);
}

/* The steps, one after the other. 0 with *reason, or POLICY_ERR_AGAIN. */
static int
judge_one(struct pol_asking *a, struct policy_identity *id, int64_t *until, enum policy_reason *reason)
{
	struct pol_control_state state = { false, false, false };
	struct whys w = { .ours = POLICY_REASON_ERROR };
	struct pol_heard h;

	for (uint32_t i = 0; i < a->stack->n && !state.stop; i++) {
		struct pol_step *s = &a->stack->steps[i];
		enum pol_control_does does;

		if (pol_ask_step(&h, a, s) != 0)
			return POLICY_ERR_AGAIN;
		if (h.until < *until)
			*until = h.until;
		/* a second factor proves no subject: its yes is not one */
		does = pol_control_step(&state, s->conf->control,
		    h.outcome == POLICY_CHECK_PASS && pol_step_is_second(s) ? POLICY_CHECK_IGNORE : h.outcome);
		note(&w.bad, does == POL_DOES_BAD_STOP || does == POL_DOES_BAD, h.reason);
		note(&w.error, h.outcome == POLICY_CHECK_ERROR, h.reason);
		note(&w.fail, h.outcome == POLICY_CHECK_FAIL, h.reason);
		if (h.outcome == POLICY_CHECK_PASS)
			merge(&w, id, a, s);
	}
	name_kind(&w, id, a);
	if (pol_control_passes(&state) && w.ours == POLICY_REASON_ERROR && id->step.len > 0 && id->subject_id.len > 0)
		*reason = POLICY_REASON_RULE;
	else
		*reason = reason_of(&w);
	return 0;
}

/* ---- a request ---- */

static void
empty(struct policy_identity *ids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		explicit_bzero(ids[i].bytes, sizeof(ids[i].bytes));
		pol_identity_clear(&ids[i]);
	}
}

/* One person's, and at least one: *reason stays, or says what it is instead. */
static void
compare(const struct policy_identity *ids, size_t n, enum policy_reason *reason)
{
	if (n == 0 && *reason == POLICY_REASON_RULE)
		*reason = POLICY_REASON_ERROR;	/* nobody's yes is our own mistake */
	for (size_t i = 1; i < n && *reason == POLICY_REASON_RULE; i++) {
		if (!pol_merge_same_subject(&ids[0], &ids[i]))
			*reason = POLICY_REASON_BAD_CREDENTIAL;
	}
}

static int
judge_all(struct pol_asking *a, struct policy_identity *ids, size_t *n, int64_t *until, enum policy_reason *reason)
{
	enum policy_reason each[POLICY_CREDENTIALS_MAX] = { POLICY_REASON_ERROR };
	const struct policy_credential *list = a->asked->list;

	for (size_t i = 0; i < a->asked->n; i++) {
		each[i] = POLICY_REASON_BAD_CREDENTIAL;
		if (a->taken[i])
			continue;
		a->which = i;
		/* sent, and empty: bad, whatever a module would make of it */
		if ((list[i].data.data == NULL || list[i].data.len > 0) && judge_one(a, &ids[*n], until, &each[i]) != 0)
			return POLICY_ERR_AGAIN;
		a->passed[i] = each[i] == POLICY_REASON_RULE;
		if (a->passed[i])
			++*n;
		else
			empty(&ids[*n], 1);
		if (!a->passed[i] && !a->stack->has_second)
			break;
	}
	*reason = POLICY_REASON_RULE;
	for (size_t i = 0; i < a->asked->n && *reason == POLICY_REASON_RULE; i++) {
		if (!a->taken[i] && !a->passed[i])
			*reason = each[i];
	}
	compare(ids, *n, reason);
	return 0;
}

int
pol_stack_judge(struct pol_stack *s, const struct pol_asked *asked, struct policy_identity *ids,
    size_t *n_ids, int64_t *until, enum policy_reason *reason)
{
	struct pol_asking a;
	int rc;

	*n_ids = 0;
	*until = 0;
	*reason = POLICY_REASON_ERROR;
	if (asked->n == 0 || asked->n > POLICY_CREDENTIALS_MAX)
		return POLICY_ERR_ARG;
	/* all but the room for what a step says, which is emptied for each */
	memset(&a, 0, offsetof(struct pol_asking, f));
	a.stack = s;
	a.asked = asked;
	for (size_t i = 0; i < asked->n; i++) {
		a.all[i] = asked->list[i];
		if (a.all[i].data.data == NULL)
			a.all[i].data = policy_text("");
		ids[i].size = sizeof(ids[i]);
		pol_identity_clear(&ids[i]);
	}
	*until = INT64_MAX;
	rc = judge_all(&a, ids, n_ids, until, reason);
	if (rc == 0 && *reason == POLICY_REASON_RULE)
		return 0;
	empty(ids, asked->n);
	*n_ids = 0;
	*until = 0;
	if (rc != 0)
		*reason = POLICY_REASON_UNAVAILABLE;
	return rc;
}
