/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that are forked from one with a set of modules and a store: each opens what
 * it needs for itself, when it needs it, and nothing of the parent's is touched, also
 * where the fork came while the service or a reload was at work.
 */
#include "probed.h"

#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <policy_module.h>

/* In a child, where nothing can be printed or counted for the parent: the first that
 * does not hold becomes the exit status. */
static int bad;
#define HOLDS(what) do { \
	if (bad == 0 && !(what)) \
		bad = __LINE__ % 251 + 1; \
} while (0)
#define COMES(holds) do { \
	int left_ = 4000; \
	while (bad == 0 && !(holds) && --left_ > 0) \
		nap(5); \
	HOLDS(left_ > 0); \
} while (0)

static void
in_child(struct policy *p, void (*run)(struct policy *p), const char *what)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(60);
		bad = 0;
		run(p);
		_exit(bad);
	}
	if (!chaos_check(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, what))
		printf("    status %x, line %% 251 is %d\n", (unsigned)status, WEXITSTATUS(status) - 1);
}

static int
threads_are(unsigned n)
{
#ifdef CHAOS_SANITIZER
	return n > 0;			/* it has some of its own */
#else
	return count_threads() == n + 2;	/* "." and ".." */
#endif
}

/* ---- with a thread ---- */

static unsigned fds;

static void
asserts_only(struct policy *p)
{
	const unsigned opened = probe->opened;

	HOLDS(asserted(p) && policy_generation(p) != 0);
	HOLDS(probe->opened == opened && threads_are(1));
}

static void
decides(struct policy *p)
{
	const unsigned opened = probe->opened, asked = memory->opened;

	HOLDS(reason(p, "one") == POLICY_REASON_RULE);
	HOLDS(probe->opened == opened + 1 && probe->opener == getpid() && memory->opened == asked + 1);
	HOLDS(count_fds() == fds && threads_are(2));
	HOLDS(put_file("child\n"));
	/* only a serve() in this process can have read it into the step here; who served last
	 * of all says nothing, for the parent hears of the file too */
	COMES(reason(p, "child") == POLICY_REASON_RULE);
	HOLDS(put_file("one\n"));
	COMES(reason(p, "one") == POLICY_REASON_RULE);
	HOLDS(policy_reload(p, NULL) == 0 && reason(p, "one") == POLICY_REASON_RULE);
	in_child(p, asserts_only, "a grandchild");
	HOLDS(chaos_failed == 0);
	policy_close(p);
}

static void
closes(struct policy *p)
{
	const unsigned opened = probe->opened, closed = probe->closed;

	policy_close(p);
	HOLDS(probe->opened == opened && probe->closed == closed);
}

static void
reloads(struct policy *p)
{
	const unsigned opened = probe->opened;

	HOLDS(policy_reload(p, NULL) == 0 && probe->opened == opened + 1);
	HOLDS(reason(p, "one") == POLICY_REASON_RULE && probe->opened == opened + 1);
	policy_close(p);
}

static void
cannot_open(struct policy *p)
{
	probe->open_fails = POLICY_ERR_IO;
	HOLDS(reason(p, "one") == POLICY_REASON_UNAVAILABLE);
	HOLDS(reason(p, "two") == POLICY_REASON_UNAVAILABLE);
	HOLDS(asserted(p));
	probe->open_fails = 0;
	COMES(reason(p, "one") == POLICY_REASON_RULE);
	memory->open_fails = 0;
	policy_close(p);
}

static void
no_store(struct policy *p)
{
	memory->open_fails = POLICY_ERR_IO;
	HOLDS(reason(p, "one") == POLICY_REASON_UNAVAILABLE);
	memory->open_fails = 0;
	COMES(reason(p, "one") == POLICY_REASON_RULE);
	policy_close(p);
}

static void
nonblock(struct policy *p)
{
	const unsigned opened = probe->opened;

	HOLDS(reason_with(p, "one", POLICY_NONBLOCK) == POLICY_ERR_AGAIN);
	COMES(probe->opened == opened + 1);
	HOLDS(reason(p, "one") == POLICY_REASON_RULE);
	HOLDS(reason_with(p, "one", POLICY_NONBLOCK) == POLICY_REASON_RULE && probe->opened == opened + 1);
	policy_close(p);
}

static void *
one_of_many(void *p)
{
	return reason(p, "one") == POLICY_REASON_RULE ? NULL : p;
}

