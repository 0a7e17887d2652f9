/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Core: the quick answer beside the full one on random people: groups in groups,
 * things below things, grants to all kinds of holders on all kinds of things, single
 * changes. Most are ordinary; what is not comes in now and then.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "core/quick.h"
#include "people/people.h"
#include "unit/fixture.h"
#include "unit/unit.h"

#define SETS 150
#define CHANGES 3			/* of each set */
enum { USERS = 7, GROUPS = 5, IDS = 8, ACTIONS = 6, TYPES = 5 };

static const char *const types[TYPES] = { "org", "doc", "box", "dir", "std" };

struct draw {
	uint64_t state;
	struct pol_buf text;
	unsigned roles;
	bool odd;			/* this set has what is not ordinary */
};

static unsigned
below(struct draw *d, unsigned n)
{
	d->state ^= d->state << 13;
	d->state ^= d->state >> 7;
	d->state ^= d->state << 17;
	return (unsigned)(d->state >> 33) % n;
}

static bool
one_in(struct draw *d, unsigned n)
{
	return below(d, n) == 0;
}

#define SAY(d, ...) pol_buf_printf(&(d)->text, __VA_ARGS__)

/* An ordinary type, or now and then one whose parents come from elsewhere. */
static const char *
type(struct draw *d)
{
	return types[below(d, d->odd && one_in(d, 8) ? TYPES : 3)];
}

static void
say_actions(struct draw *d)
{
	SAY(d, "policy: 1\nresources:\n  org:\n  doc: { parent: [org, doc, box, dir, std] }\n"
	    "  box: { parent: [doc, box, org]%s }\n  dir: { parent: { type: dir, from: id } }\n"
	    "  std: { parent: doc, attributes: { parent: { type: string, default: \"1\" } } }\nactions:\n",
	    one_in(d, 6) ? ", attributes: { parent: { type: list }, inherit: { type: boolean, default: false } }" : "");
	for (int i = 0; i < ACTIONS; i++) {
		SAY(d, "  a%d: { aliases: b%d", i, i);
		if (i + 1 < ACTIONS && one_in(d, 4))
			SAY(d, ", implies: a%d", i + 1);
		if (one_in(d, 10))
			SAY(d, ", resource: [doc, box]");
		if (d->odd && one_in(d, 6))
			SAY(d, ", %s: context.x", one_in(d, 2) ? "when" : "unless");
		SAY(d, " }\n");
	}
}

static void
say_entry(struct draw *d, const char *sep)
{
	SAY(d, "%s{ actions: ", sep);
	if (one_in(d, 5))
		SAY(d, "[a%u, a%u]", below(d, ACTIONS / 2), ACTIONS / 2 + below(d, ACTIONS / 2));
	else
		SAY(d, "a%u", below(d, ACTIONS));
	if (one_in(d, 5))
		SAY(d, ", resources: \"%s/%u\"", type(d), below(d, IDS));
	else if (d->odd && one_in(d, 8))
		SAY(d, ", resources: \"%s/*\"", type(d));
	if (d->odd && one_in(d, 8))
		SAY(d, ", when: context.x");
	SAY(d, " }");
}

static void
say_roles(struct draw *d)
{
	d->roles = d->odd && one_in(d, 5) ? 63 + below(d, 3) : 1 + below(d, 6);
	SAY(d, "roles:\n");
	for (unsigned i = 0; i < d->roles; i++) {
		const char *sep = "";

		SAY(d, "  r%u: { allow: [", i);
		for (unsigned k = below(d, i < 8 ? 4 : 1); k > 0; k--)
			say_entry(d, sep), sep = ", ";
		SAY(d, "]");
		if (i + 1 < d->roles && one_in(d, 3))
			SAY(d, ", includes: r%u", i + 1 + below(d, d->roles - i - 1));
		if (one_in(d, d->odd ? 4 : 12)) {
			SAY(d, ", deny: [");
			say_entry(d, "");
			SAY(d, "]");
		}
		SAY(d, " }\n");
	}
	if (one_in(d, 4))
		SAY(d, "everyone: { roles: r%u }\n", below(d, d->roles));
	if (one_in(d, 3))
		SAY(d, "authenticated: { roles: r%u }\n", below(d, d->roles));
}

static void
say_people(struct draw *d)
{
	SAY(d, "groups:\n");
	for (int g = 0; g < GROUPS; g++) {
		SAY(d, "  g%d: { members: [\"group:g%u\", u%u]", g, below(d, GROUPS), below(d, USERS));
		if (one_in(d, 3))
			SAY(d, ", roles: r%u", below(d, d->roles));
		SAY(d, " }\n");
	}
	SAY(d, "users:\n");
	for (int u = 0; u + 1 < USERS; u++) {	/* the last is named by grants and groups only */
		SAY(d, "  u%d: {", u);
		if (one_in(d, 3))
			SAY(d, " roles: r%u,", below(d, d->roles));
		if (one_in(d, 3))
			SAY(d, " groups: g%u,", below(d, GROUPS));
		SAY(d, " }\n");
	}
}

static void
say_grants(struct draw *d)
{
	SAY(d, "grants:\n");
	for (unsigned i = 1 + below(d, one_in(d, 8) ? 60 : 12); i > 0; i--) {
		SAY(d, "  - { role: r%u", below(d, d->roles));
		if (d->odd && one_in(d, 12))
			SAY(d, ", to: \"user:*\"");
		else if (one_in(d, 4))
			SAY(d, ", to: \"group:g%u\"", below(d, GROUPS));
		else if (one_in(d, 10))
			SAY(d, ", to: %s", one_in(d, 2) ? "everyone" : "authenticated");
		else
			SAY(d, ", to: u%u", below(d, USERS));
		if (d->odd && one_in(d, 10))
			SAY(d, ", resource: \"%s%s\"", type(d), one_in(d, 2) ? "" : "/*");
		else if (!one_in(d, 6))
			SAY(d, ", resource: %s/%u", type(d), below(d, one_in(d, 2) ? 2 : IDS));
		if (d->odd && one_in(d, 8))
			SAY(d, ", %s: 1970-01-01T00:%02u:00Z", one_in(d, 2) ? "from" : "until", below(d, 4));
		SAY(d, " }\n");
	}
}

