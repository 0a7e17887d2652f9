/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a store: found, read. A short record leads from a name, a secret or an owner to its hash, and who follows it
 * compares the row itself.
 */
#include "people/packed.h"

/* ---- found ---- */

struct pol_facts_at
pol_facts_begin(const struct pol_people *w, uint64_t hash)
{
	uintptr_t place = pol_dir_place(&w->facts, hash);

	return (struct pol_facts_at){ place, hash, (uint32_t)hash & pol_place_mask(place) };
}

const struct pol_fact *
pol_facts_next(struct pol_facts_at *at, uint32_t kind)
{
	const struct pol_fact *f;

	while ((f = pol_place_next(at->place, at->hash, &at->i)) != NULL) {
		if (f->hash == at->hash && f->kind == kind)
			return f;
	}
	return NULL;
}

const struct pol_fact *
pol_facts_find(const struct pol_people *w, uint32_t kind, struct policy_text id)
{
	struct pol_facts_at at = pol_facts_begin(w, pol_fact_hash(w->seed, kind, id));
	const struct pol_fact *f;

	while ((f = pol_facts_next(&at, kind)) != NULL) {
		struct policy_text t = pol_fact_text(f, POL_TEXT_ID);

		if (pol_bytes_equal(t.data, t.len, id.data, id.len))
			return f;
	}
	return NULL;
}

static int64_t
made(const struct pol_fact *f)
{
	int64_t t = 0;

	if ((f->has & POL_FACT_MADE) != 0)
		memcpy(&t, f->rest + ((f->has & POL_FACT_UNTIL) != 0 ? sizeof(t) : 0), sizeof(t));
	return t;
}

/* Not deleted; made later; else by its id, so that it is the same one in every process. */
bool
pol_facts_better(const struct pol_fact *a, const struct pol_fact *b)
{
	struct policy_text x = pol_fact_text(a, POL_TEXT_ID), y = pol_fact_text(b, POL_TEXT_ID);

	if (((a->flags ^ b->flags) & POLICY_ROW_GONE) != 0)
		return (b->flags & POLICY_ROW_GONE) != 0;
	if (made(a) != made(b))
		return made(a) > made(b);
	return pol_bytes_cmp(x.data, x.len, y.data, y.len) > 0;
}

static bool
same_who(const struct pol_who *a, const struct pol_who *b)
{
	return pol_bytes_equal(a->name.data, a->name.len, b->name.data, b->name.len) &&
	    pol_bytes_equal(a->type.data, a->type.len, b->type.data, b->type.len);
}

const struct pol_fact *
pol_facts_user(const struct pol_people *w, const struct pol_who *who)
{
	struct pol_facts_at at = pol_facts_begin(w, pol_link_name_hash(w->seed, who));
	const struct pol_fact *best = NULL, *f;
	const struct pol_link *l;

	while ((l = pol_links_next(&at, POL_LINK_NAME)) != NULL) {
		struct pol_facts_at users = pol_facts_begin(w, l->to);

		while ((f = pol_facts_next(&users, POLICY_ROW_USER)) != NULL) {
			struct pol_who named = pol_adopt_who(f);

			if (same_who(&named, who) && (best == NULL || pol_facts_better(f, best)))
				best = f;
		}
	}
	return best;
}

const struct pol_fact *
pol_facts_owned(const struct pol_people *w, uint64_t owner, uint32_t k)
{
	struct pol_facts_at at = pol_facts_begin(w, pol_link_owned_hash(owner, k));
	const struct pol_link *l;
	const struct pol_fact *f;

	while ((l = pol_links_next(&at, POL_LINK_OWNED)) != NULL) {
		struct pol_facts_at grants = pol_facts_begin(w, l->to);

		while ((f = pol_facts_next(&grants, POLICY_ROW_GRANT)) != NULL) {
			if (f->place == k && pol_fact_hash(w->seed, POLICY_ROW_USER, pol_fact_text(f, POL_TEXT_OWNER)) == owner)
				return f;
		}
	}
	return NULL;
}

