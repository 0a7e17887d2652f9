/* SPDX-License-Identifier: Apache-2.0 */
/* The skeleton, driven by itself. A module's own test begins as a copy of this one. */
#include "chaos/chaos.h"
#include "modules/drive.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY "0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210"

static struct drive d;
static char dir[] = "/tmp/pol-skeleton-XXXXXX", file[64];

static void
put(const char *text, mode_t mode)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	chaos_check(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) &&
	    fchmod(fd, mode) == 0, "the file of the key");
	close(fd);
}

static int
open_file(const char *path)
{
	const struct policy_attr with[] = {
		{ POLICY_TEXT("file"), { .type = POLICY_STRING, .u.text = policy_text(path) } },
		DRIVE_ATTR_TEXT("user", "alice"),
	};

	drive_close(&d);
	drive_init(&d, &policy_module_1);
	return drive_open(&d, with, 2);
}

static enum policy_check_result
sends(const char *key)
{
	return drive_check(&d, "api_key", NULL, key);
}

static void
the_key_and_no_other(void)
{
	put(KEY "\n", 0600);
	chaos_check(open_file(file) == 0, "opens");
	chaos_check(d.watched == 1 && strcmp(d.watch[0], file) == 0, "watches its file");
	chaos_check(sends(KEY) == POLICY_CHECK_PASS, "the key passes");
	chaos_check(d.f.id.subject_id.len == 5 && memcmp(d.f.id.subject_id.data, "alice", 5) == 0, "as its holder");
	chaos_check(d.f.id.token_id.len == 16 && strstr(KEY, d.f.id.token_id.data) == NULL, "named by its hash");
	chaos_check(sends(KEY "\n") == POLICY_CHECK_FAIL, "nothing is stripped of what is sent");
	chaos_check(sends(OTHER) == POLICY_CHECK_FAIL, "another key");
	chaos_check(sends("") == POLICY_CHECK_FAIL, "nothing");
	d.call_flags = POLICY_CALL_NONBLOCK;
	chaos_check(sends(KEY) == POLICY_CHECK_PASS, "where it may not wait, and need not");
	d.call_flags = 0;
}

static void
a_file_that_changes(void)
{
	put(OTHER, 0640);
	chaos_check(sends(KEY) == POLICY_CHECK_PASS, "not yet heard of");
	chaos_check(d.module->serve(d.state, POLICY_SERVE_CHANGED) < 0, "serve");
	chaos_check(sends(KEY) == POLICY_CHECK_FAIL && sends(OTHER) == POLICY_CHECK_PASS, "the new key");
	chmod(file, 0644);
	d.module->serve(d.state, POLICY_SERVE_CHANGED);
	chaos_check(sends(OTHER) == POLICY_CHECK_ERROR, "a file that all may read has no key");
	chaos_check(d.logged == 1 && strstr(d.log, "mode 0644") != NULL, "and that is logged");
	unlink(file);
	d.module->serve(d.state, POLICY_SERVE_CHANGED);
	chaos_check(sends(OTHER) == POLICY_CHECK_ERROR, "nor has one that is gone");
	chaos_check(strstr(d.log, OTHER) == NULL && strstr(d.log, KEY) == NULL, "no key in the log");
}

static void
refused(int rc, int wanted, const char *part)
{
	chaos_check(rc == wanted && strstr(d.err.text, part) != NULL, part);
	if (rc != 0)
		d.state = NULL;
}

static void
what_is_refused(void)
{
	char link[96];

	refused(open_file("key"), POLICY_ERR_INVALID, "must be an absolute path");
	refused(open_file(file), POLICY_ERR_NOENT, "cannot be opened");
	put("short\n", 0600);
	refused(open_file(file), POLICY_ERR_INVALID, "one line of 32 to 256 bytes");
	put(KEY "\n" OTHER "\n", 0600);
	refused(open_file(file), POLICY_ERR_INVALID, "one line");
	put(KEY KEY KEY KEY KEY KEY KEY KEY "x\n", 0600);
	refused(open_file(file), POLICY_ERR_INVALID, "one line");
	put(KEY "\n", 0660);
	refused(open_file(file), POLICY_ERR_UNSAFE, "mode 0660");
	chmod(file, 0600);
	if (geteuid() == 0) {
		chaos_check(chown(file, 12345, 0) == 0, "chown");
		refused(open_file(file), POLICY_ERR_UNSAFE, "uid 12345");
		chaos_check(chown(file, 0, 0) == 0, "chown back");
	} else {
		chaos_skip(1, "a file of somebody else's (not root)");
	}
	snprintf(link, sizeof(link), "%s.link", file);
	chaos_check(symlink(file, link) == 0, "symlink");
	refused(open_file(link), POLICY_ERR_IO, "cannot be opened");
	unlink(link);
	refused(open_file(dir), POLICY_ERR_INVALID, "not a regular file");
}

int
main(void)
{
	if (!chaos_check(mkdtemp(dir) != NULL, "a directory"))
		return chaos_finish();
	snprintf(file, sizeof(file), "%s/key", dir);
	the_key_and_no_other();
	a_file_that_changes();
	what_is_refused();
	drive_close(&d);
	unlink(file);
	rmdir(dir);
	return chaos_finish();
}
