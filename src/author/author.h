/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of author/ share: the open set, and how a request is decided on it. */
#ifndef POL_AUTHOR_AUTHOR_H
#define POL_AUTHOR_AUTHOR_H

#include <stdbool.h>

#include <policy_author.h>

#include "base/sized.h"
#include "compile/compile.h"
#include "core/fill.h"
#include "load/file.h"

struct policy_set {
	struct pol_files files;		/* what the tree below may point into */
	struct ast_set *ast;
	struct pol_code *code;
	struct pol_engine own;		/* the policy's own people */
	struct pol_engine full;		/* with the fixtures */
	struct pol_people_root *own_people, *full_people;
	bool fixtures;			/* decide and explain hear them */
};

/* ---- decide.c ---- */

/* A decided request: what explain.c looks at besides the answer. */
struct pol_decided {
	struct pol_answer answer;
	struct pol_time now;
	struct policy_text now_text;	/* data NULL: the real clock */
	const char *why;		/* of a refusal, or NULL */
	int rc;				/* 0, or why there is no answer */
};

/* *req and its token as our own size: themselves, or copies in the rooms given. 0, or
 * POLICY_ERR_ABI. */
int pol_decide_take(const struct policy_request **req, struct policy_request *room,
    struct policy_token *token_room);
/* Decides a request of our own size. Returns d->rc, and fills err when it is not 0. */
int pol_decide_run(const struct pol_engine *e, const struct policy_request *req,
    const char *now, const struct pol_witness *witness, struct pol_decided *d,
    struct policy_error *err);
/* The public form of it. out->size is set by the caller. */
void pol_decide_fill(const struct pol_engine *e, const struct policy_request *req,
    const struct pol_decided *d, struct policy_decision *out);

/* ---- held.c: who holds which role, and through what, by walking the text ---- */

enum pol_held {				/* the nearer the smaller */
	POL_HELD_YES, POL_HELD_WINDOW, POL_HELD_ELSEWHERE, POL_HELD_NO
};

struct pol_holding {
	enum pol_held how;
	const struct ast_grant *grant;	/* WINDOW, ELSEWHERE; YES: if a grant it is */
	const struct ast_group *group;	/* YES: if it comes from a group's `roles` */
	const struct ast_user *user;	/* YES: if it comes from a user's `roles` */
	const struct ast_everyone *everyone;
	uint32_t through;		/* the role given, which includes this one */
};

/* One thing of the graph above a resource. */
struct pol_held_above {
	uint32_t type;
	struct policy_text id;
};

struct pol_held_state {
	struct pol_arena arena;
	struct pol_holding *roles;	/* by role number */
	const struct ast_group **groups;	/* the subject's, transitively */
	size_t n_groups;
	struct pol_held_above *above;	/* the resource itself first */
	size_t n_above;
	const struct ast_user *user;	/* the subject's row, or NULL */
};

int pol_held_find(struct pol_held_state *out, const struct policy_set *set,
    bool fixtures, const struct policy_request *req, struct pol_time now);
void pol_held_fini(struct pol_held_state *s);
/* Does a pattern match the resource of type number `type`? */
bool pol_held_matches(const struct ast_pattern *p, uint32_t type, struct policy_text id);

/* ---- fact.c: what a path stands for in one request ---- */

struct pol_told_view {
	const struct policy_set *set;
	const struct policy_request *req;
	const struct ast_user *user, *actor;	/* rows heard, or NULL */
	const struct ast_thing *thing;
	uint32_t type;				/* of the resource, POL_NONE */
	struct policy_text now_text;
};

void pol_told_init(struct pol_told_view *v, const struct policy_set *set, bool fixtures,
    const struct policy_request *req, struct policy_text now_text);
/* Whether the path has a value; *out is POLICY_NULL for one that the engine computes
 * and that is not kept here (roles, groups). */
bool pol_told_get(const struct pol_told_view *v, const struct ast_path *path,
    struct policy_value *out);
const struct ast_user *pol_told_user(const struct policy_set *set, bool fixtures,
    struct policy_text type, struct policy_text id);
const struct ast_thing *pol_told_thing(const struct policy_set *set, bool fixtures,
    uint32_t type, struct policy_text id);
/* A member of a bag that is not null, or NULL. */
const struct policy_value *pol_told_member(const struct policy_attr *list, size_t n,
    const char *name, size_t len);
/* What a thing's attribute reads as: store, caller and default as the type says. */
const struct policy_value *pol_told_attribute(const struct ast_type *type,
    const struct ast_thing *thing, const struct policy_attrs *sent, const char *name, size_t len);

/* ---- say.c: sentences ---- */

void pol_say_text(struct pol_buf *b, struct policy_text t);
void pol_say_quoted(struct pol_buf *b, struct policy_text t);
void pol_say_value(struct pol_buf *b, const struct policy_value *v);
void pol_say_subject(struct pol_buf *b, struct policy_text type, struct policy_text id);
void pol_say_resource(struct pol_buf *b, const struct policy_request *req);
void pol_say_grant(struct pol_buf *b, const struct policy_set *set, const struct ast_grant *g,
    uint32_t role);
/* "FILE:LINE" of a place in the text. */
void pol_say_place(struct pol_buf *b, const struct policy_set *set, struct ast_place at);
/* Copies into a fixed field, cut with "..." where longer. */
void pol_say_into(char *out, size_t size, const char *s, size_t len);

#endif
