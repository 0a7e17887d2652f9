/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libpolicy's side of `make bench`: the shared library, asked as a host asks it, with
 * the texts of each request set inside what is timed. One JSON object a line for
 * each set of requests:
 *
 * min_ns, median_ns	the best pass and the middle one, their mean a decision
 * block_*_ns		the same of a pass made of the best (middle) of each block: on a
 *			machine that is shared these hold, those of passes do not
 * p50_ns, p99_ns	single calls, the timer's cost off; timer_step_ns is its grain
 * percentiles		[[percent, ns], ...] of them
 * cpu_share		of the time of the passes: how much was spent on a processor
 * load_ms, load_cpu_ms	opening, by the clock and on a processor
 * rss_kb, peak_kb	by which opening made the process grow, and at most while it lasted
 * wrong		answers unlike the expected ones, or unlike those to the requests as
 *			they were read; passes with another number of allows
 */
#include "ours.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <policy_author.h>

#include "cli/json.h"

static const char usage[] = "usage: ours WORKLOADDIR [--cpu N] [--requests N] [--repeats R] [--max-seconds S]\n"
    "            [--decisions FILE] [--mode MODE]\n";

/* ---- the set ---- */

static void
open_limits(struct policy_limits *l)
{
	*l = (struct policy_limits)POLICY_LIMITS_INIT;
	l->file_bytes = (uint64_t)1 << 32;
	l->nodes = (uint64_t)1 << 30;
}

static char *
read_text(const char *path, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	long size;

	if (f == NULL)
		return NULL;
	if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0 &&
	    (text = malloc((size_t)size + 32)) != NULL)
		*len = fread(text, 1, (size_t)size, f);
	fclose(f);
	return text;
}

/* The text instead of the file: owner or mode are refused, or the set is to be off. */
static int
open_text(struct bench *b, const char *path, const struct policy_options *o, bool off, struct policy_error *err)
{
	static const char line[] = "\nenabled: false\n";
	size_t len = 0;
	char *text = read_text(path, &len);
	int rc;

	if (text == NULL)
		return POLICY_ERR_IO;
	if (off) {
		memcpy(text + len, line, sizeof(line));
		len += sizeof(line) - 1;
	}
	rc = policy_open_text(&b->p, "policy.yaml", text, len, o, err);
	free(text);
	return rc;
}

static int
open_set(struct bench *b, const char *path, bool off)
{
	struct policy_options o = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct pol_memory before, after;
	struct policy_limits l;
	uint64_t begin, cpu;
	int rc;

	open_limits(&l);
	o.limits = &l;
	pol_measure_forget_peak();
	pol_measure_memory(&before);
	begin = pol_timer_clock();
	cpu = pol_measure_cpu_ns();
	rc = off ? POLICY_ERR_UNSAFE : policy_open(&b->p, path, &o, &err);
	if (rc == POLICY_ERR_UNSAFE)
		rc = open_text(b, path, &o, off, &err);
	b->load_ms = (double)(pol_timer_clock() - begin) / 1e6;
	b->load_cpu_ms = (double)(pol_measure_cpu_ns() - cpu) / 1e6;
	pol_measure_memory(&after);
	b->rss_kb = after.rss_kb > before.rss_kb ? after.rss_kb - before.rss_kb : 0;
	b->peak_kb = after.peak_kb > before.rss_kb ? after.peak_kb - before.rss_kb : 0;
	if (rc != 0)
		fprintf(stderr, "ours: %s:%u:%u: %s\n", err.file[0] != '\0' ? err.file : path, err.line, err.column,
		    err.text[0] != '\0' ? err.text : policy_strerror(rc));
	return rc;
}

/* After everything is measured: the author's library counts, in memory of its own. */
static void
count(struct bench *b, const char *path)
{
	struct policy_set_options o = POLICY_SET_OPTIONS_INIT;
	struct policy_set_info info = POLICY_SET_INFO_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_limits l;
	struct policy_set *set;

	open_limits(&l);
	o.limits = &l;
	if (policy_set_open(&set, &path, 1, &o, &err) != 0)
		return;
	if (policy_set_get_info(set, &info) == 0) {
		b->program_bytes = info.program_bytes;
		b->people_bytes = info.people_bytes;
		b->rules = (uint64_t)info.entries + info.grants;
	}
	policy_set_close(set);
}

