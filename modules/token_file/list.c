/* SPDX-License-Identifier: Apache-2.0 */
/* A list: one token a line, blanks around it and lines without one count for nothing. */
#include "format.h"

#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The token of the line that begins at p, without what is around it; *next: behind the line. */
static struct policy_text
line_at(char *p, char *end, char **next)
{
	char *stop = memchr(p, '\n', (size_t)(end - p));

	*next = stop != NULL ? stop + 1 : end;
	if (stop == NULL)
		stop = end;
	while (p < stop && is_blank(*p))
		p++;
	while (stop > p && is_blank(stop[-1]))
		stop--;
	return (struct policy_text){ p, (size_t)(stop - p) };
}

static int
judge(struct policy_text token, unsigned line, struct policy_error *err)
{
	if (token.len > TOKEN_MOST)
		return pol_secret_fail(err, POLICY_ERR_LIMIT, NULL, line, "a token of more than %d bytes", TOKEN_MOST);
	for (size_t i = 0; i < token.len; i++)
		if (token.data[i] < ' ' || token.data[i] > '~')
			return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, line,
			    "byte %zu of a token is not printable ASCII, and could not be sent", i + 1);
	return 0;
}

static int
add(struct token_table *t, struct policy_text token, unsigned line, struct policy_error *err)
{
	int rc = pol_table_add(t, token, 0, 0);

	if (rc != 0)
		return pol_secret_fail(err, rc, NULL, line, t->n == t->room ? "more than %d tokens" :
		    "more than %d tokens that are shorter than 22 characters", t->n == t->room ? TOKENS_MOST : TOKENS_SHORT);
	return 0;
}

int
pol_list_make(void **out, void *ctx, char *text, size_t len, struct policy_error *err)
{
	struct token_table *t;
	char *p, *next, *end = text != NULL ? text + len : NULL;
	unsigned line = 0;
	size_t n = 0;
	int rc = 0;

	(void)ctx;
	for (p = text; p < end; p = next)
		n += line_at(p, end, &next).len != 0;
	t = pol_table_new(n < TOKENS_MOST ? n : TOKENS_MOST);
	if (t == NULL)
		return pol_secret_fail(err, POLICY_ERR_NOMEM, NULL, 0, "out of memory");
	for (p = text; p < end && rc == 0; p = next) {
		const struct policy_text token = line_at(p, end, &next);

		line++;
		rc = judge(token, line, err);
		if (rc == 0 && token.len != 0)
			rc = add(t, token, line, err);
	}
	if (rc != 0) {
		pol_table_free(t);
		return rc;
	}
	*out = t;
	return 0;
}
