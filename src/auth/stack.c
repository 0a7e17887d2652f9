/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens the steps of a set one after the other, and closes them the other way round. A
 * stack is counted because a reload replaces it while threads are still inside check():
 * the last of them closes it.
 */
#include "auth/stack.h"

#include <stdlib.h>

#include "auth/stack_host.h"
#include "auth/with.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/name.h"
#include "load/module.h"

/* ---- one step ---- */

static int
listed(int rc)
{
	return rc < 0 && rc >= POLICY_ERR_UNSUPPORTED ? rc : POLICY_ERR_INTERNAL;
}

/* A module's sentence becomes the set's: whose step it was stands before it, and where
 * that step stands, unless the sentence is about a file of its own. */
static int
retell(struct policy_error *err, int rc, const struct pol_step_conf *c, struct policy_error *theirs, const char *unsaid)
{
	const bool placed = theirs->file[0] != '\0';

	theirs->file[sizeof(theirs->file) - 1] = theirs->text[sizeof(theirs->text) - 1] = '\0';
	return pol_err_set(err, listed(rc), placed ? theirs->file : c->at.file, placed ? theirs->line : c->at.line,
	    placed ? theirs->column : c->at.column, "modules: %s: %s", c->name,
	    theirs->text[0] != '\0' ? theirs->text : unsaid);
}

static int
load(struct pol_step *s, struct policy_error *err)
{
	const struct pol_stack_conf *conf = &s->stack->conf;
	struct policy_error theirs = POLICY_ERROR_INIT;
	int rc;

	rc = (conf->load != NULL ? conf->load : pol_module_load)(&s->module, conf->module_dir, s->conf->use, &theirs);
	if (rc != 0)
		return retell(err, rc, s->conf, &theirs, "the module could not be loaded");
	if (s->module == NULL || s->module->open == NULL || s->module->check == NULL || s->module->close == NULL)
		return retell(err, POLICY_ERR_INVALID, s->conf, &theirs, "the module lacks open, check or close");
	return 0;
}

/* Each claim once, in the order of the map's rows. */
static int
claims(struct policy_open_args *args, struct pol_arena *arena, const struct pol_step_conf *c)
{
	struct policy_text *list = pol_arena_array(arena, c->n_map, sizeof(*list));
	size_t n = 0, k;

	if (list == NULL)
		return POLICY_ERR_NOMEM;
	for (uint32_t i = 0; i < c->n_map; i++) {
		const struct policy_text claim = c->map[i].claim;

		for (k = 0; k < n && !pol_bytes_equal(list[k].data, list[k].len, claim.data, claim.len); k++)
			;
		if (k == n)
			list[n++] = claim;
	}
	args->claims = list;
	args->claims_count = n;
	return 0;
}

static int
open_step(struct pol_step *s, const struct pol_program *program, struct policy_error *err)
{
	const struct pol_step_conf *c = s->conf;
	struct pol_stack_conf *conf = &s->stack->conf;
	struct policy_error theirs = POLICY_ERROR_INIT;
	struct policy_open_args args = { .size = sizeof(args), .host = &s->host, .name = policy_text(c->name),
	    .subject_type = c->subject_type, .subject_id = c->subject_id, .kinds = c->kinds, .kinds_count = c->n_kinds };
	int rc;

	rc = pol_with_judge(&args.with, &conf->arena, c, s->module->keys, err);
	if (rc != 0)
		return rc;
	if (claims(&args, &conf->arena, c) != 0)
		return pol_err_nomem(err);
	if (program != NULL && program->has_credentials)
		args.flags |= POLICY_OPEN_CEILINGS;
	if (conf->only_reads)
		args.flags |= POLICY_OPEN_READ_ONLY;
	args.now_ns = conf->clock(conf->ctx);
	s->opening = true;
	rc = s->module->open(&s->state, &args, &theirs);
	s->opening = false;
	return rc == 0 ? 0 : retell(err, rc, c, &theirs, "the module could not be opened");
}

static int
begin_step(struct pol_step *s, struct pol_stack *st, const struct pol_step_conf *c, struct policy_error *err)
{
	int rc;

	s->stack = st;
	s->conf = c;
	s->source = c->name;
	s->subject_type = c->subject_type.data != NULL ? c->subject_type : policy_text("user");
	rc = load(s, err);
	if (rc != 0)
		return rc;
	pol_stack_host(s);
	st->has_second = st->has_second || pol_step_is_second(s);
	return pol_stack_check_step(s, err);
}

/* ---- all of them ---- */

static void
close_steps(struct pol_stack *st)
{
	while (st->n > 0) {
		struct pol_step *s = &st->steps[--st->n];

		s->module->close(s->state);
	}
	free(st->steps);
	st->steps = NULL;
}

