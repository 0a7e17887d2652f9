/* SPDX-License-Identifier: Apache-2.0 */
/* What was asked at the desk is read, done and answered. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "clerk_call.h"
#include "frame.h"

#define WAIT_MOST ((int64_t)300 * 1000)	/* ms */

static const struct {
	int code;
	const char *name;
} codes[] = {
	{ POLICY_ERR_INTERNAL, "INTERNAL" }, { POLICY_ERR_ARG, "ARG" }, { POLICY_ERR_ABI, "ABI" }, { POLICY_ERR_NOMEM, "NOMEM" },
	{ POLICY_ERR_LIMIT, "LIMIT" }, { POLICY_ERR_INVALID, "INVALID" }, { POLICY_ERR_IO, "IO" }, { POLICY_ERR_NOENT, "NOENT" },
	{ POLICY_ERR_UNSAFE, "UNSAFE" }, { POLICY_ERR_AGAIN, "AGAIN" }, { POLICY_ERR_UNAVAILABLE, "UNAVAILABLE" },
	{ POLICY_ERR_UNSUPPORTED, "UNSUPPORTED" }, { POLICY_ERR_DENIED, "DENIED" }, { POLICY_ERR_EXISTS, "EXISTS" }
};

int
pol_clerk_fail(struct pol_clerk_call *c, int code, const char *text)
{
	c->err.code = code;
	snprintf(c->err.text, sizeof(c->err.text), "%s", text);
	return code;
}

/* ---- what was asked ---- */

struct asked {
	size_t call, wait, credentials, args;	/* nodes; 0: missing */
};

static const struct {
	const char *name;
	size_t at;
	uint32_t kind;
} parts[] = {
	{ "call", offsetof(struct asked, call), POL_TAPE_TEXT }, { "wait_ms", offsetof(struct asked, wait), POL_TAPE_INT },
	{ "credentials", offsetof(struct asked, credentials), POL_TAPE_LIST }, { "args", offsetof(struct asked, args), POL_TAPE_OBJECT }
};

enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

static bool
is(const struct pol_tape_node *n, const char *s)
{
	return n->len == strlen(s) && memcmp(n->u.text, s, n->len) == 0;
}

static const char *
find_parts(struct asked *a, const struct pol_tape *t)
{
	size_t i = 1;

	if (t->nodes[0].kind != POL_TAPE_OBJECT)
		return "an object is wanted";
	for (uint32_t n = t->nodes[0].len; n > 0; n--, i = pol_tape_next(t, i + 1)) {
		size_t k = 0;

		while (k < PARTS && !is(&t->nodes[i], parts[k].name))
			k++;
		if (k == PARTS || t->nodes[i + 1].kind != parts[k].kind)
			return "a member of the call is not known, or is not what it should be";
		memcpy((char *)a + parts[k].at, &(size_t){ i + 1 }, sizeof(size_t));
	}
	return a->call == 0 || a->wait == 0 || a->credentials == 0 || a->args == 0 ? "a member of the call is missing" : NULL;
}

static bool
read_credential(struct policy_credential *out, struct pol_tape *t, size_t at)
{
	size_t i = at + 1;

	if (t->nodes[at].kind != POL_TAPE_OBJECT)
		return false;
	memset(out, 0, sizeof(*out));
	for (uint32_t n = t->nodes[at].len; n > 0; n--, i = pol_tape_next(t, i + 1)) {
		const struct pol_tape_node *name = &t->nodes[i];
		struct policy_text *to = is(name, "kind") ? &out->kind : is(name, "name") ? &out->name :
		    is(name, "data") ? &out->data : NULL;

		if (to == NULL)
			return false;
		*to = pol_clerk_args_text(t, &name[1]);
		if (to->data == NULL)
			return false;
	}
	return out->kind.data != NULL && out->data.data != NULL;
}

static const char *
read_credentials(struct pol_clerk_call *c, struct pol_tape *t, size_t list)
{
	size_t i = list + 1;

	if (t->nodes[list].len > POL_CLERK_CREDENTIALS)
		return "there are too many credentials";
	for (uint32_t n = 0; n < t->nodes[list].len; n++, i = pol_tape_next(t, i))
		if (!read_credential(&c->credentials[n], t, i))
			return "a credential is not what it should be";
	c->as = (struct policy_request)POLICY_REQUEST_INIT;
	c->as.credentials = c->credentials;
	c->as.credentials_count = t->nodes[list].len;
	c->as.flags = POLICY_NO_WAIT;	/* the front has delayed who guesses: desk.c */
	return NULL;
}

/* ---- what is answered ---- */

