/* SPDX-License-Identifier: Apache-2.0 */
/* The args of a call: what each member is, a row each. */
#include <stdio.h>
#include <string.h>

#include "clerk_call.h"

enum kind { TEXT, TEXTS, ATTRS, TIME, NUMBER, BOOL };

struct member {
	const char *name;
	enum kind kind;
	size_t at, count_at;
	int64_t most;			/* of a number; the least is 1 */
};

#define AT(member) offsetof(struct pol_clerk_args, member)

/* The bit of a row is its place. */
static const struct member members[] = {
	{ "who", TEXT, AT(who), 0, 0 }, { "id", TEXT, AT(id), 0, 0 }, { "type", TEXT, AT(type), 0, 0 },
	{ "name", TEXT, AT(name), 0, 0 }, { "org", TEXT, AT(org), 0, 0 }, { "password", TEXT, AT(password), 0, 0 },
	{ "old_password", TEXT, AT(old), 0, 0 }, { "kind", TEXT, AT(kind), 0, 0 }, { "step", TEXT, AT(step), 0, 0 },
	{ "role", TEXT, AT(role), 0, 0 }, { "resource", TEXT, AT(resource), 0, 0 }, { "subject", TEXT, AT(subject), 0, 0 },
	{ "action", TEXT, AT(action), 0, 0 }, { "decision", TEXT, AT(decision), 0, 0 }, { "secret", TEXT, AT(secret), 0, 0 },
	{ "cursor", TEXT, AT(cursor), 0, 0 },
	{ "groups", TEXTS, AT(groups), AT(groups_count), 0 }, { "scopes", TEXTS, AT(scopes), AT(scopes_count), 0 },
	{ "attributes", ATTRS, AT(attributes), 0, 0 },
	{ "expires", TIME, AT(expires_ns), 0, 0 }, { "from", TIME, AT(from_ns), 0, 0 }, { "until", TIME, AT(until_ns), 0, 0 },
	{ "since", TIME, AT(since_ns), 0, 0 },
	{ "lifetime", NUMBER, AT(lifetime_s), 0, (int64_t)3650 * 86400 }, { "limit", NUMBER, AT(limit), 0, POL_CLERK_PAGE_MOST },
	{ "disabled", BOOL, 0, 0, 0 }, { "generated", BOOL, 0, 0, 0 }, { "must_change", BOOL, 0, 0, 0 },
	{ "reuse", BOOL, 0, 0, 0 }, { "void_tokens", BOOL, 0, 0, 0 }, { "renewable", BOOL, 0, 0, 0 }
};

enum { MEMBERS = sizeof(members) / sizeof(members[0]), LISTED = 1024 };

struct policy_text
pol_clerk_args_text(struct pol_tape *t, const struct pol_tape_node *n)
{
	const struct policy_text none = { NULL, 0 };
	char *s;

	if (n->kind != POL_TAPE_TEXT || memchr(n->u.text, '\0', n->len) != NULL || (s = pol_tape_make(t, n->len + 1u, 1)) == NULL)
		return none;
	memcpy(s, n->u.text, n->len);
	s[n->len] = '\0';
	return (struct policy_text){ s, n->len };
}

static bool
read_texts(struct pol_clerk_args *a, const struct member *m, struct pol_tape *t, size_t at)
{
	const uint32_t count = t->nodes[at].len;
	struct policy_text *list;

	if (t->nodes[at].kind != POL_TAPE_LIST || count > LISTED)
		return false;
	list = pol_tape_make(t, count + 1u, sizeof(*list));
	if (list == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++) {	/* texts have one node each */
		list[i] = pol_clerk_args_text(t, &t->nodes[at + 1 + i]);
		if (list[i].data == NULL)
			return false;
	}
	memcpy((char *)a + m->at, &list, sizeof(list));
	memcpy((char *)a + m->count_at, &(size_t){ count }, sizeof(size_t));
	return true;
}

static bool
is_plain(const struct pol_tape_node *name, const struct pol_tape_node *v)
{
	return memchr(name->u.text, '\0', name->len) == NULL && v->kind != POL_TAPE_NULL && v->kind != POL_TAPE_REAL &&
	    v->kind < POL_TAPE_LIST && (v->kind != POL_TAPE_TEXT || memchr(v->u.text, '\0', v->len) == NULL);
}

