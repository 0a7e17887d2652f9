/* SPDX-License-Identifier: Apache-2.0 */
#include "modules/jwt/tests/peer.h"

#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBJWT
#include <jwt.h>

static json_t *
make(const json_t *in, const unsigned char *key, int key_len)
{
	char *claims = json_dumps(json_object_get(in, "claims"), JSON_COMPACT), *token = NULL;
	const char *kid = json_string_value(json_object_get(in, "kid"));
	json_t *out = NULL;
	jwt_t *t = NULL;

	if (claims != NULL && jwt_new(&t) == 0 && jwt_add_grants_json(t, claims) == 0 &&
	    (kid == NULL || jwt_add_header(t, "kid", kid) == 0) &&
	    jwt_set_alg(t, jwt_str_alg(json_string_value(json_object_get(in, "alg"))), key, key_len) == 0)
		token = jwt_encode_str(t);
	if (token != NULL)
		out = json_pack("{s:s}", "token", token);
	free(token);
	jwt_free(t);
	free(claims);
	return out != NULL ? out : json_pack("{s:s}", "error", "libjwt made none");
}

json_t *
peer_libjwt(const json_t *in)
{
	const char *key = json_string_value(json_object_get(in, "key"));
	const int key_len = (int)json_string_length(json_object_get(in, "key"));
	const char *token = json_string_value(json_object_get(in, "token")), *sub;
	jwt_t *t = NULL;
	json_t *out;

	if (token == NULL)
		return make(in, (const unsigned char *)key, key_len);
	if (jwt_decode(&t, token, (const unsigned char *)key, key_len) != 0)
		return json_pack("{s:b}", "good", 0);
	sub = jwt_get_grant(t, "sub");
	out = json_pack("{s:b, s:s}", "good", 1, "sub", sub != NULL ? sub : "");
	jwt_free(t);
	return out;
}

int
peer_decode(const char *token, const char *key, size_t len)
{
	jwt_t *t = NULL;

	if (jwt_decode(&t, token, (const unsigned char *)key, (int)len) != 0)
		return 0;
	jwt_free(t);
	return 1;
}

#else

int
peer_decode(const char *token, const char *key, size_t len)
{
	(void)token;
	(void)key;
	(void)len;
	return 0;
}

json_t *
peer_libjwt(const json_t *in)
{
	(void)in;
	return json_pack("{s:b}", "absent", 1);
}

#endif
