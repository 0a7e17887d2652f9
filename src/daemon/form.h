/* SPDX-License-Identifier: Apache-2.0 */
/* A body of application/x-www-form-urlencoded, as OAuth has it (RFC 6749, appendix B). */
#ifndef POL_DAEMON_FORM_H
#define POL_DAEMON_FORM_H

#include "call.h"

enum { POL_FORM_FIELDS = 32, POL_FORM_BYTES = 128 * 1024 };

struct pol_form {
	struct {
		struct policy_text name, value;	/* a NUL behind each */
	} list[POL_FORM_FIELDS];
	size_t count, room;
	char *bytes;
};

/* NULL: it was read. Else a sentence: another type of content, a name twice, a query beside
 * it, bytes that are no UTF-8 or NUL, too much. Whatever is returned, fini is called. */
const char *pol_form_read(struct pol_form *f, const struct pol_call *c);
/* The value of a name; absent where there is none, or an empty one (RFC 6749, 3.2). */
struct policy_text pol_form_get(const struct pol_form *f, const char *name);
/* Wiped, too. */
void pol_form_fini(struct pol_form *f);

#endif
