/* SPDX-License-Identifier: Apache-2.0 */
/*
 * src/api/: requests with credentials. The modules live in this program; a token says
 * itself what they make of it, in words:
 *
 *	s:ann i:t1 k:key c:read g:eng e:100 a:x u:y S w:20 r  !bad !old !gone !down !wait !not
 *
 * subject, token id, kind, scope, group, end (seconds), attribute of the token and of its
 * subject, scoped, when it is by then, a reload meanwhile (see reloads); or how it fails.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <policy_module.h>

#include "api/handle.h"
#include "api/open.h"
#include "auth/revoked.h"
#include "unit/unit.h"

#define SECOND INT64_C(1000000000)
#define START (INT64_C(1700000000) * SECOND)

/* ---- modules ---- */

static atomic_uint checks, opened, closed;
static int64_t now;

/* `r`: so many times is this set read again, by somebody else, while a token is judged; behind
 * that none is good any more, where it says so. */
static struct {
	struct policy *p;
	unsigned left;
	bool is_end;
} reloads;

static void *
reload(void *ctx)
{
	CU_ASSERT_EQUAL(policy_reload(reloads.p, NULL), 0);
	return ctx;
}

static bool
reload_meanwhile(void)
{
	pthread_t other;

	if (reloads.left == 0)
		return !reloads.is_end;
	reloads.left--;
	return pthread_create(&other, NULL, reload, NULL) == 0 && pthread_join(other, NULL) == 0;
}

static int
mod_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	struct policy_host *h = malloc(sizeof(*h));

	(void)err;
	CU_ASSERT_PTR_NOT_NULL_FATAL(h);
	*h = *args->host;
	h->source(args->host, policy_text("one"));
	*state = h;
	opened++;
	return 0;
}

static void
mod_close(void *state)
{
	free(state);
	closed++;
}

/* One word; false: it fails. */
static bool
hear(const struct policy_host *h, struct policy_identity *id, const char *word, size_t len)
{
	static const struct policy_value yes = { .type = POLICY_BOOL, .u.boolean = 1 };
	const struct policy_text none = { NULL, 0 }, rest = { word + 2, len > 2 ? len - 2 : 0 };

	switch (word[0]) {
	case 's':
		return h->set_subject(id, none, rest) == 0;
	case 'i':
		return h->set_token_id(id, rest) == 0;
	case 'k':
		return h->set_kind(id, rest) == 0;
	case 'c':
		return h->add_scope(id, rest) == 0;
	case 'g':
		return h->add_group(id, rest) == 0;
	case 'e':
		return h->set_expires(id, START + strtoll(word + 2, NULL, 10) * SECOND) == 0;
	case 'a':
		return h->add_token_attribute(id, rest, &yes) == 0;
	case 'u':
		return h->add_subject_attribute(id, rest, &yes) == 0;
	case 'S':
		return h->set_scoped(id) == 0;
	case 'r':
		return reload_meanwhile();
	case 'w':
		now = START + strtoll(word + 2, NULL, 10) * SECOND;
		return true;
	default:
		return false;
	}
}

static enum policy_check_result
fails(const struct policy_host *h, const struct policy_call *call, struct policy_identity *id, const char *how)
{
	if (strcmp(how, "!not") == 0)
		return POLICY_CHECK_IGNORE;
	if (strcmp(how, "!down") == 0)
		return POLICY_CHECK_ERROR;
	if (strcmp(how, "!wait") == 0 && (call->flags & POLICY_CALL_NONBLOCK) != 0)
		return POLICY_CHECK_AGAIN;
	if (strcmp(how, "!old") == 0)
		h->set_reason(id, POLICY_REASON_EXPIRED);
	if (strcmp(how, "!gone") == 0)
		h->set_reason(id, POLICY_REASON_REVOKED);
	return POLICY_CHECK_FAIL;
}

static enum policy_check_result
mod_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	struct policy_text data = call->credential->data;
	char *text = strndup(data.data, data.len), *at = text, *word;
	enum policy_check_result said = POLICY_CHECK_PASS;

	checks++;
	while (said == POLICY_CHECK_PASS && (word = strsep(&at, " ")) != NULL) {
		if (word[0] == '!')
			said = fails(state, call, id, word);
		else if (!hear(state, id, word, strlen(word)))
			said = POLICY_CHECK_ERROR;
	}
	free(text);
	return said;
}

static const struct policy_module words = {
	.size = sizeof(words), .abi = POLICY_MODULE_ABI, .name = "words", .version = "1",
	.flags = POLICY_MODULE_MAY_BLOCK | POLICY_MODULE_HEEDS_NONBLOCK | POLICY_MODULE_CACHEABLE,
	.open = mod_open, .check = mod_check, .close = mod_close,
};

static int
load(const struct policy_module **out, const char *dir, const char *name, struct policy_error *err)
{
	(void)dir;
	(void)err;
	CU_ASSERT_STRING_EQUAL(name, "words");
	*out = &words;
	return 0;
}

