/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users, hashes of their passwords, and keys, as another system had them: in blocks, each
 * whole or not at all. What cannot be taken is told and left alone, with all that is its.
 * Keys are known by their hashes; however short they were, new ones are long.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/tokens.h"
#include "admin/users.h"

#define BLOCK 256u

struct block {
	const struct policy_import *list;
	size_t n;
	struct policy_error *bad;	/* [n]; code 0: taken */
};

static bool
same(struct policy_text a, struct policy_text b)
{
	return pol_bytes_equal(a.data, a.len, b.data, b.len);
}

/* What needs no store to be told. */
static const char *
bad_item(const struct policy_import *i)
{
	const char *bad = pol_users_bad(&i->user);

	if (bad != NULL || i->flags != 0)
		return bad != NULL ? bad : "unknown flags";
	if (i->user.password.data != NULL)
		return "a password is not imported, its hash is";
	bad = i->password_hash.data != NULL ? pol_secret_bad_hash(i->password_hash) : NULL;
	for (size_t k = 0; bad == NULL && k < i->keys_count; k++) {
		const struct policy_token_info *t = &i->keys[k].info;

		if ((t->flags & ~(POLICY_TOKEN_SCOPED | POLICY_TOKEN_RENEWABLE)) != 0 || t->expires_ns < 0 || t->name.len > 255 ||
		    ((t->flags & POLICY_TOKEN_SCOPED) == 0 && t->scopes_count != 0) || t->scopes_count > POLICY_IDENTITY_LISTED ||
		    t->kind.len > POL_MAX_TYPE || t->step.len > 255)
			bad = "flags, times, scopes or texts of a key are out of their range";
		for (size_t s = 0; bad == NULL && s < t->scopes_count; s++) {
			if (t->scopes[s].len == 0 || memchr(t->scopes[s].data, ' ', t->scopes[s].len) != NULL)
				bad = "a scope of a key has a name without spaces";
		}
	}
	return bad;
}

/* Earlier in this block, so that the store does not know it yet. */
static bool
is_earlier(const struct block *b, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		const struct policy_text x = b->list[i].user.type.len > 0 ? b->list[i].user.type : policy_text("user");
		const struct policy_text y = b->list[at].user.type.len > 0 ? b->list[at].user.type : policy_text("user");

		if (b->bad[i].code == 0 && same(b->list[i].user.name, b->list[at].user.name) && same(x, y))
			return true;
	}
	return false;
}

/* Roles and groups the set has, and no key that the store has. */
static int
check_names(struct pol_call *c, const struct policy_import *i)
{
	struct policy_row there;
	char hex[POL_HEX_LEN + 1];
	const char *bad = NULL;
	int rc = pol_call_hold(c);

	if (rc != 0)
		return rc;
	for (size_t k = 0; bad == NULL && k < i->roles_count; k++)
		bad = pol_find_role(c->e->program, i->roles[k].data, i->roles[k].len) == POL_NONE ? "the set has no such role as one of its" : NULL;
	for (size_t k = 0; bad == NULL && k < i->user.groups_count; k++)
		bad = pol_held_group_number(c->e, i->user.groups[k]) == POL_NONE ? "the set has no such group as one of its" : NULL;
	for (size_t k = 0; bad == NULL && k < i->keys_count; k++) {
		pol_secret_hex_of(hex, i->keys[k].sha256);
		there = (struct policy_row)POLICY_ROW_INIT;
		if (pol_fact_token(c->e->people, policy_text(hex), &there))
			bad = "the store has one of its keys already";
	}
	pol_call_release(c);
	return bad != NULL ? pol_call_fail(c, POLICY_ERR_INVALID, "%s", bad) : 0;
}

/* ---- rows ---- */

static char *
new_id(struct pol_call *c)
{
	char *id = pol_arena_alloc(&c->arena, POL_UID_LEN + 1);

	return id != NULL && pol_secret_uid(id) == 0 ? id : NULL;
}

static int
grant_row(struct pol_call *c, const char *uid, struct policy_text role, struct policy_text by)
{
	struct policy_row *row = pol_call_row(c, POLICY_ROW_GRANT, NULL);
	const char *id = new_id(c);

	if (row == NULL || id == NULL)
		return pol_call_nomem(c);
	row->id = policy_text(id);
	row->owner = policy_text(uid);
	row->name = role;
	row->made_ns = c->now;
	row->by = by;
	return 0;
}

