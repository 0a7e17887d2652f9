/* SPDX-License-Identifier: Apache-2.0 */
#include "channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

int
pol_channel_new(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends);
}

/* Room for one descriptor that goes with a message. */
union passed {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int
pol_channel_send(int channel, const struct pol_message *m, int fd)
{
	struct iovec part = { (void *)(uintptr_t)m, sizeof(*m) };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	union passed room = { 0 };
	ssize_t n;

	if (fd >= 0) {
		msg.msg_control = &room;
		msg.msg_controllen = sizeof(room);
		room.head.cmsg_level = SOL_SOCKET;
		room.head.cmsg_type = SCM_RIGHTS;
		room.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&room.head), &fd, sizeof(int));
	}
	do
		n = sendmsg(channel, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*m) ? 0 : -1;
}

int
pol_channel_say(int channel, enum pol_channel_kind kind)
{
	struct pol_message m = { .kind = kind };

	return pol_channel_send(channel, &m, -1);
}

static void
clean(char *text, size_t room)
{
	text[room - 1] = '\0';
	for (char *s = text; *s != '\0'; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
	}
}

int
pol_channel_get(int channel, struct pol_message *m, int *fd)
{
	struct iovec part = { m, sizeof(*m) };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	union passed room = { 0 };
	ssize_t n;

	if (fd != NULL) {
		*fd = -1;
		msg.msg_control = &room;
		msg.msg_controllen = sizeof(room);
	}
	do
		n = recvmsg(channel, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (fd != NULL && CMSG_FIRSTHDR(&msg) != NULL && room.head.cmsg_type == SCM_RIGHTS &&
	    room.head.cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(&room.head), sizeof(int));
	if (n != (ssize_t)sizeof(*m) || m->kind == 0 || m->kind >= POL_CHANNEL__END) {
		if (fd != NULL && *fd >= 0)
			close(*fd);
		return -1;
	}
	clean(m->text, sizeof(m->text));
	clean(m->error, sizeof(m->error));
	return 1;
}
