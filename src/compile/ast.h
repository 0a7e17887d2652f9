/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The set as written, between the text and the program. Everything here lives in
 * one scratch arena and ends with the load. parse*.c fills what is written;
 * check*.c fills what names stand for (members marked "check:"); emit*.c reads.
 * All arrays of pointers or structs are (pointer, count).
 */
#ifndef POL_COMPILE_AST_H
#define POL_COMPILE_AST_H

#include <stdbool.h>

#include <policy.h>

#include "base/arena.h"
#include "base/time.h"
#include "core/program.h"

/* ---- YAML ---- */

enum pol_node_kind { POL_NODE_NULL, POL_NODE_SCALAR, POL_NODE_SEQ, POL_NODE_MAP };

/* A node keeps the source text of a scalar: what it means depends on where it stands. */
struct pol_node {
	uint8_t kind;			/* enum pol_node_kind; NULL: plain empty, ~ or null */
	bool plain : 1;			/* a scalar without quotes */
	bool exact : 1;			/* its characters stand in the source one for one, from
					 * its column (quoted: the one after) */
	uint16_t file;
	uint32_t line, column;		/* from 1 */
	uint32_t count;			/* bytes; items; pairs of a map */
	union {
		const char *text;	/* NUL behind it, none inside */
		const struct pol_node *items;	/* a map: key, value, key, value... 2 * count */
	} u;
};

/* Where something is written, and no more of it. */
struct ast_place {
	uint32_t line, column;
	uint16_t file;
};

static inline struct pol_node
ast_node_at(const struct ast_place *p)
{
	const struct pol_node n = { .file = p->file, .line = p->line, .column = p->column };

	return n;
}

static inline struct ast_place
ast_place_of(const struct pol_node *n)
{
	const struct ast_place p = { n->line, n->column, n->file };

	return p;
}

/* ---- conditions ---- */

enum ast_expr_kind { AST_OR, AST_AND, AST_NOT, AST_HAS, AST_TRUTH, AST_OWN, AST_NAME, AST_CMP };

struct ast_path {
	enum pol_root root;
	struct policy_text *names;	/* behind the root */
	size_t n;
	struct policy_text text;	/* whole */
};

struct ast_operand {
	bool is_literal;
	struct ast_path path;
	struct policy_value literal;	/* as written: text, number, boolean, list of those */
};

struct ast_expr {
	enum ast_expr_kind kind;
	enum pol_cmp cmp;
	struct ast_operand a, b;	/* a: also the path of HAS and TRUTH */
	struct ast_expr *left, *right;	/* NOT: left */
	struct policy_text name;	/* NAME */
	struct ast_named *named;	/* check: NAME */
	uint32_t column;		/* where it begins in the condition's text, from 0 */
	uint32_t depth;			/* values its evaluation keeps, at most POL_COND_STACK */
	uint32_t length;		/* bytes of its source text (as far as it reads) */
};

/* One CONDITION of a when: or unless: list. */
struct ast_cond {
	const struct pol_node *source;
	struct ast_expr *expr;		/* equal texts share one */
	bool unless;
	struct pol_cond_info *info;	/* check's own */
};
struct ast_conds {
	struct ast_cond *list;
	size_t n;
};

/* ---- what is declared ---- */

struct ast_texts {			/* a scalar or a list of scalars */
	const struct pol_node *list;
	size_t n;
};

enum ast_attr_type { AST_STRING, AST_NUMBER, AST_BOOLEAN, AST_TIME, AST_IP, AST_LIST };

struct ast_attr {
	const struct pol_node *name;
	enum ast_attr_type type;
	enum pol_attr_from from;
	const struct pol_node *dflt;	/* NULL: none */
	struct policy_value value;	/* of dflt; POLICY_NULL: none */
};

struct ast_type {
	const struct pol_node *name;
	bool has_owner;
	struct policy_text owner_attr, owner_subject, owner_type;	/* defaults filled in */
	enum pol_parent_kind parent_kind;
	struct ast_texts parents;	/* no name twice */
	uint32_t *parent_types;		/* check: parents.n of them */
	struct ast_attr *attrs;
	size_t n_attrs;
	uint32_t index;			/* check */
};