/* ---- sets and requests ---- */

#define PEOPLE \
	"policy: 1\n" \
	"resources: { doc: }\n" \
	"actions: { read: { resource: doc }, write: { resource: doc }, list: , mark: , note: }\n" \
	"roles:\n" \
	"  reader: { allow: [ { actions: read, id: readers }, list ] }\n" \
	"  writer: { includes: reader, allow: write }\n" \
	"  marker: { allow: { actions: mark, when: token.x } }\n" \
	"  noter: { allow: { actions: note, when: token.subject.y } }\n" \
	"users: { ann: { roles: [writer, marker, noter] }, bob: { roles: reader } }\n" \
	"groups: { words/eng: }\n" \
	"grants: [ { role: reader, to: \"group:words/eng\", resource: doc/1 } ]\n"
#define STEP(kinds) "modules: [ { use: words, for: [bearer, peer], kind: " kinds " } ]\n"
#define MODULES STEP("key")

static int64_t
tell_time(void *ctx)
{
	(void)ctx;
	return now;
}

static struct policy *
open_set(const char *text)
{
	struct pol_origin from = { .name = "who.yaml", .text = text, .len = strlen(text), .is_text = true, .load = load };
	struct policy_options o = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy *p = NULL;

	now = START;
	o.clock = tell_time;
	if (pol_open_new(&p, &from, &o, &err) != 0)
		printf("%s:%u: %s\n", err.file, err.line, err.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	checks = 0;
	return p;
}

static struct policy_credential
bearer(const char *data)
{
	return (struct policy_credential){ .kind = POLICY_TEXT("bearer"), .data = policy_text(data) };
}

static struct policy_request
request(const char *action, const struct policy_credential *list, size_t n)
{
	struct policy_request r = POLICY_REQUEST_INIT;

	r.action = policy_text(action);
	if (strcmp(action, "read") == 0 || strcmp(action, "write") == 0) {
		r.resource_type = policy_text("doc");
		r.resource_id = policy_text("1");
	}
	r.credentials = list;
	r.credentials_count = n;
	return r;
}

static struct policy_decision
decided(struct policy *p, const struct policy_request *r, int wanted)
{
	struct policy_decision d = POLICY_DECISION_INIT;
	int rc;

	d.verdict = POLICY_ALLOW;
	rc = policy_decide(p, r, &d);
	CU_ASSERT_EQUAL(rc, wanted);
	if (rc != wanted)
		printf("rc %d, wanted %d\n", rc, wanted);
	CU_ASSERT(rc == 0 || d.verdict == POLICY_DENY);
	return d;
}

/* Asked with one token. */
static struct policy_decision
asked(struct policy *p, const char *token, const char *action, enum policy_reason reason)
{
	struct policy_credential c = bearer(token);
	struct policy_request r = request(action, &c, 1);
	struct policy_decision d = decided(p, &r, 0);

	CU_ASSERT_EQUAL(d.reason, reason);
	if (d.reason != reason)
		printf("%.40s, %s: %s, wanted %s\n", token, action, policy_reason_name((int)d.reason),
		    policy_reason_name((int)reason));
	CU_ASSERT_EQUAL(d.verdict == POLICY_ALLOW, reason == POLICY_REASON_RULE);
	return d;
}

static bool
same(const struct policy_decision *a, const struct policy_decision *b)
{
	return a->verdict == b->verdict && a->reason == b->reason && a->status == b->status &&
	    a->generation == b->generation && a->expires == b->expires && a->line == b->line &&
	    strcmp(a->rule, b->rule) == 0 && strcmp(a->file, b->file) == 0 &&
	    strcmp(a->subject_type, b->subject_type) == 0 && strcmp(a->subject_id, b->subject_id) == 0 &&
	    strcmp(a->token_id, b->token_id) == 0;
}

static const struct {
	const char *token, *action;
	enum policy_reason reason;
	uint32_t status;
} answers[] = {
	{ "s:ann i:t1", "read", POLICY_REASON_RULE, 200 },
	{ "s:ann i:t1 e:50", "write", POLICY_REASON_RULE, 200 },
	{ "s:bob", "write", POLICY_REASON_NO_RULE, 403 },
	{ "s:bob", "fly", POLICY_REASON_UNKNOWN_ACTION, 403 },
	{ "s:eve", "read", POLICY_REASON_NO_RULE, 403 },
	{ "s:eve g:eng", "read", POLICY_REASON_RULE, 200 },
	{ "s:eve g:ops", "read", POLICY_REASON_NO_RULE, 403 },
	{ "s:ann c:read", "read", POLICY_REASON_RULE, 200 },
	{ "s:ann c:read", "write", POLICY_REASON_INSUFFICIENT_SCOPE, 403 },
	{ "s:ann S", "read", POLICY_REASON_INSUFFICIENT_SCOPE, 403 },
	{ "s:bob c:write", "write", POLICY_REASON_NO_RULE, 403 },
	{ "s:ann a:x", "mark", POLICY_REASON_RULE, 200 },
	{ "s:ann u:x", "mark", POLICY_REASON_NO_RULE, 403 },
	{ "s:ann u:y", "note", POLICY_REASON_RULE, 200 },
	{ "s:ann a:y", "note", POLICY_REASON_NO_RULE, 403 },
	{ "!bad", "read", POLICY_REASON_BAD_CREDENTIAL, 401 },
	{ "!old", "read", POLICY_REASON_EXPIRED, 401 },
	{ "!gone", "read", POLICY_REASON_REVOKED, 401 },
	{ "!down", "read", POLICY_REASON_UNAVAILABLE, 503 },
	{ "!not", "read", POLICY_REASON_BAD_CREDENTIAL, 401 },
	{ "s:ann !bad", "read", POLICY_REASON_BAD_CREDENTIAL, 401 },
	{ "s:ann e:0", "read", POLICY_REASON_EXPIRED, 401 },
	{ "s:ann i: ", "read", POLICY_REASON_UNAVAILABLE, 503 },
	{ "", "read", POLICY_REASON_BAD_CREDENTIAL, 401 },
};
enum { ANSWERS = sizeof(answers) / sizeof(answers[0]) };

static void
the_answer_from_the_cache_is_the_same(void)
{
	struct policy *p = open_set(PEOPLE MODULES);

	for (size_t i = 0; i < ANSWERS; i++) {
		struct policy_decision fresh = asked(p, answers[i].token, answers[i].action, answers[i].reason), again;
		unsigned before = checks;
		bool good = answers[i].status != 401 && answers[i].status != 503;

		CU_ASSERT_EQUAL(fresh.status, answers[i].status);
		again = asked(p, answers[i].token, answers[i].action, answers[i].reason);
		CU_ASSERT(same(&fresh, &again));
		CU_ASSERT(!good || checks == before);
		CU_ASSERT(good || strlen(answers[i].token) == 0 || checks == before + 1);
	}
	policy_close(p);
	CU_ASSERT_EQUAL(opened, closed);
}

static void
a_decision_tells_whose_they_were(void)
{
	struct policy *p = open_set(PEOPLE MODULES);
	struct policy_decision d;

	for (int i = 0; i < 2; i++) {
		d = asked(p, "s:ann i:t-1 e:50", "read", POLICY_REASON_RULE);
		CU_ASSERT_STRING_EQUAL(d.subject_type, "user");
		CU_ASSERT_STRING_EQUAL(d.subject_id, "ann");
		CU_ASSERT_STRING_EQUAL(d.token_id, "t-1");
		CU_ASSERT_STRING_EQUAL(d.rule, "readers");
		CU_ASSERT_EQUAL(d.expires, START + 50 * SECOND);
		CU_ASSERT_EQUAL(d.generation, 1);
		d = asked(p, "!bad", "read", POLICY_REASON_BAD_CREDENTIAL);
		CU_ASSERT_STRING_EQUAL(d.subject_id, "");
		CU_ASSERT_EQUAL(d.generation, 1);
	}
	policy_close(p);
}

static void
it_ends_when_the_token_or_the_cache_does(void)
{
	struct policy *p = open_set(PEOPLE MODULES);

	asked(p, "s:ann e:10", "read", POLICY_REASON_RULE);
	asked(p, "s:ann", "read", POLICY_REASON_RULE);
	CU_ASSERT_EQUAL(checks, 2);
	now = START + 10 * SECOND - 1;
	asked(p, "s:ann e:10", "read", POLICY_REASON_RULE);
	CU_ASSERT_EQUAL(checks, 2);
	now = START + 10 * SECOND;
	asked(p, "s:ann e:10", "read", POLICY_REASON_EXPIRED);
	CU_ASSERT_EQUAL(checks, 3);
	now = START + 30 * SECOND - 1;
	asked(p, "s:ann", "read", POLICY_REASON_RULE);
	CU_ASSERT_EQUAL(checks, 3);
	now = START + 30 * SECOND;
	asked(p, "s:ann", "read", POLICY_REASON_RULE);
	CU_ASSERT_EQUAL(checks, 4);
	now = START;			/* set back: what was judged later is not taken */
	asked(p, "s:ann", "read", POLICY_REASON_RULE);
	CU_ASSERT_EQUAL(checks, 5);
	/* it ended while it was judged */
	asked(p, "s:ann e:10 w:9", "read", POLICY_REASON_RULE);
	now = START;
	asked(p, "s:ann e:10 w:10", "read", POLICY_REASON_EXPIRED);
	policy_close(p);
}

static void
a_clock_may_stand_anywhere(void)
{
	static const int64_t at[] = { INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX };
	struct policy *p = open_set(PEOPLE MODULES);

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		now = at[i];
		asked(p, "s:ann i:t1", "read", POLICY_REASON_RULE);
		asked(p, "s:ann i:t1", "read", POLICY_REASON_RULE);
		asked(p, "s:ann e:1", "read", now == INT64_MAX ? POLICY_REASON_EXPIRED : POLICY_REASON_RULE);
		now = at[sizeof(at) / sizeof(at[0]) - 1 - i];
		asked(p, "s:ann i:t1", "read", POLICY_REASON_RULE);
		asked(p, "s:ann e:1", "read", now == INT64_MAX ? POLICY_REASON_EXPIRED : POLICY_REASON_RULE);
	}
	policy_close(p);
}

