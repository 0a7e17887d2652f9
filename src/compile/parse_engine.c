/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sections about the engine, not about who may do what: at most once in a set, and
 * only where the one who owns the set has put them on purpose, so that a file
 * dropped into the directory cannot switch the engine off.
 */
#include "compile/parse.h"

#include "base/num.h"
#include "base/time.h"

#define SECOND INT64_C(1000000000)
#define DURATION "as in 500ms, 30s, 5m, 1h or 7d"

int
pol_parse_may_stand(struct pol_parse *p, const struct pol_node *key, const struct pol_node *first)
{
	if (first != NULL)
		return pol_set_fail(p->set, key, "%.*s is declared twice, first at %s:%u: it may stand once in a set", POL_SHOW(key),
		    p->set->files[first->file], first->line);
	if (!p->engine_ok)
		return pol_set_fail(p->set, key, "%.*s stands in %s: it belongs in policy.yaml of the directory, or in the file named as the set",
		    POL_SHOW(key), p->set->files[key->file]);
	return 0;
}

static int
enabled_env(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	(void)out;
	p->set->enabled_env = value;
	if (value->kind == POL_NODE_SCALAR && memchr(value->u.text, '=', value->count) != NULL)
		return pol_set_fail(p->set, value, "'%.*s' is no name of an environment variable", POL_SHOW(value));
	return pol_parse_text(p, value, "env");
}

static int
enabled_default(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	bool on = false;
	int rc = pol_parse_bool(p, &on, value, key != NULL && POL_NODE_IS(key, "default") ? "default" : "enabled");

	(void)out;
	p->set->enabled = on ? AST_ENABLED_TRUE : AST_ENABLED_FALSE;
	return rc;
}

static const struct pol_key_row enabled_keys[] = {
	{ "env", enabled_env }, { "default", enabled_default },
};

int
pol_parse_enabled(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_set *set = p->set;
	int rc = pol_parse_may_stand(p, key, set->enabled_at);

	set->enabled_at = key;
	if (rc != 0)
		return rc;
	if (value->kind != POL_NODE_MAP)
		return enabled_default(p, key, value, out);
	rc = POL_PARSE_KEYS(p, value, "enabled", enabled_keys, out);
	if (rc == 0 && (set->enabled_env == NULL || set->enabled == AST_ENABLED_UNSAID))
		return pol_set_fail(set, value, "enabled: has no %s; true, false, or { env: NAME, default: true|false } is wanted",
		    set->enabled_env == NULL ? "env" : "default");
	return rc;
}

int
pol_parse_duration(struct pol_parse *p, struct ast_duration *out, const struct pol_node *n,
    const char *where, int64_t least, int64_t most, const char *range)
{
	out->source = n;
	if (n->kind != POL_NODE_SCALAR)
		return pol_set_fail(p->set, n, "%s was found under %s: a duration is wanted, " DURATION, pol_parse_kind(n), where);
	if (pol_time_duration(&out->ns, n->u.text, n->count) != 0)
		return pol_set_fail(p->set, n, "%s: '%.*s' is no duration: a whole number with its unit is wanted, " DURATION, where, POL_SHOW(n));
	if (out->ns < least || out->ns > most)
		return pol_set_fail(p->set, n, "%s is %.*s: %s is wanted", where, POL_SHOW(n), range);
	return 0;
}

/* ---- store ---- */

/* SCHEME:REST. What was found is not shown: it may hold a password. */
static int
store_url(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_store *s = out;
	uint32_t n = 0;
	int rc = pol_parse_text(p, value, "url");

	(void)key;
	s->url = value;
	if (rc != 0)
		return rc;
	while (n < value->count && ((value->u.text[n] >= 'a' && value->u.text[n] <= 'z') ||
	    (value->u.text[n] >= '0' && value->u.text[n] <= '9')))
		n++;
	s->scheme_len = n;
	if (n == 0 || n > POL_STORE_SCHEME_MAX || n + 1 >= value->count || value->u.text[n] != ':')
		return pol_set_fail(p->set, value, "this url is no SCHEME:REST, with a SCHEME of at most %u of a to z and 0 to 9, as in \"sqlite:/var/lib/policy/policy.db\"",
		    POL_STORE_SCHEME_MAX);
	if (value->count > POL_STORE_URL_MAX)
		return pol_set_limit(p->set, value, "this url has %u bytes; at most %u are wanted", value->count, POL_STORE_URL_MAX);
	return 0;
}

static int
store_stale(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_duration(p, &((struct ast_store *)out)->stale, value, "stale", SECOND, 24 * 3600 * SECOND, "1s to 24h");
}

static const struct pol_key_row store_keys[] = {
	{ "url", store_url }, { "stale", store_stale },
};

