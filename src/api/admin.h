/* SPDX-License-Identifier: Apache-2.0 */
/* A call of policy_admin.h under way: who makes it, and what admin/ needs of api/. */
#ifndef POL_API_ADMIN_H
#define POL_API_ADMIN_H

#include "admin/admin.h"
#include "api/did.h"
#include "api/judge.h"

struct pol_as {
	struct policy *p;
	struct policy_request req;	/* of our size; who asks, and nothing else */
	struct policy_token token;	/* of an asserted subject, likewise */
	struct pol_judged judged;	/* its credentials: once for the whole call */
	bool changed;			/* they are good no more */
	struct policy_identity id;
	struct pol_caller caller;
	struct pol_admin_env env;
	struct pol_admin admin;		/* what admin/ is handed */
	_Atomic uint32_t *in;		/* the snapshot held */
	struct pol_did did;
};

/* as NULL: nobody asks (bootstrap). action: as it is recorded. err is never NULL. 0, or a
 * negative policy_err with err filled; then it is not to be ended. */
int pol_as_begin(struct pol_as **out, struct policy *p, const struct policy_request *as, const char *action,
    struct policy_error *err);
/* How the call ended; what it returns, for it is recorded. */
int pol_as_end(struct pol_as *a, int rc);

/* Whose token it is that was handed in itself: its id in *id, in place of who asks. */
int pol_as_itself(struct pol_as **out, char id[POL_MAX_ID + 1], struct policy *p, const struct policy_credential *itself,
    const char *action, struct policy_error *err);

/* env.issue */
int pol_issue_token(void *ctx, const struct pol_admin_issue *want, struct policy_issued *out, struct policy_error *err);

#endif
