/* SPDX-License-Identifier: Apache-2.0 */
/* What the verb bench says, to people and in JSON. */
#include "cli/bench.h"

#include <stdlib.h>
#include <string.h>

#define SHARE_LEAST 0.95		/* less than that of a processor is told */
#define PROFILE_MOST 40			/* entries shown to people; JSON has all */

static const char *
outcome_name(uint32_t outcome)
{
	return outcome == POLICY_OUTCOME_MATCHED ? "matched" : outcome == POLICY_OUTCOME_FALSE ? "false" : "unknown";
}

static const char *
stage_name(uint32_t stage)
{
	static const char *const names[] = { "", "deny", "allow", "scope", "ceiling" };

	return stage < sizeof(names) / sizeof(names[0]) ? names[stage] : "";
}

void
pol_bench_name(FILE *f, const struct policy_request *r)
{
	if (r->subject_id.data == NULL) {
		fputs("anonymous", f);
	} else {
		if (r->subject_type.data == NULL)
			fputs("user", f);
		pol_out_text_n(f, r->subject_type.data, r->subject_type.len);
		fputc(':', f);
		pol_out_text_n(f, r->subject_id.data, r->subject_id.len);
	}
	fputc(' ', f);
	pol_out_text_n(f, r->action.data, r->action.len);
	if (r->resource_type.data == NULL)
		return;
	fputc(' ', f);
	pol_out_text_n(f, r->resource_type.data, r->resource_type.len);
	fputc('/', f);
	pol_out_text_n(f, r->resource_id.data, r->resource_id.len);
}

/* The few longest, by insertion; of equals the first in the file. */
size_t
pol_bench_slowest(const struct pol_bench *b, size_t out[POL_BENCH_SLOWEST])
{
	size_t n = 0, i, k;

	for (i = 0; i < b->asks.n; i++) {
		for (k = n; k > 0 && b->best[out[k - 1]] < b->best[i]; k--)
			if (k < POL_BENCH_SLOWEST)
				out[k] = out[k - 1];
		if (k < POL_BENCH_SLOWEST)
			out[k] = i;
		if (n < POL_BENCH_SLOWEST)
			n++;
	}
	return n;
}

static uint64_t
ns(const struct pol_bench *b, uint64_t ticks)
{
	return (uint64_t)((double)ticks * b->timer.tick_ns + 0.5);
}

static int
no_memory(void)
{
	fprintf(stderr, "policyctl: out of memory\n");
	return EX_OSERR;
}

/* ---- for people ---- */

static void
say_steps(const struct policy_trace *t)
{
	uint32_t i;

	for (i = 0; i < t->count; i++) {
		const struct policy_step *s = &t->steps[i];

		printf("    %-7s %-7s ", stage_name(s->stage), outcome_name(s->outcome));
		pol_out_text(stdout, s->rule);
		if (s->test[0] != '\0') {
			printf(" (%u:%u: ", s->test_line, s->test_column);
			pol_out_text(stdout, s->test);
			fputc(')', stdout);
		}
		fputs(s->for_actor ? " for the actor\n" : "\n", stdout);
	}
	if (t->dropped > 0)
		printf("    and %u more\n", t->dropped);
	if (t->count == 0)
		printf("    no entry was looked at\n");
}

static int
say_slowest(const struct pol_bench *b)
{
	size_t list[POL_BENCH_SLOWEST], n = pol_bench_slowest(b, list), i;
	struct policy_decision d;
	struct policy_trace t;

	printf("\nslowest requests (the shortest of each one's single calls), and the entries they look at:\n");
	for (i = 0; i < n; i++) {
		const struct pol_asks_one *one = &b->asks.list[list[i]];

		if (pol_bench_walk(b, one, &t, &d) == NULL)
			return no_memory();
		printf("  %llu ns  ", (unsigned long long)ns(b, b->best[list[i]]));
		pol_out_text(stdout, b->a->requests);
		printf(":%u: ", one->line);
		pol_bench_name(stdout, &one->ask.req);
		fputs("  ", stdout);
		pol_out_decision(stdout, &d);
		say_steps(&t);
		free(t.steps);
	}
	return 0;
}

