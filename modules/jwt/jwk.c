/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of keys. Whether a set is sound is seen on all that it holds, the keys that are
 * left out among them: of two keys of one name the one that cannot be used would hide
 * that it is not clear which was meant; a secret beside public keys is how the text of
 * a public key came to be taken for a secret elsewhere.
 */
#include "jwk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scan {
	bool deep;
	size_t bytes;			/* of all texts, as they read without their escapes */
};

/* What the escape at p, behind its backslash, stands for; the second half of a pair was
 * counted with the first. Nonsense is not counted rightly, and refused by jansson. */
static size_t
escaped(const char *p, size_t len)
{
	unsigned c = 0;

	if (len < 5 || *p != 'u')
		return 1;
	for (size_t i = 1; i < 5; i++)
		c = c << 4 | (unsigned)(p[i] <= '9' ? p[i] - '0' : (p[i] & ~0x20) - 'A' + 10);
	if (c >> 10 == 0xd800 >> 10)
		return 4;
	return c >> 10 == 0xdc00 >> 10 ? 0 : c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
}

static struct scan
scan(const char *text, size_t len)
{
	struct scan s = { false, 0 };
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		const char c = text[i];

		if (c == '"') {
			quoted = !quoted;
		} else if (quoted && c == '\\') {
			i++;
			s.bytes += escaped(text + i, len - i);
			i += i < len && text[i] == 'u' ? 4 : 0;
		} else if (quoted) {
			s.bytes++;
		} else if (c == '[' || c == '{') {
			s.deep |= ++depth > JWT_DEPTH_MAX;
		} else if ((c == ']' || c == '}') && depth > 0) {
			depth--;
		}
	}
	return s;
}

static size_t
bytes_in(const json_t *j)
{
	size_t i, n = json_is_string(j) ? json_string_length(j) : 0;
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)j, name, v)
		n += strlen(name) + bytes_in(v);
	json_array_foreach(j, i, v)
		n += bytes_in(v);
	return n;
}

/*
 * jansson recurses, and takes 2,048 levels: more than a small stack holds. It skips NULs.
 * A text for which it (2.14) has no memory it reads without one of its bytes, and goes on:
 * a key would have another name, or be another key. So bytes are counted.
 */
json_t *
jwt_set_json(const char *text, size_t len, bool *nomem)
{
	const struct scan s = scan(text, len);
	json_error_t e;
	json_t *j;

	*nomem = false;
	if (memchr(text, '\0', len) != NULL || s.deep)
		return NULL;
	j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	if (j == NULL) {
		*nomem = json_error_code(&e) == json_error_out_of_memory;
	} else if (bytes_in(j) != s.bytes) {
		*nomem = true;
		json_decref(j);
		j = NULL;
	}
	return j;
}

static bool
is_text(const json_t *v, const char *text)
{
	return json_is_string(v) && strcmp(json_string_value(v), text) == 0;
}

/* What is wrong with the whole, or NULL. */
static const char *
unsound(const json_t *keys)
{
	const json_t *k, *other;
	size_t i, j;
	bool secrets = false, publics = false;

	if (!json_is_array(keys))
		return "it is no JWK Set: an object with a list `keys`";
	if (json_array_size(keys) > JWT_SET_KEYS)
		return "it has more than 128 keys";
	json_array_foreach(keys, i, k) {
		const json_t *kid = json_object_get(k, "kid");

		if (!json_is_object(k))
			return "one of its keys is no object";
		if (kid != NULL && !json_is_string(kid))
			return "one of its kids is no text";
		if (is_text(json_object_get(k, "kty"), "oct"))
			secrets = true;
		else
			publics = true;
		if (json_object_get(k, "d") != NULL)
			return "it holds a private key, which is not to lie where keys only verify";
		json_array_foreach(keys, j, other) {
			if (j < i && kid != NULL && json_equal(kid, json_object_get(other, "kid")))
				return "two of its keys have the same kid";
		}
	}
	return secrets && publics ? "it holds secrets beside public keys" : NULL;
}

void
jwt_set_wipe(const json_t *jwk)
{
	static const char *const secrets[] = { "k", "d" };

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		const json_t *v = json_object_get(jwk, secrets[i]);

		if (json_is_string(v))
			OPENSSL_cleanse((char *)(uintptr_t)json_string_value(v), json_string_length(v));
	}
}

static void
note(struct jwt_notes *notes, size_t place, const json_t *jwk, const char *why)
{
	const char *kid = json_string_value(json_object_get(jwk, "kid"));
	const size_t n = strlen(notes->text);

	notes->left_out++;
	snprintf(notes->text + n, sizeof(notes->text) - n, "%skey %zu%s%.40s%s: %s", n > 0 ? "; " : "", place + 1,
	    kid != NULL ? " (" : "", kid != NULL ? kid : "", kid != NULL ? ")" : "", why);
}

static struct jwt_set *
new_set(size_t room)
{
	struct jwt_set *s = calloc(1, sizeof(*s) + room * sizeof(s->keys[0]));

	if (s != NULL)
		atomic_init(&s->holders, 1);
	return s;
}

