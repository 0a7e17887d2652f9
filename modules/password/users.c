/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a hash must be to be believed. Only methods that are slow on purpose, none below
 * its floor, each of exactly the length and letters that crypt(5) gives it: a hash that
 * crypt could not have made would be an account that nobody can enter, or worse.
 */
/* The one-call functions of libcrypto 3 allocate, and die where they cannot; these do not. */
#define OPENSSL_SUPPRESS_DEPRECATED 1
#include "users.h"

#include <crypt.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const char letters[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* Hashed for a name that is not there, where the file has no hash to go by. */
static const char spare[] = "$y$j9T$libpolicy.libpolicy...$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/* at least one letter, and len of them, of the alphabet of crypt(5) */
static bool
all_letters(const char *s, size_t len)
{
	return len != 0 && strspn(s, letters) >= len;
}

static int
value_of(char c)
{
	const char *at = c != '\0' ? strchr(letters, c) : NULL;

	return at != NULL ? (int)(at - letters) : -1;
}

/* SALT$HASH, the last of exactly hash_len letters */
static bool
salt_and_hash(const char *s, size_t salt_most, size_t hash_len)
{
	const char *dollar = strchr(s, '$');

	return dollar != NULL && (size_t)(dollar - s) <= salt_most && all_letters(s, (size_t)(dollar - s)) &&
	    strlen(dollar + 1) == hash_len && all_letters(dollar + 1, hash_len);
}

/*
 * Each: the cost of what stands behind the prefix, as an order, 0 if malformed; and
 * *enough. yescrypt: `j` (its default flavour), log2 of N, r, in one letter each; its
 * memory is N * r * 128 bytes.
 */
static unsigned
yescrypt(const char *s, bool *enough)
{
	int n, r;

	if (s[0] != 'j' || s[1] == '\0' || s[2] == '\0' || s[3] != '$')
		return 0;
	n = value_of(s[1]) + 1;
	r = value_of(s[2]) + 1;
	if (n < 1 || n > 24 || r < 1 || r > 48 || !salt_and_hash(s + 4, 86, 43))
		return 0;
	*enough = ((uint64_t)r << n) * 128 >= 4u << 20;
	return (unsigned)(n * 64 + r);
}

static unsigned
bcrypt(const char *s, bool *enough)
{
	unsigned cost;

	if (s[0] < '0' || s[0] > '3' || s[1] < '0' || s[1] > '9' || s[2] != '$' || strlen(s + 3) != 53 || !all_letters(s + 3, 53))
		return 0;
	cost = (unsigned)(s[0] - '0') * 10 + (unsigned)(s[1] - '0');
	*enough = cost >= 10;
	return cost <= 20 ? cost : 0;
}

static unsigned
sha512(const char *s, bool *enough)
{
	unsigned rounds = 5000, digits = 0;

	if (strncmp(s, "rounds=", 7) == 0) {
		rounds = 0;
		for (s += 7; *s >= '0' && *s <= '9' && digits < 8; s++, digits++)
			rounds = rounds * 10 + (unsigned)(*s - '0');
		if (*s++ != '$' || rounds == 0 || rounds > 10000000)
			return 0;
	}
	*enough = rounds >= 5000;
	return salt_and_hash(s, 16, 86) ? rounds : 0;
}

static const struct {
	const char *prefix;
	unsigned (*cost)(const char *s, bool *enough);
	const char *floor;
} methods[] = {
	{ "$y$", yescrypt, "a yescrypt hash of less than 4 MiB; j7T is the least, j9T the default" },
	{ "$gy$", yescrypt, "a gost-yescrypt hash of less than 4 MiB; j7T is the least, j9T the default" },
	{ "$2b$", bcrypt, "a bcrypt hash of a cost below 10" },
	{ "$2y$", bcrypt, "a bcrypt hash of a cost below 10" },
	{ "$6$", sha512, "a SHA-512 hash of less than 5000 rounds" },
};

