/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The patterns of `matches`, on PCRE2. Machine code and interpreter must give
 * the same answer on every text, within a millisecond, without any malloc.
 *
 * PCRE2's own limits cannot do that: the two count match_limit differently, the
 * one runs out of 32 KiB of machine stack, the other out of heap frames. So each
 * item of a pattern calls us (PCRE2_AUTO_CALLOUT): both run the same items in the
 * same order, so that what we count is the same in both.
 *
 * - BUDGET bounds the time. An item costs 1, and 1 more for 16 bytes that the text
 *   position moved (a scan). 5000 take 40 us as machine code, 100 us interpreted.
 *   A `.*` that backs over a whole text of 1024 bytes costs about 1100.
 * - DEPTH bounds the memory: how many items lie on the way to here. Positions on a
 *   way never fall, so that whatever was met behind the present one has been given
 *   up. 512 items are at most 512 frames of the interpreter (160 bytes each with
 *   two captures; patterns with more get less depth), and 16 to 48 bytes each of
 *   machine stack: neither runs out first. (a|b)* gets through some 170 bytes.
 *
 * A limit met is -1, unknown, in both. PCRE2's limits stand behind as a backstop:
 * four backtracks an item are more than were ever seen. What is left: patterns in
 * which PCRE2 itself takes two ways (an atomic group of empty matches in a counted
 * repeat, recursion in a look-ahead); of random ones 1 in 3000 runs ends unknown
 * in one and answered in the other, none is yes in one and no in the other.
 */
#include "compile/regex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define BUDGET 5000
#define SCAN 16
#define DEPTH 512
#define FRAMES (80u * 1024)

/* PCRE2 10.42 takes 20 KiB for its frames, then twice as much while it copies:
 * 20 and 80 lie at the low end, 40 at the high end, beside contexts and match data. */
#define ROOM_INTERPRETER (FRAMES + FRAMES / 2 + 2048)
#define ROOM_JIT 2048

struct regex {
	pcre2_code *code;
	uint32_t depth;
};

struct pol_regexes {
	struct regex *list;
	uint32_t n, cap;
	bool jit;
};

/* Memory for one match: blocks at the low end and at the high end, each end a stack. */
struct room {
	char *low, *high;		/* what is free */
};

struct block {				/* before each block */
	size_t size;			/* with this */
	size_t at_high;
};

static void *
room_take(size_t size, void *ctx)
{
	struct room *r = ctx;
	struct block *b;
	bool high;

	size = ((size + 15) & ~(size_t)15) + sizeof(*b);
	if ((size_t)(r->high - r->low) < size)
		return NULL;
	/* the middle one of three: what grows is copied from end to end */
	high = size > FRAMES / 3 && size <= FRAMES / 3 * 2;
	b = (struct block *)(void *)(high ? r->high - size : r->low);
	b->size = size;
	b->at_high = high;
	if (high)
		r->high -= size;
	else
		r->low += size;
	return b + 1;
}

/* Only the outermost block of an end comes back; the rest ends with the match. */
static void
room_give(void *p, void *ctx)
{
	struct room *r = ctx;
	struct block *b;

	if (p == NULL)
		return;
	b = (struct block *)p - 1;
	if (b->at_high && (char *)b == r->high)
		r->high += b->size;
	else if (!b->at_high && (char *)b + b->size == r->low)
		r->low -= b->size;
}

/* The way to where the match is: positions of the text rise strictly. */
struct way {
	uint32_t left;			/* of BUDGET */
	uint32_t depth;			/* allowed */
	uint32_t n;
	uint16_t last;
	struct {
		uint16_t position, items;
	} at[POL_REGEX_TEXT + 1];
};

static int
count_item(pcre2_callout_block *b, void *ctx)
{
	struct way *w = ctx;
	uint16_t p = (uint16_t)b->current_position, items;
	uint32_t cost = 1 + (uint32_t)(p > w->last ? p - w->last : w->last - p) / SCAN;

	w->last = p;
	if (cost > w->left)
		return PCRE2_ERROR_CALLOUT;
	w->left -= cost;
	while (w->n > 0 && w->at[w->n - 1].position > p)
		w->n--;
	items = w->n == 0 ? 1 : (uint16_t)(w->at[w->n - 1].items + 1);
	if (items > w->depth)
		return PCRE2_ERROR_CALLOUT;
	if (w->n == 0 || w->at[w->n - 1].position != p)
		w->at[w->n++].position = p;
	w->at[w->n - 1].items = items;
	return 0;
}

static int
run(const struct regex *x, const char *s, size_t len, struct room *room, uint32_t options)
{
	struct way way;
	pcre2_general_context *g = pcre2_general_context_create(room_take, room_give, room);
	pcre2_match_context *m = g == NULL ? NULL : pcre2_match_context_create(g);
	pcre2_match_data *d = m == NULL ? NULL : pcre2_match_data_create(1, g);
	int rc;

	if (d == NULL)
		return -1;
	way.left = BUDGET;
	way.depth = x->depth;
	way.n = 0;
	way.last = 0;
	pcre2_set_callout(m, count_item, &way);
	pcre2_set_match_limit(m, 4 * BUDGET);
	pcre2_set_heap_limit(m, FRAMES / 1024);
	rc = pcre2_match(x->code, (PCRE2_SPTR)s, len, 0, options, d, m);
	/* 0: it matched, and has more captures than there is room for */
	return rc >= 0 ? 1 : rc == PCRE2_ERROR_NOMATCH ? 0 : -1;
}

