/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a running handle, without a lock that a decision or a writer would wait
 * for. Who there is is counted by walking all of it, once a generation, on a snapshot that
 * is held for long.
 */
#include <stddef.h>
#include <string.h>

#include "api/seek.h"
#include "api/service.h"
#include "api/stay.h"
#include "audit/audit.h"
#include "base/sized.h"
#include "people/fact.h"

#define LEAST_STATUS ((uint32_t)offsetof(struct policy_status, loaded))

static int
count_token(void *ctx, const struct policy_row *row)
{
	uint64_t *n = ctx;

	*n += (row->flags & POLICY_ROW_GONE) == 0;
	return 0;
}

static void
count(struct pol_counts *c, const struct pol_snapshot *s)
{
	c->generation = s->generation;
	c->tokens = 0;
	pol_seek_count(&s->engine, &c->users, &c->grants);
	pol_fact_each(s->engine.people, POLICY_ROW_TOKEN, count_token, &c->tokens);
}

/* Two who come at once count both. */
static void
counts(struct pol_counts *out, struct policy *p, const struct pol_snapshot *s)
{
	uint32_t is_free = 0;

	if (!atomic_compare_exchange_strong(&p->counting, &is_free, 1)) {
		count(out, s);
		return;
	}
	if (p->counts.generation != s->generation)
		count(&p->counts, s);
	*out = p->counts;
	atomic_store(&p->counting, 0);
}

static void
fill_store(struct policy_status *out, const struct policy *p)
{
	const int64_t good = atomic_load(&p->store_good), stale = atomic_load(&p->store_stale), now = pol_service_now();

	out->store_age_ns = -1;
	if (good == INT64_MAX)
		return;
	out->store_stale_ns = stale;
	if (good == 0)
		out->store_age_ns = INT64_MAX;
	else
		out->store_age_ns = now - (good - stale) > 0 ? now - (good - stale) : 0;
}

static void
fill_set(struct policy_status *out, struct policy *p, const struct pol_snapshot *s)
{
	struct pol_counts c;

	counts(&c, p, s);
	out->enabled = !s->off;
	out->generation = s->generation;
	out->loaded = atomic_load(&p->loaded_ns);
	out->failed = atomic_load(&p->failed_ns);
	out->rules = s->engine.program->entries.n;
	out->roles = s->engine.program->roles.n;
	out->users = c.users;
	out->tokens = c.tokens;
	out->grants = c.grants;
}

int
policy_get_status(struct policy *p, struct policy_status *out)
{
	struct policy_status ours;
	struct pol_audit *a;
	struct pol_stay stay;

	if (p == NULL || out == NULL)
		return POLICY_ERR_ARG;
	if (pol_sized_check(out, sizeof(*out), LEAST_STATUS) != 0)
		return POLICY_ERR_ABI;
	memset(&ours, 0, sizeof(ours));
	ours.size = sizeof(ours);
	pol_stay_begin(&stay, p);
	if (stay.s != NULL)
		fill_set(&ours, p, stay.s);
	pol_stay_end(&stay, p);
	fill_store(&ours, p);
	a = atomic_load(&p->audit);
	if (a != NULL)
		pol_audit_count(a, &ours.audit_written, &ours.audit_dropped);
	pol_sized_out(out, &ours, sizeof(ours));
	return 0;
}
