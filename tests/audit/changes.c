/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each call of policy_admin.h leaves one record, which says who asked for what, about whom,
 * and how it ended; none holds a secret. Where the set says `must`, what cannot be recorded
 * is not done.
 */
#include "tests/chaos/admins.h"

#include <glob.h>

static struct policy *p;
static struct as as_root, as_bob;
static const struct policy_request *root, *bob;
static struct told got;
static char log_dir[64], more[256];
static char root_uid[64], bob_uid[64];

/* ---- what is recorded ---- */

struct heard {
	unsigned n;
	char subject[64], uid[64], whose[64], made[64], action[64], type[16], resource[300], outcome[64], decision[8], reason[32];
	int with_token, scoped, withdrawn;
};

static int
hear(void *ctx, const struct policy_activity *r)
{
	struct heard *h = ctx;

	if (r->event != POLICY_ACTIVITY_CHANGE)
		return 0;
	h->n++;
#define KEEP(to, from) told_text(h->to, sizeof(h->to), r->from)
	KEEP(subject, subject), KEEP(uid, uid), KEEP(whose, whose), KEEP(made, made), KEEP(action, action);
	KEEP(type, resource_type), KEEP(resource, resource), KEEP(outcome, outcome), KEEP(decision, decision), KEEP(reason, reason);
#undef KEEP
	h->with_token = r->with_token;
	h->scoped = r->scoped;
	h->withdrawn = r->withdrawn;
	return 0;
}

/* The changes of somebody (NULL: all) since `since`; the last of them. */
static struct heard
changes(const char *subject, const char *decision)
{
	struct policy_activity_query q = POLICY_ACTIVITY_QUERY_INIT;
	struct heard h;

	memset(&h, 0, sizeof(h));
	(void)policy_service(p, 0);
	q.subject = policy_text(subject);
	q.decision = policy_text(decision);
	q.since_ns = admins_time;
	(void)policy_activity_read(p, NULL, &q, hear, &h, NULL);
	return h;
}

/* One more, by who asks (an empty name: nobody), about `whose`. */
static void
recorded(const char *action, const char *subject, const char *resource, const char *whose, const char *outcome)
{
	const struct heard h = changes(NULL, NULL), by = changes(subject[0] != '\0' ? subject : NULL, NULL);

	if (!chaos_check(h.n == 1 && strcmp(h.action, action) == 0 && strcmp(h.subject, subject) == 0 &&
	    strcmp(h.resource, resource) == 0 && strcmp(h.whose, whose) == 0 && strcmp(h.outcome, outcome) == 0 && by.n == 1, action))
		printf("    %u (by name %u): %s by '%s' on %s/'%s' whose '%s': %s\n", h.n, by.n, h.action, h.subject, h.type,
		    h.resource, h.whose, h.outcome);
	admins_time += 1000000000;
}

/* ---- each call ---- */

static void
users(void)
{
	struct policy_user to = POLICY_USER_INIT;

	chaos_check(bootstrap(p, "root", &got) == 0, "the first user");
	snprintf(root_uid, sizeof(root_uid), "%s", got.uid);
	recorded("policy:bootstrap", "", "root", root_uid, "done");
	chaos_check(user(p, root, "bob", 0, &got) == 0, "a user");
	snprintf(bob_uid, sizeof(bob_uid), "%s", got.uid);
	recorded("users:create", "root", "bob", bob_uid, "done");
	(void)user(p, bob, "eve", 0, &got);
	chaos_check(changes("bob", "deny").n == 1 && changes("bob", "allow").n == 0, "a refusal is found as a deny");
	chaos_check(strcmp(changes(NULL, NULL).uid, bob_uid) == 0, "who asked is there by uid");
	recorded("users:create", "bob", "eve", "", policy_strerror(POLICY_ERR_DENIED));
	(void)policy_user_show(p, root, "bob", told_user, &got, NULL);
	recorded("users:read", "root", "bob", bob_uid, "done");
	(void)policy_user_list(p, root, told_user, &got, NULL);
	recorded("users:read", "root", "", "", "done");
	to.org = policy_text("acme");
	chaos_check(policy_user_change(p, root, "bob", POLICY_CHANGE_ORG, &to, NULL) == 0, "a change");
	chaos_check(changes("uid:x", NULL).n == 0, "of nobody");
	{
		char who[80];

		snprintf(who, sizeof(who), "uid:%s", bob_uid);
		chaos_check(changes(who, NULL).n == 1, "what was done to bob is found by his uid");
		snprintf(who, sizeof(who), "uid:%s", root_uid);
		chaos_check(changes(who, NULL).n == 1, "and what root did by root's");
	}
	recorded("users:change", "root", "bob", bob_uid, "done");
	chaos_check(policy_user_password(p, root, "bob", policy_text(NULL), policy_text("a secret of bob's own"), NULL) == 0, "a password");
	recorded("users:password", "root", "bob", bob_uid, "done");
	(void)policy_user_password(p, bob, "bob", policy_text("another wrong secret"), policy_text("a secret that is not"), NULL);
	recorded("users:password", "bob", "bob", bob_uid, policy_strerror(POLICY_ERR_DENIED));
	(void)policy_user_show(p, root, "nobody", told_user, &got, NULL);
	recorded("users:read", "root", "nobody", "", policy_strerror(POLICY_ERR_NOENT));
}

