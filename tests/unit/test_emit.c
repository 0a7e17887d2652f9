/* SPDX-License-Identifier: Apache-2.0 */
/* The emitter: what the program holds, where, and that nothing of it is lost. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "compile/emit.h"
#include "core/anchor.h"
#include "core/fill.h"
#include "unit/fixture.h"
#include "unit/unit.h"

#define ROWS(p, T, type) ((const type *)POL_AT((p), (p)->T.off))

static const char small[] =
    "policy: 1\n"
    "resources:\n"
    "  org: {}\n"
    "  doc: { owner: by, parent: [org], attributes: { by: { type: string }, size: { type: number, default: 5 },\n"
    "         parent: { type: list, default: [org/a, 7] }, inherit: { type: boolean, default: false } } }\n"
    "actions:\n"
    "  read: { resource: doc, aliases: [see, look] }\n"
    "  write: { resource: doc, when: own, unless: resource.locked == true, implies: read }\n"
    "  all-of-it: { implies: [write, read] }\n"
    "conditions: { big: resource.size > 100 }\n"
    "roles:\n"
    "  a: { allow: [read, { actions: write, resources: [doc/x, 'doc/y\\*z'], id: two }], deny: { actions: see, when: big } }\n"
    "  b: { includes: a, allow: { actions: '*', resources: doc/d*, reason: because } }\n"
    "everyone: { roles: b }\n"
    "credentials: { key: { ceiling: read, when: has subject.id } }\n"
    "scopes: { s: [read, write], none: [] }\n"
    "users: { ann: { roles: a, attributes: { uid: 7 } } }\n";

/* The attribute `locked` is read by write: it must be declared. */
static const char *
text_of(char buf[2048])
{
	const char *at = strstr(small, "size:");
	size_t n = (size_t)(at - small);

	memcpy(buf, small, n);
	strcpy(buf + n, "locked: { type: boolean }, ");
	strcat(buf, at);
	return buf;
}

static struct ast_set *
read_set(const char *text)
{
	struct pol_source source = { "input.yaml", text, strlen(text), true };
	struct policy_limits limits = POLICY_LIMITS_INIT;
	struct pol_compile_options opt = { .limits = &limits };
	struct policy_error err = POLICY_ERROR_INIT;
	struct ast_set *set;
	int rc = pol_set_read(&set, &source, 1, &opt, &err);

	if (rc != 0) {
		CU_FAIL("the set is refused");
		CU_ASSERT_STRING_EQUAL(err.text, "");
		pol_set_free(set);
		return NULL;
	}
	return set;
}

