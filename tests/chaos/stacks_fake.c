/* SPDX-License-Identifier: Apache-2.0 */
/* Random stacks, written as a set, and the modules that say what was made up. */
#include "stacks.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"

const char *const stacks_kinds[STACKS_KINDS] = { "bearer", "password", "otp", "key", "ses" };
const char *const stacks_controls[5] = { "binding", "required", "requisite", "sufficient", "optional" };
const char *const stacks_actions[STACKS_ACTIONS] = { "a0", "a1", "a2", "ax", "ay" };

const struct stacks_set *stacks_now;
unsigned stacks_checks;

/* ---- dice ---- */

uint64_t
stacks_draw(uint64_t *seed, uint64_t below)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % below;
}

static bool
once_in(uint64_t *seed, unsigned n)
{
	return stacks_draw(seed, n) == 0;
}

/* ---- what is made up ---- */

/* Half of all sets: what is said is good but for little, or no request with several
 * credentials would ever be. */
static void
mend(struct stacks_say *s, uint64_t *seed)
{
	if (once_in(seed, 12))
		return;
	s->outcome = once_in(seed, 6) ? POLICY_CHECK_IGNORE : POLICY_CHECK_PASS;
	s->shape_not = false;
	s->subject = "ann";
	s->type = NULL;
	s->spoil = 0;
	if (!once_in(seed, 4))
		s->token_id = NULL;
	if (s->expires > 0 && s->expires <= STACKS_START)
		s->expires = STACKS_START + 20 * STACKS_SECOND;
}

static void
random_say(struct stacks_say *s, const struct stacks_step *step, uint64_t *seed)
{
	static const int outcomes[] = { 1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 0, 4, 5, -1, 3, 1 };
	static const char *const ids[] = { NULL, NULL, "t0", "t1" }, *const who[] = { "ann", "ann", "ann", "ann", "svc:ann", "bob", NULL, "ann" };
	static const enum policy_reason reasons[] = { 0, POLICY_REASON_EXPIRED, POLICY_REASON_REVOKED };

	*s = (struct stacks_say){ .kind = STACKS_UNSAID, .x = STACKS_UNSAID, .y = STACKS_UNSAID, .expires = -1, .cacheable = -1 };
	s->outcome = outcomes[stacks_draw(seed, 16)];
	s->shape_not = once_in(seed, 10);
	s->subject = who[stacks_draw(seed, 8)];
	s->type = once_in(seed, 8) ? once_in(seed, 2) ? "svc" : "user" : NULL;
	s->token_id = ids[stacks_draw(seed, 4)];
	if (step->kinds != 0 && !once_in(seed, 4))
		do
			s->kind = (int)stacks_draw(seed, STACKS_KINDS);
		while ((step->kinds & 1u << s->kind) == 0);
	else if (once_in(seed, 30))
		s->kind = (int)stacks_draw(seed, STACKS_KINDS);
	s->groups = (unsigned)stacks_draw(seed, 4) & (unsigned)stacks_draw(seed, 4);
	s->scopes = once_in(seed, 2) ? (unsigned)stacks_draw(seed, 32) : 0;
	s->scoped = once_in(seed, 8);
	s->claim = once_in(seed, 2);
	s->spoil = once_in(seed, 30) ? 1 + (int)stacks_draw(seed, 2) : 0;
	if (once_in(seed, 5))
		s->expires = STACKS_START + ((int64_t)stacks_draw(seed, 40) - 4) * STACKS_SECOND;
	else if (once_in(seed, 20))
		s->expires = 0;
	if (once_in(seed, 8))
		s->cacheable = STACKS_START + ((int64_t)stacks_draw(seed, 40) - 4) * STACKS_SECOND;
	s->x = (int)stacks_draw(seed, 3) - 1;
	s->y = (int)stacks_draw(seed, 3) - 1;
	s->used = once_in(seed, 3) ? 0 : (uint32_t)stacks_draw(seed, 6);
	s->reason = reasons[stacks_draw(seed, 3)];
}

static unsigned
some_of(uint64_t *seed, unsigned below)
{
	return 1u << stacks_draw(seed, below) | (once_in(seed, 3) ? 1u << stacks_draw(seed, below) : 0);
}

