/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resolved set into one flat program: read-only, without a pointer, the same
 * bytes for the same set and seed. Must never decide what a name stands for: that
 * is check's business, and done.
 */
#include "compile/emit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "core/route.h"

struct pol_code {
	struct pol_program *program;
	struct pol_regexes *regex;
};

/* Where the head keeps each table, and the size of its rows. Same order as enum emit_table. */
static const struct {
	size_t span, row;
} emit_spans[] = {
#define SPAN(member, type) { offsetof(struct pol_program, member), sizeof(type) }
	SPAN(files, struct pol_str), SPAN(types, struct pol_type), SPAN(action_keys, uint32_t),
	SPAN(aliases, uint32_t), SPAN(actions, uint32_t), SPAN(action_rows, struct pol_action),
	SPAN(roles, struct pol_role), SPAN(entries, struct pol_entry), SPAN(bodies, struct pol_body),
	SPAN(items, uint32_t), SPAN(wide, struct pol_row), SPAN(scopes, struct pol_scope),
	SPAN(kinds, struct pol_kind), SPAN(named, struct pol_named), SPAN(terms, struct pol_term),
	SPAN(code, struct pol_insn), SPAN(consts, struct pol_sval), SPAN(paths, struct pol_path),
	SPAN(path_names, uint32_t), SPAN(names, struct pol_name),
	SPAN(templates, struct pol_template), SPAN(tpieces, struct pol_tpiece),
	SPAN(route_sets, struct pol_route_set), SPAN(route_states, struct pol_route_state),
	SPAN(route_edges, struct pol_route_edge), SPAN(route_words, struct pol_str),
	SPAN(route_candidates, uint32_t), SPAN(routes, struct pol_route),
#undef SPAN
};
_Static_assert(sizeof(emit_spans) / sizeof(*emit_spans) == EMIT_TABLES, "one row a table");

static int
init(struct pol_emit *e, const struct ast_set *set, uint64_t seed, struct policy_error *err)
{
	struct pol_dict *const dicts[] = { &e->names, &e->owners, &e->paths, &e->consts,
	    &e->code, &e->templates, &e->regexes, &e->sets, &e->set_ptrs, &e->action_rows };
	size_t i;

	memset(e, 0, sizeof(*e));
	e->set = set;
	e->err = err;
	e->head.magic = POL_PROGRAM_MAGIC;
	e->head.seed = seed;
	e->head.has_types = set->types.n != 0;
	e->head.has_credentials = set->has_credentials;
	pol_arena_init(&e->arena);
	pol_buf_init(&e->blob);
	pol_buf_init(&e->scratch);
	pol_buf_init(&e->acts);
	pol_buf_init(&e->tmp);
	pol_buf_init(&e->run);
	pol_buf_init(&e->things);
	pol_buf_init(&e->pairs);
	for (i = 0; i < EMIT_TABLES; i++)
		pol_buf_init(&e->table[i]);
	pol_emit_dict_init(&e->texts, &e->blob, seed, true);
	for (i = 0; i < sizeof(dicts) / sizeof(*dicts); i++)
		pol_emit_dict_init(dicts[i], &e->scratch, seed, false);
	if (pol_buf_append(&e->blob, NULL, sizeof(struct pol_program)) == SIZE_MAX)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	if (pol_emit_anchor_hash(e, seed) != 0)
		return POLICY_ERR_NOMEM;
	return pol_emit_text_rc(e, pol_regex_new(&e->regex));
}

static void
fini(struct pol_emit *e)
{
	struct pol_dict *const dicts[] = { &e->texts, &e->names, &e->owners, &e->paths, &e->consts,
	    &e->code, &e->templates, &e->regexes, &e->sets, &e->set_ptrs, &e->action_rows };
	size_t i;

	for (i = 0; i < sizeof(dicts) / sizeof(*dicts); i++)
		pol_emit_dict_fini(dicts[i]);
	for (i = 0; i < EMIT_TABLES; i++)
		pol_buf_fini(&e->table[i]);
	free(e->slots);
	pol_buf_fini(&e->pairs);
	pol_buf_fini(&e->things);
	pol_buf_fini(&e->run);
	pol_buf_fini(&e->tmp);
	pol_buf_fini(&e->acts);
	pol_buf_fini(&e->scratch);
	pol_buf_fini(&e->blob);
	pol_arena_fini(&e->arena);
	pol_regex_free(e->regex);
}

static int
emit_files(struct pol_emit *e)
{
	struct pol_str row;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < e->set->n_files; i++) {
		size_t len = strlen(e->set->files[i]);

		if (len > POL_MAX_FILE)
			return pol_emit_text_fail(e, NULL, POLICY_ERR_LIMIT,
			    "the name of a file has %zu bytes; at most %d are wanted", len, POL_MAX_FILE);
		rc = pol_emit_text(e, e->set->files[i], len, &row);
		if (rc == 0)
			rc = pol_emit_text_row(e, EMIT_FILES, &row, sizeof(row), NULL);
	}
	return rc;
}

