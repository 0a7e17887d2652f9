/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes on one store, for revoked.c and outage.c: one that administers, and workers that
 * decide without pause. They tell each other by memory that they share.
 */
#ifndef POL_TESTS_ACCOUNTS_H
#define POL_TESTS_ACCOUNTS_H

#include "chaos/admins.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#define WORKERS 8
#define ROUNDS_MAX 200
#define MS INT64_C(1000000)
#define SECOND INT64_C(1000000000)
#define WAIT (60 * SECOND)	/* until this the test says what did not happen */

enum { TOKEN, STORED, FILED, ASKED };	/* a token; a user of the store; one of a file */

struct worker {
	pid_t pid;
	atomic_ulong decisions, allows, wrong;
	atomic_ulong answers[ASKED][3];	/* in this phase: allowed, unavailable, other */
	atomic_int phase;		/* that it has seen */
	atomic_long first[ROUNDS_MAX];	/* allow of that round's token */
	atomic_long last[ROUNDS_MAX], last_begun[ROUNDS_MAX];
	atomic_long denied[ROUNDS_MAX];
};

static struct all {
	atomic_int round, phase, over;
	atomic_long acked[ROUNDS_MAX];
	char secret[ROUNDS_MAX][128], id[ROUNDS_MAX][64];
	int failed;
	struct worker workers[WORKERS];
} *all;

static char set_text[12000];
static int to_admin = -1, from_admin = -1;
static pid_t admin_pid;

static inline long
mono(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static inline void
nap_ms(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * MS };

	nanosleep(&t, NULL);
}

#define COMES_TRUE(holds, what) do { \
	const long until_ = mono() + WAIT; \
	while (!(holds) && mono() < until_) \
		nap_ms(1); \
	chaos_check(holds, what); \
} while (0)

static inline void
make_text(const char *url, const char *stale, const char *audit)
{
	snprintf(set_text, sizeof(set_text), "%s%smodules: [ { use: api_key, kind: [token, session, api_key], subject: { type: user }, cache: 60s } ]\n"
	    "store: { url: \"%s\", stale: %s }\n", admins_rules, audit, url, stale);
}

static inline struct policy *
open_set(uint32_t flags)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy *p = NULL;

	opt.flags = flags;
	opt.module_dir = admins_modules;
	admins_err.size = sizeof(admins_err);
	if (policy_open_text(&p, "set", set_text, strlen(set_text), &opt, &admins_err) != 0)
		printf("    %s:%u:%u: %s\n", admins_err.file, admins_err.line, admins_err.column, admins_err.text);
	return p;
}

/* ---- who administers ---- */

static inline int
administer(struct policy *p, char what, int r)
{
	struct told t = { .n = 0 };
	struct as as;
	const struct policy_request *by = as_user(&as, "root");
	int rc = 0;

	if (what == 'b') {
		rc = bootstrap(p, "root", &t);
		rc = rc != 0 ? rc : user(p, by, "ann", 0, &t);
		return rc != 0 ? rc : grant(p, by, "ann", "reader", NULL, 0, 0, &t);
	}
	if (what == 'r') {
		const long until = mono() + WAIT;

		/* its connection may still be that of a server that is gone */
		while ((rc = policy_token_revoke(p, by, all->id[r], &admins_err)) == POLICY_ERR_UNAVAILABLE && mono() < until)
			nap_ms(10);
		atomic_store(&all->acked[r], mono());
		return rc;
	}
	rc = token(p, by, "ann", "token", "docs", 0, 0, &t);
	memcpy(all->secret[r], t.secret, sizeof(t.secret));
	memcpy(all->id[r], t.id, sizeof(t.id));
	return rc;
}

static inline int
begin_admin(void)
{
	int down[2], up[2];
	char what[2];

	/* a server started by this test must not keep them open */
	if (pipe2(down, O_CLOEXEC) != 0 || pipe2(up, O_CLOEXEC) != 0)
		return 0;
	admin_pid = fork();
	if (admin_pid == 0) {
		struct policy *p = open_set(0);

		close(down[1]);
		while (p != NULL && read(down[0], what, 2) == 2) {
			all->failed = administer(p, what[0], (unsigned char)what[1]);
			if (write(up[1], what, 1) != 1)
				break;
		}
		policy_close(p);
		_exit(0);
	}
	close(down[0]);
	close(up[1]);
	to_admin = down[1];
	from_admin = up[0];
	return admin_pid > 0;
}

/* 'b' begins; 'm' makes the token of round r, 'r' revokes it. */
static inline int
tell(char what, int r)
{
	const char both[2] = { what, (char)r };
	char byte;
	const int done = write(to_admin, both, 2) == 2 && read(from_admin, &byte, 1) == 1 && all->failed == 0;

	if (!done)
		printf("    '%c' %d: %d\n", what, r, all->failed);
	return chaos_check(done, "the one who administers");
}

