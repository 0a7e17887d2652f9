/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line's words as an AuthZEN object, so that one request is made in one
 * way (request.c) wherever it comes from. Values are typed as YAML would have them.
 */
#include "cli/ask.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ROOT.NAME=VALUE: which member of the request it goes to. */
static const struct root {
	const char *name, *member;
	bool properties;		/* under `properties` of it */
} roots[] = {
	{ "subject", "subject", true },
	{ "resource", "resource", true },
	{ "action", "action", true },
	{ "actor", "actor", true },
	{ "context", "context", false },
	{ "token", "token", false },
};

#define ROOTS (sizeof(roots) / sizeof(roots[0]))

/* ---- values ---- */

/* -?(0|[1-9][0-9]*)(\.[0-9]+)? : 1 an integer, 2 a decimal, 0 none */
static int
number_kind(const char *s, size_t len)
{
	size_t i = len > 0 && s[0] == '-', start = i;

	while (i < len && s[i] >= '0' && s[i] <= '9')
		i++;
	if (i == start || (s[start] == '0' && i - start > 1))
		return 0;
	if (i == len)
		return 1;
	if (s[i++] != '.')
		return 0;
	start = i;
	while (i < len && s[i] >= '0' && s[i] <= '9')
		i++;
	return i == len && i > start ? 2 : 0;
}

static json_t *
number(const char *s, size_t len, int kind)
{
	char text[400], *end;
	double d;
	long long v;

	if (len >= sizeof(text))
		return NULL;
	memcpy(text, s, len);
	text[len] = '\0';
	errno = 0;
	if (kind == 1) {
		v = strtoll(text, &end, 10);
		return errno != 0 ? NULL : json_integer(v);
	}
	d = strtod(text, &end);
	return isfinite(d) ? json_real(d) : NULL;
}

/* "..." with \" and \\, as in a condition. */
static json_t *
quoted(const char *s, size_t len)
{
	char *text = malloc(len + 1);
	size_t i, n = 0;
	json_t *out;

	if (text == NULL)
		return NULL;
	for (i = 1; i + 1 < len; i++) {
		if (s[i] == '\\' && i + 2 < len && (s[i + 1] == '"' || s[i + 1] == '\\'))
			i++;
		text[n++] = s[i];
	}
	out = json_stringn(text, n);
	free(text);
	return out;
}

static bool
is_word(const char *s, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(s, word, len) == 0;
}

static json_t *
scalar(const char *s, size_t len)
{
	int kind = number_kind(s, len);

	if (kind != 0)
		return number(s, len, kind);
	if (len >= 2 && s[0] == '"' && s[len - 1] == '"')
		return quoted(s, len);
	if (len == 0 || is_word(s, len, "~") || is_word(s, len, "null"))
		return json_null();
	if (is_word(s, len, "true") || is_word(s, len, "false"))
		return json_boolean(s[0] == 't');
	return json_stringn(s, len);
}

/* [a, "b, c", 3]: no list in a list. */
static json_t *
list(const char *s, size_t len)
{
	json_t *out = json_array();
	size_t from = 1, i, end;
	bool in_text = false;

	for (i = 1; out != NULL && i < len; i++) {
		if (in_text && s[i] == '\\' && i + 1 < len - 1) {
			i++;
			continue;
		}
		if (s[i] == '"')
			in_text = !in_text;
		if (i + 1 < len && (in_text || s[i] != ','))
			continue;
		while (from < i && s[from] == ' ')
			from++;
		for (end = i; end > from && s[end - 1] == ' '; end--)
			;
		/* [] is empty, and a comma may end the list */
		if ((end > from || i + 1 < len) && json_array_append_new(out, scalar(s + from, end - from)) != 0) {
			json_decref(out);
			return NULL;
		}
		from = i + 1;
	}
	return out;
}

static json_t *
value(const char *s)
{
	size_t len = strlen(s);

	return len >= 2 && s[0] == '[' && s[len - 1] == ']' ? list(s, len) : scalar(s, len);
}

/* "a,b" as a list of texts; "" is the empty list. */
static json_t *
texts(const char *s)
{
	json_t *out = json_array();
	size_t n;

	while (out != NULL && *s != '\0') {
		n = strcspn(s, ",");
		if (json_array_append_new(out, json_stringn(s, n)) != 0) {
			json_decref(out);
			return NULL;
		}
		s += n;
		s += *s == ',';
	}
	return out;
}

/* ---- words ---- */

/* NAME or TYPE:NAME. */
static int
set_subject(const struct pol_args *a, json_t *root, const char *member, const char *word)
{
	static const char *const nobody[] = { "group", "everyone", "authenticated" };
	const char *colon = strchr(word, ':');
	json_t *o;
	size_t i;

	for (i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++)
		if (strcmp(word, nobody[i]) == 0)
			return pol_out_usage(a, "%s is no user; write user:%s if it is", word, word);
	o = json_object();
	json_object_set_new(o, "type", colon != NULL ? json_stringn(word, (size_t)(colon - word)) : json_string("user"));
	json_object_set_new(o, "id", json_string(colon != NULL ? colon + 1 : word));
	if (json_object_size(o) != 2) {
		json_decref(o);
		return pol_out_usage(a, "%s: not UTF-8", member);
	}
	json_object_set_new(root, member, o);
	return 0;
}

