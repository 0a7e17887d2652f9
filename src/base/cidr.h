/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POL_BASE_CIDR_H
#define POL_BASE_CIDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pol_ip {
	uint8_t family;			/* 4 or 6 */
	uint8_t bytes[16];		/* 4 or 16 of them, the rest zero */
};

struct pol_net {
	struct pol_ip base;		/* host bits are zero */
	uint8_t prefix;
};

/* RFC 4291 / dotted quad without leading zeros; an IPv4-mapped IPv6 address is
 * the IPv4 address. No zone. 0 or -1. */
int pol_ip_parse(struct pol_ip *out, const char *s, size_t len);

enum pol_net_error { POL_NET_OK = 0, POL_NET_BAD = -1, POL_NET_HOST_BITS = -2, POL_NET_MAPPED = -3 };
/* ADDRESS or ADDRESS/PREFIX, no host bits set, no IPv4-mapped network. */
int pol_net_parse(struct pol_net *out, const char *s, size_t len);
/* Different families: false. */
bool pol_net_contains(const struct pol_net *n, const struct pol_ip *ip);

#endif
