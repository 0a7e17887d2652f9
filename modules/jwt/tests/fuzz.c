/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a token, as claims that somebody signed, as a header, and as a set of keys:
 * read or refused, and never believed where the signature is not good.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/identity.h"
#include "fuzz/target.h"
#include "modules/jwt/b64.h"
#include "modules/jwt/claims.h"
#include "modules/jwt/verify.h"

static const char own_key[] = "{\"keys\":[{\"kty\":\"oct\",\"alg\":\"HS256\",\"kid\":\"k\","
    "\"k\":\"ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8\"}]}";

/* As the library fills it; where the claims are refused, nothing is asked of the identity. */
static void
claims(char *text, size_t len)
{
	static struct jwt_value payload[JWT_VALUES_MAX];
	static const struct policy_text audience[] = { POLICY_TEXT("api") }, types[] = { POLICY_TEXT("JWT") },
	    looked_at[] = { POLICY_TEXT("groups"), POLICY_TEXT("a.b") };
	static const struct jwt_name names[] = { { POLICY_TEXT("x"), POLICY_TEXT("nest") }, { POLICY_TEXT("y"), POLICY_TEXT("sub") } };
	const struct jwt_conf c = { .issuer = POLICY_TEXT("https://issuer.example"), .audience = { audience, 1 }, .typ = { types, 1 },
	    .claims = { looked_at, 2 }, .leeway = JWT_SECOND, .subject = "sub", .groups = "groups", .attributes = { names, 2 },
	    .token = { names, 1 } };
	static struct pol_filling f;
	struct policy_host h;
	enum policy_reason reason;
	int64_t expires;

	if (!jwt_json_read(payload, JWT_VALUES_MAX, text, len))
		return;
	memset(&h, 0, sizeof(h));
	pol_identity_offer(&h);
	pol_identity_begin(&f);
	f.step = "jwt";
	f.subject_type = policy_text("user");
	if (!jwt_claims_foreign(&c, payload) &&
	    jwt_claims_judge(&c, payload, INT64_C(1700000000) * JWT_SECOND, &expires, &reason) == POLICY_CHECK_PASS &&
	    expires <= INT64_C(1700000000) * JWT_SECOND)
		abort();		/* good, and over */
	if (jwt_claims_fill(&c, &h, payload, &f.id) == POLICY_CHECK_PASS && (f.spoilt != 0 || f.id.subject_id.len == 0))
		abort();		/* good, and nobody's */
}

static void
token(const char *text, size_t len)
{
	static char payload[JWT_TOKEN_MAX];
	struct jwt_header header;
	struct jwt_notes notes;
	struct jwt_set *set;
	struct jwt_key *key;
	struct jwt_jws t;
	const char *why;
	ptrdiff_t n;

	if (!jwt_jws_split(&t, (struct policy_text){ text, len }))
		return;
	if (jwt_set_read(&set, own_key, sizeof(own_key) - 1, ~0u, &notes, &why) != 0)
		abort();
	if (jwt_header_read(&header, t.header) && jwt_set_find(set, &header, &key) == JWT_KEY)
		(void)jwt_verify(key, t.input, t.sig);
	jwt_set_drop(set);
	n = jwt_base64_decode((unsigned char *)payload, sizeof(payload), t.payload.data, t.payload.len);
	if (n > 0)
		claims(payload, (size_t)n);
}

static void
header(const char *text, size_t len)
{
	struct jwt_header h;
	char part[JWT_HEADER_BYTES * 2];

	if (len > JWT_HEADER_BYTES)
		return;
	len = jwt_base64_encode(part, (const unsigned char *)text, len);
	(void)jwt_header_read(&h, (struct policy_text){ part, len });
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct jwt_notes notes;
	struct jwt_set *set;
	const char *why = NULL;
	char *copy;
	int rc;

	token(text, size);
	header(text, size);
	rc = jwt_set_read(&set, text, size, ~0u, &notes, &why);
	if (rc != 0 && rc != POLICY_ERR_NOMEM && why == NULL)
		abort();		/* refused without a sentence */
	jwt_set_drop(set);
	copy = malloc(size + 1);
	if (copy != NULL && size > 0) {
		memcpy(copy, data, size);
		claims(copy, size);
	}
	free(copy);
	return 0;
}
