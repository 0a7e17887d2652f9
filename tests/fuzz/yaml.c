/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as YAML, read as ever and by libyaml alone: the same tree in every
 * member, or the same refusal, word for word. Then as a set, which the one takes in
 * pieces and the other whole: the same dump and warnings, or the same refusal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/compile.h"
#include "compile/yaml.h"
#include "fuzz/target.h"

unsigned long fuzz_plain;		/* texts that the fast reader took */
unsigned long fuzz_sets;		/* texts that are sets */

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

/* ---- as a set ---- */

struct loaded {
	struct ast_set *set;
	struct policy_error err;
	struct pol_buf said;		/* dump and warnings */
	int rc;
};

static void
warning(void *ctx, const char *file, uint32_t line, uint32_t column, const char *text)
{
	pol_buf_printf(ctx, "%s:%u:%u: %s\n", file, line, column, text);
}

static void
load(struct loaded *l, const char *text, size_t len, bool slowly)
{
	struct pol_source source = { "input.yaml", text, len, true };
	struct policy_limits limits = POLICY_LIMITS_INIT;
	struct pol_compile_options opt = { .limits = &limits, .warning = warning, .warning_ctx = &l->said, .slowly = slowly };

	memset(l, 0, sizeof(*l));
	l->err.size = sizeof(l->err);
	l->rc = pol_set_read(&l->set, &source, 1, &opt, &l->err);
	if (l->rc == 0)
		l->rc = pol_set_dump(l->set, &l->said);
}

static bool
same_set(const struct loaded *a, const struct loaded *b)
{
	return a->rc == b->rc && a->err.code == b->err.code && a->err.line == b->err.line &&
	    a->err.column == b->err.column && strcmp(a->err.text, b->err.text) == 0 && a->said.len == b->said.len &&
	    (a->said.len == 0 || memcmp(a->said.data, b->said.data, a->said.len) == 0);
}

static void
unload(struct loaded *l)
{
	pol_set_free(l->set);
	pol_buf_fini(&l->said);
}

static void
differ(int rc, const struct policy_error *x, int other_rc, const struct policy_error *y, const char *text, size_t len)
{
	printf("two readings of one text: %d %u:%u %s and %d %u:%u %s; the text:\n%.*s\n", rc, x->line, x->column, x->text,
	    other_rc, y->line, y->column, y->text, (int)len, text);
	fflush(stdout);
	abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct reading a, b;
	struct loaded x, y;

	take(&a, text, size, false);
	take(&b, text, size, true);
	if (!same(&a, &b))
		differ(a.rc, &a.err, b.rc, &b.err, text, size);
	fuzz_plain += a.size.plain;
	if (a.rc == 0 && a.root.kind == POL_NODE_MAP && a.root.count > 0) {	/* else told in a word */
		load(&x, text, size, false);
		load(&y, text, size, true);
		if (!same_set(&x, &y))
			differ(x.rc, &x.err, y.rc, &y.err, text, size);
		fuzz_sets += x.rc == 0;
		unload(&x);
		unload(&y);
	}
	pol_arena_fini(&a.set.arena);
	pol_arena_fini(&b.set.arena);
	return 0;
}
