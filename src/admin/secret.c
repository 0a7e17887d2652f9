/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opaque tokens begin with letters of their own and end in a checksum, so that who scans
 * sources for leaked ones finds them and nothing else, and a typing error is told without
 * asking anybody. What is kept of one is its SHA-256: 256 random bits need no slow hash.
 */
/* The one-call functions of libcrypto 3 allocate, and die where they cannot; these do not. */
#define OPENSSL_SUPPRESS_DEPRECATED 1
#include "admin/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/sha.h>

static const char prefix[] = "pol_";
static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#define RANDOM_BYTES 32
#define BODY 43
#define SUM 6

static int
draw(unsigned char *out, size_t n)
{
	for (size_t at = 0; at < n;) {
		const ssize_t got = getrandom(out + at, n - at, 0);

		if (got < 0 && errno != EINTR)
			return POLICY_ERR_INTERNAL;
		at += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

int
pol_secret_uid(char out[POL_UID_LEN + 1])
{
	unsigned char b[POL_UID_LEN];
	int rc = draw(b, sizeof(b));

	for (size_t i = 0; i < sizeof(b); i++)
		out[i] = "abcdefghijklmnopqrstuvwxyz234567"[b[i] & 31];
	out[rc == 0 ? POL_UID_LEN : 0] = '\0';
	return rc;
}

/* The letters of a number of n bytes, the last first; it is used up. */
static void
write62(char *out, size_t len, unsigned char *number, size_t n)
{
	while (len-- > 0) {
		unsigned rest = 0;

		for (size_t i = 0; i < n; i++) {
			rest = rest << 8 | number[i];
			number[i] = (unsigned char)(rest / 62);
			rest %= 62;
		}
		out[len] = base62[rest];
	}
}

/* CRC-32 as in zip and PNG. */
static uint32_t
crc32_of(const char *s, size_t len)
{
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)s[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
	}
	return ~crc;
}

static void
write_sum(char out[SUM], const char *token)
{
	const uint32_t crc = crc32_of(token, sizeof(prefix) - 1 + BODY);
	unsigned char b[4] = { (unsigned char)(crc >> 24), (unsigned char)(crc >> 16), (unsigned char)(crc >> 8), (unsigned char)crc };

	write62(out, SUM, b, sizeof(b));
}

int
pol_secret_opaque(char out[POL_OPAQUE_LEN + 1])
{
	unsigned char b[RANDOM_BYTES];
	int rc = draw(b, sizeof(b));

	_Static_assert(sizeof(prefix) - 1 + BODY + SUM == POL_OPAQUE_LEN, "the parts of a token");
	memset(out, 0, POL_OPAQUE_LEN + 1);
	if (rc == 0) {
		memcpy(out, prefix, sizeof(prefix) - 1);
		write62(out + sizeof(prefix) - 1, BODY, b, sizeof(b));
		write_sum(out + sizeof(prefix) - 1 + BODY, out);
	}
	explicit_bzero(b, sizeof(b));
	return rc;
}

bool
pol_secret_is_opaque(struct policy_text t)
{
	char sum[SUM];

	if (t.len != POL_OPAQUE_LEN || memcmp(t.data, prefix, sizeof(prefix) - 1) != 0)
		return false;
	for (size_t i = sizeof(prefix) - 1; i < t.len; i++) {
		if (t.data[i] == '\0' || strchr(base62, t.data[i]) == NULL)
			return false;
	}
	write_sum(sum, t.data);
	return memcmp(sum, t.data + t.len - SUM, SUM) == 0;
}

void
pol_secret_hex_of(char out[POL_HEX_LEN + 1], const unsigned char sha256[32])
{
	for (size_t i = 0; i < 32; i++) {
		out[2 * i] = "0123456789abcdef"[sha256[i] >> 4];
		out[2 * i + 1] = "0123456789abcdef"[sha256[i] & 15];
	}
	out[POL_HEX_LEN] = '\0';
}

void
pol_secret_hex(char out[POL_HEX_LEN + 1], struct policy_text t)
{
	unsigned char sum[SHA256_DIGEST_LENGTH];
	SHA256_CTX c;

	SHA256_Init(&c);
	SHA256_Update(&c, t.data, t.len);
	SHA256_Final(sum, &c);
	explicit_bzero(&c, sizeof(c));
	pol_secret_hex_of(out, sum);
}
