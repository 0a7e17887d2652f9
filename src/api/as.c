/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In whose name a call of policy_admin.h is made. Credentials are judged once, since a
 * code may be good for one time only, and each decision of the call is then made for each
 * identity that they proved, as policy_decide() does it.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/secret.h"
#include "api/admin.h"
#include "api/ask.h"
#include "api/store.h"
#include "api/who.h"
#include "auth/identity.h"
#include "base/err.h"
#include "base/name.h"
#include "base/sized.h"
#include "core/fill.h"
#include "people/fact.h"

static int
refuse(struct policy_error *err, int code, const char *why)
{
	return pol_err_set(err, code, NULL, 0, 0, "%s", why);
}

/* ---- what admin/ is handed ---- */

static int
env_sync(void *ctx, uint64_t *seen, struct policy_error *err)
{
	pol_did_begin(ctx);
	return pol_store_sync(((struct pol_as *)ctx)->p, seen, err);
}

static int
env_write(void *ctx, const struct policy_row *rows, size_t n, uint64_t seen, struct policy_error *err)
{
	int rc;

	rc = pol_did_write(ctx, rows, n);
	if (rc != 0)
		return rc;
	rc = pol_store_write(((struct pol_as *)ctx)->p, rows, n, seen, err);
	pol_did_wrote(ctx, rc);
	return rc;
}

static int
env_backup(void *ctx, const char *path, struct policy_error *err)
{
	return pol_store_backup(((struct pol_as *)ctx)->p, path, err);
}

static int64_t
env_now(void *ctx)
{
	return pol_judge_clock(((struct pol_as *)ctx)->p);
}

static const struct pol_engine *
env_enter(void *ctx)
{
	struct pol_as *a = ctx;
	const struct pol_snapshot *s = pol_handle_enter(a->p, &a->in);

	if (s != NULL && !s->off)
		return &s->engine;
	pol_handle_exit(a->in);
	return NULL;
}

static void
env_leave(void *ctx)
{
	pol_handle_exit(((struct pol_as *)ctx)->in);
}

static int
decide_judged(struct pol_as *a, const struct policy_request *req, struct policy_decision *out)
{
	const int64_t now = pol_judge_clock(a->p);
	int rc = POLICY_ERR_UNSUPPORTED;
	_Atomic uint32_t *in;
	const struct pol_snapshot *s = pol_handle_enter(a->p, &in);

	if (s != NULL && !s->off && !a->changed)
		rc = pol_who_decide(a->p, s, pol_time_from_ns(now), req, &a->judged, out, NULL);
	/* what they stand on is not what it was when it was known who calls */
	if (rc == POL_WHO_MISS)
		a->changed = true;
	if (s != NULL && !s->off && a->changed) {
		pol_fill_reason(out, POLICY_REASON_REVOKED, s->generation);
		rc = 0;
	}
	pol_handle_exit(in);
	return rc <= 0 ? rc : POLICY_ERR_INTERNAL;
}

static void
add_attribute(struct policy_attr *list, size_t *n, const char *name, struct policy_text t)
{
	if (t.data == NULL)
		return;
	memset(&list[*n], 0, sizeof(list[*n]));
	list[*n].name = policy_text(name);
	list[*n].value.type = POLICY_STRING;
	list[(*n)++].value.u.text = t;
}

static int
env_decide(void *ctx, const char *action, const struct pol_admin_on *on, struct policy_decision *out)
{
	struct pol_as *a = ctx;
	struct policy_request req = a->req;
	struct policy_attr list[4];
	size_t n = 0;
	int rc;

	add_attribute(list, &n, "user_id", on->user_id);
	add_attribute(list, &n, "owner", on->owner);
	add_attribute(list, &n, "org", on->org);
	add_attribute(list, &n, "kind", on->kind);
	req.action = policy_text(action);
	req.resource_type = on->type;
	req.resource_id = on->id;
	req.resource_attributes = (struct policy_attrs){ list, n };
	rc = req.credentials_count != 0 ? decide_judged(a, &req, out) : pol_ask_judged(a->p, &req, out, NULL, &a->judged);
	if (rc == 0)
		pol_did_hear(a, on, out);
	return rc;
}

static void
fill_env(struct pol_as *a, struct policy_error *err)
{
	const struct pol_snapshot *s;
	_Atomic uint32_t *in;

	a->env = (struct pol_admin_env){ .ctx = a, .sync = env_sync, .write = env_write, .enter = env_enter,
	    .leave = env_leave, .decide = env_decide, .now = env_now, .backup = env_backup, .issue = pol_issue_token };
	s = pol_handle_enter(a->p, &in);
	if (s != NULL) {
		a->env.token_life = s->token_life;
		a->env.token_most = s->token_most;
	}
	pol_handle_exit(in);
	a->admin.env = &a->env;
	a->admin.err = err;
}

