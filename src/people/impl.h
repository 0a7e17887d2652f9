/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of people/ and by nobody else. */
#ifndef POL_PEOPLE_IMPL_H
#define POL_PEOPLE_IMPL_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/name.h"
#include "core/core.h"
#include "people/people.h"

/* What each record begins with; it ends 8-aligned. */
struct pol_record {
	uint64_t hash;
	uint32_t bytes, other;
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
	struct pol_slab *slabs;		/* of all versions of the line: the last frees them */
	bool has_successor;
};

/* table.c: the dictionaries */

/* Makes one of n records that come in the order of their hashes; only those of the
 * page at hand are held twice. */
struct pol_maker {
	struct pol_dir *dir;
	uintptr_t *places;
	uint64_t *bytes;		/* of the dictionary, added up */
	struct pol_slab **slabs;	/* NULL: each page by itself */
	uint64_t place;
	size_t n;
	struct pol_buf records;		/* of the page at hand */
};
int pol_table_begin(struct pol_maker *m, struct pol_dir *dir, size_t n, uint64_t *bytes, struct pol_slab **slabs);
/* Before each record, which is then appended to m->records. */
int pol_table_next(struct pol_maker *m, uint64_t hash);
/* rc: what happened on the way; always to be called after begin. */
int pol_table_end(struct pol_maker *m, int rc);
void pol_table_free(struct pol_dir *dir);
void pol_table_free_slabs(struct pol_slab *slabs);

/* sort.c */
struct pol_sort_key {
	uint64_t key;
	uint32_t row, kind;
};
/* By key, those of one key in the order they had. 0 or POLICY_ERR_NOMEM. */
int pol_keys_sort(struct pol_sort_key *keys, size_t n);

/* What a change replaces, gathered before anything is changed. */
struct pol_change {
	struct pol_people_root *from, *to;
	void **dead;			/* of `from`, freed when it retires */
	size_t n_dead, cap_dead;
	void **made;			/* freed again if the change fails; by address, NULL is free */
	size_t n_made, cap_made;	/* n_made: with those that are gone again */
	bool failed;			/* memory ran out where nothing could be returned */
};
/* Puts `record` (NULL: nothing) in place of `old` (NULL: a new one). */
int pol_table_put(struct pol_change *c, struct pol_dir *dir, const struct pol_record *record, const struct pol_record *old);
int pol_change_made(struct pol_change *c, void *p);
void pol_change_dead(struct pol_change *c, const void *p);
bool pol_change_is_made(const struct pol_change *c, const void *p);
/* Between the two anything may be put; end frees all of it where rc is not 0. */
int pol_change_begin(struct pol_change *c, struct pol_people_root *from);
int pol_change_end(struct pol_change *c, int rc, struct pol_people_root **out);
/* A role for the holder `number`, on a thing, a type, or by glob (f->has_resource). */
int pol_change_resource(struct pol_change *c, const struct pol_program *program, const struct pol_grant_fact *f,
    uint32_t number, uint32_t role, bool add);

/* record.c: records and blocks out of their parts */
struct pol_holder_parts {
	uint64_t hash;
	uint32_t id, known;		/* POL_KNOWN_BY_ */
	bool ended;
	struct policy_text type, name;
	const uint64_t *words;		/* bits of groups, or NULL: those below 64 * n_words of the list */
	const uint32_t *groups, *roles, *own;
	size_t n_words, n_groups, n_roles, n_own;	/* n_groups: in the list */
	const struct pol_timed *timed;
	size_t n_timed;
	const struct policy_attrs *given;	/* attributes as a caller has them, or */
	const void *attrs;		/* a block as pol_encode_attrs makes from an empty buffer */
	size_t attrs_bytes;
	uint32_t n_attrs;
};
struct pol_grant_parts {		/* sorted by holder when laid out */
	uint32_t holder, role;
	const struct pol_window *window;	/* NULL: always */
	struct policy_text glob;	/* of glob grants */
};
struct pol_parent_parts {
	uint32_t type;
	struct policy_text id;
	uint64_t hash;
};
struct pol_thing_parts {
	uint64_t hash;
	uint32_t type;
	struct policy_text id;
	const struct pol_grant_parts *grants;
	size_t n_grants;
	const struct policy_attrs *given;	/* as of a holder */
	const void *attrs;
	size_t attrs_bytes;
	uint32_t n_attrs;
	const struct pol_parent_parts *parents;	/* n_rows: its own parents, then what lies above them */
	size_t n_parents, n_rows;
	uint32_t n_above;		/* as in a record */
	bool has_parent;
	enum pol_inherit inherit;
};
/* Each appends one record to buf (8-aligned) and gives its offset. */
int pol_record_holder(struct pol_buf *buf, const struct pol_holder_parts *p, size_t *at);
int pol_record_thing(struct pol_buf *buf, const struct pol_thing_parts *p, size_t *at);
/* A malloc'd block of sorted grants; NULL in *out when there is nothing in it. */
int pol_record_type_grants(struct pol_type_grants **out, const struct pol_grant_parts *whole, size_t n_whole,
    const struct pol_grant_parts *globs, size_t n_globs);
int pol_grant_order(const struct pol_grant_parts *a, const struct pol_grant_parts *b);
int pol_u32_order(const void *a, const void *b);
/* Sorts and drops what is equal; the new count. */
size_t pol_u32_unique(uint32_t *list, size_t n);

#define POL_TYPE_ROW(p, i) (((const struct pol_type *)POL_AT((p), (p)->types.off))[i])

/* The number of a group is its place among the groups. */
bool pol_who_is_group(const struct pol_who *who);
/* Someone who may hold: many (everyone, a group, TYPE:*) only where `many` says so. */
bool pol_who_is_valid(const struct pol_who *who, bool many);
uint64_t pol_who_hash(uint64_t seed, const struct pol_who *who);
/* From and until of a fact: w, or NULL where it has neither. */
const struct pol_window *pol_window_of(const struct pol_grant_fact *f, struct pol_window *w);

/* edit.c: parts taken out of records and put back changed */
int pol_edit_thing(struct pol_change *c, const struct pol_program *program, uint32_t type,
    struct policy_text id, const struct pol_grant_parts *g, bool add);
int pol_edit_block(struct pol_change *c, const struct pol_type_grants *old, const struct pol_grant_parts *g,
    bool add, const struct pol_type_grants **out);
int pol_edit_holder(struct pol_change *c, const struct pol_program *program, const struct pol_holder *old,
    const struct pol_grant_parts *g, bool add);
int pol_edit_new_holder(struct pol_change *c, const struct pol_who *who, uint32_t *id);
/* Parts of a record, which they point into; and such parts in its place (old NULL: new). */
void pol_edit_parts(struct pol_holder_parts *p, const struct pol_holder *h);
int pol_edit_put(struct pol_change *c, const struct pol_holder_parts *p, const struct pol_holder *old);
/* The roles of a group, closed, to `all`: those that each of it has. */
void pol_edit_group_roles(const struct pol_people *w, uint32_t group, struct pol_buf *all);
/* The number behind a record's id, also where it ended. */
static inline uint32_t
pol_holder_number(const struct pol_holder *h)
{
	return h->id == POL_HOLDER_ENDED ? pol_holder_more(h)->number : h->id;
}

#endif
