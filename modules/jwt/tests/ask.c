/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives the module over JSON lines: { "op": ..., "step": 0 } in, an object out. Steps
 * are numbered 0 to 3, so that several stand side by side.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "modules/drive.h"
#include "modules/jwt/b64.h"
#include "modules/jwt/jwk.h"
#include "modules/jwt/tests/peer.h"
#include "modules/jwt/verify.h"

static struct drive drives[4];
static char kept[64][4096];		/* texts of args, which outlive the request */

/* ---- settings ---- */

static struct policy_text
text_of(const json_t *v)
{
	return (struct policy_text){ json_string_value(v), json_string_length(v) };
}

static uint32_t
key_type(const char *name)
{
	for (const struct policy_module_key *k = policy_module_1.keys; k->name != NULL; k++) {
		if (strcmp(k->name, name) == 0)
			return k->type;
	}
	return 0;
}

static struct policy_value
value_of(const json_t *v, uint32_t type)
{
	static struct policy_value items[256];
	static struct policy_attr members[256];
	static size_t n_items, n_members;
	struct policy_value out = { .type = POLICY_NULL };
	const char *name;
	const json_t *item;
	json_t *member;
	size_t i, at;

	if (json_is_string(v) && type == POLICY_KEY_TEXTS) {
		items[n_items %= 200] = value_of(v, POLICY_KEY_TEXT);
		return (struct policy_value){ .type = POLICY_LIST, .count = 1, .u.items = &items[n_items++] };
	}
	if (json_is_string(v))
		return (struct policy_value){ .type = POLICY_STRING, .u.text = text_of(v) };
	if (json_is_integer(v))
		return (struct policy_value){ .type = POLICY_INT, .u.integer = json_integer_value(v) };
	if (json_is_boolean(v))
		return (struct policy_value){ .type = POLICY_BOOL, .u.boolean = json_is_true(v) };
	if (json_is_array(v)) {
		at = n_items %= 200;
		json_array_foreach(v, i, item)
			items[n_items++] = value_of(item, POLICY_KEY_TEXT);
		return (struct policy_value){ .type = POLICY_LIST, .count = (uint32_t)json_array_size(v), .u.items = &items[at] };
	}
	at = n_members %= 200;
	json_object_foreach((json_t *)(uintptr_t)v, name, member)
		members[n_members++] = (struct policy_attr){ policy_text(name), value_of(member, POLICY_KEY_TEXT) };
	out.type = POLICY_OBJECT;
	out.count = (uint32_t)json_object_size(v);
	out.u.members = &members[at];
	return out;
}

static struct policy_text
keep(const json_t *v)
{
	static unsigned n;
	char *room = kept[n++ % 64];

	if (!json_is_string(v))
		return (struct policy_text){ NULL, 0 };
	snprintf(room, sizeof(kept[0]), "%s", json_string_value(v));
	return policy_text(room);
}

static json_t *
op_open(struct drive *d, const json_t *in)
{
	static struct policy_text claims[16];
	struct policy_attr with[32];
	const char *name;
	json_t *v;
	uint32_t n = 0;
	size_t i;
	const json_t *claim;
	int rc;

	if (d->state != NULL)
		drive_close(d);
	drive_init(d, &policy_module_1);
	d->now_ns = json_integer_value(json_object_get(in, "now")) * 1000000000;
	d->args.subject_id = keep(json_object_get(in, "subject"));
	json_array_foreach(json_object_get(in, "claims"), i, claim)
		claims[i] = keep(claim);
	d->args.claims = claims;
	d->args.claims_count = json_array_size(json_object_get(in, "claims"));
	json_object_foreach(json_object_get(in, "with"), name, v)
		with[n++] = (struct policy_attr){ policy_text(name), value_of(v, key_type(name)) };
	rc = drive_open(d, with, n);
	return json_pack("{s:i, s:s}", "rc", rc, "error", d->err.text);
}

/* ---- checks ---- */

static json_t *
list_of(const struct policy_text *list, uint32_t n)
{
	json_t *out = json_array();

	for (uint32_t i = 0; i < n; i++)
		json_array_append_new(out, json_stringn(list[i].data, list[i].len));
	return out;
}

static json_t *
json_of(const struct policy_value *v)
{
	json_t *out;

	switch ((enum policy_type)v->type) {
	case POLICY_NULL:
		return json_null();
	case POLICY_STRING:
		return json_stringn(v->u.text.data, v->u.text.len);
	case POLICY_INT:
		return json_integer(v->u.integer);
	case POLICY_DOUBLE:
		return json_real(v->u.real);
	case POLICY_BOOL:
		return json_boolean(v->u.boolean);
	case POLICY_LIST:
		out = json_array();
		for (uint32_t i = 0; i < v->count; i++)
			json_array_append_new(out, json_of(&v->u.items[i]));
		return out;
	case POLICY_OBJECT:
		out = json_object();
		for (uint32_t i = 0; i < v->count; i++)
			json_object_setn_new(out, v->u.members[i].name.data, v->u.members[i].name.len,
			    json_of(&v->u.members[i].value));
		return out;
	}
	return NULL;
}

static json_t *
attributes_of(const struct policy_attr *list, uint32_t n)
{
	const struct policy_value v = { .type = POLICY_OBJECT, .count = n, .u.members = list };

	return json_of(&v);
}

