/* SPDX-License-Identifier: Apache-2.0 */
/* whoami: credentials judged by the modules of a set, as a host has them judged. */
#include <stdlib.h>
#include <string.h>

#include "cli/account.h"
#include "cli/lines.h"
#include "cli/request.h"
#include "cli/when.h"

/* ---- what was found ---- */

static void
json_identity(struct pol_json *j, const struct policy_identity *id)
{
	char when[32];

	pol_json_open(j, NULL, '{');
	pol_json_bool(j, "ok", id->verified != 0);
	if (id->verified == 0) {
		pol_json_str(j, "reason", policy_reason_name((int)id->reason));
		pol_json_uint(j, "status", id->status);
		pol_json_close(j, '}');
		return;
	}
	pol_json_open(j, "subject", '{');
	pol_json_text(j, "type", id->subject_type.data, id->subject_type.len);
	pol_json_text(j, "id", id->subject_id.data, id->subject_id.len);
	pol_json_close(j, '}');
	pol_json_text(j, "kind", id->kind.data, id->kind.len);
	pol_json_text(j, "step", id->step.data, id->step.len);
	if (id->scoped != 0)
		pol_say_json_list(j, "scopes", id->scopes, id->scopes_count);
	else
		pol_json_null(j, "scopes");
	pol_say_json_list(j, "groups", id->groups, id->groups_count);
	if (id->token_id.len > 0)
		pol_json_text(j, "token_id", id->token_id.data, id->token_id.len);
	if (id->expires != 0)
		pol_json_str(j, "expires", pol_when_text(when, id->expires));
	pol_json_close(j, '}');
}

static void
say_texts(const char *label, const struct policy_text *list, uint32_t n)
{
	printf("  %s", label);
	for (uint32_t i = 0; i < n; i++) {
		fputs(i == 0 ? " " : ", ", stdout);
		pol_out_text_n(stdout, list[i].data, list[i].len);
	}
	fputc('\n', stdout);
}

static void
say_text(const char *label, struct policy_text t)
{
	if (t.len > 0)
		say_texts(label, &t, 1);
}

static void
say_identity(const struct policy_identity *id)
{
	char when[32];

	if (id->verified == 0) {
		pol_out_paint(stdout, POL_BAD);
		fputs("NO", stdout);
		pol_out_paint(stdout, POL_PLAIN);
		printf("  %s\n", policy_reason_name((int)id->reason));
		return;
	}
	pol_out_paint(stdout, POL_GOOD);
	fputs("YES", stdout);
	pol_out_paint(stdout, POL_PLAIN);
	fputs("  ", stdout);
	pol_out_text_n(stdout, id->subject_type.data, id->subject_type.len);
	fputc(':', stdout);
	pol_out_text_n(stdout, id->subject_id.data, id->subject_id.len);
	fputc('\n', stdout);
	say_text("kind   ", id->kind);
	say_text("step   ", id->step);
	if (id->scoped != 0)
		say_texts(id->scopes_count > 0 ? "scopes " : "scopes  none: it opens nothing", id->scopes, id->scopes_count);
	if (id->groups_count > 0)
		say_texts("groups ", id->groups, id->groups_count);
	say_text("token  ", id->token_id);
	if (id->expires != 0)
		printf("  expires %s\n", pol_when_text(when, id->expires));
}

/* ---- asking ---- */

/* 0 good, 1 bad, else what the library could not do. */
static int
status_of(int rc, const struct policy_identity *id)
{
	if (rc != 0)
		return pol_out_status(rc);
	if (id->verified != 0)
		return POL_YES;
	return id->reason == POLICY_REASON_UNAVAILABLE ? EX_UNAVAILABLE : POL_NO;
}

static int
whoami(struct policy *p, const struct pol_args *a, struct policy_identity *id)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct pol_json j = { NULL, 0, 0, false };
	struct pol_secret secret;
	int rc = pol_host_secret_read(&secret, a), status;

	if (rc != 0) {
		pol_host_secret_wipe(&secret);
		return rc;
	}
	req.credentials = &secret.credential;
	req.credentials_count = 1;
	rc = policy_authenticate(p, &req, id);
	pol_host_secret_wipe(&secret);
	status = status_of(rc, id);
	if (rc != 0)
		pol_out_finding("error", NULL, 0, 0, policy_strerror(rc));
	else if (!a->json)
		say_identity(id);
	if (!a->json)
		return status;
	json_identity(&j, id);
	return pol_out_json(&j) != 0 ? EX_OSERR : status;
}

