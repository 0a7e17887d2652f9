/* SPDX-License-Identifier: Apache-2.0 */
/* The calls that are made at the desk, with the members of args that each must and may have. */
#include "clerk_call.h"

#define PAGE (POL_CLERK_LIMIT | POL_CLERK_CURSOR)
#define USER (POL_CLERK_TYPE | POL_CLERK_ORG | POL_CLERK_PASSWORD | POL_CLERK_GROUPS | POL_CLERK_ATTRIBUTES | POL_CLERK_DISABLED | \
    POL_CLERK_GENERATED | POL_CLERK_CHANGE | POL_CLERK_REUSE)
#define END (POL_CLERK_EXPIRES | POL_CLERK_LIFETIME)
#define TOKEN (END | POL_CLERK_KIND | POL_CLERK_NAME | POL_CLERK_STEP | POL_CLERK_SCOPES | POL_CLERK_RENEWABLE)

const struct pol_clerk_row pol_clerk_table[] = {
	{ "user_create", pol_clerk_user_create, true, POL_CLERK_NAME, USER },
	{ "user_show", pol_clerk_user_show, false, POL_CLERK_WHO, 0 },
	{ "user_list", pol_clerk_user_list, false, 0, PAGE },
	{ "user_change", pol_clerk_user_change, true, POL_CLERK_WHO, POL_CLERK_ORG | POL_CLERK_GROUPS | POL_CLERK_ATTRIBUTES |
	    POL_CLERK_DISABLED | POL_CLERK_CHANGE | POL_CLERK_VOID },
	{ "user_password", pol_clerk_user_password, true, POL_CLERK_WHO | POL_CLERK_PASSWORD, POL_CLERK_OLD },
	{ "user_delete", pol_clerk_user_delete, true, POL_CLERK_WHO, 0 },
	{ "grant_add", pol_clerk_grant_add, true, POL_CLERK_WHO | POL_CLERK_ROLE, POL_CLERK_RESOURCE | POL_CLERK_FROM |
	    POL_CLERK_UNTIL },
	{ "grant_remove", pol_clerk_grant_remove, true, POL_CLERK_ID, 0 },
	{ "grant_list", pol_clerk_grant_list, false, 0, PAGE | POL_CLERK_WHO },
	{ "token_create", pol_clerk_token_create, true, 0, TOKEN | POL_CLERK_WHO },
	{ "token_show", pol_clerk_token_show, false, 0, POL_CLERK_ID | POL_CLERK_SECRET | POL_CLERK_KIND },
	{ "token_list", pol_clerk_token_list, false, 0, PAGE | POL_CLERK_WHO | POL_CLERK_KIND },
	{ "token_renew", pol_clerk_token_renew, true, POL_CLERK_ID, END },
	{ "token_revoke", pol_clerk_token_revoke, true, POL_CLERK_ID, 0 },
	{ "login", pol_clerk_login, true, 0, TOKEN },
	{ "activity", pol_clerk_activity, false, 0, PAGE | POL_CLERK_SUBJECT | POL_CLERK_ACTION | POL_CLERK_DECISION | POL_CLERK_SINCE |
	    POL_CLERK_UNTIL },
	{ NULL, NULL, false, 0, 0 }
};
