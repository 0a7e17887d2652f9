/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The requests of a log, asked of another set, each at its own time. What a record does not
 * hold cannot be asked again: attributes, people of a store, credentials that no set judged
 * twice alike; those are counted, not guessed.
 */
#include <string.h>
#include <time.h>

#include <policy_admin.h>

#include "cli/cli.h"

struct replaying {
	const struct pol_args *a;
	struct policy_set *set;
	struct pol_json j;
	uint64_t asked, other, left;
	int status;
};

static bool
is(struct policy_text t, const char *word)
{
	return t.len == strlen(word) && memcmp(t.data, word, t.len) == 0;
}

static bool
can_be_asked(const struct policy_activity *r)
{
	static const char *const elsewhere[] = { "bad_credential", "expired", "revoked", "unavailable", "error", "limit" };

	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
		if (is(r->reason, elsewhere[i]))
			return false;
	}
	return r->event == POLICY_ACTIVITY_DECISION && r->attributes == 0 && r->uid.len == 0 && r->action.len > 0 && !r->cut && !r->withdrawn;
}

static struct policy_text
or_absent(struct policy_text t)
{
	return t.len > 0 ? t : (struct policy_text){ NULL, 0 };
}

static void
say_other(struct replaying *x, const struct policy_activity *r, const struct policy_decision *d)
{
	const bool allow = d->verdict == POLICY_ALLOW;

	if (x->a->json) {
		pol_json_open(&x->j, NULL, '{');
		pol_json_text(&x->j, "id", r->id.data, r->id.len);
		pol_json_text(&x->j, "subject", r->subject.data, r->subject.len);
		pol_json_text(&x->j, "action", r->action.data, r->action.len);
		pol_json_text(&x->j, "resource_type", r->resource_type.data, r->resource_type.len);
		pol_json_text(&x->j, "resource", r->resource.data, r->resource.len);
		pol_json_text(&x->j, "was", r->decision.data, r->decision.len);
		pol_json_str(&x->j, "would_be", allow ? "allow" : "deny");
		pol_json_str(&x->j, "reason", policy_reason_name((int)d->reason));
		pol_json_text(&x->j, "rule", d->rule, d->rule_len);
		pol_json_close(&x->j, '}');
		pol_json_raw(&x->j, "\n", 1);
		fwrite(x->j.data, 1, x->j.len, stdout);
		x->j.len = 0;
		return;
	}
	pol_out_text_n(stdout, r->subject.data, r->subject.len);
	fputc(' ', stdout);
	pol_out_text_n(stdout, r->action.data, r->action.len);
	if (r->resource_type.len > 0) {
		fputc(' ', stdout);
		pol_out_text_n(stdout, r->resource_type.data, r->resource_type.len);
		fputc('/', stdout);
		pol_out_text_n(stdout, r->resource.data, r->resource.len);
	}
	fputs(allow ? ": was denied, would be allowed: " : ": was allowed, would be denied: ", stdout);
	pol_out_decision(stdout, d);
}

static int
ask(void *ctx, const struct policy_activity *r)
{
	struct replaying *x = ctx;
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_token token = POLICY_TOKEN_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	const time_t sec = (time_t)(r->time_ns / 1000000000);
	char now[40];
	struct tm tm;

	if (!can_be_asked(r) || gmtime_r(&sec, &tm) == NULL || strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
		x->left += r->event == POLICY_ACTIVITY_DECISION;
		return 0;
	}
	req.subject_type = or_absent(r->subject_type);
	req.subject_id = or_absent(r->subject);
	req.actor_type = or_absent(r->actor_type);
	req.actor_id = or_absent(r->actor);
	req.groups = r->groups;
	req.groups_count = r->groups_count;
	req.action = r->action;
	req.resource_type = or_absent(r->resource_type);
	if (req.resource_type.data != NULL)
		req.resource_id = r->resource.data != NULL ? r->resource : (struct policy_text){ "", 0 };
	if (r->with_token) {
		token.kind = or_absent(r->kind);
		token.id = or_absent(r->token);
		token.flags = r->scoped ? POLICY_TOKEN_SCOPED : 0;
		token.scopes = r->scopes;
		token.scopes_count = r->scopes_count;
		req.token = &token;
	}
	if (policy_set_decide(x->set, &req, now, &d, NULL, NULL) != 0) {
		x->left++;
		return 0;
	}
	x->asked++;
	if ((d.verdict == POLICY_ALLOW) == is(r->decision, "allow"))
		return 0;
	x->other++;
	say_other(x, r, &d);
	return 0;
}

int
pol_log_replay(const struct pol_args *a, struct policy *p, const struct policy_activity_query *q)
{
	struct policy_error err = POLICY_ERROR_INIT;
	struct replaying x = { .a = a };
	int rc = pol_open_set(&x.set, a, &a->replay, 1, &err);

	if (rc == 0)
		rc = policy_activity_read(p, NULL, q, ask, &x, &err);
	policy_set_close(x.set);
	pol_json_fini(&x.j);
	if (rc != 0)
		return pol_out_error(a, &err);
	fprintf(a->json ? stderr : stdout, "%llu asked again, %llu decided otherwise, %llu could not be asked again\n",
	    (unsigned long long)x.asked, (unsigned long long)x.other, (unsigned long long)x.left);
	return x.other > 0 ? POL_NO : POL_YES;
}
