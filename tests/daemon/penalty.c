/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who guesses passwords waits; nobody else does. Attacks of a day by a clock of the test's
 * own, and an owner who comes from elsewhere meanwhile.
 */
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "chaos/chaos.h"
#include "daemon/penalty.h"

#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define START (1000 * SECOND)

static struct pol_source
from(uint32_t number)
{
	struct pol_source s = { .len = 4 };

	memcpy(s.bytes, &number, sizeof(number));
	return s;
}

/* 0: it was judged, and was as `good` says. Else the ns to wait. */
static int64_t
attempt(struct pol_penalty *p, uint32_t source, const char *account, int64_t now, bool good)
{
	const struct pol_source s = from(source);
	enum pol_penalty_by by;
	int64_t wait = pol_penalty_before(p, &s, account, strlen(account), now, &by);

	if (wait == 0)
		pol_penalty_after(p, &s, account, strlen(account), now, good ? POL_PENALTY_GOOD : POL_PENALTY_WRONG);
	return wait;
}

/* How a pair comes to wait: five are free, then 2 s, 4 s, up to an hour. */
static void
pairs(void)
{
	struct pol_penalty *p = pol_penalty_new();
	int64_t now = START, wait, wanted = 2 * SECOND;
	int right = 0;

	for (int i = 0; i < 6; i++, now += SECOND)
		chaos_check(attempt(p, 1, "ann", now, false) == 0, "six are judged at once");
	now -= SECOND;
	for (int i = 0; i < 20; i++) {
		wait = attempt(p, 1, "ann", now, false);
		right += wait == wanted && attempt(p, 1, "ann", now + wait - 1, true) == 1;
		now += wait;
		chaos_check(attempt(p, 1, "ann", now, false) == 0, "when the wait is over one more is");
		wanted = wanted * 2 < HOUR ? wanted * 2 : HOUR;
	}
	chaos_check(right == 20, "2 s, twice as long behind each, an hour at most; a good one waits too");
	chaos_check(attempt(p, 2, "ann", now, true) == 0, "another source does not");
	chaos_check(attempt(p, 1, "bob", now, true) == 0, "nor another account at that source");
	now += HOUR;
	chaos_check(attempt(p, 1, "ann", now, true) == 0 && attempt(p, 1, "ann", now, false) == 0 &&
	    attempt(p, 1, "ann", now, false) == 0, "a good one ends it");
	pol_penalty_free(p);
	pol_penalty_free(NULL);
}

/* Many at once have no more tries than one behind the other; what was not judged has not been tried. */
static void
at_once(void)
{
	struct pol_penalty *p = pol_penalty_new();
	const struct pol_source s = from(1);
	enum pol_penalty_by by;
	int judged = 0;

	for (int i = 0; i < 1000; i++)
		judged += pol_penalty_before(p, &s, "ann", 3, START, &by) == 0;
	chaos_check(judged == 6 && by == POL_PENALTY_PAIR, "of a thousand at once six are judged");
	for (int i = 0; i < 6; i++)
		pol_penalty_after(p, &s, "ann", 3, START, POL_PENALTY_NEITHER);
	for (int i = 0; i < 1000; i++) {
		judged += pol_penalty_before(p, &s, "ann", 3, START, &by) == 0;
		pol_penalty_after(p, &s, "ann", 3, START, POL_PENALTY_NEITHER);
	}
	chaos_check(judged == 1006, "what could not be judged does not count");
	pol_penalty_free(p);
}

/* One source, many accounts: 30 at once, then one a second; and who was let in there lately goes on. */
static void
sources(void)
{
	struct pol_penalty *p = pol_penalty_new();
	char name[32];
	int judged = 0;
	int64_t worst = 0, wait;

	chaos_check(attempt(p, 1, "known", START, true) == 0, "one who is let in");
	for (int64_t ms = 0; ms < 100000; ms += 10) {
		snprintf(name, sizeof(name), "spray-%d", (int)ms);
		wait = attempt(p, 1, name, START + ms * 1000000, false);
		judged += wait == 0;
		worst = wait > worst ? wait : worst;
	}
	chaos_check(judged >= 128 && judged <= 131, "of 10,000 accounts in 100 s a source has 130 judged");
	chaos_check(worst <= SECOND, "and waits a second at most");
	chaos_check(attempt(p, 1, "known", START + 100 * SECOND, true) == 0, "who was let in there does not wait with it");
	chaos_check(attempt(p, 2, "stranger", START + 100 * SECOND, true) == 0, "nor does another source");
	pol_penalty_free(p);
}

/*
 * A day's attack on one account by so many sources, each as fast as it may. Meanwhile its
 * owner logs in each minute from a place that nobody knows, first with `typos` wrong ones,
 * and waits as long as he is told.
 */
