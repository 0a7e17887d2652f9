/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host that is never restarted: it opens a set, has a thread that decides all the time,
 * and does what standard input says, a line each:
 *
 *	reload
 *	ask KIND NAME DATA ACTION	(NAME - is none)
 *	end
 *
 * Each is answered by one line. At the end it says how many decisions its thread made, and
 * how many of them were not answered as they must be whatever set is in force.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <policy.h>

static atomic_int stop;
static atomic_ulong decided, wrong;

/* Someone the host vouches for, and someone with a credential that no set takes. */
static void *
decide_on(void *ctx)
{
	static const struct policy_credential bad = { POLICY_TEXT("bearer"), { NULL, 0 }, POLICY_TEXT("never good"), { 0, 0 } };
	struct policy_request known = POLICY_REQUEST_INIT, stranger = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;

	known.subject_id = policy_text("alice");
	known.action = stranger.action = policy_text("work");
	stranger.credentials = &bad;
	stranger.credentials_count = 1;
	while (atomic_load(&stop) == 0) {
		if (policy_decide(ctx, &known, &d) != 0 || d.verdict != POLICY_ALLOW || d.reason != POLICY_REASON_RULE)
			atomic_fetch_add(&wrong, 1);
		if (policy_decide(ctx, &stranger, &d) != 0 || d.verdict != POLICY_DENY ||
		    d.reason != POLICY_REASON_BAD_CREDENTIAL)
			atomic_fetch_add(&wrong, 1);
		atomic_fetch_add(&decided, 2);
	}
	return NULL;
}

static void
reload(struct policy *p)
{
	struct policy_error err = POLICY_ERROR_INIT;

	if (policy_reload(p, &err) == 0)
		puts("reloaded");
	else
		printf("refused %s:%u: %s\n", err.file, err.line, err.text);
}

static void
ask(struct policy *p, char *line)
{
	struct policy_credential c = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { 0, 0 } };
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	char *rest = line, *word[4];

	for (int i = 0; i < 4; i++)
		word[i] = strsep(&rest, " ");
	if (word[3] == NULL) {
		puts("usage");
		return;
	}
	c.kind = policy_text(word[0]);
	if (strcmp(word[1], "-") != 0)
		c.name = policy_text(word[1]);
	c.data = policy_text(word[2]);
	req.credentials = &c;
	req.credentials_count = 1;
	req.action = policy_text(word[3]);
	policy_decide(p, &req, &d);
	printf("%s %s %s:%s\n", d.verdict == POLICY_ALLOW ? "allow" : "deny", policy_reason_name((int)d.reason),
	    d.subject_type, d.subject_id);
}

int
main(int argc, char **argv)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	static char line[65536];
	struct policy *p;
	pthread_t thread;

	if (argc != 3) {
		fprintf(stderr, "usage: swap SET MODULE-DIR\n");
		return 64;
	}
	opt.module_dir = argv[2];
	if (policy_open(&p, argv[1], &opt, &err) != 0) {
		fprintf(stderr, "%s:%u: %s\n", err.file, err.line, err.text);
		return 1;
	}
	setlinebuf(stdout);
	if (pthread_create(&thread, NULL, decide_on, p) != 0)
		return 1;
	puts("ready");
	while (fgets(line, sizeof(line), stdin) != NULL && strcmp(line, "end\n") != 0) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "reload") == 0)
			reload(p);
		else if (strncmp(line, "ask ", 4) == 0)
			ask(p, line + 4);
		else
			puts("usage");
	}
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
	printf("decided %lu wrong %lu\n", atomic_load(&decided), atomic_load(&wrong));
	policy_close(p);
	return 0;
}
