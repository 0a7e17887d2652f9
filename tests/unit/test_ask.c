/* SPDX-License-Identifier: Apache-2.0 */
/*
 * src/api/ask.c: a row of requests is answered as each of them alone, to the last
 * byte; and nothing behind a text, a request or a decision is touched.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <policy.h>

#include "api/handle.h"
#include "base/hash.h"
#include "base/name.h"
#include "unit/unit.h"

#define MOST 40				/* requests of a row; bytes of a text */
#define DIRT 0x5a

static const char set[] =
    "policy: 1\n"
    "resources: { org: , doc: { parent: org, owner: owner } }\n"
    "actions: { read: { aliases: view }, write: , grow: { when: context.x } }\n"
    "roles:\n"
    "  reader: { allow: [ { actions: [read, grow], id: readers-may-read }, { actions: write, when: own } ] }\n"
    "  writer: { includes: reader, allow: write }\n"
    "  barred: { deny: { id: no, actions: write } }\n"
    "users: { ann: { roles: reader }, bea: { roles: [writer, barred] }, \"svc:a-long-name-of-a-service\": { roles: writer } }\n"
    "grants: [ { role: writer, to: ann, resource: org/acme } ]\n"
    "entities: { doc/1: { parent: acme }, doc/a-document-of-some-length: { parent: acme } }\n"
    "scopes: { little: [read] }\n";

/* ---- memory that ends where nothing may be read ---- */

