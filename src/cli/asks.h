/* SPDX-License-Identifier: Apache-2.0 */
/* Many requests from a file, one JSON object a line, ready to be asked. */
#ifndef POL_CLI_ASKS_H
#define POL_CLI_ASKS_H

#include <stdint.h>

#include "cli/request.h"

enum pol_asks_expected { POL_ASKS_UNSAID = 0, POL_ASKS_ALLOW, POL_ASKS_DENY };

struct pol_asks_one {
	struct pol_ask ask;
	uint32_t line;			/* of the file, from 1 */
	uint8_t expected;
};

/* Texts lie in one row in the order in which they are asked, so that who asks one
 * request after the other finds the next one's in the cache. */
struct pol_asks {
	struct pol_asks_one *list;
	size_t n, room;
	bool timed;			/* one of them says `now` */
	struct pol_bump texts, rest, scratch;
};

/*
 * Reads the file, at most `most` lines of it. Lines are those of decide --batch; one
 * may also say what is expected ("expected" or "decision": true, false, "allow",
 * "deny"). 0, or an exit status when it has said what is wrong; freed either way
 * with pol_asks_fini.
 */
int pol_asks_read(struct pol_asks *out, const char *file, size_t most);
/* A copy that shares nothing. 0 or EX_OSERR. */
int pol_asks_copy(struct pol_asks *out, const struct pol_asks *from);
void pol_asks_fini(struct pol_asks *a);

#endif