/* Nobody reloads for months, and tokens are revoked all the time. */
static void
what_revocations_leave_is_freed_without_a_reload(void)
{
	struct policy *p = open_set(PEOPLE MODULES);
	char room[32];

	CU_ASSERT(!pol_handle_has_old(p));
	for (int i = 0; i < 1000; i++) {
		snprintf(room, sizeof(room), "t%d", i);
		CU_ASSERT_EQUAL(pol_revoked_add(p->revoked, policy_text("words"), policy_text(room), 0), 0);
	}
	CU_ASSERT(pol_handle_has_old(p));
	pol_handle_lock(p);
	pol_handle_collect(p, 0);
	pol_handle_unlock(p);
	CU_ASSERT(!pol_handle_has_old(p));
	asked(p, "s:ann i:t999", "read", POLICY_REASON_REVOKED);
	CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
	asked(p, "s:ann i:t999", "read", POLICY_REASON_REVOKED);
	policy_close(p);
}

static void
a_revocation_wins_over_the_cache(void)
{
	struct policy *p = open_set(PEOPLE MODULES);

	asked(p, "s:ann i:t1", "read", POLICY_REASON_RULE);
	asked(p, "s:ann i:t2", "read", POLICY_REASON_RULE);
	asked(p, "s:ann i:t3", "read", POLICY_REASON_RULE);
	CU_ASSERT_EQUAL(pol_revoked_add(p->revoked, policy_text("words"), policy_text("t1"), 0), 0);
	CU_ASSERT_EQUAL(pol_revoked_add(p->revoked, policy_text(NULL), policy_text("t2"), 0), 0);
	CU_ASSERT_EQUAL(pol_revoked_add(p->revoked, policy_text("other"), policy_text("t3"), 0), 0);
	CU_ASSERT_EQUAL(asked(p, "s:ann i:t1", "read", POLICY_REASON_REVOKED).status, 401);
	asked(p, "s:ann i:t2", "read", POLICY_REASON_REVOKED);
	asked(p, "s:ann i:t3", "read", POLICY_REASON_RULE);
	CU_ASSERT_EQUAL(checks, 3);
	CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
	asked(p, "s:ann i:t1", "read", POLICY_REASON_REVOKED);	/* freshly judged too */
	policy_close(p);
}

