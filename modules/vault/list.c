/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of tokens that is kept in a KV store: one entry a client, the entry's name is
 * the client's. Tokens are kept as MACs under a key of this step's own, so a compare
 * tells nothing and memory holds none. check() looks at memory alone; a list that could
 * not be read anew in its time is believed no longer, unless the step says `stale:`.
 */
#include "vault.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the list in force: swapped whole, freed by who lets go last ---- */

/* Held for a few instructions. A child of fork() takes what its parent held. */
static void
lock(struct vault *v)
{
	const uint64_t me = (uint64_t)getpid() << 1;

	for (;;) {
		uint64_t is = atomic_load_explicit(&v->lock, memory_order_relaxed);

		if (is != (me | 1) && atomic_compare_exchange_weak(&v->lock, &is, me | 1))
			return;
		sched_yield();
	}
}

static void
unlock(struct vault *v)
{
	atomic_store(&v->lock, 0);
}

static struct vault_tokens *
hold(struct vault *v)
{
	struct vault_tokens *t;

	lock(v);
	t = v->tokens;
	if (t != NULL)
		atomic_fetch_add(&t->refs, 1);
	unlock(v);
	return t;
}

static void
let_go(struct vault_tokens *t)
{
	if (t != NULL && atomic_fetch_sub(&t->refs, 1) == 1)
		free(t);
}

static void
put(struct vault *v, struct vault_tokens *t)
{
	struct vault_tokens *old;

	lock(v);
	old = v->tokens;
	v->tokens = t;
	unlock(v);
	let_go(old);
}

static int
mac(const struct vault *v, struct policy_text t, unsigned char out[32])
{
	return HMAC(EVP_sha256(), v->key, sizeof(v->key), (const unsigned char *)t.data, t.len, out, NULL) != NULL ? 0 : -1;
}

enum policy_check_result
pol_vault_list_check(struct vault *v, const struct policy_call *call, struct policy_identity *id)
{
	struct vault_tokens *t;
	unsigned char have[32];
	unsigned found = 0, at = 0;
	enum policy_check_result r = POLICY_CHECK_ERROR;
	int64_t now;

	if (!pol_vault_is_token(call->credential->data))
		return POLICY_CHECK_FAIL;
	t = hold(v);
	now = pol_vault_clock(CLOCK_BOOTTIME);
	if (t != NULL && now < t->until_ns && mac(v, call->credential->data, have) == 0) {
		for (unsigned i = 0; i < t->n; i++) {
			unsigned same = CRYPTO_memcmp(have, t->entries[i].mac, sizeof(have)) == 0;

			found += same;
			at |= (0u - same) & i;
		}
		/* one token in two entries is nobody's */
		r = found == 1 ? POLICY_CHECK_PASS : POLICY_CHECK_FAIL;
	}
	if (r == POLICY_CHECK_PASS) {
		struct policy_text key = policy_text(t->entries[at].key);
		char digest[44];

		v->host->set_subject(id, (struct policy_text){ NULL, 0 }, key);
		if (key.len > 64 && pol_vault_digest(digest, key) != 0)
			r = POLICY_CHECK_ERROR;
		v->host->set_token_id(id, key.len > 64 ? (struct policy_text){ digest, 43 } : key);
		v->host->set_cacheable(id, now < t->next_ns ? call->now_ns + (t->next_ns - now) : 1);
	}
	let_go(t);
	return r;
}

/* ---- reading it ---- */

enum got { GOT_IT, GOT_NONE, GOT_NOT, GOT_REFUSED };

static enum got
not_read(struct vault *v, const char *path, const struct vault_answer *a)
{
	if (a->status == 0)
		pol_vault_say(v, VAULT_SAY_LIST, POLICY_LOG_ERROR, "%s cannot be asked for %s: %s", v->conf.address, path, a->why);
	else
		pol_vault_say(v, VAULT_SAY_LIST, POLICY_LOG_ERROR, "%s: %s was answered with status %ld: %s",
		    v->conf.address, path, a->status, a->status == 403 ? "our own token may not read it, or is no longer good" :
		    a->status == 404 ? "nothing is mounted there, or not of this version (kv: 1 or 2)" : "no list");
	return a->status == 403 ? GOT_REFUSED : GOT_NOT;
}

