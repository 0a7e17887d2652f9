/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set opened for its author: read, compiled, and given both its peoples, the
 * policy's own and the one with fixtures. What a host refuses for its owner or
 * mode is a warning here: who writes a policy is no host that trusts it.
 */
#include "author/author.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

struct options {
	struct policy_set_options opt;
	struct policy_limits limits;
};

static void
file_warning(void *ctx, const char *file, const char *text)
{
	const struct options *o = ctx;

	if (o->opt.warning != NULL)
		o->opt.warning(o->opt.warning_ctx, file, 0, 0, text);
}

static int
take_options(struct options *o, const struct policy_set_options *opt, struct policy_error *err)
{
	static const uint64_t none[4];

	memset(o, 0, sizeof(*o));
	if (opt != NULL && pol_sized_in(&o->opt, sizeof(o->opt), sizeof(opt->size), opt) != 0)
		return pol_err_set(err, POLICY_ERR_ABI, NULL, 0, 0, "the size of the options makes no sense");
	if ((o->opt.flags & ~POLICY_SET_FIXTURES) != 0 ||
	    memcmp(o->opt.reserved, none, sizeof(none)) != 0)
		return pol_err_set(err, POLICY_ERR_ARG, NULL, 0, 0, "an option is set that is not known here");
	if (o->opt.limits != NULL && pol_sized_in(&o->limits, sizeof(o->limits), sizeof(o->limits.size), o->opt.limits) != 0)
		return pol_err_set(err, POLICY_ERR_ABI, NULL, 0, 0, "the size of the limits makes no sense");
	o->limits.size = sizeof(o->limits);
	return 0;
}

static void
tell(const struct options *o, uint64_t done, uint64_t total)
{
	if (o->opt.progress != NULL)
		o->opt.progress(o->opt.progress_ctx, done, total * POL_SET_WORK);
}

static int
build(struct policy_set *set, const struct pol_source *sources, size_t n,
    const struct options *o, struct policy_error *err)
{
	struct pol_compile_options co = {
		.limits = &o->limits,
		.warning = o->opt.warning,
		.warning_ctx = o->opt.warning_ctx,
		.progress = o->opt.progress,
		.progress_ctx = o->opt.progress_ctx,
	};
	const struct pol_program *program;
	uint64_t total = 0;
	size_t i;
	int rc;

	for (i = 0; i < n; i++)
		total += sources[i].len;
	set->fixtures = (o->opt.flags & POLICY_SET_FIXTURES) != 0;
	rc = pol_set_read(&set->ast, sources, n, &co, err);
	if (rc != 0)
		return rc;
	pol_files_drop(&set->files);	/* nothing of the tree points into them */
	rc = pol_code_emit(&set->code, set->ast, err);
	if (rc != 0)
		return rc;
	tell(o, total / 4 * 6, total);
	program = pol_code_program(set->code);
	rc = pol_set_people(&set->own_people, set->ast, program, false, err);
	if (rc != 0)
		return rc;
	tell(o, total / 4 * 7, total);
	rc = pol_set_people(&set->full_people, set->ast, program, true, err);
	if (rc != 0)
		return rc;
	tell(o, total * POL_SET_WORK, total);
	pol_code_engine(set->code, &set->own);
	set->full = set->own;
	pol_engine_people(&set->own, pol_people_view(set->own_people));
	pol_engine_people(&set->full, pol_people_view(set->full_people));
	return 0;
}

static int
open_files(struct policy_set *set, const char *const *paths, size_t n,
    struct options *o, struct policy_error *err)
{
	struct pol_source *sources;
	size_t i;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++)
		rc = pol_files_read(&set->files, paths[i], &o->limits, file_warning, o, err);
	if (rc != 0)
		return rc;
	sources = calloc(set->files.n + 1, sizeof(*sources));
	if (sources == NULL)
		return pol_err_nomem(err);
	for (i = 0; i < set->files.n; i++)
		sources[i] = (struct pol_source){
			.name = set->files.list[i].name,
			.text = set->files.list[i].text,
			.len = set->files.list[i].len,
			.engine_ok = set->files.list[i].engine_ok,
		};
	rc = build(set, sources, set->files.n, o, err);
	free(sources);
	return rc;
}

