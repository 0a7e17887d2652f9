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

struct pol_code {
	struct pol_program *program;
	struct pol_regexes *regex;
};

/* Where the head keeps each table, and the size of its rows. Same order as enum emit_table. */
static const struct {
	size_t span, row;
} emit_spans[] = {
#define SPAN(member, type) { offsetof(struct pol_program, member), sizeof(type) }
	SPAN(files, struct pol_str), SPAN(types, struct pol_type), SPAN(actions, struct pol_action),
	SPAN(action_keys, struct pol_key), SPAN(roles, struct pol_role),
	SPAN(entries, struct pol_entry), SPAN(items, uint32_t), SPAN(wide, struct pol_row),
	SPAN(anchors, struct pol_anchor), SPAN(scopes, struct pol_scope),
	SPAN(kinds, struct pol_kind), SPAN(named, struct pol_named), SPAN(terms, struct pol_term),
	SPAN(code, struct pol_insn), SPAN(consts, struct pol_sval), SPAN(paths, struct pol_path),
	SPAN(path_names, uint32_t), SPAN(names, struct pol_name),
	SPAN(templates, struct pol_template), SPAN(tpieces, struct pol_tpiece),
#undef SPAN
};
_Static_assert(sizeof(emit_spans) / sizeof(*emit_spans) == EMIT_TABLES, "one row a table");

static int
init(struct pol_emit *e, const struct ast_set *set, uint64_t seed, struct policy_error *err)
{
	struct pol_dict *const dicts[] = { &e->names, &e->owners, &e->paths, &e->consts,
	    &e->code, &e->templates, &e->regexes, &e->sets, &e->set_ptrs };
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
	for (i = 0; i < EMIT_TABLES; i++)
		pol_buf_init(&e->table[i]);
	pol_emit_dict_init(&e->texts, &e->blob, seed, true);
	for (i = 0; i < sizeof(dicts) / sizeof(*dicts); i++)
		pol_emit_dict_init(dicts[i], &e->scratch, seed, false);
	if (pol_buf_append(&e->blob, NULL, sizeof(struct pol_program)) == SIZE_MAX)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	return pol_emit_text_rc(e, pol_regex_new(&e->regex));
}

static void
fini(struct pol_emit *e)
{
	struct pol_dict *const dicts[] = { &e->texts, &e->names, &e->owners, &e->paths, &e->consts,
	    &e->code, &e->templates, &e->regexes, &e->sets, &e->set_ptrs };
	size_t i;

	for (i = 0; i < sizeof(dicts) / sizeof(*dicts); i++)
		pol_emit_dict_fini(dicts[i]);
	for (i = 0; i < EMIT_TABLES; i++)
		pol_buf_fini(&e->table[i]);
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
		rc = pol_emit_anchor(e);
	if (rc == 0)
		rc = pol_emit_role(e);
	return rc;
}

/* The tables behind the texts, the head before them, zeros behind it all. */
static int
join(struct pol_emit *e)
{
	uint32_t pad;
	size_t i;
	int rc = 0;

	pol_emit_dict_fini(&e->texts);	/* its keys stay; its room is wanted */
	for (i = 0; rc == 0 && i < EMIT_TABLES; i++) {
		struct pol_span span = { 0, (uint32_t)(e->table[i].len / emit_spans[i].row) };

		rc = pol_emit_text_block(e, e->table[i].data, e->table[i].len, 8, &span.off);
		memcpy((char *)&e->head + emit_spans[i].span, &span, sizeof(span));
		pol_buf_fini(&e->table[i]);
	}
	if (rc == 0)
		rc = pol_emit_text_block(e, NULL, EMIT_PAD, 1, &pad);
	if (rc == 0 && pol_buf_align(&e->blob, 8) != 0)
		rc = pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	if (rc != 0)
		return rc;
	e->head.bytes = e->blob.len;
	memcpy(e->blob.data, &e->head, sizeof(e->head));
	return 0;
}

static int
finish(struct pol_emit *e, struct pol_code **out)
{
	struct pol_code *code = malloc(sizeof(*code));
	char *data;

	if (code == NULL)
		return pol_emit_text_rc(e, POLICY_ERR_NOMEM);
	data = realloc(e->blob.data, e->blob.len);	/* the buffer's spare room */
	code->program = (struct pol_program *)(void *)(data != NULL ? data : e->blob.data);
	code->regex = e->regex;
	e->regex = NULL;
	pol_buf_init(&e->blob);
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
		rc = pol_emit_table(&e, fixed);
	if (rc == 0)
		rc = join(&e);
	if (rc == 0)
		rc = finish(&e, out);
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
}
