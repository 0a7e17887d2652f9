/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a store: what is put change by change is what is built at once, whatever the
 * order; attributes as lines; what is gathered and what is not taken.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "people/fact.h"
#include "people/rows.h"
#include "unit/fixture.h"
#include "unit/unit.h"

static const char set[] =
    "policy: 1\n"
    "resources: { org: , doc: { parent: org } }\n"
    "actions: { read: , write: , ping: , team: }\n"
    "roles: { reader: { allow: read }, writer: { includes: reader, allow: write }, pinger: { allow: ping },\n"
    "  teamed: { allow: [ { actions: team, when: 'subject.team == \"blue\" and subject.org == \"acme\" and subject.uid in [\"u1\", \"u2\", \"u3\"]' } ] } }\n"
    "groups: { ops: { roles: pinger, members: [bob, group:team] }, team: { roles: teamed } }\n"
    "users: { ann: { roles: reader } }\n"
    "entities: { doc/1: { parent: acme, inherit: true } }\n"
    "grants:\n"
    "  - { role: reader, to: bob, resource: doc/1 }\n"
    "  - { role: writer, to: cy, until: \"1970-01-01T00:01:00Z\" }\n";

#define T(s) { s, sizeof(s) - 1 }
#define PICK(list) (list[draw((unsigned)(sizeof(list) / sizeof((list)[0])))])

static uint64_t state;

static unsigned
draw(unsigned n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % n;
}

static const struct policy_text nothing;
static const struct policy_text uids[] = { T("u0"), T("u1"), T("u2"), T("u3"), T("u4"), T("u5") };
static const struct policy_text names[] = { T("ann"), T("bob"), T("cy"), T("dee"), T("eve"), T("fay"), T("fay"), T("*") };
static const struct policy_text types[] = { { NULL, 0 }, { NULL, 0 }, T("user"), T("svc"), T("group"), T("everyone") };
static const struct policy_text roles[] = { T("reader"), T("writer"), T("pinger"), T("teamed"), T("gone") };
static const struct policy_text things[] = { { NULL, 0 }, { NULL, 0 }, T("doc"), T("doc/1"), T("doc/2"), T("doc/*"),
	T("doc/\\*"), T("org/acme"), T("none/1"), T("doc/"), T("doc/x\\") };
static const struct policy_text lists[] = { { NULL, 0 }, T("ops"), T("team"), T("team ops"), T("none"), T("team none"), T("map:x/y") };
static const struct policy_text lines[] = { { NULL, 0 }, T("team=\"blue\"\n"), T("team=\"red\"\nlevel=3"), T("team=blue"), T("uid=\"u1\"\n") };
static const struct policy_text grants[] = { T("g0"), T("g1"), T("g2"), T("g3"), T("g4"), T("g5"), T("g6"), T("g7") };
static const struct policy_text tokens[] = { T("t0"), T("t1"), T("t2") };
static const struct policy_text secrets[] = { { NULL, 0 }, T("aaaa"), T("bbbb") };
static const struct policy_text orgs[] = { { NULL, 0 }, T("acme"), T("") };

static struct policy_row
some_user(void)
{
	struct policy_row r = POLICY_ROW_INIT;

	r.kind = POLICY_ROW_USER;
	r.id = PICK(uids);
	r.type = PICK(types);
	r.name = PICK(names);
	r.org = PICK(orgs);
	r.list = PICK(lists);
	r.attributes = PICK(lines);
	r.made_ns = draw(3);
	r.number = draw(4) == 0 ? draw(9) : 0;
	r.flags = draw(4) == 0 ? POLICY_ROW_GONE : draw(4) == 0 ? POLICY_ROW_OFF : 0;
	return r;
}

static struct policy_row
some_grant(void)
{
	struct policy_row r = POLICY_ROW_INIT;

	r.kind = POLICY_ROW_GRANT;
	r.id = PICK(grants);
	r.owner = PICK(uids);
	r.by = draw(2) != 0 ? r.owner : nothing;
	r.name = PICK(roles);
	r.resource = PICK(things);
	r.from_ns = draw(4) == 0 ? 1000000000 : 0;
	r.until_ns = draw(4) == 0 ? 5000000000 : 0;
	r.flags = draw(3) == 0 ? POLICY_ROW_GONE : 0;
	return r;
}

