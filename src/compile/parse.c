/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shapes of a policy file: which keys may stand where, and what a value must
 * look like. Nothing here knows a name of the set. A new key is a row.
 */
#include "compile/parse.h"

#include "compile/parse_hint.h"

const char *
pol_parse_kind(const struct pol_node *n)
{
	static const char *const names[] = { "nothing", "a text", "a list", "a mapping" };

	return names[n->kind];
}

static int
unknown_key(struct pol_parse *p, const struct pol_node *key, const char *where,
    const struct pol_key_row *rows, size_t n_rows)
{
	struct pol_hint h;
	char known[256];
	size_t i, at = 0, len;

	pol_hint_init(&h, pol_node_text(key));
	for (i = 0; i < n_rows; i++) {
		len = strlen(rows[i].name);
		pol_hint_offer(&h, policy_text(rows[i].name));
		if (at + len + 3 < sizeof(known)) {
			memcpy(known + at, ", ", 2);
			memcpy(known + at + 2, rows[i].name, len);
			at += len + 2;
		}
	}
	known[at] = 0;
	if (pol_hint_found(&h))
		return pol_set_fail(p->set, key, "unknown key '%.*s' in %s; did you mean '%.*s'?", POL_SHOW(key), where, POL_SHOW_TEXT(h.best));
	return pol_set_fail(p->set, key, "unknown key '%.*s' in %s: the keys here are %s", POL_SHOW(key), where, known + 2);
}

