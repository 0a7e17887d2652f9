/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question. What comes back is an answer only when it has a status and the JSON
 * that goes with it: a proxy's error page with the status 403 refuses nobody, it is no
 * answer. Who asks while the server cannot be reached is told so at once for a second,
 * so that its callers do not all wait for the same silence.
 */
#include "vault.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum again { STOP, AGAIN, DONE };

/* Failures that another try may mend. `unsent`: nothing reached the server. */
static const struct {
	CURLcode code;
	bool unsent;
} mended[] = {
	{ CURLE_COULDNT_RESOLVE_PROXY, true }, { CURLE_COULDNT_RESOLVE_HOST, true }, { CURLE_COULDNT_CONNECT, true },
	{ CURLE_SEND_ERROR, false }, { CURLE_RECV_ERROR, false }, { CURLE_GOT_NOTHING, false },
	{ CURLE_PARTIAL_FILE, false },
};

static enum again
judge_failure(const struct vault_ask *ask, CURLcode rc)
{
	for (size_t i = 0; i < sizeof(mended) / sizeof(mended[0]); i++) {
		if (mended[i].code == rc)
			return mended[i].unsent || !ask->once ? AGAIN : STOP;
	}
	return STOP;
}

/* 429 and 503 are said before anything is done. */
static enum again
judge_status(const struct vault_ask *ask, long status)
{
	if (status == 429 || status == 503)
		return AGAIN;
	if (status == 412 || (status >= 500 && status != 501))
		return ask->once ? STOP : AGAIN;
	return DONE;
}

/* ---- redirects ---- */

static bool
is_origin(const char *url, const char *origin)
{
	size_t n = strlen(origin);

	return n > 0 && strncasecmp(url, origin, n) == 0 && strncmp(url + n, "/v1/", 4) == 0;
}

/* The token goes along: only to the server itself, or to a host that the set names. */
static bool
may_follow(const struct vault_conf *c, const char *url)
{
	if (is_origin(url, c->address))
		return true;
	for (unsigned i = 0; i < c->n_redirect_to; i++) {
		if (is_origin(url, c->redirect_to[i]))
			return true;
	}
	return false;
}

static bool
is_redirect(long status)
{
	return status == 301 || status == 302 || status == 307 || status == 308;
}

static CURLcode
send_once(struct vault *v, const struct vault_ask *ask, struct vault_answer *a)
{
	char url[sizeof(v->conf.address) + 1200], to[sizeof(a->to)];
	CURLcode rc;

	if ((size_t)snprintf(url, sizeof(url), "%s/v1/%s", v->conf.address, ask->path) >= sizeof(url))
		return CURLE_URL_MALFORMAT;
	rc = pol_vault_http(v, ask, url, a);
	if (rc == CURLE_OK && is_redirect(a->status) && may_follow(&v->conf, a->to)) {
		memcpy(to, a->to, sizeof(to));
		rc = pol_vault_http(v, ask, to, a);
	}
	return rc;
}

/* ---- the answer ---- */

/* An error has a list of errors; a 404 may have data or warnings in its place. */
static bool
is_complete(long status, const json_t *j)
{
	if (status == 204)
		return true;
	if (j == NULL)
		return false;
	if (status < 300)
		return true;
	return json_is_array(json_object_get(j, "errors")) || (status == 404 &&
	    (json_is_object(json_object_get(j, "data")) || json_is_array(json_object_get(j, "warnings"))));
}

/* Where the answer names the token, it is put out before the parser, which keeps copies
 * that nobody wipes, gets to see it. */
static void
put_out(struct vault_answer *a, struct policy_text token)
{
	static const char before[] = "\"id\":\"";
	char *p = a->body;
	size_t left = a->len;

	while (p != NULL && (p = memmem(p, left, before, sizeof(before) - 1)) != NULL) {
		p += sizeof(before) - 1;
		left = a->len - (size_t)(p - a->body);
		if (left > token.len && p[token.len] == '"' && CRYPTO_memcmp(p, token.data, token.len) == 0) {
			memset(p, 'x', token.len);
			return;
		}
	}
}

