/* SPDX-License-Identifier: Apache-2.0 */
/* policy_key_rotate() with the real token_file: who may, what is made, what the kill of a
 * process in the middle of it leaves. */
#include "chaos.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <policy_admin.h>

#define S INT64_C(1000000000)
#define KILLS 300

static char dir[] = "/tmp/libpolicy-rotate-XXXXXX", file[64], modules[4096];
static int64_t now = 1800000000 * S;
static struct policy_error err = POLICY_ERROR_INIT;

struct keys {
	char of[3][80];			/* management, inference, api */
};

struct made {
	unsigned n;
	char key[80], kind[32], step[32];
	int64_t expires_ns;
};

static int64_t
clock_now(void *ctx)
{
	(void)ctx;
	return now;
}

static struct policy *
start(const char *with, uint32_t flags)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy *p = NULL;
	char text[4096];

	snprintf(text, sizeof(text), "policy: 1\n"
	    "modules: [ { use: token_file, name: torchserve, for: bearer, kind: [management, inference, api], subject: { type: key },\n"
	    "  with: { file: %s, format: torchserve, write: true%s } } ]\n"
	    "resources: { key: }\n"
	    "actions: { rotate_key: { resource: key, aliases: [keys:rotate] }, ping: }\n"
	    "roles: { bearer: { allow: [rotate_key, ping] } }\n"
	    "authenticated: { roles: bearer }\n"
	    "credentials: { management: { ceiling: ping }, inference: { ceiling: ping }, api: { ceiling: rotate_key } }\n", file, with);
	opt.flags = POLICY_NO_THREAD | flags;
	opt.module_dir = modules;
	opt.clock = clock_now;
	if (policy_open_text(&p, "set", text, strlen(text), &opt, &err) != 0)
		printf("    %s: %s\n", err.file, err.text);
	return p;
}

/* Whole, as it is written here, 0600 and ours. */
static int
read_keys(struct keys *k)
{
	char text[2048], end[3][64];
	struct stat st;
	int fd = open(file, O_RDONLY | O_CLOEXEC), used = 0;
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	int ok = n > 0 && fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0600;

	memset(k, 0, sizeof(*k));
	if (fd >= 0)
		close(fd);
	if (!ok)
		return 0;
	text[n] = '\0';
	ok = sscanf(text, "{ \"management\": { \"key\": \"%79[A-Za-z0-9_-]\", \"expiration time\": \"%63[0-9TZ:.-]\" },"
	    " \"inference\": { \"key\": \"%79[A-Za-z0-9_-]\", \"expiration time\": \"%63[0-9TZ:.-]\" },"
	    " \"API\": { \"key\": \"%79[A-Za-z0-9_-]\" } }%n", k->of[0], end[0], k->of[1], end[1], k->of[2], &used);
	return ok == 5 && used > 0 && text[used] == '\n' && text[used + 1] == '\0';
}

static int
take(void *ctx, const struct policy_token_info *t)
{
	struct made *m = ctx;

	m->n++;
	snprintf(m->key, sizeof(m->key), "%.*s", (int)t->secret.len, t->secret.data);
	snprintf(m->kind, sizeof(m->kind), "%.*s", (int)t->kind.len, t->kind.data);
	snprintf(m->step, sizeof(m->step), "%.*s", (int)t->step.len, t->step.data);
	m->expires_ns = t->expires_ns;
	return 0;
}

static int
rotate(struct policy *p, const char *key, const char *kind, int64_t expires_ns, struct made *m)
{
	struct policy_credential c = { .kind = POLICY_TEXT("bearer"), .data = policy_text(key) };
	struct policy_request as = POLICY_REQUEST_INIT;

	as.credentials = &c;
	as.credentials_count = 1;
	memset(m, 0, sizeof(*m));
	return policy_key_rotate(p, &as, "torchserve", kind, expires_ns, take, m, &err);
}

