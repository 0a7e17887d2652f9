/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_BASE_ERR_H
#define POL_BASE_ERR_H

#include <stdint.h>

#include <policy.h>

/* Fills err (may be NULL) unless a failure is already there; returns code. */
int pol_err_set(struct policy_error *err, int code, const char *file,
    uint32_t line, uint32_t column, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
int pol_err_nomem(struct policy_error *err);

#endif
