/* SPDX-License-Identifier: Apache-2.0 */
/* src/load/file.c and walk.c: which files are read, which are refused, and how. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "load/file.h"
#include "unit/unit.h"

static char top[64];			/* a safe directory of this test's own */
static struct policy_error err;
static struct pol_files files;
static int warnings;
static char warned[2048];

static char *
at(const char *name)
{
	static char path[4][512];
	static unsigned i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", top, name);
	return path[i];
}

static void
put(const char *name, const char *text)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);
	size_t n = strlen(text);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT(write(fd, text, n) == (ssize_t)n);
	fchmod(fd, 0644);
	close(fd);
}

static void
dir(const char *name)
{
	CU_ASSERT_FATAL(mkdir(at(name), 0755) == 0);
	chmod(at(name), 0755);
}

static void
begin(void)
{
	strcpy(top, "/tmp/pol-file-XXXXXX");
	CU_ASSERT_FATAL(mkdtemp(top) != NULL);
	dir("d");
}

static void
end(void)
{
	char command[128];

	pol_files_free(&files);
	snprintf(command, sizeof(command), "rm -rf '%s'", top);
	CU_ASSERT(system(command) == 0);
}

static void
warn(void *ctx, const char *file, const char *text)
{
	size_t n = strlen(warned);

	(void)ctx;
	CU_ASSERT(file != NULL);
	warnings++;
	snprintf(warned + n, sizeof(warned) - n, "%s\n", text);
}

static int
read_as(const char *path, struct policy_limits limits, pol_file_warning_fn *fn)
{
	pol_files_free(&files);
	memset(&err, 0, sizeof(err));
	err.size = sizeof(err);
	warnings = 0;
	warned[0] = '\0';
	return pol_files_read(&files, path, &limits, fn, NULL, &err);
}

static int
get(const char *path)
{
	return read_as(path, (struct policy_limits)POLICY_LIMITS_INIT, NULL);
}

static int
get_warned(const char *path)
{
	return read_as(path, (struct policy_limits)POLICY_LIMITS_INIT, warn);
}

#define SAYS(part) CU_ASSERT(strstr(err.text, part) != NULL)
/* Refused to a host, told to an author. */
#define UNSAFE(path, part) do { \
	CU_ASSERT_EQUAL(get(path), POLICY_ERR_UNSAFE); \
	CU_ASSERT_EQUAL(err.code, POLICY_ERR_UNSAFE); \
	SAYS(part); \
	CU_ASSERT_EQUAL(get_warned(path), 0); \
	CU_ASSERT(warnings > 0 && strstr(warned, part) != NULL); \
} while (0)

static void
a_directory_is_its_yaml_files_in_byte_order(void)
{
	begin();
	put("d/b.yaml", "two");
	put("d/a.yaml", "one");
	put("d/B.yaml", "");
	put("d/.hidden.yaml", "x");
	put("d/c.yml", "x");
	put("d/.yaml", "x");
	put("d/policy.yaml", "p");
	dir("d/sub");
	put("d/sub/z.yaml", "x");
	CU_ASSERT_EQUAL(get(at("d")), 0);
	CU_ASSERT_EQUAL_FATAL(files.n, 4);
	CU_ASSERT_STRING_EQUAL(files.list[0].name, at("d/B.yaml"));
	CU_ASSERT_STRING_EQUAL(files.list[1].name, at("d/a.yaml"));
	CU_ASSERT_STRING_EQUAL(files.list[2].text, "two");
	CU_ASSERT_EQUAL(files.list[2].len, 3);
	CU_ASSERT_EQUAL(files.list[0].len, 0);
	CU_ASSERT_FALSE(files.list[2].engine_ok);
	CU_ASSERT_TRUE(files.list[3].engine_ok);
	CU_ASSERT_EQUAL(get(at("d/")), 0);
	CU_ASSERT_STRING_EQUAL(files.list[1].name, at("d/a.yaml"));
	end();
}

static void
a_single_file_is_a_set(void)
{
	begin();
	put("d/any.name", "t");
	CU_ASSERT_EQUAL(get(at("d/any.name")), 0);
	CU_ASSERT_EQUAL_FATAL(files.n, 1);
	CU_ASSERT_STRING_EQUAL(files.list[0].name, at("d/any.name"));
	CU_ASSERT_TRUE(files.list[0].engine_ok);
	CU_ASSERT_EQUAL(get(at("d/../d/./any.name")), 0);
	CU_ASSERT_EQUAL(get(at("d/any.name/")), POLICY_ERR_NOENT);
	end();
}

