/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line is parsed into memory that the next one uses again; what a request needs is
 * copied out of it, the texts apart from the rest. A line that is no request ends
 * the reading: what is measured on half of a file is not what was asked for.
 */
#include "cli/asks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define LINE_MOST (1u << 20)		/* bytes, as in a batch */

struct copier {
	struct pol_asks *to;
	bool failed;
};

/* ---- copies ---- */

static struct policy_text
copy_text(struct copier *c, struct policy_text t)
{
	struct pol_bump *b = &c->to->texts;
	char *p;

	if (t.data == NULL)
		return t;
	/* side by side: an allocation of its own would be rounded up to 16 bytes */
	if (b->next != NULL && t.len < (size_t)(b->end - b->next)) {
		p = b->next;
		b->next += t.len + 1;
	} else {
		p = pol_bump_alloc(b, t.len + 1);
	}
	if (p == NULL) {
		c->failed = true;
		return (struct policy_text){ NULL, 0 };
	}
	if (t.len > 0)
		memcpy(p, t.data, t.len);
	p[t.len] = '\0';
	return (struct policy_text){ p, t.len };
}

static void *
make(struct copier *c, size_t n, size_t size)
{
	void *p = pol_bump_alloc(&c->to->rest, n * size);

	if (p == NULL)
		c->failed = true;
	return p;
}

static struct policy_value copy_value(struct copier *c, const struct policy_value *v);

static const struct policy_attr *
copy_members(struct copier *c, const struct policy_attr *list, size_t n)
{
	struct policy_attr *out = n > 0 ? make(c, n, sizeof(*out)) : NULL;
	size_t i;

	if (out == NULL)
		return NULL;
	for (i = 0; i < n; i++)
		out[i] = (struct policy_attr){ copy_text(c, list[i].name), copy_value(c, &list[i].value) };
	return out;
}

static struct policy_value
copy_value(struct copier *c, const struct policy_value *v)
{
	struct policy_value out = *v, *items;
	uint32_t i;

	if (v->type == POLICY_STRING) {
		out.u.text = copy_text(c, v->u.text);
	} else if (v->type == POLICY_OBJECT) {
		out.u.members = copy_members(c, v->u.members, v->count);
	} else if (v->type == POLICY_LIST) {
		items = v->count > 0 ? make(c, v->count, sizeof(*items)) : NULL;
		for (i = 0; items != NULL && i < v->count; i++)
			items[i] = copy_value(c, &v->u.items[i]);
		out.u.items = items;
	}
	return out;
}

static struct policy_attrs
copy_attrs(struct copier *c, struct policy_attrs a)
{
	return (struct policy_attrs){ copy_members(c, a.list, a.count), a.count };
}

static const struct policy_text *
copy_texts(struct copier *c, const struct policy_text *list, size_t n)
{
	struct policy_text *out = list != NULL ? make(c, n + 1, sizeof(*out)) : NULL;
	size_t i;

	for (i = 0; out != NULL && i < n; i++)
		out[i] = copy_text(c, list[i]);
	return out;
}

/* The five texts first: they are what every decision reads. */
static void
copy_ask(struct copier *c, struct pol_ask *out, const struct pol_ask *in)
{
	struct policy_request *r = &out->req;
	struct policy_token *t = &out->token;

	*out = *in;
	r->subject_type = copy_text(c, r->subject_type);
	r->subject_id = copy_text(c, r->subject_id);
	r->action = copy_text(c, r->action);
	r->resource_type = copy_text(c, r->resource_type);
	r->resource_id = copy_text(c, r->resource_id);
	r->actor_type = copy_text(c, r->actor_type);
	r->actor_id = copy_text(c, r->actor_id);
	r->subject_attributes = copy_attrs(c, r->subject_attributes);
	r->actor_attributes = copy_attrs(c, r->actor_attributes);
	r->action_attributes = copy_attrs(c, r->action_attributes);
	r->resource_attributes = copy_attrs(c, r->resource_attributes);
	r->context = copy_attrs(c, r->context);
	r->groups = copy_texts(c, r->groups, r->groups_count);
	t->scopes = copy_texts(c, t->scopes, t->scopes_count);
	t->kind = copy_text(c, t->kind);
	t->id = copy_text(c, t->id);
	t->attributes = copy_attrs(c, t->attributes);
	if (in->now != NULL)
		out->now = copy_text(c, policy_text(in->now)).data;
}