static void
many_at_once(struct policy *p)
{
	const unsigned opened = probe->opened;
	pthread_t threads[8];
	void *said;

	for (int i = 0; i < 8; i++)
		HOLDS(pthread_create(&threads[i], NULL, one_of_many, p) == 0);
	for (int i = 0; i < 8; i++)
		HOLDS(pthread_join(threads[i], &said) == 0 && said == NULL);
	HOLDS(probe->opened == opened + 1);
	policy_close(p);
}

static void
hears_the_store(struct policy *p)
{
	struct memory_row *r = &memory->rows[memory->n];

	HOLDS(reason(p, "one") == POLICY_REASON_RULE);
	r->kind = POLICY_ROW_REVOCATION;
	snprintf(r->id, sizeof(r->id), "one");
	memory->n++;
	COMES(reason(p, "one") == POLICY_REASON_REVOKED);
	policy_close(p);
}

static void
generation_of(struct policy *p, int left)
{
	HOLDS(reason(p, "one") == POLICY_REASON_RULE && count_fds() == fds);
	if (left > 0 && bad == 0) {
		int status = -1;
		pid_t pid = fork();

		if (pid == 0) {
			generation_of(p, left - 1);
			_exit(bad);
		}
		HOLDS(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
	}
}

static void
generations(struct policy *p)
{
	generation_of(p, 20);
}

static void
with_thread(void)
{
	struct policy *p;

	make_set("60s");
	p = open_probed(0);
	if (!chaos_check(p != NULL && reason(p, "one") == POLICY_REASON_RULE, "the set"))
		return;
	nap(50);
	fds = count_fds();
	in_child(p, asserts_only, "a child that asserts opens nothing");
	in_child(p, decides, "a child that decides");
	in_child(p, closes, "a child that closes at once");
	in_child(p, reloads, "a child that reloads first");
	in_child(p, cannot_open, "a child that cannot open the steps");
	in_child(p, no_store, "a child that cannot open the store");
	in_child(p, nonblock, "a child that may not wait");
	in_child(p, many_at_once, "a child of many threads");
	in_child(p, generations, "children of children");
	chaos_check(put_file("two\n"), "the file");
	COMES_TRUE(reason(p, "two") == POLICY_REASON_RULE, "the parent goes on");
	chaos_check(put_file("one\n"), "the file");
	COMES_TRUE(reason(p, "one") == POLICY_REASON_RULE, "and on");
	in_child(p, hears_the_store, "a child hears of revocations");
	COMES_TRUE(reason(p, "one") == POLICY_REASON_REVOKED, "and so does the parent");
	chaos_check(count_fds() == fds, "the parent's descriptors");
	policy_close(p);
	memory->n = 0;
}

/* ---- without ---- */

static void
serves(struct policy *p)
{
	struct pollfd f = { .events = POLLIN };
	const unsigned opened = probe->opened;

	f.fd = policy_fd(p);
	HOLDS(f.fd >= 0 && probe->opened == opened && poll(&f, 1, 0) == 1);
	HOLDS(policy_service(p, 0) == 1 && probe->opened == opened + 1 && probe->server == getpid());
	HOLDS(count_fds() == fds && threads_are(1));
	HOLDS(put_file("child\n") && policy_service(p, -1) == 1 && reason(p, "child") == POLICY_REASON_RULE);
	HOLDS(put_file("one\n") && policy_service(p, -1) == 1 && reason(p, "one") == POLICY_REASON_RULE);
	HOLDS(reason_with(p, "one", POLICY_NONBLOCK) == POLICY_REASON_RULE);
	policy_close(p);
}

/* A host that has closed everything, and opened its own under the same numbers. */
static void
closed_all(struct policy *p)
{
	const int most = 200;
	unsigned n;

	for (int i = 3; i < most; i++)
		close(i);
	for (int i = 3; i < 40; i++)
		HOLDS(open("/dev/null", O_RDONLY | O_CLOEXEC) == i);
	n = count_fds();
	HOLDS(asserted(p) && count_fds() == n);
	HOLDS(reason(p, "one") == POLICY_REASON_RULE);
	for (int i = 3; i < 40; i++)
		HOLDS(fcntl(i, F_GETFD) == FD_CLOEXEC);
	policy_close(p);
	HOLDS(count_fds() == n);
}

static void
without_thread(void)
{
	struct pollfd f = { .events = POLLIN };
	struct policy *p;
	unsigned before = chaos_failed;

	make_set(NULL);
	p = open_probed(POLICY_NO_THREAD);
	if (!chaos_check(p != NULL && policy_service(p, 0) == 1, "the set"))
		return;
	policy_service(p, 0);
	fds = count_fds();
	f.fd = policy_fd(p);
	for (int i = 0; i < 100 && chaos_failed == before; i++)
		in_child(p, i % 2 == 0 ? serves : closes, "a child without a thread");
	in_child(p, closed_all, "a host that closes everything");
	/* what the children did to the file is the parent's to hear, and nothing else */
	policy_service(p, 0);
	chaos_check(poll(&f, 1, 0) == 0 && count_fds() == fds, "the parent's descriptor is its own");
	chaos_check(put_file("two\n") && poll(&f, 1, 0) == 1 && policy_service(p, -1) == 1 &&
	    reason(p, "two") == POLICY_REASON_RULE, "the parent hears of its files");
	policy_close(p);
	chaos_check(put_file("one\n"), "the file");
}

/* ---- at a bad moment ---- */

static struct policy *handle;
static atomic_int stop, wrong;

static void *
busy(void *arg)
{
	while (!stop) {
		if (reason(handle, "one") != POLICY_REASON_RULE)
			wrong++;
		reason(handle, "wake");
		if (arg != NULL && policy_reload(handle, NULL) != 0)
			wrong++;
	}
	return NULL;
}

static void
in_a_storm(struct policy *p)
{
	for (int i = 0; i < 20; i++)
		HOLDS(reason(p, "one") == POLICY_REASON_RULE && asserted(p));
	HOLDS(policy_reload(p, NULL) == 0 && reason(p, "one") == POLICY_REASON_RULE);
	policy_close(p);
}

/* Threads decide, reload and are served, the last two slowly. */
static void
at_a_bad_moment(void)
{
	pthread_t threads[3];
	unsigned before = chaos_failed;

	make_set("60s");
	handle = open_probed(0);
	if (!chaos_check(handle != NULL, "the set"))
		return;
	probe->slow_ms = 3;
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, busy, i == 0 ? &stop : NULL);
	for (int i = 0; i < 60 && chaos_failed == before; i++)
		in_child(handle, in_a_storm, "a child of a storm");
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	probe->slow_ms = 0;
	chaos_check(wrong == 0, "the parent answered wrongly, or could not reload");
	policy_close(handle);
}

