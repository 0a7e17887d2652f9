/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a store, put into people that are there: all of them one change.
 *
 * What a row does depends on no order but that of the rows of one id. A grant lies on its
 * thing under its owner's number, from when both rows are there until the grant is deleted;
 * whether the number stands in anybody's record is the owner's row to say. So disabling and
 * deleting a user, however many grants it has, writes one record. A number is never given
 * again while a grant lies under it.
 */
#include <stdlib.h>

#include "people/rows_change.h"

static uint64_t
owner_hash(const struct rows_change *x, const struct pol_fact *f)
{
	return pol_fact_hash(VIEW(x)->seed, POLICY_ROW_USER, pol_fact_text(f, POL_TEXT_OWNER));
}

/* ---- records ---- */

/* Instead of `old` (NULL: a new one). f may lie in the page that is replaced. */
static int
put_fact(struct rows_change *x, const struct pol_fact *f, uint32_t place, const struct pol_fact *old)
{
	struct pol_fact *copy = malloc(f->bytes);
	int rc;

	if (copy == NULL)
		return POLICY_ERR_NOMEM;
	memcpy(copy, f, f->bytes);
	copy->hash = hash_of(x, f);
	copy->place = place;
	rc = pol_table_put(&x->c, &VIEW(x)->facts, (const void *)copy, (const void *)old);
	free(copy);
	if (rc == 0 && old == NULL)
		VIEW(x)->n_facts++;
	return rc;
}

static const struct pol_link *
find_link(const struct rows_change *x, uint32_t kind, uint64_t hash, const uint64_t *to)
{
	struct pol_facts_at at = pol_facts_begin(VIEW(x), hash);
	const struct pol_link *l;

	while ((l = pol_links_next(&at, kind)) != NULL && to != NULL && l->to != *to)
		continue;
	return l;
}

/* Instead of `old` (NULL: a new one). */
static int
put_link(struct rows_change *x, uint32_t kind, uint64_t hash, uint64_t to, const struct pol_link *old)
{
	struct pol_link l = { hash, sizeof(l), (uint8_t)kind, 0, 0, to };

	return pol_table_put(&x->c, &VIEW(x)->facts, (const void *)&l, (const void *)old);
}

static int
drop_link(struct rows_change *x, const struct pol_link *l)
{
	return l == NULL ? 0 : pol_table_put(&x->c, &VIEW(x)->facts, NULL, (const void *)l);
}

/* By name or by secret: where it led from, and from where it leads now; NULL: nowhere. */
static int
move_link(struct rows_change *x, uint32_t kind, const uint64_t *was, const uint64_t *is, uint64_t to)
{
	int rc = 0;

	if (was != NULL && is != NULL && *was == *is)
		return 0;
	if (was != NULL)
		rc = drop_link(x, find_link(x, kind, *was, &to));
	return rc != 0 || is == NULL ? rc : put_link(x, kind, *is, to, NULL);
}

/* ---- grants ---- */

/* A role everywhere stands in the record of who has the number. */
static int
everywhere(struct rows_change *x, const struct pol_fact *user, const struct pol_grant_fact *f, bool add)
{
	struct pol_who who = pol_adopt_who(user);
	const struct pol_holder *h = pol_find_holder(VIEW(x), pol_who_hash(VIEW(x)->seed, &who),
	    who.type.data, who.type.len, who.name.data, who.name.len);
	struct pol_grant_parts g = { user->place, f->roles[0], NULL, { NULL, 0 } };
	struct pol_window window;

	if (h == NULL || pol_holder_number(h) != user->place)
		return 0;
	g.window = pol_window_of(f, &window);
	if (g.window != NULL)
		VIEW(x)->has_windows = 1;
	return pol_edit_holder(&x->c, x->program, h, &g, add);
}

