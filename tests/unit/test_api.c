/* SPDX-License-Identifier: Apache-2.0 */
/* src/api/: what a host may hand in, and what it gets back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <policy.h>

#include "unit/unit.h"

#define HEAD "policy: 1\n"
#define SET \
	"resources:\n" \
	"  doc: { owner: owner }\n" \
	"actions:\n" \
	"  read: { resource: doc }\n" \
	"  write: { resource: doc }\n" \
	"  list:\n" \
	"roles:\n" \
	"  reader: { allow: [ { actions: read, id: readers-read }, list ] }\n" \
	"  writer: { includes: reader, allow: { actions: write, when: own }, deny: { actions: write, when: context.frozen } }\n" \
	"users:\n" \
	"  alice: { roles: reader }\n" \
	"  bob: { roles: writer }\n" \
	"grants:\n" \
	"  - { role: reader, to: carol, from: 2026-01-01T00:00:00Z, until: 2026-02-01T00:00:00Z }\n" \
	"scopes:\n" \
	"  none: []\n"

static struct policy_error err;
static char logged[8192];
static int warnings, errors, infos;

static void
log_line(void *ctx, enum policy_log_level level, const char *text)
{
	size_t n = strlen(logged);

	CU_ASSERT(ctx == logged);
	CU_ASSERT(strchr(text, '\n') == NULL);
	/* not those about the text */
	warnings += level == POLICY_LOG_WARNING && strstr(text, "every request is allowed") != NULL;
	errors += level == POLICY_LOG_ERROR;
	infos += level == POLICY_LOG_INFO;
	snprintf(logged + n, sizeof(logged) - n, "%s\n", text);
}

static struct policy_options
options(uint32_t flags)
{
	struct policy_options o = POLICY_OPTIONS_INIT;

	o.flags = flags;
	o.log = log_line;
	o.log_ctx = logged;
	logged[0] = '\0';
	warnings = errors = infos = 0;
	return o;
}

static struct policy *
open_flags(const char *text, uint32_t flags)
{
	struct policy_options o = options(flags);
	struct policy *p = NULL;

	memset(&err, 0, sizeof(err));
	err.size = sizeof(err);
	if (policy_open_text(&p, "test.yaml", text, strlen(text), &o, &err) != 0)
		CU_ASSERT(p == NULL && err.text[0] != '\0');
	return p;
}

static struct policy *
open_set(void)
{
	struct policy *p = open_flags(HEAD SET, 0);

	if (p == NULL)
		printf("%s:%u: %s\n", err.file, err.line, err.text);
	CU_ASSERT_FATAL(p != NULL);
	return p;
}

static struct policy_request
ask(const char *who, const char *action, const char *doc)
{
	struct policy_request r = POLICY_REQUEST_INIT;

	r.subject_id = policy_text(who);
	r.action = policy_text(action);
	if (doc != NULL) {
		r.resource_type = policy_text("doc");
		r.resource_id = policy_text(doc);
	}
	return r;
}

/* A decision that says allow wherever it is not written. */
static struct policy_decision
dirty(void)
{
	struct policy_decision d;

	memset(&d, 0x41, sizeof(d));
	d.size = sizeof(d);
	d.verdict = POLICY_ALLOW;
	d.reason = POLICY_REASON_RULE;
	d.status = 200;
	return d;
}

static void
check_texts(const struct policy_decision *d)
{
	CU_ASSERT_EQUAL(strlen(d->rule), d->rule_len);
	CU_ASSERT_EQUAL(strlen(d->file), d->file_len);
	CU_ASSERT_EQUAL(strlen(d->subject_type), d->subject_type_len);
	CU_ASSERT_EQUAL(strlen(d->subject_id), d->subject_id_len);
	CU_ASSERT_EQUAL(strlen(d->token_id), d->token_id_len);
	CU_ASSERT_EQUAL(d->verdict == POLICY_ALLOW,
	    d->reason == POLICY_REASON_RULE || d->reason == POLICY_REASON_DISABLED);
}

static struct policy_decision
decided(struct policy *p, struct policy_request r, int wanted, enum policy_reason reason, uint32_t status)
{
	struct policy_decision d = dirty();
	int rc = policy_decide(p, &r, &d);

	CU_ASSERT_EQUAL(rc, wanted);
	CU_ASSERT_EQUAL(d.reason, reason);
	CU_ASSERT_EQUAL(d.status, status);
	if (rc != wanted || d.reason != reason)
		printf("rc %d, wanted %d; %s, wanted %s\n", rc, wanted,
		    policy_reason_name((int)d.reason), policy_reason_name((int)reason));
	check_texts(&d);
	return d;
}

#define REFUSED(p, r, rc) decided(p, r, rc, (rc) == POLICY_ERR_LIMIT ? POLICY_REASON_LIMIT : POLICY_REASON_ERROR, 403)