/* Two functions, so that machine code does not pay for the interpreter's stack. */
static __attribute__((noinline)) int
run_jit(const struct regex *x, const char *s, size_t len)
{
	_Alignas(16) char mem[ROOM_JIT];
	struct room room = { mem, mem + sizeof(mem) };

	return run(x, s, len, &room, 0);
}

static __attribute__((noinline)) int
run_interpreter(const struct regex *x, const char *s, size_t len)
{
	_Alignas(16) char mem[ROOM_INTERPRETER];
	struct room room = { mem, mem + sizeof(mem) };

	return run(x, s, len, &room, PCRE2_NO_JIT);
}

int
pol_regex_match(const void *ctx, uint32_t index, const char *s, size_t len)
{
	const struct pol_regexes *r = ctx;
	const struct regex *x;
	size_t jit = 0;

	if (r == NULL || index >= r->n || len > POL_REGEX_TEXT)
		return -1;
	x = &r->list[index];
	if (s == NULL)
		s = "";
	if (r->jit && pcre2_pattern_info(x->code, PCRE2_INFO_JITSIZE, &jit) == 0 && jit != 0)
		return run_jit(x, s, len);
	return run_interpreter(x, s, len);
}

static int
describe(int code, size_t at, char *why, size_t size)
{
	char text[160];

	if (code == PCRE2_ERROR_HEAP_FAILED)
		return POLICY_ERR_NOMEM;
	if (pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof(text)) < 0)
		snprintf(text, sizeof(text), "error %d", code);
	snprintf(why, size, "%s (at byte %zu)", text, at);
	return POLICY_ERR_INVALID;
}

/*
 * Groups capture only where something refers to them: a capture costs a frame
 * 16 bytes. Bytes, never UTF; ASCII classes.
 */
static int
compile(pcre2_code **out, const char *pattern, size_t len, char *why, size_t why_size)
{
	uint32_t options = PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_UTF |
	    PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT;
	pcre2_compile_context *c = pcre2_compile_context_create(NULL);
	PCRE2_SIZE at;
	int code;

	if (c == NULL)
		return POLICY_ERR_NOMEM;
	pcre2_set_newline(c, PCRE2_NEWLINE_LF);
	*out = pcre2_compile((PCRE2_SPTR)pattern, len, options | PCRE2_NO_AUTO_CAPTURE, &code, &at, c);
	if (*out == NULL)
		*out = pcre2_compile((PCRE2_SPTR)pattern, len, options, &code, &at, c);
	pcre2_compile_context_free(c);
	return *out != NULL ? 0 : describe(code, at, why, why_size);
}

int
pol_regex_add(struct pol_regexes *r, const char *pattern, size_t len, char *why, size_t why_size)
{
	struct regex *list, x;
	size_t frame;
	int rc;

	if (len > POL_REGEX_PATTERN) {
		snprintf(why, why_size, "it has %zu bytes; at most %d are wanted", len, POL_REGEX_PATTERN);
		return POLICY_ERR_LIMIT;
	}
	if (r->n == r->cap) {
		list = realloc(r->list, (r->cap * 2 + 8) * sizeof(*list));
		if (list == NULL)
			return POLICY_ERR_NOMEM;
		r->list = list;
		r->cap = r->cap * 2 + 8;
	}
	rc = compile(&x.code, pattern, len, why, why_size);
	if (rc != 0)
		return rc;
	x.depth = DEPTH;
	/* a few frames are there before the first item, and after the last */
	if (pcre2_pattern_info(x.code, PCRE2_INFO_FRAMESIZE, &frame) != 0 || frame == 0)
		frame = FRAMES;
	if (FRAMES / frame < DEPTH + 8)
		x.depth = FRAMES / frame > 8 ? (uint32_t)(FRAMES / frame) - 8 : 0;
#ifndef POL_NO_JIT
	(void)pcre2_jit_compile(x.code, PCRE2_JIT_COMPLETE);	/* else it is interpreted */
#endif
	r->list[r->n++] = x;
	return 0;
}

bool
pol_regex_jit(struct pol_regexes *r, bool on)
{
	uint32_t have = 0;

#ifndef POL_NO_JIT
	(void)pcre2_config(PCRE2_CONFIG_JIT, &have);
#endif
	r->jit = on && have != 0;
	return !on || have != 0;
}

int
pol_regex_new(struct pol_regexes **out)
{
	*out = calloc(1, sizeof(**out));
	if (*out == NULL)
		return POLICY_ERR_NOMEM;
	pol_regex_jit(*out, true);
	return 0;
}

void
pol_regex_free(struct pol_regexes *r)
{
	uint32_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->n; i++)
		pcre2_code_free(r->list[i].code);
	free(r->list);
	free(r);
}
