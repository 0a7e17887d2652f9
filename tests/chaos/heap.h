/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator seen from outside: calls counted, the Nth failed. The program's own
 * definitions take the place of libc's for every library it loads. */
#ifndef POL_TESTS_HEAP_H
#define POL_TESTS_HEAP_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#pragma GCC visibility push(default)	/* hidden, they would be nobody's but ours */

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static int heap_on;		/* count */
static long heap_calls;		/* allocations and frees asked for while on */
static long heap_live;		/* blocks allocated while on, less those freed */
static long heap_fail;		/* which allocation fails, from 1; 0: none */
static int heap_failed;
static int heap_for_good;	/* all that follow the one that fails, fail too */
static int heap_own;		/* only the program's own calls count: what it calls cannot bear it */

extern char __executable_start[], etext[];	/* where the program's code lies, by the linker */

static int
heap_refuses(const void *caller)
{
	if (!heap_on || (heap_own && ((const char *)caller < __executable_start || (const char *)caller >= etext)))
		return 0;
	heap_calls++;
	if (heap_fail > 0 && --heap_fail == 0)
		heap_failed = 1;
	else if (!heap_failed || !heap_for_good)
		return 0;
	errno = ENOMEM;
	return 1;
}

static void *
heap_gave(void *p)
{
	if (heap_on && p != NULL)
		heap_live++;
	return p;
}

void *
malloc(size_t n)
{
	return heap_refuses(__builtin_return_address(0)) ? NULL : heap_gave(__libc_malloc(n));
}

void *
calloc(size_t n, size_t size)
{
	return heap_refuses(__builtin_return_address(0)) ? NULL : heap_gave(__libc_calloc(n, size));
}

void *
realloc(void *p, size_t n)
{
	if (heap_refuses(__builtin_return_address(0)))
		return NULL;
	return p == NULL ? heap_gave(__libc_realloc(NULL, n)) : __libc_realloc(p, n);
}

void *
aligned_alloc(size_t align, size_t n)
{
	return heap_refuses(__builtin_return_address(0)) ? NULL : heap_gave(__libc_memalign(align, n));
}

int
posix_memalign(void **out, size_t align, size_t n)
{
	if (heap_refuses(__builtin_return_address(0)))
		return ENOMEM;
	*out = heap_gave(__libc_memalign(align, n));
	return *out == NULL ? ENOMEM : 0;
}

void
free(void *p)
{
	if (heap_on) {
		heap_calls++;
		if (p != NULL)
			heap_live--;
	}
	__libc_free(p);
}

#pragma GCC visibility pop

#endif
