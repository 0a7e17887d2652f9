/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set becomes a snapshot: options taken, files read, the on/off switch settled,
 * text compiled. All or nothing: whatever fails on the way, the handle is as it
 * was. The environment is read here and nowhere else, once, when opening.
 */
#include "api/open.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/modules.h"
#include "api/parts.h"
#include "api/service.h"
#include "api/store.h"
#include "base/sized.h"
#include "compile/ast_step.h"
#include "base/err.h"
#include "load/file.h"

#define DEFAULT_PATH "/etc/policy"
#define RELOAD_WAIT_NS 100000000	/* policy_reload waits at most so long for deciders */
#define FLAGS (POLICY_FORCE_ON | POLICY_FORCE_OFF | POLICY_NO_THREAD | POLICY_READ_ONLY)

/* ---- log ---- */

void
pol_open_say(const struct policy *p, enum policy_log_level level, const char *fmt, ...)
{
	char text[sizeof(((struct policy_error *)0)->text) * 2 + 256];
	va_list ap;

	if (p->log == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *s = text; *s != '\0'; s++) {	/* a path may hold anything; a log line is one line */
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
	}
	p->log(p->log_ctx, level, text);
}

static const char *
called(const struct policy *p)
{
	return p->path != NULL ? p->path : p->name;
}

static void
say_failed(const struct policy *p, const char *what, int code, const struct policy_error *err)
{
	if (err->file[0] != '\0' && err->line != 0)
		pol_open_say(p, POLICY_LOG_ERROR, "%s %s: %s:%u:%u: %s", what, called(p), err->file,
		    err->line, err->column, err->text);
	else
		pol_open_say(p, POLICY_LOG_ERROR, "%s %s: %s", what, called(p),
		    err->text[0] != '\0' ? err->text : policy_strerror(code));
}

static void
say_loaded(const struct policy *p)
{
	const struct pol_snapshot *s = atomic_load(&p->now);

	if (s == NULL)
		pol_open_say(p, POLICY_LOG_WARNING, "%s: the policy engine is forced off: no set is read, every request is allowed",
		    called(p));
	else if (s->off)
		pol_open_say(p, POLICY_LOG_WARNING, "%s: the policy engine is switched off by `enabled`%s%s: every request is allowed (generation %llu)",
		    called(p), p->env != POL_ENV_UNSET ? " and the environment's " : "",
		    p->env != POL_ENV_UNSET ? p->env_name : "", (unsigned long long)s->generation);
	else
		pol_open_say(p, POLICY_LOG_INFO, "%s: policy set in force (generation %llu)", called(p),
		    (unsigned long long)s->generation);
}

static void
warning(void *ctx, const char *file, uint32_t line, uint32_t column, const char *text)
{
	pol_open_say(ctx, POLICY_LOG_WARNING, "%s:%u:%u: %s", file != NULL ? file : "", line, column, text);
}

/* ---- on or off ---- */

/*
 * The variable as it was when the handle was opened; one that a later text names
 * was not read then, and counts as not set. secure_getenv: a set-uid program's
 * caller has no say.
 */
static int
read_env(struct policy *p, const struct ast_set *set, struct policy_error *err)
{
	const char *name = set->enabled_env->u.text, *value;

	if (p->loaded) {
		if (p->env_name == NULL || strcmp(p->env_name, name) != 0)
			pol_open_say(p, POLICY_LOG_WARNING, "enabled: %s was not read from the environment when this set was opened: the default holds",
			    name);
		return 0;
	}
	p->env_name = strdup(name);
	if (p->env_name == NULL)
		return pol_err_nomem(err);
	value = secure_getenv(name);
	if (value == NULL)
		p->env = POL_ENV_UNSET;
	else if (strcmp(value, "true") == 0)
		p->env = POL_ENV_TRUE;
	else if (strcmp(value, "false") == 0)
		p->env = POL_ENV_FALSE;
	else
		return pol_err_set(err, POLICY_ERR_INVALID, set->files[set->enabled_env->file],
		    set->enabled_env->line, set->enabled_env->column,
		    "enabled: the environment's %s is neither \"true\" nor \"false\"", name);
	return 0;
}

