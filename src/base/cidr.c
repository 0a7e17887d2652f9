/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses and networks as text.  One address has one reading: no octal, no
 * short IPv4 forms, no zone, no host bits under a prefix.  Must never resolve a
 * name or call inet_aton, which reads 010 as eight.
 */
#include "base/cidr.h"

#include <string.h>

/* One to three decimal digits, no leading zero.  Characters used, 0 if none. */
static size_t
read_octet(const char *s, size_t len, uint8_t *out)
{
	unsigned v = 0;
	size_t n = 0;

	for (; n < len && s[n] >= '0' && s[n] <= '9'; n++) {
		if (n == 3)
			return 0;
		v = v * 10 + (unsigned)(s[n] - '0');
	}
	if (n == 0 || v > 255 || (n > 1 && s[0] == '0'))
		return 0;
	*out = (uint8_t)v;
	return n;
}

static int
read_v4(const char *s, size_t len, uint8_t out[4])
{
	size_t at = 0, n;

	for (int i = 0; i < 4; i++) {
		if (i > 0 && (at == len || s[at++] != '.'))
			return -1;
		n = read_octet(s + at, len - at, &out[i]);
		if (n == 0)
			return -1;
		at += n;
	}
	return at == len ? 0 : -1;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* One to four hexadecimal digits, two bytes.  Characters used, 0 if none. */
static size_t
read_hextet(const char *s, size_t len, uint8_t out[2])
{
	unsigned v = 0;
	size_t n = 0;

	for (; n < len && hex(s[n]) >= 0; n++) {
		if (n == 4)
			return 0;
		v = v << 4 | (unsigned)hex(s[n]);
	}
	out[0] = (uint8_t)(v >> 8);
	out[1] = (uint8_t)(v & 0xff);
	return n;
}

/*
 * Groups up to the end or to "::", an IPv4 address in the last place if there
 * is room for it.  Bytes filled, or -1; *at is where it stopped.
 */
static int
read_groups(const char *s, size_t len, size_t *at, uint8_t *out, int room)
{
	int used = 0;
	size_t n;

	while (used < room) {
		if (room - used >= 4 && memchr(s + *at, ':', len - *at) == NULL &&
		    read_v4(s + *at, len - *at, out + used) == 0) {
			*at = len;
			return used + 4;
		}
		n = read_hextet(s + *at, len - *at, out + used);
		if (n == 0)
			return -1;
		*at += n;
		used += 2;
		if (*at == len || (len - *at >= 2 && s[*at] == ':' && s[*at + 1] == ':'))
			return used;
		if (s[*at] != ':')
			return -1;
		(*at)++;
	}
	return -1;			/* one group too many, or a ':' at the end */
}

static int
read_v6(const char *s, size_t len, uint8_t out[16])
{
	uint8_t low[16];
	size_t at = 0;
	int high = 0, tail = 0;

	if (len < 2)
		return -1;
	if (s[0] != ':' || s[1] != ':') {
		high = read_groups(s, len, &at, out, 16);
		if (high < 0)
			return -1;
		if (at == len)
			return high == 16 ? 0 : -1;
	}
	at += 2;
	if (high > 14)			/* "::" stands for one group at least */
		return -1;
	memset(out + high, 0, 16 - (size_t)high);
	if (at == len)
		return 0;
	tail = read_groups(s, len, &at, low, 14 - high);
	if (tail < 0 || at != len)	/* a second "::" */
		return -1;
	memcpy(out + 16 - tail, low, (size_t)tail);
	return 0;
}

/* As written: an IPv4-mapped address stays one of IPv6. */
static int
read_ip(struct pol_ip *out, const char *s, size_t len)
{
	memset(out, 0, sizeof(*out));
	if (len == 0)
		return -1;
	if (memchr(s, ':', len) != NULL) {
		out->family = 6;
		return read_v6(s, len, out->bytes);
	}
	out->family = 4;
	return read_v4(s, len, out->bytes);
}

static bool
is_mapped(const struct pol_ip *ip)
{
	static const uint8_t head[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return ip->family == 6 && memcmp(ip->bytes, head, sizeof(head)) == 0;
}

int
pol_ip_parse(struct pol_ip *out, const char *s, size_t len)
{
	struct pol_ip ip;

	memset(out, 0, sizeof(*out));
	if (read_ip(&ip, s, len) != 0)
		return -1;
	if (is_mapped(&ip)) {
		out->family = 4;
		memcpy(out->bytes, ip.bytes + 12, 4);
	} else {
		*out = ip;
	}
	return 0;
}

/* One to three digits, leading zeros allowed; -1 if not, or beyond most. */
static int
read_prefix(const char *s, size_t len, int most)
{
	int v = 0;

	if (len < 1 || len > 3)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v > most ? -1 : v;
}

static bool
has_host_bits(const struct pol_net *n)
{
	size_t whole = n->prefix / 8u;
	unsigned rest = n->prefix % 8u;

	if (whole == 16)
		return false;
	if ((n->base.bytes[whole] & (0xffu >> rest)) != 0)
		return true;
	for (size_t i = whole + 1; i < 16; i++)
		if (n->base.bytes[i] != 0)
			return true;
	return false;
}

int
pol_net_parse(struct pol_net *out, const char *s, size_t len)
{
	const char *slash = len == 0 ? NULL : memchr(s, '/', len);
	size_t host = slash == NULL ? len : (size_t)(slash - s);
	struct pol_net n;
	int most, prefix;

	memset(out, 0, sizeof(*out));
	memset(&n, 0, sizeof(n));
	if (read_ip(&n.base, s, host) != 0)
		return POL_NET_BAD;
	most = n.base.family == 4 ? 32 : 128;
	prefix = slash == NULL ? most : read_prefix(slash + 1, len - host - 1, most);
	if (prefix < 0)
		return POL_NET_BAD;
	n.prefix = (uint8_t)prefix;
	if (has_host_bits(&n))
		return POL_NET_HOST_BITS;
	if (is_mapped(&n.base))
		return POL_NET_MAPPED;
	*out = n;
	return POL_NET_OK;
}

bool
pol_net_contains(const struct pol_net *n, const struct pol_ip *ip)
{
	size_t whole = n->prefix / 8u;
	unsigned rest = n->prefix % 8u;

	/* A zeroed network has no family: it contains nothing. */
	if (n->base.family != ip->family || n->base.family == 0 || n->prefix > 128)
		return false;
	if (memcmp(n->base.bytes, ip->bytes, whole) != 0)
		return false;
	return rest == 0 || ((n->base.bytes[whole] ^ ip->bytes[whole]) >> (8 - rest)) == 0;
}
