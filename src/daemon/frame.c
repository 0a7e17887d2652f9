/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "child.h"

#define MS ((int64_t)1000000)
#define FOR_EVER (3600 * 1000)		/* of one poll(), ms */

/* 1: ready; 0: the time has come; -1: the descriptor is none. */
static int
await(int fd, short what, int64_t until_ns)
{
	for (;;) {
		int64_t left = until_ns == INT64_MAX ? INT64_MAX : until_ns - pol_child_now();
		struct pollfd p = { .fd = fd, .events = what };
		int n;

		if (left <= 0)
			left = 0;
		n = poll(&p, 1, left / MS >= FOR_EVER ? FOR_EVER : (int)((left + MS - 1) / MS));
		if (n > 0)
			return (p.revents & POLLNVAL) != 0 ? -1 : 1;
		if (n < 0 && errno != EINTR)
			return -1;
		if (n == 0 && left == 0)
			return 0;
	}
}

int
pol_frame_wait(int fd, int64_t until_ns)
{
	return await(fd, POLLIN, until_ns);
}

/* The head is here. */
static int
make_room(struct pol_frame *f)
{
	f->len = (size_t)f->head[0] | (size_t)f->head[1] << 8 | (size_t)f->head[2] << 16 | (size_t)f->head[3] << 24;
	if (f->len == 0 || f->len > POL_FRAME_BYTES)
		return -1;
	f->data = malloc(f->len + 1);
	if (f->data == NULL)
		return -1;
	f->data[f->len] = '\0';
	return 0;
}

int
pol_frame_get(struct pol_frame *f, int fd, int64_t until_ns)
{
	while (f->have < sizeof(f->head) || f->have < sizeof(f->head) + f->len) {
		const bool is_head = f->have < sizeof(f->head);
		char *to = is_head ? (char *)f->head + f->have : f->data + (f->have - sizeof(f->head));
		const size_t room = is_head ? sizeof(f->head) - f->have : f->len - (f->have - sizeof(f->head));
		const ssize_t n = recv(fd, to, room, MSG_DONTWAIT);
		int rc;

		if (n > 0) {
			f->have += (size_t)n;
			if (is_head && f->have == sizeof(f->head) && make_room(f) != 0)
				return -1;
			continue;
		}
		if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
			return -1;
		rc = await(fd, POLLIN, until_ns);
		if (rc <= 0)
			return rc;
	}
	return 1;
}

void
pol_frame_fini(struct pol_frame *f)
{
	if (f->data != NULL)
		explicit_bzero(f->data, f->len);
	free(f->data);
	memset(f, 0, sizeof(*f));
}

int
pol_frame_put(int fd, const char *data, size_t len, int64_t until_ns)
{
	unsigned char head[4] = { (unsigned char)len, (unsigned char)(len >> 8), (unsigned char)(len >> 16), (unsigned char)(len >> 24) };
	size_t sent = 0;

	if (len == 0 || len > POL_FRAME_BYTES)
		return -1;
	while (sent < sizeof(head) + len) {
		const size_t of_head = sent < sizeof(head) ? sizeof(head) - sent : 0;
		const size_t of_data = sent < sizeof(head) ? 0 : sent - sizeof(head);
		struct iovec part[2] = { { head + (sizeof(head) - of_head), of_head },
			{ (char *)(uintptr_t)data + of_data, len - of_data } };
		struct msghdr msg = { .msg_iov = part + (of_head == 0), .msg_iovlen = of_head == 0 ? 1 : 2 };
		const ssize_t n = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0)
			sent += (size_t)n;
		else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		else if (await(fd, POLLOUT, until_ns) <= 0)
			return -1;
	}
	return 0;
}
