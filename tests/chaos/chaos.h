/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs here share: counting, a set with most of the language in it,
 * and requests whose answers are known. */
#ifndef POL_TESTS_CHAOS_H
#define POL_TESTS_CHAOS_H

#include <policy.h>
#include <stdio.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHAOS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CHAOS_SANITIZER 1
#endif
#endif

static unsigned chaos_passed, chaos_failed, chaos_skipped;

static inline int
chaos_check(int holds, const char *what)
{
	if (holds) {
		chaos_passed++;
	} else if (chaos_failed++ < 20) {
		printf("failed: %s\n", what);
	}
	return holds;
}

static inline void
chaos_skip(unsigned n, const char *why)
{
	chaos_skipped += n;
	printf("skipped: %s\n", why);
	fflush(stdout);		/* or each child forked later would say it too */
}

static inline int
chaos_finish(void)
{
	printf("%u passed, %u failed", chaos_passed, chaos_failed);
	if (chaos_skipped != 0)
		printf(", %u skipped", chaos_skipped);
	printf("\n");
	return chaos_failed != 0 || chaos_passed + chaos_skipped == 0;
}

static const char chaos_set[] =
    "policy: 1\n"
    "resources:\n"
    "  folder: { parent: folder }\n"
    "  file:\n"
    "    parent: folder\n"
    "    owner: owner\n"
    "    attributes: { size: { type: number }, locked: { type: boolean, default: false } }\n"
    "actions:\n"
    "  read:  { resource: [folder, file] }\n"
    "  write: { resource: file, unless: resource.locked, implies: read }\n"
    "  share: { resource: file, when: own }\n"
    "conditions:\n"
    "  small: resource.size < 1000\n"
    "  office: context.ip within [\"10.0.0.0/8\", \"192.0.2.0/24\"]\n"
    "roles:\n"
    "  reader: { allow: read }\n"
    "  writer:\n"
    "    includes: reader\n"
    "    allow: { actions: write, when: small }\n"
    "    deny: { id: outside, actions: write, unless: office }\n"
    "  sharer: { allow: { actions: share, when: 'subject.mail matches \"[a-z]+@example\"' } }\n"
    "authenticated: { roles: sharer }\n"
    "groups: { staff: { members: [ann, bob] } }\n"
    "users: { ann: { attributes: { mail: ann@example } } }\n"
    "grants:\n"
    "  - { role: reader, to: group:staff, resource: folder/top }\n"
    "  - { role: writer, to: ann, resource: folder/top, until: \"2225-01-01T00:00:00Z\" }\n"
    "entities:\n"
    "  folder/sub: { parent: top }\n"
    "  file/f: { parent: sub, owner: ann, size: 10 }\n"
    "  file/big: { parent: sub, owner: bob, size: 5000 }\n"
    "credentials: { key: { ceiling: read } }\n";

struct chaos_request {
	const char *subject, *action, *id, *ip, *kind;	/* NULL: none */
	uint32_t verdict, reason;
};

static const struct chaos_request chaos_requests[] = {
	{ "ann", "read", "f", NULL, NULL, POLICY_ALLOW, POLICY_REASON_RULE },
	{ "bob", "read", "f", NULL, NULL, POLICY_ALLOW, POLICY_REASON_RULE },
	{ "cyd", "read", "f", NULL, NULL, POLICY_DENY, POLICY_REASON_NO_RULE },
	{ "ann", "write", "f", "10.1.2.3", NULL, POLICY_ALLOW, POLICY_REASON_RULE },
	{ "ann", "write", "f", "203.0.113.1", NULL, POLICY_DENY, POLICY_REASON_DENIED },
	{ "ann", "write", "f", NULL, NULL, POLICY_DENY, POLICY_REASON_CONDITION_ERROR },
	{ "ann", "write", "big", "10.1.2.3", NULL, POLICY_DENY, POLICY_REASON_NO_RULE },
	{ "ann", "share", "f", NULL, NULL, POLICY_ALLOW, POLICY_REASON_RULE },
	{ "bob", "share", "big", NULL, NULL, POLICY_DENY, POLICY_REASON_NO_RULE },
	{ "ann", "read", "f", NULL, "key", POLICY_ALLOW, POLICY_REASON_RULE },
	{ "ann", "write", "f", "10.1.2.3", "key", POLICY_DENY, POLICY_REASON_CEILING },
	{ "ann", "read", "f", NULL, "other", POLICY_DENY, POLICY_REASON_CEILING },
	{ NULL, "read", "f", NULL, NULL, POLICY_DENY, POLICY_REASON_NO_CREDENTIAL },
	{ "ann", "fly", "f", NULL, NULL, POLICY_DENY, POLICY_REASON_UNKNOWN_ACTION },
};
#define CHAOS_REQUESTS (sizeof(chaos_requests) / sizeof(chaos_requests[0]))

/* Asks request i; 1 when the answer is the known one. */
static inline int
chaos_ask(struct policy *p, size_t i, struct policy_decision *d)
{
	const struct chaos_request *c = &chaos_requests[i];
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_token token = POLICY_TOKEN_INIT;
	struct policy_attr ip = { .name = POLICY_TEXT("ip") };

	req.subject_id = policy_text(c->subject);
	req.action = policy_text(c->action);
	req.resource_type = policy_text("file");
	req.resource_id = policy_text(c->id);
	if (c->ip != NULL) {
		ip.value.type = POLICY_STRING;
		ip.value.u.text = policy_text(c->ip);
		req.context.list = &ip;
		req.context.count = 1;
	}
	if (c->kind != NULL) {
		token.kind = policy_text(c->kind);
		req.token = &token;
	}
	d->size = sizeof(*d);
	return policy_decide(p, &req, d) == 0 && d->verdict == c->verdict && d->reason == c->reason;
}

/* 1 where none of the requests that must be denied is allowed. */
static inline int
chaos_no_wrong_allow(struct policy *p)
{
	struct policy_decision d = POLICY_DECISION_INIT;
	size_t i;

	for (i = 0; i < CHAOS_REQUESTS; i++) {
		chaos_ask(p, i, &d);
		if (d.verdict == POLICY_ALLOW && chaos_requests[i].verdict != POLICY_ALLOW)
			return 0;
	}
	return 1;
}

#endif
