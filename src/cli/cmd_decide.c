/* SPDX-License-Identifier: Apache-2.0 */
/* decide: one request from the command line, or many from standard input. */
#include <stdlib.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/host.h"

static int
say_json(const struct pol_args *a, const struct policy_decision *d, int rc)
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
	if (pol_host_secret_given(a) && d->subject_id_len > 0) {	/* else the caller named it */
		pol_json_open(&j, "subject", '{');
		pol_json_text(&j, "type", d->subject_type, d->subject_type_len);
		pol_json_text(&j, "id", d->subject_id, d->subject_id_len);
		pol_json_close(&j, '}');
	}
	pol_json_raw(&j, "}}", 2);
	return pol_out_json(&j);
}

/* rc: of the decision, or of making the request; why belongs to it. */
static int
say(const struct pol_args *a, const struct policy_decision *d, int rc, const char *why)
{
	int status = d->verdict == POLICY_ALLOW ? POL_YES : POL_NO;

	if (rc != 0)
		pol_out_finding("error", NULL, 0, 0, why);
	if (rc != 0 && rc != POLICY_ERR_ARG && rc != POLICY_ERR_LIMIT)
		status = pol_out_status(rc);
	if (!a->json)
		pol_out_decision(stdout, d);
	else if (say_json(a, d, rc) != 0)
		status = EX_OSERR;
	return status;
}

static int
make(struct pol_ask *ask, const json_t *root, struct pol_bump *bump, struct policy_decision *d, const char **why)
{
	int rc = pol_request_make(ask, root, bump, why);

	if (rc != 0) {
		d->reason = rc == POLICY_ERR_LIMIT ? POLICY_REASON_LIMIT : POLICY_REASON_ERROR;
		d->status = 403;
	}
	return rc;
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

	rc = make(&ask, root, &bump, &d, &why);
	if (rc == 0) {
		rc = policy_set_decide(set, &ask.req, ask.now, &d, NULL, &err);
		why = err.text;
	}
	status = say(a, &d, rc, why);
	pol_bump_fini(&bump);
	return status;
}

/* As a host asks: the words say what is to be done, the credential says who asks. */
static int
decide_with(const struct pol_args *a, const json_t *root)
{
	struct policy_decision d = POLICY_DECISION_INIT;
	struct pol_bump bump = { NULL, NULL, NULL };
	struct pol_secret secret;
	struct pol_ask ask;
	struct pol_host h;
	const char *why = NULL;
	int rc, status = pol_host_secret_read(&secret, a);

	if (status == 0)
		status = pol_host_open(&h, a);
	if (status != 0) {
		pol_host_secret_wipe(&secret);
		return status;
	}
	rc = make(&ask, root, &bump, &d, &why);
	if (rc == 0) {
		ask.req.credentials = &secret.credential;
		ask.req.credentials_count = 1;
		rc = policy_decide(h.p, &ask.req, &d);
		why = policy_strerror(rc);
	}
	pol_host_secret_wipe(&secret);
	status = say(a, &d, rc, why);
	pol_bump_fini(&bump);
	pol_host_close(&h);
	return status;
}

static int
cmd_with(const struct pol_args *a)
{
	struct pol_args words = *a;
	json_t *root;
	int status;

	if (a->fixtures || a->batch || a->scopes != NULL || a->kind != NULL || a->groups != NULL)
		return pol_out_usage(a, "a credential speaks for itself: no --fixtures, --batch, --scopes, --kind, --groups");
	words.words = calloc(a->n_words + 2, sizeof(*words.words));
	if (words.words == NULL) {
		fprintf(stderr, "policyctl: out of memory\n");
		return EX_OSERR;
	}
	words.words[words.n_words = 0] = "anonymous";
	for (; words.n_words < a->n_words; words.n_words++)
		words.words[words.n_words + 1] = a->words[words.n_words];
	words.n_words++;
	words.now = NULL;		/* it is the handle's clock */
	root = pol_ask_read(&words);
	status = root != NULL ? decide_with(a, root) : EX_USAGE;
	json_decref(root);
	free(words.words);
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
	if (pol_host_secret_given(a))
		return cmd_with(a);
	if (a->name != NULL || a->type != NULL || a->module_dir != NULL)
		return pol_out_usage(a, "--name, --type and --module-dir go with --token-file or --password-stdin");
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
