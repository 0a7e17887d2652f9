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
	size_t k = 0;

	if (n > 1)
		qsort(list, n, sizeof(*list), pol_u32_order);
	for (size_t i = 0; i < n; i++) {
		if (k == 0 || list[k - 1] != list[i])
			list[k++] = list[i];
	}
	return k;
}

int
pol_grant_order(const void *a, const void *b)
{
	const struct pol_grant_parts *x = a, *y = b;

	if (x->holder != y->holder)
		return x->holder < y->holder ? -1 : 1;
	return (x->role > y->role) - (x->role < y->role);
}

static uint64_t
signature(const uint32_t *list, size_t n)
{
	uint64_t sig = 0;

	for (size_t i = 0; i < n; i++)
		sig |= (uint64_t)1 << (list[i] & 63);
	return sig;
}

/* Appends rows and gives their span; nothing is an empty span. */
static int
put(struct pol_buf *buf, size_t base, const void *rows, size_t n, size_t size, struct pol_span *out)
{
	size_t at;

	out->off = 0;
	out->n = (uint32_t)n;
	if (n == 0)
		return 0;
	if (pol_buf_align(buf, 8) != 0 || (at = pol_buf_append(buf, rows, n * size)) == SIZE_MAX)
		return POLICY_ERR_NOMEM;
	out->off = (uint32_t)(at - base);
	return 0;
}

/* The attribute block is copied whole: its offsets count from its own start. */
static int
put_attrs(struct pol_buf *buf, size_t base, const void *attrs, size_t bytes, uint32_t n, struct pol_span *out)
{
	int rc = put(buf, base, attrs, bytes, 1, out);

	out->n = n;
	return rc;
}

static int
finish(struct pol_buf *buf, size_t base, void *head, size_t size)
{
	uint32_t bytes;

	if (pol_buf_align(buf, 8) != 0)
		return POLICY_ERR_NOMEM;
	if (buf->len - base > UINT32_MAX)
		return POLICY_ERR_LIMIT;
	bytes = (uint32_t)(buf->len - base);
	memcpy(head, &bytes, sizeof(bytes));
	memcpy(buf->data + base, head, size);
	return 0;
}

static int
begin(struct pol_buf *buf, size_t size, size_t *at)
{
	if (pol_buf_align(buf, 8) != 0 || (*at = pol_buf_append(buf, NULL, size)) == SIZE_MAX)
		return POLICY_ERR_NOMEM;
	return 0;
}

int
pol_record_holder(struct pol_buf *buf, const struct pol_holder_parts *p, size_t *at)
{
	struct pol_holder h;
	int rc;

	memset(&h, 0, sizeof(h));
	h.id = p->id;
	h.hash = p->hash;
	h.known = p->known;
	h.closure_sig = signature(p->closure, p->n_closure);
	h.role_sig = signature(p->roles, p->n_roles);
	rc = begin(buf, sizeof(h), at);
	if (rc == 0)
		rc = pol_encode_text(buf, *at, p->type.data, p->type.len, &h.type);
	if (rc == 0)
		rc = pol_encode_text(buf, *at, p->name.data, p->name.len, &h.name);
	if (rc == 0)
		rc = put(buf, *at, p->closure, p->n_closure, sizeof(uint32_t), &h.closure);
	if (rc == 0)
		rc = put(buf, *at, p->roles, p->n_roles, sizeof(uint32_t), &h.roles);
	if (rc == 0)
		rc = put(buf, *at, p->own, p->n_own, sizeof(uint32_t), &h.own);
	if (rc == 0)
		rc = put(buf, *at, p->timed, p->n_timed, sizeof(*p->timed), &h.timed);
	if (rc == 0)
		rc = put_attrs(buf, *at, p->attrs, p->attrs_bytes, p->n_attrs, &h.attrs);
	return rc != 0 ? rc : finish(buf, *at, &h, sizeof(h));
}

/* Windows of a sorted list of grants: each distinct neighbour once. */
static int
put_windows(struct pol_buf *buf, size_t base, const struct pol_grant_parts *g, size_t n,
    uint32_t *index, struct pol_span *out)
{
	const struct pol_window *last = NULL;
	uint32_t count = 0;

	out->off = out->n = 0;
	if (pol_buf_align(buf, 8) != 0)
		return POLICY_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		size_t at;

		index[i] = 0;
		if (!g[i].timed)
			continue;
		if (last == NULL || pol_time_cmp(last->from, g[i].window.from) != 0 ||
		    pol_time_cmp(last->until, g[i].window.until) != 0) {
			last = &g[i].window;
			at = pol_buf_append(buf, last, sizeof(*last));
			if (at == SIZE_MAX)
				return POLICY_ERR_NOMEM;
			if (count++ == 0)
				out->off = (uint32_t)(at - base);
		}
		index[i] = count;
	}
	out->n = count;
	return 0;
}

