/* SPDX-License-Identifier: Apache-2.0 */
/*
 * People: records and blocks hold the parts they were made of, and can be moved.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "people/impl.h"
#include "unit/unit.h"

static struct pol_window windows[32];	/* those that grants here lead to */
static size_t n_windows;

static struct pol_grant_parts
grant(uint32_t holder, uint32_t role, int64_t from, int64_t until, const char *glob)
{
	struct pol_grant_parts g;

	memset(&g, 0, sizeof(g));
	g.holder = holder;
	g.role = role;
	if (until != 0) {
		CU_ASSERT_FATAL(n_windows < sizeof(windows) / sizeof(windows[0]));
		windows[n_windows].from.sec = from;
		windows[n_windows].until.sec = until;
		g.window = &windows[n_windows++];
	}
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
	static const uint32_t groups[] = { 3, 70, 130, 200 }, roles[] = { 1, 64, 65 }, own[] = { 1, 1 };
	struct policy_attr attr = { POLICY_TEXT("level"), { POLICY_INT, 0, { .integer = 9 } } };
	struct policy_attrs attrs = { &attr, 1 };
	struct pol_timed timed = { 5, 0, { { 1, 0 }, { 2, 0 } } };
	struct pol_holder_parts p = {
		.hash = 0x1234567890abcdef, .id = POL_HOLDER_SUBJECT, .known = 1, .type = POLICY_TEXT("svc"), .name = POLICY_TEXT("bot"),
		.groups = groups, .n_groups = 4, .n_words = 2, .roles = roles, .n_roles = 3, .own = own, .n_own = 2, .timed = &timed, .n_timed = 1
	};
	struct pol_buf block, buf;
	struct pol_span span;
	const struct pol_holder_more *m;
	struct pol_holder *h;
	const struct pol_sattr *a;
	const struct pol_timed *t;
	uint32_t from = 0;
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
	CU_ASSERT(h->hash == p.hash && h->id == p.id && h->known == 1);
	CU_ASSERT(h->type_len == 3 && h->name_len == 3 && memcmp(h->text, "svcbot", 6) == 0 && memcmp(pol_holder_name(h), "bot", 3) == 0);
	m = pol_holder_more(h);
	CU_ASSERT(m->n_groups == 4 && m->n_words == 2 && m->n_listed == 2);	/* some as bits, some listed */
	for (int i = 0; i < 4; i++)
		CU_ASSERT(pol_more_next_group(m, &from) == groups[i] && pol_holder_in(h, groups[i]));
	CU_ASSERT_EQUAL(pol_more_next_group(m, &from), POL_NONE);
	for (uint32_t i = 0, in = 0; i < 1000; i++) {
		in += pol_holder_in(h, i);
		CU_ASSERT(i != 999 || in == 4);
	}
	CU_ASSERT(pol_holder_in(h, p.id) && !pol_holder_in(h, p.id + 1) && !pol_holder_in(h, p.id + 3));
	CU_ASSERT(m->n_roles == 3 && memcmp(pol_more_roles(m), roles, sizeof(roles)) == 0);
	CU_ASSERT(m->n_own == 2 && memcmp(pol_more_own(m), own, sizeof(own)) == 0);
	t = pol_more_timed(m);				/* by member: the padding is nobody's */
	CU_ASSERT((uintptr_t)t % 8 == 0);
	CU_ASSERT(m->n_timed == 1 && t->role == timed.role && pol_time_cmp(t->window.from, timed.window.from) == 0 &&
	    pol_time_cmp(t->window.until, timed.window.until) == 0);
	CU_ASSERT_EQUAL(pol_holder_sig(h), (uint64_t)1 << 3 | (uint64_t)1 << 6 | (uint64_t)1 << (130 - 128) | (uint64_t)1 << (200 - 192) | 1);
	CU_ASSERT_EQUAL(m->role_sig, 3);
	a = pol_more_attrs(m);				/* offsets of attributes are from their own block */
	CU_ASSERT(m->n_attrs == 1 && says(a, a->name, "level") && a->value.u.i == 9);
	free(h);
	pol_buf_fini(&buf);
	pol_buf_fini(&block);
}

static void
what_is_not_there_takes_no_room(void)
{
	struct pol_holder_parts p = { .type = POLICY_TEXT("user"), .name = POLICY_TEXT("") };
	struct pol_thing_parts q = { .id = POLICY_TEXT("") };
	const struct pol_holder *h;
	const struct pol_thing *t;
	struct pol_buf buf;
	uint32_t from = 0;
	size_t at, second;

	pol_buf_init(&buf);
	CU_ASSERT_EQUAL_FATAL(pol_record_holder(&buf, &p, &at), 0);
	CU_ASSERT_EQUAL_FATAL(pol_record_thing(&buf, &q, &second), 0);
	h = (const void *)(buf.data + at);
	t = (const void *)(buf.data + second);
	CU_ASSERT(h->more == 0 && h->bytes == 32 && h->name_len == 0 && second == at + h->bytes);
	CU_ASSERT(pol_holder_more(h)->n_groups == 0 && pol_holder_more(h)->role_sig == 0 && pol_holder_sig(h) == 1);
	CU_ASSERT(pol_holder_in(h, 0) && !pol_holder_in(h, 2) && pol_more_next_group(pol_holder_more(h), &from) == POL_NONE);
	CU_ASSERT(t->more == 0 && t->bytes == 32 && t->id_len == 0 && t->n_grants == 0 && !t->has_parent);
	CU_ASSERT(pol_thing_grants(t).n == 0 && pol_thing_more(t)->attrs.n == 0 && pol_thing_more(t)->parents.n == 0);
	pol_buf_fini(&buf);
}

