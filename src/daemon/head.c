/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libmicrohttpd lets pass in a head, and HTTP does not. It hands over texts that end in
 * NUL, so a NUL byte, a nameless line, a line that ends in a bare newline, or one that goes on in the next
 * would be gone from sight: but they all lie in one buffer, as they were sent, so that each
 * line must begin where the last one ended, two bytes further. Any doubt is a 400: two
 * readers of one request that disagree are a hole.
 */
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "conn.h"

/* RFC 9110, 5.6.2 */
static bool
is_token(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL)))
			return false;
	}
	return n != 0;
}

static bool
is_value(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

struct walk {
	struct pol_conn *n;
	const char *next;		/* where the next line has to begin */
	bool wrong, many;
};

static enum MHD_Result
take_header(void *ctx, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value, size_t value_len)
{
	struct walk *w = ctx;
	struct pol_conn *n = w->n;
	const char *gap;

	(void)kind;
	if (n->headers_count == POL_HEADERS) {
		w->many = true;
		return MHD_NO;
	}
	if (value == NULL || name != w->next || !is_token(name, name_len) || !is_value(value, value_len)) {
		w->wrong = true;
		return MHD_NO;
	}
	for (gap = name + name_len + 1; gap < value && *gap == ' '; gap++)
		;
	if (gap != value) {
		w->wrong = true;
		return MHD_NO;
	}
	w->next = value + value_len + 2;
	while (value_len != 0 && (value[value_len - 1] == ' ' || value[value_len - 1] == '\t'))
		value_len--;
	((char *)(uintptr_t)value)[value_len] = '\0';	/* handlers see it without the blanks */
	n->headers[n->headers_count++] = (struct pol_header){ name, value, name_len, value_len };
	return MHD_YES;
}

/* Printable, and no quote or bracket that would need one: what a request line may hold. */
static bool
is_target(const char *s, size_t n)
{
	if (n == 0 || s[0] != '/')
		return false;
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~' || s[i] == '#')
			return false;
	return true;
}

/* RFC 3986: a host, no userinfo, a port of digits. */
static bool
is_host(const char *s, size_t n)
{
	size_t i = 0;

	if (n == 0 || n > 255)
		return false;
	if (s[0] == '[') {
		for (i = 1; i < n && s[i] != ']'; i++)
			if (strchr("0123456789abcdefABCDEF:.", s[i]) == NULL)
				return false;
		if (i == n || i == 1)
			return false;
		i++;
	} else {
		for (; i < n && s[i] != ':'; i++)
			if (!is_token(s + i, 1) || s[i] == '#' || s[i] == '^' || s[i] == '`' || s[i] == '|')
				return false;
		if (i == 0)
			return false;
	}
	if (i == n)
		return true;
	if (s[i++] != ':')
		return false;
	for (; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

static bool
is(const struct pol_header *h, const char *name, size_t len)
{
	return h->name_len == len && strncasecmp(h->name, name, len) == 0;
}

#define IS(h, name) is(h, name, sizeof(name) - 1)

/* Which headers say how long the request is, and who is asked. */
static unsigned
check_framing(struct pol_conn *n, bool is_old)
{
	unsigned hosts = 0, lengths = 0, codings = 0, status = 0;

	for (size_t i = 0; i < n->headers_count; i++) {
		const struct pol_header *h = &n->headers[i];

		if (IS(h, "Host")) {
			if (!is_host(h->value, h->value_len) || ++hosts > 1)
				return 400;
		} else if (IS(h, "Content-Length")) {
			if (h->value_len == 0 || h->value_len > 18 || ++lengths > 1)
				return 400;
			for (size_t d = 0; d < h->value_len; d++) {
				if (h->value[d] < '0' || h->value[d] > '9')
					return 400;
				n->announced = n->announced * 10 + (unsigned char)(h->value[d] - '0');
			}
		} else if (IS(h, "Transfer-Encoding")) {
			if (h->value_len != 7 || memcmp(h->value, "chunked", 7) != 0 || ++codings > 1)
				return 400;
		} else if (IS(h, "Expect")) {
			if (h->value_len != 12 || strncasecmp(h->value, "100-continue", 12) != 0)
				status = 417;
		}
	}
	n->is_chunked = codings != 0;
	if ((hosts == 0 && !is_old) || (codings != 0 && (lengths != 0 || is_old)))
		return 400;
	return status;
}

/* Where no body comes nobody waits for a 100: libmicrohttpd would take what follows for one. */
static void
forget_expected(struct pol_conn *n)
{
	for (size_t i = 0; i < n->headers_count && n->announced == 0 && !n->is_chunked; i++)
		if (IS(&n->headers[i], "Expect"))
			*(char *)(uintptr_t)n->headers[i].value = '\0';
}

static void
own_id(struct pol_conn *n)
{
	static const char hex[] = "0123456789abcdef";
	char *id = n->call.request_id;

	if (n->random_left < 16) {
		if (getrandom(n->random, sizeof(n->random), 0) != (ssize_t)sizeof(n->random))
			return;
		n->random_left = sizeof(n->random);
	}
	n->random_left -= 16;
	for (size_t i = 0; i < 16; i++) {
		*id++ = hex[n->random[n->random_left + i] >> 4];
		*id++ = hex[n->random[n->random_left + i] & 15];
	}
	*id = '\0';
}

/* 00-TRACE-PARENT-FLAGS in lower hex, neither id all zero. */
static bool
is_traceparent(const char *s, size_t n)
{
	static const char form[] = "00-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh-hhhhhhhhhhhhhhhh-hh";

	if (n != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < n; i++)
		if (form[i] == 'h' ? !((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')) : s[i] != form[i])
			return false;
	return strspn(s + 3, "0") < 32 && strspn(s + 36, "0") < 16;
}

static void
take_ids(struct pol_conn *n)
{
	struct pol_call *c = &n->call;
	unsigned ids = 0, traces = 0;

	for (size_t i = 0; i < n->headers_count; i++) {
		const struct pol_header *h = &n->headers[i];

		if (IS(h, "X-Request-ID")) {
			bool ok = h->value_len != 0 && h->value_len < sizeof(c->request_id);

			for (size_t k = 0; ok && k < h->value_len; k++)
				ok = h->value[k] > ' ' && h->value[k] <= '~';
			if (ok && ++ids == 1) {
				memcpy(c->request_id, h->value, h->value_len);
				c->request_id[h->value_len] = '\0';
			} else if (ok) {
				own_id(n);	/* two: neither */
			}
		} else if (IS(h, "traceparent") && ++traces == 1 && is_traceparent(h->value, h->value_len)) {
			memcpy(c->trace_id, h->value + 3, 32);
			c->trace_id[32] = '\0';
			memcpy(n->trace, h->value, h->value_len);
			n->trace[h->value_len] = '\0';
		}
	}
	if (traces > 1)
		c->trace_id[0] = n->trace[0] = '\0';
	if (c->request_id[0] == '\0')
		own_id(n);
}

unsigned
pol_head_check(struct pol_conn *n, const char *method, const char *version)
{
	size_t method_len = strlen(method);
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(n->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	struct walk w = { .n = n };
	unsigned status;

	if (n->target.failed || !is_token(method, method_len) || n->uri != method + method_len + 1 ||
	    version != n->uri + n->target.len + 1 || strncmp(version, "HTTP/1.", 7) != 0 ||
	    (version[7] != '0' && version[7] != '1') || version[8] != '\0')
		return 400;
	w.next = version + 8 + 2;
	MHD_get_connection_values_n(n->mhd, MHD_HEADER_KIND, take_header, &w);
	if (w.wrong || w.many || info == NULL || method + info->header_size != w.next + 2 || !is_target(n->target.data, n->target.len))
		return 400;
	take_ids(n);
	status = check_framing(n, version[7] == '0');
	if (status == 0)
		forget_expected(n);
	return status;
}
