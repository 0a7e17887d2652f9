/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access Evaluations, section 7. All that are well-formed are decided at once, on one
 * snapshot; a semantic that stops cuts the answer, for it promises no less work.
 */
#include "daemon/authzen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/metrics.h"

enum semantic { EXECUTE_ALL, DENY_ON_FIRST_DENY, PERMIT_ON_FIRST_PERMIT, SEMANTICS };

static const char *const semantics[SEMANTICS] = {
	[EXECUTE_ALL] = "execute_all",
	[DENY_ON_FIRST_DENY] = "deny_on_first_deny",
	[PERMIT_ON_FIRST_PERMIT] = "permit_on_first_permit",
};

struct item {
	const char *why;		/* malformed; NULL: it has a request */
	struct pol_authzen_said said;
};

struct batch {
	struct pol_tape *tape;
	size_t list;			/* node of `evaluations` */
	uint32_t count;
	enum semantic semantic;
	struct policy_request base;	/* the defaults */
	struct pol_authzen_ask ask;
	struct policy_credential credential;
	struct item *items;
	struct policy_request *req;	/* of those that have one, in order */
	struct policy_decision *out;
	size_t asked;
};

/* NULL, or what is wrong with `options`. Others than this one are passed over. */
static const char *
read_options(struct batch *b)
{
	static const char name[] = "evaluations_semantic";
	const struct pol_tape_node *nodes = b->tape->nodes;
	size_t options = pol_authzen_member(b->tape, "options"), at = options + 1;

	if (options == 0)
		return NULL;
	if (nodes[options].kind != POL_TAPE_OBJECT)
		return "options must be an object";
	for (uint32_t k = nodes[options].len; k > 0; k--, at = pol_tape_next(b->tape, at + 1)) {
		const struct pol_tape_node *v = &nodes[at + 1];

		if (nodes[at].len != sizeof(name) - 1 || memcmp(nodes[at].u.text, name, sizeof(name) - 1) != 0)
			continue;
		if (v->kind == POL_TAPE_NULL)
			return NULL;
		for (unsigned i = 0; v->kind == POL_TAPE_TEXT && i < SEMANTICS; i++) {
			b->semantic = (enum semantic)i;
			if (v->len == strlen(semantics[i]) && memcmp(v->u.text, semantics[i], v->len) == 0)
				return NULL;
		}
		return "evaluations_semantic must be execute_all, deny_on_first_deny or permit_on_first_permit";
	}
	return NULL;
}

/* The defaults, over which the members of evaluation i are put. False: memory is out. */
static bool
read_item(struct batch *b, struct item *item, size_t node)
{
	struct policy_request *req = &b->req[b->asked];
	struct pol_authzen_ask ask = b->ask;

	if (b->tape->nodes[node].kind != POL_TAPE_OBJECT) {
		item->why = "an evaluation must be an object";
		return true;
	}
	*req = b->base;
	ask.req = req;
	ask.credential = NULL;
	if (!pol_authzen_ask_read(&ask, b->tape, node, &pol_authzen_decides))
		return false;
	ask.credential = &b->credential;
	item->why = pol_authzen_ask_wrong(&ask);
	if (item->why == NULL)
		item->why = pol_authzen_said_take(&item->said, &ask);
	b->asked += item->why == NULL;
	return true;
}

/* Every evaluation is read before any is decided. */
static int
read_items(struct batch *b, const struct pol_call *c)
{
	size_t at = b->list + 1;

	pol_authzen_ask_init(&b->ask, &b->base, &b->credential, &pol_authzen_decides);
	if (!pol_authzen_ask_read(&b->ask, b->tape, 0, &pol_authzen_decides))
		return POLICY_ERR_NOMEM;
	pol_authzen_limits(&b->base, c);
	b->items = reallocarray(NULL, b->count, sizeof(*b->items));
	b->req = reallocarray(NULL, b->count, sizeof(*b->req));
	b->out = reallocarray(NULL, b->count, sizeof(*b->out));
	if (b->items == NULL || b->req == NULL || b->out == NULL)
		return POLICY_ERR_NOMEM;
	for (uint32_t i = 0; i < b->count; i++, at = pol_tape_next(b->tape, at)) {
		if (!read_item(b, &b->items[i], at))
			return POLICY_ERR_NOMEM;
	}
	for (size_t i = 0; i < b->asked; i++)
		b->out[i].size = sizeof(b->out[i]);
	return 0;
}