static void
a_thing_holds_grants_parents_and_windows(void)
{
	struct pol_grant_parts g[] = {
		grant(0, 1, 0, 0, NULL), grant(2, 1, 5, 6, NULL), grant(66, 1, 5, 6, NULL), grant(66, 2, 5, 7, NULL), grant(67, 1, 5, 6, NULL)
	};
	struct pol_parent_parts parents[] = { { 1, POLICY_TEXT("acme"), 11 }, { 4, POLICY_TEXT("a/b"), 22 } };
	struct pol_thing_parts p = {
		.hash = 99, .type = 3, .id = POLICY_TEXT("x/y"), .grants = g, .n_grants = 5, .parents = parents,
		.n_parents = 2, .n_rows = 2, .has_parent = true, .inherit = POL_INHERIT_FALSE
	};
	const struct pol_parent *up;
	struct pol_grants v;
	const struct pol_thing *t;
	struct pol_buf buf;
	size_t at;

	pol_buf_init(&buf);
	CU_ASSERT_EQUAL_FATAL(pol_record_thing(&buf, &p, &at), 0);
	t = (const void *)(buf.data + at);
	CU_ASSERT(t->hash == 99 && t->type == 3 && t->id_len == 3 && memcmp(t->id, "x/y", 3) == 0 && t->has_parent == 1 && t->inherit == POL_INHERIT_FALSE);
	v = pol_thing_grants(t);
	CU_ASSERT_FATAL(v.n == 5 && v.window_of != NULL);
	CU_ASSERT_EQUAL(v.sig, 1 | 4 | 4 | 8);
	for (uint32_t i = 0; i < 5; i++) {
		CU_ASSERT(v.list[i].holder == g[i].holder && v.list[i].role == g[i].role && (v.window_of[i] != 0) == (g[i].window != NULL));
		if (g[i].window != NULL && v.window_of[i] != 0)
			CU_ASSERT(memcmp(&v.windows[v.window_of[i] - 1], g[i].window, sizeof(*v.windows)) == 0);
	}
	CU_ASSERT_EQUAL(v.window_of[1], v.window_of[2]);	/* neighbours share theirs */
	up = POL_AT(t, pol_thing_more(t)->parents.off);
	CU_ASSERT(pol_thing_more(t)->parents.n == 2 && up[0].type == 1 && up[0].hash == 11 && says(t, up[0].id, "acme"));
	CU_ASSERT(up[1].type == 4 && up[1].hash == 22 && says(t, up[1].id, "a/b"));
	pol_buf_fini(&buf);
}

static void
a_block_holds_grants_on_types_and_by_glob(void)
{
	struct pol_grant_parts whole[] = { grant(2, 1, 0, 0, NULL), grant(2, 7, 1, 2, NULL), grant(9, 1, 0, 0, NULL) };
	struct pol_grant_parts globs[] = { grant(3, 1, 0, 0, "a**"), grant(8, 0, 3, 5, ""), grant(8, 1, 3, 4, "b*") };
	const struct pol_glob_grant *b;
	const struct pol_window *w;
	struct pol_grants v;
	struct pol_type_grants *t;

	CU_ASSERT_EQUAL(pol_record_type_grants(&t, whole, 0, globs, 0), 0);
	CU_ASSERT_PTR_NULL(t);
	CU_ASSERT_EQUAL_FATAL(pol_record_type_grants(&t, whole, 3, globs, 3), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	v = pol_type_whole(t);
	b = POL_AT(t, t->globs.off);
	CU_ASSERT(v.n == 3 && v.list[0].holder == 2 && v.list[0].role == 1 && v.list[1].role == 7 && v.list[2].holder == 9);
	CU_ASSERT(v.sig == (1u << 2 | 1u << 9) && v.window_of[0] == 0 && v.window_of[1] == 1 && v.window_of[2] == 0);
	w = v.windows;
	CU_ASSERT(w->from.sec == 1 && w->until.sec == 2);
	CU_ASSERT(t->globs.n == 3 && b[0].holder == 3 && says(t, b[0].glob, "a**") && b[0].window == 0);
	CU_ASSERT(b[1].holder == 8 && b[1].role == 0 && says(t, b[1].glob, "") && b[2].role == 1 && says(t, b[2].glob, "b*"));
	w = POL_AT(t, t->glob_windows.off);
	CU_ASSERT_FATAL(t->glob_windows.n == 2);
	CU_ASSERT(w[b[1].window - 1].until.sec == 5 && w[b[2].window - 1].until.sec == 4);
	free(t);
	CU_ASSERT_EQUAL_FATAL(pol_record_type_grants(&t, whole, 0, globs, 1), 0);
	CU_ASSERT(t != NULL && pol_type_whole(t).n == 0 && pol_type_whole(t).window_of == NULL && t->sig == 0 && t->globs.n == 1);
	free(t);
}

CU_TestInfo suite_record[] = {
	{ "lists are sorted and their doubles dropped", lists_are_sorted_and_their_doubles_dropped },
	{ "a holder holds its parts wherever it lies", a_holder_holds_its_parts_wherever_it_lies },
	{ "what is not there takes no room", what_is_not_there_takes_no_room },
	{ "a thing holds grants, parents and windows", a_thing_holds_grants_parents_and_windows },
	{ "a block holds grants on types and by glob", a_block_holds_grants_on_types_and_by_glob },
	CU_TEST_INFO_NULL
};