static int
is_off(struct policy *p, const struct ast_set *set, bool *off, struct policy_error *err)
{
	int rc;

	*off = false;
	if ((p->flags & POLICY_FORCE_ON) != 0)
		return 0;
	*off = set->enabled == AST_ENABLED_FALSE;
	if (set->enabled_env == NULL)
		return 0;
	rc = read_env(p, set, err);
	if (rc == 0 && p->env != POL_ENV_UNSET && strcmp(p->env_name, set->enabled_env->u.text) == 0)
		*off = p->env == POL_ENV_FALSE;
	return rc;
}

/* ---- text -> snapshot ---- */

/* Those of the text, and of its store. */
static int
make_people(struct policy *p, struct pol_people_root **out, const struct ast_set *set, const struct pol_program *program,
    struct policy_error *err)
{
	struct pol_builder *b;
	int rc = pol_builder_new(&b, program);

	*out = NULL;
	if (rc == 0)
		rc = pol_set_feed(b, set, false, err);
	if (rc == 0)
		rc = pol_store_build(p, p->staged, b, out);
	if (rc == POLICY_ERR_NOMEM)
		pol_err_nomem(err);
	else if (rc != 0 && err->text[0] == '\0')
		pol_err_set(err, rc, NULL, 0, 0, "the people of the set cannot be built");
	pol_builder_free(b);
	return rc;
}

static int
emit(struct policy *p, struct pol_snapshot **out, const struct ast_set *set, struct policy_error *err)
{
	struct pol_code *code = NULL;
	struct pol_people_root *people = NULL;
	int rc;

	rc = pol_code_emit(&code, set, err);
	if (rc != 0)
		return rc;
	rc = make_people(p, &people, set, pol_code_program(code), err);
	if (rc != 0) {
		pol_code_free(code);
		return rc;
	}
	rc = pol_handle_snapshot(out, code, people);
	return rc == POLICY_ERR_NOMEM ? pol_err_nomem(err) : rc;
}

static void
take_tokens(struct pol_snapshot *s, const struct ast_set *set)
{
	s->token_life = set->tokens != NULL ? set->tokens->lifetime.ns : POL_TOKEN_LIFE;
	s->token_most = set->tokens != NULL ? set->tokens->max_lifetime.ns : POL_TOKEN_LIFE;
}

static int
build(struct policy *p, struct pol_snapshot **out, const struct pol_source *sources, size_t n,
    struct pol_files *files, struct policy_error *err)
{
	struct pol_compile_options opt = {
		.limits = &p->limits,
		.warning = p->log != NULL ? warning : NULL,
		.warning_ctx = p,
	};
	struct ast_set *set = NULL;
	bool off = false;
	int rc;

	rc = pol_set_read(&set, sources, n, &opt, err);
	pol_files_drop(files);		/* large ones are missed while emitting */
	if (rc == 0)
		rc = is_off(p, set, &off, err);
	if (rc == 0 && !off)
		rc = pol_parts_store(p, set, err);
	if (rc == 0)
		rc = emit(p, out, set, err);
	if (rc == 0)
		take_tokens(*out, set);
	if (rc == 0 && !off) {
		rc = pol_modules_open(p, *out, set, err);
		if (rc == 0)
			rc = pol_parts_open(p, *out, set, err);
		if (rc != 0)
			pol_handle_unused(*out);
	}
	if (rc != 0)
		pol_parts_back(p);
	if (set != NULL)
		pol_set_free(set);
	if (rc == 0)
		(*out)->off = off;
	return rc;
}

static int
build_path(struct policy *p, struct pol_snapshot **out, struct policy_error *err)
{
	struct pol_files files = { NULL, 0 };
	struct pol_source *sources = NULL;
	int rc;

	rc = pol_files_read(&files, p->path, &p->limits, NULL, NULL, err);
	if (rc == 0) {
		sources = calloc(files.n, sizeof(*sources));
		if (sources == NULL)
			rc = pol_err_nomem(err);
	}
	if (rc == 0) {
		for (size_t i = 0; i < files.n; i++)
			sources[i] = (struct pol_source){ files.list[i].name, files.list[i].text,
			    files.list[i].len, files.list[i].engine_ok };
		rc = build(p, out, sources, files.n, &files, err);
	}
	free(sources);
	pol_files_free(&files);
	return rc;
}

static int64_t
unix_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Under the lock. */
static int
load(struct policy *p, struct policy_error *err)
{
	struct pol_snapshot *s = NULL;
	struct pol_source source = { p->name, p->text, p->len, true };
	struct pol_files none = { NULL, 0 };
	int rc;

	rc = p->path != NULL ? build_path(p, &s, err) : build(p, &s, &source, 1, &none, err);
	if (rc != 0)
		return rc;
	p->loaded = true;
	atomic_store(&p->loaded_ns, unix_now());
	atomic_store(&p->failed_ns, 0);
	pol_parts_swap(p, s);
	return 0;
}

