/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads decide by credentials while the set is reloaded without end and tokens are
 * revoked one after the other. No answer is wrong; one that was asked for after a token
 * was revoked is a deny, from the cache as from the module; and each stack that was
 * opened is closed once. To be run under ThreadSanitizer too.
 */
#include "chaos.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <policy_module.h>

#include "api/open.h"
#include "auth/revoked.h"

enum { DECIDERS = 3, TOKENS = 200, MILLISECONDS = 2500 };

static const char set[] =
    "policy: 1\n"
    "actions: [a, b]\n"
    "roles: { r: { allow: a } }\n"
    "users: { ann: { roles: r } }\n"
    "modules: [ { use: words, for: bearer, kind: key } ]\n";

static struct policy *p;
static atomic_uint opened, closed, in_use, asked, wrong, after, reloads;
static atomic_uint revoked;		/* tokens up to this one */
static atomic_int stop;

/* ---- a module: token N is ann's, unless N is odd ---- */

struct state {
	const struct policy_host *host;
	atomic_uint open;
};

static int
words_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	struct state *s = calloc(1, sizeof(*s));

	(void)err;
	if (s == NULL)
		return POLICY_ERR_NOMEM;
	s->host = args->host;
	atomic_store(&s->open, 1);
	atomic_fetch_add(&opened, 1);
	*state = s;
	return 0;
}

static enum policy_check_result
words_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	struct state *s = state;
	struct policy_text data = call->credential->data, none = { NULL, 0 };

	if (atomic_load(&s->open) != 1)
		atomic_fetch_add(&wrong, 1);
	atomic_fetch_add(&in_use, 1);
	s->host->set_subject(id, none, policy_text("ann"));
	s->host->set_token_id(id, data);
	return (data.data[data.len - 1] & 1) != 0 ? POLICY_CHECK_FAIL : POLICY_CHECK_PASS;
}

static void
words_close(void *state)
{
	struct state *s = state;

	atomic_store(&s->open, 0);
	atomic_fetch_add(&closed, 1);
	free(s);
}

static const struct policy_module words = {
	.size = sizeof(words), .abi = POLICY_MODULE_ABI, .name = "words", .version = "1",
	.flags = POLICY_MODULE_CACHEABLE, .open = words_open, .check = words_check, .close = words_close,
};

static int
load(const struct policy_module **out, const char *dir, const char *name, struct policy_error *err)
{
	(void)dir;
	(void)name;
	(void)err;
	*out = &words;
	return 0;
}

/* ---- threads ---- */

static void
judge(unsigned n, unsigned gone, const struct policy_decision *d, bool a)
{
	const bool allow = d->verdict == POLICY_ALLOW, good = n % 2 == 0 && a;

	if (n < gone && allow)
		atomic_fetch_add(&after, 1);
	if ((allow && !good) || (!allow && good && d->reason != POLICY_REASON_REVOKED) ||
	    (n % 2 != 0 && d->reason != POLICY_REASON_BAD_CREDENTIAL)) {
		atomic_fetch_add(&wrong, 1);
		printf("    token %u, %s: %s\n", n, a ? "a" : "b", policy_reason_name((int)d->reason));
	}
}

static void *
decider(void *arg)
{
	unsigned x = *(unsigned *)arg + 1;
	char text[32];

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		struct policy_request req[2] = { POLICY_REQUEST_INIT, POLICY_REQUEST_INIT };
		struct policy_decision d[2] = { POLICY_DECISION_INIT, POLICY_DECISION_INIT };
		struct policy_credential c = { .kind = policy_text("bearer") };
		unsigned n, gone = atomic_load(&revoked);

		x = x * 1664525u + 1013904223u;
		n = (x >> 8) % TOKENS;
		snprintf(text, sizeof(text), "%u", n);
		c.data = policy_text(text);
		req[0].credentials = req[1].credentials = &c;
		req[0].credentials_count = req[1].credentials_count = 1;
		req[0].action = policy_text("a");
		req[1].action = policy_text("b");
		if ((x >> 30) != 0 ? policy_decide(p, &req[0], &d[0]) != 0 : policy_decide_many(p, req, 2, d) != 0)
			atomic_fetch_add(&wrong, 1);
		judge(n, gone, &d[0], true);
		if ((x >> 30) == 0)
			judge(n, gone, &d[1], false);
		atomic_fetch_add_explicit(&asked, 1, memory_order_relaxed);
	}
	return NULL;
}

static void *
reloader(void *arg)
{
	const struct timespec nap = { 0, 1000000 };

	(void)arg;
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		if (policy_reload(p, NULL) != 0)
			atomic_fetch_add(&wrong, 1);
		atomic_fetch_add(&reloads, 1);
		nanosleep(&nap, NULL);
	}
	return NULL;
}

static void
revoke_all(void)
{
	const struct timespec nap = { 0, MILLISECONDS * 1000000L / TOKENS };
	char text[32];

	for (unsigned i = 0; i < TOKENS; i++) {
		snprintf(text, sizeof(text), "%u", i);
		chaos_check(pol_revoked_add(p->revoked, policy_text("words"), policy_text(text), 0) == 0, "no memory");
		atomic_store(&revoked, i + 1);
		nanosleep(&nap, NULL);
	}
}

int
main(void)
{
	struct pol_origin from = { .name = "credentials.yaml", .text = set, .len = sizeof(set) - 1, .is_text = true, .load = load };
	struct policy_error err = POLICY_ERROR_INIT;
	unsigned numbers[DECIDERS];
	pthread_t t[DECIDERS + 1];

	if (!chaos_check(pol_open_new(&p, &from, NULL, &err) == 0, "the set does not open")) {
		printf("    %s:%u: %s\n", err.file, err.line, err.text);
		return chaos_finish();
	}
	for (unsigned i = 0; i < DECIDERS; i++) {
		numbers[i] = i;
		pthread_create(&t[i], NULL, decider, &numbers[i]);
	}
	pthread_create(&t[DECIDERS], NULL, reloader, NULL);
	revoke_all();
	atomic_store(&stop, 1);
	for (unsigned i = 0; i <= DECIDERS; i++)
		pthread_join(t[i], NULL);
	policy_close(p);
	printf("    %u asked, %u judged by the module, %u reloads\n", atomic_load(&asked), atomic_load(&in_use), atomic_load(&reloads));
	chaos_check(atomic_load(&wrong) == 0, "a wrong answer");
	chaos_check(atomic_load(&after) == 0, "an allow after the token was revoked");
	chaos_check(atomic_load(&reloads) > 1 && atomic_load(&asked) > atomic_load(&in_use), "nobody reloaded, or nothing was cached");
	chaos_check(atomic_load(&opened) == atomic_load(&closed), "a step was not closed, or twice");
	return chaos_finish();
}
