/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said of a token; token show. Its JSON has the members of RFC 7662, those that
 * integrate.ai's token_info has, and ours: a program of either reads what it knows.
 */
#include <string.h>
#include <time.h>

#include "cli/owner.h"
#include "cli/token.h"
#include "cli/when.h"

#define SECOND 1000000000

const char *
pol_token_state(const struct policy_token_info *t)
{
	if (t->active != 0)
		return "active";
	if ((t->flags & POLICY_TOKEN_REVOKED) != 0)
		return "revoked";
	return t->expires_ns != 0 && t->expires_ns / SECOND <= (int64_t)time(NULL) ? "expired" : "void";
}

/* What it opens, scopes that others imply among them; null: all that its owner may. */
static void
json_scope(struct pol_json *j, const struct policy_token_info *t)
{
	const bool told = t->implied_count > 0;
	const struct policy_text *list = told ? t->implied : t->scopes;
	const size_t n = told ? t->implied_count : t->scopes_count;
	char text[8192];
	size_t len = 0;

	if ((t->flags & POLICY_TOKEN_SCOPED) == 0) {
		pol_json_null(j, "scope");
		return;
	}
	for (size_t i = 0; i < n && len + list[i].len + 1 < sizeof(text); i++) {
		if (i > 0)
			text[len++] = ' ';
		memcpy(text + len, list[i].data, list[i].len);
		len += list[i].len;
	}
	pol_json_text(j, "scope", text, len);
}

static void
json_unix(struct pol_json *j, const char *name, int64_t ns)
{
	if (ns > 0)
		pol_json_uint(j, name, (uint64_t)ns / SECOND);
	else
		pol_json_null(j, name);
}

void
pol_token_json(struct pol_json *j, const struct policy_token_info *t)
{
	pol_json_bool(j, "active", t->active != 0);
	json_scope(j, t);
	pol_say_json_text(j, "user_id", t->who);
	pol_say_json_text(j, "token_id", t->id);
	json_unix(j, "iat", t->issued_ns);
	pol_json_bool(j, "renewable", (t->flags & POLICY_TOKEN_RENEWABLE) != 0);
	pol_say_json_text(j, "username", t->who);
	pol_say_json_text(j, "client_id", t->name);
	pol_json_str(j, "token_type", "Bearer");
	json_unix(j, "exp", t->expires_ns);
	pol_say_json_text(j, "sub", t->user_id);
	pol_say_json_text(j, "jti", t->id);
	pol_say_json_text(j, "kind", t->kind);
	pol_say_json_text(j, "name", t->name);
	pol_say_json_text(j, "step", t->step);
	pol_say_json_text(j, "org", t->org);
	pol_say_json_text(j, "begins", t->prefix);
	if ((t->flags & POLICY_TOKEN_SCOPED) != 0)
		pol_say_json_list(j, "scopes", t->scopes, t->scopes_count);
	else
		pol_json_null(j, "scopes");
	pol_json_bool(j, "signed", (t->flags & POLICY_TOKEN_SIGNED) != 0);
	pol_json_bool(j, "revoked", (t->flags & POLICY_TOKEN_REVOKED) != 0);
	pol_say_json_text(j, "actor", (t->flags & POLICY_TOKEN_ACTOR) != 0 ? t->by : (struct policy_text){ NULL, 0 });
	pol_say_json_text(j, "by", t->by);
	pol_say_json_time(j, "created", t->created_ns);
	pol_say_json_time(j, "expires", t->expires_ns);
}