/* ---- who ---- */

static void
know_asserted(struct pol_as *a)
{
	struct pol_caller *c = &a->caller;
	const struct policy_token *t = a->req.token;

	c->type = a->req.subject_type.data != NULL ? a->req.subject_type : policy_text("user");
	c->id = a->req.subject_id;
	if (t == NULL)
		return;
	c->scoped = (t->flags & POLICY_TOKEN_SCOPED) != 0;
	c->scopes = t->scopes;
	c->n_scopes = t->scopes_count;
	c->token_id = t->id;
	if (t->kind.data != NULL)
		c->kinds[c->n_kinds++] = t->kind;
}

/* What was judged, on the snapshot in force: several may not lend each other what they lack. */
static int
know_proved(struct pol_as *a, enum policy_reason reason, int64_t now, struct policy_error *err)
{
	struct pol_caller *c = &a->caller;
	uint32_t n;

	if (a->judged.rc != 0)
		return refuse(err, a->judged.rc, "the credentials could not be judged");
	n = reason == POLICY_REASON_RULE ? pol_pack_count(a->judged.packed, a->judged.len) : 0;
	if (reason == POLICY_REASON_RULE && (n == 0 || !pol_unpack(&a->id, a->judged.packed, a->judged.len, 0)))
		return refuse(err, POLICY_ERR_INTERNAL, "the credentials were judged, and nobody knows whose they are");
	if (reason == POLICY_REASON_RULE)
		reason = pol_who_still(a->p, &a->id, a->judged.stand.print != 0, now);
	if (reason != POLICY_REASON_RULE)
		pol_did_refuse(a, reason);
	if (reason != POLICY_REASON_RULE)
		return pol_err_set(err, reason == POLICY_REASON_UNAVAILABLE ? POLICY_ERR_UNAVAILABLE : POLICY_ERR_DENIED, NULL, 0, 0,
		    "the credentials are refused: %s", policy_reason_name((int)reason));
	c->type = a->id.subject_type;
	c->id = a->id.subject_id;
	c->scoped = a->id.scoped != 0;
	c->scopes = a->id.scopes;
	c->n_scopes = a->id.scopes_count;
	c->token_id = a->id.token_id;
	c->expires_ns = a->id.expires;
	c->several = n > 1;
	if (a->id.kind.len > 0)
		c->kinds[c->n_kinds++] = a->id.kind;
	return 0;
}

/* Judged, and standing on what it stood on then; else it is to be judged, anew. */
static bool
is_found(struct pol_as *a, const struct pol_snapshot *s, int64_t now, enum policy_reason *alive)
{
	struct pol_judged *j = &a->judged;

	if (j->list == NULL && !pol_judge_look(a->p, s, &a->req, now, j))
		return false;
	return j->rc != 0 || j->reason != POLICY_REASON_RULE || j->len == 0 || pol_judge_alive(a->p, s, now, j, alive);
}

static int
prove(struct pol_as *a, struct policy_error *err)
{
	int rc;

	rc = pol_judge_shape(a->req.credentials, a->req.credentials_count);
	if (rc != 0 || a->req.subject_id.data != NULL || a->req.subject_type.data != NULL || a->req.token != NULL || a->req.groups_count != 0)
		return refuse(err, rc != 0 ? rc : POLICY_ERR_ARG, "who asks is said by credentials or by a subject, well formed, not by both");
	do {
		const int64_t now = pol_judge_clock(a->p);
		_Atomic uint32_t *in;
		const struct pol_snapshot *s = pol_handle_enter(a->p, &in);
		enum policy_reason alive = POLICY_REASON_RULE;

		if (s == NULL || s->off)
			rc = refuse(err, POLICY_ERR_UNSUPPORTED, "the policy engine is switched off");
		else if (!is_found(a, s, now, &alive))
			rc = POL_WHO_MISS;
		else
			rc = know_proved(a, a->judged.reason != POLICY_REASON_RULE ? a->judged.reason : alive, now, err);
		pol_handle_exit(in);
		if (rc == POL_WHO_MISS)
			pol_judge_ask(a->p, &a->req, &a->judged);
	} while (rc == POL_WHO_MISS);
	return rc;
}

