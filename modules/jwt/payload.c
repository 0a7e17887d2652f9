/* SPDX-License-Identifier: Apache-2.0 */
/* What a token that is made says. */
#include "payload.h"

#include <stdlib.h>
#include <string.h>

static bool
put_list(json_t *j, const struct jwt_conf *c, const struct policy_issue *want)
{
	json_t *list = json_array();
	bool good = json_object_set_new(j, c->scopes != NULL ? c->scopes : "scope", list) == 0;

	for (size_t i = 0; good && i < want->scopes_count; i++)
		good = json_array_append_new(list, json_stringn(want->scopes[i].data, want->scopes[i].len)) == 0;
	return good;
}

/* RFC 6749 section 3.3, under the name by which the step reads it. False: no memory. */
static bool
put_scopes(json_t *j, const struct jwt_conf *c, const struct policy_issue *want)
{
	const struct policy_text *list = want->scopes;
	size_t room = 1, at = 0;
	char *text;
	bool done;

	if (want->size < sizeof(*want) || (want->flags & POLICY_ISSUE_SCOPED) == 0)
		return true;
	if (c->bare)
		return put_list(j, c, want);
	for (size_t i = 0; i < want->scopes_count; i++)
		room += list[i].len + 1;
	text = malloc(room);
	if (text == NULL)
		return false;
	for (size_t i = 0; i < want->scopes_count; i++) {
		if (i > 0)
			text[at++] = ' ';
		memcpy(text + at, list[i].data, list[i].len);
		at += list[i].len;
	}
	done = json_object_set_new(j, c->scopes != NULL ? c->scopes : "scope", json_stringn(text, at)) == 0;
	free(text);
	return done;
}

static bool
put_added(json_t *j, const struct jwt_conf *c)
{
	for (size_t i = 0; i < c->add.n; i++) {
		const struct jwt_name *a = &c->add.list[i];

		if (json_object_set_new(j, a->name.data, json_stringn(a->claim.data, a->claim.len)) != 0)
			return false;
	}
	return true;
}

static json_t *
bare(const struct jwt_conf *c, const struct policy_issue *want, const struct policy_issued *out)
{
	json_t *j = json_object();

	if (j == NULL || json_object_set_new(j, c->subject, json_stringn(want->subject_id.data, want->subject_id.len)) != 0 ||
	    !put_scopes(j, c, want) || json_object_set_new(j, "exp", json_integer(out->expires_ns / JWT_SECOND)) != 0 ||
	    !put_added(j, c)) {
		json_decref(j);
		return NULL;
	}
	return j;
}

static json_t *
full(const struct jwt_conf *c, const struct policy_issue *want, const struct policy_issued *out)
{
	json_t *j = json_object();

	if (j == NULL || json_object_set_new(j, "iss", json_string(c->issuer.data)) != 0 ||
	    json_object_set_new(j, "aud", json_string(c->audience.list[0].data)) != 0 ||
	    json_object_set_new(j, "sub", json_stringn(want->subject_id.data, want->subject_id.len)) != 0 ||
	    json_object_set_new(j, c->subject, json_stringn(want->subject_id.data, want->subject_id.len)) != 0 ||
	    json_object_set_new(j, "iat", json_integer(want->now_ns / JWT_SECOND)) != 0 ||
	    json_object_set_new(j, "exp", json_integer(out->expires_ns / JWT_SECOND)) != 0 ||
	    json_object_set_new(j, "jti", json_string(out->token_id)) != 0 || !put_scopes(j, c, want) ||
	    !put_added(j, c)) {
		json_decref(j);
		return NULL;
	}
	return j;
}

json_t *
jwt_payload(const struct jwt_conf *c, const struct policy_issue *want, const struct policy_issued *out)
{
	return c->bare ? bare(c, want, out) : full(c, want, out);
}
