/* SPDX-License-Identifier: Apache-2.0 */
/* libjwt, beside ours. */
#ifndef JWT_TESTS_PEER_H
#define JWT_TESTS_PEER_H

#include <jansson.h>

/* { "alg", "key" (bytes as text), "claims" } makes a token; { "token", "key" } reads one.
 * { "token": ... } or { "good": true, "sub": ... }; { "absent": true } without libjwt. */
json_t *peer_libjwt(const json_t *in);
/* 1: it reads and verifies. */
int peer_decode(const char *token, const char *key, size_t len);

#endif
