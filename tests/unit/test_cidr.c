/* SPDX-License-Identifier: Apache-2.0 */
/* base/cidr.c: the rows agree with Python's ipaddress, which the reference uses. */
#include <string.h>

#include "base/cidr.h"

#include "unit/unit.h"

/* hex: the bytes wanted, "" where the text is refused. */
static const struct {
	const char *text, *hex;
} addresses[] = {
	{ "0.0.0.0", "00000000" }, { "127.0.0.1", "7f000001" }, { "255.255.255.255", "ffffffff" },
	{ "1.2.3.4", "01020304" }, { "::", "00000000000000000000000000000000" },
	{ "::1", "00000000000000000000000000000001" }, { "1::", "00010000000000000000000000000000" },
	{ "2001:db8::A", "20010db800000000000000000000000a" },
	{ "2001:0db8:0:0:0:0:0:a", "20010db800000000000000000000000a" },
	{ "1:2:3:4:5:6:7::", "00010002000300040005000600070000" },
	{ "::2:3:4:5:6:7:8", "00000002000300040005000600070008" },
	{ "1:2:3::5:6:7:8", "00010002000300000005000600070008" },
	{ "1:2:3:4:5:6:1.2.3.4", "00010002000300040005000601020304" },
	{ "::1.2.3.4", "00000000000000000000000001020304" },
	{ "64:ff9b::1.2.3.4", "0064ff9b000000000000000001020304" },
	{ "::ffff:1.2.3.4", "01020304" }, { "::FFFF:102:304", "01020304" },
	{ "0:0:0:0:0:ffff:0:0", "00000000" },
	{ "::fffe:1.2.3.4", "00000000000000000000fffe01020304" },
	{ "::1:ffff:1.2.3.4", "0000000000000000" "0001ffff01020304" },
	{ "", "" }, { ".", "" }, { "1", "" }, { "1.2.3", "" }, { "1.2.3.4.5", "" }, { "1.2.3.", "" },
	{ ".1.2.3", "" }, { "1..3.4", "" }, { "01.2.3.4", "" }, { "1.2.3.00", "" }, { "1.2.3.256", "" },
	{ "1.2.3.0004", "" }, { "0x1.2.3.4", "" }, { "1.2.3.a", "" }, { " 1.2.3.4", "" }, { "1.2.3.4 ", "" },
	{ "1.2.3.4\n", "" }, { "1.2.3.4/32", "" }, { "+1.2.3.4", "" }, { "-1.2.3.4", "" }, { "1.2.3.4:", "" },
	{ ":", "" }, { ":::", "" }, { "1:", "" }, { ":1", "" }, { ":1::", "" }, { "1::2:", "" }, { "::1::", "" },
	{ "1::2::3", "" }, { "1:::2", "" }, { "1:2:3:4:5:6:7", "" }, { "1:2:3:4:5:6:7:8:9", "" },
	{ "1:2:3:4:5:6:7:8:", "" }, { ":1:2:3:4:5:6:7:8", "" }, { "1:2:3:4:5:6:7:8::", "" },
	{ "::1:2:3:4:5:6:7:8", "" }, { "1:2:3:4::5:6:7:8", "" }, { "12345::", "" }, { "00001::", "" },
	{ "g::", "" }, { "::1%eth0", "" }, { "1.2.3.4%1", "" }, { "[::1]", "" }, { "::1.2.3", "" },
	{ "::1.2.3.4.5", "" }, { "::1.2.3.04", "" }, { "1.2.3.4::", "" }, { "::1.2.3.4:1", "" },
	{ "1:2:3:4:5:6:7:1.2.3.4", "" }, { "::1:2:3:4:5:6:1.2.3.4", "" }, { ":1.2.3.4", "" },
};

static size_t
hex_bytes(const char *hex, uint8_t out[16])
{
	size_t n = strlen(hex) / 2;

	memset(out, 0, 16);
	for (size_t i = 0; i < 2 * n; i++) {
		char c = hex[i];

		out[i / 2] = (uint8_t)(out[i / 2] << 4 | (c <= '9' ? c - '0' : c - 'a' + 10));
	}
	return n;
}

static void
an_address_has_one_reading(void)
{
	struct pol_ip ip;
	uint8_t want[16];

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		size_t n = hex_bytes(addresses[i].hex, want);
		int rc = pol_ip_parse(&ip, addresses[i].text, strlen(addresses[i].text));

		if (rc != (n > 0 ? 0 : -1) || (n > 0 && ip.family != (n == 4 ? 4 : 6)) ||
		    (n > 0 && memcmp(ip.bytes, want, 16) != 0))
			CU_FAIL("a row of the table");
	}
	CU_ASSERT_EQUAL(pol_ip_parse(&ip, NULL, 0), -1);
	CU_ASSERT_EQUAL(ip.family, 0);
	CU_ASSERT_EQUAL(pol_ip_parse(&ip, "1.2.3.4\0", 8), -1);
	CU_ASSERT_EQUAL(pol_ip_parse(&ip, "1.2.3.45", 7), 0);	/* the length counts, no NUL */
	CU_ASSERT_EQUAL(ip.bytes[3], 4);
}

