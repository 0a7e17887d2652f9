/* SPDX-License-Identifier: Apache-2.0 */
/* What is drawn by lot, shown once, and kept as a hash. */
#ifndef POL_ADMIN_SECRET_H
#define POL_ADMIN_SECRET_H

#include <stdbool.h>

#include <policy.h>

#define POL_UID_LEN 26			/* letters of base 32: 130 bits */
#define POL_OPAQUE_LEN 53		/* pol_, 43 letters of base 62: 256 bits, 6 of their CRC-32 */
#define POL_HEX_LEN 64
#define POL_PASSWORD_HASH 384		/* room for what crypt makes */
#define POL_PASSWORD_MOST 511		/* bytes of a password, as crypt has it */

/* Each with a NUL behind it. 0 or POLICY_ERR_INTERNAL: the kernel gave no random bytes. */
int pol_secret_uid(char out[POL_UID_LEN + 1]);
int pol_secret_opaque(char out[POL_OPAQUE_LEN + 1]);
/* Is it of that form, its checksum right? */
bool pol_secret_is_opaque(struct policy_text t);
/* SHA-256 in small hex digits. */
void pol_secret_hex(char out[POL_HEX_LEN + 1], struct policy_text t);
void pol_secret_hex_of(char out[POL_HEX_LEN + 1], const unsigned char sha256[32]);

/* NULL, or what is wrong with a password that is to be set. */
const char *pol_secret_bad_password(struct policy_text password);
/* yescrypt, with a salt of its own. 0, POLICY_ERR_NOMEM or POLICY_ERR_INTERNAL. */
int pol_secret_password(char out[POL_PASSWORD_HASH], struct policy_text password);
/* Is it the password of that hash? 1, 0, or a negative policy_err: it could not be told. */
int pol_secret_fits(struct policy_text password, struct policy_text hash);
/* NULL: a hash that is taken; else why it is not. */
const char *pol_secret_bad_hash(struct policy_text hash);

#endif
