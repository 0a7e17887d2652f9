/* SPDX-License-Identifier: Apache-2.0 */
/* What compile/ offers the rooms above: texts in, an engine out. */
#ifndef POL_COMPILE_COMPILE_H
#define POL_COMPILE_COMPILE_H

#include <policy.h>

#include "compile/ast.h"
#include "core/core.h"
#include "people/people.h"

struct pol_source {
	const char *name;		/* shown in messages; valid while compiling */
	const char *text;
	size_t len;
	bool engine_ok;			/* engine sections may stand here: the file named as
					 * the set, or policy.yaml of the directory */
};

#define POL_SET_WORK 2u

struct pol_compile_options {
	const struct policy_limits *limits;	/* never NULL; 0 members are the defaults */
	void (*warning)(void *ctx, const char *file, uint32_t line, uint32_t column, const char *text);
	void *warning_ctx;
	/* Of POL_SET_WORK times the bytes of all texts, reading does the first bytes, the
	 * check a quarter of as many; the rest is for who emits. */
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *progress_ctx;
	bool slowly;			/* by libyaml alone: for who compares */
};

/*
 * Reads, checks and resolves: a set whose every name stands for something, or a
 * failure in err. Sources are taken in the order of their names. The set must be
 * freed with pol_set_free, whatever is returned, when *out is not NULL.
 */
int pol_set_read(struct ast_set **out, const struct pol_source *sources, size_t n,
    const struct pol_compile_options *opt, struct policy_error *err);
void pol_set_free(struct ast_set *set);

/* The program and its regexes: freed with pol_code_free. Independent of the set. */
struct pol_code;
int pol_code_emit(struct pol_code **out, const struct ast_set *set, struct policy_error *err);
void pol_code_free(struct pol_code *code);
const struct pol_program *pol_code_program(const struct pol_code *code);
/* Fills program, regex and regex_ctx; people is the caller's. */
void pol_code_engine(const struct pol_code *code, struct pol_engine *out);

/* Feeds the people of the set to a builder for its program, others may feed it too. */
int pol_set_feed(struct pol_builder *b, const struct ast_set *set, bool fixtures, struct policy_error *err);
/* The same, and makes them; for who has nobody else. Without or with its fixtures. */
int pol_set_people(struct pol_people_root **out, const struct ast_set *set,
    const struct pol_program *program, bool fixtures, struct policy_error *err);

/* The set in one stable form; see policy_set_dump(). Appends to out. */
int pol_set_dump(const struct ast_set *set, struct pol_buf *out);

#endif
