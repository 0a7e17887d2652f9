/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that a step of the set makes and keeps in a file of its own. Who asks is decided as
 * in any request, which is also what is recorded of it; then the step is asked.
 */
#include <stddef.h>
#include <string.h>

#include "api/admin.h"
#include "base/err.h"
#include "base/sized.h"

#define LEAST_ERROR ((uint32_t)offsetof(struct policy_error, line))

static int
decide(struct policy *p, const struct policy_request *as, const char *kind, struct policy_error *err)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	int rc = pol_sized_in(&req, sizeof(req), sizeof(as->size), as);

	if (rc != 0)
		return pol_err_set(err, rc, NULL, 0, 0, "the size of the request that says who asks makes no sense");
	if (req.action.data != NULL || req.resource_type.data != NULL || req.resource_id.data != NULL)
		return pol_err_set(err, POLICY_ERR_ARG, NULL, 0, 0, "who asks is said without an action or a resource");
	req.size = sizeof(req);
	req.action = policy_text("keys:rotate");
	req.resource_type = policy_text("key");
	req.resource_id = policy_text(kind);
	rc = policy_decide(p, &req, &d);
	if (rc != 0)
		return pol_err_set(err, rc, NULL, 0, 0, "it cannot be decided: %s", policy_strerror(rc));
	if (d.verdict == POLICY_ALLOW && d.reason != POLICY_REASON_DISABLED)
		return 0;
	if (d.reason == POLICY_REASON_DISABLED)
		return pol_err_set(err, POLICY_ERR_UNSUPPORTED, NULL, 0, 0, "the policy engine is switched off");
	return pol_err_set(err, d.reason == POLICY_REASON_UNAVAILABLE ? POLICY_ERR_UNAVAILABLE : POLICY_ERR_DENIED, NULL, 0, 0,
	    "keys:rotate of key/%.64s is denied: %s", kind, policy_reason_name((int)d.reason));
}

static void
tell(const struct policy_issued *made, const char *step, const char *kind, int64_t now, policy_token_fn *fn, void *ctx)
{
	struct policy_token_info i = POLICY_TOKEN_INFO_INIT;

	i.id = policy_text(made->token_id);
	i.kind = policy_text(kind);
	i.step = policy_text(step);
	i.secret = (struct policy_text){ made->data, made->data_len };
	i.created_ns = i.issued_ns = now;
	i.expires_ns = made->expires_ns;
	i.active = 1;
	if (fn != NULL)
		(void)fn(ctx, &i);
}

static int
rotate(struct policy *p, const struct policy_request *as, const char *step, const char *kind, int64_t expires_ns,
    policy_token_fn *fn, void *ctx, struct policy_error *err)
{
	struct pol_as by = { .p = p };
	struct pol_admin_issue want = { .expires_ns = expires_ns };
	struct policy_issued made;
	int rc;

	if (p == NULL || step == NULL || kind == NULL || expires_ns < 0)
		return pol_err_set(err, POLICY_ERR_ARG, NULL, 0, 0, "an argument is missing");
	if (pol_handle_only_reads(p))
		return pol_err_set(err, POLICY_ERR_UNSUPPORTED, NULL, 0, 0,
		    "the set is opened for reading only (POLICY_READ_ONLY), so nothing of it is changed here");
	rc = as != NULL ? decide(p, as, kind, err) : 0;
	if (rc != 0)
		return rc;
	want.step = policy_text(step);
	want.kind = policy_text(kind);
	want.now_ns = pol_judge_clock(p);
	memset(&made, 0, sizeof(made));
	made.size = sizeof(made);
	rc = pol_issue_token(&by, &want, &made, err);
	if (rc == 0)
		tell(&made, step, kind, want.now_ns, fn, ctx);
	explicit_bzero(&made, sizeof(made));
	return rc;
}

int
policy_key_rotate(struct policy *p, POLICY_ADMIN_AS, const char *step, const char *kind, int64_t expires_ns,
    policy_token_fn *fn, void *ctx, struct policy_error *err)
{
	struct policy_error ours = POLICY_ERROR_INIT;
	int rc;

	if (err != NULL && pol_sized_check(err, sizeof(*err), LEAST_ERROR) != 0)
		return POLICY_ERR_ABI;
	rc = rotate(p, as, step, kind, expires_ns, fn, ctx, &ours);
	if (err != NULL)
		pol_sized_out(err, &ours, sizeof(ours));
	return rc;
}