static int
say_profile(const struct pol_bench *b)
{
	struct pol_profile p;
	size_t i;
	int rc = pol_bench_profile(&p, b);

	if (rc == 0)
		printf("\n%12s %12s %12s %12s  entry, each request asked once\n", "evaluated", "matched", "false", "unknown");
	for (i = 0; rc == 0 && i < p.n && i < PROFILE_MOST; i++) {
		const struct pol_entry_count *e = &p.list[i];
		char place[300];

		printf("%12llu %12llu %12llu %12llu  ", (unsigned long long)e->n, (unsigned long long)e->matched,
		    (unsigned long long)e->was_false, (unsigned long long)e->unknown);
		pol_out_text(stdout, e->rule);
		snprintf(place, sizeof(place), "%s:%u", e->file, e->line);
		if (strcmp(place, e->rule) != 0) {
			fputs(" (", stdout);
			pol_out_text(stdout, place);
			fputc(')', stdout);
		}
		fputc('\n', stdout);
	}
	if (rc == 0 && p.n > PROFILE_MOST)
		printf("and %zu more entries (--json has all)\n", p.n - PROFILE_MOST);
	pol_profile_fini(&p);
	return rc != 0 ? no_memory() : 0;
}

int
pol_bench_say(const struct pol_bench *b)
{
	int rc;

	printf("%zu requests: %zu allowed, %zu denied", b->asks.n, b->allowed, b->asks.n - b->allowed);
	if (b->refused > 0)
		printf(" (%zu refused)", b->refused);
	if (b->wrong > 0)
		printf(", %zu not as expected", b->wrong);
	printf("\n%.0f decisions a second, %u thread%s\n", b->per_second, b->threads, b->threads == 1 ? "" : "s");
	printf("min %.1f ns, median %.1f ns: a decision in %llu passes\n", b->min_ns, b->median_ns,
	    (unsigned long long)b->repeats);
	printf("p99 %llu ns, max %llu ns: of %llu single calls, by %s in steps of %.1f ns\n",
	    (unsigned long long)ns(b, pol_times_share(&b->single, 0.99)), (unsigned long long)ns(b, b->single.most),
	    (unsigned long long)b->single.n, b->timer.name, (double)b->timer.step * b->timer.tick_ns);
	if (b->cpu_share < SHARE_LEAST)
		printf("the machine had other work: %.0f %% of the time was spent on a processor; decisions a second, p99 "
		    "and max are the machine's\n", b->cpu_share * 100);
	printf("load %.1f ms, %llu KiB; program %llu bytes, people %llu bytes, %llu rules\n", b->load_ms,
	    (unsigned long long)b->rss_kb, (unsigned long long)b->info.program_bytes,
	    (unsigned long long)b->info.people_bytes, (unsigned long long)b->info.entries + b->info.grants);
	if (b->is_text)
		printf("measured on a handle opened from the text of `policyctl dump`%s\n",
		    b->a->fixtures ? ", fixtures among the rest" : "");
	if (!policy_is_enabled(b->p))
		printf("the set is switched off: every request is allowed, and nothing is decided\n");
	rc = say_slowest(b);
	if (rc == 0 && b->a->profile)
		rc = say_profile(b);
	return rc;
}

/* ---- JSON ---- */

