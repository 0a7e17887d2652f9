/* SPDX-License-Identifier: Apache-2.0 */
#include "sockets.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "activate.h"
#include "conf_read.h"
#include "listen.h"
#include "log.h"

#define TICK_MS 10

/* One that was passed, by its name. -1 with err: none, or several. */
static int
passed(struct pol_passed *list, int n, const struct pol_conf *c, const struct pol_conf_listener *l, struct policy_error *err)
{
	struct pol_place p = { c->file, l->line, 0, err };
	int found = -1;

	for (int i = 0; i < n; i++) {
		if (list[i].fd < 0 || strcmp(list[i].name, l->activation) != 0)
			continue;
		if (found >= 0) {
			pol_conf_fault(&p, POLICY_ERR_INVALID, "systemd: found several sockets \"%s\" among those passed, wanted one",
			    l->activation);
			return -1;
		}
		found = list[i].fd;
		list[i].fd = -1;
	}
	if (found < 0)
		pol_conf_fault(&p, POLICY_ERR_INVALID, "systemd: found no socket \"%s\" among those passed", l->activation);
	return found;
}

/* Which file it is, so that no other is removed in its place. */
static void
know_file(struct pol_socket *s, const char *path)
{
	struct stat st;

	if (path == NULL || lstat(path, &st) != 0)
		return;
	s->path = strdup(path);
	s->dev = st.st_dev;
	s->ino = st.st_ino;
}

/* Whoever was killed a moment ago may not be gone altogether: for a second it is tried again. */
static int
make(const struct pol_conf *c, const struct pol_conf_listener *l, struct policy_error *err)
{
	struct timespec tick = { 0, TICK_MS * 1000000 };
	int fd = pol_listen(c, l, err);

	for (int n = 0; fd == POLICY_ERR_IO && n < 1000 / TICK_MS; n++) {
		nanosleep(&tick, NULL);
		fd = pol_listen(c, l, err);
	}
	return fd;
}

static int
open_all(struct pol_sockets *s, const struct pol_conf *c, struct pol_passed *list, int n, struct policy_error *err)
{
	for (size_t i = 0; i < c->listeners_count && i < POL_SOCKETS; i++) {
		const struct pol_conf_listener *l = &c->listeners[i];
		struct pol_socket *one = &s->list[i];

		one->passed = l->activation != NULL;
		one->fd = one->passed ? passed(list, n, c, l, err) : make(c, l, err);
		if (one->fd < 0)
			return one->passed ? POLICY_ERR_INVALID : one->fd;
		know_file(one, l->unix_path);
		s->n++;
	}
	return 0;
}

int
pol_sockets_open(struct pol_sockets *s, const struct pol_conf *c, struct policy_error *err)
{
	struct pol_passed list[POL_ACTIVATE_MAX];
	const char *why;
	int n = pol_activate(list, &why), rc;

	memset(s, 0, sizeof(*s));
	if (n < 0) {
		struct pol_place p = { c->file, 0, 0, err };

		return pol_conf_fault(&p, POLICY_ERR_INVALID, "%s", why);
	}
	rc = open_all(s, c, list, n, err);
	for (int i = 0; i < n; i++) {
		if (list[i].fd < 0)
			continue;
		pol_log(POLICY_LOG_WARNING, "no listener takes the socket \"%s\" that was passed", list[i].name);
		close(list[i].fd);
	}
	if (rc != 0)
		pol_sockets_close(s);
	return rc;
}

static void
forget_file(struct pol_socket *s)
{
	struct stat st;

	if (s->path != NULL && lstat(s->path, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino)
		unlink(s->path);
	free(s->path);
	s->path = NULL;
}

/*
 * Closing a listening socket resets who was let in by the kernel and not accepted yet. So
 * its name goes first; and at a port, packets that would begin a connection are dropped,
 * which the other side takes for loss: it asks again, and finds nobody.
 */
void
pol_sockets_shut(struct pol_sockets *s)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),		/* flags of TCP */
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1),	/* SYN, not ACK */
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
	};
	struct sock_fprog filter = { sizeof(code) / sizeof(code[0]), code };

	for (size_t i = 0; i < s->n; i++) {
		struct pol_socket *one = &s->list[i];
		int family = AF_UNSPEC;
		socklen_t len = sizeof(family);

		forget_file(one);
		if (one->passed || getsockopt(one->fd, SOL_SOCKET, SO_DOMAIN, &family, &len) != 0)
			continue;
		if (family == AF_INET || family == AF_INET6)
			setsockopt(one->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
	}
}

bool
pol_sockets_wanted(const struct pol_sockets *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct pollfd p = { .fd = s->list[i].fd, .events = POLLIN };

		if (!s->list[i].passed && poll(&p, 1, 0) > 0)
			return true;
	}
	return false;
}

void
pol_sockets_close(struct pol_sockets *s)
{
	for (size_t i = 0; i < s->n; i++) {
		forget_file(&s->list[i]);
		if (s->list[i].fd >= 0)
			close(s->list[i].fd);
	}
	s->n = 0;
}
