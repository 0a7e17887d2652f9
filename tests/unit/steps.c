/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static struct steps *now_running;	/* load() is told no context */

/* ---- the module ---- */

static int
fake_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	struct fake *f = steps_fake(now_running, args->name.data);

	f->args = *args;
	f->with = args->with;
	if (f->source != NULL)
		args->host->source(args->host, policy_text(f->source));
	for (int i = 0; i < 2 && f->watch[i] != NULL; i++)
		args->host->watch(args->host, f->watch[i]);
	if (f->open_rc != 0) {
		if (f->open_text != NULL)
			snprintf(err->text, sizeof(err->text), "%s", f->open_text);
		if (f->open_file != NULL) {
			snprintf(err->file, sizeof(err->file), "%s", f->open_file);
			err->line = 7;
		}
		return f->open_rc;
	}
	f->opened++;
	f->before = f->host;
	f->host = args->host;
	*state = f;
	return 0;
}

static void
fake_say(struct fake *f, struct policy_identity *id)
{
	const struct policy_host *h = f->host;
	const struct policy_value yes = { .type = POLICY_BOOL, .u.boolean = 1 };

	if (f->subject != NULL)
		h->set_subject(id, policy_text(f->type), policy_text(f->subject));
	if (f->group != NULL)
		h->add_group(id, policy_text(f->group));
	if (f->scoped)
		h->set_scoped(id);
	if (f->scope != NULL)
		h->add_scope(id, policy_text(f->scope));
	if (f->token_id != NULL)
		h->set_token_id(id, policy_text(f->token_id));
	if (f->kind != NULL)
		h->set_kind(id, policy_text(f->kind));
	if (f->expires != 0)
		h->set_expires(id, f->expires);
	if (f->cacheable != 0)
		h->set_cacheable(id, f->cacheable);
	if (f->attr != NULL) {
		h->add_subject_attribute(id, policy_text(f->attr), &yes);
		h->add_token_attribute(id, policy_text(f->attr), &yes);
	}
	if (f->claim != NULL)
		h->add_claim(id, policy_text(f->claim), policy_text(f->value));
}

static enum policy_check_result
fake_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	struct fake *f = state;

	f->checked++;
	f->call_flags = call->flags;
	f->deadline = call->deadline_ns;
	fake_say(f, id);
	if (f->more != NULL)
		f->more(f, call, id);
	return (enum policy_check_result)f->outcome;
}

static void
fake_close(void *state)
{
	struct fake *f = state;

	f->closed++;
	f->host = f->before;
	f->order = ++now_running->closings;
}

static int
fake_claims(void *state, const struct policy_credential *c)
{
	const struct fake *f = state;

	(void)c;
	return !f->claims_not;
}

static int64_t
fake_serve(void *state, uint32_t why)
{
	struct fake *f = state;

	f->served++;
	f->why = why;
	return f->serve_after;
}

/* ---- the stack ---- */

static int
load(const struct policy_module **out, const char *dir, const char *name, struct policy_error *err)
{
	struct fake *f = steps_fake(now_running, name);

	(void)dir;
	if (f == NULL)
		return pol_err_set(err, POLICY_ERR_NOENT, NULL, 0, 0, "there is no module '%s'", name);
	f->module = (struct policy_module){ .size = sizeof(f->module), .abi = POLICY_MODULE_ABI, .name = f->use,
	    .version = "1", .flags = f->flags, .kinds = f->kinds[0] != NULL ? f->kinds : NULL, .keys = f->keys,
	    .open = fake_open, .check = fake_check, .close = fake_close, .claims = fake_claims,
	    .serve = f->serves ? fake_serve : NULL };
	*out = &f->module;
	return 0;
}

static void
keep_line(void *ctx, enum policy_log_level level, const char *text)
{
	struct steps *t = ctx;

	(void)level;
	t->logged++;
	snprintf(t->line, sizeof(t->line), "%s", text);
}

static int64_t
tell_time(void *ctx)
{
	(void)ctx;
	return STEPS_NOW;
}

