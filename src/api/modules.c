/* SPDX-License-Identifier: Apache-2.0 */
/* Between a set's `modules:` and the stack that auth opens of it. */
#include "api/modules.h"

#include <string.h>

#include "api/accounts.h"
#include "api/judge.h"
#include "api/logins.h"
#include "api/open.h"
#include "api/service.h"
#include "api/steps.h"
#include "auth/stack.h"
#include "base/err.h"

/* Verified requests that are kept: 7 MiB at most, touched as they come. */
#define KEPT 3584u

static void
log_line(void *ctx, enum policy_log_level level, const char *text)
{
	pol_open_say(ctx, level, "%s", text);
}

static int64_t
clock_now(void *ctx)
{
	return pol_judge_clock(ctx);
}

static void
wake(void *ctx)
{
	pol_service_wake(ctx);
}

int
pol_modules_open(struct policy *p, struct pol_snapshot *s, const struct ast_set *set, struct policy_error *err)
{
	struct pol_stack_conf conf;
	struct pol_stack *stack;
	int rc;

	memset(&conf, 0, sizeof(conf));
	rc = pol_steps_conf(&conf, set, err);
	if (rc != 0)
		return rc;
	if (conf.n == 0) {
		pol_arena_fini(&conf.arena);
		return 0;
	}
	if (p->cache == NULL && (rc = pol_cache_new(&p->cache, KEPT)) != 0) {
		pol_arena_fini(&conf.arena);
		return pol_err_set(err, rc, NULL, 0, 0, "no memory for verified credentials, or no random bytes");
	}
	if (p->logins == NULL && (rc = pol_logins_new(&p->logins)) != 0) {
		pol_arena_fini(&conf.arena);
		return pol_err_set(err, rc, NULL, 0, 0, "no memory for counts of passwords, or no random bytes");
	}
	conf.module_dir = p->module_dir != NULL ? p->module_dir : POL_MODULE_DIR;
	conf.load = p->load;
	conf.ctx = p;
	conf.log = p->log != NULL ? log_line : NULL;
	conf.clock = clock_now;
	conf.wake = wake;
	conf.store = &pol_accounts_store;
	conf.only_reads = pol_handle_only_reads(p);
	rc = pol_stack_open(&stack, &conf, s->engine.program, err);
	if (rc == 0)
		atomic_store(&s->stack, stack);
	return rc;
}
