/* SPDX-License-Identifier: Apache-2.0 */
/* user add, show, list, change, passwd, delete. */
#include <stdlib.h>
#include <string.h>

#include "cli/account.h"
#include "cli/columns.h"
#include "cli/when.h"

/* ---- one ---- */

static void
json_user(struct pol_json *j, const struct policy_user *u)
{
	pol_json_open(j, NULL, '{');
	pol_say_json_text(j, "uid", u->uid);
	pol_say_json_text(j, "name", u->name);
	pol_say_json_text(j, "type", u->type.data != NULL ? u->type : policy_text("user"));
	pol_say_json_text(j, "org", u->org);
	pol_say_json_list(j, "groups", u->groups, u->groups_count);
	pol_say_json_attributes(j, "attributes", u->attributes);
	pol_json_bool(j, "disabled", (u->flags & POLICY_USER_DISABLED) != 0);
	pol_json_bool(j, "generated", (u->flags & POLICY_USER_MADE) != 0);
	pol_json_bool(j, "must_change", (u->flags & POLICY_USER_CHANGE) != 0);
	pol_json_bool(j, "shadowed", (u->flags & POLICY_USER_SHADOWED) != 0);
	pol_json_bool(j, "has_password", u->has_password != 0);
	pol_say_json_text(j, "by", u->by);
	pol_say_json_time(j, "created", u->created_ns);
	pol_say_json_time(j, "valid_from", u->valid_from_ns);
	pol_json_close(j, '}');
}

static const char *
state_of(const struct policy_user *u)
{
	return (u->flags & POLICY_USER_SHADOWED) != 0 ? "shadowed" : (u->flags & POLICY_USER_DISABLED) != 0 ? "disabled" : "enabled";
}

static bool
is_plain(struct policy_text type)
{
	return type.len == 0 || (type.len == 4 && memcmp(type.data, "user", 4) == 0);
}

static void
say_name(FILE *f, const struct policy_user *u)
{
	if (!is_plain(u->type)) {
		pol_out_text_n(f, u->type.data, u->type.len);
		fputc(':', f);
	}
	pol_out_text_n(f, u->name.data, u->name.len);
	fputc('\n', f);
}

static void
say_user(FILE *f, const struct policy_user *u)
{
	char buf[256], label[64];

	say_name(f, u);
	pol_say_line(f, "uid", u->uid);
	pol_say_line(f, "org", u->org);
	pol_say_list(f, "groups", u->groups, u->groups_count);
	for (size_t i = 0; i < u->attributes.count; i++) {
		const struct policy_attr *at = &u->attributes.list[i];

		snprintf(label, sizeof(label), "%.*s", (int)at->name.len, at->name.data);
		pol_say_line(f, label, policy_text(pol_say_attribute(buf, &at->value)));
	}
	pol_say_line(f, "state", policy_text((u->flags & POLICY_USER_SHADOWED) != 0 ? "shadowed: a file names this user" : state_of(u)));
	if ((u->flags & POLICY_USER_MADE) != 0)
		pol_say_line(f, "account", policy_text("generated"));
	pol_say_line(f, "password", policy_text(u->has_password == 0 ? "none" :
	    (u->flags & POLICY_USER_CHANGE) != 0 ? "has to be changed" : "set"));
	pol_say_time(f, "created", u->created_ns);
	pol_say_line(f, "by", u->by);
	pol_say_time(f, "tokens from", u->valid_from_ns);
}

int
pol_user_tell(void *ctx, const struct policy_user *u)
{
	const struct pol_account *c = ctx;
	struct pol_json j = { NULL, 0, 0, false };

	if (!c->a->json) {
		say_user(stdout, u);
		return 0;
	}
	json_user(&j, u);
	return pol_out_json(&j) != 0 ? POLICY_ERR_NOMEM : 0;
}

/* ---- what the options say ---- */