static void
several_paths_are_appended(void)
{
	struct policy_limits limits = POLICY_LIMITS_INIT;

	begin();
	put("d/b.yaml", "b");
	put("a.yaml", "a");
	CU_ASSERT_EQUAL(get(at("d")), 0);
	CU_ASSERT_EQUAL(pol_files_read(&files, at("a.yaml"), &limits, NULL, NULL, &err), 0);
	CU_ASSERT_EQUAL_FATAL(files.n, 2);
	CU_ASSERT_STRING_EQUAL(files.list[0].text, "a");
	CU_ASSERT_STRING_EQUAL(files.list[1].text, "b");
	/* a failure leaves what was there */
	CU_ASSERT_EQUAL(pol_files_read(&files, at("none"), &limits, NULL, NULL, &err), POLICY_ERR_NOENT);
	CU_ASSERT_EQUAL(files.n, 2);
	end();
}

static void
a_relative_path_is_taken_from_here(void)
{
	int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	begin();
	put("d/a.yaml", "a");
	CU_ASSERT_FATAL(chdir(top) == 0);
	CU_ASSERT_EQUAL(get("d"), 0);
	CU_ASSERT_STRING_EQUAL(files.list[0].name, "d/a.yaml");
	CU_ASSERT_EQUAL(get("d/a.yaml"), 0);
	chmod(top, 0777);
	UNSAFE("d", "0777");
	CU_ASSERT_FATAL(fchdir(here) == 0);
	close(here);
	end();
}

static void
what_is_missing_is_told(void)
{
	begin();
	CU_ASSERT_EQUAL(get(at("none")), POLICY_ERR_NOENT);
	CU_ASSERT_STRING_EQUAL(err.file, at("none"));
	CU_ASSERT_EQUAL(get(at("none/none")), POLICY_ERR_NOENT);
	CU_ASSERT_EQUAL(get(""), POLICY_ERR_NOENT);
	CU_ASSERT_EQUAL(get_warned(at("none")), POLICY_ERR_NOENT);
	CU_ASSERT_EQUAL(get(at("d")), POLICY_ERR_INVALID);
	SAYS("no *.yaml here");
	end();
}

static void
a_file_others_can_write_is_refused(void)
{
	static const unsigned modes[] = { 0666, 0664, 0646, 0602, 0620, 0777, 01666, 01646 };

	begin();
	put("d/a.yaml", "a");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		chmod(at("d/a.yaml"), modes[i]);
		UNSAFE(at("d/a.yaml"), "mode");
		UNSAFE(at("d"), "mode");
	}
	chmod(at("d/a.yaml"), 0400);
	CU_ASSERT_EQUAL(get(at("d")), 0);
	end();
}

static void
a_directory_others_can_write_is_refused(void)
{
	static const unsigned modes[] = { 0777, 0775, 0757, 0722 };

	begin();
	dir("d/e");
	put("d/e/a.yaml", "a");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		chmod(at("d"), modes[i]);	/* above the set */
		UNSAFE(at("d/e"), "mode");
		UNSAFE(at("d/e/a.yaml"), "mode");
		UNSAFE(at("d/e/../e"), "mode");
		chmod(at("d"), 0755);
		chmod(at("d/e"), modes[i]);	/* the set itself */
		UNSAFE(at("d/e"), "mode");
		chmod(at("d/e"), 0755);
	}
	CU_ASSERT_EQUAL(get(at("d/e")), 0);
	end();
}

static void
only_roots_sticky_directories_may_be_written(void)
{
	begin();
	put("d/a.yaml", "a");
	chmod(at("d"), 01777);
	if (geteuid() == 0) {
		CU_ASSERT_EQUAL(get(at("d")), 0);
		CU_ASSERT_EQUAL(chown(at("d"), 12345, 0), 0);
		UNSAFE(at("d"), "uid 12345");
		CU_ASSERT_EQUAL(chown(at("d"), 0, 0), 0);
	} else {
		UNSAFE(at("d"), "mode");
	}
	/* the set-gid bit is not the sticky one */
	chmod(at("d"), 02777);
	UNSAFE(at("d"), "mode");
	chmod(at("d"), 0755);
	end();
}

