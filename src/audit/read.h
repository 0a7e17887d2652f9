/* SPDX-License-Identifier: Apache-2.0 */
/* Records read back. */
#ifndef POL_AUDIT_READ_H
#define POL_AUDIT_READ_H

#include <stdbool.h>

#include <policy_admin.h>

/* A record out of a line. */
struct pol_record {
	struct policy_activity a;
	struct policy_text lists[512];	/* scopes, then groups */
	char *room;			/* unescaped texts; grows */
	size_t room_len;
};

/* Begins empty (all zero); fini frees. False: the line is no record of a decision, an
 * authentication, or a change; or memory is out. */
bool pol_record_read(struct pol_record *r, const char *line, size_t len);
void pol_record_fini(struct pol_record *r);

/* All records of the files that q wants, by time. Patterns are shell ones. */
int pol_read_files(const char *const *patterns, size_t n, const struct policy_activity_query *q,
    policy_activity_fn *fn, void *ctx, struct policy_error *err);

/* A pattern of the shell's for all files of `file`, which has %h and %p; or NULL. */
char *pol_read_pattern(const char *file, const char *behind);
/* The plain path as such a pattern. */
char *pol_read_quoted(const char *path);

int pol_verify(const char *const *files, size_t n, const char *key, const char *const *heads, size_t n_heads,
    bool must_be_found, struct policy_activity_verified *out, struct policy_error *err);

#endif
