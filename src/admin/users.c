/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/users.h"

#include <string.h>

#include "admin/tell.h"
#include "base/hash.h"
#include "people/rows.h"

#define FLAGS (POLICY_USER_DISABLED | POLICY_USER_MADE | POLICY_USER_CHANGE | POLICY_USER_REUSE)
#define LIST_MOST 8192u
#define ATTRIBUTES_MOST 16384u

static bool
is_word(struct policy_text t)
{
	static const char *const words[] = { "group", "everyone", "authenticated", "anonymous", "*" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (pol_bytes_equal(t.data, t.len, words[i], strlen(words[i])))
			return true;
	}
	return false;
}

static bool
is_clean(struct policy_text t)
{
	for (size_t i = 0; i < t.len; i++) {
		if ((unsigned char)t.data[i] < 0x20 || t.data[i] == 0x7f)
			return false;
	}
	return t.len <= POL_MAX_ID && pol_utf8_check(t.data, t.len) < 0;
}

const char *
pol_users_bad(const struct policy_user *want)
{
	if ((want->flags & ~FLAGS) != 0)
		return "these flags are not for a user that is made";
	if (want->name.len == 0 || !is_clean(want->name) || is_word(want->name))
		return "a name of 1 to 255 bytes of UTF-8 is wanted, without control characters, and not everyone, authenticated, anonymous, group or *";
	if (want->type.data != NULL && (want->type.len > POL_MAX_TYPE || !pol_name_is(want->type.data, want->type.len) ||
	    is_word(want->type) || pol_bytes_equal(want->type.data, want->type.len, "uid", 3)))
		return "a type is a name of letters, digits, _ and -, of at most 64 bytes, and not group, everyone, authenticated, anonymous or uid";
	if (!is_clean(want->org))
		return "an org has at most 255 bytes of UTF-8, without control characters";
	for (size_t i = 0; i < want->groups_count; i++) {
		if (want->groups[i].len == 0 || memchr(want->groups[i].data, ' ', want->groups[i].len) != NULL)
			return "a group of a user in the store has a name without spaces";
	}
	return want->password.data != NULL ? pol_secret_bad_password(want->password) : NULL;
}

/* ---- names ---- */

/* Somebody is called so whom no store knows: a file names him, if only to grant him something. */
static bool
in_files(const struct pol_engine *e, struct policy_text type, struct policy_text name, bool gone)
{
	const struct pol_people *w = e->people;
	const uint64_t hash = pol_hash_join(pol_hash(type.data, type.len, w->seed), pol_hash(name.data, name.len, w->seed));
	const struct pol_holder *r = pol_find_holder(w, hash, type.data, type.len, name.data, name.len);

	if (r == NULL)
		return false;
	return !gone || r->known != 0 || pol_holder_more(r)->n_roles != 0 || pol_holder_more(r)->n_timed != 0 ||
	    pol_holder_more(r)->n_groups != 0;
}

int
pol_users_free(struct pol_call *c, const struct policy_user *want)
{
	const struct policy_text type = want->type.len > 0 ? want->type : policy_text("user");
	struct policy_row there = POLICY_ROW_INIT;
	bool found, gone, file;
	int rc = pol_call_hold(c);

	if (rc != 0)
		return rc;
	found = pol_fact_user(c->e->people, type, want->name, &there);
	gone = found && (there.flags & POLICY_ROW_GONE) != 0;
	file = (!found || gone) && in_files(c->e, type, want->name, gone);
	pol_call_release(c);
	if (file)
		return pol_call_fail(c, POLICY_ERR_EXISTS, "'%.*s' is named in the set's files, and so no name for a user of the store",
		    (int)want->name.len, want->name.data);
	if (found && !gone)
		return pol_call_fail(c, POLICY_ERR_EXISTS, "there is a user '%.*s' already", (int)want->name.len, want->name.data);
	if (gone && (want->flags & POLICY_USER_REUSE) == 0)
		return pol_call_fail(c, POLICY_ERR_EXISTS, "'%.*s' was the name of a user that was deleted: it is given again only where that is asked for",
		    (int)want->name.len, want->name.data);
	return 0;
}

