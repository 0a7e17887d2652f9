/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text into a tree. A text that is plain enough is read by yaml_plain.c; all
 * others by libyaml, of which only the events are taken, so that nothing is
 * expanded, guessed or converted. Whatever is wrong with a text is said here.
 */
#include "compile/yaml.h"

#include <stdlib.h>
#include <yaml.h>

#include "base/err.h"
#include "compile/yaml_error.h"
#include "compile/yaml_plain.h"
#include "compile/yaml_tree.h"

struct reader {
	struct pol_tree tree;
	const char *text;
	size_t len;
	bool seen;			/* a document */
	yaml_parser_t parser;
};

static struct pol_tree_at
place(yaml_mark_t m)
{
	struct pol_tree_at at = { (uint32_t)m.line + 1, (uint32_t)m.column + 1 };

	return at;
}

static int
scalar(struct reader *r, const yaml_event_t *e)
{
	struct pol_tree_scalar s = {
		.text = (const char *)e->data.scalar.value,
		.len = e->data.scalar.length,
		.at = place(e->start_mark),
		.plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
	};
	size_t chars = s.plain ? 0 : 2, i;

	for (i = 0; i < s.len; i++)
		chars += ((unsigned char)s.text[i] & 0xc0u) != 0x80u;
	s.exact = e->end_mark.line == e->start_mark.line && e->end_mark.index - e->start_mark.index == chars;
	return pol_tree_scalar(&r->tree, &s);
}

static int
event(struct reader *r, const yaml_event_t *e)
{
	const yaml_char_t *tag = NULL, *anchor = NULL;

	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (r->seen)
			return pol_tree_fail(&r->tree, place(e->start_mark), "a second document begins here: exactly one document is wanted");
		r->seen = true;
		return 0;
	case YAML_ALIAS_EVENT:
		return pol_tree_fail(&r->tree, place(e->start_mark), POL_YAML_ALIAS);
	case YAML_SCALAR_EVENT:
		tag = e->data.scalar.tag;
		anchor = e->data.scalar.anchor;
		break;
	case YAML_SEQUENCE_START_EVENT:
		tag = e->data.sequence_start.tag;
		anchor = e->data.sequence_start.anchor;
		break;
	case YAML_MAPPING_START_EVENT:
		tag = e->data.mapping_start.tag;
		anchor = e->data.mapping_start.anchor;
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return pol_tree_end(&r->tree);
	default:
		return 0;
	}
	if (anchor != NULL)
		return pol_tree_fail(&r->tree, place(e->start_mark), POL_YAML_ANCHOR);
	if (tag != NULL)
		return pol_tree_fail(&r->tree, place(e->start_mark), POL_YAML_TAG);
	return e->type == YAML_SCALAR_EVENT ? scalar(r, e)
	    : pol_tree_begin(&r->tree, place(e->start_mark), e->type == YAML_MAPPING_START_EVENT);
}

static int
read_events(struct reader *r)
{
	yaml_event_t e;
	bool last = false;
	int rc = 0;

	while (rc == 0 && !last) {
		if (!yaml_parser_parse(&r->parser, &e))
			return pol_yaml_fail(r->tree.set, r->tree.file, &r->parser, r->text, r->len);
		last = e.type == YAML_STREAM_END_EVENT;
		pol_tree_tell(&r->tree, e.end_mark.index);	/* characters: no more than bytes */
		rc = event(r, &e);
		yaml_event_delete(&e);
	}
	return rc;
}

static int
read_text(struct reader *r, struct pol_node *root)
{
	struct pol_tree_at top = { 1, 1 };
	int rc;

	if (!yaml_parser_initialize(&r->parser))
		return pol_set_nomem(r->tree.set);
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->text, r->len);
	rc = read_events(r);
	yaml_parser_delete(&r->parser);
	if (rc != 0)
		return rc;
	if (r->tree.n != 1)
		return pol_tree_fail(&r->tree, top, "nothing is in this file: exactly one document is wanted, its first line `policy: 1`");
	*root = r->tree.stack[0];
	return 0;
}

static void
init(struct pol_tree *t, struct ast_set *set, struct pol_size *size, const struct pol_yaml_source *s)
{
	t->set = set;
	t->limits = s->limits;
	t->size = size;
	t->seed = s->seed;
	t->source = s;
	t->file = s->file;
	memset(size, 0, sizeof(*size));
	size->bytes = s->len;
}

/* What fails here is told by libyaml's reading of the same text, or not at all. */
static int
read_plain(struct pol_node *root, struct pol_size *size, struct ast_set *set,
    const struct pol_yaml_source *s, const char *text, size_t len)
{
	struct policy_error *err = set->err, unsaid = POLICY_ERROR_INIT;
	struct pol_tree *t = calloc(1, sizeof(*t));
	struct pol_arena_mark before;
	int rc;

	if (t == NULL)
		return pol_set_nomem(set);
	pol_arena_mark(&set->arena, &before);
	init(t, set, size, s);
	t->taker = s->taker;
	set->err = &unsaid;
	rc = pol_plain_read(t, text, len);
	if (rc == 0 && s->taker != NULL && s->taker->root(s->taker->ctx, t->stack) != 0)
		rc = POL_PLAIN_UNSURE;
	set->err = err;
	if (rc == 0) {
		*root = t->stack[0];
		size->plain = true;
	}
	if (rc == POL_PLAIN_UNSURE && s->taker == NULL)
		pol_arena_return(&set->arena, &before);
	if (rc == POL_PLAIN_UNSURE && s->taker != NULL)
		s->taker->again(s->taker->ctx);
	pol_tree_fini(t);
	free(t);
	return rc == POLICY_ERR_NOMEM ? pol_set_nomem(set) : rc;
}

static int
read_any(struct pol_node *root, struct pol_size *size, struct ast_set *set,
    const struct pol_yaml_source *s, const char *text, size_t len)
{
	struct reader *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return pol_set_nomem(set);
	init(&r->tree, set, size, s);
	r->text = text;
	r->len = len;
	rc = read_text(r, root);
	pol_tree_fini(&r->tree);
	free(r);
	return rc;
}

int
pol_yaml_read(struct pol_node *root, struct pol_size *size, struct ast_set *set,
    const struct pol_yaml_source *s)
{
	struct pol_node top = { .file = s->file, .line = 1, .column = 1 };
	const char *text = s->text;
	size_t len = s->len;
	int rc = POL_PLAIN_UNSURE;

	if (len > s->limits->file_bytes)
		return pol_set_limit(set, &top, "limit file_bytes: the file is too long: at most %llu bytes are taken",
		    (unsigned long long)s->limits->file_bytes);
	rc = pol_yaml_check(set, s->file, &text, &len);
	if (rc != 0)
		return rc;
	rc = s->slowly ? POL_PLAIN_UNSURE : read_plain(root, size, set, s, text, len);
	return rc != POL_PLAIN_UNSURE ? rc : read_any(root, size, set, s, text, len);
}
