/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the `tests:` of a set, with its fixtures: each line is one request, made and
 * judged as the reference interpreter does (reference/policyref.py, run_tests). A
 * request that is refused is a deny with reason error.
 */
#include "author/author.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/name.h"

struct run {
	struct policy_set *set;
	const struct ast_test *test;
	struct policy_request req;
	struct policy_token token;
	struct policy_attr *token_attrs;	/* room for those of any test */
	policy_test_fn *each;
	void *ctx;
	size_t passed, failed;
};

static bool
is(struct policy_text t, const char *s)
{
	return pol_bytes_equal(t.data, t.len, s, strlen(s));
}

/* `token:` and `kind:` say what token_attributes may not. */
static void
make_token(struct run *r)
{
	const struct ast_test *t = r->test;
	size_t i, n = 0;

	r->token = (struct policy_token)POLICY_TOKEN_INIT;
	if (t->has_scopes)
		r->token.flags = POLICY_TOKEN_SCOPED;
	r->token.scopes = t->scopes;
	r->token.scopes_count = t->n_scopes;
	r->token.kind = t->kind;
	for (i = 0; i < t->token_attributes.count; i++) {
		const struct policy_attr *a = &t->token_attributes.list[i];

		if (is(a->name, "scopes") || is(a->name, "kind"))
			continue;
		if (is(a->name, "id") && (a->value.type == POLICY_STRING || a->value.type == POLICY_NULL)) {
			if (a->value.type == POLICY_STRING)
				r->token.id = a->value.u.text;
			continue;
		}
		r->token_attrs[n++] = *a;
	}
	r->token.attributes.list = r->token_attrs;
	r->token.attributes.count = n;
}

static void
make_request(struct run *r)
{
	const struct ast_test *t = r->test;

	r->req = (struct policy_request)POLICY_REQUEST_INIT;
	if (!t->anonymous) {
		r->req.subject_type = ast_holder_type(&t->as);
		r->req.subject_id = ast_holder_name(&t->as);
		r->req.subject_attributes = t->subject;
	}
	r->req.groups = t->groups;
	r->req.groups_count = t->n_groups;
	if (t->has_actor) {
		r->req.actor_type = ast_holder_type(&t->actor);
		r->req.actor_id = ast_holder_name(&t->actor);
	}
	r->req.context = t->context;
	if (t->has_token) {
		make_token(r);
		r->req.token = &r->token;
	}
}

/* `with` is the attributes of every thing asked about, or is keyed by TYPE/ID. */
static struct policy_attrs
with(const struct ast_test *t, const struct ast_test_line *l)
{
	struct policy_attrs none = { NULL, 0 };
	size_t i;

	if (!t->keyed)
		return t->with;
	for (i = 0; i < t->with.count; i++) {
		const struct policy_attr *a = &t->with.list[i];

		if (a->name.len == l->type.len + 1 + l->id.len &&
		    memcmp(a->name.data, l->type.data, l->type.len) == 0 &&
		    a->name.data[l->type.len] == '/' &&
		    memcmp(a->name.data + l->type.len + 1, l->id.data, l->id.len) == 0 &&
		    a->value.type == POLICY_OBJECT)
			return (struct policy_attrs){ a->value.u.members, a->value.count };
	}
	return none;
}

static void
report(struct run *r, const struct ast_test_line *l, const struct policy_decision *d, bool ok)
{
	char because[300];
	struct policy_test_result out = {
		.file = r->set->ast->files[r->test->source->file],
		.line = r->test->source->line,
		.ok = ok,
		.what = l->source->u.text,
		.wanted = l->allow ? "allow" : "deny",
		.got = d->verdict == POLICY_ALLOW ? "allow" : "deny",
		.reason = policy_reason_name((int)d->reason),
		.rule = d->rule,
	};

	if (!l->allow && r->test->because.data != NULL) {
		pol_say_into(because, sizeof(because), r->test->because.data, r->test->because.len);
		out.because = because;
	}
	if (r->each != NULL)
		r->each(r->ctx, &out);
}

static int
run_line(struct run *r, const struct ast_test_line *l)
{
	const struct ast_test *t = r->test;
	struct policy_decision d = POLICY_DECISION_INIT;
	struct pol_decided got;
	char now[64];
	bool ok;

	r->req.action = l->action;
	r->req.resource_type = l->has_resource ? l->type : (struct policy_text){ NULL, 0 };
	r->req.resource_id = l->has_resource ? l->id : (struct policy_text){ NULL, 0 };
	r->req.resource_attributes = l->has_resource ? with(t, l) : (struct policy_attrs){ NULL, 0 };
	if (t->now.data != NULL)
		pol_say_into(now, sizeof(now), t->now.data, t->now.len);
	pol_decide_run(&r->set->full, &r->req, t->now.data != NULL ? now : NULL, NULL, &got, NULL);
	if (got.rc != 0 && got.rc != POLICY_ERR_ARG && got.rc != POLICY_ERR_LIMIT)
		return got.rc;
	pol_decide_fill(&r->set->full, &r->req, &got, &d);
	ok = (d.verdict == POLICY_ALLOW) == l->allow;
	if (ok && !l->allow && t->because.data != NULL)
		ok = is(t->because, policy_reason_name((int)d.reason)) || is(t->because, d.rule);
	if (ok)
		r->passed++;
	else
		r->failed++;
	report(r, l, &d, ok);
	return 0;
}

static int
run_all(struct run *r, struct policy_error *err)
{
	const struct ast_set *a = r->set->ast;
	size_t i, j, most = 0;
	int rc;

	for (i = 0; i < a->tests.n; i++)
		if (a->tests.list[i]->token_attributes.count > most)
			most = a->tests.list[i]->token_attributes.count;
	r->token_attrs = calloc(most + 1, sizeof(*r->token_attrs));
	if (r->token_attrs == NULL)
		return pol_err_nomem(err);
	for (i = 0; i < a->tests.n; i++) {
		r->test = a->tests.list[i];
		make_request(r);
		for (j = 0; j < r->test->n_lines; j++) {
			rc = run_line(r, &r->test->lines[j]);
			if (rc != 0)
				return pol_err_set(err, rc, a->files[r->test->source->file],
				    r->test->source->line, r->test->source->column,
				    "the test could not be run: %s", policy_strerror(rc));
		}
	}
	return 0;
}

int
policy_set_test(struct policy_set *set, policy_test_fn *each, void *ctx,
    size_t *passed, size_t *failed, struct policy_error *err)
{
	struct run r = { .set = set, .each = each, .ctx = ctx };
	int rc = run_all(&r, err);

	free(r.token_attrs);
	*passed = r.passed;
	*failed = r.failed;
	return rc;
}