static void
what_others_own_is_refused(void)
{
	begin();
	dir("d/e");
	put("d/e/a.yaml", "a");
	if (geteuid() != 0) {		/* nobody else may give files away */
		end();
		return;
	}
	CU_ASSERT_EQUAL(chown(at("d/e/a.yaml"), 12345, 12345), 0);
	UNSAFE(at("d/e"), "uid 12345");
	CU_ASSERT_EQUAL(chown(at("d/e/a.yaml"), 0, 12345), 0);	/* a group that may only read */
	CU_ASSERT_EQUAL(get(at("d/e")), 0);
	CU_ASSERT_EQUAL(chown(at("d/e"), 12345, 0), 0);
	UNSAFE(at("d/e"), "uid 12345");
	CU_ASSERT_EQUAL(chown(at("d/e"), 0, 0), 0);
	CU_ASSERT_EQUAL(chown(at("d"), 12345, 0), 0);
	UNSAFE(at("d/e"), "uid 12345");
	UNSAFE(at("d/e/a.yaml"), "uid 12345");
	/* the effective user's own are its own */
	CU_ASSERT_EQUAL(seteuid(12345), 0);
	chmod(top, 0755);
	CU_ASSERT_EQUAL(seteuid(0), 0);
	CU_ASSERT_EQUAL(chown(top, 12345, 0), 0);
	CU_ASSERT_EQUAL(chown(at("d/e/a.yaml"), 12345, 0), 0);
	CU_ASSERT_EQUAL(seteuid(12345), 0);
	CU_ASSERT_EQUAL(get(at("d/e")), 0);
	CU_ASSERT_EQUAL(seteuid(0), 0);
	end();
}

static void
a_link_out_of_the_directory_is_refused(void)
{
	begin();
	put("out.yaml", "out");
	put("d/a.yaml", "a");
	CU_ASSERT_EQUAL(symlink("../out.yaml", at("d/l.yaml")), 0);
	UNSAFE(at("d"), "leads out of the directory");
	unlink(at("d/l.yaml"));
	CU_ASSERT_EQUAL(symlink(at("out.yaml"), at("d/l.yaml")), 0);
	UNSAFE(at("d"), "leads out of the directory");
	unlink(at("d/l.yaml"));
	CU_ASSERT_EQUAL(symlink("/etc/passwd", at("d/l.yaml")), 0);
	UNSAFE(at("d"), "leads out of the directory");
	unlink(at("d/l.yaml"));
	CU_ASSERT_EQUAL(symlink("l.yaml", at("d/l.yaml")), 0);
	CU_ASSERT_EQUAL(get(at("d")), POLICY_ERR_IO);
	unlink(at("d/l.yaml"));
	CU_ASSERT_EQUAL(symlink("none.yaml", at("d/l.yaml")), 0);
	CU_ASSERT_EQUAL(get(at("d")), POLICY_ERR_NOENT);
	unlink(at("d/l.yaml"));
	CU_ASSERT_EQUAL(symlink(".", at("d/l.yaml")), 0);
	CU_ASSERT_EQUAL(get(at("d")), POLICY_ERR_INVALID);
	end();
}

static void
a_link_that_stays_inside_is_followed(void)
{
	begin();
	dir("d/..v1");			/* as a Kubernetes volume has it */
	put("d/..v1/a.yaml", "a");
	CU_ASSERT_EQUAL(symlink("..v1", at("d/..data")), 0);
	CU_ASSERT_EQUAL(symlink("..data/a.yaml", at("d/a.yaml")), 0);
	put("d/b.yaml", "b");
	CU_ASSERT_EQUAL(symlink("b.yaml", at("d/c.yaml")), 0);
	CU_ASSERT_EQUAL(symlink("../d/b.yaml", at("d/e.yaml")), 0);
	CU_ASSERT_EQUAL(symlink(at("d/b.yaml"), at("d/f.yaml")), 0);
	CU_ASSERT_EQUAL(get(at("d")), 0);
	CU_ASSERT_EQUAL_FATAL(files.n, 5);
	CU_ASSERT_STRING_EQUAL(files.list[0].name, at("d/a.yaml"));
	CU_ASSERT_STRING_EQUAL(files.list[0].text, "a");
	CU_ASSERT_STRING_EQUAL(files.list[4].text, "b");
	chmod(at("d/..v1"), 0777);
	UNSAFE(at("d"), "mode");
	chmod(at("d/..v1"), 0755);
	chmod(at("d/b.yaml"), 0666);
	UNSAFE(at("d"), "mode");
	end();
}