/* Lays a grant under its owner's number, or takes it from there. */
static int
lay(struct rows_change *x, const struct pol_fact *user, const struct pol_fact *grant, bool add)
{
	struct pol_grant_fact f;
	uint32_t role;
	const char *why;
	int rc;

	if (user == NULL || user->place == 0)
		return 0;
	why = pol_adopt_grant(x->program, grant, &f, &role);
	if (why != NULL) {
		pol_adopt_warn(add ? x->warn : NULL, x->ctx, grant, why);
		return 0;
	}
	rc = f.has_resource ? pol_change_resource(&x->c, x->program, &f, user->place, role, add) :
	    everywhere(x, user, &f, add);
	return !add && rc == POLICY_ERR_NOENT ? 0 : rc;	/* it is gone: so be it */
}

static int
count_owned(struct rows_change *x, uint64_t owner, uint32_t n)
{
	uint64_t hash = pol_link_owned_hash(owner, POL_NONE);
	const struct pol_link *l = find_link(x, POL_LINK_COUNT, hash, NULL);

	return n == 0 ? drop_link(x, l) : put_link(x, POL_LINK_COUNT, hash, n, l);
}

static uint32_t
owned(const struct rows_change *x, uint64_t owner)
{
	const struct pol_link *l = find_link(x, POL_LINK_COUNT, pol_link_owned_hash(owner, POL_NONE), NULL);

	return l == NULL ? 0 : (uint32_t)l->to;
}

/* Its place among its owner's. */
static int
enter(struct rows_change *x, uint64_t owner, uint64_t grant, uint32_t *place)
{
	int rc;

	*place = owned(x, owner);
	rc = put_link(x, POL_LINK_OWNED, pol_link_owned_hash(owner, *place), grant, NULL);
	return rc != 0 ? rc : count_owned(x, owner, *place + 1);
}

/* The last one moves to its place. */
static int
leave(struct rows_change *x, uint64_t owner, uint64_t grant, uint32_t place)
{
	uint32_t last = owned(x, owner) - 1;
	const struct pol_fact *f = pol_facts_owned(VIEW(x), owner, last);
	uint64_t moved = f != NULL ? f->hash : 0;
	int rc = drop_link(x, find_link(x, POL_LINK_OWNED, pol_link_owned_hash(owner, place), &grant));

	if (rc == 0 && place != last && f != NULL) {
		rc = drop_link(x, find_link(x, POL_LINK_OWNED, pol_link_owned_hash(owner, last), &moved));
		f = NULL;		/* its page may be gone */
		if (rc == 0)
			rc = put_link(x, POL_LINK_OWNED, pol_link_owned_hash(owner, place), moved, NULL);
		if (rc == 0) {
			struct pol_facts_at at = pol_facts_begin(VIEW(x), moved);

			while ((f = pol_facts_next(&at, POLICY_ROW_GRANT)) != NULL &&
			    (f->place != last || owner_hash(x, f) != owner))
				continue;
		}
		if (f != NULL)
			rc = put_fact(x, f, place, f);
	}
	return rc != 0 ? rc : count_owned(x, owner, last);
}

static bool
is_in(const struct pol_fact *f)
{
	return f != NULL && (f->flags & POLICY_ROW_GONE) == 0;
}

static int
put_grant(struct rows_change *x, const struct pol_fact *f, const struct pol_fact *was)
{
	uint64_t hash = hash_of(x, f);
	uint32_t place = is_in(was) ? was->place : 0;
	bool stays = is_in(f) && is_in(was) && owner_hash(x, f) == owner_hash(x, was);
	int rc = 0;

	if (is_in(was))
		rc = lay(x, pol_facts_find(VIEW(x), POLICY_ROW_USER, pol_fact_text(was, POL_TEXT_OWNER)), was, false);
	if (rc == 0 && is_in(was) && !stays)
		rc = leave(x, owner_hash(x, was), hash, was->place);
	if (rc == 0 && is_in(f) && !stays)
		rc = enter(x, owner_hash(x, f), hash, &place);
	if (rc == 0)
		rc = put_fact(x, f, place, pol_facts_find(VIEW(x), f->kind, pol_fact_text(f, POL_TEXT_ID)));
	if (rc == 0 && is_in(f))
		rc = lay(x, pol_facts_find(VIEW(x), POLICY_ROW_USER, pol_fact_text(f, POL_TEXT_OWNER)), f, true);
	return rc;
}