static void
two_emits_with_one_seed_are_equal_bytes(void)
{
	char buf[2048];
	struct ast_set *set = read_set(text_of(buf));
	struct pol_code *a, *b;
	const struct pol_program *p, *q;

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CU_ASSERT_EQUAL_FATAL(pol_emit_seeded(&a, set, 42, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(pol_emit_seeded(&b, set, 42, NULL), 0);
	pol_set_free(set);		/* the program does not lean on it */
	p = pol_code_program(a);
	q = pol_code_program(b);
	CU_ASSERT_EQUAL_FATAL(p->bytes, q->bytes);
	CU_ASSERT_EQUAL(memcmp(p, q, p->bytes), 0);
	CU_ASSERT_EQUAL(p->magic, POL_PROGRAM_MAGIC);
	CU_ASSERT_EQUAL(p->seed, 42);
	pol_code_free(a);
	pol_code_free(b);
}

static void
names_are_found_whatever_the_seed(void)
{
	char buf[2048];
	struct ast_set *set = read_set(text_of(buf));
	struct pol_code *code;
	uint64_t seed, hash;

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	for (seed = 0; seed < 50; seed++) {
		const struct pol_program *p;

		CU_ASSERT_EQUAL_FATAL(pol_emit_seeded(&code, set, seed, NULL), 0);
		p = pol_code_program(code);
		CU_ASSERT_EQUAL(pol_find_action(p, "read", 4), 1);
		CU_ASSERT_EQUAL(pol_find_action(p, "see", 3), 1);
		CU_ASSERT_EQUAL(pol_find_action(p, "look", 4), 1);
		CU_ASSERT_EQUAL(pol_find_action(p, "lool", 4), POL_NONE);
		CU_ASSERT_EQUAL(pol_find_type(p, "doc", 3, &hash), 0);
		CU_ASSERT_EQUAL(hash, ROWS(p, types, struct pol_type)[0].hash);
		CU_ASSERT_EQUAL(pol_find_role(p, "b", 1), 1);
		CU_ASSERT_EQUAL(pol_find_scope(p, "none", 4), 0);
		CU_ASSERT_EQUAL(pol_find_kind(p, "key", 3), 0);
		CU_ASSERT_EQUAL(pol_find_kind(p, "", 0), POL_NONE);
		pol_code_free(code);
	}
	pol_set_free(set);
}

static void
tables_are_aligned_and_texts_padded(void)
{
	char buf[2048];
	struct fixture f;
	const struct pol_program *p;
	const char *end;
	size_t i;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, text_of(buf)), 0);
	p = pol_code_program(f.code);
	end = (const char *)p + p->bytes;
	CU_ASSERT_EQUAL(p->bytes % 8, 0);
	for (i = 1; i <= EMIT_PAD; i++)
		CU_ASSERT_EQUAL(end[-(int)i], 0);
	CU_ASSERT_EQUAL((p->types.off | p->actions.off | p->entries.off | p->items.off | p->terms.off |
	    p->code.off | p->consts.off | p->names.off | p->anchors.off | p->roles.off | p->bodies.off |
	    p->action_rows.off | p->type_names.off) % 8, 0);
	CU_ASSERT_EQUAL(((uintptr_t)p | p->anchor_ids.off) % 64, 0);
	for (i = 0; i < p->entries.n; i++) {
		char rule[POL_FILL_RULE];
		uint32_t len = pol_fill_rule(rule, p, (uint32_t)i);

		CU_ASSERT(len != 0 && strlen(rule) == len);
	}
	CU_ASSERT_STRING_EQUAL(pol_str_at(p, ROWS(p, files, struct pol_str)[0]), "input.yaml");
	CU_ASSERT_STRING_EQUAL(pol_str_at(p, ROWS(p, names, struct pol_name)[p->name_parent].text), "parent");
	CU_ASSERT_STRING_EQUAL(pol_str_at(p, ROWS(p, names, struct pol_name)[p->name_inherit].text), "inherit");
	fixture_close(&f);
}

static void
a_type_knows_its_defaults(void)
{
	char buf[2048];
	struct fixture f;
	const struct pol_program *p;
	const struct pol_type *t;
	const struct pol_parent *up;
	const struct pol_attrdef *a;
	uint32_t i;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, text_of(buf)), 0);
	p = pol_code_program(f.code);
	t = &ROWS(p, types, struct pol_type)[0];
	CU_ASSERT_EQUAL(t->has_owner, 1);
	CU_ASSERT_EQUAL(t->default_inherit, POL_INHERIT_FALSE);
	CU_ASSERT_EQUAL_FATAL(t->default_parents.n, 2);
	up = POL_AT(p, t->default_parents.off);
	CU_ASSERT_EQUAL(up[0].type, 1);
	CU_ASSERT_STRING_EQUAL(pol_str_at(p, up[0].id), "a");
	CU_ASSERT_STRING_EQUAL(pol_str_at(p, up[1].id), "7");
	a = POL_AT(p, t->attrs.off);
	CU_ASSERT_EQUAL_FATAL(t->attrs.n, 5);
	for (i = 1; i < t->attrs.n; i++)
		CU_ASSERT(a[i - 1].name < a[i].name);
	for (i = 0; i < t->attrs.n; i++)
		CU_ASSERT_EQUAL(a[i].is_text, a[i].name == t->owner_name);
	CU_ASSERT_EQUAL(ROWS(p, paths, struct pol_path)[t->owner_path].flags, POL_PATH_IDENT);
	fixture_close(&f);
}

static void
impliers_come_itself_then_unlimited_then_the_rest(void)
{
	char buf[2048];
	struct fixture f;
	const struct pol_program *p;
	const struct pol_action *read;
	const uint32_t *who;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, text_of(buf)), 0);
	p = pol_code_program(f.code);
	read = pol_action_at(p, 1);
	CU_ASSERT_EQUAL_FATAL(read->impliers.n, 3);
	who = POL_AT(p, read->impliers.off);
	CU_ASSERT_EQUAL(who[0], 1);
	CU_ASSERT_EQUAL(who[1], 0);
	CU_ASSERT_EQUAL(who[2], 2);
	CU_ASSERT_EQUAL(pol_action_at(p, 2)->held.n, 2);
	CU_ASSERT_EQUAL(pol_action_at(p, 2)->asked.n, 1);
	CU_ASSERT_EQUAL(ROWS(p, terms, struct pol_term)[pol_action_at(p, 2)->asked.first].negate, 1);
	fixture_close(&f);
}

