/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What belongs to the host is as it was: directory, umask, locale, signals,
 * environment, descriptors, threads, standard output; looked at while a handle is
 * open, and when it is closed. A failure on the way changes as little.
 */
#include "probed.h"

#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

struct host {
	char cwd[4096], locale[512];
	mode_t mask;
	sigset_t blocked;
	struct sigaction actions[NSIG];
	char **env;
	size_t env_count, env_sum;
	unsigned fds, threads;
	int open_on_exec;		/* descriptors without CLOEXEC, beside the standard three */
	struct rlimit core, nofile;
};

static unsigned
count_entries(const char *path, int *without_cloexec)
{
	DIR *d = opendir(path);
	struct dirent *e;
	unsigned n = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		int fd = atoi(e->d_name);

		if (e->d_name[0] == '.' || (without_cloexec != NULL && fd == dirfd(d)))
			continue;
		n++;
		if (without_cloexec != NULL && fd > 2 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0)
			++*without_cloexec;
	}
	if (d != NULL)
		closedir(d);
	return n;
}

static void
look(struct host *h)
{
	memset(h, 0, sizeof(*h));
	if (getcwd(h->cwd, sizeof(h->cwd)) == NULL)
		h->cwd[0] = '\0';
	snprintf(h->locale, sizeof(h->locale), "%s", setlocale(LC_ALL, NULL));
	h->mask = umask(0);
	umask(h->mask);
	sigprocmask(SIG_SETMASK, NULL, &h->blocked);
	for (int i = 1; i < NSIG; i++)
		sigaction(i, NULL, &h->actions[i]);
	h->env = environ;
	for (char **e = environ; *e != NULL; e++) {
		h->env_count++;
		for (const char *s = *e; *s != '\0'; s++)
			h->env_sum = h->env_sum * 31 + (unsigned char)*s;
	}
	h->fds = count_entries("/proc/self/fd", &h->open_on_exec);
	h->threads = count_entries("/proc/self/task", NULL);
	getrlimit(RLIMIT_CORE, &h->core);
	getrlimit(RLIMIT_NOFILE, &h->nofile);
}

static int
same_signals(const struct host *a, const struct host *b)
{
	for (int i = 1; i < NSIG; i++) {
		if (a->actions[i].sa_handler != b->actions[i].sa_handler ||
		    a->actions[i].sa_flags != b->actions[i].sa_flags ||
		    sigismember(&a->blocked, i) != sigismember(&b->blocked, i))
			return 0;
	}
	return 1;
}

static void
same(const struct host *before, const char *when)
{
	struct host now;
	char what[128];

#define HOLDS(test, name) do { \
	snprintf(what, sizeof(what), "%s: %s", when, name); \
	chaos_check(test, what); \
} while (0)
	look(&now);
	HOLDS(strcmp(before->cwd, now.cwd) == 0, "the working directory");
	HOLDS(strcmp(before->locale, now.locale) == 0, "the locale");
	HOLDS(before->mask == now.mask, "the umask");
	HOLDS(same_signals(before, &now), "signals");
	HOLDS(before->env == now.env && before->env_count == now.env_count &&
	    before->env_sum == now.env_sum, "the environment");
	HOLDS(before->fds == now.fds, "descriptors");
	HOLDS(before->open_on_exec == now.open_on_exec, "descriptors that a program started would inherit");
	HOLDS(before->threads == now.threads, "threads");
	HOLDS(before->core.rlim_cur == now.core.rlim_cur && before->nofile.rlim_cur == now.nofile.rlim_cur, "limits");
#undef HOLDS
}

static int
put(const char *name, const char *text)
{
	FILE *f = fopen(name, "we");

	return f != NULL && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(name, 0644) == 0;
}