static size_t
page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* n pages, and one behind them that kills who touches it. */
static char *
edge_new(size_t pages)
{
	char *p = mmap(NULL, (pages + 1) * page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CU_ASSERT_FATAL(p != MAP_FAILED);
	CU_ASSERT_FATAL(mprotect(p + pages * page_size(), page_size(), PROT_NONE) == 0);
	return p + pages * page_size();
}

static void
edge_free(char *edge, size_t pages)
{
	munmap(edge - pages * page_size(), (pages + 1) * page_size());
}

static void
texts_are_read_to_their_end_and_no_further(void)
{
	char *edge = edge_new(1), *other = edge_new(1), plain[MOST];

	for (size_t i = 0; i < MOST; i++)
		plain[i] = (char)(i * 29 + 3);
	for (size_t n = 0; n <= MOST; n++) {
		char *a = edge - n, *b = other - n;

		for (size_t i = 0; i < n; i++)
			a[i] = plain[i];
		CU_ASSERT_EQUAL(pol_hash(a, n, 5), pol_hash(plain, n, 5));
		b[-1] = 'x';
		memset(b, 0, n);
		pol_bytes_copy(b, a, n);
		CU_ASSERT(memcmp(a, b, n) == 0 && b[-1] == 'x');
		CU_ASSERT_TRUE(pol_bytes_same(a, b, n));
		for (size_t i = 0; i < n; i++) {
			b[i] = (char)(b[i] ^ 1);
			CU_ASSERT_FALSE(pol_bytes_same(a, b, n));
			CU_ASSERT_FALSE(pol_bytes_same(b, a, n));
			CU_ASSERT_NOT_EQUAL(pol_hash(b, n, 5), pol_hash(a, n, 5));
			b[i] = (char)(b[i] ^ 1);
		}
	}
	edge_free(edge, 1);
	edge_free(other, 1);
}

/* ---- rows ---- */

static struct policy *
open_set(const char *text, uint32_t flags)
{
	struct policy_options o = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy *p = NULL;

	o.flags = flags;
	if (policy_open_text(&p, "test.yaml", text, strlen(text), &o, &err) != 0)
		printf("%s:%u: %s\n", err.file, err.line, err.text);
	CU_ASSERT_FATAL(p != NULL);
	return p;
}

static char too_long[2000];
static struct policy_attr attrs[2];
static struct policy_token token = POLICY_TOKEN_INIT, scoped = POLICY_TOKEN_INIT, short_token = POLICY_TOKEN_INIT;
static struct policy_credential credential;
static const struct policy_text little = POLICY_TEXT("little");
enum { KINDS = 26, PLAIN = 12 };	/* the first so many are plain, or nearly */

static void
set_up(void)
{
	memset(too_long, 'a', sizeof(too_long));
	attrs[0].name = policy_text("owner");
	attrs[0].value.type = POLICY_STRING;
	attrs[0].value.u.text = policy_text("ann");
	attrs[1] = attrs[0];		/* twice the same: malformed */
	token.id = policy_text("t-1");
	scoped.flags = POLICY_TOKEN_SCOPED;
	scoped.scopes = &little;
	scoped.scopes_count = 1;
	short_token.size = offsetof(struct policy_token, kind);
	credential.kind = policy_text("bearer");
}

static void
ask_plain(struct policy_request *r, unsigned kind)
{
	static const char *const who[] = { "ann", "bea", "zoe", "a-long-name-of-a-service" };
	static const char *const action[] = { "read", "view", "write", "raed", "grow" };
	static const char *const id[] = { "1", "2", "a-document-of-some-length", "" };

	r->subject_id = policy_text(who[kind % 4]);
	if (kind % 4 == 3)
		r->subject_type = policy_text("svc");
	r->action = policy_text(action[kind % 5]);
	r->resource_type = policy_text(kind % 11 == 7 ? "boat" : "doc");
	r->resource_id = policy_text(id[kind / 2 % 4]);
}

static void
ask_more(struct policy_request *r, unsigned kind)
{
	switch (kind) {
	case 0: r->subject_id = (struct policy_text){ "a\0b", 3 }; break;
	case 1: r->resource_id = (struct policy_text){ "1\0", 2 }; break;
	case 2: r->subject_id = (struct policy_text){ too_long, 256 }; break;
	case 3: r->resource_id = (struct policy_text){ too_long, 1025 }; break;
	case 4: r->resource_attributes = (struct policy_attrs){ attrs, 1 }; break;
	case 5: r->resource_attributes = (struct policy_attrs){ attrs, 2 }; break;
	case 6: r->token = &token; break;
	case 7: r->token = &scoped; break;
	case 8: r->token = &short_token; break;
	case 9: r->actor_id = policy_text("ann"); break;
	case 10: r->subject_id = policy_text(NULL), r->subject_type = policy_text(NULL); break;
	case 11: r->resource_id = r->resource_type = policy_text(NULL); break;
	case 12: r->flags = 4; break;
	default: r->credentials = &credential, r->credentials_count = 1; break;
	}
}

static struct policy_request
make_request(uint32_t size, unsigned kind)
{
	struct policy_request r = POLICY_REQUEST_INIT;

	r.size = size;
	ask_plain(&r, kind);
	if (kind % KINDS >= PLAIN)
		ask_more(&r, kind % KINDS - PLAIN);
	return r;
}

/* Like policy_decide for each, which the row's requests and decisions end a page for. */
static int
one_by_one(struct policy *p, const char *req, uint32_t req_size, size_t n, char *out, uint32_t out_size)
{
	int first = 0;

	for (size_t i = 0; i < n; i++) {
		int rc = policy_decide(p, (const struct policy_request *)(const void *)(req + i * req_size),
		    (struct policy_decision *)(void *)(out + i * out_size));

		if (first == 0)
			first = rc;
	}
	return first;
}

static void
dirty(char *out, size_t n, uint32_t size)
{
	memset(out, DIRT, n * size);
	for (size_t i = 0; i < n; i++)
		memcpy(out + i * size, &size, sizeof(size));
}

/* Rows of every length, of requests drawn by `seed`; how many differed. */
static unsigned
differ(struct policy *p, uint32_t req_size, uint32_t out_size, unsigned seed)
{
	enum { PAGES = 16 };
	char *reqs = edge_new(PAGES), *outs = edge_new(PAGES), *single = malloc(MOST * (size_t)out_size);
	unsigned wrong = 0;

	CU_ASSERT_FATAL(single != NULL && MOST * (size_t)out_size <= PAGES * page_size());
	for (size_t n = 1; n <= MOST; n++) {
		char *req = reqs - n * req_size, *out = outs - n * out_size;
		int rc, want;

		for (size_t i = 0; i < n; i++) {
			struct policy_request r;

			seed = seed * 1103515245u + 12345u;
			/* runs of plain ones that reach over a batch, too */
			r = make_request(req_size, seed >> 16 & 3 ? (seed >> 18) % PLAIN : (seed >> 18) % KINDS);
			memset(req + i * req_size, 0, req_size);
			memcpy(req + i * req_size, &r, req_size < sizeof(r) ? req_size : sizeof(r));
		}
		dirty(out, n, out_size);
		dirty(single, n, out_size);
		want = one_by_one(p, req, req_size, n, single, out_size);
		rc = policy_decide_many(p, (void *)req, n, (void *)out);
		wrong += rc != want || memcmp(out, single, n * out_size) != 0;
	}
	free(single);
	edge_free(reqs, PAGES);
	edge_free(outs, PAGES);
	return wrong;
}

static void
a_row_is_answered_as_each_alone(void)
{
	struct policy *p = open_set(set, 0);
	struct policy_decision d = POLICY_DECISION_INIT;

	set_up();
	for (unsigned seed = 1; seed <= 25; seed++)
		CU_ASSERT_EQUAL(differ(p, sizeof(struct policy_request), sizeof(struct policy_decision), seed), 0);
	d.verdict = POLICY_ALLOW;
	CU_ASSERT_EQUAL(policy_decide_many(p, NULL, 0, &d), 0);
	CU_ASSERT_EQUAL(d.verdict, POLICY_ALLOW);	/* a row of none touches none */
	policy_close(p);
}

static void
a_row_of_other_sizes_is_answered_as_each_alone(void)
{
	static const uint32_t reqs[] = {
		offsetof(struct policy_request, context), offsetof(struct policy_request, deadline_ns),
		offsetof(struct policy_request, actor_type), sizeof(struct policy_request),
		sizeof(struct policy_request) + 8, sizeof(struct policy_request) + 96,
	};
	static const uint32_t outs[] = {
		16, offsetof(struct policy_decision, rule), offsetof(struct policy_decision, file),
		sizeof(struct policy_decision), sizeof(struct policy_decision) + 8,
	};
	struct policy *p = open_set(set, 0);

	set_up();
	for (size_t i = 0; i < sizeof(reqs) / sizeof(reqs[0]); i++) {
		for (size_t k = 0; k < sizeof(outs) / sizeof(outs[0]); k++)
			CU_ASSERT_EQUAL(differ(p, reqs[i], outs[k], (unsigned)(i * 8 + k)), 0);
	}
	policy_close(p);
}

static void
a_row_of_a_set_that_is_off_is_answered_as_each_alone(void)
{
	static const char off[] = "policy: 1\nenabled: false\nactions: [read]\n";
	struct policy *p = open_set(off, 0), *forced = open_set(set, POLICY_FORCE_OFF);

	set_up();
	CU_ASSERT_EQUAL(policy_is_enabled(p), 0);
	for (unsigned seed = 1; seed <= 3; seed++) {
		CU_ASSERT_EQUAL(differ(p, sizeof(struct policy_request), sizeof(struct policy_decision), seed), 0);
		CU_ASSERT_EQUAL(differ(forced, sizeof(struct policy_request), offsetof(struct policy_decision, rule), seed), 0);
	}
	policy_close(p);
	policy_close(forced);
}

/* One of another size among them is refused; the others are answered as ever. */
static void
the_first_error_is_given_back_and_all_others_are_decided(void)
{
	static const struct { unsigned at, kind; int rc; } rows[] = {
		{ 0, PLAIN + 1, POLICY_ERR_ARG }, { 7, PLAIN + 0, POLICY_ERR_ARG }, { 15, PLAIN + 3, POLICY_ERR_LIMIT },
		{ 16, PLAIN + 12, POLICY_ERR_ARG }, { 17, 0, POLICY_ERR_ABI }, { 32, PLAIN + 2, POLICY_ERR_LIMIT }, { 39, PLAIN + 5, POLICY_ERR_ARG },
	};
	struct policy *p = open_set(set, 0);

	set_up();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t k = i; k < sizeof(rows) / sizeof(rows[0]); k++) {
			static struct policy_request req[MOST];
			static struct policy_decision out[MOST];

			for (unsigned j = 0; j < MOST; j++) {
				bool bad = j == rows[i].at || j == rows[k].at;

				req[j] = make_request(sizeof(req[j]), bad ? rows[j == rows[i].at ? i : k].kind : 0);
				if (j == 17 && bad)
					req[j].size += 8;
				out[j].size = sizeof(out[j]);
				out[j].verdict = POLICY_ALLOW;
			}
			CU_ASSERT_EQUAL(policy_decide_many(p, req, MOST, out), rows[i].rc);
			for (unsigned j = 0; j < MOST; j++) {
				bool bad = j == rows[i].at || j == rows[k].at;

				CU_ASSERT_EQUAL(out[j].verdict == POLICY_ALLOW, !bad);
				CU_ASSERT_EQUAL(out[j].reason == POLICY_REASON_RULE, !bad);
			}
		}
	}
	policy_close(p);
}