static void
ask_kv(struct vault *v, const char *method, const char *path, size_t most, int64_t deadline_ns, struct vault_answer *a)
{
	struct vault_ask ask = { .method = method, .path = path, .token = { v->own.token, v->own.len }, .most = most,
	    .deadline_ns = deadline_ns };

	pol_vault_ask(v, &ask, a);
}

/* "Not there" is an empty list of errors and nothing else: a wrong mount says more. */
static bool
is_missing(const struct vault_answer *a)
{
	const json_t *errors = json_object_get(a->json, "errors");

	return a->status == 404 && json_object_get(a->json, "warnings") == NULL &&
	    json_is_array(errors) && json_array_size(errors) == 0;
}

static bool
is_deleted(const struct vault *v, const struct vault_answer *a)
{
	const json_t *data = json_object_get(a->json, "data");

	return v->conf.kv == 2 && a->status == 404 && json_is_object(json_object_get(data, "metadata")) &&
	    !json_is_object(json_object_get(data, "data"));
}

static enum got
read_entry(struct vault *v, const char *key, int64_t deadline_ns, struct vault_entry *out)
{
	const struct vault_conf *c = &v->conf;
	struct vault_answer a;
	char path[1100];
	const json_t *data, *token;
	enum got got = GOT_NONE;

	snprintf(path, sizeof(path), "%s/%s%s/%s", c->mount, c->kv == 2 ? "data/" : "", c->path, key);
	ask_kv(v, "GET", path, 0, deadline_ns, &a);
	data = json_object_get(a.json, "data");
	if (c->kv == 2)
		data = json_object_get(data, "data");
	token = json_object_get(data, c->field);
	if (a.status == 200 && json_is_object(data)) {
		struct policy_text t = { json_string_value(token), json_string_length(token) };

		if (t.data != NULL && pol_vault_is_token(t)) {
			got = mac(v, t, out->mac) == 0 ? GOT_IT : GOT_NOT;
			snprintf(out->key, sizeof(out->key), "%s", key);
		} else if (token != NULL) {
			pol_vault_say(v, VAULT_SAY_ENTRY, POLICY_LOG_WARNING, "%s: the field \"%s\" is no token", path, c->field);
		}
	} else if (!is_missing(&a) && !is_deleted(v, &a)) {	/* those went away after the list was made */
		got = not_read(v, path, &a);
	}
	pol_vault_answer_fini(&a);
	return got;
}

static enum got
read_entries(struct vault *v, const json_t *keys, int64_t deadline_ns, struct vault_tokens *t)
{
	const json_t *item;
	size_t i;

	json_array_foreach(keys, i, item) {
		const char *key = json_string_value(item);
		size_t n = json_string_length(item);
		enum got got;

		if (key == NULL)
			return GOT_NOT;
		if (n == 0 || key[n - 1] == '/')
			continue;
		if (n >= sizeof(t->entries[0].key) || !pol_vault_is_word(key, n)) {
			pol_vault_say(v, VAULT_SAY_ENTRY, POLICY_LOG_WARNING, "%s/%s: an entry is left out for its name; wanted: "
			    "letters, digits, _ . - and at most 255 of them", v->conf.mount, v->conf.path);
			continue;
		}
		got = read_entry(v, key, deadline_ns, &t->entries[t->n]);
		if (got == GOT_NOT || got == GOT_REFUSED)
			return got;
		t->n += got == GOT_IT;
	}
	return GOT_IT;
}