static int
add(struct pol_asks *a, const struct pol_ask *ask, uint32_t line, uint8_t expected)
{
	struct copier c = { a, false };
	struct pol_asks_one *list;
	size_t room;

	if (a->n == a->room) {
		room = a->room == 0 ? 256 : a->room * 2;
		list = reallocarray(a->list, room, sizeof(*list));
		if (list == NULL)
			return EX_OSERR;
		a->list = list;
		a->room = room;
	}
	copy_ask(&c, &a->list[a->n].ask, ask);
	if (c.failed)
		return EX_OSERR;
	a->timed |= ask->now != NULL;
	a->list[a->n].line = line;
	a->list[a->n++].expected = expected;
	return 0;
}

/* A request points at the token beside it, which moved with every growth. */
static void
settle(struct pol_asks *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->list[i].ask.req.token != NULL)
			a->list[i].ask.req.token = &a->list[i].ask.token;
}

/* ---- the file ---- */

static uint8_t
read_expected(const json_t *root)
{
	const json_t *v = json_object_get(root, "expected");
	const char *s;

	if (v == NULL)
		v = json_object_get(root, "decision");
	if (json_is_boolean(v))
		return json_is_true(v) ? POL_ASKS_ALLOW : POL_ASKS_DENY;
	s = json_string_value(v);
	if (s == NULL)
		return POL_ASKS_UNSAID;
	return strcmp(s, "allow") == 0 ? POL_ASKS_ALLOW : strcmp(s, "deny") == 0 ? POL_ASKS_DENY : POL_ASKS_UNSAID;
}

static int
refuse(const char *file, uint32_t line, const char *why)
{
	pol_out_finding("error", file, line, 0, why);
	return EX_DATAERR;
}

static int
read_line(struct pol_asks *a, const char *file, uint32_t line, const char *text, size_t len)
{
	struct pol_ask ask;
	const char *why;
	char bad[256];
	json_t *root;

	if (len > LINE_MOST)
		return refuse(file, line, "the line is longer than 1048576 bytes");
	root = pol_request_parse(text, len, bad);
	if (root == NULL)
		return refuse(file, line, bad);
	if (pol_request_make(&ask, root, &a->scratch, &why) != 0)
		return refuse(file, line, why);
	return add(a, &ask, line, read_expected(root));
}

static int
read_lines(struct pol_asks *a, const char *file, FILE *f, size_t most)
{
	char *text = NULL;
	size_t size = 0;
	uint32_t line = 0;
	ssize_t len;
	int rc = 0;

	pol_request_bump(&a->scratch);
	while (rc == 0 && a->n < most && (len = getline(&text, &size, f)) >= 0) {
		if (len > 0 && text[len - 1] == '\n')
			len--;
		rc = read_line(a, file, ++line, text, (size_t)len);
		pol_bump_reset(&a->scratch);
	}
	free(text);
	if (rc == 0 && ferror(f)) {
		pol_out_finding("error", file, 0, 0, strerror(errno));
		return EX_NOINPUT;
	}
	if (rc == 0 && a->n == 0)
		return refuse(file, 0, "no request stands in it");
	return rc;
}

int
pol_asks_read(struct pol_asks *out, const char *file, size_t most)
{
	bool standard = strcmp(file, "-") == 0;
	FILE *f;
	int rc;

	memset(out, 0, sizeof(*out));
	f = standard ? stdin : fopen(file, "re");
	if (f == NULL) {
		pol_out_finding("error", file, 0, 0, strerror(errno));
		return EX_NOINPUT;
	}
	rc = read_lines(out, standard ? "standard input" : file, f, most);
	if (rc == EX_OSERR)
		fprintf(stderr, "policyctl: out of memory\n");
	if (!standard)
		fclose(f);
	settle(out);
	return rc;
}

int
pol_asks_copy(struct pol_asks *out, const struct pol_asks *from)
{
	size_t i;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < from->n && rc == 0; i++)
		rc = add(out, &from->list[i].ask, from->list[i].line, from->list[i].expected);
	settle(out);
	return rc;
}

void
pol_asks_fini(struct pol_asks *a)
{
	pol_bump_fini(&a->texts);
	pol_bump_fini(&a->rest);
	pol_bump_fini(&a->scratch);
	free(a->list);
	memset(a, 0, sizeof(*a));
}
