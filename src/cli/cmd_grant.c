/* SPDX-License-Identifier: Apache-2.0 */
/* grant add, remove, list. */
#include "cli/account.h"
#include "cli/columns.h"
#include "cli/when.h"

static void
json_grant(struct pol_json *j, const struct policy_grant *g)
{
	pol_json_open(j, NULL, '{');
	pol_say_json_text(j, "id", g->id);
	pol_say_json_text(j, "user", g->who);
	pol_say_json_text(j, "uid", g->uid);
	pol_say_json_text(j, "role", g->role);
	pol_say_json_text(j, "resource", g->resource);
	pol_say_json_time(j, "from", g->from_ns);
	pol_say_json_time(j, "until", g->until_ns);
	pol_say_json_text(j, "by", g->by);
	pol_say_json_time(j, "created", g->created_ns);
	pol_json_close(j, '}');
}

static int
tell_json(void *ctx, const struct policy_grant *g)
{
	struct pol_json j = { NULL, 0, 0, false };

	(void)ctx;
	json_grant(&j, g);
	return pol_out_json(&j) != 0 ? POLICY_ERR_NOMEM : 0;
}

static int
tell(void *ctx, const struct policy_grant *g)
{
	(void)ctx;
	pol_out_text_n(stdout, g->id.data, g->id.len);
	putchar('\n');
	pol_say_line(stdout, "user", g->who);
	pol_say_line(stdout, "role", g->role);
	pol_say_line(stdout, "on", g->resource);
	pol_say_time(stdout, "from", g->from_ns);
	pol_say_time(stdout, "until", g->until_ns);
	return 0;
}

int
pol_cmd_grant_add(struct pol_account *c)
{
	struct policy_grant want = POLICY_GRANT_INIT;
	const struct pol_args *a = c->a;
	int rc;

	want.who = policy_text(a->words[0]);
	want.role = policy_text(a->words[1]);
	want.resource = policy_text(a->n_words > 2 ? a->words[2] : NULL);
	rc = pol_when_time(a, &want.from_ns, "from", a->from);
	if (rc == 0)
		rc = pol_when_end(a, &want.until_ns, want.from_ns);
	if (rc == 0 && want.until_ns != 0 && want.until_ns <= want.from_ns)
		return pol_out_usage(a, "--until: a time after --from is wanted");
	return rc != 0 ? rc : pol_account_said(c, policy_grant_add(c->host.p, &c->as, &want, a->json ? tell_json : tell, c, &c->err));
}

int
pol_cmd_grant_remove(struct pol_account *c)
{
	int rc = 0;

	for (size_t i = 0; i < c->a->n_words && rc == 0; i++)
		rc = pol_account_said(c, policy_grant_remove(c->host.p, &c->as, c->a->words[i], &c->err));
	return pol_say_done(c, rc);
}

static int
list_one(void *ctx, const struct policy_grant *g)
{
	struct pol_columns *t = ctx;

	pol_columns_text(t, g->id);
	pol_columns_text(t, g->who);
	pol_columns_text(t, g->role);
	pol_columns_text(t, g->resource.data != NULL ? g->resource : policy_text("everywhere"));
	pol_columns_time(t, g->from_ns);
	pol_columns_time(t, g->until_ns);
	return t->failed ? POLICY_ERR_NOMEM : 0;
}

int
pol_cmd_grant_list(struct pol_account *c)
{
	struct pol_columns t = { .heads = { "ID", "USER", "ROLE", "ON", "FROM", "UNTIL" }, .keep = 1 };
	int rc;

	rc = policy_grant_list(c->host.p, &c->as, c->a->n_words > 0 ? c->a->words[0] : NULL, c->a->json ? tell_json : list_one, &t, &c->err);
	rc = pol_account_said(c, rc);
	return pol_columns_end(&t) != 0 && rc == 0 ? EX_OSERR : rc;
}
