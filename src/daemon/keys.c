/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clerk_call.h"
#include "log.h"
#include "switch.h"

static const char *const kinds[] = { "management", "inference" };

/* Set before there are clerks, and not changed after. */
static const struct pol_conf_torchserve *mine;

/* What a process that was killed left beside the file: its name, a point, 16 digits. */
static bool
is_leftover(const char *name, const char *of)
{
	size_t n = strlen(of);

	return strncmp(name, of, n) == 0 && name[n] == '.' && strlen(name + n + 1) == 16 &&
	    strspn(name + n + 1, "0123456789abcdef") == 16;
}

static void
clear(void)
{
	const char *name = strrchr(mine->key_file, '/') + 1;
	char dir[1032];
	const struct dirent *e;
	DIR *d;

	if (unlink(mine->key_file) != 0 && errno != ENOENT)
		pol_log(POLICY_LOG_ERROR, "%s cannot be removed: %s", mine->key_file, strerrordesc_np(errno));
	snprintf(dir, sizeof(dir), "%.*s", (int)(name - mine->key_file), mine->key_file);
	d = opendir(dir);
	while (d != NULL && (e = readdir(d)) != NULL)
		if (is_leftover(e->d_name, name))
			(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL) {
		(void)fsync(dirfd(d));
		closedir(d);
	}
}

void
pol_keys_start(const struct pol_conf *conf)
{
	mine = pol_switch_conf(conf);
	if (mine != NULL)
		clear();
}

void
pol_keys_end(void)
{
	if (mine != NULL)
		clear();
}

static int64_t
end_of_key(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec + mine->expiration_ns;
}

int
pol_keys_make(struct policy *policy, struct policy_error *err)
{
	struct stat st;
	int rc = 0;

	if (mine == NULL || policy_is_enabled(policy) == 0)
		return 0;
	for (size_t i = 0; rc == 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		rc = policy_key_rotate(policy, NULL, mine->step, kinds[i], end_of_key(), NULL, NULL, err);
	if (rc == 0 && lstat(mine->key_file, &st) != 0) {
		err->code = rc = POLICY_ERR_INVALID;
		snprintf(err->text, sizeof(err->text), "profiles: key_file: found %.200s, wanted the file of the step %.64s",
		    mine->key_file, mine->step);
	}
	return rc;
}

/* ---- at the desk ---- */

static int
tell(void *ctx, const struct policy_token_info *t)
{
	struct pol_clerk_call *c = ctx;

	pol_clerk_say_text(c->out, "{\"kind\":", t->kind);
	pol_clerk_say_text(c->out, ",\"secret\":", t->secret);
	pol_clerk_say_time(c->out, ",\"expires", t->expires_ns);
	pol_text_str(c->out, "}");
	return 0;
}

/* Which step, and for how long, is never the front's to say. */
int
pol_clerk_keys_rotate(struct pol_clerk_call *c)
{
	char kind[64];

	if (mine == NULL)
		return pol_clerk_fail(c, POLICY_ERR_UNSUPPORTED, "no listener serves torchserve");
	if (c->a.kind.len >= sizeof(kind))
		return pol_clerk_fail(c, POLICY_ERR_ARG, "there is no such kind of key");
	memcpy(kind, c->a.kind.data, c->a.kind.len);
	kind[c->a.kind.len] = '\0';
	return policy_key_rotate(c->policy, &c->as, mine->step, kind, end_of_key(), tell, c, &c->err);
}