static inline void
end_admin(void)
{
	close(to_admin);
	close(from_admin);
	waitpid(admin_pid, NULL, 0);
}

/* ---- who decides ---- */

static inline struct policy_decision
ask(struct policy *p, int who, int r)
{
	struct policy_credential c = { .kind = POLICY_TEXT("bearer") };
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;

	if (who == TOKEN) {
		c.data = policy_text(all->secret[r]);
		req.credentials = &c;
		req.credentials_count = 1;
	} else {
		req.subject_id = policy_text(who == STORED ? "ann" : "filed");
	}
	req.action = policy_text("read");
	req.resource_type = policy_text("doc");
	req.resource_id = policy_text("1");
	policy_decide(p, &req, &d);
	return d;
}

/* One decision with the token of round r, and what it says of the revocation. */
static inline void
decide_token(struct worker *w, struct policy *p, int r)
{
	const long begun = mono();
	const struct policy_decision d = ask(p, TOKEN, r);
	const long now = mono();

	atomic_fetch_add(&w->decisions, 1);
	if (d.verdict == POLICY_ALLOW) {
		atomic_fetch_add(&w->allows, 1);
		if (atomic_load(&w->first[r]) == 0)
			atomic_store(&w->first[r], now);
		if (atomic_load(&w->denied[r]) != 0)
			atomic_fetch_add(&w->wrong, 1);	/* once denied is denied */
		atomic_store(&w->last[r], now);
		atomic_store(&w->last_begun[r], begun);
	} else if (d.reason == POLICY_REASON_REVOKED && atomic_load(&w->denied[r]) == 0) {
		atomic_store(&w->denied[r], now);
	}
	atomic_fetch_add(&w->answers[TOKEN][d.verdict == POLICY_ALLOW ? 0 : d.reason == POLICY_REASON_UNAVAILABLE ? 1 : 2], 1);
}

static inline void
decide_user(struct worker *w, struct policy *p, int who)
{
	const struct policy_decision d = ask(p, who, 0);

	atomic_fetch_add(&w->decisions, 1);
	atomic_fetch_add(&w->answers[who][d.verdict == POLICY_ALLOW ? 0 : d.reason == POLICY_REASON_UNAVAILABLE ? 1 : 2], 1);
	if (who == FILED && d.verdict != POLICY_ALLOW)
		atomic_fetch_add(&w->wrong, 1);
}

/* In a child. p NULL: it opens the set by itself. */
static inline void
work(struct worker *w, struct policy *p)
{
	if (p == NULL)
		p = open_set(0);
	for (unsigned long n = 0; p != NULL && !atomic_load(&all->over); n++) {
		const int r = atomic_load(&all->round), phase = atomic_load(&all->phase);

		if (atomic_load(&w->phase) != phase) {
			memset(w->answers, 0, sizeof(w->answers));
			atomic_store(&w->phase, phase);
		}
		if (r == 0) {
			nap_ms(1);
			continue;
		}
		decide_token(w, p, r);
		if (n % 8 == 0) {
			decide_user(w, p, FILED);
			decide_user(w, p, STORED);
			if (r > 1 && n % 64 == 0)	/* an old one stays denied */
				decide_token(w, p, 1 + (int)(n / 64 % (unsigned long)(r - 1)));
		}
		if (atomic_load(&w->denied[r]) != 0 || atomic_load(&w->first[r]) == 0)	/* the log has denies */
			nap_ms(2);
	}
	policy_close(p);
	_exit(p == NULL);
}

static inline int
begin_worker(unsigned i, struct policy *p)
{
	const pid_t parent = getpid();
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
			_exit(2);
		work(&all->workers[i], p);
	}
	all->workers[i].pid = pid;
	return pid > 0;
}

static inline void
end_workers(unsigned n)
{
	atomic_store(&all->over, 1);
	for (unsigned i = 0; i < n; i++) {
		int status = -1;

		chaos_check(waitpid(all->workers[i].pid, &status, 0) > 0 && status == 0, "a worker ends well");
	}
}

static inline int
all_have(unsigned n, int r, int denied)
{
	for (unsigned i = 0; i < n; i++) {
		if (atomic_load(denied ? &all->workers[i].denied[r] : &all->workers[i].first[r]) == 0)
			return 0;
	}
	return 1;
}

static inline unsigned long
total(unsigned n, size_t at)
{
	unsigned long sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += atomic_load((atomic_ulong *)(void *)((char *)&all->workers[i] + at));
	return sum;
}

static inline int
accounts_begin(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	all = mmap(NULL, sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return all != MAP_FAILED && admins_begin();
}

#endif