static void
a_reload_wins_over_the_cache(void)
{
	struct policy *p = open_set(PEOPLE MODULES);
	unsigned were = opened;

	asked(p, "s:ann", "read", POLICY_REASON_RULE);
	asked(p, "s:ann", "read", POLICY_REASON_RULE);
	CU_ASSERT_EQUAL(checks, 1);
	CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
	CU_ASSERT_EQUAL(opened, were + 1);
	CU_ASSERT_EQUAL(opened, closed + 1);
	CU_ASSERT_EQUAL(asked(p, "s:ann", "read", POLICY_REASON_RULE).generation, 2);
	CU_ASSERT_EQUAL(checks, 2);
	policy_close(p);
	CU_ASSERT_EQUAL(opened, closed);
}

/* Judged by modules that are no longer those of the set: for it that is not judged. */
static void
a_reload_wins_over_who_judges(void)
{
	struct policy *p = open_set(PEOPLE MODULES);
	struct policy_identity id = { .size = sizeof(id) };
	struct policy_credential c = bearer("s:ann r");
	struct policy_request r = POLICY_REQUEST_INIT;

	r.credentials = &c;
	r.credentials_count = 1;
	reloads.p = p;
	reloads.left = 1;
	CU_ASSERT_EQUAL(asked(p, "s:ann r", "read", POLICY_REASON_RULE).generation, 2);
	CU_ASSERT_EQUAL(checks, 2);
	asked(p, "s:ann r", "read", POLICY_REASON_RULE);
	CU_ASSERT_EQUAL(checks, 2);
	CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
	reloads.left = 1;
	reloads.is_end = true;
	asked(p, "s:ann r", "read", POLICY_REASON_UNAVAILABLE);
	reloads.left = 1;
	CU_ASSERT_EQUAL(policy_authenticate(p, &r, &id), 0);
	CU_ASSERT(id.verified == 0 && id.reason == POLICY_REASON_UNAVAILABLE);
	reloads.is_end = false;
	reloads.left = 1000;
	checks = 0;
	asked(p, "s:ann r", "read", POLICY_REASON_UNAVAILABLE);
	CU_ASSERT_EQUAL(checks, 8);	/* and no more: somebody reads it all the time */
	reloads.left = 0;
	policy_close(p);
}

