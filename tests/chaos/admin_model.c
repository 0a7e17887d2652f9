/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random calls of policy_admin.h against a small model of what they mean, through two
 * handles on one store: each call answers as the model does, and so does each decision,
 * whichever handle is asked.
 */
#include "admins.h"

#define STEPS 24000		/* in memory; then a tenth on SQLite, where there is that module */
#define EACH 800			/* then the store begins anew */
#define NAMES 6
#define ROLES 3
#define TOKENS 24

static const char *const names[NAMES] = { "ann", "bob", "cyd", "dan", "eve", "fay" };
static const char *const roles[ROLES] = { "reader", "writer", "admin" };

struct model {
	struct { int there, was, off; char grants[ROLES][64]; } users[NAMES];
	struct { int there, owner; char id[64]; } tokens[TOKENS];
	int made;
} model;

static struct policy *handles[2];
static struct as as_root;
static const struct policy_request *root;
static uint64_t seed = 1;
static int sqlite;

static unsigned
any(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static int
has(int u, int role)
{
	return model.users[u].grants[role][0] != '\0';
}

static void
forget(int u)
{
	memset(model.users[u].grants, 0, sizeof(model.users[u].grants));
	for (int i = 0; i < TOKENS; i++) {
		if (model.tokens[i].owner == u)
			model.tokens[i].there = 0;
	}
}

/* By root, who may all. What the model wants; *rc is what was answered. */
static int
step_user(struct policy *p, int u, int *rc)
{
	struct policy_user to = POLICY_USER_INIT;
	struct told t = { .n = 0 };
	const int there = model.users[u].there;

	switch (any(5)) {
	case 0: case 1:
		*rc = user(p, root, names[u], any(2) ? POLICY_USER_REUSE : 0, &t);
		if (there || (model.users[u].was && *rc == POLICY_ERR_EXISTS))
			return POLICY_ERR_EXISTS;
		model.users[u].there = model.users[u].was = 1;
		model.users[u].off = 0;
		return 0;
	case 2:
		*rc = sane(policy_user_delete(p, root, names[u], &admins_err));
		if (!there)
			return POLICY_ERR_NOENT;
		model.users[u].there = 0;
		forget(u);
		return 0;
	default:
		to.flags = any(2) ? POLICY_USER_DISABLED : 0;
		*rc = sane(policy_user_change(p, root, names[u], POLICY_CHANGE_FLAGS, &to, &admins_err));
		if (there)
			model.users[u].off = to.flags != 0;
		return there ? 0 : POLICY_ERR_NOENT;
	}
}

/* By one of them: he gives what he has, and only admins may ask at all. */
static int
step_grant(struct policy *p, int u, int *rc)
{
	const int role = (int)any(ROLES), by = (int)any(NAMES);
	struct told t = { .n = 0 };
	struct as as;

	if (has(u, role)) {
		*rc = sane(policy_grant_remove(p, root, model.users[u].grants[role], &admins_err));
		model.users[u].grants[role][0] = '\0';
		return 0;
	}
	*rc = grant(p, as_user(&as, names[by]), names[u], roles[role], NULL, 0, 0, &t);
	if (!model.users[by].there || model.users[by].off || !has(by, 2)) {
		if (*rc != POLICY_ERR_DENIED)
			return POLICY_ERR_DENIED;
		*rc = grant(p, root, names[u], roles[role], NULL, 0, 0, &t);
	}
	if (!model.users[u].there)
		return POLICY_ERR_NOENT;
	memcpy(model.users[u].grants[role], t.id, sizeof(t.id));
	return 0;
}

static int
step_token(struct policy *p, int u, int *rc)
{
	const int i = (int)any(TOKENS);
	struct told t = { .n = 0 };
	struct as as;

	if (model.tokens[i].there) {
		*rc = sane(policy_token_revoke(p, root, model.tokens[i].id, &admins_err));
		model.tokens[i].there = 0;
		return 0;
	}
	*rc = token(p, as_user(&as, names[u]), NULL, "token", "docs", 0, 0, &t);
	if (!model.users[u].there || model.users[u].off)	/* he is nobody to the store */
		return *rc == POLICY_ERR_NOENT || *rc == POLICY_ERR_INVALID ? *rc : POLICY_ERR_DENIED;
	model.tokens[i].there = 1;
	model.tokens[i].owner = u;
	memcpy(model.tokens[i].id, t.id, sizeof(t.id));
	return 0;
}

static int
step_look(struct policy *p, int u, int *rc)
{
	struct told t = { .n = 0 };
	const int i = (int)any(TOKENS);
	struct as as;
	int want, n = 0;

	if (model.tokens[i].id[0] != '\0' && any(2)) {
		*rc = sane(policy_token_show(p, root, model.tokens[i].id, NULL, told_token, &t, &admins_err)) == 0 ? t.active : -99;
		return model.tokens[i].there && !model.users[model.tokens[i].owner].off;
	}
	for (int k = 0; k < NAMES; k++)
		n += model.users[k].there;
	*rc = sane(policy_user_list(p, root, told_user, &t, &admins_err));
	if (*rc != 0 || t.n != n + 1)
		return -99;
	want = model.users[u].there && !model.users[u].off && (has(u, 1) || has(u, 2));
	*rc = may(p, as_user(&as, names[u]), "write", "doc", "1");
	return want;
}

static int (*const steps[])(struct policy *p, int u, int *rc) = { step_user, step_grant, step_token, step_look };

static int
begin(void)
{
	struct told t = { .n = 0 };

	policy_close(handles[0]);
	policy_close(handles[1]);
	(void)admins_fresh(sqlite);
	memset(&model, 0, sizeof(model));
	handles[0] = admins_open();
	handles[1] = admins_open();
	return handles[0] != NULL && handles[1] != NULL && bootstrap(handles[0], "root", &t) == 0;
}

static void
walk(int n)
{
	unsigned wrong = 0, allowed = 0;

	for (int i = 0; i < n; i++) {
		const unsigned s = any(4);
		const int u = (int)any(NAMES);
		int rc = 1, want;

		if (i % EACH == 0 && !chaos_check(begin(), "a new store"))
			return;
		admins_time += 1000000;
		want = steps[s](handles[any(2)], u, &rc);
		allowed += want == 0;
		if (want != rc && wrong++ < 5)
			printf("    step %d of kind %u on %s: %d, wanted %d: %s\n", i, s, names[u], rc, want, admins_err.text);
	}
	chaos_check(wrong == 0, "each call answers as the model does");
	chaos_check(allowed > (unsigned)n / 4, "many of them do something");
	printf("%d steps, %u done\n", n, allowed);
	policy_close(handles[0]);
	policy_close(handles[1]);
	handles[0] = handles[1] = NULL;
}

int
main(int argc, char **argv)
{
	admins_err.size = sizeof(admins_err);
	seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20260;
	if (!chaos_check(admins_begin(), "shared memory, and modules to load"))
		return chaos_finish();
	root = as_user(&as_root, "root");
	walk(STEPS);
	sqlite = 1;
	if (admins_fresh(1))
		walk(STEPS / 10);
	else
		chaos_skip(1, "the same on SQLite (no such module)");
	admins_end();
	return chaos_finish();
}
