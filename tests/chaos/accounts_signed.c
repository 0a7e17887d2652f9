/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens that policy_token_create() has a step sign: good as they are asked for, and as
 * long as the store has them; and no secret of all that stands in a log or an error.
 */
#include "accounts.h"

#include <policy_admin.h>
#include <sys/stat.h>

static struct accounts a;
static char secret_file[128], token[8192], id[64], said[65536];

static void
hear(void *ctx, enum policy_log_level level, const char *text)
{
	const size_t n = strlen(said);

	(void)ctx;
	(void)level;
	snprintf(said + n, sizeof(said) - n, "%s\n", text);
}

static int
keep(void *ctx, const struct policy_token_info *t)
{
	(void)ctx;
	snprintf(token, sizeof(token), "%.*s", (int)t->secret.len, t->secret.data != NULL ? t->secret.data : "");
	snprintf(id, sizeof(id), "%.*s", (int)t->id.len, t->id.data);
	return 0;
}

static void
make_set(void)
{
	static const char secret[] = "canary-of-a-signing-secret-0123456789";
	FILE *f;

	snprintf(secret_file, sizeof(secret_file), "%s/secret", accounts_dir);
	f = fopen(secret_file, "w");
	if (f == NULL || fputs(secret, f) < 0 || fclose(f) != 0 || chmod(secret_file, 0600) != 0)
		abort();
	snprintf(a.set, sizeof(a.set),
	    "policy: 1\n"
	    "resources: { doc: , user: { owner: { resource: user_id, subject: uid } }, token: }\n"
	    "actions:\n"
	    "  users:create: { resource: user }\n"
	    "  users:change: { resource: user }\n"
	    "  users:delete: { resource: user }\n"
	    "  tokens:create: { resource: user }\n"
	    "  tokens:renew: { resource: token }\n"
	    "  tokens:revoke: { resource: token }\n"
	    "  policy:escalate: { resource: user }\n"
	    "  read: { resource: doc }\n"
	    "roles: { admin: { allow: [users:create, users:change, users:delete, tokens:create, tokens:renew, tokens:revoke,\n"
	    "    policy:escalate, read] }, reader: { allow: read } }\n"
	    "authenticated: { roles: reader }\n"
	    "modules:\n"
	    "  - { use: jwt, name: ours, for: bearer, with: { issuer: here, audience: us, secret_file: %s, sign_with: %s,\n"
	    "      algorithms: HS256, registered: true } }\n"
	    "store: { url: \"%s\", stale: 1h }\n", secret_file, secret_file, accounts_url);
}

static int
create_for(struct policy *p, const char *who, const char *step, struct policy_error *err)
{
	static const struct policy_text scopes[] = { POLICY_TEXT("read") };
	struct policy_token_info want = POLICY_TOKEN_INFO_INIT;
	struct policy_request as = POLICY_REQUEST_INIT;

	as.subject_id = policy_text("root");
	want.flags = POLICY_TOKEN_SIGNED | POLICY_TOKEN_SCOPED;
	want.who = policy_text(who);
	want.step = policy_text(step);
	want.scopes = scopes;
	want.scopes_count = 1;
	return policy_token_create(p, &as, &want, keep, NULL, err);
}

static int
create(struct policy *p, const char *step, struct policy_error *err)
{
	return create_for(p, NULL, step, err);
}

static int
user(struct policy *p, const char *name, uint32_t flags)
{
	struct policy_request as = POLICY_REQUEST_INIT;
	struct policy_user u = POLICY_USER_INIT;

	as.subject_id = policy_text("root");
	u.name = policy_text(name);
	u.flags = flags;
	return policy_user_create(p, &as, &u, NULL, NULL, NULL);
}

/* A signature goes on to be good; who it is of, not. */
static void
ended(void)
{
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_request as = POLICY_REQUEST_INIT;
	struct policy_user to = POLICY_USER_INIT;

	as.subject_id = policy_text("root");
	for (int how = 0; how < 3; how++) {
		chaos_check(user(a.p, "bob", POLICY_USER_REUSE) == 0 && create_for(a.p, "bob", "ours", &err) == 0, err.text);
		chaos_check(accounts_bearer(a.p, token) == 1, "good");
		chaos_check(policy_token_renew(a.p, &as, id, 0, keep, NULL, &err) == POLICY_ERR_INVALID && accounts_bearer(a.p, token) == 1,
		    "a signed token is not renewed");
		to.flags = POLICY_USER_DISABLED;
		if (how > 0)
			chaos_check(policy_user_change(a.p, &as, "bob", how == 1 ? POLICY_CHANGE_FLAGS : POLICY_CHANGE_VOID, &to, &err) == 0, err.text);
		if (how > 0)
			chaos_check(accounts_bearer(a.p, token) == -POLICY_REASON_REVOKED, "ended at once");
		to.flags = 0;
		if (how == 1)
			chaos_check(policy_user_change(a.p, &as, "bob", POLICY_CHANGE_FLAGS, &to, &err) == 0 && accounts_bearer(a.p, token) == 1,
			    "enabled again");
		chaos_check(policy_user_delete(a.p, &as, "bob", &err) == 0 && accounts_bearer(a.p, token) == -POLICY_REASON_REVOKED, "and deleted");
		chaos_check(user(a.p, "bob", POLICY_USER_REUSE) == 0 && accounts_bearer(a.p, token) == -POLICY_REASON_REVOKED,
		    "another of that name inherits nothing");
		chaos_check(policy_user_delete(a.p, &as, "bob", &err) == 0, err.text);
	}
}

int
main(void)
{
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_user root = POLICY_USER_INIT;
	struct policy_request as = POLICY_REQUEST_INIT;
	char broken[8192];

	if (!accounts_room())
		return 1;
	accounts_fresh();
	accounts_begin(&a, accounts_url, "1h", "");
	make_set();
	accounts_log = hear;
	a.p = accounts_open(&a, POLICY_NO_THREAD);
	if (!chaos_check(a.p != NULL, "the set opens"))
		return chaos_finish();

	root.name = policy_text("root");
	root.password = policy_text("canary-of-a-password");
	chaos_check(policy_admin_bootstrap(a.p, &root, "admin", NULL, NULL, &err) == 0, err.text);
	chaos_check(create(a.p, "ours", &err) == 0, err.text);
	chaos_check(strncmp(token, "eyJ", 3) == 0 && id[0] != '\0', "a signed one");
	chaos_check(accounts_bearer(a.p, token) == 1 && accounts_bearer(a.p, token) == 1, "is good");
	memcpy(broken, token, sizeof(broken));
	broken[strlen(broken) - 5] = broken[strlen(broken) - 5] == 'A' ? 'B' : 'A';
	chaos_check(accounts_bearer(a.p, broken) == -POLICY_REASON_BAD_CREDENTIAL, "and no other");
	as.subject_id = policy_text("root");
	chaos_check(policy_token_revoke(a.p, &as, id, &err) == 0, err.text);
	chaos_check(accounts_bearer(a.p, token) == -POLICY_REASON_REVOKED, "until it is revoked");
	chaos_check(create(a.p, "nobody", &err) == POLICY_ERR_NOENT && strstr(err.text, "nobody") != NULL, "by a step that there is");
	chaos_check(strstr(said, "canary") == NULL && strstr(err.text, "canary") == NULL && strstr(said, token) == NULL, "no secret is said");
	ended();
	policy_close(a.p);
	return accounts_end() != 0 || chaos_finish();
}