static void
attack(uint32_t n_sources, int typos, int64_t most_wait, uint64_t most_guesses)
{
	static int64_t free_at[1000];
	struct pol_penalty *p = pol_penalty_new();
	int64_t worst = 0;
	uint64_t guesses = 0, let_in = 0, owner = 0;
	char what[160];

	memset(free_at, 0, sizeof(free_at));
	for (int64_t now = START; now < START + DAY; now += SECOND) {
		for (uint32_t i = 0; i < n_sources; i++) {
			if (free_at[i] > now)
				continue;
			int64_t wait = attempt(p, 100 + i, "owner", now, false);

			guesses += wait == 0;
			free_at[i] = now + wait;
		}
		if ((now - START) % (60 * SECOND) == 30 * SECOND) {
			const uint32_t place = 1000000 + (uint32_t)owner++;
			int64_t at = now, wait;

			for (int t = 0; t < typos; t++) {
				while ((wait = attempt(p, place, "owner", at, false)) != 0)
					at += wait;
			}
			while ((wait = attempt(p, place, "owner", at, true)) != 0 && at - now < HOUR)
				at += wait;
			let_in += wait == 0;
			worst = at - now > worst ? at - now : worst;
		}
	}
	printf("%" PRIu32 " sources in a day: %" PRIu64 " guesses; the owner, %d wrong ones first, let in %" PRIu64 " of %" PRIu64
	    " times, kept out %.1f s at most\n", n_sources, guesses, typos, let_in, owner, (double)worst / 1e9);
	snprintf(what, sizeof(what), "%" PRIu32 " sources: the owner is always let in", n_sources);
	chaos_check(let_in == owner && owner == 1440, what);
	chaos_check(worst <= most_wait, "and how long he is kept out");
	chaos_check(guesses <= most_guesses, "and how many guesses there are");
	pol_penalty_free(p);
}

/* Names and addresses without end take no memory, and forget no wait that is worth more. */
static void
flood(void)
{
	struct pol_penalty *p = pol_penalty_new();
	const size_t before = mallinfo2().uordblks;
	const struct pol_source s = { .len = 8 };
	enum pol_penalty_by by;
	int64_t now = START, wait;
	char name[64];

	for (int i = 0; i < 16; i++) {
		while ((wait = attempt(p, 7, "ann", now, false)) != 0)
			now += wait;
	}
	for (uint32_t i = 0; i < 1000000; i++) {
		struct pol_source other = s;

		memcpy(other.bytes, &i, sizeof(i));
		snprintf(name, sizeof(name), "nobody-%" PRIu32, i);
		if (pol_penalty_before(p, &other, name, strlen(name), now, &by) == 0)
			pol_penalty_after(p, &other, name, strlen(name), now, POL_PENALTY_WRONG);
	}
	chaos_check(mallinfo2().uordblks == before, "a million names at a million sources take no memory");
	chaos_check(attempt(p, 7, "ann", now + SECOND, true) > 60 * SECOND, "and forget no wait that was earned");
	chaos_check(attempt(p, 8, "ann", now, true) == 0, "nor keep anybody out");
	pol_penalty_free(p);
}

/* A uid, an address and a network whose bytes are the same are three sources; so are texts that run into each other. */
static void
apart(void)
{
	struct pol_penalty *p = pol_penalty_new();
	struct pol_source list[] = { { "abcdefgh", 4 }, { "abcdefgh", 5 }, { "abcdefgh", 8 } };
	enum pol_penalty_by by;

	for (int i = 0; i < 6; i++)
		pol_penalty_before(p, &list[0], "efgh", 4, START, &by);
	chaos_check(pol_penalty_before(p, &list[0], "efgh", 4, START, &by) != 0, "one waits");
	chaos_check(pol_penalty_before(p, &list[1], "efgh", 4, START, &by) == 0 &&
	    pol_penalty_before(p, &list[1], "fgh", 3, START, &by) == 0 &&
	    pol_penalty_before(p, &list[2], "", 0, START, &by) == 0 &&
	    pol_penalty_before(p, &list[2], "efgh", 4, START, &by) == 0, "others do not");
	pol_penalty_free(p);
}

static void *
hammer(void *ctx)
{
	struct pol_penalty *p = ctx;

	for (uint32_t i = 0; i < 20000; i++)
		attempt(p, i % 50, i % 3 == 0 ? "ann" : "bob", START + i, i % 7 == 0);
	return NULL;
}

static void
threads(void)
{
	struct pol_penalty *p = pol_penalty_new();
	pthread_t list[4];
	int made = 0;

	for (int i = 0; i < 4; i++)
		made += pthread_create(&list[made], NULL, hammer, p) == 0;
	for (int i = 0; i < made; i++)
		pthread_join(list[i], NULL);
	chaos_check(made == 4, "threads");
	pol_penalty_free(p);
}

int
main(void)
{
	pairs();
	at_once();
	sources();
	apart();
	threads();
	attack(1, 0, 0, 45);
	attack(1, 2, 6 * SECOND, 45);
	attack(1000, 0, 0, 45000);
	attack(1000, 1, 2 * SECOND, 45000);
	attack(1000, 3, 14 * SECOND, 45000);
	flood();
	return chaos_finish();
}
