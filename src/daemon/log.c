/* SPDX-License-Identifier: Apache-2.0 */
/* One write() a line, so that lines of two threads, or two processes, do not mix. */
#include "log.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char marks[][4] = { "<3>", "<4>", "<6>" };

void
pol_logv(enum policy_log_level level, const char *fmt, va_list ap)
{
	char line[2400];
	size_t n = 0;
	int len;

	if (getenv("JOURNAL_STREAM") != NULL) {
		memcpy(line, marks[level <= POLICY_LOG_INFO ? level : POLICY_LOG_INFO], 3);
		n = 3;
	}
	memcpy(line + n, "policyd: ", 9);
	n += 9;
	len = vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	if (len < 0)
		return;
	len = (int)strlen(line + n);
	while (len > 0 && line[n + (size_t)len - 1] == '\n')
		len--;
	for (int i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[n + (size_t)i];

		if (c < 0x20 || c == 0x7f)
			line[n + (size_t)i] = '?';
	}
	n += (size_t)len;
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return;			/* there is nowhere to say it */
}

void
pol_log(enum policy_log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pol_logv(level, fmt, ap);
	va_end(ap);
}

void
pol_log_error(const struct policy_error *e)
{
	if (e->line != 0 && e->column != 0)
		pol_log(POLICY_LOG_ERROR, "%s:%u:%u: error: %s", e->file, e->line, e->column, e->text);
	else if (e->line != 0)
		pol_log(POLICY_LOG_ERROR, "%s:%u: error: %s", e->file, e->line, e->text);
	else if (e->file[0] != '\0')
		pol_log(POLICY_LOG_ERROR, "%s: error: %s", e->file, e->text);
	else
		pol_log(POLICY_LOG_ERROR, "error: %s", e->text);
}

void
pol_log_set(void *ctx, enum policy_log_level level, const char *text)
{
	(void)ctx;
	pol_log(level, "%s", text);
}
