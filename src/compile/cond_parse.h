/* SPDX-License-Identifier: Apache-2.0 */
/* The language of conditions: text into expressions. */
#ifndef POL_COMPILE_COND_PARSE_H
#define POL_COMPILE_COND_PARSE_H

#include "compile/set.h"

/* Tests that one condition may have. */
#define POL_COND_TESTS 1024
/* Names behind the root of a path. */
#define POL_COND_NAMES 32
/* Bytes of a pattern of like and matches. */
#define POL_COND_PATTERN 256

enum pol_token_kind { POL_TOKEN_END, POL_TOKEN_NUM, POL_TOKEN_STR, POL_TOKEN_OP, POL_TOKEN_WORD };

struct pol_token {
	enum pol_token_kind kind;
	const char *s;
	size_t len;
};

struct pol_lexer {
	struct ast_set *set;
	const struct pol_node *source;
	const char *text;
	size_t len, at;			/* len: without white space at the end */
	struct pol_token token;		/* the one that is next */
	size_t end;			/* where the last one taken ended */
};

/* parse_lex.c */
void pol_lex_init(struct pol_lexer *l, struct ast_set *set, const struct pol_node *source);
/* The next token into l->token. */
int pol_lex_next(struct pol_lexer *l);
/* A failure at byte `at` of the condition's text. */
int pol_lex_fail(const struct pol_lexer *l, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool pol_lex_is(const struct pol_token *t, enum pol_token_kind kind, const char *word);
/* [A-Za-z_][A-Za-z0-9_-]* joined by points, two at least, the first a root. */
bool pol_lex_is_path(const char *s, size_t len, enum pol_root *root, size_t *names);

/* cond_parse.c */
int pol_cond_parse(struct ast_expr **out, struct ast_set *set, const struct pol_node *source);
int pol_cond_path(struct pol_lexer *l, struct ast_path *out, const char *s, size_t len);

/* parse_cmp.c: what can be seen to be wrong with `a op b` without any request. `at`
 * and `right`: where the operator and the right side begin. */
int pol_cmp_check(struct pol_lexer *l, const struct ast_expr *e, size_t at, size_t right);
/* "==" and so on; -1: no operator. */
int pol_cmp_find(const struct pol_token *t);
const char *pol_cmp_name(enum pol_cmp cmp);

/*
 * The next piece of the right side of `like`, from *at: 1 and a path without its
 * braces, 2 and a stretch of glob, 0 at the end, -1 where a { begins no path.
 */
int pol_cmp_template(struct policy_text *piece, const char *s, size_t len, size_t *at);

#endif
