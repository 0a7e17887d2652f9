/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first, second, third... allocation of a single change fails, it alone or all
 * that follow too: the change is refused and nothing has happened, or it has happened
 * whole.
 */
#include "chaos.h"

#ifdef CHAOS_SANITIZER

int
main(void)
{
	chaos_skip(1, "failing allocations (a sanitizer has an allocator of its own)");
	return chaos_finish();
}

#else

#include <stdbool.h>
#include <string.h>

#include "api/handle.h"
#include "heap.h"

struct change {
	const char *role, *type, *name, *resource_type, *glob;	/* resource_type NULL: everywhere */
	bool window, add;
};

/* Each kind of holder, resource and window; each taken away again. */
static const struct change changes[] = {
	{ "reader", "user", "new", "file", "f", false, true },
	{ "reader", "user", "new", "file", "f", false, false },
	{ "reader", "user", "new", "file", "g", true, true },
	{ "reader", "user", "new", "file", "g", true, false },
	{ "writer", "group", "staff", "folder", "top", false, true },
	{ "writer", "group", "staff", "folder", "top", false, false },
	{ "reader", "user", "*", "folder", NULL, true, true },
	{ "reader", "user", "*", "folder", NULL, true, false },
	{ "reader", "", "everyone", "file", "x*", false, true },
	{ "reader", "", "everyone", "file", "x*", false, false },
	{ "reader", "user", "new", NULL, NULL, false, true },
	{ "reader", "user", "new", NULL, NULL, false, false },
	{ "reader", "group", "staff", NULL, NULL, true, true },
	{ "reader", "group", "staff", NULL, NULL, true, false },
	{ "sharer", "", "authenticated", NULL, NULL, true, true },
	{ "sharer", "", "authenticated", NULL, NULL, true, false },
};

static int
apply(void *ctx, struct pol_people_root *from, const struct pol_program *program, struct pol_people_root **out)
{
	const struct change *c = ctx;
	struct pol_who who = { policy_text(c->type), policy_text(c->name) };
	uint32_t role = pol_find_role(program, c->role, strlen(c->role));
	struct pol_grant_fact f;
	uint64_t hash;

	memset(&f, 0, sizeof(f));
	f.roles = &role;
	f.n_roles = 1;
	f.to = &who;
	f.n_to = 1;
	if (c->resource_type != NULL) {
		f.has_resource = true;
		f.type = pol_find_type(program, c->resource_type, strlen(c->resource_type), &hash);
		f.glob = policy_text(c->glob);
	}
	if (c->window) {
		f.has_from = f.has_until = true;
		f.from.sec = 4000000000;		/* long to come: no answer changes */
		f.until.sec = 5000000000;
	}
	return c->add ? pol_people_add_grant(from, program, &f, out) :
	    pol_people_remove_grant(from, program, &f, out);
}

static int
answers_hold(struct policy *p)
{
	struct policy_decision d = POLICY_DECISION_INIT;
	size_t i;

	for (i = 0; i < CHAOS_REQUESTS; i++)
		if (!chaos_ask(p, i, &d))
			return 0;
	return 1;
}

/* How many allocations failed before one change got through. */
static long
change(struct policy *p, struct change c)
{
	long n;
	int rc = -1;

	for (n = 1; n < 100000; n++) {
		uint64_t before = policy_generation(p);

		heap_live = 0;
		heap_failed = 0;
		heap_fail = n;
		heap_on = 1;
		rc = pol_handle_change(p, apply, &c);
		heap_on = 0;
		if (rc == 0)
			break;
		if (!chaos_check(rc == POLICY_ERR_NOMEM && heap_failed, "a failed change is told as something else")) {
			printf("    %s %s:%s: %d\n", c.role, c.type, c.name, rc);
			break;
		}
		chaos_check(policy_generation(p) == before, "a failed change changed the generation");
		chaos_check(heap_live == 0, "a failed change leaves memory behind");
		chaos_check(answers_hold(p), "a failed change changed an answer");
	}
	heap_fail = 0;
	chaos_check(rc == 0, "the change never gets through");
	return n - 1;
}

int
main(void)
{
	struct policy *p;
	long failed = 0;

	for (heap_for_good = 0; heap_for_good < 2; heap_for_good++) {
		heap_failed = 0;
		heap_live = 0;
		heap_on = 1;
		if (!chaos_check(policy_open_text(&p, "chaos.yaml", chaos_set, sizeof(chaos_set) - 1, NULL, NULL) == 0,
		    "the set does not open"))
			break;
		long live = heap_live;

		heap_on = 0;
		for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
			failed += change(p, changes[i]);
			live += heap_live;
			if (!changes[i].add)
				chaos_check(answers_hold(p), "what was taken away left something");
		}
		heap_live = live;
		heap_on = 1;
		policy_close(p);
		heap_on = 0;
		chaos_check(heap_live == 0, "closing leaves memory behind");
	}
	printf("%zu changes, %ld allocations failed in turn\n", 2 * sizeof(changes) / sizeof(changes[0]), failed);
	return chaos_finish();
}

#endif