/* Every text of a request at the end of a page, in every length up to MOST. */
static void
decisions_read_nothing_behind_a_text(void)
{
	struct policy *p = open_set(set, 0);
	struct policy_decision d = POLICY_DECISION_INIT, e[2] = { POLICY_DECISION_INIT, POLICY_DECISION_INIT };
	char *edge[5];

	for (int i = 0; i < 5; i++)
		edge[i] = edge_new(1);
	for (unsigned kind = 0; kind < 20; kind++) {
		for (size_t n = 0; n <= MOST; n++) {
			for (int which = 0; which < 5; which++) {
				struct policy_request r[2] = { make_request(sizeof(r[0]), kind % PLAIN), make_request(sizeof(r[1]), kind % PLAIN) };
				struct policy_text *texts[5] = { &r[1].subject_type, &r[1].subject_id, &r[1].action, &r[1].resource_type, &r[1].resource_id };
				int rc;

				for (int i = 0; i < 5; i++) {
					const char *from = texts[i]->data;
					size_t len = i == which ? n : texts[i]->len;

					if (from == NULL)
						continue;
					memset(edge[i] - len, 'q', len);
					memcpy(edge[i] - len, from, len < texts[i]->len ? len : texts[i]->len);
					*texts[i] = (struct policy_text){ edge[i] - len, len };
				}
				rc = policy_decide(p, &r[1], &d);
				CU_ASSERT(policy_decide_many(p, r, 2, e) == rc && e[1].reason == d.reason);
				CU_ASSERT(memcmp(e[1].rule, d.rule, d.rule_len + 1) == 0);
				CU_ASSERT(e[1].subject_id_len == (rc == 0 ? texts[1]->len : 0));
			}
		}
	}
	for (int i = 0; i < 5; i++)
		edge_free(edge[i], 1);
	policy_close(p);
}

