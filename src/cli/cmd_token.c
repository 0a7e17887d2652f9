/* SPDX-License-Identifier: Apache-2.0 */
/* token and key: create, list, renew, revoke. show is in token_show.c. */
#include "cli/token.h"

#include <stdlib.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/when.h"

static const char key_kind[] = "api_key";

/* ---- one that was just made ---- */

struct made {
	struct pol_account *c;
	char id[256];
	int status;
};

/* The secret alone to standard output, what is to be known of it beside it. */
static int
tell_made(void *ctx, const struct policy_token_info *t)
{
	struct pol_json j = { NULL, 0, 0, false };
	struct made *m = ctx;

	snprintf(m->id, sizeof(m->id), "%.*s", (int)t->id.len, t->id.data);
	if (!m->c->a->json) {
		m->status = pol_say_secret(m->c, t->secret);
		pol_token_say(stderr, t);
		return 0;
	}
	pol_json_open(&j, NULL, '{');
	pol_say_json_text(&j, "token", t->secret);
	pol_token_json(&j, t);
	pol_json_close(&j, '}');
	m->status = j.failed ? EX_OSERR : pol_say_secret(m->c, (struct policy_text){ j.data, j.len });
	if (j.data != NULL)
		explicit_bzero(j.data, j.cap);
	pol_json_fini(&j);
	return 0;
}

static int
create(struct pol_account *c, const char *kind)
{
	struct policy_token_info want = POLICY_TOKEN_INFO_INIT;
	struct made m = { .c = c };
	const struct pol_args *a = c->a;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_text *scopes;
	int rc = pol_when_end(a, &want.expires_ns, 0);

	if (rc != 0)
		return rc;
	scopes = pol_user_items(a->scopes, &want.scopes_count);
	if (scopes == NULL)
		return EX_OSERR;
	want.who = policy_text(a->n_words > 0 ? a->words[0] : NULL);
	want.kind = policy_text(a->kind != NULL ? a->kind : kind);
	want.name = policy_text(a->name);
	want.step = policy_text(a->step);
	want.scopes = scopes;
	want.flags = (a->scopes != NULL ? POLICY_TOKEN_SCOPED : 0) | (a->renewable ? POLICY_TOKEN_RENEWABLE : 0) |
	    (a->step != NULL ? POLICY_TOKEN_SIGNED : 0);
	rc = pol_account_said(c, policy_token_create(c->host.p, &c->as, &want, tell_made, &m, &c->err));
	free(scopes);
	if (rc == 0 && m.status != 0) {
		/* nobody has seen it, and nobody ever will */
		if (policy_token_revoke(c->host.p, &c->as, m.id, &err) != 0)
			fprintf(stderr, "policyctl %s: %s was made, and could not be revoked: %s\n", a->verb, m.id, err.text);
		return m.status;
	}
	return rc;
}

int
pol_cmd_token_create(struct pol_account *c)
{
	return create(c, NULL);
}

int
pol_cmd_key_create(struct pol_account *c)
{
	return create(c, key_kind);
}

int
pol_cmd_token_renew(struct pol_account *c)
{
	struct made m = { .c = c };
	int64_t end;
	int rc = pol_when_end(c->a, &end, 0);

	if (rc == 0)
		rc = pol_account_said(c, policy_token_renew(c->host.p, &c->as, c->a->words[0], end, tell_made, &m, &c->err));
	return rc != 0 ? rc : m.status;
}

/* ---- many ---- */

struct listing {
	struct pol_account *c;
	const char *kind;		/* NULL: all */
	struct pol_columns t;
};

