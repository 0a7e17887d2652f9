/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as the server writes it. Depth is counted before jansson sees the text: its
 * parser recurses 2048 deep, on the stack of a thread that is the host's. So are the
 * bytes of all texts, since jansson (2.14) leaves one out where it has no memory for it
 * and goes on: alice1 would be alice. Texts are wiped in place before they are freed,
 * since some of them are tokens.
 */
#include "vault.h"

#include <string.h>

struct scan {
	int depth;
	bool text, escape, deep;
	size_t bytes;			/* of all texts, as they read without their escapes */
};

/* \uXXXX as UTF-8; the second half of a pair was counted with the first. */
static size_t
escaped(const char *p, size_t n)
{
	unsigned c = 0;

	for (size_t i = 1; i < 5 && i < n; i++)
		c = c << 4 | (unsigned)(p[i] <= '9' ? p[i] - '0' : (p[i] & ~0x20) - 'A' + 10);
	if (c >> 10 == 0xd800 >> 10)
		return 4;
	return c >> 10 == 0xdc00 >> 10 ? 0 : c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
}

static void
scan_byte(struct scan *s, const char *p, size_t n)
{
	if (s->escape) {
		s->escape = false;
		s->bytes += *p == 'u' ? escaped(p, n) - 4 : 1;	/* the four digits are counted too */
	} else if (s->text && *p == '\\') {
		s->escape = true;
	} else if (*p == '"') {
		s->text = !s->text;
	} else if (s->text) {
		s->bytes++;
	} else if (*p == '{' || *p == '[') {
		s->deep |= ++s->depth > VAULT_MAX_DEPTH;
	} else if (*p == '}' || *p == ']') {
		s->depth--;
	}
}

/* The same of a tree. Its depth is bounded by what was let in. */
static size_t
bytes_in(json_t *j)
{
	const char *name;
	json_t *member;
	size_t i, n = json_is_string(j) ? json_string_length(j) : 0;

	json_object_foreach(j, name, member)
		n += strlen(name) + bytes_in(member);
	json_array_foreach(j, i, member)
		n += bytes_in(member);
	return n;
}

json_t *
pol_vault_json(const char *text, size_t len)
{
	struct scan s = { 0 };
	json_error_t err;
	json_t *j;

	for (size_t i = 0; i < len; i++)
		scan_byte(&s, text + i, len - i);
	if (len == 0 || s.deep)
		return NULL;
	j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &err);
	if (j != NULL && (!json_is_object(j) || bytes_in(j) != s.bytes)) {
		pol_vault_json_free(j);
		j = NULL;
	}
	return j;
}

const char *
pol_vault_json_text(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

bool
pol_vault_json_maybe(const json_t *o, const char *name, const char **out)
{
	const json_t *j = json_object_get(o, name);

	*out = json_is_string(j) ? json_string_value(j) : "";
	return j == NULL || json_is_null(j) || json_is_string(j);
}

bool
pol_vault_json_int(const json_t *o, const char *name, int64_t least, int64_t *out)
{
	const json_t *j = json_object_get(o, name);

	*out = json_is_integer(j) ? (int64_t)json_integer_value(j) : 0;
	return json_is_integer(j) && *out >= least;
}

void
pol_vault_json_wipe(const json_t *text)
{
	if (json_is_string(text))
		explicit_bzero((char *)(uintptr_t)json_string_value(text), json_string_length(text));
}

/* Its depth is bounded by what pol_vault_json() lets in. */
static void
wipe_all(json_t *j)
{
	const char *name;
	json_t *member;
	size_t i;

	pol_vault_json_wipe(j);
	json_object_foreach(j, name, member)
		wipe_all(member);
	json_array_foreach(j, i, member)
		wipe_all(member);
}

void
pol_vault_json_free(json_t *j)
{
	if (j == NULL)
		return;
	wipe_all(j);
	json_decref(j);
}

/* What can stand in a JSON text: no UTF-8 is no secret of the server's. */
bool
pol_vault_json_able(struct policy_text t)
{
	const unsigned char *p = (const unsigned char *)t.data, *end = p + t.len;

	while (p < end) {
		const unsigned c = *p++, more = c < 0x80 ? 0 : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
		unsigned long is = more == 0 ? c : c & (0x3fu >> more);

		if ((c >= 0x80 && c < 0xc2) || c > 0xf4 || (size_t)(end - p) < more)
			return false;
		for (unsigned i = 0; i < more; i++, p++) {
			if ((*p & 0xc0) != 0x80)
				return false;
			is = is << 6 | (*p & 0x3f);
		}
		if ((more == 2 && is < 0x800) || (more == 3 && is < 0x10000) || is > 0x10ffff || is >> 11 == 27)
			return false;
	}
	return true;
}

size_t
pol_vault_json_write(char *buf, size_t room, const char *const *names, const struct policy_text *values, size_t n)
{
	json_t *o = json_object();
	size_t len = 0;
	bool good = o != NULL;

	for (size_t i = 0; good && i < n; i++) {
		/* refuses what is no UTF-8, and takes NULL for a failure */
		json_t *text = json_stringn(values[i].data, values[i].len);

		good = json_object_set_new(o, names[i], text) == 0;
	}
	if (good)
		len = json_dumpb(o, buf, room, JSON_COMPACT);
	pol_vault_json_free(o);
	return len <= room ? len : 0;
}
