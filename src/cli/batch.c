/* SPDX-License-Identifier: Apache-2.0 */
/* AuthZEN requests from standard input, one a line, decided on an author's set. */
#include <string.h>

#include <stdlib.h>

#include "cli/lines.h"
#include "cli/request.h"

struct batch {
	struct pol_lines lines;
	struct policy_set *set;
	const char *now;		/* of the command line */
	struct pol_bump bump;
	struct policy_decision decision;
	struct policy_error err;
};

static void
refuse(struct batch *b, int code, const char *why)
{
	pol_progress_end(&b->lines.progress);
	fprintf(stderr, "line %llu: ", (unsigned long long)b->lines.line);
	pol_out_text(stderr, why);
	fputc('\n', stderr);
	pol_json_raw(&b->lines.out, "{\"decision\": false, \"context\": {\"reason\": \"", 43);
	if (code == POLICY_ERR_LIMIT)
		pol_json_raw(&b->lines.out, "limit\"}}\n", 9);
	else
		pol_json_raw(&b->lines.out, "error\"}}\n", 9);
}

static void
answer(struct batch *b)
{
	static const char yes[] = "{\"decision\": true, \"context\": {\"reason\": \"";
	static const char no[] = "{\"decision\": false, \"context\": {\"reason\": \"";
	const struct policy_decision *d = &b->decision;
	const char *reason = policy_reason_name((int)d->reason);

	if (d->verdict == POLICY_ALLOW)
		pol_json_raw(&b->lines.out, yes, sizeof(yes) - 1);
	else
		pol_json_raw(&b->lines.out, no, sizeof(no) - 1);
	pol_json_raw(&b->lines.out, reason, strlen(reason));
	pol_json_raw(&b->lines.out, "\", \"rule\": ", 11);
	pol_json_quoted(&b->lines.out, d->rule, d->rule_len);
	pol_json_raw(&b->lines.out, "}}\n", 3);
}

static void
decide(struct batch *b, const char *line, size_t len)
{
	char why_bad[256];
	const char *why;
	struct pol_ask ask;
	json_t *root;
	int rc;

	root = pol_request_parse(line, len, why_bad);
	if (root == NULL) {
		refuse(b, POLICY_ERR_ARG, why_bad);
		return;
	}
	rc = pol_request_make(&ask, root, &b->bump, &why);
	if (rc != 0) {
		refuse(b, rc, why);
		return;
	}
	b->err.code = 0;
	b->err.text[0] = '\0';
	rc = policy_set_decide(b->set, &ask.req, ask.now != NULL ? ask.now : b->now, &b->decision, NULL, &b->err);
	if (rc != 0)
		refuse(b, rc, b->err.text[0] != '\0' ? b->err.text : policy_strerror(rc));
	else
		answer(b);
}

static void
take(void *ctx, const char *line, size_t len)
{
	struct batch *b = ctx;

	decide(b, line, len);
	pol_bump_reset(&b->bump);
}

static void
too_long(void *ctx)
{
	refuse(ctx, POLICY_ERR_LIMIT, "the line is longer than 1048576 bytes");
}

int
pol_batch_run(struct policy_set *set, const struct pol_args *a)
{
	struct batch *b = calloc(1, sizeof(*b));
	int status;

	if (b == NULL) {
		fprintf(stderr, "policyctl: out of memory\n");
		return EX_OSERR;
	}
	b->lines.take = take;
	b->lines.too_long = too_long;
	b->lines.ctx = b;
	b->lines.what = "deciding";
	b->set = set;
	b->now = a->now;
	b->decision.size = sizeof(b->decision);
	b->err.size = sizeof(b->err);
	pol_request_bump(&b->bump);
	status = pol_lines_run(&b->lines);
	pol_bump_fini(&b->bump);
	free(b);
	return status;
}