static void
all_credentials_must_be_good_and_allowed(void)
{
	static const struct {
		const char *a, *b, *action;
		enum policy_reason reason;
	} pairs[] = {
		{ "s:ann i:a", "s:ann i:b", "write", POLICY_REASON_RULE },
		{ "s:ann", "s:bob", "read", POLICY_REASON_BAD_CREDENTIAL },
		{ "s:ann", "!bad", "read", POLICY_REASON_BAD_CREDENTIAL },
		{ "!old", "s:ann", "read", POLICY_REASON_EXPIRED },
		{ "s:ann", "", "read", POLICY_REASON_BAD_CREDENTIAL },
		{ "s:ann c:read c:list", "s:ann c:read c:write", "read", POLICY_REASON_RULE },
		{ "s:ann c:read c:list", "s:ann c:read c:write", "write", POLICY_REASON_INSUFFICIENT_SCOPE },
		{ "s:ann c:read c:list", "s:ann c:read c:write", "list", POLICY_REASON_INSUFFICIENT_SCOPE },
		{ "s:ann", "s:ann c:read", "write", POLICY_REASON_INSUFFICIENT_SCOPE },
		{ "s:ann i:gone", "s:ann i:b", "read", POLICY_REASON_REVOKED },
		{ "s:ann i:b", "s:ann i:gone", "read", POLICY_REASON_REVOKED },
	};
	struct policy *p = open_set(PEOPLE MODULES);

	pol_revoked_add(p->revoked, policy_text("words"), policy_text("gone"), 0);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct policy_credential list[2] = { bearer(pairs[i].a), bearer(pairs[i].b) };
		struct policy_request r = request(pairs[i].action, list, 2);
		struct policy_decision fresh = decided(p, &r, 0), again = decided(p, &r, 0);

		CU_ASSERT_EQUAL(fresh.reason, pairs[i].reason);
		if (fresh.reason != pairs[i].reason)
			printf("%s + %s: %s\n", pairs[i].a, pairs[i].b, policy_reason_name((int)fresh.reason));
		CU_ASSERT(same(&fresh, &again));
		CU_ASSERT(i != 0 || strcmp(fresh.token_id, "a") == 0);
	}
	for (int i = 0; i < 2; i++) {
		struct policy_credential list[2] = { bearer(i == 0 ? "s:ann e:70" : "s:ann e:50"), bearer(i == 0 ? "s:ann e:50" : "s:ann e:70") };
		struct policy_request r = request("read", list, 2);

		CU_ASSERT_EQUAL(decided(p, &r, 0).expires, START + 50 * SECOND);
	}
	policy_close(p);
}

static void
the_kind_has_its_ceiling(void)
{
	struct policy *p = open_set(PEOPLE STEP("[key, half]") "credentials: { key: { ceiling: read }, half: { ceiling: [read, write], when: token.x } }\n");

	for (int i = 0; i < 2; i++) {
		asked(p, "s:ann k:key", "read", POLICY_REASON_RULE);
		asked(p, "s:ann k:key", "write", POLICY_REASON_CEILING);
		asked(p, "s:ann k:half", "write", POLICY_REASON_CEILING);
		asked(p, "s:ann k:half a:x", "write", POLICY_REASON_RULE);
	}
	policy_close(p);
}

static void
what_is_malformed_is_refused(void)
{
	static char much[65537], name[257];
	struct policy *p = open_set(PEOPLE MODULES);
	struct policy_credential c[5], good = bearer("s:ann");
	struct policy_token t = POLICY_TOKEN_INIT;
	const struct policy_text group = POLICY_TEXT("g");
	struct policy_request r;

	memset(much, 'x', sizeof(much));
	memset(name, 'n', sizeof(name));
#define WITH(change, wanted) do { \
		for (int i = 0; i < 5; i++) \
			c[i] = good; \
		r = request("list", c, 1); \
		change; \
		decided(p, &r, wanted); \
	} while (0)
	WITH((void)0, 0);
	WITH(c[0].kind = policy_text(NULL), POLICY_ERR_ARG);
	WITH(c[0].kind = policy_text(""), POLICY_ERR_ARG);
	WITH(c[0].kind = policy_text("Bearer"), POLICY_ERR_ARG);
	WITH(c[0].kind = policy_text("be-arer"), POLICY_ERR_ARG);
	WITH(c[0].kind = ((struct policy_text){ much, 64 }), 0);
	WITH(c[0].kind = ((struct policy_text){ much, 65 }), POLICY_ERR_LIMIT);
	WITH(c[0].name = ((struct policy_text){ name, 255 }), 0);
	WITH(c[0].name = ((struct policy_text){ name, 256 }), POLICY_ERR_LIMIT);
	WITH(c[0].name = ((struct policy_text){ NULL, 1 }), POLICY_ERR_ARG);
	WITH(c[0].data = ((struct policy_text){ much, 65536 }), 0);
	WITH(c[0].data = ((struct policy_text){ much, 65537 }), POLICY_ERR_LIMIT);
	WITH(c[0].data = ((struct policy_text){ NULL, 1 }), POLICY_ERR_ARG);
	WITH(c[0].reserved[1] = 1, POLICY_ERR_ARG);
	WITH(r.credentials_count = 4, 0);
	WITH(r.credentials_count = 5, POLICY_ERR_LIMIT);
	WITH(r.credentials = NULL, POLICY_ERR_ARG);
	WITH(r.subject_id = policy_text("ann"), POLICY_ERR_ARG);
	WITH(r.subject_type = policy_text("user"), POLICY_ERR_ARG);
	WITH(r.token = &t, POLICY_ERR_ARG);
	WITH((r.groups = &group, r.groups_count = 1), POLICY_ERR_ARG);
	WITH(r.flags = 4, POLICY_ERR_ARG);
	WITH(r.action = policy_text(NULL), POLICY_ERR_ARG);
	WITH(r.context.count = 65, POLICY_ERR_LIMIT);
	WITH(r.actor_id = policy_text("bob"), 0);