/* ---- what is said of the entry ---- */

static void
a_rule_without_an_id_is_named_by_file_and_line(void)
{
	static const unsigned lines[] = { 6, 9, 10, 11, 19, 20, 99, 100, 101, 109, 110, 199, 999, 1000, 1001, 9999, 10000, 10010, 99999, 100000, 100001 };
	static char text[200000], file[256], want[300];
	static const char head[] = "policy: 1\nactions: [go]\nroles: { r: { allow:\n", tail[] = "go } }\neveryone: { roles: r }\n";

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) + 64; i++) {
		unsigned line = lines[i % (sizeof(lines) / sizeof(lines[0]))];
		struct policy_decision d = POLICY_DECISION_INIT;
		struct policy_request r = POLICY_REQUEST_INIT;
		size_t n = i < 40 ? i + 1 : 255 - (i - 40), at = strlen(head);
		struct policy *p;

		memset(file, 'f', n);
		file[n] = '\0';
		memcpy(text, head, at);
		memset(text + at, '\n', line - 4);
		strcpy(text + at + line - 4, tail);
		CU_ASSERT_EQUAL_FATAL(policy_open_text(&p, file, text, strlen(text), NULL, NULL), 0);
		r.action = policy_text("go");
		memset(d.rule, DIRT, sizeof(d.rule));
		CU_ASSERT_EQUAL(policy_decide(p, &r, &d), 0);
		CU_ASSERT_EQUAL(d.verdict, POLICY_ALLOW);
		snprintf(want, sizeof(want), "%s:%u", file, line);
		CU_ASSERT(d.line == line && d.rule_len == strlen(want) && strcmp(d.rule, want) == 0);
		CU_ASSERT(d.file_len == n && strcmp(d.file, file) == 0);
		policy_close(p);
	}
}

