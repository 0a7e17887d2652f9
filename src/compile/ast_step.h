/* SPDX-License-Identifier: Apache-2.0 */
/* The engine sections `modules:`, `store:`, `tokens:` and `audit:` as written. Nothing here is loaded. */
#ifndef POL_COMPILE_AST_STEP_H
#define POL_COMPILE_AST_STEP_H

#include "compile/ast.h"

/* Every credential of a request walks the steps of its kind. */
#define POL_STEPS_MAX 64u
/* Of names of modules, steps and kinds: they become names of files and prefixes. */
#define POL_STEP_NAME_MAX 64u
/* A longer life of what was verified than this would outlive most tokens. */
#define POL_STEP_CACHE_MAX INT64_C(3600000000000)
/* Roles that the map of one step gives, over all its values: auth keeps a bit for each. */
#define POL_STEP_MAP_MAX 1024u
/* Of a store's url: "store_" before its scheme is the name of a module. */
#define POL_STORE_SCHEME_MAX 32u
#define POL_STORE_URL_MAX 1024u
/* Groups of this prefix are `map:`'s, and no text may name one of its own so. */
#define POL_MAP_PREFIX "map:"

/* Order is that of auth's control words: api holds the two against each other. */
enum ast_control { AST_BINDING, AST_REQUIRED, AST_REQUISITE, AST_SUFFICIENT, AST_OPTIONAL, AST_CONTROL__COUNT };
enum ast_unscoped { AST_UNSCOPED_UNSAID, AST_UNSCOPED_NONE, AST_UNSCOPED_FULL };

struct ast_duration {
	const struct pol_node *source;	/* NULL: not said */
	int64_t ns;
};

/* One key of `with:`: what it is for, only the module knows. */
struct ast_step_key {
	const struct pol_node *name, *source;
	struct policy_value value;	/* scalar, list of scalars, object of texts */
};

/* CLAIM: { VALUE: ROLES } */
struct ast_step_map {
	const struct pol_node *claim, *value;
	struct ast_texts roles;
	const struct ast_group **groups;	/* check: roles.n, of set.mapped */
};

struct ast_step {
	const struct pol_node *name;	/* where none is written, that of the module */
	const struct pol_node *use;
	struct ast_place place;
	enum ast_control control;
	enum ast_unscoped unscoped;
	struct ast_texts for_kinds, kinds;	/* empty: not said */
	const struct pol_node *subject_type, *subject_id;	/* NULL: not said */
	bool shared;
	struct ast_duration cache, timeout;
	const struct pol_node *map_at;	/* NULL: none */
	struct ast_step_map *map;	/* those of one claim one after the other */
	size_t n_map;
	struct ast_step_key *with;
	size_t n_with;
};

struct ast_store {
	const struct pol_node *at;	/* the section */
	const struct pol_node *url;	/* SCHEME:REST; it may hold a secret: never shown */
	uint32_t scheme_len;
	struct ast_duration stale;	/* its ns also where it is not said */
};

/* Where nothing is said, and the most that may be: longer is no end. */
#define POL_TOKEN_LIFE (30 * INT64_C(86400000000000))
#define POL_TOKEN_LIFE_MAX (3650 * INT64_C(86400000000000))

struct ast_tokens {
	const struct pol_node *at;	/* the section */
	struct ast_duration lifetime, max_lifetime;	/* their ns also where they are not said */
};

/* `audit:`. Of paths: as the system has them, with room for what %h and %p stand for. */
#define POL_AUDIT_PATH_MAX 1024u
#define POL_AUDIT_FACILITY 4u		/* auth */

enum ast_audit_decisions { AST_AUDIT_ALL, AST_AUDIT_DENY, AST_AUDIT_DECISIONS__COUNT };

struct ast_audit {
	const struct pol_node *at;	/* the section */
	const struct pol_node *file, *key, *head, *syslog, *decisions_at;	/* NULL: not said */
	enum ast_audit_decisions decisions;
	uint32_t facility;		/* where there is syslog */
	struct ast_duration must;
};

/* The words of `decisions:`. */
extern const char *const pol_audit_decisions[AST_AUDIT_DECISIONS__COUNT];

/* The words of `control:`, by enum ast_control. */
extern const char *const pol_step_controls[AST_CONTROL__COUNT];

#endif
