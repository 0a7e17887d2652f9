/* SPDX-License-Identifier: Apache-2.0 */
/* A store is told to forget what ended: once an hour of the engine's clock, by the service,
 * and never what people might still need. */
#include "admins.h"

#include <time.h>

#define HOUR INT64_C(3600000000000)

/* The store is asked once a second of the real clock. */
static void
serve(struct policy *p)
{
	const struct timespec pause = { 1, 50000000 };

	nanosleep(&pause, NULL);
	(void)policy_service(p, 0);
}

int
main(void)
{
	const int64_t begun = admins_time;
	struct policy *p;
	struct told got;
	struct as by;

	admins_err.size = sizeof(admins_err);
	if (!chaos_check(admins_begin(), "shared memory, and modules to load"))
		return chaos_finish();
	(void)admins_fresh(0);
	p = admins_open();
	if (!chaos_check(p != NULL && bootstrap(p, "root", &got) == 0, "the set opens"))
		return chaos_finish();
	serve(p);
	chaos_check(admins_memory->forgot == 0, "not when it is opened");
	admins_time = begun + HOUR - 1;
	serve(p);
	chaos_check(admins_memory->forgot == 0, "not within an hour");
	admins_time = begun + HOUR;
	serve(p);
	chaos_check(admins_memory->forgot == 1 && admins_memory->forgot_before == begun + HOUR - 7 * 24 * HOUR,
	    "after one: what ended a week ago");
	serve(p);
	chaos_check(admins_memory->forgot == 1, "and then not again");
	admins_time = begun - 5 * HOUR;
	serve(p);
	admins_time = begun - 4 * HOUR - 1;
	serve(p);
	chaos_check(admins_memory->forgot == 1, "a clock that went back begins anew");
	admins_time = begun + 9 * HOUR;
	(void)user(p, as_user(&by, "root"), "bob", 0, &got);
	chaos_check(admins_memory->forgot == 1, "no caller waits for it");
	serve(p);
	chaos_check(admins_memory->forgot == 2, "the service does it");
	policy_close(p);
	admins_end();
	return chaos_finish();
}
