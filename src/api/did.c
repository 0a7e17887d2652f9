/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record a call, however often it was tried and whatever it decided on its way: the
 * decision is that of the right to it, or the one that refused it. A call that makes no
 * sense was not decided, and leaves none. Where the set says `must`, the record of a change
 * is on disk before the change is made; one that is not made after all is withdrawn.
 *
 * What is asked for by the id of a token that is not there may be a token itself, handed
 * in by mistake: it is not recorded.
 */
#include "api/did.h"

#include <string.h>

#include "api/admin.h"
#include "api/note.h"
#include "audit/note.h"
#include "auth/identity.h"
#include "base/err.h"
#include "base/name.h"

static const char unrecorded[] = "it cannot be recorded, and the set's audit: says that it must be";

/* What has no room is left out. */
static void
keep(char *to, size_t room, struct policy_text t)
{
	memset(to, 0, room);
	if (t.data != NULL && t.len < room)
		memcpy(to, t.data, t.len);
}

static struct policy_text
told(const char *s)
{
	return s[0] != '\0' ? policy_text(s) : (struct policy_text){ NULL, 0 };
}

void
pol_did_who(struct pol_as *a)
{
	const struct pol_caller *c = &a->caller;
	const struct pol_snapshot *s;
	_Atomic uint32_t *in;

	if (c->id.data == NULL || c->id.len > POL_MAX_ID || c->type.len > POL_MAX_TYPE)
		return;
	s = pol_handle_enter(a->p, &in);
	if (s != NULL && !s->off)
		keep(a->did.uid, sizeof(a->did.uid), pol_note_uid(s, c->type, c->id));
	pol_handle_exit(in);
}

void
pol_did_several(struct pol_as *a, const char *type, const char *who)
{
	a->did.several = true;
	keep(a->did.type, sizeof(a->did.type), policy_text(type));
	keep(a->did.id, sizeof(a->did.id), policy_text(who));
}

void
pol_did_begin(struct pol_as *a)
{
	struct pol_did *d = &a->did;

	d->heard = false;
	d->made[0] = '\0';
	if (d->several)
		return;
	d->type[0] = d->id[0] = d->whose[0] = '\0';
}

void
pol_did_hear(struct pol_as *a, const struct pol_admin_on *on, const struct policy_decision *out)
{
	struct pol_did *d = &a->did;
	const bool token = pol_bytes_equal(on->type.data, on->type.len, "token", 5);

	if (!d->several && d->type[0] == '\0') {
		keep(d->type, sizeof(d->type), on->type);
		keep(d->whose, sizeof(d->whose), on->user_id);
		if (!token || on->user_id.data != NULL)
			keep(d->id, sizeof(d->id), on->id);
	}
	/* of several, one that is not shown is no refusal of the rest */
	if (d->heard && (d->several || out->verdict == POLICY_ALLOW))
		return;
	d->heard = true;
	d->allowed = out->verdict == POLICY_ALLOW;
	d->reason = (enum policy_reason)out->reason;
	d->generation = out->generation;
	keep(d->rule, sizeof(d->rule), (struct policy_text){ out->rule, out->rule_len });
}

void
pol_did_refuse(struct pol_as *a, enum policy_reason reason)
{
	a->did.heard = true;
	a->did.allowed = false;
	a->did.reason = reason;
	a->did.rule[0] = '\0';
}

static void
know_rows(struct pol_as *a, const struct policy_row *rows, size_t n)
{
	struct pol_did *d = &a->did;

	for (size_t i = 0; i < n && !d->several; i++) {
		const bool user = rows[i].kind == POLICY_ROW_USER, is_held = rows[i].kind == POLICY_ROW_GRANT || rows[i].kind == POLICY_ROW_TOKEN;

		if (d->whose[0] == '\0' && (user || is_held))
			keep(d->whose, sizeof(d->whose), user ? rows[i].id : rows[i].owner);
		if (user && d->type[0] == '\0') {	/* the first of all: nothing is decided */
			keep(d->type, sizeof(d->type), policy_text("user"));
			keep(d->id, sizeof(d->id), rows[i].name);
		}
		if (is_held && i == 0)
			keep(d->made, sizeof(d->made), rows[i].id);
	}
}

int
pol_did_may(struct pol_as *a)
{
	return pol_note_is_good(a->p) ? 0 : pol_err_set(a->admin.err, POLICY_ERR_UNAVAILABLE, NULL, 0, 0, "%s", unrecorded);
}

/* ---- the record ---- */

