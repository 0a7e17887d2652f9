/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of `bearer`: who is asked about a token. */
#ifndef POL_TESTS_BENCH_BEARER_H
#define POL_TESTS_BENCH_BEARER_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

enum { TOKENS = 16, KEY_MOST = 4096 };

struct token {
	char *text;
	bool good;			/* as is expected */
};

struct folder {
	const char *modules, *dir, *alg;	/* alg NULL: there is no key */
	json_t *name;			/* alg lies in it */
	struct token tokens[TOKENS];
	size_t n, key_len;
	char key[KEY_MOST];		/* PEM, or the bytes of a secret */
};

struct way {
	const char *peer, *config, *version;
	bool signature;			/* it looks at that alone */
	bool there;
	/* false: it cannot do this folder's */
	bool (*init)(struct way *w, const struct folder *f);
	/* 1 good, 0 bad */
	int (*ask)(void *state, const char *token);
	void (*fini)(void *state);
	void *state;
	unsigned wrong, changed;	/* changed: calls that said something else while measured */
	char answers[TOKENS + 1];
};

bool ours_init(struct way *w, const struct folder *f);
int ours_ask(void *state, const char *token);
void ours_fini(void *state);

/* The key parsed, the hash fetched, every context kept: nothing but the bytes is new. */
bool bare_init(struct way *w, const struct folder *f);
int bare_ask(void *state, const char *token);
void bare_fini(void *state);

bool libjwt_init(struct way *w, const struct folder *f);
int libjwt_ask(void *state, const char *token);
void libjwt_fini(void *state);

#endif