/* A name and text of the caller's become a file of ours. */
static int
open_text(struct policy_set *set, const char *name, const char *text, size_t len,
    struct options *o, struct policy_error *err)
{
	struct pol_source source;
	struct pol_file *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return pol_err_nomem(err);
	set->files.list = f;
	set->files.n = 1;
	f->name = strdup(name);
	f->text = malloc(len + 1);
	if (f->name == NULL || f->text == NULL)
		return pol_err_nomem(err);
	if (len > 0)
		memcpy(f->text, text, len);
	f->text[len] = '\0';
	f->len = len;
	f->engine_ok = true;
	source = (struct pol_source){ f->name, f->text, f->len, true };
	return build(set, &source, 1, o, err);
}

int
policy_set_open(struct policy_set **out, const char *const *paths, size_t n,
    const struct policy_set_options *opt, struct policy_error *err)
{
	struct policy_set *set;
	struct options o;
	int rc;

	*out = NULL;
	rc = take_options(&o, opt, err);
	if (rc != 0)
		return rc;
	if (n == 0)
		return pol_err_set(err, POLICY_ERR_ARG, NULL, 0, 0, "no file or directory is named");
	set = calloc(1, sizeof(*set));
	if (set == NULL)
		return pol_err_nomem(err);
	rc = open_files(set, paths, n, &o, err);
	if (rc != 0) {
		policy_set_close(set);
		return rc;
	}
	*out = set;
	return 0;
}

int
policy_set_open_text(struct policy_set **out, const char *name, const char *text,
    size_t len, const struct policy_set_options *opt, struct policy_error *err)
{
	struct policy_set *set;
	struct options o;
	int rc;

	*out = NULL;
	rc = take_options(&o, opt, err);
	if (rc != 0)
		return rc;
	if (name == NULL || (text == NULL && len > 0))
		return pol_err_set(err, POLICY_ERR_ARG, NULL, 0, 0, "a name and a text are wanted");
	set = calloc(1, sizeof(*set));
	if (set == NULL)
		return pol_err_nomem(err);
	rc = open_text(set, name, text, len, &o, err);
	if (rc != 0) {
		policy_set_close(set);
		return rc;
	}
	*out = set;
	return 0;
}

void
policy_set_close(struct policy_set *set)
{
	if (set == NULL)
		return;
	pol_people_free(set->own_people);
	pol_people_free(set->full_people);
	pol_code_free(set->code);
	if (set->ast != NULL)
		pol_set_free(set->ast);
	pol_files_free(&set->files);
	free(set);
}

int
policy_set_get_info(const struct policy_set *set, struct policy_set_info *out)
{
	const struct ast_set *a = set->ast;
	const struct pol_program *p = set->own.program;
	struct policy_set_info i = {
		.files = (uint32_t)a->n_files,
		.types = (uint32_t)a->types.n,
		.actions = (uint32_t)a->actions.n,
		.roles = (uint32_t)a->roles.n,
		.entries = (uint32_t)a->entries.n,
		.conditions = (uint32_t)a->named.n,
		.scopes = (uint32_t)a->scopes.n,
		.kinds = (uint32_t)a->kinds.n,
		.users = (uint32_t)a->users.n,
		.groups = (uint32_t)a->groups.n,
		.grants = (uint32_t)a->grants.n,
		.entities = (uint32_t)a->things.n,
		.tests = (uint32_t)a->tests.n,
		.program_bytes = p->bytes,
		.people_bytes = pol_people_bytes(set->fixtures ? set->full_people : set->own_people),
	};

	if (pol_sized_check(out, sizeof(i), sizeof(uint32_t) * 2) != 0)
		return POLICY_ERR_ABI;
	pol_sized_out(out, &i, sizeof(i));
	return 0;
}

int
policy_set_dump(struct policy_set *set, char **out, size_t *len, struct policy_error *err)
{
	struct pol_buf b;
	int rc;

	*out = NULL;
	*len = 0;
	pol_buf_init(&b);
	rc = pol_set_dump(set->ast, &b);
	if (rc == 0 && (pol_buf_append(&b, "", 1) == SIZE_MAX || b.failed))
		rc = POLICY_ERR_NOMEM;
	if (rc != 0) {
		pol_buf_fini(&b);
		return rc == POLICY_ERR_NOMEM ? pol_err_nomem(err) :
		    pol_err_set(err, rc, NULL, 0, 0, "the set could not be written out");
	}
	*out = b.data;
	*len = b.len - 1;
	return 0;
}

void
policy_author_free(void *p)
{
	free(p);
}