#undef WITH
	policy_close(p);
}

static void
empty_is_bad_and_absent_is_for_kinds_that_need_none(void)
{
	struct policy *p = open_set(PEOPLE MODULES);
	struct policy_credential c = bearer("");
	struct policy_request r = request("list", &c, 1);

	CU_ASSERT_EQUAL(decided(p, &r, 0).reason, POLICY_REASON_BAD_CREDENTIAL);
	c.data.data = NULL;
	CU_ASSERT_EQUAL(decided(p, &r, 0).reason, POLICY_REASON_BAD_CREDENTIAL);
	c.kind = policy_text("peer");
	CU_ASSERT_EQUAL(checks, 0);
	decided(p, &r, 0);
	CU_ASSERT_EQUAL(checks, 1);	/* the step is asked */
	c.data = policy_text("");
	CU_ASSERT_EQUAL(decided(p, &r, 0).reason, POLICY_REASON_BAD_CREDENTIAL);
	CU_ASSERT_EQUAL(checks, 1);
	policy_close(p);
}

/* A forked child, whose first request it is, before its modules are open. */
static void
empty_is_bad_in_a_child_too(void)
{
	struct policy *p = open_set(PEOPLE MODULES);
	const struct policy_credential c = { .kind = POLICY_TEXT("bearer") };
	struct policy_request r = request("read", &c, 1);
	struct policy_decision d = POLICY_DECISION_INIT;
	int status = -1;
	pid_t pid;

	asked(p, "s:ann", "read", POLICY_REASON_RULE);
	pid = fork();
	if (pid == 0) {
		checks = 0;
		_exit(policy_decide(p, &r, &d) != 0 || d.reason != POLICY_REASON_BAD_CREDENTIAL || checks != 0);
	}
	CU_ASSERT(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
	policy_close(p);
}

static void
a_set_without_modules_knows_no_credential(void)
{
	struct policy *p = open_set(PEOPLE);
	struct policy *q;

	CU_ASSERT_EQUAL(asked(p, "s:ann", "read", POLICY_REASON_BAD_CREDENTIAL).generation, 1);
	policy_close(p);
	opened = closed = 0;
	q = open_set(PEOPLE MODULES "enabled: false\n");
	CU_ASSERT_EQUAL(opened, 0);
	{
		struct policy_credential c = bearer("s:ann");
		struct policy_request r = request("read", &c, 1);
		struct policy_identity *id = malloc(sizeof(*id));

		CU_ASSERT_EQUAL(decided(q, &r, 0).reason, POLICY_REASON_DISABLED);
		CU_ASSERT_PTR_NOT_NULL_FATAL(id);
		id->size = sizeof(*id);
		id->verified = 1;
		CU_ASSERT_EQUAL(policy_authenticate(q, &r, id), 0);
		CU_ASSERT_EQUAL(id->verified, 0);
		CU_ASSERT_EQUAL(id->reason, POLICY_REASON_DISABLED);
		free(id);
	}
	policy_close(q);
}

static void
one_that_would_wait_is_not_waited_for(void)
{
	struct policy *p = open_set(PEOPLE MODULES);
	struct policy_credential c = bearer("s:ann !wait");
	struct policy_request r = request("list", &c, 1);
	struct policy_decision d[2] = { POLICY_DECISION_INIT, POLICY_DECISION_INIT };
	struct policy_request row[2];

	r.flags = POLICY_NONBLOCK;
	decided(p, &r, POLICY_ERR_AGAIN);
	row[0] = r;
	row[1] = request("list", NULL, 0);
	row[1].subject_id = policy_text("ann");
	CU_ASSERT_EQUAL(policy_decide_many(p, row, 2, d), POLICY_ERR_AGAIN);
	CU_ASSERT(d[0].verdict == POLICY_DENY && d[1].verdict == POLICY_ALLOW);
	/* what is known already needs no waiting */
	c = bearer("s:ann");
	r.flags = 0;
	decided(p, &r, 0);
	r.flags = POLICY_NONBLOCK;
	CU_ASSERT_EQUAL(decided(p, &r, 0).verdict, POLICY_ALLOW);
	policy_close(p);
}

static void
a_row_judges_once(void)
{
	enum { N = 40 };
	struct policy *p = open_set(PEOPLE MODULES);
	struct policy_credential c[2] = { bearer("s:ann c:read"), bearer("s:ann c:read") };
	struct policy_request r[N];
	struct policy_decision d[N];

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < N; i++) {
			r[i] = request(i % 3 == 0 ? "write" : "read", i % 2 == 0 ? c : NULL, i % 2 == 0 ? 1 : 0);
			if (i % 2 != 0)
				r[i].subject_id = policy_text("bob");
			d[i].size = sizeof(d[i]);
		}
		r[20].credentials = c + 1;
		r[22].credentials_count = 2;
		CU_ASSERT_EQUAL(policy_decide_many(p, r, N, d), POLICY_ERR_ARG);
		CU_ASSERT_EQUAL(checks, 1);
		for (size_t i = 0; i < N; i++) {
			enum policy_reason wanted = i == 20 || i == 22 ? POLICY_REASON_ERROR :
			    i % 3 != 0 ? POLICY_REASON_RULE :
			    i % 2 == 0 ? POLICY_REASON_INSUFFICIENT_SCOPE : POLICY_REASON_NO_RULE;

			CU_ASSERT_EQUAL(d[i].reason, wanted);
			CU_ASSERT_EQUAL(d[i].verdict == POLICY_ALLOW, wanted == POLICY_REASON_RULE);
			CU_ASSERT_EQUAL(d[i].generation, 1);
		}
	}
	/* a bad one is judged once too, not for each */
	c[0] = bearer("!bad");
	r[20].credentials = c;
	r[22].credentials_count = 1;
	checks = 0;
	CU_ASSERT_EQUAL(policy_decide_many(p, r, N, d), 0);
	CU_ASSERT_EQUAL(checks, 1);
	CU_ASSERT_EQUAL(d[38].reason, POLICY_REASON_BAD_CREDENTIAL);
	/* whichever is the first that has any */
	c[0] = bearer("s:bob i:new");
	CU_ASSERT_EQUAL(policy_decide_many(p, r + 1, 3, d), 0);
	CU_ASSERT_EQUAL(checks, 2);
	CU_ASSERT_STRING_EQUAL(d[1].token_id, "new");
	CU_ASSERT_EQUAL(d[1].reason, POLICY_REASON_RULE);
	policy_close(p);
}

