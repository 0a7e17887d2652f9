/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login: a password is changed for a token, which is kept. logout: it is revoked and
 * forgotten; forgotten also where it cannot be revoked, which is then said.
 */
#include <string.h>

#include "cli/account.h"
#include "cli/kept.h"
#include "cli/when.h"

struct kept {
	struct pol_account *c;
	char id[256];
	int status;
};

static int
keep(void *ctx, const struct policy_token_info *t)
{
	struct pol_json j = { NULL, 0, 0, false };
	struct kept *k = ctx;
	char when[32];

	snprintf(k->id, sizeof(k->id), "%.*s", (int)t->id.len, t->id.data);
	k->status = pol_kept_write(k->c->a, t->secret);
	if (k->status != 0)
		return 0;
	if (k->c->a->json) {
		pol_json_open(&j, NULL, '{');
		pol_json_bool(&j, "ok", true);
		pol_say_json_text(&j, "user", t->who);
		pol_say_json_text(&j, "token_id", t->id);
		pol_say_json_time(&j, "expires", t->expires_ns);
		pol_json_close(&j, '}');
		return pol_out_json(&j) != 0 ? POLICY_ERR_NOMEM : 0;
	}
	fputs("logged in as ", stdout);
	pol_out_text_n(stdout, t->who.data, t->who.len);
	printf(t->expires_ns != 0 ? " until %s\n" : "\n", pol_when_text(when, t->expires_ns));
	return 0;
}

int
pol_cmd_login(struct pol_account *c)
{
	struct policy_token_info want = POLICY_TOKEN_INFO_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	const struct pol_args *given = c->a;
	struct pol_args a = *given;
	struct kept k = { .c = c };
	int rc = pol_when_end(given, &want.expires_ns, 0);

	a.login = a.words[0];
	c->a = &a;
	if (rc == 0)
		rc = pol_account_credential(c, false);
	c->a = given;
	if (rc == 0)
		rc = pol_account_open(c);
	if (rc != 0)
		return rc;
	want.kind = policy_text(given->kind);
	want.name = policy_text("policyctl login");
	rc = pol_account_said(c, policy_token_create(c->host.p, &c->as, &want, keep, &k, &c->err));
	if (rc == 0 && k.status != 0) {
		(void)policy_token_revoke(c->host.p, &c->as, k.id, &err);
		return k.status;
	}
	return rc;
}

static int
take_id(void *ctx, const struct policy_token_info *t)
{
	struct kept *k = ctx;

	snprintf(k->id, sizeof(k->id), "%.*s", (int)t->id.len, t->id.data);
	return 0;
}

/* By itself: it need not be allowed to anything else. */
static int
revoke(struct pol_account *c)
{
	struct kept k = { .c = c };
	int rc = pol_account_open(c);

	if (rc != 0)
		return rc;
	rc = policy_token_show(c->host.p, &c->as, NULL, &c->credential, take_id, &k, &c->err);
	if (rc == 0)
		rc = policy_token_revoke(c->host.p, &c->as, k.id, &c->err);
	return pol_account_said(c, rc);
}

int
pol_cmd_logout(struct pol_account *c)
{
	struct pol_json j = { NULL, 0, 0, false };
	int rc, gone;

	rc = pol_kept_read(&c->secret, c->a);
	if (rc != 0)
		return rc;
	if (c->secret.len == 0) {
		fprintf(stderr, "policyctl logout: nobody is logged in\n");
		return POL_NO;
	}
	c->credential.kind = policy_text(c->a->type != NULL ? c->a->type : "bearer");
	c->credential.data = (struct policy_text){ c->secret.data, c->secret.len };
	c->as.credentials = &c->credential;
	c->as.credentials_count = 1;
	rc = revoke(c);
	gone = pol_kept_remove(c->a);
	if (rc != 0 && gone == 0)
		fprintf(stderr, "policyctl logout: the token is forgotten here, but it was not revoked: it is good until it ends\n");
	if (c->a->json && gone == 0) {
		pol_json_open(&j, NULL, '{');
		pol_json_bool(&j, "ok", rc == 0);
		pol_json_bool(&j, "revoked", rc == 0);
		pol_json_close(&j, '}');
		(void)pol_out_json(&j);
	}
	return gone != 0 ? gone : rc;
}
