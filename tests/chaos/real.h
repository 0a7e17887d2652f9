/* SPDX-License-Identifier: Apache-2.0 */
/* Sets with the real modules, as built, in a scratch directory: for each a credential that
 * is good and ones that are not. OpenBao is a real one, where build/tools has it. */
#ifndef POL_TESTS_REAL_H
#define POL_TESTS_REAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <policy.h>

/* Which of the three sets lies in the file. `left` allows a, `right` b and has steps of
 * another name and one more; neither is left by halves. */
enum real_set { REAL_LEFT, REAL_RIGHT, REAL_BROKEN, REAL_REFUSED };

struct real {
	const char *name;
	const char *needs;		/* modules, with blanks between */
	const char *steps;		/* `@`: the directory; `%`: before the names of its steps; a port: `#` of keys, `&` of OpenBao */
	const char *files[3];		/* that its modules read anew when they change */
	const char *kind, *user;	/* of the credential; user NULL: it has none */
	bool code;			/* and a code beside it */
	bool may_wait;			/* a slow machine may make it unavailable */
	bool served;			/* over a connection: without an answer it has no keys for a while */
	bool frail;			/* what it calls does not survive a failed allocation of its own */
	const char *good, *bad[2];
};

extern struct real real_list[];
extern const unsigned real_count;

/* A credential, of which `code` is a part where there is one. */
struct real_ask {
	struct policy_credential list[2];
	uint32_t count;
	char code[8];
};

/* Everything above but the sets' texts; false where it cannot be. */
bool real_begin(void);
void real_end(void);

/* All modules that it needs were built, and the server runs. */
bool real_there_is(const struct real *r);

/* Renamed into its place. */
bool real_put_set(const struct real *r, enum real_set which);
/* One more time the same bytes, as a new file. Of a list, with one more line where `longer`. */
bool real_put_files(const struct real *r, bool longer);
bool real_open(struct policy **out, const struct real *r, uint32_t flags);

/* The nth of one thread, whose clock goes on where codes are for one use. `who` is the thread. */
void real_good(const struct real *r, unsigned who, struct real_ask *out);
void real_bad(const struct real *r, unsigned who, unsigned n, struct real_ask *out);

#endif
