/* SPDX-License-Identifier: Apache-2.0 */
/* Made, ended, and kept going: what is said of failures is said once, and so is their end. */
#include "audit/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/err.h"

#define ROOM (4 * (size_t)POL_LINE_MAX)

int64_t
pol_log_clock(int clock)
{
	struct timespec ts;

	clock_gettime((clockid_t)clock, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void
pol_log_say(const struct pol_log *log, enum policy_log_level level, const char *fmt, ...)
{
	char text[1536];
	va_list ap;

	if (log->say == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log->say(log->say_ctx, level, text);
}

void
pol_log_fail(struct pol_log *log, const char *what, const char *path, int e)
{
	char why[128];

	log->again = pol_log_clock(CLOCK_MONOTONIC) + POL_LOG_AGAIN_NS;
	if (log->failing)
		return;
	log->failing = true;
	pol_log_say(log, POLICY_LOG_ERROR, "audit: %s: %s: %s", path, what, strerror_r(e, why, sizeof(why)));
}

/* ---- new and free ---- */

/* %h and %p for what they stand for. */
static char *
expand(const char *pattern, const char *host, const char *behind)
{
	const size_t room = strlen(pattern) + 8 * 256 + strlen(behind) + 1;
	char *out = malloc(room), *at = out;

	if (out == NULL)
		return NULL;
	for (const char *s = pattern; *s != '\0' && (size_t)(at - out) + 300 < room; s++) {
		if (s[0] != '%' || s[1] == '\0') {
			*at++ = *s;
			continue;
		}
		s++;
		if (*s == 'h')
			at += snprintf(at, 256, "%s", host);
		else if (*s == 'p')
			at += snprintf(at, 32, "%ld", (long)getpid());
		else
			*at++ = *s;
	}
	memcpy(at, behind, strlen(behind) + 1);
	return out;
}

/* What can be found wrong before the first line is. */
static int
look(const char *path, const char *what, struct policy_error *err)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	struct stat st;

	if (slash == NULL || (size_t)(slash - path) >= sizeof(dir))
		return pol_err_set(err, POLICY_ERR_LIMIT, NULL, 0, 0, "audit: %s is too long a path", path);
	memcpy(dir, path, (size_t)(slash - path) + 1);
	dir[slash == path ? 1 : slash - path] = '\0';
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return pol_err_set(err, POLICY_ERR_INVALID, NULL, 0, 0, "audit: %s: %s is no regular file", what, path);
	if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) != 0)
		return pol_err_set(err, errno == ENOENT ? POLICY_ERR_NOENT : POLICY_ERR_IO, NULL, 0, 0,
		    "audit: %s: no file can be made in %s: %s", what, dir, strerror(errno));
	return 0;
}

static int
take_paths(struct pol_log *log, const struct pol_log_conf *conf, bool looked, struct policy_error *err)
{
	int rc;

	if (conf->file == NULL)
		return 0;
	log->file = expand(conf->file, log->host, "");
	log->head = conf->head != NULL ? expand(conf->head, log->host, "") : expand(conf->file, log->host, ".head");
	if (log->file == NULL || log->head == NULL)
		return pol_err_nomem(err);
	if (!looked)			/* a child finds out when it writes, and is heard then */
		return 0;
	rc = look(log->file, "file", err);
	return rc == 0 ? look(log->head, "head", err) : rc;
}

static int
take_key(struct pol_log *log, const char *path, const struct pol_log *parents, struct policy_error *err)
{
	char key[POL_KEY_MOST];
	size_t len = 0;
	int rc = path != NULL && parents == NULL ? pol_chain_key(key, &len, path, err) : 0;

	if (rc != 0)
		return rc;
	rc = parents != NULL ? pol_chain_copy(&log->seed, parents->seed) : pol_chain_new(&log->seed, key, len);
	OPENSSL_cleanse(key, sizeof(key));
	if (rc == 0)
		rc = pol_chain_copy(&log->chain, log->seed);
	if (rc == 0 && RAND_bytes((unsigned char *)&log->number, sizeof(log->number)) != 1)
		rc = POLICY_ERR_INTERNAL;
	return rc == 0 ? 0 : pol_err_set(err, rc, NULL, 0, 0, "audit: no hash, or no random bytes, from libcrypto");
}