static int
is_good(struct policy *p, const char *key)
{
	struct policy_credential c = { .kind = POLICY_TEXT("bearer"), .data = policy_text(key) };
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_identity *id = calloc(1, sizeof(*id));
	int rc;

	id->size = sizeof(*id);
	req.credentials = &c;
	req.credentials_count = 1;
	rc = policy_authenticate(p, &req, id) == 0 && id->verified != 0;
	free(id);
	return rc;
}

static void
who(struct policy *p)
{
	struct policy_request as = POLICY_REQUEST_INIT;
	struct keys k, then;
	struct made m;

	chaos_check(read_keys(&k), "a file of keys");
	chaos_check(rotate(p, k.of[2], "inference", 0, &m) == 0 && m.n == 1, "the API key makes one");
	chaos_check(read_keys(&then) && strcmp(then.of[1], m.key) == 0 && strcmp(then.of[1], k.of[1]) != 0, "it stands in the file");
	chaos_check(strcmp(then.of[0], k.of[0]) == 0 && strcmp(then.of[2], k.of[2]) == 0, "the others are as they were");
	chaos_check(strcmp(m.kind, "inference") == 0 && strcmp(m.step, "torchserve") == 0 && m.expires_ns == now + 3600 * S, "it is told");
	chaos_check(is_good(p, m.key) && !is_good(p, k.of[1]), "it is good, and the old one is not");
	chaos_check(rotate(p, then.of[2], "management", now + 6 * S, &m) == 0 && m.expires_ns == now + 6 * S, "it ends when it is to");
	now += 6 * S;
	chaos_check(!is_good(p, m.key), "and then is good no more");
	chaos_check(read_keys(&then), "still a file");
	chaos_check(rotate(p, then.of[0], "management", 0, &m) == POLICY_ERR_DENIED && m.n == 0, "another key does not");
	chaos_check(rotate(p, then.of[1], "inference", 0, &m) == POLICY_ERR_DENIED, "nor its own");
	chaos_check(rotate(p, "wrong-key", "inference", 0, &m) == POLICY_ERR_DENIED && strstr(err.text, "wrong-key") == NULL, "nor a wrong one");
	chaos_check(policy_key_rotate(p, &as, "torchserve", "inference", 0, take, &m, &err) == POLICY_ERR_DENIED, "nor nobody");
	chaos_check(rotate(p, then.of[2], "api", 0, &m) == POLICY_ERR_ARG, "there is no other API key");
	chaos_check(rotate(p, then.of[2], "bogus", 0, &m) == POLICY_ERR_ARG && rotate(p, then.of[2], "", 0, &m) < 0, "nor a key of no kind");
	chaos_check(policy_key_rotate(p, NULL, "other", "inference", 0, NULL, NULL, &err) == POLICY_ERR_NOENT, "there is no such step");
	chaos_check(policy_key_rotate(p, NULL, "torchserve", NULL, 0, NULL, NULL, &err) == POLICY_ERR_ARG, "something is missing");
	chaos_check(policy_key_rotate(p, NULL, "torchserve", "inference", -1, NULL, NULL, &err) == POLICY_ERR_ARG, "or out of range");
	as.action = policy_text("keys:rotate");
	chaos_check(policy_key_rotate(p, &as, "torchserve", "inference", 0, NULL, NULL, &err) == POLICY_ERR_ARG, "an action is not asked for");
	chaos_check(read_keys(&k) && memcmp(&k, &then, sizeof(k)) == 0, "all of which changed nothing");
	chaos_check(policy_key_rotate(p, NULL, "torchserve", "inference", 0, NULL, NULL, NULL) == 0, "who has the file needs no key");
	chaos_check(read_keys(&then) && strcmp(k.of[1], then.of[1]) != 0, "and changes it");
}