static int
key_row(struct pol_call *c, const char *uid, const struct policy_imported_key *key, struct policy_text by)
{
	const int64_t most = c->now > INT64_MAX - c->a->env->token_most ? INT64_MAX : c->now + c->a->env->token_most;
	const struct policy_token_info *t = &key->info;
	struct policy_row *row = pol_call_row(c, POLICY_ROW_TOKEN, NULL);
	const char *id = new_id(c);
	char *hex = pol_arena_alloc(&c->arena, POL_HEX_LEN + 1);

	if (row == NULL || id == NULL || hex == NULL)
		return pol_call_nomem(c);
	pol_secret_hex_of(hex, key->sha256);
	row->id = policy_text(id);
	row->owner = policy_text(uid);
	row->type = t->kind.data != NULL ? t->kind : policy_text("token");
	row->name = t->name;
	row->source = t->step;
	row->secret = policy_text(hex);
	row->by = by;
	row->made_ns = row->from_ns = c->now;
	/* none outlives what the set allows one of its own */
	row->until_ns = t->expires_ns != 0 && t->expires_ns < most ? t->expires_ns : most;
	row->flags = ((t->flags & POLICY_TOKEN_SCOPED) != 0 ? POLICY_ROW_SCOPED : 0) |
	    ((t->flags & POLICY_TOKEN_RENEWABLE) != 0 ? POLICY_ROW_RENEWABLE : 0);
	if ((t->flags & POLICY_TOKEN_SCOPED) != 0) {
		row->list = pol_call_join(c, t->scopes, t->scopes_count);
		if (row->list.data == NULL)
			return pol_call_nomem(c);
	}
	return row->list.len <= 8192 ? 0 : pol_call_fail(c, POLICY_ERR_LIMIT, "the names of a key's scopes have at most 8192 bytes");
}

static int
take_item(struct pol_call *c, const struct policy_import *i)
{
	const struct policy_text by = pol_call_by(c);
	const char *uid = new_id(c);
	struct policy_row *row;
	int rc = uid != NULL && by.data != NULL ? pol_users_free(c, &i->user) : pol_call_nomem(c);

	if (rc == 0)
		rc = check_names(c, i);
	for (size_t k = 0; rc == 0 && k < i->keys_count; k++)
		rc = pol_tokens_known(c, i->keys[k].info.kind.data != NULL ? i->keys[k].info.kind : policy_text("token"),
		    i->keys[k].info.scopes, i->keys[k].info.scopes_count);
	row = rc == 0 ? pol_users_row(c, &i->user, uid, NULL, &rc) : NULL;
	if (row != NULL)
		row->secret = i->password_hash;
	for (size_t k = 0; rc == 0 && k < i->roles_count; k++)
		rc = grant_row(c, uid, i->roles[k], by);
	for (size_t k = 0; rc == 0 && k < i->keys_count; k++)
		rc = key_row(c, uid, &i->keys[k], by);
	return rc;
}

/* ---- blocks ---- */

/* Of one item, so that the rest is taken; the others end the call. */
static bool
is_its_own(int rc)
{
	return rc == POLICY_ERR_EXISTS || rc == POLICY_ERR_INVALID || rc == POLICY_ERR_LIMIT;
}

static int
judge(struct pol_call *c, void *op)
{
	struct block *b = op;
	int rc = pol_call_escalate(c, "users are imported");

	for (size_t i = 0; rc == 0 && i < b->n; i++) {
		const size_t before = c->n_rows;
		const char *bad = bad_item(&b->list[i]);

		b->bad[i] = (struct policy_error)POLICY_ERROR_INIT;
		if (bad != NULL)
			rc = pol_call_fail(c, POLICY_ERR_INVALID, "%s", bad);
		else if (is_earlier(b, i))
			rc = pol_call_fail(c, POLICY_ERR_EXISTS, "the same name comes twice");
		else
			rc = take_item(c, &b->list[i]);
		if (!is_its_own(rc))
			continue;
		c->n_rows = before;
		if (c->room > before)
			memset(&c->rows[before], 0, (c->room - before) * sizeof(*c->rows));
		b->bad[i] = *c->a->err;
		c->a->err->code = 0;
		c->a->err->text[0] = '\0';
		rc = 0;
	}
	return rc;
}

int
pol_admin_import(const struct pol_admin *a, const struct policy_import *list, size_t n,
    int (*skipped)(void *ctx, size_t at, const struct policy_error *why), void *ctx)
{
	struct policy_error *bad = calloc(BLOCK, sizeof(*bad));
	int rc = 0;

	if (bad == NULL)
		return pol_err_nomem(a->err);
	for (size_t at = 0; rc == 0 && at < n; at += BLOCK) {
		struct block b = { .list = list + at, .n = n - at < BLOCK ? n - at : BLOCK, .bad = bad };

		rc = pol_call_run(a, judge, NULL, &b);
		for (size_t i = 0; rc == 0 && i < b.n; i++) {
			if (bad[i].code != 0 && skipped != NULL)
				rc = skipped(ctx, at + i, &bad[i]);
		}
		if (rc > 0) {		/* it wants no more */
			rc = 0;
			break;
		}
	}
	free(bad);
	return rc;
}
