/* SPDX-License-Identifier: Apache-2.0 */
/* grant_add, _remove, _list. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clerk_call.h"

static void
say(struct pol_text *t, const struct policy_grant *g)
{
	const struct policy_text none = { NULL, 0 };

	pol_clerk_say_text(t, "{\"id\":", g->id);
	pol_clerk_say_text(t, ",\"who\":", g->who);
	pol_clerk_say_text(t, ",\"uid\":", g->uid);
	pol_clerk_say_text(t, ",\"role\":", g->role);
	pol_clerk_say_text(t, ",\"resource\":", g->resource.len != 0 ? g->resource : none);
	pol_clerk_say_time(t, ",\"from", g->from_ns);
	pol_clerk_say_time(t, ",\"until", g->until_ns);
	pol_clerk_say_text(t, ",\"by\":", g->by.len != 0 ? g->by : none);
	pol_clerk_say_time(t, ",\"created", g->created_ns);
	pol_text_str(t, "}");
}

struct one {
	struct pol_text *out;
	size_t from;
};

static int
tell(void *ctx, const struct policy_grant *g)
{
	struct one *o = ctx;

	o->out->len = o->from;
	say(o->out, g);
	return 0;
}

int
pol_clerk_grant_add(struct pol_clerk_call *c)
{
	struct policy_grant want = POLICY_GRANT_INIT;
	struct one o = { c->out, c->out->len };

	want.who = c->a.who;
	want.role = c->a.role;
	want.resource = c->a.resource;
	want.from_ns = c->a.from_ns;
	want.until_ns = c->a.until_ns;
	if (want.until_ns != 0 && want.until_ns <= want.from_ns)
		return pol_clerk_fail(c, POLICY_ERR_ARG, "until: a time after `from` is wanted");
	return policy_grant_add(c->policy, &c->as, &want, tell, &o, &c->err);
}

int
pol_clerk_grant_remove(struct pol_clerk_call *c)
{
	pol_text_str(c->out, "null");
	return policy_grant_remove(c->policy, &c->as, c->a.id.data, &c->err);
}

static int
list(void *ctx, const struct policy_grant *g)
{
	struct pol_clerk_page *p = ctx;
	char place[sizeof(p->last)];

	pol_clerk_place(place, g->uid, g->created_ns, g->id);
	if (!pol_clerk_is_behind(place, p->c->a.cursor))
		return 0;
	if (!pol_clerk_page_room(p))
		return 1;
	pol_clerk_page_comma(p);
	say(p->c->out, g);
	memcpy(p->last, place, sizeof(place));
	return p->c->out->failed ? POLICY_ERR_NOMEM : 0;
}

int
pol_clerk_grant_list(struct pol_clerk_call *c)
{
	struct pol_clerk_page p;
	int rc;

	if (!pol_clerk_is_place(c->a.cursor))
		return pol_clerk_fail(c, POLICY_ERR_ARG, "cursor: `next` of the page before is wanted");
	pol_clerk_page_begin(&p, c);
	rc = policy_grant_list(c->policy, &c->as, c->a.who.data, list, &p, &c->err);
	pol_clerk_page_end(&p);
	return rc;
}
