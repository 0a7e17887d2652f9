/* SPDX-License-Identifier: Apache-2.0 */
/* What the endpoints of AuthZEN share: a body, the question in it, its answer. */
#ifndef POL_DAEMON_AUTHZEN_H
#define POL_DAEMON_AUTHZEN_H

#include "daemon/call.h"
#include "daemon/tape.h"

/* Members of a question. A whole one stands for another: they are never merged. */
enum pol_authzen_part {
	POL_AUTHZEN_SUBJECT, POL_AUTHZEN_ACTION, POL_AUTHZEN_RESOURCE, POL_AUTHZEN_CONTEXT, POL_AUTHZEN_ACTOR,
	POL_AUTHZEN_TOKEN, POL_AUTHZEN_GROUPS, POL_AUTHZEN_CREDENTIAL, POL_AUTHZEN_PARTS
};

/* What an endpoint wants of them; bits are 1 << part. */
struct pol_authzen_want {
	unsigned needed;
	unsigned ignored;		/* read as if they were not there */
	unsigned nameless;		/* their id is not read: it is what is sought */
};

extern const struct pol_authzen_want pol_authzen_decides;

struct pol_authzen_ask {
	struct policy_request *req;	/* the caller's; points into the tape */
	struct policy_credential *credential;	/* the caller's; NULL: none may stand there */
	bool has_credential;
	const char *why[POL_AUTHZEN_PARTS];	/* what is wrong with each; NULL: nothing */
};

/* An empty question; what is needed is missing. */
void pol_authzen_ask_init(struct pol_authzen_ask *a, struct policy_request *req, struct policy_credential *credential,
    const struct pol_authzen_want *want);
/* Puts the members of an object over those of *a. False: memory is out. */
bool pol_authzen_ask_read(struct pol_authzen_ask *a, struct pol_tape *t, size_t object,
    const struct pol_authzen_want *want);
/* The first thing wrong with it; NULL: nothing. */
const char *pol_authzen_ask_wrong(const struct pol_authzen_ask *a);

/*
 * Reads the body: application/json, an object. 0; or 1, and it was answered with a 400.
 * The tape is the caller's to fini in any case.
 */
int pol_authzen_body(struct pol_tape *t, struct pol_call *c);
/* Node of the member of the root object so named, unless it is null; 0: none. */
size_t pol_authzen_member(const struct pol_tape *t, const char *name);

/* Whom the caller says a credential stands for; without an id: he does not say. */
struct pol_authzen_said {
	struct policy_text type, id;
};

/*
 * Credentials speak for themselves, libpolicy takes none beside a subject: takes him out
 * of the request, to be compared when it is decided. NULL, or what is wrong.
 */
const char *pol_authzen_said_take(struct pol_authzen_said *said, struct pol_authzen_ask *a);
/* A decision by credentials for somebody else becomes a deny. */
void pol_authzen_said_check(const struct pol_authzen_said *said, struct policy_decision *d);

/* {"decision": ..., "context": {...}}; credential: it was made by one. */
void pol_authzen_say(struct pol_text *out, const struct policy_decision *d, bool credential);
/* The same for an evaluation that is malformed, in a batch. */
void pol_authzen_say_wrong(struct pol_text *out, const char *why);

/* The request, but for what the endpoint has to say: flags and deadline of the call. */
void pol_authzen_limits(struct policy_request *req, const struct pol_call *c);

/* Handlers, each in its file. */
pol_handler pol_authzen_evaluations, pol_authzen_metadata;
pol_handler pol_authzen_search_subject, pol_authzen_search_resource, pol_authzen_search_action;
/* One evaluation, whose body was read. */
int pol_authzen_single(struct pol_call *c, struct pol_tape *t);

/* What POLICY_ERR_ARG means here. */
extern const char pol_authzen_malformed[];

#endif
