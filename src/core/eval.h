/* SPDX-License-Identifier: Apache-2.0 */
/* One evaluation, shared by the files of core/ and by nobody else. */
#ifndef POL_CORE_EVAL_H
#define POL_CORE_EVAL_H

#include "base/glob.h"
#include "base/hash.h"
#include "base/name.h"
#include "base/num.h"
#include "core/core.h"
#include "core/known.h"

/* Rows of table T of program p. */
#define POL_ROWS(p, T, type) ((const type *)POL_AT((p), (p)->T.off))

/* Where the items of a list, or the members of an object, are. */
enum pol_where {
	POL_IN_CALLER,			/* struct policy_value / policy_attr */
	POL_IN_STORE,			/* struct pol_sval / pol_sattr, offsets from base */
	POL_IN_TEXTS,			/* struct policy_text */
	POL_IN_GROUPS,			/* computed: group names of a side (base) */
	POL_IN_ROLES			/* computed: role names of a side (base) */
};

/* A value found: a view, never a copy. */
struct pol_val {
	uint8_t type;			/* enum policy_type or POL_T_ */
	uint8_t ident;			/* text is due: an integer here is its decimal text */
	uint8_t where;			/* enum pol_where */
	uint8_t is_now;			/* context.time: text made only when asked for */
	uint32_t n;
	union {
		const char *s;
		int64_t i;
		double d;
		const void *p;
	} u;
	const void *base;
};

#define POL_MAX_EXTRA_ROLES 128		/* distinct roles that grants add to one request */
#define POL_MAX_NUMBERS 16		/* parents of one request given as integers */
#define POL_MAX_RECORDS (POL_MAX_LISTED + 2)
/* What one decision may spend, its actor's turn included: a grant or an action
 * tried, a list element compared, a step of a glob cost 1, and 1 for 64 bytes.
 * Some 2 ms; a deny with the reason limit when it is used up. */
#define POL_MAX_STEPS (1u << 18)
#define POL_HELD_KEPT 256		/* actions whose own limits are remembered */

/* One who asks: the subject, or the actor. */
struct pol_side {
	bool present;			/* false: nobody */
	struct policy_text type, id;
	const struct policy_attrs *sent;
	const struct policy_value *said;	/* token.subject, an object; or NULL */
	const struct pol_holder *record;	/* its own; NULL: not known */
	/* records whose closure and roles it has: its own, TYPE:*, groups it was sent with */
	const struct pol_holder *records[POL_MAX_RECORDS];
	uint32_t n_records;
	uint32_t n_extra;
	uint32_t extra[POL_MAX_EXTRA_ROLES];	/* roles by grants that match here and now */
	uint64_t role_sig, holder_sig;
};

/* The thing asked about, or something above it. */
struct pol_above {
	uint32_t type;
	uint32_t len;
	const char *id;
	uint64_t hash;
	const struct pol_thing *thing;
};

struct pol_eval {
	const struct pol_engine *engine;
	const struct pol_program *p;
	const struct pol_people *w;
	const struct policy_request *req;
	const struct pol_known *known;
	const struct policy_token *token;	/* NULL: none, or the actor's turn */
	const struct pol_witness *witness;
	const char *why;			/* of an error */
	struct pol_time now;
	const struct policy_text *now_text;
	const uint64_t *words;			/* the program's role_words; NULL: roles are many */
	uint64_t want;				/* bits (role & 63) of what may bear on this request */
	uint32_t action;
	const struct pol_action *act;		/* its row; set once the action is known */
	uint32_t steps;				/* left of POL_MAX_STEPS */
	bool limit;				/* a limit was met: whatever follows, no decision */
	bool for_actor;
	bool has_resource;
	uint32_t type;				/* of the resource; POL_NONE: undeclared */
	const struct pol_type *type_row;	/* NULL: undeclared */
	const struct pol_thing *thing;
	uint32_t now_len;
	char now_buf[POL_TIME_TEXT];
	uint32_t n_numbers;			/* parents sent as integers */
	char numbers[POL_MAX_NUMBERS][POL_NUM_TEXT];
	bool more_above;			/* what else is in the thing's record is not taken yet */
	uint32_t n_above;
	struct pol_above above[POL_MAX_ANCESTORS];
	struct pol_side subject, actor;
	uint8_t named[POL_COND_NAMED];		/* 0 not yet, else value + 1 */
	uint32_t n_held;			/* so many of held are set */
	uint8_t held[POL_HELD_KEPT];		/* likewise, by place among the action's impliers */
};

