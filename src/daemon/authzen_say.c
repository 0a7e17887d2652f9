/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of AuthZEN, and what a credential and a subject in one question have to agree on. */
#include "daemon/authzen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ADD(out, literal) pol_text_add((out), (literal), sizeof(literal) - 1)

static void
add_number(struct pol_text *out, const char *name, int64_t value)
{
	char number[64];

	snprintf(number, sizeof(number), ",\"%s\":%" PRId64, name, value);
	pol_text_str(out, number);
}

/* Whom the credential stands for, and how long: who sent it may know neither. */
static void
add_who(struct pol_text *out, const struct policy_decision *d)
{
	if (d->subject_id_len != 0) {
		ADD(out, ",\"subject\":{\"type\":");
		pol_text_json(out, d->subject_type, d->subject_type_len);
		ADD(out, ",\"id\":");
		pol_text_json(out, d->subject_id, d->subject_id_len);
		ADD(out, "}");
	}
	if (d->token_id_len != 0) {
		ADD(out, ",\"token\":");
		pol_text_json(out, d->token_id, d->token_id_len);
	}
	if (d->expires > 0)
		add_number(out, "expires", d->expires / 1000000000);
}

void
pol_authzen_say(struct pol_text *out, const struct policy_decision *d, bool credential)
{
	if (d->verdict == POLICY_ALLOW)
		ADD(out, "{\"decision\":true,\"context\":{\"reason\":\"");
	else
		ADD(out, "{\"decision\":false,\"context\":{\"reason\":\"");
	pol_text_str(out, policy_reason_name((int)d->reason));
	ADD(out, "\",\"rule\":");
	pol_text_json(out, d->rule, d->rule_len);
	/* 403 is what a deny is without being told */
	if (d->status != 200 && d->status != 403)
		add_number(out, "status", (int64_t)d->status);
	if (credential)
		add_who(out, d);
	ADD(out, "}}");
}

void
pol_authzen_say_wrong(struct pol_text *out, const char *why)
{
	ADD(out, "{\"decision\":false,\"context\":{\"reason\":\"error\",\"error\":{\"status\":400,\"message\":");
	pol_text_json(out, why, strlen(why));
	ADD(out, "}}}");
}

const char *
pol_authzen_said_take(struct pol_authzen_said *said, struct pol_authzen_ask *a)
{
	static const struct policy_text none = { NULL, 0 };
	struct policy_request *q = a->req;

	*said = (struct pol_authzen_said){ none, none };
	if (!a->has_credential)
		return NULL;
	if (q->token != NULL || q->groups != NULL)
		return "a credential says itself which groups and which token are its own";
	said->type = q->subject_type;
	said->id = q->subject_id;
	q->subject_type = q->subject_id = none;
	q->credentials = a->credential;
	q->credentials_count = 1;
	return NULL;
}

static bool
is_same(const char *data, uint32_t len, struct policy_text t)
{
	return len == t.len && memcmp(data, t.data, len) == 0;
}

void
pol_authzen_said_check(const struct pol_authzen_said *said, struct policy_decision *d)
{
	static const struct policy_decision blank = POLICY_DECISION_INIT;
	const uint64_t generation = d->generation;

	/* an engine that is off judges no credential; one that was not good has no name */
	if (said->id.data == NULL || d->reason == POLICY_REASON_DISABLED || (d->subject_id_len == 0 && d->verdict != POLICY_ALLOW))
		return;
	if (is_same(d->subject_type, d->subject_type_len, said->type) && is_same(d->subject_id, d->subject_id_len, said->id))
		return;
	*d = blank;
	d->reason = POLICY_REASON_BAD_CREDENTIAL;
	d->status = 401;
	d->generation = generation;
}

void
pol_authzen_limits(struct policy_request *req, const struct pol_call *c)
{
	req->flags = c->nonblock ? POLICY_NONBLOCK : 0;
	req->deadline_ns = c->deadline_ns;
}
