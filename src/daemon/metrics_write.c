/* SPDX-License-Identifier: Apache-2.0 */
/* The counts as text that Prometheus reads. */
#include "metrics_write.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "state.h"

#define AT(member) offsetof(struct pol_counts, member)
#define ONE sizeof(pol_count)

/* The next row after those of `table` and `row`; false: that was the last. */
static bool
next_route(size_t *table, size_t *row, const struct pol_route **out)
{
	while (pol_route_tables[*table] != NULL) {
		*out = &pol_route_tables[*table][*row];
		if ((*out)->method != NULL && (*out)->method[0] != '\0') {
			++*row;
			return true;
		}
		++*table;
		*row = 0;
	}
	return false;
}

size_t
pol_metrics_index(const struct pol_route *route)
{
	const struct pol_route *r;
	size_t table = 0, row = 0;

	for (size_t i = 1; route != NULL && i < POL_METRICS_ROUTES && next_route(&table, &row, &r); i++) {
		if (r == route)
			return i;
	}
	return 0;
}

const struct pol_route *
pol_metrics_route(size_t index)
{
	const struct pol_route *r;
	size_t table = 0, row = 0;

	for (size_t i = 1; i < POL_METRICS_ROUTES && next_route(&table, &row, &r); i++) {
		if (i == index)
			return r;
	}
	return NULL;
}

static void
line(struct pol_text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
line(struct pol_text *t, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof(text))
		pol_text_add(t, text, (size_t)n);
	else
		t->failed = true;
}

