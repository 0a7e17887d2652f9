/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of the emitter: the program while it is being made. Texts and
 * small arrays go to `blob`, which begins with room for the head, so that their
 * offsets are final at once; each table has a buffer of its own and follows at
 * the end. Functions return 0, or a negative policy_err with e->err filled.
 */
#ifndef POL_COMPILE_EMIT_H
#define POL_COMPILE_EMIT_H

#include <stdbool.h>

#include "base/arena.h"
#include "compile/ast.h"
#include "compile/compile.h"
#include "compile/regex.h"
#include "core/program.h"

/* Operands of one condition that may wait: above what its parser lets through. */
#define EMIT_TODO 2048
/* Behind every text, so that a short one may be copied in a fixed size. */
#define EMIT_PAD 32
/* A table whose longest probe is above this gets another seed, so often. */
#define EMIT_PROBE 32
#define EMIT_SEEDS 4
/* Bytes of a name: of an action, a role, a scope, a kind, a condition, a group. */
#define EMIT_NAME_MAX POL_MAX_ID
/* Bytes of an entry's id. */
#define EMIT_ID_MAX 128
/* Names behind the root of a path. */
#define EMIT_PATH_NAMES_MAX 32

/*
 * Bytes -> number. Slot: 32 bits of hash << 32 | where the key lies in `keys`. Of
 * texts that place is the number; other keys have struct pol_dict_head before them.
 */
struct pol_dict {
	struct pol_buf *keys;
	uint64_t *slots;
	uint32_t mask, n;
	uint64_t seed;
	bool is_text;
};
struct pol_dict_head {
	uint32_t len, value;
};

enum emit_table {		/* same order as emit_spans of emit.c */
	EMIT_FILES, EMIT_TYPES, EMIT_KEYS, EMIT_ALIASES, EMIT_ACTIONS, EMIT_ACTION_ROWS,
	EMIT_ROLES, EMIT_ENTRIES, EMIT_BODIES, EMIT_ITEMS, EMIT_WIDE, EMIT_SCOPES, EMIT_KINDS, EMIT_NAMED,
	EMIT_TERMS, EMIT_CODE, EMIT_CONSTS, EMIT_PATHS, EMIT_PATH_NAMES, EMIT_NAMES,
	EMIT_TEMPLATES, EMIT_TPIECES, EMIT_ROUTE_SETS, EMIT_ROUTE_STATES, EMIT_ROUTE_EDGES,
	EMIT_ROUTE_WORDS, EMIT_ROUTE_CANDIDATES, EMIT_ROUTES, EMIT_TABLES
};

/* What one set of action names stands for: made once for all entries that share it. */
struct emit_acts {
	const uint32_t *list;
	uint32_t n;
	struct pol_span span;		/* in the program; of many, how many stands before it */
	uint32_t body;			/* + 1: of the entries that say nothing but these; 0: none yet */
	uint32_t *all;			/* what they imply, themselves too; NULL: not asked yet */
	uint32_t n_all;
};
/* In `all`: some action of the set that implies this one limits its holder in nothing. */
#define EMIT_FREE 0x80000000u

/* A literal pattern whose slot was sent for; so many are on their way. */
#define EMIT_AHEAD 16
struct emit_ahead {
	uint64_t hash;
	const char *id;
	uint32_t len, type, entry;
};

struct pol_emit {
	const struct ast_set *set;
	struct policy_error *err;
	struct pol_program head;
	struct pol_arena arena;
	struct pol_buf blob, scratch;	/* scratch: the keys of all dictionaries but texts */
	struct pol_buf table[EMIT_TABLES];
	struct pol_dict texts, names, owners, paths, consts, code, templates, regexes, sets, set_ptrs, action_rows;
	struct pol_regexes *regex;
	struct pol_action *actions;	/* until all of each is known */
	struct pol_span last_types;
	struct pol_buf acts;		/* struct emit_acts */
	struct policy_text *words;	/* literal segments of routes, sorted, each once */
	size_t n_words;
	struct pol_buf tmp, run;	/* one key or text, one run of code at a time */
	uint32_t *acts_of;		/* by entry: into acts */
	uint32_t *single;		/* by action: what names it alone, into acts, + 1 */
	uint32_t *by_role, n_by_role;	/* allow and deny entries found by action, sorted by role and number */
	uint64_t written;		/* names of actions in entries of roles */
	/* entries found by the thing: emit_anchor.c */
	struct pol_buf things, pairs;
	struct emit_ahead ahead[EMIT_AHEAD];
	uint64_t n_ahead;		/* all there were */
	uint64_t *type_hash, *slots;
	uint32_t slots_mask, longest;	/* longest: the farthest from its first slot */
};

/* emit_dict.c */
void pol_emit_dict_init(struct pol_dict *d, struct pol_buf *keys, uint64_t seed, bool is_text);
void pol_emit_dict_fini(struct pol_dict *d);
bool pol_emit_dict_get(const struct pol_dict *d, const void *key, size_t len, uint32_t *value);
/* The number of the key if it is there (*found), else it is put in with *value. */
int pol_emit_dict_put(struct pol_dict *d, const void *key, size_t len, uint32_t *value, bool *found);

