/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of the configuration, which must be nobody's but root's or ours: its owner and
 * mode, and those of every directory above it, both as it was named and as links resolve.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf_read.h"

#define FILE_BYTES ((size_t)64 * 1024)

static int
io(const struct pol_place *p, int e)
{
	return pol_conf_fault(p, e == ENOENT || e == ENOTDIR ? POLICY_ERR_NOENT : POLICY_ERR_IO, "%s", strerrordesc_np(e));
}

static int
judge(const struct pol_place *p, const struct stat *st, const char *what, const char *at)
{
	unsigned mode = st->st_mode & 07777u;

	if (st->st_uid != 0 && st->st_uid != geteuid())
		return pol_conf_fault(p, POLICY_ERR_UNSAFE,
		    "the %s %s belongs to uid %lu, but must belong to root or the effective user", what, at,
		    (unsigned long)st->st_uid);
	if ((mode & 022u) != 0 && !(S_ISDIR(st->st_mode) && (mode & S_ISVTX) != 0 && st->st_uid == 0))
		return pol_conf_fault(p, POLICY_ERR_UNSAFE,
		    "the %s %s has mode %04o, but group and others must not be able to write it", what, at, mode);
	return 0;
}

/* Every directory above the absolute path. */
static int
judge_above(const struct pol_place *p, const char *path)
{
	char at[PATH_MAX];
	struct stat st;
	int rc = 0;

	for (const char *slash = path; rc == 0 && slash != NULL; slash = strchr(slash + 1, '/')) {
		size_t len = slash == path ? 1 : (size_t)(slash - path);

		if (len >= sizeof(at))
			return io(p, ENAMETOOLONG);
		memcpy(at, path, len);
		at[len] = '\0';
		rc = stat(at, &st) != 0 ? io(p, errno) : judge(p, &st, "directory", at);
	}
	return rc;
}

/* `real` is what fd is: the directories that were judged are those it was reached by. */
static int
judge_place(const struct pol_place *p, int fd, const char *file)
{
	char path[PATH_MAX], real[PATH_MAX];
	struct stat st, again;
	size_t n = 0;
	int rc;

	if (fstat(fd, &st) != 0)
		return io(p, errno);
	if (!S_ISREG(st.st_mode))
		return pol_conf_fault(p, POLICY_ERR_INVALID, "found no regular file where one is wanted");
	rc = judge(p, &st, "file", file);
	if (rc != 0)
		return rc;
	if (file[0] != '/') {
		if (getcwd(path, sizeof(path)) == NULL)
			return io(p, errno);
		n = strlen(path);
		path[n++] = '/';
	}
	if (n + strlen(file) >= sizeof(path))
		return io(p, ENAMETOOLONG);
	memcpy(path + n, file, strlen(file) + 1);
	rc = judge_above(p, path);
	if (rc != 0)
		return rc;
	if (realpath(path, real) == NULL || stat(real, &again) != 0)
		return io(p, errno);
	if (again.st_dev != st.st_dev || again.st_ino != st.st_ino)
		return pol_conf_fault(p, POLICY_ERR_IO, "the file was replaced while it was read: start again");
	return judge_above(p, real);
}

int
pol_conf_load(char **out, size_t *len, const char *file, struct policy_error *err)
{
	struct pol_place p = { file, 0, 0, err };
	int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), rc;
	char *text = NULL;
	ssize_t got = 1;

	*len = 0;
	if (fd < 0)
		return io(&p, errno);
	rc = judge_place(&p, fd, file);
	if (rc == 0 && (text = malloc(FILE_BYTES + 1)) == NULL)
		rc = pol_conf_fault(&p, POLICY_ERR_NOMEM, "out of memory");
	while (rc == 0 && got != 0 && *len <= FILE_BYTES) {
		got = read(fd, text + *len, FILE_BYTES + 1 - *len);
		if (got > 0)
			*len += (size_t)got;
		else if (got < 0 && errno != EINTR)
			rc = io(&p, errno);
	}
	if (rc == 0 && *len > FILE_BYTES)
		rc = pol_conf_fault(&p, POLICY_ERR_LIMIT, "the file is larger than %zu bytes", FILE_BYTES);
	close(fd);
	if (rc != 0)
		free(text);
	else
		*out = text;
	return rc;
}