/* No decision, for the evaluation made no sense to the engine. */
static bool
is_malformed(const struct policy_decision *d)
{
	return d->verdict != POLICY_ALLOW && d->reason == POLICY_REASON_ERROR;
}

static void
say(struct batch *b, struct pol_text *out)
{
	size_t asked = 0;

	pol_text_str(out, "{\"evaluations\":[");
	for (uint32_t i = 0; i < b->count; i++) {
		const struct item *item = &b->items[i];
		const struct policy_decision *d = item->why == NULL ? &b->out[asked++] : NULL;
		bool allowed = false;

		if (i > 0)
			pol_text_add(out, ",", 1);
		if (d == NULL || is_malformed(d)) {
			pol_authzen_say_wrong(out, d == NULL ? item->why : pol_authzen_malformed);
		} else {
			pol_authzen_say(out, d, b->ask.has_credential);
			allowed = d->verdict == POLICY_ALLOW;
		}
		if ((b->semantic == DENY_ON_FIRST_DENY && !allowed) || (b->semantic == PERMIT_ON_FIRST_PERMIT && allowed))
			break;
	}
	pol_text_str(out, "]}");
}

/* Behind the decisions, which took ns. */
static void
check(struct batch *b, int64_t ns)
{
	size_t asked = 0;

	for (uint32_t i = 0; i < b->count; i++) {
		if (b->items[i].why == NULL)
			pol_authzen_said_check(&b->items[i].said, &b->out[asked++]);
	}
	if (asked != 0)
		pol_metrics_decided(b->out, asked, ns);
}

static int
decide(struct batch *b, struct pol_call *c)
{
	int rc = read_items(b, c);
	const int64_t began = pol_metrics_now();

	if (rc == 0 && b->asked != 0)
		rc = policy_decide_many(c->policy, b->req, b->asked, b->out);
	if (rc != 0 && rc != POLICY_ERR_ARG && rc != POLICY_ERR_LIMIT && rc != POLICY_ERR_UNAVAILABLE)
		return rc;
	check(b, pol_metrics_now() - began);
	c->status = 200;
	say(b, &c->out);
	return 0;
}

static int
answer(struct pol_call *c, struct pol_tape *t)
{
	struct batch b = { .tape = t, .list = pol_authzen_member(t, "evaluations") };
	const struct pol_tape_node *list = &t->nodes[b.list];
	char text[96];
	const char *wrong;
	int rc;

	if (b.list == 0)
		return pol_authzen_single(c, t);
	if (list->kind != POL_TAPE_LIST)
		return pol_call_error(c, 400, "evaluations must be a list");
	if (list->len == 0)
		return pol_authzen_single(c, t);
	b.count = list->len;
	if (b.count > c->conf->batch) {
		snprintf(text, sizeof(text), "more than %u evaluations", c->conf->batch);
		return pol_call_error(c, 400, text);
	}
	wrong = read_options(&b);
	if (wrong != NULL)
		return pol_call_error(c, 400, wrong);
	rc = decide(&b, c);
	free(b.items);
	free(b.req);
	free(b.out);
	return rc;
}

int
pol_authzen_evaluations(struct pol_call *c)
{
	struct pol_tape t;
	int rc = 0;

	if (pol_authzen_body(&t, c) == 0)
		rc = answer(c, &t);
	pol_tape_fini(&t);
	return rc;
}
