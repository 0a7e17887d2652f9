/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a row of a store says, in the words of a program. A row that names what the set has
 * not is no failure: whoever can write one could else keep a set from loading.
 */
#include "base/glob.h"
#include "people/packed.h"

struct pol_who
pol_adopt_who(const struct pol_fact *user)
{
	struct pol_who who = { pol_fact_text(user, POL_TEXT_TYPE), pol_fact_text(user, POL_TEXT_NAME) };

	if (who.type.data == NULL)
		who.type = policy_text("user");
	return who;
}

const char *
pol_adopt_user(const struct pol_fact *user)
{
	struct pol_who who = pol_adopt_who(user);

	if (who.type.len > POL_MAX_TYPE || !pol_name_is(who.type.data, who.type.len) || !pol_who_is_valid(&who, false))
		return "its type and name are none that a user can have";
	return NULL;
}

/* TYPE or TYPE/GLOB */
static const char *
resource(const struct pol_program *program, struct policy_text t, struct pol_grant_fact *f)
{
	struct pol_glob_piece pieces[POL_GLOB_MAX_PIECES];
	const char *slash = t.len == 0 ? NULL : memchr(t.data, '/', t.len);
	size_t type = slash == NULL ? t.len : (size_t)(slash - t.data), n;
	uint64_t hash;

	f->has_resource = true;
	f->type = pol_find_type(program, t.data, type, &hash);
	if (f->type == POL_NONE)
		return "the set has no such type of resource";
	if (slash == NULL)
		return NULL;
	f->glob = (struct policy_text){ slash + 1, t.len - type - 1 };
	if (f->glob.len == 0 || f->glob.len > POL_MAX_RESOURCE_ID || pol_glob_ends_stray(f->glob.data, f->glob.len))
		return "its resource is no TYPE or TYPE/GLOB";
	if (pol_glob_has_star(f->glob.data, f->glob.len) && pol_glob_parse(f->glob.data, f->glob.len, pieces, &n) != 0)
		return "its resource has too many stars and escapes";
	return NULL;
}

const char *
pol_adopt_grant(const struct pol_program *program, const struct pol_fact *grant, struct pol_grant_fact *f, uint32_t *role)
{
	struct policy_text on = pol_fact_text(grant, POL_TEXT_RESOURCE), name = pol_fact_text(grant, POL_TEXT_NAME);
	struct policy_row row;

	memset(f, 0, sizeof(*f));
	*role = name.len == 0 ? POL_NONE : pol_find_role(program, name.data, name.len);
	if (*role == POL_NONE)
		return "the set has no such role";
	f->roles = role;
	f->n_roles = 1;
	if ((grant->has & (POL_FACT_FROM | POL_FACT_UNTIL)) != 0) {
		pol_fact_read(grant, &row);
		f->has_from = row.from_ns != 0;
		f->from = pol_time_from_ns(row.from_ns);
		f->has_until = row.until_ns != 0;
		f->until = pol_time_from_ns(row.until_ns);
	}
	return on.data == NULL ? NULL : resource(program, on, f);
}

struct policy_text
pol_adopt_group(const struct pol_fact *user, size_t *at)
{
	struct policy_text list = pol_fact_text(user, POL_TEXT_LIST), t = { NULL, 0 };
	const char *end;

	while (*at < list.len && list.data[*at] == ' ')
		++*at;
	if (*at >= list.len)
		return t;
	t.data = list.data + *at;
	end = memchr(t.data, ' ', list.len - *at);
	t.len = end != NULL ? (size_t)(end - t.data) : list.len - *at;
	*at += t.len;
	return t;
}

bool
pol_adopt_group_ok(struct policy_text name)
{
	return name.len < 4 || memcmp(name.data, "map:", 4) != 0;
}

const char *
pol_adopt_attributes(const struct pol_fact *user, struct policy_attr *list, size_t *n, char *room)
{
	struct policy_text org = pol_fact_text(user, POL_TEXT_ORG);
	size_t more = 0;
	int rc;

	*n = 0;
	memset(list, 0, 2 * sizeof(*list));
	list[*n].name = policy_text("uid");
	list[*n].value.type = POLICY_STRING;
	list[(*n)++].value.u.text = pol_fact_text(user, POL_TEXT_ID);
	if (org.data != NULL) {
		list[*n].name = policy_text("org");
		list[*n].value.type = POLICY_STRING;
		list[(*n)++].value.u.text = org;
	}
	rc = pol_rows_attributes_decode(pol_fact_text(user, POL_TEXT_ATTRIBUTES), list + *n, &more, room);
	*n += rc == 0 ? more : 0;
	return rc == 0 ? NULL : "its attributes are malformed";
}

void
pol_adopt_warn(pol_rows_warn *warn, void *ctx, const struct pol_fact *f, const char *why)
{
	struct policy_row row;

	if (warn == NULL || why == NULL)
		return;
	pol_fact_read(f, &row);
	warn(ctx, &row, why);
}
