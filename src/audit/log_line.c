/* SPDX-License-Identifier: Apache-2.0 */
/* Lines, and how far they go: {"seq":1,...,"sum":"..."}. The sum is over the sum before
 * and all that stands before `,"sum"`. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit/json.h"
#include "audit/log.h"

#define HEAD_BYTES 256u			/* of a head's line, blanks before its end */
#define SECOND_NS 1000000000

char *
pol_log_open_line(struct pol_log *log)
{
	return pol_ajson_uint(pol_ajson_raw(log->buf + log->len, "{\"seq\":"), ++log->seq);
}

void
pol_log_close_line(struct pol_log *log, char *at)
{
	char *line = log->buf + log->len, hex[POL_SUM_HEX + 1];

	/* no sum is a broken chain, which is what it then is */
	if (pol_chain_sum(log->chain, log->sum, log->sum, line, (size_t)(at - line)) != 0)
		memset(log->sum, 0, sizeof(log->sum));
	pol_chain_hex(hex, log->sum);
	at = pol_ajson_raw(at, ",\"sum\":\"");
	at = pol_ajson_raw(at, hex);
	at = pol_ajson_raw(at, "\"}\n");
	log->len = (size_t)(at - log->buf);
	if (log->to_syslog)
		pol_log_syslog(log, line, (size_t)(at - line) - 1);
}

void
pol_log_note(struct pol_log *log, const char *bytes, uint32_t len)
{
	struct pol_note_lists lists;
	struct pol_note n;

	pol_note_read(&n, &lists, bytes, len);
	pol_log_close_line(log, pol_line_note(pol_log_open_line(log), log->number, &n, &lists));
}

static char *
event(struct pol_log *log, const char *name)
{
	char *at = pol_line_time(pol_log_open_line(log), pol_log_clock(CLOCK_REALTIME));

	at = pol_ajson_raw(at, ",\"event\":\"");
	at = pol_ajson_raw(at, name);
	at = pol_ajson_raw(at, "\",\"chain\":\"");
	at = pol_ajson_hex(at, log->number, 16);
	return pol_ajson_raw(at, "\"");
}

void
pol_log_dropped(struct pol_log *log, uint64_t count)
{
	pol_log_close_line(log, pol_ajson_uint(pol_ajson_raw(event(log, "dropped"), ",\"count\":"), count));
}

void
pol_log_end(struct pol_log *log, const char *why)
{
	char *at = pol_ajson_raw(event(log, "end"), ",\"why\":\"");

	pol_log_close_line(log, pol_ajson_raw(pol_ajson_raw(at, why), "\""));
}

static char *
sum_member(char *at, const char *name, const unsigned char sum[POL_SUM])
{
	char hex[POL_SUM_HEX + 1];

	pol_chain_hex(hex, sum);
	at = pol_ajson_raw(pol_ajson_raw(pol_ajson_raw(at, ",\""), name), "\":\"");
	return pol_ajson_raw(pol_ajson_raw(at, hex), "\"");
}

/*
 * The first line of a file of ours, or the first that is behind others' in it: prev is
 * the sum of the last of those (zero: none), torn what becomes of prev with the bytes of
 * a line that was never ended. continues: our own last sum, in the file before.
 */
void
pol_log_begin(struct pol_log *log, const unsigned char prev[POL_SUM], const unsigned char *torn)
{
	unsigned char own[POL_SUM];
	char *at;

	memcpy(own, log->sum, sizeof(own));
	memcpy(log->sum, prev, sizeof(log->sum));
	if (torn != NULL)
		log->buf[log->len++] = '\n';
	at = pol_ajson_raw(event(log, "begin"), ",\"host\":");
	at = pol_ajson_text(at, log->host, strlen(log->host));
	at = pol_ajson_uint(pol_ajson_raw(at, ",\"pid\":"), (uint64_t)getpid());
	at = sum_member(at, "prev", prev);
	if (torn != NULL)
		at = sum_member(at, "torn", torn);
	if (log->begun)
		at = sum_member(at, "continues", own);
	pol_log_close_line(log, at);
	log->begun = true;
}

/* ---- the head ---- */

static int
head_open(struct pol_log *log)
{
	struct stat st;
	int fd = open(log->head, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);

	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		errno = EINVAL;
		fd = -1;
	}
	return fd;
}

/* Opened for each: nothing of it need outlive a rename, a fork or a host that closes all. */
static int
head_put(struct pol_log *log, const char *line)
{
	int fd = head_open(log), e = errno;
	ssize_t n;

	if (fd < 0)
		return e;
	n = pwrite(fd, line, HEAD_BYTES, 0);
	e = n == (ssize_t)HEAD_BYTES ? 0 : n < 0 ? errno : ENOSPC;
	if (e == 0 && ftruncate(fd, HEAD_BYTES) != 0)
		e = errno;
	close(fd);
	return e;
}

void
pol_log_head(struct pol_log *log, bool always)
{
	static const unsigned char none[POL_SUM];
	const int64_t now = pol_log_clock(CLOCK_MONOTONIC);
	unsigned char sum[POL_SUM];
	char line[HEAD_BYTES + 128], why[128], *at = line;
	int e;

	if (log->head == NULL || !log->begun || pol_log_waits(log) || log->head_seq == log->seq ||
	    (!always && now - log->head_ns < SECOND_NS))
		return;
	log->head_ns = now;
	at = pol_ajson_raw(at, "{\"chain\":\"");
	at = pol_ajson_hex(at, log->number, 16);
	at = pol_ajson_uint(pol_ajson_raw(at, "\",\"seq\":"), log->seq);
	at = sum_member(at, "of", log->sum);
	if (pol_chain_sum(log->chain, sum, none, line, (size_t)(at - line)) != 0)
		return;
	at = pol_ajson_raw(sum_member(at, "sum", sum), "}");
	memset(at, ' ', (size_t)(line + sizeof(line) - at));
	line[HEAD_BYTES - 1] = '\n';
	e = head_put(log, line);
	if (e == 0)
		log->head_seq = log->seq;
	if ((e != 0) != log->head_failing)
		pol_log_say(log, e != 0 ? POLICY_LOG_ERROR : POLICY_LOG_WARNING, "audit: %s: %s%s", log->head,
		    e != 0 ? "cannot be written: " : "is written again", e != 0 ? strerror_r(e, why, sizeof(why)) : "");
	log->head_failing = e != 0;
}
