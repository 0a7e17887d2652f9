/* SPDX-License-Identifier: Apache-2.0 */
/* What explain.c asks of near.c and term.c: the nearest entry, the failed condition. */
#ifndef POL_AUTHOR_NEAR_H
#define POL_AUTHOR_NEAR_H

#include "author/author.h"

/* What the engine said while it decided: an entry looked at, and what became of it. */
struct pol_near_seen {
	uint32_t entry;			/* number, or kind | POL_WITNESS_KIND */
	uint32_t term;			/* the first that was not true, or POL_NONE */
	enum policy_stage stage;
	enum policy_outcome outcome;
};

/* One explanation under way. */
struct pol_near {
	const struct policy_set *set;
	const struct pol_engine *engine;
	const struct policy_request *req;
	struct pol_decided got;
	struct policy_text now_text;
	char now_room[POL_TIME_TEXT];
	struct pol_near_seen *seen;
	size_t n_seen, cap_seen;
	bool fixtures, no_memory;
	struct pol_held_state held;
	struct pol_told_view facts;
	uint32_t action;		/* asked, or POL_NONE */
	struct policy_explanation *out;
	struct pol_buf text;
};

void pol_near_witness(struct pol_near *x, struct pol_witness *out);
/* The nearest entry among those of effect `effect` (allow: of all roles); POL_NONE.
 * Fills out->near. */
uint32_t pol_near_find(struct pol_near *x, enum pol_effect effect);
/* Does entry e name the asked action or one that implies it? */
bool pol_near_names(const struct pol_near *x, const struct ast_entry *e);
bool pol_near_fits(const struct pol_near *x, const struct ast_entry *e);
/* Is the action asked on a type of its own, or has it none? */
bool pol_near_own_type(const struct pol_near *x);
const struct pol_near_seen *pol_near_seen(const struct pol_near *x, enum policy_stage stage, uint32_t entry);

/* term.c: the condition that failed, into out->test..., out->missing and a sentence
 * part: "the condition `...` (FILE:LINE:COLUMN) is false: ...". */
void pol_term_say(struct pol_near *x, uint32_t term, enum policy_outcome outcome);

/* What the paths of a condition are, after a colon. */
void pol_term_values(struct pol_near *x, const struct ast_expr *expr);

/* why.c, why_token.c: the sentences for each reason; each ends without a full stop. */
typedef void pol_why_fn(struct pol_near *x);
pol_why_fn pol_why_allowed, pol_why_no_rule, pol_why_anonymous, pol_why_denied;
pol_why_fn pol_why_scope, pol_why_ceiling, pol_why_credential;
pol_why_fn pol_why_unknown_action, pol_why_unknown_resource;
/* "FILE:LINE of role R" of an entry, into out->near_... too. */
void pol_why_near_entry(struct pol_near *x, const struct ast_entry *e);
void pol_why_entry(struct pol_near *x, const struct ast_entry *e);

#endif
