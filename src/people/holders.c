/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of holders: closes each over the groups it is in, and its roles over
 * those groups and over what roles include. Circles of groups end.
 */
#include "people/builder.h"

void
pol_work_add_roles(struct pol_work *w, size_t row)
{
	const uint64_t *own = w->b->own.data;

	for (size_t i = w->own_start[row]; i < w->own_start[row + 1]; i++) {
		uint32_t role = (uint32_t)own[i], n;
		const uint32_t *ids = pol_role_closure(w->b->program, &role, &n);

		pol_buf_append(&w->roles, ids, n * sizeof(uint32_t));
	}
}

/* closure: the row and every group it is in; roles: all they hold. Circles end. */
static int
close_row(struct pol_work *w, uint32_t row)
{
	const struct pol_bholder *h = w->b->holders.data;
	const uint64_t *members = w->b->members.data;
	size_t head = 0, tail = 0;

	w->closure.len = w->roles.len = 0;
	w->queue[tail++] = row;
	w->stamp[row] = row + 1;
	while (head < tail) {
		uint32_t x = w->queue[head++];

		pol_buf_append(&w->closure, &h[x].id, sizeof(uint32_t));
		pol_work_add_roles(w, x);
		for (size_t i = w->member_start[x]; i < w->member_start[x + 1]; i++) {
			uint32_t g = (uint32_t)members[i];

			if (w->stamp[g] != row + 1) {
				w->stamp[g] = row + 1;
				w->queue[tail++] = g;
			}
		}
	}
	return w->closure.failed || w->roles.failed ? POLICY_ERR_NOMEM : 0;
}

static uint32_t *
words(struct pol_buf *b)
{
	return (uint32_t *)(void *)b->data;
}

static int
own_list(struct pol_work *w, size_t row, struct pol_buf *out)
{
	const uint64_t *own = w->b->own.data;

	out->len = 0;
	for (size_t i = w->own_start[row]; i < w->own_start[row + 1]; i++) {
		uint32_t role = (uint32_t)own[i];

		if (pol_buf_append(out, &role, sizeof(role)) == SIZE_MAX)
			return POLICY_ERR_NOMEM;
	}
	return 0;
}

/* The windowed roles of a row: a slice of the sorted list. */
static int
timed_list(struct pol_work *w, size_t row, size_t *from)
{
	const struct pol_bgrant *g = w->b->timed.data;

	w->timed_rows.len = 0;
	while (*from < w->b->timed.n && g[*from].on < row)
		(*from)++;
	for (size_t i = *from; i < w->b->timed.n && g[i].on == row; i++) {
		struct pol_timed t;

		memset(&t, 0, sizeof(t));
		t.role = g[i].parts.role;
		t.window = g[i].parts.window;
		if (pol_buf_append(&w->timed_rows, &t, sizeof(t)) == SIZE_MAX)
			return POLICY_ERR_NOMEM;
	}
	return 0;
}

static int
holder_record(struct pol_work *w, uint32_t row, struct pol_buf *own, size_t *timed_from, size_t *at)
{
	const struct pol_bholder *h = (const struct pol_bholder *)w->b->holders.data + row;
	struct pol_holder_parts p;
	int rc = close_row(w, row);

	if (rc == 0)
		rc = own_list(w, row, own);
	if (rc == 0)
		rc = timed_list(w, row, timed_from);
	if (rc != 0)
		return rc;
	memset(&p, 0, sizeof(p));
	p.hash = h->hash;
	p.id = h->id;
	p.known = h->known;
	p.type = h->type;
	p.name = h->name;
	p.closure = words(&w->closure);
	p.n_closure = pol_u32_unique(words(&w->closure), w->closure.len / sizeof(uint32_t));
	p.roles = words(&w->roles);
	p.n_roles = w->roles.len == 0 ? 0 : pol_u32_unique(words(&w->roles), w->roles.len / sizeof(uint32_t));
	p.own = words(own);
	p.n_own = own->len / sizeof(uint32_t);
	p.timed = (const struct pol_timed *)(const void *)w->timed_rows.data;
	p.n_timed = w->timed_rows.len / sizeof(struct pol_timed);
	p.attrs = h->attrs.data;
	p.attrs_bytes = h->attrs.bytes;
	p.n_attrs = h->attrs.n;
	return pol_record_holder(&w->records, &p, at);
}

int
pol_work_holders(struct pol_work *w, size_t *n)
{
	const struct pol_bholder *h = w->b->holders.data;
	size_t timed_from = 0, at;
	struct pol_buf own;
	int rc = 0;

	*n = 0;
	pol_buf_init(&own);
	for (size_t i = 0; rc == 0 && i < w->b->holders.n; i++) {
		if (h[i].type.len == 0)
			continue;
		rc = holder_record(w, (uint32_t)i, &own, &timed_from, &at);
		(*n)++;
	}
	pol_buf_fini(&own);
	return rc;
}
