/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoked ROUNDS FORKED OWN [URL]: a host that opens a set with a store (without URL: one on
 * SQLite), api_key and audit, and then forks workers; beside them processes that open the
 * set themselves. All decide with an opaque token without pause while another process
 * revokes it. Every one denies: how long after the acknowledgement its last allow was is
 * printed. Then one is held still for longer than `stale` while a token is revoked. No
 * process uses a connection of another, and the log is whole.
 */
#include "accounts.h"

#include <linux/kcmp.h>
#include <sys/syscall.h>

#define BOUND (5 * SECOND)		/* judged; far above what is printed on a machine with nothing else to do */
#define STALE (2 * SECOND)

static unsigned n_workers;
static char sqlite_path[200];

/* ---- connections ---- */

struct held {
	pid_t pid;
	int fd;
	char what[256];
};

static struct held before[256], held[2048];

/* Sockets and files of the store; not those that this program had before. */
static size_t
take_held(struct held *out, size_t n, size_t most, pid_t pid, size_t n_before)
{
	char dir[64], at[320];
	struct dirent *e;
	DIR *d;

	snprintf(dir, sizeof(dir), "/proc/%d/fd", (int)pid);
	d = opendir(dir);
	while (d != NULL && (e = readdir(d)) != NULL && n < most) {
		struct held *h = &out[n];
		ssize_t len;
		size_t i;

		snprintf(at, sizeof(at), "%s/%s", dir, e->d_name);
		len = readlink(at, h->what, sizeof(h->what) - 1);
		if (len <= 0)
			continue;
		h->what[len] = '\0';
		h->pid = pid;
		h->fd = atoi(e->d_name);
		for (i = 0; i < n_before && strcmp(before[i].what, h->what) != 0; i++)
			;
		if (i == n_before && (strncmp(h->what, "socket:", 7) == 0 ||
		    (sqlite_path[0] != '\0' && strncmp(h->what, sqlite_path, strlen(sqlite_path)) == 0)))
			n++;
	}
	if (d != NULL)
		closedir(d);
	return n;
}

/* Two descriptors of one open file: 1; -1: the system does not say. */
static int
one_file(const struct held *a, const struct held *b)
{
	const long rc = syscall(SYS_kcmp, a->pid, b->pid, KCMP_FILE, (unsigned long)a->fd, (unsigned long)b->fd);

	return rc < 0 ? -1 : rc == 0;
}

static void
connections(size_t n_before)
{
	size_t n = take_held(held, 0, 2048, getpid(), n_before), parents = n;
	unsigned long shared = 0, pairs = 0, unsaid = 0;

	for (unsigned i = 0; i < n_workers; i++)
		n = take_held(held, n, 2048, all->workers[i].pid, n_before);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = i + 1; k < n; k++) {
			const int one = held[i].pid == held[k].pid ? 0 : one_file(&held[i], &held[k]);

			pairs += held[i].pid != held[k].pid;
			unsaid += one < 0;
			if (one > 0 && shared++ < 4)
				printf("    %s of %d and %d\n", held[i].what, (int)held[i].pid, (int)held[k].pid);
		}
	}
	printf("%zu connections and files of the store in %u processes, %zu of the parent's; %lu pairs, %lu shared\n", n,
	    n_workers + 1, parents, pairs, shared);
	chaos_check(parents > 0 && n >= parents + n_workers, "every process has its own");
	if (unsaid > 0)
		chaos_skip(1, "is any connection shared? (the system does not tell)");
	else
		chaos_check(shared == 0, "no process has a connection of another");
}

/* ---- rounds ---- */