/* ---- where memory cannot be wiped on fork ---- */

static int no_wipe;

int madvise(void *at, size_t len, int advice);

/* Stands before libc's, so that a kernel without MADV_WIPEONFORK can be played. */
__attribute__((visibility("default")))
int
madvise(void *at, size_t len, int advice)
{
	if (no_wipe) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_madvise, at, len, advice);
}

/* What is cached needs nobody; the first that is not finds out. */
static void
finds_out(struct policy *p)
{
	const unsigned opened = probe->opened;

	HOLDS(asserted(p) && reason(p, "one") == POLICY_REASON_RULE && probe->opened == opened);
	HOLDS(reason(p, "none") == POLICY_REASON_BAD_CREDENTIAL && probe->opened == opened + 1);
	HOLDS(reason(p, "one") == POLICY_REASON_RULE && count_fds() == fds);
	HOLDS(put_file("child\n") && policy_service(p, -1) >= 1 && reason(p, "child") == POLICY_REASON_RULE);
	HOLDS(put_file("one\n") && policy_service(p, -1) >= 1 && reason(p, "one") == POLICY_REASON_RULE);
	policy_close(p);
}

static void
without_wiping(void)
{
	struct policy *p;

	make_set("60s");
	no_wipe = 1;
	p = open_probed(POLICY_NO_THREAD);
	no_wipe = 0;
	if (!chaos_check(p != NULL && policy_service(p, 0) == 1 && reason(p, "one") == POLICY_REASON_RULE, "the set"))
		return;
	fds = count_fds();
	in_child(p, finds_out, "a child by its process number");
	in_child(p, closes, "one that closes at once");
	policy_close(p);
}

int
main(void)
{
#ifdef CHAOS_SANITIZER
	const int threads = 0;

	chaos_skip(15, "threads in the parent (a sanitizer's allocator does not survive fork beside them)");
#else
	const int threads = 1;
#endif

	if (chaos_check(begin_probed(), "no scratch directory, or no modules")) {
		without_thread();
		without_wiping();
		if (threads) {
			with_thread();
			at_a_bad_moment();
		}
		chaos_check(probe->foreign == 0 && memory->foreign == 0, "no process touched what another opened");
	}
	end_probed();
	return chaos_finish();
}
