/* SPDX-License-Identifier: Apache-2.0 */
/* Entries, and what is made of them: roles:, scopes:, credentials:. */
#include "compile/parse.h"

#include "base/glob.h"
#include "compile/parse_cond.h"

/* Bytes of an entry's id: a decision owns a copy, and nothing is ever cut. */
#define ID_BYTES 128u

static int
check_glob(struct pol_parse *p, const struct pol_node *n, const char *glob, size_t len)
{
	struct pol_glob_piece pieces[POL_GLOB_MAX_PIECES];
	size_t count;

	if (memchr(glob, '*', len) == NULL || pol_glob_parse(glob, len, pieces, &count) == 0)
		return 0;
	return pol_set_limit(p->set, n, "pattern '%.*s' has too many stars and escapes: at most %d pieces are taken",
	    POL_SHOW(n), POL_GLOB_MAX_PIECES);
}

int
pol_parse_pattern(struct pol_parse *p, struct ast_pattern *out, const struct pol_node *n)
{
	const char *slash = memchr(n->u.text, '/', n->count);
	size_t type = slash ? (size_t)(slash - n->u.text) : n->count;

	out->source = *n;
	out->type_len = (uint32_t)type;
	if (pol_bytes_equal(n->u.text, type, "*", 1) || pol_bytes_equal(n->u.text, type, "**", 2))
		return pol_set_fail(p->set, n, "pattern '%.*s': a pattern begins with a type; leave resources out to mean every resource", POL_SHOW(n));
	if (pol_glob_ends_stray(n->u.text, n->count))
		return pol_set_fail(p->set, n, "pattern '%.*s' ends in a \\ that escapes nothing", POL_SHOW(n));
	if (!pol_name_is(n->u.text, type) || (slash != NULL && type + 1 == n->count))
		return pol_set_fail(p->set, n, "pattern '%.*s': expected TYPE or TYPE/GLOB", POL_SHOW(n));
	if (slash == NULL)
		return 0;
	return check_glob(p, n, slash + 1, n->count - type - 1);
}

int
pol_parse_conds(struct pol_parse *p, struct ast_conds *out, const struct pol_node *key, const struct pol_node *value)
{
	bool unless = POL_NODE_IS(key, "unless");
	struct ast_texts texts = { NULL, 0 };
	struct ast_cond *list;
	size_t i;
	int rc;

	rc = pol_parse_texts(p, &texts, value, unless ? "unless" : "when");
	if (rc != 0)
		return rc;
	if (texts.n == 0)
		return pol_set_fail(p->set, key, "empty %s: a condition is wanted", unless ? "unless" : "when");
	list = POL_NEW_ARRAY(p->set, out->n + texts.n, struct ast_cond);
	if (list == NULL)
		return POLICY_ERR_NOMEM;
	if (out->n > 0)
		memcpy(list, out->list, out->n * sizeof(*list));
	for (i = 0; i < texts.n; i++) {
		list[out->n + i].unless = unless;
		rc = pol_conds_get(p->conds, &list[out->n + i], p->set, &texts.list[i]);
		if (rc != 0)
			return rc;
	}
	out->list = list;
	out->n += texts.n;
	return 0;
}

/* ---- one entry ---- */

static int
entry_actions(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_entry *e = out;
	const struct pol_node *list;
	size_t i, n;
	int rc;

	(void)key;
	rc = pol_parse_said(p, &e->actions, e->effect == POL_EFFECT_DENY ? NULL : p->actions, value, "actions");
	if (rc != 0)
		return rc;
	list = e->actions->texts.list;
	n = e->actions->texts.n;
	for (i = 0; rc == 0 && i < n; i++)
		rc = check_glob(p, &list[i], list[i].u.text, list[i].count);
	return rc;
}

static int
entry_resources(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_entry *e = out;
	const struct pol_node *list;
	size_t i, n;
	int rc;

	rc = pol_parse_look(p, &list, &n, value, "resources");
	if (rc != 0)
		return rc;
	if (n == 0)
		return pol_set_fail(p->set, key, "empty resources: a pattern is wanted; leave resources out to mean every resource");
	e->patterns = POL_NEW_ARRAY(p->set, n, struct ast_pattern);
	if (e->patterns == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; rc == 0 && i < n; i++)
		rc = pol_parse_pattern(p, &e->patterns[i], &list[i]);
	e->n_patterns = (uint32_t)n;
	return rc;
}

/* What few entries have, or NULL with the failure set. */
static struct ast_entry_more *
more_of(struct pol_parse *p, struct ast_entry *e)
{
	if (e->more == NULL)
		e->more = POL_NEW(p->set, struct ast_entry_more);
	return e->more;
}

static int
entry_cond(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_entry_more *more = more_of(p, out);

	return more == NULL ? POLICY_ERR_NOMEM : pol_parse_conds(p, &more->conds, key, value);
}

static int
entry_id(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_entry_more *more = more_of(p, out);

	(void)key;
	if (more == NULL || (more->id = pol_parse_keep(p, value, 1)) == NULL)
		return POLICY_ERR_NOMEM;
	if (value->kind == POL_NODE_SCALAR && value->count > ID_BYTES)
		return pol_set_limit(p->set, value, "an id of %u bytes: at most %u are taken", (unsigned)value->count, ID_BYTES);
	return pol_parse_text(p, value, "id");
}

