/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing is made to fit: 30 under a key that wants a text is refused rather than read as
 * "30", since who wrote it meant one of the two and it is not for us to say which. A
 * module sees the types that its table has, and no others.
 */
#include "auth/with.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/name.h"
#include "base/time.h"

#define SHOWN 64			/* bytes of a foreign name in a sentence */
#define SLIP 2u				/* edits between a name and what was meant */

struct judging {
	struct pol_arena *arena;
	const struct pol_step_conf *step;
	const struct pol_step_key *key;	/* at hand */
	struct policy_error *err;
};

static int
shown(size_t len)
{
	return len < SHOWN ? (int)len : SHOWN;
}

/* The sentence's beginning is the same for all: whose step, which key. */
static int
refuse(const struct judging *j, const char *found, const char *wanted)
{
	const struct pol_step_key *k = j->key;

	return pol_err_set(j->err, POLICY_ERR_INVALID, k->at.file, k->at.line, k->at.column,
	    "modules: %s: with: '%.*s' is %s; %s", j->step->name, shown(k->name.len), k->name.data, found, wanted);
}

/* As who wrote it would call it. */
static const char *
found(const struct policy_value *v)
{
	switch ((enum policy_type)v->type) {
	case POLICY_STRING:
		return v->u.text.len == 0 ? "an empty text" : "a text";
	case POLICY_INT:
		return "an integer";
	case POLICY_DOUBLE:
		return "a number with a point";
	case POLICY_BOOL:
		return "true or false";
	case POLICY_LIST:
		return v->count == 0 ? "an empty list" : "a list";
	case POLICY_OBJECT:
		return "a mapping";
	case POLICY_NULL:
		break;
	}
	return "empty";
}

static bool
is_text(const struct policy_value *v)
{
	return v->type == POLICY_STRING && v->u.text.data != NULL && v->u.text.len > 0 &&
	    memchr(v->u.text.data, '\0', v->u.text.len) == NULL;
}

/* What reads as another type without quotes: the cure is worth telling. */
static const char *
quote_it(const struct policy_value *v, const char *wanted, const char *wanted_quoted)
{
	return v->type == POLICY_INT || v->type == POLICY_DOUBLE || v->type == POLICY_BOOL ? wanted_quoted : wanted;
}

static int
text(const struct judging *j, struct policy_value *out, const struct policy_value *v)
{
	*out = *v;
	return is_text(v) ? 0 : refuse(j, found(v), quote_it(v, "a text is wanted", "a text is wanted: quote it"));
}

static int
texts(const struct judging *j, struct policy_value *out, const struct policy_value *v)
{
	struct policy_value *one;

	*out = *v;
	if (is_text(v)) {
		one = pol_arena_alloc(j->arena, sizeof(*one));
		if (one == NULL)
			return pol_err_nomem(j->err);
		*one = *v;
		*out = (struct policy_value){ .type = POLICY_LIST, .count = 1, .u.items = one };
		return 0;
	}
	if (v->type != POLICY_LIST || v->count == 0)
		return refuse(j, found(v), quote_it(v, "a text or a list of texts is wanted",
		    "a text or a list of texts is wanted: quote it"));
	for (uint32_t i = 0; i < v->count; i++) {
		if (!is_text(&v->u.items[i]))
			return refuse(j, "a list in which something is no text, or empty",
			    quote_it(&v->u.items[i], "a list of texts is wanted", "a list of texts is wanted: quote each"));
	}
	return 0;
}

static int
integer(const struct judging *j, struct policy_value *out, const struct policy_value *v)
{
	*out = *v;
	return v->type == POLICY_INT ? 0 : refuse(j, found(v), "an integer is wanted, without quotes");
}

static int
boolean(const struct judging *j, struct policy_value *out, const struct policy_value *v)
{
	*out = *v;
	return v->type == POLICY_BOOL ? 0 : refuse(j, found(v), "true or false is wanted, without quotes");
}

static int
duration(const struct judging *j, struct policy_value *out, const struct policy_value *v)
{
	*out = (struct policy_value){ .type = POLICY_INT };
	if (v->type == POLICY_STRING && pol_time_duration(&out->u.integer, v->u.text.data, v->u.text.len) == 0)
		return 0;
	return refuse(j, v->type == POLICY_STRING ? "no length of time" : found(v),
	    "a whole number and its unit is wanted, as in 500ms, 30s, 5m, 1h or 7d");
}

