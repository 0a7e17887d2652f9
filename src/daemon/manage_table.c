/* SPDX-License-Identifier: Apache-2.0 */
/* What there is below /v1, and how it is described. */
#include <string.h>

#include "manage.h"

#define PAGE "limit cursor"
#define USER "type org password groups attributes disabled generated must_change reuse"
#define END "expires lifetime"
#define TOKEN "kind name step scopes renewable " END

const struct pol_manage_op pol_manage_ops[] = {
	{ "POST", "/v1/login", "login", NULL, NULL, "username! password! " TOKEN, 201, "NewToken", "/v1/tokens/ id",
	    "login", "A token for who says a password", POL_MANAGE_OPEN },
	{ "GET", "/v1/whoami", NULL, pol_manage_whoami, NULL, NULL, 200, "Identity", NULL,
	    "whoami", "Whom the credential stands for", 0 },
	{ "POST", "/v1/users", "user_create", NULL, NULL, "name! " USER, 201, "User", "/v1/users/uid: uid",
	    "createUser", "A new user", 0 },
	{ "GET", "/v1/users", "user_list", NULL, PAGE, NULL, 200, "UserPage", NULL,
	    "listUsers", "Users that the caller may read, by their names", 0 },
	{ "GET", "/v1/users/{who}", "user_show", NULL, NULL, NULL, 200, "User", NULL,
	    "getUser", "One user", 0 },
	{ "PATCH", "/v1/users/{who}", "user_change", NULL, NULL, "org groups attributes disabled must_change void_tokens", 200, "User",
	    NULL, "changeUser", "Changes what is named; groups and attributes as a whole", 0 },
	{ "DELETE", "/v1/users/{who}", "user_delete", NULL, NULL, NULL, 204, NULL, NULL,
	    "deleteUser", "Its grants and tokens end with it; its name stays taken", 0 },
	{ "PUT", "/v1/users/{who}/password", "user_password", NULL, NULL, "password! old_password", 204, NULL, NULL,
	    "setPassword", "All tokens of the user end but the one that asks", 0 },
	{ "POST", "/v1/grants", "grant_add", NULL, NULL, "who! role! resource from until", 201, "Grant", "/v1/grants/ id",
	    "addGrant", "Gives a role to a user", 0 },
	{ "GET", "/v1/grants", "grant_list", NULL, "who " PAGE, NULL, 200, "GrantPage", NULL,
	    "listGrants", "Grants that the caller may read", 0 },
	{ "DELETE", "/v1/grants/{id}", "grant_remove", NULL, NULL, NULL, 204, NULL, NULL,
	    "removeGrant", "Takes a role back", 0 },
	{ "POST", "/v1/tokens", "token_create", NULL, NULL, "who " TOKEN, 201, "NewToken", "/v1/tokens/ id",
	    "createToken", "A token or a key; its secret is told this once", 0 },
	{ "GET", "/v1/tokens", "token_list", NULL, "who kind " PAGE, NULL, 200, "TokenPage", NULL,
	    "listTokens", "Tokens that the caller may read", 0 },
	{ "GET", "/v1/tokens/self", "token_show", NULL, NULL, NULL, 200, "Token", NULL,
	    "getOwnToken", "The token that the call is made with", POL_MANAGE_SELF },
	{ "GET", "/v1/tokens/{id}", "token_show", NULL, NULL, NULL, 200, "Token", NULL,
	    "getToken", "One token", 0 },
	{ "DELETE", "/v1/tokens/{id}", "token_revoke", NULL, NULL, NULL, 204, NULL, NULL,
	    "revokeToken", "It is good for nothing any more", 0 },
	{ "POST", "/v1/tokens/{id}/renew", "token_renew", NULL, NULL, END, 200, "NewToken", NULL,
	    "renewToken", "A new secret, the same id; the old secret ends", 0 },
	{ "GET", "/v1/activity", "activity", NULL, "subject action decision since until " PAGE, NULL, 200, "ActivityPage", NULL,
	    "listActivity", "What was decided and changed, as `audit:` has it, in the order of time", 0 },
	{ "GET", "/v1/openapi.json", NULL, pol_manage_openapi, NULL, NULL, 200, "Description", NULL,
	    "describe", "This description", POL_MANAGE_OPEN },
	{ .method = NULL }
};

