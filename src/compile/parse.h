/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of YAML into what is written of a set: shapes only, no names. */
#ifndef POL_COMPILE_PARSE_H
#define POL_COMPILE_PARSE_H

#include "base/name.h"
#include "compile/ast_step.h"
#include "compile/check_index.h"
#include "compile/set.h"

struct pol_conds;

/* Lists of texts that are written again and again. */
struct pol_said {
	struct pol_index index;
	struct pol_buf key;
};
pol_index_key_fn pol_said_key;

struct pol_parse {
	struct ast_set *set;
	struct pol_conds *conds;	/* every condition text, parsed once */
	struct pol_said *actions, *roles;	/* what entries and grants have said */
	const struct policy_limits *limits;	/* in force */
	struct policy_limits *lowered;	/* by `limits:`; 0: not said */
	const struct pol_node **limits_at;	/* the section, once it was seen */
	bool engine_ok;
	bool fixture;
	bool passing;			/* the nodes at hand end with their item: see pol_parse_keep */
};

/* A key of a mapping: what to do with its value. read NULL: for people, any shape. */
typedef int pol_key_fn(struct pol_parse *p, const struct pol_node *key,
    const struct pol_node *value, void *out);
struct pol_key_row {
	const char *name;
	pol_key_fn *read;
};

/* parse.c: shapes */
int pol_parse_file(struct pol_parse *p, const struct pol_node *root);
/* The same in pieces: is a section, of this shape, taken item by item; an item, with
 * key NULL of a list; a section, whole or without its items; what is left, at last. */
bool pol_parse_by_item(const struct pol_node *section, bool map);
int pol_parse_item(struct pol_parse *p, const struct pol_node *section, const struct pol_node *key,
    const struct pol_node *value);
int pol_parse_section(struct pol_parse *p, const struct pol_node *pair);
int pol_parse_version(struct pol_parse *p, const struct pol_node *root);
/* Nodes that live as long as the set: these or copies. NULL with the failure set.
 * What hangs below them is not copied, but by keep_tree. */
const struct pol_node *pol_parse_keep(struct pol_parse *p, const struct pol_node *n, size_t count);
const struct pol_node *pol_parse_keep_tree(struct pol_parse *p, const struct pol_node *n);
/* A mapping with no keys but those of the rows; nothing at all is the empty mapping. */
int pol_parse_keys(struct pol_parse *p, const struct pol_node *map, const char *where,
    const struct pol_key_row *rows, size_t n_rows, void *out);
#define POL_PARSE_KEYS(p, map, where, rows, out) \
	pol_parse_keys(p, map, where, rows, sizeof(rows) / sizeof((rows)[0]), out)
/* A mapping of any names, each value to `each` (NULL: the shape alone is looked at). */
int pol_parse_each(struct pol_parse *p, const struct pol_node *map, const char *where,
    pol_key_fn *each, void *out);
/* A text that is not empty. */
int pol_parse_text(struct pol_parse *p, const struct pol_node *n, const char *where);
/* A text, a list of texts, or nothing: looked at; kept; kept once, with NULL each for itself. */
int pol_parse_look(struct pol_parse *p, const struct pol_node **list, size_t *count,
    const struct pol_node *n, const char *where);
int pol_parse_said(struct pol_parse *p, struct ast_said **out, struct pol_said *said,
    const struct pol_node *n, const char *where);
int pol_parse_texts(struct pol_parse *p, struct ast_texts *out, const struct pol_node *n, const char *where);
const struct pol_node *pol_parse_get(const struct pol_node *map, const char *key);
const char *pol_parse_kind(const struct pol_node *n);
/* A duration from `least` to `most` ns, which `range` says in words. */
int pol_parse_duration(struct pol_parse *p, struct ast_duration *out, const struct pol_node *n,
    const char *where, int64_t least, int64_t most, const char *range);
/* true or false, nothing else. */
int pol_parse_bool(struct pol_parse *p, bool *out, const struct pol_node *n, const char *where);

/* parse_types.c */
pol_key_fn pol_parse_resources;

/* parse_action.c */
pol_key_fn pol_parse_actions, pol_parse_conditions;
/* White space as Unicode has it, at s: its bytes, or 0. */
size_t pol_parse_space(const char *s, size_t len);

/* parse_entry.c */
pol_key_fn pol_parse_roles, pol_parse_role, pol_parse_scopes, pol_parse_credentials;
int pol_parse_pattern(struct pol_parse *p, struct ast_pattern *out, const struct pol_node *n);
/* What stands under when: or unless: is added to out. */
int pol_parse_conds(struct pol_parse *p, struct ast_conds *out, const struct pol_node *key, const struct pol_node *value);

/* parse_people.c */
pol_key_fn pol_parse_users, pol_parse_user, pol_parse_groups, pol_parse_group;
pol_key_fn pol_parse_grants, pol_parse_grant;
int pol_parse_subject(struct pol_parse *p, struct ast_holder *out, const struct pol_node *n, bool star);
bool pol_parse_no_subject(struct policy_text t);
int pol_parse_time(struct pol_parse *p, struct pol_time *out, const struct pol_node *n, const char *where);

/* parse_thing.c */
pol_key_fn pol_parse_entities, pol_parse_entity, pol_parse_fixtures, pol_parse_everyone, pol_parse_authenticated;

/* parse_test.c */
pol_key_fn pol_parse_tests;

/* parse_route.c, parse_route_match.c */
pol_key_fn pol_parse_routes;
struct ast_route;
/* METHOD PATH */
int pol_parse_route_match(struct pol_parse *p, struct ast_route *r, const struct pol_node *n);
/* A text that is {NAME}, of nothing else: *name; a text without braces: *name is absent. */
int pol_parse_route_var(struct pol_parse *p, struct policy_text *name, const struct pol_node *n);
int pol_parse_route_resource(struct pol_parse *p, struct ast_route *r, const struct pol_node *n);

/* parse_engine.c */
pol_key_fn pol_parse_enabled, pol_parse_limits, pol_parse_store, pol_parse_tokens;
/* A section that may stand once, and only where engine_ok; `first`: where it stood already. */
int pol_parse_may_stand(struct pol_parse *p, const struct pol_node *key, const struct pol_node *first);

/* parse_audit.c */
pol_key_fn pol_parse_audit;

/* parse_step.c, parse_with.c */
pol_key_fn pol_parse_modules, pol_parse_with, pol_parse_map;

/* parse_value.c: unquoted plain decimals are numbers, true and false booleans, the
 * rest text; source: text where text is due, whatever it looks like. */
int pol_value_typed(struct ast_set *set, struct policy_value *out, const struct pol_node *n);
int pol_value_source(struct ast_set *set, struct policy_value *out, const struct pol_node *n);
/* map NULL or nothing: none. */
int pol_value_attrs(struct ast_set *set, struct policy_attrs *out, const struct pol_node *map);
bool pol_value_yes_no(const struct pol_node *n);

#endif
