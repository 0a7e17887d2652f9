/* SPDX-License-Identifier: Apache-2.0 */
/* check: is each of these a valid set? With --host: would a host open it? */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

struct check {
	const struct pol_args *args;
	const char *path;
	struct pol_json json;
};

static void
add_finding(struct check *c, const char *severity, const char *file, uint32_t line,
    uint32_t column, const char *text)
{
	struct pol_json *j = &c->json;

	if (!c->args->json) {
		pol_out_finding(severity, file, line, column, text);
		return;
	}
	pol_json_open(j, NULL, '{');
	pol_json_str(j, "path", c->path);
	pol_json_str(j, "severity", severity);
	pol_json_str(j, "file", file != NULL ? file : "");
	pol_json_uint(j, "line", line);
	pol_json_uint(j, "column", column);
	pol_json_str(j, "text", text);
	pol_json_close(j, '}');
}

static void
warn(void *ctx, const char *file, uint32_t line, uint32_t column, const char *text)
{
	add_finding(ctx, "warning", file, line, column, text);
}

static void
warn_log(void *ctx, enum policy_log_level level, const char *text)
{
	struct check *c = ctx;

	if (level != POLICY_LOG_INFO)
		add_finding(c, level == POLICY_LOG_ERROR ? "error" : "warning", c->path, 0, 0, text);
}

static void
say_count(uint32_t n, const char *one, const char *many, bool *first)
{
	if (n == 0)
		return;
	printf("%s%u %s", *first ? "" : ", ", n, n == 1 ? one : many);
	*first = false;
}

static void
say_ok(const struct check *c, const struct policy_set *set)
{
	struct policy_set_info i = POLICY_SET_INFO_INIT;
	bool first = true;

	if (c->args->json)
		return;
	pol_out_text(stdout, c->path);
	fputs(": ", stdout);
	pol_out_paint(stdout, POL_GOOD);
	fputs("ok", stdout);
	pol_out_paint(stdout, POL_PLAIN);
	if (set != NULL && policy_set_get_info(set, &i) == 0) {
		fputs(" (", stdout);
		say_count(i.files, "file", "files", &first);
		say_count(i.types, "type", "types", &first);
		say_count(i.actions, "action", "actions", &first);
		say_count(i.roles, "role", "roles", &first);
		say_count(i.entries, "entry", "entries", &first);
		say_count(i.users, "user", "users", &first);
		say_count(i.groups, "group", "groups", &first);
		say_count(i.grants, "grant", "grants", &first);
		say_count(i.entities, "entity", "entities", &first);
		say_count(i.tests, "test", "tests", &first);
		fputc(')', stdout);
	}
	fputc('\n', stdout);
}

static int
open_as_host(struct check *c, struct policy_error *err)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_limits limits;
	struct policy *p;
	int rc;

	pol_open_limits(&limits, c->args);
	opt.flags = POLICY_NO_THREAD | POLICY_FORCE_ON;	/* a set switched off is read too */
	opt.limits = &limits;
	opt.log = warn_log;
	opt.log_ctx = c;
	rc = policy_open(&p, c->path, &opt, err);
	if (rc == 0)
		policy_close(p);
	return rc;
}

static int
check_one(struct check *c)
{
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_set *set = NULL;
	int rc, status;

	if (c->args->host)
		rc = open_as_host(c, &err);
	else
		rc = pol_open_set_with(&set, c->args, &c->path, 1, warn, c, &err);
	if (rc == 0) {
		say_ok(c, set);
		policy_set_close(set);
		return POL_YES;
	}
	add_finding(c, "error", err.file, err.line, err.column,
	    err.text[0] != '\0' ? err.text : policy_strerror(rc));
	status = pol_out_status(rc);
	return status == EX_DATAERR ? POL_NO : status;
}

int
pol_cmd_check(const struct pol_args *a)
{
	struct check c = { .args = a };
	int worst = POL_YES, status;
	size_t i;

	if (a->n_words == 0)
		return pol_out_usage(a, "a file or directory is wanted");
	if (a->json)
		pol_json_open(&c.json, NULL, '[');
	for (i = 0; i < a->n_words; i++) {
		c.path = a->words[i];
		status = check_one(&c);
		if (status > worst)
			worst = status;
	}
	if (a->json) {
		pol_json_close(&c.json, ']');
		status = pol_out_json(&c.json);
		if (status > worst)
			worst = status;
	}
	return worst;
}
