/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One module, driven without a stack: for modules' own tests. Identities are filled by
 * the very functions that the library offers.
 */
#ifndef POL_TESTS_DRIVE_H
#define POL_TESTS_DRIVE_H

#include <policy_module.h>

#include "auth/identity.h"

struct drive {
	struct policy_host host;
	struct pol_filling f;		/* what the last check said */
	const struct policy_module *module;
	void *state;
	struct policy_open_args args;	/* kinds, claims, subject_... may be set before opening */
	struct policy_error err;
	int64_t now_ns;			/* of the next check; 0: the system's clock */
	uint32_t call_flags;
	int64_t deadline_ns;
	unsigned watched, woken, logged;
	char watch[8][512];		/* paths, in order */
	char log[16384];		/* lines, each with its newline; what does not fit is left out */
	char source[256];
	struct { struct policy_text claim, value; char room[512]; } claims[16];
	unsigned n_claims;
	/* what the store holds: users and tokens, in any order, the test's own. NULL: there is
	 * no store, or it is too old. */
	const struct policy_row *rows;
	unsigned n_rows;
	unsigned good, wrong;		/* passwords reported */
	char seen[512], rehash[512];	/* of the last report */
};

#define DRIVE_ATTR_TEXT(key, s) { POLICY_TEXT(key), { .type = POLICY_STRING, .u.text = { (s), sizeof(s) - 1 } } }
#define DRIVE_ATTR_INT(key, i) { POLICY_TEXT(key), { .type = POLICY_INT, .u.integer = (i) } }

void drive_init(struct drive *d, const struct policy_module *m);
/* with: values as the library hands them on: checked against keys (here by an assert). */
int drive_open(struct drive *d, const struct policy_attr *with, uint32_t n);
/* A NULL name or data is absent. Garbage stays as it is; a PASS of a spoilt identity, or
 * one without a subject (but of a second factor), reads as ERROR, as in the stack. */
enum policy_check_result drive_check(struct drive *d, const char *kind, const char *name, const char *data);
enum policy_check_result drive_check_all(struct drive *d, const struct policy_credential *all, size_t n,
    size_t which, uint32_t *used);
void drive_close(struct drive *d);

#endif
