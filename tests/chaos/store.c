/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store's revocations: at opening, when its descriptor says so, within a second when it
 * has none; a store that fails, and one that is not asked.
 */
#include "probed.h"

#include <sys/wait.h>

#include <policy_module.h>

#include "api/handle.h"

static int64_t
unix_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Another process, as it were, writes to the store. */
static void
revoked(const char *source, const char *id, int64_t until)
{
	const uint64_t one = 1;
	struct memory_row *r = &memory->rows[memory->n];

	r->kind = POLICY_ROW_REVOCATION;
	snprintf(r->source, sizeof(r->source), "%s", source);
	snprintf(r->id, sizeof(r->id), "%s", id);
	r->until = until;
	memory->n++;
	if (memory->fd >= 0 && write(memory->fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
		chaos_check(0, "the eventfd");
}

static void
begin(const char *stale)
{
	memory->n = 0;
	memory->fails = memory->open_fails = 0;
	make_set(stale);
}

static void
closed(struct policy *p)
{
	policy_close(p);
	chaos_check(memory->closed == memory->opened && memory->foreign == 0, "the store is closed");
}

/* ---- what is seen, and when ---- */

static void
at_opening(void)
{
	struct policy *p;

	begin("60s");
	revoked("", "one", 0);
	p = open_probed(POLICY_NO_THREAD);
	if (!chaos_check(p != NULL, "the set does not open"))
		return;
	chaos_check(reason(p, "one") == POLICY_REASON_REVOKED, "revoked before it was opened");
	chaos_check(asserted(p), "who needs no token goes on");
	closed(p);
	begin("60s");
	revoked("other", "one", 0);
	p = open_probed(POLICY_NO_THREAD);
	chaos_check(reason(p, "one") == POLICY_REASON_RULE, "a token of another step");
	revoked("probe", "one", unix_ns() + 3600 * INT64_C(1000000000));
	nap(1100);
	chaos_check(policy_service(p, 0) >= 1, "without a descriptor it is asked each second");
	chaos_check(reason(p, "one") == POLICY_REASON_REVOKED, "also when it was cached");
	closed(p);
}

/* With a descriptor: in the next round, not in a second's. */
static void
by_descriptor(void)
{
	struct policy *p;
	struct pollfd f = { .events = POLLIN };

	begin("60s");
	memory->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	p = open_probed(POLICY_NO_THREAD);
	if (!chaos_check(p != NULL, "the set does not open"))
		return;
	policy_service(p, 0);
	f.fd = policy_fd(p);
	nap(20);
	chaos_check(reason(p, "one") == POLICY_REASON_RULE && reason(p, "one") == POLICY_REASON_RULE, "good, and cached");
	revoked("", "one", 0);
	chaos_check(poll(&f, 1, 0) == 1, "the service is woken");
	chaos_check(policy_service(p, -1) >= 1 && reason(p, "one") == POLICY_REASON_REVOKED, "revoked from the next decision on");
	chaos_check(put_file("two\n") && policy_service(p, -1) == 1 && reason(p, "two") == POLICY_REASON_RULE, "another token");
	nap(20);
	for (int i = 0; i < 3; i++)
		revoked("", "two", 0);
	chaos_check(policy_service(p, -1) == 3 && reason(p, "two") == POLICY_REASON_REVOKED, "again, by the same descriptor");
	closed(p);
	p = open_probed(0);
	chaos_check(put_file("six\n"), "the file");
	COMES_TRUE(reason(p, "six") == POLICY_REASON_RULE, "good with a thread");
	revoked("", "six", 0);
	COMES_TRUE(reason(p, "six") == POLICY_REASON_REVOKED, "revoked by the thread");
	closed(p);
	close(memory->fd);
	memory->fd = -1;
	chaos_check(put_file("one\n"), "the file");
}

/* A line as text wherever it says how many rows were read. */
static void
hear_rows(void *ctx, enum policy_log_level level, const char *text)
{
	const char *rows = strstr(text, "store: ");

	if (level == POLICY_LOG_INFO && rows != NULL && strlen(ctx) < 480) {
		strcat(ctx, rows + strlen("store: "));
		strcat(ctx, ";");
	}
}

/* Only who has many rows to read says how far he is. */
static void
progress(void)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	static char heard[512];
	struct policy *p;

	opt.flags = POLICY_NO_THREAD;
	opt.module_dir = probed_modules;
	opt.log = hear_rows;
	opt.log_ctx = heard;
	begin("60s");
	revoked("", "one", 0);
	chaos_check(policy_open_text(&p, "set", probed_set, strlen(probed_set), &opt, NULL) == 0 && heard[0] == '\0', "one row is not worth a word");
	closed(p);
	for (unsigned i = 1; i < MEMORY_ROWS; i++) {
		memory->rows[i].kind = POLICY_ROW_REVOCATION;
		snprintf(memory->rows[i].id, sizeof(memory->rows[i].id), "t%u", i);
	}
	memory->n = MEMORY_ROWS;
	chaos_check(policy_open_text(&p, "set", probed_set, strlen(probed_set), &opt, NULL) == 0 &&
	    strstr(heard, "200,000 rows read;") != NULL && reason(p, "one") == POLICY_REASON_REVOKED, "many rows are counted");
	closed(p);
	memset(memory->rows, 0, sizeof(memory->rows));
	begin("60s");
}

static void
over_reloads(void)
{
	struct policy *p;
	unsigned opened;

	begin("60s");
	revoked("", "one", 0);
	p = open_probed(POLICY_NO_THREAD);
	if (!chaos_check(p != NULL, "the set does not open"))
		return;
	opened = memory->opened;
	memory->n = 0;
	chaos_check(policy_reload(p, NULL) == 0 && reason(p, "one") == POLICY_REASON_REVOKED, "a reload keeps revocations");
	chaos_check(memory->opened == opened, "and the store, where it is the same");
	closed(p);
}

static void
of_no_use(void)
{
	struct policy *p;

	begin("60s");
	revoked("", "one", unix_ns() - 1);	/* it had to be kept until then, and is no harm */
	memory->open_fails = POLICY_ERR_IO;
	chaos_check(open_probed(0) == NULL, "a store that does not open");
	memory->open_fails = 0;
	memory->fails = POLICY_ERR_UNAVAILABLE;
	chaos_check(open_probed(0) == NULL, "one that cannot be read");
	memory->fails = 0;
	memory->rows[0].kind = 77;
	chaos_check(open_probed(0) == NULL, "a row of a kind that is not known");
	memory->rows[0].kind = POLICY_ROW_REVOCATION;
	memory->rows[0].id[0] = '\0';
	chaos_check(open_probed(0) == NULL, "a row without an id");
	chaos_check(memory->closed == memory->opened && probe->closed == probe->opened, "nothing is left open");
	begin("60s");
	memcpy(strstr(probed_set, "memory:"), "nobody", 6);
	chaos_check(open_probed(0) == NULL, "a store that is not there");
	begin("60s");
	p = open_probed(0);
	chaos_check(p != NULL && reason(p, "one") == POLICY_REASON_RULE, "and a good one");
	closed(p);
}

static void
where_it_stands(void)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy *p;

	begin("60s");
	memory->open_fails = POLICY_ERR_IO;
	opt.module_dir = probed_modules;
	chaos_check(policy_open_text(&p, "set", probed_set, strlen(probed_set), &opt, &err) == POLICY_ERR_IO &&
	    err.line == 8 && strcmp(err.file, "set") == 0 && strstr(err.text, "nobody is there") != NULL &&
	    strstr(err.text, "0x") == NULL, "the section's place, and the store's own words, and no url");
	memory->open_fails = 0;
}