/* 128 groups of 50 bytes do not go into the cache, and are decided by all the same. */
static void
one_too_large_for_the_cache_is_judged_each_time(void)
{
	static char token[8192];
	struct policy *p = open_set(PEOPLE MODULES);
	size_t n = (size_t)sprintf(token, "s:eve");

	for (int i = 0; i < 100; i++)
		n += (size_t)sprintf(token + n, " g:a-group-with-a-rather-long-name-to-fill-the-room-%d", i);
	sprintf(token + n, " g:eng");
	asked(p, token, "read", POLICY_REASON_RULE);
	asked(p, token, "read", POLICY_REASON_RULE);
	CU_ASSERT_EQUAL(checks, 2);
	policy_close(p);
}

static void
older_structs_and_traces_do_as_well(void)
{
	struct policy *p = open_set(PEOPLE MODULES);
	struct policy_credential c = bearer("s:ann");
	struct policy_request r = request("list", &c, 1);
	struct policy_decision d = POLICY_DECISION_INIT;
	struct policy_step steps[8];
	struct policy_trace t = POLICY_TRACE_INIT;

	t.steps = steps;
	t.room = 8;
	r.size = offsetof(struct policy_request, reserved);
	d.size = offsetof(struct policy_decision, rule);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(policy_decide(p, &r, &d), 0);
		CU_ASSERT_EQUAL(d.verdict, POLICY_ALLOW);
		CU_ASSERT_EQUAL(checks, 1);
	}
	c = bearer("s:bob");
	d.size = sizeof(d);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(policy_trace(p, &r, &d, &t), 0);
		CU_ASSERT_EQUAL(d.verdict, POLICY_ALLOW);
		CU_ASSERT(t.count > 0);
		CU_ASSERT_EQUAL(checks, 2);
	}
	policy_close(p);
}

/* ---- policy_authenticate ---- */

static struct policy_identity *
told(struct policy *p, const struct policy_credential *list, size_t n, int wanted)
{
	struct policy_identity *id = malloc(sizeof(*id));
	struct policy_request r = POLICY_REQUEST_INIT;

	CU_ASSERT_PTR_NOT_NULL_FATAL(id);
	memset(id, 0x5a, sizeof(*id));
	id->size = sizeof(*id);
	r.credentials = list;
	r.credentials_count = n;
	CU_ASSERT_EQUAL(policy_authenticate(p, &r, id), wanted);
	CU_ASSERT(id->verified == 0 || wanted == 0);
	return id;
}