/* The arena stays with st->conf, whatever becomes of the steps. */
static int
open_steps(struct pol_stack *st, const struct pol_program *program, struct policy_error *err)
{
	int rc = pol_hash_seed(&st->serial);

	if (rc != 0)
		return pol_err_set(err, rc, NULL, 0, 0, "modules: the kernel gave no random bytes");
	atomic_init(&st->held, 1);
	st->steps = calloc(st->conf.n > 0 ? st->conf.n : 1, sizeof(*st->steps));
	if (st->steps == NULL)
		return pol_err_nomem(err);
	for (uint32_t i = 0; rc == 0 && i < st->conf.n; i++)
		rc = begin_step(&st->steps[i], st, &st->conf.steps[i], err);
	if (rc == 0)
		rc = pol_stack_check(st, program, err);
	for (uint32_t i = 0; rc == 0 && i < st->conf.n; i++) {
		rc = open_step(&st->steps[i], program, err);
		st->n += rc == 0;
	}
	if (rc == 0)
		rc = pol_stack_check_people(st, err);
	if (rc != 0)
		close_steps(st);
	return rc;
}

int
pol_stack_open(struct pol_stack **out, struct pol_stack_conf *conf,
    const struct pol_program *program, struct policy_error *err)
{
	struct pol_stack *st = calloc(1, sizeof(*st));
	int rc;

	*out = NULL;
	if (st == NULL) {
		pol_arena_fini(&conf->arena);
		return pol_err_nomem(err);
	}
	st->conf = *conf;
	pol_arena_init(&conf->arena);
	rc = open_steps(st, program, err);
	if (rc != 0) {
		pol_arena_fini(&st->conf.arena);
		free(st);
		return rc;
	}
	*out = st;
	return 0;
}

/* What fails leaves the old one as it was, so that it can be tried again. */
int
pol_stack_again(struct pol_stack **out, struct pol_stack *old, const struct pol_program *program,
    struct policy_error *err)
{
	struct pol_stack *st = calloc(1, sizeof(*st));
	int rc;

	*out = NULL;
	if (st == NULL)
		return pol_err_nomem(err);
	st->conf = old->conf;
	rc = open_steps(st, program, err);
	if (rc != 0) {
		old->conf.arena = st->conf.arena;
		free(st);
		return rc;
	}
	pol_arena_init(&old->conf.arena);
	old->abandoned = true;
	st->parents = old;
	*out = st;
	return 0;
}

void
pol_stack_hold(struct pol_stack *s)
{
	atomic_fetch_add_explicit(&s->held, 1, memory_order_relaxed);
}

void
pol_stack_drop(struct pol_stack *s)
{
	if (s == NULL || s->abandoned || atomic_fetch_sub_explicit(&s->held, 1, memory_order_acq_rel) != 1)
		return;
	close_steps(s);
	pol_arena_fini(&s->conf.arena);
	for (struct pol_stack *next; s != NULL; s = next) {
		next = s->parents;
		free(s->steps);		/* of the parent's: never closed here */
		free(s);
	}
}

uint64_t
pol_stack_serial(const struct pol_stack *s)
{
	return s->serial;
}

int
pol_stack_issue(const struct pol_stack *s, struct policy_text step, const struct policy_issue *want,
    struct policy_issued *out, struct policy_error *err)
{
	struct policy_error theirs = POLICY_ERROR_INIT;
	const struct pol_step *of = NULL;
	int rc;

	memset(out, 0, sizeof(*out));
	out->size = sizeof(*out);
	for (uint32_t i = 0; i < s->n && of == NULL; i++) {
		if (pol_bytes_equal(s->steps[i].conf->name, strlen(s->steps[i].conf->name), step.data, step.len))
			of = &s->steps[i];
	}
	if (of == NULL)
		return pol_err_set(err, POLICY_ERR_NOENT, NULL, 0, 0, "modules: there is no step '%.*s'",
		    step.len < 64 ? (int)step.len : 64, step.data != NULL ? step.data : "");
	if (s->conf.only_reads)
		return retell(err, POLICY_ERR_UNSUPPORTED, of->conf, &theirs, "the set is opened for reading only");
	if (!POL_HAS(of->module, issue))
		return retell(err, POLICY_ERR_UNSUPPORTED, of->conf, &theirs, "the module makes no credentials");
	rc = of->module->issue(of->state, want, out, &theirs);
	if (rc == 0 && out->data_len > 0 && out->data_len < sizeof(out->data) && out->data[out->data_len] == '\0' &&
	    memchr(out->token_id, '\0', sizeof(out->token_id)) != NULL)
		return 0;
	explicit_bzero(out, sizeof(*out));
	return retell(err, rc != 0 ? rc : POLICY_ERR_INTERNAL, of->conf, &theirs, "the module made no credential");
}

const struct policy_module *
pol_stack_find(const struct pol_stack *s, const char *name, void **state)
{
	for (uint32_t i = 0; i < s->n; i++) {
		if (strcmp(s->steps[i].conf->name, name) == 0) {
			*state = s->steps[i].state;
			return s->steps[i].module;
		}
	}
	return NULL;
}
