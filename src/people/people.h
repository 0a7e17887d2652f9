/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The builder of people: text and store both feed it. Roles are numbers in the program, closed over
 * includes here. Not for deciders: allocates, one writer at a time.
 */
#ifndef POL_PEOPLE_PEOPLE_H
#define POL_PEOPLE_PEOPLE_H

#include <stdbool.h>

#include <policy.h>

#include "core/people.h"
#include "core/program.h"

/* One version of people and the pages that its successor replaced. */
struct pol_people_root;

const struct pol_people *pol_people_view(const struct pol_people_root *root);
/* Frees a root that has no successor, with all its pages. NULL is fine. */
void pol_people_free(struct pol_people_root *root);
/* Frees a root that has a successor: itself and the pages only it uses. Roots of
 * one line must be retired in order. */
void pol_people_retire(struct pol_people_root *root);
uint64_t pol_people_bytes(const struct pol_people_root *root);

/* All of it once more, sharing nothing: whatever happens to `from` is no matter to it. */
int pol_people_copy(const struct pol_people_root *from, struct pol_people_root **out);

/* ---- building ---- */

struct pol_builder;

struct pol_who {
	struct policy_text type, name;	/* "group" NAME; TYPE "*"; type empty and name
					 * "everyone" or "authenticated" in grants */
};

struct pol_user_fact {
	struct pol_who who;
	const uint32_t *roles;
	size_t n_roles;
	const struct policy_text *groups;	/* declared groups, else POLICY_ERR_ARG */
	size_t n_groups;
	struct policy_attrs attrs;	/* nulls are left out */
};

struct pol_group_fact {
	struct policy_text name;
	const uint32_t *roles;
	size_t n_roles;
	const struct pol_who *members;
	size_t n_members;
};

struct pol_grant_fact {
	const uint32_t *roles;
	size_t n_roles;
	const struct pol_who *to;
	size_t n_to;
	bool has_resource;
	uint32_t type;
	struct policy_text glob;	/* as written, behind the slash; data NULL: the whole type */
	bool has_from, has_until;
	struct pol_time from, until;
};

struct pol_thing_fact {
	uint32_t type;
	struct policy_text id;
	struct policy_attrs attrs;
	bool has_parent;
	const struct pol_parent_fact *parents;
	size_t n_parents;
	enum pol_inherit inherit;
};
struct pol_parent_fact {
	uint32_t type;
	struct policy_text id;
};

/* After an error of any call below the builder can only be freed. Texts, values and
 * attributes that are given are kept until then, the lists they stand in are not. */
int pol_builder_new(struct pol_builder **out, const struct pol_program *program);
void pol_builder_free(struct pol_builder *b);
/* About so many will come: room for them, no limit. */
int pol_builder_expect(struct pol_builder *b, size_t holders, size_t grants);
/* A holder without a type is "everyone" or "authenticated", in grants only; a user is
 * no group, no "*" and none of the words that name many: else POLICY_ERR_ARG. A group
 * that is named must be declared by the end. Groups first, in any order; then users,
 * grants, things in any order. Each subject is given at most once as a user, each
 * thing at most once; a group may be given in parts. Of many at once, *bad is the
 * place of the one that failed. */
int pol_builder_group(struct pol_builder *b, const struct pol_group_fact *f);
int pol_builder_users(struct pol_builder *b, const struct pol_user_fact *f, size_t n, size_t *bad);
int pol_builder_grants(struct pol_builder *b, const struct pol_grant_fact *f, size_t n, size_t *bad);
int pol_builder_thing(struct pol_builder *b, const struct pol_thing_fact *f);
/* Makes the people; the builder is used up but must still be freed. */
int pol_builder_finish(struct pol_builder *b, struct pol_people_root **out);

/* ---- single changes: a successor that shares what did not change ---- */

/*
 * A grant as pol_builder_grant has it, of at most 16 pairs of role and holder (else
 * POLICY_ERR_LIMIT). A group must be a declared one; a role of many without a resource
 * and a window is POLICY_ERR_UNSUPPORTED: it is a new building.
 */
int pol_people_add_grant(struct pol_people_root *from, const struct pol_program *program,
    const struct pol_grant_fact *f, struct pol_people_root **out);
/* Removes one grant equal to it in role, holder, window and resource as spelt;
 * POLICY_ERR_NOENT when there is none. What was given twice is still held once:
 * taking back a store's grant does not take what the text gives. */
int pol_people_remove_grant(struct pol_people_root *from, const struct pol_program *program,
    const struct pol_grant_fact *f, struct pol_people_root **out);

/* ---- values ---- */

/*
 * Lays values out as struct pol_sval and pol_sattr in a buffer; offsets count from
 * `base` bytes into the buffer. For program literals too. 0 or POLICY_ERR_NOMEM.
 */
struct pol_buf;
int pol_encode_value(struct pol_buf *buf, size_t base, const struct policy_value *v, struct pol_sval *out);
/* Nulls are left out. */
int pol_encode_attrs(struct pol_buf *buf, size_t base, const struct policy_attrs *attrs, struct pol_span *out);
/* Appends text and a NUL. */
int pol_encode_text(struct pol_buf *buf, size_t base, const char *s, size_t len, struct pol_str *out);

#endif