static const struct {
	const char *text;
	int want, prefix;
} networks[] = {
	{ "10.0.0.0/8", POL_NET_OK, 8 }, { "0.0.0.0/0", POL_NET_OK, 0 }, { "1.2.3.4", POL_NET_OK, 32 },
	{ "1.2.3.4/32", POL_NET_OK, 32 }, { "1.2.3.4/032", POL_NET_OK, 32 }, { "10.0.0.0/08", POL_NET_OK, 8 },
	{ "128.0.0.0/1", POL_NET_OK, 1 }, { "10.1.0.0/17", POL_NET_OK, 17 }, { "::/0", POL_NET_OK, 0 },
	{ "::1", POL_NET_OK, 128 }, { "2001:db8::/32", POL_NET_OK, 32 }, { "8000::/1", POL_NET_OK, 1 },
	{ "::1/128", POL_NET_OK, 128 }, { "::2/127", POL_NET_OK, 127 }, { "::1.2.3.4/128", POL_NET_OK, 128 },
	{ "10.0.0.1/8", POL_NET_HOST_BITS, 0 }, { "192.0.0.0/1", POL_NET_HOST_BITS, 0 },
	{ "1.2.3.4/0", POL_NET_HOST_BITS, 0 }, { "::1/127", POL_NET_HOST_BITS, 0 },
	{ "2001:db8::1/32", POL_NET_HOST_BITS, 0 }, { "::ffff:0:0/64", POL_NET_HOST_BITS, 0 },
	{ "::ffff:1.2.3.4/96", POL_NET_HOST_BITS, 0 }, { "::ffff:1.2.3.4", POL_NET_MAPPED, 0 },
	{ "::ffff:0:0/96", POL_NET_MAPPED, 0 }, { "::ffff:10.0.0.0/104", POL_NET_MAPPED, 0 },
	{ "", POL_NET_BAD, 0 }, { "/", POL_NET_BAD, 0 }, { "/8", POL_NET_BAD, 0 }, { "10.0.0.0/", POL_NET_BAD, 0 },
	{ "10.0.0.0/33", POL_NET_BAD, 0 }, { "::/129", POL_NET_BAD, 0 }, { "10.0.0.0/8/8", POL_NET_BAD, 0 },
	{ "10.0.0.0/0008", POL_NET_BAD, 0 }, { "10.0.0.0/-1", POL_NET_BAD, 0 }, { "10.0.0.0/+8", POL_NET_BAD, 0 },
	{ "10.0.0.0/8 ", POL_NET_BAD, 0 }, { "10.0.0.0/a", POL_NET_BAD, 0 }, { "10/8", POL_NET_BAD, 0 },
	{ "10.0.0.0/255.0.0.0", POL_NET_BAD, 0 }, { "fe80::%eth0/64", POL_NET_BAD, 0 },
	{ "10.0.0.0/999", POL_NET_BAD, 0 },
};

static void
a_network_says_what_is_wrong(void)
{
	struct pol_net n;

	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		int rc = pol_net_parse(&n, networks[i].text, strlen(networks[i].text));

		if (rc != networks[i].want || (rc == 0 && n.prefix != networks[i].prefix))
			CU_FAIL("a row of the table");
	}
	CU_ASSERT_EQUAL(pol_net_parse(&n, NULL, 0), POL_NET_BAD);
}

static const struct {
	const char *net, *ip;
	bool want;
} members[] = {
	{ "10.0.0.0/8", "10.255.0.1", true }, { "10.0.0.0/8", "11.0.0.0", false },
	{ "0.0.0.0/0", "255.1.2.3", true }, { "0.0.0.0/0", "::1", false }, { "::/0", "1.2.3.4", false },
	{ "::/0", "ffff::", true }, { "::/0", "::ffff:1.2.3.4", false },
	{ "1.2.3.0/24", "::ffff:1.2.3.4", true }, { "1.2.3.4", "1.2.3.4", true },
	{ "1.2.3.4", "1.2.3.5", false }, { "128.0.0.0/1", "128.0.0.0", true },
	{ "128.0.0.0/1", "127.255.255.255", false }, { "10.1.128.0/17", "10.1.128.0", true },
	{ "10.1.128.0/17", "10.1.127.255", false }, { "10.1.128.0/17", "10.2.128.0", false },
	{ "2001:db8::/33", "2001:db8:7fff::1", true }, { "2001:db8::/33", "2001:db8:8000::", false },
	{ "::2/127", "::3", true }, { "::2/127", "::4", false }, { "::1", "::1", true }, { "::1", "::", false },
};

static void
a_network_contains_its_own(void)
{
	struct pol_net n;
	struct pol_ip ip;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		CU_ASSERT_EQUAL(pol_net_parse(&n, members[i].net, strlen(members[i].net)), 0);
		CU_ASSERT_EQUAL(pol_ip_parse(&ip, members[i].ip, strlen(members[i].ip)), 0);
		CU_ASSERT_EQUAL(pol_net_contains(&n, &ip), members[i].want);
	}
}

static void
zeroed_structures_contain_nothing(void)
{
	struct pol_net n;
	struct pol_ip ip;

	memset(&n, 0, sizeof(n));
	memset(&ip, 0, sizeof(ip));
	CU_ASSERT_FALSE(pol_net_contains(&n, &ip));
	CU_ASSERT_EQUAL(pol_ip_parse(&ip, "0.0.0.0", 7), 0);
	CU_ASSERT_FALSE(pol_net_contains(&n, &ip));
}

CU_TestInfo suite_cidr[] = {
	{ "an address has one reading", an_address_has_one_reading },
	{ "a network says what is wrong", a_network_says_what_is_wrong },
	{ "a network contains its own", a_network_contains_its_own },
	{ "zeroed structures contain nothing", zeroed_structures_contain_nothing },
	CU_TEST_INFO_NULL
};
