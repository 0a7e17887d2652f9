/* SPDX-License-Identifier: Apache-2.0 */
/* decide: one request from the command line, or many from standard input. */
#include <string.h>

#include "cli/ask.h"

static int
say_json(const struct policy_decision *d, int rc)
{
	struct pol_json j = { NULL, 0, 0, false };

	pol_json_open(&j, NULL, '{');
	pol_json_bool(&j, "decision", d->verdict == POLICY_ALLOW);
	pol_json_open(&j, "context", '{');
	pol_json_str(&j, "reason", policy_reason_name((int)d->reason));
	if (rc == 0) {
		pol_json_text(&j, "rule", d->rule, d->rule_len);
		pol_json_text(&j, "file", d->file, d->file_len);
		pol_json_uint(&j, "line", d->line);
	}
	pol_json_uint(&j, "status", d->status);
	pol_json_raw(&j, "}}", 2);
	return pol_out_json(&j);
}

static int
decide(struct policy_set *set, const struct pol_args *a, const json_t *root)
{
	struct policy_decision d = POLICY_DECISION_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct pol_bump bump = { NULL, NULL, NULL };
	struct pol_ask ask;
	const char *why = NULL;
	int rc, status;

	rc = pol_request_make(&ask, root, &bump, &why);
	if (rc == 0) {
		rc = policy_set_decide(set, &ask.req, ask.now, &d, NULL, &err);
		why = err.text;
	} else {
		d.reason = rc == POLICY_ERR_LIMIT ? POLICY_REASON_LIMIT : POLICY_REASON_ERROR;
		d.status = 403;
	}
	if (rc != 0)
		pol_out_finding("error", NULL, 0, 0, why);
	status = d.verdict == POLICY_ALLOW ? POL_YES : POL_NO;
	if (rc != 0 && rc != POLICY_ERR_ARG && rc != POLICY_ERR_LIMIT)
		status = pol_out_status(rc);
	if (!a->json)
		pol_out_decision(stdout, &d);
	else if (say_json(&d, rc) != 0)
		status = EX_OSERR;
	pol_bump_fini(&bump);
	return status;
}

int
pol_cmd_decide(const struct pol_args *a)
{
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_set *set;
	json_t *root = NULL;
	int status;

	if (a->n_paths == 0)
		return pol_out_usage(a, "-p PATH is wanted");
	if (a->batch && (a->n_words > 0 || a->scopes != NULL || a->kind != NULL || a->groups != NULL || a->actor != NULL))
		return pol_out_usage(a, "--batch takes its requests from standard input alone");
	if (!a->batch) {
		root = pol_ask_read(a);
		if (root == NULL)
			return EX_USAGE;
	}
	if (pol_open_set(&set, a, a->paths, a->n_paths, &err) != 0) {
		json_decref(root);
		return pol_out_error(a, &err);
	}
	status = a->batch ? pol_batch_run(set, a) : decide(set, a, root);
	policy_set_close(set);
	json_decref(root);
	return status;
}
