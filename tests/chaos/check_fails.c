/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Through the whole library, with the real modules: the first, second, third...
 * allocation of a check fails, it alone or all that follow too, whoever asks for it. A
 * bad credential never passes, a good one is its own subject's or unavailable, and is
 * good again afterwards. The same while modules read their files anew, and while the set
 * is reloaded: then the old one stays. At the end no block is left.
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

#include <openssl/crypto.h>

#include "chaos/real.h"
#include "heap.h"

enum { MOST = 20000, PASSES = 3 };

static struct policy *p;
static const struct real *at;
static char subject[256], group[256];	/* what the good credential says with memory enough */
static struct { long tried, allowed, denied, reloaded, refused, served; } n;

static void
arm(long which)
{
	heap_failed = 0;
	heap_fail = which;
}

/* Whether one failed. */
static bool
disarm(void)
{
	const bool failed = heap_failed;

	arm(0);
	return failed;
}

static bool
is(const char *got, size_t len, const char *wanted)
{
	return len == strlen(wanted) && memcmp(got, wanted, len) == 0;
}

static bool
is_no_answer(uint32_t reason)
{
	return reason == POLICY_REASON_UNAVAILABLE || reason == POLICY_REASON_LIMIT || reason == POLICY_REASON_ERROR;
}

static void
complain(const char *what, long which, uint32_t reason)
{
	printf("    %s: %s, allocation %ld%s: %s\n", at->name, what, which, heap_for_good ? " and all behind it" : "",
	    policy_reason_name((int)reason));
}

/* ---- one credential ---- */

static void
ask_for(struct policy_request *req, struct real_ask *a, bool good, long which)
{
	static const struct policy_request init = POLICY_REQUEST_INIT;

	*req = init;
	if (good)
		real_good(at, 0, a);
	else
		real_bad(at, 0, (unsigned)which, a);
	req->credentials = a->list;
	req->credentials_count = a->count;
	req->action = policy_text("a");
}

static void
judge(const char *what, bool good, bool yes, uint32_t reason, bool same, bool failed, long which)
{
	bool right = good ? yes : !yes;

	if (failed && good)
		right = yes || is_no_answer(reason);
	else if (failed)
		right = !yes && (is_no_answer(reason) || reason == POLICY_REASON_BAD_CREDENTIAL || reason == POLICY_REASON_EXPIRED);
	n.allowed += yes;
	n.denied += !yes;
	if (!chaos_check(right, "a wrong answer for want of memory"))
		complain(what, which, reason);
	if (yes && !chaos_check(same, "another subject, or another group"))
		complain(what, which, reason);
}

static bool
decide(bool good, long which)
{
	struct policy_decision d = POLICY_DECISION_INIT;
	struct policy_request req;
	struct real_ask a;
	bool failed, yes;

	ask_for(&req, &a, good, which);
	arm(which);
	policy_decide(p, &req, &d);
	failed = disarm();
	yes = d.verdict == POLICY_ALLOW;
	judge("policy_decide", good, yes, d.reason, is(d.subject_id, d.subject_id_len, subject), failed, which);
	return failed;
}

static bool
authenticate(bool good, long which)
{
	static struct policy_identity id;
	struct policy_request req;
	struct real_ask a;
	bool failed;

	ask_for(&req, &a, good, which);
	id.size = sizeof(id);
	arm(which);
	policy_authenticate(p, &req, &id);
	failed = disarm();
	judge("policy_authenticate", good, id.verified == 1, id.reason,
	    id.verified != 1 || (is(id.subject_id.data, id.subject_id.len, subject) &&
	    (group[0] == '\0' ? id.groups_count == 0 : id.groups_count > 0 && is(id.groups[0].data, id.groups[0].len, group))),
	    failed, which);
	return failed;
}

/* ---- what stands beside ---- */

/* Keys of a URL and OpenBao, once they could not be had, are not asked for again for a
 * while, also not by a set whose reload went through without them. A set that is
 * reloaded with memory enough asks at once, and then what is good is good. */
static bool
comes_back(void)
{
	static struct policy_identity id;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_request req;
	struct real_ask a;

	ask_for(&req, &a, true, 0);
	id.size = sizeof(id);
	policy_authenticate(p, &req, &id);
	if (id.verified == 1)
		return true;
	if (!chaos_check(is_no_answer(id.reason) && policy_reload(p, &err) == 0, "a good credential is refused, or a reload"))
		return false;
	id.size = sizeof(id);
	policy_authenticate(p, &req, &id);
	return chaos_check(id.verified == 1, "not good again after a reload");
}

/* The files are new ones; so they are when it fails, and the bytes the same. */
static bool
serve(bool good, long which)
{
	bool failed;

	(void)good;
	chaos_check(real_put_files(at, which % 2 != 0), "the files");
	arm(which);
	policy_service(p, 0);
	failed = disarm();
	n.served++;
	policy_service(p, 0);
	if (failed && (!at->may_wait || which % 16 == 1) && (!at->served || comes_back())) {
		decide(true, 0);
		decide(false, 0);
	}
	return failed;
}

