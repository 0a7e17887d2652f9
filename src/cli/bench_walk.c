/* SPDX-License-Identifier: Apache-2.0 */
/* What decisions look at: the steps of one, and how often each entry was looked at. */
#include "cli/bench.h"

#include <stdlib.h>
#include <string.h>

#define STEPS_FIRST 64u
#define STEPS_MOST 65536u

struct policy_step *
pol_bench_walk(const struct pol_bench *b, const struct pol_asks_one *one, struct policy_trace *t,
    struct policy_decision *d)
{
	uint32_t room = STEPS_FIRST;

	for (;;) {
		*t = (struct policy_trace)POLICY_TRACE_INIT;
		*d = (struct policy_decision)POLICY_DECISION_INIT;
		t->room = room;
		t->steps = calloc(room, sizeof(*t->steps));
		if (t->steps == NULL)
			return NULL;
		policy_set_decide(b->set, &one->ask.req, one->ask.now, d, t, NULL);
		if (t->dropped == 0 || room == STEPS_MOST)
			return t->steps;
		free(t->steps);
		room = t->dropped < STEPS_MOST - room ? t->dropped + room : STEPS_MOST;
	}
}

/* ---- counts, in a table that is open while they grow ---- */

static size_t
place(const struct pol_profile *p, const char *rule, const char *file, uint32_t line)
{
	uint64_t hash = 0xcbf29ce484222325u ^ line;
	const char *s;
	size_t at;

	for (s = rule; *s != '\0'; s++)
		hash = (hash ^ (unsigned char)*s) * 0x100000001b3u;
	for (at = (size_t)(hash ^ hash >> 32) & (p->room - 1); p->list[at].rule != NULL; at = (at + 1) & (p->room - 1))
		if (p->list[at].line == line && strcmp(p->list[at].rule, rule) == 0 && strcmp(p->list[at].file, file) == 0)
			break;
	return at;
}

static int
grow(struct pol_profile *p)
{
	struct pol_profile bigger = { NULL, p->n, p->room == 0 ? 256 : p->room * 2, 0 };
	size_t i;

	bigger.list = calloc(bigger.room, sizeof(*bigger.list));
	if (bigger.list == NULL)
		return EX_OSERR;
	for (i = 0; i < p->room; i++)
		if (p->list[i].rule != NULL)
			bigger.list[place(&bigger, p->list[i].rule, p->list[i].file, p->list[i].line)] = p->list[i];
	free(p->list);
	p->list = bigger.list;
	p->room = bigger.room;
	return 0;
}

static int
count(struct pol_profile *p, const struct policy_step *step)
{
	struct pol_entry_count *e;

	if (p->n * 2 >= p->room && grow(p) != 0)
		return EX_OSERR;
	e = &p->list[place(p, step->rule, step->file, step->line)];
	if (e->rule == NULL) {
		e->file = strdup(step->file);
		e->rule = strdup(step->rule);
		if (e->file == NULL || e->rule == NULL)
			return EX_OSERR;
		e->line = step->line;
		p->n++;
	}
	e->n++;
	e->matched += step->outcome == POLICY_OUTCOME_MATCHED;
	e->was_false += step->outcome == POLICY_OUTCOME_FALSE;
	e->unknown += step->outcome == POLICY_OUTCOME_UNKNOWN;
	return 0;
}

/* Most evaluated first; then by where they stand. Free places last. */
static int
order(const void *a, const void *b)
{
	const struct pol_entry_count *x = a, *y = b;
	int by_file;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	if (x->rule == NULL || y->rule == NULL)
		return (x->rule == NULL) - (y->rule == NULL);
	by_file = strcmp(x->file, y->file);
	if (by_file != 0)
		return by_file;
	return x->line != y->line ? (x->line < y->line ? -1 : 1) : strcmp(x->rule, y->rule);
}

int
pol_bench_profile(struct pol_profile *out, const struct pol_bench *b)
{
	struct policy_decision d;
	struct policy_trace t;
	size_t i, k;
	int rc = 0;

	*out = (struct pol_profile){ NULL, 0, 0, 0 };
	for (i = 0; i < b->asks.n && rc == 0; i++) {
		struct policy_step *steps = pol_bench_walk(b, &b->asks.list[i], &t, &d);

		if (steps == NULL)
			rc = EX_OSERR;
		for (k = 0; rc == 0 && k < t.count; k++)
			rc = count(out, &steps[k]);
		out->dropped += t.dropped;
		free(steps);
	}
	if (rc == 0 && out->n > 0)
		qsort(out->list, out->room, sizeof(*out->list), order);
	return rc;
}

void
pol_profile_fini(struct pol_profile *p)
{
	for (size_t i = 0; i < p->room; i++) {
		free(p->list[i].rule);
		free(p->list[i].file);
	}
	free(p->list);
}
