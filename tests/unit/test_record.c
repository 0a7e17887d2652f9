/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People: records and blocks hold the parts they were made of, and can be moved.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "people/impl.h"
#include "unit/unit.h"

static struct pol_grant_parts
grant(uint32_t holder, uint32_t role, int64_t from, int64_t until, const char *glob)
{
	struct pol_grant_parts g;

	memset(&g, 0, sizeof(g));
	g.holder = holder;
	g.role = role;
	g.timed = until != 0;
	g.window.from.sec = from;
	g.window.until.sec = until;
	if (glob != NULL)
		g.glob = policy_text(glob);
	return g;
}

static bool
says(const void *base, struct pol_str s, const char *want)
{
	return s.len == strlen(want) && memcmp(pol_str_at(base, s), want, s.len + 1) == 0;
}

static void
lists_are_sorted_and_their_doubles_dropped(void)
{
	uint32_t list[] = { 7, 3, 7, 0, POL_NONE, 3, 3, POL_NONE }, one[] = { 5 };
	struct pol_grant_parts a = grant(1, 2, 0, 0, NULL), b = grant(1, 3, 0, 0, NULL), c = grant(POL_HOLDER_SUBJECT, 0, 0, 0, NULL);

	CU_ASSERT_EQUAL(pol_u32_unique(list, 8), 4);
	CU_ASSERT(list[0] == 0 && list[1] == 3 && list[2] == 7 && list[3] == POL_NONE);
	CU_ASSERT_EQUAL(pol_u32_unique(one, 1), 1);
	CU_ASSERT_EQUAL(pol_u32_unique(one, 0), 0);
	CU_ASSERT(pol_grant_order(&a, &b) < 0 && pol_grant_order(&b, &a) > 0 && pol_grant_order(&a, &a) == 0);
	CU_ASSERT(pol_grant_order(&b, &c) < 0 && pol_grant_order(&c, &b) > 0);
}

static void
a_holder_holds_its_parts_wherever_it_lies(void)
{
	static const uint32_t closure[] = { 3, 70, POL_HOLDER_SUBJECT }, roles[] = { 1, 64, 65 }, own[] = { 1, 1 };
	struct policy_attr attr = { POLICY_TEXT("level"), { POLICY_INT, 0, { .integer = 9 } } };
	struct policy_attrs attrs = { &attr, 1 };
	struct pol_timed timed = { 5, 0, { { 1, 0 }, { 2, 0 } } };
	struct pol_holder_parts p = {
		.hash = 0x1234567890abcdef, .id = POL_HOLDER_SUBJECT, .known = 1, .type = POLICY_TEXT("svc"), .name = POLICY_TEXT("bot"),
		.closure = closure, .n_closure = 3, .roles = roles, .n_roles = 3, .own = own, .n_own = 2, .timed = &timed, .n_timed = 1
	};
	struct pol_buf block, buf;
	struct pol_span span;
	struct pol_holder *h;
	const struct pol_sattr *a;
	const struct pol_timed *t;
	size_t at;

	pol_buf_init(&block);
	pol_buf_init(&buf);
	CU_ASSERT_EQUAL_FATAL(pol_encode_attrs(&block, 0, &attrs, &span), 0);
	p.attrs = block.data;
	p.attrs_bytes = block.len;
	p.n_attrs = span.n;
	pol_buf_append(&buf, "before", 6);		/* a record begins aligned, whatever lies before it */
	CU_ASSERT_EQUAL_FATAL(pol_record_holder(&buf, &p, &at), 0);
	CU_ASSERT(at % 8 == 0 && at >= 6 && buf.len % 8 == 0);
	h = malloc(buf.len - at);
	CU_ASSERT_PTR_NOT_NULL_FATAL(h);
	memcpy(h, buf.data + at, buf.len - at);
	CU_ASSERT_EQUAL(h->bytes, buf.len - at);
	CU_ASSERT(h->hash == p.hash && h->id == p.id && h->known == 1 && says(h, h->type, "svc") && says(h, h->name, "bot"));
	CU_ASSERT(h->closure.n == 3 && memcmp(POL_AT(h, h->closure.off), closure, sizeof(closure)) == 0);
	CU_ASSERT(h->roles.n == 3 && memcmp(POL_AT(h, h->roles.off), roles, sizeof(roles)) == 0);
	CU_ASSERT(h->own.n == 2 && memcmp(POL_AT(h, h->own.off), own, sizeof(own)) == 0);
	t = POL_AT(h, h->timed.off);			/* by member: the padding is nobody's */
	CU_ASSERT(h->timed.n == 1 && t->role == timed.role && pol_time_cmp(t->window.from, timed.window.from) == 0 &&
	    pol_time_cmp(t->window.until, timed.window.until) == 0);
	CU_ASSERT_EQUAL(h->closure_sig, (uint64_t)1 << 3 | (uint64_t)1 << 6 | 1);
	CU_ASSERT_EQUAL(h->role_sig, 3);
	a = POL_AT(h, h->attrs.off);			/* offsets of attributes are from their own block */
	CU_ASSERT(h->attrs.n == 1 && says(a, a->name, "level") && a->value.u.i == 9);
	free(h);
	pol_buf_fini(&buf);
	pol_buf_fini(&block);
}