static struct policy_row
some_token(void)
{
	struct policy_row r = POLICY_ROW_INIT;

	r.kind = POLICY_ROW_TOKEN;
	r.id = PICK(tokens);
	r.owner = PICK(uids);
	r.secret = PICK(secrets);
	r.made_ns = draw(2);
	r.flags = draw(4) == 0 ? POLICY_ROW_GONE : draw(2) * POLICY_ROW_SCOPED;
	return r;
}

/* The last row of each kind and id. */
struct model {
	struct policy_row rows[32];
	size_t n;
};

static void
keep(struct model *m, const struct policy_row *r)
{
	size_t i = 0;

	while (i < m->n && (m->rows[i].kind != r->kind || m->rows[i].id.data != r->id.data))
		i++;
	m->rows[i] = *r;
	m->n += i == m->n;
}

/* ---- the two are the same ---- */

static bool
same_text(struct policy_text a, struct policy_text b)
{
	return (a.data == NULL) == (b.data == NULL) && a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool
same_row(const struct policy_row *a, const struct policy_row *b)
{
	return a->kind == b->kind && a->flags == b->flags && a->number == b->number && a->until_ns == b->until_ns &&
	    a->made_ns == b->made_ns && a->from_ns == b->from_ns && same_text(a->source, b->source) && same_text(a->id, b->id) &&
	    same_text(a->type, b->type) && same_text(a->name, b->name) && same_text(a->owner, b->owner) &&
	    same_text(a->org, b->org) && same_text(a->by, b->by) && same_text(a->secret, b->secret) &&
	    same_text(a->resource, b->resource) && same_text(a->list, b->list) && same_text(a->attributes, b->attributes);
}

static int
count_one(void *ctx, const struct policy_row *row)
{
	*(size_t *)ctx += row->size != 0;
	return 0;
}

/* What is found in w is what the model has. */
static bool
holds(const struct pol_people *w, const struct model *m)
{
	struct policy_row r;
	size_t n = 0, grants_of = 0, wanted = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (!pol_fact_find(w, m->rows[i].kind, m->rows[i].id, &r) || !same_row(&r, &m->rows[i]))
			return false;
		wanted += m->rows[i].kind == POLICY_ROW_GRANT && (m->rows[i].flags & POLICY_ROW_GONE) == 0;
	}
	for (size_t i = 0; i < sizeof(uids) / sizeof(uids[0]); i++)
		pol_fact_grants(w, uids[i], count_one, &grants_of);
	pol_fact_each(w, 0, count_one, &n);
	return n == m->n && pol_fact_count(w) == m->n && grants_of == wanted &&
	    !pol_fact_find(w, POLICY_ROW_USER, policy_text("none"), &r) && !pol_fact_find(w, POLICY_ROW_TOKEN, uids[1], &r);
}

static bool
same_found(const struct pol_people *a, const struct pol_people *b)
{
	struct policy_row x, y;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (size_t k = 0; k < sizeof(types) / sizeof(types[0]); k++) {
			bool there = pol_fact_user(a, types[k], names[i], &x);

			if (there != pol_fact_user(b, types[k], names[i], &y) || (there && !same_row(&x, &y)))
				return false;
			if (there && pol_fact_standing(a, &x) != pol_fact_standing(b, &y))
				return false;
		}
	}
	for (size_t i = 1; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		bool there = pol_fact_token(a, secrets[i], &x);

		if (there != pol_fact_token(b, secrets[i], &y) || (there && !same_row(&x, &y)))
			return false;
	}
	return true;
}

