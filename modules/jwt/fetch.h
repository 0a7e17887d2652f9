/* SPDX-License-Identifier: Apache-2.0 */
/* One GET of a key set. Without libcurl it always fails, saying so. */
#ifndef JWT_FETCH_H
#define JWT_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include <policy.h>

enum jwt_fetched { JWT_FETCH_FAILED = 0, JWT_FETCH_NEW, JWT_FETCH_SAME };

struct jwt_fetch {
	const char *url, *ca;		/* ca NULL: the system's */
	int64_t timeout;		/* ns, of the whole */
	size_t most;			/* bytes */
	char etag[256];			/* in: sent, where not empty; out, where NEW: the answer's */
	char *body;			/* where NEW: to be freed */
	size_t len;
	char why[200];			/* where FAILED */
};

bool jwt_fetch_there_is(void);
int jwt_fetch_init(void);		/* in pairs with fini; 0 or a negative policy_err */
void jwt_fetch_fini(void);
enum jwt_fetched jwt_fetch(struct jwt_fetch *f);

#endif
