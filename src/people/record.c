/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records out of their parts: one contiguous run of bytes with offsets from its
 * own start, so that a record can be moved between pages by memcpy.
 */
#include <stdlib.h>

#include "people/impl.h"

int
pol_u32_order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

size_t
pol_u32_unique(uint32_t *list, size_t n)
{
	size_t k = 0, i;

	for (i = 1; i < n && list[i - 1] < list[i]; i++)
		continue;
	if (i >= n)			/* as it often is already */
		return n;
	qsort(list, n, sizeof(*list), pol_u32_order);
	for (i = 0; i < n; i++) {
		if (k == 0 || list[k - 1] != list[i])
			list[k++] = list[i];
	}
	return k;
}

int
pol_grant_order(const struct pol_grant_parts *a, const struct pol_grant_parts *b)
{
	if (a->holder != b->holder)
		return a->holder < b->holder ? -1 : 1;
	return (a->role > b->role) - (a->role < b->role);
}

static uint64_t
signature(const uint32_t *list, size_t n)
{
	uint64_t sig = 0;

	for (size_t i = 0; i < n; i++)
		sig |= (uint64_t)1 << (list[i] & 63);
	return sig;
}

/* Room for n rows, aligned; *off counts from base. */
static void *
room(struct pol_buf *buf, size_t base, const void *rows, size_t n, size_t size, size_t align, uint32_t *off)
{
	size_t at;

	if (pol_buf_align(buf, align) != 0 || (at = pol_buf_append(buf, rows, n * size)) == SIZE_MAX)
		return NULL;
	*off = (uint32_t)(at - base);
	return buf->data + at;
}

/* A record's head and what follows it at once: zeros, 8-aligned at both ends. */
static void *
begin(struct pol_buf *buf, size_t bytes, size_t *at)
{
	if ((buf->len & 7) != 0 && pol_buf_align(buf, 8) != 0)
		return NULL;
	*at = pol_buf_append(buf, NULL, (bytes + 7) & ~(size_t)7);
	return *at == SIZE_MAX ? NULL : buf->data + *at;
}

/* What was laid out from `at` on is a record now. */
static int
finish(struct pol_buf *buf, size_t at)
{
	if ((buf->len & 7) != 0 && pol_buf_align(buf, 8) != 0)
		return POLICY_ERR_NOMEM;
	if (buf->len - at > UINT32_MAX)
		return POLICY_ERR_LIMIT;
	((struct pol_record *)(void *)(buf->data + at))->bytes = (uint32_t)(buf->len - at);
	return 0;
}

static int
put_attrs(struct pol_buf *buf, size_t base, const struct policy_attrs *given, const void *attrs, size_t bytes,
    struct pol_span *span)
{
	size_t at;

	if (pol_buf_align(buf, 8) != 0)
		return POLICY_ERR_NOMEM;
	at = buf->len;
	if (given != NULL) {		/* offsets count from the block's own start */
		int rc = pol_encode_attrs(buf, at, given, span);

		span->off = (uint32_t)(at - base);
		return rc;
	}
	if (pol_buf_append(buf, attrs, bytes) == SIZE_MAX)
		return POLICY_ERR_NOMEM;
	span->off = (uint32_t)(at - base);
	return 0;
}

/* Bits of the groups whose numbers are low, as they are given or out of their list,
 * then the list of the others. */
static int
put_groups(struct pol_buf *buf, size_t base, const struct pol_holder_parts *p, struct pol_holder_more *m)
{
	uint64_t *words;
	size_t low = 0;
	uint32_t off;

	words = room(buf, base, p->words, p->n_words, sizeof(*words), 8, &off);
	if (words == NULL)
		return POLICY_ERR_NOMEM;
	m->n_words = (uint32_t)p->n_words;
	for (; p->words == NULL && low < p->n_groups && p->groups[low] >> 6 < p->n_words; low++)
		words[p->groups[low] >> 6] |= (uint64_t)1 << (p->groups[low] & 63);
	for (size_t i = 0; i < p->n_words; i++) {
		m->groups_sig |= words[i];
		m->n_groups += (uint32_t)__builtin_popcountll(words[i]);
	}
	m->groups_sig |= signature(p->groups + low, p->n_groups - low);
	m->n_listed = (uint32_t)(p->n_groups - low);
	m->n_groups += m->n_listed;
	return room(buf, base, p->groups + low, p->n_groups - low, sizeof(uint32_t), 4, &off) == NULL ? POLICY_ERR_NOMEM : 0;
}