static void
say_entities(struct draw *d)
{
	SAY(d, "entities:\n");
	for (int k = 1; k < (d->odd ? TYPES : 3); k++) {
		for (int i = 0; i < IDS; i++) {
			if (one_in(d, 4))
				continue;
			SAY(d, "  %s/%d: { n: 1", types[k], i);
			if (k != 3 && !one_in(d, 5)) {
				unsigned n = one_in(d, 30) ? 20 + below(d, 260) : below(d, 4);

				SAY(d, ", parent: [");
				for (unsigned p = 0; p < n; p++)
					SAY(d, "%s%s/%u", p == 0 ? "" : ", ", k == 1 ? type(d) : k == 4 ? "doc" : types[below(d, 3)],
					    n > 4 ? below(d, 1000) : below(d, IDS));
				SAY(d, "]");
			}
			if (one_in(d, 8) && k != 3)
				SAY(d, ", inherit: %s", one_in(d, 2) ? "true" : "false");
			SAY(d, " }\n");
		}
	}
}

struct count {
	unsigned long asked, quick, wrong;
};

static void
ask_all(struct fixture *f, struct count *c)
{
	char who[16], action[16], id[16];

	for (unsigned i = 0; i < USERS * (ACTIONS + 1) * TYPES * IDS; i++) {
		unsigned u = i % USERS, a = i / USERS % (ACTIONS + 1), t = i / USERS / (ACTIONS + 1) % TYPES;
		struct policy_request req = POLICY_REQUEST_INIT;
		struct pol_answer full, quick;

		if (i % 7 != c->asked % 7 && i % 3 != 0)
			continue;
		snprintf(who, sizeof(who), "u%u", u);
		snprintf(action, sizeof(action), "%c%u", a == ACTIONS ? 'b' : 'a', a % ACTIONS);
		snprintf(id, sizeof(id), "%u", i / USERS / (ACTIONS + 1) / TYPES);
		req.subject_id = policy_text(who);
		req.action = policy_text(action);
		req.resource_type = policy_text(types[t]);
		req.resource_id = policy_text(id);
		c->asked++;
		if (!fixture_both(f, &req, 100, &full, &quick))
			continue;
		c->quick++;
		if (full.verdict == quick.verdict && full.reason == quick.reason && full.entry == quick.entry)
			continue;
		if (c->wrong++ == 0)
			printf("%s %s %s/%s: full %u %s %u, quick %u %s %u\n", who, action, types[t], id, full.verdict,
			    policy_reason_name((int)full.reason), full.entry, quick.verdict, policy_reason_name((int)quick.reason), quick.entry);
	}
}

/* A grant more, of any kind; what cannot be changed singly is left as it is. */
static void
change(struct fixture *f, struct draw *d)
{
	struct pol_people_root *next;
	uint32_t role = below(d, d->roles);
	struct pol_who who = { { NULL, 0 }, { NULL, 0 } };
	struct pol_grant_fact g;
	char name[16], id[16];
	unsigned kind = below(d, d->odd ? 12 : 9);
	uint64_t hash;

	memset(&g, 0, sizeof(g));
	snprintf(name, sizeof(name), "%c%u", kind < 7 ? 'u' : 'g', below(d, GROUPS));
	snprintf(id, sizeof(id), "%u", below(d, IDS));
	who.type = policy_text(kind < 7 || kind > 9 ? "user" : "group");
	who.name = policy_text(kind == 11 ? "*" : name);
	g.roles = &role;
	g.to = &who;
	g.n_roles = g.n_to = 1;
	g.has_resource = !one_in(d, 5);
	g.type = pol_find_type(f->engine.program, types[kind % 3], 3, &hash);
	g.glob = policy_text(id);
	g.has_until = d->odd && one_in(d, 6);
	g.until.sec = one_in(d, 2) ? 50 : 200;
	if (pol_people_add_grant(f->people, f->engine.program, &g, &next) != 0)
		return;
	pol_people_retire(f->people);
	f->people = next;
	pol_engine_people(&f->engine, pol_people_view(next));
}

static void
quick_and_full_agree_on_random_people(void)
{
	struct count all = { 0, 0, 0 };
	struct draw d = { 88172645463325252u, { 0 }, 0, false };

	pol_buf_init(&d.text);
	for (int i = 0; i < SETS && all.wrong == 0; i++) {
		struct fixture f;

		d.text.len = 0;
		d.odd = i % 3 == 2;
		say_actions(&d);
		say_roles(&d);
		say_people(&d);
		say_grants(&d);
		say_entities(&d);
		CU_ASSERT_EQUAL_FATAL(fixture_open(&f, d.text.data), 0);
		ask_all(&f, &all);
		for (int k = 0; k < CHANGES; k++) {
			change(&f, &d);
			ask_all(&f, &all);
		}
		if (all.wrong != 0)
			printf("set %d:\n%s\n", i, d.text.data);
		fixture_close(&f);
	}
	pol_buf_fini(&d.text);
	CU_ASSERT_EQUAL(all.wrong, 0);
	/* else this says little */
	CU_ASSERT(all.quick * 3 > all.asked);
}

CU_TestInfo suite_quick_random[] = {
	{ "quick and full agree on random people", quick_and_full_agree_on_random_people },
	CU_TEST_INFO_NULL
};
