/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What policyctl says: errors in the manner of GCC, colour where a person reads,
 * progress where work is long. Text that comes from a policy or a request never
 * reaches a terminal with what could steer it.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000

int
pol_out_usage(const struct pol_args *a, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "policyctl %s: ", a->verb);
	pol_out_text(stderr, text);
	fprintf(stderr, "\ntry: policyctl %s --help\n", a->verb);
	return EX_USAGE;
}

/* ---- colour ---- */

static bool
is_wanted(FILE *f)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return (no == NULL || *no == '\0') && term != NULL && strcmp(term, "dumb") != 0 &&
	    isatty(fileno(f));
}

void
pol_out_paint(FILE *f, enum pol_paint p)
{
	static const char *const codes[] = { "0", "1;32", "1;31", "1;35", "1" };

	if (is_wanted(f))
		fprintf(f, "\033[%sm", codes[p]);
}

/* ---- text from elsewhere ---- */

/* Bytes of the well-formed character at s that may be shown as it is, or 0. What
 * controls a terminal, or the direction of what stands beside it, may not. */
static size_t
shown(const unsigned char *s, size_t len)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0, i;

	if (n == 1)
		return s[0] >= 0x20 && s[0] != 0x7f;
	if (n == 0 || n > len)
		return 0;
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if (s[0] == 0xc2 && s[1] < 0xa0)
		return 0;			/* C1 */
	if (s[0] == 0xe2 && s[1] == 0x80 && (s[2] == 0x8e || s[2] == 0x8f || (s[2] >= 0xa8 && s[2] <= 0xae)))
		return 0;			/* LRM, RLM, line separators, embeddings, overrides */
	if (s[0] == 0xe2 && s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9)
		return 0;			/* isolates */
	return n;
}

void
pol_out_text_n(FILE *f, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t i = 0, n;

	while (i < len) {
		n = shown(s + i, len - i);
		if (n > 0) {
			fwrite(s + i, 1, n, f);
			i += n;
		} else {
			fprintf(f, "\\x%02x", s[i++]);
		}
	}
}

void
pol_out_text(FILE *f, const char *s)
{
	pol_out_text_n(f, s, strlen(s));
}

void
pol_out_finding(const char *word, const char *file, uint32_t line, uint32_t column, const char *text)
{
	pol_out_paint(stderr, POL_STRONG);
	if (file != NULL && file[0] != '\0') {
		pol_out_text(stderr, file);
		fputc(':', stderr);
		if (line != 0)
			fprintf(stderr, "%u:", line);
		if (line != 0 && column != 0)
			fprintf(stderr, "%u:", column);
	} else {
		fputs("policyctl:", stderr);
	}
	fputc(' ', stderr);
	pol_out_paint(stderr, strcmp(word, "warning") == 0 ? POL_WARN : POL_BAD);
	fprintf(stderr, "%s: ", word);
	pol_out_paint(stderr, POL_PLAIN);
	pol_out_text(stderr, text);
	fputc('\n', stderr);
}

int
pol_out_status(int code)
{
	switch (code) {
	case POLICY_OK:
		return POL_YES;
	case POLICY_ERR_DENIED:
		return POL_NO;
	case POLICY_ERR_EXISTS:
		return EX_CANTCREAT;
	case POLICY_ERR_INVALID:
	case POLICY_ERR_LIMIT:
		return EX_DATAERR;
	case POLICY_ERR_NOENT:
	case POLICY_ERR_IO:
		return EX_NOINPUT;
	case POLICY_ERR_UNSAFE:
		return EX_NOPERM;
	case POLICY_ERR_UNAVAILABLE:
	case POLICY_ERR_UNSUPPORTED:
	case POLICY_ERR_AGAIN:
		return EX_UNAVAILABLE;
	case POLICY_ERR_ARG:
		return EX_USAGE;
	default:
		return EX_SOFTWARE;
	}
}

int
pol_out_error(const struct pol_args *a, const struct policy_error *err)
{
	(void)a;
	pol_out_finding("error", err->file, err->line, err->column,
	    err->text[0] != '\0' ? err->text : policy_strerror(err->code));
	return pol_out_status(err->code);
}

void
pol_out_decision(FILE *f, const struct policy_decision *d)
{
	bool allow = d->verdict == POLICY_ALLOW;
	char place[sizeof(d->file) + 16];

	pol_out_paint(f, allow ? POL_GOOD : POL_BAD);
	fputs(allow ? "ALLOW " : "DENY  ", f);
	pol_out_paint(f, POL_PLAIN);
	fprintf(f, " %s", policy_reason_name((int)d->reason));
	if (d->rule_len > 0) {
		fputc(' ', f);
		pol_out_text_n(f, d->rule, d->rule_len);
		snprintf(place, sizeof(place), "%s:%u", d->file, d->line);
		if (d->file_len > 0 && strcmp(place, d->rule) != 0) {
			fputs(" (", f);
			pol_out_text(f, place);
			fputc(')', f);
		}
	}
	fputc('\n', f);
}

int
pol_out_json(struct pol_json *j)
{
	int rc = j->failed ? EX_OSERR : 0;

	pol_json_raw(j, "\n", 1);
	if (j->failed)
		fprintf(stderr, "policyctl: out of memory\n");
	else
		fwrite(j->data, 1, j->len, stdout);
	pol_json_fini(j);
	return rc;
}

int
pol_out_close(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "policyctl: the output could not be written: %s\n",
	    errno != 0 ? strerror(errno) : "an earlier write failed");
	return EX_IOERR;
}

/* ---- progress ---- */

static int64_t
monotonic(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
		return 0;
	return (int64_t)ts.tv_sec * SECOND + ts.tv_nsec;
}

void
pol_progress_begin(struct pol_progress *p, const char *what)
{
	p->what = what;
	p->started = monotonic();
	p->shown = 0;
	p->on = isatty(STDERR_FILENO);
}

void
pol_progress_show(struct pol_progress *p, uint64_t done, uint64_t total)
{
	int64_t now;

	if (!p->on)
		return;
	now = monotonic();
	if (now - p->started < SECOND || now - p->shown < SECOND / 5)
		return;
	p->shown = now;
	if (total > 0)
		fprintf(stderr, "\r%s: %u %%\033[K", p->what,
		    (unsigned)(done >= total ? 100 : (double)done * 100 / (double)total));
	else
		fprintf(stderr, "\r%s: %llu\033[K", p->what, (unsigned long long)done);
}

void
pol_progress_end(struct pol_progress *p)
{
	if (p->on && p->shown != 0)
		fputs("\r\033[K", stderr);
	p->shown = 0;
}
