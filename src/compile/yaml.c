/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text into a tree. libyaml's events only, so that nothing is expanded,
 * guessed or converted, and the caps hold while reading: what a hostile text may
 * cost is bounded before it is built. Depth is kept on a stack of our own:
 * libyaml's limit is a global of the process.
 */
#include "compile/yaml.h"

#include <stdlib.h>
#include <yaml.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/name.h"
#include "compile/yaml_error.h"
#include "compile/yaml_keys.h"

#define TEXT_BLOCK 65536u
#define CACHED 256u
#define CACHED_BYTES 32u

struct frame {
	bool map;
	size_t first;			/* its children on the stack */
	uint32_t line, column;
};

struct reader {
	struct ast_set *set;
	const struct policy_limits *limits;
	struct pol_size *size;
	const char *text;
	size_t len;
	uint64_t seed;
	uint16_t file;
	bool seen;			/* a document */
	yaml_parser_t parser;
	struct pol_node *stack;
	size_t n, cap;
	struct frame *frames;
	size_t depth, frames_cap;
	struct pol_yaml_seen seen_keys;
	char *room;			/* texts are packed: most are short */
	size_t room_left;
	struct policy_text cached[CACHED];	/* keys come again and again */
};

static int
fail(struct reader *r, yaml_mark_t at, const char *what)
{
	struct pol_node n = { .file = r->file };

	n.line = (uint32_t)at.line + 1;
	n.column = (uint32_t)at.column + 1;
	return pol_set_fail(r->set, &n, "%s", what);
}

static int
over(struct reader *r, yaml_mark_t at, const char *what, uint64_t limit, const char *unit)
{
	struct pol_node n = { .file = r->file };

	n.line = (uint32_t)at.line + 1;
	n.column = (uint32_t)at.column + 1;
	return pol_set_limit(r->set, &n, "%s: at most %llu %s are taken", what,
	    (unsigned long long)limit, unit);
}

static int
push_node(struct reader *r, const struct pol_node *n)
{
	if (r->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 256;
		struct pol_node *more = realloc(r->stack, cap * sizeof(*more));

		if (more == NULL)
			return pol_set_nomem(r->set);
		r->stack = more;
		r->cap = cap;
	}
	r->stack[r->n++] = *n;
	return 0;
}

static bool
at_key(const struct reader *r)
{
	const struct frame *f;

	if (r->depth == 0)
		return false;
	f = &r->frames[r->depth - 1];
	return f->map && (r->n - f->first) % 2 == 0;
}

/* Every node is counted when it begins. */
static int
count_node(struct reader *r, yaml_mark_t at)
{
	if (++r->size->nodes > r->limits->nodes)
		return over(r, at, "limit nodes: too many texts, lists and mappings in one file",
		    r->limits->nodes, "nodes");
	return 0;
}

static int
begin(struct reader *r, const yaml_event_t *e, bool map)
{
	struct frame *f;
	int rc;

	if (at_key(r))
		return fail(r, e->start_mark, map ? "a mapping was found where a key is wanted: a key is a text"
		    : "a list was found where a key is wanted: a key is a text");
	if (r->depth >= r->limits->depth)
		return over(r, e->start_mark, "limit depth: nested too deeply", r->limits->depth, "levels");
	rc = count_node(r, e->start_mark);
	if (rc != 0)
		return rc;
	if (r->depth == r->frames_cap) {
		size_t cap = r->frames_cap ? r->frames_cap * 2 : 16;
		struct frame *more = realloc(r->frames, cap * sizeof(*more));

		if (more == NULL)
			return pol_set_nomem(r->set);
		r->frames = more;
		r->frames_cap = cap;
	}
	f = &r->frames[r->depth++];
	f->map = map;
	f->first = r->n;
	f->line = (uint32_t)e->start_mark.line + 1;
	f->column = (uint32_t)e->start_mark.column + 1;
	if (r->depth > r->size->depth) {
		r->size->depth = r->depth;
		r->size->depth_line = f->line;
		r->size->depth_column = f->column;
	}
	return 0;
}

static int
end(struct reader *r)
{
	const struct frame *f = &r->frames[--r->depth];
	size_t n = r->n - f->first;
	struct pol_node node = { .kind = f->map ? POL_NODE_MAP : POL_NODE_SEQ };
	int rc;

	node.file = r->file;
	node.line = f->line;
	node.column = f->column;
	node.count = (uint32_t)(f->map ? n / 2 : n);
	if (f->map && n > 0) {		/* nothing read yet: there is no stack to point into */
		rc = pol_yaml_keys(r->set, &r->stack[f->first], n / 2, r->seed, &r->seen_keys);
		if (rc != 0)
			return rc;
	}
	node.u.items = POL_NEW_ARRAY(r->set, n, struct pol_node);
	if (node.u.items == NULL)
		return POLICY_ERR_NOMEM;
	if (n > 0)
		memcpy(node.u.items, &r->stack[f->first], n * sizeof(node));
	r->n = f->first;
	return push_node(r, &node);
}