struct policy_text *
pol_user_items(const char *list, size_t *n)
{
	struct policy_text item, *out;
	size_t i = 0;

	while (pol_args_item(&item, list, i))
		i++;
	out = calloc(i + 1, sizeof(*out));
	*n = out != NULL ? i : 0;
	for (i = 0; i < *n; i++)
		(void)pol_args_item(&out[i], list, i);
	if (out == NULL)
		fprintf(stderr, "policyctl: out of memory\n");
	return out;
}

/* Typed as in YAML: a whole number, true, false, else text; "..." is text. */
static struct policy_value
read_value(const char *s)
{
	const size_t len = strlen(s), sign = s[0] == '-', digits = strspn(s + sign, "0123456789");
	struct policy_value v = { .type = POLICY_STRING, .u.text = { s, len } };

	if (len >= 2 && s[0] == '"' && s[len - 1] == '"') {
		v.u.text = (struct policy_text){ s + 1, len - 2 };
	} else if (strcmp(s, "true") == 0 || strcmp(s, "false") == 0) {
		v.type = POLICY_BOOL;
		v.u.boolean = s[0] == 't';
	} else if (digits > 0 && digits < 19 && sign + digits == len && (s[sign] != '0' || digits == 1)) {
		v.type = POLICY_INT;
		v.u.integer = strtoll(s, NULL, 10);
	}
	return v;
}

struct policy_attr *
pol_user_attributes(const struct pol_args *a, int *rc)
{
	struct policy_attr *out = calloc(a->attributes.n + 1, sizeof(*out));

	*rc = out == NULL ? EX_OSERR : 0;
	for (size_t i = 0; *rc == 0 && i < a->attributes.n; i++) {
		const char *s = a->attributes.list[i], *equals = strchr(s, '=');

		if (equals == NULL || equals == s) {
			*rc = pol_out_usage(a, "--attribute: NAME=VALUE is wanted, not %s", s);
			break;
		}
		out[i].name = (struct policy_text){ s, (size_t)(equals - s) };
		out[i].value = read_value(equals + 1);
	}
	return out;
}

int
pol_user_new_password(const struct pol_args *a, struct pol_line *out)
{
	int rc = 0;

	out->len = 0;
	if (a->ask_password && a->password_file != NULL)
		return pol_out_usage(a, "--ask-password and --password-file exclude each other");
	if (a->password_file != NULL)
		rc = pol_prompt_file(out, a, a->password_file);
	else if (a->ask_password)
		rc = pol_prompt_new(out, a);
	else
		return 0;
	if (rc == 0 && out->len == 0) {
		fprintf(stderr, "policyctl %s: the password is empty\n", a->verb);
		rc = EX_DATAERR;
	}
	return rc;
}

/* ---- the verbs ---- */

static void
set_name(struct policy_user *u, const char *who)
{
	const char *colon = strchr(who, ':');

	if (colon != NULL)
		u->type = (struct policy_text){ who, (size_t)(colon - who) };
	u->name = policy_text(colon != NULL ? colon + 1 : who);
}

int
pol_cmd_user_add(struct pol_account *c)
{
	struct policy_user want = POLICY_USER_INIT;
	const struct pol_args *a = c->a;
	struct policy_attr *attrs;
	struct policy_text *groups;
	struct pol_line password;
	int rc;

	attrs = pol_user_attributes(a, &rc);
	groups = pol_user_items(a->groups, &want.groups_count);
	if (rc == 0 && groups == NULL)
		rc = EX_OSERR;
	if (rc == 0)
		rc = pol_user_new_password(a, &password);
	if (rc == 0) {
		set_name(&want, a->words[0]);
		want.org = policy_text(a->org);
		want.groups = groups;
		want.attributes = (struct policy_attrs){ attrs, a->attributes.n };
		want.flags = (a->generated ? POLICY_USER_MADE : 0) | (a->disable ? POLICY_USER_DISABLED : 0) |
		    (a->must_change ? POLICY_USER_CHANGE : 0) | (a->reuse ? POLICY_USER_REUSE : 0);
		if (password.len > 0)
			want.password = (struct policy_text){ password.data, password.len };
		rc = pol_account_said(c, policy_user_create(c->host.p, &c->as, &want, pol_user_tell, c, &c->err));
		pol_prompt_wipe(&password);
	}
	free(attrs);
	free(groups);
	return rc;
}

