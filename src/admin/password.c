/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords are hashed by libcrypt, which is where the system's own are: yescrypt, at its
 * default cost. A hash that another system made is taken where crypt could have made it,
 * and where it is slow enough.
 */
#include <crypt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "admin/secret.h"

#define YESCRYPT "$y$"

_Static_assert(CRYPT_OUTPUT_SIZE <= POL_PASSWORD_HASH, "room for a hash");
_Static_assert(POL_PASSWORD_MOST < CRYPT_MAX_PASSPHRASE_SIZE, "room for a password");

/* crypt's own room is 32 KiB: too much for a stack. Wiped behind it. */
struct hashing {
	struct crypt_data crypt;
	char phrase[CRYPT_MAX_PASSPHRASE_SIZE];
	char setting[POL_PASSWORD_HASH];
};

static int
hash(struct hashing **out, struct policy_text password, struct policy_text setting, const char **made)
{
	struct hashing *h = calloc(1, sizeof(*h));

	*out = h;
	*made = NULL;
	if (h == NULL)
		return POLICY_ERR_NOMEM;
	memcpy(h->phrase, password.data, password.len);
	memcpy(h->setting, setting.data, setting.len);
	*made = crypt_rn(h->phrase, h->setting, &h->crypt, (int)sizeof(h->crypt));
	/* it also says no where memory is out: yescrypt takes megabytes */
	return *made != NULL && (*made)[0] != '*' ? 0 : POLICY_ERR_NOMEM;
}

static void
drop(struct hashing *h)
{
	if (h == NULL)
		return;
	explicit_bzero(h, sizeof(*h));
	free(h);
}

const char *
pol_secret_bad_password(struct policy_text password)
{
	if (password.len == 0)
		return "an empty password";
	if (password.len > POL_PASSWORD_MOST)
		return "a password of more than 511 bytes";
	if (memchr(password.data, '\0', password.len) != NULL)
		return "a password with a NUL in it";
	return NULL;
}

int
pol_secret_password(char out[POL_PASSWORD_HASH], struct policy_text password)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE], salt[32];
	struct hashing *h = NULL;
	const char *made;
	int rc;

	if (getrandom(salt, sizeof(salt), 0) != (ssize_t)sizeof(salt) ||
	    crypt_gensalt_rn(YESCRYPT, 0, salt, sizeof(salt), setting, sizeof(setting)) == NULL)
		return POLICY_ERR_INTERNAL;
	rc = hash(&h, password, policy_text(setting), &made);
	if (rc == 0)
		memcpy(out, made, strlen(made) + 1);
	drop(h);
	return rc;
}

int
pol_secret_fits(struct policy_text password, struct policy_text kept)
{
	struct hashing *h = NULL;
	unsigned char differ = 0;
	const char *made;
	int rc;

	if (kept.len == 0 || kept.len >= POL_PASSWORD_HASH || pol_secret_bad_password(password) != NULL)
		return 0;
	rc = hash(&h, password, kept, &made);
	if (rc == 0 && strlen(made) == kept.len) {
		for (size_t i = 0; i < kept.len; i++)
			differ |= (unsigned char)(made[i] ^ kept.data[i]);
		rc = differ == 0;
	}
	drop(h);
	return rc;
}

/* ---- hashes of other systems ---- */

static const char letters[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static bool
salt_and_hash(const char *s, size_t salt_most, size_t hash_len)
{
	const char *dollar = strchr(s, '$');

	return dollar != NULL && dollar != s && (size_t)(dollar - s) <= salt_most &&
	    strspn(s, letters) == (size_t)(dollar - s) && strlen(dollar + 1) == hash_len &&
	    strspn(dollar + 1, letters) == hash_len;
}

/* 1: good; 0: below its floor; -1: malformed. */
static int
yescrypt(const char *s)
{
	const char *n = s[0] == 'j' && s[1] != '\0' ? strchr(letters, s[1]) : NULL;
	const char *r = n != NULL && s[2] != '\0' && s[3] == '$' ? strchr(letters, s[2]) : NULL;

	if (r == NULL || n - letters + 1 > 24 || r - letters + 1 > 48 || !salt_and_hash(s + 4, 86, 43))
		return -1;
	return ((uint64_t)(r - letters + 1) << (n - letters + 1)) * 128 >= 4u << 20;
}

static int
bcrypt(const char *s)
{
	if (s[0] < '0' || s[0] > '2' || s[1] < '0' || s[1] > '9' || s[2] != '$' || strlen(s) != 56 || strspn(s + 3, letters) != 53)
		return -1;
	return s[0] > '0';
}

static int
sha512(const char *s)
{
	unsigned long rounds = 5000;
	char *end;

	if (strncmp(s, "rounds=", 7) == 0) {
		rounds = s[7] >= '1' && s[7] <= '9' ? strtoul(s + 7, &end, 10) : 0;
		if (rounds == 0 || rounds > 10000000 || *end != '$')
			return -1;
		s = end + 1;
	}
	return salt_and_hash(s, 16, 86) ? rounds >= 5000 : -1;
}

static const struct {
	const char *prefix;
	int (*judge)(const char *s);
	const char *floor;
} methods[] = {
	{ "$y$", yescrypt, "a yescrypt hash of less than 4 MiB" },
	{ "$gy$", yescrypt, "a gost-yescrypt hash of less than 4 MiB" },
	{ "$2b$", bcrypt, "a bcrypt hash of a cost below 10" },
	{ "$2y$", bcrypt, "a bcrypt hash of a cost below 10" },
	{ "$6$", sha512, "a SHA-512 hash of less than 5000 rounds" },
};

const char *
pol_secret_bad_hash(struct policy_text kept)
{
	char s[POL_PASSWORD_HASH] = "";

	if (kept.len >= sizeof(s) || (kept.len > 0 && memchr(kept.data, '\0', kept.len) != NULL))
		return "a malformed hash";
	if (kept.len > 0)
		memcpy(s, kept.data, kept.len);
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		const size_t n = strlen(methods[i].prefix);
		int good;

		if (strncmp(s, methods[i].prefix, n) != 0)
			continue;
		good = methods[i].judge(s + n);
		if (good < 0 || crypt_checksalt(s) != CRYPT_SALT_OK)
			return "a malformed hash";
		return good == 1 ? NULL : methods[i].floor;
	}
	return "no hash of a method that is taken: $y$, $gy$, $2b$, $2y$ or $6$";
}