/* ---- open ---- */

/* Texts and limits are the handle's own from here on. */
static int
take_options(struct policy *p, const struct policy_options *opt, struct policy_error *err)
{
	struct policy_options o = POLICY_OPTIONS_INIT;

	if (opt != NULL && pol_sized_in(&o, sizeof(o), sizeof(o.size), opt) != 0)
		return pol_err_set(err, POLICY_ERR_ABI, NULL, 0, 0, "the size of the options makes no sense");
	if ((o.flags & ~FLAGS) != 0)
		return pol_err_set(err, POLICY_ERR_ARG, NULL, 0, 0, "options: unknown flags");
	for (size_t i = 0; i < sizeof(o.reserved) / sizeof(o.reserved[0]); i++) {
		if (o.reserved[i] != 0)
			return pol_err_set(err, POLICY_ERR_ARG, NULL, 0, 0, "options: reserved members must be zero");
	}
	if (o.limits != NULL && pol_sized_in(&p->limits, sizeof(p->limits), sizeof(p->limits.size), o.limits) != 0)
		return pol_err_set(err, POLICY_ERR_ABI, NULL, 0, 0, "the size of the limits makes no sense");
	p->limits.size = sizeof(p->limits);
	p->flags = o.flags;
	p->clock = o.clock;
	p->clock_ctx = o.clock_ctx;
	p->log = o.log;
	p->log_ctx = o.log_ctx;
	if (o.module_dir == NULL)
		return 0;
	p->module_dir = strdup(o.module_dir);
	return p->module_dir != NULL ? 0 : pol_err_nomem(err);
}

static int
take_origin(struct policy *p, const struct pol_origin *from, struct policy_error *err)
{
	if (!from->is_text) {
		p->path = strdup(from->path != NULL ? from->path : DEFAULT_PATH);
		return p->path != NULL ? 0 : pol_err_nomem(err);
	}
	p->name = strdup(from->name);
	p->text = malloc(from->len + 1);
	if (p->name == NULL || p->text == NULL)
		return pol_err_nomem(err);
	if (from->len > 0)
		memcpy(p->text, from->text, from->len);
	p->text[from->len] = '\0';
	p->len = from->len;
	return 0;
}

int
pol_open_new(struct policy **out, const struct pol_origin *from,
    const struct policy_options *opt, struct policy_error *err)
{
	struct policy_error own = POLICY_ERROR_INIT;
	struct policy *p;
	int rc;

	if (err == NULL)
		err = &own;
	rc = pol_handle_new(&p);
	if (rc != 0)
		return pol_err_nomem(err);
	rc = take_options(p, opt, err);
	p->load = from->load;
	if (rc == 0)
		rc = take_origin(p, from, err);
	if (rc != 0) {
		pol_handle_free(p);
		return rc;
	}
	if ((p->flags & (POLICY_FORCE_ON | POLICY_FORCE_OFF)) == POLICY_FORCE_OFF)
		atomic_store(&p->off, POL_OFF_YES);
	else
		rc = load(p, err);
	if (rc != 0) {
		say_failed(p, "cannot open", rc, err);
		pol_handle_free(p);
		return rc;
	}
	say_loaded(p);
	*out = p;
	return 0;
}

int
pol_open_again(struct policy *p, struct policy_error *err)
{
	struct policy_error own = POLICY_ERROR_INIT;
	int rc;

	if (err == NULL)
		err = &own;
	if ((p->flags & (POLICY_FORCE_ON | POLICY_FORCE_OFF)) == POLICY_FORCE_OFF)
		return 0;
	pol_handle_lock(p);
	rc = load(p, err);
	/* also when it failed: what waits need not wait for a better day */
	pol_handle_collect(p, rc == 0 ? RELOAD_WAIT_NS : 0);
	if (rc != 0)
		atomic_store(&p->failed_ns, unix_now());
	if (rc != 0)
		say_failed(p, "the old set stays in force, cannot reload", rc, err);
	else
		say_loaded(p);
	pol_handle_unlock(p);
	pol_service_wake(p);		/* what still waits is freed there */
	return rc;
}
