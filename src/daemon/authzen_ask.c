/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question of AuthZEN as a request of libpolicy. What is wrong with a member is kept
 * beside it and told only where the member counts: in a batch another may stand over it.
 */
#include "daemon/authzen.h"

#include <string.h>

const struct pol_authzen_want pol_authzen_decides = {
	.needed = 1u << POL_AUTHZEN_SUBJECT | 1u << POL_AUTHZEN_ACTION | 1u << POL_AUTHZEN_RESOURCE,
};

struct reading {
	struct pol_authzen_ask *ask;
	struct pol_tape *tape;
	bool nameless;
	bool failed;			/* memory is out */
};

/* Fills what the part is of the request; NULL, or what is wrong. */
typedef const char *read_fn(struct reading *r, size_t node);

static inline struct policy_text
text_of(const struct pol_tape_node *n)
{
	return (struct policy_text){ n->u.text, n->len };
}

static inline bool
is_named(const struct pol_tape_node *n, const char *name, size_t len)
{
	return n->len == len && memcmp(n->u.text, name, len) == 0;
}

/* ---- what entities are made of ---- */

enum field_kind { TEXT, PROPERTIES };

struct field {
	const char *name;
	size_t len;
	enum field_kind kind;
	void *to;			/* struct policy_text, policy_attrs; NULL: passed over */
	bool found;
};

static const char *
read_attrs(struct reading *r, struct policy_attrs *out, size_t node, const char *why,
    int (*skip)(const struct pol_tape_node *name, const struct pol_tape_node *value))
{
	int rc;

	if (r->tape->nodes[node].kind != POL_TAPE_OBJECT)
		return why;
	rc = pol_tape_attrs(r->tape, out, node, skip);
	if (rc == POLICY_ERR_NOMEM)
		r->failed = true;
	return rc == 0 ? NULL : "values are nested deeper than the engine takes (8)";
}

static const char *
read_field(struct reading *r, struct field *f, size_t node, const char *why)
{
	const struct pol_tape_node *n = &r->tape->nodes[node];

	if (n->kind == POL_TAPE_NULL || f->to == NULL)
		return NULL;
	f->found = true;
	if (f->kind == PROPERTIES)
		return read_attrs(r, f->to, node, why, NULL);
	if (n->kind != POL_TAPE_TEXT)
		return why;
	*(struct policy_text *)f->to = text_of(n);
	return NULL;
}

