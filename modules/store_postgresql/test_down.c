/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_down UP DOWN: a server that is stopped, killed and started again (by those two
 * commands) under writers; writers that are killed; and a connection that is cut at each
 * of its messages, in either direction.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "modules/store_env.h"
#include "modules/store_kills.h"

static struct kills *sh;

static int
ignore(void *ctx, const struct policy_row *r)
{
	(void)ctx;
	(void)r;
	return 0;
}

static void
run(const char *command)
{
	check(system(command) == 0, command);
}

/* ---- a connection that is cut ---- */

static char proxy_dir[256];

static int
socket_at(const char *dir, struct sockaddr_un *a)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	snprintf(a->sun_path, sizeof(a->sun_path), "%.80s/.s.PGSQL.5432", dir);
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* Passes on until piece number `cut`, of all that go in the direction `to_server`. */
static void
pass_on(int client, const char *server_dir, unsigned long cut, int to_server)
{
	static char bytes[65536];
	struct sockaddr_un a;
	int server = socket_at(server_dir, &a);
	struct pollfd p[2] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };

	if (connect(server, (struct sockaddr *)&a, sizeof(a)) != 0)
		_exit(1);
	for (;;) {
		poll(p, 2, -1);
		for (int i = 0; i < 2; i++) {
			ssize_t n;

			if (p[i].revents == 0)
				continue;
			n = read(p[i].fd, bytes, sizeof(bytes));
			if (n <= 0)
				_exit(0);
			if ((i == 0) == to_server && atomic_fetch_add(&sh->calls, 1) + 1 == cut)
				_exit(0);
			if (write(p[1 - i].fd, bytes, (size_t)n) != n)
				_exit(0);
		}
	}
}

