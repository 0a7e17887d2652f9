/* SPDX-License-Identifier: Apache-2.0 */
/* log: what was decided, as a set's `audit:` recorded it. */
#include <string.h>
#include <time.h>

#include <policy_admin.h>

#include "cli/host.h"

/* ---- one record ---- */

static void
say_name(struct policy_text type, struct policy_text name)
{
	if (name.len == 0) {
		fputs("-", stdout);
		return;
	}
	if (type.len != 4 || memcmp(type.data, "user", 4) != 0) {
		pol_out_text_n(stdout, type.data, type.len);
		fputc(':', stdout);
	}
	pol_out_text_n(stdout, name.data, name.len);
}

static void
say_time(int64_t ns)
{
	const time_t sec = (time_t)(ns / 1000000000);
	char text[32];
	struct tm tm;

	if (gmtime_r(&sec, &tm) == NULL || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		text[0] = '\0';
	printf("%s.%03uZ", text, (unsigned)(ns / 1000000 % 1000));
}

static void
say_what(const char *before, struct policy_text t)
{
	if (t.len == 0)
		return;
	fputs(before, stdout);
	pol_out_text_n(stdout, t.data, t.len);
}

static int
say(void *ctx, const struct policy_activity *r)
{
	const bool allow = r->decision.len == 5, change = r->event == POLICY_ACTIVITY_CHANGE;

	(void)ctx;
	say_time(r->time_ns);
	fputs("  ", stdout);
	if (!change) {
		pol_out_paint(stdout, allow ? POL_GOOD : POL_BAD);
		fputs(allow ? "ALLOW" : "DENY ", stdout);
		pol_out_paint(stdout, POL_PLAIN);
	} else {
		fputs("     ", stdout);
	}
	fputs("  ", stdout);
	say_name(r->subject_type, r->subject);
	say_what(" uid:", r->uid);
	if (r->actor.len > 0) {
		fputs(" by ", stdout);
		say_name(r->actor_type, r->actor);
	}
	say_what(" token ", r->token);
	say_what(r->event == POLICY_ACTIVITY_AUTHENTICATION ? "  authentication by " : "  ",
	    r->event == POLICY_ACTIVITY_AUTHENTICATION ? r->kind : r->action);
	if (r->resource_type.len > 0) {
		say_what(" ", r->resource_type);
		fputc('/', stdout);
		pol_out_text_n(stdout, r->resource.data, r->resource.len);
	}
	say_what("  ", change ? r->outcome : r->reason);
	say_what(" ", r->rule);
	fputs(r->withdrawn ? "  (withdrawn)\n" : "\n", stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}

static int
say_json(void *ctx, const struct policy_activity *r)
{
	(void)ctx;
	fwrite(r->line.data, 1, r->line.len, stdout);
	fputc('\n', stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* ---- which ---- */

/* RFC 3339, or a length of time that has gone by since then. */
static bool
read_time(int64_t *out, const char *s)
{
	static const struct { char unit; int64_t seconds; } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	unsigned long long n = 0;
	const char *at = s;
	struct tm tm;

	for (; *at >= '0' && *at <= '9' && n < 1000000000; at++)
		n = n * 10 + (unsigned)(*at - '0');
	for (size_t i = 0; at > s && at[0] != '\0' && at[1] == '\0' && i < sizeof(units) / sizeof(units[0]); i++) {
		if (*at == units[i].unit) {
			*out = ((int64_t)time(NULL) - (int64_t)n * units[i].seconds) * 1000000000;
			return true;
		}
	}
	memset(&tm, 0, sizeof(tm));
	at = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	if (at == NULL || strcmp(at, "Z") != 0)
		return false;
	*out = (int64_t)timegm(&tm) * 1000000000;
	return true;
}

static int
make_query(struct policy_activity_query *q, const struct pol_args *a)
{
	*q = (struct policy_activity_query)POLICY_ACTIVITY_QUERY_INIT;
	q->flags = a->follow ? POLICY_ACTIVITY_FOLLOW : 0;
	q->files = a->files;
	q->files_count = a->n_files;
	q->subject = policy_text(a->subject);
	q->action = policy_text(a->action);
	q->decision = policy_text(a->decision);
	if (a->decision != NULL && strcmp(a->decision, "allow") != 0 && strcmp(a->decision, "deny") != 0)
		return pol_out_usage(a, "--decision: allow or deny is wanted, not %s", a->decision);
	if (a->since != NULL && !read_time(&q->since_ns, a->since))
		return pol_out_usage(a, "--since: a time as in 2026-11-21T15:00:00Z or 30s, 5m, 1h, 7d is wanted, not %s", a->since);
	if (a->until != NULL && !read_time(&q->until_ns, a->until))
		return pol_out_usage(a, "--until: a time as in 2026-11-21T15:00:00Z or 30s, 5m, 1h, 7d is wanted, not %s", a->until);
	return 0;
}

/* ---- verify ---- */

static int
verify(const struct pol_args *a, struct policy *p)
{
	struct policy_activity_verified v = POLICY_ACTIVITY_VERIFIED_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct pol_json j = { NULL, 0, 0, false };
	int rc = policy_activity_verify(p, a->files, a->n_files, a->key, a->head, &v, &err);

	if (rc != 0 && rc != POLICY_ERR_INVALID)
		return pol_out_error(a, &err);
	if (a->json) {
		pol_json_open(&j, NULL, '{');
		pol_json_bool(&j, "whole", rc == 0);
		if (rc != 0) {
			pol_json_str(&j, "file", err.file);
			pol_json_uint(&j, "line", err.line);
			pol_json_str(&j, "error", err.text);
		}
		pol_json_uint(&j, "records", v.lines);
		pol_json_uint(&j, "chains", v.chains);
		pol_json_uint(&j, "dropped", v.dropped);
		pol_json_uint(&j, "torn", v.torn);
		pol_json_uint(&j, "open", v.open);
		pol_json_uint(&j, "missing_before", v.missing_before);
		pol_json_uint(&j, "heads", v.heads);
		pol_json_close(&j, '}');
		return pol_out_json(&j) != 0 ? EX_OSERR : rc != 0 ? POL_NO : POL_YES;
	}
	if (rc != 0) {
		pol_out_finding("error", err.file, err.line, err.column, err.text);
		return POL_NO;
	}
	printf("whole: %llu records of %u processes", (unsigned long long)v.lines, v.chains);
	if (v.dropped > 0)
		printf(", %llu more had no room", (unsigned long long)v.dropped);
	if (v.torn > 0)
		printf(", %u torn off by a process that died", v.torn);
	if (v.open > 0)
		printf(", %u files without an end yet", v.open);
	if (v.missing_before > 0)
		printf(", %u begin behind files that are not here", v.missing_before);
	fputc('\n', stdout);
	return POL_YES;
}

/* ---- all ---- */

static int
read_all(const struct pol_args *a, struct policy *p, const struct policy_activity_query *q)
{
	struct policy_error err = POLICY_ERROR_INIT;
	int rc = policy_activity_read(p, NULL, q, a->json ? say_json : say, NULL, &err);

	return rc == 0 ? POL_YES : pol_out_error(a, &err);
}

int
pol_cmd_log(const struct pol_args *a)
{
	struct policy_activity_query q;
	struct pol_host h = { .p = NULL };
	int status;

	if (a->n_words > 0)
		return pol_out_usage(a, "%s: no word is wanted", a->words[0]);
	if ((a->n_paths == 0) == (a->n_files == 0))
		return pol_out_usage(a, "-p PATH or --file FILE is wanted, and not both");
	if (a->verify && (a->follow || a->replay != NULL || a->subject != NULL || a->action != NULL || a->decision != NULL || a->since != NULL))
		return pol_out_usage(a, "--verify looks at all records: it goes with --key and --head alone");
	if (a->follow && a->replay != NULL)
		return pol_out_usage(a, "--replay is of what is there: it does not go with --follow");
	status = make_query(&q, a);
	if (status != 0)
		return status;
	if (a->n_paths > 0 && (status = pol_host_open(&h, a)) != 0)
		return status;
	status = a->verify ? verify(a, h.p) : a->replay != NULL ? pol_log_replay(a, h.p, &q) : read_all(a, h.p, &q);
	if (h.p != NULL)
		pol_host_close(&h);
	return status;
}
