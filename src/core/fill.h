/* SPDX-License-Identifier: Apache-2.0 */
/* Answers as the caller reads them; for api/ and author/ alike. Every struct here is
 * of our own size. */
#ifndef POL_CORE_FILL_H
#define POL_CORE_FILL_H

#include <policy.h>

#include "core/core.h"

/* Before anything else: a deny. The rest of out is not touched. */
static inline void
pol_fill_deny(struct policy_decision *out, enum policy_reason reason, uint32_t status)
{
	out->verdict = POLICY_DENY;
	out->reason = reason;
	out->status = status;
}

/* Everything behind verdict, reason and status: nothing known. Texts are ended, not
 * wiped. */
static inline void
pol_fill_blank(struct policy_decision *out, uint64_t generation)
{
	out->generation = generation;
	out->expires = 0;
	out->line = 0;
	out->rule_len = out->file_len = out->subject_type_len = out->subject_id_len = out->token_id_len = 0;
	out->rule[0] = out->file[0] = out->subject_type[0] = out->subject_id[0] = out->token_id[0] = '\0';
}

/* No decision: rc says why. */
void pol_fill_error(struct policy_decision *out, int rc, uint64_t generation);
/* Brings what pol_fill_answer will read of the entry. */
static inline void
pol_fill_fetch(const struct pol_engine *e, const struct pol_answer *a)
{
	if (a->entry != POL_NONE)
		__builtin_prefetch((const struct pol_entry *)POL_AT(e->program, e->program->entries.off) + a->entry);
}

/* A decision of core's. */
void pol_fill_answer(struct policy_decision *out, const struct pol_engine *e,
    const struct policy_request *req, const struct pol_answer *a, uint64_t generation);
/* What decided is no entry but stands there. */
void pol_fill_place(struct policy_decision *out, const struct pol_program *p, uint32_t file, uint32_t line);
/* A deny of its own: of the credentials. */
void pol_fill_reason(struct policy_decision *out, enum policy_reason reason, uint64_t generation);
/* The HTTP status that goes with it. */
uint32_t pol_fill_status(enum policy_reason reason);

/* How an entry is named: its id, or FILE:LINE. The bytes without the NUL behind them. */
#define POL_FILL_RULE (POL_MAX_RULE + 1)
uint32_t pol_fill_rule(char out[POL_FILL_RULE], const struct pol_program *p, uint32_t entry);

/* A witness that fills trace->steps; begins by emptying it. */
void pol_fill_witness(struct pol_witness *out, struct policy_trace *trace);

#endif
