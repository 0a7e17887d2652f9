/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every single thing that can be done to one line of a log, to every line, is found: it is
 * taken out, a byte of it is changed, it changes places with the next, another is put in
 * before it; and the log is cut off behind it and within it. With a hash chain and with a
 * key; the log as it was is whole.
 */
#include "chaos/chaos.h"

#include <fcntl.h>
#include <policy_admin.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINES_MOST 1000

static char dir[64] = "/dev/shm/policy-tamper.XXXXXX", path[128], key_path[128], head_path[160];
static char *text, *line[LINES_MOST + 1];	/* line n ends where n + 1 begins */
static size_t n_lines;
static const char *key;
static unsigned tried, found;

static void
put(const char *to, const char *data, size_t len)
{
	int fd = open(to, O_WRONLY | O_CREAT, 0600);	/* not O_TRUNC: some file systems then wait for the disk */

	if (fd < 0 || write(fd, data, len) != (ssize_t)len || ftruncate(fd, (off_t)len) != 0)
		abort();
	close(fd);
}

static int
verify(struct policy_activity_verified *v)
{
	const char *const files[] = { path };
	struct policy_error err = POLICY_ERROR_INIT;

	*v = (struct policy_activity_verified)POLICY_ACTIVITY_VERIFIED_INIT;
	return policy_activity_verify(NULL, files, 1, key, NULL, v, &err);
}

/* The pieces behind each other are the log now: it must not pass. */
static void
tamper(const char *a, size_t an, const char *b, size_t bn, const char *c, size_t cn)
{
	struct policy_activity_verified v;
	char *whole = malloc(an + bn + cn + 1);

	memcpy(whole, a, an);
	memcpy(whole + an, b, bn);
	memcpy(whole + an + bn, c, cn);
	put(path, whole, an + bn + cn);
	free(whole);
	tried++;
	found += verify(&v) == POLICY_ERR_INVALID;
}

static size_t
between(const char *a, const char *b)
{
	return (size_t)(b - a);
}

static void
every_way(size_t i)
{
	const char *end = line[n_lines];
	size_t len = between(line[i], line[i + 1]);
	char *copy = malloc(len);

	tamper(text, between(text, line[i]), "", 0, line[i + 1], between(line[i + 1], end));
	for (size_t at = 0; at < len; at += 1 + len / 7) {
		memcpy(copy, line[i], len);
		copy[at] ^= 1;
		tamper(text, between(text, line[i]), copy, len, line[i + 1], between(line[i + 1], end));
	}
	free(copy);
	if (i + 1 < n_lines) {
		const size_t next = between(line[i + 1], line[i + 2]);
		char *two = malloc(len + next);

		memcpy(two, line[i + 1], next);
		memcpy(two + next, line[i], len);
		tamper(text, between(text, line[i]), two, len + next, line[i + 2], between(line[i + 2], end));
		free(two);
	}
	tamper(text, between(text, line[i]), line[i], len, line[i], between(line[i], end));
	tamper(text, between(text, line[i]), line[n_lines / 2], between(line[n_lines / 2], line[n_lines / 2 + 1]), line[i], between(line[i], end));
	tamper(text, between(text, line[i]), "{}\n", 3, line[i], between(line[i], end));
	tamper(text, between(text, line[i]), "", 0, "", 0);
	tamper(text, between(text, line[i]) + len / 2, "", 0, "", 0);
	tamper(text, between(text, line[i]) + len - 1, "", 0, "", 0);
}

static void
record(unsigned n, const char *with)
{
	char set[1024];
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy *p;

	snprintf(set, sizeof(set), "policy: 1\naudit: { file: %s%s }\nactions: [go]\neveryone: { roles: all }\nroles: { all: { allow: go } }\n", path, with);
	if (policy_open_text(&p, "t", set, strlen(set), NULL, &err) != 0) {
		printf("%s\n", err.text);
		abort();
	}
	req.subject_id = policy_text("ann \"\n\xff\xc3\xa9");
	for (unsigned i = 0; i < n; i++) {
		req.action = policy_text(i % 3 == 0 ? "stay" : "go");
		policy_decide(p, &req, &d);
	}
	policy_close(p);
}

static void
read_log(void)
{
	struct stat st;
	int fd = open(path, O_RDONLY);
	char *at;

	if (fd < 0 || fstat(fd, &st) != 0)
		abort();
	text = malloc((size_t)st.st_size + 1);
	if (read(fd, text, (size_t)st.st_size) != st.st_size)
		abort();
	text[st.st_size] = '\0';
	close(fd);
	n_lines = 0;
	for (at = text; *at != '\0' && n_lines < LINES_MOST; at = strchr(at, '\n') + 1)
		line[n_lines++] = at;
	line[n_lines] = at;
}

/* Two processes' chains in one file, as where a process number comes again. */
static void
tamper_all(const char *name, const char *with)
{
	struct policy_activity_verified v;
	char head[512], old[512];
	int fd;

	unlink(path);
	unlink(head_path);
	record(150, with);
	fd = open(head_path, O_RDONLY);
	chaos_check(read(fd, old, 256) == 256, "there is a head");
	close(fd);
	record(150, with);
	read_log();
	chaos_check(verify(&v) == 0 && v.lines == n_lines && v.chains == 2 && v.open == 0, "as it was it is whole");
	tried = found = 0;
	for (size_t i = 0; i < n_lines; i++)
		every_way(i);
	printf("%s: %zu lines, %u ways, %u found\n", name, n_lines, tried, found);
	chaos_check(tried > 10 * n_lines && found == tried, "every way is found");
	put(path, text, between(text, line[n_lines]));
	fd = open(head_path, O_RDWR);
	chaos_check(read(fd, head, 256) == 256 && pwrite(fd, old, 256, 0) == 256 && verify(&v) == 0, "an older head takes nothing away");
	head[20] = head[20] == '1' ? '2' : '1';
	chaos_check(pwrite(fd, head, 256, 0) == 256 && verify(&v) == POLICY_ERR_INVALID, "a head that was changed is found");
	close(fd);
	free(text);
}

int
main(void)
{
	struct policy_activity_verified v;
	char with[256], random[64];

	if (mkdtemp(dir) == NULL && mkdtemp(strcpy(dir, "/tmp/policy-tamper.XXXXXX")) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/log", dir);
	snprintf(head_path, sizeof(head_path), "%s/log.head", dir);
	snprintf(key_path, sizeof(key_path), "%s/key", dir);
	memset(random, 'k', sizeof(random));
	put(key_path, random, sizeof(random));
	tamper_all("hash", "");
	snprintf(with, sizeof(with), ", key: %s", key_path);
	key = key_path;
	tamper_all("key", with);
	key = NULL;
	chaos_check(verify(&v) == POLICY_ERR_INVALID, "without its key it does not pass");
	unlink(path);
	unlink(head_path);
	unlink(key_path);
	rmdir(dir);
	return chaos_finish();
}
