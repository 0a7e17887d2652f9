/* SPDX-License-Identifier: Apache-2.0 */
#include "api/seek.h"

#include "base/name.h"

/* ---- dictionaries of people ---- */

struct walk {
	const void *type;		/* struct policy_text of a holder, uint32_t of a thing */
	pol_seek_fn *fn;
	void *ctx;
};

typedef int record_fn(const struct walk *w, const void *record);

static int
each_record(const struct pol_dir *d, record_fn *fn, const struct walk *w)
{
	const size_t places = (size_t)1 << d->depth;
	int rc = 0;

	for (size_t i = 0; d->count != 0 && i < places; ) {
		const struct pol_page *page = pol_place_page(d->places[i]);

		i += (size_t)1 << (d->depth - page->depth);
		for (size_t k = 0; rc == 0 && k >> page->slot_bits == 0; k++) {
			if (page->slots[k] != 0)
				rc = fn(w, POL_AT(page, (size_t)(page->slots[k] & POL_SLOT_AT) << 3));
		}
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Not a group, not TYPE:*, and nobody who is denied all. */
static int
tell_holder(const struct walk *w, const void *record)
{
	const struct pol_holder *h = record;
	const struct policy_text *type = w->type;
	const struct policy_text name = { pol_holder_name(h), h->name_len };

	if (h->id < POL_HOLDER_SUBJECT || !pol_bytes_equal(h->text, h->type_len, type->data, type->len) ||
	    pol_bytes_equal(name.data, name.len, "*", 1))
		return 0;
	return w->fn(w->ctx, name);
}

static int
tell_thing(const struct walk *w, const void *record)
{
	const struct pol_thing *t = record;
	const uint32_t *type = w->type;

	return t->type == *type ? w->fn(w->ctx, (struct policy_text){ t->id, t->id_len }) : 0;
}

static int
stored_things(const struct pol_engine *e, uint32_t type, pol_seek_fn *fn, void *ctx)
{
	const struct walk w = { &type, fn, ctx };

	return each_record(&e->people->things, tell_thing, &w);
}

/* ---- patterns of entries ---- */

/* Of entries that are found by the thing. */
static int
anchors(const struct pol_program *p, uint32_t type, pol_seek_fn *fn, void *ctx)
{
	const uint64_t *slots = POL_AT(p, p->anchor_ids.off);
	int rc = 0;

	for (size_t i = 0; rc == 0 && p->anchors.n != 0 && i <= p->anchor_ids.mask; i++) {
		const struct pol_anchor *a = POL_AT(p, (uint32_t)slots[i]);

		if (slots[i] != 0 && a->type == type)
			rc = fn(ctx, (struct policy_text){ (const char *)(a + 1), a->len });
	}
	return rc;
}

/* Of the others. */
static int
patterns(const struct pol_program *p, uint32_t type, pol_seek_fn *fn, void *ctx)
{
	const struct pol_body *bodies = POL_AT(p, p->bodies.off);
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < p->bodies.n; i++) {
		const struct pol_pattern *list = POL_AT(p, bodies[i].patterns.off);

		for (uint32_t k = 0; rc == 0 && k < bodies[i].patterns.n; k++) {
			if (list[k].type == type && list[k].kind == POL_PAT_LITERAL)
				rc = fn(ctx, (struct policy_text){ pol_str_at(p, list[k].text), list[k].text.len });
		}
	}
	return rc;
}

/* ---- what is known ---- */

int
pol_seek_subjects(const struct pol_engine *e, struct policy_text type, pol_seek_fn *fn, void *ctx)
{
	const struct walk w = { &type, fn, ctx };
	uint64_t hash;
	uint32_t thing = pol_find_type(e->program, type.data, type.len, &hash);
	int rc = each_record(&e->people->holders, tell_holder, &w);

	return rc == 0 && thing != POL_NONE ? stored_things(e, thing, fn, ctx) : rc;
}

int
pol_seek_things(const struct pol_engine *e, struct policy_text type, pol_seek_fn *fn, void *ctx)
{
	uint64_t hash;
	uint32_t number = pol_find_type(e->program, type.data, type.len, &hash);
	int rc;

	if (number == POL_NONE)
		return 0;
	rc = stored_things(e, number, fn, ctx);
	if (rc == 0)
		rc = anchors(e->program, number, fn, ctx);
	return rc == 0 ? patterns(e->program, number, fn, ctx) : rc;
}

int
pol_seek_actions(const struct pol_engine *e, pol_seek_fn *fn, void *ctx)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < e->program->actions.n; i++) {
		struct pol_str key = pol_action_key(e->program, i);

		rc = fn(ctx, (struct policy_text){ pol_str_at(e->program, key), key.len });
	}
	return rc;
}

/* ---- how many ---- */

struct counts {
	uint64_t *users, *grants;
};

static int
count_holder(const struct walk *w, const void *record)
{
	const struct pol_holder *h = record;
	const struct pol_holder_more *m = pol_holder_more(h);
	const struct counts *c = w->ctx;

	*c->users += h->id >= POL_HOLDER_SUBJECT && (h->known & POL_KNOWN_BY_NAME) != 0;
	*c->grants += m->n_own + m->n_timed;
	return 0;
}

static int
count_thing(const struct walk *w, const void *record)
{
	const struct pol_thing *t = record;
	const struct counts *c = w->ctx;

	*c->grants += t->n_grants;
	return 0;
}

void
pol_seek_count(const struct pol_engine *e, uint64_t *users, uint64_t *grants)
{
	const struct pol_people *p = e->people;
	struct counts c = { users, grants };
	const struct walk w = { NULL, NULL, &c };

	*users = 0;
	*grants = p->anywhere != NULL ? (uint64_t)p->anywhere->whole.n + p->anywhere->globs.n : 0;
	for (uint32_t i = 0; i < p->n_types; i++) {
		if (p->by_type[i] != NULL)
			*grants += (uint64_t)p->by_type[i]->whole.n + p->by_type[i]->globs.n;
	}
	each_record(&p->holders, count_holder, &w);
	each_record(&p->things, count_thing, &w);
}