static int
list_one(void *ctx, const struct policy_token_info *t)
{
	struct pol_json j = { NULL, 0, 0, false };
	struct listing *l = ctx;

	if (l->kind != NULL && (t->kind.len != strlen(l->kind) || memcmp(t->kind.data, l->kind, t->kind.len) != 0))
		return 0;
	if (l->c->a->json) {
		pol_json_open(&j, NULL, '{');
		pol_token_json(&j, t);
		pol_json_close(&j, '}');
		return pol_out_json(&j) != 0 ? POLICY_ERR_NOMEM : 0;
	}
	pol_columns_text(&l->t, t->id);
	pol_columns_text(&l->t, t->who);
	pol_columns_text(&l->t, t->kind);
	pol_columns_text(&l->t, t->name);
	pol_columns_text(&l->t, policy_text(pol_token_state(t)));
	pol_columns_time(&l->t, t->expires_ns);
	pol_columns_text(&l->t, t->prefix);
	if ((t->flags & POLICY_TOKEN_SCOPED) == 0)
		pol_columns_text(&l->t, policy_text("all"));
	else
		pol_columns_list(&l->t, t->scopes, t->scopes_count);
	return l->t.failed ? POLICY_ERR_NOMEM : 0;
}

static int
list(struct pol_account *c, const char *kind)
{
	struct listing l = { .c = c, .kind = c->a->kind != NULL ? c->a->kind : kind,
	    .t = { .heads = { "ID", "USER", "KIND", "NAME", "STATE", "EXPIRES", "BEGINS", "SCOPES" }, .keep = 1 } };
	int rc;

	rc = policy_token_list(c->host.p, &c->as, c->a->n_words > 0 ? c->a->words[0] : NULL, list_one, &l, &c->err);
	rc = pol_account_said(c, rc);
	return pol_columns_end(&l.t) != 0 && rc == 0 ? EX_OSERR : rc;
}

int
pol_cmd_token_list(struct pol_account *c)
{
	return list(c, NULL);
}

int
pol_cmd_key_list(struct pol_account *c)
{
	return list(c, key_kind);
}

/* ---- revoke ---- */

struct old {
	int64_t before;
	char (*ids)[256];
	size_t n, room;
};

static int
gather(void *ctx, const struct policy_token_info *t)
{
	struct old *o = ctx;
	char (*ids)[256];

	if ((t->flags & POLICY_TOKEN_REVOKED) != 0 || t->issued_ns >= o->before || t->id.len >= sizeof(*ids))
		return 0;
	if (o->n == o->room) {
		o->room = o->room == 0 ? 64 : o->room * 2;
		ids = reallocarray(o->ids, o->room, sizeof(*ids));
		if (ids == NULL)
			return POLICY_ERR_NOMEM;
		o->ids = ids;
	}
	snprintf(o->ids[o->n++], sizeof(*ids), "%.*s", (int)t->id.len, t->id.data);
	return 0;
}

static int
revoke_before(struct pol_account *c)
{
	struct old o = { .ids = NULL };
	size_t done = 0;
	int rc = pol_when_time(c->a, &o.before, "before", c->a->before);

	if (rc == 0)
		rc = pol_account_said(c, policy_token_list(c->host.p, &c->as, c->a->user, gather, &o, &c->err));
	while (rc == 0 && done < o.n)
		rc = pol_account_said(c, policy_token_revoke(c->host.p, &c->as, o.ids[done++], &c->err));
	if (rc == 0)
		fprintf(stderr, "%zu revoked\n", done);
	free(o.ids);
	return rc;
}

static int
revoke(struct pol_account *c)
{
	const struct pol_args *a = c->a;
	const struct policy_user none = POLICY_USER_INIT;
	int rc = 0;

	if ((a->n_words > 0) == (a->user != NULL))
		return pol_out_usage(a, "either ID... or --user WHO is wanted");
	if (a->before != NULL && a->user == NULL)
		return pol_out_usage(a, "--before wants --user WHO");
	if (a->before != NULL)
		return revoke_before(c);
	if (a->user != NULL)
		return pol_account_said(c, policy_user_change(c->host.p, &c->as, a->user, POLICY_CHANGE_VOID, &none, &c->err));
	for (size_t i = 0; i < a->n_words && rc == 0; i++)
		rc = pol_account_said(c, policy_token_revoke(c->host.p, &c->as, a->words[i], &c->err));
	return rc;
}

int
pol_cmd_token_revoke(struct pol_account *c)
{
	return pol_say_done(c, revoke(c));
}