static void
grants(void)
{
	chaos_check(grant(p, root, "bob", "writer", "doc/a*", 0, 0, &got) == 0, "a grant");
	chaos_check(strcmp(changes(NULL, NULL).made, got.id) == 0, "its id is recorded");
	recorded("grants:create", "root", "bob", bob_uid, "done");
	(void)policy_grant_list(p, root, "bob", told_grant, &got, NULL);
	recorded("grants:read", "root", "bob", "", "done");
	chaos_check(policy_grant_remove(p, root, got.id, NULL) == 0, "no grant");
	recorded("grants:delete", "root", "bob", bob_uid, "done");
}

static void
tokens(char secrets[3][128])
{
	struct policy_credential itself = { .kind = POLICY_TEXT("token") };
	struct told first;
	struct as by;

	chaos_check(token(p, bob, NULL, "token", "docs read", 0, POLICY_TOKEN_RENEWABLE, &first) == 0, "a token");
	snprintf(secrets[0], 128, "%s", first.secret);
	chaos_check(strcmp(changes(NULL, NULL).made, first.id) == 0, "its id is recorded too");
	recorded("tokens:create", "bob", "bob", bob_uid, "done");
	(void)policy_token_show(p, root, first.id, NULL, told_token, &got, NULL);
	recorded("tokens:read", "root", first.id, bob_uid, "done");
	itself.data = policy_text(first.secret);
	chaos_check(policy_token_show(p, NULL, NULL, &itself, told_token, &got, NULL) == 0, "a token shows itself");
	recorded("tokens:read", "", first.id, bob_uid, "done");
	(void)policy_token_show(p, root, first.secret, NULL, told_token, &got, NULL);
	recorded("tokens:read", "root", "", "", policy_strerror(POLICY_ERR_NOENT));
	(void)policy_token_list(p, bob, "bob", told_token, &got, NULL);
	recorded("tokens:read", "bob", "bob", "", "done");
	(void)user(p, as_token(&by, "bob", first.id, "token", "docs read"), "eve", 0, &got);
	chaos_check(changes(NULL, NULL).with_token && changes(NULL, NULL).scoped, "the token it was asked with");
	recorded("users:create", "bob", "eve", "", policy_strerror(POLICY_ERR_DENIED));
	chaos_check(policy_token_renew(p, bob, first.id, 0, told_token, &got, NULL) == 0, "renewed");
	snprintf(secrets[1], 128, "%s", got.secret);
	recorded("tokens:renew", "bob", first.id, bob_uid, "done");
	chaos_check(policy_token_revoke(p, bob, first.id, NULL) == 0, "revoked");
	recorded("tokens:revoke", "bob", first.id, bob_uid, "done");
}

static void
whole(void)
{
	static const char hash[] = "$2b$10$abcdefghijklmnopqrstuuOxG0gvh0zDTxX6KXhvdTFnrjXPZBKMe";
	struct policy_activity_query q = POLICY_ACTIVITY_QUERY_INIT;
	struct policy_import i = POLICY_IMPORT_INIT;
	struct heard h;

	i.user = (struct policy_user)POLICY_USER_INIT;
	i.user.name = policy_text("imported");
	i.password_hash = policy_text(hash);
	chaos_check(policy_admin_import(p, root, &i, 1, NULL, NULL, NULL) == 0, "an import");
	recorded("policy:import", "root", "", "", "done");
	(void)policy_admin_backup(p, bob, "/nowhere/at/all", NULL);
	recorded("policy:backup", "bob", "", "", policy_strerror(POLICY_ERR_DENIED));
	memset(&h, 0, sizeof(h));
	q.subject = policy_text("bob");
	(void)policy_activity_read(p, bob, &q, hear, &h, NULL);
	chaos_check(h.n > 0, "who he is may read what he did");
	recorded("activity:read", "bob", "bob", "", "done");
	memset(&h, 0, sizeof(h));
	q.subject = policy_text("root");
	(void)policy_activity_read(p, bob, &q, hear, &h, NULL);
	chaos_check(h.n == 0, "and not what another did");
	recorded("activity:read", "bob", "root", "", "done");
	chaos_check(policy_user_delete(p, root, "bob", NULL) == 0, "deleted");
	recorded("users:delete", "root", "bob", bob_uid, "done");
	chaos_check(policy_user_create(p, root, NULL, NULL, NULL, NULL) == POLICY_ERR_ARG && changes(NULL, NULL).n == 0,
	    "what makes no sense leaves no record");
}

