/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is measured is a host's handle. A set that policy_open takes is opened by it;
 * one that it does not, for its owner or mode, for being several paths, or for the
 * fixtures that no host may hear, is written out by its author's view and opened
 * from that text: the same engine and the same call.
 */
#include "cli/bench.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char no_memory[] = "policyctl: out of memory\n";

/* ---- fixtures heard: lines of the dump, moved ---- */

struct buf {
	char *data;
	size_t len, room;		/* enough for all that will ever be put */
};

static void
put(struct buf *b, const char *s, size_t len)
{
	memcpy(b->data + b->len, s, len);
	b->len += len;
}

static const char *
line_end(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	return newline != NULL ? newline + 1 : end;
}

/* A line of the section that is no row of it, or the end. */
static const char *
section_end(const char *at, const char *end, size_t indent)
{
	while (at < end) {
		const char *next = line_end(at, end);

		if ((size_t)(next - at) <= indent || memcmp(at, "    ", indent) != 0)
			break;
		at = next;
	}
	return at;
}

/* The fixtures' section that the line `users:` of the set's own is followed by. */
static const char *
find_section(const char *at, const char *end, const char *name, size_t len)
{
	for (; at < end; at = section_end(line_end(at, end), end, 4))
		if ((size_t)(line_end(at, end) - at) == len + 2 && memcmp(at + 2, name, len) == 0)
			return at;
	return NULL;
}

/* Rows stand two columns further out than they did. */
static void
put_rows(struct buf *b, const char *section, const char *end)
{
	const char *at = line_end(section, end), *stop = section_end(at, end, 4);

	while (at < stop) {
		const char *next = line_end(at, end);

		put(b, at + 2, (size_t)(next - at) - 2);
		at = next;
	}
}

char *
pol_bench_hear_fixtures(const char *dump, size_t len, size_t *out_len)
{
	static const char key[] = "\nfixtures:\n";
	const char *own_end = memmem(dump, len, key, sizeof(key) - 1), *end = dump + len, *at, *next, *from;
	struct buf b = { malloc(len + 1), 0, len + 1 };

	if (b.data == NULL)
		return NULL;
	own_end = own_end != NULL ? own_end + 1 : end;
	from = own_end < end ? line_end(own_end, end) : end;
	for (at = dump; at < own_end; at = next) {
		const char *section;

		next = line_end(at, own_end);
		put(&b, at, (size_t)(next - at));
		section = at[0] != ' ' ? find_section(from, end, at, (size_t)(next - at)) : NULL;
		if (section != NULL)
			put_rows(&b, section, end);
	}
	/* sections that the set itself does not have */
	for (at = from; at < end; at = section_end(line_end(at, end), end, 4)) {
		char line[64];
		int n = snprintf(line, sizeof(line), "\n%.*s", (int)(line_end(at, end) - at - 2), at + 2);

		if (n > 0 && n < (int)sizeof(line) && memmem(dump, (size_t)(own_end - dump), line, (size_t)n) == NULL) {
			put(&b, line + 1, (size_t)n - 1);
			put_rows(&b, at, end);
		}
	}
	b.data[b.len] = '\0';
	*out_len = b.len;
	return b.data;
}

/* ---- the clock ---- */

static bool
digits(int *out, const char **s, unsigned n)
{
	for (*out = 0; n > 0; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*out = *out * 10 + (**s - '0');
	}
	return true;
}

static bool
letter(const char **s, const char *any)
{
	if (**s == '\0' || strchr(any, **s) == NULL)
		return false;
	(*s)++;
	return true;
}

int
pol_bench_time(int64_t *out, const char *s)
{
	int64_t ns = 0, unit = 100000000, offset = 0;
	struct tm tm = { .tm_isdst = 0 }, as_said;
	int hour, minute, sign;
	time_t sec;

	if (!digits(&tm.tm_year, &s, 4) || !letter(&s, "-") || !digits(&tm.tm_mon, &s, 2) || !letter(&s, "-") ||
	    !digits(&tm.tm_mday, &s, 2) || !letter(&s, "Tt") || !digits(&tm.tm_hour, &s, 2) || !letter(&s, ":") ||
	    !digits(&tm.tm_min, &s, 2) || !letter(&s, ":") || !digits(&tm.tm_sec, &s, 2))
		return -1;
	if (letter(&s, "."))
		for (; *s >= '0' && *s <= '9'; s++, unit /= 10)
			ns += (*s - '0') * unit;
	if (!letter(&s, "Zz")) {
		sign = *s == '-' ? -1 : 1;
		if (!letter(&s, "+-") || !digits(&hour, &s, 2) || !letter(&s, ":") || !digits(&minute, &s, 2))
			return -1;
		offset = sign * (hour * 3600 + minute * 60);
	}
	/* beyond these, nanoseconds in 64 bits end */
	if (*s != '\0' || tm.tm_year < 1700 || tm.tm_year > 2250)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	as_said = tm;
	sec = timegm(&tm);
	if (tm.tm_mon != as_said.tm_mon || tm.tm_mday != as_said.tm_mday || tm.tm_hour != as_said.tm_hour ||
	    tm.tm_min != as_said.tm_min)
		return -1;			/* it made another time of one that is not */
	*out = ((int64_t)sec - offset) * 1000000000 + ns;
	return 0;
}