static void
nothing_is_an_empty_span(void)
{
	struct pol_holder_parts p = { .type = POLICY_TEXT("user"), .name = POLICY_TEXT("") };
	struct pol_thing_parts q = { .id = POLICY_TEXT("") };
	const struct pol_holder *h;
	const struct pol_thing *t;
	struct pol_buf buf;
	size_t at, second;

	pol_buf_init(&buf);
	CU_ASSERT_EQUAL_FATAL(pol_record_holder(&buf, &p, &at), 0);
	CU_ASSERT_EQUAL_FATAL(pol_record_thing(&buf, &q, &second), 0);
	h = (const void *)(buf.data + at);
	t = (const void *)(buf.data + second);
	CU_ASSERT(h->closure.n == 0 && h->roles.n == 0 && h->own.n == 0 && h->timed.n == 0 && h->attrs.n == 0 && h->role_sig == 0);
	CU_ASSERT(says(h, h->name, "") && says(t, t->id, "") && second == at + h->bytes);
	CU_ASSERT(t->grants.list.n == 0 && t->grants.sig == 0 && t->attrs.n == 0 && t->parents.n == 0 && !t->has_parent);
	pol_buf_fini(&buf);
}

static void
a_thing_holds_grants_parents_and_windows(void)
{
	struct pol_grant_parts g[] = {
		grant(0, 1, 0, 0, NULL), grant(2, 1, 5, 6, NULL), grant(66, 1, 5, 6, NULL), grant(66, 2, 5, 7, NULL), grant(67, 1, 5, 6, NULL)
	};
	struct pol_parent_fact parents[] = { { 1, POLICY_TEXT("acme") }, { 4, POLICY_TEXT("a/b") } };
	uint64_t hashes[] = { 11, 22 };
	struct pol_thing_parts p = {
		.hash = 99, .type = 3, .id = POLICY_TEXT("x/y"), .grants = g, .n_grants = 5, .parents = parents, .parent_hashes = hashes,
		.n_parents = 2, .has_parent = true, .inherit = POL_INHERIT_FALSE
	};
	const struct pol_parent *up;
	const struct pol_window *w;
	const struct pol_grant *row;
	const struct pol_thing *t;
	struct pol_buf buf;
	size_t at;

	pol_buf_init(&buf);
	CU_ASSERT_EQUAL_FATAL(pol_record_thing(&buf, &p, &at), 0);
	t = (const void *)(buf.data + at);
	CU_ASSERT(t->hash == 99 && t->type == 3 && says(t, t->id, "x/y") && t->has_parent == 1 && t->inherit == POL_INHERIT_FALSE);
	row = POL_AT(t, t->grants.list.off);
	w = POL_AT(t, t->grants.windows.off);
	CU_ASSERT_FATAL(t->grants.list.n == 5 && t->grants.windows.n >= 2);
	CU_ASSERT_EQUAL(t->grants.sig, 1 | 4 | 4 | 8);
	for (uint32_t i = 0; i < 5; i++) {
		CU_ASSERT(row[i].holder == g[i].holder && row[i].role == g[i].role && (row[i].window != 0) == g[i].timed);
		if (g[i].timed && row[i].window != 0)
			CU_ASSERT(row[i].window <= t->grants.windows.n && memcmp(&w[row[i].window - 1], &g[i].window, sizeof(*w)) == 0);
	}
	CU_ASSERT_EQUAL(row[1].window, row[2].window);		/* neighbours share theirs */
	up = POL_AT(t, t->parents.off);
	CU_ASSERT(t->parents.n == 2 && up[0].type == 1 && up[0].hash == 11 && says(t, up[0].id, "acme"));
	CU_ASSERT(up[1].type == 4 && up[1].hash == 22 && says(t, up[1].id, "a/b"));
	pol_buf_fini(&buf);
}