static bool
reload(bool good, long which)
{
	struct policy_error err = POLICY_ERROR_INIT;
	const uint64_t before = policy_generation(p);
	bool failed;
	int rc;

	(void)good;
	arm(which);
	rc = policy_reload(p, &err);
	failed = disarm();
	n.reloaded += rc == 0;
	n.refused += rc != 0;
	if (!chaos_check(rc == 0 ? err.code == 0 : failed && err.code == rc && err.text[0] != '\0', "a reload's answer"))
		printf("    %s: allocation %ld: %d %s\n", at->name, which, rc, err.text);
	chaos_check((policy_generation(p) == before) == (rc != 0), "a refused reload is none");
	policy_service(p, 0);
	if (failed && (!at->may_wait || which % 16 == 1) && (!at->served || comes_back())) {
		decide(true, 0);
		decide(false, 0);
	}
	return failed;
}

static const struct {
	const char *name;
	bool (*run)(bool good, long which);
	bool good, whole;		/* whole: of many allocations of the engine's own */
} works[] = {
	{ "good credential decided", decide, true, false }, { "bad credential decided", decide, false, false },
	{ "good credential authenticated", authenticate, true, false },
	{ "bad credential authenticated", authenticate, false, false },
	{ "files read anew", serve, true, true }, { "set reloaded", reload, true, true },
};

#define WORKS (sizeof(works) / sizeof(works[0]))

static long
try(size_t w)
{
	long which, last = 0;

	for (which = 1; which < MOST; which += works[w].whole && heap_for_good ? 5 : 1) {
		if ((at->served && !comes_back()) || !works[w].run(works[w].good, which))
			break;
		last++;
		if (!works[w].whole && works[w].good && (!at->may_wait || (!at->served && which % 4 == 1)))
			decide(true, 0);
	}
	n.tried += last;
	if (!chaos_check(which < MOST, "it never gets through"))
		printf("    %s: %s\n", at->name, works[w].name);
	return last;
}

/* Opened, asked and closed without a failure: what libraries keep for good, they keep now. */
static bool
warm(void)
{
	static struct policy_identity id;
	struct policy_request req;
	struct real_ask a;

	if (!real_open(&p, at, POLICY_NO_THREAD))
		return false;
	ask_for(&req, &a, true, 0);
	id.size = sizeof(id);
	chaos_check(policy_authenticate(p, &req, &id) == 0 && id.verified == 1, "the good credential is good");
	snprintf(subject, sizeof(subject), "%.*s", (int)id.subject_id.len, id.subject_id.data);
	snprintf(group, sizeof(group), "%.*s", id.groups_count > 0 ? (int)id.groups[0].len : 0,
	    id.groups_count > 0 ? id.groups[0].data : "");
	for (size_t w = 0; w < WORKS; w++)
		works[w].run(works[w].good, 0);
	policy_close(p);
	OPENSSL_thread_stop();		/* its ring of errors, and the texts in it */
	return true;
}

static bool
pass(long each[2][WORKS])
{
	bool open;

	heap_for_good = 0;
	heap_live = 0;
	heap_on = 1;
	arm(0);
	open = real_open(&p, at, POLICY_NO_THREAD);
	for (heap_for_good = 0; open && heap_for_good < 2; heap_for_good++)
		for (size_t w = 0; w < WORKS; w++)
			each[heap_for_good][w] = try(w);
	policy_close(p);
	OPENSSL_thread_stop();
	heap_on = 0;
	return open;
}

/* What a library makes once more after its first attempt failed, and keeps (glibc's lists
 * of name services), it makes in the first pass: a leak is in the last one too. */
static void
of_module(const struct real *r)
{
	long each[2][WORKS] = { { 0 } }, first = 0;
	bool open = true;

	at = r;
	if (!chaos_check(real_put_files(r, false) && real_put_set(r, REAL_LEFT) && warm() && warm(), "the set opens"))
		return;
	heap_live = 1;
	for (int i = 0; i < PASSES && open && heap_live != 0; i++) {
		open = pass(each);
		first = i == 0 ? heap_live : first;
	}
	if (!chaos_check(open && heap_live == 0, "blocks left behind"))
		printf("    %s: %ld blocks\n", r->name, heap_live);
	printf("%s (%s): allocations of a good check %ld + %ld, of a bad one %ld + %ld, of reading anew %ld + %ld, of a reload %ld + %ld; "
	    "%ld blocks kept\n", r->name, subject, each[0][0], each[0][2], each[0][1], each[0][3], each[0][4], each[1][4], each[0][5],
	    each[1][5], first);
}

int
main(void)
{
	if (!chaos_check(real_begin(), "no scratch directory, or no modules"))
		return chaos_finish();
	for (unsigned i = 0; i < real_count; i++) {
		if (real_list[i].frail)
			chaos_skip(1, real_list[i].name);
		else if (real_there_is(&real_list[i]))
			of_module(&real_list[i]);
		else
			chaos_skip(1, real_list[i].name);
	}
	real_end();
	printf("%ld allocations failed in turn: %ld allowed, %ld denied, %ld reloads done and %ld refused, %ld times served\n",
	    n.tried, n.allowed, n.denied, n.reloaded, n.refused, n.served);
	return chaos_finish();
}

#endif