static bool
read_attrs(struct pol_clerk_args *a, const struct member *m, struct pol_tape *t, size_t at)
{
	size_t i = at + 1;

	if (t->nodes[at].kind != POL_TAPE_OBJECT)
		return false;
	for (uint32_t n = t->nodes[at].len; n > 0; n--, i = pol_tape_next(t, i + 1))
		if (!is_plain(&t->nodes[i], &t->nodes[i + 1]))
			return false;
	return pol_tape_attrs(t, (struct policy_attrs *)(void *)((char *)a + m->at), at, NULL) == 0;
}

static bool
read_time(int64_t *out, const struct pol_tape_node *n)
{
	*out = 0;
	if (n->kind == POL_TAPE_INT && n->u.integer > 0 && n->u.integer <= INT64_MAX / 1000000000)
		*out = n->u.integer * 1000000000;
	else if (n->kind == POL_TAPE_TEXT)
		*out = pol_clerk_time_read(n->u.text, n->len);
	return *out != 0;
}

static bool
read_value(struct pol_clerk_args *a, size_t which, struct pol_tape *t, size_t at)
{
	const struct member *m = &members[which];
	const struct pol_tape_node *n = &t->nodes[at];
	struct policy_text s;
	int64_t number;

	switch (m->kind) {
	case TEXT:
		s = pol_clerk_args_text(t, n);
		memcpy((char *)a + m->at, &s, sizeof(s));
		return s.data != NULL;
	case TEXTS:
		return read_texts(a, m, t, at);
	case ATTRS:
		return read_attrs(a, m, t, at);
	case TIME:
		if (!read_time(&number, n))
			return false;
		memcpy((char *)a + m->at, &number, sizeof(number));
		return true;
	case NUMBER:
		if (n->kind != POL_TAPE_INT || n->u.integer < 1 || n->u.integer > m->most)
			return false;
		memcpy((char *)a + m->at, &n->u.integer, sizeof(int64_t));
		return true;
	default:
		if (n->kind == POL_TAPE_TRUE)
			a->yes |= 1u << which;
		return n->kind == POL_TAPE_TRUE || n->kind == POL_TAPE_FALSE;
	}
}

static const char *
wanted(const struct member *m, char *why, size_t room)
{
	static const char *const texts[] = { "a text without a NUL", "a list of texts", "an object of texts, whole numbers, true and false",
		"a time as 2026-11-21T15:00:00Z, or seconds since 1970", "a whole number", "true or false" };

	if (m->kind == NUMBER)
		snprintf(why, room, "%s: a whole number from 1 to %lld is wanted", m->name, (long long)m->most);
	else
		snprintf(why, room, "%s: %s is wanted", m->name, texts[m->kind]);
	return why;
}

const char *
pol_clerk_args(struct pol_clerk_args *a, struct pol_tape *t, size_t at, const struct pol_clerk_row *row, char *why, size_t room)
{
	size_t i = at + 1;

	memset(a, 0, sizeof(*a));
	if (t->nodes[at].kind != POL_TAPE_OBJECT)
		return "an object is wanted";
	for (uint32_t n = t->nodes[at].len; n > 0; n--, i = pol_tape_next(t, i + 1)) {
		const struct pol_tape_node *name = &t->nodes[i];
		size_t k = 0;

		while (k < MEMBERS && (strlen(members[k].name) != name->len || memcmp(members[k].name, name->u.text, name->len) != 0))
			k++;
		if (k == MEMBERS || ((row->wanted | row->allowed) & 1u << k) == 0) {
			snprintf(why, room, "%.*s: no such member is known here", name->len < 64 ? (int)name->len : 64, name->u.text);
			return why;
		}
		if (name[1].kind == POL_TAPE_NULL)
			continue;
		if (!read_value(a, k, t, i + 1))
			return wanted(&members[k], why, room);
		a->given |= 1u << k;
	}
	for (size_t k = 0; k < MEMBERS; k++)
		if ((row->wanted & ~a->given & 1u << k) != 0) {
			snprintf(why, room, "%s: is missing", members[k].name);
			return why;
		}
	return NULL;
}
