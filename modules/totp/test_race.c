/* SPDX-License-Identifier: Apache-2.0 */
/* One code, presented by two threads, by two processes, at once: exactly one passes. Two
 * users at once: both do. And the secrets are rewritten meanwhile. */
#include "chaos.h"
#include "code.h"
#include "drive.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 60 };

#define NOW 1111111109

static char dir[] = "/tmp/libpolicy-totp-XXXXXX", path[64], used[64], fresh[64];
static struct drive d;
static atomic_int passed, failed, go;
static int64_t now;

static void *
asker(void *name)
{
	enum policy_check_result r;

	while (!atomic_load(&go))
		;
	r = code_check(d.state, name, code_at(now, 6), now);
	atomic_fetch_add(r == POLICY_CHECK_PASS ? &passed : &failed, 1);
	return NULL;
}

static void
put(int n)
{
	char text[400];

	snprintf(text, sizeof(text), "HOTP/T30 ann - " CODE_HEX "\nHOTP/T30 bob - " CODE_HEX "\nHOTP/T30 n%d - " CODE_HEX "\n", n);
	code_put(fresh, text);
	if (rename(fresh, path) != 0)
		abort();
}

/* How many of two pass. */
static int
threads(char *one, char *other, int n)
{
	pthread_t t[2];

	now += 30;
	atomic_store(&passed, 0);
	atomic_store(&go, 0);
	pthread_create(&t[0], NULL, asker, one);
	pthread_create(&t[1], NULL, asker, other);
	atomic_store(&go, 1);
	put(n);
	policy_module_1.serve(d.state, POLICY_SERVE_CHANGED);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	return atomic_load(&passed);
}

static int
processes(void)
{
	int ends[2], status, n = 0;
	pid_t child[2];
	char c;

	now += 30;
	if (pipe(ends) != 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		child[i] = fork();
		if (child[i] == 0) {
			close(ends[1]);
			(void)!read(ends[0], &c, 1);
			_exit(code_check(d.state, "ann", code_at(now, 6), now) == POLICY_CHECK_PASS ? 1 : 0);
		}
	}
	close(ends[0]);
	close(ends[1]);
	for (int i = 0; i < 2; i++)
		if (waitpid(child[i], &status, 0) == child[i] && WIFEXITED(status))
			n += WEXITSTATUS(status);
	return n;
}

int
main(void)
{
	struct policy_attr with[] = { DRIVE_ATTR_TEXT("file", "") };
	char ann[] = "ann", bob[] = "bob";
	int same = 0, both = 0, forked = 0;

	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/users", dir);
	snprintf(used, sizeof(used), "%s/users.used", dir);
	snprintf(fresh, sizeof(fresh), "%s/fresh", dir);
	now = NOW;
	put(0);
	drive_init(&d, &policy_module_1);
	with[0].value.u.text = policy_text(path);
	if (!chaos_check(drive_open(&d, with, 1) == 0, "the file is read"))
		return chaos_finish();
	for (int i = 0; i < ROUNDS; i++) {
		same += threads(ann, ann, i) == 1;
		both += threads(ann, bob, i) == 2;
		forked += processes() == 1;
	}
	chaos_check(same == ROUNDS, "of two threads with one code exactly one passes");
	chaos_check(both == ROUNDS, "two users at once both pass");
	chaos_check(forked == ROUNDS, "of two processes with one code exactly one passes");
	drive_close(&d);
	unlink(used);
	unlink(path);
	rmdir(dir);
	return chaos_finish();
}