static void
a_decision_says_who_and_why(void)
{
	struct policy *p = open_set();
	struct policy_decision d;
	struct policy_token t = POLICY_TOKEN_INIT;
	struct policy_request r;

	d = decided(p, ask("alice", "read", "1"), 0, POLICY_REASON_RULE, 200);
	CU_ASSERT_STRING_EQUAL(d.rule, "readers-read");
	CU_ASSERT_STRING_EQUAL(d.file, "test.yaml");
	CU_ASSERT_EQUAL(d.line, 9);
	CU_ASSERT_STRING_EQUAL(d.subject_type, "user");
	CU_ASSERT_STRING_EQUAL(d.subject_id, "alice");
	CU_ASSERT_STRING_EQUAL(d.token_id, "");
	CU_ASSERT_EQUAL(d.generation, 1);
	CU_ASSERT_EQUAL(d.expires, 0);
	d = decided(p, ask("alice", "list", NULL), 0, POLICY_REASON_RULE, 200);
	CU_ASSERT_STRING_EQUAL(d.rule, "test.yaml:9");
	d = decided(p, ask("alice", "write", "1"), 0, POLICY_REASON_NO_RULE, 403);
	CU_ASSERT_STRING_EQUAL(d.rule, "");
	CU_ASSERT_EQUAL(d.line, 0);
	decided(p, ask("bob", "write", "1"), 0, POLICY_REASON_CONDITION_ERROR, 403);
	decided(p, ask("alice", "fly", "1"), 0, POLICY_REASON_UNKNOWN_ACTION, 403);
	r = ask("alice", "read", "1");
	r.resource_type = policy_text("boat");
	decided(p, r, 0, POLICY_REASON_UNKNOWN_RESOURCE, 403);
	d = decided(p, ask(NULL, "read", "1"), 0, POLICY_REASON_NO_CREDENTIAL, 401);
	CU_ASSERT_STRING_EQUAL(d.subject_type, "");
	t.flags = POLICY_TOKEN_SCOPED;
	t.id = policy_text("k-17");
	r = ask("alice", "read", "1");
	r.token = &t;
	d = decided(p, r, 0, POLICY_REASON_INSUFFICIENT_SCOPE, 403);
	CU_ASSERT_STRING_EQUAL(d.token_id, "k-17");
	policy_close(p);
}

