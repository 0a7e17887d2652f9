/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the dump: text that is written, and what sorts it. */
#ifndef POL_COMPILE_DUMP_H
#define POL_COMPILE_DUMP_H

#include <stdbool.h>

#include "base/arena.h"
#include "compile/ast.h"
#include "compile/compile.h"

struct pol_dump {
	const struct ast_set *set;
	struct pol_buf *out;
	struct pol_arena arena;
	bool failed;			/* memory was out */
};

/* Pieces of text that are written in the order of their bytes. */
struct pol_dump_pieces {
	struct pol_buf text;
	struct pol_buf ends;		/* size_t */
};

/* dump_text.c */
/* A scalar that reads back as these bytes and as no number, boolean or null. */
void pol_dump_text(struct pol_buf *out, const char *s, size_t len);
/* A value as YAML had it: what was typed by being plain stays plain. */
void pol_dump_node(struct pol_dump *d, struct pol_buf *out, const struct pol_node *n);
void pol_dump_cond(struct pol_buf *out, const struct pol_node *n);
void pol_dump_indent(struct pol_buf *out, unsigned depth);
/* "key: [a, b]" and the end of the line, sorted; nothing where there is none. */
void pol_dump_texts(struct pol_dump *d, struct pol_buf *out, unsigned depth,
    const char *key, const struct ast_texts *t);
void pol_dump_line(struct pol_buf *out, unsigned depth, const char *key, const struct pol_node *n);
/* when: and unless: */
void pol_dump_conds(struct pol_dump *d, struct pol_buf *out, unsigned depth, const struct ast_conds *c);

/* dump_sort.c */
void pol_dump_pieces_init(struct pol_dump_pieces *p);
/* What was written to p->text since the last call is one piece. */
void pol_dump_pieces_end(struct pol_dump_pieces *p);
/* Appends them, sorted, equal ones once where `unique`, `between` between two. */
void pol_dump_pieces_fini(struct pol_dump *d, struct pol_dump_pieces *p, struct pol_buf *out,
    bool unique, const char *between);

/* dump_decl.c, dump_role.c, dump_people.c, dump_route.c, dump_step.c */
void pol_dump_modules(struct pol_dump *d);
void pol_dump_routes(struct pol_dump *d);
void pol_dump_store(struct pol_dump *d);
void pol_dump_audit(struct pol_dump *d);
void pol_dump_tokens(struct pol_dump *d);
void pol_dump_resources(struct pol_dump *d);
void pol_dump_actions(struct pol_dump *d);
void pol_dump_conditions(struct pol_dump *d);
void pol_dump_roles(struct pol_dump *d);
void pol_dump_scopes(struct pol_dump *d);
void pol_dump_credentials(struct pol_dump *d);
void pol_dump_people(struct pol_dump *d, bool fixtures);
void pol_dump_everyone(struct pol_dump *d, bool authenticated);

#endif