int
pol_cmd_user_show(struct pol_account *c)
{
	char own[400];
	const char *who = c->a->n_words > 0 ? c->a->words[0] : own;
	const int rc = who == own ? pol_account_own(c, own) : 0;

	return rc != 0 ? rc : pol_account_said(c, policy_user_show(c->host.p, &c->as, who, pol_user_tell, c, &c->err));
}

static int
list_one(void *ctx, const struct policy_user *u)
{
	struct pol_columns *t = ctx;
	char name[400];

	snprintf(name, sizeof(name), "%.*s%s%.*s", is_plain(u->type) ? 0 : (int)u->type.len, u->type.data != NULL ? u->type.data : "",
	    is_plain(u->type) ? "" : ":", (int)u->name.len, u->name.data);
	pol_columns_text(t, policy_text(name));
	pol_columns_text(t, u->uid);
	pol_columns_text(t, policy_text(state_of(u)));
	pol_columns_text(t, u->org);
	pol_columns_list(t, u->groups, u->groups_count);
	pol_columns_time(t, u->created_ns);
	return t->failed ? POLICY_ERR_NOMEM : 0;
}

int
pol_cmd_user_list(struct pol_account *c)
{
	struct pol_columns t = { .heads = { "NAME", "UID", "STATE", "ORG", "GROUPS", "CREATED" }, .keep = 2 };
	int rc;

	rc = policy_user_list(c->host.p, &c->as, c->a->json ? pol_user_tell : list_one, c->a->json ? (void *)c : &t, &c->err);
	rc = pol_account_said(c, rc);
	return pol_columns_end(&t) != 0 && rc == 0 ? EX_OSERR : rc;
}

/* Who changes his own says the old one too; who logged in with it just now has said it. */
static int
read_old(struct pol_account *c, struct pol_line *old, struct policy_text *was)
{
	const struct pol_args *a = c->a;
	const bool standard = a->password_file != NULL && strcmp(a->password_file, "-") == 0;
	int rc = 0;

	if (a->login != NULL) {
		*was = c->credential.data;
		return 0;
	}
	rc = standard ? pol_prompt_file(old, a, "-") : pol_prompt_ask(old, a, "Current password: ");
	*was = (struct policy_text){ old->data, old->len };
	return rc;
}

int
pol_cmd_user_passwd(struct pol_account *c)
{
	struct pol_line old, new;
	struct policy_text was = { NULL, 0 };
	char own[400];
	const char *who = c->a->n_words > 0 ? c->a->words[0] : own;
	int rc = pol_account_own(c, own);

	old.len = new.len = 0;
	if (rc == 0 && (who == own || pol_account_is_own(c, who)))
		rc = read_old(c, &old, &was);
	if (rc == 0 && c->a->password_file == NULL)
		rc = pol_prompt_new(&new, c->a);
	else if (rc == 0)
		rc = pol_user_new_password(c->a, &new);
	if (rc == 0)
		rc = pol_account_said(c, policy_user_password(c->host.p, &c->as, who, was,
		    (struct policy_text){ new.data, new.len }, &c->err));
	if (rc == 0)
		fprintf(stderr, "the password is changed; tokens issued before are void\n");
	pol_prompt_wipe(&old);
	pol_prompt_wipe(&new);
	return pol_say_done(c, rc);
}

int
pol_cmd_user_delete(struct pol_account *c)
{
	return pol_say_done(c, pol_account_said(c, policy_user_delete(c->host.p, &c->as, c->a->words[0], &c->err)));
}
