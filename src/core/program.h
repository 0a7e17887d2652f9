/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program: what the text of a set means, flat and read-only, without a
 * pointer. Emitted by compile/, walked by core/. Offsets are bytes from the
 * start of struct pol_program. With people.h this is the waist of the house.
 *
 * Indices: types, actions, roles, entries, scopes, kinds and named conditions
 * are numbered from 0 in their tables. Entries are numbered by place (file name
 * in byte order, then line, then column), so the lowest number is the one that
 * a decision names; the table also holds scope and ceiling entries.
 *
 * A rule costs here what no other rule says already: what an entry says is shared
 * by all that say the same, its place is made into text when it is named, and what
 * stands on one thing lies with that thing.
 */
#ifndef POL_CORE_PROGRAM_H
#define POL_CORE_PROGRAM_H

#include "core/value.h"

#define POL_PROGRAM_MAGIC 0x506f6c31u
#define POL_NONE 0xffffffffu

/*
 * Open addressing, linear probing, mask + 1 slots (a power of two, at most two
 * thirds full). Slot: high 32 bits of the hash << 32 | index + 1; 0 is empty. The first
 * slot probed is (hash >> 32) & mask: a slot tells by itself where it belongs.
 */
struct pol_table {
	uint32_t off;			/* uint64_t[mask + 1] */
	uint32_t mask;
};

/* Conjunction of n terms from `first`; n 0 is true. */
struct pol_cond {
	uint32_t first, n;
};

struct pol_term {
	uint32_t pc, n;			/* instructions of this term */
	uint32_t negate;		/* it came from `unless` */
	uint32_t file, line, column;
	struct pol_str text;		/* as written */
};

enum pol_op {
	POL_OP_HAS = 1,			/* a: path */
	POL_OP_TRUTH,			/* a: path */
	POL_OP_OWN,
	POL_OP_CALL,			/* a: named condition */
	POL_OP_CMP,			/* cmp; a, b: path, or const where lit_ is 1 */
	POL_OP_LIKE,			/* a as CMP; b: template */
	POL_OP_MATCHES,			/* a: path; b: regex */
	POL_OP_NOT,			/* acc := not acc */
	POL_OP_JF,			/* a: target, if acc is false */
	POL_OP_JT,			/* a: target, if acc is true */
	POL_OP_PUSH,			/* stack := acc */
	POL_OP_AND,			/* acc := pop and acc (Kleene) */
	POL_OP_OR
};

enum pol_cmp {
	POL_CMP_EQ, POL_CMP_NE, POL_CMP_LT, POL_CMP_LE, POL_CMP_GT, POL_CMP_GE,
	POL_CMP_IN, POL_CMP_CONTAINS, POL_CMP_OVERLAPS, POL_CMP_COVERS,
	POL_CMP_LIKE, POL_CMP_MATCHES,	/* have their own POL_OP_ */
	POL_CMP_WITHIN, POL_CMP_BEFORE, POL_CMP_AFTER
};

/* Jump targets are absolute indices into code. A term falls off its end. */
struct pol_insn {
	uint8_t op, cmp, lit_a, lit_b;
	uint32_t a, b;
};

/* How deep PUSH goes in one term, and CALL from term to term. */
#define POL_COND_STACK 64
#define POL_COND_CALLS 32
/* Named conditions a set may have: their results are remembered per request. */
#define POL_COND_NAMED 1024

enum pol_root { POL_ROOT_SUBJECT, POL_ROOT_RESOURCE, POL_ROOT_ACTION, POL_ROOT_CONTEXT, POL_ROOT_TOKEN, POL_ROOT_ACTOR };

/* First names that the engine computes. */
enum pol_special {
	POL_SP_NONE, POL_SP_TYPE, POL_SP_ID, POL_SP_GROUPS, POL_SP_ROLES,	/* subject, actor; type and id of a resource */
	POL_SP_NAME,			/* action.name */
	POL_SP_TIME,			/* context.time */
	POL_SP_SCOPES, POL_SP_KIND, POL_SP_TOKEN_ID		/* token.scopes, .kind, .id */
};

