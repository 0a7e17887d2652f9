/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of accounts share: the set, in whose name it is asked, what is said. */
#ifndef POL_CLI_ACCOUNT_H
#define POL_CLI_ACCOUNT_H

#include "cli/host.h"
#include "cli/prompt.h"

struct pol_account {
	const struct pol_args *a;
	struct pol_host host;
	struct policy_request as;
	struct policy_credential credential;
	struct pol_line secret;		/* of the credential */
	struct policy_error err;	/* of the last call */
};

struct pol_verb {
	const char *name;		/* one word or two */
	int (*run)(struct pol_account *c);
	size_t least, most;		/* words */
	unsigned allowed, flags;
	const char *words, *summary, *help;
};

#define POL_VERB_BARE 1u		/* run() opens what it needs itself */
#define POL_VERB_NOBODY 2u		/* opened, and asked in nobody's name */
#define POL_VERB_ALIAS 8u		/* another word for the one before it */
#define POL_VERB_MAYBE 4u		/* no credential is no error */

/* verbs.c: sorted as they are shown; name NULL at the end. */
extern const struct pol_verb pol_verbs[];
/* Counts the words, opens the set, reads the credential, runs. The exit status. */
int pol_account_run(const struct pol_verb *v, const struct pol_args *a);

/* The set alone; 0, or an exit status when it has said what is wrong. Closed with pol_account_close. */
int pol_account_open(struct pol_account *c);
/* Whose: --token-file, --login, or the token that is kept. `maybe`: none is no error. */
int pol_account_credential(struct pol_account *c, bool maybe);
void pol_account_close(struct pol_account *c);
/* An answer of the library: the exit status, c->err said where it is an error. */
int pol_account_said(struct pol_account *c, int rc);
/* Whether `who` is the one who calls. */
bool pol_account_is_own(struct pol_account *c, const char *who);
/* The caller as others write him, NAME or TYPE:NAME; 0 or an exit status. */
int pol_account_own(struct pol_account *c, char who[400]);

/* ---- what is said ---- */

void pol_say_json_text(struct pol_json *j, const char *name, struct policy_text t);	/* absent: null */
void pol_say_json_time(struct pol_json *j, const char *name, int64_t ns);		/* 0: null */
void pol_say_json_list(struct pol_json *j, const char *name, const struct policy_text *list, size_t n);
void pol_say_json_attributes(struct pol_json *j, const char *name, struct policy_attrs attrs);
/* With --json {"ok": true} where rc is 0; rc as it was. */
int pol_say_done(const struct pol_account *c, int rc);
/* "  label    value", nothing where there is no value. */
void pol_say_line(FILE *f, const char *label, struct policy_text t);
void pol_say_time(FILE *f, const char *label, int64_t ns);
void pol_say_list(FILE *f, const char *label, const struct policy_text *list, size_t n);
/* A value as --attribute takes it, in a buffer of the caller's; cut where it is longer. */
const char *pol_say_attribute(char buf[256], const struct policy_value *v);
/* A secret, or an object that has one, alone on standard output; said where others could read
 * it there. 0 or EX_IOERR. */
int pol_say_secret(const struct pol_account *c, struct policy_text secret);

/* ---- the verbs ---- */

int pol_cmd_user_add(struct pol_account *c);
int pol_cmd_user_show(struct pol_account *c);
int pol_cmd_user_list(struct pol_account *c);
int pol_cmd_user_change(struct pol_account *c);
int pol_cmd_user_passwd(struct pol_account *c);
int pol_cmd_user_delete(struct pol_account *c);
int pol_cmd_token_create(struct pol_account *c);
int pol_cmd_token_show(struct pol_account *c);
int pol_cmd_token_list(struct pol_account *c);
int pol_cmd_token_renew(struct pol_account *c);
int pol_cmd_token_revoke(struct pol_account *c);
int pol_cmd_key_create(struct pol_account *c);
int pol_cmd_key_list(struct pol_account *c);
int pol_cmd_grant_add(struct pol_account *c);
int pol_cmd_grant_remove(struct pol_account *c);
int pol_cmd_grant_list(struct pol_account *c);
int pol_cmd_login(struct pol_account *c);
int pol_cmd_logout(struct pol_account *c);
int pol_cmd_import(struct pol_account *c);
int pol_cmd_admin_init(struct pol_account *c);
int pol_cmd_backup(struct pol_account *c);

/* user.c: what several of them do */
int pol_user_tell(void *ctx, const struct policy_user *u);	/* ctx: struct pol_account */
/* The attributes of --attribute; NULL and *rc set when one is none. Freed with free(). */
struct policy_attr *pol_user_attributes(const struct pol_args *a, int *rc);
/* The groups of --groups; NULL: memory is out. Freed with free(). */
struct policy_text *pol_user_items(const char *list, size_t *n);
/* --ask-password, --password-file; 0 with an empty line: neither. */
int pol_user_new_password(const struct pol_args *a, struct pol_line *out);

#endif
