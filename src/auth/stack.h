/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a set, open, and what they say of a request's credentials together.
 */
#ifndef POL_AUTH_STACK_H
#define POL_AUTH_STACK_H

#include <stdbool.h>

#include <policy_module.h>

#include "auth/identity.h"
#include "base/arena.h"
#include "core/core.h"

/* Order is that of the rows of control.c and of compile's words. */
enum pol_control { POL_BINDING, POL_REQUIRED, POL_REQUISITE, POL_SUFFICIENT, POL_OPTIONAL, POL_CONTROL__COUNT };

/* `map: { roles: { CLAIM: { VALUE: ROLE } } }`: a credential of which the module says
 * that CLAIM is VALUE is in `group`, which the set's people give those roles. */
struct pol_step_map {
	struct policy_text claim, value, group;
};

struct pol_place {
	const char *file;
	uint32_t line, column;
};

struct pol_step_key {
	struct policy_text name;
	struct policy_value value;	/* as a condition's literal would be read: 30 is an integer, 30s a text */
	struct pol_place at;
};

/* One step as written. */
struct pol_step_conf {
	const char *use, *name;		/* the module; the step's own, by default the module's */
	struct pol_place at;
	enum pol_control control;
	const struct policy_text *for_kinds;	/* kinds of credentials it looks at; none: the module's */
	uint32_t n_for;
	const struct policy_text *kinds;	/* `kind:`, what it may call them; none: as they came */
	uint32_t n_kinds;
	struct policy_text subject_type, subject_id;	/* absent: not said */
	bool shared;			/* its people are also those of other steps */
	bool cache_said;
	int64_t cache_ns;
	enum { POL_UNSCOPED_UNSAID, POL_UNSCOPED_NONE, POL_UNSCOPED_FULL } unscoped;
	int64_t timeout_ns;		/* 0: the default, 5 s */
	const struct pol_step_key *with;
	uint32_t n_with;
	const struct pol_step_map *map;
	uint32_t n_map;
};

/* What steps may ask of the set's store: as struct policy_host has it. */
struct pol_stack_store {
	int (*find_user)(void *ctx, struct policy_text type, struct policy_text name, struct policy_account *out);
	int (*find_token)(void *ctx, const unsigned char sha256[32], struct policy_account *token,
	    struct policy_account *user);
	/* step: that asks; tokens of another one are none of its own */
	int (*find_token_id)(void *ctx, struct policy_text step, struct policy_text id, struct policy_account *token,
	    struct policy_account *user);
	void (*report_password)(void *ctx, struct policy_text uid, int good, struct policy_text seen, const char *rehash);
};

/* All of them, and whom they work for. Everything in it lies in its arena, which
 * pol_stack_open takes over, also when it fails; so a stack can be opened again. */
struct pol_stack_conf {
	struct pol_arena arena;
	const struct pol_step_conf *steps;
	uint32_t n;
	const char *module_dir;
	/* NULL: pol_module_load. Tests give their own. */
	int (*load)(const struct policy_module **out, const char *dir, const char *name, struct policy_error *err);
	/* of the handle; they outlive the stack. log may be NULL, the others not. */
	void *ctx;
	void (*log)(void *ctx, enum policy_log_level level, const char *text);
	int64_t (*clock)(void *ctx);	/* Unix ns */
	void (*wake)(void *ctx);	/* the service shall look at its stack */
	const struct pol_stack_store *store;	/* NULL: there is none */
	bool only_reads;		/* steps write nothing, and make no credentials */
};

struct pol_stack;

/*
 * Loads the modules, opens the steps, judges them together: a stack that cannot grant, a
 * step that can never run, people of two sources that nobody said to be the same, a kind
 * without a row in `program` (where it has credentials:) are refused, with the step's
 * place. All or nothing. May block.
 */
int pol_stack_open(struct pol_stack **out, struct pol_stack_conf *conf,
    const struct pol_program *program, struct policy_error *err);
/* The same steps once more, from the same settings: after a fork, what the parent had
 * open is nobody's to touch. `old` is abandoned, not closed: dropping it does nothing, and
 * its memory ends with the new one's. On failure it is as it was. */
int pol_stack_again(struct pol_stack **out, struct pol_stack *old, const struct pol_program *program,
    struct policy_error *err);
/* Counted: a stack that nobody holds any more is closed by who let go last. */
void pol_stack_hold(struct pol_stack *s);
void pol_stack_drop(struct pol_stack *s);
/* Of no other stack in this process. */
uint64_t pol_stack_serial(const struct pol_stack *s);

/* What a request sent. */
struct pol_asked {
	const struct policy_credential *list;	/* of checked shape */
	size_t n;			/* 1 to POLICY_CREDENTIALS_MAX */
	bool nonblock, no_wait;
	int64_t now_ns;			/* Unix */
	int64_t deadline_ns;		/* CLOCK_MONOTONIC; 0: the steps' own */
};

/*
 * Judges each credential by the steps that look at its kind. ids has room for asked->n;
 * one is filled for each credential, but for those that a second factor used up; *n_ids
 * of them. *until: Unix ns, as long as all of it may be cached; 0: not at all.
 * 0 with *reason POLICY_REASON_RULE: all are good, of one subject, not expired. 0 with
 * another reason: denied, ids hold nothing. POLICY_ERR_AGAIN: a step would block.
 */
int pol_stack_judge(struct pol_stack *s, const struct pol_asked *asked, struct policy_identity *ids,
    size_t *n_ids, int64_t *until, enum policy_reason *reason);

/* ---- for the service ---- */

/* Files to watch, in any order; NULL behind the last. */
const char *pol_stack_watched(const struct pol_stack *s, uint32_t i);
/* Has it any such work? */
bool pol_stack_needs_service(const struct pol_stack *s);
/* A file changed: the steps that named it are served next. */
void pol_stack_changed(struct pol_stack *s, const char *path);
/* Serves the steps that are due at `now` (CLOCK_MONOTONIC ns); *next: when to come again,
 * INT64_MAX: only on wake or change. Returns how many were served. One thread at a time. */
uint32_t pol_stack_serve(struct pol_stack *s, int64_t now, int64_t *next);

/* A credential of the step called so, made by its module; *out is emptied first. May block.
 * 0 or a negative policy_err with err filled: UNSUPPORTED, NOENT where there is none. */
int pol_stack_issue(const struct pol_stack *s, struct policy_text step, const struct policy_issue *want,
    struct policy_issued *out, struct policy_error *err);

/* The module of a step called `name`, its state; NULL: none. For issue(). Held by who
 * holds the stack. */
const struct policy_module *pol_stack_find(const struct pol_stack *s, const char *name, void **state);

#endif
