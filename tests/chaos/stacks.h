/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random stacks of steps, made up whole: what a set says of each, and what each says of
 * every credential there is. The library is told by modules that live in this program
 * (stacks_fake.c), the model by these structs alone (stacks_model.c).
 */
#ifndef POL_TESTS_STACKS_H
#define POL_TESTS_STACKS_H

#include <stdbool.h>
#include <string.h>

#include <policy_module.h>

#define STACKS_SECOND INT64_C(1000000000)
#define STACKS_START (INT64_C(1700000000) * STACKS_SECOND)

enum { STACKS_STEPS = 5, STACKS_CREDS = 6, STACKS_KINDS = 5, STACKS_ACTIONS = 5 };
enum { STACKS_UNSAID = -1 };

/* of credentials the first three; `kind:` may name any */
extern const char *const stacks_kinds[STACKS_KINDS];
extern const char *const stacks_controls[5];
extern const char *const stacks_actions[STACKS_ACTIONS];

/* What a step says of one credential. NULL and -1: nothing. */
struct stacks_say {
	int outcome;			/* any number */
	bool shape_not;			/* claims() says no */
	const char *type, *subject, *token_id;
	int kind;			/* place in stacks_kinds */
	unsigned groups;		/* bits: g, h */
	unsigned scopes;		/* bits of stacks_actions */
	bool scoped, claim;
	int spoil;			/* a set function that fails: 1 malformed, 2 too long */
	int64_t expires, cacheable;	/* -1: not said */
	int x, y;			/* token.x, subject.y */
	uint32_t used;
	enum policy_reason reason;	/* 0: not said */
};

struct stacks_step {
	int control;
	unsigned flags;			/* POLICY_MODULE_... */
	unsigned module_kinds;		/* bits of stacks_kinds; 0: any */
	unsigned for_kinds, kinds;	/* 0: not said */
	const char *type;
	const char *source;
	bool shared, map;
	int64_t cache;			/* seconds; -1: not said */
	int unscoped;			/* 0 not said, 1 none, 2 full */
	struct stacks_say say[STACKS_CREDS];
};

struct stacks_set {
	unsigned n;
	struct stacks_step steps[STACKS_STEPS];
	bool rows;			/* it has `credentials:` */
	struct { int kind; bool empty; } creds[STACKS_CREDS];
	/* revoked: token t0 or t1, of a step, or (-1) of whichever */
	bool revoked[2][STACKS_STEPS + 1];
};

struct stacks_ask {
	unsigned n;
	int creds[POLICY_CREDENTIALS_MAX];
	bool nonblock, late;		/* late: its deadline has gone by */
	int y;				/* subject.y as the caller has it; -1: not sent */
	int64_t now;
};

/* Whom a credential stands for. */
struct stacks_who {
	const char *type, *subject, *token_id;
	int step, kind;
	unsigned groups[STACKS_STEPS];	/* bits: g, h, of the map */
	bool scoped;
	unsigned scopes;
	int64_t expires;
	int x, y;
};

struct stacks_told {
	int rc;				/* 0 or POLICY_ERR_AGAIN */
	enum policy_reason reason;
	unsigned n;
	struct stacks_who who[POLICY_CREDENTIALS_MAX];
	int64_t until;			/* may be kept so long */
};

/* ---- what both halves of the model go by ---- */

enum { STACKS_BINDING, STACKS_REQUIRED, STACKS_REQUISITE, STACKS_SUFFICIENT, STACKS_OPTIONAL };

static inline bool
stacks_is_second(const struct stacks_step *s)
{
	return (s->flags & POLICY_MODULE_SECOND_FACTOR) != 0;
}

static inline bool
stacks_grants(const struct stacks_step *s)
{
	return s->control != STACKS_OPTIONAL && !stacks_is_second(s);
}

/* Bits of the kinds that it looks at: only credentials' kinds count, and one for the rest. */
static inline unsigned
stacks_looks_at(const struct stacks_step *s)
{
	if (s->for_kinds != 0)
		return s->for_kinds;
	return s->module_kinds != 0 ? s->module_kinds : ~0u;
}

static inline const char *
stacks_type_of(const struct stacks_step *s)
{
	return s->type != NULL ? s->type : "user";
}

static inline bool
stacks_same_source(const struct stacks_set *set, unsigned a, unsigned b)
{
	const char *x = set->steps[a].source, *y = set->steps[b].source;

	return a == b || (x != NULL && y != NULL && strcmp(x, y) == 0);
}

/* ---- the model ---- */
bool stacks_loads(const struct stacks_set *set);
void stacks_judge(const struct stacks_set *set, const struct stacks_ask *ask, struct stacks_told *out);
/* RULE: allowed. */
enum policy_reason stacks_decide(const struct stacks_set *set, const struct stacks_ask *ask,
    const struct stacks_told *told, int action);
enum policy_reason stacks_still(const struct stacks_set *set, const struct stacks_told *told);

/* ---- the modules ---- */
extern const struct stacks_set *stacks_now;	/* whose modules are loaded */
extern unsigned stacks_checks;
void stacks_random(struct stacks_set *set, uint64_t *seed);
uint64_t stacks_draw(uint64_t *seed, uint64_t below);
/* The text of a set. */
void stacks_write(const struct stacks_set *set, char *out, size_t size);
int stacks_load(const struct policy_module **out, const char *dir, const char *name, struct policy_error *err);

#endif
