/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mutate [-n COUNT] [-s SEED] FILE...: runs the target `yaml` on each file, then on
 * COUNT texts made of them, a piece of one changed in some places, and of signs put
 * together by chance. What was found is repeated by the same seed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"

extern unsigned long fuzz_plain, fuzz_sets;

enum { ROOM = 8192, PIECE = 1500 };

struct text {
	char *data;
	size_t len;
};

static uint64_t state = 1;

static size_t
below(size_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n == 0 ? 0 : (size_t)(state >> 11) % n;
}

/* Words and signs that mean something, and some that are nearly so. */
static const char *const signs[] = {
	"a", "b", "key", "0", "-1", "é", "\xe2\x82\xac", "~", "null", "'q'", "\"q\"", "'it''s'", "\"\\n\"", "\"\\x41\"",
	":", ": ", ":\n", "a: ", "'a': ", "\"a\":", "- ", "-", "\n", "\n", "\n  ", "\n    ", "\n- ", "\n  - ", "\n\n",
	" ", "  ", "[", "]", "{", "}", ",", ", ", "#", " #", " # c\n", "\n# c\n", "?", "? ", "!", "&a ", "*a", "|\n", ">\n",
	"%", "@", "`", "'", "\"", "\\", "\t", "\r", "\r\n", "---", "\n---\n", "\n...\n", "<<: ", "\xc2\x85", "\xe2\x80\xa8",
	"\xef\xbb\xbf", "\x01", "\x7f", "\xc2\xa0", "\xf0\x9f\x98\x80", ".", "..", "--", "=", "(", "/*",
	">-\n", "|-\n", "a: >-\n  b\n  c\n", "a: |\n  b\n", "- >\n    b\n",
};
enum { SIGNS = sizeof(signs) / sizeof(signs[0]) };

static size_t
insert(char *to, size_t n, size_t at, const char *s, size_t len)
{
	if (n + len > ROOM)
		return n;
	memmove(to + at + len, to + at, n - at);
	memcpy(to + at, s, len);
	return n + len;
}

static size_t
line_start(const char *s, size_t at)
{
	while (at > 0 && s[at - 1] != '\n')
		at--;
	return at;
}

static size_t
change(char *to, size_t n)
{
	size_t at = below(n + 1), len, other;
	const char *sign;
	char c;

	switch (below(7)) {
	case 0:				/* bytes deleted */
		len = 1 + below(below(4) == 0 ? 40 : 2);
		if (at + len > n)
			return n;
		memmove(to + at, to + at + len, n - at - len);
		return n - len;
	case 1:
	case 2:				/* inserted */
		sign = signs[below(SIGNS)];
		return insert(to, n, at, sign, strlen(sign));
	case 3:				/* swapped */
		other = below(n + 1);
		if (at >= n || other >= n)
			return n;
		c = to[at];
		to[at] = to[other];
		to[other] = c;
		return n;
	case 4:				/* a line indented more */
		return insert(to, n, line_start(to, at), "    ", 1 + below(4));
	case 5:				/* or less */
		at = line_start(to, at);
		if (at >= n || to[at] != ' ')
			return n;
		memmove(to + at, to + at + 1, n - at - 1);
		return n - 1;
	default:			/* overwritten */
		sign = signs[below(SIGNS)];
		if (at < n)
			to[at] = sign[0];
		return n;
	}
}

static size_t
piece(char *to, const struct text *t)
{
	size_t from = line_start(t->data, below(t->len + 1)), n = t->len - from;

	if (below(2) == 0) {		/* a whole one may be a set */
		from = 0;
		n = t->len;
		if (n < ROOM / 2)
			goto out;
	}
	if (n > PIECE)
		n = below(PIECE);
out:
	memcpy(to, t->data + from, n);
	return n;
}

static size_t
soup(char *to)
{
	size_t n = 0, i, many = 1 + below(14);

	for (i = 0; i < many; i++) {
		const char *s = signs[below(below(2) == 0 ? SIGNS : 44)];

		n = insert(to, n, n, s, strlen(s));
	}
	return n;
}

/* A copy of exactly n bytes, so that a sanitizer sees a read behind it. */
static void
run(const char *data, size_t n)
{
	uint8_t *copy = malloc(n + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, data, n);
	copy[n] = 0;
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static int
read_file(struct text *t, const char *path)
{
	FILE *f = fopen(path, "rb");

	t->data = malloc(4u << 20);
	if (f == NULL || t->data == NULL)
		return -1;
	t->len = fread(t->data, 1, 4u << 20, f);
	fclose(f);
	return 0;
}

int
main(int argc, char **argv)
{
	static char room[ROOM + 64];
	unsigned long count = 0, plain_files, i;
	struct text *texts;
	int first = 1, n;

	while (first + 1 < argc && argv[first][0] == '-') {
		if (argv[first][1] == 'n')
			count = strtoul(argv[first + 1], NULL, 10);
		else
			state = strtoul(argv[first + 1], NULL, 10) * 2654435761u + 1;
		first += 2;
	}
	texts = calloc((size_t)argc + 1, sizeof(*texts));
	for (n = 0; texts != NULL && first + n < argc; n++) {
		if (read_file(&texts[n], argv[first + n]) != 0) {
			printf("%s: cannot be read\n0 passed, 1 failed\n", argv[first + n]);
			return 1;
		}
		run(texts[n].data, texts[n].len);
	}
	plain_files = fuzz_plain;
	for (i = 0; i < count && n > 0; i++) {
		size_t len = below(3) == 0 ? soup(room) : piece(room, &texts[below((size_t)n)]), k = below(4);

		for (; k > 0; k--)
			len = change(room, len);
		run(room, len);
	}
	printf("%d files, %lu of them plain; %lu texts, %lu of them plain; %lu of all are sets; no difference\n", n,
	    plain_files, count, fuzz_plain - plain_files, fuzz_sets);
	printf("%d passed, 0 failed\n", n);
	for (i = 0; i < (unsigned long)n; i++)
		free(texts[i].data);
	free(texts);
	return 0;
}