/* ---- users ---- */

/* Everything of a deleted one is gone but that there was one. */
static int
put_gone(struct rows_change *x, const struct pol_who *who, const struct pol_holder *h)
{
	struct pol_holder_parts p;

	memset(&p, 0, sizeof(p));
	p.hash = pol_who_hash(VIEW(x)->seed, who);
	p.ended = true;
	p.type = who->type;
	p.name = who->name;
	return pol_edit_put(&x->c, &p, h);
}

/* All its grants on things and types are laid: it has a number now. */
static int
lay_all(struct rows_change *x, const struct pol_fact *user)
{
	uint64_t owner = hash_of(x, user);
	struct policy_text uid = pol_fact_text(user, POL_TEXT_ID);
	const struct pol_fact *g;
	int rc = 0;

	for (uint32_t k = 0; rc == 0 && (g = pol_facts_owned(VIEW(x), owner, k)) != NULL; k++) {
		struct policy_text of = pol_fact_text(g, POL_TEXT_OWNER);

		if (pol_bytes_equal(of.data, of.len, uid.data, uid.len) && pol_fact_text(g, POL_TEXT_RESOURCE).data != NULL)
			rc = lay(x, user, g, true);
	}
	return rc;
}

/* The record under a name becomes that of whose name it is. */
static int
settle(struct rows_change *x, const struct pol_who *who)
{
	const struct pol_holder *h = pol_find_holder(VIEW(x), pol_who_hash(VIEW(x)->seed, who),
	    who->type.data, who->type.len, who->name.data, who->name.len);
	const struct pol_fact *f = pol_facts_user(VIEW(x), who);
	uint32_t number;
	int rc = 0;

	if (!pol_who_is_valid(who, false) || (h != NULL && (h->known & POL_KNOWN_BY_TEXT) != 0))
		return 0;
	if (f == NULL || pol_adopt_user(f) != NULL)
		return h == NULL ? 0 : pol_table_put(&x->c, &VIEW(x)->holders, NULL, (const void *)h);
	if ((f->flags & POLICY_ROW_GONE) != 0)
		return put_gone(x, who, h);
	number = f->place;
	if (number == 0) {
		if (x->c.to->next_subject == UINT32_MAX)
			return POLICY_ERR_LIMIT;
		number = x->c.to->next_subject++;
		rc = put_fact(x, f, number, f);
		f = pol_facts_user(VIEW(x), who);
		if (rc == 0)
			rc = lay_all(x, f);
	}
	return rc != 0 ? rc : pol_rows_holder(x, f, h, number);
}

static bool
same_text(const struct pol_fact *a, const struct pol_fact *b, unsigned which)
{
	struct policy_text x = pol_fact_text(a, which), y = pol_fact_text(b, which);

	return (x.data == NULL) == (y.data == NULL) && pol_bytes_equal(x.data, x.len, y.data, y.len);
}

/* Wrong passwords are counted in the row, and concern no decision. */
static bool
same_user(const struct pol_fact *a, const struct pol_fact *b)
{
	struct policy_row x, y;

	pol_fact_read(a, &x);
	pol_fact_read(b, &y);
	return ((x.flags ^ y.flags) & (POLICY_ROW_GONE | POLICY_ROW_OFF)) == 0 && x.made_ns == y.made_ns &&
	    same_text(a, b, POL_TEXT_TYPE) && same_text(a, b, POL_TEXT_NAME) && same_text(a, b, POL_TEXT_ORG) &&
	    same_text(a, b, POL_TEXT_LIST) && same_text(a, b, POL_TEXT_ATTRIBUTES);
}

