/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a token's owner beside the token, as far as the caller may read it. */
#ifndef POL_CLI_OWNER_H
#define POL_CLI_OWNER_H

#include "cli/account.h"

enum pol_owner_fact {
	POL_OWNER_CUSTOMER, POL_OWNER_EMAIL, POL_OWNER_REALM, POL_OWNER_ROLE, POL_OWNER_ENV, POL_OWNER_ISS,
	POL_OWNER_USER_TYPE, POL_OWNER_FACTS
};

struct pol_owner {
	char text[POL_OWNER_FACTS][256];	/* empty: not known, or not to be read */
	char own_role[256];		/* of the user's first grant */
	int64_t role_since;
};

/* uid and org: of the owner. What the caller may not read stays empty; that is no failure. */
void pol_owner_read(struct pol_owner *o, struct pol_account *c, struct policy_text uid, struct policy_text org);
/* Every fact under its name; null where it is empty. */
void pol_owner_json(struct pol_json *j, const struct pol_owner *o, enum pol_owner_fact from, enum pol_owner_fact to);

#endif
