/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people of a store cost: 100,000 users, 1,000,000 tokens, 1,000,000 grants gathered,
 * built, changed one by one, decided on. Printed, not judged.
 *
 *	rows [USERS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "people/fact.h"
#include "people/rows.h"
#include "unit/fixture.h"

static const char set[] =
    "policy: 1\nresources: { doc: }\nactions: { read: , write: }\n"
    "roles: { reader: { allow: read }, writer: { includes: reader, allow: write } }\nusers: { ann: { roles: reader } }\n";

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct policy_row
row(uint32_t kind, unsigned i, unsigned users)
{
	static char id[40], owner[40], name[40], secret[65], on[40];
	struct policy_row r = POLICY_ROW_INIT;

	r.kind = kind;
	snprintf(id, sizeof(id), "%c%021u", "?rugt"[kind], i);
	snprintf(owner, sizeof(owner), "u%021u", i % users);
	snprintf(name, sizeof(name), kind == POLICY_ROW_USER ? "name%u" : "writer", i);
	r.id = policy_text(id);
	r.name = policy_text(name);
	r.made_ns = 1700000000000000000 + i;
	if (kind == POLICY_ROW_USER)
		return r;
	r.owner = r.by = policy_text(owner);
	snprintf(on, sizeof(on), "doc/%u", i / 3);
	if (kind == POLICY_ROW_GRANT) {
		r.resource = policy_text(on);
		return r;
	}
	snprintf(secret, sizeof(secret), "%064x", i);
	r.secret = policy_text(secret);
	r.type = policy_text("token");
	r.source = policy_text("key");
	r.until_ns = r.made_ns + 1000000000;
	r.from_ns = r.made_ns;
	return r;
}

static double
decide_ns(struct fixture *f, const struct pol_people *w, unsigned users)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct pol_answer a;
	const char *why;
	char who[40], thing[40];
	double t = 0;
	unsigned n = 300000;

	pol_engine_people(&f->engine, w);
	req.action = policy_text("write");
	req.resource_type = policy_text("doc");
	for (unsigned i = 0; i < n; i++) {
		unsigned g = (unsigned)((uint64_t)i * 2654435761u % (users * 10ull));
		double from;

		snprintf(who, sizeof(who), "name%u", g % users);
		snprintf(thing, sizeof(thing), "%u", g / 3);
		req.subject_id = policy_text(who);
		req.resource_id = policy_text(thing);
		from = now();
		pol_decide(&f->engine, &req, (struct pol_time){ 0, 0 }, NULL, &a, NULL, &why);
		t += now() - from;
	}
	return t / n * 1e9;
}

int
main(int argc, char **argv)
{
	unsigned users = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000, n = users * 10;
	struct pol_people_root *root = NULL, *next;
	struct pol_rows rows;
	struct pol_builder *b;
	struct fixture f;
	double t, worst = 0, all = 0;
	uint64_t bare;

	if (users == 0 || fixture_open(&f, set) != 0)
		return 1;
	printf("decided on the text alone: %.0f ns (with the clock)\n", decide_ns(&f, pol_people_view(f.people), users));
	for (int tokens = 0; tokens < 2; tokens++) {
		pol_people_free(root);
		pol_rows_init(&rows);
		t = now();
		for (unsigned i = 0; i < users + n * (tokens ? 2u : 1u); i++) {
			struct policy_row r = i < users ? row(POLICY_ROW_USER, i, users) :
			    i < users + n ? row(POLICY_ROW_GRANT, i - users, users) : row(POLICY_ROW_TOKEN, i - users - n, users);

			if (pol_rows_add(&rows, &r) != 0)
				return 1;
		}
		printf("%zu rows gathered: %.2f s\n", rows.n, now() - t);
		t = now();
		if (pol_builder_new(&b, f.engine.program) != 0 || pol_set_feed(b, f.set, false, NULL) != 0 ||
		    pol_builder_rows(b, &rows) != 0 || pol_builder_finish(b, &root) != 0)
			return 1;
		printf("built: %.2f s, %llu MB\n", now() - t, (unsigned long long)pol_people_bytes(root) >> 20);
		pol_builder_free(b);
		pol_rows_fini(&rows);
		if (tokens != 0)
			printf("a token's row: %.0f bytes\n", (double)(pol_people_bytes(root) - bare) / n);
		bare = pol_people_bytes(root);
		printf("decided: %.0f ns (with the clock)\n", decide_ns(&f, pol_people_view(root), users));
	}
	for (unsigned i = 0; i < 3000; i++) {
		struct policy_row r = row(1 + POLICY_ROW_REVOCATION + i % 3, (unsigned)((uint64_t)i * 2654435761u % users), users);

		r.flags = i % 2 == 0 ? r.kind == POLICY_ROW_USER ? POLICY_ROW_OFF : POLICY_ROW_GONE : 0;
		pol_rows_init(&rows);
		t = now();
		if (pol_rows_add(&rows, &r) != 0 || pol_people_put_rows(root, f.engine.program, &rows, NULL, NULL, &next) != 0)
			return 1;
		t = now() - t;
		pol_rows_fini(&rows);
		pol_people_retire(root);
		root = next;
		all += t;
		worst = t > worst ? t : worst;
	}
	printf("one row changed: %.0f us, p100 %.0f us (3000 times)\n", all / 3000 * 1e6, worst * 1e6);
	printf("decided: %.0f ns (with the clock)\n", decide_ns(&f, pol_people_view(root), users));
	pol_people_free(root);
	fixture_close(&f);
	return 0;
}
