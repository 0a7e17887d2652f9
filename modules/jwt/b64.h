/* SPDX-License-Identifier: Apache-2.0 */
/* base64url without padding (RFC 4648 section 5, RFC 7515 section 2), one spelling only. */
#ifndef JWT_B64_H
#define JWT_B64_H

#include <stddef.h>

/* Bytes written, or -1: another alphabet, padding, white space, unused bits that are
 * set, or no room. len 0 is 0 bytes. */
ptrdiff_t jwt_base64_decode(unsigned char *out, size_t room, const char *text, size_t len);
/* Room for JWT_B64_LEN(len) and the NUL that it writes. */
size_t jwt_base64_encode(char *out, const unsigned char *data, size_t len);

#define JWT_B64_LEN(n) (((n) * 4 + 2) / 3)

#endif
