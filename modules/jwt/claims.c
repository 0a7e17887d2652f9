/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 7519 section 4.1, RFC 9068 section 4. A claim of the wrong type is never read as absent. */
#include "claims.h"

#include <math.h>
#include <string.h>
#include <strings.h>

static const struct jwt_value *
get(const struct jwt_value *payload, const char *name)
{
	return jwt_json_get(payload, name, strlen(name));
}

static bool
same(struct policy_text t, const struct jwt_value *v)
{
	return v != NULL && v->type == JWT_TEXT && v->u.text.len == t.len && memcmp(v->u.text.data, t.data, t.len) == 0;
}

static bool
listed(const struct jwt_texts *list, const struct jwt_value *v)
{
	for (size_t i = 0; i < list->n; i++) {
		if (same(list->list[i], v))
			return true;
	}
	return false;
}

bool
jwt_claims_foreign(const struct jwt_conf *c, const struct jwt_value *payload)
{
	const struct jwt_value *iss = get(payload, "iss");

	return jwt_json_text(iss).data != NULL && (c->bare || !same(c->issuer, iss));
}

/* A media type (RFC 7515 section 4.1.9): without case, "application/" may be left out.
 * Who says which types are taken, wants one to be named. */
bool
jwt_claims_typ(const struct jwt_conf *c, struct policy_text typ)
{
	static const struct policy_text prefix = POLICY_TEXT("application/");

	if (typ.data == NULL)
		return !c->typ_said;
	if (typ.len > prefix.len && strncasecmp(typ.data, prefix.data, prefix.len) == 0)
		typ = (struct policy_text){ typ.data + prefix.len, typ.len - prefix.len };
	for (size_t i = 0; i < c->typ.n; i++) {
		if (typ.len == c->typ.list[i].len && strncasecmp(typ.data, c->typ.list[i].data, typ.len) == 0)
			return true;
	}
	return false;
}

/* A NumericDate, which may have a fraction: cut down for an end, up for a beginning, so
 * that a token is never good for longer than it says. */
static bool
time_of(const struct jwt_value *v, bool up, int64_t *ns)
{
	const int64_t most = INT64_MAX / JWT_SECOND - 3600;
	int64_t s;

	if (v != NULL && v->type == JWT_INT) {
		s = v->u.integer;
	} else if (v != NULL && v->type == JWT_REAL) {
		const double d = up ? ceil(v->u.real) : floor(v->u.real);

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
is_for_us(const struct jwt_conf *c, const struct jwt_value *aud)
{
	bool us = listed(&c->audience, aud);
	uint32_t n;

	if (aud == NULL || (aud->type != JWT_TEXT && aud->type != JWT_LIST))
		return false;
	for (const struct jwt_value *v = jwt_json_first(aud, &n); n > 0; v = jwt_json_next(v, &n)) {
		if (v->type != JWT_TEXT)
			return false;
		us |= listed(&c->audience, v);
	}
	return us;
}

/* Absent, or a time that has come. */
static bool
has_begun(const struct jwt_conf *c, const struct jwt_value *v, int64_t now)
{
	int64_t at;

	return v == NULL || (time_of(v, true, &at) && at - c->leeway <= now);
}

/* A bare token names neither, so that one which names either was made for something else. */
static bool
is_ours(const struct jwt_conf *c, const struct jwt_value *payload)
{
	const struct jwt_value *iss = get(payload, "iss"), *aud = get(payload, "aud");

	if (c->bare)
		return iss == NULL && aud == NULL && get(payload, "jti") == NULL;
	return same(c->issuer, iss) && is_for_us(c, aud);
}

/* From `iat`, or, where none is written, from now. */
static bool
is_short(const struct jwt_conf *c, const struct jwt_value *iat, int64_t exp, int64_t now)
{
	int64_t issued = now + c->leeway;

	if (c->max_lifetime == 0)
		return true;
	return (iat != NULL ? time_of(iat, false, &issued) : c->bare) && exp <= issued + c->max_lifetime;
}

enum policy_check_result
jwt_claims_judge(const struct jwt_conf *c, const struct jwt_value *payload, int64_t now, int64_t *expires,
    enum policy_reason *reason)
{
	const struct jwt_value *iat = get(payload, "iat"), *sub = get(payload, "sub");
	int64_t exp;

	*reason = POLICY_REASON_BAD_CREDENTIAL;
	if (!is_ours(c, payload) ||
	    (sub != NULL && jwt_json_text(sub).len == 0) || !time_of(get(payload, "exp"), false, &exp) ||
	    !has_begun(c, get(payload, "nbf"), now) || !has_begun(c, iat, now))
		return POLICY_CHECK_FAIL;
	if (!is_short(c, iat, exp, now))
		return POLICY_CHECK_FAIL;
	*expires = exp + c->leeway;
	if (now >= *expires) {
		*reason = POLICY_REASON_EXPIRED;
		return POLICY_CHECK_FAIL;
	}
	return POLICY_CHECK_PASS;
}

bool
jwt_claims_issued(const struct jwt_value *payload, int64_t *issued)
{
	return time_of(get(payload, "iat"), false, issued);
}
