/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token says whose it is and nothing of him. Programs that were written for another
 * service read his customer, e-mail and role beside it: attributes of the user by these
 * names, and where he has none what comes nearest.
 */
#include "cli/owner.h"

#include <string.h>

static const char *const names[POL_OWNER_FACTS] = {
	[POL_OWNER_CUSTOMER] = "customer", [POL_OWNER_EMAIL] = "email", [POL_OWNER_REALM] = "realm", [POL_OWNER_ROLE] = "role",
	[POL_OWNER_ENV] = "env", [POL_OWNER_ISS] = "iss", [POL_OWNER_USER_TYPE] = "user_type",
};

static void
set(char out[256], struct policy_text t)
{
	if (out[0] == '\0' && t.len < 256)
		snprintf(out, 256, "%.*s", (int)t.len, t.data != NULL ? t.data : "");
}

static int
take_user(void *ctx, const struct policy_user *u)
{
	struct pol_owner *o = ctx;
	char buf[256];

	for (size_t i = 0; i < u->attributes.count; i++) {
		const struct policy_attr *at = &u->attributes.list[i];

		for (size_t f = 0; f < POL_OWNER_FACTS; f++)
			if (at->name.len == strlen(names[f]) && memcmp(at->name.data, names[f], at->name.len) == 0)
				set(o->text[f], policy_text(pol_say_attribute(buf, &at->value)));
	}
	set(o->text[POL_OWNER_USER_TYPE], policy_text((u->flags & POLICY_USER_MADE) != 0 ? "generated" : "person"));
	return 0;
}

static int
take_grant(void *ctx, const struct policy_grant *g)
{
	struct pol_owner *o = ctx;

	if (o->own_role[0] != '\0' && g->created_ns >= o->role_since)
		return 0;
	o->own_role[0] = '\0';
	o->role_since = g->created_ns;
	set(o->own_role, g->role);
	return 0;
}

void
pol_owner_read(struct pol_owner *o, struct pol_account *c, struct policy_text uid, struct policy_text org)
{
	struct policy_error err = POLICY_ERROR_INIT;
	char who[300];

	memset(o, 0, sizeof(*o));
	snprintf(who, sizeof(who), "uid:%.*s", (int)uid.len, uid.data != NULL ? uid.data : "");
	(void)policy_user_show(c->host.p, &c->as, who, take_user, o, &err);
	set(o->text[POL_OWNER_CUSTOMER], org);
	if (o->text[POL_OWNER_ROLE][0] == '\0' && policy_grant_list(c->host.p, &c->as, who, take_grant, o, &err) == 0)
		set(o->text[POL_OWNER_ROLE], policy_text(o->own_role));
}

void
pol_owner_json(struct pol_json *j, const struct pol_owner *o, enum pol_owner_fact from, enum pol_owner_fact to)
{
	for (unsigned f = from; f <= to; f++) {
		if (o->text[f][0] != '\0')
			pol_json_str(j, names[f], o->text[f]);
		else
			pol_json_null(j, names[f]);
	}
}
