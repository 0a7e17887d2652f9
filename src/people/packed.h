/* SPDX-License-Identifier: Apache-2.0 */
/* How rows lie in the dictionary of facts; for the files of people/ that make and read it. */
#ifndef POL_PEOPLE_PACKED_H
#define POL_PEOPLE_PACKED_H

#include "people/fact.h"
#include "people/impl.h"
#include "people/rows.h"

/*
 * A record: struct pol_record's members, then what every row has; behind it what `has` names,
 * in the order of its bits: times, number, lengths, texts.
 */
struct pol_fact {
	uint64_t hash;
	uint32_t bytes;
	uint8_t kind, spare;
	uint16_t has;
	uint32_t flags;
	uint32_t place;			/* USER: number of its holder, 0: none. GRANT: among its owner's */
	char rest[];
};

enum {					/* bits of has; below these, the texts */
	POL_FACT_TEXTS = 11,
	POL_FACT_BY_OWNER = 1 << 11,	/* `by` is as `owner` */
	POL_FACT_UNTIL = 1 << 12, POL_FACT_MADE = 1 << 13, POL_FACT_FROM = 1 << 14, POL_FACT_NUMBER = 1 << 15
};

/* Records that lead to rows have kinds of their own. Who follows one compares what he finds. */
enum {
	POL_LINK_NAME = 64,		/* by a user's type and name: hash of the row */
	POL_LINK_SECRET,		/* by a token's secret */
	POL_LINK_OWNED,			/* by an owner and 0, 1, ...: a grant of his */
	POL_LINK_COUNT			/* by an owner: how many those are */
};
struct pol_link {
	uint64_t hash;
	uint32_t bytes;
	uint8_t kind, spare;
	uint16_t has;
	uint64_t to;
};

/* Packs r, whose sizes are right; `at` is NULL, or 8-aligned with room for it. The bytes it
 * takes, a multiple of 8. */
size_t pol_fact_pack(const struct policy_row *r, struct pol_fact *at);
void pol_fact_read(const struct pol_fact *f, struct policy_row *out);
struct policy_text pol_fact_text(const struct pol_fact *f, unsigned which);
enum { POL_TEXT_SOURCE, POL_TEXT_ID, POL_TEXT_TYPE, POL_TEXT_NAME, POL_TEXT_OWNER, POL_TEXT_ORG, POL_TEXT_BY,
	POL_TEXT_SECRET, POL_TEXT_RESOURCE, POL_TEXT_LIST, POL_TEXT_ATTRIBUTES };

static inline uint64_t
pol_fact_hash(uint64_t seed, uint32_t kind, struct policy_text id)
{
	return pol_hash_join(pol_hash(id.data, id.len, seed), kind);
}

static inline uint64_t
pol_link_name_hash(uint64_t seed, const struct pol_who *who)
{
	return pol_hash_join(pol_who_hash(seed, who), POL_LINK_NAME);
}

/* Of the owner whose row, if there is one, has the hash `owner`; k: POL_NONE for the count. */
static inline uint64_t
pol_link_owned_hash(uint64_t owner, uint32_t k)
{
	return pol_hash_join(owner, ((uint64_t)POL_LINK_OWNED << 32) + k);
}

/* The next record of a hash, from *at on, which begins as pol_facts_begin gives it. */
struct pol_facts_at {
	uintptr_t place;
	uint64_t hash;
	uint32_t i;
};
struct pol_facts_at pol_facts_begin(const struct pol_people *w, uint64_t hash);
const struct pol_fact *pol_facts_next(struct pol_facts_at *at, uint32_t kind);
static inline const struct pol_link *
pol_links_next(struct pol_facts_at *at, uint32_t kind)
{
	return (const struct pol_link *)(const void *)pol_facts_next(at, kind);
}

const struct pol_fact *pol_facts_find(const struct pol_people *w, uint32_t kind, struct policy_text id);
/* Whose name it is; of several the better one; NULL: nobody's. */
const struct pol_fact *pol_facts_user(const struct pol_people *w, const struct pol_who *who);
bool pol_facts_better(const struct pol_fact *a, const struct pol_fact *b);
/* Of an owner's grants, number k; NULL: there are no more. */
const struct pol_fact *pol_facts_owned(const struct pol_people *w, uint64_t owner, uint32_t k);
typedef int pol_facts_fn(void *ctx, const struct pol_fact *f);
int pol_facts_each(const struct pol_people *w, pol_facts_fn *fn, void *ctx);

/* adopt.c: what a row says, in the words of a program */
struct pol_who pol_adopt_who(const struct pol_fact *user);
/* NULL, or why a user's row counts for nothing: it can be nobody's name. */
const char *pol_adopt_user(const struct pol_fact *user);
/* NULL, or why a grant counts for nothing. *f points at *role. */
const char *pol_adopt_grant(const struct pol_program *program, const struct pol_fact *grant,
    struct pol_grant_fact *f, uint32_t *role);
/* The next group of a user's list, from *at on, which begins as 0; absent: no more. */
struct policy_text pol_adopt_group(const struct pol_fact *user, size_t *at);
/* May a store put somebody there? Not where credentials alone do. */
bool pol_adopt_group_ok(struct policy_text name);
/* uid, org and its attributes. `list` has room for POL_ROWS_ATTRIBUTES + 2; room: for its
 * attributes' bytes. NULL, or why those beside uid and org count for nothing. */
const char *pol_adopt_attributes(const struct pol_fact *user, struct policy_attr *list, size_t *n, char *room);
void pol_adopt_warn(pol_rows_warn *warn, void *ctx, const struct pol_fact *f, const char *why);

#endif
