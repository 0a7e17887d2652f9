/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where keys come from decides whom we believe: the name asked is the name answered for,
 * so redirects are not followed, no proxy of the environment is used, nothing is
 * unpacked, and what is not a plain 200 or 304 is a failure.
 */
#include "fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#ifdef HAVE_CURL
#include "web.h"

static size_t
on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct jwt_fetch *f = ctx;

	n *= size;
	if (f->body == NULL)
		f->body = malloc(f->most);
	if (f->body == NULL || n > f->most - f->len)
		return 0;		/* which ends the transfer as a failure */
	memcpy(f->body + f->len, data, n);
	f->len += n;
	return size == 0 ? 0 : n;
}

static size_t
on_header(char *data, size_t size, size_t n, void *ctx)
{
	static const char name[] = "etag:";
	struct jwt_fetch *f = ctx;
	size_t len = n * size;
	const size_t all = len;

	if (len <= sizeof(name) || strncasecmp(data, name, sizeof(name) - 1) != 0)
		return all;
	data += sizeof(name) - 1;
	len -= sizeof(name) - 1;
	while (len > 0 && (*data == ' ' || *data == '\t')) {
		data++;
		len--;
	}
	while (len > 0 && (data[len - 1] == '\r' || data[len - 1] == '\n' || data[len - 1] == ' '))
		len--;
	f->etag[0] = '\0';
	if (len < sizeof(f->etag) && memchr(data, '\0', len) == NULL) {
		memcpy(f->etag, data, len);
		f->etag[len] = '\0';
	}
	return all;
}

/* The URL's own scheme was judged with the settings. */
static bool
set_options(CURL *c, struct jwt_fetch *f, const struct curl_slist *headers)
{
	const long ms = f->timeout / 1000000 > 0 ? (long)(f->timeout / 1000000) : 1;

	return pol_web_options(c, f->url, f->ca, NULL, "") == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, ms) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, ms) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_MAXFILESIZE, (long)f->most) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_USERAGENT, "libpolicy") == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_WRITEDATA, f) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HEADERDATA, f) == CURLE_OK;
}

static bool
add_header(struct curl_slist **list, const char *text)
{
	struct curl_slist *longer = curl_slist_append(*list, text);

	if (longer != NULL)
		*list = longer;
	return longer != NULL;
}

static enum jwt_fetched
perform(CURL *c, struct jwt_fetch *f, bool asked_if)
{
	const CURLcode rc = curl_easy_perform(c);
	long status = 0;

	if (rc != CURLE_OK) {
		snprintf(f->why, sizeof(f->why), "%s", rc == CURLE_WRITE_ERROR ? "the answer is too long" :
		    curl_easy_strerror(rc));
		return JWT_FETCH_FAILED;
	}
	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	if (status == 304 && asked_if)
		return JWT_FETCH_SAME;
	if (status == 200 && f->body != NULL)
		return JWT_FETCH_NEW;
	snprintf(f->why, sizeof(f->why), status == 200 ? "the answer is empty" : "the answer has status %ld", status);
	return JWT_FETCH_FAILED;
}

enum jwt_fetched
jwt_fetch(struct jwt_fetch *f)
{
	char line[sizeof(f->etag) + 32];
	struct curl_slist *headers = NULL;
	CURL *c = curl_easy_init();
	const bool ask_if = f->etag[0] != '\0';
	enum jwt_fetched r = JWT_FETCH_FAILED;
	struct pol_web_pipe held;

	f->body = NULL;
	f->len = 0;
	snprintf(f->why, sizeof(f->why), "no memory");
	snprintf(line, sizeof(line), "If-None-Match: %s", f->etag);
	pol_web_hold(&held);
	if (c != NULL && add_header(&headers, "Accept: application/jwk-set+json, application/json") &&
	    (!ask_if || add_header(&headers, line)) && set_options(c, f, headers)) {
		f->etag[0] = '\0';
		r = perform(c, f, ask_if);
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);		/* which closes, and says goodbye */
	pol_web_release(&held);
	if (r != JWT_FETCH_NEW) {
		free(f->body);
		f->body = NULL;
	}
	return r;
}

bool
jwt_fetch_there_is(void)
{
	return true;
}

int
jwt_fetch_init(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : POLICY_ERR_NOMEM;
}

void
jwt_fetch_fini(void)
{
	curl_global_cleanup();
}

#else

enum jwt_fetched
jwt_fetch(struct jwt_fetch *f)
{
	f->body = NULL;
	snprintf(f->why, sizeof(f->why), "this build has no libcurl");
	return JWT_FETCH_FAILED;
}

bool
jwt_fetch_there_is(void)
{
	return false;
}

int
jwt_fetch_init(void)
{
	return 0;
}

void
jwt_fetch_fini(void)
{
}

#endif