static void
a_block_sorts_grants_on_types_and_by_glob(void)
{
	struct pol_grant_parts whole[] = { grant(9, 1, 0, 0, NULL), grant(2, 7, 1, 2, NULL), grant(2, 1, 0, 0, NULL) };
	struct pol_grant_parts globs[] = { grant(8, 1, 3, 4, "b*"), grant(3, 1, 0, 0, "a**"), grant(8, 0, 3, 5, "") };
	const struct pol_glob_grant *b;
	const struct pol_window *w;
	const struct pol_grant *a;
	struct pol_type_grants *t;

	CU_ASSERT_EQUAL(pol_record_type_grants(&t, whole, 0, globs, 0), 0);
	CU_ASSERT_PTR_NULL(t);
	CU_ASSERT_EQUAL_FATAL(pol_record_type_grants(&t, whole, 3, globs, 3), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	a = POL_AT(t, t->whole.list.off);
	b = POL_AT(t, t->globs.off);
	CU_ASSERT(t->whole.list.n == 3 && a[0].holder == 2 && a[0].role == 1 && a[1].role == 7 && a[2].holder == 9);
	CU_ASSERT(a[0].window == 0 && a[1].window == 1 && a[2].window == 0);
	w = POL_AT(t, t->whole.windows.off);
	CU_ASSERT(w->from.sec == 1 && w->until.sec == 2);
	CU_ASSERT(t->globs.n == 3 && b[0].holder == 3 && says(t, b[0].glob, "a**") && b[0].window == 0);
	CU_ASSERT(b[1].holder == 8 && b[1].role == 0 && says(t, b[1].glob, "") && b[2].role == 1 && says(t, b[2].glob, "b*"));
	w = POL_AT(t, t->glob_windows.off);
	CU_ASSERT_FATAL(t->glob_windows.n == 2);
	CU_ASSERT(w[b[1].window - 1].until.sec == 5 && w[b[2].window - 1].until.sec == 4);
	free(t);
	CU_ASSERT_EQUAL_FATAL(pol_record_type_grants(&t, whole, 0, globs, 1), 0);
	CU_ASSERT(t != NULL && t->whole.list.n == 0 && t->whole.sig == 0 && t->globs.n == 1);
	free(t);
}

CU_TestInfo suite_record[] = {
	{ "lists are sorted and their doubles dropped", lists_are_sorted_and_their_doubles_dropped },
	{ "a holder holds its parts wherever it lies", a_holder_holds_its_parts_wherever_it_lies },
	{ "nothing is an empty span", nothing_is_an_empty_span },
	{ "a thing holds grants, parents and windows", a_thing_holds_grants_parents_and_windows },
	{ "a block sorts grants on types and by glob", a_block_sorts_grants_on_types_and_by_glob },
	CU_TEST_INFO_NULL
};
