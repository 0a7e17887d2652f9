/* SPDX-License-Identifier: Apache-2.0 */
/* activity: what was done, in pages. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clerk_call.h"

/* The place of a record is its time and how many of that time were told before it: time
 * alone may be that of several. */
struct reading {
	struct pol_clerk_page page;
	int64_t time, seen;		/* of the records of that time, seen so far */
	int64_t from, told;		/* the cursor */
};

static void
say(struct pol_text *t, const struct policy_activity *r)
{
	static const char *const events[] = { "", "decision", "authentication", "change" };
	const struct { const char *name; struct policy_text v; } texts[] = {
		{ ",\"id\":", r->id }, { ",\"subject_type\":", r->subject_type }, { ",\"subject\":", r->subject }, { ",\"uid\":", r->uid },
		{ ",\"actor_type\":", r->actor_type }, { ",\"actor\":", r->actor }, { ",\"token\":", r->token }, { ",\"kind\":", r->kind },
		{ ",\"action\":", r->action }, { ",\"resource_type\":", r->resource_type }, { ",\"resource\":", r->resource },
		{ ",\"decision\":", r->decision }, { ",\"reason\":", r->reason }, { ",\"rule\":", r->rule },
		{ ",\"outcome\":", r->outcome }, { ",\"whose\":", r->whose }, { ",\"made\":", r->made }
	};

	pol_clerk_say_text(t, "{\"event\":", policy_text(events[r->event < 4 ? r->event : 0]));
	pol_clerk_say_time(t, ",\"time", r->time_ns);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		pol_clerk_say_text(t, texts[i].name, texts[i].v.len != 0 ? texts[i].v : (struct policy_text){ NULL, 0 });
	pol_clerk_say_bool(t, ",\"withdrawn\":", r->withdrawn != 0);
	pol_clerk_say_bool(t, ",\"cut\":", r->cut != 0);
	pol_text_str(t, "}");
}

static int
list(void *ctx, const struct policy_activity *r)
{
	struct reading *d = ctx;
	struct pol_clerk_page *p = &d->page;

	d->seen = r->time_ns == d->time ? d->seen + 1 : 1;
	d->time = r->time_ns;
	if (d->time == d->from && d->seen <= d->told)
		return 0;
	if (!pol_clerk_page_room(p))
		return 1;
	pol_clerk_page_comma(p);
	say(p->c->out, r);
	snprintf(p->last, sizeof(p->last), "%" PRId64 ".%" PRId64, d->time, d->seen);
	return p->c->out->failed ? POLICY_ERR_NOMEM : 0;
}

static bool
read_cursor(struct reading *d, const char *s)
{
	char *end;

	if (s == NULL)
		return true;
	d->from = strtoll(s, &end, 10);
	if (s[0] < '1' || s[0] > '9' || end[0] != '.' || end[1] < '1' || end[1] > '9')
		return false;
	d->told = strtoll(end + 1, &end, 10);
	return *end == '\0' && d->from < INT64_MAX && d->told < INT64_MAX;
}

int
pol_clerk_activity(struct pol_clerk_call *c)
{
	struct policy_activity_query q = POLICY_ACTIVITY_QUERY_INIT;
	const struct policy_text decision = c->a.decision;
	struct reading d = { .time = 0 };
	int rc;

	if (decision.data != NULL && strcmp(decision.data, "allow") != 0 && strcmp(decision.data, "deny") != 0)
		return pol_clerk_fail(c, POLICY_ERR_ARG, "decision: allow or deny is wanted");
	if (!read_cursor(&d, c->a.cursor.data))
		return pol_clerk_fail(c, POLICY_ERR_ARG, "cursor: `next` of the page before is wanted");
	q.subject = c->a.subject;
	q.action = c->a.action;
	q.decision = decision;
	q.since_ns = d.from > c->a.since_ns ? d.from : c->a.since_ns;
	q.until_ns = c->a.until_ns;
	pol_clerk_page_begin(&d.page, c);
	rc = policy_activity_read(c->policy, &c->as, &q, list, &d, &c->err);
	pol_clerk_page_end(&d.page);
	return rc > 0 ? 0 : rc;
}
