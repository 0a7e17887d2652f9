/* SPDX-License-Identifier: Apache-2.0 */
/* Writes JSON into a buffer that grows. Plain ASCII: what is not is escaped, so that
 * the answer reads the same in any locale. Bytes that are no UTF-8 become the lone
 * surrogates U+DC80 to U+DCFF, as Python writes them. */
#ifndef POL_CLI_JSON_H
#define POL_CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pol_json {
	char *data;
	size_t len, cap;
	bool failed;			/* memory ran out: nothing since */
};

void pol_json_fini(struct pol_json *j);
void pol_json_raw(struct pol_json *j, const char *s, size_t len);
/* `{` or `[`, with a comma before it where one is due; name NULL: no member. */
void pol_json_open(struct pol_json *j, const char *name, char bracket);
void pol_json_close(struct pol_json *j, char bracket);
void pol_json_text(struct pol_json *j, const char *name, const char *s, size_t len);
void pol_json_str(struct pol_json *j, const char *name, const char *s);
void pol_json_uint(struct pol_json *j, const char *name, uint64_t v);
void pol_json_int(struct pol_json *j, const char *name, int64_t v);
/* To hundredths; from 0 up. */
void pol_json_real(struct pol_json *j, const char *name, double v);
void pol_json_null(struct pol_json *j, const char *name);
void pol_json_bool(struct pol_json *j, const char *name, bool v);
/* A text in quotes, nothing before it. */
void pol_json_quoted(struct pol_json *j, const char *s, size_t len);

#endif
