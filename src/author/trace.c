/* SPDX-License-Identifier: Apache-2.0 */
/* The witness of a decision, written down as the steps of a policy_trace. */
#include "author/author.h"

#include <string.h>

static void
put(char *out, size_t size, const struct pol_program *p, struct pol_str s)
{
	pol_say_into(out, size, pol_str_at(p, s), s.len);
}

/* A ceiling's step is one of its entries or, where the kind's own condition was
 * looked at, the kind. */
static void
place(struct policy_step *s, const struct pol_program *p, uint32_t entry)
{
	const struct pol_str *files = POL_AT(p, p->files.off);
	struct pol_str rule, file;

	if (entry & POL_WITNESS_KIND) {
		const struct pol_kind *k = POL_AT(p, p->kinds.off);

		k += entry & ~POL_WITNESS_KIND;
		rule = k->rule;
		file = files[k->file];
		s->line = k->line;
	} else {
		const struct pol_entry *e = POL_AT(p, p->entries.off);

		e += entry;
		rule = e->rule;
		file = files[e->file];
		s->line = e->line;
	}
	put(s->rule, sizeof(s->rule), p, rule);
	put(s->file, sizeof(s->file), p, file);
}

static void
step(void *ctx, const struct pol_engine *e, enum policy_stage stage, uint32_t entry,
    enum policy_outcome outcome, uint32_t term, int term_value, bool for_actor)
{
	struct policy_trace *t = ctx;
	const struct pol_program *p = e->program;
	struct policy_step *s;

	(void)term_value;
	if (t->count >= t->room || t->steps == NULL) {
		t->dropped++;
		return;
	}
	s = &t->steps[t->count++];
	memset(s, 0, sizeof(*s));
	s->stage = stage;
	s->outcome = outcome;
	s->for_actor = for_actor;
	place(s, p, entry);
	if (term != POL_NONE) {
		const struct pol_term *at = (const struct pol_term *)POL_AT(p, p->terms.off) + term;

		s->test_line = at->line;
		s->test_column = at->column;
		put(s->test, sizeof(s->test), p, at->text);
	}
}

void
pol_trace_witness(struct pol_witness *out, struct policy_trace *trace)
{
	trace->count = trace->dropped = 0;
	out->step = step;
	out->ctx = trace;
}
