/* SPDX-License-Identifier: Apache-2.0 */
/* token_create, _show, _list, _renew, _revoke; login. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clerk_call.h"

#define SECOND ((int64_t)1000000000)

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

static struct policy_text
or_none(struct policy_text t)
{
	return t.len != 0 ? t : (struct policy_text){ NULL, 0 };
}

static void
say(struct pol_text *t, const struct policy_token_info *k)
{
	const bool scoped = (k->flags & POLICY_TOKEN_SCOPED) != 0;

	pol_clerk_say_text(t, "{\"id\":", k->id);
	pol_clerk_say_text(t, ",\"who\":", k->who);
	pol_clerk_say_text(t, ",\"user_id\":", k->user_id);
	pol_clerk_say_text(t, ",\"org\":", or_none(k->org));
	pol_clerk_say_text(t, ",\"kind\":", k->kind);
	pol_clerk_say_text(t, ",\"name\":", or_none(k->name));
	pol_clerk_say_text(t, ",\"step\":", or_none(k->step));
	pol_clerk_say_text(t, ",\"begins\":", or_none(k->prefix));
	if (scoped) {
		const bool told = k->implied_count > 0;

		pol_clerk_say_texts(t, ",\"scopes\":", k->scopes, k->scopes_count);
		pol_clerk_say_texts(t, ",\"opens\":", told ? k->implied : k->scopes, told ? k->implied_count : k->scopes_count);
	} else {
		pol_text_str(t, ",\"scopes\":null,\"opens\":null");
	}
	pol_clerk_say_bool(t, ",\"active\":", k->active != 0);
	pol_clerk_say_bool(t, ",\"revoked\":", (k->flags & POLICY_TOKEN_REVOKED) != 0);
	pol_clerk_say_bool(t, ",\"renewable\":", (k->flags & POLICY_TOKEN_RENEWABLE) != 0);
	pol_clerk_say_bool(t, ",\"signed\":", (k->flags & POLICY_TOKEN_SIGNED) != 0);
	pol_clerk_say_bool(t, ",\"actor\":", (k->flags & POLICY_TOKEN_ACTOR) != 0);
	pol_clerk_say_text(t, ",\"by\":", or_none(k->by));
	pol_clerk_say_time(t, ",\"created", k->created_ns);
	pol_clerk_say_time(t, ",\"issued", k->issued_ns);
	pol_clerk_say_time(t, ",\"expires", k->expires_ns);
}

struct one {
	struct pol_text *out;
	size_t from;
};

static int
tell(void *ctx, const struct policy_token_info *k)
{
	struct one *o = ctx;

	o->out->len = o->from;
	say(o->out, k);
	pol_text_str(o->out, "}");
	return 0;
}

/* The one place where a secret is told. */
static int
tell_made(void *ctx, const struct policy_token_info *k)
{
	struct one *o = ctx;

	o->out->len = o->from;
	say(o->out, k);
	pol_clerk_say_text(o->out, ",\"secret\":", k->secret);
	pol_text_str(o->out, "}");
	return 0;
}

static int
end_of(struct pol_clerk_call *c, int64_t *ns)
{
	if (c->a.expires_ns != 0 && c->a.lifetime_s != 0)
		return pol_clerk_fail(c, POLICY_ERR_ARG, "expires: found beside lifetime, wanted one of them");
	*ns = c->a.lifetime_s != 0 ? now() + c->a.lifetime_s * SECOND : c->a.expires_ns;
	return 0;
}

static bool
has_store(struct policy *p)
{
	struct policy_status s = POLICY_STATUS_INIT;

	return policy_get_status(p, &s) == 0 && s.store_age_ns >= 0;
}

