/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set is replaced whole: checks hold the one they began with, and who lets go last
 * frees it. What is new and bad changes nothing. Of a URL only one thread asks at a
 * time, the others wait for its answer, and what strangers can bring about, a question
 * for a key that nobody has, is asked at most every 30 seconds.
 */
#include "keys.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fetch.h"
#include "file.h"

#ifndef JWT_COOLDOWN			/* tests have less time */
#define JWT_COOLDOWN (30 * JWT_SECOND)
#endif
#define JWT_UNKNOWN_FOR (2 * JWT_COOLDOWN)
#define JWT_UNKNOWN 32
#define SECRET_MOST 4096

struct jwt_keys {
	const struct jwt_conf *conf;
	const struct policy_host *host;
	pthread_mutex_t lock;		/* of all that follows */
	pthread_cond_t asked;
	struct jwt_set *set;		/* NULL: none yet */
	bool asking;			/* some thread does, without the lock */
	bool failed;			/* the last time */
	unsigned failures;		/* one after the other */
	int64_t good_at, asked_at;	/* CLOCK_BOOTTIME; 0: never */
	char etag[256];
	/* kids that were asked for, and were not there */
	struct { size_t len; char kid[48]; int64_t until; } unknown[JWT_UNKNOWN];
	unsigned next_unknown;
};

static int64_t
now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * JWT_SECOND + ts.tv_nsec;
}

