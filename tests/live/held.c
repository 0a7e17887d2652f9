/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host with a call that is held: by a thread of its own, while the others go on.
 *
 *	held SET MODULE-DIR
 *
 * does what standard input says, a line each, and answers each by a line:
 *
 *	ask N FLAGS MS KIND NAME DATA ACTION	N decisions (FLAGS n: NONBLOCK; MS: deadline, 0 none)
 *	who N FLAGS MS KIND NAME DATA		N times whose it is, without deciding
 *	around N				N times what needs no server: a subject that is
 *						asserted, a token and a password out of files
 *	hold KIND NAME DATA ACTION		a decision, by the thread
 *	hold-reload				a reload, by the thread
 *	pending					is that call under way?
 *	join					what came of it
 *	freeze					the set's clock stands still from now on
 *	clock SECONDS				it is ahead by so much
 *	reload
 *	end
 *
 * A name of - is none. Outcomes are counted by sort: "COUNT VERDICT REASON STATUS SUBJECT".
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <policy.h>

#define SORTS 6
#define WORDS 8

struct sorts {
	struct { char text[1024]; unsigned long n; } of[SORTS];
};

struct held {
	struct policy *p;
	char line[65536];		/* "" is a reload */
	char said[2560];
	pthread_t thread;
	_Atomic long tid;
	atomic_int under_way, done;
};

static _Atomic int64_t ahead, frozen;
static struct held held;

static int64_t
now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t
host_clock(void *ctx)
{
	int64_t at = atomic_load(&frozen);

	(void)ctx;
	return (at != 0 ? at : now(CLOCK_REALTIME)) + atomic_load(&ahead);
}

static void
say(void *ctx, enum policy_log_level level, const char *text)
{
	(void)ctx;
	(void)level;
	fprintf(stderr, "%s\n", text);
}

static void
count(struct sorts *s, const char *text)
{
	for (int i = 0; i < SORTS; i++) {
		if (s->of[i].n == 0)
			snprintf(s->of[i].text, sizeof(s->of[i].text), "%s", text);
		if (strcmp(s->of[i].text, text) == 0) {
			s->of[i].n++;
			return;
		}
	}
	abort();			/* more sorts of outcomes than any test has */
}

static void
tell(const struct sorts *s)
{
	for (int i = 0; i < SORTS && s->of[i].n != 0; i++)
		printf("%s%lu %s", i == 0 ? "" : "; ", s->of[i].n, s->of[i].text);
	puts("");
}

static int
words(char *line, char **word, int n)
{
	for (int i = 0; i < n; i++)
		word[i] = strsep(&line, " ");
	return line == NULL && word[n - 1] != NULL;
}

/* ---- one call ---- */

static struct policy_request
request(struct policy_credential *c, const char *flags, const char *ms, char **kind_name_data)
{
	struct policy_request req = POLICY_REQUEST_INIT;

	memset(c, 0, sizeof(*c));
	c->kind = policy_text(kind_name_data[0]);
	if (strcmp(kind_name_data[1], "-") != 0)
		c->name = policy_text(kind_name_data[1]);
	c->data = policy_text(kind_name_data[2]);
	req.credentials = c;
	req.credentials_count = 1;
	if (strcmp(flags, "n") == 0)
		req.flags = POLICY_NONBLOCK;
	if (atoi(ms) != 0)
		req.deadline_ns = now(CLOCK_MONOTONIC) + (int64_t)atoi(ms) * 1000000;
	return req;
}

static void
decide(struct policy *p, const struct policy_request *req, char *text, size_t room)
{
	struct policy_decision d = POLICY_DECISION_INIT;
	int rc = policy_decide(p, req, &d);

	if (rc != 0 && rc != POLICY_ERR_AGAIN)
		snprintf(text, room, "error %d %s", rc, policy_reason_name((int)d.reason));
	else
		snprintf(text, room, "%s%s %s %u%s%s%s%s", rc != 0 ? "again " : "", d.verdict == POLICY_ALLOW ? "allow" : "deny",
		    policy_reason_name((int)d.reason), d.status, d.subject_id[0] != '\0' ? " " : "", d.subject_type,
		    d.subject_id[0] != '\0' ? ":" : "", d.subject_id);
}

