/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request by libcurl, sent once. Handles are kept with their connections, one for
 * each request that is under way at a time. A forked child leaves its parent's alone:
 * closing one would end the parent's TLS session, using one would mix two streams.
 *
 * curl_easy_reset() is not for them: where it has no memory it says nothing and leaves
 * the size of the buffer at 0, and an answer is then read past its end. So each request
 * sets every option that any of them sets, and a handle whose request failed is not kept.
 */
#include "vault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "web.h"

#define CONNECT_NS (2 * VAULT_SECOND)
#define MOST_CONNECTS 5

/* ---- handles ---- */

/* A handle nobody uses, or NULL when the time is over. Slots of another process are as
 * good as empty. */
static struct vault_slot *
take(struct vault *v, int64_t deadline_ns)
{
	const uint64_t me = (uint64_t)getpid() << 1;
	const struct timespec nap = { 0, 2000000 };

	for (;;) {
		for (int i = 0; i < VAULT_MAX_AT_ONCE; i++) {
			struct vault_slot *s = &v->slots[i];
			uint64_t is = atomic_load_explicit(&s->owner, memory_order_relaxed);

			if (is == (me | 1) || !atomic_compare_exchange_strong(&s->owner, &is, me | 1))
				continue;
			if (is != me)
				s->curl = NULL;
			if (s->curl == NULL) {
				s->curl = curl_easy_init();
				s->connects = 0;
			}
			if (s->curl != NULL)
				return s;
			atomic_store(&s->owner, me);
			return NULL;
		}
		if (pol_vault_clock(CLOCK_MONOTONIC) >= deadline_ns)
			return NULL;
		nanosleep(&nap, NULL);
	}
}

static void
drop(struct vault_slot *s)
{
	struct pol_web_pipe held;

	pol_web_hold(&held);		/* closing says goodbye */
	curl_easy_cleanup(s->curl);
	pol_web_release(&held);
	s->curl = NULL;
}

/* What was the caller's, the handle forgets; none of these takes memory. libcurl before 8.17
 * counts for a handle's whole life how often a kept connection proved dead, and refuses the
 * sixth: so a handle ends before. */
static void
give(struct vault_slot *s, bool good)
{
	long connects = 0;

	curl_easy_setopt(s->curl, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_setopt(s->curl, CURLOPT_WRITEDATA, NULL);
	curl_easy_setopt(s->curl, CURLOPT_POSTFIELDS, NULL);
	curl_easy_setopt(s->curl, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(s->curl, CURLOPT_URL, NULL);
	if (good)
		good = curl_easy_getinfo(s->curl, CURLINFO_NUM_CONNECTS, &connects) == CURLE_OK;
	s->connects += connects;
	if (!good || s->connects >= MOST_CONNECTS)
		drop(s);
	atomic_store(&s->owner, (uint64_t)getpid() << 1);
}

void
pol_vault_http_fini(struct vault *v)
{
	for (int i = 0; i < VAULT_MAX_AT_ONCE; i++) {
		if (v->slots[i].owner == (uint64_t)getpid() << 1)
			drop(&v->slots[i]);
	}
}

/* ---- what libcurl calls ---- */

static size_t
on_body(char *p, size_t one, size_t n, void *ctx)
{
	struct vault_answer *a = ctx;
	size_t room = a->room == 0 ? 4096 : a->room;
	char *body;

	n *= one;
	if (n > a->most - a->len) {
		a->too_long = true;
		return 0;
	}
	while (room < a->len + n)
		room *= 2;
	if (room > a->room) {
		body = malloc(room);
		if (body == NULL)
			return 0;
		if (a->len > 0)
			memcpy(body, a->body, a->len);
		if (a->body != NULL)
			explicit_bzero(a->body, a->room);
		free(a->body);
		a->body = body;
		a->room = room;
	}
	memcpy(a->body + a->len, p, n);
	explicit_bzero(p, n);	/* libcurl's own buffer, which it keeps with the handle */
	a->len += n;
	return n;
}

/* ---- headers ---- */

static bool
add_header(struct curl_slist **list, const char *name, const char *value, size_t len)
{
	char line[VAULT_MAX_TOKEN + 64];
	struct curl_slist *longer = NULL;
	size_t n = strlen(name);

	if (n + len < sizeof(line)) {
		memcpy(line, name, n);
		memcpy(line + n, value, len);
		line[n + len] = '\0';
		longer = curl_slist_append(*list, line);
		explicit_bzero(line, n + len);
	}
	if (longer == NULL)
		return false;
	*list = longer;
	return true;
}

static void
free_headers(struct curl_slist *list)
{
	for (struct curl_slist *h = list; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(list);
}

static bool
headers(struct curl_slist **out, const struct vault *v, const struct vault_ask *ask)
{
	const char *ns = v->conf.ns;

	return add_header(out, "X-Vault-Request: true", "", 0) &&
	    add_header(out, "Accept: application/json", "", 0) &&
	    add_header(out, "Expect:", "", 0) &&
	    (ask->body.data == NULL || add_header(out, "Content-Type: application/json", "", 0)) &&
	    (ns[0] == '\0' || add_header(out, "X-Vault-Namespace: ", ns, strlen(ns))) &&
	    (ask->token.data == NULL || add_header(out, "X-Vault-Token: ", ask->token.data, ask->token.len));
}

/* ---- options ---- */

/* Each may fail for want of memory, and a request without one of them would be another. */
#define SET(option, value) do { \
	if (rc == CURLE_OK) \
		rc = curl_easy_setopt(c, option, value); \
} while (0)

static CURLcode
set_call(CURL *c, const struct vault_conf *conf, const struct vault_ask *ask, const char *url, struct vault_answer *a)
{
	const int64_t left_ns = ask->deadline_ns - pol_vault_clock(CLOCK_MONOTONIC);
	CURLcode rc = left_ns < 1000000 ? CURLE_OPERATION_TIMEDOUT : pol_web_options(c, url,
	    conf->ca[0] != '\0' ? conf->ca : NULL, conf->capath[0] != '\0' ? conf->capath : NULL, conf->proxy);

	if (conf->socket[0] != '\0')
		SET(CURLOPT_UNIX_SOCKET_PATH, conf->socket);
	SET(CURLOPT_TIMEOUT_MS, (long)(left_ns / 1000000));
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)((left_ns < CONNECT_NS ? left_ns : CONNECT_NS) / 1000000));
	SET(CURLOPT_PATH_AS_IS, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	SET(CURLOPT_QUICK_EXIT, 1L);	/* a name server that is slow does not hold up who has no more time */
#endif
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, a);
	SET(CURLOPT_ERRORBUFFER, a->why);
	/* libcurl sends again by itself where a kept connection proves dead */
	SET(CURLOPT_FRESH_CONNECT, ask->once ? 1L : 0L);
	if (ask->body.data != NULL) {
		SET(CURLOPT_POSTFIELDSIZE, (long)ask->body.len);
		SET(CURLOPT_POSTFIELDS, ask->body.data);
	} else {
		SET(CURLOPT_HTTPGET, 1L);
	}
	SET(CURLOPT_CUSTOMREQUEST, strcmp(ask->method, ask->body.data != NULL ? "POST" : "GET") != 0 ? ask->method : NULL);
	return rc;
}