void
pol_token_say(FILE *f, const struct policy_token_info *t)
{
	pol_say_line(f, "token", t->id);
	pol_say_line(f, "user", t->who);
	pol_say_line(f, "uid", t->user_id);
	pol_say_line(f, "org", t->org);
	pol_say_line(f, "kind", t->kind);
	pol_say_line(f, "name", t->name);
	pol_say_line(f, "begins", t->prefix);
	pol_say_line(f, "state", policy_text(pol_token_state(t)));
	if ((t->flags & POLICY_TOKEN_SCOPED) == 0)
		pol_say_line(f, "scopes", policy_text("all that its owner may do"));
	else if (t->scopes_count == 0)
		pol_say_line(f, "scopes", policy_text("none: it opens nothing"));
	else
		pol_say_list(f, "scopes", t->scopes, t->scopes_count);
	if (t->implied_count > t->scopes_count)
		pol_say_list(f, "opens", t->implied, t->implied_count);
	pol_say_time(f, "created", t->created_ns);
	if (t->issued_ns != t->created_ns)
		pol_say_time(f, "renewed", t->issued_ns);
	pol_say_time(f, "expires", t->expires_ns);
	if ((t->flags & POLICY_TOKEN_RENEWABLE) != 0)
		pol_say_line(f, "renewable", policy_text("yes"));
	pol_say_line(f, (t->flags & POLICY_TOKEN_ACTOR) != 0 ? "acts for it" : "by", t->by);
}

/* ---- show ---- */

struct shown {
	struct pol_account *c;
	char uid[256], org[256];
	struct pol_owner owner;
};

static int
take_owner(void *ctx, const struct policy_token_info *t)
{
	struct shown *s = ctx;

	if (t->user_id.len < sizeof(s->uid))
		snprintf(s->uid, sizeof(s->uid), "%.*s", (int)t->user_id.len, t->user_id.data);
	if (t->org.data != NULL && t->org.len < sizeof(s->org))
		snprintf(s->org, sizeof(s->org), "%.*s", (int)t->org.len, t->org.data);
	return 0;
}

static int
tell(void *ctx, const struct policy_token_info *t)
{
	struct pol_json j = { NULL, 0, 0, false };
	struct shown *s = ctx;

	if (!s->c->a->json) {
		pol_token_say(stdout, t);
		return 0;
	}
	pol_json_open(&j, NULL, '{');
	pol_owner_json(&j, &s->owner, POL_OWNER_CUSTOMER, POL_OWNER_USER_TYPE);
	pol_token_json(&j, t);
	pol_json_close(&j, '}');
	return pol_out_json(&j) != 0 ? POLICY_ERR_NOMEM : 0;
}

static int
show(struct pol_account *c, const char *id, const struct policy_credential *itself)
{
	struct shown s = { .c = c };
	int rc;

	/* asked twice: what is told lasts for the call, and within one no other may be made */
	rc = policy_token_show(c->host.p, &c->as, id, itself, take_owner, &s, &c->err);
	if (rc == 0 && c->a->json)
		pol_owner_read(&s.owner, c, policy_text(s.uid), policy_text(s.org));
	if (rc == 0)
		rc = policy_token_show(c->host.p, &c->as, id, itself, tell, &s, &c->err);
	return pol_account_said(c, rc);
}

int
pol_cmd_token_show(struct pol_account *c)
{
	struct policy_credential itself = { .kind = POLICY_TEXT("bearer") };
	const struct pol_args *a = c->a;
	struct pol_line secret;
	int rc;

	if ((a->n_words > 0) == (a->secret_file != NULL))
		return pol_out_usage(a, "either ID or --secret-file FILE is wanted");
	if (a->n_words > 0) {
		if (c->as.credentials_count == 0)
			return pol_out_usage(a, "nobody is logged in: policyctl login, --token-file FILE or --login NAME is wanted");
		return show(c, a->words[0], NULL);
	}
	rc = pol_prompt_file(&secret, a, a->secret_file);
	if (rc != 0)
		return rc;
	itself.data = (struct policy_text){ secret.data, secret.len };
	if (c->as.credentials_count == 0) {
		c->as.credentials = &itself;
		c->as.credentials_count = 1;
	}
	rc = show(c, NULL, &itself);
	pol_prompt_wipe(&secret);
	return rc;
}