static size_t
list(char *text, size_t at, size_t room, const char *what, const struct policy_text *t, uint32_t n)
{
	at += (size_t)snprintf(text + at, room - at, " %s", what);
	for (uint32_t i = 0; i < n && at + t[i].len + 2 < room; i++)
		at += (size_t)snprintf(text + at, room - at, "%s%.*s", i == 0 ? "" : ",", (int)t[i].len, t[i].data);
	return at;
}

static void
authenticate(struct policy *p, const struct policy_request *req, char *text, size_t room)
{
	struct policy_identity id = POLICY_IDENTITY_INIT;
	int rc = policy_authenticate(p, req, &id);
	size_t at;

	if (rc != 0 && rc != POLICY_ERR_AGAIN) {
		snprintf(text, room, "error %d %s", rc, policy_reason_name((int)id.reason));
	} else if (id.verified == 0) {
		snprintf(text, room, "%snobody %s %u", rc != 0 ? "again " : "", policy_reason_name((int)id.reason), id.status);
	} else {
		at = (size_t)snprintf(text, room, "%.*s:%.*s by %.*s", (int)id.subject_type.len, id.subject_type.data,
		    (int)id.subject_id.len, id.subject_id.data, (int)id.step.len, id.step.data);
		at = list(text, at, room, "groups=", id.groups, id.groups_count);
		list(text, at, room, id.scoped != 0 ? "scopes=" : "unscoped", id.scopes, id.scopes_count);
	}
}

static void
ask(struct policy *p, char *line, int whose)
{
	struct sorts s;
	char *word[WORDS], text[1024];

	memset(&s, 0, sizeof(s));
	if (!words(line, word, whose ? 6 : 7)) {
		puts("usage");
		return;
	}
	for (int i = 0; i < atoi(word[0]); i++) {
		struct policy_credential c;
		struct policy_request req = request(&c, word[1], word[2], word + 3);

		if (whose) {
			authenticate(p, &req, text, sizeof(text));
		} else {
			req.action = policy_text(word[6]);
			decide(p, &req, text, sizeof(text));
		}
		count(&s, text);
	}
	tell(&s);
}

/* ---- what needs no server ---- */

static void
around(struct policy *p, int n)
{
	static const struct policy_credential token = { POLICY_TEXT("api_key"), { NULL, 0 }, POLICY_TEXT("robot-token-0123456789abcdef"), { 0, 0 } },
	    password = { POLICY_TEXT("password"), POLICY_TEXT("alice"), POLICY_TEXT("battery-staple"), { 0, 0 } };
	struct policy_request req[3] = { POLICY_REQUEST_INIT, POLICY_REQUEST_INIT, POLICY_REQUEST_INIT };
	struct sorts s;
	char text[1024];

	memset(&s, 0, sizeof(s));
	req[0].subject_id = policy_text("alice");
	req[1].credentials = &token;
	req[2].credentials = &password;
	for (int i = 0; i < 3; i++) {
		req[i].credentials_count = i != 0;
		req[i].action = policy_text("work");
	}
	for (int i = 0; i < n; i++) {
		for (int k = 0; k < (i % 50 == 0 ? 3 : 2); k++) {	/* a password costs a hash */
			decide(p, &req[k], text, sizeof(text));
			count(&s, text);
		}
	}
	tell(&s);
}

/* ---- the held call ---- */

static void
reload(struct policy *p, char *text, size_t room)
{
	struct policy_error err = POLICY_ERROR_INIT;

	if (policy_reload(p, &err) == 0)
		snprintf(text, room, "reloaded");
	else
		snprintf(text, room, "refused %s:%u: %s", err.file, err.line, err.text);
}

