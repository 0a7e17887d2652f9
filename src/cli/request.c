/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON to request, by the reference interpreter's rules: null is absent, unknown
 * members are passed over, and a member of the wrong kind refuses the request. What
 * else a request may not be (an empty id, a NUL, a reserved type) the engine says.
 */
#include "cli/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK (256u * 1024)
#define DEPTH 16			/* the engine's own limit, 8, is told by the engine */

struct pol_bump_chunk {
	struct pol_bump_chunk *next;
	size_t size;
	_Alignas(16) char data[];
};

struct maker {
	struct pol_bump *bump;
	const char **why;
};

void *
pol_bump_alloc(struct pol_bump *b, size_t size)
{
	struct pol_bump_chunk *c;
	char *p = b->next;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + 15) & ~(size_t)15;
	if (size > (size_t)(b->end - b->next) || p == NULL) {
		size_t room = size > CHUNK ? size : CHUNK;

		c = malloc(sizeof(*c) + room);
		if (c == NULL)
			return NULL;
		c->next = b->chunks;
		c->size = room;
		b->chunks = c;
		p = c->data;
		b->end = p + room;
	}
	b->next = p + size;
	return p;
}

void
pol_bump_reset(struct pol_bump *b)
{
	struct pol_bump_chunk *c = b->chunks;

	while (c != NULL && c->next != NULL) {
		b->chunks = c->next;
		free(c);
		c = b->chunks;
	}
	if (c != NULL) {
		b->next = c->data;
		b->end = c->data + c->size;
	}
}

void
pol_bump_fini(struct pol_bump *b)
{
	pol_bump_reset(b);
	free(b->chunks);
	memset(b, 0, sizeof(*b));
}

/* ---- Jansson's memory: its hooks take no context ---- */

static struct pol_bump *jansson_bump;

static void *
jansson_alloc(size_t size)
{
	return pol_bump_alloc(jansson_bump, size);
}

static void
jansson_free(void *p)
{
	(void)p;
}

void
pol_request_bump(struct pol_bump *bump)
{
	jansson_bump = bump;
	json_set_alloc_funcs(jansson_alloc, jansson_free);
}

json_t *
pol_request_parse(const char *line, size_t len, char why[256])
{
	json_error_t e;
	json_t *root;

	/* Jansson swallows a NUL that stands behind a number or a word */
	if (memchr(line, '\0', len) != NULL) {
		snprintf(why, 256, "bad JSON: a NUL byte");
		return NULL;
	}
	root = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &e);
	if (root == NULL)
		snprintf(why, 256, "bad JSON: %s (at byte %d)", e.text, e.position);
	return root;
}

/* ---- values ---- */

static int
bad(struct maker *m, const char *why)
{
	*m->why = why;
	return POLICY_ERR_ARG;
}

static void *
make(struct maker *m, size_t n, size_t size)
{
	void *p = pol_bump_alloc(m->bump, n * size);

	if (p == NULL)
		*m->why = "out of memory";
	return p;
}

static struct policy_text
text_of(const json_t *v)
{
	return (struct policy_text){ json_string_value(v), json_string_length(v) };
}

static int make_members(struct maker *m, const struct policy_attr **out, size_t *n,
    json_t *object, int depth, bool (*skip)(const char *name, const json_t *v));

static int make_value(struct maker *m, struct policy_value *out, json_t *v, int depth);

static int
make_list(struct maker *m, struct policy_value *out, const json_t *v, int depth)
{
	size_t n = json_array_size(v), i;
	struct policy_value *items;
	int rc;

	out->type = POLICY_LIST;
	out->count = (uint32_t)n;
	out->u.items = NULL;
	if (n == 0)
		return 0;
	items = make(m, n, sizeof(*items));
	if (items == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; i < n; i++) {
		rc = make_value(m, &items[i], json_array_get(v, i), depth);
		if (rc != 0)
			return rc;
	}
	out->u.items = items;
	return 0;
}

static int
make_value(struct maker *m, struct policy_value *out, json_t *v, int depth)
{
	size_t n;
	int rc;

	if (depth > DEPTH) {
		*m->why = "values nested deeper than the engine takes (8)";
		return POLICY_ERR_LIMIT;
	}
	out->count = 0;
	switch (json_typeof(v)) {
	case JSON_NULL:
		out->type = POLICY_NULL;
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		out->type = POLICY_BOOL;
		out->u.boolean = json_is_true(v);
		return 0;
	case JSON_INTEGER:
		out->type = POLICY_INT;
		out->u.integer = json_integer_value(v);
		return 0;
	case JSON_REAL:
		out->type = POLICY_DOUBLE;
		out->u.real = json_real_value(v);
		return 0;
	case JSON_STRING:
		out->type = POLICY_STRING;
		out->u.text = text_of(v);
		return 0;
	case JSON_ARRAY:
		return make_list(m, out, v, depth + 1);
	case JSON_OBJECT:
		out->type = POLICY_OBJECT;
		rc = make_members(m, &out->u.members, &n, v, depth + 1, NULL);
		out->count = (uint32_t)n;
		return rc;
	}
	return bad(m, "a value of an unknown kind");
}

static int
make_members(struct maker *m, const struct policy_attr **out, size_t *n,
    json_t *object, int depth, bool (*skip)(const char *name, const json_t *v))
{
	struct policy_attr *list;
	void *it;
	int rc;

	*out = NULL;
	*n = 0;
	if (json_object_size(object) == 0)
		return 0;
	list = make(m, json_object_size(object), sizeof(*list));
	if (list == NULL)
		return POLICY_ERR_NOMEM;
	for (it = json_object_iter(object); it != NULL; it = json_object_iter_next(object, it)) {
		json_t *v = json_object_iter_value(it);

		if (skip != NULL && skip(json_object_iter_key(it), v))
			continue;
		list[*n].name = (struct policy_text){ json_object_iter_key(it), json_object_iter_key_len(it) };
		rc = make_value(m, &list[*n].value, v, depth);
		if (rc != 0)
			return rc;
		(*n)++;
	}
	*out = list;
	return 0;
}

