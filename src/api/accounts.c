/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules are foreign code, so none runs within a snapshot: it is held for as long as a
 * row takes to be copied. What a row counts for is judged here, once for all modules: who
 * is shadowed by a file's text has no account, and a token of nobody is one whose owner
 * was deleted.
 */
#include "api/accounts.h"

#include <string.h>

#include "api/handle.h"
#include "api/logins.h"
#include "api/store.h"
#include "base/name.h"
#include "people/fact.h"

/* ---- a row as an account ---- */

static int
copy_text(struct policy_account *out, struct policy_text *to, struct policy_text t)
{
	char *at = out->bytes + out->bytes_count;

	*to = (struct policy_text){ NULL, 0 };
	if (t.data == NULL)
		return 0;
	if (t.len >= sizeof(out->bytes) - out->bytes_count)
		return POLICY_ERR_LIMIT;
	memcpy(at, t.data, t.len);
	at[t.len] = '\0';
	out->bytes_count += (uint32_t)t.len + 1;
	*to = (struct policy_text){ at, t.len };
	return 0;
}

static int
copy(struct policy_account *out, const struct policy_row *r)
{
	const struct { struct policy_text *to, from; } texts[] = {
		{ &out->id, r->id }, { &out->type, r->type }, { &out->name, r->name }, { &out->owner, r->owner },
		{ &out->org, r->org }, { &out->by, r->by }, { &out->source, r->source }, { &out->secret, r->secret },
		{ &out->list, r->list },
	};
	int rc = 0;

	out->flags = r->flags;
	out->number = r->number;
	out->bytes_count = 0;
	out->made_ns = r->made_ns;
	out->from_ns = r->from_ns;
	out->until_ns = r->until_ns;
	for (size_t i = 0; rc == 0 && i < sizeof(texts) / sizeof(texts[0]); i++)
		rc = copy_text(out, texts[i].to, texts[i].from);
	return rc;
}

/* Whose token it is; where that is nobody any more, or nobody who counts, GONE. */
static int
copy_owner(struct policy_account *out, const struct pol_people *w, struct policy_text uid)
{
	struct policy_row user;
	int rc;

	if (uid.data == NULL || !pol_fact_find(w, POLICY_ROW_USER, uid, &user)) {
		memset(&user, 0, sizeof(user));
		user.flags = POLICY_ROW_GONE;
	}
	rc = copy(out, &user);
	if ((user.flags & POLICY_ROW_GONE) == 0 && pol_fact_standing(w, &user) != POL_STANDING_GOOD)
		out->flags |= POLICY_ROW_OFF;
	return rc;
}

/* ---- asked ---- */

/* What is in force, if it may be relied on. First whether it is fresh, then the look. */
static const struct pol_snapshot *
enter(struct policy *p, _Atomic uint32_t **in)
{
	const bool fresh = pol_store_is_good(p);
	const struct pol_snapshot *s = pol_handle_enter(p, in);

	return s != NULL && fresh && !s->off && s->store != NULL ? s : NULL;
}

static int
find_user(void *ctx, struct policy_text type, struct policy_text name, struct policy_account *out)
{
	struct policy *p = ctx;
	_Atomic uint32_t *in;
	const struct pol_snapshot *s = enter(p, &in);
	struct policy_row user;
	int rc = s == NULL ? POLICY_ERR_UNAVAILABLE : POLICY_ERR_NOENT;

	if (s != NULL && pol_fact_user(s->engine.people, type, name, &user) && (user.flags & POLICY_ROW_GONE) == 0 &&
	    ((user.flags & POLICY_ROW_OFF) != 0 || pol_fact_standing(s->engine.people, &user) == POL_STANDING_GOOD))
		rc = copy(out, &user);
	pol_handle_exit(in);
	if (rc == 0)
		pol_logins_overlay(p, out);
	return rc;
}

static int
find_token(void *ctx, const unsigned char sha256[32], struct policy_account *token, struct policy_account *user)
{
	_Atomic uint32_t *in;
	const struct pol_snapshot *s = enter(ctx, &in);
	struct policy_row row;
	char hex[64];
	int rc = s == NULL ? POLICY_ERR_UNAVAILABLE : POLICY_ERR_NOENT;

	for (size_t i = 0; i < sizeof(hex); i++)
		hex[i] = "0123456789abcdef"[sha256[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
	if (s != NULL && pol_fact_token(s->engine.people, (struct policy_text){ hex, sizeof(hex) }, &row))
		rc = copy(token, &row);
	if (rc == 0)
		rc = copy_owner(user, s->engine.people, row.owner);
	pol_handle_exit(in);
	return rc;
}

static int
find_token_id(void *ctx, struct policy_text step, struct policy_text id, struct policy_account *token,
    struct policy_account *user)
{
	_Atomic uint32_t *in;
	const struct pol_snapshot *s = enter(ctx, &in);
	struct policy_row row;
	int rc = s == NULL ? POLICY_ERR_UNAVAILABLE : POLICY_ERR_NOENT;

	if (s != NULL && pol_fact_find(s->engine.people, POLICY_ROW_TOKEN, id, &row) &&
	    (row.source.data == NULL || pol_bytes_equal(row.source.data, row.source.len, step.data, step.len)))
		rc = copy(token, &row);
	if (rc == 0)
		rc = copy_owner(user, s->engine.people, row.owner);
	pol_handle_exit(in);
	return rc;
}

static void
report_password(void *ctx, struct policy_text uid, int good, struct policy_text seen, const char *rehash)
{
	pol_logins_report(ctx, uid, good != 0, seen, rehash);
}

const struct pol_stack_store pol_accounts_store = {
	.find_user = find_user, .find_token = find_token, .find_token_id = find_token_id, .report_password = report_password,
};
