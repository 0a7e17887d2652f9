/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The url is libpq's, but for `schema=NAME`, which is taken out of it. Whatever is wrong
 * with it is said without any of it: it may hold a password.
 */
#include <stdlib.h>
#include <string.h>

#include "secret.h"
#include "store_postgresql.h"

#define SCHEME "postgresql://"
#define SCHEMA "schema="

static int
take_schema(struct pol_pg *s, const char *name, size_t len, struct policy_error *err)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz_", rest[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
	size_t n = 0;

	if (s->schema[0] != '\0')
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, "the url has two schemas");
	while (n < len && strchr(n == 0 ? first : rest, name[n]) != NULL)
		n++;
	if (len == 0 || n != len || len > POL_PG_SCHEMA_MOST || strncmp(name, "pg_", 3) == 0)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0,
		    "the url's schema must be 1 to %d of a-z, 0-9 and _, and not begin with a digit or pg_",
		    POL_PG_SCHEMA_MOST);
	memcpy(s->schema, name, len);
	s->schema[len] = '\0';
	return 0;
}

/* Takes `schema=` out of s->url, in place. */
static int
split(struct pol_pg *s, struct policy_error *err)
{
	char *in = strchr(s->url, '?'), *out;

	if (in == NULL)
		return 0;
	out = in;
	for (char mark = '?'; in != NULL && in[0] != '\0';) {
		char *end = strchr(in + 1, '&');
		const size_t len = end != NULL ? (size_t)(end - in) : strlen(in);

		if (strncmp(in + 1, SCHEMA, strlen(SCHEMA)) == 0) {
			if (take_schema(s, in + 1 + strlen(SCHEMA), len - 1 - strlen(SCHEMA), err) != 0)
				return err->code;
		} else {
			memmove(out, in, len);
			*out = mark;
			mark = '&';
			out += len;
		}
		in = end;
	}
	explicit_bzero(out, strlen(out));
	return 0;
}

/* What libpq reads of it. */
static int
judge(struct pol_pg *s, struct policy_error *err)
{
	char *said = NULL;
	PQconninfoOption *options = PQconninfoParse(s->url, &said);
	int rc = 0;

	PQfreemem(said);		/* it quotes the url */
	if (options == NULL)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, "the url is none that libpq can read");
	for (const PQconninfoOption *o = options; rc == 0 && o->keyword != NULL; o++) {
		char *end;
		long n;

		if (o->val == NULL || strcmp(o->keyword, "connect_timeout") != 0)
			continue;
		n = strtol(o->val, &end, 10);
		if (*end != '\0' || n < 1 || n > POL_PG_CONNECT_MOST_S)
			rc = pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0,
			    "the url's connect_timeout must be from 1 to %d seconds", POL_PG_CONNECT_MOST_S);
	}
	for (PQconninfoOption *o = options; o->keyword != NULL; o++) {
		if (o->val != NULL)
			explicit_bzero(o->val, strlen(o->val));
	}
	PQconninfoFree(options);
	return rc;
}

int
pol_url_read(struct pol_pg *s, struct policy_text url, struct policy_error *err)
{
	int rc;

	if (url.len < strlen(SCHEME) || memcmp(url.data, SCHEME, strlen(SCHEME)) != 0 || url.len > 8192 ||
	    memchr(url.data, '\0', url.len) != NULL)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0,
		    "the url must be postgresql://HOST,.../DATABASE?..., as libpq has it");
	s->url = strndup(url.data, url.len);
	if (s->url == NULL)
		return pol_secret_fail(err, POLICY_ERR_NOMEM, NULL, 0, "out of memory");
	rc = split(s, err);
	if (rc == 0)
		rc = judge(s, err);
	if (rc == 0 && s->schema[0] == '\0')
		strcpy(s->schema, "policy");
	return rc;
}