static enum got
read_list(struct vault *v, struct vault_tokens **out)
{
	const struct vault_conf *c = &v->conf;
	const int64_t deadline_ns = pol_vault_clock(CLOCK_MONOTONIC) + c->timeout_ns;
	struct vault_answer a;
	char path[1100];
	const json_t *keys;
	size_t n;
	enum got got = GOT_NOT;

	snprintf(path, sizeof(path), "%s/%s%s", c->mount, c->kv == 2 ? "metadata/" : "", c->path);
	ask_kv(v, "LIST", path, VAULT_MAX_LISTING, deadline_ns, &a);
	keys = json_object_get(json_object_get(a.json, "data"), "keys");
	n = json_array_size(keys);
	if (n > VAULT_MAX_ENTRIES) {
		pol_vault_say(v, VAULT_SAY_LIST, POLICY_LOG_ERROR, "%s has %zu entries; wanted: at most %d", path, n, VAULT_MAX_ENTRIES);
	} else if ((a.status == 200 && json_is_array(keys)) || is_missing(&a)) {
		*out = calloc(1, sizeof(**out) + n * sizeof((*out)->entries[0]));
		got = *out != NULL ? read_entries(v, keys, deadline_ns, *out) : GOT_NOT;
		if (got != GOT_IT) {
			free(*out);
			*out = NULL;
		}
	} else {
		got = not_read(v, path, &a);
	}
	pol_vault_answer_fini(&a);
	return got;
}

/* ---- when ---- */

static void
refresh(struct vault *v)
{
	const struct vault_conf *c = &v->conf;
	const int64_t now = pol_vault_clock(CLOCK_BOOTTIME);
	struct vault_tokens *t = NULL;
	enum got got = GOT_NOT;
	int64_t wait;

	if (pol_vault_own_ready(v, false) == 0)
		got = read_list(v, &t);
	if (got == GOT_REFUSED) {
		pol_vault_own_refused(v);
		if (pol_vault_own_ready(v, false) == 0)
			got = read_list(v, &t);
	}
	if (got == GOT_IT) {
		t->refs = 1;
		v->next_ns = t->next_ns = now + c->refresh_ns;
		t->until_ns = now + c->refresh_ns + c->timeout_ns + c->stale_ns;
		v->failures = 0;
		put(v, t);
		return;
	}
	wait = VAULT_SECOND << (v->failures < 5 ? v->failures : 5);
	v->failures++;
	v->next_ns = pol_vault_clock(CLOCK_BOOTTIME) + (wait < c->refresh_ns ? wait : c->refresh_ns);
}

int64_t
pol_vault_list_serve(struct vault *v, uint32_t why)
{
	int64_t now = pol_vault_clock(CLOCK_BOOTTIME), next;

	if ((why & POLICY_SERVE_CHANGED) != 0)	/* of the file with our own secret */
		pol_vault_own_ready(v, true);
	else if (v->own.len > 0 && now >= v->own.due_ns)
		pol_vault_own_ready(v, false);
	if ((why & POLICY_SERVE_CHANGED) != 0 || now >= v->next_ns)
		refresh(v);
	next = v->own.len > 0 && v->own.due_ns < v->next_ns ? v->own.due_ns : v->next_ns;
	now = pol_vault_clock(CLOCK_BOOTTIME);
	return next > now ? next - now : 0;
}

int
pol_vault_list_open(struct vault *v, struct policy_error *err)
{
	const char *file = v->conf.token_file[0] != '\0' ? v->conf.token_file : v->conf.auth_file;

	if (RAND_bytes(v->key, sizeof(v->key)) != 1)
		return pol_vault_refuse(err, POLICY_ERR_INTERNAL, "no random numbers from OpenSSL");
	if (v->host->watch(v->host, file) != 0)
		return pol_vault_refuse(err, POLICY_ERR_IO, "%s cannot be watched", file);
	refresh(v);	/* where it fails, the step is unavailable until serve() has read it */
	return 0;
}

void
pol_vault_list_fini(struct vault *v)
{
	pol_vault_own_fini(v);
	put(v, NULL);
	explicit_bzero(v->key, sizeof(v->key));
}