static void
where(void)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy *p = start("", POLICY_READ_ONLY);
	struct keys k;
	struct made m;

	chaos_check(p != NULL && read_keys(&k) && is_good(p, k.of[2]), "who only reads");
	chaos_check(rotate(p, k.of[2], "inference", 0, &m) == POLICY_ERR_UNSUPPORTED, "makes none");
	policy_close(p);
	opt.flags = POLICY_FORCE_OFF;
	p = NULL;
	chaos_check(policy_open(&p, NULL, &opt, &err) == 0 && rotate(p, k.of[2], "inference", 0, &m) == POLICY_ERR_UNSUPPORTED,
	    "nor is one made where all is off");
	policy_close(p);
	p = start(", length: 8, lifetime: 5s", 0);
	chaos_check(p != NULL && rotate(p, k.of[2], "inference", 0, &m) == 0 && strlen(m.key) == 8 && m.expires_ns == now + 5 * S,
	    "as long as the step says, for as long");
	policy_close(p);
}

/* One that makes keys as fast as it can, each told before the next. */
static void
spin(struct made *last)
{
	struct policy *p = start("", 0);
	struct keys k;

	if (p == NULL || !read_keys(&k))
		_exit(1);
	for (;;) {
		struct made m;

		if (rotate(p, k.of[2], "inference", 0, &m) != 0)
			_exit(1);
		memcpy(last->key, m.key, sizeof(m.key));
		__atomic_add_fetch(&last->n, 1, __ATOMIC_SEQ_CST);
	}
}

static void
kills(void)
{
	struct made *last = mmap(NULL, sizeof(*last), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned torn = 0, others = 0, made = 0, ended = 0, lost = 0;
	struct keys before, after;
	struct policy *p;

	chaos_check(last != MAP_FAILED && read_keys(&before), "a file to begin with");
	for (unsigned i = 0; i < KILLS; i++) {
		const struct timespec wait = { 0, 100000 * (long)(i % 197 + 1) };
		int status;
		pid_t pid;

		last->n = 0;
		fflush(stdout);
		pid = fork();
		if (pid == 0)
			spin(last);
		for (int n = 0; n < 20000 && __atomic_load_n(&last->n, __ATOMIC_SEQ_CST) == 0; n++)
			usleep(100);
		nanosleep(&wait, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		ended += !WIFSIGNALED(status);
		made += last->n;
		if (!read_keys(&after)) {
			torn++;
			continue;
		}
		others += strcmp(before.of[0], after.of[0]) != 0 || strcmp(before.of[2], after.of[2]) != 0;
		/* the last that was told, or the one after it that was under way: never one before */
		if (i > 0 && strcmp(after.of[1], before.of[1]) == 0)
			lost++;
		before = after;
	}
	chaos_check(torn == 0, "the file is whole, and nobody else's to read");
	chaos_check(others == 0, "the keys that were not asked for stay");
	chaos_check(lost == 0, "a key that was told is not taken back");
	chaos_check(ended == 0 && made >= KILLS, "keys were made until the kill");
	p = start("", 0);
	chaos_check(p != NULL && is_good(p, after.of[1]) && is_good(p, after.of[2]), "who comes next reads it");
	policy_close(p);
	printf("%u kills, %u keys made\n", KILLS, made);
}

int
main(void)
{
	const char *build = getenv("top_builddir");
	char at[4096], clean[128];
	struct policy *p;

	snprintf(at, sizeof(at), "%s/modules/.libs", build != NULL ? build : ".");
	if (mkdtemp(dir) == NULL || realpath(at, modules) == NULL)
		return 1;
	snprintf(at, sizeof(at), "%.4000s/token_file.so", modules);
	snprintf(file, sizeof(file), "%s/key_file.json", dir);
	if (access(at, R_OK) != 0) {
		chaos_skip(1, "token_file is not built");
	} else if (chaos_check((p = start("", 0)) != NULL, "a set with keys")) {
		who(p);
		policy_close(p);
		where();
		kills();
	}
	snprintf(clean, sizeof(clean), "rm -rf %s", dir);
	(void)!system(clean);
	return chaos_finish();
}