int
pol_parse_keys(struct pol_parse *p, const struct pol_node *map, const char *where,
    const struct pol_key_row *rows, size_t n_rows, void *out)
{
	size_t i, j;
	int rc;

	if (map->kind == POL_NODE_NULL)
		return 0;
	if (map->kind != POL_NODE_MAP)
		return pol_set_fail(p->set, map, "%s was found as %s: a mapping is wanted", pol_parse_kind(map), where);
	for (i = 0; i < map->count; i++) {
		const struct pol_node *key = &map->u.items[i * 2];

		for (j = 0; j < n_rows; j++)
			if (rows[j].name[0] == key->u.text[0] && strcmp(key->u.text, rows[j].name) == 0)
				break;
		if (j == n_rows)
			return unknown_key(p, key, where, rows, n_rows);
		if (rows[j].read == NULL)
			continue;
		rc = rows[j].read(p, key, key + 1, out);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
pol_parse_each(struct pol_parse *p, const struct pol_node *map, const char *where,
    pol_key_fn *each, void *out)
{
	size_t i;
	int rc;

	if (map->kind == POL_NODE_NULL)
		return 0;
	if (map->kind != POL_NODE_MAP)
		return pol_set_fail(p->set, map, "%s was found under %s: a mapping of names is wanted", pol_parse_kind(map), where);
	for (i = 0; each != NULL && i < map->count; i++) {
		rc = each(p, &map->u.items[i * 2], &map->u.items[i * 2 + 1], out);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
pol_parse_text(struct pol_parse *p, const struct pol_node *n, const char *where)
{
	if (n->kind == POL_NODE_SCALAR && n->count > 0)
		return 0;
	return pol_set_fail(p->set, n, "%s was found under %s: a text is wanted",
	    n->kind == POL_NODE_SCALAR ? "an empty text" : pol_parse_kind(n), where);
}

int
pol_parse_look(struct pol_parse *p, const struct pol_node **list, size_t *count,
    const struct pol_node *n, const char *where)
{
	size_t i;
	int rc = 0;

	if (n->kind == POL_NODE_MAP)
		return pol_set_fail(p->set, n, "a mapping was found under %s: a text or a list of texts is wanted", where);
	*count = n->kind == POL_NODE_SEQ ? n->count : n->kind == POL_NODE_NULL ? 0 : 1;
	*list = n->kind == POL_NODE_SEQ ? n->u.items : n;
	for (i = 0; rc == 0 && i < *count; i++)
		rc = pol_parse_text(p, &(*list)[i], where);
	return rc;
}

int
pol_parse_texts(struct pol_parse *p, struct ast_texts *out, const struct pol_node *n, const char *where)
{
	const struct pol_node *list;
	size_t count;
	int rc = pol_parse_look(p, &list, &count, n, where);

	if (rc != 0)
		return rc;
	out->list = pol_parse_keep(p, list, count);
	out->n = count;
	return out->list != NULL ? 0 : POLICY_ERR_NOMEM;
}

void
pol_said_key(const void *value, struct policy_text *a, struct policy_text *b)
{
	*a = ((const struct ast_said *)value)->key;
	*b = policy_text(NULL);
}

/* Of one text the text, of several all, a NUL behind each: no text holds one. */
static int
join(struct pol_parse *p, struct pol_said *said, struct policy_text *key, const struct pol_node *list, size_t n)
{
	size_t i;

	*key = n == 1 ? pol_node_text(list) : policy_text("");
	if (n < 2)
		return 0;
	said->key.len = 0;
	for (i = 0; i < n; i++)
		(void)pol_buf_append(&said->key, list[i].u.text, (size_t)list[i].count + 1);
	key->data = said->key.data;
	key->len = said->key.len;
	return said->key.failed ? pol_set_nomem(p->set) : 0;
}

static int
remember(struct pol_parse *p, struct pol_said *said, struct ast_said *x, struct policy_text key)
{
	void *old;

	x->key = key;
	if (key.data == said->key.data)
		x->key.data = pol_arena_copy(&p->set->arena, key.data, key.len);
	return x->key.data == NULL || pol_index_add(&old, &said->index, x) != 0 ? pol_set_nomem(p->set) : 0;
}

int
pol_parse_said(struct pol_parse *p, struct ast_said **out, struct pol_said *said,
    const struct pol_node *n, const char *where)
{
	const struct pol_node *list;
	struct policy_text key;
	size_t count;
	int rc = pol_parse_look(p, &list, &count, n, where);

	if (rc == 0 && said != NULL)
		rc = join(p, said, &key, list, count);
	if (rc != 0)
		return rc;
	*out = said != NULL ? pol_index_get(&said->index, key, policy_text(NULL)) : NULL;
	if (*out != NULL)
		return 0;
	*out = POL_NEW(p->set, struct ast_said);
	if (*out == NULL)
		return POLICY_ERR_NOMEM;
	(*out)->texts.list = pol_parse_keep(p, list, count);
	(*out)->texts.n = count;
	if ((*out)->texts.list == NULL)
		return POLICY_ERR_NOMEM;
	return said != NULL ? remember(p, said, *out, key) : 0;
}

const struct pol_node *
pol_parse_keep(struct pol_parse *p, const struct pol_node *n, size_t count)
{
	struct pol_node *to;

	if (!p->passing)
		return n;
	to = POL_NEW_ARRAY(p->set, count, struct pol_node);
	if (to != NULL && count > 0)
		memcpy(to, n, count * sizeof(*to));
	return to;
}

/* As deep as limits.depth. */
static int
keep_items(struct pol_parse *p, struct pol_node *n)
{
	size_t count = n->kind == POL_NODE_MAP ? 2 * (size_t)n->count : n->kind == POL_NODE_SEQ ? n->count : 0, i;
	struct pol_node *items;
	int rc = 0;

	if (count == 0)
		return 0;
	items = POL_NEW_ARRAY(p->set, count, struct pol_node);
	if (items == NULL)
		return POLICY_ERR_NOMEM;
	memcpy(items, n->u.items, count * sizeof(*items));
	n->u.items = items;
	for (i = 0; rc == 0 && i < count; i++)
		rc = keep_items(p, &items[i]);
	return rc;
}

const struct pol_node *
pol_parse_keep_tree(struct pol_parse *p, const struct pol_node *n)
{
	struct pol_node *to;

	if (!p->passing)
		return n;
	to = POL_NEW(p->set, struct pol_node);
	if (to == NULL)
		return NULL;
	*to = *n;
	return keep_items(p, to) == 0 ? to : NULL;
}

const struct pol_node *
pol_parse_get(const struct pol_node *map, const char *key)
{
	size_t i;

	if (map->kind != POL_NODE_MAP)
		return NULL;
	for (i = 0; i < map->count; i++)
		if (pol_bytes_equal(map->u.items[i * 2].u.text, map->u.items[i * 2].count, key, strlen(key)))
			return &map->u.items[i * 2 + 1];
	return NULL;
}

int
pol_parse_bool(struct pol_parse *p, bool *out, const struct pol_node *n, const char *where)
{
	*out = n->kind == POL_NODE_SCALAR && n->plain && POL_NODE_IS(n, "true");
	if (*out || (n->kind == POL_NODE_SCALAR && n->plain && POL_NODE_IS(n, "false")))
		return 0;
	if (n->kind != POL_NODE_SCALAR)
		return pol_set_fail(p->set, n, "%s was found under %s: true or false is wanted", pol_parse_kind(n), where);
	return pol_set_fail(p->set, n, "'%.*s' was found under %s: true or false is wanted%s", POL_SHOW(n), where,
	    !n->plain ? ", without quotes" : "");
}

/* order is for people: it is told where a key is unknown */
static const struct pol_key_row sections[] = {
	{ "policy", NULL },
	{ "description", NULL },
	{ "resources", pol_parse_resources },
	{ "actions", pol_parse_actions },
	{ "conditions", pol_parse_conditions },
	{ "roles", pol_parse_roles },
	{ "users", pol_parse_users },
	{ "groups", pol_parse_groups },
	{ "everyone", pol_parse_everyone },
	{ "authenticated", pol_parse_authenticated },
	{ "grants", pol_parse_grants },
	{ "scopes", pol_parse_scopes },
	{ "credentials", pol_parse_credentials },
	{ "entities", pol_parse_entities },
	{ "fixtures", pol_parse_fixtures },
	{ "tests", pol_parse_tests },
	{ "enabled", pol_parse_enabled },
	{ "limits", pol_parse_limits },
	{ "modules", pol_parse_modules },
	{ "store", pol_parse_store },
	{ "tokens", pol_parse_tokens },
	{ "audit", pol_parse_audit },
	{ "routes", pol_parse_routes },
};

/* Sections of many small items; of grants: they are a list's. */
static const struct pol_key_row items[] = {
	{ "roles", pol_parse_role },
	{ "users", pol_parse_user },
	{ "groups", pol_parse_group },
	{ "grants", pol_parse_grant },
	{ "entities", pol_parse_entity },
};

static const struct pol_key_row *
item_row(const struct pol_node *section)
{
	size_t i;

	for (i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		if (pol_bytes_equal(section->u.text, section->count, items[i].name, strlen(items[i].name)))
			return &items[i];
	return NULL;
}

bool
pol_parse_by_item(const struct pol_node *section, bool map)
{
	const struct pol_key_row *row = item_row(section);

	return row != NULL && map == (row->read != pol_parse_grant);
}

int
pol_parse_item(struct pol_parse *p, const struct pol_node *section, const struct pol_node *key,
    const struct pol_node *value)
{
	int rc;

	p->passing = true;
	rc = item_row(section)->read(p, key, value, NULL);
	p->passing = false;
	return rc;
}

int
pol_parse_section(struct pol_parse *p, const struct pol_node *pair)
{
	const struct pol_node one = { .kind = POL_NODE_MAP, .count = 1, .u.items = pair };

	return POL_PARSE_KEYS(p, &one, "the file", sections, NULL);
}

int
pol_parse_version(struct pol_parse *p, const struct pol_node *root)
{
	const struct pol_node *v;

	if (root->kind != POL_NODE_MAP)
		return pol_set_fail(p->set, root, "%s was found as the file: a mapping is wanted, its first line `policy: 1`",
		    pol_parse_kind(root));
	v = pol_parse_get(root, "policy");
	if (v == NULL)
		return pol_set_fail(p->set, root, "`policy: 1` is missing: the first line must be `policy: 1`");
	if (v->kind != POL_NODE_SCALAR || !v->plain || !POL_NODE_IS(v, "1"))
		return pol_set_fail(p->set, v, "`policy: 1` is wanted, the version as a plain 1");
	return 0;
}

int
pol_parse_file(struct pol_parse *p, const struct pol_node *root)
{
	int rc = pol_parse_version(p, root);

	return rc != 0 ? rc : POL_PARSE_KEYS(p, root, "the file", sections, NULL);
}
