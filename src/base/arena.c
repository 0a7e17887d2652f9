/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of one load: an arena for nodes that live until its end, and byte
 * buffers that become tables.  malloc may fail at any call here and nowhere
 * else; must never be used when deciding.
 */
#include "base/arena.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <policy.h>

#define HUGE_PAGE ((size_t)2 << 20)
#define HUGE_FROM HUGE_PAGE
#define ALIGN ((size_t)8)
#define FIRST_CHUNK ((size_t)4096)
#define LAST_CHUNK ((size_t)1 << 20)

struct pol_arena_chunk {
	struct pol_arena_chunk *next;
	size_t size;			/* of the bytes behind */
};

_Static_assert(sizeof(struct pol_arena_chunk) % ALIGN == 0, "data behind a chunk's head is aligned");

void *
pol_arena_pages(size_t size)
{
	void *p = NULL;
	int saved = errno;

	if (posix_memalign(&p, size < HUGE_FROM ? POL_LINE : HUGE_PAGE, size) != 0)
		p = NULL;
#ifdef MADV_HUGEPAGE
	if (p != NULL && size >= HUGE_FROM)
		(void)madvise(p, size, MADV_HUGEPAGE);	/* a wish: nothing depends on it */
#endif
	errno = saved;
	return p;
}

void
pol_arena_init(struct pol_arena *a)
{
	memset(a, 0, sizeof(*a));
}

void
pol_arena_fini(struct pol_arena *a)
{
	struct pol_arena_chunk *c = a->chunks, *next;

	for (; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	pol_arena_init(a);
}

static struct pol_arena_chunk *
chunk_new(size_t size)
{
	struct pol_arena_chunk *c;

	/* calloc, not malloc and memset: big chunks come zeroed from the kernel. */
	c = calloc(1, sizeof(*c) + size);
	if (c != NULL)
		c->size = size;
	return c;
}

/* size is a multiple of ALIGN and fits behind a chunk's head. */
static void *
alloc_slow(struct pol_arena *a, size_t size)
{
	size_t want = FIRST_CHUNK;
	struct pol_arena_chunk *c;

	if (a->chunks != NULL && a->chunks->size < LAST_CHUNK)
		want = a->chunks->size < FIRST_CHUNK ? FIRST_CHUNK : a->chunks->size * 2;
	else if (a->chunks != NULL)
		want = LAST_CHUNK;
	/* A big one gets its own chunk, behind the current one: that one's rest
	 * stays in use and the doubling is not thrown off. */
	if (size > want / 2 && a->chunks != NULL) {
		c = chunk_new(size);
		if (c == NULL)
			return NULL;
		c->next = a->chunks->next;
		a->chunks->next = c;
		return c + 1;
	}
	if (size > want)
		want = size;
	c = chunk_new(want);
	if (c == NULL)
		return NULL;
	c->next = a->chunks;
	a->chunks = c;
	a->next = (char *)(c + 1) + size;
	a->end = (char *)(c + 1) + want;
	return c + 1;
}

void *
pol_arena_alloc(struct pol_arena *a, size_t size)
{
	void *p;

	if (size > PTRDIFF_MAX - sizeof(struct pol_arena_chunk) - ALIGN)
		return NULL;
	if (size == 0)			/* still a place of its own */
		size = 1;
	size = (size + ALIGN - 1) & ~(ALIGN - 1);
	if (a->chunks != NULL && size <= (size_t)(a->end - a->next)) {
		p = a->next;
		a->next += size;
	} else {
		p = alloc_slow(a, size);
		if (p == NULL)
			return NULL;
	}
	a->bytes += size;
	return p;
}

void
pol_arena_mark(const struct pol_arena *a, struct pol_arena_mark *m)
{
	m->chunks = a->chunks;
	m->behind = a->chunks != NULL ? a->chunks->next : NULL;
	m->next = a->next;
	m->bytes = a->bytes;
}

void
pol_arena_return(struct pol_arena *a, const struct pol_arena_mark *m)
{
	struct pol_arena_chunk *c = a->chunks, *next;
	char *used = a->next;

	for (; c != m->chunks; c = next) {
		next = c->next;
		free(c);
		used = NULL;
	}
	a->chunks = c;
	a->next = m->next;
	a->bytes = m->bytes;
	a->end = NULL;
	if (c == NULL)
		return;
	/* big ones went behind the one that was current */
	for (; c->next != m->behind; c->next = next) {
		next = c->next->next;
		free(c->next);
	}
	a->end = (char *)(c + 1) + c->size;
	memset(a->next, 0, (size_t)((used != NULL ? used : a->end) - a->next));
}

void *
pol_arena_array(struct pol_arena *a, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		return NULL;
	return pol_arena_alloc(a, n * size);
}

char *
pol_arena_copy(struct pol_arena *a, const void *data, size_t len)
{
	char *p;

	if (len == SIZE_MAX)
		return NULL;
	p = pol_arena_alloc(a, len + 1);
	if (p != NULL && len > 0)
		memcpy(p, data, len);
	return p;
}

void
pol_buf_init(struct pol_buf *b)
{
	memset(b, 0, sizeof(*b));
}

void
pol_buf_fini(struct pol_buf *b)
{
	free(b->data);
	pol_buf_init(b);
}

/* Room for `more` bytes behind what is there; 0, or -1 and the buffer failed. */
static int
reserve(struct pol_buf *b, size_t more)
{
	size_t cap = b->cap < 256 ? 256 : b->cap;
	char *data;

	if (b->failed)
		return -1;
	if (more <= b->cap - b->len)
		return 0;
	if (more > PTRDIFF_MAX - b->len)
		goto fail;
	while (cap < b->len + more)
		cap = cap > PTRDIFF_MAX / 2 ? (size_t)PTRDIFF_MAX : cap * 2;
	data = realloc(b->data, cap);
	if (data == NULL)
		goto fail;
	b->data = data;
	b->cap = cap;
	return 0;
fail:
	b->failed = 1;
	return -1;
}

size_t
pol_buf_append(struct pol_buf *b, const void *data, size_t len)
{
	size_t at = b->len;

	if (reserve(b, len) != 0)
		return SIZE_MAX;
	if (len > 0) {
		if (data != NULL)
			memcpy(b->data + at, data, len);
		else
			memset(b->data + at, 0, len);
	}
	b->len += len;
	return at;
}

int
pol_buf_align(struct pol_buf *b, size_t align)
{
	size_t pad = (align - (b->len & (align - 1))) & (align - 1);

	return pol_buf_append(b, NULL, pad) == SIZE_MAX ? POLICY_ERR_NOMEM : 0;
}

void
pol_buf_printf(struct pol_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = 1;
		return;
	}
	if (reserve(b, (size_t)n + 1) != 0)	/* vsnprintf wants its NUL */
		return;
	va_start(ap, fmt);
	(void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}
