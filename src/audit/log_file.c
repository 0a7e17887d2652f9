/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file at the log's path: found again when it was renamed (logrotate), begun anew when
 * it was cut short (copytruncate, which loses lines and is therefore said). What stands in
 * it already, of an earlier process of the same number, is bound in: the first line of
 * ours names the sum of its last.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit/log.h"

#define TAIL (POL_LINE_MAX + 4096u)	/* of the file: its last line is in it */
#define SUM_TAIL (sizeof(",\"sum\":\"\"}") - 1 + POL_SUM_HEX)


bool
pol_log_file_is_ours(const struct pol_log *log, int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_dev == log->dev && st.st_ino == log->ino;
}

/* The sum that a line ends with. */
static int
sum_of(unsigned char out[POL_SUM], const char *line, size_t len)
{
	const char *at = line + len - SUM_TAIL;

	if (len < SUM_TAIL || memcmp(at, ",\"sum\":\"", 8) != 0 || memcmp(line + len - 2, "\"}", 2) != 0)
		return -1;
	return pol_chain_bytes(out, at + 8, POL_SUM_HEX);
}

/* What is at the end of the file that is open. */
static int
read_tail(struct pol_log *log, unsigned char prev[POL_SUM], unsigned char torn[POL_SUM], bool *is_torn)
{
	const off_t from = log->size > (off_t)TAIL ? log->size - (off_t)TAIL : 0;
	char *text = malloc(TAIL), *end, *line;
	ssize_t n;
	int rc = 0;

	if (text == NULL)
		return ENOMEM;
	n = pread(log->fd, text, TAIL, from);
	if (n < 0) {
		rc = errno;
		free(text);
		return rc;
	}
	end = n > 0 ? memrchr(text, '\n', (size_t)n) : NULL;
	*is_torn = n > 0 && (end == NULL || end + 1 < text + n);
	memset(prev, 0, POL_SUM);
	if (end != NULL) {
		line = end > text ? memrchr(text, '\n', (size_t)(end - text)) : NULL;
		line = line != NULL ? line + 1 : text;
		/* one without a sum is no line of ours: it is found when the file is verified */
		sum_of(prev, line, (size_t)(end - line));
	}
	line = end != NULL ? end + 1 : text;
	/* all but its end is there: it is a line, and is ended now */
	if (*is_torn && sum_of(prev, line, (size_t)(text + n - line)) == 0) {
		*is_torn = false;
		log->buf[log->len++] = '\n';
	}
	if (*is_torn && pol_chain_sum(log->chain, torn, prev, line, (size_t)(text + n - line)) != 0)
		rc = EIO;
	free(text);
	return rc;
}

static int
begin(struct pol_log *log)
{
	unsigned char prev[POL_SUM], torn[POL_SUM];
	bool is_torn = false;
	int e = read_tail(log, prev, torn, &is_torn);

	if (e == 0)
		pol_log_begin(log, prev, is_torn ? torn : NULL);
	return e;
}

static int
begin_in(struct pol_log *log, const struct stat *st)
{
	if (pol_log_waits(log))
		pol_log_say(log, POLICY_LOG_ERROR, "audit: %s: %zu bytes of records were on their way to another file and are lost",
		    log->file, log->len - log->sent);
	log->len = log->sent = 0;
	log->ending = false;
	log->dev = st->st_dev;
	log->ino = st->st_ino;
	log->size = st->st_size;
	return begin(log);
}

/* errno, or 0. A name that is a link, or a file that somebody else's, is not followed. */
static int
open_it(struct pol_log *log)
{
	struct stat st;
	int e = 0;

	log->fd = open(log->file, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	if (log->fd < 0)
		return errno;
	if (fstat(log->fd, &st) != 0)
		e = errno;
	else if (!S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()))
		e = EPERM;
	else if (flock(log->fd, LOCK_EX | LOCK_NB) != 0)
		e = errno == EWOULDBLOCK ? EBUSY : errno;
	/* somebody closed it under us, and it is as we left it */
	if (e == 0 && !(log->begun && st.st_dev == log->dev && st.st_ino == log->ino && st.st_size == log->size))
		e = begin_in(log, &st);
	if (e != 0) {
		close(log->fd);
		log->fd = -1;
	}
	return e;
}

int
pol_log_file_open(struct pol_log *log)
{
	int e = open_it(log);

	if (e != 0)
		pol_log_fail(log, e == EBUSY ? "is written by another process: %p belongs into its name" : "cannot be opened", log->file, e);
	return e == 0 ? 0 : POLICY_ERR_IO;
}

/* What is at the path is another file, or none: ours ends, all of it, before that one begins. */
static int
rotate(struct pol_log *log)
{
	bool unsure;

	if (!log->ending && !pol_log_has_room(log))
		return pol_log_flush(log, false, &unsure);
	if (!log->ending)
		pol_log_end(log, "rotated");
	log->ending = true;
	if (pol_log_flush(log, true, &unsure) != 0 && !unsure)
		return POLICY_ERR_IO;	/* it stays open, and is tried again */
	close(log->fd);
	log->fd = -1;
	log->ending = false;
	return pol_log_file_open(log);
}

int
pol_log_ready(struct pol_log *log)
{
	struct stat at_path, open_now;

	if (log->failing && pol_log_clock(CLOCK_MONOTONIC) < log->again)
		return POLICY_ERR_IO;
	if (log->file == NULL) {
		static const unsigned char none[POL_SUM];

		if (!log->begun)
			pol_log_begin(log, none, NULL);
		return 0;
	}
	if (log->fd < 0)
		return pol_log_file_open(log);
	if (fstat(log->fd, &open_now) != 0 || open_now.st_dev != log->dev || open_now.st_ino != log->ino) {
		log->fd = -1;
		return pol_log_file_open(log);
	}
	if (lstat(log->file, &at_path) != 0 ? errno == ENOENT :
	    at_path.st_dev != log->dev || at_path.st_ino != log->ino)
		return rotate(log);
	if (open_now.st_size < log->size) {
		pol_log_say(log, POLICY_LOG_ERROR, "audit: %s: was cut short while it is written: its chain is broken; logrotate wants no `copytruncate`", log->file);
		log->size = open_now.st_size;
		return pol_log_has_room(log) && begin(log) == 0 ? 0 : POLICY_ERR_IO;
	}
	return 0;
}