static void *
call(void *ctx)
{
	struct policy_credential c;
	struct policy_request req;
	char *word[WORDS];

	(void)ctx;
	atomic_store(&held.tid, syscall(SYS_gettid));
	if (held.line[0] == '\0') {
		atomic_store(&held.under_way, 1);
		reload(held.p, held.said, sizeof(held.said));
	} else if (words(held.line, word, 4)) {
		req = request(&c, "-", "0", word);
		req.action = policy_text(word[3]);
		atomic_store(&held.under_way, 1);
		decide(held.p, &req, held.said, sizeof(held.said));
	}
	atomic_store(&held.done, 1);
	return NULL;
}

/* Does the thread wait for something, as the kernel has it? */
static int
sleeps(long tid)
{
	char path[64], stat[256];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/stat", tid);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	n = fread(stat, 1, sizeof(stat) - 1, f);
	fclose(f);
	stat[n] = '\0';
	return strrchr(stat, ')') != NULL && strncmp(strrchr(stat, ')'), ") S", 3) == 0;
}

/* Answers when the call is within the library, and waits: or when it is over. */
static void
hold(struct policy *p, const char *line)
{
	const struct timespec nap = { 0, 5000000 };
	int seen = 0;

	held.p = p;
	snprintf(held.line, sizeof(held.line), "%s", line);
	atomic_store(&held.under_way, 0);
	atomic_store(&held.done, 0);
	if (pthread_create(&held.thread, NULL, call, NULL) != 0)
		abort();
	while (atomic_load(&held.done) == 0 && seen < 10) {	/* not a lock that it waited for by chance */
		seen = atomic_load(&held.under_way) != 0 && sleeps(atomic_load(&held.tid)) ? seen + 1 : 0;
		nanosleep(&nap, NULL);
	}
	puts(atomic_load(&held.done) == 0 ? "held" : "over");
}

static void
obey(struct policy *p, char *line)
{
	char text[2560];

	if (strncmp(line, "ask ", 4) == 0)
		ask(p, line + 4, 0);
	else if (strncmp(line, "who ", 4) == 0)
		ask(p, line + 4, 1);
	else if (strncmp(line, "around ", 7) == 0)
		around(p, atoi(line + 7));
	else if (strncmp(line, "hold ", 5) == 0)
		hold(p, line + 5);
	else if (strcmp(line, "hold-reload") == 0)
		hold(p, "");
	else if (strcmp(line, "pending") == 0)
		puts(atomic_load(&held.done) == 0 ? "yes" : "no");
	else if (strcmp(line, "join") == 0)
		puts(pthread_join(held.thread, NULL) == 0 ? held.said : "nothing is held");
	else if (strcmp(line, "freeze") == 0) {
		atomic_store(&frozen, now(CLOCK_REALTIME));
		puts("so be it");
	} else if (strncmp(line, "clock ", 6) == 0) {
		atomic_store(&ahead, (int64_t)atoi(line + 6) * 1000000000);
		puts("so be it");
	} else if (strcmp(line, "reload") == 0) {
		reload(p, text, sizeof(text));
		puts(text);
	} else
		puts("usage");
}

int
main(int argc, char **argv)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	static char line[65536];
	struct policy *p;

	if (argc != 3) {
		fprintf(stderr, "usage: held SET MODULE-DIR\n");
		return 64;
	}
	opt.module_dir = argv[2];
	opt.clock = host_clock;
	opt.log = say;
	setlinebuf(stdout);
	if (policy_open(&p, argv[1], &opt, &err) != 0) {
		printf("%s:%u: %s\n", err.file, err.line, err.text);
		return 1;
	}
	puts("ready");
	while (fgets(line, sizeof(line), stdin) != NULL && strcmp(line, "end\n") != 0) {
		line[strcspn(line, "\n")] = '\0';
		obey(p, line);
	}
	policy_close(p);
	puts("closed");
	return 0;
}
