/* SPDX-License-Identifier: Apache-2.0 */
/* A file of another system as users and keys. */
#ifndef POL_CLI_IMPORT_H
#define POL_CLI_IMPORT_H

#include <jansson.h>

#include "cli/account.h"
#include "cli/request.h"

struct pol_import {
	const struct pol_args *a;
	const char *file;
	char *text;			/* the whole file; wiped */
	size_t len;
	size_t counted;			/* so many bytes hold so many lines */
	uint32_t counted_lines;
	int64_t expires_ns;		/* of keys that say no end of their own */
	json_t *root, *names;		/* names: those that were seen */
	struct pol_bump bump;
	struct policy_text *roles;	/* of --roles */
	size_t n_roles;

	struct policy_import *list;
	uint32_t *lines;
	size_t n, room, keys;
	size_t present, refused;	/* there already; not taken */
	struct pol_json said;		/* of --json: what was skipped, and why */
	int status;			/* not 0: the file as a whole is refused */
};

/* A new one, as a user of this name; NULL: refused, which is then said. Roles of --roles are in it. */
struct policy_import *pol_import_user(struct pol_import *im, uint32_t line, struct policy_text type, struct policy_text name);
/* Keys of it: room for n. NULL: memory is out. */
struct policy_imported_key *pol_import_keys(struct pol_import *im, struct policy_import *of, size_t n);
/* The next key of it; kind: unless --kind says another. */
void pol_import_key(struct pol_import *im, struct policy_import *of, struct policy_imported_key *keys, struct policy_text secret,
    const char *kind);
/* One that is not taken, with its line. */
void pol_import_refuse(struct pol_import *im, uint32_t line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The file is none of this format: nothing of it is imported. */
void pol_import_fail(struct pol_import *im, uint32_t line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* A password that stands in the file as it is becomes a hash of it: of users from `first`, n of
 * them, whom the store does not have. 0 or an exit status when it has said what is wrong. */
int pol_import_hash(struct pol_import *im, struct pol_account *c, size_t first, size_t n, struct pol_progress *progress);

/* Readers: they end where im->status is not 0. */
void pol_import_htpasswd(struct pol_import *im);
void pol_import_ai4flwr(struct pol_import *im);
void pol_import_xinference(struct pol_import *im);
void pol_import_torchserve(struct pol_import *im);

#endif
