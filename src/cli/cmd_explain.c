/* SPDX-License-Identifier: Apache-2.0 */
/* explain: why a request is allowed or denied, in words. */
#include "cli/ask.h"

static const char *
near_name(uint32_t near)
{
	static const char *const names[] = { "none", "condition", "resource", "window", "elsewhere", "role" };

	return near < sizeof(names) / sizeof(names[0]) ? names[near] : "";
}

static void
say_near(struct pol_json *j, const struct policy_explanation *e)
{
	pol_json_open(j, "near", '{');
	pol_json_str(j, "distance", near_name(e->near));
	pol_json_str(j, "rule", e->near_rule);
	pol_json_str(j, "file", e->near_file);
	pol_json_uint(j, "line", e->near_line);
	pol_json_str(j, "role", e->near_role);
	pol_json_close(j, '}');
	pol_json_open(j, "test", '{');
	pol_json_str(j, "text", e->test);
	pol_json_str(j, "file", e->test_file);
	pol_json_uint(j, "line", e->test_line);
	pol_json_uint(j, "column", e->test_column);
	pol_json_str(j, "outcome", e->test_outcome == POLICY_OUTCOME_FALSE ? "false" :
	    e->test_outcome == POLICY_OUTCOME_UNKNOWN ? "unknown" : "");
	pol_json_str(j, "missing", e->missing);
	pol_json_close(j, '}');
	pol_json_open(j, "grant", '{');
	pol_json_str(j, "text", e->grant_text);
	pol_json_str(j, "file", e->grant_file);
	pol_json_uint(j, "line", e->grant_line);
	pol_json_close(j, '}');
}

static int
say_json(const struct policy_explanation *e)
{
	const struct policy_decision *d = &e->decision;
	struct pol_json j = { NULL, 0, 0, false };

	pol_json_open(&j, NULL, '{');
	pol_json_bool(&j, "decision", d->verdict == POLICY_ALLOW);
	pol_json_open(&j, "context", '{');
	pol_json_str(&j, "reason", policy_reason_name((int)d->reason));
	pol_json_text(&j, "rule", d->rule, d->rule_len);
	pol_json_text(&j, "file", d->file, d->file_len);
	pol_json_uint(&j, "line", d->line);
	pol_json_uint(&j, "status", d->status);
	pol_json_close(&j, '}');
	pol_json_str(&j, "text", e->text);
	pol_json_str(&j, "role", e->role);
	say_near(&j, e);
	pol_json_close(&j, '}');
	return pol_out_json(&j);
}

static int
explain(struct policy_set *set, const struct pol_args *a, const json_t *root)
{
	struct policy_explanation e = POLICY_EXPLANATION_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct pol_bump bump = { NULL, NULL, NULL };
	struct pol_ask ask;
	const char *why = NULL;
	int rc, status;

	rc = pol_request_make(&ask, root, &bump, &why);
	if (rc == 0)
		rc = policy_set_explain(set, &ask.req, ask.now, &e, &err);
	else
		snprintf(e.text, sizeof(e.text), "the request is refused: %s.", why);
	if (rc != 0 && e.text[0] == '\0')
		snprintf(e.text, sizeof(e.text), "%s", policy_strerror(rc));
	status = e.decision.verdict == POLICY_ALLOW ? POL_YES : POL_NO;
	if (rc != 0 && rc != POLICY_ERR_ARG && rc != POLICY_ERR_LIMIT)
		status = pol_out_status(rc);
	if (a->json) {
		if (say_json(&e) != 0)
			status = EX_OSERR;
	} else {
		pol_out_decision(stdout, &e.decision);
		pol_out_text(stdout, e.text);
		fputc('\n', stdout);
	}
	pol_bump_fini(&bump);
	return status;
}

int
pol_cmd_explain(const struct pol_args *a)
{
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_set *set;
	json_t *root;
	int status;

	if (a->n_paths == 0)
		return pol_out_usage(a, "-p PATH is wanted");
	root = pol_ask_read(a);
	if (root == NULL)
		return EX_USAGE;
	if (pol_open_set(&set, a, a->paths, a->n_paths, &err) != 0) {
		json_decref(root);
		return pol_out_error(a, &err);
	}
	status = explain(set, a, root);
	policy_set_close(set);
	json_decref(root);
	return status;
}
