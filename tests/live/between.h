/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One who stands between a set and its PostgreSQL server, on unix sockets, and puts, in
 * place of statement number fail_at of all that are sent, another that fails with an
 * SQLSTATE. Also one of many in a text, and where the statement was prepared.
 */
#ifndef POL_TESTS_BETWEEN_H
#define POL_TESTS_BETWEEN_H

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BYTES 65536

/* What the server says: an error of SQL, its disk is full, rolled back, cancelled, it stops. */
static const char *const states[] = { "22012", "53100", "40001", "57014", "57P01" };

static struct all {
	atomic_ulong sent, fail_at;	/* statements; 0: none fails */
	atomic_ulong deletes;
	atomic_int state;
	char kinds[24][12];		/* first words of those that failed */
} *all;

static char server_dir[80];

struct out {
	unsigned char bytes[2 * BYTES];
	size_t n;
};

static inline void
put(struct out *o, const void *bytes, size_t n)
{
	if (o->n + n > sizeof(o->bytes))
		_exit(3);
	memcpy(o->bytes + o->n, bytes, n);
	o->n += n;
}

/* A message of the protocol: its kind, its length, what is in it. */
static inline void
put_message(struct out *o, char kind, const void *bytes, size_t n)
{
	const size_t len = n + 4;
	const unsigned char head[] = { (unsigned char)kind, (unsigned char)(len >> 24), (unsigned char)(len >> 16),
	    (unsigned char)(len >> 8), (unsigned char)len };

	put(o, head, sizeof(head));
	put(o, bytes, n);
}

static inline void
failing(char *out, size_t size)
{
	snprintf(out, size, "DO $x$BEGIN RAISE SQLSTATE '%s'; END$x$", states[atomic_load(&all->state)]);
}

static inline int
its_turn(const char *word)
{
	const size_t n = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	if (n == 6 && strncmp(word, "DELETE", 6) == 0)
		atomic_fetch_add(&all->deletes, 1);
	if (atomic_fetch_add(&all->sent, 1) + 1 != atomic_load(&all->fail_at))
		return 0;
	for (int i = 0; i < 24; i++) {
		if (all->kinds[i][0] == '\0')
			snprintf(all->kinds[i], sizeof(all->kinds[i]), "%.*s", (int)(n < 11 ? n : 11), word);
		if (strlen(all->kinds[i]) == n && strncmp(all->kinds[i], word, n) == 0)
			break;
	}
	return 1;
}

/* Statements end with ; where that is not in a text. */
static inline void
put_query(struct out *o, const char *sql)
{
	static struct out to;
	char bad[64];

	to.n = 0;
	failing(bad, sizeof(bad));
	while (*sql != '\0') {
		const char *end;
		int quoted = 0;

		sql += strspn(sql, " ;");
		for (end = sql; *end != '\0' && (quoted || *end != ';'); end++)
			quoted ^= *end == '\'';
		if (end == sql)
			break;
		if (its_turn(sql))
			put(&to, bad, strlen(bad));
		else
			put(&to, sql, (size_t)(end - sql));
		put(&to, ";", 1);
		sql = end;
	}
	put(&to, "", 1);
	put_message(o, 'Q', to.bytes, to.n);
}

/* In place of a prepared statement another is prepared and bound. */
static inline void
put_bind(struct out *o, const unsigned char *bytes, size_t n)
{
	char other[64] = "";	/* no name, the text, no types */

	if (!its_turn("EXECUTE")) {
		put_message(o, 'B', bytes, n);
		return;
	}
	failing(other + 1, sizeof(other) - 3);
	put_message(o, 'P', other, strlen(other + 1) + 4);
	put_message(o, 'B', "\0\0\0\0\0\0\0", 8);
}

/* What of the bytes is whole goes out; how many are left over. */
static inline size_t
take(unsigned char *bytes, size_t n, int *begun, struct out *o)
{
	size_t at = 0;

	while (n - at >= 5) {
		/* the first has no kind */
		const unsigned char *b = bytes + at, *l = b + (*begun ? 1 : 0);
		const size_t len = ((size_t)l[0] << 24 | (size_t)l[1] << 16 | (size_t)l[2] << 8 | l[3]) + (size_t)(l - b);

		if (len > BYTES)
			_exit(4);
		if (n - at < len)
			break;
		if (*begun && b[0] == 'Q')
			put_query(o, (const char *)b + 5);
		else if (*begun && b[0] == 'B')
			put_bind(o, b + 5, len - 5);
		else
			put(o, b, len);
		*begun = 1;
		at += len;
	}
	memmove(bytes, bytes + at, n - at);
	return n - at;
}

static inline void
send_all(int fd, const unsigned char *bytes, size_t n)
{
	while (n > 0) {
		const ssize_t w = write(fd, bytes, n);

		if (w <= 0)
			_exit(0);
		bytes += w;
		n -= (size_t)w;
	}
}

static inline void
address(struct sockaddr_un *a, const char *dir)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	snprintf(a->sun_path, sizeof(a->sun_path), "%.80s/.s.PGSQL.5432", dir);
}

static inline void
pass_on(int client)
{
	static unsigned char held[BYTES], back[BYTES];
	static struct out out;
	struct sockaddr_un a;
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), begun = 0;
	struct pollfd p[2] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };
	size_t n = 0;

	address(&a, server_dir);
	if (connect(server, (struct sockaddr *)&a, sizeof(a)) != 0)
		_exit(1);
	for (;;) {
		ssize_t r;

		poll(p, 2, -1);
		if (p[0].revents != 0) {
			r = read(client, held + n, sizeof(held) - n);
			if (r <= 0)
				_exit(0);
			out.n = 0;
			n = take(held, n + (size_t)r, &begun, &out);
			send_all(server, out.bytes, out.n);
		}
		if (p[1].revents != 0) {
			r = read(server, back, sizeof(back));
			if (r <= 0)
				_exit(0);
			send_all(client, back, (size_t)r);
		}
	}
}

static inline pid_t
between_begin(const char *dir)
{
	struct sockaddr_un a;
	int l = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t child;

	address(&a, dir);
	all = mmap(NULL, sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (all == MAP_FAILED || bind(l, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(l, 8) != 0)
		return -1;
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGCHLD, SIG_IGN);
		for (;;) {
			int c = accept(l, NULL, NULL);

			if (c >= 0 && fork() == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				pass_on(c);
			}
			close(c);
		}
	}
	close(l);
	return child;
}

static inline void
between_end(pid_t between, const char *dir)
{
	struct sockaddr_un a;

	kill(between, SIGKILL);
	address(&a, dir);
	unlink(a.sun_path);
}

#endif
