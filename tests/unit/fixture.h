/* SPDX-License-Identifier: Apache-2.0 */
/* A set from a text, for suites of rooms that need one: engine, people, requests. */
#ifndef POL_TESTS_FIXTURE_H
#define POL_TESTS_FIXTURE_H

#include "compile/compile.h"
#include "core/core.h"
#include "people/people.h"

struct fixture {
	struct ast_set *set;
	struct pol_code *code;
	struct pol_people_root *people;
	struct pol_engine engine;
};

/* Compiles `text` with its fixtures; 0, or the error with its sentence printed. */
int fixture_open(struct fixture *f, const char *text);
void fixture_close(struct fixture *f);

/* "alice", "read", "doc/1" (or NULL): the reason's name, "allow" for an allow. At
 * the time given, Unix seconds. */
const char *fixture_ask(const struct fixture *f, const char *subject, const char *action,
    const char *resource, int64_t now);

/*
 * A plain request both ways: the full one in *full, by a witness who sees nothing (a
 * refusal is a deny of reason error or limit); true: there is a quick one, in *quick.
 */
bool fixture_both(const struct fixture *f, const struct policy_request *req, int64_t now,
    struct pol_answer *full, struct pol_answer *quick);

/* May ann read doc/1? To be changed at will. */
struct policy_request fixture_request(void);
/* An attribute of a type, its value zero. */
struct policy_attr fixture_attr(const char *name, uint32_t type);

#endif
