/* SPDX-License-Identifier: Apache-2.0 */
/* The patterns of `matches`: compiled when loading, run when deciding. */
#ifndef POL_COMPILE_REGEX_H
#define POL_COMPILE_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <policy.h>

struct pol_regexes;

/* A pattern and the text it is run on, in bytes. Longer is refused, or unknown. */
#define POL_REGEX_PATTERN 256
#define POL_REGEX_TEXT 1024

int pol_regex_new(struct pol_regexes **out);
void pol_regex_free(struct pol_regexes *r);
/* Compiles one more and numbers it from 0. POLICY_ERR_INVALID with a sentence in
 * why[] when it is no pattern, POLICY_ERR_LIMIT when it is too long or complex. */
int pol_regex_add(struct pol_regexes *r, const char *pattern, size_t len,
    char *why, size_t why_size);
/* Machine code or not, from now on: for tests. False where there is none to be had. */
bool pol_regex_jit(struct pol_regexes *r, bool on);
/* A pol_regex_fn. Any thread; no memory but its own stack. */
int pol_regex_match(const void *ctx, uint32_t index, const char *s, size_t len);

#endif
