/* SPDX-License-Identifier: Apache-2.0 */
/* A line to the system's log as well, as syslog(3) sends it, whose own state belongs to the
 * host. It never waits; what is not taken is said once. systemd's journal listens there too. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "audit/log.h"

#define LOG_SOCKET "/dev/log"
#define INFO 6u
#define AGAIN_NS 1000000000

static int
connect_it(struct pol_log *log)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = LOG_SOCKET };
	int fd;

	if (log->syslog_fd >= 0)
		return 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
		int e = errno;

		close(fd);
		return e;
	}
	log->syslog_fd = fd;
	return 0;
}

void
pol_log_syslog(struct pol_log *log, const char *line, size_t len)
{
	char before[64], why[128];
	struct iovec part[2] = { { before, 0 }, { (void *)(uintptr_t)line, len } };
	struct msghdr m = { .msg_iov = part, .msg_iovlen = 2 };
	const int64_t now = pol_log_clock(CLOCK_MONOTONIC);
	int e;

	if (log->syslog_failing && now < log->syslog_again)
		return;
	part[0].iov_len = (size_t)snprintf(before, sizeof(before), "<%u>policy[%ld]: ", log->facility * 8 + INFO, (long)getpid());
	e = connect_it(log);
	if (e == 0 && sendmsg(log->syslog_fd, &m, MSG_NOSIGNAL) < 0) {
		e = errno;
		close(log->syslog_fd);
		log->syslog_fd = -1;
	}
	if ((e != 0) != log->syslog_failing)
		pol_log_say(log, e != 0 ? POLICY_LOG_ERROR : POLICY_LOG_WARNING, "audit: " LOG_SOCKET ": %s%s",
		    e != 0 ? "records are not taken: " : "takes records again", e != 0 ? strerror_r(e, why, sizeof(why)) : "");
	log->syslog_failing = e != 0;
	log->syslog_again = now + AGAIN_NS;
}