static int
create(struct pol_clerk_call *c)
{
	const struct pol_clerk_args *a = &c->a;
	struct policy_token_info want = POLICY_TOKEN_INFO_INIT;
	struct one o = { c->out, c->out->len };
	int rc = end_of(c, &want.expires_ns);

	if (rc != 0)
		return rc;
	want.who = a->who;
	want.kind = a->kind;
	want.name = a->name;
	want.step = a->step;
	want.scopes = a->scopes;
	want.scopes_count = a->scopes_count;
	want.flags = ((a->given & POL_CLERK_SCOPES) != 0 ? POLICY_TOKEN_SCOPED : 0) |
	    ((a->yes & POL_CLERK_RENEWABLE) != 0 ? POLICY_TOKEN_RENEWABLE : 0) | (a->step.data != NULL ? POLICY_TOKEN_SIGNED : 0);
	rc = policy_token_create(c->policy, &c->as, &want, tell_made, &o, &c->err);
	/* a step that cannot is the wrong word, and no want of policyd's */
	return rc == POLICY_ERR_UNSUPPORTED && a->step.data != NULL && has_store(c->policy) ? POLICY_ERR_INVALID : rc;
}

int
pol_clerk_token_create(struct pol_clerk_call *c)
{
	return create(c);
}

/* A token for whoever says his password: it is his own, and nobody else's. */
int
pol_clerk_login(struct pol_clerk_call *c)
{
	const struct policy_credential *k = &c->credentials[0];

	if (c->as.credentials_count != 1 || k->kind.len != 8 || memcmp(k->kind.data, "password", 8) != 0)
		return pol_clerk_fail(c, POLICY_ERR_ARG, "credentials: one password is wanted");
	return create(c);
}

int
pol_clerk_token_show(struct pol_clerk_call *c)
{
	struct policy_credential itself = { .kind = POLICY_TEXT("bearer"), .data = c->a.secret };
	const bool by_secret = (c->a.given & POL_CLERK_SECRET) != 0;
	struct one o = { c->out, c->out->len };

	if (by_secret == ((c->a.given & POL_CLERK_ID) != 0))
		return pol_clerk_fail(c, POLICY_ERR_ARG, "id: found with secret or without, wanted one of them");
	if (c->a.kind.data != NULL)
		itself.kind = c->a.kind;
	return policy_token_show(c->policy, &c->as, by_secret ? NULL : c->a.id.data, by_secret ? &itself : NULL, tell, &o, &c->err);
}

static int
list(void *ctx, const struct policy_token_info *k)
{
	struct pol_clerk_page *p = ctx;
	const struct policy_text kind = p->c->a.kind;
	char place[sizeof(p->last)];

	if (kind.data != NULL && (kind.len != k->kind.len || memcmp(kind.data, k->kind.data, kind.len) != 0))
		return 0;
	pol_clerk_place(place, k->user_id, k->created_ns, k->id);
	if (!pol_clerk_is_behind(place, p->c->a.cursor))
		return 0;
	if (!pol_clerk_page_room(p))
		return 1;
	pol_clerk_page_comma(p);
	say(p->c->out, k);
	pol_text_str(p->c->out, "}");
	memcpy(p->last, place, sizeof(place));
	return p->c->out->failed ? POLICY_ERR_NOMEM : 0;
}

int
pol_clerk_token_list(struct pol_clerk_call *c)
{
	struct pol_clerk_page p;
	int rc;

	if (!pol_clerk_is_place(c->a.cursor))
		return pol_clerk_fail(c, POLICY_ERR_ARG, "cursor: `next` of the page before is wanted");
	pol_clerk_page_begin(&p, c);
	rc = policy_token_list(c->policy, &c->as, c->a.who.data, list, &p, &c->err);
	pol_clerk_page_end(&p);
	return rc;
}

int
pol_clerk_token_renew(struct pol_clerk_call *c)
{
	struct one o = { c->out, c->out->len };
	int64_t ns = 0;
	int rc = end_of(c, &ns);

	return rc != 0 ? rc : policy_token_renew(c->policy, &c->as, c->a.id.data, ns, tell_made, &o, &c->err);
}

int
pol_clerk_token_revoke(struct pol_clerk_call *c)
{
	pol_text_str(c->out, "null");
	return policy_token_revoke(c->policy, &c->as, c->a.id.data, &c->err);
}
