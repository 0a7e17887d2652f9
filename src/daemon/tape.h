/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON of a request, read in one pass into a flat row of nodes; texts without an escape
 * stay where they were sent. What jansson would need a tree of small blocks for.
 */
#ifndef POL_DAEMON_TAPE_H
#define POL_DAEMON_TAPE_H

#include <stddef.h>
#include <stdint.h>

#include <policy.h>

#define POL_TAPE_DEPTH 64		/* of arrays and objects in each other */
#define POL_TAPE_NUMBER 128		/* bytes of a number */

enum pol_tape_kind {
	POL_TAPE_NULL = 1, POL_TAPE_FALSE, POL_TAPE_TRUE, POL_TAPE_INT, POL_TAPE_REAL, POL_TAPE_TEXT,
	POL_TAPE_LIST, POL_TAPE_OBJECT
};

struct pol_tape_node {
	uint32_t kind;
	uint32_t len;			/* of a text; items of a list, members of an object */
	union {
		const char *text;	/* no NUL behind it */
		int64_t integer;
		double real;
		size_t next;		/* of a list, an object: the node behind all that is in it */
	} u;
};

/* Members stand as a text, their name, and a value. The first node is the root. */
struct pol_tape {
	struct pol_tape_node *nodes;
	size_t count, room;
	struct pol_tape_block *blocks;	/* of what is made of it */
	char *free, *end;
	struct pol_tape_node first[96];
	_Alignas(16) char bytes[2048];
};

void pol_tape_init(struct pol_tape *t);
/* Wipes what was made of it: decoded texts may be secrets. */
void pol_tape_fini(struct pol_tape *t);
/*
 * Strict: RFC 8259 in UTF-8, no name twice in an object, no half of a surrogate pair, no
 * NUL in a name, integers of int64, finite numbers, POL_TAPE_DEPTH. NULL: read; else one
 * sentence about what is wrong, and where: *at (a byte, from 0). `text` is kept.
 */
const char *pol_tape_read(struct pol_tape *t, const char *text, size_t len, size_t *at);
/* Memory that lives as long as the tape, aligned to 16; NULL: none. */
void *pol_tape_make(struct pol_tape *t, size_t n, size_t size);

/* The node behind i and all that is in it. */
static inline size_t
pol_tape_next(const struct pol_tape *t, size_t i)
{
	return t->nodes[i].kind >= POL_TAPE_LIST ? t->nodes[i].u.next : i + 1;
}

/*
 * Members of an object as attributes; those that are null are left out, and those that
 * skip() names (NULL: none). 0, POLICY_ERR_NOMEM or POLICY_ERR_LIMIT (nested deeper than
 * libpolicy takes).
 */
int pol_tape_attrs(struct pol_tape *t, struct policy_attrs *out, size_t object,
    int (*skip)(const struct pol_tape_node *name, const struct pol_tape_node *value));

#endif