static void
random_step(struct stacks_step *s, uint64_t *seed)
{
	static const unsigned flags[] = { 0, POLICY_MODULE_CACHEABLE, POLICY_MODULE_CACHEABLE, POLICY_MODULE_CACHE_ASKED };

	memset(s, 0, sizeof(*s));
	s->control = (int)stacks_draw(seed, 5);
	s->flags = flags[stacks_draw(seed, 4)];
	if (once_in(seed, 2))
		s->flags |= POLICY_MODULE_MAY_BLOCK | (once_in(seed, 2) ? POLICY_MODULE_HEEDS_NONBLOCK : 0);
	if (once_in(seed, 4))
		s->flags |= POLICY_MODULE_SCOPED;
	if (once_in(seed, 4)) {
		s->flags |= POLICY_MODULE_SECOND_FACTOR;
		s->control = (int)stacks_draw(seed, 3);
	}
	s->module_kinds = once_in(seed, 2) ? some_of(seed, 3) | some_of(seed, 3) : 0;
	s->for_kinds = once_in(seed, 2) ? some_of(seed, 3) : 0;
	if (s->module_kinds != 0 && !once_in(seed, 8))
		s->for_kinds &= s->module_kinds;
	s->kinds = once_in(seed, 2) ? some_of(seed, once_in(seed, 8) ? 5 : 4) & ~(once_in(seed, 8) ? 0 : 4u) : 0;
	s->type = once_in(seed, 3) ? once_in(seed, 2) ? "svc" : "user" : NULL;
	s->source = once_in(seed, 4) ? NULL : once_in(seed, 3) ? "here" : "there";
	s->shared = !once_in(seed, 3);
	s->map = (s->flags & POLICY_MODULE_SECOND_FACTOR) == 0 && s->control != STACKS_OPTIONAL && once_in(seed, 3);
	s->cache = once_in(seed, 3) ? (int64_t)stacks_draw(seed, 3) * 5 : STACKS_UNSAID;
	if ((s->flags & (POLICY_MODULE_CACHEABLE | POLICY_MODULE_CACHE_ASKED)) == 0 && !once_in(seed, 8))
		s->cache = STACKS_UNSAID;
	s->unscoped = (int)stacks_draw(seed, 3);
	for (unsigned i = 0; i < STACKS_CREDS; i++)
		random_say(&s->say[i], s, seed);
}

void
stacks_random(struct stacks_set *set, uint64_t *seed)
{
	const bool mended = once_in(seed, 2);

	memset(set, 0, sizeof(*set));
	set->n = 1 + (unsigned)stacks_draw(seed, STACKS_STEPS);
	set->rows = once_in(seed, 3);
	for (unsigned i = 0; i < set->n; i++) {
		random_step(&set->steps[i], seed);
		for (unsigned c = 0; mended && c < STACKS_CREDS; c++)
			mend(&set->steps[i].say[c], seed);
	}
	for (unsigned i = 0; i < STACKS_CREDS; i++) {
		set->creds[i].kind = (int)stacks_draw(seed, 3);
		set->creds[i].empty = once_in(seed, 40);
	}
	for (unsigned i = 0; i <= STACKS_STEPS; i++) {
		set->revoked[0][i] = once_in(seed, 8);
		set->revoked[1][i] = once_in(seed, 8);
	}
}

/* ---- as text ---- */

struct writing { char *at; size_t left; };

__attribute__((format(printf, 2, 3)))
static void
put(struct writing *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(w->at, w->left, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= w->left)
		abort();
	w->at += n;
	w->left -= (size_t)n;
}

static void
put_kinds(struct writing *w, const char *key, unsigned kinds)
{
	const char *sep = "";

	if (kinds == 0)
		return;
	put(w, ", %s: [", key);
	for (unsigned i = 0; i < STACKS_KINDS; i++) {
		if ((kinds & 1u << i) == 0)
			continue;
		put(w, "%s%s", sep, stacks_kinds[i]);
		sep = ", ";
	}
	put(w, "]");
}

static void
put_step(struct writing *w, const struct stacks_step *s, unsigned i)
{
	put(w, "  - { use: m%u, name: s%u, control: %s", i, i, stacks_controls[s->control]);
	put_kinds(w, "for", s->for_kinds);
	put_kinds(w, "kind", s->kinds);
	if (s->type != NULL || s->shared)
		put(w, ", subject: { %s%s%sshared: %s }", s->type != NULL ? "type: " : "", s->type != NULL ? s->type : "",
		    s->type != NULL ? ", " : "", s->shared ? "true" : "false");
	if (s->map)
		put(w, ", map: { roles: { c: { v: r1 } } }");
	if (s->cache >= 0)
		put(w, ", cache: %ds", (int)s->cache);
	if (s->unscoped != 0)
		put(w, ", unscoped: %s", s->unscoped == 1 ? "none" : "full");
	put(w, " }\n");
}

