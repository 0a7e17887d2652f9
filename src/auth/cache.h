/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials that were verified a moment ago. Only good ones are kept, never the
 * credential itself: a keyed 128-bit hash stands for it. Reading and writing neither
 * lock nor allocate, and may fail; then the stack is asked.
 */
#ifndef POL_AUTH_CACHE_H
#define POL_AUTH_CACHE_H

#include <stdbool.h>

#include <policy_module.h>

#define POL_PACKED_MAX 1984		/* bytes of all identities of one request, packed */

struct pol_cache;
struct pol_cache_key { uint64_t half[2]; };

/* What a request was found to stand on, and the version of that in which it was last found
 * alive; both numbers are who asks' own. */
struct pol_cache_stand { uint64_t print, version; };

/* Room for so many requests, with a random key. Pages that are not used cost nothing. */
int pol_cache_new(struct pol_cache **out, uint32_t entries);
void pol_cache_free(struct pol_cache *c);

/* Over all credentials with kinds, names and lengths, and `serial` of the stack. */
void pol_cache_key(const struct pol_cache *c, uint64_t serial, const struct policy_credential *list, size_t n,
    struct pol_cache_key *out);
/* Bytes of what was kept, good until after `now` (Unix ns); 0: nothing. buf has POL_PACKED_MAX. */
uint32_t pol_cache_get(struct pol_cache *c, const struct pol_cache_key *key, int64_t now, char *buf,
    struct pol_cache_stand *stand);
void pol_cache_put(struct pol_cache *c, const struct pol_cache_key *key, int64_t now, int64_t until,
    const char *buf, uint32_t len, const struct pol_cache_stand *stand);
/* It stands on the same as when it was got, and was found alive in stand->version. */
void pol_cache_seen(struct pol_cache *c, const struct pol_cache_key *key, const struct pol_cache_stand *stand);

/* n identities as bytes that can lie anywhere, and back. 0: no room. Unpacking: that of
 * place i, into an identity whose size is set; false: there is none, or the bytes are not
 * ours. The texts of id then point into id. */
uint32_t pol_pack(char *buf, uint32_t room, const struct policy_identity *ids, size_t n);
uint32_t pol_pack_count(const char *buf, uint32_t len);
bool pol_unpack(struct policy_identity *id, const char *buf, uint32_t len, uint32_t i);

#endif