static int
json_slowest(struct pol_json *j, const struct pol_bench *b)
{
	size_t list[POL_BENCH_SLOWEST], n = pol_bench_slowest(b, list), i, size;
	struct policy_decision d;
	struct policy_trace t;
	uint32_t k;

	pol_json_open(j, "slowest", '[');
	for (i = 0; i < n; i++) {
		const struct pol_asks_one *one = &b->asks.list[list[i]];
		char *name = NULL;
		FILE *f = open_memstream(&name, &size);

		if (f == NULL)
			return EX_OSERR;
		pol_bench_name(f, &one->ask.req);
		if (fclose(f) != 0 || pol_bench_walk(b, one, &t, &d) == NULL) {
			free(name);
			return EX_OSERR;
		}
		pol_json_open(j, NULL, '{');
		pol_json_uint(j, "line", one->line);
		pol_json_text(j, "request", name, size);
		pol_json_uint(j, "ns", ns(b, b->best[list[i]]));
		pol_json_bool(j, "decision", d.verdict == POLICY_ALLOW);
		pol_json_str(j, "reason", policy_reason_name((int)d.reason));
		pol_json_open(j, "entries", '[');
		for (k = 0; k < t.count; k++) {
			pol_json_open(j, NULL, '{');
			pol_json_str(j, "stage", stage_name(t.steps[k].stage));
			pol_json_str(j, "outcome", outcome_name(t.steps[k].outcome));
			pol_json_str(j, "rule", t.steps[k].rule);
			pol_json_str(j, "test", t.steps[k].test);
			pol_json_close(j, '}');
		}
		pol_json_close(j, ']');
		pol_json_uint(j, "dropped", t.dropped);
		pol_json_close(j, '}');
		free(name);
		free(t.steps);
	}
	pol_json_close(j, ']');
	return 0;
}

static int
json_profile(struct pol_json *j, const struct pol_bench *b)
{
	struct pol_profile p;
	size_t i;
	int rc = pol_bench_profile(&p, b);

	pol_json_open(j, "profile", '[');
	for (i = 0; rc == 0 && i < p.n; i++) {
		const struct pol_entry_count *e = &p.list[i];

		pol_json_open(j, NULL, '{');
		pol_json_str(j, "rule", e->rule);
		pol_json_str(j, "file", e->file);
		pol_json_uint(j, "line", e->line);
		pol_json_uint(j, "evaluated", e->n);
		pol_json_uint(j, "matched", e->matched);
		pol_json_uint(j, "false", e->was_false);
		pol_json_uint(j, "unknown", e->unknown);
		pol_json_close(j, '}');
	}
	pol_json_close(j, ']');
	pol_profile_fini(&p);
	return rc;
}

int
pol_bench_say_json(const struct pol_bench *b)
{
	struct pol_json j = { NULL, 0, 0, false };
	int rc;

	pol_json_open(&j, NULL, '{');
	pol_json_uint(&j, "decisions", b->decisions);
	pol_json_real(&j, "min_ns", b->min_ns);
	pol_json_real(&j, "median_ns", b->median_ns);
	pol_json_uint(&j, "p99_ns", ns(b, pol_times_share(&b->single, 0.99)));
	pol_json_uint(&j, "max_ns", ns(b, b->single.most));
	pol_json_uint(&j, "threads", b->threads);
	pol_json_real(&j, "load_ms", b->load_ms);
	pol_json_uint(&j, "rss_kb", b->rss_kb);
	pol_json_uint(&j, "program_bytes", b->info.program_bytes);
	pol_json_uint(&j, "people_bytes", b->info.people_bytes);
	pol_json_uint(&j, "rules", (uint64_t)b->info.entries + b->info.grants);
	pol_json_real(&j, "per_second", b->per_second);
	pol_json_uint(&j, "requests", b->asks.n);
	pol_json_uint(&j, "allowed", b->allowed);
	pol_json_uint(&j, "refused", b->refused);
	pol_json_uint(&j, "wrong", b->wrong);
	pol_json_uint(&j, "repeats", b->repeats);
	pol_json_real(&j, "cpu_share", b->cpu_share);
	pol_json_str(&j, "timer", b->timer.name);
	pol_json_real(&j, "timer_step_ns", (double)b->timer.step * b->timer.tick_ns);
	pol_json_str(&j, "opened", b->is_text ? "dump" : "path");
	pol_json_bool(&j, "enabled", policy_is_enabled(b->p) != 0);
	rc = json_slowest(&j, b);
	if (rc == 0 && b->a->profile)
		rc = json_profile(&j, b);
	pol_json_close(&j, '}');
	if (rc == 0)
		return pol_out_json(&j);
	pol_json_fini(&j);
	return no_memory();
}
