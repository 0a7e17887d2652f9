/* SPDX-License-Identifier: Apache-2.0 */
/* From what the caller said to a snapshot in force. */
#ifndef POL_API_OPEN_H
#define POL_API_OPEN_H

#include "api/handle.h"

/* Where a set comes from: a path (NULL: the default one), or a text with a name. */
struct pol_origin {
	const char *path;
	const char *name, *text;
	size_t len;
	bool is_text;
	/* where its modules come from; NULL: files. For tests. */
	int (*load)(const struct policy_module **out, const char *dir, const char *name, struct policy_error *err);
};

/* Opens: everything the caller gave is copied. err is of our size, or NULL. */
int pol_open_new(struct policy **out, const struct pol_origin *from,
    const struct policy_options *opt, struct policy_error *err);
/* Reads it all again; the old snapshot stays in force unless 0 is returned. */
int pol_open_again(struct policy *p, struct policy_error *err);

/* A line for the host's log, where it wants any; control bytes are shown as '?'. Any thread. */
void pol_open_say(const struct policy *p, enum policy_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
