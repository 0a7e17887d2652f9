/* SPDX-License-Identifier: Apache-2.0 */
/* What has no name of its own is written in the order of its own text. */
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "compile/dump.h"

void
pol_dump_pieces_init(struct pol_dump_pieces *p)
{
	pol_buf_init(&p->text);
	pol_buf_init(&p->ends);
}

void
pol_dump_pieces_end(struct pol_dump_pieces *p)
{
	pol_buf_append(&p->ends, &p->text.len, sizeof(p->text.len));
}

static int
compare(const void *a, const void *b)
{
	const struct policy_text *x = a, *y = b;

	return pol_bytes_cmp(x->data, x->len, y->data, y->len);
}

static void
write_sorted(struct pol_dump *d, struct pol_dump_pieces *p, struct pol_buf *out,
    bool unique, const char *between)
{
	const size_t *ends = (const void *)p->ends.data;
	size_t i, from = 0, n = p->ends.len / sizeof(*ends);
	struct policy_text *list = pol_arena_array(&d->arena, n, sizeof(*list));

	if (list == NULL) {
		d->failed = true;
		return;
	}
	for (i = 0; i < n; from = ends[i++]) {
		list[i].data = p->text.data + from;
		list[i].len = ends[i] - from;
	}
	if (n > 1)
		qsort(list, n, sizeof(*list), compare);
	for (i = 0; i < n; i++) {
		if (unique && i > 0 && compare(&list[i - 1], &list[i]) == 0)
			continue;
		if (i > 0)
			pol_buf_append(out, between, strlen(between));
		pol_buf_append(out, list[i].data, list[i].len);
	}
}

void
pol_dump_pieces_fini(struct pol_dump *d, struct pol_dump_pieces *p, struct pol_buf *out,
    bool unique, const char *between)
{
	if (p->text.failed || p->ends.failed)
		d->failed = true;
	else
		write_sorted(d, p, out, unique, between);
	pol_buf_fini(&p->text);
	pol_buf_fini(&p->ends);
}