/* emit_text.c */
int pol_emit_text(struct pol_emit *e, const char *s, size_t len, struct pol_str *out);
int pol_emit_text_node(struct pol_emit *e, const struct pol_node *n, size_t most,
    const char *what, struct pol_str *out);
int pol_emit_text_u32(struct pol_emit *e, const uint32_t *list, size_t n, struct pol_span *out);
/* n bytes, aligned, in the blob: their offset. data NULL: zeros. */
int pol_emit_text_block(struct pol_emit *e, const void *data, size_t len, size_t align, uint32_t *off);
/* A text and its NUL, not looked for among the others: for names that cannot repeat. */
int pol_emit_text_new(struct pol_emit *e, const struct pol_node *n, size_t most,
    const char *what, uint32_t *off);
/* One more record of a table; *index may be NULL. */
int pol_emit_text_row(struct pol_emit *e, enum emit_table t, const void *row, size_t size, uint32_t *index);
int pol_emit_text_fail(const struct pol_emit *e, const struct pol_node *at, int code,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* What a buffer or a dictionary answered, as an error of the load; 0 is 0. */
int pol_emit_text_rc(const struct pol_emit *e, int rc);

/* emit_path.c */
int pol_emit_path_name(struct pol_emit *e, const char *s, size_t len, uint32_t *index);
int pol_emit_path_owners(struct pol_emit *e);
int pol_emit_path(struct pol_emit *e, enum pol_root root, const struct policy_text *names,
    size_t n, const struct pol_node *at, uint32_t *index);
/* The root that a path's text begins with, or -1. */
int pol_emit_path_root(const char *s, size_t len);

/* emit_like.c */
int pol_emit_like(struct pol_emit *e, const struct policy_text *glob,
    const struct pol_node *at, uint32_t *index);

/* emit_value.c */
int pol_emit_value(struct pol_emit *e, const struct policy_value *v, struct pol_sval *out);
int pol_emit_value_const(struct pol_emit *e, const struct policy_value *v, uint32_t *index);
int pol_emit_value_net(struct pol_emit *e, const struct policy_value *v, bool left,
    const struct pol_node *at, uint32_t *index);
int pol_emit_value_time(struct pol_emit *e, const struct policy_value *v,
    const struct pol_node *at, uint32_t *index);
/* v as text where text is due: integers become their decimal text. In e->arena. */
int pol_emit_value_ident(struct pol_emit *e, const struct policy_value *v, struct policy_value *out);

/* emit_code.c */
/* Instructions of one expression. Equal runs are kept once. */
int pol_emit_code(struct pol_emit *e, const struct ast_expr *x, const struct pol_node *at,
    uint32_t *pc, uint32_t *n);

/* emit_cond.c */
int pol_emit_cond_named(struct pol_emit *e);
/* `when` terms first, then those of `unless`: their number is in *unless (may be NULL). */
int pol_emit_cond(struct pol_emit *e, const struct ast_conds *c, struct pol_cond *out, uint32_t *unless);

/* emit_type.c, emit_entry.c, emit_row.c, emit_anchor.c, emit_action.c, emit_role.c */
int pol_emit_type(struct pol_emit *e);
int pol_emit_entry(struct pol_emit *e);
int pol_emit_action(struct pol_emit *e);
int pol_emit_row(struct pol_emit *e);
int pol_emit_role(struct pol_emit *e);
const struct emit_acts *pol_emit_acts_of(const struct pol_emit *e, uint32_t entry);

/* emit_route.c, emit_machine.c: of one set, whose routes are numbered; *start is its first state */
int pol_emit_route(struct pol_emit *e);
struct ast_routes;
int pol_emit_machine_words(struct pol_emit *e);
int pol_emit_machine(struct pol_emit *e, const struct ast_routes *routes, uint32_t *start);

/* emit_anchor.c: entries in the order of their numbers are added, the end is told, the
 * bytes of all are asked, then they are put where head.anchors and .anchor_ids say. */
int pol_emit_anchor_add(struct pol_emit *e, const struct ast_entry *x);
int pol_emit_anchor_end(struct pol_emit *e);
/* Marks the types that have some. */
void pol_emit_anchor_types(const struct pol_emit *e, struct pol_type *types);
uint64_t pol_emit_anchor_size(struct pol_emit *e);
void pol_emit_anchor_place(struct pol_emit *e, struct pol_program *p);
/* Another seed for all of it, and for the types. */
int pol_emit_anchor_hash(struct pol_emit *e, uint64_t seed);

/* emit_table.c */
/* Slots for n names: at most two thirds full, with one empty at least. */
uint64_t pol_emit_table_room(uint64_t n);
/* Puts a slot in; how far from its first place the farthest was moved. */
uint32_t pol_emit_table_put(uint64_t *slots, uint32_t mask, uint64_t slot);
/* The places of the tables of names, from `at`; where they end. */
uint64_t pol_emit_table_layout(struct pol_emit *e, uint64_t at);
/* Fills them in p, where all rows are. fixed: the seed stays as it is. */
int pol_emit_table(struct pol_emit *e, struct pol_program *p, bool fixed);

/* emit.c: as pol_code_emit with a seed of the caller's, for tests. */
int pol_emit_seeded(struct pol_code **out, const struct ast_set *set, uint64_t seed,
    struct policy_error *err);

#endif