static void
null_is_refused_or_fine(void)
{
	struct policy *p = open_set(), *q = (struct policy *)&err;
	struct policy_request r = ask("alice", "read", "1");
	struct policy_decision d = dirty();
	struct policy_trace t = POLICY_TRACE_INIT;

	CU_ASSERT_EQUAL(policy_open(NULL, "/", NULL, NULL), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(policy_open_text(&q, NULL, "", 0, NULL, NULL), POLICY_ERR_ARG);
	CU_ASSERT_PTR_NULL(q);
	CU_ASSERT_EQUAL(policy_open_text(&q, "n", NULL, 1, NULL, NULL), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(policy_open_text(&q, "n", NULL, 0, NULL, NULL), POLICY_ERR_INVALID);
	CU_ASSERT_EQUAL(policy_decide(p, &r, NULL), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(policy_decide(NULL, &r, &d), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(d.verdict, POLICY_DENY);
	check_texts(&d);
	d = dirty();
	CU_ASSERT_EQUAL(policy_decide(p, NULL, &d), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(d.verdict, POLICY_DENY);
	d = dirty();
	CU_ASSERT_EQUAL(policy_decide_many(NULL, &r, 1, &d), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(d.verdict, POLICY_DENY);
	d = dirty();
	CU_ASSERT_EQUAL(policy_decide_many(p, NULL, 1, &d), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(d.verdict, POLICY_DENY);
	CU_ASSERT_EQUAL(policy_decide_many(p, &r, 1, NULL), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(policy_decide_many(p, NULL, 0, NULL), 0);
	d = dirty();
	CU_ASSERT_EQUAL(policy_trace(p, &r, &d, NULL), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(d.verdict, POLICY_DENY);
	CU_ASSERT_EQUAL(policy_trace(p, &r, NULL, &t), POLICY_ERR_ARG);
	t.room = 1;
	CU_ASSERT_EQUAL(policy_trace(p, &r, &d, &t), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(policy_reload(NULL, NULL), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
	CU_ASSERT_EQUAL(policy_generation(NULL), 0);
	CU_ASSERT_EQUAL(policy_is_enabled(NULL), 1);
	policy_close(NULL);
	policy_close(p);
}

static void
malformed_requests_are_denied(void)
{
	struct policy *p = open_set();
	struct policy_request r;
	struct policy_token t;
	char *big = malloc(65537);

	memset(big, 'a', 65537);
	r = ask("", "read", "1");
	REFUSED(p, r, POLICY_ERR_ARG);
	r = ask("alice", NULL, "1");
	REFUSED(p, r, POLICY_ERR_ARG);
	decided(p, ask("alice", "", "1"), 0, POLICY_REASON_UNKNOWN_ACTION, 403);
	decided(p, ask("alice", "read", ""), 0, POLICY_REASON_RULE, 200);
	r = ask("alice", "read", "1");
	r.subject_id = (struct policy_text){ "ali\0ce", 6 };
	REFUSED(p, r, POLICY_ERR_ARG);
	r = ask("alice", "read", "1");
	r.resource_id = (struct policy_text){ "1\0", 2 };
	REFUSED(p, r, POLICY_ERR_ARG);
	r = ask("alice", "read", "1");
	r.action = (struct policy_text){ "read\0", 5 };
	decided(p, r, 0, POLICY_REASON_UNKNOWN_ACTION, 403);
	for (int i = 0; i < 5; i++) {
		r = ask("alice", "read", "1");
		*(i == 0 ? &r.subject_id : i == 1 ? &r.action : i == 2 ? &r.resource_id :
		    i == 3 ? &r.resource_type : &r.subject_type) = (struct policy_text){ big, 65536 };
		REFUSED(p, r, POLICY_ERR_LIMIT);
	}
	r = ask("alice", "read", "1");
	r.subject_id = (struct policy_text){ big, 255 };
	CU_ASSERT_EQUAL(decided(p, r, 0, POLICY_REASON_NO_RULE, 403).subject_id_len, 255);
	r.subject_id.len = 256;
	REFUSED(p, r, POLICY_ERR_LIMIT);
	r = ask("alice", "read", "1");
	t = (struct policy_token)POLICY_TOKEN_INIT;
	t.id = (struct policy_text){ big, 64 };
	r.token = &t;
	CU_ASSERT_EQUAL(decided(p, r, 0, POLICY_REASON_RULE, 200).token_id_len, 64);
	t.id.len = 65;
	REFUSED(p, r, POLICY_ERR_LIMIT);
	r = ask("alice", "read", "1");
	r.flags = 4;
	REFUSED(p, r, POLICY_ERR_ARG);
	for (int i = 0; i < 4; i++) {
		r = ask("alice", "read", "1");
		r.reserved[i] = 1;
		REFUSED(p, r, POLICY_ERR_ARG);
	}
	r = ask("alice", "read", "1");
	r.flags = POLICY_NONBLOCK;
	r.deadline_ns = 1;
	decided(p, r, 0, POLICY_REASON_RULE, 200);
	free(big);
	policy_close(p);
}

static void
a_credential_nobody_claims_is_bad(void)
{
	struct policy *p = open_flags(HEAD "actions: [ping]\nroles:\n  any: { allow: ping }\neveryone: { roles: any }\n", 0);
	struct policy_credential c = { .kind = POLICY_TEXT("bearer"), .data = POLICY_TEXT("") };
	struct policy_request r = ask(NULL, "ping", NULL);
	struct policy_token t = POLICY_TOKEN_INIT;
	struct policy_decision d;

	CU_ASSERT_FATAL(p != NULL);
	decided(p, r, 0, POLICY_REASON_RULE, 200);
	r.credentials = &c;
	r.credentials_count = 1;
	d = decided(p, r, 0, POLICY_REASON_BAD_CREDENTIAL, 401);
	CU_ASSERT_EQUAL(d.generation, 1);
	r.subject_id = policy_text("alice");
	REFUSED(p, r, POLICY_ERR_ARG);
	r.subject_id = policy_text(NULL);
	r.token = &t;
	REFUSED(p, r, POLICY_ERR_ARG);
	r.token = NULL;
	c.reserved[1] = 1;
	REFUSED(p, r, POLICY_ERR_ARG);
	r.credentials = NULL;
	REFUSED(p, r, POLICY_ERR_ARG);
	policy_close(p);
}

/* ---- sizes ---- */

static void
a_decision_is_written_up_to_its_size(void)
{
	struct policy *p = open_set();
	struct policy_request r = ask("alice", "read", "1");
	struct policy_decision whole = POLICY_DECISION_INIT;
	union { struct policy_decision d; unsigned char bytes[sizeof(struct policy_decision) + 64]; } u;

	CU_ASSERT_EQUAL(policy_decide(p, &r, &whole), 0);
	for (uint32_t size = 0; size <= sizeof(whole); size++) {
		int rc;

		memset(&u, 0x5a, sizeof(u));
		u.d.size = size;
		if (size >= 8)
			u.d.verdict = POLICY_ALLOW;
		rc = policy_decide(p, &r, &u.d);
		CU_ASSERT_EQUAL(rc, size < 16 ? POLICY_ERR_ABI : 0);
		CU_ASSERT_EQUAL(u.d.size, size);
		if (size >= 8)
			CU_ASSERT_EQUAL(u.d.verdict, size < 16 ? POLICY_DENY : POLICY_ALLOW);
		if (size >= 24)
			CU_ASSERT_EQUAL(u.d.generation, 1);
		for (size_t i = size < 4 ? 4 : size; i < sizeof(u); i++)
			CU_ASSERT_EQUAL(u.bytes[i], 0x5a);
	}
	memset(&u, 0, sizeof(u));	/* a later version's, zeroed as its _INIT does */
	u.d.size = sizeof(whole) + 32;
	u.bytes[sizeof(whole) + 32] = 0x5a;
	CU_ASSERT_EQUAL(policy_decide(p, &r, &u.d), 0);
	CU_ASSERT_EQUAL(u.d.verdict, POLICY_ALLOW);
	CU_ASSERT_STRING_EQUAL(u.d.rule, whole.rule);
	for (size_t i = 0; i < 32; i++)
		CU_ASSERT_EQUAL(u.bytes[sizeof(whole) + i], 0);
	u.bytes[sizeof(whole) + 31] = 1;
	CU_ASSERT_EQUAL(policy_decide(p, &r, &u.d), POLICY_ERR_ABI);
	CU_ASSERT_EQUAL(u.d.verdict, POLICY_DENY);
	u.d.size = 0xffffffffu;
	u.d.verdict = POLICY_ALLOW;
	CU_ASSERT_EQUAL(policy_decide(p, &r, &u.d), POLICY_ERR_ABI);
	CU_ASSERT_EQUAL(u.d.verdict, POLICY_DENY);
	policy_close(p);
}

static void
a_request_may_be_older_or_newer(void)
{
	struct policy *p = open_set();
	struct policy_request full = ask("alice", "read", "1");
	union { struct policy_request r; unsigned char bytes[sizeof(struct policy_request) + 64]; } u;
	struct policy_decision d;

	for (uint32_t size = 0; size <= sizeof(full); size += 4) {
		int rc;

		memset(&u, 0xff, sizeof(u));	/* what is beyond must not be read */
		memcpy(&u, &full, size);
		u.r.size = size;
		d = dirty();
		rc = policy_decide(p, &u.r, &d);
		if (size < 4)
			CU_ASSERT_EQUAL(rc, POLICY_ERR_ABI);
		if (size == offsetof(struct policy_request, resource_attributes))
			CU_ASSERT_EQUAL(d.verdict, POLICY_ALLOW);
		if (size == offsetof(struct policy_request, resource_type))
			CU_ASSERT_EQUAL(d.reason, POLICY_REASON_NO_RULE);
		if (size < offsetof(struct policy_request, resource_id))
			CU_ASSERT_EQUAL(d.verdict, POLICY_DENY);
		check_texts(&d);
	}
	memset(&u, 0, sizeof(u));
	memcpy(&u, &full, sizeof(full));
	u.r.size = sizeof(u);
	decided(p, ask("alice", "read", "1"), 0, POLICY_REASON_RULE, 200);
	d = dirty();
	CU_ASSERT_EQUAL(policy_decide(p, &u.r, &d), 0);
	CU_ASSERT_EQUAL(d.verdict, POLICY_ALLOW);
	u.bytes[sizeof(full) + 7] = 1;
	d = dirty();
	CU_ASSERT_EQUAL(policy_decide(p, &u.r, &d), POLICY_ERR_ABI);
	CU_ASSERT_EQUAL(d.verdict, POLICY_DENY);
	check_texts(&d);
	policy_close(p);
}

static void
a_token_may_be_older_or_newer(void)
{
	struct policy *p = open_set();
	struct policy_request r = ask("alice", "read", "1");
	struct policy_text scope = POLICY_TEXT("none");
	struct policy_token t = POLICY_TOKEN_INIT;

	r.token = &t;
	t.scopes = &scope;
	t.scopes_count = 1;
	t.flags = POLICY_TOKEN_SCOPED;
	decided(p, r, 0, POLICY_REASON_INSUFFICIENT_SCOPE, 403);
	t.size = offsetof(struct policy_token, kind);
	t.id = policy_text("not read");
	CU_ASSERT_STRING_EQUAL(decided(p, r, 0, POLICY_REASON_INSUFFICIENT_SCOPE, 403).token_id, "");
	t.size = 0;
	REFUSED(p, r, POLICY_ERR_ABI);
	t.size = sizeof(t) + 0x10000;
	REFUSED(p, r, POLICY_ERR_ABI);
	/* the request, copied for its own size, keeps its token */
	t.size = sizeof(t);
	r.size = offsetof(struct policy_request, reserved);
	decided(p, r, 0, POLICY_REASON_INSUFFICIENT_SCOPE, 403);
	policy_close(p);
}

static void
options_and_errors_have_sizes_too(void)
{
	struct policy_options o = POLICY_OPTIONS_INIT;
	struct policy_limits l = POLICY_LIMITS_INIT;
	struct policy *p;
	struct { struct policy_error e; char more[16]; } e;

	memset(&e, 0x5a, sizeof(e));
	e.e.size = offsetof(struct policy_error, text);
	CU_ASSERT_EQUAL(policy_open_text(&p, "n", "x: 1\n", 5, NULL, &e.e), POLICY_ERR_INVALID);
	CU_ASSERT_EQUAL(e.e.code, POLICY_ERR_INVALID);
	CU_ASSERT_STRING_EQUAL(e.e.file, "n");
	CU_ASSERT_EQUAL(e.e.text[0], 0x5a);
	e.e.size = 4;
	CU_ASSERT_EQUAL(policy_open_text(&p, "n", "x: 1\n", 5, NULL, &e.e), POLICY_ERR_ABI);
	CU_ASSERT_PTR_NULL(p);
	e.e.size = sizeof(e);
	CU_ASSERT_EQUAL(policy_open_text(&p, "n", "x: 1\n", 5, NULL, &e.e), POLICY_ERR_ABI);
	memset(e.more, 0, sizeof(e.more));
	CU_ASSERT_EQUAL(policy_open_text(&p, "n", "x: 1\n", 5, NULL, &e.e), POLICY_ERR_INVALID);
	CU_ASSERT(e.e.text[0] != 0x5a);
	e.e.size = sizeof(e.e);
	/* an old failure is not left standing in a success */
	CU_ASSERT_EQUAL(policy_open_text(&p, "n", HEAD SET, strlen(HEAD SET), NULL, &e.e), 0);
	CU_ASSERT_EQUAL(e.e.code, 0);
	CU_ASSERT_EQUAL(e.e.text[0], '\0');
	policy_close(p);
	o.size = 3;
	CU_ASSERT_EQUAL(policy_open_text(&p, "n", HEAD SET, strlen(HEAD SET), &o, NULL), POLICY_ERR_ABI);
	o = (struct policy_options)POLICY_OPTIONS_INIT;
	o.reserved[3] = 1;
	CU_ASSERT_EQUAL(policy_open_text(&p, "n", HEAD SET, strlen(HEAD SET), &o, NULL), POLICY_ERR_ARG);
	o.size = offsetof(struct policy_options, reserved);
	CU_ASSERT_EQUAL(policy_open_text(&p, "n", HEAD SET, strlen(HEAD SET), &o, NULL), 0);
	policy_close(p);
	o = (struct policy_options)POLICY_OPTIONS_INIT;
	o.flags = 16;
	CU_ASSERT_EQUAL(policy_open_text(&p, "n", HEAD SET, strlen(HEAD SET), &o, NULL), POLICY_ERR_ARG);
	o.flags = POLICY_NO_THREAD;
	o.limits = &l;
	l.size = 1;
	CU_ASSERT_EQUAL(policy_open_text(&p, "n", HEAD SET, strlen(HEAD SET), &o, NULL), POLICY_ERR_ABI);
	l.size = offsetof(struct policy_limits, file_bytes);
	l.file_bytes = 1;
	CU_ASSERT_EQUAL(policy_open_text(&p, "n", HEAD SET, strlen(HEAD SET), &o, NULL), 0);
	policy_close(p);
	l.size = sizeof(l);
	CU_ASSERT_EQUAL(policy_open_text(&p, "n", HEAD SET, strlen(HEAD SET), &o, NULL), POLICY_ERR_LIMIT);
}

/* ---- many, trace ---- */

static void
many_are_the_same_as_each(void)
{
	static const char *const who[] = { "alice", "bob", "carol", NULL, "", "dave" };
	static const char *const what[] = { "read", "write", "list", "fly" };
	struct policy *p = open_set();
	struct policy_request r[24];
	struct policy_decision d[24], one = POLICY_DECISION_INIT;
	size_t n = 0;
	int first = 0;

	for (size_t i = 0; i < 6; i++)
		for (size_t k = 0; k < 4; k++, n++) {
			r[n] = ask(who[i], what[k], k == 2 ? NULL : "1");
			d[n] = dirty();
		}
	CU_ASSERT_EQUAL(policy_decide_many(p, r, n, d), POLICY_ERR_ARG);
	for (size_t i = 0; i < n; i++) {
		int rc = policy_decide(p, &r[i], &one);

		if (first == 0)
			first = rc;
		check_texts(&d[i]);
		CU_ASSERT_EQUAL(d[i].verdict, one.verdict);
		CU_ASSERT_EQUAL(d[i].reason, one.reason);
		CU_ASSERT_EQUAL(d[i].status, one.status);
		CU_ASSERT_EQUAL(d[i].generation, one.generation);
		CU_ASSERT_STRING_EQUAL(d[i].rule, one.rule);
		CU_ASSERT_STRING_EQUAL(d[i].subject_id, one.subject_id);
	}
	CU_ASSERT_EQUAL(first, POLICY_ERR_ARG);
	policy_close(p);
}

static void
rows_of_many_step_by_their_size(void)
{
	struct policy *p = open_set();
	struct policy_request full = ask("alice", "read", "1");
	const uint32_t rs = offsetof(struct policy_request, reserved), ds = offsetof(struct policy_decision, subject_type);
	char *r = malloc(3 * rs);
	uint64_t *room = malloc(3 * sizeof(struct policy_decision) + 64);
	char *d = (char *)room;

	for (uint32_t i = 0; i < 3; i++) {
		full.size = rs;
		memcpy(r + i * rs, &full, rs);
		memset(d + i * ds, 0x5a, ds);
		memcpy(d + i * ds, &ds, sizeof(ds));
	}
	memset(d + 3 * ds, 0x77, 64);
	CU_ASSERT_EQUAL(policy_decide_many(p, (struct policy_request *)(void *)r, 3, (struct policy_decision *)(void *)d), 0);
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t verdict;

		memcpy(&verdict, d + i * ds + 4, 4);
		CU_ASSERT_EQUAL(verdict, POLICY_ALLOW);
		CU_ASSERT_STRING_EQUAL(d + i * ds + offsetof(struct policy_decision, rule), "readers-read");
	}
	for (int i = 0; i < 64; i++)
		CU_ASSERT_EQUAL(d[3 * ds + (unsigned)i], 0x77);
	/* one request of another size than the first: that one is refused */
	full.size = rs - 8;
	memcpy(r + rs, &full, 4);
	CU_ASSERT_EQUAL(policy_decide_many(p, (struct policy_request *)(void *)r, 3, (struct policy_decision *)(void *)d), POLICY_ERR_ABI);
	CU_ASSERT_EQUAL(((uint32_t *)(void *)d)[1], POLICY_ALLOW);
	CU_ASSERT_EQUAL(((uint32_t *)(void *)(d + ds))[1], POLICY_DENY);
	CU_ASSERT_EQUAL(((uint32_t *)(void *)(d + 2 * ds))[1], POLICY_ALLOW);
	/* one decision of another: none is made */
	((uint32_t *)(void *)(d + ds))[0] = ds + 8;
	CU_ASSERT_EQUAL(policy_decide_many(p, (struct policy_request *)(void *)r, 3, (struct policy_decision *)(void *)d), POLICY_ERR_ABI);
	for (uint32_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(((uint32_t *)(void *)(d + i * ds))[1], POLICY_DENY);
	free(r);
	free(room);
	policy_close(p);
}

static void
a_trace_shows_what_was_looked_at(void)
{
	struct policy *p = open_set();
	struct policy_request r = ask("bob", "write", "1");
	struct policy_step steps[4];
	struct policy_trace t = POLICY_TRACE_INIT;
	struct policy_decision d = dirty();

	t.room = 4;
	t.steps = steps;
	t.count = t.dropped = 77;
	CU_ASSERT_EQUAL(policy_trace(p, &r, &d, &t), 0);
	CU_ASSERT_EQUAL(d.reason, POLICY_REASON_CONDITION_ERROR);
	CU_ASSERT_EQUAL(t.count, 1);
	CU_ASSERT_EQUAL(t.dropped, 0);
	CU_ASSERT_EQUAL(steps[0].stage, POLICY_STAGE_DENY);
	CU_ASSERT_EQUAL(steps[0].outcome, POLICY_OUTCOME_UNKNOWN);
	CU_ASSERT_EQUAL(steps[0].line, 10);
	CU_ASSERT_STRING_EQUAL(steps[0].rule, "test.yaml:10");
	CU_ASSERT_STRING_EQUAL(steps[0].file, "test.yaml");
	CU_ASSERT_STRING_EQUAL(steps[0].test, "context.frozen");
	CU_ASSERT_EQUAL(steps[0].test_line, 10);
	t.room = 0;
	t.steps = NULL;
	CU_ASSERT_EQUAL(policy_trace(p, &r, &d, &t), 0);
	CU_ASSERT_EQUAL(t.count, 0);
	CU_ASSERT_EQUAL(t.dropped, 1);
	t.size = sizeof(t) - 8;
	d = dirty();
	CU_ASSERT_EQUAL(policy_trace(p, &r, &d, &t), POLICY_ERR_ABI);
	CU_ASSERT_EQUAL(d.verdict, POLICY_DENY);
	d.size = 2;
	CU_ASSERT_EQUAL(policy_trace(p, &r, &d, &t), POLICY_ERR_ABI);
	policy_close(p);
}

/* ---- clock ---- */

static int64_t clock_now;
static int clock_calls;

static int64_t
test_clock(void *ctx)
{
	CU_ASSERT(ctx == &clock_now);
	clock_calls++;
	return clock_now;
}

static void
windows_go_by_the_hosts_clock(void)
{
	struct policy_options o = options(0);
	struct policy_request r[3];
	struct policy_decision d[3] = { POLICY_DECISION_INIT, POLICY_DECISION_INIT, POLICY_DECISION_INIT };
	const int64_t second = 1000000000, january = 1767225600 * second;	/* 2026-01-01 */
	struct policy *p;

	o.clock = test_clock;
	o.clock_ctx = &clock_now;
	CU_ASSERT_EQUAL_FATAL(policy_open_text(&p, "n", HEAD SET, strlen(HEAD SET), &o, NULL), 0);
	clock_calls = 0;
	clock_now = january - 1;
	decided(p, ask("carol", "read", "1"), 0, POLICY_REASON_NO_RULE, 403);
	CU_ASSERT_EQUAL(clock_calls, 1);
	clock_now = january;
	decided(p, ask("carol", "read", "1"), 0, POLICY_REASON_RULE, 200);
	clock_now = january + 31 * 86400 * second - 1;
	decided(p, ask("carol", "read", "1"), 0, POLICY_REASON_RULE, 200);
	clock_now++;
	decided(p, ask("carol", "read", "1"), 0, POLICY_REASON_NO_RULE, 403);
	clock_calls = 0;
	r[0] = r[1] = r[2] = ask("carol", "read", "1");
	CU_ASSERT_EQUAL(policy_decide_many(p, r, 3, d), 0);
	CU_ASSERT_EQUAL(clock_calls, 1);
	policy_close(p);
}

/* ---- on and off ---- */

static int
is_on(struct policy *p)
{
	struct policy_request r = ask("mallory", "write", "1");
	struct policy_decision d = dirty(), m = dirty();
	struct policy_trace t = POLICY_TRACE_INIT;
	int on;

	CU_ASSERT_FATAL(p != NULL);
	CU_ASSERT_EQUAL(policy_decide(p, &r, &d), 0);
	check_texts(&d);
	on = policy_is_enabled(p);
	CU_ASSERT_EQUAL(d.verdict, on ? POLICY_DENY : POLICY_ALLOW);
	CU_ASSERT_EQUAL(d.reason, on ? POLICY_REASON_NO_RULE : POLICY_REASON_DISABLED);
	CU_ASSERT_EQUAL(d.status, on ? 403 : 200);
	CU_ASSERT_EQUAL(warnings, !on);
	CU_ASSERT_EQUAL(infos, on);
	CU_ASSERT_EQUAL(policy_decide_many(p, &r, 1, &m), 0);
	CU_ASSERT_EQUAL(m.reason, d.reason);
	m = dirty();
	CU_ASSERT_EQUAL(policy_trace(p, &r, &m, &t), 0);
	CU_ASSERT_EQUAL(m.reason, d.reason);
	m = dirty();
	m.size = 16;
	CU_ASSERT_EQUAL(policy_decide_many(p, &r, 1, &m), 0);
	CU_ASSERT_EQUAL(m.reason, d.reason);
	policy_close(p);
	return on;
}

/* The environment's value, or NULL; what the file says; the flags: on? 2: refused */
static const struct { const char *env, *file; uint32_t flags; int on; } rows[] = {
	{ NULL, "", 0, 1 },
	{ NULL, "enabled: true\n", 0, 1 },
	{ NULL, "enabled: false\n", 0, 0 },
	{ NULL, "enabled: { env: POL_TEST_ON, default: true }\n", 0, 1 },
	{ NULL, "enabled: { env: POL_TEST_ON, default: false }\n", 0, 0 },
	{ "true", "enabled: { env: POL_TEST_ON, default: false }\n", 0, 1 },
	{ "false", "enabled: { env: POL_TEST_ON, default: true }\n", 0, 0 },
	{ "true", "enabled: { env: POL_TEST_ON, default: true }\n", 0, 1 },
	{ "false", "enabled: { env: POL_TEST_ON, default: false }\n", 0, 0 },
	{ "", "enabled: { env: POL_TEST_ON, default: true }\n", 0, 2 },
	{ "True", "enabled: { env: POL_TEST_ON, default: true }\n", 0, 2 },
	{ "1", "enabled: { env: POL_TEST_ON, default: false }\n", 0, 2 },
	{ "false ", "enabled: { env: POL_TEST_ON, default: false }\n", 0, 2 },
	{ "false", "enabled: true\n", 0, 1 },		/* the file names no variable */
	{ "true", "enabled: false\n", 0, 0 },
	{ "false", "enabled: { env: POL_TEST_OTHER, default: true }\n", 0, 1 },
	{ NULL, "enabled: false\n", POLICY_FORCE_ON, 1 },
	{ "false", "enabled: { env: POL_TEST_ON, default: false }\n", POLICY_FORCE_ON, 1 },
	{ "junk", "enabled: { env: POL_TEST_ON, default: false }\n", POLICY_FORCE_ON, 1 },
	{ NULL, "enabled: true\n", POLICY_FORCE_OFF, 0 },
	{ "true", "enabled: { env: POL_TEST_ON, default: true }\n", POLICY_FORCE_OFF, 0 },
	{ "junk", "enabled: { env: POL_TEST_ON, default: true }\n", POLICY_FORCE_OFF, 0 },
	{ NULL, "enabled: false\n", POLICY_FORCE_ON | POLICY_FORCE_OFF, 1 },
	{ NULL, "broken", POLICY_FORCE_OFF, 0 },
	{ NULL, "broken", POLICY_FORCE_ON, 2 },
	{ NULL, "enabled: false\nbroken", 0, 2 }
};

static void
on_and_off_have_an_order(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[4096];
		struct policy *p;
		int on;

		if (rows[i].env != NULL)
			setenv("POL_TEST_ON", rows[i].env, 1);
		else
			unsetenv("POL_TEST_ON");
		snprintf(text, sizeof(text), HEAD "%s%s", rows[i].file, strstr(rows[i].file, "broken") ? "" : SET);
		p = open_flags(text, rows[i].flags);
		if (rows[i].on == 2) {
			CU_ASSERT_PTR_NULL(p);
			CU_ASSERT_EQUAL(err.code, POLICY_ERR_INVALID);
			CU_ASSERT_EQUAL(errors, 1);
			if (rows[i].env != NULL) {
				CU_ASSERT(strstr(err.text, "POL_TEST_ON") != NULL);
				CU_ASSERT_EQUAL(err.line, 2);
			}
			continue;
		}
		on = is_on(p);
		CU_ASSERT_EQUAL(on, rows[i].on);
		if (on != rows[i].on)
			printf("row %zu\n", i);
	}
	unsetenv("POL_TEST_ON");
}

static void
forced_off_reads_no_file(void)
{
	struct policy_options o = options(POLICY_FORCE_OFF);
	struct policy *p;

	CU_ASSERT_EQUAL_FATAL(policy_open(&p, "/nowhere/at/all", &o, NULL), 0);
	CU_ASSERT_EQUAL(policy_generation(p), 0);
	CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
	CU_ASSERT_FALSE(is_on(p));
}

/* ---- reload ---- */

static char path[64];

static void
write_set(const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_FATAL(f != NULL);
	fputs(text, f);
	fclose(f);
	chmod(path, 0644);
}

static struct policy *
open_file(const char *text)
{
	struct policy_options o = options(0);
	struct policy *p = NULL;
	int fd;

	strcpy(path, "/tmp/pol-api-XXXXXX");
	fd = mkstemp(path);
	CU_ASSERT_FATAL(fd >= 0);
	close(fd);
	write_set(text);
	memset(&err, 0, sizeof(err));
	err.size = sizeof(err);
	CU_ASSERT_EQUAL_FATAL(policy_open(&p, path, &o, &err), 0);
	return p;
}

static void
a_failed_reload_changes_nothing(void)
{
	struct policy *p = open_file(HEAD SET);
	struct policy_decision d;

	CU_ASSERT_EQUAL(policy_generation(p), 1);
	write_set(HEAD SET "nonsense: 1\n");
	CU_ASSERT_EQUAL(policy_reload(p, &err), POLICY_ERR_INVALID);
	CU_ASSERT_STRING_EQUAL(err.file, path);
	CU_ASSERT_EQUAL(err.code, POLICY_ERR_INVALID);
	CU_ASSERT(err.line > 0);
	CU_ASSERT_EQUAL(errors, 1);
	CU_ASSERT(strstr(logged, "the old set stays in force") != NULL);
	CU_ASSERT_EQUAL(policy_generation(p), 1);
	decided(p, ask("alice", "read", "1"), 0, POLICY_REASON_RULE, 200);
	chmod(path, 0666);
	CU_ASSERT_EQUAL(policy_reload(p, &err), POLICY_ERR_UNSAFE);
	unlink(path);
	CU_ASSERT_EQUAL(policy_reload(p, NULL), POLICY_ERR_NOENT);
	d = decided(p, ask("alice", "read", "1"), 0, POLICY_REASON_RULE, 200);
	CU_ASSERT_EQUAL(d.generation, 1);
	/* and it recovers */
	write_set(HEAD "actions: [read]\n");
	CU_ASSERT_EQUAL(policy_reload(p, &err), 0);
	CU_ASSERT_EQUAL(err.code, 0);
	d = decided(p, ask("alice", "read", NULL), 0, POLICY_REASON_NO_RULE, 403);
	CU_ASSERT_EQUAL(d.generation, 2);
	CU_ASSERT_EQUAL(policy_generation(p), 2);
	policy_close(p);
	unlink(path);
}

static void
a_reload_may_switch_it_off_and_on(void)
{
	struct policy *p = open_file(HEAD SET);

	write_set(HEAD "enabled: false\n" SET);
	CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
	CU_ASSERT_EQUAL(policy_is_enabled(p), 0);
	CU_ASSERT_EQUAL(warnings, 1);
	decided(p, ask("mallory", "write", "1"), 0, POLICY_REASON_DISABLED, 200);
	/* a broken set does not switch it on or off */
	write_set(HEAD "enabled: true\nnonsense: 1\n" SET);
	CU_ASSERT_EQUAL(policy_reload(p, NULL), POLICY_ERR_INVALID);
	CU_ASSERT_EQUAL(policy_is_enabled(p), 0);
	write_set(HEAD SET);
	CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
	CU_ASSERT_EQUAL(policy_is_enabled(p), 1);
	decided(p, ask("mallory", "write", "1"), 0, POLICY_REASON_NO_RULE, 403);
	policy_close(p);
	unlink(path);
}

static void
the_environment_is_read_when_opening_only(void)
{
	struct policy *p;

	setenv("POL_TEST_ON", "true", 1);
	p = open_file(HEAD "enabled: { env: POL_TEST_ON, default: true }\n" SET);
	setenv("POL_TEST_ON", "false", 1);
	CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
	CU_ASSERT_EQUAL(policy_is_enabled(p), 1);
	/* a variable that is named only now was not read: the default */
	setenv("POL_TEST_OTHER", "false", 1);
	write_set(HEAD "enabled: { env: POL_TEST_OTHER, default: true }\n" SET);
	CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
	CU_ASSERT_EQUAL(policy_is_enabled(p), 1);
	CU_ASSERT(strstr(logged, "POL_TEST_OTHER was not read") != NULL);
	policy_close(p);
	unlink(path);
	unsetenv("POL_TEST_ON");
	unsetenv("POL_TEST_OTHER");
}

static void
a_text_is_compiled_again(void)
{
	char text[4096] = HEAD SET;
	struct policy *p;

	CU_ASSERT_EQUAL_FATAL(policy_open_text(&p, "n", text, strlen(text), NULL, NULL), 0);
	memset(text, 'x', sizeof(text));	/* it was copied */
	CU_ASSERT_EQUAL(policy_reload(p, NULL), 0);
	CU_ASSERT_EQUAL(policy_generation(p), 2);
	decided(p, ask("alice", "read", "1"), 0, POLICY_REASON_RULE, 200);
	policy_close(p);
}

static void
words_have_bounds(void)
{
	CU_ASSERT_STRING_EQUAL(policy_strerror(0), "no error");
	CU_ASSERT_STRING_EQUAL(policy_strerror(POLICY_ERR_UNSUPPORTED), "not supported by this build");
	CU_ASSERT_STRING_EQUAL(policy_strerror(POLICY_ERR_DENIED), "the policy set denies it");
	CU_ASSERT_STRING_EQUAL(policy_strerror(POLICY_ERR_EXISTS), "the name is taken");
	CU_ASSERT_STRING_EQUAL(policy_strerror(POLICY_ERR_EXISTS - 1), "unknown error code");
	for (int i = -20; i < 20; i++) {
		CU_ASSERT(policy_strerror(i) != NULL && policy_strerror(i)[0] != '\0');
		CU_ASSERT(policy_reason_name(i) != NULL && policy_reason_name(i)[0] != '\0');
	}
	CU_ASSERT_STRING_EQUAL(policy_strerror((int)0x80000000), "unknown error code");
	CU_ASSERT_STRING_EQUAL(policy_reason_name(POLICY_REASON_ERROR), "error");
	CU_ASSERT_STRING_EQUAL(policy_reason_name(POLICY_REASON_LIMIT), "limit");
	CU_ASSERT_STRING_EQUAL(policy_reason_name(POLICY_REASON_CEILING), "ceiling");
	CU_ASSERT(policy_version()[0] != '\0');
}

CU_TestInfo suite_api[] = {
	{ "a decision says who and why", a_decision_says_who_and_why },
	{ "NULL is refused or fine, and never an allow", null_is_refused_or_fine },
	{ "malformed requests are denied", malformed_requests_are_denied },
	{ "a credential nobody claims is bad", a_credential_nobody_claims_is_bad },
	{ "a decision is written up to its size", a_decision_is_written_up_to_its_size },
	{ "a request may be older or newer", a_request_may_be_older_or_newer },
	{ "a token may be older or newer", a_token_may_be_older_or_newer },
	{ "options and errors have sizes too", options_and_errors_have_sizes_too },
	{ "many are the same as each", many_are_the_same_as_each },
	{ "rows of many step by their size", rows_of_many_step_by_their_size },
	{ "a trace shows what was looked at", a_trace_shows_what_was_looked_at },
	{ "windows go by the host's clock, read once", windows_go_by_the_hosts_clock },
	{ "on and off have an order", on_and_off_have_an_order },
	{ "forced off reads no file", forced_off_reads_no_file },
	{ "a failed reload changes nothing", a_failed_reload_changes_nothing },
	{ "a reload may switch it off and on", a_reload_may_switch_it_off_and_on },
	{ "the environment is read when opening only", the_environment_is_read_when_opening_only },
	{ "a text is compiled again", a_text_is_compiled_again },
	{ "words have bounds", words_have_bounds },
	CU_TEST_INFO_NULL
};