static int
judge(struct users_entry *e, struct policy_error *err)
{
	if (e->hash[0] == '!' || e->hash[0] == '*')
		return 0;
	for (unsigned i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		const size_t n = strlen(methods[i].prefix);
		bool enough = false;
		unsigned cost;

		if (strncmp(e->hash, methods[i].prefix, n) != 0)
			continue;
		cost = methods[i].cost(e->hash + n, &enough);
		if (cost == 0 || strlen(e->hash) >= USERS_HASH || crypt_checksalt(e->hash) != CRYPT_SALT_OK)
			return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, e->line, "a malformed %s hash", methods[i].prefix);
		if (!enough)
			return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, e->line, "%s", methods[i].floor);
		e->cost = (i + 1) << 24 | cost;
		return 0;
	}
	return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, e->line,
	    "no hash of a method that is taken: $y$, $gy$, $2b$, $2y$ or $6$ (mkpasswd -m yescrypt makes one), ! or * for a locked name");
}

bool
pol_users_takes(const char *hash)
{
	struct users_entry e = { .hash = hash };
	struct policy_error err = POLICY_ERROR_INIT;

	return judge(&e, &err) == 0 && e.cost != 0;
}

bool
pol_users_is_old(const char *hash)
{
	bool enough = false;

	return strncmp(hash, spare, 3) != 0 || yescrypt(hash + 3, &enough) < yescrypt(spare + 3, &enough);
}

/* One line, whose end is a NUL. */
static int
read_line(struct users *u, char *p, size_t len, unsigned line, struct policy_error *err)
{
	struct users_entry *e = &u->list[u->n];
	char *colon;

	while (len > 0 && (p[len - 1] == '\r' || p[len - 1] == ' ' || p[len - 1] == '\t'))
		p[--len] = '\0';
	if (len == 0 || p[0] == '#')
		return 0;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
			return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, line, "byte %zu is a control character", i + 1);
	colon = memchr(p, ':', len);
	if (colon == NULL || colon == p || colon[1] == '\0')
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, line, "no NAME:HASH");
	if (colon - p > USERS_NAME)
		return pol_secret_fail(err, POLICY_ERR_LIMIT, NULL, line, "a name of more than %d bytes", USERS_NAME);
	if (u->n == USERS_MOST)
		return pol_secret_fail(err, POLICY_ERR_LIMIT, NULL, line, "more than %d names", USERS_MOST);
	*colon = '\0';
	*e = (struct users_entry){ .name = p, .hash = colon + 1, .name_len = (size_t)(colon - p), .line = line };
	u->n++;
	return judge(e, err);
}

static int
compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	const int c = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return c != 0 ? c : a_len < b_len ? -1 : a_len > b_len;
}

static int
by_name(const void *x, const void *y)
{
	const struct users_entry *a = x, *b = y;
	const int c = compare(a->name, a->name_len, b->name, b->name_len);

	return c != 0 ? c : a->line < b->line ? -1 : 1;
}

static int
by_cost(const void *x, const void *y)
{
	const struct users_entry *a = x, *b = y;

	return a->cost != b->cost ? (a->cost < b->cost ? -1 : 1) : by_name(x, y);
}

/* The hash of the most common cost, of the highest among equals. The list is in any order. */
static void
choose_dummy(struct users *u)
{
	size_t most = 0, run = 0;

	u->dummy = spare;
	qsort(u->list, u->n, sizeof(*u->list), by_cost);
	for (size_t i = 0; i < u->n; i++) {
		if (u->list[i].cost == 0)
			continue;
		run = run != 0 && u->list[i - 1].cost == u->list[i].cost ? run + 1 : 1;
		u->costs += run == 1;
		if (run >= most) {
			most = run;
			u->dummy = u->list[i + 1 - run].hash;	/* the first by name: it seldom changes */
		}
	}
}

/* The letters of the dummy's salt that may be any: not the last, some of whose bits are none. */
static void
find_salt(struct users *u)
{
	const char *last = strrchr(u->dummy, '$'), *p = last - 1;

	if (strncmp(u->dummy, "$2", 2) == 0) {		/* the hash follows the salt of 22 at once */
		u->salt_at = (size_t)(last + 1 - u->dummy);
		u->salt_len = 21;
		return;
	}
	while (*p != '$')
		p--;
	u->salt_at = (size_t)(p + 1 - u->dummy);
	u->salt_len = (size_t)(last - p - 1) - 1;
}

bool
pol_users_none(struct users *u, char room[USERS_HASH])
{
	unsigned char random[sizeof(spare)];

	memset(u, 0, sizeof(*u));
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return false;
	memcpy(room, spare, sizeof(spare));
	for (char *p = strrchr(room, '$') + 1; *p != '\0'; p++)	/* own_salt() goes by all of it */
		*p = letters[random[p - room] & 63];
	explicit_bzero(random, sizeof(random));
	u->dummy = room;
	find_salt(u);
	return true;
}

