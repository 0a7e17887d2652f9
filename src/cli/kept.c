/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory is opened once and everything goes by that descriptor, so that what was
 * checked is what is used.
 */
#include "cli/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char name[] = "token", fresh[] = "token.new";

static int
complain(const struct pol_args *a, const char *dir, const char *file, const char *why, int status)
{
	fprintf(stderr, "policyctl %s: ", a->verb);
	pol_out_text(stderr, dir);
	if (file != NULL)
		fprintf(stderr, "/%s", file);
	fprintf(stderr, ": %s\n", why);
	return status;
}

static int
find_dir(char dir[PATH_MAX], const struct pol_args *a)
{
	const char *state = secure_getenv("XDG_STATE_HOME"), *home = secure_getenv("HOME");
	const struct passwd *pw;
	int n;

	if (home == NULL || home[0] != '/') {
		pw = getpwuid(geteuid());
		home = pw != NULL ? pw->pw_dir : NULL;
	}
	if (state != NULL && state[0] == '/')
		n = snprintf(dir, PATH_MAX, "%s/policy", state);
	else if (home != NULL && home[0] == '/')
		n = snprintf(dir, PATH_MAX, "%s/.local/state/policy", home);
	else
		return pol_out_usage(a, "there is no home to keep a token in: HOME or XDG_STATE_HOME is wanted");
	if (n < 0 || n >= PATH_MAX)
		return complain(a, "XDG_STATE_HOME", NULL, strerror(ENAMETOOLONG), EX_NOINPUT);
	return 0;
}

/* Every directory of the path that is missing. */
static void
make_dirs(char dir[PATH_MAX])
{
	for (char *at = strchr(dir + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		(void)mkdir(dir, 0700);
		*at = '/';
	}
	(void)mkdir(dir, 0700);
}

/* The directory, its owner and mode good; -1: *rc says why not, 0 where there is none. */
static int
open_dir(char dir[PATH_MAX], const struct pol_args *a, bool make, int *rc)
{
	struct stat st;
	int fd;

	*rc = find_dir(dir, a);
	if (*rc != 0)
		return -1;
	if (make)
		make_dirs(dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		if (make || errno != ENOENT)
			*rc = complain(a, dir, NULL, strerror(errno), make ? EX_CANTCREAT : EX_NOINPUT);
		return -1;
	}
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 022) == 0)
		return fd;
	*rc = complain(a, dir, NULL, "a directory of yours is wanted that no one else may write", EX_NOPERM);
	close(fd);
	return -1;
}

int
pol_kept_read(struct pol_line *out, const struct pol_args *a)
{
	char dir[PATH_MAX];
	struct stat st;
	ssize_t n;
	int rc, at = open_dir(dir, a, false, &rc), fd;

	out->len = 0;
	if (at < 0)
		return rc;
	fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	close(at);
	if (fd < 0)
		return errno == ENOENT ? 0 : complain(a, dir, name, strerror(errno), errno == ELOOP ? EX_NOPERM : EX_NOINPUT);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
		close(fd);
		return complain(a, dir, name, "a file of yours with the mode 0600 is wanted: log in again", EX_NOPERM);
	}
	n = read(fd, out->data, POL_SECRET_MOST + 1);
	close(fd);
	while (n > 0 && out->data[n - 1] == '\n')
		n--;
	if (n <= 0 || n > POL_SECRET_MOST || memchr(out->data, '\n', (size_t)n) != NULL || memchr(out->data, '\0', (size_t)n) != NULL) {
		pol_prompt_wipe(out);
		return complain(a, dir, name, "no token stands in it: log in again", EX_DATAERR);
	}
	out->len = (size_t)n;
	out->data[n] = '\0';
	return 0;
}

static bool
write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		const ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return true;
}

int
pol_kept_write(const struct pol_args *a, struct policy_text token)
{
	char dir[PATH_MAX];
	bool good;
	int rc, e, at = open_dir(dir, a, true, &rc), fd;

	if (at < 0)
		return rc;
	(void)unlinkat(at, fresh, 0);
	fd = openat(at, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	good = fd >= 0 && fchmod(fd, 0600) == 0 && write_all(fd, token.data, token.len) && write_all(fd, "\n", 1) &&
	    fsync(fd) == 0;
	e = errno;
	if (fd >= 0)
		close(fd);
	if (good && renameat(at, fresh, at, name) != 0) {
		good = false;
		e = errno;
	}
	if (!good && fd >= 0)
		(void)unlinkat(at, fresh, 0);
	if (good)
		(void)fsync(at);
	close(at);
	return good ? 0 : complain(a, dir, name, strerror(e), EX_CANTCREAT);
}

int
pol_kept_remove(const struct pol_args *a)
{
	char dir[PATH_MAX];
	int rc, at = open_dir(dir, a, false, &rc), e = 0;

	if (at < 0)
		return rc;
	if (unlinkat(at, name, 0) != 0)
		e = errno;
	close(at);
	return e == 0 || e == ENOENT ? 0 : complain(a, dir, name, strerror(e), EX_IOERR);
}
