/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lookup-self says of a token, as an identity. Nothing in it is taken on trust:
 * a member of another type than the server's own is no answer. Times count from the
 * call's, which is before the question.
 */
#include "vault.h"

#include <stdio.h>
#include <string.h>

#define MAX_LIFE_S INT64_C(3153600000)	/* a hundred years: beyond, it has no end */

struct facts {
	const json_t *meta;		/* object or NULL */
	const char *entity, *display_name, *accessor, *ns;
	int64_t ttl_s, uses;
	bool endless;
};

/* A list of texts, or nothing. */
static bool
are_texts(const json_t *list, bool needed)
{
	const json_t *item;
	size_t i;

	if (list == NULL || json_is_null(list))
		return !needed;
	json_array_foreach(list, i, item) {
		if (!json_is_string(item))
			return false;
	}
	return json_is_array(list);
}

static bool
is_meta(json_t *meta)
{
	const char *name;
	json_t *value;

	if (meta == NULL || json_is_null(meta))
		return true;
	json_object_foreach(meta, name, value) {
		if (!json_is_string(value))
			return false;
	}
	return json_is_object(meta);
}

static bool
read_facts(struct facts *f, const json_t *data)
{
	const json_t *end = json_object_get(data, "expire_time");
	json_t *meta = json_object_get(data, "meta");

	if (!json_is_object(data) || !is_meta(meta) || !are_texts(json_object_get(data, "policies"), true) ||
	    !are_texts(json_object_get(data, "identity_policies"), false) ||
	    !pol_vault_json_int(data, "ttl", 0, &f->ttl_s) || !pol_vault_json_int(data, "num_uses", -1, &f->uses) ||
	    !pol_vault_json_maybe(data, "entity_id", &f->entity) ||
	    !pol_vault_json_maybe(data, "display_name", &f->display_name) ||
	    !pol_vault_json_maybe(data, "accessor", &f->accessor) ||
	    !pol_vault_json_maybe(data, "namespace_path", &f->ns) ||
	    end == NULL || !(json_is_null(end) || json_is_string(end)))
		return false;
	f->meta = json_is_object(meta) ? meta : NULL;
	f->endless = f->ttl_s == 0 && json_is_null(end);
	return true;
}

/* "team1/" and "team1" are one. */
static bool
same_namespace(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);

	n -= n > 0 && a[n - 1] == '/';
	m -= m > 0 && b[m - 1] == '/';
	return n == m && memcmp(a, b, n) == 0;
}

static const char *
meta_text(const struct facts *f, const char *name)
{
	const char *s = f->meta != NULL ? pol_vault_json_text(f->meta, name) : NULL;

	return s != NULL ? s : "";
}

static const char *
subject(const struct vault_conf *c, const struct facts *f)
{
	switch (c->id) {
	case VAULT_ENTITY:
		return f->entity;
	case VAULT_DISPLAY_NAME:
		return f->display_name;
	case VAULT_ACCESSOR:
		return f->accessor;
	case VAULT_META:
		return meta_text(f, c->id_meta);
	case VAULT_KEY:
		break;
	}
	return "";
}

/* ---- filling; what a set function refuses spoils the identity, so nothing is looked at ---- */

static void
each_policy(struct vault *v, const json_t *list, struct policy_identity *id, const struct policy_text *claim)
{
	const struct policy_host *h = v->host;
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		struct policy_text p = { json_string_value(item), json_string_length(item) };

		if (claim != NULL)
			h->add_claim(id, *claim, p);
		else
			h->add_group(id, p);
	}
}

/* Names that the engine fills itself are no attributes of a token. */
static bool
is_own_name(const char *name)
{
	return strcmp(name, "scopes") == 0 || strcmp(name, "kind") == 0 || strcmp(name, "id") == 0 ||
	    strcmp(name, "subject") == 0;
}

static void
fill_meta(struct vault *v, const struct facts *f, struct policy_identity *id)
{
	const struct vault_conf *c = &v->conf;
	const char *name;
	json_t *text;

	json_object_foreach((json_t *)(uintptr_t)f->meta, name, text) {
		struct policy_value value = { .type = POLICY_STRING };

		value.u.text = policy_text(json_string_value(text));
		if (!is_own_name(name))
			v->host->add_token_attribute(id, policy_text(name), &value);
	}
	for (unsigned i = 0; i < c->n_attributes; i++) {
		struct policy_value value = { .type = POLICY_STRING };

		value.u.text = policy_text(f->meta != NULL ? pol_vault_json_text(f->meta, c->attributes[i].meta) : NULL);
		if (value.u.text.data != NULL)
			v->host->add_subject_attribute(id, policy_text(c->attributes[i].name), &value);
	}
}