/* ---- answers ---- */

/* The answers of the loop that is timed, against those to the requests as they were
 * read, and against what is expected. */
static void
verify(struct bench *b, struct set *s, const struct mode *m)
{
	struct policy_decision d = POLICY_DECISION_INIT;
	size_t i;

	s->allowed = m->pass(b, s, 0, s->n, NULL);
	for (i = 0; i < s->n; i++) {
		const struct pol_asks_one *one = &s->asks.list[i];

		policy_decide(b->p, &one->ask.req, &d);
		if ((d.verdict == POLICY_ALLOW) != s->yes[i] ||
		    (one->expected != POL_ASKS_UNSAID && !m->off && (one->expected == POL_ASKS_ALLOW) != s->yes[i]))
			s->wrong++;
	}
}

static int
write_decisions(const struct bench *b)
{
	FILE *f = fopen(b->o.decisions, "we");
	size_t i, k;

	if (f == NULL) {
		fprintf(stderr, "ours: %s: %s\n", b->o.decisions, strerror(errno));
		return EX_CANTCREAT;
	}
	for (k = 0; k < b->n_sets; k++)
		for (i = 0; i < b->sets[k].n; i++)
			fputc(b->sets[k].yes[i] ? '1' : '0', f);
	return fclose(f) == 0 ? 0 : EX_IOERR;
}

static void
say_percentiles(struct pol_json *j, const struct found *f)
{
	static const double percents[N_PERCENTS] = PERCENTS;

	if (!(f->percentiles[N_PERCENTS - 1] > 0))
		return;
	pol_json_open(j, "percentiles", '[');
	for (size_t i = 0; i < N_PERCENTS; i++) {
		pol_json_open(j, NULL, '[');
		pol_json_real(j, NULL, percents[i]);
		pol_json_real(j, NULL, f->percentiles[i]);
		pol_json_close(j, ']');
	}
	pol_json_close(j, ']');
}

static void
say(const struct bench *b, const struct set *s, const struct found *f)
{
	struct pol_json j = { NULL, 0, 0, false };

	pol_json_open(&j, NULL, '{');
	pol_json_str(&j, "peer", "libpolicy");
	pol_json_str(&j, "config", b->o.mode);
	pol_json_str(&j, "set", s->name);
	pol_json_str(&j, "version", policy_version());
	pol_json_uint(&j, "requests", s->n);
	pol_json_uint(&j, "repeats", f->repeats);
	pol_json_real(&j, "min_ns", f->min_ns);
	pol_json_real(&j, "median_ns", f->median_ns);
	pol_json_real(&j, "p50_ns", f->p50_ns);
	pol_json_real(&j, "p99_ns", f->p99_ns);
	say_percentiles(&j, f);
	pol_json_str(&j, "timer", b->timer.name);
	pol_json_uint(&j, "wrong", s->wrong + f->wrong);
	pol_json_real(&j, "load_ms", b->load_ms);
	pol_json_uint(&j, "rss_kb", b->rss_kb);
	pol_json_uint(&j, "peak_kb", b->peak_kb);
	pol_json_uint(&j, "program_bytes", b->program_bytes);
	pol_json_uint(&j, "people_bytes", b->people_bytes);
	pol_json_uint(&j, "rules", b->rules);
	pol_json_uint(&j, "allowed", s->allowed);
	pol_json_real(&j, "load_cpu_ms", b->load_cpu_ms);
	pol_json_real(&j, "timer_step_ns", (double)b->timer.step * b->timer.tick_ns);
	if (f->cpu_share > 0) {
		pol_json_real(&j, "block_min_ns", f->block_min_ns);
		pol_json_real(&j, "block_median_ns", f->block_median_ns);
		pol_json_real(&j, "cpu_share", f->cpu_share);
	}
	for (size_t i = 0; f->more[i].name != NULL; i++)
		pol_json_real(&j, f->more[i].name, f->more[i].value);
	pol_json_close(&j, '}');
	pol_json_raw(&j, "\n", 1);
	fwrite(j.data, 1, j.len, stdout);
	pol_json_fini(&j);
}