struct ast_action {
	const struct pol_node *name;
	struct ast_texts resource, implies, aliases;
	struct ast_conds conds;
	uint32_t *types;		/* check: sorted, no number twice; resource.n or fewer */
	size_t n_types;
	uint32_t *implied;		/* check: all it implies, transitively, itself too; sorted */
	size_t n_implied;
	uint32_t index;			/* check */
};

struct ast_pattern {
	struct pol_node source;		/* TYPE or TYPE/GLOB */
	uint32_t type_len;		/* bytes of TYPE */
	uint32_t type;			/* check */
};

static inline struct policy_text
ast_pattern_type(const struct ast_pattern *p)
{
	const struct policy_text t = { p->source.u.text, p->type_len };

	return t;
}

/* Behind the slash; data NULL: the whole type. */
static inline struct policy_text
ast_pattern_glob(const struct ast_pattern *p)
{
	struct policy_text t = { NULL, 0 };

	if (p->type_len < p->source.count) {
		t.data = p->source.u.text + p->type_len + 1;
		t.len = p->source.count - p->type_len - 1;
	}
	return t;
}

/*
 * What `actions:` of entries, or `role:` of grants, say. A million of them say few
 * different things: equal ones are one, which stands where it was said first. Those
 * of deny entries are not shared: warnings tell their places.
 */
struct ast_said {
	struct ast_texts texts;
	struct policy_text key;		/* the text; of several, NUL behind each */
	const uint32_t *ids;		/* check: actions named, sorted; roles, as written */
	size_t n_ids;
};

struct ast_entry_more {
	struct ast_conds conds;
	const struct pol_node *id, *reason;	/* NULL: none */
};

struct ast_entry {
	struct ast_place place;
	enum pol_effect effect;
	uint32_t number;		/* check: by place */
	uint32_t role;			/* check: POL_NONE for scopes and ceilings */
	uint32_t n_patterns;
	struct ast_pattern *patterns;
	struct ast_said *actions;
	struct ast_entry_more *more;	/* NULL: nothing of it; see ast_more */
};

static inline const struct ast_entry_more *
ast_more(const struct ast_entry *e)
{
	static const struct ast_entry_more none = { .id = NULL };

	return e->more != NULL ? e->more : &none;
}

struct ast_entries {			/* entries.list[first] of the set, and on */
	uint32_t first, n;
};

/* A role may be written in several files: its parts are joined by check. */
struct ast_role_part {
	struct pol_node name;
	struct ast_texts includes;
	struct ast_entries entries;	/* allow and deny as they stand */
	uint32_t role;			/* check */
};
struct ast_role {			/* check: sorted by name */
	const struct pol_node *name;	/* of its first part */
	const uint32_t *closure;	/* sorted, itself too */
	uint32_t n_closure;
	uint32_t index;
};

struct ast_named {
	const struct pol_node *name;
	struct ast_cond cond;
	uint32_t index;			/* check */
};

struct ast_scope {
	const struct pol_node *name;
	struct ast_entries entries;
};

struct ast_kind {
	const struct pol_node *name, *yields;	/* yields NULL: not said */
	bool has_ceiling;
	struct ast_entries ceiling;
	struct ast_conds conds;
};

/* A member or a `to`: TYPE:ID, group:NAME (type "group"), TYPE:* (name "*"), everyone or authenticated (type empty). */
struct ast_holder {
	struct pol_node source;
	uint32_t type_len;		/* bytes of TYPE; 0: not written, a user */
	bool word;
};

static inline struct policy_text
ast_holder_type(const struct ast_holder *h)
{
	struct policy_text t = { h->source.u.text, h->type_len };

	return h->type_len > 0 ? t : policy_text(h->word ? "" : "user");
}

static inline struct policy_text
ast_holder_name(const struct ast_holder *h)
{
	const uint32_t at = h->type_len > 0 ? h->type_len + 1 : 0;
	const struct policy_text t = { h->source.u.text + at, h->source.count - at };

	return t;
}

struct ast_holders {
	struct ast_holder *list;
	size_t n;
};

struct ast_user {
	struct ast_holder who;
	struct ast_texts roles, groups;
	const struct pol_node *attributes;	/* map or NULL */
	struct policy_attrs attrs;	/* check: typed */
	uint32_t *role_ids;		/* check: roles.n, as written */
	bool fixture;
};

struct ast_group {
	const struct pol_node *name;
	struct ast_holders members;
	struct ast_texts roles;
	uint32_t *role_ids;		/* check */
	bool fixture;
};

