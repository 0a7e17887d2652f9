/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/err.h"
#include "load/walk.h"

struct pol_chain {
	EVP_MD *md;
	EVP_MD_CTX *hash;		/* without a key */
	EVP_MAC *mac;
	EVP_MAC_CTX *hmac;		/* with one */
};

static int
with_key(struct pol_chain *c, const char *key, size_t len)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[2] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end() };

	c->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	c->hmac = c->mac != NULL ? EVP_MAC_CTX_new(c->mac) : NULL;
	return c->hmac != NULL && EVP_MAC_init(c->hmac, (const unsigned char *)key, len, params) == 1 ? 0 : -1;
}

int
pol_chain_new(struct pol_chain **out, const char *key, size_t key_len)
{
	struct pol_chain *c = calloc(1, sizeof(*c));
	int rc = -1;

	*out = NULL;
	if (c == NULL)
		return POLICY_ERR_NOMEM;
	if (key_len > 0) {
		rc = with_key(c, key, key_len);
	} else {
		c->md = EVP_MD_fetch(NULL, "SHA256", NULL);
		c->hash = EVP_MD_CTX_new();
		rc = c->md != NULL && c->hash != NULL ? 0 : -1;
	}
	if (rc != 0) {
		pol_chain_free(c);
		return POLICY_ERR_INTERNAL;
	}
	*out = c;
	return 0;
}

int
pol_chain_copy(struct pol_chain **out, const struct pol_chain *from)
{
	struct pol_chain *c;

	if (from->hmac == NULL)
		return pol_chain_new(out, NULL, 0);
	*out = NULL;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return POLICY_ERR_NOMEM;
	c->hmac = EVP_MAC_CTX_dup(from->hmac);
	if (c->hmac == NULL) {
		free(c);
		return POLICY_ERR_NOMEM;
	}
	*out = c;
	return 0;
}

void
pol_chain_free(struct pol_chain *c)
{
	if (c == NULL)
		return;
	EVP_MD_CTX_free(c->hash);
	EVP_MD_free(c->md);
	EVP_MAC_CTX_free(c->hmac);
	EVP_MAC_free(c->mac);
	free(c);
}

int
pol_chain_sum(struct pol_chain *c, unsigned char out[POL_SUM], const unsigned char prev[POL_SUM],
    const char *line, size_t len)
{
	const unsigned char *s = (const unsigned char *)line;
	size_t n = 0;

	if (c->hmac != NULL)
		return EVP_MAC_init(c->hmac, NULL, 0, NULL) == 1 && EVP_MAC_update(c->hmac, prev, POL_SUM) == 1 &&
		    EVP_MAC_update(c->hmac, s, len) == 1 && EVP_MAC_final(c->hmac, out, &n, POL_SUM) == 1 &&
		    n == POL_SUM ? 0 : POLICY_ERR_INTERNAL;
	return EVP_DigestInit_ex2(c->hash, c->md, NULL) == 1 && EVP_DigestUpdate(c->hash, prev, POL_SUM) == 1 &&
	    EVP_DigestUpdate(c->hash, s, len) == 1 && EVP_DigestFinal_ex(c->hash, out, NULL) == 1 ? 0 : POLICY_ERR_INTERNAL;
}

void
pol_chain_hex(char out[POL_SUM_HEX + 1], const unsigned char sum[POL_SUM])
{
	static const char digits[] = "0123456789abcdef";

	for (uint32_t i = 0; i < POL_SUM; i++) {
		out[2 * i] = digits[sum[i] >> 4];
		out[2 * i + 1] = digits[sum[i] & 15];
	}
	out[POL_SUM_HEX] = '\0';
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
pol_chain_bytes(unsigned char out[POL_SUM], const char *hex, size_t len)
{
	if (len != POL_SUM_HEX)
		return -1;
	for (uint32_t i = 0; i < POL_SUM; i++) {
		int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

/* ---- a key file ---- */

static int
read_key(char out[POL_KEY_MOST], size_t *len, int fd, const char *path, const struct pol_walk_judge *j)
{
	char more;
	ssize_t n = 0;

	*len = 0;
	while (*len < POL_KEY_MOST && (n = read(fd, out + *len, POL_KEY_MOST - *len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return pol_walk_errno(j, path, errno);
		*len += (size_t)n;
	}
	if (*len < POL_KEY_LEAST || read(fd, &more, 1) != 0)
		return pol_err_set(j->err, POLICY_ERR_INVALID, NULL, 0, 0, "key: %s has %s bytes: %u to %u are wanted, random ones", path,
		    *len < POL_KEY_LEAST ? "too few" : "too many", POL_KEY_LEAST, POL_KEY_MOST);
	return 0;
}

int
pol_chain_key(char out[POL_KEY_MOST], size_t *len, const char *path, struct policy_error *err)
{
	const struct pol_walk_judge j = { .shown = path, .err = err };
	struct pol_walk_end end;
	struct stat st;
	int rc = pol_walk_open(&end, path, &j), fd;

	if (rc != 0)
		return rc;
	fd = openat(end.dir, end.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		rc = pol_walk_errno(&j, path, errno);
	else if (!S_ISREG(st.st_mode))
		rc = pol_err_set(err, POLICY_ERR_INVALID, NULL, 0, 0, "key: %s is no regular file", path);
	else if ((st.st_mode & 077) != 0)
		rc = pol_err_set(err, POLICY_ERR_UNSAFE, NULL, 0, 0, "key: others than its owner may read or write %s: mode 0600 or 0400 is wanted", path);
	else
		rc = pol_walk_judge(&j, &st, "file", path, false);
	if (rc == 0)
		rc = read_key(out, len, fd, path, &j);
	if (rc != 0)
		OPENSSL_cleanse(out, POL_KEY_MOST);
	if (fd >= 0)
		close(fd);
	pol_walk_close(&end);
	return rc;
}
