/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A proxy, the server behind it and we must take one target for the same thing. What
 * some of them fold, strip or decode again is therefore refused: dot segments, empty
 * ones, backslashes, parameters behind `;`, control bytes, bytes that are no UTF-8, also
 * where they are escaped. An escaped slash stays inside its segment and is marked.
 */
#include "core/target.h"

#include "base/name.h"

/* Beside letters and digits. No path has the end of the second, but clients send them
 * in queries. */
static const char in_path[] = "/-._~!$&'()*+,=:@%", in_query[] = "/-._~!$&'()*+,=:@%?;\"<>[]{}|\\^`",
    in_method[] = "!#$%&'*+-.^_`|~";

static bool
is_plain(char c)
{
	const char low = (char)(c | 0x20);

	return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9');
}

/* Letters, digits and those of `others`, and nothing else. */
static bool
is_all(struct policy_text t, const char *others)
{
	for (size_t i = 0; i < t.len; i++)
		if (!is_plain(t.data[i]) && (t.data[i] == '\0' || strchr(others, t.data[i]) == NULL))
			return false;
	return true;
}

bool
pol_target_is_method(struct policy_text method)
{
	return method.data != NULL && method.len - 1 < POL_TARGET_METHOD && is_all(method, in_method);
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that is escaped at s, of which there are `left`; -1: a bad escape. */
static int
unescape(const char *s, size_t left)
{
	int high, low;

	if (left < 3)
		return -1;
	high = digit(s[1]);
	low = digit(s[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool
is_control(int c)
{
	return c < 0x20 || c == 0x7f;
}

/* Between two slashes, escaped or not, stands a name that no one takes for a step. */
static bool
is_name(const char *s, size_t len)
{
	return len != 0 && !(s[0] == '.' && (len == 1 || (len == 2 && s[1] == '.')));
}

static bool
are_names(const char *s, size_t len)
{
	const char *slash;

	while ((slash = memchr(s, '/', len)) != NULL) {
		if (!is_name(s, (size_t)(slash - s)))
			return false;
		len -= (size_t)(slash - s) + 1;
		s = slash + 1;
	}
	return is_name(s, len);
}

/* One segment into *at of the path. */
static bool
read_segment(struct pol_target *t, uint32_t *at, const char *s, size_t len)
{
	struct pol_segment *g = &t->segment[t->n++];

	*g = (struct pol_segment){ .off = *at };
	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)s[i];

		if (c == '%') {
			c = unescape(s + i, len - i);
			if (c < 0 || is_control(c) || c == '\\' || c == ';')
				return false;
			i += 2;
			g->slash |= c == '/';
		}
		t->path[(*at)++] = (char)c;
	}
	g->len = *at - g->off;
	return true;
}

/* Every segment but one of no bytes at the end is a name, or several with %2F between. */
static bool
is_path(const struct pol_target *t, uint32_t len)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const struct pol_segment *g = &t->segment[i];

		if (g->len == 0 ? i + 1 != t->n : !are_names(t->path + g->off, g->len))
			return false;
	}
	return pol_utf8_check(t->path, len) < 0;
}

static int
read_path(struct pol_target *t, struct policy_text path)
{
	uint32_t at = 0;
	size_t i, end;

	t->n = 0;
	for (i = 1; i <= path.len; i = end + 1) {
		const char *slash = memchr(path.data + i, '/', path.len - i);

		end = slash != NULL ? (size_t)(slash - path.data) : path.len;
		if (t->n == POL_TARGET_SEGMENTS)
			return POLICY_ERR_LIMIT;
		if (t->n != 0)
			t->path[at++] = '/';
		if (!read_segment(t, &at, path.data + i, end - i))
			return POLICY_ERR_ARG;
	}
	return is_path(t, at) ? 0 : POLICY_ERR_ARG;
}

int
pol_target_read(struct pol_target *t, struct policy_text method, struct policy_text target)
{
	struct policy_text path = target;
	const char *mark;

	if (!pol_target_is_method(method) || target.data == NULL || target.len == 0 || target.data[0] != '/')
		return POLICY_ERR_ARG;
	if (target.len > POL_TARGET_MAX)
		return POLICY_ERR_LIMIT;
	mark = memchr(target.data, '?', target.len);
	t->method = method;
	t->query = policy_text(NULL);
	if (mark != NULL) {
		path.len = (size_t)(mark - target.data);
		t->query = (struct policy_text){ mark + 1, target.len - path.len - 1 };
	}
	return is_all(path, in_path) && is_all(t->query, in_query) ? read_path(t, path) : POLICY_ERR_ARG;
}

/* ---- the query ---- */

/* One name or value, `+` and %20 alike a space. */
static bool
read_word(struct pol_params *p, uint32_t *at, const char *s, size_t len, struct policy_text *out)
{
	out->data = p->bytes + *at;
	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)s[i];

		if (c == ';')
			return false;	/* to some it is what & is */
		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			c = unescape(s + i, len - i);
			if (c < 0 || is_control(c))
				return false;
			i += 2;
		}
		p->bytes[(*at)++] = (char)c;
	}
	out->len = (size_t)(p->bytes + *at - out->data);
	return pol_utf8_check(out->data, out->len) < 0;
}

int
pol_target_params(struct pol_params *p, struct policy_text query)
{
	uint32_t at = 0;
	size_t i, end;

	p->n = 0;
	for (i = 0; i < query.len; i = end + 1) {
		const char *s = query.data + i, *next = memchr(s, '&', query.len - i), *is;
		size_t len = next != NULL ? (size_t)(next - s) : query.len - i;

		end = i + len;
		if (len == 0)
			continue;
		if (p->n == POL_TARGET_PARAMS)
			return POLICY_ERR_LIMIT;
		is = memchr(s, '=', len);
		if (!read_word(p, &at, s, is != NULL ? (size_t)(is - s) : len, &p->list[p->n].key) ||
		    !read_word(p, &at, is != NULL ? is + 1 : s, is != NULL ? len - (size_t)(is - s) - 1 : 0, &p->list[p->n].value))
			return POLICY_ERR_ARG;
		p->n++;
	}
	return 0;
}
