/* SPDX-License-Identifier: Apache-2.0 */
/* What a builder has gathered: rows that finish.c sorts and lays out. */
#ifndef POL_PEOPLE_BUILDER_H
#define POL_PEOPLE_BUILDER_H

#include <stdlib.h>

#include "base/glob.h"
#include "people/packed.h"

struct pol_vec {
	void *data;
	size_t n, cap;
};

struct pol_pair {
	uint32_t row, item;
};

struct pol_index {			/* linear probing; row + 1, 0 is empty */
	struct pol_slot {
		uint32_t tag, row;	/* high bits of the hash */
	} *table;
	size_t slots;
};

struct pol_bholder {			/* everyone and authenticated too: type is empty */
	uint64_t hash;
	const char *type, *name;
	uint32_t type_len, name_len;
	uint32_t id;			/* groups: until they are numbered anew */
	uint32_t attrs;			/* row of attributes + 1; 0: none */
	bool known, granted;		/* granted: on some thing or type, or in a window */
	bool text;			/* not of a store alone */
	bool ended, gone;		/* of the store: disabled or deleted; deleted */
};

struct pol_bthing {
	const char *id;
	uint32_t len, type;
	struct policy_attrs attrs;
	const struct pol_parent_parts *parents;
	uint32_t n_parents;
	bool has_parent;
	enum pol_inherit inherit;
};

struct pol_bgrant {
	const char *text;		/* id of a thing until it is copied, or a glob */
	uint32_t len, type;
	uint32_t holder, role;		/* holder: its number, but see pol_bholder */
	uint32_t window;		/* row of windows + 1; 0: always */
};

/* A grant on one thing, with the id: sorted by hash, each is read once, out of order,
 * so that it had better lie in one place. */
struct pol_bhere {
	uint32_t len, type, holder, role, window;
	char id[];
};
#define POL_HERE(b, row) ((const struct pol_bhere *)POL_AT((b)->grants.data, (size_t)(row) * 4))

struct pol_builder {
	const struct pol_program *program;
	struct pol_arena arena;
	struct pol_vec holders, attrs;	/* struct pol_bholder, policy_attrs */
	struct pol_index index;		/* of holders */
	uint32_t n_groups;
	struct pol_vec members;		/* struct pol_pair: member's row, group's row */
	struct pol_vec own;		/* holder's row, role */
	struct pol_vec windows;		/* struct pol_window */
	struct pol_vec keys;		/* struct pol_sort_key: a thing's hash; in grants / 4, or (kind 1) a row of things */
	struct pol_buf grants;		/* struct pol_bhere, 4-aligned */
	struct pol_vec things;		/* struct pol_bthing */
	struct pol_vec others;		/* struct pol_bgrant: those not on one thing; pairs lead to them: */
	struct pol_vec timed;		/* from a subject's or TYPE:*'s row */
	struct pol_vec wide, globs;	/* from a type */
	struct pol_vec anywhere;	/* from 0: windowed, without a resource, to many */
	struct pol_vec facts, links;	/* struct pol_bfact, pol_link: of a store */
	pol_rows_warn *warn;		/* NULL: nobody wants to know */
	void *warn_ctx;
};

struct pol_bfact {
	const struct pol_fact *rec;	/* NULL: a later one has its id */
	uint64_t hash;
	uint32_t place, row;		/* as in the record; of a user, its holder's row + 1 */
};

/* Items by row: those of row r are item[start[r]] up to item[start[r + 1]], in the order given. */
struct pol_lists {
	uint32_t *start, *item;
};

/* Numbers below `size`, each once. */
struct pol_set {
	uint64_t *seen;
	uint32_t *list;
	size_t n, size;
};

/* What is needed while laying out, freed at the end. */
struct pol_work {
	struct pol_builder *b;
	struct pol_people_root *root;
	uint32_t *group_number;		/* group as it came -> its number - POL_HOLDER_GROUP */
	uint32_t *group_row;		/* and from there to its row */
	uint32_t n_granted;		/* groups with grants have the lowest numbers */
	struct pol_lists members, own, timed;	/* a row's groups (by number), roles, others */
	struct pol_set groups, roles;	/* of the row at hand */
};

/* who.c: the index of holders */
#define POL_BLOCK 32			/* as many as are fetched at once, at most */
int pol_index_grow(struct pol_index *x, size_t slots, const struct pol_vec *holders);
/* Their hashes; and what looking for them will read is on its way when it returns. */
void pol_holders_fetch(const struct pol_builder *b, const struct pol_who *const *who, uint64_t *hash, size_t n);
/* The row of a holder, a new one where it is new; then it must be valid, and may be a
 * group where group_ok. */
int pol_holder_row(struct pol_builder *b, const struct pol_who *who, uint64_t hash, bool group_ok, uint32_t *out);

#define FACTS(b) ((struct pol_bfact *)(b)->facts.data)

/* The row of a holder that is there; POL_NONE. */
uint32_t pol_holder_there(const struct pol_builder *b, const struct pol_who *who, uint64_t hash);

/* build.c */
int pol_builder_user(struct pol_builder *b, const struct pol_user_fact *f, uint64_t hash);

/* rows_build.c: what the rows of a store say, before anything is numbered; and those rows */
int pol_builder_adopt(struct pol_builder *b);
int pol_work_facts(struct pol_work *w);
int pol_builder_link(struct pol_builder *b, uint32_t kind, uint64_t hash, uint64_t to);
/* rows_grants.c: keys: room for one a row */
int pol_builder_adopt_grants(struct pol_builder *b, struct pol_sort_key *keys);

/* holders.c */
int pol_set_init(struct pol_set *s, size_t size);
void pol_set_fini(struct pol_set *s);
void pol_set_sort(struct pol_set *s);
void pol_set_clear(struct pol_set *s);
void pol_work_add_roles(struct pol_work *w, size_t row);	/* of a row, closed, to w->roles */
int pol_work_holders(struct pol_work *w);

/* things.c */
int pol_work_things(struct pol_work *w);
struct pol_grant_parts pol_work_parts(const struct pol_work *w, uint32_t holder, uint32_t role, uint32_t window);
int pol_parts_sort(struct pol_grant_parts *list, size_t n);

int pol_vec_grow(struct pol_vec *v, size_t n, size_t size);

/* above.c: the thing's parents and what lies above them, in `room` for POL_ABOVE_MOST
 * where that is all there is. */
void pol_builder_above(const struct pol_builder *b, const struct pol_bthing *t, struct pol_parent_parts *room,
    struct pol_thing_parts *out);

static inline int
pol_vec_push(struct pol_vec *v, const void *item, size_t size)
{
	if (v->n == v->cap && pol_vec_grow(v, v->cap == 0 ? 16 : v->cap * 2, size) != 0)
		return POLICY_ERR_NOMEM;
	memcpy((char *)v->data + v->n++ * size, item, size);
	return 0;
}

static inline void
pol_vec_fini(struct pol_vec *v)
{
	free(v->data);
	memset(v, 0, sizeof(*v));
}

#endif