static int
put_holder_more(struct pol_buf *buf, size_t base, const struct pol_holder_parts *p, uint32_t *more)
{
	struct pol_holder_more m;
	struct pol_span attrs = { 0, p->n_attrs };
	uint32_t off;
	int rc;

	memset(&m, 0, sizeof(m));
	m.role_sig = signature(p->roles, p->n_roles);
	m.n_roles = (uint32_t)p->n_roles;
	m.n_own = (uint32_t)p->n_own;
	m.n_timed = (uint32_t)p->n_timed;
	m.number = p->ended ? p->id : 0;
	if (room(buf, base, NULL, 1, sizeof(m), 8, more) == NULL)
		return POLICY_ERR_NOMEM;
	rc = put_groups(buf, base, p, &m);
	if (rc != 0)
		return rc;
	if (room(buf, base, p->roles, p->n_roles, sizeof(uint32_t), 4, &off) == NULL ||
	    room(buf, base, p->own, p->n_own, sizeof(uint32_t), 4, &off) == NULL ||
	    room(buf, base, p->timed, p->n_timed, sizeof(*p->timed), 8, &off) == NULL)
		return POLICY_ERR_NOMEM;
	rc = put_attrs(buf, base, p->given, p->attrs, p->attrs_bytes, &attrs);
	m.n_attrs = attrs.n;
	if (rc == 0)
		memcpy(buf->data + base + *more, &m, sizeof(m));
	return rc;
}

int
pol_record_holder(struct pol_buf *buf, const struct pol_holder_parts *p, size_t *at)
{
	struct pol_holder *h;
	uint32_t more = 0;
	int rc = 0;

	if (p->type.len > UINT16_MAX || p->name.len > UINT16_MAX)
		return POLICY_ERR_LIMIT;
	h = begin(buf, offsetof(struct pol_holder, text) + p->type.len + p->name.len, at);
	if (h == NULL)
		return POLICY_ERR_NOMEM;
	h->hash = p->hash;
	h->id = p->ended ? POL_HOLDER_ENDED : p->id;
	h->known = (uint8_t)p->known;
	h->type_len = (uint16_t)p->type.len;
	h->name_len = (uint16_t)p->name.len;
	memcpy(h->text, p->type.data, p->type.len);
	if (p->name.len != 0)
		memcpy(h->text + p->type.len, p->name.data, p->name.len);
	if (p->n_words + p->n_groups + p->n_roles + p->n_own + p->n_timed + p->n_attrs + p->ended != 0 || p->given != NULL) {
		rc = put_holder_more(buf, *at, p, &more);
		if (rc == 0)
			((struct pol_holder *)(void *)(buf->data + *at))->more = more;
	}
	return rc != 0 ? rc : finish(buf, *at);
}

/* Windows of a sorted list of grants: each distinct neighbour once, and which is whose. */
static int
put_windows(struct pol_buf *buf, size_t base, const struct pol_grant_parts *g, size_t n,
    uint32_t *window_of, uint32_t *windows)
{
	const struct pol_window *last = NULL;
	uint32_t count = 0, off;

	if (room(buf, base, NULL, n, sizeof(uint32_t), 8, window_of) == NULL || pol_buf_align(buf, 8) != 0)
		return POLICY_ERR_NOMEM;
	*windows = (uint32_t)(buf->len - base);
	for (size_t i = 0; i < n; i++) {
		if (g[i].window == NULL)
			continue;
		if (last == NULL || memcmp(last, g[i].window, sizeof(*last)) != 0) {
			last = g[i].window;
			if (room(buf, base, last, 1, sizeof(*last), 8, &off) == NULL)
				return POLICY_ERR_NOMEM;
			count++;
		}
		memcpy(buf->data + base + *window_of + i * sizeof(count), &count, sizeof(count));
	}
	return 0;
}

static bool
has_window(const struct pol_grant_parts *g, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (g[i].window != NULL)
			return true;
	}
	return false;
}

static int
put_parents(struct pol_buf *buf, size_t base, const struct pol_thing_parts *p, struct pol_span *out)
{
	struct pol_parent row;
	int rc = 0;

	out->n = (uint32_t)p->n_parents;
	if (room(buf, base, NULL, p->n_rows, sizeof(row), 8, &out->off) == NULL)
		return POLICY_ERR_NOMEM;
	for (size_t i = 0; rc == 0 && i < p->n_rows; i++) {
		memset(&row, 0, sizeof(row));
		row.type = p->parents[i].type;
		row.hash = p->parents[i].hash;
		rc = pol_encode_text(buf, base, p->parents[i].id.data, p->parents[i].id.len, &row.id);
		if (rc == 0)
			memcpy(buf->data + base + out->off + i * sizeof(row), &row, sizeof(row));
	}
	return rc;
}

static int
put_thing_more(struct pol_buf *buf, size_t base, const struct pol_thing_parts *p, bool timed, uint32_t *more)
{
	struct pol_thing_more m;
	int rc = 0;

	memset(&m, 0, sizeof(m));
	for (size_t i = 0; i < p->n_grants; i++)
		m.sig |= (uint64_t)1 << (p->grants[i].holder & 63);
	if (room(buf, base, NULL, 1, sizeof(m), 8, more) == NULL)
		return POLICY_ERR_NOMEM;
	if (timed)
		rc = put_windows(buf, base, p->grants, p->n_grants, &m.window_of, &m.windows);
	m.attrs.n = p->n_attrs;
	if (rc == 0 && (p->given != NULL || p->n_attrs != 0))
		rc = put_attrs(buf, base, p->given, p->attrs, p->attrs_bytes, &m.attrs);
	m.n_above = p->n_above;
	if (rc == 0 && p->n_parents != 0)
		rc = put_parents(buf, base, p, &m.parents);
	if (rc == 0)
		memcpy(buf->data + base + *more, &m, sizeof(m));
	return rc;
}

