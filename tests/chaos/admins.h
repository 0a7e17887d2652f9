/* SPDX-License-Identifier: Apache-2.0 */
/* A set with a store, and calls of policy_admin.h in a line each, for their tests. */
#ifndef POL_TESTS_ADMINS_H
#define POL_TESTS_ADMINS_H

#include "chaos.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <policy_admin.h>

#include "tests/modules/probe.h"

static struct memory *admins_memory;
static char admins_modules[4096], admins_url[256], admins_dir[] = "/tmp/libpolicy-admins-XXXXXX";
static int admins_files;
static int64_t admins_time = INT64_C(1800000000000000000);
static struct policy_error admins_err;

static const char admins_rules[] =
    "policy: 1\n"
    "resources:\n"
    "  user:  { owner: { resource: user_id, subject: uid } }\n"
    "  token: { owner: { resource: user_id, subject: uid } }\n"
    "  doc:\n"
    "actions:\n"
    "  users:create: { resource: user }\n"
    "  users:read: { resource: user }\n"
    "  users:change: { resource: user }\n"
    "  users:password: { resource: user }\n"
    "  users:delete: { resource: user }\n"
    "  grants:create: { resource: user }\n"
    "  grants:delete: { resource: user }\n"
    "  grants:read: { resource: user }\n"
    "  tokens:create: { resource: user }\n"
    "  tokens:read: { resource: token }\n"
    "  tokens:renew: { resource: token }\n"
    "  tokens:revoke: { resource: token }\n"
    "  policy:escalate: { resource: user }\n"
    "  policy:backup: { resource: user }\n"
    "  activity:read: { resource: user }\n"
    "  read: { resource: doc }\n"
    "  write: { resource: doc, implies: read }\n"
    "roles:\n"
    "  reader: { allow: read }\n"
    "  writer: { includes: reader, allow: write }\n"
    "  manager: { allow: [users:create, users:read, users:change, users:password, users:delete, grants:create,\n"
    "    grants:delete, grants:read, tokens:create, tokens:read, tokens:renew, tokens:revoke, activity:read] }\n"
    "  admin: { includes: [manager, writer], allow: [policy:escalate, policy:backup] }\n"
    "  barred: { deny: policy:escalate }\n"
    "  member: { allow: { actions: [users:read, users:change, users:password, tokens:create, tokens:read, tokens:renew,\n"
    "    tokens:revoke, activity:read], when: own } }\n"
    "groups: { staff: { members: [] }, ops: { roles: writer, members: [] }, chiefs: { roles: admin, members: [] } }\n"
    "authenticated: { roles: member }\n"
    "users: { filed: { roles: reader } }\n"
    "grants: [ { role: reader, to: noted, resource: doc/1 } ]\n"
    "scopes: { docs: [write] }\n"
    "credentials:\n"
    "  token: {}\n"
    "  session: {}\n"
    "  login: { ceiling: [tokens:create, policy:escalate], yields: session }\n"
    "  api_key: { ceiling: [read, tokens:create, grants:create, policy:escalate] }\n";

static int64_t
admins_clock(void *ctx)
{
	(void)ctx;
	return __atomic_load_n(&admins_time, __ATOMIC_RELAXED);
}

static inline int
admins_begin(void)
{
	const char *build = getenv("top_builddir");
	char at[4096];

	snprintf(at, sizeof(at), "%s/modules/.libs", build != NULL ? build : ".");
	admins_memory = mmap(NULL, sizeof(*admins_memory), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (admins_memory == MAP_FAILED || realpath(at, admins_modules) == NULL)
		return 0;
	admins_memory->fd = -1;
	return mkdtemp(admins_dir) != NULL;
}

/* An empty store, in memory or where there is that module a file; 0: there is none. */
static inline int
admins_fresh(int sqlite)
{
	char path[4200];

	admins_memory->n = admins_memory->used = 0;
	if (!sqlite) {
		snprintf(admins_url, sizeof(admins_url), "memory:%p", (void *)admins_memory);
		return 1;
	}
	snprintf(path, sizeof(path), "%s/store_sqlite.so", admins_modules);
	snprintf(admins_url, sizeof(admins_url), "sqlite:%s/%d.db", admins_dir, ++admins_files);
	return access(path, R_OK) == 0;
}

static inline void
admins_end(void)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char path[256];

	for (int i = 1; i <= admins_files; i++) {
		for (int k = 0; k < 3; k++) {
			snprintf(path, sizeof(path), "%s/%d.db%s", admins_dir, i, ends[k]);
			unlink(path);
		}
	}
	rmdir(admins_dir);
}

static inline struct policy *
admins_open_as(const char *more)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy *p = NULL;
	char text[8192];

	snprintf(text, sizeof(text), "%s%sstore: { url: \"%s\" }\n", admins_rules, more, admins_url);
	opt.flags = POLICY_NO_THREAD;
	opt.module_dir = admins_modules;
	opt.clock = admins_clock;
	admins_err.size = sizeof(admins_err);
	if (policy_open_text(&p, "set", text, strlen(text), &opt, &admins_err) != 0)
		printf("    %s:%u:%u: %s\n", admins_err.file, admins_err.line, admins_err.column, admins_err.text);
	return p;
}

