/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read in large blocks and answered by hand; what is written is flushed before more
 * is waited for, so that a caller may ask one line at a time.
 */
#include "cli/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK (256u * 1024)
#define FLUSH_AT (64u * 1024)

static void
flush(struct pol_lines *l)
{
	size_t done = 0;
	ssize_t n;

	if (l->out.failed && l->status == 0) {
		fprintf(stderr, "policyctl: out of memory\n");
		l->status = EX_OSERR;
	}
	while (done < l->out.len && l->status == 0) {
		n = write(STDOUT_FILENO, l->out.data + done, l->out.len - done);
		if (n > 0) {
			done += (size_t)n;
		} else if (errno != EINTR) {
			fprintf(stderr, "policyctl: the output could not be written: %s\n", strerror(errno));
			l->status = EX_IOERR;
		}
	}
	l->out.len = 0;
}

static void
take_line(struct pol_lines *l, char *line, size_t len)
{
	l->line++;
	l->take(l->ctx, line, len);
	if (l->wipe)
		explicit_bzero(line, len);
	if (l->out.len >= FLUSH_AT)
		flush(l);
	if ((l->line & 4095) == 0)
		pol_progress_show(&l->progress, l->line, 0);
}

static void
too_long(struct pol_lines *l)
{
	l->line++;
	l->too_long(l->ctx);
}

/* Every whole line of the buffer; what is left moves to its front. */
static void
take_block(struct pol_lines *l)
{
	char *at = l->buf, *end = l->buf + l->have, *newline;

	while (l->status == 0 && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		if (l->skipping)
			l->skipping = false;
		else if (newline - at > POL_LINE_MOST)
			too_long(l);
		else
			take_line(l, at, (size_t)(newline - at));
		at = newline + 1;
	}
	l->have = (size_t)(end - at);
	if (l->have > POL_LINE_MOST && !l->skipping) {
		too_long(l);
		l->skipping = true;
	}
	if (l->skipping)
		l->have = 0;
	memmove(l->buf, at, l->have);
}

static void
run(struct pol_lines *l)
{
	ssize_t n;

	while (l->status == 0) {
		flush(l);
		n = read(STDIN_FILENO, l->buf + l->have, BLOCK);
		if (n > 0) {
			l->have += (size_t)n;
			take_block(l);
		} else if (n == 0) {
			break;
		} else if (errno != EINTR) {
			fprintf(stderr, "policyctl: the input could not be read: %s\n", strerror(errno));
			l->status = EX_IOERR;
		}
	}
	if (l->have > 0 && l->status == 0)
		take_line(l, l->buf, l->have);
	flush(l);
}

int
pol_lines_run(struct pol_lines *l)
{
	l->buf = malloc(POL_LINE_MOST + BLOCK + 1);
	if (l->buf == NULL) {
		fprintf(stderr, "policyctl: out of memory\n");
		return EX_OSERR;
	}
	pol_progress_begin(&l->progress, l->what);
	run(l);
	pol_progress_end(&l->progress);
	if (l->wipe)
		explicit_bzero(l->buf, POL_LINE_MOST + BLOCK + 1);
	free(l->buf);
	pol_json_fini(&l->out);
	return l->status;
}
