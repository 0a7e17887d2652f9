/* SPDX-License-Identifier: Apache-2.0 */
#include "user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
fail(struct policy_error *err, int code, const char *name, const char *why)
{
	err->code = code;
	snprintf(err->text, sizeof(err->text), "user: \"%s\": %s", name, why);
	return code;
}

static int
drop(const struct passwd *pw)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (initgroups(pw->pw_name, pw->pw_gid) != 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0)
		return -1;
	errno = EPERM;
	if (getresuid(&r, &e, &s) != 0 || getresgid(&rg, &eg, &sg) != 0)
		return -1;
	if (r != pw->pw_uid || e != pw->pw_uid || s != pw->pw_uid || rg != pw->pw_gid || eg != pw->pw_gid || sg != pw->pw_gid)
		return -1;
	return setuid(0) == 0 ? -1 : 0;	/* there is no way back */
}

int
pol_user_become(const char *name, struct policy_error *err)
{
	char room[16384];
	struct passwd pw, *found = NULL;
	int e;

	if (name == NULL)
		return 0;
	e = getpwnam_r(name, &pw, room, sizeof(room), &found);
	if (found == NULL)
		return fail(err, POLICY_ERR_NOENT, name, e != 0 ? strerror(e) : "there is no such user");
	if (pw.pw_uid == geteuid())
		return 0;
	if (geteuid() != 0)
		return fail(err, POLICY_ERR_UNSAFE, name, "started as somebody who is neither that user nor root");
	if (drop(&pw) != 0)
		return fail(err, POLICY_ERR_UNSAFE, name, strerror(errno));
	return 0;
}
