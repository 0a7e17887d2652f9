/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of JSON: UTF-8 checked, escapes decoded. */
#ifndef POL_DAEMON_TAPE_TEXT_H
#define POL_DAEMON_TAPE_TEXT_H

#include <stdbool.h>

#include "daemon/tape.h"

struct pol_tape_text {
	const char *data;
	uint32_t len;
};

/* *at is at the opening quote; behind the closing one where it is true. */
bool pol_tape_text(struct pol_tape_text *out, struct pol_tape *t, const char **at, const char *end, const char **why);

#endif