static void
warn_user(struct rows_change *x, const struct pol_fact *f, const struct pol_who *who)
{
	const struct pol_holder *h = pol_find_holder(VIEW(x), pol_who_hash(VIEW(x)->seed, who),
	    who->type.data, who->type.len, who->name.data, who->name.len);
	const char *why = pol_adopt_user(f);

	if (why == NULL && h != NULL && (h->known & POL_KNOWN_BY_TEXT) != 0)
		why = "a file names it";
	pol_adopt_warn((f->flags & POLICY_ROW_GONE) == 0 ? x->warn : NULL, x->ctx, f, why);
}

static int
put_user(struct rows_change *x, const struct pol_fact *f, const struct pol_fact *was)
{
	struct pol_who is = pol_adopt_who(f), named = was != NULL ? pol_adopt_who(was) : is;
	uint64_t from = pol_link_name_hash(VIEW(x)->seed, &named), to = pol_link_name_hash(VIEW(x)->seed, &is);
	int rc = put_fact(x, f, was != NULL ? was->place : 0, pol_facts_find(VIEW(x), f->kind, pol_fact_text(f, POL_TEXT_ID)));

	if (rc == 0)
		rc = move_link(x, POL_LINK_NAME, was != NULL ? &from : NULL, &to, hash_of(x, f));
	if (rc != 0 || (was != NULL && same_user(f, was)))
		return rc;
	warn_user(x, f, &is);
	if (from != to)
		rc = settle(x, &named);
	return rc != 0 ? rc : settle(x, &is);
}

static int
put_token(struct rows_change *x, const struct pol_fact *f, const struct pol_fact *was)
{
	struct policy_text is = pol_fact_text(f, POL_TEXT_SECRET);
	struct policy_text had = was != NULL ? pol_fact_text(was, POL_TEXT_SECRET) : (struct policy_text){ NULL, 0 };
	uint64_t from = pol_fact_hash(VIEW(x)->seed, POL_LINK_SECRET, had), to = pol_fact_hash(VIEW(x)->seed, POL_LINK_SECRET, is);
	int rc = put_fact(x, f, 0, pol_facts_find(VIEW(x), f->kind, pol_fact_text(f, POL_TEXT_ID)));

	return rc != 0 ? rc : move_link(x, POL_LINK_SECRET, had.data != NULL ? &from : NULL, is.data != NULL ? &to : NULL, hash_of(x, f));
}

/* ---- rows ---- */

/* Is it what it was, but for where it lies? */
static bool
is_told(const struct pol_fact *a, const struct pol_fact *b)
{
	return a->bytes == b->bytes && a->has == b->has && a->flags == b->flags &&
	    memcmp(a->rest, b->rest, a->bytes - offsetof(struct pol_fact, rest)) == 0;
}

static int
put_row(struct rows_change *x, const struct pol_fact *f)
{
	const struct pol_fact *old = pol_facts_find(VIEW(x), f->kind, pol_fact_text(f, POL_TEXT_ID));
	struct pol_fact *was = NULL;
	int rc;

	if (f->kind == POLICY_ROW_REVOCATION || (old != NULL && is_told(old, f)))
		return 0;
	if (old != NULL) {		/* its page may be replaced on the way */
		was = malloc(old->bytes);
		if (was == NULL)
			return POLICY_ERR_NOMEM;
		memcpy(was, old, old->bytes);
	}
	if (f->kind == POLICY_ROW_USER)
		rc = put_user(x, f, was);
	else if (f->kind == POLICY_ROW_GRANT)
		rc = put_grant(x, f, was);
	else
		rc = put_token(x, f, was);
	free(was);
	return rc;
}

int
pol_people_put_rows(struct pol_people_root *from, const struct pol_program *program,
    const struct pol_rows *rows, pol_rows_warn *warn, void *ctx, struct pol_people_root **out)
{
	struct rows_change x = { .program = program, .warn = warn, .ctx = ctx };
	int rc;

	*out = NULL;
	rc = pol_change_begin(&x.c, from);
	if (rc != 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < rows->n; i++)
		rc = put_row(&x, rows->list[i]);
	return pol_change_end(&x.c, rc, out);
}