static int
map(const struct judging *j, struct policy_value *out, const struct policy_value *v)
{
	*out = *v;
	if (v->type != POLICY_OBJECT)
		return refuse(j, found(v), "a mapping of names to texts is wanted");
	for (uint32_t i = 0; i < v->count; i++) {
		if (!is_text(&v->u.members[i].value))
			return refuse(j, "a mapping in which something is no text, or empty", quote_it(&v->u.members[i].value,
			    "a mapping of names to texts is wanted", "a mapping of names to texts is wanted: quote each"));
	}
	return 0;
}

/* by enum policy_key_type */
static int (*const types[])(const struct judging *j, struct policy_value *out, const struct policy_value *v) = {
	[POLICY_KEY_TEXT] = text,
	[POLICY_KEY_TEXTS] = texts,
	[POLICY_KEY_INT] = integer,
	[POLICY_KEY_BOOL] = boolean,
	[POLICY_KEY_DURATION] = duration,
	[POLICY_KEY_MAP] = map,
};

static const struct policy_module_key *
find(const struct policy_module_key *keys, struct policy_text name)
{
	for (; keys != NULL && keys->name != NULL; keys++) {
		if (pol_bytes_equal(keys->name, strlen(keys->name), name.data, name.len))
			return keys;
	}
	return NULL;
}

/* The one name that is nearest, if it is near and the only one. */
static const char *
meant(const struct policy_module_key *keys, struct policy_text name)
{
	unsigned least = name.len < 5 ? SLIP : SLIP + 1;
	const char *best = NULL;

	for (; keys != NULL && keys->name != NULL; keys++) {
		unsigned d = pol_name_distance(name.data, name.len, keys->name, strlen(keys->name), SLIP);

		if (d == least)
			best = NULL;
		if (d < least) {
			least = d;
			best = keys->name;
		}
	}
	return best;
}

static int
unknown(const struct judging *j, const struct policy_module_key *keys)
{
	const char *near = meant(keys, j->key->name);
	char list[512] = "";
	size_t at = 0, n;

	if (keys == NULL || keys->name == NULL)
		return refuse(j, "unknown", "the module has no settings");
	if (near != NULL) {
		snprintf(list, sizeof(list), "did you mean '%s'?", near);
		return refuse(j, "unknown", list);
	}
	at = (size_t)snprintf(list, sizeof(list), "the module knows");
	for (; keys->name != NULL; keys++) {
		n = strlen(keys->name) + 4;
		if (at + n >= sizeof(list))
			break;
		at += (size_t)snprintf(list + at, sizeof(list) - at, " %s%s", keys->name, keys[1].name != NULL ? "," : "");
	}
	return refuse(j, "unknown", list);
}

static int
check_missing(const struct judging *j, const struct policy_module_key *keys)
{
	const struct pol_step_conf *s = j->step;
	bool there;

	for (; keys != NULL && keys->name != NULL; keys++) {
		there = (keys->flags & POLICY_KEY_REQUIRED) == 0;
		for (uint32_t i = 0; !there && i < s->n_with; i++)
			there = pol_bytes_equal(keys->name, strlen(keys->name), s->with[i].name.data, s->with[i].name.len);
		if (!there)
			return pol_err_set(j->err, POLICY_ERR_INVALID, s->at.file, s->at.line, s->at.column,
			    "modules: %s: with: '%s' is missing, and the module '%s' cannot do without", s->name,
			    keys->name, s->use);
	}
	return 0;
}

int
pol_with_judge(struct policy_value *out, struct pol_arena *arena, const struct pol_step_conf *step,
    const struct policy_module_key *keys, struct policy_error *err)
{
	struct judging j = { arena, step, NULL, err };
	struct policy_attr *list = pol_arena_array(arena, step->n_with, sizeof(*list));
	const struct policy_module_key *k;
	int rc = 0;

	if (list == NULL)
		return pol_err_nomem(err);
	for (uint32_t i = 0; rc == 0 && i < step->n_with; i++) {
		j.key = &step->with[i];
		k = find(keys, j.key->name);
		if (k == NULL)
			return unknown(&j, keys);
		for (uint32_t m = 0; m < i; m++) {
			if (pol_bytes_equal(list[m].name.data, list[m].name.len, j.key->name.data, j.key->name.len))
				return refuse(&j, "there twice", "one of the two is wanted");
		}
		if (k->type == 0 || k->type >= sizeof(types) / sizeof(types[0]))
			return refuse(&j, "of a type that the module made up", "a module built for this library is wanted");
		list[i].name = j.key->name;
		rc = types[k->type](&j, &list[i].value, &j.key->value);
	}
	*out = (struct policy_value){ .type = POLICY_OBJECT, .count = step->n_with, .u.members = list };
	return rc != 0 ? rc : check_missing(&j, keys);
}
