/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calling process as subject: uid, gid and supplementary groups, asked of the kernel
 * at each check, as a process may change them. Never cached for the same reason.
 *
 * Neither of the two uids is right for every host: in a set-user-ID program the effective
 * one is the owner's, whoever started it; in a server that has taken a client's for a
 * while, the real one is still the server's. Either mistake makes a user root. So where
 * they differ the set must say which is meant, or the check fails.
 */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <policy_module.h>

#define ENTRY_MOST (1024u * 1024u)	/* bytes of one entry of passwd or group */

enum ids { IDS_SAME, IDS_REAL, IDS_EFFECTIVE };

struct peer {
	const struct policy_host *host;
	enum ids ids;
	bool by_name;
};

static bool
is(struct policy_text t, const char *word)
{
	return t.len == strlen(word) && memcmp(t.data, word, t.len) == 0;
}

static int
refuse(struct policy_error *err, const char *key, const char *wanted, struct policy_text found)
{
	err->code = POLICY_ERR_INVALID;
	snprintf(err->text, sizeof(err->text), "%s is '%.*s', but must be %s", key,
	    (int)(found.len < 64 ? found.len : 64), found.data, wanted);
	return err->code;
}

static int
peer_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	static const struct policy_text uids = POLICY_TEXT("uids of this system");
	static const struct policy_text users = POLICY_TEXT("users of this system");
	const struct policy_value *ids = policy_with(args, "ids");
	struct peer *p;

	if (args->subject_id.data != NULL && !is(args->subject_id, "uid") && !is(args->subject_id, "user"))
		return refuse(err, "id", "uid or user", args->subject_id);
	if (ids != NULL && !is(ids->u.text, "real") && !is(ids->u.text, "effective"))
		return refuse(err, "ids", "real or effective", ids->u.text);
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return err->code = POLICY_ERR_NOMEM;
	p->host = args->host;
	p->by_name = args->subject_id.data != NULL && is(args->subject_id, "user");
	if (ids != NULL)
		p->ids = is(ids->u.text, "real") ? IDS_REAL : IDS_EFFECTIVE;
	if (p->host->source(p->host, p->by_name ? users : uids) != 0) {
		free(p);
		return err->code = POLICY_ERR_NOMEM;
	}
	*state = p;
	return 0;
}

static void
peer_close(void *state)
{
	free(state);
}

/* ---- names ---- */

/* An entry of passwd or group: how long it may get, only trying tells. */
struct entry {
	char *room;
	size_t size;
};

static bool
grow(struct entry *e)
{
	size_t size = e->size != 0 ? 2 * e->size : 4096;

	if (size > ENTRY_MOST)
		return false;
	free(e->room);			/* nothing in it is needed */
	e->room = malloc(size);
	e->size = e->room != NULL ? size : 0;
	return e->room != NULL;
}

/* 1 found, 0 there is none, -1 could not tell: three answers. */
static int
user_name(uid_t uid, struct entry *e, struct policy_text *out)
{
	struct passwd pw, *found = NULL;
	int rc = ERANGE;

	while (rc == ERANGE && grow(e))
		rc = getpwuid_r(uid, &pw, e->room, e->size, &found);
	if (found != NULL)
		*out = policy_text(pw.pw_name);
	return found != NULL ? 1 : rc == 0 || rc == ENOENT ? 0 : -1;
}

static int
group_name(gid_t gid, struct entry *e, struct policy_text *out)
{
	struct group gr, *found = NULL;
	int rc = ERANGE;

	while (rc == ERANGE && grow(e))
		rc = getgrgid_r(gid, &gr, e->room, e->size, &found);
	if (found != NULL)
		*out = policy_text(gr.gr_name);
	return found != NULL ? 1 : rc == 0 || rc == ENOENT ? 0 : -1;
}

/* ---- one check ---- */

static struct policy_text
decimal(char room[16], unsigned n)
{
	snprintf(room, 16, "%u", n);
	return policy_text(room);
}

static enum policy_check_result
say_user(const struct peer *p, struct policy_identity *id, uid_t uid)
{
	static const struct policy_text absent = { NULL, 0 };
	struct entry e = { NULL, 0 };
	struct policy_text name;
	char room[16];
	int rc = 1;

	if (p->by_name)
		rc = user_name(uid, &e, &name);
	else
		name = decimal(room, uid);
	if (rc == 1)
		p->host->set_subject(id, absent, name);
	free(e.room);
	/* nobody of that number: the process is no user */
	return rc == 1 ? POLICY_CHECK_PASS : rc == 0 ? POLICY_CHECK_FAIL : POLICY_CHECK_ERROR;
}

static bool
say_group(const struct peer *p, struct policy_identity *id, gid_t gid)
{
	struct entry e = { NULL, 0 };
	struct policy_text name;
	char room[16];
	int rc = 0;

	if (p->by_name)
		rc = group_name(gid, &e, &name);
	/* a group that has no name is still one that the process is in */
	if (rc == 0)
		name = decimal(room, gid);
	if (rc >= 0)
		p->host->add_group(id, name);
	free(e.room);
	return rc >= 0;
}

static enum policy_check_result
say_groups(const struct peer *p, struct policy_identity *id, gid_t gid)
{
	gid_t list[POLICY_IDENTITY_LISTED];
	int n = getgroups(POLICY_IDENTITY_LISTED, list);

	if (n < 0 || !say_group(p, id, gid))	/* more than an identity holds: none is left out */
		return POLICY_CHECK_ERROR;
	for (int i = 0; i < n; i++) {
		if (!say_group(p, id, list[i]))
			return POLICY_CHECK_ERROR;
	}
	return POLICY_CHECK_PASS;
}

static enum policy_check_result
peer_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	const struct policy_credential *c = call->credential;
	const struct peer *p = state;
	const uid_t uid = p->ids == IDS_EFFECTIVE ? geteuid() : getuid();
	const gid_t gid = p->ids == IDS_EFFECTIVE ? getegid() : getgid();
	enum policy_check_result r;

	if (c->data.len != 0 || c->name.len != 0)	/* it says who; that is not for it to say */
		return POLICY_CHECK_FAIL;
	if (p->ids == IDS_SAME && (uid != geteuid() || gid != getegid()))
		return POLICY_CHECK_FAIL;
	/* names may come from a directory service */
	if (p->by_name && (call->flags & POLICY_CALL_NONBLOCK) != 0)
		return POLICY_CHECK_AGAIN;
	r = say_user(p, id, uid);
	return r == POLICY_CHECK_PASS ? say_groups(p, id, gid) : r;
}

static const char *const kinds[] = { "peer", NULL };
static const struct policy_module_key keys[] = {
	{ "ids", POLICY_KEY_TEXT, 0 },
	{ NULL, 0, 0 },
};

const struct policy_module policy_module_1 = {
	.size = sizeof(struct policy_module), .abi = POLICY_MODULE_ABI,
	.name = "peer", .version = "1.0",
	.flags = POLICY_MODULE_MAY_BLOCK | POLICY_MODULE_HEEDS_NONBLOCK,
	.kinds = kinds, .keys = keys,
	.open = peer_open, .check = peer_check, .close = peer_close,
};
