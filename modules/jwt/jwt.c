/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwt: JSON Web Tokens of one issuer (RFC 7519, RFC 9068, RFC 8725). A token of which
 * `iss` names another issuer is another step's: its payload says so, before anything is
 * believed or asked. All else about it is bad or good.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "b64.h"
#include "claims.h"
#include "issue.h"
#include "keys.h"
#include "row.h"
#include "verify.h"

struct jwt {
	struct jwt_conf conf;
	const struct policy_host *host;
	struct jwt_keys *keys;
	struct jwt_issuer *issuer;	/* NULL: it makes no tokens */
};

static void
jwt_close(void *state)
{
	struct jwt *j = state;

	jwt_issuer_free(j->issuer);
	jwt_keys_free(j->keys);
	jwt_conf_fini(&j->conf);
	free(j);
}

static int
jwt_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	struct jwt *j = calloc(1, sizeof(*j));
	int rc;

	if (j == NULL)
		return jwt_fail(err, POLICY_ERR_NOMEM, "no memory for the step");
	j->host = args->host;
	ERR_set_mark();
	rc = jwt_conf_read(&j->conf, args, err);
	if (rc == 0 && (rc = j->host->source(j->host, j->conf.issuer)) != 0)
		rc = jwt_fail(err, rc, "issuer cannot be taken for a source");
	if (rc == 0 && j->conf.sign_with != NULL && (args->flags & POLICY_OPEN_READ_ONLY) == 0)
		rc = jwt_issuer_new(&j->issuer, &j->conf, err);
	if (rc == 0)
		rc = jwt_keys_new(&j->keys, &j->conf, j->host, err);
	ERR_pop_to_mark();
	if (rc == 0)
		*state = j;
	else
		jwt_close(j);
	return rc;
}

/* A JSON object in base64url begins so, and there are three parts. */
static int
jwt_claims(void *state, const struct policy_credential *c)
{
	size_t dots = 0;

	(void)state;
	if (c->data.len < 3 || memcmp(c->data.data, "eyJ", 3) != 0)
		return 0;
	for (const char *p = c->data.data, *end = p + c->data.len; (p = memchr(p, '.', (size_t)(end - p))) != NULL; p++)
		dots++;
	return dots == 2;
}

/* ---- a check ---- */

struct token {
	struct jwt_jws jws;
	bool has_header;
	struct jwt_header header;
	struct jwt_value payload[JWT_VALUES_MAX];
	char text[JWT_TOKEN_MAX / 4 * 3];	/* of the payload */
};

/* The key, and its set held; by the header's text, or by what it says. */
static enum policy_check_result
find_key(struct jwt *j, const struct policy_call *call, struct token *t, struct jwt_set **set, struct jwt_key **key)
{
	enum policy_check_result r;
	enum jwt_found found;

	for (int tried = 0;; tried++) {
		if ((*set = jwt_keys_hold(j->keys)) == NULL)
			return POLICY_CHECK_ERROR;
		if ((*key = jwt_set_seen(*set, t->jws.header)) != NULL)
			return POLICY_CHECK_PASS;
		if (!t->has_header && !(t->has_header = jwt_header_read(&t->header, t->jws.header)))
			return POLICY_CHECK_FAIL;
		if (!jwt_claims_typ(&j->conf, t->header.typ))
			return POLICY_CHECK_FAIL;
		found = jwt_set_find(*set, &t->header, key);
		if (found != JWT_UNKNOWN_KID || tried > 0)
			return found == JWT_KEY ? POLICY_CHECK_PASS : POLICY_CHECK_FAIL;
		r = jwt_keys_ask(j->keys, *set, t->header.kid, call);
		if (r != POLICY_CHECK_PASS)
			return r;
		jwt_set_drop(*set);
	}
}

static enum policy_check_result
check_signature(struct jwt *j, const struct policy_call *call, struct token *t)
{
	struct jwt_set *set = NULL;
	struct jwt_key *key;
	enum policy_check_result r = find_key(j, call, t, &set, &key);

	if (r == POLICY_CHECK_PASS) {
		switch (jwt_verify(key, t->jws.input, t->jws.sig)) {
		case JWT_GOOD:
			if (t->has_header)
				jwt_set_see(set, t->jws.header, key);
			break;
		case JWT_BAD:
			r = POLICY_CHECK_FAIL;
			break;
		case JWT_UNTOLD:
			r = POLICY_CHECK_ERROR;
			break;
		}
	}
	jwt_set_drop(set);
	return r;
}

/*
 * What revokes it: its jti, else the hash of what is signed. Not of the signature: of an
 * ECDSA signature anybody can make a second one. Not a part of either either. By the same
 * the store knows it, if it does: *row, of which the text is in `hashed`.
 */
