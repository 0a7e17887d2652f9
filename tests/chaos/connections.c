/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set whose modules keep connections (vault) or make them (jwt, keys of a URL) is opened,
 * used, and its process forks: a child asks on connections of its own, its parent goes on
 * with its own, and so do a child's children; also while threads of the parent ask.
 */
#include "chaos.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "chaos/served.h"
#include "modules/jwt/tests/mint.h"

enum { CHILDREN = 3, ASKED = 4, BUSY_CHILDREN = 12 };

#define HOLDS(c) do { \
	if (!(c)) \
		return __LINE__; \
} while (0)

static char modules[4096], text[2048], jwt_ours[1024], jwt_other[1024], *jwks;
static struct policy *p;

static int64_t
at_noon(void *ctx)
{
	(void)ctx;
	return INT64_C(1700000000000000000);
}

/* ---- the two servers ---- */

static const char *
keys_of(const char *request, char *room, size_t size)
{
	(void)request;
	(void)room;
	(void)size;
	return jwks;
}

/* A token `s.as-PID` is its own entity. */
static const char *
token_of(const char *request, char *room, size_t size)
{
	const char *at = strstr(request, "X-Vault-Token: s.as-");

	if (at == NULL)
		return NULL;
	snprintf(room, size, "{\"data\":{\"accessor\":\"acc\",\"display_name\":\"d\",\"entity_id\":\"e-%lu\",\"expire_time\":null,"
	    "\"id\":\"s.as-%lu\",\"meta\":null,\"num_uses\":0,\"policies\":[\"default\"],\"ttl\":0,\"renewable\":false,"
	    "\"type\":\"service\"}}", served_who(request), served_who(request));
	return room;
}

static struct served issuer = { .answer = keys_of }, vault = { .answer = token_of };

/* ---- questions ---- */

static struct policy_decision
ask(const char *bearer)
{
	struct policy_credential c = { .kind = POLICY_TEXT("bearer") };
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;

	c.data = policy_text(bearer);
	req.credentials = &c;
	req.credentials_count = 1;
	req.action = policy_text("a");
	policy_decide(p, &req, &d);
	if (d.reason == POLICY_REASON_UNAVAILABLE) {
		printf("    %d: no answer about %.8s\n", (int)getpid(), bearer);
		fflush(stdout);		/* a child leaves by _exit() */
	}
	return d;
}

/* This process's own token, as often as asked; a bad one; JWTs. The line that does not hold. */
static int
answers(void)
{
	char token[64], entity[64];

	snprintf(token, sizeof(token), "s.as-%d", (int)getpid());
	snprintf(entity, sizeof(entity), "e-%d", (int)getpid());
	for (int i = 0; i < ASKED; i++) {
		struct policy_decision d = ask(token);

		HOLDS(d.verdict == POLICY_ALLOW);
		HOLDS(strcmp(d.subject_id, entity) == 0);
	}
	HOLDS(ask(jwt_ours).verdict == POLICY_ALLOW);
	HOLDS(ask(jwt_other).verdict == POLICY_DENY);
	return 0;
}

static bool
child_does(int (*what)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(what() & 0xff);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0)
		return chaos_check(1, "");
	printf("    a child: status %x\n", (unsigned)status);
	return chaos_check(0, "a child's answers");
}

static int
own_answers(void)
{
	HOLDS(answers() == 0);
	policy_close(p);
	return 0;
}

static int
grandchild(void)
{
	HOLDS(answers() == 0);
	HOLDS(child_does(own_answers));
	HOLDS(answers() == 0);
	return 0;
}

/* ---- a parent and its children ---- */

static bool
open_it(uint32_t flags)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;

	opt.flags = flags;
	opt.clock = at_noon;
	opt.module_dir = modules;
	if (policy_open_text(&p, "set", text, strlen(text), &opt, &err) == 0)
		return true;
	printf("    %u:%u: %s\n", err.line, err.column, err.text);
	return false;
}