static const struct pol_anchor *
find_anchor(const struct pol_program *p, const char *id)
{
	uint64_t hash = pol_hash_join(ROWS(p, types, struct pol_type)[0].hash, pol_hash(id, strlen(id), p->seed));

	pol_anchor_prefetch_slot(p, hash);
	pol_anchor_prefetch(p, hash);
	return pol_anchor_find(p, hash, 0, id, strlen(id));
}

static void
entries_on_one_thing_are_found_by_it(void)
{
	char buf[2048];
	struct fixture f;
	const struct pol_program *p;
	const struct pol_anchor *a;
	const struct pol_item *item;
	const struct pol_row *row;
	char rule[POL_FILL_RULE];
	uint32_t n;

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, text_of(buf)), 0);
	p = pol_code_program(f.code);
	CU_ASSERT_EQUAL_FATAL(p->anchors.n, 2);
	CU_ASSERT_EQUAL(p->anchor_denies, 0);
	a = POL_AT(p, p->anchors.off);
	CU_ASSERT_EQUAL(a->type, 0);
	CU_ASSERT(a->len == 1 && memcmp(a + 1, "x\0\0\0", 4) == 0);
	item = pol_anchor_items(p, a, &n);
	CU_ASSERT_EQUAL_FATAL(n, 1);
	CU_ASSERT_EQUAL(item->role, 0);
	CU_ASSERT_EQUAL(item->acts, 2);
	CU_ASSERT_EQUAL(item->entry & ~POL_ITEM_NUMBER, 0);
	(void)pol_fill_rule(rule, p, item->entry);
	CU_ASSERT_STRING_EQUAL(rule, "two");
	CU_ASSERT(ROWS(p, entries, struct pol_entry)[item->entry].anchored);
	CU_ASSERT_PTR_EQUAL(find_anchor(p, "x"), a);
	a = (const struct pol_anchor *)(const void *)(item + 1);
	CU_ASSERT(a->len == 3 && memcmp(a + 1, "y*z", 4) == 0);
	CU_ASSERT_PTR_EQUAL(find_anchor(p, "y*z"), a);
	CU_ASSERT_PTR_NULL(find_anchor(p, "y\\*z"));
	/* read: role a by its entry, and its deny; role b by the star */
	row = POL_AT(p, pol_action_at(p, 1)->rows.off);
	CU_ASSERT_EQUAL_FATAL(pol_action_at(p, 1)->rows.n, 2);
	CU_ASSERT_EQUAL(row[0].n_allow, 1);
	CU_ASSERT_EQUAL(row[0].n_deny, 1);
	CU_ASSERT_EQUAL(row[1].n_allow, 1);
	CU_ASSERT_EQUAL(row[1].n_deny, 0);
	CU_ASSERT_EQUAL(pol_action_at(p, 1)->sig_deny, 1);
	fixture_close(&f);
}

/* One role with one condition; the program it becomes. */
static const struct pol_program *
condition(struct fixture *f, const char *key, const char *cond)
{
	char text[8192];

	snprintf(text, sizeof(text), "policy: 1\nactions: [go]\nroles: { r: { allow: { actions: go, %s: '%s' } } }\n",
	    key, cond);
	CU_ASSERT_EQUAL_FATAL(fixture_open(f, text), 0);
	return pol_code_program(f->code);
}

static void
conditions_are_cut_at_their_top(void)
{
	const struct pol_program *p;
	const struct pol_term *t;
	struct fixture f;

	p = condition(&f, "when", "subject.a and (subject.b and not subject.c) and (subject.d or subject.e)");
	t = ROWS(p, terms, struct pol_term);
	CU_ASSERT_EQUAL_FATAL(p->terms.n, 4);
	CU_ASSERT_STRING_EQUAL(pol_str_at(p, t[0].text), "subject.a");
	CU_ASSERT_STRING_EQUAL(pol_str_at(p, t[2].text), "not subject.c");
	CU_ASSERT_EQUAL(t[1].negate, 0);
	CU_ASSERT_EQUAL(t[0].column + 15, t[1].column);
	CU_ASSERT_EQUAL(t[0].line, 3);
	fixture_close(&f);
	p = condition(&f, "unless", "subject.a or (subject.b or subject.c) or subject.d and subject.e");
	t = ROWS(p, terms, struct pol_term);
	CU_ASSERT_EQUAL_FATAL(p->terms.n, 4);
	CU_ASSERT_EQUAL(t[3].negate, 1);
	CU_ASSERT_STRING_EQUAL(pol_str_at(p, t[3].text), "subject.d and subject.e");
	fixture_close(&f);
}

