/* SPDX-License-Identifier: Apache-2.0 */
/* A user of the set's store, for one check. */
#ifndef POL_PASSWORD_ACCOUNT_H
#define POL_PASSWORD_ACCOUNT_H

#include "users.h"

struct account {
	struct policy_account user;
	bool found;
	bool no_wait;			/* the host sees to it */
	bool waits;			/* too many were wrong: whatever this one is, it is not judged */
	struct policy_account token, owner;	/* of another credential of the request */
};

/* Who is asked for; a zeroed one. Its hash, or that of nobody (out of `none`) to work as
 * hard on. False: nobody can say. */
bool pol_account_find(struct account *a, const struct policy_host *h, struct policy_text type,
    const struct policy_call *call, const struct users *none, char hash[USERS_HASH], bool *known);
/* What became of it: counted, and hashed anew where the hash is of another time. phrase: the
 * password, a NUL behind it. crypt's room is used again. */
struct crypt_data;
void pol_account_tell(const struct account *a, const struct policy_host *h, bool good, const char *phrase,
    const char *hash, int64_t deadline_ns, struct crypt_data *room);

#endif
