/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts: who there is, who may what, with which tokens. Each call judges on what the
 * store had told by then, makes rows, and writes them only where the store has nothing
 * newer; else it judges again. So two who write at once cannot break together what
 * neither would break alone.
 *
 * What it needs of the room above comes as struct pol_admin_env.
 */
#ifndef POL_ADMIN_ADMIN_H
#define POL_ADMIN_ADMIN_H

#include <policy_admin.h>
#include <policy_module.h>

#include "core/core.h"

/* By whom, as it was proved: of several credentials no more than all have. */
struct pol_caller {
	struct policy_text type, id;
	bool scoped;
	const struct policy_text *scopes;
	size_t n_scopes;
	struct policy_text kinds[POLICY_CREDENTIALS_MAX];
	size_t n_kinds;
	struct policy_text token_id;	/* absent: it is none that has an id */
	int64_t expires_ns;		/* 0: not known, or never */
	bool several;			/* credentials of several, each with bounds of its own */
};

/* A resource as a decision is asked for it. */
struct pol_admin_on {
	struct policy_text type, id;
	struct policy_text user_id, owner, org, kind;	/* attributes; absent: it has it not */
};

struct pol_admin_issue {
	struct policy_text step, kind, type, name, id;	/* id: the token's, its `jti` */
	const struct policy_text *scopes;
	size_t n_scopes;
	bool scoped;
	int64_t now_ns, expires_ns;
};

struct pol_admin_env {
	void *ctx;
	int64_t token_life, token_most;	/* ns */
	/* What the store has is known when it returns; *seen is its newest change. */
	int (*sync)(void *ctx, uint64_t *seen, struct policy_error *err);
	/* POLICY_ERR_AGAIN: the store has something newer than *seen. 0: durable, and in force. */
	int (*write)(void *ctx, const struct policy_row *rows, size_t n, uint64_t seen, struct policy_error *err);
	/* Between the two: nothing foreign, nothing that waits. NULL: the engine is off. */
	const struct pol_engine *(*enter)(void *ctx);
	void (*leave)(void *ctx);
	/* As the caller. 0 or a negative policy_err; out is a deny unless it says allow. */
	int (*decide)(void *ctx, const char *action, const struct pol_admin_on *on, struct policy_decision *out);
	int64_t (*now)(void *ctx);
	int (*backup)(void *ctx, const char *path, struct policy_error *err);
	/* NULL: no step of the set can. */
	int (*issue)(void *ctx, const struct pol_admin_issue *want, struct policy_issued *out, struct policy_error *err);
};

/* Structs are of our size. caller NULL: bootstrap. */
struct pol_admin {
	const struct pol_admin_env *env;
	const struct pol_caller *caller;
	struct policy_error *err;	/* never NULL */
};

int pol_admin_user_create(const struct pol_admin *a, const struct policy_user *want, policy_user_fn *fn, void *ctx);
int pol_admin_user_show(const struct pol_admin *a, const char *who, policy_user_fn *fn, void *ctx);
int pol_admin_user_list(const struct pol_admin *a, policy_user_fn *fn, void *ctx);
int pol_admin_user_change(const struct pol_admin *a, const char *who, uint32_t what, const struct policy_user *to);
int pol_admin_user_password(const struct pol_admin *a, const char *who, struct policy_text old, struct policy_text new);
int pol_admin_user_delete(const struct pol_admin *a, const char *who);

int pol_admin_grant_add(const struct pol_admin *a, const struct policy_grant *want, policy_grant_fn *fn, void *ctx);
int pol_admin_grant_remove(const struct pol_admin *a, const char *id);
int pol_admin_grant_list(const struct pol_admin *a, const char *who, policy_grant_fn *fn, void *ctx);

int pol_admin_token_create(const struct pol_admin *a, const struct policy_token_info *want, policy_token_fn *fn, void *ctx);
/* itself: whose id was proved by the token itself, which needs no decision. */
int pol_admin_token_show(const struct pol_admin *a, const char *id, bool itself, policy_token_fn *fn, void *ctx);
int pol_admin_token_list(const struct pol_admin *a, const char *who, policy_token_fn *fn, void *ctx);
int pol_admin_token_renew(const struct pol_admin *a, const char *id, int64_t expires_ns, policy_token_fn *fn, void *ctx);
int pol_admin_token_revoke(const struct pol_admin *a, const char *id);

int pol_admin_bootstrap(const struct pol_admin *a, const struct policy_user *want, const char *role, policy_user_fn *fn,
    void *ctx);
int pol_admin_backup(const struct pol_admin *a, const char *path);
int pol_admin_import(const struct pol_admin *a, const struct policy_import *list, size_t n,
    int (*skipped)(void *ctx, size_t at, const struct policy_error *why), void *ctx);

#endif