static int
read_keys(struct jwt_set *s, const json_t *keys, uint32_t algs, struct jwt_notes *notes)
{
	const json_t *jwk;
	const char *why;
	size_t i;

	json_array_foreach(keys, i, jwk) {
		const int rc = jwt_key_read(&s->keys[s->n], jwk, algs, &why);

		if (rc == POLICY_ERR_NOMEM)
			return rc;
		if (rc != 0) {
			note(notes, i, jwk, why);
			continue;
		}
		s->has_kids |= s->keys[s->n].kid != NULL;
		s->has_oct |= s->keys[s->n].alg->scheme == JWT_HMAC;
		s->n++;
	}
	return 0;
}

int
jwt_set_read(struct jwt_set **out, const char *text, size_t len, uint32_t algs,
    struct jwt_notes *notes, const char **why)
{
	const json_t *keys, *jwk;
	struct jwt_set *s = NULL;
	bool nomem;
	size_t i;
	json_t *j;
	int rc = POLICY_ERR_INVALID;

	*out = NULL;
	memset(notes, 0, sizeof(*notes));
	*why = "it has more than 256 KiB";
	if (len > JWT_SET_BYTES)
		return rc;
	*why = "it is not JSON, or names something twice, or is nested too deep";
	j = jwt_set_json(text, len, &nomem);
	if (j == NULL)
		return nomem ? POLICY_ERR_NOMEM : rc;
	keys = json_object_get(j, "keys");
	*why = unsound(keys);
	if (*why == NULL) {
		s = new_set(json_array_size(keys));
		rc = s == NULL ? POLICY_ERR_NOMEM : read_keys(s, keys, algs, notes);
		if (rc == 0 && s->n == 0) {
			*why = "it has no key that can be used";
			rc = POLICY_ERR_INVALID;
		}
	}
	json_array_foreach(keys, i, jwk)
		jwt_set_wipe(jwk);
	json_decref(j);
	if (rc == 0)
		*out = s;
	else
		jwt_set_drop(s);
	return rc;
}

int
jwt_set_secret(struct jwt_set **out, const unsigned char *secret, size_t len, const struct jwt_alg *alg,
    const char **why)
{
	struct jwt_set *s = new_set(1);
	int rc;

	*out = NULL;
	if (s == NULL)
		return POLICY_ERR_NOMEM;
	s->n = 1;
	s->has_oct = true;
	rc = jwt_key_secret(&s->keys[0], secret, len, alg, why);
	if (rc == 0)
		*out = s;
	else
		jwt_set_drop(s);
	return rc == 0 || rc == POLICY_ERR_NOMEM ? rc : POLICY_ERR_INVALID;
}

struct jwt_set *
jwt_set_hold(struct jwt_set *s)
{
	atomic_fetch_add_explicit(&s->holders, 1, memory_order_relaxed);
	return s;
}

void
jwt_set_drop(struct jwt_set *s)
{
	if (s == NULL || atomic_fetch_sub_explicit(&s->holders, 1, memory_order_acq_rel) != 1)
		return;
	for (uint32_t i = 0; i < s->n; i++)
		jwt_key_fini(&s->keys[i]);
	for (int i = 0; i < JWT_SEEN; i++)
		free(atomic_load_explicit(&s->seen[i], memory_order_relaxed));
	free(s);
}

/* A set in which no key has a name is not asked for names. */
enum jwt_found
jwt_set_find(const struct jwt_set *s, const struct jwt_header *h, struct jwt_key **out)
{
	const bool by_name = h->kid.data != NULL && s->has_kids;
	enum jwt_found found = by_name ? JWT_UNKNOWN_KID : JWT_NO_KEY;
	unsigned fit = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct jwt_key *k = &s->keys[i];

		if (by_name && (k->kid == NULL || k->kid_len != h->kid.len || memcmp(k->kid, h->kid.data, h->kid.len) != 0))
			continue;
		if (by_name)
			found = JWT_NO_KEY;
		if (strlen(k->alg->name) != h->alg.len || memcmp(k->alg->name, h->alg.data, h->alg.len) != 0)
			continue;
		*out = (struct jwt_key *)(uintptr_t)k;
		fit++;
	}
	return fit == 1 ? JWT_KEY : found;
}

struct jwt_key *
jwt_set_seen(const struct jwt_set *s, struct policy_text header)
{
	for (int i = 0; i < JWT_SEEN; i++) {
		const struct jwt_seen *e = atomic_load_explicit(&s->seen[i], memory_order_acquire);

		if (e == NULL)
			break;
		if (e->len == header.len && memcmp(e->text, header.data, header.len) == 0)
			return (struct jwt_key *)(uintptr_t)e->key;
	}
	return NULL;
}

/* Written once, in order, and kept until the set goes: nobody has to wait for a reader. */
void
jwt_set_see(struct jwt_set *s, struct policy_text header, const struct jwt_key *key)
{
	struct jwt_seen *none, *e;
	int i = 0;

	while (i < JWT_SEEN && atomic_load_explicit(&s->seen[i], memory_order_relaxed) != NULL)
		i++;
	if (i == JWT_SEEN || (e = malloc(sizeof(*e) + header.len)) == NULL)
		return;
	e->key = key;
	e->len = header.len;
	memcpy(e->text, header.data, header.len);
	do {
		none = NULL;
	} while (!atomic_compare_exchange_strong_explicit(&s->seen[i], &none, e, memory_order_release,
	    memory_order_relaxed) && ++i < JWT_SEEN);
	if (i == JWT_SEEN)
		free(e);
}
