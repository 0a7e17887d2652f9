/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON of one line, written and read. What is written is plain ASCII: whatever else a text
 * holds is escaped, so that no input can end a line; bytes that are no UTF-8 become the
 * lone surrogates U+DC80 to U+DCFF, and bytes again when read.
 */
#ifndef POL_AUDIT_JSON_H
#define POL_AUDIT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <policy.h>

/* ---- writing, into room that is known to be enough ---- */

#define POL_JSON_GROWTH 6u		/* a byte becomes at most so many */

char *pol_ajson_raw(char *at, const char *s);
char *pol_ajson_text(char *at, const char *s, size_t len);	/* in quotes */
char *pol_ajson_uint(char *at, uint64_t v);
char *pol_ajson_hex(char *at, uint64_t v, uint32_t digits);

/* ---- reading an object ---- */

enum pol_ajson_kind { POL_AJSON_TEXT, POL_AJSON_NUMBER, POL_AJSON_WORD, POL_AJSON_LIST, POL_AJSON_OBJECT };

struct pol_ajson {
	const char *at, *end;
	char *room, *room_end;		/* texts are unescaped here */
	bool failed;
};

struct pol_ajson_value {
	enum pol_ajson_kind kind;
	struct policy_text text;	/* TEXT: unescaped, with a NUL behind it; else as written */
	uint64_t number;		/* NUMBER: where it is a plain one */
};

/* Begins an object; false: there is none. */
bool pol_ajson_begin(struct pol_ajson *j, const char *line, size_t len, char *room, size_t room_len);
/* The next member. False: the object has ended, and the line with it; or j->failed. */
bool pol_ajson_member(struct pol_ajson *j, struct policy_text *name, struct pol_ajson_value *v);
/* The texts of a list; at most `most`. -1: something else is in it. */
int pol_ajson_texts(struct pol_ajson *j, const struct pol_ajson_value *list, struct policy_text *out, uint32_t most);

#endif