static void
live(const struct host *before, const char *dir, const char *name)
{
	struct policy *p;
	struct policy_decision d = POLICY_DECISION_INIT;
	size_t i, good = 0;

	if (!chaos_check(policy_open(&p, dir, NULL, NULL) == 0, "the set does not open"))
		return;
	same(before, "opened");
	for (i = 0; i < CHAOS_REQUESTS; i++)
		good += (size_t)chaos_ask(p, i, &d);
	/* in a locale whose decimals have a comma, too */
	chaos_check(good == CHAOS_REQUESTS, "the known answers");
	same(before, "decided");
	chaos_check(policy_reload(p, NULL) == 0, "reload");
	same(before, "reloaded");
	chaos_check(put(name, "policy: 1\nnonsense: 1\n") && policy_reload(p, NULL) == POLICY_ERR_INVALID, "a bad reload");
	same(before, "failed to reload");
	chmod(name, 0666);
	chaos_check(policy_reload(p, NULL) == POLICY_ERR_UNSAFE, "an unsafe reload");
	same(before, "refused a reload");
	policy_close(p);
	same(before, "closed");
	chaos_check(policy_open(&p, "/nowhere", NULL, NULL) == POLICY_ERR_NOENT, "nothing to open");
	same(before, "found nothing");
	chaos_check(put(name, chaos_set), "the file");
}

static struct policy *
load_once(void)
{
	make_set("60s");
	return open_probed(POLICY_NO_THREAD);
}

/* What the service thread has open for a moment, while it reads a file, is not counted. */
static void
look_when_calm(struct host *h, unsigned fds)
{
	const struct timespec nap = { 0, 5000000 };

	look(h);
	for (int i = 0; i < 400 && h->fds != fds; i++) {
		nanosleep(&nap, NULL);
		look(h);
	}
}

/* A set with modules, a store and the service: while it is open it has descriptors, which
 * no program inherits, and a thread; nothing else, and nothing afterwards. */
static void
live_modules(const struct host *before)
{
	struct host now;
	struct policy *p;

	for (int i = 0; i < 2; i++) {
		p = open_probed(i == 0 ? 0 : POLICY_NO_THREAD);
		if (!chaos_check(p != NULL, "a set with modules does not open"))
			break;
		chaos_check(reason(p, "one") == POLICY_REASON_RULE, "a credential");
		chaos_check(policy_reload(p, NULL) == 0 && reason(p, "two") == POLICY_REASON_BAD_CREDENTIAL, "another");
		policy_service(p, 0);
		look_when_calm(&now, before->fds + 4);
		chaos_check(now.open_on_exec == before->open_on_exec, "descriptors that a program started would inherit");
		chaos_check(now.fds == before->fds + 4, "four descriptors");
		chaos_check(now.threads == before->threads + (i == 0), "a thread, where one is wanted");
		chaos_check(strcmp(now.cwd, before->cwd) == 0 && strcmp(now.locale, before->locale) == 0 &&
		    now.mask == before->mask && same_signals(before, &now) && now.env_sum == before->env_sum,
		    "all else is the host's");
		policy_close(p);
		same(before, "closed a set with modules");
	}
}

int
main(void)
{
	static const char *const locales[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8", "C" };
	char dir[] = "/tmp/libpolicy-chaos-XXXXXX", name[sizeof(dir) + 16], said[sizeof(dir) + 16];
	struct host before;
	struct stat st;
	int out = dup(1), err = dup(2), fd;

	/* what this program says itself stays in the buffer until the end */
	setvbuf(stdout, NULL, _IOFBF, 65536);
	fcntl(out, F_SETFD, FD_CLOEXEC);
	fcntl(err, F_SETFD, FD_CLOEXEC);
	for (size_t i = 0; i < sizeof(locales) / sizeof(locales[0]) && setlocale(LC_ALL, locales[i]) == NULL; i++)
		;
	umask(0027);
	if (!chaos_check(mkdtemp(dir) != NULL, "no scratch directory"))
		return chaos_finish();
	snprintf(name, sizeof(name), "%s/set.yaml", dir);
	snprintf(said, sizeof(said), "%s/said", dir);
	chaos_check(put(name, chaos_set), "the scratch file cannot be written");
	chaos_check(begin_probed(), "no modules");
	fd = open(said, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	look(&before);
	live(&before, dir, name);
	/* a shared object that is loaded stays: its descriptor too */
	policy_close(load_once());
	look(&before);
	live_modules(&before);
	end_probed();
	chaos_check(fstat(fd, &st) == 0 && st.st_size == 0, "the library writes to standard output or error");
	dup2(out, 1);
	dup2(err, 2);
	printf("locale %s, %u descriptors\n", before.locale, before.fds);
	unlink(name);
	unlink(said);
	rmdir(dir);
	return chaos_finish();
}
