/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set whose people are in a store, and a plain model of who is good: users with one
 * password, three tokens and one role, changed by rows as admin/ writes them.
 */
#ifndef POL_TESTS_ACCOUNTS_H
#define POL_TESTS_ACCOUNTS_H

#include "chaos.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <policy_module.h>

#include "api/handle.h"
#include "api/store.h"
#include "tests/modules/probe.h"

enum { USERS = 4, TOKENS = 3, SECOND_TOKEN = 1 };	/* token 1 is scoped, token 2 made by another */

#define SEC INT64_C(1000000000)

struct account_token {
	char id[32], secret[64], old[64];	/* old: before it was renewed; empty: never */
	char by[32];			/* uid of who made it */
	bool gone;
	int64_t from, until;
};

struct account {
	char uid[32], name[16];
	char password[24], hash[384];
	bool there, off, role;
	unsigned life;			/* how often it was made */
	int64_t made, from;
	struct account_token tokens[TOKENS];
};

struct accounts {
	struct policy *p;
	char dir[64], url[128], set[2048];
	struct account users[USERS];
	uint64_t seed;
};

extern _Atomic int64_t accounts_clock;	/* Unix ns: what the engine takes it for */
extern policy_log_fn *accounts_log;		/* NULL: nothing is logged */

/* A store in memory, at accounts_url, and a directory. */
extern struct memory *accounts_memory;
extern char accounts_dir[], accounts_url[];
int accounts_room(void);
void accounts_fresh(void);
int accounts_end(void);

/* Where modules are; the set. extra: lines of it. */
int accounts_begin(struct accounts *a, const char *url, const char *stale, const char *extra);
struct policy *accounts_open(const struct accounts *a, uint32_t flags);
uint32_t accounts_dice(struct accounts *a, uint32_t n);
void accounts_password(struct account *c);	/* another one than before */
void accounts_hash(char out[384], const char *prefix, unsigned long cost, const char *password);

/* Rows, written to the store of a->p. */
void accounts_make(struct accounts *a, unsigned u);
void accounts_user(struct accounts *a, unsigned u);	/* as it is in the model */
void accounts_token(struct accounts *a, unsigned u, unsigned t);
void accounts_role(struct accounts *a, unsigned u);
void accounts_secret(struct account_token *t);	/* a new one */

/* What a decision to read doc/1 says: 1 allow, else -reason. */
int accounts_bearer(struct policy *p, const char *token);
int accounts_login(struct policy *p, const char *name, const char *password);
int accounts_with_actor(struct policy *p, const char *token, const char *actor);
/* And what it has to say. */
bool accounts_is_good(const struct accounts *a, unsigned u, unsigned t);
bool accounts_logs_in(const struct accounts *a, unsigned u);

#endif
