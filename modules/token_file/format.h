/* SPDX-License-Identifier: Apache-2.0 */
/* What a file of tokens may look like: each makes a struct token_table, as struct
 * pol_live_kind has it (see live.h). */
#ifndef POL_TOKEN_FORMAT_H
#define POL_TOKEN_FORMAT_H

#include "secret.h"
#include "table.h"

/* Of a TorchServe file, as text: 0 bytes long where there is none. */
struct token_keys {
	struct policy_text key[TOKEN_ROLES];	/* in the text that was read */
	struct policy_text expires[TOKEN_ROLES];
};

enum { TOKEN_JSON = 16384 };		/* bytes of a file with the longest keys, and more */

int pol_list_make(void **out, void *ctx, char *text, size_t len, struct policy_error *err);
int pol_keys_make(void **out, void *ctx, char *text, size_t len, struct policy_error *err);

/* The names in the file, in its order; kinds and ids are the same in small letters. */
extern const char *const pol_keys_names[TOKEN_ROLES];

int pol_keys_parse(struct token_keys *k, char *text, size_t len, struct policy_error *err);
/* The file's text into out, its length. */
size_t pol_keys_print(char out[TOKEN_JSON], const struct token_keys *k);

/* Java's Instant.toString(): Unix ns, never 0. */
int pol_instant_parse(int64_t *ns, struct policy_text t);
void pol_instant_print(char out[64], int64_t ns);

#endif
