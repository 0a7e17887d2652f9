/* SPDX-License-Identifier: Apache-2.0 */
/* Each call of policy_admin.h that writes, and how to tell that it is in force. What it is
 * about was made before: calls_ready(). */
#ifndef POL_TESTS_ADMIN_CALLS_H
#define POL_TESTS_ADMIN_CALLS_H

#include "admins.h"

#define HOUR INT64_C(3600000000000)
#define MANY 258			/* imported: more than a block */

/* Whom the calls are about; where another process has to know it too, in shared memory. */
struct about {
	int number;
	char grant[64], token[64];
};

static struct about *about;
static struct as as_root;
static const struct policy_request *root;

static const char *
called(const char *with)
{
	static char name[32];

	snprintf(name, sizeof(name), "%s%d", with, about->number);
	return name;
}

static int
seen_user(void *ctx, const struct policy_user *u)
{
	*(int *)ctx = u->has_password;
	return 0;
}

static int
there(struct policy *p, const char *name)
{
	struct told t = { .n = 0 };

	return policy_user_show(p, root, name, told_user, &t, &admins_err) == 0;
}

static int
do_create(struct policy *p)
{
	struct told t = { .n = 0 };

	return user(p, root, called("new"), 0, &t);
}

static int
done_create(struct policy *p)
{
	return there(p, called("new"));
}

static int
do_change(struct policy *p)
{
	struct policy_user to = POLICY_USER_INIT;

	to.flags = POLICY_USER_DISABLED;
	return policy_user_change(p, root, called("u"), POLICY_CHANGE_FLAGS | POLICY_CHANGE_VOID, &to, &admins_err);
}

static int
done_change(struct policy *p)
{
	struct as as;

	return !may(p, as_user(&as, called("u")), "read", "doc", "1");
}

static int
do_password(struct policy *p)
{
	return policy_user_password(p, root, called("u"), (struct policy_text){ NULL, 0 }, policy_text("one password"), &admins_err);
}

static int
done_password(struct policy *p)
{
	int has = 0;

	return policy_user_show(p, root, called("u"), seen_user, &has, &admins_err) == 0 && has;
}

static int
do_delete(struct policy *p)
{
	return policy_user_delete(p, root, called("u"), &admins_err);
}

static int
done_delete(struct policy *p)
{
	return !there(p, called("u"));
}

static int
do_add(struct policy *p)
{
	struct told t = { .n = 0 };

	return grant(p, root, called("u"), "writer", "doc", 0, 0, &t);
}

static int
done_add(struct policy *p)
{
	struct as as;

	return may(p, as_user(&as, called("u")), "write", "doc", "1");
}

static int
do_remove(struct policy *p)
{
	return policy_grant_remove(p, root, about->grant, &admins_err);
}

static int
do_token(struct policy *p)
{
	struct told t = { .n = 0 };

	return token(p, root, called("u"), "token", "docs", 0, 0, &t);
}

static int
done_token(struct policy *p)
{
	struct told t = { .n = 0 };

	return policy_token_list(p, root, called("u"), told_token, &t, &admins_err) == 0 && t.n == 2;
}

static int
do_renew(struct policy *p)
{
	struct told t = { .n = 0 };

	return policy_token_renew(p, root, about->token, admins_time + 2 * HOUR, told_token, &t, &admins_err);
}

static int
done_renew(struct policy *p)
{
	struct told t = { .n = 0 };

	return policy_token_show(p, root, about->token, NULL, told_token, &t, &admins_err) == 0 && t.expires == admins_time + 2 * HOUR;
}

static int
do_revoke(struct policy *p)
{
	return policy_token_revoke(p, root, about->token, &admins_err);
}

static int
done_revoke(struct policy *p)
{
	struct told t = { .n = 0, .active = 1 };

	return policy_token_show(p, root, about->token, NULL, told_token, &t, &admins_err) == 0 && !t.active;
}

static int
do_bootstrap(struct policy *p)
{
	struct told t = { .n = 0 };

	return bootstrap(p, "root", &t);
}

static int
done_bootstrap(struct policy *p)
{
	return may(p, root, "policy:escalate", "user", "");
}

static int
do_import(struct policy *p)
{
	static struct policy_import list[MANY];
	static struct policy_imported_key keys[MANY];
	static char names[MANY][40];
	static const struct policy_text role = POLICY_TEXT("reader");

	for (unsigned i = 0; i < MANY; i++) {
		list[i] = (struct policy_import)POLICY_IMPORT_INIT;
		list[i].user = (struct policy_user)POLICY_USER_INIT;
		snprintf(names[i], sizeof(names[i]), "im%d-%u", about->number, i);
		list[i].user.name = policy_text(names[i]);
		list[i].roles = &role;
		list[i].roles_count = 1;
		keys[i].info = (struct policy_token_info)POLICY_TOKEN_INFO_INIT;
		keys[i].info.kind = policy_text("api_key");
		memcpy(keys[i].sha256, &about->number, sizeof(int));
		memcpy(keys[i].sha256 + 8, &i, sizeof(i));
		list[i].keys = &keys[i];
		list[i].keys_count = 1;
	}
	return policy_admin_import(p, root, list, MANY, NULL, NULL, &admins_err);
}

static int
done_import(struct policy *p)
{
	char name[40];

	snprintf(name, sizeof(name), "im%d-%d", about->number, MANY - 1);
	return there(p, name);
}

static const struct call {
	const char *name;
	int (*make)(struct policy *p), (*done)(struct policy *p);
} calls[] = {
	{ "policy_user_create", do_create, done_create },
	{ "policy_user_change", do_change, done_change },
	{ "policy_user_password", do_password, done_password },
	{ "policy_user_delete", do_delete, done_delete },
	{ "policy_grant_add", do_add, done_add },
	{ "policy_grant_remove", do_remove, done_change },
	{ "policy_token_create", do_token, done_token },
	{ "policy_token_renew", do_renew, done_renew },
	{ "policy_token_revoke", do_revoke, done_revoke },
	{ "policy_admin_bootstrap", do_bootstrap, done_bootstrap },
	{ "policy_admin_import", do_import, done_import },
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

/* Whom the next call is about. */
static int
calls_ready(struct policy *p)
{
	struct told t = { .n = 0 };
	int rc = 0;

	about->number++;
	if (!there(p, "root"))
		rc = bootstrap(p, "root", &t);
	if (rc == 0)
		rc = user(p, root, called("u"), 0, &t);
	if (rc == 0)
		rc = grant(p, root, called("u"), "reader", NULL, 0, 0, &t);
	memcpy(about->grant, t.id, sizeof(t.id));
	if (rc == 0)
		rc = token(p, root, called("u"), "token", "docs", admins_time + HOUR, POLICY_TOKEN_RENEWABLE, &t);
	memcpy(about->token, t.id, sizeof(t.id));
	return rc;
}

#endif
