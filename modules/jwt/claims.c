/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 7519 section 4.1, RFC 9068 section 4. A claim of the wrong type is never read as absent. */
#include "claims.h"

#include <math.h>
#include <string.h>
#include <strings.h>

static bool
same(struct policy_text t, const json_t *v)
{
	return json_is_string(v) && json_string_length(v) == t.len && memcmp(json_string_value(v), t.data, t.len) == 0;
}

static bool
listed(const struct jwt_texts *list, const json_t *v)
{
	for (size_t i = 0; i < list->n; i++) {
		if (same(list->list[i], v))
			return true;
	}
	return false;
}

bool
jwt_claims_foreign(const struct jwt_conf *c, const json_t *payload)
{
	const json_t *iss = json_object_get(payload, "iss");

	return json_is_string(iss) && !same(c->issuer, iss);
}

/* A media type (RFC 7515 section 4.1.9): without case, "application/" may be left out.
 * Who says which types are taken, wants one to be named. */
bool
jwt_claims_typ(const struct jwt_conf *c, const char *typ)
{
	static const char prefix[] = "application/";

	if (typ == NULL)
		return !c->typ_said;
	if (strncasecmp(typ, prefix, sizeof(prefix) - 1) == 0)
		typ += sizeof(prefix) - 1;
	for (size_t i = 0; i < c->typ.n; i++) {
		if (strcasecmp(typ, c->typ.list[i].data) == 0)
			return true;
	}
	return false;
}

/* A NumericDate, which may have a fraction: cut down for an end, up for a beginning, so
 * that a token is never good for longer than it says. */
static bool
time_of(const json_t *v, bool up, int64_t *ns)
{
	const int64_t most = INT64_MAX / JWT_SECOND - 3600;
	int64_t s;

	if (json_is_integer(v)) {
		s = json_integer_value(v);
	} else if (json_is_real(v)) {
		const double d = up ? ceil(json_real_value(v)) : floor(json_real_value(v));

		if (!(d >= -(double)most && d <= (double)most))
			return false;
		s = (int64_t)d;
	} else {
		return false;
	}
	if (s < -most || s > most)
		return false;
	*ns = s * JWT_SECOND;
	return true;
}

/* `aud` is a text, or a list of nothing but texts. */
static bool
is_for_us(const struct jwt_conf *c, const json_t *aud)
{
	const json_t *v;
	size_t i;
	bool us = listed(&c->audience, aud);

	json_array_foreach(aud, i, v) {
		if (!json_is_string(v))
			return false;
		us |= listed(&c->audience, v);
	}
	return us;
}

/* Absent, or a time that has come. */
static bool
has_begun(const struct jwt_conf *c, const json_t *v, int64_t now)
{
	int64_t at;

	return v == NULL || (time_of(v, true, &at) && at - c->leeway <= now);
}

enum policy_check_result
jwt_claims_judge(const struct jwt_conf *c, const json_t *payload, int64_t now, int64_t *expires,
    enum policy_reason *reason)
{
	const json_t *iat = json_object_get(payload, "iat"), *sub = json_object_get(payload, "sub");
	int64_t exp, issued;

	*reason = POLICY_REASON_BAD_CREDENTIAL;
	if (!same(c->issuer, json_object_get(payload, "iss")) || !is_for_us(c, json_object_get(payload, "aud")) ||
	    (sub != NULL && json_string_length(sub) == 0) || !time_of(json_object_get(payload, "exp"), false, &exp) ||
	    !has_begun(c, json_object_get(payload, "nbf"), now) || !has_begun(c, iat, now))
		return POLICY_CHECK_FAIL;
	if (c->max_lifetime != 0 && (iat == NULL || !time_of(iat, false, &issued) || exp > issued + c->max_lifetime))
		return POLICY_CHECK_FAIL;
	*expires = exp + c->leeway;
	if (now >= *expires) {
		*reason = POLICY_REASON_EXPIRED;
		return POLICY_CHECK_FAIL;
	}
	return POLICY_CHECK_PASS;
}
