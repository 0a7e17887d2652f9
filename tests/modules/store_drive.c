/* SPDX-License-Identifier: Apache-2.0 */
/* Tools of the suite of stores. */
#include "tests/modules/store_env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned passed, failed;

int
store_check(int holds, const char *what, const char *file, int line)
{
	if (holds)
		passed++;
	else if (failed++ < 20)
		printf("failed: %s:%d: %s\n", file, line, what);
	return holds;
}

int
store_finish(void)
{
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0 || passed == 0;
}

static const size_t texts[] = {
	offsetof(struct policy_row, source), offsetof(struct policy_row, id), offsetof(struct policy_row, type),
	offsetof(struct policy_row, name), offsetof(struct policy_row, owner), offsetof(struct policy_row, org),
	offsetof(struct policy_row, by), offsetof(struct policy_row, secret), offsetof(struct policy_row, resource),
	offsetof(struct policy_row, list), offsetof(struct policy_row, attributes),
};

#define TEXTS (sizeof(texts) / sizeof(texts[0]))

static struct policy_text *
text_at(const struct policy_row *r, size_t i)
{
	return (struct policy_text *)(void *)((char *)(uintptr_t)r + texts[i]);
}

static void
log_line(void *ctx, enum policy_log_level level, const char *text)
{
	(void)ctx;
	(void)level;
	if (getenv("STORE_LOG") != NULL)
		fprintf(stderr, "log: %s\n", text);
}

static int
open_as(struct store *s, const char *url, uint32_t flags)
{
	const struct policy_store_args args = {
		.size = sizeof(args), .flags = flags, .url = policy_text(url), .log = log_line,
	};

	memset(s, 0, sizeof(*s));
	s->err = (struct policy_error)POLICY_ERROR_INIT;
	return policy_store_1.open(&s->state, &args, &s->err);
}

int
store_open(struct store *s, const char *url)
{
	return open_as(s, url, 0);
}

int
store_open_reading(struct store *s, const char *url)
{
	return open_as(s, url, POLICY_STORE_READ_ONLY);
}

void
store_close(struct store *s)
{
	if (s->state != NULL)
		policy_store_1.close(s->state);
	s->state = NULL;
}

int
store_apply(struct store *s, const struct policy_row *rows, size_t n)
{
	s->err = (struct policy_error)POLICY_ERROR_INIT;
	return policy_store_1.apply(s->state, rows, n, &s->since, &s->err);
}

static int
ignore(void *ctx, const struct policy_row *r)
{
	(void)ctx;
	(void)r;
	return 0;
}

int
store_apply_hard(struct store *s, const struct policy_row *rows, size_t n)
{
	for (int again = 0;; again++) {
		int rc = store_apply(s, rows, n);

		if (rc == 0)
			return again;
		if (rc != POLICY_ERR_AGAIN)
			return rc;
		rc = policy_store_1.changes(s->state, &s->since, ignore, NULL, &s->err);
		if (rc != 0)
			return rc;
	}
}

static int
keep(void *ctx, const struct policy_row *r)
{
	struct seen *seen = ctx;
	struct policy_row *to;

	if (seen->stop_at > 0 && seen->n + 1 == (size_t)seen->stop_at)
		return POLICY_ERR_UNSUPPORTED;
	if ((seen->n & (seen->n + 1)) == 0)
		seen->rows = realloc(seen->rows, (2 * seen->n + 2) * sizeof(*seen->rows));
	to = &seen->rows[seen->n++];
	*to = *r;
	for (size_t i = 0; i < TEXTS; i++) {
		struct policy_text *t = text_at(to, i);
		char *copy = t->data != NULL ? malloc(t->len + 1) : NULL;

		if (copy != NULL)
			memcpy(copy, t->data, t->len);
		t->data = copy;
	}
	return 0;
}

int
store_changes(struct store *s, struct seen *seen)
{
	s->err = (struct policy_error)POLICY_ERROR_INIT;
	return policy_store_1.changes(s->state, &s->since, keep, seen, &s->err);
}

void
seen_drop(struct seen *seen)
{
	for (size_t i = 0; i < seen->n; i++) {
		for (size_t k = 0; k < TEXTS; k++)
			free((char *)(uintptr_t)text_at(&seen->rows[i], k)->data);
	}
	free(seen->rows);
	memset(seen, 0, sizeof(*seen));
}

int
row_same(const struct policy_row *a, const struct policy_row *b)
{
	if (a->kind != b->kind || a->flags != b->flags || a->number != b->number || a->until_ns != b->until_ns ||
	    a->made_ns != b->made_ns || a->from_ns != b->from_ns)
		return 0;
	for (size_t i = 0; i < TEXTS; i++) {
		const struct policy_text *x = text_at(a, i), *y = text_at(b, i);

		if (x->len != y->len || (x->data == NULL) != (y->data == NULL) ||
		    (x->len > 0 && memcmp(x->data, y->data, x->len) != 0))
			return 0;
	}
	return 1;
}

void
row_make(struct policy_row *r, struct room *room, uint32_t kind, const char *id, unsigned n)
{
	*r = (struct policy_row)POLICY_ROW_INIT;
	room->used = 0;
	for (size_t i = 0; i < TEXTS; i++) {
		char *to = room->bytes + room->used;

		if (texts[i] == offsetof(struct policy_row, id))
			sprintf(to, "%s", id);
		else if ((n >> i) % 3 == 0)
			continue;	/* absent */
		else if ((n >> i) % 3 == 1)
			to[0] = '\0';
		else
			sprintf(to, "%zu-%u \xc3\xa4'\"\\%%;\n\t{}", i, n);
		*text_at(r, i) = policy_text(to);
		room->used += strlen(to) + 1;
	}
	r->kind = kind;
	r->flags = n & 0x7e;
	r->number = n;
	r->made_ns = INT64_C(1700000000000000000) + n;
	r->from_ns = -(int64_t)n;
	r->until_ns = n % 2 != 0 ? INT64_MAX - n : 0;
}
