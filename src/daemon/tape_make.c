/* SPDX-License-Identifier: Apache-2.0 */
/* What a tape is kept in, and what is made of it for libpolicy. */
#include "daemon/tape.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK 32768u
#define DEPTH 16			/* libpolicy's own limit, 8, is told by it */

struct pol_tape_block {
	struct pol_tape_block *next;
	size_t size;
	_Alignas(16) char data[];
};

void
pol_tape_init(struct pol_tape *t)
{
	t->nodes = t->first;
	t->count = 0;
	t->room = sizeof(t->first) / sizeof(t->first[0]);
	t->blocks = NULL;
	t->free = t->bytes;
	t->end = t->bytes + sizeof(t->bytes);
}

void
pol_tape_fini(struct pol_tape *t)
{
	struct pol_tape_block *b;

	explicit_bzero(t->bytes, t->blocks == NULL ? (size_t)(t->free - t->bytes) : sizeof(t->bytes));
	while ((b = t->blocks) != NULL) {
		t->blocks = b->next;
		explicit_bzero(b->data, b->size);
		free(b);
	}
	if (t->nodes != t->first)
		free(t->nodes);
}

void *
pol_tape_make(struct pol_tape *t, size_t n, size_t size)
{
	struct pol_tape_block *b;
	char *p = t->free;

	if (__builtin_mul_overflow(n, size, &size) || size > SIZE_MAX / 4)
		return NULL;
	size = (size + 15) & ~(size_t)15;
	if (size > (size_t)(t->end - t->free)) {
		size_t room = size > BLOCK ? size : BLOCK;

		b = malloc(sizeof(*b) + room);
		if (b == NULL)
			return NULL;
		b->next = t->blocks;
		b->size = room;
		t->blocks = b;
		p = b->data;
		t->end = p + room;
	}
	t->free = p + size;
	return p;
}

static int make_members(struct pol_tape *t, const struct policy_attr **out, uint32_t *count, size_t object, int depth,
    int (*skip)(const struct pol_tape_node *name, const struct pol_tape_node *value));

static int make_value(struct pol_tape *t, struct policy_value *out, size_t i, int depth);

static int
make_list(struct pol_tape *t, struct policy_value *out, size_t list, int depth)
{
	const uint32_t n = t->nodes[list].len;
	struct policy_value *items;
	size_t at = list + 1;
	int rc = 0;

	out->type = POLICY_LIST;
	out->count = n;
	out->u.items = NULL;
	if (n == 0)
		return 0;
	items = pol_tape_make(t, n, sizeof(*items));
	if (items == NULL)
		return POLICY_ERR_NOMEM;
	for (uint32_t k = 0; rc == 0 && k < n; k++) {
		rc = make_value(t, &items[k], at, depth);
		at = pol_tape_next(t, at);
	}
	out->u.items = items;
	return rc;
}

static int
make_value(struct pol_tape *t, struct policy_value *out, size_t i, int depth)
{
	const struct pol_tape_node *n = &t->nodes[i];

	if (depth > DEPTH)
		return POLICY_ERR_LIMIT;
	out->count = 0;
	switch (n->kind) {
	case POL_TAPE_NULL:
		out->type = POLICY_NULL;
		return 0;
	case POL_TAPE_FALSE:
	case POL_TAPE_TRUE:
		out->type = POLICY_BOOL;
		out->u.boolean = n->kind == POL_TAPE_TRUE;
		return 0;
	case POL_TAPE_INT:
		out->type = POLICY_INT;
		out->u.integer = n->u.integer;
		return 0;
	case POL_TAPE_REAL:
		out->type = POLICY_DOUBLE;
		out->u.real = n->u.real;
		return 0;
	case POL_TAPE_TEXT:
		out->type = POLICY_STRING;
		out->u.text = (struct policy_text){ n->u.text, n->len };
		return 0;
	case POL_TAPE_LIST:
		return make_list(t, out, i, depth + 1);
	default:
		out->type = POLICY_OBJECT;
		return make_members(t, &out->u.members, &out->count, i, depth + 1, NULL);
	}
}

static int
make_members(struct pol_tape *t, const struct policy_attr **out, uint32_t *count, size_t object, int depth,
    int (*skip)(const struct pol_tape_node *name, const struct pol_tape_node *value))
{
	const uint32_t n = t->nodes[object].len;
	struct policy_attr *list;
	size_t at = object + 1;
	int rc = 0;

	*out = NULL;
	*count = 0;
	if (n == 0)
		return 0;
	list = pol_tape_make(t, n, sizeof(*list));
	if (list == NULL)
		return POLICY_ERR_NOMEM;
	for (uint32_t k = 0; rc == 0 && k < n; k++) {
		const struct pol_tape_node *name = &t->nodes[at];

		if (name[1].kind != POL_TAPE_NULL && (skip == NULL || !skip(name, &name[1]))) {
			list[*count].name = (struct policy_text){ name->u.text, name->len };
			rc = make_value(t, &list[*count].value, at + 1, depth);
			(*count)++;
		}
		at = pol_tape_next(t, at + 1);
	}
	*out = list;
	return rc;
}

int
pol_tape_attrs(struct pol_tape *t, struct policy_attrs *out, size_t object,
    int (*skip)(const struct pol_tape_node *name, const struct pol_tape_node *value))
{
	uint32_t count;
	int rc = make_members(t, &out->list, &count, object, 0, skip);

	out->count = count;
	return rc;
}