static inline struct policy *
admins_open(void)
{
	return admins_open_as("");
}

/* In whose name; a token, if it has an id, a kind or scopes. */
struct as {
	struct policy_request req;
	struct policy_token token;
	struct policy_text scopes[8], groups[2];
};

static inline const struct policy_request *
as_user(struct as *a, const char *name)
{
	memset(a, 0, sizeof(*a));
	a->req.size = sizeof(a->req);
	a->req.subject_id = policy_text(name);
	return &a->req;
}

/* scopes: NULL, or separated by single spaces; they must last. */
static inline const struct policy_request *
as_token(struct as *a, const char *name, const char *id, const char *kind, const char *scopes)
{
	as_user(a, name);
	a->token.size = sizeof(a->token);
	a->token.id = policy_text(id);
	a->token.kind = policy_text(kind);
	a->req.token = &a->token;
	if (scopes == NULL)
		return &a->req;
	a->token.flags = POLICY_TOKEN_SCOPED;
	a->token.scopes = a->scopes;
	for (const char *s = scopes; *s != '\0'; s += s[0] == ' ') {
		const size_t n = strcspn(s, " ");

		a->scopes[a->token.scopes_count++] = (struct policy_text){ s, n };
		s += n;
	}
	return &a->req;
}

/* What a callback was told last. */
struct told {
	char uid[64], id[64], secret[128], implied[512], text[512];
	uint32_t flags;
	int64_t expires;
	int active, n;
};

static inline void
told_text(char *out, size_t size, struct policy_text t)
{
	snprintf(out, size, "%.*s", (int)t.len, t.data != NULL ? t.data : "");
}

static int
told_user(void *ctx, const struct policy_user *u)
{
	struct told *t = ctx;

	told_text(t->uid, sizeof(t->uid), u->uid);
	told_text(t->text, sizeof(t->text), u->name);
	t->flags = u->flags;
	t->n++;
	return 0;
}

static int
told_grant(void *ctx, const struct policy_grant *g)
{
	struct told *t = ctx;

	told_text(t->id, sizeof(t->id), g->id);
	told_text(t->text, sizeof(t->text), g->role);
	t->n++;
	return 0;
}

static int
told_token(void *ctx, const struct policy_token_info *i)
{
	struct told *t = ctx;

	told_text(t->id, sizeof(t->id), i->id);
	if (i->secret.data != NULL)
		told_text(t->secret, sizeof(t->secret), i->secret);
	t->implied[0] = '\0';
	for (size_t k = 0; k < i->implied_count; k++)
		snprintf(t->implied + strlen(t->implied), sizeof(t->implied) - strlen(t->implied), "%s%.*s", k > 0 ? " " : "",
		    (int)i->implied[k].len, i->implied[k].data);
	t->flags = i->flags;
	t->expires = i->expires_ns;
	t->active = i->active;
	t->n++;
	return 0;
}

/* Every failure is told with a sentence, and the code stands in it. */
static inline int
sane(int rc)
{
	chaos_check((rc == 0) == (admins_err.text[0] == '\0') && admins_err.code == rc, "a failure has its sentence");
	return rc;
}

static inline int
user(struct policy *p, const struct policy_request *as, const char *name, uint32_t flags, struct told *t)
{
	struct policy_user want = POLICY_USER_INIT;

	want.name = policy_text(name);
	want.flags = flags;
	return sane(policy_user_create(p, as, &want, told_user, t, &admins_err));
}

static inline int
grant(struct policy *p, const struct policy_request *as, const char *who, const char *role, const char *on,
    int64_t from, int64_t until, struct told *t)
{
	struct policy_grant want = POLICY_GRANT_INIT;

	want.who = policy_text(who);
	want.role = policy_text(role);
	want.resource = policy_text(on);
	want.from_ns = from;
	want.until_ns = until;
	return sane(policy_grant_add(p, as, &want, told_grant, t, &admins_err));
}

static inline int
token(struct policy *p, const struct policy_request *as, const char *who, const char *kind, const char *scopes,
    int64_t until, uint32_t flags, struct told *t)
{
	struct policy_token_info want = POLICY_TOKEN_INFO_INIT;
	struct as list;

	as_token(&list, "-", NULL, NULL, scopes);
	want.who = policy_text(who);
	want.kind = policy_text(kind);
	want.flags = flags | list.token.flags;
	want.scopes = list.token.scopes;
	want.scopes_count = list.token.scopes_count;
	want.expires_ns = until;
	return sane(policy_token_create(p, as, &want, told_token, t, &admins_err));
}

static inline int
bootstrap(struct policy *p, const char *name, struct told *t)
{
	struct policy_user want = POLICY_USER_INIT;

	want.name = policy_text(name);
	want.flags = POLICY_USER_REUSE;
	return sane(policy_admin_bootstrap(p, &want, "admin", told_user, t, &admins_err));
}

static inline int
may(struct policy *p, const struct policy_request *as, const char *action, const char *type, const char *id)
{
	struct policy_request req = *as;
	struct policy_decision d = POLICY_DECISION_INIT;

	req.action = policy_text(action);
	req.resource_type = policy_text(type);
	req.resource_id = policy_text(id);
	return policy_decide(p, &req, &d) == 0 && d.verdict == POLICY_ALLOW;
}

#endif