static int
emit_all(struct pol_emit *e)
{
	int rc = pol_emit_path_name(e, "parent", 6, &e->head.name_parent);

	if (rc == 0)
		rc = pol_emit_path_name(e, "inherit", 7, &e->head.name_inherit);
	if (rc == 0)
		rc = emit_files(e);
	if (rc == 0)
		rc = pol_emit_path_owners(e);
	if (rc == 0)
		rc = pol_emit_type(e);
	if (rc == 0)
		rc = pol_emit_cond_named(e);
	if (rc == 0)
		rc = pol_emit_action(e);
	if (rc == 0)
		rc = pol_emit_entry(e);
	if (rc == 0)
		rc = pol_emit_row(e);
	if (rc == 0)
		rc = pol_emit_role(e);
	if (rc == 0)
		rc = pol_emit_route(e);
	return rc;
}

static uint64_t
align8(uint64_t at)
{
	return (at + 7) & ~(uint64_t)7;
}

/* Where all will be: texts behind the head, tables, anchors, slots, zeros. */
static int
lay_out(struct pol_emit *e)
{
	uint64_t at = align8(e->blob.len);
	size_t i;

	for (i = 0; i < EMIT_TABLES; i++) {
		struct pol_span span = { (uint32_t)at, (uint32_t)(e->table[i].len / emit_spans[i].row) };

		/* the last row of these is where the names end */
		if (i == EMIT_KEYS || i == EMIT_ROLES)
			span.n--;
		memcpy((char *)&e->head + emit_spans[i].span, &span, sizeof(span));
		at = align8(at + e->table[i].len);
	}
	e->head.anchors.off = (uint32_t)at;
	at = (at + pol_emit_anchor_size(e) + POL_LINE - 1) & ~(uint64_t)(POL_LINE - 1);
	e->head.anchor_ids.off = (uint32_t)at;
	e->head.anchor_ids.mask = e->slots != NULL ? e->slots_mask : 1;
	at += ((uint64_t)e->head.anchor_ids.mask + 1) * sizeof(uint64_t);
	at = pol_emit_table_layout(e, at);
	e->head.bytes = align8(at + EMIT_PAD);
	return e->head.bytes > UINT32_MAX ? pol_emit_text_rc(e, POLICY_ERR_LIMIT) : 0;
}

/* What is behind one part and before the next is zero. */
static void
put_part(struct pol_program *p, uint64_t off, struct pol_buf *b, uint64_t next)
{
	if (b->len != 0)
		memcpy((char *)p + off, b->data, b->len);
	memset((char *)p + off + b->len, 0, next - off - b->len);
	pol_buf_fini(b);
}

/* Each part is freed where it was as soon as it is here. */
static void
join(struct pol_emit *e, struct pol_program *p)
{
	struct pol_span span = { 0, 0 }, next;
	uint64_t at;
	size_t i;

	for (i = 0; i < EMIT_TABLES; i++) {
		memcpy(&next, (char *)&e->head + emit_spans[i].span, sizeof(next));
		put_part(p, span.off, i == 0 ? &e->blob : &e->table[i - 1], next.off);
		span = next;
	}
	put_part(p, span.off, &e->table[i - 1], e->head.anchors.off);
	memcpy(p, &e->head, sizeof(e->head));
	at = e->head.anchors.off + pol_emit_anchor_size(e);
	memset((char *)p + at, 0, e->head.anchor_ids.off - at);
	memset((char *)p + e->head.bytes - EMIT_PAD - 8, 0, EMIT_PAD + 8);
}

static int
finish(struct pol_emit *e, bool fixed, struct pol_code **out)
{
	struct pol_code *code = malloc(sizeof(*code));
	int rc = lay_out(e);

	if (code == NULL)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	code->program = rc == 0 ? pol_arena_pages(e->head.bytes) : NULL;
	if (rc == 0 && code->program == NULL)
		rc = pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	if (rc == 0) {
		pol_emit_dict_fini(&e->texts);	/* its room is wanted */
		join(e, code->program);
		rc = pol_emit_table(e, code->program, fixed);
	}
	if (rc != 0) {
		free(code->program);
		free(code);
		return rc;
	}
	pol_emit_anchor_place(e, code->program);
	code->regex = e->regex;
	e->regex = NULL;
	*out = code;
	return 0;
}

static int
emit(struct pol_code **out, const struct ast_set *set, uint64_t seed, bool fixed,
    struct policy_error *err)
{
	struct pol_emit e;
	int rc = init(&e, set, seed, err);

	*out = NULL;
	if (rc == 0)
		rc = emit_all(&e);
	if (rc == 0)
		rc = finish(&e, fixed, out);
	fini(&e);
	return rc;
}

int
pol_code_emit(struct pol_code **out, const struct ast_set *set, struct policy_error *err)
{
	uint64_t seed;
	int rc = pol_hash_seed(&seed);

	*out = NULL;
	if (rc != 0)
		return pol_err_set(err, rc, NULL, 0, 0, "no random bytes from the kernel");
	return emit(out, set, seed, false, err);
}

int
pol_emit_seeded(struct pol_code **out, const struct ast_set *set, uint64_t seed,
    struct policy_error *err)
{
	return emit(out, set, seed, true, err);
}

void
pol_code_free(struct pol_code *code)
{
	if (code == NULL)
		return;
	pol_regex_free(code->regex);
	free(code->program);
	free(code);
}

const struct pol_program *
pol_code_program(const struct pol_code *code)
{
	return code->program;
}

void
pol_code_engine(const struct pol_code *code, struct pol_engine *out)
{
	out->program = code->program;
	out->regex = pol_regex_match;
	out->regex_ctx = code->regex;
	out->people = NULL;
	out->quick_types = 0;
}