const struct pol_manage_member pol_manage_members[] = {
	{ "who", "text", "NAME, TYPE:NAME, or a uid behind \"uid:\"" },
	{ "id", "text", "As it was told when it was made" },
	{ "type", "text", "A type of subjects; \"user\" where it is not said" },
	{ "name", "text", "Of a user: by which it is known; of a token: what its owner calls it" },
	{ "username", "text", "Whose password it is" },
	{ "org", "text", "\"\": none" },
	{ "password", "text", "What is said to log in" },
	{ "old_password", "text", "Wanted of who changes his own" },
	{ "kind", "text", "Of `credentials:`; \"token\" where it is not said" },
	{ "step", "text", "Of `authentication:` that signs it, as a JWT; an opaque one where it is not said" },
	{ "role", "text", "That the set declares" },
	{ "resource", "text", "TYPE or TYPE/GLOB; everywhere where it is not said" },
	{ "subject", "text", "As `who`" },
	{ "action", "text", "A name; with \"*\" at its end all that begin so" },
	{ "decision", "verdict", "allow or deny" },
	{ "cursor", "text", "`next` of the page before" },
	{ "groups", "texts", "That the set declares" },
	{ "scopes", "texts", "What it opens; all that its owner may where it is not said" },
	{ "attributes", "attributes", "Texts, whole numbers, true or false" },
	{ "expires", "time", "RFC 3339, or seconds since 1970" },
	{ "from", "time", "RFC 3339, or seconds since 1970" },
	{ "until", "time", "RFC 3339, or seconds since 1970" },
	{ "since", "time", "RFC 3339" },
	{ "lifetime", "seconds", "From now on" },
	{ "limit", "limit", "Items of a page, at most" },
	{ "disabled", "bool", "Refused with the next request" },
	{ "generated", "bool", "Of a program's own making" },
	{ "must_change", "bool", "Has to change the password" },
	{ "reuse", "bool", "The name may be a deleted user's" },
	{ "void_tokens", "bool", "Every token issued so far is void" },
	{ "renewable", "bool", "It may be renewed" },
	{ .name = NULL }
};

const struct pol_manage_field pol_manage_fields[] = {
	{ "User", "uid", "text" }, { "User", "type", "text" }, { "User", "name", "text" }, { "User", "org", "text?" },
	{ "User", "groups", "texts" }, { "User", "attributes", "attributes" }, { "User", "disabled", "bool" },
	{ "User", "generated", "bool" }, { "User", "must_change", "bool" }, { "User", "shadowed", "bool" },
	{ "User", "has_password", "bool" }, { "User", "by", "text?" }, { "User", "created", "date?" },
	{ "User", "created_unix", "unix?" }, { "User", "valid_from", "date?" }, { "User", "valid_from_unix", "unix?" },
	{ "Grant", "id", "text" }, { "Grant", "who", "text" }, { "Grant", "uid", "text" }, { "Grant", "role", "text" },
	{ "Grant", "resource", "text?" }, { "Grant", "from", "date?" }, { "Grant", "from_unix", "unix?" },
	{ "Grant", "until", "date?" }, { "Grant", "until_unix", "unix?" }, { "Grant", "by", "text?" },
	{ "Grant", "created", "date?" }, { "Grant", "created_unix", "unix?" },
	{ "Token", "id", "text" }, { "Token", "who", "text" }, { "Token", "user_id", "text" }, { "Token", "org", "text?" },
	{ "Token", "kind", "text" }, { "Token", "name", "text?" }, { "Token", "step", "text?" }, { "Token", "begins", "text?" },
	{ "Token", "scopes", "texts?" }, { "Token", "opens", "texts?" }, { "Token", "active", "bool" }, { "Token", "revoked", "bool" },
	{ "Token", "renewable", "bool" }, { "Token", "signed", "bool" }, { "Token", "actor", "bool" }, { "Token", "by", "text?" },
	{ "Token", "created", "date?" }, { "Token", "created_unix", "unix?" }, { "Token", "issued", "date?" },
	{ "Token", "issued_unix", "unix?" }, { "Token", "expires", "date?" }, { "Token", "expires_unix", "unix?" },
	{ "Activity", "event", "text" }, { "Activity", "time", "date?" }, { "Activity", "time_unix", "unix?" },
	{ "Activity", "id", "text?" }, { "Activity", "subject_type", "text?" }, { "Activity", "subject", "text?" },
	{ "Activity", "uid", "text?" }, { "Activity", "actor_type", "text?" }, { "Activity", "actor", "text?" },
	{ "Activity", "token", "text?" }, { "Activity", "kind", "text?" }, { "Activity", "action", "text?" },
	{ "Activity", "resource_type", "text?" }, { "Activity", "resource", "text?" }, { "Activity", "decision", "text?" },
	{ "Activity", "reason", "text?" }, { "Activity", "rule", "text?" }, { "Activity", "outcome", "text?" },
	{ "Activity", "whose", "text?" }, { "Activity", "made", "text?" }, { "Activity", "withdrawn", "bool" },
	{ "Activity", "cut", "bool" },
	{ "Identity", "type", "text" }, { "Identity", "id", "text" }, { "Identity", "kind", "text" }, { "Identity", "step", "text" },
	{ "Identity", "scopes", "texts?" }, { "Identity", "groups", "texts" }, { "Identity", "token_id", "text?" },
	{ "Identity", "expires_unix", "unix?" },
	{ .schema = NULL }
};

bool
pol_manage_has(const char *list, const char *name, bool *must)
{
	const size_t len = strlen(name);

	*must = false;
	for (const char *s = list != NULL ? list : ""; *s != '\0'; s += strspn(s, " ")) {
		const size_t n = strcspn(s, " "), bare = n - (s[n - 1] == '!');

		if (bare == len && memcmp(s, name, len) == 0) {
			*must = bare != n;
			return true;
		}
		s += n;
	}
	return false;
}

const struct pol_manage_member *
pol_manage_member(const char *name, size_t len)
{
	const struct pol_manage_member *m = pol_manage_members;

	while (m->name != NULL && (strlen(m->name) != len || memcmp(m->name, name, len) != 0))
		m++;
	return m->name != NULL ? m : NULL;
}