/* Takes cost off the budget; false when it is used up: ev->limit is set then. */
static inline bool
pol_spend(struct pol_eval *ev, uint32_t cost)
{
	if (ev->steps > cost) {
		ev->steps -= cost;
		return true;
	}
	ev->steps = 0;
	ev->limit = true;
	return false;
}

/* facts.c */
bool pol_facts_get(struct pol_eval *ev, uint32_t path, struct pol_val *out);
bool pol_facts_resource(struct pol_eval *ev, uint32_t name, struct pol_val *out);
void pol_facts_stored(struct pol_val *out, const struct pol_sval *v, const void *base);
void pol_facts_sent(struct pol_val *out, const struct policy_value *v);
bool pol_facts_text(struct pol_eval *ev, const struct pol_val *v, char tmp[POL_NUM_TEXT], struct policy_text *out);
/* A text that stands in memory. */
static inline void
pol_facts_bytes(struct pol_val *out, const char *s, size_t len)
{
	out->type = POLICY_STRING;
	out->ident = 0;
	out->is_now = 0;
	out->where = POL_IN_CALLER;
	out->n = (uint32_t)len;
	out->u.s = s;
	out->base = NULL;
}

/* compare.c */
int pol_compare_rest(struct pol_eval *ev, enum pol_cmp cmp, const struct pol_val *a, const struct pol_val *b);
int pol_compare_same(struct pol_eval *ev, const struct pol_val *a, const struct pol_val *b);
static inline int
pol_compare(struct pol_eval *ev, enum pol_cmp cmp, const struct pol_val *a, const struct pol_val *b)
{
	return cmp == POL_CMP_EQ ? pol_compare_same(ev, a, b) : pol_compare_rest(ev, cmp, a, b);
}
int pol_compare_any(struct pol_eval *ev, const struct pol_val *list, const struct pol_val *one);

/* cond.c: POL_F, POL_T, POL_E. failed (may be NULL): the first term that was not true, and its value */
int pol_cond_terms(struct pol_eval *ev, struct pol_cond c, uint32_t *failed, int *failed_value);
static inline int
pol_cond_eval(struct pol_eval *ev, struct pol_cond c, uint32_t *failed, int *failed_value)
{
	return c.n == 0 ? POL_T : pol_cond_terms(ev, c, failed, failed_value);
}

/* match.c */
bool pol_match_pattern(struct pol_eval *ev, const struct pol_pattern *pat, uint32_t type, const char *id, size_t len);
bool pol_match_glob(struct pol_eval *ev, const char *glob, size_t glob_len, const char *id, size_t len);
bool pol_match_some(struct pol_eval *ev, struct pol_span patterns);
/* An anchored entry is met by its thing, or not at all. */
static inline bool
pol_match_entry(struct pol_eval *ev, const struct pol_entry *e)
{
	struct pol_span patterns = pol_body_of(ev->p, e)->patterns;

	return !e->anchored && (patterns.n == 0 || pol_match_some(ev, patterns));
}
bool pol_match_has_action(const struct pol_program *p, const struct pol_entry *e, uint32_t action);
bool pol_match_search(const uint32_t *list, uint32_t n, uint32_t x);
static inline bool
pol_match_sorted(const uint32_t *list, uint32_t n, uint32_t x)
{
	if (n > 8)
		return pol_match_search(list, n, x);
	for (uint32_t i = 0; i < n; i++) {
		if (list[i] == x)
			return true;
	}
	return false;
}