static void say(const struct policy_host *h, enum policy_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
say(const struct policy_host *h, enum policy_log_level level, const char *format, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	h->log(h, level, line);
}

/* ---- a file ---- */

static int
read_secret(struct jwt_set **out, const struct jwt_conf *c, struct policy_error *err)
{
	struct jwt_file f;
	const char *why = "";
	int rc = jwt_file_read(&f, c->secret, SECRET_MOST, err);

	if (rc != 0)
		return rc;
	if (f.others_read)
		rc = jwt_fail(err, POLICY_ERR_UNSAFE, "%.400s holds a secret and can be read by others", c->secret);
	else
		rc = jwt_set_secret(out, (const unsigned char *)f.text, f.len - (f.text[f.len - 1] == '\n'), c->secret_alg, &why);
	if (rc == POLICY_ERR_INVALID)
		(void)jwt_fail(err, rc, "%.400s: %s", c->secret, why);
	else if (rc == POLICY_ERR_NOMEM)
		(void)jwt_fail(err, rc, "no memory for the secret");
	jwt_file_fini(&f);
	return rc;
}

/* What is left out is said once for each set that is taken. */
static int
read_set(struct jwt_set **out, const struct jwt_keys *k, const char *from, const char *text, size_t len,
    struct policy_error *err)
{
	struct jwt_notes notes;
	const char *why;
	int rc;

	rc = jwt_set_read(out, text, len, k->conf->algs, &notes, &why);
	if (rc == POLICY_ERR_NOMEM)
		return jwt_fail(err, rc, "no memory for the keys of %.300s", from);
	if (rc != 0)
		return jwt_fail(err, rc, "%.300s: %s%s%s", from, why, notes.text[0] != '\0' ? ": " : "", notes.text);
	if (notes.left_out > 0)
		say(k->host, POLICY_LOG_WARNING, "%.300s: %u of its keys %s not used: %s", from, notes.left_out,
		    notes.left_out == 1 ? "is" : "are", notes.text);
	return 0;
}

static int
read_file(struct jwt_set **out, const struct jwt_keys *k, struct policy_error *err)
{
	const char *path = k->conf->path;
	struct jwt_file f;
	int rc;

	if (k->conf->secret != NULL)
		return read_secret(out, k->conf, err);
	rc = jwt_file_read(&f, path, JWT_SET_BYTES, err);
	if (rc != 0)
		return rc;
	rc = read_set(out, k, path, f.text, f.len, err);
	if (rc == 0 && f.others_read && (*out)->has_oct) {
		rc = jwt_fail(err, POLICY_ERR_UNSAFE, "%.400s holds secrets and can be read by others", path);
		jwt_set_drop(*out);
		*out = NULL;
	}
	jwt_file_fini(&f);
	return rc;
}

/* ---- a URL ---- */

/* Without the lock; k->asking is set. */
static void
ask_url(struct jwt_keys *k, int64_t timeout)
{
	struct jwt_fetch f = { .url = k->conf->url, .ca = k->conf->ca, .timeout = timeout, .most = JWT_SET_BYTES };
	struct policy_error err = POLICY_ERROR_INIT;
	struct jwt_set *set = NULL, *old = NULL;
	enum jwt_fetched r;
	unsigned failures;

	memcpy(f.etag, k->etag, sizeof(f.etag));
	r = jwt_fetch(&f);
	if (r == JWT_FETCH_NEW && read_set(&set, k, k->conf->url, f.body, f.len, &err) != 0)
		r = JWT_FETCH_FAILED;
	else if (r == JWT_FETCH_FAILED)
		(void)jwt_fail(&err, POLICY_ERR_UNAVAILABLE, "%.300s: %s", k->conf->url, f.why);
	free(f.body);
	pthread_mutex_lock(&k->lock);
	k->failed = r == JWT_FETCH_FAILED;
	failures = k->failures = k->failed ? k->failures + 1 : 0;
	k->asked_at = now(CLOCK_BOOTTIME);
	if (!k->failed)
		k->good_at = k->asked_at;
	if (r == JWT_FETCH_NEW) {
		memcpy(k->etag, f.etag, sizeof(k->etag));
		old = k->set;
		k->set = set;
	}
	k->asking = false;
	pthread_cond_broadcast(&k->asked);
	pthread_mutex_unlock(&k->lock);
	jwt_set_drop(old);
	if (failures == 1)		/* and not each time that it is tried again */
		say(k->host, POLICY_LOG_ERROR, "%s; it is asked again", err.text);
}

/* Has that kid been asked for of late, in vain? Under the lock. */
static bool
known_unknown(struct jwt_keys *k, struct policy_text kid, int64_t at)
{
	for (unsigned i = 0; i < JWT_UNKNOWN; i++) {
		if (k->unknown[i].until > at && k->unknown[i].len == kid.len &&
		    memcmp(k->unknown[i].kid, kid.data, kid.len) == 0)
			return true;
	}
	return false;
}

static void
remember_unknown(struct jwt_keys *k, struct policy_text kid)
{
	const unsigned i = k->next_unknown++ % JWT_UNKNOWN;

	if (kid.len > sizeof(k->unknown[0].kid))
		return;
	memcpy(k->unknown[i].kid, kid.data, kid.len);
	k->unknown[i].len = kid.len;
	k->unknown[i].until = now(CLOCK_BOOTTIME) + JWT_UNKNOWN_FOR;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Waits for the thread that asks. Under the lock. */
static bool
wait_for(struct jwt_keys *k, int64_t deadline)
{
	const struct timespec until = { (time_t)(deadline / JWT_SECOND), (long)(deadline % JWT_SECOND) };

	while (k->asking) {
		if (pthread_cond_timedwait(&k->asked, &k->lock, &until) == ETIMEDOUT)
			return false;
	}
	return true;
}

enum policy_check_result
jwt_keys_ask(struct jwt_keys *k, const struct jwt_set *seen, struct policy_text kid, const struct policy_call *call)
{
	enum policy_check_result r = POLICY_CHECK_PASS;
	const int64_t left = call->deadline_ns - now(CLOCK_MONOTONIC);
	int64_t at;

	if (k->conf->url == NULL)
		return POLICY_CHECK_FAIL;
	pthread_mutex_lock(&k->lock);
	at = now(CLOCK_BOOTTIME);
	if (k->set != seen)
		goto done;		/* another has come in the meantime */
	if (k->asking) {
		r = (call->flags & POLICY_CALL_NONBLOCK) != 0 ? POLICY_CHECK_AGAIN :
		    !wait_for(k, call->deadline_ns) ? POLICY_CHECK_ERROR : POLICY_CHECK_PASS;
		if (r == POLICY_CHECK_PASS && k->set == seen)
			r = k->failed ? POLICY_CHECK_ERROR : POLICY_CHECK_FAIL;
		goto done;
	}
	if (known_unknown(k, kid, at) || at < k->asked_at + JWT_COOLDOWN) {
		r = k->failed ? POLICY_CHECK_ERROR : POLICY_CHECK_FAIL;
		goto done;
	}
	if ((call->flags & POLICY_CALL_NONBLOCK) != 0 || left <= 0) {
		r = left <= 0 ? POLICY_CHECK_ERROR : POLICY_CHECK_AGAIN;
		goto done;
	}
	k->asking = true;
	pthread_mutex_unlock(&k->lock);
	ask_url(k, least(left, k->conf->timeout));
	pthread_mutex_lock(&k->lock);
	if (k->failed)
		r = POLICY_CHECK_ERROR;
	else if (k->set == seen)
		r = POLICY_CHECK_FAIL;
	if (!k->failed)
		remember_unknown(k, kid);
done:
	pthread_mutex_unlock(&k->lock);
	return r;
}

/* ---- all ---- */

struct jwt_set *
jwt_keys_hold(struct jwt_keys *k)
{
	struct jwt_set *s = NULL;

	pthread_mutex_lock(&k->lock);
	if (k->set != NULL && (k->conf->url == NULL || now(CLOCK_BOOTTIME) - k->good_at <= k->conf->stale))
		s = jwt_set_hold(k->set);
	pthread_mutex_unlock(&k->lock);
	return s;
}

static void
serve_file(struct jwt_keys *k)
{
	const char *path = k->conf->path != NULL ? k->conf->path : k->conf->secret;
	struct policy_error err = POLICY_ERROR_INIT;
	struct jwt_set *set, *old;

	if (read_file(&set, k, &err) != 0) {
		say(k->host, POLICY_LOG_ERROR, "%s; the keys that were read before stay in use", err.text);
		return;
	}
	pthread_mutex_lock(&k->lock);
	old = k->set;
	k->set = set;
	pthread_mutex_unlock(&k->lock);
	jwt_set_drop(old);
	say(k->host, POLICY_LOG_INFO, "%.400s was read again", path);
}

/* When to ask again: soon after a failure, then less and less often. */
static int64_t
next_ask(const struct jwt_keys *k)
{
	if (!k->failed)
		return k->asked_at + k->conf->refresh;
	return k->asked_at + least(JWT_SECOND << (k->failures < 6 ? k->failures - 1 : 5),
	    least(JWT_COOLDOWN, k->conf->refresh));
}

int64_t
jwt_keys_serve(struct jwt_keys *k, uint32_t why)
{
	int64_t at, due;
	bool mine;

	if (k->conf->url == NULL) {
		if ((why & POLICY_SERVE_CHANGED) != 0)
			serve_file(k);
		return -1;
	}
	pthread_mutex_lock(&k->lock);
	at = now(CLOCK_BOOTTIME);
	mine = !k->asking && at >= next_ask(k);
	k->asking |= mine;
	pthread_mutex_unlock(&k->lock);
	if (mine)
		ask_url(k, k->conf->timeout);
	pthread_mutex_lock(&k->lock);
	due = next_ask(k) - now(CLOCK_BOOTTIME);
	pthread_mutex_unlock(&k->lock);
	return due > 0 ? due : 1000000;
}

static int
begin(struct jwt_keys *k, struct policy_error *err)
{
	const struct jwt_conf *c = k->conf;
	const char *path = c->path != NULL ? c->path : c->secret;
	int rc;

	if (path != NULL) {
		rc = read_file(&k->set, k, err);
		if (rc == 0 && (rc = k->host->watch(k->host, path)) != 0)
			return jwt_fail(err, rc, "%.400s cannot be watched", path);
		return rc;
	}
	if (!jwt_fetch_there_is())
		return jwt_fail(err, POLICY_ERR_UNSUPPORTED, "keys is a URL, and this build has no libcurl");
	rc = jwt_fetch_init();
	if (rc != 0)
		return jwt_fail(err, rc, "libcurl cannot be made ready");
	if (strncmp(c->url, "http:", 5) == 0)
		say(k->host, POLICY_LOG_WARNING, "%.300s: keys are fetched without TLS (insecure: true), by who may write to "
		    "this host's loopback they can be forged", c->url);
	k->asking = true;
	ask_url(k, c->timeout);
	return 0;
}

int
jwt_keys_new(struct jwt_keys **out, const struct jwt_conf *conf, const struct policy_host *host,
    struct policy_error *err)
{
	struct jwt_keys *k = calloc(1, sizeof(*k));
	pthread_condattr_t attr;
	int rc;

	*out = NULL;
	if (k == NULL)
		return jwt_fail(err, POLICY_ERR_NOMEM, "no memory for keys");
	k->conf = conf;
	k->host = host;
	pthread_mutex_init(&k->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&k->asked, &attr);
	pthread_condattr_destroy(&attr);
	rc = begin(k, err);
	if (rc == 0)
		*out = k;
	else
		jwt_keys_free(k);
	return rc;
}

void
jwt_keys_free(struct jwt_keys *k)
{
	if (k == NULL)
		return;
	if (k->conf->url != NULL && k->asked_at != 0)
		jwt_fetch_fini();
	jwt_set_drop(k->set);
	pthread_cond_destroy(&k->asked);
	pthread_mutex_destroy(&k->lock);
	free(k);
}