/* A host's decision has no `now`: it is the handle's clock that says it. */
static int
read_times(struct pol_bench *b)
{
	struct timespec ts = { 0, 0 };
	size_t i;

	if (!b->asks.timed && b->a->now == NULL)
		return 0;
	b->now_ns = calloc(b->asks.n, sizeof(*b->now_ns));
	if (b->now_ns == NULL) {
		fputs(no_memory, stderr);
		return EX_OSERR;
	}
	clock_gettime(CLOCK_REALTIME, &ts);
	for (i = 0; i < b->asks.n; i++) {
		const char *now = b->asks.list[i].ask.now;

		if (now == NULL)
			now = b->asks.list[i].ask.now = b->a->now;
		b->now_ns[i] = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
		if (now != NULL && pol_bench_time(&b->now_ns[i], now) != 0) {
			pol_out_finding("error", b->a->requests, b->asks.list[i].line, 0,
			    "now: not a time: RFC 3339 with an offset, of the years 1700 to 2250, is wanted");
			return EX_DATAERR;
		}
	}
	return 0;
}

/* ---- the handle ---- */

static void
take_options(const struct pol_bench *b, struct policy_options *o, struct policy_limits *l)
{
	*o = (struct policy_options)POLICY_OPTIONS_INIT;
	pol_open_limits(l, b->a);
	o->limits = l;
	o->clock = b->now_ns != NULL ? pol_bench_clock : NULL;
}

/* text NULL: the path. */
static int
open_handle(struct pol_bench *b, const char *text, size_t len, struct policy_error *err)
{
	struct pol_memory before, after;
	struct policy_options o;
	struct policy_limits l;
	uint64_t begin;
	int rc;

	take_options(b, &o, &l);
	if (text != NULL) {		/* the set was within its limits as it was written */
		l.file_bytes = (uint64_t)len + 1;
		l.nodes = (uint64_t)len * 2;
	}
	pol_measure_memory(&before);
	begin = pol_timer_clock();
	rc = text != NULL ? policy_open_text(&b->p, "dump", text, len, &o, err) :
	    policy_open(&b->p, b->a->paths[0], &o, err);
	b->load_ms = (double)(pol_timer_clock() - begin) / 1e6;
	pol_measure_memory(&after);
	b->rss_kb = after.rss_kb > before.rss_kb ? after.rss_kb - before.rss_kb : 0;
	return rc;
}

static int
open_dump(struct pol_bench *b, struct policy_error *err)
{
	char *dump, *text;
	size_t len;
	int rc;

	b->is_text = true;
	rc = policy_set_dump(b->set, &dump, &len, err);
	if (rc != 0)
		return rc;
	text = b->a->fixtures ? pol_bench_hear_fixtures(dump, len, &len) : dump;
	rc = text != NULL ? open_handle(b, text, len, err) : POLICY_ERR_NOMEM;
	if (text != dump)
		free(text);
	policy_author_free(dump);
	return rc;
}

int
pol_bench_open(struct pol_bench *b)
{
	struct policy_error err = POLICY_ERROR_INIT;
	int rc = read_times(b);

	if (rc != 0)
		return rc;
	/* before the author's view is there: its memory is not the host's */
	if (b->a->n_paths == 1 && !b->a->fixtures)
		rc = open_handle(b, NULL, 0, &err);
	if (rc == POLICY_ERR_UNSAFE)
		rc = 0;
	if (rc != 0)
		return pol_out_error(b->a, &err);
	err = (struct policy_error)POLICY_ERROR_INIT;
	rc = pol_open_set(&b->set, b->a, b->a->paths, b->a->n_paths, &err);
	if (rc == 0 && b->p == NULL)
		rc = open_dump(b, &err);
	b->info = (struct policy_set_info)POLICY_SET_INFO_INIT;
	if (rc == 0)
		rc = policy_set_get_info(b->set, &b->info);
	if (rc != 0)
		err.code = rc;
	return rc != 0 ? pol_out_error(b->a, &err) : 0;
}