/* ---- many ---- */

struct many {
	struct pol_lines lines;
	struct policy *p;
	struct policy_identity *id;
};

/* Whatever is wrong with the line, it is no good credential. */
static void
refuse(struct many *m, const char *why)
{
	static const char answer[] = "{\"ok\": false, \"reason\": \"error\"}\n";

	pol_progress_end(&m->lines.progress);
	fprintf(stderr, "line %llu: ", (unsigned long long)m->lines.line);
	pol_out_text(stderr, why);
	fputc('\n', stderr);
	pol_json_raw(&m->lines.out, answer, sizeof(answer) - 1);
}

static void
too_long(void *ctx)
{
	refuse(ctx, "the line is longer than 1048576 bytes");
}

static bool
take_text(struct policy_text *out, const json_t *v, bool needed)
{
	if (v == NULL || json_is_null(v))
		return !needed;
	if (!json_is_string(v))
		return false;
	*out = (struct policy_text){ json_string_value(v), json_string_length(v) };
	return true;
}

static bool
take_credential(struct policy_credential *c, const json_t *v)
{
	return json_is_object(v) && take_text(&c->kind, json_object_get(v, "type"), true) &&
	    take_text(&c->name, json_object_get(v, "name"), false) &&
	    take_text(&c->data, json_object_get(v, "data"), false);
}

/* How many there are; 0: the line is not of that form. */
static size_t
take_all(struct policy_credential list[POLICY_CREDENTIALS_MAX], const json_t *root)
{
	const json_t *one = json_object_get(root, "credential"), *all = json_object_get(root, "credentials");
	size_t n = json_array_size(all);

	if (one != NULL)
		return all == NULL && take_credential(&list[0], one) ? 1 : 0;
	if (n > POLICY_CREDENTIALS_MAX)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (!take_credential(&list[i], json_array_get(all, i)))
			return 0;
	}
	return n;
}

static void
take(void *ctx, const char *line, size_t len)
{
	struct policy_credential list[POLICY_CREDENTIALS_MAX] = { { .kind = { NULL, 0 } } };
	struct policy_request req = POLICY_REQUEST_INIT;
	struct many *m = ctx;
	json_error_t err;
	json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &err);
	const size_t n = take_all(list, root);
	int rc;

	if (n == 0) {
		/* jansson's own sentence would show what stands near the fault */
		refuse(m, root == NULL ? "no JSON object" :
		    "{\"credential\": {\"type\": ..., \"data\": ...}} is wanted, or \"credentials\": [...] of at most 4");
	} else {
		req.credentials = list;
		req.credentials_count = n;
		rc = policy_authenticate(m->p, &req, m->id);
		if (rc != 0) {
			refuse(m, policy_strerror(rc));
		} else {
			json_identity(&m->lines.out, m->id);
			pol_json_raw(&m->lines.out, "\n", 1);
		}
	}
	json_decref(root);
}

static int
many(struct policy *p, struct policy_identity *id)
{
	struct many m = { .p = p, .id = id };

	m.lines.take = take;
	m.lines.too_long = too_long;
	m.lines.ctx = &m;
	m.lines.what = "judging";
	m.lines.wipe = true;
	return pol_lines_run(&m.lines);
}

int
pol_cmd_whoami(const struct pol_args *a)
{
	struct policy_identity *id;
	struct pol_host h;
	int status;

	if (a->n_words > 0)
		return pol_out_usage(a, "%s: no word is wanted: a credential comes from a file or from standard input", a->words[0]);
	if (a->batch ? pol_host_secret_given(a) || a->name != NULL || a->type != NULL : !pol_host_secret_given(a))
		return pol_out_usage(a, a->batch ? "--batch takes its credentials from standard input alone" :
		    "--token-file FILE, --password-stdin or --batch is wanted");
	status = pol_host_open(&h, a);
	if (status != 0)
		return status;
	id = calloc(1, sizeof(*id));
	if (id == NULL) {
		fprintf(stderr, "policyctl: out of memory\n");
		status = EX_OSERR;
	} else {
		id->size = sizeof(*id);
		status = a->batch ? many(h.p, id) : whoami(h.p, a, id);
	}
	free(id);
	pol_host_close(&h);
	return status;
}