static int
entry_reason(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_entry_more *more = more_of(p, out);

	(void)key;
	if (more == NULL || (more->reason = pol_parse_keep(p, value, 1)) == NULL)
		return POLICY_ERR_NOMEM;
	return pol_parse_text(p, value, "reason");
}

static const struct pol_key_row entry_keys[] = {
	{ "actions", entry_actions }, { "resources", entry_resources }, { "when", entry_cond },
	{ "unless", entry_cond }, { "id", entry_id }, { "reason", entry_reason },
};

static int
read_entry(struct pol_parse *p, const struct pol_node *n, enum pol_effect effect)
{
	struct ast_entry *e = POL_NEW(p->set, struct ast_entry);
	int rc;

	if (e == NULL)
		return POLICY_ERR_NOMEM;
	e->place = ast_place_of(n);
	e->effect = effect;
	e->role = POL_NONE;
	if (n->kind == POL_NODE_SCALAR)
		rc = entry_actions(p, NULL, n, e);
	else if (n->kind == POL_NODE_MAP)
		rc = POL_PARSE_KEYS(p, n, "an entry", entry_keys, e);
	else
		return pol_set_fail(p->set, n, "%s was found in a list of entries: expected an action or an entry { actions: ... }", pol_parse_kind(n));
	if (rc == 0 && (e->actions == NULL || e->actions->texts.n == 0))
		return pol_set_fail(p->set, n, "an entry needs `actions` (\"**\" for every one)");
	return rc != 0 ? rc : AST_LIST_ADD(p->set, &p->set->entries, e);
}

/* Those of one role stand together. Entries are numbered as they are read: files by name, each from its first line on. */
static int
read_entries(struct pol_parse *p, struct ast_entries *out, const struct pol_node *v, enum pol_effect effect)
{
	bool list = v->kind == POL_NODE_SEQ;
	size_t n = list ? v->count : v->kind == POL_NODE_NULL ? 0 : 1, i;
	int rc = 0;

	if (p->set->entries.n + n > UINT32_MAX)
		return pol_set_limit(p->set, v, "%zu entries are too many", p->set->entries.n + n);
	if (out->n == 0)
		out->first = (uint32_t)p->set->entries.n;
	for (i = 0; rc == 0 && i < n; i++)
		rc = read_entry(p, list ? &v->u.items[i] : v, effect);
	out->n += (uint32_t)n;
	return rc;
}

/* ---- roles ---- */

static int
role_includes(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_texts(p, &((struct ast_role_part *)out)->includes, value, "includes");
}

static int
role_allow(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return read_entries(p, &((struct ast_role_part *)out)->entries, value, POL_EFFECT_ALLOW);
}

static int
role_deny(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return read_entries(p, &((struct ast_role_part *)out)->entries, value, POL_EFFECT_DENY);
}

static const struct pol_key_row role_keys[] = {
	{ "includes", role_includes }, { "allow", role_allow }, { "deny", role_deny }, { "description", NULL },
};

int
pol_parse_role(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_role_part *r = POL_NEW(p->set, struct ast_role_part);

	(void)out;
	if (r == NULL)
		return POLICY_ERR_NOMEM;
	r->name = *key;
	if (AST_LIST_ADD(p->set, &p->set->parts, r) != 0)
		return POLICY_ERR_NOMEM;
	return POL_PARSE_KEYS(p, value, "a role", role_keys, r);
}

int
pol_parse_roles(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_each(p, value, "roles", pol_parse_role, out);
}

/* ---- scopes ---- */

static int
read_scope(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_scope *s = POL_NEW(p->set, struct ast_scope);

	(void)out;
	if (s == NULL)
		return POLICY_ERR_NOMEM;
	s->name = key;
	if (AST_LIST_ADD(p->set, &p->set->scopes, s) != 0)
		return POLICY_ERR_NOMEM;
	return read_entries(p, &s->entries, value, POL_EFFECT_SCOPE);
}

int
pol_parse_scopes(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_each(p, value, "scopes", read_scope, out);
}

/* ---- credentials ---- */

static int
kind_ceiling(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_kind *k = out;

	(void)key;
	k->has_ceiling = true;
	return read_entries(p, &k->ceiling, value, POL_EFFECT_CEILING);
}

static int
kind_cond(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	return pol_parse_conds(p, &((struct ast_kind *)out)->conds, key, value);
}

static int
kind_yields(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	((struct ast_kind *)out)->yields = value;
	return pol_parse_text(p, value, "yields");
}

static const struct pol_key_row kind_keys[] = {
	{ "ceiling", kind_ceiling }, { "when", kind_cond }, { "unless", kind_cond }, { "yields", kind_yields }, { "description", NULL },
};

static int
read_kind(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_kind *k = POL_NEW(p->set, struct ast_kind);
	size_t i;

	(void)out;
	if (k == NULL)
		return POLICY_ERR_NOMEM;
	k->name = key;
	for (i = 0; i < key->count; i++) {
		char c = key->u.text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
			return pol_set_fail(p->set, key, "credentials: '%.*s' is no kind: a kind is [a-z0-9_]+", POL_SHOW(key));
	}
	if (AST_LIST_ADD(p->set, &p->set->kinds, k) != 0)
		return POLICY_ERR_NOMEM;
	return POL_PARSE_KEYS(p, value, "a credential kind", kind_keys, k);
}

int
pol_parse_credentials(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	p->set->has_credentials = true;
	return pol_parse_each(p, value, "credentials", read_kind, out);
}
