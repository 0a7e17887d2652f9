/* SPDX-License-Identifier: Apache-2.0 */
/* A signed token, by the step that is asked for it: foreign code, so outside of a snapshot. */
#include "api/admin.h"
#include "api/child.h"
#include "auth/stack.h"
#include "base/err.h"

int
pol_issue_token(void *ctx, const struct pol_admin_issue *want, struct policy_issued *out, struct policy_error *err)
{
	const struct policy_issue how = { .size = sizeof(how), .flags = want->scoped ? POLICY_ISSUE_SCOPED : 0,
	    .kind = want->kind, .subject_type = want->type, .subject_id = want->name, .now_ns = want->now_ns,
	    .expires_ns = want->expires_ns, .token_id = want->id, .scopes = want->scopes, .scopes_count = want->n_scopes };
	struct policy *p = ((struct pol_as *)ctx)->p;
	struct pol_stack *stack = NULL;
	const struct pol_snapshot *s;
	_Atomic uint32_t *in;
	int rc = pol_child_ready(p, false);

	if (rc != 0)
		return pol_err_set(err, POLICY_ERR_UNAVAILABLE, NULL, 0, 0,
		    "the steps of the set cannot be opened in this process");
	s = pol_handle_enter(p, &in);
	if (s != NULL && !s->off)
		stack = atomic_load_explicit(&s->stack, memory_order_acquire);
	if (stack != NULL)
		pol_stack_hold(stack);
	pol_handle_exit(in);
	if (stack == NULL)
		return pol_err_set(err, POLICY_ERR_UNSUPPORTED, NULL, 0, 0, "the set has no steps");
	rc = pol_stack_issue(stack, want->step, &how, out, err);
	pol_stack_drop(stack);
	return rc;
}
