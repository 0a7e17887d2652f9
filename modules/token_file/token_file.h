/* SPDX-License-Identifier: Apache-2.0 */
/* One step's state, and the keys that it makes itself. */
#ifndef POL_TOKEN_FILE_H
#define POL_TOKEN_FILE_H

#include "format.h"
#include "live.h"

/* Of a key made here, characters of base64url. */
enum { TOKEN_CHARS = 43, TOKEN_CHARS_LEAST = 8, TOKEN_CHARS_MOST = 64 };

struct token_file {
	const struct policy_host *host;
	struct pol_live live;		/* struct token_table */
	bool keys;			/* format: torchserve */
	bool write;
	bool made_elsewhere;		/* here they are read only */
	int64_t lifetime_ns;
	size_t chars;			/* of a key that is made */
	size_t id_len, kind_len;		/* of an absent text: 0 */
	char id[256], kind[256];
};

/* In the order of enum token_role. */
extern const char *const pol_token_file_kinds[TOKEN_ROLES];

/* Makes a file with three new keys where there is none. */
int pol_rotate_make(const struct token_file *s, const char *path, int64_t now_ns, struct policy_error *err);
/* A new management or inference key in the file; the others stay. */
int pol_rotate_issue(void *state, const struct policy_issue *want, struct policy_issued *out,
    struct policy_error *err);

#endif