int
pol_facts_each(const struct pol_people *w, pol_facts_fn *fn, void *ctx)
{
	size_t count = (size_t)1 << w->facts.depth;
	int rc = 0;

	for (size_t i = 0; w->facts.count != 0 && i < count; ) {
		const struct pol_page *page = pol_place_page(w->facts.places[i]);

		i += (size_t)1 << (w->facts.depth - page->depth);
		for (size_t k = 0; k >> page->slot_bits == 0; k++) {
			const struct pol_fact *f = POL_AT(page, (size_t)(page->slots[k] & POL_SLOT_AT) << 3);

			if (page->slots[k] == 0 || f->kind >= POL_LINK_NAME)
				continue;
			rc = fn(ctx, f);
			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

/* ---- read by others ---- */

static bool
give(const struct pol_fact *f, struct policy_row *out)
{
	if (f == NULL)
		return false;
	pol_fact_read(f, out);
	return true;
}

bool
pol_fact_find(const struct pol_people *w, uint32_t kind, struct policy_text id, struct policy_row *out)
{
	return give(pol_facts_find(w, kind, id), out);
}

bool
pol_fact_user(const struct pol_people *w, struct policy_text type, struct policy_text name, struct policy_row *out)
{
	struct pol_who who = { type, name };

	if (type.data == NULL)
		who.type = policy_text("user");
	return give(pol_facts_user(w, &who), out);
}

/* How long it takes says nothing of where they differ. */
static bool
same_secret(struct policy_text a, struct policy_text b)
{
	volatile uint64_t differ = 0;
	size_t i = 0;

	if (a.len != b.len || a.data == NULL)
		return false;
	for (; i + 8 <= a.len; i += 8) {
		uint64_t x, y;

		memcpy(&x, a.data + i, 8);
		memcpy(&y, b.data + i, 8);
		differ = differ | (x ^ y);
	}
	for (; i < a.len; i++)
		differ = differ | (unsigned char)(a.data[i] ^ b.data[i]);
	return differ == 0;
}

bool
pol_fact_token(const struct pol_people *w, struct policy_text sha256, struct policy_row *out)
{
	struct pol_facts_at at = pol_facts_begin(w, pol_fact_hash(w->seed, POL_LINK_SECRET, sha256));
	const struct pol_fact *best = NULL, *f;
	const struct pol_link *l;

	while ((l = pol_links_next(&at, POL_LINK_SECRET)) != NULL) {
		struct pol_facts_at tokens = pol_facts_begin(w, l->to);

		while ((f = pol_facts_next(&tokens, POLICY_ROW_TOKEN)) != NULL) {
			/* who has two of one secret is told the one that ended: that denies */
			if (same_secret(pol_fact_text(f, POL_TEXT_SECRET), sha256) &&
			    (best == NULL || pol_facts_better(best, f)))
				best = f;
		}
	}
	return give(best, out);
}

enum pol_standing
pol_fact_standing(const struct pol_people *w, const struct policy_row *user)
{
	struct pol_who who = { user->type, user->name };
	const struct pol_holder *h;
	const struct pol_fact *f;
	struct policy_text id;

	if (who.type.data == NULL)
		who.type = policy_text("user");
	h = pol_find_holder(w, pol_who_hash(w->seed, &who), who.type.data, who.type.len, who.name.data, who.name.len);
	if (h != NULL && (h->known & POL_KNOWN_BY_TEXT) != 0)
		return POL_STANDING_SHADOWED;
	f = pol_facts_user(w, &who);
	if (h == NULL || f == NULL || (f->flags & (POLICY_ROW_GONE | POLICY_ROW_OFF)) != 0)
		return POL_STANDING_ENDED;
	id = pol_fact_text(f, POL_TEXT_ID);
	return pol_bytes_equal(id.data, id.len, user->id.data, user->id.len) ? POL_STANDING_GOOD : POL_STANDING_ENDED;
}

struct each {
	uint32_t kind;
	pol_fact_fn *fn;
	void *ctx;
};

static int
tell(void *ctx, const struct pol_fact *f)
{
	const struct each *e = ctx;
	struct policy_row row;

	if (e->kind != 0 && f->kind != e->kind)
		return 0;
	pol_fact_read(f, &row);
	return e->fn(e->ctx, &row);
}

int
pol_fact_each(const struct pol_people *w, uint32_t kind, pol_fact_fn *fn, void *ctx)
{
	struct each e = { kind, fn, ctx };

	return pol_facts_each(w, tell, &e);
}

int
pol_fact_grants(const struct pol_people *w, struct policy_text uid, pol_fact_fn *fn, void *ctx)
{
	uint64_t owner = pol_fact_hash(w->seed, POLICY_ROW_USER, uid);
	struct each e = { POLICY_ROW_GRANT, fn, ctx };
	const struct pol_fact *f;
	int rc = 0;

	for (uint32_t k = 0; rc == 0 && (f = pol_facts_owned(w, owner, k)) != NULL; k++) {
		struct policy_text t = pol_fact_text(f, POL_TEXT_OWNER);

		if (pol_bytes_equal(t.data, t.len, uid.data, uid.len))
			rc = tell(&e, f);
	}
	return rc;
}

uint64_t
pol_fact_count(const struct pol_people *w)
{
	return w->n_facts;
}