#define POL_PATH_IDENT 1u		/* text is due: an integer is its decimal text */

struct pol_path {
	uint8_t root, special, flags, n;	/* n names behind the root, at most 32 */
	uint32_t first;			/* into path_names */
	struct pol_str text;		/* "resource.owner.id" */
};

struct pol_name {
	struct pol_str text;
	uint32_t hash;			/* pol_hash32 */
};

struct pol_template {
	uint32_t first, n;
};
struct pol_tpiece {			/* as pol_glob_piece; path: index + 1, 0 is literal */
	uint32_t star, path;
	struct pol_str text;
};

enum pol_pattern_kind { POL_PAT_TYPE, POL_PAT_LITERAL, POL_PAT_GLOB };
struct pol_pattern {
	uint32_t type, kind;
	struct pol_str text;		/* LITERAL: unescaped id; GLOB: as written */
};

enum pol_effect { POL_EFFECT_ALLOW = 1, POL_EFFECT_DENY, POL_EFFECT_SCOPE, POL_EFFECT_CEILING };

struct pol_entry {
	uint32_t line;
	uint16_t file;
	uint8_t effect;			/* enum pol_effect */
	uint8_t anchored;		/* found by the thing: its patterns are the anchors */
	uint32_t body;			/* into bodies */
	uint32_t label;			/* offset of a struct pol_label; 0: none */
};

/* What an entry says; entries that say the same share one. */
struct pol_body {
	struct pol_span actions;	/* uint32_t, sorted: the actions it names */
	struct pol_span patterns;	/* struct pol_pattern; none: every resource, or none */
	struct pol_cond cond;
};

/* The texts of an entry that has its own: each with a NUL behind it. */
struct pol_label {
	uint32_t rule, reason;		/* bytes; rule 0: it is named by FILE:LINE */
	char text[];			/* rule, then reason */
};

/* In `items`, beside the number of an entry: it may still not apply, ask it. Without,
 * who has the role has what it gives. A program has room for 2^28 entries. */
#define POL_ITEM_ASK 0x80000000u
#define POL_ITEM_NUMBER 0x1fffffffu

/* The entries of one role that are found by action: `n_allow` then `n_deny`
 * items from `first`, each part sorted by number. */
struct pol_row {
	uint32_t role, first, n_allow, n_deny;
};

/* What is known of an action; actions of which nothing is known share one. */
struct pol_action {
	struct pol_span types;		/* uint32_t, sorted; none: any resource or none */
	struct pol_cond held;		/* when and unless: binds who holds this action */
	struct pol_cond asked;		/* unless alone: binds whoever asks this action */
	struct pol_span impliers;	/* uint32_t: actions that imply this one; itself first.
					 * None: itself alone */
	struct pol_span rows;		/* struct pol_row, sorted by role */
	uint64_t sig_allow, sig_deny;	/* bit (role & 63) of the rows that have some */
};

#define POL_WORD_ROLES 64u		/* so many roles are a set in one word, exact */
/* Roles are sorted by name. Names stand one behind the other, each with its NUL: one
 * ends where the next begins, and a row more than there are roles ends the last. */
struct pol_role {
	uint32_t name;			/* offset */
	uint32_t closure;		/* offset of how many, then sorted numbers: itself and
					 * what it includes; 0: it includes nothing */
};

/*
 * Entries whose every pattern is literal are found by the thing, not the action: one
 * record a thing, whose offset is in the slot of anchor_ids in place of an index.
 * Behind it lie the bytes of its id, zeros up to a multiple of 4, then its items,
 * sorted by (role, number); more than POL_ANCHOR_FEW lie apart, and a span of them
 * is there.
 */
