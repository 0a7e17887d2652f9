/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set from its first byte to its last name: sources in the order of their names,
 * read, parsed, checked. Owns the set's arena and the dictionaries beside it.
 */
#include "compile/compile.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/name.h"
#include "compile/check.h"
#include "compile/parse.h"
#include "compile/warn.h"
#include "compile/yaml.h"
#include "core/core.h"

static const struct policy_limits default_limits = {
	.depth = 64,
	.file_bytes = 1u << 20,
	.scalar_bytes = 1u << 16,
	.nodes = 100000,
	.files = 1000,
};

/* 0 is the default. Counts are kept in 32 bits. */
static void
fill_limits(struct policy_limits *out, const struct policy_limits *in)
{
	const uint64_t most = UINT32_MAX / 2;

	*out = default_limits;
	if (in->depth != 0)
		out->depth = in->depth;
	if (in->file_bytes != 0)
		out->file_bytes = in->file_bytes;
	if (in->scalar_bytes != 0)
		out->scalar_bytes = in->scalar_bytes < most ? in->scalar_bytes : most;
	if (in->nodes != 0)
		out->nodes = in->nodes < most ? in->nodes : most;
}

struct reading {
	struct ast_set *set;
	const struct pol_source **sources;	/* by name */
	struct pol_size *sizes;
	size_t n;
	struct policy_limits limits, lowered;
	const struct pol_node *limits_at;
	struct pol_conds conds;
	struct pol_said actions, roles;
	const struct pol_compile_options *opt;
	uint64_t done, total;
	uint64_t *told;			/* the most that was: a second reading goes on from there */
};

static int
by_name(const void *a, const void *b)
{
	const struct pol_source *x = *(const struct pol_source *const *)a;
	const struct pol_source *y = *(const struct pol_source *const *)b;

	return pol_bytes_cmp(x->name, strlen(x->name), y->name, strlen(y->name));
}

static int
sort_sources(struct reading *r, const struct pol_source *sources)
{
	struct ast_set *set = r->set;
	size_t i;

	if (r->n > UINT16_MAX)
		return pol_set_limit(set, NULL, "%zu files: at most %u are taken", r->n, (unsigned)UINT16_MAX);
	r->sources = malloc((r->n + 1) * sizeof(*r->sources));
	r->sizes = calloc(r->n + 1, sizeof(*r->sizes));
	set->files = POL_NEW_ARRAY(set, r->n, const char *);
	if (r->sources == NULL || r->sizes == NULL || set->files == NULL)
		return pol_set_nomem(set);
	for (i = 0; i < r->n; i++) {
		r->sources[i] = &sources[i];
		r->total += sources[i].len;
	}
	qsort(r->sources, r->n, sizeof(r->sources[0]), by_name);
	for (i = 0; i < r->n; i++) {
		size_t len = strlen(r->sources[i]->name);

		if (len > POL_MAX_FILE)
			return pol_set_limit(set, NULL, "a file's name is %zu bytes long: at most %d are taken", len, POL_MAX_FILE);
		set->files[i] = pol_arena_copy(&set->arena, r->sources[i]->name, len);
		if (set->files[i] == NULL)
			return pol_set_nomem(set);
		set->n_files = i + 1;
	}
	return 0;
}

static void
tell(void *ctx, uint64_t bytes)
{
	struct reading *r = ctx;

	if (r->done + bytes <= *r->told)
		return;
	*r->told = r->done + bytes;
	if (r->opt->progress != NULL)
		r->opt->progress(r->opt->progress_ctx, *r->told, POL_SET_WORK * r->total);
}

/* ---- a source in pieces ---- */

struct taking {
	struct reading *r;
	struct pol_parse *p;
	struct ast_set before;
	struct policy_limits lowered;
	const struct pol_node *limits_at;
};

static bool
wants(void *ctx, const struct pol_node *section, bool map)
{
	(void)ctx;
	return pol_parse_by_item(section, map);
}

static int
take_item(void *ctx, const struct pol_node *section, const struct pol_node *key, const struct pol_node *value)
{
	return pol_parse_item(((const struct taking *)ctx)->p, section, key, value);
}

static int
take_section(void *ctx, const struct pol_node *pair)
{
	return pol_parse_section(((const struct taking *)ctx)->p, pair);
}

static int
take_root(void *ctx, const struct pol_node *root)
{
	return pol_parse_version(((const struct taking *)ctx)->p, root);
}

static void
take_again(void *ctx)
{
	struct taking *t = ctx;

	pol_set_back(t->r->set, &t->before);
	t->r->lowered = t->lowered;
	t->r->limits_at = t->limits_at;
	t->p->fixture = t->p->passing = false;
}