static int
new_log(struct pol_log **out, const struct pol_log_conf *conf, const struct pol_log *parents,
    pol_log_say_fn *say, void *ctx, struct policy_error *err)
{
	struct pol_log *log = calloc(1, sizeof(*log));
	int rc;

	*out = NULL;
	if (log == NULL)
		return pol_err_nomem(err);
	log->fd = log->syslog_fd = -1;
	log->say = say;
	log->say_ctx = ctx;
	log->to_syslog = conf->syslog;
	log->facility = conf->facility;
	if (gethostname(log->host, sizeof(log->host) - 1) != 0 || log->host[0] == '\0')
		memcpy(log->host, "localhost", sizeof("localhost"));
	for (char *s = log->host; *s != '\0'; s++)
		*s = *s == '/' ? '_' : *s;
	log->buf = malloc(ROOM);
	rc = log->buf != NULL ? take_paths(log, conf, parents == NULL, err) : pol_err_nomem(err);
	if (rc == 0)
		rc = take_key(log, conf->key, parents, err);
	if (rc == 0) {
		*out = log;
		return 0;
	}
	pol_log_free(log);
	return rc;
}

int
pol_log_new(struct pol_log **out, const struct pol_log_conf *conf, pol_log_say_fn *say, void *ctx,
    struct policy_error *err)
{
	return new_log(out, conf, NULL, say, ctx, err);
}

int
pol_log_again(struct pol_log **out, const struct pol_log_conf *conf, const struct pol_log *parents,
    struct policy_error *err)
{
	return new_log(out, conf, parents, parents->say, parents->say_ctx, err);
}

static void
close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void
pol_log_free(struct pol_log *log)
{
	bool unsure;

	if (log == NULL)
		return;
	if (log->begun && (log->ending || pol_log_has_room(log))) {
		if (!log->ending)
			pol_log_end(log, "closed");
		if (pol_log_flush(log, false, &unsure) == 0)
			pol_log_head(log, true);
	}
	if (pol_log_waits(log))
		pol_log_say(log, POLICY_LOG_ERROR, "audit: %s: %zu bytes of records could not be written and are lost", log->file, log->len - log->sent);
	close_fd(log->fd);
	close_fd(log->syslog_fd);
	pol_chain_free(log->chain);
	pol_chain_free(log->seed);
	free(log->file);
	free(log->head);
	free(log->buf);
	free(log);
}

/* Only what still is what it was: a host may have closed everything and opened its own. */
void
pol_log_abandon(const struct pol_log *log)
{
	struct stat st;

	if (log->fd >= 0 && pol_log_file_is_ours(log, log->fd))
		close(log->fd);
	if (log->syslog_fd >= 0 && fstat(log->syslog_fd, &st) == 0 && S_ISSOCK(st.st_mode))
		close(log->syslog_fd);
}

/* ---- one round ---- */

bool
pol_log_has_room(const struct pol_log *log)
{
	return ROOM - log->len >= POL_LINE_MAX;
}

bool
pol_log_waits(const struct pol_log *log)
{
	return log->sent < log->len;
}

/* 1: something was written, 0: nothing was left, -1: it failed. */
static int
write_some(struct pol_log *log)
{
	ssize_t n;

	if (!pol_log_waits(log))
		return 0;
	n = write(log->fd, log->buf + log->sent, log->len - log->sent);
	if (n < 0 && errno == EINTR)
		return 1;
	if (n <= 0) {
		pol_log_fail(log, "cannot be written", log->file, n < 0 ? errno : ENOSPC);
		return -1;
	}
	log->sent += (size_t)n;
	log->size += n;
	log->unsynced = true;
	return 1;
}

int
pol_log_flush(struct pol_log *log, bool sync, bool *unsure)
{
	int rc;

	*unsure = false;
	if (log->file == NULL) {
		log->len = log->sent = 0;
		return 0;
	}
	if (pol_log_waits(log) && (log->fd < 0 || !pol_log_file_is_ours(log, log->fd))) {
		log->fd = -1;		/* closed by somebody: what has its number now is not ours */
		pol_log_fail(log, "cannot be written", log->file, EBADF);
		return POLICY_ERR_IO;
	}
	while ((rc = write_some(log)) > 0)
		;
	if (log->sent > 0) {
		memmove(log->buf, log->buf + log->sent, log->len - log->sent);
		log->len -= log->sent;
		log->sent = 0;
	}
	if (rc < 0)
		return POLICY_ERR_IO;
	if (sync && log->unsynced) {
		log->unsynced = false;
		if (fdatasync(log->fd) != 0) {
			pol_log_fail(log, "cannot be brought to disk", log->file, errno);
			*unsure = true;
			return POLICY_ERR_IO;
		}
	}
	if (log->failing)
		pol_log_say(log, POLICY_LOG_WARNING, "audit: %s: is written again", log->file);
	log->failing = false;
	return 0;
}
