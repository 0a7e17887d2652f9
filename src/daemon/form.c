/* SPDX-License-Identifier: Apache-2.0 */
#include "form.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "utf8.h"

#define TYPE "application/x-www-form-urlencoded"

static bool
is_form(const struct pol_call *c)
{
	unsigned count;
	const char *type = pol_call_header(c, "Content-Type", &count);
	const size_t len = sizeof(TYPE) - 1;

	return count == 1 && strncasecmp(type, TYPE, len) == 0 && (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* From s to *to, which is moved behind a NUL. False: it is malformed. */
static bool
take(struct policy_text *out, char **to, const char *s, size_t len)
{
	char *at = *to;
	size_t n;

	for (size_t i = 0; i < len; i++) {
		char b = s[i] == '+' ? ' ' : s[i];

		if (b == '%') {
			const int high = len - i > 2 ? digit(s[i + 1]) : -1, low = len - i > 2 ? digit(s[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			b = (char)(high << 4 | low);
			i += 2;
		}
		if (b == '\0')
			return false;
		*at++ = b;
	}
	*out = (struct policy_text){ *to, (size_t)(at - *to) };
	*at = '\0';
	*to = at + 1;
	for (size_t i = 0; i < out->len; i += n) {
		n = (unsigned char)out->data[i] < 0x80 ? 1 : pol_utf8_len(out->data + i, at);
		if (n == 0)
			return false;
	}
	return true;
}

/* One NAME=VALUE; nothing between two & is nothing. */
static const char *
field(struct pol_form *f, char **to, const char *s, size_t len)
{
	const char *equals = memchr(s, '=', len);
	const size_t name = equals != NULL ? (size_t)(equals - s) : len;
	struct policy_text n, v;

	if (len == 0)
		return NULL;
	if (f->count == POL_FORM_FIELDS)
		return "there are too many parameters";
	if (!take(&n, to, s, name) || !take(&v, to, equals != NULL ? equals + 1 : s + len, equals != NULL ? len - name - 1 : 0))
		return "a parameter is malformed";
	for (size_t i = 0; i < f->count; i++)
		if (f->list[i].name.len == n.len && memcmp(f->list[i].name.data, n.data, n.len) == 0)
			return "a parameter was sent more than once";
	f->list[f->count].name = n;
	f->list[f->count++].value = v;
	return NULL;
}

const char *
pol_form_read(struct pol_form *f, const struct pol_call *c)
{
	const char *s = c->body, *wrong = NULL;
	char *to;

	*f = (struct pol_form){ .count = 0 };
	if (!is_form(c))
		return "Content-Type must be " TYPE;
	if (c->target[c->path_len] != '\0')
		return "parameters are taken from the body, not from a query";
	if (c->body_len > POL_FORM_BYTES)
		return "the form is too long";
	f->room = c->body_len + 2 * POL_FORM_FIELDS + 2;
	f->bytes = to = malloc(f->room);
	if (to == NULL)
		return "out of memory";
	for (size_t left = c->body_len; wrong == NULL && left != 0;) {
		const char *end = memchr(s, '&', left);
		const size_t len = end != NULL ? (size_t)(end - s) : left;

		wrong = field(f, &to, s, len);
		left -= end != NULL ? len + 1 : len;
		s += end != NULL ? len + 1 : len;
	}
	return wrong;
}

struct policy_text
pol_form_get(const struct pol_form *f, const char *name)
{
	const struct policy_text none = { NULL, 0 };

	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->list[i].name.data, name) == 0)
			return f->list[i].value.len != 0 ? f->list[i].value : none;
	return none;
}

void
pol_form_fini(struct pol_form *f)
{
	if (f->bytes != NULL)
		explicit_bzero(f->bytes, f->room);
	free(f->bytes);
	*f = (struct pol_form){ .count = 0 };
}