/* ---- staleness ---- */

/* Bounds are a second or less; what is checked holds however late this process runs. */
static void
stale(void)
{
	struct policy *p;

	begin("1s");
	p = open_probed(0);
	if (!chaos_check(p != NULL, "the set does not open"))
		return;
	COMES_TRUE(reason(p, "one") == POLICY_REASON_RULE, "good");
	memory->fails = POLICY_ERR_IO;
	COMES_TRUE(reason(p, "one") == POLICY_REASON_UNAVAILABLE, "unavailable when it is down for longer than `stale`");
	chaos_check(asserted(p), "who needs no store goes on");
	chaos_check(put_file("no id\n"), "the file");
	COMES_TRUE(reason(p, "no id") == POLICY_REASON_RULE, "so does a credential without token id");
	chaos_check(policy_reload(p, NULL) == 0 && reason(p, "no id") == POLICY_REASON_RULE, "also over a reload");
	chaos_check(put_file("one\n"), "the file");
	COMES_TRUE(reason(p, "one") == POLICY_REASON_UNAVAILABLE, "and it is still down");
	memory->fails = 0;
	COMES_TRUE(reason(p, "one") == POLICY_REASON_RULE, "good again when it answers");
	revoked("", "late", 0);
	memory->rows[memory->n].kind = 77;
	memory->n++;
	COMES_TRUE(reason(p, "one") == POLICY_REASON_UNAVAILABLE, "a row of a kind that is not known is a failure");
	chaos_check(put_file("late\n"), "the file");
	COMES_TRUE(reason(p, "late") == POLICY_REASON_REVOKED, "what came before it holds");
	closed(p);
	chaos_check(put_file("one\n"), "the file");
}

