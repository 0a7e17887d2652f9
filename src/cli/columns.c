/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/columns.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/when.h"

#define GAP 2
#define LEAST 8				/* a column is not cut below */

static void
add(struct pol_columns *t, char *cell)
{
	char **cells;
	size_t room;

	if (t->columns == 0)
		while (t->heads[t->columns] != NULL)
			t->columns++;
	if (t->n == t->room) {
		room = t->room == 0 ? 64 : t->room * 2;
		cells = reallocarray(t->cells, room, sizeof(*cells));
		if (cells == NULL) {
			t->failed = true;
			free(cell);
			return;
		}
		t->cells = cells;
		t->room = room;
	}
	t->failed |= cell == NULL;
	t->cells[t->n++] = cell;
}

void
pol_columns_list(struct pol_columns *t, const struct policy_text *list, size_t n)
{
	char *cell = NULL;
	size_t size;
	FILE *f = open_memstream(&cell, &size);

	if (f == NULL) {
		t->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			fputc(' ', f);
		pol_out_text_n(f, list[i].data, list[i].len);
	}
	if (fflush(f) == 0 && size == 0)
		fputc('-', f);
	t->failed |= ferror(f) != 0;
	t->failed |= fclose(f) != 0;
	add(t, cell);
}

void
pol_columns_text(struct pol_columns *t, struct policy_text s)
{
	pol_columns_list(t, &s, s.len > 0);
}

void
pol_columns_cell(struct pol_columns *t, const char *s, size_t len)
{
	pol_columns_text(t, (struct policy_text){ s, len });
}

void
pol_columns_time(struct pol_columns *t, int64_t ns)
{
	char buf[32];

	pol_columns_text(t, policy_text(ns != 0 ? pol_when_text(buf, ns) : ""));
}

/* Characters: of a cell every byte that does not go on with one. */
static size_t
width(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static size_t
screen(void)
{
	struct winsize w;

	return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : SIZE_MAX;
}

/* The widest that may be cut gives way, one character at a time. */
static void
fit(const struct pol_columns *t, size_t *widths)
{
	const size_t most = screen();
	size_t all = GAP * (t->columns - 1), i, widest;

	for (i = 0; i < t->columns; i++)
		all += widths[i];
	for (; all > most; all--) {
		for (widest = SIZE_MAX, i = 0; i < t->columns; i++)
			if ((t->keep >> i & 1) == 0 && widths[i] > LEAST && (widest == SIZE_MAX || widths[i] > widths[widest]))
				widest = i;
		if (widest == SIZE_MAX)
			return;
		widths[widest]--;
	}
}

static void
put(const char *s, size_t room, bool last)
{
	const size_t w = width(s), shown = w <= room ? w : room - 3;
	size_t n = 0;

	for (; *s != '\0'; s++) {
		n += (*s & 0xc0) != 0x80;
		if (n > shown)
			break;
		putchar(*s);
	}
	if (shown < w)
		fputs("...", stdout);
	if (!last)
		for (n = w < room ? w : room; n < room + GAP; n++)
			putchar(' ');
}

static void
print(const struct pol_columns *t)
{
	size_t widths[POL_COLUMNS_MOST], i, w;

	for (i = 0; i < t->columns; i++)
		widths[i] = width(t->heads[i]);
	for (i = 0; i < t->n; i++) {
		w = width(t->cells[i]);
		if (w > widths[i % t->columns])
			widths[i % t->columns] = w;
	}
	fit(t, widths);
	pol_out_paint(stdout, POL_STRONG);
	for (i = 0; i < t->columns; i++)
		put(t->heads[i], widths[i], i + 1 == t->columns);
	pol_out_paint(stdout, POL_PLAIN);
	for (i = 0; i < t->n; i++) {
		if (i % t->columns == 0)
			putchar('\n');
		put(t->cells[i], widths[i % t->columns], (i + 1) % t->columns == 0);
	}
	putchar('\n');
}

int
pol_columns_end(struct pol_columns *t)
{
	const bool failed = t->failed;

	if (failed)
		fprintf(stderr, "policyctl: out of memory\n");
	else if (t->n > 0)
		print(t);
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
	t->cells = NULL;
	t->n = t->room = 0;
	return failed ? EX_OSERR : 0;
}
