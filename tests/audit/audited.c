/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host whose decisions are recorded, for run.sh: audited SET HOW [NUMBER]
 *	threads N	16 threads, N decisions each, of subjects and things with any bytes
 *	forks N		itself and 4 children, N decisions each
 *	tell		decides until it is killed; says which things it was allowed, when it was
 *	steps		a decision for each line of standard input, and its answer; or a reload
 */
#include <policy.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_ulong decided, bad;

static void
say(void *ctx, enum policy_log_level level, const char *text)
{
	(void)ctx;
	if (level != POLICY_LOG_INFO)
		fprintf(stderr, "%s\n", text);
}

static void
noise(char *out, size_t len, unsigned *seed)
{
	for (size_t i = 0; i < len; i++) {
		*seed = *seed * 1103515245u + 12345u;
		out[i] = (char)(1 + (*seed >> 16) % 255);	/* a NUL is refused */
	}
}

static enum policy_verdict
ask(struct policy *p, const char *subject, size_t subject_len, const char *thing, size_t thing_len)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;

	req.subject_id = (struct policy_text){ subject, subject_len };
	req.action = policy_text("go");
	req.resource_type = policy_text("thing");
	req.resource_id = (struct policy_text){ thing, thing_len };
	if (policy_decide(p, &req, &d) != 0)
		atomic_fetch_add(&bad, 1);
	atomic_fetch_add(&decided, 1);
	return d.verdict;
}

struct work {
	struct policy *p;
	unsigned seed, n;
};

static void *
work(void *arg)
{
	struct work *w = arg;
	char subject[40], thing[200];

	for (unsigned i = 0; i < w->n; i++) {
		noise(subject, sizeof(subject), &w->seed);
		noise(thing, sizeof(thing), &w->seed);
		ask(w->p, subject, 1 + i % sizeof(subject), thing, i % sizeof(thing));
	}
	return NULL;
}

static void
threads(struct policy *p, unsigned n)
{
	pthread_t t[16];
	struct work w[16];

	for (unsigned i = 0; i < 16; i++) {
		w[i] = (struct work){ p, i + 1, n };
		pthread_create(&t[i], NULL, work, &w[i]);
	}
	for (unsigned i = 0; i < 16; i++)
		pthread_join(t[i], NULL);
}

static void
forks(struct policy *p, unsigned n)
{
	struct work w = { p, 7, n / 2 };
	int status = 0;

	work(&w);			/* some of these may still be on their way */
	for (unsigned i = 0; i < 4; i++) {
		if (fork() == 0) {
			struct work own = { p, 100 + i, n };

			work(&own);
			policy_close(p);
			_exit(atomic_load(&bad) != 0);
		}
	}
	work(&w);
	while (wait(&status) > 0)
		atomic_fetch_add(&bad, status != 0);
}

static void
tell(struct policy *p)
{
	char thing[32];
	int len;

	for (unsigned i = 0;; i++) {
		len = snprintf(thing, sizeof(thing), "%u\n", i);
		if (ask(p, "ann", 3, thing, (size_t)len - 1) == POLICY_ALLOW && write(1, thing, (size_t)len) != len)
			_exit(1);
	}
}

static void
steps(struct policy *p)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "reload") == 0) {
			printf("reload %d\n", policy_reload(p, NULL));
			fflush(stdout);
			continue;
		}
		printf("%s %s\n", line, ask(p, "ann", 3, line, strlen(line)) == POLICY_ALLOW ? "allow" : "deny");
		fflush(stdout);
	}
}

int
main(int argc, char **argv)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	unsigned n = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
	struct policy *p;

	opt.log = say;
	if (argc < 3 || policy_open(&p, argv[1], &opt, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	if (strcmp(argv[2], "threads") == 0)
		threads(p, n);
	else if (strcmp(argv[2], "forks") == 0)
		forks(p, n);
	else if (strcmp(argv[2], "tell") == 0)
		tell(p);
	else
		steps(p);
	policy_close(p);
	if (strcmp(argv[2], "steps") != 0)
		printf("%lu decided, %lu bad\n", atomic_load(&decided), atomic_load(&bad));
	return 0;
}