static void
both_sides_of_a_link_on_the_way_are_checked(void)
{
	begin();
	dir("x");
	dir("y");
	put("d/a.yaml", "a");
	CU_ASSERT_EQUAL(symlink("../d", at("x/l")), 0);
	CU_ASSERT_EQUAL(symlink(at("x/l"), at("y/m")), 0);
	CU_ASSERT_EQUAL(get(at("y/m")), 0);
	CU_ASSERT_STRING_EQUAL(files.list[0].name, at("y/m/a.yaml"));
	CU_ASSERT_EQUAL(get(at("y/m/a.yaml")), 0);
	chmod(at("x"), 0777);		/* neither where it begins nor where it ends */
	UNSAFE(at("y/m"), "/x has mode 0777");
	chmod(at("x"), 0755);
	chmod(at("y"), 0777);
	UNSAFE(at("y/m/a.yaml"), "/y has mode 0777");
	chmod(at("y"), 0755);
	if (geteuid() == 0) {		/* in a sticky directory anyone may put a link */
		chmod(at("x"), 01777);
		CU_ASSERT_EQUAL(get(at("y/m")), 0);
		CU_ASSERT_EQUAL(lchown(at("x/l"), 12345, 0), 0);
		UNSAFE(at("y/m"), "symbolic link");
	}
	CU_ASSERT_EQUAL(symlink("q", at("p")), 0);
	CU_ASSERT_EQUAL(symlink("p", at("q")), 0);
	CU_ASSERT_EQUAL(get(at("p")), POLICY_ERR_IO);
	end();
}

static void
only_regular_files_are_read(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	begin();
	dir("d/x.yaml");
	CU_ASSERT_EQUAL(get(at("d")), POLICY_ERR_INVALID);
	SAYS("a directory is found where a regular file is wanted");
	CU_ASSERT_EQUAL(get_warned(at("d")), POLICY_ERR_INVALID);
	rmdir(at("d/x.yaml"));
	CU_ASSERT_EQUAL(mkfifo(at("d/x.yaml"), 0644), 0);
	CU_ASSERT_EQUAL(get(at("d")), POLICY_ERR_INVALID);
	SAYS("a fifo");
	CU_ASSERT_EQUAL(get(at("d/x.yaml")), POLICY_ERR_INVALID);
	CU_ASSERT_EQUAL(get_warned(at("d/x.yaml")), POLICY_ERR_INVALID);
	unlink(at("d/x.yaml"));
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", at("d/x.yaml"));
	CU_ASSERT_EQUAL(bind(s, (struct sockaddr *)&a, sizeof(a)), 0);
	CU_ASSERT_EQUAL(get(at("d")), POLICY_ERR_INVALID);
	SAYS("a socket");
	close(s);
	unlink(at("d/x.yaml"));
	if (mknod(at("d/x.yaml"), S_IFCHR | 0644, makedev(1, 5)) == 0) {
		CU_ASSERT_EQUAL(get(at("d")), POLICY_ERR_INVALID);
		SAYS("a device");
	}
	CU_ASSERT_EQUAL(get("/dev/zero"), POLICY_ERR_INVALID);
	end();
}