struct ast_span {			/* NULL: not said */
	const struct pol_node *from_source, *until_source;
	struct pol_time from, until;
};

struct ast_grant {
	struct ast_place place;
	bool has_resource, fixture;
	struct ast_said *roles;
	struct ast_holders to;
	struct ast_pattern resource;
	struct ast_span *span;		/* NULL: always */
};

struct ast_parent {
	uint32_t type;
	struct policy_text id;
};

struct ast_thing {
	const struct pol_node *name;
	struct policy_text type_name, id;
	const struct pol_node *attributes;
	struct policy_attrs attrs;	/* check: typed; nulls kept as POLICY_NULL */
	uint32_t type;			/* check */
	struct ast_parent *parents;	/* check: of the stored `parent`, for attribute kinds */
	size_t n_parents;
	bool has_parent;		/* check: stored and not null */
	enum pol_inherit inherit;	/* check */
	bool fixture;
};

struct ast_everyone {			/* one `roles:` name of everyone: or authenticated: */
	const struct pol_node *role;
	bool authenticated;
	uint32_t id;			/* check */
};

struct ast_test_line {
	const struct pol_node *source;
	bool allow;
	struct policy_text action;
	bool has_resource;
	struct policy_text type, id;
};

struct ast_test {
	const struct pol_node *source;
	bool anonymous, has_actor, has_token, has_scopes, keyed;
	struct ast_holder as, actor;
	struct policy_attrs subject, context, token_attributes, with;	/* typed; keyed: TYPE/ID -> object */
	struct policy_text *groups, *scopes;
	size_t n_groups, n_scopes;
	struct policy_text kind, now, because;	/* data NULL: not said */
	struct ast_test_line *lines;
	size_t n_lines;
};

struct ast_limit {
	const struct pol_node *name;
	uint64_t value;
};

struct ast_step;			/* of `modules:`; all four in ast_step.h */
struct ast_store;
struct ast_audit;
struct ast_tokens;
struct ast_routes;			/* ast_route.h */

enum ast_enabled { AST_ENABLED_UNSAID, AST_ENABLED_TRUE, AST_ENABLED_FALSE };

/* Growing arrays of pointers, freed with the set; AST_LIST_ADD in set.h. */
#define AST_LIST(type) struct { type **list; size_t n, cap; }
struct ast_list {			/* any of them */
	void *list;
	size_t n, cap;
};

struct ast_set {
	struct pol_arena arena;
	struct policy_error *err;	/* the first failure */
	const char **files;		/* names as messages and rules show them */
	size_t n_files;
	AST_LIST(struct ast_type) types;	/* check: index = order, sorted by name */
	AST_LIST(struct ast_action) actions;	/* likewise */
	AST_LIST(struct ast_named) named;	/* check: sorted by name */
	AST_LIST(struct ast_role_part) parts;
	AST_LIST(struct ast_role) roles;	/* check: sorted by name */
	AST_LIST(struct ast_scope) scopes;	/* check: sorted by name */
	AST_LIST(struct ast_kind) kinds;	/* check: sorted by name */
	AST_LIST(struct ast_everyone) everyone;
	AST_LIST(struct ast_user) users;
	AST_LIST(struct ast_group) groups;
	AST_LIST(struct ast_grant) grants;
	AST_LIST(struct ast_thing) things;
	AST_LIST(struct ast_test) tests;
	AST_LIST(struct ast_limit) limits;
	AST_LIST(struct ast_entry) entries;	/* check: all of them, by number */
	AST_LIST(struct ast_routes) routes;	/* check: sorted by name */
	AST_LIST(struct ast_step) steps;	/* in their order */
	AST_LIST(struct ast_group) mapped;	/* check: map:STEP/ROLE, each once */
	const struct pol_node *modules_at;	/* the section, or NULL */
	struct ast_store *store;	/* NULL: none */
	struct ast_audit *audit;	/* NULL: none */
	struct ast_tokens *tokens;	/* NULL: not said */
	bool has_credentials;
	enum ast_enabled enabled;
	const struct pol_node *enabled_env;	/* the variable's name, or NULL */
	const struct pol_node *enabled_at;	/* the section, or NULL */
	void (*warning)(void *ctx, const char *file, uint32_t line, uint32_t column, const char *text);
	void *warning_ctx;
	void *names;			/* check's own dictionaries */
};

#endif