static int
sort(struct users *u, struct policy_error *err)
{
	choose_dummy(u);
	find_salt(u);
	qsort(u->list, u->n, sizeof(*u->list), by_name);
	for (size_t i = 1; i < u->n; i++)
		if (u->list[i].name_len == u->list[i - 1].name_len &&
		    memcmp(u->list[i].name, u->list[i - 1].name, u->list[i].name_len) == 0)
			return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, u->list[i].line, "the name of line %u once more",
			    u->list[i - 1].line);
	return 0;
}

static int
read_all(struct users *u, struct policy_error *err)
{
	char *p = u->text, *end = u->text + u->text_len;
	unsigned line = 1;
	int rc = 0;

	for (; p < end && rc == 0; line++) {
		char *stop = memchr(p, '\n', (size_t)(end - p));

		if (stop == NULL)
			stop = end;
		*stop = '\0';
		rc = read_line(u, p, (size_t)(stop - p), line, err);
		p = stop + 1;
	}
	return rc;
}

int
pol_users_make(void **out, void *ctx, char *text, size_t len, struct policy_error *err)
{
	const struct policy_host *host = ctx;
	struct users *u = calloc(1, sizeof(*u));
	size_t lines = 1;
	int rc;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	if (u != NULL) {
		u->text = calloc(1, len + 1);
		u->text_len = len;
		u->list = calloc((lines < USERS_MOST ? lines : USERS_MOST) + 1, sizeof(*u->list));
	}
	if (u == NULL || u->text == NULL || u->list == NULL) {
		pol_users_free(u);
		return pol_secret_fail(err, POLICY_ERR_NOMEM, NULL, 0, "out of memory");
	}
	if (len != 0)
		memcpy(u->text, text, len);
	rc = read_all(u, err);
	if (rc == 0)
		rc = sort(u, err);
	if (rc != 0) {
		pol_users_free(u);
		return rc;
	}
	if (u->costs > 1)
		host->log(host, POLICY_LOG_WARNING,
		    "password: the file has hashes of several methods or costs: the time of an answer tells which names are there");
	*out = u;
	return 0;
}

void
pol_users_free(void *made)
{
	struct users *u = made;

	if (u == NULL)
		return;
	if (u->text != NULL)
		explicit_bzero(u->text, u->text_len + 1);
	free(u->text);
	free(u->list);
	free(u);
}

static const struct users_entry *
find(const struct users *u, struct policy_text name)
{
	size_t low = 0, high = name.data != NULL ? u->n : 0;

	while (low < high) {
		const size_t at = low + (high - low) / 2;
		const struct users_entry *e = &u->list[at];
		const int c = compare(name.data, name.len, e->name, e->name_len);

		if (c == 0)
			return e;
		if (c < 0)
			high = at;
		else
			low = at + 1;
	}
	return NULL;
}

/*
 * How long a hash takes depends a little on the salt. So every name that is not there has
 * one, as every name that is: the same at each try, after each reload, and not to be
 * foreseen by who does not know the file.
 */
static void
own_salt(char *salt, const struct users *u, struct policy_text name)
{
	unsigned char mixed[SHA256_DIGEST_LENGTH];
	SHA256_CTX c;

	SHA256_Init(&c);
	SHA256_Update(&c, u->dummy, strlen(u->dummy));
	if (name.data != NULL)
		SHA256_Update(&c, name.data, name.len);
	SHA256_Final(mixed, &c);
	for (size_t i = 0; i < u->salt_len && i < sizeof(mixed); i++)
		salt[i] = letters[mixed[i] & 63];
	explicit_bzero(mixed, sizeof(mixed));
	explicit_bzero(&c, sizeof(c));
}

void
pol_users_hash(char out[USERS_HASH], const struct users *u, struct policy_text name, bool *known)
{
	const struct users_entry *e = find(u, name);

	*known = e != NULL && e->cost != 0;
	memcpy(out, u->dummy, strlen(u->dummy) + 1);
	own_salt(out + u->salt_at, u, name);
	if (*known)
		memcpy(out, e->hash, strlen(e->hash) + 1);
}