/* The most values that wait at once, if every push were reached. */
static uint32_t
depth_of(const struct pol_program *p)
{
	const struct pol_insn *in = ROWS(p, code, struct pol_insn);
	uint32_t i, depth = 0, most = 0;

	for (i = 0; i < p->code.n; i++) {
		if (in[i].op == POL_OP_PUSH && ++depth > most)
			most = depth;
		else if (in[i].op == POL_OP_AND || in[i].op == POL_OP_OR)
			depth--;
		if (in[i].op == POL_OP_JF || in[i].op == POL_OP_JT)
			CU_ASSERT(in[i].a > i && in[i].a <= p->code.n);
	}
	CU_ASSERT_EQUAL(depth, 0);
	return most;
}

static void
a_long_chain_pushes_one_value(void)
{
	const struct pol_program *p;
	struct fixture f;
	char cond[8000] = "not (subject.a";
	int i;

	for (i = 0; i < 400; i++)
		strcat(cond, " and subject.b");
	strcat(cond, ")");
	p = condition(&f, "when", cond);
	CU_ASSERT_EQUAL(p->terms.n, 1);
	CU_ASSERT_EQUAL(depth_of(p), 1);
	CU_ASSERT_EQUAL(p->paths.n, 2);
	fixture_close(&f);
	p = condition(&f, "when", "subject.a or (subject.b and (subject.c or (subject.d and subject.e)))");
	CU_ASSERT_EQUAL(depth_of(p), 4);
	fixture_close(&f);
}

static void
equal_code_and_literals_are_kept_once(void)
{
	const struct pol_program *p;
	struct fixture f;

	p = condition(&f, "when", "subject.a == \"x\" and (subject.b or subject.c) and subject.a == \"x\" and (subject.b or subject.c)");
	CU_ASSERT_EQUAL(p->terms.n, 4);
	CU_ASSERT_EQUAL(p->consts.n, 1);
	CU_ASSERT_EQUAL(ROWS(p, terms, struct pol_term)[0].pc, ROWS(p, terms, struct pol_term)[2].pc);
	CU_ASSERT_EQUAL(ROWS(p, terms, struct pol_term)[1].pc, ROWS(p, terms, struct pol_term)[3].pc);
	fixture_close(&f);
}

static void
literals_are_what_their_operator_needs(void)
{
	const struct pol_program *p;
	const struct pol_sval *v;
	struct fixture f;

	p = condition(&f, "when", "context.ip within [\"10.0.0.0/8\", \"::1\"] and \"10.1.1.1\" within context.nets and "
	    "context.time before \"2030-01-01T00:00:00.5Z\" and subject.n in [1, 2.5, true, \"10.0.0.0/8\"]");
	v = ROWS(p, consts, struct pol_sval);
	CU_ASSERT_EQUAL_FATAL(p->consts.n, 4);
	CU_ASSERT_EQUAL(v[0].type, POLICY_LIST);
	CU_ASSERT_EQUAL(((const struct pol_sval *)POL_AT(p, v[0].u.off))[1].type, POL_T_NET);
	CU_ASSERT_EQUAL(v[1].type, POL_T_IP);
	CU_ASSERT_EQUAL(v[2].type, POL_T_TIME);
	CU_ASSERT_EQUAL(v[2].u.i, 1893456000);
	CU_ASSERT_EQUAL(v[2].n, 500000000);
	CU_ASSERT_EQUAL(v[3].n, 4);
	CU_ASSERT_EQUAL(((const struct pol_sval *)POL_AT(p, v[3].u.off))[1].type, POLICY_DOUBLE);
	fixture_close(&f);
}