static void
sizes_and_counts_are_bounded(void)
{
	struct policy_limits limits = POLICY_LIMITS_INIT;

	begin();
	put("d/a.yaml", "12345678");
	limits.file_bytes = 8;
	CU_ASSERT_EQUAL(read_as(at("d"), limits, NULL), 0);
	limits.file_bytes = 7;
	CU_ASSERT_EQUAL(read_as(at("d"), limits, NULL), POLICY_ERR_LIMIT);
	SAYS("larger than 7 bytes");
	CU_ASSERT_EQUAL(read_as(at("d"), limits, warn), POLICY_ERR_LIMIT);
	CU_ASSERT_EQUAL(truncate(at("d/a.yaml"), 1024 * 1024), 0);
	CU_ASSERT_EQUAL(get(at("d")), 0);
	CU_ASSERT_EQUAL(files.list[0].len, 1024 * 1024);
	CU_ASSERT_EQUAL(truncate(at("d/a.yaml"), 1024 * 1024 + 1), 0);
	CU_ASSERT_EQUAL(get(at("d")), POLICY_ERR_LIMIT);
	/* it is not read, let alone allocated */
	CU_ASSERT_EQUAL(truncate(at("d/a.yaml"), (off_t)1 << 40), 0);
	CU_ASSERT_EQUAL(get(at("d")), POLICY_ERR_LIMIT);
	put("d/a.yaml", "a");
	put("d/b.yaml", "b");
	limits.file_bytes = 0;
	limits.files = 2;
	CU_ASSERT_EQUAL(read_as(at("d"), limits, NULL), 0);
	limits.files = 1;
	CU_ASSERT_EQUAL(read_as(at("d"), limits, NULL), POLICY_ERR_LIMIT);
	end();
}

static size_t
open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	CU_ASSERT_FATAL(d != NULL);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static void
no_descriptor_is_left_open(void)
{
	size_t before = open_fds();

	begin();
	put("d/a.yaml", "a");
	CU_ASSERT_EQUAL(symlink("a.yaml", at("d/b.yaml")), 0);
	for (int i = 0; i < 20; i++) {
		CU_ASSERT_EQUAL(get(at("d")), 0);
		CU_ASSERT_EQUAL(get(at("d/b.yaml")), 0);
		CU_ASSERT_EQUAL(get(at("d/none")), POLICY_ERR_NOENT);
	}
	chmod(at("d/a.yaml"), 0666);
	CU_ASSERT_EQUAL(get(at("d")), POLICY_ERR_UNSAFE);
	unlink(at("d/b.yaml"));
	CU_ASSERT_EQUAL(symlink("..", at("d/b.yaml")), 0);
	CU_ASSERT_EQUAL(get(at("d")), POLICY_ERR_UNSAFE);
	CU_ASSERT_EQUAL(mkfifo(at("d/c.yaml"), 0644), 0);
	CU_ASSERT(get(at("d")) < 0);
	chmod(at("d"), 0777);
	CU_ASSERT_EQUAL(get(at("d")), POLICY_ERR_UNSAFE);
	end();
	CU_ASSERT_EQUAL(open_fds(), before);
}

static void
a_long_path_is_refused(void)
{
	char *path = malloc(9000);

	memset(path, 'a', 8999);
	path[0] = '/';
	path[8999] = '\0';
	CU_ASSERT_EQUAL(get(path), POLICY_ERR_LIMIT);
	path[300] = '\0';		/* one name that is too long */
	CU_ASSERT_EQUAL(get(path), POLICY_ERR_LIMIT);
	free(path);
}

CU_TestInfo suite_file[] = {
	{ "a directory is its yaml files, in byte order", a_directory_is_its_yaml_files_in_byte_order },
	{ "a single file is a set", a_single_file_is_a_set },
	{ "several paths are appended", several_paths_are_appended },
	{ "a relative path is taken from here", a_relative_path_is_taken_from_here },
	{ "what is missing is told", what_is_missing_is_told },
	{ "a file others can write is refused", a_file_others_can_write_is_refused },
	{ "a directory others can write is refused", a_directory_others_can_write_is_refused },
	{ "only root's sticky directories may be written", only_roots_sticky_directories_may_be_written },
	{ "what others own is refused", what_others_own_is_refused },
	{ "a link out of the directory is refused", a_link_out_of_the_directory_is_refused },
	{ "a link that stays inside is followed", a_link_that_stays_inside_is_followed },
	{ "both sides of a link on the way are checked", both_sides_of_a_link_on_the_way_are_checked },
	{ "only regular files are read", only_regular_files_are_read },
	{ "sizes and counts are bounded", sizes_and_counts_are_bounded },
	{ "no descriptor is left open", no_descriptor_is_left_open },
	{ "a long path is refused", a_long_path_is_refused },
	CU_TEST_INFO_NULL
};
