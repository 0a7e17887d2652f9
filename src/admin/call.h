/* SPDX-License-Identifier: Apache-2.0 */
/* What every call has in common: caught up, judged, written; or judged again. */
#ifndef POL_ADMIN_CALL_H
#define POL_ADMIN_CALL_H

#include "admin/admin.h"
#include "admin/held.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/name.h"
#include "people/fact.h"

/* One try. All that is kept of a snapshot is copied into the arena. */
struct pol_call {
	const struct pol_admin *a;
	struct pol_arena arena;
	const struct pol_engine *e;	/* between pol_call_hold and pol_call_release */
	int64_t now;
	bool has_self, has_token;
	struct policy_row self;		/* the caller, where the store has him */
	struct policy_row token;	/* what he called with, likewise */
	bool limited;			/* that confers less than all he holds */
	struct policy_row *rows;	/* to be written */
	size_t n_rows, room;
};

/* Negative: the call fails with it. 0: c->rows are to be written. */
typedef int pol_call_fn(struct pol_call *c, void *op);
/* done (may be NULL) is called once, when all is written. */
int pol_call_run(const struct pol_admin *a, pol_call_fn *judge, pol_call_fn *done, void *op);

int pol_call_fail(const struct pol_call *c, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int pol_call_nomem(const struct pol_call *c);

/* 0 or POLICY_ERR_UNSUPPORTED: the engine is off. */
int pol_call_hold(struct pol_call *c);
void pol_call_release(struct pol_call *c);

/* A row to be written, as `from` (NULL: empty) whose texts must last; NULL: no memory. */
struct policy_row *pol_call_row(struct pol_call *c, uint32_t kind, const struct policy_row *from);
/* Its texts into the arena. 0 or POLICY_ERR_NOMEM. */
int pol_call_keep(struct pol_call *c, struct policy_row *row);
struct policy_text pol_call_text(struct pol_call *c, struct policy_text t);
/* Texts one behind the other, single spaces between. data NULL: no memory. */
struct policy_text pol_call_join(struct pol_call *c, const struct policy_text *list, size_t n);
/* And the other way. NULL: no memory. */
struct policy_text *pol_call_split(struct pol_call *c, struct policy_text list, size_t *n);

/* A user by NAME, TYPE:NAME or uid:UID, deleted ones not; copied. *on: for a decision. Where
 * there is none: POLICY_ERR_NOENT, and *on is what was asked for. */
int pol_call_user(struct pol_call *c, const char *who, struct policy_row *out, struct pol_admin_on *on);
/* By uid, deleted ones too; false: none, and *out is empty but for the id. */
bool pol_call_owner(struct pol_call *c, struct policy_text uid, struct policy_row *out);
/* user/NAME, with its attributes. */
int pol_call_on(struct pol_call *c, const struct policy_row *user, struct pol_admin_on *on);
struct policy_text pol_call_user_name(struct pol_call *c, struct policy_text type, struct policy_text name);
struct policy_text pol_call_type(const struct policy_row *user);
struct pol_held_who pol_call_who(const struct policy_row *user);
bool pol_call_is_self(const struct pol_call *c, const struct policy_row *user);
struct policy_text pol_call_by(struct pol_call *c);

/* 0 or POLICY_ERR_DENIED with its sentence; other errors as they come. */
int pol_call_decide(struct pol_call *c, const char *action, const struct pol_admin_on *on);
/* The same, without a sentence; 1: denied. */
int pol_call_may(struct pol_call *c, const char *action, const struct pol_admin_on *on);
/* What was asked for exceeds what the caller holds: `what` says it. */
int pol_call_escalate(struct pol_call *c, const char *what);
/* A user (row as it was) ceases to administer: fine, but for the last. */
int pol_call_not_last(struct pol_call *c, const struct policy_row *user);
/* Not held: may the caller give this group, or this role? Else he must have escalate. */
int pol_call_gives_group(struct pol_call *c, struct policy_text group);

#endif
