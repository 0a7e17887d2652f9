/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each allocation of each call of policy_admin.h fails once: the call says so, or did all
 * of it; nothing is half done, and what it says is what another handle sees.
 */
#include "heap.h"
#include "admins.h"

static struct policy *p;
static struct as as_root;
static const struct policy_request *root;
static struct told got;

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

static const struct {
	const char *name;
	int (*call)(void), (*undo)(void);
} calls[] = {
	{ "user_create", do_user, undo_user }, { "grant_add", do_grant, undo_grant }, { "token_create", do_token, undo_token },
	{ "user_change", do_change, undo_change }, { "lists", do_list, undo_nothing }, { "import", do_import, undo_user },
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
	unsigned n = 0, wrong = 0, half = 0;
	int rc = -1;

	for (long at = 1; at < 100000; at++) {
		unsigned before = rows();

		heap_fail = at;
		heap_failed = 0;
		heap_on = 1;
		rc = calls[i].call();
		heap_on = 0;
		heap_fail = 0;
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
	if (!chaos_check(wrong == 0 && half == 0 && rc == 0, calls[i].name))
		printf("    wrong %u, half %u, rc %d: %s\n", wrong, half, rc, admins_err.text);
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