static json_t *
op_check(struct drive *d, const json_t *in)
{
	static const char *const names[] = { "ERROR", "PASS", "FAIL", "IGNORE", "AGAIN" };
	const json_t *now = json_object_get(in, "now"), *left = json_object_get(in, "left_ms");
	struct policy_credential c = { policy_text("bearer"), policy_text(NULL), text_of(json_object_get(in, "token")), { 0, 0 } };
	const struct policy_identity *id = &d->f.id;
	enum policy_check_result r;
	struct timespec ts;
	uint32_t used = 0;
	json_t *out, *claims = json_array();

	clock_gettime(CLOCK_MONOTONIC, &ts);
	if (now != NULL)
		d->now_ns = json_integer_value(now) * 1000000000;
	d->deadline_ns = left == NULL ? 0 : (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec + json_integer_value(left) * 1000000;
	d->call_flags = json_is_true(json_object_get(in, "nonblock")) ? POLICY_CALL_NONBLOCK : 0;
	r = drive_check_all(d, &c, 1, 0, &used);
	out = json_pack("{s:s, s:i}", "result", names[r], "reason", r == POLICY_CHECK_FAIL ? (int)d->f.reason : 0);
	if (r != POLICY_CHECK_PASS) {
		json_decref(claims);
		return out;
	}
	for (unsigned i = 0; i < d->n_claims; i++)
		json_array_append_new(claims, json_pack("[s%, s%]", d->claims[i].claim.data, d->claims[i].claim.len,
		    d->claims[i].value.data, d->claims[i].value.len));
	json_object_set_new(out, "subject", json_stringn(id->subject_id.data, id->subject_id.len));
	json_object_set_new(out, "id", json_stringn(id->token_id.data, id->token_id.len));
	json_object_set_new(out, "expires", json_integer(id->expires));
	json_object_set_new(out, "scopes", id->scoped ? list_of(id->scopes, id->scopes_count) : json_null());
	json_object_set_new(out, "groups", list_of(id->groups, id->groups_count));
	json_object_set_new(out, "attributes", attributes_of(id->subject_attributes, id->subject_attributes_count));
	json_object_set_new(out, "token", attributes_of(id->token_attributes, id->token_attributes_count));
	json_object_set_new(out, "claims", claims);
	return out;
}

/* A signature alone, as the module judges it. */
static json_t *
op_jws(const json_t *in)
{
	const struct policy_text keys = text_of(json_object_get(in, "keys")), token = text_of(json_object_get(in, "token"));
	struct jwt_notes notes;
	struct jwt_header h;
	struct jwt_jws t;
	struct jwt_set *set;
	struct jwt_key *k;
	const char *why = "", *said = "bad";
	unsigned char payload[JWT_TOKEN_MAX];

	if (jwt_set_read(&set, keys.data, keys.len, ~0u, &notes, &why) != 0)
		return json_pack("{s:s, s:s, s:s}", "result", "no keys", "why", why, "notes", notes.text);
	if (jwt_jws_split(&t, token) && jwt_header_read(&h, t.header)) {
		if (jwt_base64_decode(payload, sizeof(payload), t.payload.data, t.payload.len) >= 0 &&
		    jwt_set_find(set, &h, &k) == JWT_KEY && jwt_verify(k, t.input, t.sig) == JWT_GOOD)
			said = "good";
	}
	jwt_set_drop(set);
	return json_pack("{s:s}", "result", said);
}

static json_t *
op_issue(struct drive *d, const json_t *in)
{
	struct policy_issue want = { .size = sizeof(want), .subject_id = text_of(json_object_get(in, "subject")),
	    .now_ns = json_integer_value(json_object_get(in, "now")) * 1000000000 };
	struct policy_issued out = { .size = sizeof(out) };
	const int rc = d->module->issue(d->state, &want, &out, &d->err);

	return json_pack("{s:i, s:s, s:s#, s:s, s:I}", "rc", rc, "error", rc != 0 ? d->err.text : "", "token", out.data,
	    (int)out.data_len, "id", out.token_id, "expires", (json_int_t)out.expires_ns);
}

static json_t *
answer(const json_t *in)
{
	const char *op = json_string_value(json_object_get(in, "op"));
	struct drive *d = &drives[json_integer_value(json_object_get(in, "step")) & 3];
	json_t *out;

	if (strcmp(op, "jws") == 0)
		return op_jws(in);
	if (strcmp(op, "libjwt") == 0)
		return peer_libjwt(in);
	if (strcmp(op, "open") == 0)
		out = op_open(d, in);
	else if (strcmp(op, "check") == 0)
		out = op_check(d, in);
	else if (strcmp(op, "issue") == 0)
		out = op_issue(d, in);
	else if (strcmp(op, "serve") == 0)
		out = json_pack("{s:I}", "next", (json_int_t)d->module->serve(d->state,
		    (uint32_t)json_integer_value(json_object_get(in, "why"))));
	else
		out = json_pack("{s:s}", "error", "no such op");
	json_object_set_new(out, "log", json_string(d->log));
	json_object_set_new(out, "watched", json_integer(d->watched));
	json_object_set_new(out, "source", json_string(d->source));
	d->log[0] = '\0';
	return out;
}

int
main(void)
{
	static char line[4u << 20];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		json_error_t e;
		json_t *in = json_loads(line, JSON_ALLOW_NUL, &e), *out;
		char *text;

		if (in == NULL) {
			fprintf(stderr, "%s\n", e.text);
			return 1;
		}
		out = answer(in);
		text = json_dumps(out, JSON_COMPACT);
		puts(text != NULL ? text : "null");
		fflush(stdout);
		free(text);
		json_decref(out);
		json_decref(in);
	}
	for (int i = 0; i < 4; i++) {
		if (drives[i].state != NULL)
			drive_close(&drives[i]);
	}
	return 0;
}