static enum policy_check_result
name_token(const struct jwt *j, const struct token *t, struct policy_identity *id, char hashed[JWT_HASHED],
    struct policy_text *row)
{
	const struct jwt_value *jti = jwt_json_get(t->payload, "jti", 3);
	struct policy_text of = t->jws.input;

	if (jti != NULL && jti->type != JWT_TEXT)
		return POLICY_CHECK_FAIL;
	if (jwt_json_text(jti).len > 0)
		of = jti->u.text;
	*row = jwt_json_text(jti).len <= 64 ? jwt_json_text(jti) : (struct policy_text){ NULL, 0 };
	if (of.data == t->jws.input.data || of.len > 64) {
		of.len = jwt_hashed(hashed, of.data, of.len);
		of.data = hashed;
		if (of.len == 0)
			return POLICY_CHECK_ERROR;
		if (j->conf.bare)
			*row = of;
	}
	return j->host->set_token_id(id, of) == 0 ? POLICY_CHECK_PASS : POLICY_CHECK_FAIL;
}

static enum policy_check_result
check_payload(struct jwt *j, const struct policy_call *call, struct token *t, struct policy_identity *id)
{
	enum policy_check_result r = check_signature(j, call, t);
	struct policy_text row = { NULL, 0 };
	char hashed[JWT_HASHED];
	enum policy_reason reason;
	int64_t expires;

	if (r != POLICY_CHECK_PASS)
		return r;
	r = jwt_claims_judge(&j->conf, t->payload, call->now_ns, &expires, &reason);
	if (r != POLICY_CHECK_PASS) {
		(void)j->host->set_reason(id, reason);
		return r;
	}
	if (j->host->set_expires(id, expires) != 0)
		return POLICY_CHECK_FAIL;
	r = name_token(j, t, id, hashed, &row);
	if (r == POLICY_CHECK_PASS)
		r = jwt_claims_fill(&j->conf, j->host, t->payload, id);
	return r == POLICY_CHECK_PASS ? jwt_row_judge(&j->conf, j->host, t->payload, row, call, expires, id) : r;
}

static enum policy_check_result
jwt_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	struct jwt *j = state;
	enum policy_check_result r = POLICY_CHECK_FAIL;
	struct token t;
	ptrdiff_t n;

	t.has_header = false;
	if (!jwt_claims(state, call->credential))
		return POLICY_CHECK_IGNORE;
	if (!jwt_jws_split(&t.jws, call->credential->data))
		return POLICY_CHECK_FAIL;
	ERR_set_mark();			/* what OpenSSL says of it is not for who calls us */
	n = jwt_base64_decode((unsigned char *)t.text, sizeof(t.text), t.jws.payload.data, t.jws.payload.len);
	if (n > 0 && jwt_json_read(t.payload, JWT_VALUES_MAX, t.text, (size_t)n) && t.payload->type == JWT_OBJECT)
		r = jwt_claims_foreign(&j->conf, t.payload) ? POLICY_CHECK_IGNORE : check_payload(j, call, &t, id);
	ERR_pop_to_mark();
	OPENSSL_cleanse(t.text, n > 0 ? (size_t)n : 0);
	return r;
}

/* ---- the rest ---- */

static int64_t
jwt_serve(void *state, uint32_t why)
{
	struct jwt *j = state;
	int64_t next;

	ERR_set_mark();
	next = jwt_keys_serve(j->keys, why);
	ERR_pop_to_mark();
	return next;
}

static int
jwt_issue(void *state, const struct policy_issue *want, struct policy_issued *out, struct policy_error *err)
{
	struct jwt *j = state;
	int rc;

	if (j->issuer == NULL)
		return jwt_fail(err, POLICY_ERR_UNSUPPORTED, "this step makes no tokens: it has no sign_with, or was opened for reading only");
	ERR_set_mark();
	rc = jwt_issuer_sign(j->issuer, want, out, err);
	ERR_pop_to_mark();
	return rc;
}

static const char *const kinds[] = { "bearer", NULL };

const struct policy_module policy_module_1 = {
	.size = sizeof(struct policy_module), .abi = POLICY_MODULE_ABI,
	.name = "jwt", .version = "1.0",
	.flags = POLICY_MODULE_MAY_BLOCK | POLICY_MODULE_HEEDS_NONBLOCK | POLICY_MODULE_CACHEABLE | POLICY_MODULE_SCOPED,
	.kinds = kinds, .keys = jwt_conf_keys,
	.open = jwt_open, .check = jwt_check, .close = jwt_close,
	.claims = jwt_claims, .serve = jwt_serve, .issue = jwt_issue,
};