struct pol_anchor {
	uint32_t type;
	uint16_t len;			/* of the id */
	uint16_t n;			/* POL_ANCHOR_MANY: see the span */
};
#define POL_ANCHOR_FEW 32
#define POL_ANCHOR_MANY 0xffffu

/* An entry on a thing, with what decides most of them. */
struct pol_item {
	uint32_t role;
	uint32_t entry;			/* number, POL_ITEM_ASK (a condition) and those below */
	uint32_t acts;			/* the action it names, or with POL_ITEM_SET the offset of
					 * how many, then sorted numbers */
};
#define POL_ITEM_DENY 0x40000000u
#define POL_ITEM_SET 0x20000000u

enum pol_attr_from { POL_FROM_ANY, POL_FROM_STORE, POL_FROM_CALLER };
struct pol_attrdef {
	uint32_t name;			/* into names */
	uint8_t type;			/* as declared, enum ast_attr_type; for people */
	uint8_t from;			/* enum pol_attr_from */
	uint8_t is_text;		/* the owner attribute, or of type string */
	uint8_t has_default;
	struct pol_sval dflt;
};

/* A parent named by a thing, or by a default. */
struct pol_parent {
	uint32_t type;
	struct pol_str id;
	uint64_t hash;			/* of (type, id), as in people */
};

enum pol_parent_kind { POL_PARENT_NONE, POL_PARENT_ATTRIBUTE, POL_PARENT_ID };
enum pol_inherit { POL_INHERIT_ABSENT, POL_INHERIT_TRUE, POL_INHERIT_FALSE };

struct pol_type {
	struct pol_str name;
	uint64_t hash;			/* pol_hash of the name */
	uint32_t has_owner;
	uint32_t owner_name;		/* into names: the resource's attribute */
	uint32_t owner_path;		/* into paths: subject.<attribute>, with IDENT */
	struct pol_str owner_type;
	uint32_t parent_kind;
	struct pol_span parent_types;	/* uint32_t, as written */
	struct pol_span attrs;		/* struct pol_attrdef, sorted by name index; the owner
					 * attribute always among them */
	struct pol_span default_parents;	/* struct pol_parent: of a default for `parent` */
	uint32_t default_inherit;	/* enum pol_inherit */
	uint32_t has_anchors;		/* some entry is found by a thing of this type */
	uint32_t file, line;
};

struct pol_scope {
	struct pol_str name;
	uint32_t first, n;		/* in items */
};

struct pol_kind {
	struct pol_str name;
	uint32_t has_ceiling;
	uint32_t first, n;		/* in items */
	struct pol_cond cond;
	uint32_t file, line;
	struct pol_str yields;		/* empty: tokens of its own kind alone, where it has bounds */
};

struct pol_named {
	struct pol_str name;
	uint32_t term;			/* its one term */
	uint32_t file, line;
};

