/* SPDX-License-Identifier: Apache-2.0 */
/* The first, second, third... allocation of a search fails, it alone or all that follow too:
 * all is told, or nothing is, and nothing is left behind. */
#include "chaos.h"

#ifdef CHAOS_SANITIZER

int
main(void)
{
	chaos_skip(1, "failing allocations (a sanitizer has an allocator of its own)");
	return chaos_finish();
}

#else

#include <string.h>

#include "heap.h"

enum { USERS = 300 };

static int
count(void *ctx, struct policy_text type, struct policy_text id)
{
	unsigned *n = ctx;

	(void)type;
	(void)id;
	(*n)++;
	return 0;
}

/* nth 0: none fails. How many allocations and frees there were. */
static long
search(struct policy *p, long nth, int for_good)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	unsigned n = 0;
	int rc;

	req.action = policy_text("go");
	heap_calls = heap_live = 0;
	heap_fail = nth;
	heap_failed = 0;
	heap_for_good = for_good;
	heap_on = 1;
	rc = policy_search(p, POLICY_SEEK_SUBJECT, &req, count, &n, &err);
	heap_on = 0;
	chaos_check(rc == 0 ? n == USERS : n == 0, "all is told, or nothing");
	chaos_check(rc == 0 || (rc == POLICY_ERR_NOMEM && heap_failed && err.code == rc && err.text[0] != '\0'), "why it failed");
	chaos_check(heap_live == 0, "nothing is left behind");
	return heap_calls;
}

int
main(void)
{
	static char text[USERS * 32];
	size_t len = (size_t)snprintf(text, sizeof(text),
	    "policy: 1\nactions: [go]\nroles: { r: { allow: go } }\nauthenticated: { roles: r }\nusers:\n");
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy *p = NULL;
	long calls;

	for (int i = 0; i < USERS; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "  u%d:\n", i);
	if (!chaos_check(policy_open_text(&p, "set", text, len, NULL, &err) == 0, "the set does not open"))
		return chaos_finish();
	calls = search(p, 0, 0);
	chaos_check(calls > 4, "it allocates");
	for (long nth = 1; nth <= calls; nth++) {
		search(p, nth, 0);
		search(p, nth, 1);
	}
	search(p, 0, 0);
	policy_close(p);
	return chaos_finish();
}

#endif
