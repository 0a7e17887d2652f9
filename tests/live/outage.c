/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outage URL UP DOWN: two processes on one server, which is stopped and started under them
 * by those two commands: once shortly, once for longer than `stale`. What needs the store is
 * unavailable then, who is in the set's file goes on undisturbed, and all comes back by
 * itself; a token that is revoked afterwards is denied.
 */
#include "accounts.h"

#define PROCESSES 2u

static void
run(const char *command, const char *how)
{
	char line[700];

	snprintf(line, sizeof(line), "%s %s", command, how);
	chaos_check(system(line) == 0, line);
}

static unsigned long
answers(int who, int what)
{
	unsigned long sum = 0;

	for (unsigned i = 0; i < PROCESSES; i++)
		sum += atomic_load(&all->workers[i].answers[who][what]);
	return sum;
}

/* Counts anew in every process; what is decided while it begins is counted in neither. */
static void
phase(int number)
{
	atomic_store(&all->phase, number);
	for (unsigned i = 0; i < PROCESSES; i++)
		COMES_TRUE(atomic_load(&all->workers[i].phase) == number, "a process goes on");
}

static int
every(int who, int what)
{
	for (unsigned i = 0; i < PROCESSES; i++) {
		if (atomic_load(&all->workers[i].answers[who][what]) == 0)
			return 0;
	}
	return 1;
}

static void
say(const char *what)
{
	static const char *const names[ASKED] = { "token", "user of the store", "user of the file" };

	printf("%s:", what);
	for (int i = 0; i < ASKED; i++)
		printf(" %s: %lu allowed, %lu unavailable, %lu other%s", names[i], answers(i, 0), answers(i, 1), answers(i, 2),
		    i + 1 < ASKED ? ";" : "\n");
}

static void
is_well(int number, const char *what)
{
	phase(number);
	for (int i = 0; i < ASKED; i++)
		COMES_TRUE(every(i, 0), "it is allowed, in every process");
	say(what);
}

static void
shortly(const char *up, const char *down)
{
	phase(10);
	run(down, "fast");
	run(up, "");
	nap_ms(200);
	chaos_check(answers(TOKEN, 2) == 0 && answers(STORED, 2) == 0, "allowed or unavailable, nothing else");
	chaos_check(answers(FILED, 0) > 0 && answers(FILED, 1) + answers(FILED, 2) == 0, "who is in the file goes on");
	say("restarted");
	is_well(11, "after that");
}

static void
long_enough(const char *up, const char *down)
{
	phase(20);
	run(down, "immediate");
	COMES_TRUE(every(TOKEN, 1) && every(STORED, 1), "unavailable, in every process");
	chaos_check(answers(TOKEN, 2) == 0 && answers(STORED, 2) == 0, "until then it is allowed");
	say("stopped, until `stale` is over");
	phase(21);
	nap_ms(1000);
	chaos_check(answers(TOKEN, 0) == 0 && answers(STORED, 0) == 0, "nothing is allowed that needs the store");
	chaos_check(answers(TOKEN, 2) == 0 && answers(STORED, 2) == 0, "and nothing but unavailable is said");
	chaos_check(answers(FILED, 0) > 0 && answers(FILED, 1) + answers(FILED, 2) == 0, "who is in the file goes on");
	say("stopped, afterwards");
	run(up, "");
	COMES_TRUE(every(TOKEN, 0) && every(STORED, 0), "they come back by themselves");
	is_well(22, "started again");
}

static void
revoked_again(int r)
{
	unsigned over = 0;

	if (!tell('r', r))
		return;
	for (unsigned i = 0; i < PROCESSES; i++) {
		COMES_TRUE(atomic_load(&all->workers[i].denied[r]) != 0, "every process denies what was revoked");
		over += atomic_load(&all->workers[i].last[r]) > atomic_load(&all->acked[r]) + 5 * SECOND;
	}
	chaos_check(over == 0, "no process allowed long after");
}

int
main(int argc, char **argv)
{
	if (argc < 4 || !chaos_check(accounts_begin(), "shared memory, and modules to load"))
		return chaos_finish();
	make_text(argv[1], "2s", "");
	chaos_check(begin_admin(), "one who administers");
	if (tell('b', 0) && tell('m', 1)) {
		for (unsigned i = 0; i < PROCESSES; i++)
			chaos_check(begin_worker(i, NULL), "a process of its own");
		atomic_store(&all->round, 1);
		is_well(1, "at first");
		shortly(argv[2], argv[3]);
		long_enough(argv[2], argv[3]);
		revoked_again(1);
		end_workers(PROCESSES);
		printf("%lu decisions, wrong: %lu\n", total(PROCESSES, offsetof(struct worker, decisions)),
		    total(PROCESSES, offsetof(struct worker, wrong)));
		chaos_check(total(PROCESSES, offsetof(struct worker, wrong)) == 0,
		    "nothing is allowed after a denial, and nobody of the file denied");
	}
	end_admin();
	admins_end();
	return chaos_finish();
}