static int
make_attrs(struct maker *m, struct policy_attrs *out, json_t *object, const char *why)
{
	if (object == NULL || json_is_null(object))
		return 0;
	if (!json_is_object(object))
		return bad(m, why);
	return make_members(m, &out->list, &out->count, object, 0, NULL);
}

static int
make_texts(struct maker *m, const struct policy_text **out, size_t *count, const json_t *list, const char *why)
{
	struct policy_text *texts;
	size_t i, n;

	if (!json_is_array(list))
		return bad(m, why);
	n = json_array_size(list);
	texts = make(m, n + 1, sizeof(*texts));
	if (texts == NULL)
		return POLICY_ERR_NOMEM;
	for (i = 0; i < n; i++) {
		const json_t *v = json_array_get(list, i);

		if (!json_is_string(v))
			return bad(m, why);
		texts[i] = text_of(v);
	}
	*out = texts;
	*count = n;
	return 0;
}

/* ---- the parts of a request ---- */

static const char properties[] = "properties must be an object";

/* {type, id, properties}: the subject, the actor, the resource. */
static int
make_named(struct maker *m, const json_t *object, struct policy_text *type, struct policy_text *id,
    struct policy_attrs *attrs, const char *why)
{
	const json_t *t, *i;

	if (object == NULL || json_is_null(object))
		return 0;
	t = json_object_get(object, "type");
	i = json_object_get(object, "id");
	if (!json_is_object(object) || !json_is_string(t) || !json_is_string(i))
		return bad(m, why);
	*type = text_of(t);
	*id = text_of(i);
	return make_attrs(m, attrs, json_object_get(object, "properties"), properties);
}

static int
make_action(struct maker *m, struct policy_request *req, const json_t *object)
{
	const json_t *name = json_object_get(object, "name");

	if (!json_is_object(object) || !json_is_string(name))
		return bad(m, "action: name must be text");
	req->action = text_of(name);
	return make_attrs(m, &req->action_attributes, json_object_get(object, "properties"), properties);
}

/* Members of a token that have a place of their own. An id that is no text has
 * none, and is left for the engine to refuse. */
static bool
is_own(const char *name, const json_t *v)
{
	if (strcmp(name, "scopes") == 0 || strcmp(name, "kind") == 0)
		return true;
	return strcmp(name, "id") == 0 && (json_is_string(v) || json_is_null(v));
}

static int
make_token(struct maker *m, struct pol_ask *out, json_t *object)
{
	struct policy_token *t = &out->token;
	const json_t *scopes, *kind, *id;
	int rc = 0;

	if (object == NULL || json_is_null(object))
		return 0;
	if (!json_is_object(object))
		return bad(m, "context and token must be objects");
	scopes = json_object_get(object, "scopes");
	kind = json_object_get(object, "kind");
	id = json_object_get(object, "id");
	if (scopes != NULL && !json_is_null(scopes)) {
		rc = make_texts(m, &t->scopes, &t->scopes_count, scopes, "scopes must be a list of texts");
		t->flags = POLICY_TOKEN_SCOPED;
	}
	if (kind != NULL && !json_is_null(kind)) {
		if (!json_is_string(kind))
			return bad(m, "kind must be text");
		t->kind = text_of(kind);
	}
	if (json_is_string(id))
		t->id = text_of(id);
	if (rc == 0)
		rc = make_members(m, &t->attributes.list, &t->attributes.count, object, 0, is_own);
	out->req.token = t;
	return rc;
}

static int
make_now(struct maker *m, struct pol_ask *out, const json_t *v)
{
	if (v == NULL || json_is_null(v))
		return 0;
	if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v))
		return bad(m, "now: not a time: RFC 3339 with an offset is wanted");
	out->now = json_string_value(v);
	return 0;
}

int
pol_request_make(struct pol_ask *out, const json_t *root, struct pol_bump *bump, const char **why)
{
	struct policy_request *req = &out->req;
	struct maker m = { bump, why };
	const json_t *groups;
	int rc;

	*out = (struct pol_ask){ POLICY_REQUEST_INIT, POLICY_TOKEN_INIT, NULL };
	if (!json_is_object(root))
		return bad(&m, "expected an object");
	rc = make_named(&m, json_object_get(root, "subject"), &req->subject_type, &req->subject_id,
	    &req->subject_attributes, "subject: type and id must be text");
	if (rc == 0)
		rc = make_named(&m, json_object_get(root, "actor"), &req->actor_type, &req->actor_id,
		    &req->actor_attributes, "actor: type and id must be text");
	if (rc == 0)
		rc = make_named(&m, json_object_get(root, "resource"), &req->resource_type, &req->resource_id,
		    &req->resource_attributes, "resource: type and id must be text");
	if (rc == 0)
		rc = make_action(&m, req, json_object_get(root, "action"));
	if (rc == 0)
		rc = make_attrs(&m, &req->context, json_object_get(root, "context"),
		    "context and token must be objects");
	if (rc == 0)
		rc = make_token(&m, out, json_object_get(root, "token"));
	if (rc == 0)
		rc = make_now(&m, out, json_object_get(root, "now"));
	groups = json_object_get(root, "groups");
	if (rc == 0 && groups != NULL && !json_is_null(groups))
		rc = make_texts(&m, &req->groups, &req->groups_count, groups, "groups must be a list of texts");
	return rc;
}
