/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as YAML, read as ever and by libyaml alone: the same tree in every
 * member, or the same refusal, word for word.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/yaml.h"
#include "fuzz/target.h"

unsigned long fuzz_plain;		/* texts that the fast reader took */

struct reading {
	struct ast_set set;
	struct policy_error err;
	struct pol_size size;
	struct pol_node root;
	int rc;
};

static void
take(struct reading *r, const char *text, size_t len, bool slowly)
{
	static const char *name = "input.yaml";
	static const struct policy_limits limits = {
		.depth = 64, .file_bytes = 1u << 20, .scalar_bytes = 1u << 10, .nodes = 5000, .files = 1,
	};
	struct pol_yaml_source source = { .text = text, .len = len, .limits = &limits, .seed = 7, .slowly = slowly };

	memset(r, 0, sizeof(*r));
	pol_arena_init(&r->set.arena);
	r->err.size = sizeof(r->err);
	r->set.err = &r->err;
	r->set.files = &name;
	r->set.n_files = 1;
	r->rc = pol_yaml_read(&r->root, &r->size, &r->set, &source);
}

static bool
same_node(const struct pol_node *a, const struct pol_node *b)
{
	uint32_t i, n = a->kind == POL_NODE_MAP ? a->count * 2 : a->count;

	if (a->kind != b->kind || a->plain != b->plain || a->exact != b->exact || a->file != b->file ||
	    a->line != b->line || a->column != b->column || a->count != b->count)
		return false;
	if (a->kind == POL_NODE_NULL || a->kind == POL_NODE_SCALAR)
		return memcmp(a->u.text, b->u.text, (size_t)a->count + 1) == 0;
	for (i = 0; i < n; i++)
		if (!same_node(&a->u.items[i], &b->u.items[i]))
			return false;
	return true;
}

static bool
same_size(const struct pol_size *a, const struct pol_size *b)
{
	return a->bytes == b->bytes && a->nodes == b->nodes && a->scalar == b->scalar && a->depth == b->depth &&
	    a->scalar_line == b->scalar_line && a->scalar_column == b->scalar_column &&
	    a->depth_line == b->depth_line && a->depth_column == b->depth_column;
}

static bool
same(const struct reading *a, const struct reading *b)
{
	if (a->rc != b->rc)
		return false;
	if (a->rc != 0)
		return a->err.code == b->err.code && a->err.line == b->err.line &&
		    a->err.column == b->err.column && strcmp(a->err.text, b->err.text) == 0;
	return same_node(&a->root, &b->root) && same_size(&a->size, &b->size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading a, b;

	take(&a, (const char *)data, size, false);
	take(&b, (const char *)data, size, true);
	if (!same(&a, &b)) {
		printf("two readings of one text: %d %u:%u %s and %d %u:%u %s; the text:\n%.*s\n", a.rc, a.err.line,
		    a.err.column, a.err.text, b.rc, b.err.line, b.err.column, b.err.text, (int)size, (const char *)data);
		fflush(stdout);
		abort();
	}
	fuzz_plain += a.size.plain;
	pol_arena_fini(&a.set.arena);
	pol_arena_fini(&b.set.arena);
	return 0;
}