#undef SET

/* ---- the request ---- */

static CURLcode
perform(CURL *c)
{
	struct pol_web_pipe held;
	CURLcode rc;

	pol_web_hold(&held);
	rc = curl_easy_perform(c);
	pol_web_release(&held);
	return rc;
}

static CURLcode
sent(struct vault *v, CURL *c, const struct vault_ask *ask, const char *url, struct vault_answer *a)
{
	struct curl_slist *list = NULL;
	CURLcode rc = headers(&list, v, ask) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
	curl_off_t after = 0;
	char *to = NULL;

	if (rc == CURLE_OK)
		rc = set_call(c, &v->conf, ask, url, a);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	if (rc == CURLE_OK)
		rc = perform(c);
	if (rc == CURLE_OK)
		rc = curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &a->status);
	if (rc == CURLE_OK && curl_easy_getinfo(c, CURLINFO_RETRY_AFTER, &after) == CURLE_OK)
		a->retry_after_s = (int64_t)after;
	if (rc == CURLE_OK && curl_easy_getinfo(c, CURLINFO_REDIRECT_URL, &to) == CURLE_OK && to != NULL)
		snprintf(a->to, sizeof(a->to), "%s", strlen(to) < sizeof(a->to) ? to : "");
	free_headers(list);
	return rc;
}

CURLcode
pol_vault_http(struct vault *v, const struct vault_ask *ask, const char *url, struct vault_answer *a)
{
	struct vault_slot *s = take(v, ask->deadline_ns);
	CURLcode rc;

	a->status = 0;
	a->len = 0;
	a->too_long = false;
	a->retry_after_s = 0;
	a->to[0] = a->why[0] = '\0';
	a->most = ask->most != 0 ? ask->most : VAULT_MAX_ANSWER;
	if (s == NULL) {
		snprintf(a->why, sizeof(a->why), "no room for another request, neither in time nor in memory");
		return CURLE_AGAIN;
	}
	rc = sent(v, s->curl, ask, url, a);
	if (rc != CURLE_OK) {
		a->status = 0;
		if (a->too_long)
			snprintf(a->why, sizeof(a->why), "the answer is longer than %zu bytes", a->most);
		else if (a->why[0] == '\0')
			snprintf(a->why, sizeof(a->why), "%s", curl_easy_strerror(rc));
	}
	give(s, rc == CURLE_OK);
	return rc;
}
