/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include <string.h>
#include <strings.h>

#include "conn.h"

const char *
pol_call_header(const struct pol_call *c, const char *name, unsigned *count)
{
	const struct pol_conn *n = c->connection;
	const char *value = NULL;
	size_t len = strlen(name);
	unsigned found = 0;

	for (size_t i = 0; i < n->headers_count; i++) {
		const struct pol_header *h = &n->headers[i];

		if (h->name_len != len || strncasecmp(h->name, name, len) != 0)
			continue;
		if (found++ == 0)
			value = h->value;
	}
	if (count != NULL)
		*count = found;
	return value;
}

void
pol_call_add(struct pol_call *c, const char *name, const char *value)
{
	struct pol_conn *n = c->connection;

	for (const char *s = value; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f) {
			n->added.failed = true;
			return;
		}
	pol_text_add(&n->added, name, strlen(name) + 1);
	pol_text_add(&n->added, value, strlen(value) + 1);
}

int
pol_call_error(struct pol_call *c, unsigned status, const char *text)
{
	c->status = status;
	c->type = NULL;
	c->out.len = 0;
	pol_text_json(&c->out, text, strlen(text));
	return 0;
}