static int
set_resource(const struct pol_args *a, json_t *root, const char *word)
{
	const char *slash = strchr(word, '/');
	json_t *o = json_object();

	json_object_set_new(o, "type", json_stringn(word, (size_t)(slash - word)));
	json_object_set_new(o, "id", json_string(slash + 1));
	if (json_object_size(o) != 2) {
		json_decref(o);
		return pol_out_usage(a, "the resource is not UTF-8");
	}
	json_object_set_new(root, "resource", o);
	return 0;
}

/* The object at `name` of o, made where there is none. NULL: something else is there. */
static json_t *
inner(json_t *o, const char *name, size_t len)
{
	json_t *in = json_object_getn(o, name, len);

	if (in == NULL) {
		in = json_object();
		if (json_object_setn_new(o, name, len, in) != 0)
			return NULL;
	}
	return json_is_object(in) ? in : NULL;
}

static int
set_property(const struct pol_args *a, json_t *root, const struct root *r, const char *word)
{
	const char *name = word + strlen(r->name) + 1, *equals = strchr(word, '='), *dot;
	json_t *o, *v;

	o = json_object_get(root, r->member);
	if (o == NULL && r->properties)
		return pol_out_usage(a, "%s: there is no %s", word, r->member);
	if (o == NULL)
		o = inner(root, r->member, strlen(r->member));
	if (o != NULL && r->properties)
		o = inner(o, "properties", 10);
	for (; o != NULL && (dot = memchr(name, '.', (size_t)(equals - name))) != NULL; name = dot + 1)
		o = inner(o, name, (size_t)(dot - name));
	if (o == NULL || name == equals || json_object_getn(o, name, (size_t)(equals - name)) != NULL)
		return pol_out_usage(a, "%s: given twice, or no name", word);
	v = value(equals + 1);
	if (v == NULL)
		return pol_out_usage(a, "%s: not UTF-8, or a number out of range (integers are int64, "
		    "decimals finite doubles)", word);
	if (json_object_setn_new(o, name, (size_t)(equals - name), v) != 0)
		return pol_out_usage(a, "%s: not UTF-8", word);
	return 0;
}

static const struct root *
root_of(const char *word)
{
	size_t i, n;

	for (i = 0; i < ROOTS; i++) {
		n = strlen(roots[i].name);
		if (strncmp(word, roots[i].name, n) == 0 && word[n] == '.' && strchr(word + n, '=') != NULL)
			return &roots[i];
	}
	return NULL;
}

/* An option's value must not get lost: without it the request is another one. */
static int
set_option(const struct pol_args *a, json_t *o, const char *member, const char *text, bool is_list)
{
	if (text == NULL)
		return 0;
	if (json_object_set_new(o, member, is_list ? texts(text) : json_string(text)) != 0)
		return pol_out_usage(a, "--%s: not UTF-8", member);
	return 0;
}

static int
set_options(const struct pol_args *a, json_t *root)
{
	json_t *token;
	int rc = 0;

	if (a->scopes != NULL || a->kind != NULL) {
		token = json_object();
		json_object_set_new(root, "token", token);
		rc = set_option(a, token, "scopes", a->scopes, true);
		if (rc == 0)
			rc = set_option(a, token, "kind", a->kind, false);
	}
	if (rc == 0)
		rc = set_option(a, root, "groups", a->groups, true);
	if (rc == 0)
		rc = set_option(a, root, "now", a->now, false);
	if (rc == 0 && a->actor != NULL)
		rc = set_subject(a, root, "actor", a->actor);
	return rc;
}

static int
fill(const struct pol_args *a, json_t *root)
{
	const struct root *r;
	json_t *action = json_object();
	size_t i;
	int rc;

	json_object_set_new(root, "action", action);
	if (json_object_set_new(action, "name", json_string(a->words[1])) != 0)
		return pol_out_usage(a, "the action is not UTF-8");
	if (strcmp(a->words[0], "anonymous") != 0 && strcmp(a->words[0], "-") != 0) {
		rc = set_subject(a, root, "subject", a->words[0]);
		if (rc != 0)
			return rc;
	}
	rc = set_options(a, root);
	/* the resource first: it may stand behind what is said of it */
	for (i = 2; rc == 0 && i < a->n_words; i++) {
		if (root_of(a->words[i]) != NULL)
			continue;
		if (strchr(a->words[i], '/') == NULL || json_object_get(root, "resource") != NULL)
			return pol_out_usage(a, "%s: TYPE/ID is wanted once, or ROOT.NAME=VALUE", a->words[i]);
		rc = set_resource(a, root, a->words[i]);
	}
	for (i = 2; rc == 0 && i < a->n_words; i++) {
		r = root_of(a->words[i]);
		if (r != NULL)
			rc = set_property(a, root, r, a->words[i]);
	}
	return rc;
}

json_t *
pol_ask_read(const struct pol_args *a)
{
	json_t *root;

	if (a->n_words < 2) {
		pol_out_usage(a, "SUBJECT and ACTION are wanted");
		return NULL;
	}
	root = json_object();
	if (root == NULL || fill(a, root) != 0) {
		json_decref(root);
		return NULL;
	}
	return root;
}