struct pol_program {
	uint32_t magic, has_types;	/* the set declares resource types */
	uint32_t has_credentials, regexes;	/* how many */
	uint64_t bytes;
	uint64_t seed;			/* of pol_hash, here and in the people beside it */
	struct pol_span files;		/* struct pol_str */
	struct pol_span types;		/* struct pol_type */
	struct pol_table type_names;
	struct pol_table action_names;	/* names and aliases: index into action_keys */
	struct pol_span action_keys;	/* uint32_t, one more than there are: where each name
					 * begins, as of roles; actions first, then aliases */
	struct pol_span aliases;	/* uint32_t: the action of each */
	struct pol_span actions;	/* uint32_t: into action_rows */
	struct pol_span action_rows;	/* struct pol_action */
	struct pol_span entries;	/* struct pol_entry */
	struct pol_span bodies;		/* struct pol_body */
	struct pol_span items;		/* uint32_t: entry numbers, and POL_ITEM_ASK */
	struct pol_span wide;		/* struct pol_row, sorted by role: entries that name so many
					 * actions that they are kept once; their action sets are asked */
	uint64_t wide_sig_allow, wide_sig_deny;
	struct pol_table anchor_ids;	/* by pol_hash_join(type's hash, hash of id) */
	struct pol_span anchors;	/* the first of n records */
	uint32_t anchor_denies;		/* deny entries among their items */
	uint32_t name_parent, name_inherit;	/* into names, always there */
	uint32_t pad;
	struct pol_span roles;		/* struct pol_role */
	struct pol_span role_words;	/* uint64_t: the closure of each role as bits, where there are
					 * at most POL_WORD_ROLES roles; else none */
	struct pol_span scopes;
	struct pol_table scope_names;
	struct pol_span kinds;
	struct pol_table kind_names;
	struct pol_span named;		/* struct pol_named */
	struct pol_span terms;		/* struct pol_term */
	struct pol_span code;		/* struct pol_insn */
	struct pol_span consts;		/* struct pol_sval */
	struct pol_span paths;		/* struct pol_path */
	struct pol_span path_names;	/* uint32_t: into names */
	struct pol_span names;		/* struct pol_name */
	struct pol_span templates;	/* struct pol_template */
	struct pol_span tpieces;	/* struct pol_tpiece */
	struct pol_span everyone;	/* uint32_t, sorted, closed over includes: roles */
	struct pol_span authenticated;
	struct pol_span route_sets;	/* of core/route.h: struct pol_route_set, sorted by name */
	struct pol_span route_states;	/* struct pol_route_state */
	struct pol_span route_edges;	/* struct pol_route_edge */
	struct pol_span route_words;	/* struct pol_str, sorted */
	struct pol_span route_candidates;	/* uint32_t: routes */
	struct pol_span routes;		/* struct pol_route */
	uint8_t hears_roles;		/* some condition asks for subject.roles or actor.roles */
	uint8_t hears_time;		/* some condition asks for context.time */
	uint8_t pad2[6];
};

static inline const struct pol_body *
pol_body_of(const struct pol_program *p, const struct pol_entry *e)
{
	return (const struct pol_body *)POL_AT(p, p->bodies.off) + e->body;
}

static inline struct pol_str
pol_role_name(const struct pol_program *p, uint32_t role)
{
	const struct pol_role *r = (const struct pol_role *)POL_AT(p, p->roles.off) + role;

	return (struct pol_str){ r[0].name, r[1].name - r[0].name - 1 };
}

/* What *role includes, itself too; where that is nothing else, *role is the list. */
static inline const uint32_t *
pol_role_closure(const struct pol_program *p, const uint32_t *role, uint32_t *n)
{
	const uint32_t *list = POL_AT(p, ((const struct pol_role *)POL_AT(p, p->roles.off))[*role].closure);

	if (list == (const void *)p) {
		*n = 1;
		return role;
	}
	*n = list[0];
	return list + 1;
}

/* The name of an action, or behind those an alias. */
static inline struct pol_str
pol_action_key(const struct pol_program *p, uint32_t key)
{
	const uint32_t *at = (const uint32_t *)POL_AT(p, p->action_keys.off) + key;

	return (struct pol_str){ at[0], at[1] - at[0] - 1 };
}

static inline const struct pol_action *
pol_action_at(const struct pol_program *p, uint32_t action)
{
	return (const struct pol_action *)POL_AT(p, p->action_rows.off) +
	    ((const uint32_t *)POL_AT(p, p->actions.off))[action];
}

/* Those that imply *action, itself first; where none else does, *action is the list. */
static inline const uint32_t *
pol_action_impliers(const struct pol_program *p, const uint32_t *action, uint32_t *n)
{
	const struct pol_action *a = pol_action_at(p, *action);

	if (a->impliers.n == 0) {
		*n = 1;
		return action;
	}
	*n = a->impliers.n;
	return POL_AT(p, a->impliers.off);
}

/* Runs regex `index` on a whole text: 1, 0, or -1 (a limit was met). Foreign
 * code stays outside core. */
typedef int pol_regex_fn(const void *ctx, uint32_t index, const char *s, size_t len);

#endif
