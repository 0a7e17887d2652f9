/* SPDX-License-Identifier: Apache-2.0 */
/* Where a step's keys come from, and which are the ones now. */
#ifndef JWT_KEYS_H
#define JWT_KEYS_H

#include "conf.h"
#include "jwk.h"

struct jwt_keys;

/*
 * Reads the file, which must be good, and watches it; or asks the URL, which may fail:
 * then there are no keys until serve() has some. conf and host outlive it.
 */
int jwt_keys_new(struct jwt_keys **out, const struct jwt_conf *conf, const struct policy_host *host,
    struct policy_error *err);
void jwt_keys_free(struct jwt_keys *k);

/* The set, held for the caller; NULL: none, or too old. */
struct jwt_set *jwt_keys_hold(struct jwt_keys *k);

/*
 * A token names a key that `seen` has not. PASS: hold() again. FAIL: there is none of that
 * name. ERROR: it could not be asked. AGAIN: it would have to be asked.
 */
enum policy_check_result jwt_keys_ask(struct jwt_keys *k, const struct jwt_set *seen, struct policy_text kid,
    const struct policy_call *call);

/* As a module's. */
int64_t jwt_keys_serve(struct jwt_keys *k, uint32_t why);

#endif
