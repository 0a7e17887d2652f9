/* SPDX-License-Identifier: Apache-2.0 */
/* Files of keys and secrets. */
#ifndef JWT_FILE_H
#define JWT_FILE_H

#include <stdbool.h>

#include <policy.h>

struct jwt_file {
	char *text;
	size_t len;			/* more than 0 */
	bool others_read;		/* its mode lets anybody read it */
};

/*
 * The whole file, of at most `most` bytes: a regular one, root's or the effective user's,
 * written by nobody else. A link is followed, and what it leads to is judged. 0, or a
 * negative policy_err with err filled.
 */
int jwt_file_read(struct jwt_file *out, const char *path, size_t most, struct policy_error *err);
/* Wiped, too. */
void jwt_file_fini(struct jwt_file *f);

#endif
