/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The times of the codes that passed last, a line each: SECONDS NAME. Under the file's
 * lock it is read, and replaced by one with the new line, before anybody is let pass: two
 * processes with one code, a crash in between, a full disk end in at most one PASS.
 *
 * Not liboath's own users file: that one takes the time from the system and not from the
 * engine, fails at once where two log in together, and has to be writable, secrets and all.
 */
#include "used.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char head[] = "policy-totp 1\n";

enum { HEAD = sizeof(head) - 1, MOST = 16 << 20 };

/* A code of so long ago is in nobody's window any longer. */
#define OLD_S 86400

static int
broken(const char *path, unsigned line, struct policy_error *err)
{
	return pol_secret_fail(err, POLICY_ERR_INVALID, path, line, "is not a whole file of used codes");
}

int
pol_used_open(const char *path, struct policy_error *err)
{
	struct pol_secret text;
	struct stat st;
	int rc;

	rc = pol_secret_replace(path, head, HEAD, true, err);
	if (rc == 0)
		return 0;
	if (rc != POLICY_ERR_AGAIN)
		return rc;
	for (unsigned tries = 0; tries < 50; tries++) {
		rc = pol_secret_read(&text, &st, path, MOST, err);
		if (rc != POLICY_ERR_AGAIN && rc != POLICY_ERR_NOENT)
			break;
	}
	if (rc == 0 && (text.len < HEAD || memcmp(text.data, head, HEAD) != 0 || text.data[text.len - 1] != '\n'))
		rc = broken(path, 1, err);
	pol_secret_drop(&text);
	return rc;
}

struct line {
	int64_t seconds;
	struct policy_text name;
};

/* SECONDS NAME, up to the end of line; the next line, or NULL. */
static char *
read_line(struct line *out, char *p, char *end)
{
	char *stop = memchr(p, '\n', (size_t)(end - p)), *space;

	if (stop == NULL)
		return NULL;
	space = memchr(p, ' ', (size_t)(stop - p));
	if (space == NULL || space == p || space - p > 15 || space + 1 == stop)
		return NULL;
	out->seconds = 0;
	for (; p < space; p++) {
		if (*p < '0' || *p > '9')
			return NULL;
		out->seconds = out->seconds * 10 + (*p - '0');
	}
	out->name = (struct policy_text){ space + 1, (size_t)(stop - space - 1) };
	return stop + 1;
}

/* Keeps what still matters of old, and adds the name: 1, and *out; 0: it was used. */
static int
with_line(struct pol_secret *out, struct pol_secret *old, const char *path, struct policy_text name, int64_t code_s,
    int64_t now_s, struct policy_error *err)
{
	char *p = old->data + HEAD, *end = old->data + old->len;
	unsigned number = 2;
	struct line line;

	if (old->len < HEAD || memcmp(old->data, head, HEAD) != 0)
		return broken(path, 1, err);
	out->room = old->len + name.len + 32;
	out->data = calloc(1, out->room);
	if (out->data == NULL)
		return pol_secret_fail(err, POLICY_ERR_NOMEM, path, 0, "out of memory");
	memcpy(out->data, head, HEAD);
	out->len = HEAD;
	for (; p < end; number++) {
		char *next = read_line(&line, p, end);

		if (next == NULL)
			return broken(path, number, err);
		if (line.name.len == name.len && memcmp(line.name.data, name.data, name.len) == 0) {
			if (line.seconds >= code_s)
				return 0;
		} else if (line.seconds >= now_s - OLD_S) {
			memcpy(out->data + out->len, p, (size_t)(next - p));
			out->len += (size_t)(next - p);
		}
		p = next;
	}
	out->len += (size_t)snprintf(out->data + out->len, out->room - out->len, "%" PRId64 " %.*s\n", code_s,
	    (int)name.len, name.data);
	return 1;
}

int
pol_used_take(const char *path, struct policy_text name, int64_t code_s, int64_t now_s, int64_t deadline_ns,
    struct policy_error *err)
{
	struct pol_secret old, text = { NULL, 0, 0 };
	struct stat st;
	int rc, fd = pol_secret_lock(path, deadline_ns, err);

	if (fd < 0)
		return fd;
	rc = pol_secret_read_fd(&old, &st, fd, path, MOST, err);
	if (rc == 0) {
		rc = with_line(&text, &old, path, name, code_s, now_s, err);
		if (rc == 1) {
			rc = pol_secret_replace(path, text.data, text.len, false, err);
			rc = rc == 0 ? 1 : rc;
		}
		pol_secret_drop(&text);
		pol_secret_drop(&old);
	}
	close(fd);
	return rc;
}
