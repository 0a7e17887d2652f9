/* SPDX-License-Identifier: Apache-2.0 */
/* admin init: the first user, made by whoever may write the store; backup: all of it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/account.h"

static int
first_password(const struct pol_args *a, struct pol_line *out)
{
	out->len = 0;
	if (a->no_password)
		return a->ask_password || a->password_file != NULL ?
		    pol_out_usage(a, "--no-password and a password exclude each other") : 0;
	if (a->ask_password || a->password_file != NULL)
		return pol_user_new_password(a, out);
	return pol_prompt_new(out, a);
}

int
pol_cmd_admin_init(struct pol_account *c)
{
	struct policy_user want = POLICY_USER_INIT;
	const struct pol_args *a = c->a;
	const char *role = a->n_words > 1 ? a->words[1] : "admin";
	struct policy_attr *attrs;
	struct policy_text *groups;
	struct pol_line password;
	int rc;

	attrs = pol_user_attributes(a, &rc);
	groups = pol_user_items(a->groups, &want.groups_count);
	if (rc == 0)
		rc = groups == NULL ? EX_OSERR : first_password(a, &password);
	if (rc == 0) {
		want.name = policy_text(a->words[0]);
		want.org = policy_text(a->org);
		want.groups = groups;
		want.attributes = (struct policy_attrs){ attrs, a->attributes.n };
		if (password.len > 0)
			want.password = (struct policy_text){ password.data, password.len };
		rc = pol_account_said(c, policy_admin_bootstrap(c->host.p, &want, role, pol_user_tell, c, &c->err));
		pol_prompt_wipe(&password);
	}
	free(attrs);
	free(groups);
	return rc;
}

/* The library asks for an absolute path: it knows no current directory. */
int
pol_cmd_backup(struct pol_account *c)
{
	struct pol_json j = { NULL, 0, 0, false };
	const char *path = c->a->words[0];
	char *here = NULL, *whole = NULL;
	int rc;

	if (path[0] != '/') {
		here = getcwd(NULL, 0);
		if (here == NULL || asprintf(&whole, "%s/%s", here, path) < 0) {
			free(here);
			fprintf(stderr, "policyctl: out of memory\n");
			return EX_OSERR;
		}
		path = whole;
	}
	rc = pol_account_said(c, policy_admin_backup(c->host.p, &c->as, path, &c->err));
	if (rc == 0 && c->a->json) {
		pol_json_open(&j, NULL, '{');
		pol_json_str(&j, "path", path);
		pol_json_close(&j, '}');
		rc = pol_out_json(&j);
	}
	free(here);
	free(whole);
	return rc;
}