static void
a_template_is_pieces(void)
{
	const struct pol_program *p;
	const struct pol_tpiece *t;
	struct fixture f;

	p = condition(&f, "when", "resource.id like \"a\\*b*{subject.id}**/\\{x}*\"");
	t = ROWS(p, tpieces, struct pol_tpiece);
	CU_ASSERT_EQUAL_FATAL(p->tpieces.n, 4);
	CU_ASSERT_STRING_EQUAL(pol_str_at(p, t[0].text), "a*b");
	CU_ASSERT_EQUAL(t[0].star, 0);
	CU_ASSERT_EQUAL(t[1].star, 1);
	CU_ASSERT(t[1].path != 0);
	CU_ASSERT_STRING_EQUAL(pol_str_at(p, ROWS(p, paths, struct pol_path)[t[1].path - 1].text), "subject.id");
	CU_ASSERT_EQUAL(t[2].star, 2);
	CU_ASSERT_STRING_EQUAL(pol_str_at(p, t[2].text), "/{x}");
	CU_ASSERT_EQUAL(t[3].star, 1);
	CU_ASSERT_EQUAL(t[3].text.len, 0);
	fixture_close(&f);
}

static void
entries_on_very_many_actions_are_kept_once(void)
{
	struct fixture f;
	const struct pol_program *p;
	char *text = malloc(200000), *at = text;
	int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	at += sprintf(at, "policy: 1\nactions: [one");
	for (i = 0; i < 500; i++)
		at += sprintf(at, ", a:%d", i);
	at += sprintf(at, "]\nroles:\n");
	for (i = 0; i < 50; i++)
		at += sprintf(at, "  r%02d: { allow: ['a:*', one], deny: { actions: a:%d } }\n", i, i);
	sprintf(at, "users: { ann: { roles: r07 } }\n");
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, text), 0);
	p = pol_code_program(f.code);
	CU_ASSERT_EQUAL(p->wide.n, 50);
	CU_ASSERT_EQUAL(p->wide_sig_deny, 0);
	CU_ASSERT_EQUAL(p->items.n, 150);
	CU_ASSERT(p->bytes < 80000);
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "ann", "a:8", NULL, 0), "allow");
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "ann", "a:7", NULL, 0), "denied");
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "ann", "one", NULL, 0), "allow");
	fixture_close(&f);
	free(text);
}

/* 10,000,000 pairs of role and action are not laid out; 40 bytes are all an action costs. */
static void
a_star_in_every_role_costs_no_more_than_four_times_its_text(void)
{
	struct fixture f;
	struct pol_buf b;

	pol_buf_init(&b);
	pol_buf_printf(&b, "policy: 1\nactions: [a0");
	for (int i = 1; i < 10000; i++)
		pol_buf_printf(&b, ", a%d", i);
	pol_buf_printf(&b, "]\nroles:\n");
	for (int i = 0; i < 1000; i++)
		pol_buf_printf(&b, "  r%d: { allow: \"**\" }\n", i);
	pol_buf_printf(&b, "users: { ann: { roles: r7 } }\n");
	pol_buf_append(&b, "", 1);
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, b.data), 0);
	CU_ASSERT(pol_code_program(f.code)->bytes <= 4 * b.len);
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "ann", "a9999", NULL, 0), "allow");
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "bob", "a9999", NULL, 0), "no_rule");
	fixture_close(&f);
	pol_buf_fini(&b);
}

/* A million rules, each on a thing of its own: what one of them costs. */
static void
a_rule_on_one_thing_is_small(void)
{
	enum { N = 4096 };
	const struct pol_program *p;
	struct fixture f;
	struct pol_buf b;

	pol_buf_init(&b);
	pol_buf_printf(&b, "policy: 1\nresources: { x: {} }\nactions: { read: { resource: x } }\nroles:\n");
	for (int i = 0; i < N; i++)
		pol_buf_printf(&b, "  r_%d: { allow: { actions: read, resources: x/x_%d } }\n", i, i);
	pol_buf_append(&b, "", 1);
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, b.data), 0);
	p = pol_code_program(f.code);
	CU_ASSERT_EQUAL(p->anchors.n, N);
	CU_ASSERT_EQUAL(p->bodies.n, 1);
	CU_ASSERT(p->bytes < N * 80);
	fixture_close(&f);
	pol_buf_fini(&b);
}