/* ---- rows ---- */

static uint32_t
row_flags(uint32_t flags)
{
	return ((flags & POLICY_USER_DISABLED) != 0 ? POLICY_ROW_OFF : 0) | ((flags & POLICY_USER_MADE) != 0 ? POLICY_ROW_MADE : 0) |
	    ((flags & POLICY_USER_CHANGE) != 0 ? POLICY_ROW_CHANGE : 0);
}

static int
set_attributes(struct pol_call *c, struct policy_row *row, const struct policy_attrs *attrs)
{
	struct pol_buf b;
	int rc;

	row->attributes = (struct policy_text){ NULL, 0 };
	if (attrs->count == 0)
		return 0;
	if (attrs->count > POL_ROWS_ATTRIBUTES)
		return pol_call_fail(c, POLICY_ERR_LIMIT, "a user has at most %u attributes", POL_ROWS_ATTRIBUTES);
	pol_buf_init(&b);
	rc = pol_rows_attributes_encode(&b, attrs);
	if (rc == 0 && !b.failed && b.len <= ATTRIBUTES_MOST)
		row->attributes = pol_call_text(c, (struct policy_text){ b.data, b.len });
	if (rc == 0 && b.len > ATTRIBUTES_MOST)
		rc = pol_call_fail(c, POLICY_ERR_LIMIT, "a user's attributes have at most %u bytes", ATTRIBUTES_MOST);
	else if (rc == POLICY_ERR_INVALID)
		pol_call_fail(c, rc, "an attribute of a user in the store is a text, a whole number, true or false, none is named uid or org, and none twice");
	else if (rc != 0 || row->attributes.data == NULL)
		rc = pol_call_nomem(c);
	pol_buf_fini(&b);
	return rc;
}

static int
set_groups(struct pol_call *c, struct policy_row *row, const struct policy_user *want)
{
	row->list = (struct policy_text){ NULL, 0 };
	if (want->groups_count == 0)
		return 0;
	row->list = pol_call_join(c, want->groups, want->groups_count);
	if (row->list.data == NULL)
		return pol_call_nomem(c);
	return row->list.len <= LIST_MOST ? 0 : pol_call_fail(c, POLICY_ERR_LIMIT, "the names of a user's groups have at most %u bytes", LIST_MOST);
}

int
pol_users_hash(struct pol_call *c, char hash[POL_PASSWORD_HASH], struct policy_text password)
{
	const int rc = hash[0] != '\0' ? 0 : pol_secret_password(hash, password);

	return rc == 0 ? 0 : pol_call_fail(c, rc, "the password could not be hashed: %s", policy_strerror(rc));
}

struct policy_row *
pol_users_row(struct pol_call *c, const struct policy_user *want, const char *uid, const char *hash, int *rc)
{
	struct policy_row *row = pol_call_row(c, POLICY_ROW_USER, NULL);

	*rc = row != NULL ? set_attributes(c, row, &want->attributes) : pol_call_nomem(c);
	if (*rc == 0)
		*rc = set_groups(c, row, want);
	if (*rc != 0)
		return NULL;
	row->id = policy_text(uid);
	if (!pol_bytes_equal(want->type.data, want->type.len, "user", 4) && want->type.len > 0)
		row->type = want->type;
	row->name = want->name;
	if (want->org.len > 0)
		row->org = want->org;
	row->flags = row_flags(want->flags);
	row->made_ns = c->now;
	row->by = pol_call_by(c);
	if (hash != NULL && hash[0] != '\0')
		row->secret = policy_text(hash);
	*rc = row->by.data != NULL ? 0 : pol_call_nomem(c);
	return *rc == 0 ? row : NULL;
}

/* ---- create ---- */

struct create {
	const struct policy_user *want;
	policy_user_fn *fn;
	void *ctx;
	char uid[POL_UID_LEN + 1];
	char hash[POL_PASSWORD_HASH];
};

