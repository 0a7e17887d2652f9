/* SPDX-License-Identifier: Apache-2.0 */
/* What names stand for: everything behind pol_check(), file by file. */
#ifndef POL_COMPILE_CHECK_H
#define POL_COMPILE_CHECK_H

#include "base/name.h"
#include "compile/check_index.h"
#include "compile/parse_cond.h"
#include "compile/parse_hint.h"
#include "compile/set.h"

/* What one action implies may sum up to this over all actions, and what one role
 * includes over all roles: beyond, a set of a few lines would ask for gigabytes. */
#define POL_CHECK_CLOSURE 4194304u
/* Actions named by all different `actions:` of a set, globs expanded. */
#define POL_CHECK_ACTS 16777216u

/* A name or an alias. */
struct pol_action_name {
	const struct pol_node *name;
	struct ast_action *action;
};

/* An attribute that a type declares. */
struct pol_attr_name {
	const struct ast_type *type;
	const struct ast_attr *attr;
};

/* What some `actions:` stand for. Equal ones are one. */
struct pol_acts {
	uint32_t *list;			/* sorted */
	size_t n;
	uint32_t stamp;			/* of the walk that has been here */
	bool asked, typed;		/* types looked for; and known */
	uint32_t *types;		/* every type its actions can be asked about, sorted */
	size_t n_types;
};

struct pol_acts_text {
	struct policy_text text;	/* as written, NUL between several */
	struct pol_acts *acts;
};

struct pol_names {
	uint64_t seed;
	struct pol_index types, attrs, owner_attrs, actions, named, roles;
	struct pol_index users, groups, scopes, kinds, things, ids;
	struct pol_index acts_texts, acts;
	struct pol_index steps, mapped, routes;
	struct pol_action_name **action_names;
	size_t n_action_names, cap_action_names;
	struct pol_acts *all;
	uint32_t *mark;			/* by action: the walk it was met in */
	uint32_t *pick;			/* room for a list of every action */
	uint32_t stamp;
	uint32_t *type_mark;		/* by type, likewise */
	uint32_t type_stamp;
	struct pol_acts **reach;	/* by action: its types, once asked */
	uint64_t acts_sum;
	struct pol_buf scratch;
};

/* One step of the check. */
typedef int pol_check_fn(struct ast_set *set, struct pol_names *names, struct pol_conds *conds);

/* check.c */
int pol_check_init(struct pol_names *names, uint64_t seed);
void pol_check_fini(struct pol_names *names);
int pol_check(struct ast_set *set, struct pol_names *names, struct pol_conds *conds);
/* Adds what has the name of `at`; a second one is refused, naming both places. */
int pol_check_declare(struct ast_set *set, struct pol_index *x, void *value,
    const struct pol_node *at, const char *what);
/* Fails: `what` 'name', with the nearest of the index's names. */
int pol_check_unknown(struct ast_set *set, const struct pol_index *x, const struct pol_node *at,
    struct policy_text name, const char *what);
static inline void *
pol_check_get(const struct pol_index *x, struct policy_text name)
{
	return pol_index_get(x, name, policy_text(NULL));
}
int pol_check_type(struct ast_set *set, const struct pol_names *names, uint32_t *out,
    const struct pol_node *at, struct policy_text name, const char *what);

/* Is text due in the attribute of that name, whatever YAML means? */
typedef bool pol_due_fn(const struct pol_names *names, const struct ast_type *t, struct policy_text name);
/* The values of a map of attributes, typed: of a user (t NULL) or of a thing of type t. */
int pol_check_attributes(struct ast_set *set, const struct pol_names *names, struct policy_attrs *out,
    const struct pol_node *map, pol_due_fn *due, const struct ast_type *t);

/* check_names.c: declared once, sorted */
pol_check_fn pol_check_names;

/* check_sort.c: pointers to what has its name, a pointer too, for first member */
int pol_check_sort(struct ast_set *set, void **list, size_t n);

/* check_cond.c */
typedef int pol_leaf_fn(void *ctx, struct ast_expr *e);
/* Every test of an expression, until one answers other than 0. */
int pol_check_walk(struct ast_expr *e, pol_leaf_fn *leaf, void *ctx);
pol_check_fn pol_check_conds;
int pol_check_reading(struct ast_set *set, const struct pol_names *names,
    const struct ast_conds *conds, const uint32_t *types, size_t n_types);
/* Does some condition read the resource at all? */
bool pol_check_reads(const struct ast_conds *conds);

/* check_types.c */
pol_check_fn pol_check_types;

/* check_family.c: the shape of `parent` and `inherit` */
int pol_check_family(struct ast_set *set, const struct ast_type *t, const struct pol_node *at,
    const struct policy_value *parent, const struct policy_value *inherit, const char *where);
/* A value of `parent`: the type's place among t's parents, or -1. */
long pol_check_above(const struct ast_type *t, struct policy_text value, struct policy_text *id);

/* check_acts.c */
int pol_acts_init(struct ast_set *set, struct pol_names *names);
int pol_acts_get(struct pol_acts **out, struct ast_set *set, struct pol_names *names, const struct ast_texts *texts);

/* check_action.c */
pol_check_fn pol_check_actions;
/* The types that acts, and what they imply, can be asked about: acts->typed. */
int pol_check_types_of(struct ast_set *set, struct pol_names *names, struct pol_acts *acts);

/* check_role.c, check_entry.c */
pol_check_fn pol_check_roles, pol_check_entries;
int pol_check_role_ids(struct ast_set *set, const struct pol_names *names, uint32_t **out,
    const struct ast_texts *roles);

/* check_people.c, check_thing.c, check_test.c */
pol_check_fn pol_check_people, pol_check_things, pol_check_tests;

/* check_step.c */
pol_check_fn pol_check_steps;

/* check_route.c, check_route_tie.c */
pol_check_fn pol_check_routes;
struct ast_routes;
/* Sorts them as they win; of any two that may both be meant, one must. */
int pol_check_route_ties(struct ast_set *set, const struct ast_routes *routes);

#endif