int
pol_parse_store(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_set *set = p->set;
	int rc = pol_parse_may_stand(p, key, set->store != NULL ? set->store->at : NULL);

	(void)out;
	if (rc != 0)
		return rc;
	set->store = POL_NEW(set, struct ast_store);
	if (set->store == NULL)
		return POLICY_ERR_NOMEM;
	set->store->at = key;
	set->store->stale.ns = 60 * SECOND;
	rc = POL_PARSE_KEYS(p, value, "store", store_keys, set->store);
	if (rc == 0 && set->store->url == NULL)
		return pol_set_fail(set, value->kind == POL_NODE_NULL ? key : value, "store: has no url; { url: \"SCHEME:...\" } is wanted");
	return rc;
}

/* ---- tokens ---- */

static int
tokens_lifetime(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_tokens *t = out;
	const bool most = POL_NODE_IS(key, "max_lifetime");

	return pol_parse_duration(p, most ? &t->max_lifetime : &t->lifetime, value, most ? "max_lifetime" : "lifetime",
	    SECOND, POL_TOKEN_LIFE_MAX, "1s to 3650d");
}

static const struct pol_key_row tokens_keys[] = {
	{ "lifetime", tokens_lifetime }, { "max_lifetime", tokens_lifetime },
};

int
pol_parse_tokens(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	struct ast_set *set = p->set;
	struct ast_tokens *t;
	int rc = pol_parse_may_stand(p, key, set->tokens != NULL ? set->tokens->at : NULL);

	(void)out;
	if (rc != 0)
		return rc;
	set->tokens = t = POL_NEW(set, struct ast_tokens);
	if (t == NULL)
		return POLICY_ERR_NOMEM;
	t->at = key;
	t->lifetime.ns = t->max_lifetime.ns = POL_TOKEN_LIFE;
	rc = POL_PARSE_KEYS(p, value, "tokens", tokens_keys, t);
	if (rc != 0 || t->lifetime.ns <= t->max_lifetime.ns)
		return rc;
	if (t->lifetime.source == NULL) {
		t->lifetime.ns = t->max_lifetime.ns;
		return 0;
	}
	return pol_set_fail(set, t->lifetime.source, "lifetime is %.*s, which is longer than max_lifetime, %.*s: one that is not is wanted",
	    POL_SHOW(t->lifetime.source), t->max_lifetime.source != NULL ? (int)t->max_lifetime.source->count : 3,
	    t->max_lifetime.source != NULL ? t->max_lifetime.source->u.text : "30d");
}

/* ---- limits ---- */

static int
read_limit(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, uint64_t in_force, uint64_t *out)
{
	struct ast_limit *l;
	int64_t i = 0;
	double d;

	if (value->kind != POL_NODE_SCALAR || !value->plain ||
	    pol_num_parse(value->u.text, value->count, &i, &d) != POL_NUM_INT || i <= 0)
		return pol_set_fail(p->set, value, "limits: %.*s wants a positive integer", POL_SHOW(key));
	if ((uint64_t)i > in_force)
		return pol_set_fail(p->set, value, "limits: %.*s is %lld and may only lower the cap in force, which is %llu", POL_SHOW(key),
		    (long long)i, (unsigned long long)in_force);
	*out = (uint64_t)i;
	l = POL_NEW(p->set, struct ast_limit);
	if (l == NULL)
		return POLICY_ERR_NOMEM;
	l->name = key;
	l->value = (uint64_t)i;
	return AST_LIST_ADD(p->set, &p->set->limits, l);
}

static int
limit_file_bytes(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)out;
	return read_limit(p, key, value, p->limits->file_bytes, &p->lowered->file_bytes);
}

static int
limit_depth(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	uint64_t v = 0;
	int rc = read_limit(p, key, value, p->limits->depth, &v);

	(void)out;
	p->lowered->depth = (uint32_t)v;
	return rc;
}

static int
limit_nodes(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)out;
	return read_limit(p, key, value, p->limits->nodes, &p->lowered->nodes);
}

static int
limit_scalar_bytes(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)out;
	return read_limit(p, key, value, p->limits->scalar_bytes, &p->lowered->scalar_bytes);
}

static const struct pol_key_row limit_keys[] = {
	{ "file_bytes", limit_file_bytes }, { "depth", limit_depth },
	{ "nodes", limit_nodes }, { "scalar_bytes", limit_scalar_bytes },
};

int
pol_parse_limits(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	int rc = pol_parse_may_stand(p, key, p->limits_at != NULL ? *p->limits_at : NULL);

	if (p->limits_at != NULL)
		*p->limits_at = key;
	return rc != 0 ? rc : POL_PARSE_KEYS(p, value, "limits", limit_keys, out);
}