static const char *
keep_text(struct reader *r, const char *s, size_t len)
{
	struct policy_text *c = NULL;
	char *to;

	if (len <= CACHED_BYTES) {
		c = &r->cached[pol_hash(s, len, r->seed) % CACHED];
		if (c->data != NULL && pol_bytes_equal(c->data, c->len, s, len))
			return c->data;
	}
	if (len + 1 > TEXT_BLOCK / 4) {
		to = pol_arena_copy(&r->set->arena, s, len);
		if (to == NULL)
			(void)pol_set_nomem(r->set);
		return to;
	}
	if (len + 1 > r->room_left) {
		r->room = pol_set_alloc(r->set, r->limits->file_bytes < TEXT_BLOCK ? 4096 + len : TEXT_BLOCK, 1);
		if (r->room == NULL) {
			r->room_left = 0;
			return NULL;
		}
		r->room_left = r->limits->file_bytes < TEXT_BLOCK ? 4096 + len : TEXT_BLOCK;
	}
	to = r->room;
	r->room += len + 1;
	r->room_left -= len + 1;
	memcpy(to, s, len);
	to[len] = 0;
	if (c != NULL) {
		c->data = to;
		c->len = len;
	}
	return to;
}

/* What is wrong with it as a text or key, or NULL. */
static const char *
scalar_fault(const struct reader *r, const char *s, size_t len, bool plain)
{
	if (len > 0 && memchr(s, 0, len) != NULL)
		return "a NUL stands in a text: it is allowed nowhere";
	if (!at_key(r))
		return NULL;
	if (len == 0)
		return "a key is empty: a key is a text of at least one character";
	if (plain && len == 2 && s[0] == '<' && s[1] == '<')
		return "merge keys (<<) are not allowed: write the keys out";
	return NULL;
}

static int
scalar(struct reader *r, const yaml_event_t *e)
{
	struct pol_node n = { .kind = POL_NODE_SCALAR };
	const char *s = (const char *)e->data.scalar.value, *fault;
	size_t len = e->data.scalar.length, chars, i;
	bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	int rc;

	rc = count_node(r, e->start_mark);
	if (rc != 0)
		return rc;
	if (len > r->limits->scalar_bytes)
		return over(r, e->start_mark, "limit scalar_bytes: a text is too long", r->limits->scalar_bytes, "bytes");
	fault = scalar_fault(r, s, len, plain);
	if (fault != NULL)
		return fail(r, e->start_mark, fault);
	n.file = r->file;
	n.line = (uint32_t)e->start_mark.line + 1;
	n.column = (uint32_t)e->start_mark.column + 1;
	if (len > r->size->scalar) {
		r->size->scalar = len;
		r->size->scalar_line = n.line;
		r->size->scalar_column = n.column;
	}
	n.plain = plain;
	chars = plain ? 0 : 2;
	for (i = 0; i < len; i++)
		chars += ((unsigned char)s[i] & 0xc0u) != 0x80u;
	n.exact = e->end_mark.line == e->start_mark.line && e->end_mark.index - e->start_mark.index == chars;
	if (plain && !at_key(r) && (len == 0 || pol_bytes_equal(s, len, "~", 1) || pol_bytes_equal(s, len, "null", 4))) {
		n.kind = POL_NODE_NULL;
		len = 0;
	}
	n.count = (uint32_t)len;
	n.u.text = keep_text(r, s, len);
	if (n.u.text == NULL)
		return POLICY_ERR_NOMEM;
	return push_node(r, &n);
}

static int
event(struct reader *r, const yaml_event_t *e)
{
	const yaml_char_t *tag = NULL, *anchor = NULL;

	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (r->seen)
			return fail(r, e->start_mark, "a second document begins here: exactly one document is wanted");
		r->seen = true;
		return 0;
	case YAML_ALIAS_EVENT:
		return fail(r, e->start_mark, POL_YAML_ALIAS);
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
		return end(r);
	default:
		return 0;
	}
	if (anchor != NULL)
		return fail(r, e->start_mark, POL_YAML_ANCHOR);
	if (tag != NULL)
		return fail(r, e->start_mark, POL_YAML_TAG);
	return e->type == YAML_SCALAR_EVENT ? scalar(r, e)
	    : begin(r, e, e->type == YAML_MAPPING_START_EVENT);
}

static int
read_events(struct reader *r)
{
	yaml_event_t e;
	bool last = false;
	int rc = 0;

	while (rc == 0 && !last) {
		if (!yaml_parser_parse(&r->parser, &e))
			return pol_yaml_fail(r->set, r->file, &r->parser, r->text, r->len);
		last = e.type == YAML_STREAM_END_EVENT;
		rc = event(r, &e);
		yaml_event_delete(&e);
	}
	return rc;
}

static int
read_text(struct reader *r, struct pol_node *root)
{
	yaml_mark_t top = { 0, 0, 0 };
	int rc;

	if (!yaml_parser_initialize(&r->parser))
		return pol_set_nomem(r->set);
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->text, r->len);
	rc = read_events(r);
	yaml_parser_delete(&r->parser);
	if (rc != 0)
		return rc;
	if (r->n != 1)
		return fail(r, top, "nothing is in this file: exactly one document is wanted, its first line `policy: 1`");
	*root = r->stack[0];
	return 0;
}

int
pol_yaml_read(struct pol_node *root, struct pol_size *size, struct ast_set *set,
    uint16_t file, const char *text, size_t len, const struct policy_limits *limits,
    uint64_t seed)
{
	struct reader *r;
	yaml_mark_t top = { 0, 0, 0 };
	int rc;

	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return pol_set_nomem(set);
	r->set = set;
	r->limits = limits;
	r->size = size;
	r->file = file;
	r->seed = seed;
	size->bytes = len;
	if (len > limits->file_bytes) {
		rc = over(r, top, "limit file_bytes: the file is too long", limits->file_bytes, "bytes");
	} else {
		rc = pol_yaml_check(set, file, &text, &len);
		r->text = text;
		r->len = len;
		if (rc == 0)
			rc = read_text(r, root);
	}
	free(r->stack);
	free(r->frames);
	free(r->seen_keys.slots);
	free(r);
	return rc;
}