/* By action, in the order of the actions' names: is the first item of its first row to be asked? */
static void
an_item_tells_whether_its_entry_must_be_asked(void)
{
	static const char set[] =
	    "policy: 1\nresources: { doc: }\n"
	    "actions: { a: , b: , c: { unless: context.x }, d: { when: context.x, implies: e }, e: , f: , g: { implies: h }, h: , i: , j: , k: }\n"
	    "everyone: { roles: r }\nroles:\n  r:\n"
	    "    allow: [ { actions: [a, d], id: a }, { actions: b, when: context.x }, c, { actions: f, resources: doc }, g ]\n"
	    "    deny: [ i, { actions: j, when: context.x }, { actions: k, resources: \"doc/*\" } ]\n";
	static const char *const want = "-\?\?\?\?\?---\?\?";
	const struct pol_program *p;
	struct fixture f;
	char got[16];

	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, set), 0);
	p = pol_code_program(f.code);
	for (uint32_t i = 0; i < 11; i++) {
		const struct pol_row *row = POL_AT(p, pol_action_at(p, i)->rows.off);

		got[i] = ROWS(p, items, uint32_t)[row->first] & POL_ITEM_ASK ? '?' : '-';
	}
	got[11] = '\0';
	CU_ASSERT_STRING_EQUAL(got, want);
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "ann", "e", NULL, 0), "no_rule");
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "ann", "h", NULL, 0), "allow");
	CU_ASSERT_STRING_EQUAL(fixture_ask(&f, "ann", "i", NULL, 0), "denied");
	fixture_close(&f);
}

/* No request has an id that long: it costs no record. */
static void
a_thing_nobody_can_name_is_not_kept(void)
{
	struct fixture f;
	struct pol_buf b;

	pol_buf_init(&b);
	pol_buf_printf(&b, "policy: 1\nresources: { doc: }\nactions: { read: }\nroles: { r: { allow: { actions: read, resources: [doc/a, doc/");
	for (int i = 0; i < 1025; i++)
		pol_buf_printf(&b, "b");
	pol_buf_printf(&b, "] } } }\n");
	pol_buf_append(&b, "", 1);
	CU_ASSERT_EQUAL_FATAL(fixture_open(&f, b.data), 0);
	CU_ASSERT_EQUAL(pol_code_program(f.code)->anchors.n, 1);
	fixture_close(&f);
	pol_buf_fini(&b);
}

static void
long_names_are_refused_by_name(void)
{
	char text[600] = "policy: 1\nactions: [go]\nroles: { ";
	struct pol_source source = { "input.yaml", text, 0, true };
	struct policy_limits limits = POLICY_LIMITS_INIT;
	struct pol_compile_options opt = { .limits = &limits };
	struct policy_error err = POLICY_ERROR_INIT;
	struct pol_code *code = NULL;
	struct ast_set *set;
	size_t n = strlen(text);
	int rc;

	memset(text + n, 'r', 256);
	strcpy(text + n + 256, ": {} }\n");
	source.len = strlen(text);
	rc = pol_set_read(&set, &source, 1, &opt, &err);
	if (rc == 0)
		rc = pol_code_emit(&code, set, &err);
	CU_ASSERT_EQUAL(rc, POLICY_ERR_LIMIT);
	CU_ASSERT_PTR_NULL(code);
	CU_ASSERT_EQUAL(err.line, 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "255"));
	pol_set_free(set);
}

CU_TestInfo suite_emit[] = {
	{ "two emits with one seed are equal bytes", two_emits_with_one_seed_are_equal_bytes },
	{ "names are found whatever the seed", names_are_found_whatever_the_seed },
	{ "tables are aligned and texts padded", tables_are_aligned_and_texts_padded },
	{ "a type knows its defaults", a_type_knows_its_defaults },
	{ "impliers come itself, then unlimited, then the rest", impliers_come_itself_then_unlimited_then_the_rest },
	{ "entries on one thing are found by it", entries_on_one_thing_are_found_by_it },
	{ "conditions are cut at their top", conditions_are_cut_at_their_top },
	{ "a long chain pushes one value", a_long_chain_pushes_one_value },
	{ "equal code and literals are kept once", equal_code_and_literals_are_kept_once },
	{ "literals are what their operator needs", literals_are_what_their_operator_needs },
	{ "a template is pieces", a_template_is_pieces },
	{ "entries on very many actions are kept once", entries_on_very_many_actions_are_kept_once },
	{ "a star in every role costs no more than four times its text", a_star_in_every_role_costs_no_more_than_four_times_its_text },
	{ "a rule on one thing is small", a_rule_on_one_thing_is_small },
	{ "an item tells whether its entry must be asked", an_item_tells_whether_its_entry_must_be_asked },
	{ "a thing nobody can name is not kept", a_thing_nobody_can_name_is_not_kept },
	{ "long names are refused by name", long_names_are_refused_by_name },
	CU_TEST_INFO_NULL
};