/* Whose the credentials are, although they were refused; id has room for it. */
static void
fill_who(struct pol_note *n, const struct pol_as *a, struct policy_identity *id)
{
	const struct pol_caller *c = &a->caller;
	const struct pol_judged *j = &a->judged;

	n->has_token = a->req.token != NULL || a->req.credentials_count != 0;
	n->text[POL_NOTE_SUBJECT_TYPE] = c->type;
	n->text[POL_NOTE_SUBJECT] = c->id;
	n->text[POL_NOTE_UID] = told(a->did.uid);
	n->text[POL_NOTE_TOKEN] = c->token_id.len > 0 ? c->token_id : (struct policy_text){ NULL, 0 };
	n->text[POL_NOTE_KIND] = c->n_kinds > 0 ? c->kinds[0] : (struct policy_text){ NULL, 0 };
	n->scoped = c->scoped;
	if (c->scoped && c->n_scopes <= POLICY_IDENTITY_LISTED) {
		n->scopes = c->scopes;
		n->scopes_count = (uint32_t)c->n_scopes;
	}
	if (c->id.data != NULL || a->req.credentials_count == 0 || a->req.credentials == NULL)
		return;
	n->text[POL_NOTE_KIND] = a->req.credentials[0].kind;
	id->size = sizeof(*id);
	if (j->list == NULL || j->len == 0 || j->rc != 0 || !pol_unpack(id, j->packed, j->len, 0))
		return;
	n->text[POL_NOTE_SUBJECT_TYPE] = id->subject_type;
	n->text[POL_NOTE_SUBJECT] = id->subject_id;
	if (id->token_id.len > 0)
		n->text[POL_NOTE_TOKEN] = id->token_id;
}

static void
fill(struct pol_note *n, const struct pol_as *a, struct policy_identity *id, int rc)
{
	const struct pol_did *d = &a->did;

	memset(n, 0, sizeof(*n));
	fill_who(n, a, id);
	/* of a list, each had one of its own */
	n->decided = d->heard && !(d->several && rc >= 0);
	n->allowed = n->decided && d->allowed;
	n->reason = (uint8_t)d->reason;
	n->generation = d->generation;
	n->text[POL_NOTE_RULE] = n->decided ? told(d->rule) : (struct policy_text){ NULL, 0 };
	n->text[POL_NOTE_ACTION] = policy_text(d->action);
	n->text[POL_NOTE_RESOURCE_TYPE] = told(d->type);
	n->text[POL_NOTE_RESOURCE] = told(d->id);
	n->text[POL_NOTE_WHOSE] = told(d->whose);
	n->text[POL_NOTE_MADE] = told(d->made);
	n->text[POL_NOTE_OUTCOME] = rc >= 0 ? policy_text("done") : policy_text(policy_strerror(rc));
}

int
pol_did_write(struct pol_as *a, const struct policy_row *rows, size_t count)
{
	struct policy_identity id;
	struct pol_note n;

	know_rows(a, rows, count);
	if (a->did.recorded || !pol_note_must(a->p))
		return 0;
	fill(&n, a, &id, 0);
	if (pol_note_change(a->p, &n, true) != 0)
		return pol_err_set(a->admin.err, POLICY_ERR_UNAVAILABLE, NULL, 0, 0, "%s", unrecorded);
	a->did.record = n.id;
	a->did.recorded = true;
	return 0;
}

void
pol_did_wrote(struct pol_as *a, int rc)
{
	struct policy_identity id;
	struct pol_note n;

	a->did.done |= rc == 0;
	if (rc == 0 || !a->did.recorded || (a->did.done && rc == POLICY_ERR_AGAIN))
		return;
	if (a->did.done) {		/* what was recorded happened, and what failed now is told behind it */
		a->did.recorded = false;
		return;
	}
	fill(&n, a, &id, rc);
	n.id = a->did.record;
	n.withdrawn = 1;
	(void)pol_note_change(a->p, &n, false);
	a->did.recorded = rc != POLICY_ERR_AGAIN;
}

int
pol_did_end(struct pol_as *a, int rc)
{
	struct policy_identity id;	/* filled where it is needed */
	struct pol_note n;

	if (a->did.action == NULL || a->did.recorded || rc == POLICY_ERR_ARG || rc == POLICY_ERR_ABI)
		return rc;
	if (rc == POLICY_ERR_DENIED && (!a->did.heard || a->did.allowed))
		pol_did_refuse(a, POLICY_REASON_DENIED);
	fill(&n, a, &id, rc);
	if (pol_note_change(a->p, &n, rc >= 0) == 0 || rc < 0)
		return rc;
	return pol_err_set(a->admin.err, POLICY_ERR_UNAVAILABLE, NULL, 0, 0, "%s", unrecorded);
}
