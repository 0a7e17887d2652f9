/* SPDX-License-Identifier: Apache-2.0 */
/* test: runs the `tests:` of each set. */
#include "cli/cli.h"

struct test {
	const struct pol_args *args;
	const char *path;
	struct pol_json json;
	size_t passed, failed;
	int worst;
};

static void
say_failed(const struct policy_test_result *r)
{
	pol_out_text(stdout, r->file);
	printf(":%u: ", r->line);
	pol_out_paint(stdout, POL_BAD);
	fputs("failed", stdout);
	pol_out_paint(stdout, POL_PLAIN);
	fputs(": ", stdout);
	pol_out_text(stdout, r->what);
	printf(": wanted %s", r->wanted);
	if (r->because != NULL) {
		fputs(" because ", stdout);
		pol_out_text(stdout, r->because);
	}
	printf(", got %s %s", r->got, r->reason);
	if (r->rule[0] != '\0') {
		fputc(' ', stdout);
		pol_out_text(stdout, r->rule);
	}
	fputc('\n', stdout);
}

static void
each(void *ctx, const struct policy_test_result *r)
{
	struct test *t = ctx;
	struct pol_json *j = &t->json;

	if (!t->args->json) {
		if (!r->ok)
			say_failed(r);
		return;
	}
	pol_json_open(j, NULL, '{');
	pol_json_bool(j, "ok", r->ok != 0);
	pol_json_str(j, "file", r->file);
	pol_json_uint(j, "line", r->line);
	pol_json_str(j, "what", r->what);
	pol_json_str(j, "wanted", r->wanted);
	if (r->because != NULL)
		pol_json_str(j, "because", r->because);
	pol_json_str(j, "got", r->got);
	pol_json_str(j, "reason", r->reason);
	pol_json_str(j, "rule", r->rule);
	pol_json_close(j, '}');
}

static void
worse(struct test *t, int status)
{
	if (status > t->worst)
		t->worst = status;
}

static void
test_set(struct test *t, struct policy_set *set)
{
	struct policy_error err = POLICY_ERROR_INIT;
	size_t passed = 0, failed = 0;
	int rc = policy_set_test(set, each, t, &passed, &failed, &err);

	t->passed += passed;
	t->failed += failed;
	if (failed > 0)
		worse(t, POL_NO);
	if (rc != 0)
		worse(t, pol_out_error(t->args, &err));
	if (t->args->json)
		return;
	pol_out_text(stdout, t->path);
	printf(": %zu check%s, %zu failed\n", passed + failed, passed + failed == 1 ? "" : "s", failed);
}

int
pol_cmd_test(const struct pol_args *a)
{
	struct test t = { .args = a };
	struct pol_json *j = &t.json;
	size_t i;

	if (a->n_words == 0)
		return pol_out_usage(a, "a file or directory is wanted");
	if (a->json) {
		pol_json_open(j, NULL, '{');
		pol_json_open(j, "results", '[');
	}
	for (i = 0; i < a->n_words; i++) {
		struct policy_error err = POLICY_ERROR_INIT;
		struct policy_set *set;

		t.path = a->words[i];
		if (pol_open_set(&set, a, &t.path, 1, &err) != 0) {
			worse(&t, pol_out_error(a, &err));
			continue;
		}
		test_set(&t, set);
		policy_set_close(set);
	}
	if (!a->json) {
		pol_out_paint(stdout, t.worst == POL_YES ? POL_GOOD : POL_BAD);
		printf("%zu passed, %zu failed", t.passed, t.failed);
		pol_out_paint(stdout, POL_PLAIN);
		fputc('\n', stdout);
		return t.worst;
	}
	pol_json_close(j, ']');
	pol_json_uint(j, "passed", t.passed);
	pol_json_uint(j, "failed", t.failed);
	pol_json_close(j, '}');
	worse(&t, pol_out_json(j));
	return t.worst;
}
