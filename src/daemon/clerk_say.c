/* SPDX-License-Identifier: Apache-2.0 */
/* Results as JSON; and lists in pages. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clerk_call.h"

#define PAGE_BYTES ((size_t)160 * 1024)	/* an item more fits into a frame */

void
pol_clerk_say_text(struct pol_text *t, const char *name, struct policy_text v)
{
	pol_text_str(t, name);
	if (v.data != NULL)
		pol_text_json(t, v.data, v.len);
	else
		pol_text_str(t, "null");
}

void
pol_clerk_say_texts(struct pol_text *t, const char *name, const struct policy_text *list, size_t n)
{
	pol_text_str(t, name);
	pol_text_str(t, "[");
	for (size_t i = 0; i < n; i++) {
		if (i != 0)
			pol_text_str(t, ",");
		pol_text_json(t, list[i].data, list[i].len);
	}
	pol_text_str(t, "]");
}

void
pol_clerk_say_bool(struct pol_text *t, const char *name, bool v)
{
	pol_text_str(t, name);
	pol_text_str(t, v ? "true" : "false");
}

void
pol_clerk_say_int(struct pol_text *t, const char *name, int64_t v)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, v);
	pol_text_str(t, name);
	pol_text_str(t, text);
}

/* name: `,"created` */
void
pol_clerk_say_time(struct pol_text *t, const char *name, int64_t ns)
{
	char text[32];

	pol_clerk_time_say(text, ns);
	pol_text_str(t, name);
	pol_clerk_say_text(t, "\":", ns > 0 ? policy_text(text) : (struct policy_text){ NULL, 0 });
	pol_text_str(t, name);
	if (ns > 0)
		pol_clerk_say_int(t, "_unix\":", ns / 1000000000);
	else
		pol_text_str(t, "_unix\":null");
}

void
pol_clerk_say_attrs(struct pol_text *t, const char *name, struct policy_attrs attrs)
{
	pol_text_str(t, name);
	pol_text_str(t, "{");
	for (size_t i = 0; i < attrs.count; i++) {
		const struct policy_attr *a = &attrs.list[i];

		if (i != 0)
			pol_text_str(t, ",");
		pol_text_json(t, a->name.data, a->name.len);
		if (a->value.type == POLICY_STRING)
			pol_clerk_say_text(t, ":", a->value.u.text);
		else if (a->value.type == POLICY_INT)
			pol_clerk_say_int(t, ":", a->value.u.integer);
		else if (a->value.type == POLICY_BOOL)
			pol_clerk_say_bool(t, ":", a->value.u.boolean != 0);
		else
			pol_text_str(t, ":null");
	}
	pol_text_str(t, "}");
}

/* ---- pages ---- */

int
pol_clerk_page_begin(struct pol_clerk_page *p, struct pol_clerk_call *c)
{
	p->c = c;
	p->left = c->a.limit != 0 ? c->a.limit : POL_CLERK_PAGE;
	p->last[0] = '\0';
	p->more = false;
	pol_text_str(c->out, "{\"items\":[");
	return 0;
}

bool
pol_clerk_page_room(struct pol_clerk_page *p)
{
	p->more = p->left == 0 || p->c->out->len > PAGE_BYTES;
	p->left--;
	return !p->more;
}

void
pol_clerk_page_comma(struct pol_clerk_page *p)
{
	if (p->c->out->data[p->c->out->len - 1] != '[')
		pol_text_str(p->c->out, ",");
}

void
pol_clerk_page_end(struct pol_clerk_page *p)
{
	pol_clerk_say_text(p->c->out, "],\"next\":", p->more ? policy_text(p->last) : (struct policy_text){ NULL, 0 });
	pol_text_str(p->c->out, "}");
}

/* ---- places of what is ordered by owner, then time, then id ---- */

/* Numbers have one width: their bytes are in their order. */
void
pol_clerk_place(char place[1024], struct policy_text uid, int64_t ns, struct policy_text id)
{
	snprintf(place, 1024, "%.*s/%020" PRId64 "/%.*s", (int)uid.len, uid.data, ns, (int)id.len, id.data);
}

static void
split(const char *place, struct policy_text part[3])
{
	for (int i = 0; i < 3; i++) {
		const size_t n = i < 2 ? strcspn(place, "/") : strlen(place);

		part[i] = (struct policy_text){ place, n };
		place += n + (place[n] == '/');
	}
}

bool
pol_clerk_is_place(struct policy_text cursor)
{
	const char *slash = cursor.data != NULL ? strchr(cursor.data, '/') : NULL;

	return cursor.data == NULL || (slash != NULL && strspn(slash + 1, "0123456789") == 20 && slash[21] == '/');
}

bool
pol_clerk_is_behind(const char *place, struct policy_text cursor)
{
	struct policy_text a[3], b[3];

	if (cursor.data == NULL)
		return true;
	split(place, a);
	split(cursor.data, b);
	for (int i = 0; i < 3; i++) {
		const size_t n = a[i].len < b[i].len ? a[i].len : b[i].len;
		int rc = memcmp(a[i].data, b[i].data, n);

		if (rc == 0)
			rc = a[i].len < b[i].len ? -1 : a[i].len > b[i].len;
		if (rc != 0)
			return rc > 0;
	}
	return false;
}
