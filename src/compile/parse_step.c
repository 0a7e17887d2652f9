/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modules: the steps of the credential stack, in order. What can be told from the text
 * alone is told here; whether a module exists and what it makes of its settings, only
 * who opens the set sees.
 */
#include "compile/parse.h"

#include <stdio.h>

#include "compile/parse_hint.h"
#include "core/core.h"

#define MS INT64_C(1000000)

const char *const pol_step_controls[AST_CONTROL__COUNT] = {
	"binding", "required", "requisite", "sufficient", "optional"
};

/* [a-z0-9_]+, and short enough for the name of a file. */
static int
read_name(struct pol_parse *p, const struct pol_node *n, const char *where, const char *what)
{
	int rc = pol_parse_text(p, n, where);
	uint32_t i;

	if (rc != 0)
		return rc;
	for (i = 0; i < n->count; i++) {
		char c = n->u.text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
			break;
	}
	if (i < n->count)
		return pol_set_fail(p->set, n, "%s: '%.*s' is no name of a %s: [a-z0-9_]+ is wanted", where, POL_SHOW(n), what);
	if (n->count > POL_STEP_NAME_MAX)
		return pol_set_limit(p->set, n, "%s: this name has %u bytes; at most %u are wanted", where, n->count, POL_STEP_NAME_MAX);
	return 0;
}

/* One of the words; its place among them. */
static int
read_word(struct pol_parse *p, const struct pol_node *n, const char *where, const char *const *words, size_t n_words, size_t *out)
{
	struct pol_hint h;
	char all[128] = "";
	size_t i, at = 0;
	int rc = pol_parse_text(p, n, where);

	if (rc != 0)
		return rc;
	pol_hint_init(&h, pol_node_text(n));
	for (i = 0; i < n_words; i++) {
		const char *sep = i == 0 ? "" : i + 1 < n_words ? ", " : " or ";

		if (pol_bytes_equal(n->u.text, n->count, words[i], strlen(words[i]))) {
			*out = i;
			return 0;
		}
		pol_hint_offer(&h, policy_text(words[i]));
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%s", sep, words[i]);
	}
	if (pol_hint_found(&h))
		return pol_set_fail(p->set, n, "%s: unknown word '%.*s'; did you mean '%.*s'?", where, POL_SHOW(n), POL_SHOW_TEXT(h.best));
	return pol_set_fail(p->set, n, "%s: unknown word '%.*s': %s is wanted", where, POL_SHOW(n), all);
}

static int
step_use(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	((struct ast_step *)out)->use = value;
	return read_name(p, value, "use", "module");
}

static int
step_name(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	((struct ast_step *)out)->name = value;
	return read_name(p, value, "name", "step");
}

static int
step_control(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	size_t word = 0;
	int rc = read_word(p, value, "control", pol_step_controls, AST_CONTROL__COUNT, &word);

	(void)key;
	((struct ast_step *)out)->control = (enum ast_control)word;
	return rc;
}

static int
step_unscoped(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	static const char *const words[] = { "none", "full" };
	size_t word = 0;
	int rc = read_word(p, value, "unscoped", words, 2, &word);

	(void)key;
	((struct ast_step *)out)->unscoped = word == 0 ? AST_UNSCOPED_NONE : AST_UNSCOPED_FULL;
	return rc;
}

static int
read_kinds(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, struct ast_texts *out, const char *where)
{
	size_t i;
	int rc = pol_parse_texts(p, out, value, where);

	if (rc == 0 && out->n == 0)
		return pol_set_fail(p->set, value->kind == POL_NODE_NULL ? key : value,
		    "%s names no kind: a kind of credentials or a list of kinds is wanted, or leave the key out", where);
	for (i = 0; rc == 0 && i < out->n; i++)
		rc = read_name(p, &out->list[i], where, "kind");
	return rc;
}

static int
step_for(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	return read_kinds(p, key, value, &((struct ast_step *)out)->for_kinds, "for");
}

static int
step_kind(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	return read_kinds(p, key, value, &((struct ast_step *)out)->kinds, "kind");
}