/* ---- the clock ---- */

static int
add_window(void *ctx, struct pol_people_root *from, const struct pol_program *program, struct pol_people_root **out)
{
	struct pol_who who = { POLICY_TEXT("user"), POLICY_TEXT("ann") };
	uint32_t role = 0;
	struct pol_grant_fact g;

	(void)ctx;
	memset(&g, 0, sizeof(g));
	g.roles = &role;
	g.to = &who;
	g.n_roles = g.n_to = 1;
	g.has_from = true;
	g.from.sec = 1000000000;
	return pol_people_add_grant(from, program, &g, out);
}

/* Where nothing depends on the time the clock is not read, and it is 1970 for ever. */
static void
the_clock_is_read_where_something_depends_on_it(void)
{
	static const char *const sets[] = {
		"policy: 1\nactions: [go]\nroles: { r: { allow: { actions: go, when: 'context.time after \"2001-09-09T00:00:00Z\"' } } }\nauthenticated: { roles: r }\n",
		"policy: 1\nactions: [go]\nconditions: { late: 'context.time like \"2*\"' }\nroles: { r: { allow: { actions: go, when: late } } }\nauthenticated: { roles: r }\n",
		"policy: 1\nactions: [go]\nroles: { r: { allow: { actions: go, when: 'subject.id like \"an*\" and context.time != \"1970-01-01T00:00:00Z\"' } } }\nauthenticated: { roles: r }\n",
		"policy: 1\nactions: [go]\nroles: { r: { allow: go } }\ngrants: [ { role: r, to: ann, from: \"2001-09-09T00:00:00Z\" } ]\n",
		"policy: 1\nactions: { go: { when: 'context.time after \"2001-09-09T00:00:00Z\"' } }\nroles: { r: { allow: go } }\nauthenticated: { roles: r }\n",
		"policy: 1\nactions: [go]\nroles: { r: { allow: go } }\nusers: { ann: }\n",
	};

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		struct policy_decision d = POLICY_DECISION_INIT;
		struct policy_request r = POLICY_REQUEST_INIT;
		bool change = i + 1 == sizeof(sets) / sizeof(sets[0]);
		struct policy *p = open_set(sets[i], 0);

		r.subject_id = policy_text("ann");
		r.action = policy_text("go");
		if (change) {
			CU_ASSERT(policy_decide(p, &r, &d) == 0 && d.verdict == POLICY_DENY);
			CU_ASSERT_EQUAL(pol_handle_change(p, add_window, NULL), 0);
		}
		CU_ASSERT_EQUAL(policy_decide(p, &r, &d), 0);
		CU_ASSERT_EQUAL(d.verdict, POLICY_ALLOW);
		if (d.verdict != POLICY_ALLOW)
			printf("set %zu\n", i);
		policy_close(p);
	}
}

CU_TestInfo suite_ask[] = {
	{ "texts are read to their end and no further", texts_are_read_to_their_end_and_no_further },
	{ "a row is answered as each alone", a_row_is_answered_as_each_alone },
	{ "a row of other sizes is answered as each alone", a_row_of_other_sizes_is_answered_as_each_alone },
	{ "a row of a set that is off is answered as each alone", a_row_of_a_set_that_is_off_is_answered_as_each_alone },
	{ "the first error is given back and all others are decided", the_first_error_is_given_back_and_all_others_are_decided },
	{ "decisions read nothing behind a text", decisions_read_nothing_behind_a_text },
	{ "a rule without an id is named by file and line", a_rule_without_an_id_is_named_by_file_and_line },
	{ "the clock is read where something depends on it", the_clock_is_read_where_something_depends_on_it },
	CU_TEST_INFO_NULL
};
