/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "conf.h"

static int
judge(int fd, const char *path, size_t most, struct stat *st, struct policy_error *err)
{
	if (fstat(fd, st) != 0)
		return jwt_fail(err, POLICY_ERR_IO, "%.400s: error %d", path, errno);
	if (!S_ISREG(st->st_mode))
		return jwt_fail(err, POLICY_ERR_UNSAFE, "%.400s is not a regular file", path);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return jwt_fail(err, POLICY_ERR_UNSAFE, "%.400s belongs to uid %ld, wanted is root or the user that runs this",
		    path, (long)st->st_uid);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return jwt_fail(err, POLICY_ERR_UNSAFE, "%.400s can be written by its group or by others (mode %03o)", path,
		    (unsigned)st->st_mode & 07777u);
	if (st->st_size > (off_t)most)
		return jwt_fail(err, POLICY_ERR_LIMIT, "%.400s has more than %zu bytes", path, most);
	return 0;
}

static int
slurp(struct jwt_file *out, int fd, const char *path, size_t most, struct policy_error *err)
{
	ssize_t n = 1;

	out->text = malloc(most + 1);
	out->len = 0;
	if (out->text == NULL)
		return jwt_fail(err, POLICY_ERR_NOMEM, "no memory for %.400s", path);
	while (n != 0 && out->len <= most) {
		n = read(fd, out->text + out->len, most + 1 - out->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return jwt_fail(err, POLICY_ERR_IO, "%.400s cannot be read: error %d", path, errno);
		out->len += (size_t)n;
	}
	if (out->len > most)
		return jwt_fail(err, POLICY_ERR_LIMIT, "%.400s has more than %zu bytes", path, most);
	if (out->len == 0)
		return jwt_fail(err, POLICY_ERR_INVALID, "%.400s is empty", path);
	return 0;
}

int
jwt_file_read(struct jwt_file *out, const char *path, size_t most, struct policy_error *err)
{
	struct stat st;
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int rc;

	out->text = NULL;
	out->len = 0;
	if (fd < 0)
		return jwt_fail(err, errno == ENOENT ? POLICY_ERR_NOENT : POLICY_ERR_IO, "%.400s cannot be opened: %s", path,
		    errno == ENOENT ? "there is no such file" : errno == EACCES ? "permission denied" : "error");
	rc = judge(fd, path, most, &st, err);
	if (rc == 0)
		rc = slurp(out, fd, path, most, err);
	close(fd);
	out->others_read = rc == 0 && (st.st_mode & S_IROTH) != 0;
	if (rc != 0)
		jwt_file_fini(out);
	return rc;
}

void
jwt_file_fini(struct jwt_file *f)
{
	if (f->text != NULL)
		OPENSSL_cleanse(f->text, f->len);
	free(f->text);
	f->text = NULL;
	f->len = 0;
}