/* ---- nothing of a secret ---- */

static int
holds(const char *text)
{
	static char all[1 << 20];
	char pattern[128];
	int found = 0;
	glob_t g;

	snprintf(pattern, sizeof(pattern), "%s/*", log_dir);
	if (glob(pattern, 0, NULL, &g) != 0)
		return -1;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		FILE *f = fopen(g.gl_pathv[i], "r");
		size_t n = f != NULL ? fread(all, 1, sizeof(all) - 1, f) : 0;

		all[n] = '\0';
		found += strstr(all, text) != NULL;
		if (f != NULL)
			fclose(f);
	}
	globfree(&g);
	return found;
}

static void
empty_log(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", log_dir);
	chaos_check(system(command) == 0, "the log is gone");
}

/* ---- must ---- */

enum { MANY = 600 };			/* an import of more than two blocks */

static void
import_many(void)
{
	static struct policy_import list[MANY];
	static char names[MANY][16];

	for (size_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "i%zu", i);
		list[i] = (struct policy_import)POLICY_IMPORT_INIT;
		list[i].user = (struct policy_user)POLICY_USER_INIT;
		list[i].user.name = policy_text(names[i]);
	}
	chaos_check(policy_admin_import(p, root, list, MANY, NULL, NULL, NULL) == 0, "an import in parts");
	recorded("policy:import", "root", "", "", "done");
}

static void
must(void)
{
	unsigned n, tries = 0;
	int rc;

	(void)admins_fresh(0);
	chaos_check(mkdir(log_dir, 0700) == 0, "a directory");
	snprintf(more, sizeof(more), "audit: { file: %s/a.jsonl, must: 5s }\n", log_dir);
	p = admins_open_as(more);
	if (!chaos_check(p != NULL && bootstrap(p, "root", &got) == 0, "a set that must"))
		return;
	recorded("policy:bootstrap", "", "root", got.uid, "done");
	chaos_check(user(p, root, "bob", 0, &got) == 0, "recorded, and made");
	recorded("users:create", "root", "bob", got.uid, "done");
	import_many();
	atomic_store(&admins_memory->apply_fails, POLICY_ERR_IO);
	chaos_check(user(p, root, "ann", 0, &got) == POLICY_ERR_UNAVAILABLE, "recorded, and the store fails");
	atomic_store(&admins_memory->apply_fails, 0);
	chaos_check(changes(NULL, NULL).n == 2 && changes(NULL, NULL).withdrawn, "the record is withdrawn");
	admins_time += 1000000000;
	empty_log();			/* a file that is gone is begun anew, and there is no place for it */
	n = admins_memory->n;
	chaos_check(user(p, root, "eve", 0, &got) == POLICY_ERR_UNAVAILABLE && admins_memory->n == n,
	    "what cannot be recorded is not made");
	chaos_check(user(p, root, "eve", 0, &got) == POLICY_ERR_UNAVAILABLE && admins_memory->n == n, "nor the next time");
	chaos_check(policy_user_list(p, root, told_user, &got, NULL) == POLICY_ERR_UNAVAILABLE, "nor read");
	chaos_check(mkdir(log_dir, 0700) == 0, "a directory again");
	for (rc = -1; rc != 0 && tries < 600; tries++) {	/* the log is tried again now and then */
		rc = user(p, root, "eve", 0, &got);
		if (rc != 0)
			usleep(100000);
	}
	chaos_check(rc == 0, "until it can be");
	policy_close(p);
	empty_log();
}

int
main(void)
{
	char secrets[3][128] = { "", "", "another wrong secret" };

	admins_err.size = sizeof(admins_err);
	if (!chaos_check(admins_begin(), "shared memory, and modules to load"))
		return chaos_finish();
	snprintf(log_dir, sizeof(log_dir), "%s/log", admins_dir);
	snprintf(more, sizeof(more), "audit: { file: %s/a.jsonl }\n", log_dir);
	chaos_check(mkdir(log_dir, 0700) == 0, "a directory");
	(void)admins_fresh(0);
	root = as_user(&as_root, "root");
	bob = as_user(&as_bob, "bob");
	p = admins_open_as(more);
	if (!chaos_check(p != NULL, "the set opens"))
		return chaos_finish();
	users();
	grants();
	tokens(secrets);
	whole();
	for (size_t i = 0; i < 3; i++)
		chaos_check(secrets[i][0] != '\0' && holds(secrets[i]) == 0, "no secret is recorded");
	chaos_check(holds("a secret of bob") == 0 && holds("$2b$") == 0 && holds("users:create") == 1, "nor a password, nor a hash");
	policy_close(p);
	empty_log();
	must();
	admins_end();
	return chaos_finish();
}
