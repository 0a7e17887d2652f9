/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Args of an operation, out of path, query and body. Names are looked at here, for a body
 * may not say again what the path says; what a value must be the clerk knows, who has to
 * look at it anyway.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "manage.h"

enum { VALUE = 8192 };

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decoded once; NULL: it is no text, has a control byte, or is too long. */
static json_t *
decode(const char *s, size_t len, bool plus)
{
	char out[VALUE];
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = plus && s[i] == '+' ? ' ' : s[i];

		if (c == '%') {
			const int high = i + 2 < len ? hex(s[i + 1]) : -1, low = i + 2 < len ? hex(s[i + 2]) : -1;

			if (high < 0 || low < 0)
				return NULL;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if ((unsigned char)c < 0x20 || c == 0x7f || n == sizeof(out))
			return NULL;
		out[n++] = c;
	}
	return json_stringn(out, n);	/* NULL where it is no UTF-8 */
}

/* ---- path ---- */

static size_t
segment(const char *s, const char *end)
{
	size_t n = 0;

	while (s + n < end && s[n] != '/')
		n++;
	return n;
}

/* A segment that is a dot or two, or nothing, in whatever spelling, is no name. */
static json_t *
name_of(const char *s, size_t len)
{
	json_t *v = decode(s, len, false);
	const char *text = json_string_value(v);

	if (text == NULL || text[0] == '\0' || strcmp(text, ".") == 0 || strcmp(text, "..") == 0) {
		json_decref(v);
		return NULL;
	}
	return v;
}

bool
pol_manage_match(const struct pol_call *c, const char *path)
{
	const char *at = c->target, *end = at + c->path_len;

	for (; *path != '\0'; path++) {
		const char *shut = *path == '{' ? strchr(path, '}') : NULL;

		if (shut == NULL) {
			if (at == end || *at++ != *path)
				return false;
			continue;
		}
		if (segment(at, end) == 0)
			return false;
		at += segment(at, end);
		path = shut;
	}
	return at == end;
}

static const char *
read_path(json_t *args, const struct pol_call *c, const char *path)
{
	const char *at = c->target, *end = at + c->path_len;

	for (; *path != '\0'; path++, at++) {
		const char *shut = *path == '{' ? strchr(path, '}') : NULL;
		size_t n;
		json_t *v;

		if (shut == NULL)
			continue;
		n = segment(at, end);
		v = name_of(at, n);
		if (v == NULL)
			return "the path is not well formed";
		json_object_setn_new_nocheck(args, path + 1, (size_t)(shut - path) - 1, v);
		at += n - 1;
		path = shut;
	}
	return NULL;
}

/* ---- query ---- */

/* limit is a number there; whatever else it says, the clerk refuses. */
static json_t *
value_of(const char *name, size_t len, json_t *text)
{
	const struct pol_manage_member *m = pol_manage_member(name, len);
	const char *s = json_string_value(text);
	json_t *v;

	if (m == NULL || text == NULL || strcmp(m->type, "limit") != 0)
		return text;
	if (strlen(s) > 9 || s[0] == '\0' || s[strspn(s, "0123456789")] != '\0' || s[0] == '0')
		return text;
	v = json_integer(atoi(s));
	json_decref(text);
	return v;
}

static const char *
read_query(json_t *args, const struct pol_call *c, const char *list, char *why, size_t room)
{
	const char *s = c->target + c->path_len;

	if (*s == '?')
		s++;
	while (*s != '\0') {
		const size_t n = strcspn(s, "&"), name = strcspn(s, "=&");
		char text[32];
		json_t *v;
		bool must;

		if (n == 0) {
			s++;
			continue;
		}
		snprintf(text, sizeof(text), "%.*s", name < sizeof(text) ? (int)name : 0, s);
		if (!pol_manage_has(list, text, &must)) {
			snprintf(why, room, "%.*s: no such parameter is known here", name < 64 ? (int)name : 64, s);
			return why;
		}
		v = value_of(s, name, name < n ? decode(s + name + 1, n - name - 1, true) : json_string(""));
		if (v == NULL || json_object_getn(args, s, name) != NULL) {
			snprintf(why, room, "%s: %s", text, v == NULL ? "is not well formed" : "is there twice");
			json_decref(v);
			return why;
		}
		json_object_setn_new_nocheck(args, s, name, v);
		s += n;
	}
	return NULL;
}

/* ---- body ---- */

static bool
is_json(const struct pol_call *c)
{
	unsigned count;
	const char *type = pol_call_header(c, "Content-Type", &count);
	size_t n = type != NULL ? strcspn(type, "; \t") : 0;

	return count == 1 && n == 16 && strncasecmp(type, "application/json", n) == 0;
}

static const char *
check_body(const json_t *body, const char *list, char *why, size_t room)
{
	const char *name;
	json_t *v;
	bool must;

	json_object_foreach((json_t *)(uintptr_t)body, name, v) {
		if (!pol_manage_has(list, name, &must)) {
			snprintf(why, room, "%.64s: no such member is known here", name);
			return why;
		}
		if (json_is_null(v)) {
			snprintf(why, room, "%.64s: found null, wanted a value or no such member", name);
			return why;
		}
	}
	for (const struct pol_manage_member *m = pol_manage_members; m->name != NULL; m++)
		if (pol_manage_has(list, m->name, &must) && must && json_object_get(body, m->name) == NULL) {
			snprintf(why, room, "%s: is missing", m->name);
			return why;
		}
	return NULL;
}

static int
read_body(json_t *args, struct pol_call *c, const struct pol_manage_op *op, char *why, size_t room)
{
	json_error_t err = { .text = "" };
	const char *wrong;
	json_t *body;

	if (c->body_len == 0)
		body = json_object();
	else if (op->body == NULL)
		return pol_manage_fail(c, 400, "invalid_request", "a body is found, none is wanted here"), -1;
	else if (!is_json(c))
		return pol_manage_fail(c, 415, "invalid_request", "a body of application/json is wanted"), -1;
	else
		body = json_loadb(c->body, c->body_len, JSON_REJECT_DUPLICATES, &err);
	if (!json_is_object(body)) {
		/* what jansson says may have what it read in it */
		snprintf(why, room, err.text[0] != '\0' ? "the body is no JSON: line %d, column %d" : "the body: an object is wanted",
		    err.line, err.column);
		json_decref(body);
		return pol_manage_fail(c, 400, "invalid_request", why), -1;
	}
	wrong = check_body(body, op->body, why, room);
	if (wrong == NULL)
		json_object_update(args, body);
	json_decref(body);
	return wrong != NULL ? (pol_manage_fail(c, 400, "invalid_request", wrong), -1) : 0;
}

json_t *
pol_manage_args(struct pol_call *c, const struct pol_manage_op *op)
{
	json_t *args = json_object();
	char why[256];
	const char *wrong;

	if (args == NULL) {
		pol_manage_fail(c, 500, "server_error", "out of memory");
		return NULL;
	}
	wrong = read_path(args, c, op->path);
	if (wrong == NULL)
		wrong = read_query(args, c, op->query, why, sizeof(why));
	if (wrong != NULL)
		pol_manage_fail(c, 400, "invalid_request", wrong);
	if (wrong != NULL || read_body(args, c, op, why, sizeof(why)) != 0) {
		json_decref(args);
		return NULL;
	}
	return args;
}
