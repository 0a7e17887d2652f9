/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_BASE_ARENA_H
#define POL_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

/* Scratch memory of one load: grows by chunks, freed as a whole. Zeroed. */
struct pol_arena {
	struct pol_arena_chunk *chunks;
	char *next, *end;
	size_t bytes;			/* handed out in all */
};

/* A moment of an arena, to come back to. */
struct pol_arena_mark {
	struct pol_arena_chunk *chunks, *behind;
	char *next;
	size_t bytes;
};

void pol_arena_init(struct pol_arena *a);
void pol_arena_fini(struct pol_arena *a);
/* NULL when memory is out. 8-byte aligned. size 0 is fine. */
void *pol_arena_alloc(struct pol_arena *a, size_t size);
/* n * size, NULL on overflow too. */
void *pol_arena_array(struct pol_arena *a, size_t n, size_t size);
/* What is handed out behind the mark is taken back by return, as often as wanted. */
void pol_arena_mark(const struct pol_arena *a, struct pol_arena_mark *m);
void pol_arena_return(struct pol_arena *a, const struct pol_arena_mark *m);
/* A copy with a NUL behind it. */
char *pol_arena_copy(struct pol_arena *a, const void *data, size_t len);

#define POL_LINE 64u			/* bytes of a cache line */
/* Room that is read at random: from the start of a line, and where it is large in
 * pages as large as may be. free() ends it. */
void *pol_arena_pages(size_t size);

/* A growing array of bytes: tables that become part of a program. */
struct pol_buf {
	char *data;
	size_t len, cap;
	int failed;			/* an append found no memory: nothing since */
};

void pol_buf_init(struct pol_buf *b);
void pol_buf_fini(struct pol_buf *b);
/* Offset of the appended bytes; SIZE_MAX when memory is out (and failed is set). data NULL appends zeros. */
size_t pol_buf_append(struct pol_buf *b, const void *data, size_t len);
/* Pads with zeros to a multiple of align (a power of two). */
int pol_buf_align(struct pol_buf *b, size_t align);
void pol_buf_printf(struct pol_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