static bool
same_answers(struct fixture *f, const struct pol_people *a, const struct pol_people *b)
{
	static const char *const who[] = { "ann", "bob", "cy", "dee", "eve", "fay", "svc:ann", "svc:dee", "svc:fay" };
	static const char *const action[] = { "read", "write", "ping", "team" };
	static const char *const thing[] = { NULL, "doc/1", "doc/2", "doc/*", "org/acme" };

	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]) * 4 * 5 * 2; i++) {
		const char *w = who[i / 40], *x, *y, *t = thing[i / 8 % 5];
		int64_t now = (int64_t)(i % 2) * 3;

		pol_engine_people(&f->engine, a);
		x = fixture_ask(f, w, action[i / 2 % 4], t, now);
		pol_engine_people(&f->engine, b);
		y = fixture_ask(f, w, action[i / 2 % 4], t, now);
		if (strcmp(x, y) != 0) {
			printf("%s %s %s at %d: %s, built %s\n", w, action[i / 2 % 4], t == NULL ? "-" : t, (int)now, x, y);
			return false;
		}
	}
	return true;
}

/* From the text and the rows of the model, the last first; or those of `old`. */
static struct pol_people_root *
built(const struct fixture *f, const struct model *m, const struct pol_people *old)
{
	struct pol_people_root *root = NULL;
	struct pol_builder *b;
	struct pol_rows rows;
	int rc = pol_builder_new(&b, f->engine.program);

	pol_rows_init(&rows);
	for (size_t i = m->n; rc == 0 && i > 0; i--)
		rc = pol_rows_add(&rows, &m->rows[i - 1]);
	if (rc == 0)
		rc = old != NULL ? pol_builder_rows_of(b, old, INT64_MIN) : pol_builder_rows(b, &rows);
	if (rc == 0)
		rc = pol_set_feed(b, f->set, false, NULL);
	if (rc == 0)
		rc = pol_builder_finish(b, &root);
	pol_builder_free(b);
	pol_rows_fini(&rows);
	return rc == 0 ? root : NULL;
}

static bool
same_all(struct fixture *f, struct pol_people_root *line, const struct model *m)
{
	struct pol_people_root *once = built(f, m, NULL), *again = built(f, m, pol_people_view(line));
	bool same = once != NULL && again != NULL;

	for (int i = 0; same && i < 2; i++) {
		const struct pol_people *w = pol_people_view(i == 0 ? once : again);

		same = same_answers(f, pol_people_view(line), w) && same_found(pol_people_view(line), w) && holds(w, m);
	}
	same = same && holds(pol_people_view(line), m);
	pol_people_free(once);
	pol_people_free(again);
	return same;
}

static bool
sequence(struct fixture *f, uint64_t seed)
{
	struct model m = { .n = 0 };
	struct pol_people_root *line, *next;
	unsigned batches;
	bool good = true;

	state = seed * 2654435761u + 1;
	draw(1);
	batches = 1 + draw(8);
	line = built(f, &m, NULL);
	for (unsigned i = 0; good && line != NULL && i < batches; i++) {
		struct pol_rows rows;

		pol_rows_init(&rows);
		for (unsigned n = 1 + draw(4); n > 0; n--) {
			unsigned kind = draw(5);
			struct policy_row r = kind < 2 ? some_user() : kind < 4 ? some_grant() : some_token();

			good = good && pol_rows_add(&rows, &r) == 0;
			keep(&m, &r);
		}
		good = good && pol_people_put_rows(line, f->engine.program, &rows, NULL, NULL, &next) == 0;
		pol_rows_fini(&rows);
		if (!good)
			break;
		pol_people_retire(line);
		line = next;
	}
	good = good && line != NULL && same_all(f, line, &m);
	pol_people_free(line);
	if (!good)
		printf("sequence %llu\n", (unsigned long long)seed);
	return good;
}

/* POLICY_ROWS_SEQUENCES: how many. */
static void
changed_row_by_row_it_is_as_built_at_once(void)
{
	const char *wanted = getenv("POLICY_ROWS_SEQUENCES");
	long n = wanted != NULL ? strtol(wanted, NULL, 10) : 1000, failed = 0;
	struct fixture f;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	for (long i = 0; i < n && failed < 5; i++)
		failed += !sequence(&f, (uint64_t)i);
	CU_ASSERT_EQUAL(failed, 0);
	pol_engine_people(&f.engine, pol_people_view(f.people));
	fixture_close(&f);
}

CU_TestInfo suite_rows[] = {
	{ "changed row by row it is as built at once", changed_row_by_row_it_is_as_built_at_once },
	CU_TEST_INFO_NULL
};
