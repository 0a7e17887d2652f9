/* SPDX-License-Identifier: Apache-2.0 */
/* What a builder has gathered: rows that finish.c sorts and lays out. */
#ifndef POL_PEOPLE_BUILDER_H
#define POL_PEOPLE_BUILDER_H

#include "base/glob.h"
#include "people/impl.h"

struct pol_vec {
	void *data;
	size_t n, cap;
};

struct pol_index {			/* hash -> row + 1; rows begin with their hash */
	uint32_t *table;
	size_t slots;
};

struct pol_battrs {
	const char *data;		/* NULL: none */
	size_t bytes;
	uint32_t n;
};

struct pol_bholder {			/* everyone and authenticated too: type is empty */
	uint64_t hash;
	struct policy_text type, name;
	uint32_t id, known;
	struct pol_battrs attrs;
};

struct pol_bthing {
	uint64_t hash;
	uint32_t type;
	struct policy_text id;
	struct pol_battrs attrs;
	struct pol_parent_fact *parents;
	uint64_t *parent_hashes;
	size_t n_parents;
	bool has_parent;
	enum pol_inherit inherit;
};

struct pol_bgrant {
	uint32_t on;			/* row of a thing or holder; or a type */
	struct pol_grant_parts parts;	/* holder: row of a holder until finish */
};

struct pol_builder {
	const struct pol_program *program;
	struct pol_arena arena;
	struct pol_vec holders, things;	/* struct pol_bholder, pol_bthing */
	struct pol_index holder_index, thing_index;
	struct pol_vec members;		/* uint64_t: member << 32 | group, rows of holders */
	struct pol_vec own;		/* uint64_t: holder << 32 | role */
	struct pol_vec timed;		/* struct pol_bgrant: on a subject or TYPE:* */
	struct pol_vec grants;		/* on a thing */
	struct pol_vec anywhere;	/* windowed, without a resource, to many */
	struct pol_vec wide, globs;	/* on a type */
	bool has_windows;
};

/* What is needed while laying out, freed at the end. */
struct pol_work {
	struct pol_builder *b;
	struct pol_people_root *root;
	uint32_t *group_of;		/* group number -> row */
	size_t *member_start, *own_start;	/* per row, n + 1 */
	uint32_t *stamp, *queue;	/* closing groups: last visitor, rows to visit */
	struct pol_buf records, closure, roles, timed_rows;
};

/* holders.c */
void pol_work_add_roles(struct pol_work *w, size_t row);	/* of a row, closed, to w->roles */
int pol_work_holders(struct pol_work *w, size_t *n);	/* appends a record each to w->records */

int pol_vec_push(struct pol_vec *v, const void *item, size_t size);
int pol_builder_holder(struct pol_builder *b, const struct pol_who *who, bool group_ok, uint32_t *out);

#endif
