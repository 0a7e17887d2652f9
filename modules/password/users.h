/* SPDX-License-Identifier: Apache-2.0 */
/* A file of NAME:HASH lines, judged, and looked up by name. */
#ifndef POL_PASSWORD_USERS_H
#define POL_PASSWORD_USERS_H

#include <stdbool.h>
#include <stddef.h>

#include <policy_module.h>

#include "secret.h"

enum {
	USERS_MOST = 100000,
	USERS_NAME = 255,		/* bytes of a name */
	USERS_HASH = 256		/* room for a hash and its NUL: the longest taken has 137 bytes */
};

struct users_entry {
	const char *name, *hash;	/* each with a NUL behind it */
	size_t name_len;
	unsigned line;
	unsigned cost;			/* method and cost; 0: locked */
};

struct users {
	size_t n;
	unsigned costs;			/* how many different ones there are */
	const char *dummy;		/* a hash of the most common cost: for names that are not there */
	size_t salt_at, salt_len;	/* what a name changes in it */
	struct users_entry *list;	/* sorted by name */
	char *text;			/* what name and hash point into */
	size_t text_len;
};

/* As struct pol_live_kind has them. ctx: the host, which is told of a file that lets names be guessed. */
int pol_users_make(void **out, void *ctx, char *text, size_t len, struct policy_error *err);
void pol_users_free(void *users);

/* People without a name among them, for who looks elsewhere: a dummy of today's cost, which
 * lies in room. False: the kernel gave no random bytes. */
bool pol_users_none(struct users *u, char room[USERS_HASH]);
/* Is it a hash that is believed? */
bool pol_users_takes(const char *hash);
/* One that is: would today's be slower? */
bool pol_users_is_old(const char *hash);

/* Its hash; or the dummy, with a salt of the name's own. *known: there, and not locked. */
void pol_users_hash(char out[USERS_HASH], const struct users *u, struct policy_text name, bool *known);

#endif