static void
in_turn(uint32_t flags)
{
	unsigned connected, fetched;

	if (!chaos_check(open_it(flags), "the set opens"))
		return;
	chaos_check(answers() == 0 && answers() == 0, "the parent's answers, before it forks");
	connected = atomic_load(&vault.seen->connections);
	fetched = atomic_load(&issuer.seen->connections);
	for (unsigned i = 1; i <= CHILDREN; i++) {
		child_does(own_answers);
		chaos_check(vault.seen->connections == connected + i, "a child makes one connection, its own");
		chaos_check(issuer.seen->connections == fetched + i, "a child fetches keys once, itself");
		chaos_check(answers() == 0, "the parent's answers, afterwards");
		chaos_check(vault.seen->connections == connected + i, "the parent's connection is still its own");
	}
	child_does(grandchild);
	chaos_check(vault.seen->connections == connected + CHILDREN + 2, "a grandchild, and its own");
	chaos_check(answers() == 0 && vault.seen->connections == connected + CHILDREN + 2, "the parent's, in the end");
	policy_close(p);
}

#ifndef CHAOS_SANITIZER

static atomic_bool stop;

static void *
busy(void *arg)
{
	while (!atomic_load(&stop)) {
		if (answers() != 0)
			atomic_fetch_add((atomic_uint *)arg, 1);
	}
	return NULL;
}

static void
with_threads(void)
{
	atomic_uint wrong = 0;
	pthread_t t[2];

	in_turn(0);
	if (!chaos_check(open_it(0), "the set opens"))
		return;
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, busy, &wrong);
	for (int i = 0; i < BUSY_CHILDREN; i++)
		child_does(answers);
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	chaos_check(wrong == 0, "answers of the parent's threads");
	policy_close(p);
}

#else

static void
with_threads(void)
{
	chaos_skip(2, "threads in the parent (a sanitizer's allocator does not survive fork beside them)");
}

#endif

/* ---- the set ---- */

static void
mint_all(void)
{
	struct mint own, stranger;
	char *token;

	mint_init(&own, 9);		/* ES256 */
	mint_init(&stranger, 9);
	for (int i = 0; i < 2; i++) {
		token = mint_token(i == 0 ? &own : &stranger, "{\"alg\":\"ES256\",\"kid\":\"k\"}",
		    "{\"iss\":\"https://issuer.example\",\"aud\":\"api\",\"sub\":\"ann\",\"exp\":4000000000}");
		snprintf(i == 0 ? jwt_ours : jwt_other, sizeof(jwt_ours), "%s", token);
		free(token);
	}
	jwks = mint_jwks(&own, "k");
	mint_fini(&own);
	mint_fini(&stranger);
}

static bool
begin(void)
{
	const char *build = getenv("top_builddir");
	char at[4096];

	snprintf(at, sizeof(at), "%s/modules/.libs", build != NULL ? build : ".");
	if (realpath(at, modules) == NULL)
		return false;
	mint_all();
	if (!served_begin(&issuer) || !served_begin(&vault))
		return false;
	snprintf(text, sizeof(text), "policy: 1\nactions: [a]\nroles: { r: { allow: a } }\nauthenticated: { roles: r }\nmodules:\n"
	    "  - { use: jwt, subject: { type: user, shared: true }, unscoped: full, cache: 0s,\n"
	    "      with: { issuer: \"https://issuer.example\", audience: api, keys: \"http://127.0.0.1:%d/\", insecure: true, timeout: 30s } }\n"
	    "  - { use: vault, subject: { type: service }, unscoped: full, cache: 0s,\n"
	    "      with: { address: \"http://127.0.0.1:%d\", insecure: true, timeout: 30s } }\n", issuer.port, vault.port);
	return true;
}

int
main(void)
{
	if (chaos_check(begin(), "no servers, or no modules")) {
		in_turn(POLICY_NO_THREAD);
		with_threads();
		chaos_check(vault.seen->mixed == 0, "no connection was of two processes");
		printf("%u connections, %u requests, %u times keys\n", (unsigned)vault.seen->connections,
		    (unsigned)vault.seen->requests, (unsigned)issuer.seen->connections);
	}
	served_end(&issuer);
	served_end(&vault);
	free(jwks);
	return chaos_finish();
}