static void
nobody_serves(void)
{
	struct policy *p;

	begin("1s");
	p = open_probed(POLICY_NO_THREAD);
	if (!chaos_check(p != NULL, "the set does not open"))
		return;
	COMES_TRUE(reason(p, "one") == POLICY_REASON_UNAVAILABLE, "without service for longer than `stale`");
	chaos_check(asserted(p), "who needs no store goes on");
	policy_service(p, 0);
	COMES_TRUE((policy_service(p, 0), reason(p, "one") == POLICY_REASON_RULE), "good again when it is served");
	closed(p);
}

/* ---- many ---- */

static void
many(void)
{
	enum { MANY = 100000 };
	const int64_t until = unix_ns() + 3600 * INT64_C(1000000000);
	char id[MEMORY_ID];
	struct policy *p;
	int bad = 0;

	begin("60s");
	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "t%d", i);
		revoked("probe", id, i % 2 == 0 ? until : 0);
	}
	p = open_probed(POLICY_NO_THREAD);
	if (!chaos_check(p != NULL, "100,000 revocations do not open"))
		return;
	policy_service(p, 0);
	for (int i = 0; i < MANY; i += 9973) {
		snprintf(id, sizeof(id), "t%d\n", i);
		bad += !put_file(id) || policy_service(p, -1) < 1;
		id[strlen(id) - 1] = '\0';
		bad += reason(p, id) != POLICY_REASON_REVOKED;
	}
	chaos_check(bad == 0, "each of many is revoked");
	chaos_check(put_file("t100000\n") && policy_service(p, -1) == 1 && reason(p, "t100000") == POLICY_REASON_RULE,
	    "and no other");
	closed(p);
	chaos_check(put_file("one\n"), "the file");
}

/* A clock that went ahead, and back: whose end it was then is not over now. */
static void
over_and_yet_not(void)
{
	const int64_t day = 86400 * INT64_C(1000000000), over = unix_ns() - day;
	struct policy *p;
	char id[MEMORY_ID];

	begin("60s");
	revoked("probe", "one", over);
	for (int i = 0; i < 1000; i++) {	/* the list is made anew on the way */
		snprintf(id, sizeof(id), "t%d", i);
		revoked("probe", id, over);
	}
	p = open_probed(POLICY_NO_THREAD);
	if (!chaos_check(p != NULL, "the set does not open"))
		return;
	chaos_check(reason(p, "one") == POLICY_REASON_REVOKED, "a revocation that was over a day ago");
	closed(p);
}

/* ---- forked ---- */

/* In the moment when a reload has put a set in force, and its store not yet. */
static void
forked_between(void)
{
	struct policy *p;
	struct pol_store *st;
	int status = -1;
	pid_t pid;

	begin("60s");
	p = open_probed(POLICY_NO_THREAD);
	if (!chaos_check(p != NULL && reason(p, "one") == POLICY_REASON_RULE, "the set does not open"))
		return;
	st = p->store;
	p->staged = st;
	p->store = NULL;
	atomic_store(&p->store_good, INT64_MAX);
	atomic_store(&p->busy, 1);
	revoked("", "one", 0);
	pid = fork();
	if (pid == 0)
		_exit(reason(p, "one") != POLICY_REASON_REVOKED || p->store == NULL);
	chaos_check(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, "a child has the set's store");
	atomic_store(&p->busy, 0);
	atomic_store(&p->store_good, 0);
	p->staged = NULL;
	p->store = st;
	memory->opened -= 1;			/* the child's, that died with it */
	closed(p);
}

int
main(void)
{
	if (chaos_check(begin_probed(), "no scratch directory, or no modules")) {
		at_opening();
		progress();
		by_descriptor();
		over_reloads();
		of_no_use();
		where_it_stands();
		stale();
		nobody_serves();
		many();
		over_and_yet_not();
		forked_between();
	}
	end_probed();
	return chaos_finish();
}
