/* SPDX-License-Identifier: Apache-2.0 */
/* The users file of liboath, as far as it is about time: who has which secret. */
#ifndef POL_TOTP_USERS_H
#define POL_TOTP_USERS_H

#include <stddef.h>

#include <policy_module.h>

#include "secret.h"

enum { TOTP_USERS = 10000, TOTP_NAME = 255, TOTP_SECRET = 64, TOTP_SECRET_LEAST = 16 };

struct totp_user {
	char name[TOTP_NAME + 1];
	size_t name_len;
	char secret[TOTP_SECRET];
	size_t secret_len;
	unsigned step, digits;
};

struct totp_users {
	size_t n, room;
	struct totp_user list[];
};

/* As struct pol_live_kind has them; ctx is not looked at. */
int pol_totp_users_make(void **out, void *ctx, char *text, size_t len, struct policy_error *err);
void pol_totp_users_free(void *users);
/* NULL: not there. Looks at all of them either way. */
const struct totp_user *pol_totp_users_find(const struct totp_users *u, struct policy_text name);

#endif