static int
put_grants(struct pol_buf *buf, size_t base, const struct pol_grant_parts *g, size_t n, struct pol_grants *out)
{
	uint32_t *index = NULL;
	size_t at;
	int rc;

	memset(out, 0, sizeof(*out));
	if (n == 0)
		return 0;
	index = calloc(n, sizeof(*index));
	if (index == NULL)
		return POLICY_ERR_NOMEM;
	rc = put_windows(buf, base, g, n, index, &out->windows);
	if (rc != 0)
		goto done;
	at = pol_buf_append(buf, NULL, n * sizeof(struct pol_grant));
	if (at == SIZE_MAX) {
		rc = POLICY_ERR_NOMEM;
		goto done;
	}
	out->list = (struct pol_span){ (uint32_t)(at - base), (uint32_t)n };
	for (size_t i = 0; i < n; i++) {
		struct pol_grant row = { g[i].holder, g[i].role, index[i] };

		memcpy(buf->data + at + i * sizeof(row), &row, sizeof(row));
		out->sig |= (uint64_t)1 << (row.holder & 63);
	}
done:
	free(index);
	return rc;
}

static int
put_parents(struct pol_buf *buf, size_t base, const struct pol_thing_parts *p, struct pol_span *out)
{
	struct pol_parent row;
	int rc = put(buf, base, NULL, p->n_parents, sizeof(row), out);

	for (size_t i = 0; rc == 0 && i < p->n_parents; i++) {
		memset(&row, 0, sizeof(row));
		row.type = p->parents[i].type;
		row.hash = p->parent_hashes[i];
		rc = pol_encode_text(buf, base, p->parents[i].id.data, p->parents[i].id.len, &row.id);
		if (rc == 0)
			memcpy(buf->data + base + out->off + i * sizeof(row), &row, sizeof(row));
	}
	return rc;
}

int
pol_record_thing(struct pol_buf *buf, const struct pol_thing_parts *p, size_t *at)
{
	struct pol_thing t;
	int rc;

	memset(&t, 0, sizeof(t));
	t.hash = p->hash;
	t.type = p->type;
	t.has_parent = p->has_parent;
	t.inherit = (uint8_t)p->inherit;
	rc = begin(buf, sizeof(t), at);
	if (rc == 0)
		rc = pol_encode_text(buf, *at, p->id.data, p->id.len, &t.id);
	if (rc == 0)
		rc = put_grants(buf, *at, p->grants, p->n_grants, &t.grants);
	if (rc == 0)
		rc = put_attrs(buf, *at, p->attrs, p->attrs_bytes, p->n_attrs, &t.attrs);
	if (rc == 0)
		rc = put_parents(buf, *at, p, &t.parents);
	return rc != 0 ? rc : finish(buf, *at, &t, sizeof(t));
}

static int
put_globs(struct pol_buf *buf, const struct pol_grant_parts *g, size_t n, struct pol_type_grants *t)
{
	uint32_t *index;
	int rc;

	if (n == 0)
		return 0;
	index = calloc(n, sizeof(*index));
	if (index == NULL)
		return POLICY_ERR_NOMEM;
	rc = put_windows(buf, 0, g, n, index, &t->glob_windows);
	if (rc == 0)
		rc = put(buf, 0, NULL, n, sizeof(struct pol_glob_grant), &t->globs);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct pol_glob_grant row = { g[i].holder, g[i].role, index[i], { 0, 0 } };

		rc = pol_encode_text(buf, 0, g[i].glob.data, g[i].glob.len, &row.glob);
		if (rc == 0)
			memcpy(buf->data + t->globs.off + i * sizeof(row), &row, sizeof(row));
	}
	free(index);
	return rc;
}

int
pol_record_type_grants(struct pol_type_grants **out, struct pol_grant_parts *whole, size_t n_whole,
    struct pol_grant_parts *globs, size_t n_globs)
{
	struct pol_type_grants t;
	struct pol_buf buf;
	int rc;

	*out = NULL;
	if (n_whole == 0 && n_globs == 0)
		return 0;
	if (n_whole > 1)
		qsort(whole, n_whole, sizeof(*whole), pol_grant_order);
	if (n_globs > 1)
		qsort(globs, n_globs, sizeof(*globs), pol_grant_order);
	memset(&t, 0, sizeof(t));
	pol_buf_init(&buf);
	rc = pol_buf_append(&buf, NULL, sizeof(t)) == SIZE_MAX ? POLICY_ERR_NOMEM : 0;
	if (rc == 0)
		rc = put_grants(&buf, 0, whole, n_whole, &t.whole);
	if (rc == 0)
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