static void
fill_claims(struct vault *v, const struct facts *f, const json_t *data, struct policy_identity *id)
{
	for (unsigned i = 0; i < v->conf.n_claims; i++) {
		const struct policy_text claim = policy_text(v->conf.claims[i]);
		const char *text;

		if (strncmp(claim.data, "meta.", 5) == 0) {
			text = meta_text(f, claim.data + 5);
			if (text[0] != '\0')
				v->host->add_claim(id, claim, policy_text(text));
		} else {
			each_policy(v, json_object_get(data, "policies"), id, &claim);
			each_policy(v, json_object_get(data, "identity_policies"), id, &claim);
		}
	}
}

/* Words with blanks between, as OAuth has them. */
static void
fill_scopes(struct vault *v, const struct facts *f, struct policy_identity *id)
{
	const char *s = meta_text(f, v->conf.scopes);

	v->host->set_scoped(id);
	for (s += strspn(s, " "); *s != '\0'; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");

		v->host->add_scope(id, (struct policy_text){ s, n });
		s += n;
	}
}

/* A look-up that used up a use is not to be answered from a cache, nor is a password. */
static void
fill_times(struct vault *v, const struct policy_call *call, const struct facts *f, struct policy_identity *id)
{
	const struct policy_text kind = call->credential->kind;
	const bool password = kind.len == 8 && memcmp(kind.data, "password", 8) == 0;
	const bool ends = !f->endless && f->ttl_s < MAX_LIFE_S;
	int64_t keep = VAULT_CACHE_SECONDS;

	if (ends && f->ttl_s < keep)
		keep = f->ttl_s;
	v->host->set_expires(id, ends ? call->now_ns + f->ttl_s * VAULT_SECOND : 0);
	v->host->set_cacheable(id, f->uses != 0 || password ? 1 : call->now_ns + keep * VAULT_SECOND);
}

enum policy_check_result
pol_vault_fill(struct vault *v, const struct policy_call *call, const json_t *data, struct policy_text token_id,
    struct policy_identity *id)
{
	struct facts f;
	const char *who;

	if (!read_facts(&f, data)) {
		pol_vault_say(v, VAULT_SAY_ANSWER, POLICY_LOG_ERROR, "%s: a look-up was answered with something "
		    "that is no description of a token", v->conf.address);
		return POLICY_CHECK_ERROR;
	}
	if (!same_namespace(f.ns, v->conf.ns)) {
		pol_vault_say(v, VAULT_SAY_NAMESPACE, POLICY_LOG_WARNING, "refused a token of the namespace \"%s\"; "
		    "this step is for \"%s\"", f.ns, v->conf.ns);
		return POLICY_CHECK_FAIL;
	}
	if (!f.endless && f.ttl_s == 0) {
		v->host->set_reason(id, POLICY_REASON_EXPIRED);
		return POLICY_CHECK_FAIL;
	}
	who = subject(&v->conf, &f);
	if (who[0] == '\0') {
		pol_vault_say(v, VAULT_SAY_SUBJECT, POLICY_LOG_WARNING, "refused a token that has not what "
		    "`subject: { id: ... }` names (accessor %.40s)", f.accessor[0] != '\0' ? f.accessor : "none");
		return POLICY_CHECK_FAIL;
	}
	v->host->set_subject(id, (struct policy_text){ NULL, 0 }, policy_text(who));
	v->host->set_token_id(id, token_id.data != NULL ? token_id : policy_text(f.accessor));
	each_policy(v, json_object_get(data, "policies"), id, NULL);
	each_policy(v, json_object_get(data, "identity_policies"), id, NULL);
	fill_meta(v, &f, id);
	fill_claims(v, &f, data, id);
	if (v->conf.scopes[0] != '\0')
		fill_scopes(v, &f, id);
	fill_times(v, call, &f, id);
	return POLICY_CHECK_PASS;
}
