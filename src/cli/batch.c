/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AuthZEN requests from standard input, one a line; answer i is to line i, whatever
 * line i is. Read in large blocks and answered by hand; what is written is flushed
 * before more is waited for, so that a caller may ask one line at a time.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <stdlib.h>

#include "cli/cli.h"
#include "cli/request.h"

#define LINE_MOST (1u << 20)		/* bytes of one line */
#define BLOCK (256u * 1024)
#define FLUSH_AT (64u * 1024)

struct batch {
	struct policy_set *set;
	const char *now;		/* of the command line */
	struct pol_bump bump;
	struct pol_json out;
	struct pol_progress progress;
	uint64_t line;
	struct policy_decision decision;
	struct policy_error err;
	int status;			/* a failure that ends the batch */
	char *buf;			/* BLOCK and a line's beginning before it */
	size_t have;
	bool skipping;			/* the rest of a line that was too long */
};

static void
flush(struct batch *b)
{
	size_t done = 0;
	ssize_t n;

	if (b->out.failed && b->status == 0) {
		fprintf(stderr, "policyctl: out of memory\n");
		b->status = EX_OSERR;
	}
	while (done < b->out.len && b->status == 0) {
		n = write(STDOUT_FILENO, b->out.data + done, b->out.len - done);
		if (n > 0) {
			done += (size_t)n;
		} else if (errno != EINTR) {
			fprintf(stderr, "policyctl: the output could not be written: %s\n", strerror(errno));
			b->status = EX_IOERR;
		}
	}
	b->out.len = 0;
}

static void
refuse(struct batch *b, int code, const char *why)
{
	pol_progress_end(&b->progress);
	fprintf(stderr, "line %llu: ", (unsigned long long)b->line);
	pol_out_text(stderr, why);
	fputc('\n', stderr);
	pol_json_raw(&b->out, "{\"decision\": false, \"context\": {\"reason\": \"", 43);
	if (code == POLICY_ERR_LIMIT)
		pol_json_raw(&b->out, "limit\"}}\n", 9);
	else
		pol_json_raw(&b->out, "error\"}}\n", 9);
}

static void
answer(struct batch *b)
{
	static const char yes[] = "{\"decision\": true, \"context\": {\"reason\": \"";
	static const char no[] = "{\"decision\": false, \"context\": {\"reason\": \"";
	const struct policy_decision *d = &b->decision;
	const char *reason = policy_reason_name((int)d->reason);

	if (d->verdict == POLICY_ALLOW)
		pol_json_raw(&b->out, yes, sizeof(yes) - 1);
	else
		pol_json_raw(&b->out, no, sizeof(no) - 1);
	pol_json_raw(&b->out, reason, strlen(reason));
	pol_json_raw(&b->out, "\", \"rule\": ", 11);
	pol_json_quoted(&b->out, d->rule, d->rule_len);
	pol_json_raw(&b->out, "}}\n", 3);
}

static void
decide(struct batch *b, const char *line, size_t len)
{
	char why_bad[256];
	const char *why;
	struct pol_ask ask;
	json_t *root;
	int rc;

	root = pol_request_parse(line, len, why_bad);
	if (root == NULL) {
		refuse(b, POLICY_ERR_ARG, why_bad);
		return;
	}
	rc = pol_request_make(&ask, root, &b->bump, &why);
	if (rc != 0) {
		refuse(b, rc, why);
		return;
	}
	b->err.code = 0;
	b->err.text[0] = '\0';
	rc = policy_set_decide(b->set, &ask.req, ask.now != NULL ? ask.now : b->now, &b->decision, NULL, &b->err);
	if (rc != 0)
		refuse(b, rc, b->err.text[0] != '\0' ? b->err.text : policy_strerror(rc));
	else
		answer(b);
}

static void
take_line(struct batch *b, const char *line, size_t len)
{
	b->line++;
	decide(b, line, len);
	pol_bump_reset(&b->bump);
	if (b->out.len >= FLUSH_AT)
		flush(b);
	if ((b->line & 4095) == 0)
		pol_progress_show(&b->progress, b->line, 0);
}

static void
too_long(struct batch *b)
{
	b->line++;
	refuse(b, POLICY_ERR_LIMIT, "the line is longer than 1048576 bytes");
}

/* Every whole line of the buffer; what is left moves to its front. */
static void
take_block(struct batch *b)
{
	char *at = b->buf, *end = b->buf + b->have, *newline;

	while (b->status == 0 && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		if (b->skipping)
			b->skipping = false;
		else if (newline - at > LINE_MOST)
			too_long(b);
		else
			take_line(b, at, (size_t)(newline - at));
		at = newline + 1;
	}
	b->have = (size_t)(end - at);
	if (b->have > LINE_MOST && !b->skipping) {
		too_long(b);
		b->skipping = true;
	}
	if (b->skipping)
		b->have = 0;
	memmove(b->buf, at, b->have);
}

static void
run(struct batch *b)
{
	ssize_t n;

	while (b->status == 0) {
		flush(b);
		n = read(STDIN_FILENO, b->buf + b->have, BLOCK);
		if (n > 0) {
			b->have += (size_t)n;
			take_block(b);
		} else if (n == 0) {
			break;
		} else if (errno != EINTR) {
			fprintf(stderr, "policyctl: the input could not be read: %s\n", strerror(errno));
			b->status = EX_IOERR;
		}
	}
	if (b->have > 0 && b->status == 0)
		take_line(b, b->buf, b->have);
	flush(b);
}

int
pol_batch_run(struct policy_set *set, const struct pol_args *a)
{
	struct batch *b = calloc(1, sizeof(*b));
	int status;

	if (b == NULL || (b->buf = malloc(LINE_MOST + BLOCK + 1)) == NULL) {
		fprintf(stderr, "policyctl: out of memory\n");
		free(b);
		return EX_OSERR;
	}
	b->set = set;
	b->now = a->now;
	b->decision.size = sizeof(b->decision);
	b->err.size = sizeof(b->err);
	pol_request_bump(&b->bump);
	pol_progress_begin(&b->progress, "deciding");
	run(b);
	pol_progress_end(&b->progress);
	status = b->status;
	pol_bump_fini(&b->bump);
	pol_json_fini(&b->out);
	free(b->buf);
	free(b);
	return status;
}
