/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every call is made in the name of a credential, and the set decides it: who may start
 * the tool, and write its files, has no more rights here than anybody.
 */
#include "cli/account.h"

#include <stdlib.h>
#include <string.h>

#include "cli/kept.h"

int
pol_account_open(struct pol_account *c)
{
	static const char *standard[] = { NULL };	/* the library's own: /etc/policy */
	struct pol_args a = *c->a;

	if (a.n_paths == 0) {
		a.paths = standard;
		a.n_paths = 1;
	}
	return pol_host_open(&c->host, &a);
}

int
pol_account_credential(struct pol_account *c, bool maybe)
{
	const struct pol_args *a = c->a;
	const char *type = "bearer";
	int rc;

	if (a->token_file != NULL && a->login != NULL)
		return pol_out_usage(a, "--token-file and --login exclude each other");
	if (a->password_stdin && a->login == NULL)
		return pol_out_usage(a, "--password-stdin wants --login NAME");
	if (a->login != NULL) {
		type = "password";
		rc = a->password_stdin ? pol_prompt_file(&c->secret, a, "-") : pol_prompt_ask(&c->secret, a, "Password: ");
	} else if (a->token_file != NULL) {
		rc = pol_prompt_file(&c->secret, a, a->token_file);
	} else {
		rc = pol_kept_read(&c->secret, a);
	}
	if (rc != 0)
		return rc;
	if (c->secret.len == 0 && a->login == NULL && a->token_file == NULL) {
		if (maybe)
			return 0;
		fprintf(stderr, "policyctl %s: nobody is logged in: policyctl login, --token-file FILE or --login NAME is wanted\n", a->verb);
		return EX_NOINPUT;
	}
	c->credential.kind = policy_text(a->type != NULL ? a->type : type);
	c->credential.name = policy_text(a->login);
	c->credential.data = (struct policy_text){ c->secret.data, c->secret.len };
	c->as.credentials = &c->credential;
	c->as.credentials_count = 1;
	return 0;
}

void
pol_account_close(struct pol_account *c)
{
	pol_host_close(&c->host);
	pol_prompt_wipe(&c->secret);
}

int
pol_account_said(struct pol_account *c, int rc)
{
	if (rc == 0)
		return POL_YES;
	if (c->err.text[0] == '\0')
		c->err.code = rc;
	(void)pol_out_error(c->a, &c->err);
	return pol_out_status(rc);
}

/* ---- who calls ---- */

static int
identify(struct pol_account *c, char type[80], char name[300])
{
	struct policy_identity *id = calloc(1, sizeof(*id));
	int rc;

	if (id == NULL) {
		fprintf(stderr, "policyctl: out of memory\n");
		return EX_OSERR;
	}
	id->size = sizeof(*id);
	rc = policy_authenticate(c->host.p, &c->as, id);
	if (rc != 0) {
		pol_out_finding("error", NULL, 0, 0, policy_strerror(rc));
		rc = pol_out_status(rc);
	} else if (id->verified == 0) {
		fprintf(stderr, "policyctl %s: the credential is not good: %s\n", c->a->verb, policy_reason_name((int)id->reason));
		rc = id->reason == POLICY_REASON_UNAVAILABLE ? EX_UNAVAILABLE : POL_NO;
	} else {
		snprintf(type, 80, "%.*s", (int)id->subject_type.len, id->subject_type.data);
		snprintf(name, 300, "%.*s", (int)id->subject_id.len, id->subject_id.data);
	}
	free(id);
	return rc;
}

int
pol_account_own(struct pol_account *c, char who[400])
{
	char type[80], name[300];
	const int rc = identify(c, type, name);

	if (rc == 0)
		snprintf(who, 400, "%s:%s", type, name);
	return rc;
}

struct own {
	const char *type, *name;
	bool same;
};

static int
compare_own(void *ctx, const struct policy_user *u)
{
	struct own *own = ctx;
	const struct policy_text type = u->type.data != NULL ? u->type : policy_text("user");

	own->same = type.len == strlen(own->type) && memcmp(type.data, own->type, type.len) == 0 &&
	    u->name.len == strlen(own->name) && memcmp(u->name.data, own->name, u->name.len) == 0;
	return 0;
}

bool
pol_account_is_own(struct pol_account *c, const char *who)
{
	struct policy_error err = POLICY_ERROR_INIT;
	char type[80], name[300];
	struct own own = { type, name, false };
	size_t len;

	if (identify(c, type, name) != 0)
		return false;
	if (strncmp(who, "uid:", 4) == 0) {
		(void)policy_user_show(c->host.p, &c->as, who, compare_own, &own, &err);
		return own.same;
	}
	len = strlen(type);
	if (strncmp(who, type, len) == 0 && who[len] == ':')
		return strcmp(who + len + 1, name) == 0;
	return strcmp(type, "user") == 0 && strcmp(who, name) == 0;
}

/* ---- a verb ---- */

int
pol_account_run(const struct pol_verb *v, const struct pol_args *a)
{
	struct pol_account c = { .a = a, .as = POLICY_REQUEST_INIT, .err = POLICY_ERROR_INIT };
	int rc = 0;

	if (a->n_words < v->least || a->n_words > v->most)
		return pol_out_usage(a, a->n_words < v->least ? "a word is missing: %s" : "there are words too many: %s",
		    v->words[0] != '\0' ? v->words : "no word is wanted");
	if ((v->flags & POL_VERB_BARE) == 0) {
		/* the secret first: who mistypes it waits for nothing */
		if ((v->flags & POL_VERB_NOBODY) == 0)
			rc = pol_account_credential(&c, (v->flags & POL_VERB_MAYBE) != 0);
		if (rc == 0)
			rc = pol_account_open(&c);
	}
	if (rc == 0)
		rc = v->run(&c);
	pol_account_close(&c);
	return rc;
}
