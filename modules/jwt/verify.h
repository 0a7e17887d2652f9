/* SPDX-License-Identifier: Apache-2.0 */
/* One signature against one key, by OpenSSL. */
#ifndef JWT_VERIFY_H
#define JWT_VERIFY_H

#include "jwk.h"

/* Zero is never a yes. */
enum jwt_verdict { JWT_UNTOLD = 0, JWT_GOOD, JWT_BAD };

/* Any number of threads at once. UNTOLD: no memory. Leaves OpenSSL's errors behind. */
enum jwt_verdict jwt_verify(struct jwt_key *k, struct policy_text input, struct policy_text sig);

#endif
