/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandboxed MODE CONF: opens the set of a policyd.yaml as the front of policyd does, under
 * its sandbox (MODE kill, errno or log), or as who writes (MODE none), and does what the
 * lines of its input say; each is answered by a line. For tests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <policy_admin.h>

#include "daemon/conf.h"
#include "daemon/sandbox.h"

static struct policy *p;

static void
log_line(void *ctx, enum policy_log_level level, const char *text)
{
	(void)ctx;
	(void)level;
	printf("log: %s\n", text);
	fflush(stdout);
}

static int
say_error(const struct policy_error *err)
{
	printf("error: %s%s%s\n", err->file, err->file[0] != '\0' ? ": " : "", err->text);
	fflush(stdout);
	return 1;
}

static void
say(int rc, const struct policy_decision *d)
{
	printf("%s %s\n", rc == 0 && d->verdict == POLICY_ALLOW ? "allow" : "deny", policy_reason_name((int)d->reason));
}

static void
ask(const char *user, const char *action, const char *type, const char *id)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;

	req.subject_id = policy_text(user);
	req.action = policy_text(action);
	req.resource_type = policy_text(type);
	req.resource_id = policy_text(id);
	say(policy_decide(p, &req, &d), &d);
}

static void
show(const char *kind, const char *name, const char *data)
{
	struct policy_credential c = { .kind = policy_text(kind), .name = policy_text(name), .data = policy_text(data) };
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_identity id = POLICY_IDENTITY_INIT;
	int rc;

	req.credentials = &c;
	req.credentials_count = 1;
	rc = policy_authenticate(p, &req, &id);
	if (rc == 0 && id.subject_id.len != 0)
		printf("is %.*s\n", (int)id.subject_id.len, id.subject_id.data);
	else
		printf("nobody %s\n", rc == 0 ? policy_reason_name((int)id.reason) : policy_strerror(rc));
}

static void
reload(void)
{
	struct policy_error err = POLICY_ERROR_INIT;

	if (policy_reload(p, &err) != 0)
		say_error(&err);
	else
		printf("reloaded\n");
}

/* As root, who is made where there is nobody: a user who is a reader. */
static void
make(const char *name, const char *password)
{
	struct policy_request root = POLICY_REQUEST_INIT;
	struct policy_user u = POLICY_USER_INIT;
	struct policy_grant g = POLICY_GRANT_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	int rc;

	root.subject_id = u.name = policy_text("root");
	(void)policy_admin_bootstrap(p, &u, "admin", NULL, NULL, NULL);
	u.name = g.who = policy_text(name);
	u.password = policy_text(password);
	g.role = policy_text("reader");
	rc = policy_user_create(p, &root, &u, NULL, NULL, &err);
	if (rc == 0)
		rc = policy_grant_add(p, &root, &g, NULL, NULL, &err);
	if (rc != 0)
		say_error(&err);
	else
		printf("made\n");
}

/* Words: ask USER ACTION TYPE ID; login NAME PASSWORD; bearer TOKEN; make NAME PASSWORD;
 * reload. */
static void
obey(char *line)
{
	char *word[6] = { NULL }, *save = NULL;
	int n = 0;

	for (char *w = strtok_r(line, " \n", &save); w != NULL && n < 5; w = strtok_r(NULL, " \n", &save))
		word[n++] = w;
	if (n == 5 && strcmp(word[0], "ask") == 0)
		ask(word[1], word[2], word[3], word[4]);
	else if (n == 3 && strcmp(word[0], "login") == 0)
		show("password", word[1], word[2]);
	else if (n == 2 && strcmp(word[0], "bearer") == 0)
		show("bearer", NULL, word[1]);
	else if (n == 3 && strcmp(word[0], "make") == 0)
		make(word[1], word[2]);
	else if (n == 1 && strcmp(word[0], "reload") == 0)
		reload();
	else
		printf("what?\n");
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	enum pol_sandbox_mode mode;
	struct pol_conf *conf;
	char why[600], line[9000];

	if (argc != 3 || (strcmp(argv[1], "none") != 0 && !pol_sandbox_word(&mode, argv[1])))
		return 64;
	if (pol_conf_new(&conf, argv[2], &err) != 0)
		return say_error(&err);
	if (strcmp(argv[1], "none") != 0) {
		int rc = pol_sandbox_front(conf, mode, why, sizeof(why));

		if (rc != 0)
			printf("sandbox: %s\n", why);
		if (rc < 0)
			return 1;
		opt.flags = POLICY_READ_ONLY;
	}
	opt.log = log_line;
	opt.module_dir = conf->modules;
	if (policy_open(&p, conf->policy, &opt, &err) != 0)
		return say_error(&err);
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL)
		obey(line);
	policy_close(p);
	pol_conf_free(conf);
	printf("end\n");
	return 0;
}