static void
count_wake(void *ctx)
{
	((struct steps *)ctx)->woken++;
}

struct steps *
steps_new(void)
{
	struct steps *t = calloc(1, sizeof(*t));

	if (t == NULL)
		abort();
	pol_arena_init(&t->conf.arena);
	t->confs = pol_arena_array(&t->conf.arena, STEPS_MOST, sizeof(*t->confs));
	t->conf.steps = t->confs;
	t->conf.load = load;
	t->conf.ctx = t;
	t->conf.log = keep_line;
	t->conf.clock = tell_time;
	t->conf.wake = count_wake;
	t->err = (struct policy_error)POLICY_ERROR_INIT;
	now_running = t;
	return t;
}

void
steps_free(struct steps *t)
{
	pol_stack_drop(t->stack);
	pol_arena_fini(&t->conf.arena);
	free(t);
}

struct fake *
steps_fake(struct steps *t, const char *use)
{
	for (uint32_t i = 0; i < t->n; i++) {
		if (strcmp(t->fakes[i].use, use) == 0)
			return &t->fakes[i];
	}
	return NULL;
}

struct pol_step_conf *
steps_add(struct steps *t, const char *use)
{
	struct fake *f = &t->fakes[t->n];
	struct pol_step_conf *c = &t->confs[t->n];

	f->use = use;
	f->kinds[0] = "key";
	f->outcome = POLICY_CHECK_PASS;
	f->subject = "ann";
	f->source = "here";
	*c = (struct pol_step_conf){ .use = use, .name = use, .at = { "set.yaml", 10 + t->n, 3 } };
	t->conf.n = ++t->n;
	return c;
}

struct policy_text *
steps_texts(struct steps *t, const char *a, const char *b)
{
	struct policy_text *list = pol_arena_array(&t->conf.arena, 2, sizeof(*list));

	list[0] = policy_text(a);
	list[1] = policy_text(b);
	return list;
}

int
steps_open(struct steps *t, const struct pol_program *program)
{
	return pol_stack_open(&t->stack, &t->conf, program, &t->err);
}

bool
steps_refused(struct steps *t, const struct pol_program *program, uint32_t step, const char *part)
{
	const int rc = steps_open(t, program);
	bool right = rc == POLICY_ERR_INVALID && t->stack == NULL && t->err.code == rc && strstr(t->err.text, part) != NULL &&
	    strncmp(t->err.text, "modules: ", 9) == 0 && strcmp(t->err.file, "set.yaml") == 0 &&
	    t->err.line == 10 + step && t->err.column == 3;

	if (!right)
		printf("%d, %s:%u:%u: %s\n", rc, t->err.file, t->err.line, t->err.column, t->err.text);
	for (uint32_t i = 0; i < t->n; i++)
		right = right && t->fakes[i].opened == t->fakes[i].closed;
	return right;
}

int
steps_judge_all(struct steps *t, const struct policy_credential *list, size_t n, bool nonblock)
{
	const struct pol_asked asked = { .list = list, .n = n, .nonblock = nonblock, .now_ns = STEPS_NOW };
	int rc;

	memset(t->ids, 0xa5, sizeof(t->ids));	/* what the caller has there is not read */
	t->asked = n;
	t->until = 77;
	rc = pol_stack_judge(t->stack, &asked, t->ids, &t->n_ids, &t->until, &t->reason);
	for (size_t i = n; i < POLICY_CREDENTIALS_MAX; i++)	/* room for n is all there is */
		t->trampled = t->trampled || t->ids[i].size != 0xa5a5a5a5u || t->ids[i].groups_count != 0xa5a5a5a5u ||
		    (unsigned char)t->ids[i].bytes[0] != 0xa5u;
	return rc;
}

int
steps_judge(struct steps *t, const char *kind, const char *data)
{
	const struct policy_credential c = { .kind = policy_text(kind), .data = policy_text(data) };

	return steps_judge_all(t, &c, 1, false);
}