/* A refusal ends with the name of its reason. */
static const char *
reason_of(const struct policy_error *err)
{
	const char *colon = strrchr(err->text, ':');

	if (err->code != POLICY_ERR_DENIED || colon == NULL || colon[1] != ' ')
		return NULL;
	for (int i = 0; i < 64; i++)
		if (policy_reason_name(i) != NULL && strcmp(policy_reason_name(i), colon + 2) == 0)
			return policy_reason_name(i);
	return NULL;
}

static void
refuse(struct pol_text *out, const struct policy_error *err, const char *reason)
{
	const char *name = "INTERNAL";
	char code[32];

	if (out->len != 0)
		explicit_bzero(out->data, out->len);
	out->len = 0;
	out->failed = false;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == err->code)
			name = codes[i].name;
	snprintf(code, sizeof(code), "{\"code\":%d", err->code < 0 ? (int)err->code : (int)POLICY_ERR_INTERNAL);
	pol_text_str(out, code);
	pol_clerk_say_text(out, ",\"error\":", policy_text(name));
	pol_clerk_say_text(out, ",\"text\":", policy_text(err->text[0] != '\0' ? err->text : policy_strerror(err->code)));
	if (reason != NULL)
		pol_clerk_say_text(out, ",\"reason\":", policy_text(reason));
	pol_text_str(out, "}");
}

static const struct pol_clerk_row *
row_of(const struct pol_tape_node *name)
{
	const struct pol_clerk_row *r = pol_clerk_table;

	while (r->name != NULL && !is(name, r->name))
		r++;
	return r->name != NULL ? r : NULL;
}

static int
read_call(struct pol_clerk_call *c, struct pol_tape *t, const char *text, size_t len, const struct pol_clerk_row **row)
{
	struct asked a = { 0, 0, 0, 0 };
	char why[256];
	size_t at = 0;
	const char *wrong = pol_tape_read(t, text, len, &at);

	if (wrong == NULL)
		wrong = find_parts(&a, t);
	if (wrong == NULL)
		wrong = read_credentials(c, t, a.credentials);
	if (wrong != NULL)
		return pol_clerk_fail(c, POLICY_ERR_ARG, wrong);
	*row = row_of(&t->nodes[a.call]);
	if (*row == NULL)
		return pol_clerk_fail(c, POLICY_ERR_ARG, "there is no such call");
	wrong = pol_clerk_args(&c->a, t, a.args, *row, why, sizeof(why));
	if (wrong != NULL)
		return pol_clerk_fail(c, POLICY_ERR_ARG, wrong);
	if (t->nodes[a.wait].u.integer < 0 || t->nodes[a.wait].u.integer > WAIT_MOST)
		return pol_clerk_fail(c, POLICY_ERR_ARG, "wait_ms is out of range");
	c->as.deadline_ns = pol_child_now() + t->nodes[a.wait].u.integer * 1000000 + 1;
	return 0;
}

/* A whole page fits; so does any other result. A secret is written into a block that does
 * not move. */
void
pol_clerk_answer(struct policy *policy, const char *text, size_t len, struct pol_text *out)
{
	struct pol_clerk_call c = { .policy = policy, .out = out, .err = POLICY_ERROR_INIT };
	const struct pol_clerk_row *row = NULL;
	const char *reason = NULL;
	struct pol_tape t;
	int rc;

	out->data = malloc(2 * POL_FRAME_BYTES);
	out->room = out->data != NULL ? 2 * POL_FRAME_BYTES : 0;
	pol_tape_init(&t);
	rc = read_call(&c, &t, text, len, &row);
	if (rc == 0 && c.as.credentials_count == 0) {
		rc = pol_clerk_fail(&c, POLICY_ERR_DENIED, "a credential is wanted");
		reason = policy_reason_name(POLICY_REASON_NO_CREDENTIAL);
	} else if (rc == 0 && policy == NULL) {
		rc = pol_clerk_fail(&c, POLICY_ERR_UNAVAILABLE, "the set is not open yet: nothing was changed");
	}
	if (rc == 0) {
		pol_text_str(out, row->changes ? "{\"code\":0,\"changed\":true,\"result\":" : "{\"code\":0,\"changed\":false,\"result\":");
		rc = row->fn(&c);
		pol_text_str(out, "}");
	}
	if (rc == 0 && (out->failed || out->len > POL_FRAME_BYTES))
		rc = pol_clerk_fail(&c, POLICY_ERR_LIMIT, "it was done, and the answer is too long");
	if (rc != 0) {
		c.err.code = rc;
		refuse(out, &c.err, reason != NULL ? reason : reason_of(&c.err));
	}
	pol_tape_fini(&t);
	explicit_bzero(&c, sizeof(c));
}