static int
compare_long(const void *a, const void *b)
{
	const long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

static void
rounds(struct policy *p, int n, size_t n_before)
{
	static long late[ROUNDS_MAX * WORKERS];
	unsigned seed = 7, over = 0;
	size_t count = 0;

	for (int r = 1; r <= n; r++) {
		if (!tell('m', r))
			return;
		atomic_store(&all->round, r);
		COMES_TRUE(all_have(n_workers, r, 0), "a new token is good everywhere");
		COMES_TRUE(ask(p, TOKEN, r).verdict == POLICY_ALLOW, "in the parent too");
		if (r == 1)
			connections(n_before);
		seed = seed * 1103515245u + 12345u;
		nap_ms(20 + (seed >> 16) % 300);	/* at any time of those who look now and then */
		if (!tell('r', r))
			return;
		COMES_TRUE(all_have(n_workers, r, 1), "every worker denies");
		COMES_TRUE(ask(p, TOKEN, r).reason == POLICY_REASON_REVOKED, "and the parent");
		for (unsigned i = 0; i < n_workers; i++) {
			const long d = atomic_load(&all->workers[i].last[r]) - atomic_load(&all->acked[r]);

			late[count++] = d > 0 ? d : 0;
			over += d > BOUND;
		}
	}
	chaos_check(over == 0, "no worker allowed long after");
	qsort(late, count, sizeof(late[0]), compare_long);
	printf("%d revocations in %u workers: last allow after the acknowledgement, p50 %.1f ms, p100 %.1f ms\n", n, n_workers,
	    (double)late[count / 2] / MS, (double)late[count - 1] / MS);
}

/* A process that did not run when the token was revoked: what it knew is too old then. */
static void
held_still(int r)
{
	unsigned late = 0;

	if (!tell('m', r))
		return;
	atomic_store(&all->round, r);
	COMES_TRUE(all_have(n_workers, r, 0), "a new token is good everywhere");
	for (unsigned i = 0; i < n_workers; i++)
		kill(all->workers[i].pid, SIGSTOP);
	if (!tell('r', r))
		return;
	nap_ms((STALE + SECOND / 2) / MS);
	for (unsigned i = 0; i < n_workers; i++)
		kill(all->workers[i].pid, SIGCONT);
	COMES_TRUE(all_have(n_workers, r, 1), "every worker denies");
	for (unsigned i = 0; i < n_workers; i++)
		if (atomic_load(&all->workers[i].last_begun[r]) > atomic_load(&all->acked[r]) + STALE) {
			late++;
			printf("worker %u: its last allow was begun %.3f ms and answered %.3f ms after the acknowledgement, its first denial %.3f ms\n", i,
			    (double)(atomic_load(&all->workers[i].last_begun[r]) - atomic_load(&all->acked[r])) / MS,
			    (double)(atomic_load(&all->workers[i].last[r]) - atomic_load(&all->acked[r])) / MS,
			    (double)(atomic_load(&all->workers[i].denied[r]) - atomic_load(&all->acked[r])) / MS);
		}
	chaos_check(late == 0, "whoever was held still for longer than `stale` allows nothing afterwards");
	printf("%u processes held still for %.1f s: %u allowed afterwards\n", n_workers, (double)(STALE + SECOND / 2) / SECOND, late);
}

static void
verify_log(struct policy *p)
{
	struct policy_activity_verified v = POLICY_ACTIVITY_VERIFIED_INIT;
	int rc = policy_activity_verify(p, NULL, 0, NULL, NULL, &v, &admins_err);

	if (rc != 0)
		printf("    %s\n", admins_err.text);
	chaos_check(rc == 0, "the log is whole");
	chaos_check(v.chains >= n_workers + 1 && v.torn == 0, "with a chain of each process");
	printf("log: %lu lines in %u chains, %lu dropped, %u torn\n", (unsigned long)v.lines, v.chains, (unsigned long)v.dropped, v.torn);
}

static void
clean(void)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf '%s'", admins_dir);
	chaos_check(system(command) == 0, "nothing is left");
}

int
main(int argc, char **argv)
{
	const int n = argc > 1 ? atoi(argv[1]) : 6;
	unsigned forked = argc > 2 ? (unsigned)atoi(argv[2]) : 4, own = argc > 3 ? (unsigned)atoi(argv[3]) : 1;
	char audit[300], url[300];
	struct policy *p;
	size_t n_before;

#ifdef CHAOS_SANITIZER
	/* its allocator may be locked by a thread that the child has not */
	chaos_skip(1, "workers forked from a host with threads (a sanitizer's allocator)");
	own += forked;
	forked = 0;
#endif
	if (n + n / 8 + 2 > ROUNDS_MAX || forked + own > WORKERS || !chaos_check(accounts_begin(), "shared memory, and modules to load"))
		return chaos_finish();
	snprintf(sqlite_path, sizeof(sqlite_path), "%s%s", argc > 4 ? "" : admins_dir, argc > 4 ? "" : "/store.db");
	snprintf(url, sizeof(url), "sqlite:%s", sqlite_path);
	snprintf(audit, sizeof(audit), "audit: { file: \"%s/audit-%%p.jsonl\", decisions: deny }\n", admins_dir);
	make_text(argc > 4 ? argv[4] : url, "2s", audit);
	n_before = take_held(before, 0, 256, getpid(), 0);
	chaos_check(begin_admin(), "one who administers");
	if (tell('b', 0)) {
		for (unsigned i = 0; i < own; i++)
			chaos_check(begin_worker(n_workers++, NULL), "a process of its own");
		p = open_set(0);
		for (unsigned i = 0; p != NULL && i < forked; i++)
			chaos_check(begin_worker(n_workers++, p), "a worker");
		if (chaos_check(p != NULL, "the set opens")) {
			rounds(p, n, n_before);
			for (int i = 0; i <= n / 8; i++)
				held_still(n + 1 + i);
		}
		end_workers(n_workers);
		end_admin();
		printf("%lu decisions, %lu allows; after a denial, or of whom nobody revoked anything, wrong: %lu\n",
		    total(n_workers, offsetof(struct worker, decisions)), total(n_workers, offsetof(struct worker, allows)),
		    total(n_workers, offsetof(struct worker, wrong)));
		chaos_check(total(n_workers, offsetof(struct worker, wrong)) == 0, "no allow after a denial");
		if (p != NULL)
			verify_log(p);
		policy_close(p);
	}
	clean();
	return chaos_finish();
}
