/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People: who there is and what they were given. Read-only for deciders; a
 * single change makes a new struct pol_people that shares all pages but those
 * it touched (people/change.c). Built by people/build.c from text and store.
 *
 * Two dictionaries by extendible hashing: `holders` (users, other subjects,
 * groups, and TYPE:* ) and `things` (resources with grants or attributes). A page
 * holds its slots and its records; offsets inside a record are from the record.
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

struct pol_page {
	uint32_t depth;			/* how many high hash bits it stands for */
	uint32_t mask;			/* slots - 1 */
	uint32_t used;			/* records */
	uint32_t bytes;			/* of the whole page */
	uint64_t slots[];		/* (uint32_t)(hash >> 16) << 32 | offset from page / 8; 0 empty */
};

/* The page of hash h is pages[h >> (64 - depth)], pages[0] where depth is 0. The
 * first slot probed is h & mask. */
struct pol_dir {
	const struct pol_page *const *pages;
	uint32_t depth;
	uint64_t count;			/* records */
};

/* Half open: from <= now < until. */
struct pol_window {
	struct pol_time from, until;
};

struct pol_grant {
	uint32_t holder, role;
	uint32_t window;		/* index + 1 into the record's windows; 0: always */
};

/* Grants sorted by holder. */
struct pol_grants {
	struct pol_span list;		/* struct pol_grant */
	struct pol_span windows;	/* struct pol_window */
	uint64_t sig;			/* bit (holder & 63) */
};

struct pol_timed {			/* a role of one holder, everywhere, in a window */
	uint32_t role, pad;
	struct pol_window window;
};

struct pol_holder {
	uint32_t bytes, id;
	uint64_t hash;			/* pol_hash_join(hash of type, hash of id) */
	struct pol_str type, name;	/* type "group" for groups; name "*" for TYPE:* */
	struct pol_span closure;	/* uint32_t, sorted: itself, and every group it is in */
	struct pol_span roles;		/* uint32_t, sorted, closed: held everywhere, always (of
					 * its groups too; not everyone's, authenticated's, TYPE:*'s) */
	uint64_t closure_sig, role_sig;	/* bits (& 63) */
	struct pol_span own;		/* uint32_t, sorted: roles as given to itself everywhere and
					 * always, one for each giving (what `roles` is made from) */
	struct pol_span timed;		/* struct pol_timed: its own (not its groups') */
	struct pol_span attrs;		/* struct pol_sattr; their offsets are from attrs.off */
	uint32_t known;			/* named as a user, or a declared group */
	uint32_t pad;
};

struct pol_thing {
	uint32_t bytes, type;		/* type: index in the program */
	uint64_t hash;			/* pol_hash_join(type's hash, hash of id) */
	struct pol_str id;
	struct pol_grants grants;
	struct pol_span attrs;		/* struct pol_sattr; their offsets are from attrs.off */
	struct pol_span parents;	/* struct pol_parent: stored `parent`, resolved */
	uint8_t has_parent;		/* a stored `parent` (may be an empty list) */
	uint8_t inherit;		/* enum pol_inherit: stored */
	uint8_t pad[6];
};

/* Grants on a whole type, or by glob. One block; offsets from its start. */
struct pol_glob_grant {
	uint32_t holder, role, window;
	struct pol_str glob;
};
struct pol_type_grants {
	uint64_t bytes;
	struct pol_grants whole;	/* on TYPE: every thing of it */
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
};

struct pol_text_ref {
	const char *data;
	uint32_t len;
};

#endif
