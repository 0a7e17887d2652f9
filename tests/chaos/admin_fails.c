/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each allocation of each call of policy_admin.h fails once: the call says so, or did all
 * of it; nothing is half done, and what it says is what another handle sees.
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

#include "heap.h"
#include "admins.h"

static struct policy *p;
static struct as as_root;
static const struct policy_request *root;
static struct told got, made;
static unsigned serial;
static char copy[64];

static int
do_user(void)
{
	return user(p, root, "ann", POLICY_USER_REUSE, &got);
}

static int
undo_user(void)
{
	return policy_user_delete(p, root, "ann", NULL);
}

static int
do_grant(void)
{
	return grant(p, root, "bob", "writer", "doc/a*", 0, admins_time + 5, &got);
}

static int
undo_grant(void)
{
	return policy_grant_remove(p, root, got.id, NULL);
}

static int
do_token(void)
{
	return token(p, root, "bob", "token", "docs read", 0, 0, &got);
}

static int
undo_token(void)
{
	return policy_token_revoke(p, root, got.id, NULL);
}

static int
do_change(void)
{
	struct policy_user to = POLICY_USER_INIT;
	const struct policy_text groups[] = { POLICY_TEXT("staff"), POLICY_TEXT("ops") };

	to.groups = groups;
	to.groups_count = 2;
	to.org = policy_text("acme");
	return sane(policy_user_change(p, root, "bob", POLICY_CHANGE_GROUPS | POLICY_CHANGE_ORG, &to, &admins_err));
}

static int
undo_change(void)
{
	struct policy_user to = POLICY_USER_INIT;

	return policy_user_change(p, root, "bob", POLICY_CHANGE_GROUPS | POLICY_CHANGE_ORG, &to, NULL);
}

static int
do_list(void)
{
	int rc = sane(policy_user_list(p, root, told_user, &got, &admins_err));

	if (rc == 0)
		rc = sane(policy_grant_list(p, root, NULL, told_grant, &got, &admins_err));
	return rc == 0 ? sane(policy_token_list(p, root, NULL, told_token, &got, &admins_err)) : rc;
}

static int
undo_nothing(void)
{
	return 0;
}

static int
do_import(void)
{
	static const char hash[] = "$2b$10$abcdefghijklmnopqrstuuOxG0gvh0zDTxX6KXhvdTFnrjXPZBKMe";
	const struct policy_text roles[] = { POLICY_TEXT("reader") };
	struct policy_import i = POLICY_IMPORT_INIT;

	i.user = (struct policy_user)POLICY_USER_INIT;
	i.user.name = policy_text("ann");
	i.user.flags = POLICY_USER_REUSE;
	i.password_hash = policy_text(hash);
	i.roles = roles;
	i.roles_count = 1;
	return sane(policy_admin_import(p, root, &i, 1, NULL, NULL, &admins_err));
}

static int
do_import_keys(void)
{
	const struct policy_text scopes[] = { POLICY_TEXT("docs") };
	struct policy_import i = POLICY_IMPORT_INIT;
	struct policy_imported_key keys[2];

	memset(keys, 0, sizeof(keys));
	for (int k = 0; k < 2; k++) {
		memset(keys[k].sha256, 0x11 * (k + 1), sizeof(keys[k].sha256));
		memcpy(keys[k].sha256 + 8, &serial, sizeof(serial));
		keys[k].info = (struct policy_token_info)POLICY_TOKEN_INFO_INIT;
		keys[k].info.kind = policy_text("api_key");
		keys[k].info.flags = POLICY_TOKEN_SCOPED;
		keys[k].info.scopes = scopes;
		keys[k].info.scopes_count = 1;
	}
	i.user = (struct policy_user)POLICY_USER_INIT;
	i.user.name = policy_text("ann");
	i.user.flags = POLICY_USER_REUSE;
	i.keys = keys;
	i.keys_count = 2;
	return sane(policy_admin_import(p, root, &i, 1, NULL, NULL, &admins_err));
}

static int
next_keys(void)
{
	serial++;
	return 0;
}

static int
do_delete(void)
{
	return sane(policy_user_delete(p, root, "ann", &admins_err));
}

static int
do_remove(void)
{
	return sane(policy_grant_remove(p, root, made.id, &admins_err));
}

static int
make_grant(void)
{
	return grant(p, root, "bob", "writer", "doc/a*", 0, admins_time + 5, &made);
}

static int
make_token(void)
{
	return token(p, root, "bob", "token", "docs read", 0, POLICY_TOKEN_RENEWABLE, &made);
}