static void
head(struct pol_text *t, const char *name, const char *type, const char *help)
{
	line(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
gauge(struct pol_text *t, const char *name, const char *help, double value)
{
	head(t, name, "gauge", help);
	line(t, "%s %.17g\n", name, value);
}

static void
counter(struct pol_text *t, const char *name, const char *help, double value)
{
	head(t, name, "counter", help);
	line(t, "%s %.17g\n", name, value);
}

static void
histogram(struct pol_text *t, const char *name, const char *help, size_t at, const int64_t bounds[POL_METRICS_BUCKETS])
{
	uint64_t n = 0;

	head(t, name, "histogram", help);
	for (size_t i = 0; i <= POL_METRICS_BUCKETS; i++) {
		n += pol_metrics_sum(at + offsetof(struct pol_histogram, in) + i * ONE);
		if (i < POL_METRICS_BUCKETS)
			line(t, "%s_bucket{le=\"%.9g\"} %" PRIu64 "\n", name, (double)bounds[i] / 1e9, n);
	}
	line(t, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, n);
	line(t, "%s_sum %.9f\n", name, (double)pol_metrics_sum(at + offsetof(struct pol_histogram, sum_ns)) / 1e9);
	line(t, "%s_count %" PRIu64 "\n", name, n);
}

static void
decisions(struct pol_text *t)
{
	static const char *const verdicts[2] = { "deny", "allow" };

	head(t, "policy_decisions_total", "counter", "Decisions, by what they were and why.");
	for (size_t v = 0; v < 2; v++) {
		for (int r = 0; r < POLICY_REASON__COUNT; r++) {
			if ((v == 1) != (r == POLICY_REASON_RULE || r == POLICY_REASON_DISABLED))
				continue;
			line(t, "policy_decisions_total{decision=\"%s\",reason=\"%s\"} %" PRIu64 "\n", verdicts[v],
			    policy_reason_name(r), pol_metrics_sum(AT(decisions) + (v * POLICY_REASON__COUNT + (size_t)r) * ONE));
		}
	}
	histogram(t, "policy_decision_duration_seconds", "Time a decision took, credentials included.", AT(decision),
	    pol_metrics_decision_ns);
}

static void
auth(struct pol_text *t)
{
	static const char *const methods[POL_METRICS_METHODS] = { "peer", "bearer", "password", "other" };

	head(t, "policy_auth_total", "counter", "Callers that were told apart, by how and with what result.");
	for (size_t m = 0; m < POL_METRICS_METHODS; m++) {
		for (int r = 0; r < POLICY_REASON__COUNT; r++) {
			uint64_t n = pol_metrics_sum(AT(auth) + (m * POLICY_REASON__COUNT + (size_t)r) * ONE);

			if (n != 0 || r == POLICY_REASON_RULE)
				line(t, "policy_auth_total{method=\"%s\",result=\"%s\"} %" PRIu64 "\n", methods[m],
				    r == POLICY_REASON_RULE ? "ok" : policy_reason_name(r), n);
		}
	}
}

static void
delayed(struct pol_text *t)
{
	static const char *const by[2] = { "pair", "source" };

	head(t, "policyd_login_delayed_total", "counter",
	    "Passwords that were not judged yet, for wrong ones of the same source and account, or of the source.");
	for (size_t i = 0; i < 2; i++)
		line(t, "policyd_login_delayed_total{by=\"%s\"} %" PRIu64 "\n", by[i], pol_metrics_sum(AT(delayed) + i * ONE));
}

/* Is there an earlier row of the same path? They are told as one. */
static bool
is_again(size_t index, const char *path)
{
	const struct pol_route *r;

	for (size_t i = 1; i < index && (r = pol_metrics_route(i)) != NULL; i++) {
		if (strcmp(r->path, path) == 0)
			return true;
	}
	return false;
}

static uint64_t
requests_of(const char *path, size_t code)
{
	const struct pol_route *r;
	uint64_t n = 0;

	if (path == NULL)
		return pol_metrics_sum(AT(requests) + code * ONE);
	for (size_t i = 1; (r = pol_metrics_route(i)) != NULL; i++) {
		if (strcmp(r->path, path) == 0)
			n += pol_metrics_sum(AT(requests) + (i * POL_METRICS_CODES + code) * ONE);
	}
	return n;
}

static void
requests(struct pol_text *t)
{
	head(t, "policyd_http_requests_total", "counter", "Answers, by route and status.");
	for (size_t i = 0; i < POL_METRICS_ROUTES; i++) {
		const struct pol_route *r = pol_metrics_route(i);

		if (i > 0 && r == NULL)
			break;
		if (r != NULL && is_again(i, r->path))
			continue;
		for (size_t c = 0; c < POL_METRICS_CODES; c++) {
			uint64_t n = requests_of(r != NULL ? r->path : NULL, c);

			if (n == 0)
				continue;
			line(t, "policyd_http_requests_total{route=\"%s\",code=\"", r != NULL ? r->path : "");
			line(t, pol_metrics_codes[c] != 0 ? "%u\"} " : "other\"} ", pol_metrics_codes[c]);
			line(t, "%" PRIu64 "\n", n);
		}
	}
	histogram(t, "policyd_http_request_duration_seconds", "Time from a request's head to its answer.", AT(request),
	    pol_metrics_request_ns);
}

static void
set(struct pol_text *t, struct policy *p)
{
	struct policy_status s = { .size = sizeof(s) };
	struct pol_state now;

	pol_state_get(&now);
	if (p == NULL || policy_get_status(p, &s) != 0)
		return;
	gauge(t, "policy_config_last_reload_successful", "1: the set on disk is in force. 0: it was refused, an older one is.",
	    now.last_good || now.failed != 0 || s.failed != 0 ? 0 : 1);
	gauge(t, "policy_config_last_reload_success_timestamp_seconds", "When the set in force was read.", (double)s.loaded / 1e9);
	gauge(t, "policy_enabled", "0: the engine is switched off and allows everything.", s.enabled != 0);
	gauge(t, "policy_generation", "Number of the set in force, counted since start.", (double)s.generation);
	gauge(t, "policy_rules", "Entries of the set in force.", (double)s.rules);
	gauge(t, "policy_roles", "Roles of the set in force.", (double)s.roles);
	gauge(t, "policy_users", "Users of set and store.", (double)s.users);
	gauge(t, "policy_tokens", "Tokens of the store.", (double)s.tokens);
	gauge(t, "policy_grants", "Grants of set and store.", (double)s.grants);
	if (s.store_age_ns >= 0)
		gauge(t, "policy_store_age_seconds", "Since the store last said something.", (double)s.store_age_ns / 1e9);
	counter(t, "policy_audit_written_total", "Records of the audit trail.", (double)s.audit_written);
	counter(t, "policy_audit_dropped_total", "Records there was no room for.", (double)s.audit_dropped);
	counter(t, "policyd_front_restarts_total", "How often the serving process had to be started again.", now.restarts);
}

/* Opened once, for where the process may open nothing later. */
static int stat_fd = -1, list_fd = -1;

void
pol_metrics_open(void)
{
	if (stat_fd < 0)
		stat_fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	if (list_fd < 0)
		list_fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* -1: unknown. */
static double
open_files(void)
{
	char room[4096] __attribute__((aligned(8)));
	double n = -2;			/* the two names every directory has */
	ssize_t got;
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* of the descriptor's place */

	if (list_fd < 0)
		return -1;
	pthread_mutex_lock(&lock);
	got = lseek(list_fd, 0, SEEK_SET) == 0 ? 0 : -1;
	while (got >= 0 && (got = getdents64(list_fd, room, sizeof(room))) > 0) {
		for (ssize_t at = 0; at < got; n++)
			at += ((const struct dirent64 *)(const void *)(room + at))->d_reclen;
	}
	pthread_mutex_unlock(&lock);
	return got == 0 ? n : -1;
}

/* Field `number` (from 1) of /proc/self/stat, counted behind the name in parentheses. */
static double
stat_field(const char *stat, int number)
{
	const char *s = strrchr(stat, ')');

	for (int i = 2; s != NULL && i < number; i++) {
		s = strchr(s, ' ');
		if (s != NULL)
			s++;
	}
	return s != NULL ? strtod(s, NULL) : -1;
}

static void
process(struct pol_text *t)
{
	char stat[1024];
	ssize_t n = stat_fd >= 0 ? pread(stat_fd, stat, sizeof(stat) - 1, 0) : -1;
	double tick = (double)sysconf(_SC_CLK_TCK), page = (double)sysconf(_SC_PAGESIZE), files = open_files();
	struct timespec now, up;

	stat[n > 0 ? n : 0] = '\0';
	if (files >= 0)
		gauge(t, "process_open_fds", "Open file descriptors.", files);
	if (n <= 0)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	counter(t, "process_cpu_seconds_total", "User and system time.", (stat_field(stat, 14) + stat_field(stat, 15)) / tick);
	gauge(t, "process_start_time_seconds", "When the process began, Unix time.", (double)(now.tv_sec - up.tv_sec) +
	    (double)(now.tv_nsec - up.tv_nsec) / 1e9 + stat_field(stat, 22) / tick);
	gauge(t, "process_virtual_memory_bytes", "Address space.", stat_field(stat, 23));
	gauge(t, "process_resident_memory_bytes", "Memory that is there.", stat_field(stat, 24) * page);
}

void
pol_metrics_write(struct pol_text *t, struct policy *p)
{
	head(t, "policy_build_info", "gauge", "Always 1; what was built is in its labels.");
	line(t, "policy_build_info{version=\"%s\"} 1\n", policy_version());
	decisions(t);
	auth(t);
	delayed(t);
	requests(t);
	set(t, p);
	process(t);
}