void
stacks_write(const struct stacks_set *set, char *out, size_t size)
{
	struct writing w = { out, size };

	put(&w, "policy: 1\nactions: { a0: , a1: , a2: , ax: , ay: }\n"
	    "roles:\n  r0: { allow: a0 }\n  r1: { allow: a1 }\n  r2: { allow: a2 }\n"
	    "  rx: { allow: { actions: ax, when: token.x } }\n  ry: { allow: { actions: ay, when: subject.y } }\n"
	    "authenticated: { roles: [rx, ry] }\n"
	    "users: { ann: { roles: r0 }, bob: { attributes: { y: true } }, \"svc:ann\": { roles: r1 } }\n"
	    "groups:\n");
	for (unsigned i = 0; i < STACKS_STEPS; i++)
		put(&w, "  s%u/g: { roles: r2 }\n  s%u/h:\n", i, i);
	if (set->rows)
		put(&w, "credentials: { bearer: , password: { ceiling: [a0, a1, a2] }, key: { ceiling: [a0, a2, ax, ay] } }\n");
	put(&w, "modules:\n");
	for (unsigned i = 0; i < set->n; i++)
		put_step(&w, &set->steps[i], i);
}

/* ---- the modules ---- */

struct state { const struct stacks_step *step; const struct policy_host *host; };

static int
fake_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	struct state *s = malloc(sizeof(*s));

	if (s == NULL)
		return pol_err_nomem(err);
	*s = (struct state){ &stacks_now->steps[args->name.data[1] - '0'], args->host };
	if (s->step->source != NULL)
		args->host->source(args->host, policy_text(s->step->source));
	*state = s;
	return 0;
}

static int
fake_claims(void *state, const struct policy_credential *c)
{
	const struct state *s = state;

	return !s->step->say[c->data.data[1] - '0'].shape_not;
}

static void
speak(const struct policy_host *h, struct policy_identity *id, const struct stacks_say *say)
{
	struct policy_value v = { .type = POLICY_BOOL };

	if (say->claim)
		h->add_claim(id, policy_text("c"), policy_text("v"));
	if (say->kind >= 0)
		h->set_kind(id, policy_text(stacks_kinds[say->kind]));
	if (say->subject != NULL)
		h->set_subject(id, policy_text(say->type), policy_text(say->subject));
	if (say->token_id != NULL)
		h->set_token_id(id, policy_text(say->token_id));
	if ((say->groups & 1) != 0)
		h->add_group(id, policy_text("g"));
	if ((say->groups & 2) != 0)
		h->add_group(id, policy_text("h"));
	if (say->scoped)
		h->set_scoped(id);
	for (unsigned i = 0; i < STACKS_ACTIONS; i++) {
		if ((say->scopes & 1u << i) != 0)
			h->add_scope(id, policy_text(stacks_actions[i]));
	}
	v.u.boolean = say->x == 1;
	if (say->x >= 0)
		h->add_token_attribute(id, policy_text("x"), &v);
	v.u.boolean = say->y == 1;
	if (say->y >= 0)
		h->add_subject_attribute(id, policy_text("y"), &v);
}

static enum policy_check_result
fake_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	static char much[300];
	const struct state *s = state;
	const struct stacks_say *say = &s->step->say[call->credential->data.data[1] - '0'];

	stacks_checks++;
	speak(s->host, id, say);
	if (say->expires >= 0)
		s->host->set_expires(id, say->expires);
	if (say->cacheable >= 0)
		s->host->set_cacheable(id, say->cacheable);
	if (say->reason != 0)
		s->host->set_reason(id, say->reason);
	if (say->spoil == 1)
		s->host->add_group(id, policy_text(""));
	if (say->spoil == 2)
		s->host->add_scope(id, (struct policy_text){ memset(much, 'x', sizeof(much)), sizeof(much) });
	*call->used = say->used;
	return (enum policy_check_result)say->outcome;
}

static void
fake_close(void *state)
{
	free(state);
}

int
stacks_load(const struct policy_module **out, const char *dir, const char *name, struct policy_error *err)
{
	static struct policy_module modules[STACKS_STEPS];
	static const char *kinds[STACKS_STEPS][STACKS_KINDS + 1];
	const unsigned i = (unsigned)(name[1] - '0');
	const struct stacks_step *s = &stacks_now->steps[i];
	unsigned n = 0;

	(void)dir;
	(void)err;
	for (unsigned k = 0; k < STACKS_KINDS; k++) {
		if ((s->module_kinds & 1u << k) != 0)
			kinds[i][n++] = stacks_kinds[k];
	}
	kinds[i][n] = NULL;
	modules[i] = (struct policy_module){ .size = sizeof(modules[i]), .abi = POLICY_MODULE_ABI, .name = name,
	    .version = "1", .flags = s->flags, .kinds = n != 0 ? kinds[i] : NULL, .open = fake_open,
	    .check = fake_check, .close = fake_close, .claims = fake_claims };
	*out = &modules[i];
	return 0;
}
