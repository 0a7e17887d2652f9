/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a store, gathered: each is checked for what the ABI says of its sizes, so that
 * nothing behind this file meets a longer one, and packed at once.
 */
#include <stdlib.h>

#include "people/packed.h"

static const struct {
	size_t at, most;
} texts[] = {
	{ offsetof(struct policy_row, source), 255 }, { offsetof(struct policy_row, id), 255 },
	{ offsetof(struct policy_row, type), 255 }, { offsetof(struct policy_row, name), 255 },
	{ offsetof(struct policy_row, owner), 255 }, { offsetof(struct policy_row, org), 255 },
	{ offsetof(struct policy_row, by), 255 }, { offsetof(struct policy_row, secret), 511 },
	{ offsetof(struct policy_row, resource), 1100 }, { offsetof(struct policy_row, list), 8192 },
	{ offsetof(struct policy_row, attributes), 16384 },
};

void
pol_rows_init(struct pol_rows *rows)
{
	memset(rows, 0, sizeof(*rows));
	pol_arena_init(&rows->arena);
}

void
pol_rows_fini(struct pol_rows *rows)
{
	pol_arena_fini(&rows->arena);
	free(rows->list);
	pol_rows_init(rows);
}

static int
check(const struct policy_row *r)
{
	if (r == NULL || r->size < sizeof(*r))
		return POLICY_ERR_ABI;
	if (r->kind < POLICY_ROW_REVOCATION || r->kind > POLICY_ROW_TOKEN)
		return POLICY_ERR_UNSUPPORTED;
	if (r->id.data == NULL || r->id.len == 0)
		return POLICY_ERR_INVALID;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct policy_text t;

		memcpy(&t, (const char *)r + texts[i].at, sizeof(t));
		if (t.len > texts[i].most || (t.data == NULL && t.len != 0) ||
		    (t.len != 0 && memchr(t.data, '\0', t.len) != NULL))
			return POLICY_ERR_INVALID;
	}
	return 0;
}

int
pol_rows_add(struct pol_rows *rows, const struct policy_row *r)
{
	struct pol_fact *f;
	int rc = check(r);

	if (rc != 0)
		return rc;
	if (rows->n == rows->cap) {
		size_t cap = rows->cap == 0 ? 16 : rows->cap * 2;
		const struct pol_fact **list = realloc(rows->list, cap * sizeof(*list));

		if (list == NULL)
			return POLICY_ERR_NOMEM;
		rows->list = list;
		rows->cap = cap;
	}
	f = pol_arena_alloc(&rows->arena, pol_fact_pack(r, NULL));
	if (f == NULL)
		return POLICY_ERR_NOMEM;
	pol_fact_pack(r, f);
	rows->list[rows->n++] = f;
	return 0;
}

void
pol_rows_get(const struct pol_rows *rows, size_t i, struct policy_row *out)
{
	pol_fact_read(rows->list[i], out);
}