static int
read_source(struct reading *r, size_t i)
{
	const struct pol_source *s = r->sources[i];
	struct pol_parse p = { .set = r->set, .conds = &r->conds, .actions = &r->actions, .roles = &r->roles, .limits = &r->limits,
	    .lowered = &r->lowered, .limits_at = &r->limits_at, .engine_ok = s->engine_ok };
	struct taking t = { .r = r, .p = &p, .before = *r->set, .lowered = r->lowered, .limits_at = r->limits_at };
	const struct pol_yaml_taker taker = { wants, take_item, take_section, take_root, take_again, &t };
	struct pol_yaml_source source = { .text = s->text, .len = s->len, .file = (uint16_t)i,
	    .limits = &r->limits, .seed = r->conds.index.seed,
	    .slowly = r->opt->slowly, .progress = tell, .progress_ctx = r, .taker = &taker };
	struct pol_node *root = POL_NEW(r->set, struct pol_node);
	int rc;

	if (root == NULL)
		return POLICY_ERR_NOMEM;
	rc = pol_yaml_read(root, &r->sizes[i], r->set, &source);
	if (rc != 0)
		return rc;
	if (!r->sizes[i].plain)
		rc = pol_parse_file(&p, root);
	r->done += s->len;
	tell(r, 0);
	return rc;
}

static int
lowered(struct reading *r, size_t file, uint32_t line, uint32_t column, const char *name,
    uint64_t found, uint64_t limit)
{
	struct pol_node at = { .file = (uint16_t)file };

	if (limit == 0 || found <= limit)
		return 0;
	at.line = line;
	at.column = column;
	return pol_set_limit(r->set, &at, "limit %s: %llu here, and the set's own `limits:` take at most %llu",
	    name, (unsigned long long)found, (unsigned long long)limit);
}

/* `limits:` may stand behind what it forbids: everything is held against it at the end. */
static int
obey_lowered(struct reading *r)
{
	const struct policy_limits *l = &r->lowered;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < r->n; i++) {
		const struct pol_size *s = &r->sizes[i];

		rc = lowered(r, i, 1, 1, "file_bytes", s->bytes, l->file_bytes);
		if (rc == 0)
			rc = lowered(r, i, 1, 1, "nodes", s->nodes, l->nodes);
		if (rc == 0)
			rc = lowered(r, i, s->depth_line, s->depth_column, "depth", s->depth, l->depth);
		if (rc == 0)
			rc = lowered(r, i, s->scalar_line, s->scalar_column, "scalar_bytes", s->scalar, l->scalar_bytes);
	}
	return rc;
}

static int
read_all(struct reading *r, const struct pol_source *sources)
{
	struct pol_names *names = r->set->names;
	size_t i;
	int rc;

	rc = pol_hash_seed(&r->conds.index.seed);
	if (rc != 0)
		return pol_err_set(r->set->err, rc, NULL, 0, 0, "the system gave no random bytes for a hash");
	rc = pol_check_init(names, r->conds.index.seed);
	r->conds.index.key = pol_conds_key;
	r->actions.index.key = r->roles.index.key = pol_said_key;
	r->actions.index.seed = r->roles.index.seed = r->conds.index.seed;
	if (rc == 0)
		rc = sort_sources(r, sources);
	for (i = 0; rc == 0 && i < r->n; i++)
		rc = read_source(r, i);
	if (rc == 0)
		rc = obey_lowered(r);
	if (rc == 0)
		rc = pol_check(r->set, names, &r->conds);
	if (rc == 0 && r->set->warning != NULL)
		rc = pol_warn(r->set, names, &r->conds);
	if (rc == 0)
		tell(r, r->total / 4);
	return rc;
}

static int
read_set(struct ast_set **out, const struct pol_source *sources, size_t n,
    const struct pol_compile_options *opt, struct policy_error *err, uint64_t *told)
{
	struct reading r = { .n = n, .opt = opt, .told = told };
	struct ast_set *set;
	int rc;

	*out = NULL;
	set = calloc(1, sizeof(*set));
	if (set == NULL)
		return pol_err_nomem(err);
	pol_arena_init(&set->arena);
	set->err = err;
	set->warning = opt->warning;
	set->warning_ctx = opt->warning_ctx;
	fill_limits(&r.limits, opt->limits);
	r.set = set;
	set->names = calloc(1, sizeof(struct pol_names));
	rc = set->names != NULL ? read_all(&r, sources) : pol_err_nomem(err);
	free(r.sources);
	free(r.sizes);
	pol_index_fini(&r.conds.index);
	pol_index_fini(&r.actions.index);
	pol_index_fini(&r.roles.index);
	pol_buf_fini(&r.actions.key);
	pol_buf_fini(&r.roles.key);
	if (set->names != NULL)
		pol_check_fini(set->names);
	free(set->names);
	set->names = NULL;
	/* The error is the caller's, and the set may outlive it. */
	set->err = NULL;
	if (rc != 0) {
		pol_set_free(set);
		return rc;
	}
	*out = set;
	return 0;
}

/* A set that is refused is read again, whole and by libyaml: what is wrong with it
 * must not depend on how it was read, nor a repeated key of an item go unseen. */
int
pol_set_read(struct ast_set **out, const struct pol_source *sources, size_t n,
    const struct pol_compile_options *opt, struct policy_error *err)
{
	struct pol_compile_options slow = *opt;
	struct policy_error unsaid = POLICY_ERROR_INIT;
	uint64_t told = 0;
	int rc;

	slow.slowly = true;
	if (opt->slowly)
		return read_set(out, sources, n, opt, err, &told);
	rc = read_set(out, sources, n, opt, &unsaid, &told);
	if (rc == 0)
		return 0;
	if (rc == POLICY_ERR_NOMEM)
		return pol_err_nomem(err);
	return read_set(out, sources, n, &slow, err, &told);
}
