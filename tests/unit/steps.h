/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks of modules that live in this program and do what a test tells them. */
#ifndef POL_TESTS_STEPS_H
#define POL_TESTS_STEPS_H

#include <stdatomic.h>

#include "auth/stack.h"

#define STEPS_NOW INT64_C(1700000000000000000)
#define STEPS_SECOND INT64_C(1000000000)

/* One module, and the one step that uses it: its name is that of both. */
struct fake {
	const char *use;
	uint32_t flags;
	const char *kinds[4];		/* none: any */
	const struct policy_module_key *keys;
	/* what it does */
	int open_rc;
	const char *open_text, *open_file;
	const char *source;
	const char *watch[2];
	bool claims_not;		/* claims() says no */
	int outcome;
	const char *type, *subject;
	const char *group, *scope, *token_id, *kind, *attr, *claim, *value;
	bool scoped;
	int64_t expires, cacheable;	/* cacheable 0: not said */
	void (*more)(struct fake *f, const struct policy_call *c, struct policy_identity *id);
	int64_t serve_after;
	bool serves;
	/* what it saw */
	atomic_uint opened, closed, checked, served;
	unsigned why;			/* of the last serve() */
	unsigned order;			/* of its close() among all */
	_Atomic uint32_t call_flags;
	_Atomic int64_t deadline;
	struct policy_open_args args;
	struct policy_value with;
	const struct policy_host *host, *before;	/* of the last open(), of the one before it */
	struct policy_module module;
};

#define STEPS_MOST 8

struct steps {
	struct fake fakes[STEPS_MOST];
	struct pol_step_conf *confs;
	struct pol_stack_conf conf;
	struct pol_stack *stack;
	struct policy_error err;
	uint32_t n;
	unsigned woken, logged, closings;
	char line[4096];
	/* the last judgement */
	size_t asked;
	bool trampled;			/* an identity was written to that nobody offered */
	struct policy_identity ids[POLICY_CREDENTIALS_MAX];
	size_t n_ids;
	int64_t until;
	enum policy_reason reason;
};

/* Heap: the identities are large. One at a time. */
struct steps *steps_new(void);
void steps_free(struct steps *t);
/* A step that is binding and passes kind "key" as user:ann. */
struct pol_step_conf *steps_add(struct steps *t, const char *use);
struct fake *steps_fake(struct steps *t, const char *use);
struct policy_text *steps_texts(struct steps *t, const char *a, const char *b);
int steps_open(struct steps *t, const struct pol_program *program);
/* Is the set refused with a text that has `part`, at the step of that place? */
bool steps_refused(struct steps *t, const struct pol_program *program, uint32_t step, const char *part);
/* One credential, or several. Returns what pol_stack_judge does. */
int steps_judge(struct steps *t, const char *kind, const char *data);
int steps_judge_all(struct steps *t, const struct policy_credential *list, size_t n, bool nonblock);
#define STEPS_CREDENTIAL(k, d) { .kind = POLICY_TEXT(k), .data = POLICY_TEXT(d) }

#endif