static int
judge_create(struct pol_call *c, void *op)
{
	struct create *o = op;
	struct pol_admin_on on = { .type = POLICY_TEXT("user"), .owner = o->want->name, .org = o->want->org };
	int rc;

	on.id = pol_call_user_name(c, o->want->type, o->want->name);
	rc = on.id.data != NULL ? pol_call_decide(c, "users:create", &on) : pol_call_nomem(c);
	if (rc == 0)
		rc = pol_users_free(c, o->want);
	for (size_t i = 0; rc == 0 && i < o->want->groups_count; i++)
		rc = pol_call_gives_group(c, o->want->groups[i]);
	if (rc == 0 && o->want->password.data != NULL)
		rc = pol_users_hash(c, o->hash, o->want->password);
	if (rc == 0)
		(void)pol_users_row(c, o->want, o->uid, o->hash, &rc);
	return rc;
}

static int
told_create(struct pol_call *c, void *op)
{
	struct create *o = op;

	(void)pol_tell_user(c, &c->rows[0], o->fn, o->ctx);	/* it is made, whatever they say */
	return 0;
}

static int
refuse(const struct pol_admin *a, int code, const char *why)
{
	return pol_err_set(a->err, code, NULL, 0, 0, "%s", why);
}

int
pol_admin_user_create(const struct pol_admin *a, const struct policy_user *want, policy_user_fn *fn, void *ctx)
{
	struct create o = { .want = want, .fn = fn, .ctx = ctx };
	const char *bad = pol_users_bad(want);
	int rc;

	if (bad != NULL)
		return refuse(a, POLICY_ERR_INVALID, bad);
	if (pol_secret_uid(o.uid) != 0)
		return refuse(a, POLICY_ERR_INTERNAL, "the system gives no random bytes");
	rc = pol_call_run(a, judge_create, told_create, &o);
	explicit_bzero(o.hash, sizeof(o.hash));
	return rc;
}

/* ---- show and list ---- */

struct show {
	const char *who;
	policy_user_fn *fn;
	void *ctx;
};

static int
judge_show(struct pol_call *c, void *op)
{
	const struct show *o = op;
	struct policy_row user;
	struct pol_admin_on on;
	int found = pol_call_user(c, o->who, &user, &on), rc;

	if (found != 0 && found != POLICY_ERR_NOENT)
		return found;
	rc = pol_call_decide(c, "users:read", &on);
	if (rc == 0 && found != 0)
		return pol_call_fail(c, found, "there is no user '%s' in the store", o->who);
	if (rc == 0)
		rc = pol_tell_user(c, &user, o->fn, o->ctx);
	return rc < 0 ? rc : 0;
}

int
pol_admin_user_show(const struct pol_admin *a, const char *who, policy_user_fn *fn, void *ctx)
{
	struct show o = { who, fn, ctx };

	return pol_call_run(a, judge_show, NULL, &o);
}

static int
by_name(const void *a, const void *b)
{
	const struct policy_row *x = a, *y = b;
	int order = pol_bytes_cmp(x->type.data, x->type.len, y->type.data, y->type.len);

	return order != 0 ? order : pol_bytes_cmp(x->name.data, x->name.len, y->name.data, y->name.len);
}

static int
judge_list(struct pol_call *c, void *op)
{
	const struct show *o = op;
	struct pol_arena_mark mark;
	struct pol_admin_on on;
	size_t n;
	int rc;
	struct policy_row *list = pol_tell_gather(c, POLICY_ROW_USER, (struct policy_text){ NULL, 0 }, by_name, &n, &rc);

	pol_arena_mark(&c->arena, &mark);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = pol_call_on(c, &list[i], &on);
		if (rc == 0)
			rc = pol_call_may(c, "users:read", &on);
		if (rc == 0)
			rc = pol_tell_user(c, &list[i], o->fn, o->ctx);
		else if (rc == 1)
			rc = 0;
		pol_arena_return(&c->arena, &mark);
	}
	return rc < 0 ? rc : 0;
}

int
pol_admin_user_list(const struct pol_admin *a, policy_user_fn *fn, void *ctx)
{
	struct show o = { NULL, fn, ctx };

	return pol_call_run(a, judge_list, NULL, &o);
}