/* ---- the run ---- */

static int
run(struct bench *b, const struct mode *m)
{
	struct found found[2];
	char path[4096];
	size_t i;
	int rc;

	memset(found, 0, sizeof(found));
	snprintf(path, sizeof(path), "%s/policy.yaml", b->o.dir);
	if (open_set(b, path, m->off) != 0)
		return EX_DATAERR;
	rc = calls_read(&b->sets[0], b->o.dir, "requests", "fixed", b->o.requests);
	if (rc == 0) {
		b->n_sets = 1;
		rc = calls_read(&b->sets[1], b->o.dir, "stream", "stream", b->o.requests);
		b->n_sets += rc == 0;
	} else if (rc < 0) {
		fprintf(stderr, "ours: %s has no requests.jsonl\n", b->o.dir);
		return EX_NOINPUT;
	}
	if (rc > 0)
		return rc;
	pol_timer_init(&b->timer);
	pol_measure_pin(&b->cpus, b->o.cpu);
	for (i = 0; i < b->n_sets; i++) {
		verify(b, &b->sets[i], m);
		if (m->measure(b, &b->sets[i], &found[i], m->pass) != 0)
			return EX_SOFTWARE;
	}
	count(b, path);
	for (i = 0; i < b->n_sets; i++)
		say(b, &b->sets[i], &found[i]);
	return b->o.decisions != NULL ? write_decisions(b) : 0;
}

static int
read_args(struct options *o, int argc, char **argv)
{
	int i;

	*o = (struct options){ .mode = "one", .requests = SIZE_MAX, .repeats = 51, .seconds = 10 };
	for (i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (argv[i][0] != '-') {
			o->dir = argv[i];
			continue;
		}
		i++;
		if (value == NULL)
			return -1;
		if (strcmp(argv[i - 1], "--cpu") == 0)
			o->cpu = (unsigned)strtoul(value, NULL, 10);
		else if (strcmp(argv[i - 1], "--requests") == 0)
			o->requests = strtoull(value, NULL, 10);
		else if (strcmp(argv[i - 1], "--repeats") == 0)
			o->repeats = strtoull(value, NULL, 10);
		else if (strcmp(argv[i - 1], "--max-seconds") == 0)
			o->seconds = strtod(value, NULL);
		else if (strcmp(argv[i - 1], "--decisions") == 0)
			o->decisions = value;
		else if (strcmp(argv[i - 1], "--mode") == 0)
			o->mode = value;
		else
			return -1;
	}
	return o->dir != NULL && o->requests > 0 ? 0 : -1;
}

/* The mode that needs hidden functions is the program beside this one. */
static void
become(const char *name, char **argv)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 16);
	char *slash;

	if (n < 0)
		return;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL || strcmp(slash + 1, name) == 0)
		return;
	strcpy(slash + 1, name);
	execv(path, argv);
	fprintf(stderr, "ours: %s: %s\n", path, strerror(errno));
}

int
main(int argc, char **argv)
{
	struct bench b;
	const struct mode *m;
	int rc;

	memset(&b, 0, sizeof(b));
	rc = read_args(&b.o, argc, argv);
	if (rc == 0 && strcmp(b.o.mode, "change") == 0)
		become("change", argv);
	if (rc != 0 || (m = mode_find(b.o.mode)) == NULL) {
		fputs(usage, stderr);
		return EX_USAGE;
	}
	CPU_ZERO(&b.cpus);
	sched_getaffinity(0, sizeof(b.cpus), &b.cpus);
	rc = run(&b, m);
	calls_fini(&b.sets[0]);
	calls_fini(&b.sets[1]);
	policy_close(b.p);
	return fflush(stdout) == 0 ? rc : EX_IOERR;
}