/* ---- subject ---- */

static int
subject_type(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	int rc = pol_parse_text(p, value, "type");

	(void)key;
	((struct ast_step *)out)->subject_type = value;
	if (rc == 0 && (!pol_name_is(value->u.text, value->count) || pol_parse_no_subject(pol_node_text(value)) ||
	    value->count > POL_MAX_TYPE))
		return pol_set_fail(p->set, value, "'%.*s' is no subject type: a name of letters, digits, _ and - is wanted, of at most %d bytes, and not group, everyone, authenticated or anonymous",
		    POL_SHOW(value), POL_MAX_TYPE);
	return rc;
}

static int
subject_id(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	int rc = pol_parse_text(p, value, "id");

	(void)key;
	((struct ast_step *)out)->subject_id = value;
	if (rc == 0 && value->count > POL_MAX_ID)
		return pol_set_limit(p->set, value, "this name has %u bytes; at most %d are wanted", value->count, POL_MAX_ID);
	return rc;
}

static int
subject_shared(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_bool(p, &((struct ast_step *)out)->shared, value, "shared");
}

static const struct pol_key_row subject_keys[] = {
	{ "type", subject_type }, { "id", subject_id }, { "shared", subject_shared },
};

static int
step_subject(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return POL_PARSE_KEYS(p, value, "subject", subject_keys, out);
}

/* ---- times ---- */

static int
step_cache(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_duration(p, &((struct ast_step *)out)->cache, value, "cache", 0, POL_STEP_CACHE_MAX, "0s to 1h");
}

static int
step_timeout(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	(void)key;
	return pol_parse_duration(p, &((struct ast_step *)out)->timeout, value, "timeout", MS, 60000 * MS, "1ms to 60s");
}

/* ---- steps ---- */

static const struct pol_key_row step_keys[] = {
	{ "use", step_use }, { "name", step_name }, { "control", step_control }, { "for", step_for }, { "kind", step_kind },
	{ "subject", step_subject }, { "map", pol_parse_map }, { "cache", step_cache }, { "unscoped", step_unscoped },
	{ "timeout", step_timeout }, { "with", pol_parse_with },
};

static int
read_step(struct pol_parse *p, const struct pol_node *n)
{
	struct ast_step *s;
	int rc;

	if (n->kind != POL_NODE_MAP)
		return pol_set_fail(p->set, n, "%s was found in modules: a mapping { use: MODULE } is wanted", pol_parse_kind(n));
	s = POL_NEW(p->set, struct ast_step);
	if (s == NULL)
		return POLICY_ERR_NOMEM;
	s->place = ast_place_of(n);
	rc = POL_PARSE_KEYS(p, n, "a step", step_keys, s);
	if (rc != 0)
		return rc;
	if (s->use == NULL)
		return pol_set_fail(p->set, n, "a step has no use: `use: MODULE` is wanted");
	if (s->name == NULL)
		s->name = s->use;
	return AST_LIST_ADD(p->set, &p->set->steps, s);
}

int
pol_parse_modules(struct pol_parse *p, const struct pol_node *key, const struct pol_node *value, void *out)
{
	size_t i;
	int rc = pol_parse_may_stand(p, key, p->set->modules_at);

	(void)out;
	p->set->modules_at = key;
	if (rc != 0)
		return rc;
	if (value->kind == POL_NODE_NULL || (value->kind == POL_NODE_SEQ && value->count == 0))
		return pol_set_fail(p->set, value->kind == POL_NODE_NULL ? key : value,
		    "modules: has no step: a list of { use: MODULE } is wanted, or leave the section out");
	if (value->kind != POL_NODE_SEQ)
		return pol_set_fail(p->set, value, "%s was found under modules: a list is wanted, of { use: MODULE }", pol_parse_kind(value));
	if (value->count > POL_STEPS_MAX)
		return pol_set_limit(p->set, value, "modules: has %u steps; at most %u are wanted", value->count, POL_STEPS_MAX);
	for (i = 0; rc == 0 && i < value->count; i++)
		rc = read_step(p, &value->u.items[i]);
	return rc;
}
