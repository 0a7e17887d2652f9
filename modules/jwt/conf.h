/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of a step, judged and copied. */
#ifndef JWT_CONF_H
#define JWT_CONF_H

#include <stdbool.h>

#include <policy_module.h>

#include "alg.h"

#define JWT_SECOND INT64_C(1000000000)

struct jwt_texts {
	const struct policy_text *list;	/* each with a NUL behind it */
	size_t n;
};

/* NAME: CLAIM */
struct jwt_names {
	const struct jwt_name { struct policy_text name, claim; } *list;
	size_t n;
};

struct jwt_conf {
	void *blocks;			/* all texts and lists */
	struct policy_text issuer;
	struct jwt_texts audience, typ, claims;
	bool typ_said;
	uint32_t algs;			/* that keys may have */
	bool algs_said;
	const char *path, *url;		/* keys: one of the two, or secret */
	const char *secret;		/* path */
	const struct jwt_alg *secret_alg;
	int64_t leeway, max_lifetime;	/* ns; max_lifetime 0: any */
	const char *subject, *scopes, *groups;	/* claims; scopes, groups NULL: not said */
	struct jwt_names attributes, token;
	const char *ca;			/* NULL: the system's */
	int64_t timeout, refresh, stale;
	const char *sign_with;		/* path; NULL: it makes no tokens */
	int64_t lifetime;
	bool bare;			/* sub, exp, scopes: neither iss nor aud, iat, jti */
	struct jwt_names add;		/* texts for each token that it makes: the claim is the text */
	bool registered;		/* a token that the store does not have is revoked */
	bool ceilings;			/* the set has some */
	struct policy_text type;	/* of subjects; absent: not said */
	struct jwt_texts kinds;		/* of `kind:` */
};

extern const struct policy_module_key jwt_conf_keys[];

/* 0, or a negative policy_err with err filled. */
int jwt_conf_read(struct jwt_conf *c, const struct policy_open_args *args, struct policy_error *err);
void jwt_conf_fini(struct jwt_conf *c);

/* Fills err, returns code. */
int jwt_fail(struct policy_error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
