/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of verified credentials and the list of revoked ones under threads: readers
 * and writers meet in a few slots, and whatever is found must be whole and of its key; a
 * token that was revoked stays so while the list grows, forgets and frees. To be run
 * under ThreadSanitizer too.
 */
#include "chaos.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "auth/cache.h"
#include "auth/revoked.h"

enum { THREADS = 4, KEYS = 40, ROUNDS = 40000, TOKENS = 5000 };

static struct pol_cache *cache;
static struct pol_cache_key keys[KEYS];
static struct pol_revoked *revoked;
static atomic_uint torn, foreign, found, lost, added, inside[THREADS];
static atomic_int done;

/* The bytes of key k in writing w: all the same, their number too. */
static uint32_t
fill(char *buf, unsigned k, unsigned w)
{
	uint32_t len = 8 * (1 + (k * 7 + w * 13) % 200);

	memset(buf, (int)(k * 5 + w % 5), len);
	return len;
}

static void
look(char *buf, unsigned k)
{
	struct pol_cache_stand stand;
	uint32_t len = pol_cache_get(cache, &keys[k], 10, buf, &stand);

	if (len == 0)
		return;
	/* a version that was never this one's is nobody's */
	if (stand.print / 8 != k || (stand.version < KEYS && stand.version != k))
		atomic_fetch_add(&foreign, 1);
	pol_cache_seen(cache, &keys[k], &stand);
	atomic_fetch_add_explicit(&found, 1, memory_order_relaxed);
	if ((unsigned char)buf[0] / 5 != k)
		atomic_fetch_add(&foreign, 1);
	for (uint32_t i = 1; i < len; i++) {
		if (buf[i] != buf[0]) {
			atomic_fetch_add(&torn, 1);
			return;
		}
	}
}

static void *
use_cache(void *arg)
{
	unsigned x = *(unsigned *)arg * 2654435761u + 1;
	char buf[POL_PACKED_MAX];
	struct pol_cache_stand stand;

	for (unsigned i = 0; i < ROUNDS; i++) {
		x = x * 1664525u + 1013904223u;
		stand = (struct pol_cache_stand){ (x >> 8) % KEYS * 8 + (x >> 5) % 8, (x >> 8) % KEYS };
		if (x >> 30 == 0)
			pol_cache_put(cache, &keys[(x >> 8) % KEYS], 10, 20, buf, fill(buf, (x >> 8) % KEYS, i), &stand);
		else
			look(buf, (x >> 8) % KEYS);
	}
	return NULL;
}

static struct policy_text
token(char *room, size_t size, unsigned i)
{
	return (struct policy_text){ room, (size_t)snprintf(room, size, "token-%u", i) };
}

/* As deciders hold a snapshot: each look is between two marks of its own. */
static void *
use_revoked(void *arg)
{
	atomic_uint *mine = &inside[*(unsigned *)arg];
	unsigned x = *(unsigned *)arg + 1;
	char room[32];

	while (!atomic_load_explicit(&done, memory_order_relaxed)) {
		unsigned n = atomic_load_explicit(&added, memory_order_acquire);

		x = x * 1664525u + 1013904223u;
		atomic_fetch_add(mine, 1);
		/* those of odd number are for ever */
		if (n > 1 && !pol_revoked_has(revoked, policy_text("s"), token(room, sizeof(room), (x >> 8) % (n / 2) * 2 + 1)))
			atomic_fetch_add(&lost, 1);
		atomic_fetch_add(mine, 1);
	}
	return NULL;
}

static void
wait_for_readers(void)
{
	for (unsigned i = 0; i < THREADS; i++) {
		unsigned seen = atomic_load(&inside[i]);

		while ((seen & 1) != 0 && atomic_load(&inside[i]) == seen)
			sched_yield();
	}
}

static void
add_all(void)
{
	const struct timespec nap = { 0, 20000 };
	char room[32];
	unsigned failed = 0;

	for (unsigned i = 0; i < TOKENS; i++) {
		pol_revoked_now(revoked, i);
		failed += pol_revoked_add(revoked, policy_text("s"), token(room, sizeof(room), i), i % 2 != 0 ? 0 : (int64_t)i + 100) != 0;
		atomic_store_explicit(&added, i + 1, memory_order_release);
		if (i % 100 != 0)
			continue;
		pol_revoked_leave(revoked);
		wait_for_readers();
		pol_revoked_reclaim(revoked);
		nanosleep(&nap, NULL);
	}
	chaos_check(failed == 0, "a token could not be revoked");
}

static void
run(void *(*use)(void *), void (*beside)(void))
{
	pthread_t threads[THREADS];
	unsigned numbers[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		numbers[i] = i;
		pthread_create(&threads[i], NULL, use, &numbers[i]);
	}
	if (beside != NULL)
		beside();
	atomic_store(&done, 1);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

int
main(void)
{
	if (!chaos_check(pol_cache_new(&cache, 14) == 0 && pol_revoked_new(&revoked) == 0, "no memory"))
		return chaos_finish();
	for (unsigned i = 0; i < KEYS; i++) {
		char text[2] = { (char)('!' + i), '\0' };
		struct policy_credential c = { .kind = policy_text("bearer"), .data = policy_text(text) };

		pol_cache_key(cache, 1, &c, 1, &keys[i]);
	}
	run(use_cache, NULL);
	printf("    %u found\n", atomic_load(&found));
	chaos_check(atomic_load(&found) > 0, "nothing was found: this test shows nothing");
	chaos_check(atomic_load(&torn) == 0, "an entry was read half");
	chaos_check(atomic_load(&foreign) == 0, "an entry of another key was read");
	atomic_store(&done, 0);
	run(use_revoked, add_all);
	chaos_check(atomic_load(&lost) == 0, "a revoked token was good for a moment");
	chaos_check(pol_revoked_count(revoked) >= TOKENS / 2 && pol_revoked_count(revoked) < TOKENS, "nothing was forgotten");
	pol_cache_free(cache);
	pol_revoked_free(revoked);
	return chaos_finish();
}