/* The members of an entity; others are passed over. All texts must be there. */
static const char *
read_fields(struct reading *r, size_t node, struct field *fields, size_t count, const char *why)
{
	const struct pol_tape_node *n = &r->tape->nodes[node];
	size_t at = node + 1;

	if (n->kind != POL_TAPE_OBJECT)
		return why;
	for (uint32_t k = n->len; k > 0; k--) {
		for (size_t i = 0; i < count; i++) {
			const char *wrong;

			if (!is_named(&r->tape->nodes[at], fields[i].name, fields[i].len))
				continue;
			wrong = read_field(r, &fields[i], at + 1, why);
			if (wrong != NULL)
				return wrong;
			break;
		}
		at = pol_tape_next(r->tape, at + 1);
	}
	for (size_t i = 0; i < count; i++) {
		if (fields[i].kind == TEXT && fields[i].to != NULL && !fields[i].found)
			return why;
	}
	return NULL;
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* {type, id, properties} */
static const char *
read_entity(struct reading *r, size_t node, struct policy_text *type, struct policy_text *id,
    struct policy_attrs *attrs, const char *why)
{
	struct field fields[] = {
		{ "type", 4, TEXT, type, false },
		{ "id", 2, TEXT, r->nameless ? NULL : id, false },
		{ "properties", 10, PROPERTIES, attrs, false },
	};

	*type = *id = (struct policy_text){ NULL, 0 };
	*attrs = (struct policy_attrs){ NULL, 0 };
	return read_fields(r, node, fields, COUNT(fields), why);
}

/* ---- the parts ---- */

static const char *
read_subject(struct reading *r, size_t node)
{
	struct policy_request *q = r->ask->req;

	return read_entity(r, node, &q->subject_type, &q->subject_id, &q->subject_attributes,
	    "subject: type and id must be texts, properties an object");
}

static const char *
read_resource(struct reading *r, size_t node)
{
	struct policy_request *q = r->ask->req;

	return read_entity(r, node, &q->resource_type, &q->resource_id, &q->resource_attributes,
	    "resource: type and id must be texts, properties an object");
}

static const char *
read_actor(struct reading *r, size_t node)
{
	struct policy_request *q = r->ask->req;

	return read_entity(r, node, &q->actor_type, &q->actor_id, &q->actor_attributes,
	    "actor: type and id must be texts, properties an object");
}

static const char *
read_action(struct reading *r, size_t node)
{
	struct policy_request *q = r->ask->req;
	struct field fields[] = {
		{ "name", 4, TEXT, &q->action, false },
		{ "properties", 10, PROPERTIES, &q->action_attributes, false },
	};

	q->action = (struct policy_text){ NULL, 0 };
	q->action_attributes = (struct policy_attrs){ NULL, 0 };
	return read_fields(r, node, fields, COUNT(fields), "action: name must be a text, properties an object");
}

static const char *
read_context(struct reading *r, size_t node)
{
	return read_attrs(r, &r->ask->req->context, node, "context must be an object", NULL);
}

static const char *
read_texts(struct reading *r, const struct policy_text **out, size_t *count, size_t node, const char *why)
{
	const struct pol_tape_node *n = &r->tape->nodes[node];
	struct policy_text *texts;

	if (n->kind != POL_TAPE_LIST)
		return why;
	texts = pol_tape_make(r->tape, (size_t)n->len + 1, sizeof(*texts));
	if (texts == NULL) {
		r->failed = true;
		return why;
	}
	for (uint32_t i = 0; i < n->len; i++) {
		if (n[1 + i].kind != POL_TAPE_TEXT)
			return why;
		texts[i] = text_of(&n[1 + i]);
	}
	*out = texts;
	*count = n->len;
	return NULL;
}

static const char *
read_groups(struct reading *r, size_t node)
{
	r->ask->req->groups = NULL;
	r->ask->req->groups_count = 0;
	return read_texts(r, &r->ask->req->groups, &r->ask->req->groups_count, node, "groups must be a list of texts");
}

/* Members of a token that have a place of their own; others are its attributes. */
static int
is_own(const struct pol_tape_node *name, const struct pol_tape_node *value)
{
	(void)value;
	return is_named(name, "scopes", 6) || is_named(name, "kind", 4) || is_named(name, "id", 2);
}

static const char *
read_token(struct reading *r, size_t node)
{
	static const char why[] = "token: scopes must be a list of texts, kind and id texts";
	const struct pol_tape_node *n = &r->tape->nodes[node];
	struct policy_token *t = pol_tape_make(r->tape, 1, sizeof(*t));
	size_t at = node + 1;

	if (t == NULL) {
		r->failed = true;
		return why;
	}
	*t = (struct policy_token)POLICY_TOKEN_INIT;
	r->ask->req->token = t;
	for (uint32_t k = n->kind == POL_TAPE_OBJECT ? n->len : 0; k > 0; k--, at = pol_tape_next(r->tape, at + 1)) {
		const struct pol_tape_node *name = &r->tape->nodes[at], *value = name + 1;

		if (value->kind == POL_TAPE_NULL || !is_own(name, value))
			continue;
		if (name->u.text[0] == 's') {
			t->flags = POLICY_TOKEN_SCOPED;
			if (read_texts(r, &t->scopes, &t->scopes_count, at + 1, why) != NULL)
				return why;
		} else if (value->kind != POL_TAPE_TEXT) {
			return why;
		} else {
			*(name->u.text[0] == 'k' ? &t->kind : &t->id) = text_of(value);
		}
	}
	return read_attrs(r, &t->attributes, node, "token must be an object", is_own);
}

static const char *
read_credential(struct reading *r, size_t node)
{
	static const char why[] = "credential: type and data must be texts, name one or absent";
	struct policy_credential *k = r->ask->credential;
	struct policy_text name = { NULL, 0 }, kind = { NULL, 0 }, data = { NULL, 0 };
	struct field fields[] = {
		{ "type", 4, TEXT, &kind, false },
		{ "data", 4, TEXT, &data, false },
		{ "name", 4, TEXT, &name, true },	/* found: may be absent */
	};
	const char *wrong;

	if (k == NULL)
		return "a credential cannot stand here";
	wrong = read_fields(r, node, fields, COUNT(fields), why);
	/* a module that needs no data speaks of who asks the engine: of us */
	if (wrong == NULL && (data.len == 0 || (kind.len == 4 && memcmp(kind.data, "peer", 4) == 0)))
		wrong = "credential: data must not be empty, a peer cannot be sent";
	*k = (struct policy_credential){ .kind = kind, .name = name, .data = data };
	r->ask->has_credential = true;
	return wrong;
}

/* ---- the whole ---- */

static const struct part {
	const char *name;
	size_t len;
	read_fn *read;
	const char *missing;
} parts[POL_AUTHZEN_PARTS] = {
	[POL_AUTHZEN_SUBJECT] = { "subject", 7, read_subject, "subject is missing" },
	[POL_AUTHZEN_ACTION] = { "action", 6, read_action, "action is missing" },
	[POL_AUTHZEN_RESOURCE] = { "resource", 8, read_resource, "resource is missing" },
	[POL_AUTHZEN_CONTEXT] = { "context", 7, read_context, NULL },
	[POL_AUTHZEN_ACTOR] = { "actor", 5, read_actor, NULL },
	[POL_AUTHZEN_TOKEN] = { "token", 5, read_token, NULL },
	[POL_AUTHZEN_GROUPS] = { "groups", 6, read_groups, NULL },
	[POL_AUTHZEN_CREDENTIAL] = { "credential", 10, read_credential, NULL },
};

void
pol_authzen_ask_init(struct pol_authzen_ask *a, struct policy_request *req, struct policy_credential *credential,
    const struct pol_authzen_want *want)
{
	*req = (struct policy_request)POLICY_REQUEST_INIT;
	*a = (struct pol_authzen_ask){ .req = req, .credential = credential };
	for (unsigned i = 0; i < POL_AUTHZEN_PARTS; i++) {
		if ((want->needed & 1u << i) != 0)
			a->why[i] = parts[i].missing;
	}
}

bool
pol_authzen_ask_read(struct pol_authzen_ask *a, struct pol_tape *t, size_t object, const struct pol_authzen_want *want)
{
	struct reading r = { a, t, false, false };
	size_t at = object + 1;

	for (uint32_t k = t->nodes[object].len; k > 0 && !r.failed; k--) {
		const struct pol_tape_node *name = &t->nodes[at];

		for (unsigned i = 0; i < POL_AUTHZEN_PARTS; i++) {
			if (!is_named(name, parts[i].name, parts[i].len))
				continue;
			r.nameless = (want->nameless & 1u << i) != 0;
			if (name[1].kind != POL_TAPE_NULL && (want->ignored & 1u << i) == 0)
				a->why[i] = parts[i].read(&r, at + 1);
			break;
		}
		at = pol_tape_next(t, at + 1);
	}
	return !r.failed;
}

const char *
pol_authzen_ask_wrong(const struct pol_authzen_ask *a)
{
	for (unsigned i = 0; i < POL_AUTHZEN_PARTS; i++) {
		if (a->why[i] != NULL && !(i == POL_AUTHZEN_SUBJECT && a->has_credential && a->why[i] == parts[i].missing))
			return a->why[i];
	}
	return NULL;
}
