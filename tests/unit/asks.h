/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of requests and of conditions, each row with what the language says of it.
 * In JSON an apostrophe stands for a quotation mark. */
#ifndef POL_TESTS_ASKS_H
#define POL_TESTS_ASKS_H

#include "unit/fixture.h"

/*
 * want: a reason's name ("allow" for an allow, "error" for a refused request,
 * "limit"), and behind a blank, where it matters, the rule that must be named.
 * who: as in fixture_ask(), NULL is anonymous. rest: members of a JSON object, or
 * NULL: subject, resource, action are properties of those; context, token, groups,
 * actor ("TYPE:ID" or an object), now are as in a line of a batch.
 */
struct ask {
	const char *want, *who, *action, *thing, *rest;
};

/* T, F or E (unknown): the value of a condition. */
struct asks_cond {
	char want;
	const char *cond, *rest;
};

/* The answer as "REASON RULE", or "REASON" where no rule is named. */
const char *asks_answer(const struct fixture *f, const struct ask *a, char *out, size_t size);
void asks_check(const char *file, unsigned line, const char *set, const struct ask *rows, size_t n);
void asks_check_open(const char *file, unsigned line, const struct fixture *f, const struct ask *rows, size_t n);
void asks_check_conds(const char *file, unsigned line, const char *head, const char *who, const char *thing,
    const struct asks_cond *rows, size_t n);

#define ASKS_N(rows) (sizeof(rows) / sizeof((rows)[0]))
/* Opens the set, asks every row. */
#define ASKS(set, rows) asks_check(__FILE__, __LINE__, set, rows, ASKS_N(rows))
#define ASKS_OPEN(f, rows) asks_check_open(__FILE__, __LINE__, f, rows, ASKS_N(rows))
/* head: a set that ends in its section `roles:`, without actions and everyone; NULL
 * is the plain one. Each condition is the `when` of an allow and of a deny. */
#define ASKS_CONDS(head, who, thing, rows) \
	asks_check_conds(__FILE__, __LINE__, head, who, thing, rows, ASKS_N(rows))

#endif
