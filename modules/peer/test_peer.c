/* SPDX-License-Identifier: Apache-2.0 */
/* peer, against what the system says itself of this process. */
#include "chaos/chaos.h"
#include "modules/drive.h"

#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

extern const struct policy_module pol_module_peer;

static struct drive d;

static int
open_as(const char *id, const char *ids)
{
	const struct policy_attr with[] = {
		{ POLICY_TEXT("ids"), { .type = POLICY_STRING, .u.text = policy_text(ids) } },
	};

	drive_close(&d);
	drive_init(&d, &pol_module_peer);
	d.args.subject_id = policy_text(id);
	return drive_open(&d, with, ids != NULL);
}

static int
is_subject(const char *wanted)
{
	return d.f.id.subject_id.len == strlen(wanted) && memcmp(d.f.id.subject_id.data, wanted, strlen(wanted)) == 0;
}

static int
has_group(const char *wanted)
{
	char text[128];

	snprintf(text, sizeof(text), "peer/%s", wanted);
	for (uint32_t i = 0; i < d.f.id.groups_count; i++) {
		if (strcmp(d.f.id.groups[i].data, text) == 0)
			return 1;
	}
	return 0;
}

static enum policy_check_result
check(void)
{
	return drive_check(&d, "peer", NULL, NULL);
}

static void
by_number(void)
{
	char text[16];
	gid_t list[64];
	int n = getgroups(64, list), good = n >= 0;

	chaos_check(open_as(NULL, NULL) == 0 && strcmp(d.source, "uids of this system") == 0, "opens");
	chaos_check(check() == POLICY_CHECK_PASS, "the process passes, without data");
	snprintf(text, sizeof(text), "%u", getuid());
	chaos_check(is_subject(text), "as its uid");
	snprintf(text, sizeof(text), "%u", getgid());
	chaos_check(has_group(text), "in its group");
	for (int i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%u", list[i]);
		good = good && has_group(text);
	}
	chaos_check(good, "in all its groups");
	chaos_check(drive_check(&d, "peer", NULL, "") == POLICY_CHECK_PASS, "empty data are none");
	chaos_check(drive_check(&d, "peer", NULL, "0:0") == POLICY_CHECK_FAIL, "data that says who");
	chaos_check(drive_check(&d, "peer", "root", NULL) == POLICY_CHECK_FAIL, "a name that says who");
	d.call_flags = POLICY_CALL_NONBLOCK;
	chaos_check(check() == POLICY_CHECK_PASS, "a number needs no waiting");
	chaos_check((d.module->flags & (POLICY_MODULE_CACHEABLE | POLICY_MODULE_CACHE_ASKED)) == 0, "never cached");
}

static void
by_name(void)
{
	const struct passwd *pw = getpwuid(getuid());
	const struct group *gr = getgrgid(getgid());

	chaos_check(open_as("user", NULL) == 0 && strcmp(d.source, "users of this system") == 0, "opens by name");
	d.call_flags = POLICY_CALL_NONBLOCK;
	chaos_check(check() == POLICY_CHECK_AGAIN, "a name may need waiting");
	d.call_flags = 0;
	if (pw != NULL && gr != NULL)
		chaos_check(check() == POLICY_CHECK_PASS && is_subject(pw->pw_name) && has_group(gr->gr_name), "user and group");
	else
		chaos_skip(1, "names (this uid has none)");
}

static void
settings(void)
{
	chaos_check(open_as("uid", "real") == 0 && check() == POLICY_CHECK_PASS, "real");
	chaos_check(open_as("uid", "effective") == 0 && check() == POLICY_CHECK_PASS, "effective");
	chaos_check(open_as("name", NULL) == POLICY_ERR_INVALID && strstr(d.err.text, "id is 'name'") != NULL, "another id");
	chaos_check(open_as(NULL, "saved") == POLICY_ERR_INVALID && strstr(d.err.text, "real or effective") != NULL, "other ids");
}

/* In a child: what it is then, it stays. Its exit status is the first step that failed. */
static int
as_two(void)
{
	if (setgroups(0, NULL) != 0 || setegid(23456) != 0 || seteuid(12345) != 0)
		return 1;
	if (open_as(NULL, NULL) != 0 || check() != POLICY_CHECK_FAIL)
		return 2;
	if (open_as(NULL, "real") != 0 || check() != POLICY_CHECK_PASS || !is_subject("0") || !has_group("0"))
		return 3;
	if (open_as(NULL, "effective") != 0 || check() != POLICY_CHECK_PASS || !is_subject("12345") || !has_group("23456"))
		return 4;
	if (d.f.id.groups_count != 1)
		return 5;
	if (open_as("user", "effective") != 0 || (getpwuid(12345) == NULL && check() != POLICY_CHECK_FAIL))
		return 6;
	return 0;
}

static int
in_many_groups(void)
{
	gid_t list[300];

	for (unsigned i = 0; i < 300; i++)
		list[i] = 5000 + i;
	if (setgroups(300, list) != 0)
		return 1;
	/* more than an identity holds: none may be left out, a deny may hang on it */
	return open_as(NULL, NULL) != 0 || check() != POLICY_CHECK_ERROR ? 2 : 0;
}

static void
child(int (*what)(void), const char *name)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		_exit(what());
	waitpid(pid, &status, 0);
	if (!chaos_check(status == 0, name))
		printf("status %x\n", (unsigned)status);
}

int
main(void)
{
	by_number();
	by_name();
	settings();
	if (geteuid() == 0 && getuid() == 0) {
		child(as_two, "real and effective ids that differ");
		child(in_many_groups, "more groups than an identity holds");
	} else {
		chaos_skip(2, "other ids than this process's own (not root)");
	}
	drive_close(&d);
	return chaos_finish();
}
