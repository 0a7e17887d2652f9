/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subject, Resource and Action Search, section 8. A search may take long and is run where
 * a thread may wait; its answer is whole, so there are no pages and no token is ever given.
 */
#include "daemon/authzen.h"

#include <string.h>

#define ADD(out, literal) pol_text_add((out), (literal), sizeof(literal) - 1)
#define BIT(part) (1u << POL_AUTHZEN_##part)

struct search {
	int sought;			/* enum policy_sought */
	struct pol_authzen_want want;
};

static const struct search subjects = { POLICY_SEEK_SUBJECT,
    { .needed = BIT(SUBJECT) | BIT(ACTION) | BIT(RESOURCE), .nameless = BIT(SUBJECT) } };
static const struct search resources = { POLICY_SEEK_RESOURCE,
    { .needed = BIT(SUBJECT) | BIT(ACTION) | BIT(RESOURCE), .nameless = BIT(RESOURCE) } };
static const struct search actions = { POLICY_SEEK_ACTION,
    { .needed = BIT(SUBJECT) | BIT(RESOURCE), .ignored = BIT(ACTION) } };

struct results {
	struct pol_text *out;
	bool named;			/* actions: {"name"}; others: {"type", "id"} */
	bool any;
};

static int
add(void *ctx, struct policy_text type, struct policy_text id)
{
	struct results *r = ctx;

	if (r->any)
		ADD(r->out, ",");
	r->any = true;
	if (r->named) {
		ADD(r->out, "{\"name\":");
	} else {
		ADD(r->out, "{\"type\":");
		pol_text_json(r->out, type.data, type.len);
		ADD(r->out, ",\"id\":");
	}
	pol_text_json(r->out, id.data, id.len);
	ADD(r->out, "}");
	return r->out->failed ? POLICY_ERR_NOMEM : 0;
}

/* `page`: NULL, or what is wrong with it. */
static const char *
check_page(const struct pol_tape *t, size_t page)
{
	size_t at = page + 1;

	if (page == 0)
		return NULL;
	if (t->nodes[page].kind != POL_TAPE_OBJECT)
		return "page must be an object";
	for (uint32_t k = t->nodes[page].len; k > 0; k--, at = pol_tape_next(t, at + 1)) {
		const struct pol_tape_node *name = &t->nodes[at], *v = name + 1;

		if (v->kind == POL_TAPE_NULL)
			continue;
		if (name->len == 5 && memcmp(name->u.text, "token", 5) == 0 && (v->kind != POL_TAPE_TEXT || v->len != 0))
			return "page: no such token was given: an answer has all results";
		if (name->len == 5 && memcmp(name->u.text, "limit", 5) == 0 &&
		    (v->kind != POL_TAPE_INT || v->u.integer < 0))
			return "page: limit must be a whole number";
	}
	return NULL;
}

/* What is wrong with the question; NULL: nothing. */
static const char *
check(const struct pol_authzen_ask *ask, const struct pol_tape *t)
{
	const char *wrong = pol_authzen_ask_wrong(ask);

	return wrong != NULL ? wrong : check_page(t, pol_authzen_member(t, "page"));
}

static int
answer(struct pol_call *c, struct pol_tape *t, const struct search *s)
{
	struct results found = { &c->out, s->sought == POLICY_SEEK_ACTION, false };
	struct policy_request req;
	struct pol_authzen_ask ask;
	const char *wrong;
	int rc;

	pol_authzen_ask_init(&ask, &req, NULL, &s->want);
	if (!pol_authzen_ask_read(&ask, t, 0, &s->want))
		return POLICY_ERR_NOMEM;
	wrong = check(&ask, t);
	if (wrong != NULL)
		return pol_call_error(c, 400, wrong);
	if (c->nonblock)
		return POLICY_ERR_AGAIN;
	pol_authzen_limits(&req, c);
	c->status = 200;
	ADD(&c->out, "{");
	if (pol_authzen_member(t, "page") != 0)
		ADD(&c->out, "\"page\":{\"next_token\":\"\"},");
	ADD(&c->out, "\"results\":[");
	rc = policy_search(c->policy, s->sought, &req, add, &found, NULL);
	ADD(&c->out, "]}");
	if (rc == 0)
		return 0;
	c->out.len = 0;
	c->status = 0;
	if (rc == POLICY_ERR_ARG)
		return pol_call_error(c, 400, pol_authzen_malformed);
	if (rc == POLICY_ERR_LIMIT)
		return pol_call_error(c, 400, "the question is larger than the engine takes");
	if (rc == POLICY_ERR_UNAVAILABLE)
		return pol_call_error(c, 503, "what the answer needs cannot be reached");
	return rc;
}

static int
search(struct pol_call *c, const struct search *s)
{
	struct pol_tape t;
	int rc = 0;

	if (pol_authzen_body(&t, c) == 0)
		rc = answer(c, &t, s);
	pol_tape_fini(&t);
	return rc;
}

int
pol_authzen_search_subject(struct pol_call *c)
{
	return search(c, &subjects);
}

int
pol_authzen_search_resource(struct pol_call *c)
{
	return search(c, &resources);
}

int
pol_authzen_search_action(struct pol_call *c)
{
	return search(c, &actions);
}
