/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills the caller's struct policy_error: the first failure wins, whatever is
 * reported on the way out.  Must never print, allocate, or fail itself.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * Messages quote what they found.  A control byte would let a policy file
 * write on the administrator's terminal, or fake a second line of a log.
 */
static void
disarm(char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7f)
			*s = '?';
	}
}

/* A text that filled its room may end inside a UTF-8 sequence: drop that. */
static void
trim(char *s, size_t room)
{
	size_t len = strlen(s), tail = 0;
	unsigned char lead;

	if (len + 1 < room)
		return;
	while (tail < 3 && tail < len && ((unsigned char)s[len - 1 - tail] & 0xc0) == 0x80)
		tail++;
	if (tail == len)
		return;
	lead = (unsigned char)s[len - 1 - tail];
	if ((lead >= 0xc0 && tail < 1) || (lead >= 0xe0 && tail < 2) || (lead >= 0xf0 && tail < 3))
		s[len - 1 - tail] = '\0';
}

int
pol_err_set(struct policy_error *err, int code, const char *file,
    uint32_t line, uint32_t column, const char *fmt, ...)
{
	va_list ap;
	size_t n;
	int written;

	if (code >= 0)			/* a failure never reads as success */
		code = POLICY_ERR_INTERNAL;
	if (err == NULL || err->code != 0)
		return code;
	err->code = code;
	err->line = line;
	err->column = column;
	for (n = 0; file != NULL && file[n] != '\0' && n < sizeof(err->file) - 1; n++)
		err->file[n] = file[n];
	err->file[n] = '\0';
	va_start(ap, fmt);
	written = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (written < 0)
		err->text[0] = '\0';
	trim(err->file, sizeof(err->file));
	trim(err->text, sizeof(err->text));
	disarm(err->file);
	disarm(err->text);
	return code;
}

int
pol_err_nomem(struct policy_error *err)
{
	return pol_err_set(err, POLICY_ERR_NOMEM, NULL, 0, 0, "out of memory");
}
