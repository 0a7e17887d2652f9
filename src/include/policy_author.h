/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_author.h - for those who write policies: check, test, dump, explain.
 * What policyctl is made of.  In libpolicy-author.so.
 *
 * A policy_set is a set opened for its author: the owner and mode of files are
 * warned about, not refused; fixtures may be heard; tests are kept.  It never
 * changes once open, and any number of threads may use it.
 */
#ifndef POLICY_AUTHOR_H
#define POLICY_AUTHOR_H

#include <policy.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct policy_set;

/* A warning found while opening; the texts are valid for the call. */
typedef void policy_warning_fn(void *ctx, const char *file, uint32_t line,
    uint32_t column, const char *text);
/* done of total bytes read and built so far; from the calling thread. */
typedef void policy_progress_fn(void *ctx, uint64_t done, uint64_t total);

struct policy_set_options {
	uint32_t size;
	uint32_t flags;				/* POLICY_SET_FIXTURES */
	const struct policy_limits *limits;	/* NULL: defaults */
	policy_warning_fn *warning;		/* NULL: not told */
	void *warning_ctx;
	policy_progress_fn *progress;		/* NULL: not told */
	void *progress_ctx;
	uint64_t reserved[4];
};

#define POLICY_SET_OPTIONS_INIT { .size = sizeof(struct policy_set_options) }
#define POLICY_SET_FIXTURES 1u		/* decide and explain hear `fixtures:` */

/*
 * Opens the files and directories named (n of them) as one set.  On failure
 * *out is NULL and err is filled: POLICY_ERR_INVALID, _NOENT, _IO, _NOMEM,
 * _LIMIT.  policy_set_open_text: one text named `name`.
 */
int policy_set_open(struct policy_set **out, const char *const *paths, size_t n,
    const struct policy_set_options *opt, struct policy_error *err);
int policy_set_open_text(struct policy_set **out, const char *name,
    const char *text, size_t len, const struct policy_set_options *opt,
    struct policy_error *err);
void policy_set_close(struct policy_set *set);

/*
 * policy_decide() on this set.  now: RFC 3339, or NULL for the real clock; it
 * becomes context.time as it is written.  On a negative return err (may be
 * NULL) has the sentence; out is a deny.  trace may be NULL.
 */
int policy_set_decide(struct policy_set *set, const struct policy_request *req,
    const char *now, struct policy_decision *out, struct policy_trace *trace,
    struct policy_error *err);

/* One line of a test that was run.  The texts are valid for the call. */
struct policy_test_result {
	const char *file;
	uint32_t line;			/* of the test */
	uint32_t ok;
	const char *what;		/* "ACTION TYPE/ID" as written */
	const char *wanted;		/* "allow" or "deny" */
	const char *because;		/* or NULL */
	const char *got;		/* "allow" or "deny" */
	const char *reason;		/* the reason's name */
	const char *rule;		/* or "" */
};
typedef void policy_test_fn(void *ctx, const struct policy_test_result *r);

/* Runs every test of the set, with fixtures. Returns 0 when run, whether or
 * not they passed. each may be NULL. */
int policy_set_test(struct policy_set *set, policy_test_fn *each, void *ctx,
    size_t *passed, size_t *failed, struct policy_error *err);

/*
 * The set in one stable form, whatever the order and number of its files: every
 * name resolved, sorted.  *out is the caller's, freed with policy_author_free.
 */
int policy_set_dump(struct policy_set *set, char **out, size_t *len,
    struct policy_error *err);

/*
 * Why a request is allowed or denied: the rule; or, for a deny, the nearest
 * entry that would have allowed it and the first condition of it that failed.
 */
enum policy_distance {
	POLICY_NEAR_NONE = 0,		/* no entry names the action at all */
	POLICY_NEAR_CONDITION,		/* held and matching; a condition is not true */
	POLICY_NEAR_RESOURCE,		/* held; another resource */
	POLICY_NEAR_WINDOW,		/* granted here, but not at this time */
	POLICY_NEAR_ELSEWHERE,		/* the role is granted on other resources only */
	POLICY_NEAR_ROLE		/* the role is not held at all */
};

struct policy_explanation {
	uint32_t size;
	uint32_t near;			/* enum policy_distance, for a deny by no_rule,
					 * insufficient_scope or ceiling */
	uint32_t near_line;		/* of the nearest entry */
	uint32_t test_line, test_column;
	uint32_t test_outcome;		/* POLICY_OUTCOME_FALSE or _UNKNOWN */
	uint32_t grant_line;		/* of the grant, for _WINDOW and _ELSEWHERE */
	char near_rule[400], near_file[256], near_role[256];
	char test[512], test_file[256];	/* the first condition that failed */
	char missing[256];		/* the path that had no value, if that is why */
	char grant_file[256], grant_text[512];
	char role[256];			/* of the rule that decided */
	char text[2048];		/* the whole, in sentences, for people */
	struct policy_decision decision;
};

#define POLICY_EXPLANATION_INIT { .size = sizeof(struct policy_explanation), \
	.decision = POLICY_DECISION_INIT }

int policy_set_explain(struct policy_set *set, const struct policy_request *req,
    const char *now, struct policy_explanation *out, struct policy_error *err);

/* What a request of HTTP is taken for, as policy_decide_http() takes it; out->found says
 * whether it is.  A malformed target or body: POLICY_ERR_ARG; a long one: POLICY_ERR_LIMIT. */
int policy_set_route(struct policy_set *set, const struct policy_http *http,
    struct policy_routed *out, struct policy_error *err);

/* Counts of a set, for people and for benchmarks. */
struct policy_set_info {
	uint32_t size;
	uint32_t files, types, actions, roles, entries, conditions, scopes, kinds;
	uint32_t users, groups, grants, entities, tests;
	uint64_t program_bytes, people_bytes;
};
#define POLICY_SET_INFO_INIT { .size = sizeof(struct policy_set_info) }
int policy_set_get_info(const struct policy_set *set, struct policy_set_info *out);

void policy_author_free(void *p);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
