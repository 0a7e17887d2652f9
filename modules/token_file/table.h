/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens as their hashes, and what each is. No token is kept. */
#ifndef POL_TOKEN_TABLE_H
#define POL_TOKEN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <policy_module.h>

enum {
	TOKEN_MOST = 4096,		/* bytes of a token */
	TOKENS_MOST = 100000,		/* in a file */
	TOKENS_SHORT = 500,		/* of them, shorter than TOKEN_LONG: each costs time, see table.c */
	TOKEN_LONG = 22,		/* characters of base64url that hold 128 bits */
	TOKEN_ID = 26			/* bytes of an id with its NUL */
};

/* Which key of a TorchServe file; order is that of the file. */
enum token_role { TOKEN_MANAGEMENT, TOKEN_INFERENCE, TOKEN_API, TOKEN_ROLES };

struct token_hash {
	uint64_t w[4];
};

struct token_row {
	int64_t expires_ns;		/* 0: never */
	char id[TOKEN_ID];
	uint8_t role;			/* enum token_role, of a list: 0 */
};

struct token_table {
	size_t n, room, n_short;
	struct token_hash *hashes;
	struct token_row *rows;
};

struct token_table *pol_table_new(size_t room);
void pol_table_free(void *t);
/* 0 or POLICY_ERR_LIMIT */
int pol_table_add(struct token_table *t, struct policy_text token, unsigned role, int64_t expires_ns);
/* The row of this token, or NULL. Neither allocates nor locks; its time depends on the
 * token's length and on how many there are, not on which or whether one is equal. */
const struct token_row *pol_table_find(const struct token_table *t, struct policy_text token);

void pol_table_base64(char *out, const unsigned char *in, size_t chars);

#endif