static pid_t
proxy(const char *server_dir, unsigned long cut, int to_server)
{
	struct sockaddr_un a;
	int l = socket_at(proxy_dir, &a);
	pid_t child;

	unlink(a.sun_path);
	if (bind(l, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(l, 8) != 0)
		return -1;
	child = fork();
	if (child == 0) {
		signal(SIGCHLD, SIG_IGN);
		for (;;) {
			int c = accept(l, NULL, NULL);

			if (c >= 0 && fork() == 0)
				pass_on(c, server_dir, cut, to_server);
			close(c);
		}
	}
	close(l);
	return child;
}

static void
cuts(void)
{
	const char *direct = env_fresh(), *host = strstr(direct, "host=") + 5;
	char server[128], url[700];
	unsigned long n = 0, wrong = 0;

	snprintf(server, sizeof(server), "%.*s", (int)strcspn(host, "&"), host);
	snprintf(proxy_dir, sizeof(proxy_dir), "%s", env_dir());
	snprintf(url, sizeof(url), "%.*s%s%s", (int)(host - direct), direct, proxy_dir, host + strlen(server));
	atomic_store(&sh->tried, 0);
	atomic_store(&sh->acked, 0);
	sh->tries = 40;
	for (int to_server = 0; to_server < 2; to_server++) {
		for (unsigned long cut = 1;; cut++) {
			const char *why = NULL;
			pid_t p;

			atomic_store(&sh->calls, 0);
			p = proxy(server, cut, to_server);
			/* cut once; then it comes back by itself */
			if (kills_write(sh, url, 4, NULL) != 0)
				why = "it does not come back";
			kill(p, SIGKILL);
			waitpid(p, NULL, 0);
			if (why == NULL)
				why = kills_check(sh, direct);
			if (why != NULL && wrong++ < 5)
				printf("cut %lu %d: %s\n", cut, to_server, why);
			if (atomic_load(&sh->calls) < cut || wrong > 5)
				break;
			n++;
		}
	}
	snprintf(url, sizeof(url), "%s/.s.PGSQL.5432", proxy_dir);
	unlink(url);
	check(wrong == 0 && n > 20, "a cut connection loses nothing, and leaves no half of a change");
	printf("%lu cuts, %lu failures seen, %lu lost or half\n", n, atomic_load(&sh->failures), wrong);
}

/* ---- a server that goes away ---- */

static void
stops(const char *up, const char *down)
{
	char graceful[600];
	struct store s;
	int fd, rc = 0;

	snprintf(graceful, sizeof(graceful), "%s fast", down);
	check(store_open(&s, env_fresh()) == 0, "opens");
	fd = policy_store_1.fd(s.state);
	check(fd >= 0, "there is a descriptor");
	run(graceful);
	for (int i = 0; i < 5; i++) {
		rc = policy_store_1.changes(s.state, &s.since, ignore, NULL, &s.err);
		check(rc == POLICY_ERR_UNAVAILABLE && s.since == 0, "without its server it is unavailable");
		check(policy_store_1.fd(s.state) == -1, "and has no descriptor");
	}
	run(up);
	for (int i = 0; i < 200 && rc != 0; i++) {
		rc = policy_store_1.changes(s.state, &s.since, ignore, NULL, &s.err);
		if (rc != 0)
			usleep(50000);
	}
	check(rc == 0 && policy_store_1.fd(s.state) >= 0, "it comes back by itself");
	store_close(&s);
}

static void
pushed(void)
{
	const char *url = env_fresh();
	struct store a, b;
	struct room room;
	struct policy_row r;
	struct seen seen = { 0 };
	struct pollfd p;

	check(store_open(&a, url) == 0 && store_open(&b, url) == 0, "two open it");
	row_make(&r, &room, POLICY_ROW_USER, "u", 1);
	check(store_changes(&b, &seen) == 0, "one has seen all");
	check(store_apply(&a, &r, 1) == 0, "the other writes");
	p = (struct pollfd){ policy_store_1.fd(b.state), POLLIN, 0 };
	check(poll(&p, 1, 5000) == 1, "the first one's descriptor says so");
	check(store_changes(&b, &seen) == 0 && seen.n == 1, "and it is told");
	seen_drop(&seen);
	check(poll(&p, 1, 0) == 0, "once");
	store_close(&a);
	store_close(&b);
}

static int
has_inode(const struct stat *of)
{
	struct stat st;

	for (int fd = 0; fd < 1024; fd++) {
		if (fstat(fd, &st) == 0 && st.st_dev == of->st_dev && st.st_ino == of->st_ino)
			return 1;
	}
	return 0;
}

/* What a child sees; 0: as it should be. With `other`, the host put a file of its own there. */
static int
child_of(const char *url, int fd, const struct stat *parents, int other)
{
	struct store s;
	struct stat st;

	if (!has_inode(parents))
		return 1;
	if (other >= 0 && (fstat(other, &st) != 0 || dup2(other, fd) != fd))
		return 2;
	if (store_open(&s, url) != 0 || has_inode(parents))
		return 3;
	if (other >= 0) {
		struct stat now;

		if (fstat(fd, &now) != 0 || now.st_dev != st.st_dev || now.st_ino != st.st_ino)
			return 4;
	}
	store_close(&s);
	return 0;
}

static void
forked(void)
{
	const char *url = env_fresh();
	int other[2], ended, fd;
	struct seen seen = { 0 };
	struct stat st;
	struct store s;

	check(store_open(&s, url) == 0 && pipe(other) == 0, "the parent opens");
	fd = policy_store_1.fd(s.state);
	check(fd >= 0 && fstat(fd, &st) == 0, "and has a socket");
	for (int i = 0; i < 2; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(child_of(url, fd, &st, i == 0 ? -1 : other[0]));
		check(waitpid(child, &ended, 0) == child && ended == 0,
		    i == 0 ? "a child that opens has none of its parent's sockets" : "and what the host put there stays open");
	}
	check(policy_store_1.fd(s.state) == fd && store_changes(&s, &seen) == 0, "the parent talks on");
	seen_drop(&seen);
	close(other[0]);
	close(other[1]);
	store_close(&s);
}

/* Writers are killed, and the server crashes under them. */
static void
crashes(const char *up, const char *down)
{
	const char *url = env_fresh(), *why;
	unsigned lost = 0, kills = 0, falls = 0;
	char immediate[600];

	snprintf(immediate, sizeof(immediate), "%s immediate", down);
	atomic_store(&sh->tried, 0);
	atomic_store(&sh->acked, 0);
	sh->tries = 300;
	for (unsigned i = 0; i < 60; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(kills_write(sh, url, i % 20 == 19 ? 2000 : 100000, NULL) == 0 ? 0 : 1);
		usleep(20000 + i * 1700);
		if (i % 20 == 19) {
			run(immediate);
			run(up);
			falls++;
			usleep(300000);
		}
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		kills++;
		/* what it sent last is still being done there */
		usleep(20000);
		why = kills_check(sh, url);
		if (why != NULL && lost++ < 5)
			printf("after kill %u: %s\n", i, why);
	}
	check(lost == 0 && env_wrong() == NULL, "nothing acknowledged is lost");
	printf("%u writers killed, %u crashes of the server, %lu changes, %u lost or half\n", kills, falls,
	    atomic_load(&sh->acked), lost);
}

int
main(int argc, char **argv)
{
	const char *why = env_begin();

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (why != NULL || argc < 3) {
		printf("skipped: %s\n0 passed, 0 failed, 1 skipped\n", why != NULL ? why : "usage: test_down UP DOWN");
		return 0;
	}
	sh = kills_new();
	pushed();
	forked();
	cuts();
	stops(argv[1], argv[2]);
	crashes(argv[1], argv[2]);
	env_end();
	return store_finish();
}