int
pol_record_thing(struct pol_buf *buf, const struct pol_thing_parts *p, size_t *at)
{
	bool timed = has_window(p->grants, p->n_grants);
	size_t head = (offsetof(struct pol_thing, id) + p->id.len + 3) & ~(size_t)3;
	struct pol_grant *rows;
	struct pol_thing *t;
	uint32_t more = 0;
	int rc = 0;

	if (p->id.len > UINT32_MAX - head || p->n_grants > UINT32_MAX)
		return POLICY_ERR_LIMIT;
	t = begin(buf, head + p->n_grants * sizeof(*rows), at);
	if (t == NULL)
		return POLICY_ERR_NOMEM;
	t->hash = p->hash;
	t->type = p->type;
	t->id_len = (uint32_t)p->id.len;
	t->n_grants = (uint32_t)p->n_grants;
	t->has_parent = p->has_parent;
	t->inherit = (uint8_t)p->inherit;
	if (p->id.len != 0)
		memcpy(t->id, p->id.data, p->id.len);
	rows = (struct pol_grant *)(void *)((char *)t + head);
	for (size_t i = 0; i < p->n_grants; i++)
		rows[i] = (struct pol_grant){ p->grants[i].holder, p->grants[i].role };
	if (timed || p->n_grants > POL_FEW_GRANTS || p->given != NULL || p->n_attrs != 0 || p->n_parents != 0) {
		rc = put_thing_more(buf, *at, p, timed, &more);
		if (rc == 0)
			((struct pol_thing *)(void *)(buf->data + *at))->more = more;
	}
	return rc != 0 ? rc : finish(buf, *at);
}

static int
put_whole(struct pol_buf *buf, const struct pol_grant_parts *g, size_t n, struct pol_type_grants *t)
{
	struct pol_grant *rows = room(buf, 0, NULL, n, sizeof(*rows), 8, &t->whole.off);

	t->whole.n = (uint32_t)n;
	if (rows == NULL)
		return POLICY_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		rows[i] = (struct pol_grant){ g[i].holder, g[i].role };
		t->sig |= (uint64_t)1 << (g[i].holder & 63);
	}
	return has_window(g, n) ? put_windows(buf, 0, g, n, &t->window_of, &t->windows) : 0;
}

static int
put_globs(struct pol_buf *buf, const struct pol_grant_parts *g, size_t n, struct pol_type_grants *t)
{
	uint32_t window_of;
	int rc = put_windows(buf, 0, g, n, &window_of, &t->glob_windows.off);

	t->glob_windows.n = (uint32_t)((buf->len - t->glob_windows.off) / sizeof(struct pol_window));
	t->globs.n = (uint32_t)n;
	if (rc == 0 && room(buf, 0, NULL, n, sizeof(struct pol_glob_grant), 8, &t->globs.off) == NULL)
		rc = POLICY_ERR_NOMEM;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct pol_glob_grant row = { g[i].holder, g[i].role, 0, { 0, 0 } };

		memcpy(&row.window, buf->data + window_of + i * sizeof(row.window), sizeof(row.window));
		rc = pol_encode_text(buf, 0, g[i].glob.data, g[i].glob.len, &row.glob);
		if (rc == 0)
			memcpy(buf->data + t->globs.off + i * sizeof(row), &row, sizeof(row));
	}
	return rc;
}

int
pol_record_type_grants(struct pol_type_grants **out, const struct pol_grant_parts *whole, size_t n_whole,
    const struct pol_grant_parts *globs, size_t n_globs)
{
	struct pol_type_grants t;
	struct pol_buf buf;
	int rc;

	*out = NULL;
	if (n_whole == 0 && n_globs == 0)
		return 0;
	memset(&t, 0, sizeof(t));
	pol_buf_init(&buf);
	rc = pol_buf_append(&buf, NULL, sizeof(t)) == SIZE_MAX ? POLICY_ERR_NOMEM : 0;
	if (rc == 0)
		rc = put_whole(&buf, whole, n_whole, &t);
	if (rc == 0 && n_globs != 0)
		rc = put_globs(&buf, globs, n_globs, &t);
	if (rc == 0 && buf.len > UINT32_MAX)
		rc = POLICY_ERR_LIMIT;
	if (rc != 0) {
		pol_buf_fini(&buf);
		return rc;
	}
	t.bytes = buf.len;
	memcpy(buf.data, &t, sizeof(t));
	*out = (struct pol_type_grants *)(void *)buf.data;	/* the block is the caller's now */
	return 0;
}