/* above.c */
int pol_above_check(struct pol_eval *ev);	/* family(): the request's parent and inherit */
int pol_above_rest(struct pol_eval *ev);
void pol_above_stored(struct pol_eval *ev);
/* Is all that lies above the thing in its record? Only where nothing is sent that may
 * say otherwise. */
static inline bool
pol_above_is_stored(const struct pol_eval *ev)
{
	return ev->type_row->parent_kind == POL_PARENT_ATTRIBUTE && ev->type_row->default_parents.n == 0 &&
	    ev->req->resource_attributes.count == 0 &&
	    (ev->thing == NULL || pol_thing_more(ev->thing)->n_above != POL_NONE);
}
/* The thing itself, and what lies above it; what is stored is taken when it is needed. */
static inline int
pol_above_find(struct pol_eval *ev)
{
	struct pol_above *x = &ev->above[0];

	ev->n_above = 0;
	ev->more_above = false;
	if (ev->type_row == NULL)
		return 0;
	x->type = ev->type;
	x->len = (uint32_t)ev->req->resource_id.len;
	x->id = ev->req->resource_id.data;
	x->hash = ev->known->thing_hash;
	x->thing = ev->known->thing;
	ev->n_above = 1;
	if (ev->type_row->parent_kind == POL_PARENT_NONE)
		return 0;
	ev->more_above = pol_above_is_stored(ev);
	return ev->more_above ? 0 : pol_above_rest(ev);
}

/* The actions that imply the asked one: itself first, and it alone where none else does. */
static inline const uint32_t *
pol_meet_impliers(const struct pol_eval *ev, uint32_t *n)
{
	struct pol_span list = ev->act->impliers;

	*n = list.n == 0 ? 1 : list.n;
	return list.n == 0 ? &ev->action : POL_AT(ev->p, list.off);
}

/* meet.c: entries that speak of the request. The lowest numbers met so far: */
struct pol_found {
	uint32_t deny, unknown, allow;	/* true deny, unevaluable deny, allow; or POL_NONE */
	int asked;			/* value of the asked action's `unless`; -1: not yet */
	bool sought;			/* the anchor of the thing was looked up: */
	const struct pol_anchor *anchor;	/* NULL: none */
};
void pol_meet_all(struct pol_eval *ev, struct pol_found *f, enum pol_effect effect);
static inline bool
pol_meet_has_anchors(const struct pol_eval *ev)
{
	return ev->type_row != NULL && ev->type_row->has_anchors != 0;
}
/* Is there a deny entry of a role that the asker may have? Most actions have none. */
static inline bool
pol_meet_may_deny(const struct pol_eval *ev)
{
	return ((ev->act->sig_deny | ev->p->wide_sig_deny) & ev->subject.role_sig) != 0 ||
	    (ev->p->anchor_denies != 0 && pol_meet_has_anchors(ev));
}
bool pol_meet_scopes(struct pol_eval *ev, struct pol_found *f);
bool pol_meet_ceiling(struct pol_eval *ev, struct pol_found *f, uint32_t *kind);

static inline uint64_t
pol_bit(uint32_t x)
{
	return (uint64_t)1 << (x & 63);
}

/* roles.c */
int pol_roles_find(struct pol_eval *ev, struct pol_side *side, bool with_groups);
/* The k-th list of roles that someone has, sorted each; false: no more. */
bool pol_roles_list(const struct pol_eval *ev, const struct pol_side *side, uint32_t k, const uint32_t **ids, uint32_t *n);
bool pol_roles_search(const struct pol_eval *ev, const struct pol_side *side, uint32_t role);
/* Where roles are few the signature is the set itself. */
static inline bool
pol_roles_has(const struct pol_eval *ev, const struct pol_side *side, uint32_t role)
{
	return (side->role_sig & pol_bit(role)) != 0 && (ev->words != NULL || pol_roles_search(ev, side, role));
}

#endif
