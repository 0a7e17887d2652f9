/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searches of a set as a host has them: a line of JSON in, {"seek": "subject" | "resource" |
 * "action", ...} beside what a request has, a line out: the names in their order, or
 * {"error": CODE}. Whatever is found is asked for by policy_decide() too, and must be allowed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <policy.h>

#include "cli/bench.h"
#include "cli/json.h"
#include "cli/request.h"

struct answer {
	struct pol_json json;
	struct policy *p;
	struct policy_request req;
	int sought;
	unsigned long denied;		/* what was found, and is not allowed */
};

static int64_t
clock_at(void *ctx)
{
	return *(const int64_t *)ctx;
}

static int
put(void *ctx, struct policy_text type, struct policy_text id)
{
	struct policy_decision d = POLICY_DECISION_INIT;
	struct answer *a = ctx;

	(void)type;
	*(a->sought == POLICY_SEEK_SUBJECT ? &a->req.subject_id : a->sought == POLICY_SEEK_RESOURCE ?
	    &a->req.resource_id : &a->req.action) = id;
	a->denied += policy_decide(a->p, &a->req, &d) != 0 || d.verdict != POLICY_ALLOW;
	pol_json_text(&a->json, NULL, id.data, id.len);
	return 0;
}

static int
sought(const char *word)
{
	static const char *const words[] = { "subject", "resource", "action" };

	for (int i = 0; word != NULL && i < 3; i++) {
		if (strcmp(word, words[i]) == 0)
			return i + 1;
	}
	return 0;
}

static void
answer(struct policy *p, int64_t *now, const char *line, size_t len)
{
	struct answer a = { { NULL, 0, 0, false }, p, POLICY_REQUEST_INIT, 0, 0 };
	struct policy_error err = POLICY_ERROR_INIT;
	struct pol_bump bump = { NULL, NULL, NULL };
	json_error_t ignored;
	json_t *root = json_loadb(line, len, JSON_ALLOW_NUL, &ignored);
	struct pol_ask ask;
	const char *why = NULL;
	int rc = root != NULL ? pol_request_make(&ask, root, &bump, &why) : POLICY_ERR_ARG;

	if (rc == 0 && ask.now != NULL && pol_bench_time(now, ask.now) != 0)
		rc = POLICY_ERR_ARG;
	if (rc == 0) {
		a.sought = sought(json_string_value(json_object_get(root, "seek")));
		a.req = ask.req;
		pol_json_open(&a.json, NULL, '[');
		rc = policy_search(p, a.sought, &ask.req, put, &a, &err);
		pol_json_close(&a.json, ']');
	}
	if (rc != 0)
		printf("{\"error\": %d}\n", rc);
	else if (a.denied != 0)
		printf("{\"denied\": %lu}\n", a.denied);
	else
		printf("%.*s\n", (int)a.json.len, a.json.data);
	pol_json_fini(&a.json);
	pol_bump_fini(&bump);
	json_decref(root);
}

int
main(int argc, char **argv)
{
	struct policy_options o = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	int64_t now = 1782000000000000000;
	struct policy *p;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	o.clock = clock_at;
	o.clock_ctx = &now;
	if (argc != 2 || policy_open(&p, argv[1], &o, &err) != 0) {
		fprintf(stderr, "%s:%u: %s\n", err.file, err.line, err.text);
		return 65;
	}
	while ((n = getline(&line, &room, stdin)) > 0)
		answer(p, &now, line, (size_t)n);
	free(line);
	policy_close(p);
	return 0;
}
