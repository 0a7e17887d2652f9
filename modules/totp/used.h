/* SPDX-License-Identifier: Apache-2.0 */
/* Which code was used last, by whom: on disk, for all processes. */
#ifndef POL_TOTP_USED_H
#define POL_TOTP_USED_H

#include <stdint.h>

#include "secret.h"

/* Makes the file where there is none; else it must be one of these. */
int pol_used_open(const char *path, struct policy_error *err);

/*
 * Takes the code that belongs to the second `code_s`: 1, and durable on return, if none of
 * that time or later was taken for this name; 0 if one was; or a negative policy_err with
 * err filled: then nobody knows.
 */
int pol_used_take(const char *path, struct policy_text name, int64_t code_s, int64_t now_s, int64_t deadline_ns,
    struct policy_error *err);

#endif
