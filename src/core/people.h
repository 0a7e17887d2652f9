/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People: who there is and what they were given. Read-only for deciders; a
 * single change makes a new struct pol_people that shares all pages but those
 * it touched (people/change.c). Built by people/build.c from text and store.
 *
 * Dictionaries by extendible hashing: `holders` (users, other subjects,
 * groups, and TYPE:* ), `things` (resources with grants or attributes), and `facts`
 * (people/fact.h), which no decision reads. A page
 * holds its slots and its records; offsets inside a record are from the record. A
 * look-up reads the directory, a slot and the record, and no more.
 */
#ifndef POL_CORE_PEOPLE_H
#define POL_CORE_PEOPLE_H

#include "core/program.h"

/* Holder numbers 0 and 1; then groups from 2, dense; subjects and TYPE:* from
 * POL_HOLDER_SUBJECT on. */
#define POL_HOLDER_EVERYONE 0u
#define POL_HOLDER_AUTHENTICATED 1u
#define POL_HOLDER_GROUP 2u
#define POL_HOLDER_SUBJECT 0x80000000u
/* In the record of a user of the store that is disabled or deleted: it is denied all, and
 * looks, to who decides quickly, like nobody who could be decided so. */
#define POL_HOLDER_ENDED 0x7fffffffu

struct pol_page {
	uint16_t depth;			/* how many high hash bits it stands for */
	uint16_t in_slab;		/* it lies in a block with others: not freed alone */
	uint32_t slot_bits;		/* log2 of its slots */
	uint32_t used;			/* records */
	uint32_t bytes;			/* of the whole page */
	uint32_t slots[];		/* bits 24 to 31 of the hash, offset from page / 8; 0 empty */
};
#define POL_PAGE_ALIGN 64u
#define POL_SLOT_AT 0x00ffffffu		/* of a slot: the offset / 8 */

/* The place of hash h is places[the depth highest bits of h]: the address of a page
 * plus its slot_bits, so that the first slot to probe, h & mask, is known without
 * the page's head. */
struct pol_dir {
	const uintptr_t *places;
	uint32_t depth;
	uint64_t count;			/* records */
};

/* Half open: from <= now < until. */
struct pol_window {
	struct pol_time from, until;
};

struct pol_grant {
	uint32_t holder, role;
};

/* A view of grants, sorted by holder. */
struct pol_grants {
	const struct pol_grant *list;
	uint32_t n;
	const uint32_t *window_of;	/* [n]: index + 1 into windows, 0 always; NULL: all always */
	const struct pol_window *windows;
	uint64_t sig;			/* bit (holder & 63); all bits where not kept */
};

struct pol_timed {			/* a role of one holder, everywhere, in a window */
	uint32_t role, pad;
	struct pol_window window;
};

/*
 * Records. What nearly all have is in the head and right behind it; what few have
 * is at `more` (8-aligned), which is 0 where there is nothing of it.
 */
struct pol_holder {
	uint64_t hash;			/* pol_hash_join(hash of type, hash of id) */
	uint32_t bytes, id;
	uint32_t more;			/* struct pol_holder_more */
	uint16_t type_len, name_len;
	uint8_t known;			/* POL_KNOWN_BY_ */
	char text[];			/* type ("group" for groups), then name ("*" for TYPE:*) */
};

/*
 * Its lists follow in this order: words; groups, roles, own; timed (8-aligned);
 * attributes. The groups it is in, without itself, are bits where their numbers are
 * below 64 * n_words, and listed where they are above.
 */
struct pol_holder_more {
	uint64_t groups_sig, role_sig;	/* bits (& 63) */
	uint32_t n_groups;		/* in all: bits and list */
	uint32_t n_words;		/* uint64_t: bit n is holder n */
	uint32_t n_listed;		/* uint32_t, sorted */
	uint32_t n_roles;		/* uint32_t, sorted, closed: held everywhere, always (of its
					 * groups too; not everyone's, authenticated's, TYPE:*'s) */
	uint32_t n_own;			/* uint32_t, sorted: roles as given to itself everywhere and
					 * always, one for each giving (what roles are made from) */
	uint32_t n_timed;		/* struct pol_timed: its own (not its groups') */
	uint32_t n_attrs;		/* struct pol_sattr; their offsets are from the first */
	uint32_t number;		/* of one that ended: what its id was; 0: nothing has it */
};
#define POL_KNOWN_BY_NAME 1u		/* named as a user, or a declared group */
#define POL_KNOWN_BY_TEXT 2u		/* a text names it, in whatever place: no store may */

struct pol_thing {
	uint64_t hash;			/* pol_hash_join(type's hash, hash of id) */
	uint32_t bytes, type;		/* type: index in the program */
	uint32_t id_len, n_grants;
	uint32_t more;			/* struct pol_thing_more */
	uint8_t has_parent;		/* a stored `parent` (may be an empty list) */
	uint8_t inherit;		/* enum pol_inherit: stored */
	char id[];			/* then, 4-aligned, n_grants of struct pol_grant */
};

struct pol_thing_more {
	uint64_t sig;			/* of its grants */
	uint32_t window_of, windows;	/* offsets of what struct pol_grants has; 0: all always */
	struct pol_span attrs;		/* struct pol_sattr; their offsets are from attrs.off */
	struct pol_span parents;	/* struct pol_parent: stored `parent`, resolved */
	uint32_t n_above;		/* so many rows from parents on are all that lies above it by
					 * what is stored; POL_NONE: not all of it is here */
	uint32_t pad;
};
#define POL_ABOVE_MOST 32u		/* above more than this are not kept */
#define POL_FEW_GRANTS 8u		/* with at most so many a thing needs no signature */

/* Grants on a whole type, or by glob. One block; offsets from its start. */
struct pol_glob_grant {
	uint32_t holder, role, window;	/* window: index + 1; 0: always */
	struct pol_str glob;
};
struct pol_type_grants {
	uint64_t bytes;
	uint64_t sig;			/* of whole */
	struct pol_span whole;		/* struct pol_grant, sorted by holder: on every thing of TYPE */
	uint32_t window_of, windows;	/* of whole, as above */
	struct pol_span globs;		/* struct pol_glob_grant, sorted by holder */
	struct pol_span glob_windows;	/* struct pol_window */
};

/* Roles everywhere, always, of everyone and of authenticated: the text's
 * sections and the grants; sorted, closed. */
struct pol_role_list {
	const uint32_t *ids;
	uint32_t n;
	uint64_t sig;
};

struct pol_people {
	uint64_t version;		/* counts changes from 1 */
	uint64_t seed;
	struct pol_dir holders, things;
	struct pol_role_list everyone, authenticated;
	/* Windowed grants without a resource to groups, TYPE:*, everyone and
	 * authenticated, sorted by holder; NULL: none. Offsets from the block. */
	const struct pol_type_grants *anywhere;
	const struct pol_type_grants *const *by_type;	/* [types]; NULL: none */
	uint32_t n_types, n_groups;
	uint32_t has_stars;		/* there is some TYPE:* */
	uint32_t has_windows;		/* some grant has a window, or had one before a change */
	const struct pol_text_ref *group_names;	/* by holder number - POL_HOLDER_GROUP */
	struct pol_dir facts;		/* what a store told: people/fact.h */
	uint64_t n_facts;		/* rows in it */
};

struct pol_text_ref {
	const char *data;
	uint32_t len;
};

#include "core/people_inline.h"

#endif
