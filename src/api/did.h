/* SPDX-License-Identifier: Apache-2.0 */
/* What a call of policy_admin.h did, or was refused, for its record. */
#ifndef POL_API_DID_H
#define POL_API_DID_H

#include <policy_module.h>

#include "admin/admin.h"

struct pol_as;
struct pol_snapshot;

struct pol_did {
	const char *action;
	bool several;			/* it is about more than one: no single decision is its own */
	bool recorded;			/* ahead of the change, as one that was made */
	bool done;			/* some of it is: an import has more than one part */
	bool heard;			/* a decision was made, and which */
	bool allowed;
	enum policy_reason reason;
	uint64_t generation, record;	/* its id */
	char rule[400], type[POL_MAX_TYPE + 1], id[1024];
	char uid[POL_MAX_ID + 1];	/* of who asks */
	char whose[POL_MAX_ID + 1];	/* uid of whom it is about */
	char made[POL_MAX_ID + 1];	/* id of the token, or of the grant */
};

/* Who asks is known, but for credentials that were refused. */
void pol_did_who(struct pol_as *a);
/* It is about `who` (NULL: all), not about what is decided first. */
void pol_did_several(struct pol_as *a, const char *type, const char *who);
/* A try begins: what one before it heard counts no more. */
void pol_did_begin(struct pol_as *a);
void pol_did_hear(struct pol_as *a, const struct pol_admin_on *on, const struct policy_decision *d);
void pol_did_refuse(struct pol_as *a, enum policy_reason reason);
/* Rows that are written next. 0; or POLICY_ERR_UNAVAILABLE, with err filled: not to be. */
int pol_did_write(struct pol_as *a, const struct policy_row *rows, size_t n);
/* And how that went. */
void pol_did_wrote(struct pol_as *a, int rc);
/* 0; or POLICY_ERR_UNAVAILABLE, with err filled: it could not be recorded. */
int pol_did_may(struct pol_as *a);
/* How it ended, recorded. rc; or POLICY_ERR_UNAVAILABLE: done, and not recorded. */
int pol_did_end(struct pol_as *a, int rc);

#endif