/* Copied, for its sizes are the caller's; what is no part of who asks must not be there. */
static int
take(struct pol_as *a, const struct policy_request *as, struct policy_error *err)
{
	int rc = pol_sized_in(&a->req, sizeof(a->req), sizeof(as->size), as);

	if (rc == 0 && a->req.token != NULL) {
		rc = pol_sized_in(&a->token, sizeof(a->token), sizeof(a->token.size), a->req.token);
		a->req.token = &a->token;
	}
	if (rc != 0)
		return refuse(err, rc, "the size of the request that says who asks, or of its token, makes no sense");
	a->req.size = sizeof(a->req);
	if (a->req.action.data != NULL || a->req.resource_type.data != NULL || a->req.resource_id.data != NULL ||
	    a->req.actor_id.data != NULL || a->req.actor_type.data != NULL || a->req.resource_attributes.count != 0 ||
	    a->req.action_attributes.count != 0)
		return refuse(err, POLICY_ERR_ARG, "who asks is said without an action, a resource or an actor");
	if (a->req.credentials_count != 0)
		return prove(a, err);
	if (a->req.subject_id.data == NULL || a->req.subject_id.len == 0)
		pol_did_refuse(a, POLICY_REASON_NO_CREDENTIAL);
	if (a->req.subject_id.data == NULL || a->req.subject_id.len == 0)
		return refuse(err, POLICY_ERR_DENIED, "it is not said in whose name the call is made");
	know_asserted(a);
	return 0;
}

static void
drop(struct pol_as *a)
{
	pol_judge_fini(&a->judged);
	free(a);
}

int
pol_as_begin(struct pol_as **out, struct policy *p, const struct policy_request *as, const char *action,
    struct policy_error *err)
{
	struct pol_as *a = calloc(1, sizeof(*a));
	int rc = 0;

	*out = NULL;
	if (a == NULL)
		return pol_err_nomem(err);
	a->p = p;
	a->id.size = sizeof(a->id);
	a->did.action = action;
	pol_judge_init(&a->judged);
	fill_env(a, err);
	if (as != NULL) {
		a->admin.caller = &a->caller;
		rc = take(a, as, err);
	}
	pol_did_who(a);
	if (rc == 0)
		rc = pol_did_may(a);
	if (rc != 0)
		return pol_as_end(a, rc);
	*out = a;
	return 0;
}

int
pol_as_end(struct pol_as *a, int rc)
{
	if (a == NULL)
		return rc;
	rc = pol_did_end(a, rc);
	drop(a);
	return rc;
}

/* ---- a token that shows itself ---- */

/* By its hash: who has it may look at it, good or not. */
static bool
find_itself(struct pol_as *a, struct policy_text data, char id[POL_MAX_ID + 1])
{
	struct policy_row row = POLICY_ROW_INIT;
	char hex[POL_HEX_LEN + 1];
	const struct pol_engine *e;
	bool found = false;

	if (data.data == NULL || data.len == 0)
		return false;
	pol_secret_hex(hex, data);
	e = env_enter(a);
	if (e != NULL) {
		found = pol_fact_token(e->people, policy_text(hex), &row) && row.id.len <= POL_MAX_ID;
		if (found)
			memcpy(id, row.id.data, row.id.len);
		if (found && row.owner.data != NULL && row.owner.len < sizeof(a->did.whose))
			memcpy(a->did.whose, row.owner.data, row.owner.len);
		env_leave(a);
	}
	explicit_bzero(hex, sizeof(hex));
	return found;
}

int
pol_as_itself(struct pol_as **out, char id[POL_MAX_ID + 1], struct policy *p, const struct policy_credential *itself,
    const char *action, struct policy_error *err)
{
	struct policy_request as = POLICY_REQUEST_INIT;
	struct pol_as *a;
	uint64_t seen;
	int rc = pol_as_begin(out, p, NULL, action, err);

	if (rc != 0)
		return rc;
	a = *out;
	memset(id, 0, POL_MAX_ID + 1);
	rc = env_sync(a, &seen, err);
	if (rc == 0 && find_itself(a, itself->data, id))
		return 0;
	*out = NULL;
	if (rc != 0)
		return pol_as_end(a, rc);
	drop(a);
	as.credentials = itself;
	as.credentials_count = 1;
	rc = pol_as_begin(out, p, &as, action, err);
	if (rc != 0)
		return rc;
	a = *out;
	if (a->caller.token_id.len > 0 && a->caller.token_id.len <= POL_MAX_ID) {
		memcpy(id, a->caller.token_id.data, a->caller.token_id.len);
		return 0;
	}
	*out = NULL;
	return pol_as_end(a, refuse(err, POLICY_ERR_NOENT, "the store has no such token"));
}