static void
who_it_is_is_told(void)
{
	struct policy *p = open_set(PEOPLE MODULES);
	struct policy_credential c[2] = { bearer("s:ann i:t1 c:read c:list g:eng e:90 a:x"), bearer("s:ann i:t2 c:list c:write e:40") };
	struct policy_identity *id;

	for (int i = 0; i < 2; i++) {
		id = told(p, c, 1, 0);
		CU_ASSERT_EQUAL(id->verified, 1);
		CU_ASSERT_STRING_EQUAL(id->subject_id.data, "ann");
		CU_ASSERT_STRING_EQUAL(id->token_id.data, "t1");
		CU_ASSERT_STRING_EQUAL(id->step.data, "words");
		CU_ASSERT_STRING_EQUAL(id->groups[0].data, "words/eng");
		CU_ASSERT(id->scoped == 1 && id->scopes_count == 2 && id->groups_count == 1);
		CU_ASSERT_EQUAL(id->expires, START + 90 * SECOND);
		CU_ASSERT_EQUAL(id->generation, 1);
		free(id);
		id = told(p, c, 2, 0);
		CU_ASSERT_STRING_EQUAL(id->token_id.data, "t1");
		CU_ASSERT_EQUAL(id->expires, START + 40 * SECOND);
		CU_ASSERT_FATAL(id->scopes_count == 1);
		CU_ASSERT_STRING_EQUAL(id->scopes[0].data, "list");
		free(id);
		CU_ASSERT_EQUAL(checks, 3);
	}
	c[0] = bearer("s:ann");
	id = told(p, c, 2, 0);
	CU_ASSERT(id->scoped == 1 && id->scopes_count == 2);	/* the first had all */
	free(id);
	asked(p, "s:ann", "read", POLICY_REASON_RULE);
	policy_close(p);
}

static void
who_it_is_not_is_told_too(void)
{
	struct policy *p = open_set(PEOPLE MODULES);
	struct policy_credential c = bearer("s:ann i:t9");
	struct policy_identity *id;

	free(told(p, NULL, 0, POLICY_ERR_ARG));
	free(told(p, NULL, 1, POLICY_ERR_ARG));
	free(told(p, &c, 5, POLICY_ERR_LIMIT));
	free(told(p, &c, 1, 0));
	pol_revoked_add(p->revoked, policy_text("words"), policy_text("t9"), 0);
	id = told(p, &c, 1, 0);
	CU_ASSERT(id->verified == 0 && id->reason == POLICY_REASON_REVOKED && id->subject_id.len == 0);
	free(id);
	for (size_t i = 0; i < ANSWERS; i++) {
		c = bearer(answers[i].token);
		id = told(p, &c, 1, 0);
		CU_ASSERT_EQUAL(id->verified == 0, answers[i].status == 401 || answers[i].status == 503);
		CU_ASSERT(id->verified != 0 || (id->reason == answers[i].reason && id->status == answers[i].status));
		CU_ASSERT(id->verified != 0 || id->subject_id.len == 0);
		CU_ASSERT(id->verified == 0 || id->status == 200 || answers[i].token[0] == '!');
		free(id);
	}
	policy_close(p);
}

CU_TestInfo suite_who[] = {
	{ "the answer from the cache is the same", the_answer_from_the_cache_is_the_same },
	{ "a decision tells whose they were", a_decision_tells_whose_they_were },
	{ "it ends when the token or the cache does", it_ends_when_the_token_or_the_cache_does },
	{ "a clock may stand anywhere", a_clock_may_stand_anywhere },
	{ "a revocation wins over the cache", a_revocation_wins_over_the_cache },
	{ "what revocations leave is freed without a reload", what_revocations_leave_is_freed_without_a_reload },
	{ "a reload wins over the cache", a_reload_wins_over_the_cache },
	{ "all credentials must be good and allowed", all_credentials_must_be_good_and_allowed },
	{ "the kind has its ceiling", the_kind_has_its_ceiling },
	{ "what is malformed is refused", what_is_malformed_is_refused },
	{ "empty is bad, and absent is for kinds that need none", empty_is_bad_and_absent_is_for_kinds_that_need_none },
	{ "empty is bad in a child too", empty_is_bad_in_a_child_too },
	{ "a set without modules knows no credential", a_set_without_modules_knows_no_credential },
	{ "one that would wait is not waited for", one_that_would_wait_is_not_waited_for },
	{ "a reload wins over who judges", a_reload_wins_over_who_judges },
	{ "a row judges once", a_row_judges_once },
	{ "one too large for the cache is judged each time", one_too_large_for_the_cache_is_judged_each_time },
	{ "older structs and traces do as well", older_structs_and_traces_do_as_well },
	{ "who it is is told", who_it_is_is_told },
	{ "who it is not is told too", who_it_is_not_is_told_too },
	CU_TEST_INFO_NULL
};
