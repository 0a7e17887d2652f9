/* SPDX-License-Identifier: Apache-2.0 */
/* `audit:`: where decisions are recorded, and what is done when they cannot be. */
#include "compile/parse.h"

#define MS INT64_C(1000000)

const char *const pol_audit_decisions[AST_AUDIT_DECISIONS__COUNT] = { "all", "deny" };

/* By their number in a syslog line; NULL: not for programs like a host. */
static const char *const facilities[] = {
	NULL, "user", NULL, "daemon", "auth", NULL, NULL, NULL, NULL, NULL, "authpriv", NULL,
	NULL, NULL, NULL, NULL, "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
};

static int
take_path(struct pol_parse *p, const struct pol_node **out, const struct pol_node *value, const char *where, bool pattern)
{
	int rc = pol_parse_text(p, value, where);
	uint32_t i;

	*out = value;
	if (rc != 0)
		return rc;
	if (value->u.text[0] != '/' || value->u.text[value->count - 1] == '/')
		return pol_set_fail(p->set, value, "%s: '%.*s' is no absolute path of a file, as in /var/log/policy/audit-%%h-%%p.jsonl",
		    where, POL_SHOW(value));
	if (value->count > POL_AUDIT_PATH_MAX)
		return pol_set_limit(p->set, value, "%s has %u bytes; at most %u are wanted", where, value->count, POL_AUDIT_PATH_MAX);
	for (i = 0; pattern && i < value->count; i++) {
		if (value->u.text[i] != '%')
			continue;
		i++;
		if (i == value->count || memchr("hp%", value->u.text[i], 3) == NULL)
			return pol_set_fail(p->set, value, "%s: '%.*s' has a %% before something else than h (host), p (process) or %%", where, POL_SHOW(value));
	}
	return 0;
}

static int
audit_file(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return take_path(p, &((struct ast_audit *)out)->file, value, "file", true);
}

static int
audit_head(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return take_path(p, &((struct ast_audit *)out)->head, value, "head", true);
}

static int
audit_key(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return take_path(p, &((struct ast_audit *)out)->key, value, "key", false);
}

static int
audit_must(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_duration(p, &((struct ast_audit *)out)->must, value, "must", MS, 60000 * MS, "1ms to 60s");
}

static int
audit_decisions(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_audit *a = out;
	uint32_t i;

	(void)key;
	a->decisions_at = value;
	for (i = 0; value->kind == POL_NODE_SCALAR && i < AST_AUDIT_DECISIONS__COUNT; i++) {
		if (pol_bytes_equal(value->u.text, value->count, pol_audit_decisions[i], strlen(pol_audit_decisions[i]))) {
			a->decisions = (enum ast_audit_decisions)i;
			return 0;
		}
	}
	return pol_set_fail(p->set, value, "decisions: all or deny is wanted");
}

static int
audit_syslog(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_audit *a = out;
	uint32_t i;

	(void)key;
	a->syslog = NULL;
	if (value->kind == POL_NODE_SCALAR && POL_NODE_IS(value, "false"))
		return 0;
	a->syslog = value;
	a->facility = POL_AUDIT_FACILITY;
	if (value->kind == POL_NODE_SCALAR && POL_NODE_IS(value, "true"))
		return 0;
	for (i = 0; value->kind == POL_NODE_SCALAR && i < sizeof(facilities) / sizeof(facilities[0]); i++) {
		if (facilities[i] != NULL && pol_bytes_equal(value->u.text, value->count, facilities[i], strlen(facilities[i]))) {
			a->facility = i;
			return 0;
		}
	}
	return pol_set_fail(p->set, value, "syslog: true, false or a facility is wanted: user, daemon, auth, authpriv, local0 to local7");
}

static const struct pol_key_row audit_keys[] = {
	{ "file", audit_file }, { "syslog", audit_syslog }, { "decisions", audit_decisions },
	{ "must", audit_must }, { "key", audit_key }, { "head", audit_head },
};

/* What one key needs of another. */
static int
hold_together(struct pol_parse *p, const struct ast_audit *a, const struct pol_node *section)
{
	struct ast_set *set = p->set;

	if (a->file == NULL && a->syslog == NULL)
		return pol_set_fail(set, section, "audit: has neither file nor syslog; { file: /var/log/policy/audit-%%h-%%p.jsonl } is wanted");
	if (a->file == NULL && a->must.source != NULL)
		return pol_set_fail(set, a->must.source, "must: is only kept by a file, and audit: has none; syslog cannot say that it has written");
	if (a->file == NULL && (a->key != NULL || a->head != NULL))
		return pol_set_fail(set, a->key != NULL ? a->key : a->head, "%s: is about a file, and audit: has none", a->key != NULL ? "key" : "head");
	if (a->must.source != NULL && a->decisions != AST_AUDIT_ALL)
		return pol_set_fail(set, a->decisions_at, "decisions: is %s beside must, which wants no allow without its record: `decisions: all` is wanted",
		    pol_audit_decisions[a->decisions]);
	if (a->file != NULL && memmem(a->file->u.text, a->file->count, "%p", 2) == NULL)
		pol_set_warn(set, a->file, "file: '%.*s' has no %%p: one process writes it, and another that opens this set records nothing",
		    POL_SHOW(a->file));
	if (a->head != NULL && pol_bytes_equal(a->head->u.text, a->head->count, a->file->u.text, a->file->count))
		return pol_set_fail(set, a->head, "head: is the same file as file: another one is wanted, best where others than the host may write");
	return 0;
}

int
pol_parse_audit(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_set *set = p->set;
	int rc = pol_parse_may_stand(p, key, set->audit != NULL ? set->audit->at : NULL);

	(void)out;
	if (rc != 0)
		return rc;
	set->audit = POL_NEW(set, struct ast_audit);
	if (set->audit == NULL)
		return POLICY_ERR_NOMEM;
	set->audit->at = key;
	rc = POL_PARSE_KEYS(p, value, "audit", audit_keys, set->audit);
	return rc != 0 ? rc : hold_together(p, set->audit, value->kind == POL_NODE_NULL ? key : value);
}
