/* SPDX-License-Identifier: Apache-2.0 */
/* JSON (RFC 8259) of tokens, read in place: no allocation, bounded depth and count. */
#ifndef JWT_JSON_H
#define JWT_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <policy.h>

#define JWT_DEPTH_MAX 16		/* of lists and objects */
#define JWT_MEMBERS_MAX 128		/* of one object */
#define JWT_NUMBER_MAX 255		/* bytes of one with a fraction or an exponent */
#define JWT_VALUES_MAX 512		/* of a payload, each list, object and member counted */

enum jwt_type { JWT_NULL = 1, JWT_BOOL, JWT_INT, JWT_REAL, JWT_TEXT, JWT_LIST, JWT_OBJECT };

/* Items and members stand behind what holds them, each with all that it holds. */
struct jwt_value {
	enum jwt_type type;
	uint32_t count;			/* of items or members */
	uint32_t span;			/* this one, and all within */
	struct policy_text name;	/* of a member */
	union {
		struct policy_text text;	/* no NUL in it, none behind it */
		int64_t integer;
		double real;
		bool boolean;
	} u;
};

/*
 * The whole text is one value: values[0]. Texts point into `text`, which is changed. False:
 * it is not JSON, or names something twice, or holds a NUL, an integer beyond int64, bytes
 * that are not UTF-8, or more than there is room for.
 */
bool jwt_json_read(struct jwt_value *values, uint32_t room, char *text, size_t len);

/* A member of an object; NULL: v is none, or has none of that name. */
const struct jwt_value *jwt_json_get(const struct jwt_value *v, const char *name, size_t len);

/* Through items or members: for (i = jwt_json_first(v, &n); n > 0; i = jwt_json_next(i, &n)). v
 * that is neither, or NULL, has none. */
static inline const struct jwt_value *
jwt_json_first(const struct jwt_value *v, uint32_t *n)
{
	*n = v != NULL && (v->type == JWT_LIST || v->type == JWT_OBJECT) ? v->count : 0;
	return v + (v != NULL);
}

static inline const struct jwt_value *
jwt_json_next(const struct jwt_value *i, uint32_t *n)
{
	--*n;
	return i + i->span;
}

/* Absent where v is NULL or no text. */
static inline struct policy_text
jwt_json_text(const struct jwt_value *v)
{
	const struct policy_text none = { NULL, 0 };

	return v != NULL && v->type == JWT_TEXT ? v->u.text : none;
}

#endif