static void
read_answer(struct vault_answer *a, struct policy_text token)
{
	const long status = a->status;

	if (token.data != NULL)
		put_out(a, token);
	if (status != 204)
		a->json = pol_vault_json(a->body, a->len);
	if (status >= 200 && (status < 300 || status >= 400) && is_complete(status, a->json))
		return;
	snprintf(a->why, sizeof(a->why), is_redirect(status) ? "it redirects (%ld) to where nobody is sent" :
	    "status %ld without the JSON that belongs to it", status);
	a->status = 0;
}

/* ---- trying ---- */

/* False where the time would be over. Short, since a caller waits: 0.2 s, 0.4 s..., half
 * as much again by chance, or what the server asks for. */
static bool
pause_before(unsigned attempt, int64_t after_s, int64_t deadline_ns)
{
	int64_t now = pol_vault_clock(CLOCK_MONOTONIC), wait = VAULT_SECOND / 5 << (attempt < 5 ? attempt : 5);
	uint16_t dice = 0;
	struct timespec until;

	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) == sizeof(dice))
		wait += wait / 2 * dice / UINT16_MAX;
	if (after_s > 0)
		wait = after_s < 3600 ? after_s * VAULT_SECOND : 3600 * VAULT_SECOND;
	if (wait >= deadline_ns - now)
		return false;
	until.tv_sec = (time_t)((now + wait) / VAULT_SECOND);
	until.tv_nsec = (long)((now + wait) % VAULT_SECOND);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
	return true;
}

/* A caller who gave less time than the step has says nothing about the server. */
static void
note_failure(struct vault *v, CURLcode rc, int64_t took_ns)
{
	int64_t now = pol_vault_clock(CLOCK_MONOTONIC);

	if (rc == CURLE_COULDNT_CONNECT || rc == CURLE_COULDNT_RESOLVE_HOST ||
	    (rc == CURLE_OPERATION_TIMEDOUT && took_ns + VAULT_SECOND / 10 >= v->conf.timeout_ns))
		atomic_store(&v->down_until_ns, now + VAULT_SECOND);
}

static void
try(struct vault *v, const struct vault_ask *ask, struct vault_answer *a)
{
	const int64_t start = pol_vault_clock(CLOCK_MONOTONIC);
	enum again what;
	CURLcode rc;

	for (unsigned attempt = 0;; attempt++) {
		rc = send_once(v, ask, a);
		what = rc == CURLE_OK ? judge_status(ask, a->status) : judge_failure(ask, rc);
		if (what != AGAIN || attempt >= v->conf.retries || !pause_before(attempt, a->retry_after_s, ask->deadline_ns))
			break;
	}
	if (rc != CURLE_OK) {
		note_failure(v, rc, pol_vault_clock(CLOCK_MONOTONIC) - start);
		a->status = 0;
	} else if (what != DONE) {
		snprintf(a->why, sizeof(a->why), "it answers with status %ld", a->status);
		a->status = 0;
	} else {
		read_answer(a, ask->token);
	}
}

long
pol_vault_ask(struct vault *v, const struct vault_ask *ask, struct vault_answer *a)
{
	memset(a, 0, sizeof(*a));
	if (pol_vault_clock(CLOCK_MONOTONIC) < atomic_load(&v->down_until_ns))
		snprintf(a->why, sizeof(a->why), "it could not be reached a moment ago");
	else
		try(v, ask, a);
	return a->status;
}

void
pol_vault_answer_fini(struct vault_answer *a)
{
	pol_vault_json_free(a->json);
	if (a->body != NULL)
		explicit_bzero(a->body, a->room);
	free(a->body);
	a->json = NULL;
	a->body = NULL;
}
