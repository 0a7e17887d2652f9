/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a sentence: names, values, places and grants, as a person would say
 * them. What comes from a request or a policy is quoted where it could mislead. */
#include "author/author.h"

#include <string.h>

#include "base/name.h"

#define SHOWN 120			/* bytes of one text in a sentence */
#define ITEMS 8				/* of a list */

void
pol_say_into(char *out, size_t size, const char *s, size_t len)
{
	if (len < size) {
		if (len > 0)
			memcpy(out, s, len);
		out[len] = '\0';
		return;
	}
	memcpy(out, s, size - 4);
	memcpy(out + size - 4, "...", 4);
}

void
pol_say_text(struct pol_buf *b, struct policy_text t)
{
	size_t len = t.len > SHOWN ? SHOWN : t.len;

	/* never the half of a character */
	while (len < t.len && len > 0 && ((unsigned char)t.data[len] & 0xc0) == 0x80)
		len--;
	if (len > 0)
		pol_buf_append(b, t.data, len);
	if (len < t.len)
		pol_buf_append(b, "...", 3);
}

void
pol_say_quoted(struct pol_buf *b, struct policy_text t)
{
	pol_buf_append(b, "\"", 1);
	pol_say_text(b, t);
	pol_buf_append(b, "\"", 1);
}

static void
say_list(struct pol_buf *b, const struct policy_value *v)
{
	uint32_t i;

	pol_buf_append(b, "[", 1);
	for (i = 0; i < v->count && i < ITEMS; i++) {
		if (i > 0)
			pol_buf_append(b, ", ", 2);
		if (v->u.items[i].type == POLICY_LIST)
			pol_buf_append(b, "[...]", 5);
		else
			pol_say_value(b, &v->u.items[i]);
	}
	if (v->count > ITEMS)
		pol_buf_append(b, ", ...", 5);
	pol_buf_append(b, "]", 1);
}

void
pol_say_value(struct pol_buf *b, const struct policy_value *v)
{
	switch ((enum policy_type)v->type) {
	case POLICY_NULL:
		pol_buf_append(b, "null", 4);
		break;
	case POLICY_STRING:
		pol_say_quoted(b, v->u.text);
		break;
	case POLICY_INT:
		pol_buf_printf(b, "%lld", (long long)v->u.integer);
		break;
	case POLICY_DOUBLE:
		pol_buf_printf(b, "%.17g", v->u.real);
		break;
	case POLICY_BOOL:
		pol_buf_printf(b, "%s", v->u.boolean ? "true" : "false");
		break;
	case POLICY_LIST:
		say_list(b, v);
		break;
	case POLICY_OBJECT:
		pol_buf_append(b, "an object", 9);
		break;
	}
}

void
pol_say_subject(struct pol_buf *b, struct policy_text type, struct policy_text id)
{
	if (id.data == NULL) {
		pol_buf_append(b, "anonymous", 9);
		return;
	}
	/* a user is named alone unless that would read as something else */
	if ((type.data != NULL && !pol_bytes_equal(type.data, type.len, "user", 4)) ||
	    memchr(id.data, ':', id.len) != NULL) {
		pol_say_text(b, type.data != NULL ? type : policy_text("user"));
		pol_buf_append(b, ":", 1);
	}
	pol_say_text(b, id);
}

void
pol_say_resource(struct pol_buf *b, const struct policy_request *req)
{
	if (req->resource_type.data == NULL) {
		pol_buf_append(b, "nothing", 7);
		return;
	}
	pol_say_text(b, req->resource_type);
	pol_buf_append(b, "/", 1);
	pol_say_text(b, req->resource_id);
}

static void
say_holder(struct pol_buf *b, const struct ast_holder *h)
{
	if (h->word) {
		pol_say_text(b, ast_holder_name(h));
		return;
	}
	pol_say_subject(b, ast_holder_type(h), ast_holder_name(h));
}

static void
say_time(struct pol_buf *b, const char *word, struct pol_time t)
{
	char text[POL_TIME_TEXT];

	if (pol_time_format(text, t) > 0)
		pol_buf_printf(b, " %s %s", word, text);
}

/* "role editor to group:eng on doc/a from ... until ..." */
void
pol_say_grant(struct pol_buf *b, const struct policy_set *set, const struct ast_grant *g, uint32_t role)
{
	const struct pol_node *name = set->ast->roles.list[role]->name;
	size_t i;

	pol_buf_printf(b, "role ");
	pol_say_text(b, (struct policy_text){ name->u.text, name->count });
	pol_buf_printf(b, " to ");
	for (i = 0; i < g->to.n && i < ITEMS; i++) {
		if (i > 0)
			pol_buf_append(b, ", ", 2);
		say_holder(b, &g->to.list[i]);
	}
	if (g->to.n > ITEMS)
		pol_buf_append(b, ", ...", 5);
	if (g->has_resource) {
		const struct pol_node *n = &g->resource.source;

		pol_buf_printf(b, " on ");
		pol_say_text(b, (struct policy_text){ n->u.text, n->count });
	}
	if (g->span != NULL && g->span->from_source != NULL)
		say_time(b, "from", g->span->from);
	if (g->span != NULL && g->span->until_source != NULL)
		say_time(b, "until", g->span->until);
}

void
pol_say_place(struct pol_buf *b, const struct policy_set *set, struct ast_place at)
{
	pol_buf_printf(b, "%s:%u", set->ast->files[at.file], at.line);
}
