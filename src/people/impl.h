/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of people/ and by nobody else. */
#ifndef POL_PEOPLE_IMPL_H
#define POL_PEOPLE_IMPL_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/name.h"
#include "core/core.h"
#include "people/people.h"

/* A record begins with its size and ends 8-aligned; its hash is at byte 8. */
struct pol_record {
	uint32_t bytes, other;
	uint64_t hash;
};

/*
 * A version of people. The view's arrays are this version's or inherited; what a
 * successor replaced is in `garbage`, freed when this version retires. The last of
 * a line owns all that its view reaches.
 */
struct pol_people_root {
	struct pol_people view;
	uint64_t bytes;
	uint32_t next_subject;		/* holder number of the next new subject */
	void **garbage;
	size_t n_garbage;
	bool has_successor;
};

/* table.c: the two dictionaries */
int pol_table_build(struct pol_dir *out, const struct pol_record **sorted, size_t n, uint64_t *bytes);
void pol_table_free(struct pol_dir *dir);

/* What a change replaces, gathered before anything is changed. */
struct pol_change {
	struct pol_people_root *from, *to;
	void *dead[80];
	size_t n_dead;
	void *made[64];			/* freed again if the change fails */
	size_t n_made;
};
/* Puts `record` (NULL: nothing) in place of `old` (NULL: a new one). */
int pol_table_put(struct pol_change *c, struct pol_dir *dir, const struct pol_record *record, const struct pol_record *old);
int pol_change_made(struct pol_change *c, void *p);
void pol_change_dead(struct pol_change *c, const void *p);

/* record.c: records and blocks out of their parts */
struct pol_holder_parts {
	uint64_t hash;
	uint32_t id, known;
	struct policy_text type, name;
	const uint32_t *closure, *roles, *own;
	size_t n_closure, n_roles, n_own;
	const struct pol_timed *timed;
	size_t n_timed;
	const void *attrs;		/* a block as pol_encode_attrs makes from an empty buffer */
	size_t attrs_bytes;
	uint32_t n_attrs;
};
struct pol_grant_parts {		/* sorted by holder when laid out */
	uint32_t holder, role;
	bool timed;
	struct pol_window window;
	struct policy_text glob;	/* of glob grants */
};
struct pol_thing_parts {
	uint64_t hash;
	uint32_t type;
	struct policy_text id;
	const struct pol_grant_parts *grants;
	size_t n_grants;
	const void *attrs;
	size_t attrs_bytes;
	uint32_t n_attrs;
	const struct pol_parent_fact *parents;
	const uint64_t *parent_hashes;
	size_t n_parents;
	bool has_parent;
	enum pol_inherit inherit;
};
/* Each appends one record to buf (8-aligned) and gives its offset. */
int pol_record_holder(struct pol_buf *buf, const struct pol_holder_parts *p, size_t *at);
int pol_record_thing(struct pol_buf *buf, const struct pol_thing_parts *p, size_t *at);
/* A malloc'd block; NULL in *out when there is nothing in it. */
int pol_record_type_grants(struct pol_type_grants **out, struct pol_grant_parts *whole, size_t n_whole,
    struct pol_grant_parts *globs, size_t n_globs);
int pol_grant_order(const void *a, const void *b);	/* for qsort of grant parts */
int pol_u32_order(const void *a, const void *b);
/* Sorts and drops what is equal; the new count. */
size_t pol_u32_unique(uint32_t *list, size_t n);

/* Always: a grant without a window reads as this where one is laid out. */
extern const struct pol_window pol_window_always;

#define POL_TYPE_ROW(p, i) (((const struct pol_type *)POL_AT((p), (p)->types.off))[i])

/* The number of a group is its place among the groups. */
bool pol_who_is_group(const struct pol_who *who);
/* Someone who may hold: many (everyone, a group, TYPE:*) only where `many` says so. */
bool pol_who_is_valid(const struct pol_who *who, bool many);
uint64_t pol_who_hash(uint64_t seed, const struct pol_who *who);
/* From, until and whether there are any, of a fact. */
void pol_window_of(const struct pol_grant_fact *f, struct pol_grant_parts *out);

/* edit.c: parts taken out of records and put back changed */
int pol_edit_thing(struct pol_change *c, const struct pol_program *program, uint32_t type,
    struct policy_text id, const struct pol_grant_parts *g, bool add);
int pol_edit_block(struct pol_change *c, const struct pol_type_grants *old, const struct pol_grant_parts *g,
    bool add, const struct pol_type_grants **out);
int pol_edit_holder(struct pol_change *c, const struct pol_program *program, const struct pol_holder *old,
    const struct pol_grant_parts *g, bool add);
int pol_edit_new_holder(struct pol_change *c, const struct pol_who *who, uint32_t *id);

#endif