static int
make_user(void)
{
	return user(p, root, "ann", POLICY_USER_REUSE, &made);
}

static int
do_renew(void)
{
	return sane(policy_token_renew(p, root, made.id, 0, told_token, &got, &admins_err));
}

static int
do_revoke(void)
{
	return sane(policy_token_revoke(p, root, made.id, &admins_err));
}

static int
do_show(void)
{
	int rc = sane(policy_user_show(p, root, "bob", told_user, &got, &admins_err));

	return rc != 0 ? rc : sane(policy_token_show(p, root, made.id, NULL, told_token, &got, &admins_err));
}

static int
do_password(void)
{
	return sane(policy_user_password(p, root, "bob", policy_text(NULL), policy_text("a good long pass phrase"), &admins_err));
}

static int
do_backup(void)
{
	return sane(policy_admin_backup(p, root, copy, &admins_err));
}

static int
no_copy(void)
{
	unlink(copy);
	return 0;
}

/* An empty store, and nobody in it. */
static int
make_nobody(void)
{
	policy_close(p);
	(void)admins_fresh(0);
	p = admins_open();
	return p == NULL;
}

static int
do_bootstrap(void)
{
	return bootstrap(p, "root", &got);
}

static const struct {
	const char *name;
	int (*call)(void), (*undo)(void), (*prepare)(void);
} calls[] = {
	{ "password", do_password, undo_nothing, undo_nothing }, { "user_delete", do_delete, undo_nothing, make_user },
	{ "grant_remove", do_remove, undo_nothing, make_grant }, { "renew", do_renew, undo_nothing, make_token },
	{ "revoke", do_revoke, undo_nothing, make_token }, { "show", do_show, undo_nothing, make_token },
	{ "import with keys", do_import_keys, undo_user, next_keys }, { "backup", do_backup, no_copy, no_copy },
	{ "user_create", do_user, undo_user, undo_nothing }, { "grant_add", do_grant, undo_grant, undo_nothing }, { "token_create", do_token, undo_token, undo_nothing },
	{ "user_change", do_change, undo_change, undo_nothing }, { "lists", do_list, undo_nothing, undo_nothing }, { "import", do_import, undo_user, undo_nothing },
	{ "bootstrap", do_bootstrap, undo_nothing, make_nobody },	/* the last: it leaves nobody else */
};

static unsigned
rows(void)
{
	return admins_memory->n;
}

/* Until it is done without one failing; how many there were. */
static unsigned
each(size_t i)
{
	unsigned n = 0, wrong = 0, half = 0, leaked = 0;
	int rc = -1;

	for (long at = 1; at < 100000; at++) {
		unsigned before;

		if (calls[i].prepare() != 0 && at == 1)
			wrong++;
		before = rows();
		heap_fail = at;
		heap_failed = 0;
		heap_live = 0;
		heap_on = 1;
		rc = calls[i].call();
		heap_on = 0;
		heap_fail = 0;
		leaked += rc != 0 && rows() == before && heap_live > 0;
		if (rc == 0 && calls[i].undo() != 0)
			wrong++;
		/* the memory ran out when it was written already: that is said */
		if (rc != 0 && rows() != before) {
			half += rc != POLICY_ERR_NOMEM && rc != POLICY_ERR_UNAVAILABLE;
			(void)policy_user_list(p, root, told_user, &got, NULL);
			(void)undo_user();
		}
		n++;
		if (!heap_failed)
			break;
	}
	if (!chaos_check(wrong == 0 && half == 0 && leaked == 0 && rc == 0, calls[i].name))
		printf("    wrong %u, half %u, leaked %u, rc %d: %s\n", wrong, half, leaked, rc, admins_err.text);
	return n;
}

int
main(void)
{
	unsigned n = 0;

	admins_err.size = sizeof(admins_err);
	if (!chaos_check(admins_begin(), "shared memory, and modules to load"))
		return chaos_finish();
	root = as_user(&as_root, "root");
	snprintf(copy, sizeof(copy), "%s/copy", admins_dir);
	(void)admins_fresh(0);
	p = admins_open();
	if (!chaos_check(p != NULL && bootstrap(p, "root", &got) == 0 && user(p, root, "bob", 0, &got) == 0, "the set opens"))
		return chaos_finish();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		n += each(i);
	printf("%u allocations failed\n", n);
	policy_close(p);
	admins_end();
	return chaos_finish();
}

#endif
