/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libjwt 1.10.2 verifies and reads; the claims that it has no call for are its caller's
 * to check, so they are checked here, with its own calls.
 */
#include "bearer.h"

#ifdef HAVE_LIBJWT
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jwt.h>

struct peer {
	jwt_alg_t alg;
	const struct folder *f;
	const char *issuer, *audience;
};

bool
libjwt_init(struct way *w, const struct folder *f)
{
	const jwt_alg_t alg = f->alg != NULL ? jwt_str_alg(f->alg) : JWT_ALG_INVAL;
	struct peer *p = alg != JWT_ALG_INVAL ? calloc(1, sizeof(*p)) : NULL;

	if (p == NULL)
		return false;
	p->alg = alg;
	p->f = f;
	p->issuer = json_string_value(json_object_get(f->name, "issuer"));
	p->audience = json_string_value(json_object_get(f->name, "audience"));
	w->state = p;
	w->version = "";
	return true;
}

static bool
is(jwt_t *t, const char *claim, const char *wanted)
{
	const char *v = jwt_get_grant(t, claim);

	return v != NULL && strcmp(v, wanted) == 0;
}

int
libjwt_ask(void *state, const char *token)
{
	const struct peer *p = state;
	const time_t now = time(NULL);
	jwt_t *t = NULL;
	bool good;

	if (jwt_decode(&t, token, (const unsigned char *)p->f->key, (int)p->f->key_len) != 0)
		return 0;
	good = jwt_get_alg(t) == p->alg && is(t, "iss", p->issuer) && is(t, "aud", p->audience) &&
	    jwt_get_grant(t, "sub") != NULL && jwt_get_grant_int(t, "exp") > now && jwt_get_grant_int(t, "nbf") <= now;
	jwt_free(t);
	return good;
}

void
libjwt_fini(void *state)
{
	free(state);
}

#else

bool
libjwt_init(struct way *w, const struct folder *f)
{
	(void)w;
	(void)f;
	return false;
}

int
libjwt_ask(void *state, const char *token)
{
	(void)state;
	(void)token;
	return 0;
}

void
libjwt_fini(void *state)
{
	(void)state;
}

#endif
