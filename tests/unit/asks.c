/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts requests as policyctl's batch puts them, and says which row failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/arena.h"
#include "cli/request.h"
#include "core/fill.h"
#include "unit/asks.h"
#include "unit/unit.h"

static json_t *
members(const char *rest)
{
	struct pol_buf b;
	json_t *root;

	pol_buf_init(&b);
	pol_buf_printf(&b, "{%s}", rest != NULL ? rest : "");
	for (size_t i = 0; i < b.len; i++) {
		if (b.data[i] == '\'')
			b.data[i] = '"';
	}
	root = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (root == NULL)
		printf("asks: no JSON: %s\n", b.data);
	pol_buf_fini(&b);
	return root;
}

/* "TYPE:ID" or "ID"; "TYPE/ID" with '/': an object with the properties of root's `name`. */
static void
put_named(json_t *root, const char *name, const char *text, char parting)
{
	const char *at = text != NULL ? strchr(text, parting) : NULL;
	json_t *o = json_object(), *properties = json_object_get(root, name);

	json_object_set_new(o, "type", at != NULL ? json_stringn(text, (size_t)(at - text)) : json_string("user"));
	json_object_set_new(o, "id", json_string(at != NULL ? at + 1 : text != NULL ? text : ""));
	if (properties != NULL)
		json_object_set(o, "properties", properties);
	if (text != NULL)
		json_object_set(root, name, o);
	else
		json_object_del(root, name);
	json_decref(o);
}

static json_t *
request(const struct ask *a)
{
	json_t *root = members(a->rest), *o = json_object(), *actor;

	put_named(root, "subject", a->who, ':');
	put_named(root, "resource", a->thing, '/');
	json_object_set_new(o, "name", json_string(a->action));
	if (json_object_get(root, "action") != NULL)
		json_object_set(o, "properties", json_object_get(root, "action"));
	json_object_set_new(root, "action", o);
	actor = json_object_get(root, "actor");
	if (json_is_string(actor)) {
		char *text = strdup(json_string_value(actor));

		json_object_del(root, "actor");
		put_named(root, "actor", text, ':');
		free(text);
	}
	return root;
}

static int
decide(const struct fixture *f, const struct pol_ask *ask, struct pol_answer *a)
{
	struct policy_text text = policy_text(ask->now);
	struct pol_time now = { 0, 0 };
	const char *why = NULL;
	int rc = pol_request_sizes(&ask->req, &why);

	if (rc == 0 && ask->now != NULL)
		rc = pol_time_parse(&now, text.data, text.len);
	if (rc == 0)
		rc = pol_decide(&f->engine, &ask->req, now, ask->now != NULL ? &text : NULL, a, NULL, &why);
	return rc;
}

/* As the host reads it. */
static const char *
rule_of(const struct fixture *f, const struct pol_ask *ask, const struct pol_answer *a)
{
	static struct policy_decision out;

	pol_fill_answer(&out, &f->engine, &ask->req, a, 1);
	return out.rule;
}

const char *
asks_answer(const struct fixture *f, const struct ask *row, char *out, size_t size)
{
	json_t *root = request(row);
	struct pol_bump bump;
	struct pol_answer a;
	struct pol_ask ask;
	const char *why = NULL;
	const char *rule;
	int rc;

	memset(&bump, 0, sizeof(bump));
	rc = pol_request_make(&ask, root, &bump, &why);
	if (rc == 0)
		rc = decide(f, &ask, &a);
	if (rc != 0) {
		snprintf(out, size, "%s", rc == POLICY_ERR_LIMIT ? "limit" : "error");
	} else {
		rule = rule_of(f, &ask, &a);
		snprintf(out, size, "%s%s%s",
		    a.verdict == POLICY_ALLOW ? "allow" : policy_reason_name((int)a.reason),
		    rule[0] != '\0' ? " " : "", rule);
	}
	pol_bump_fini(&bump);
	json_decref(root);
	return out;
}

void
asks_check_open(const char *file, unsigned line, const struct fixture *f, const struct ask *rows, size_t n)
{
	char got[512], what[2048];

	for (size_t i = 0; i < n; i++) {
		const struct ask *a = &rows[i];
		size_t len = strlen(a->want);
		int ok;

		asks_answer(f, a, got, sizeof(got));
		ok = strcmp(got, a->want) == 0 || (strchr(a->want, ' ') == NULL &&
		    strncmp(got, a->want, len) == 0 && got[len] == ' ');
		snprintf(what, sizeof(what), "row %zu: %s %s %s {%s}: wanted %s, got %s", i, a->who != NULL ? a->who : "anonymous",
		    a->action, a->thing != NULL ? a->thing : "-", a->rest != NULL ? a->rest : "", a->want, got);
		CU_assertImplementation(ok, line, what, file, "", CU_FALSE);
	}
}

void
asks_check(const char *file, unsigned line, const char *set, const struct ask *rows, size_t n)
{
	struct fixture f;

	if (fixture_open(&f, set) == 0)
		asks_check_open(file, line, &f, rows, n);
	else
		CU_assertImplementation(CU_FALSE, line, "the set is refused", file, "", CU_FALSE);
	fixture_close(&f);
}

/* Action y<i> is allowed where row i is true; n<i> is allowed but where it is denied. */
static void
write_set(struct pol_buf *b, const char *head, const struct asks_cond *rows, size_t n)
{
	pol_buf_printf(b, "%s  tested:\n    allow:\n      - \"n*\"\n", head != NULL ? head : "policy: 1\nroles:\n");
	for (size_t i = 0; i < n; i++)
		pol_buf_printf(b, "      - { actions: y%zu, when: '%s' }\n", i, rows[i].cond);
	pol_buf_printf(b, "    deny:\n");
	for (size_t i = 0; i < n; i++)
		pol_buf_printf(b, "      - { actions: n%zu, when: '%s' }\n", i, rows[i].cond);
	pol_buf_printf(b, "everyone: { roles: tested }\nactions:\n");
	for (size_t i = 0; i < n; i++)
		pol_buf_printf(b, "  y%zu:\n  n%zu:\n", i, i);
	pol_buf_append(b, "", 1);
}

void
asks_check_conds(const char *file, unsigned line, const char *head, const char *who, const char *thing,
    const struct asks_cond *rows, size_t n)
{
	const char *no = who != NULL ? "no_rule" : "no_credential";
	char what[1600], yes[512], nay[512], name[2][32];
	struct fixture f;
	struct pol_buf b;

	pol_buf_init(&b);
	write_set(&b, head, rows, n);
	if (fixture_open(&f, b.data) != 0)
		CU_assertImplementation(CU_FALSE, line, "the set is refused", file, "", CU_FALSE);
	for (size_t i = 0; f.people != NULL && i < n; i++) {
		bool is_true = rows[i].want == 'T', is_false = rows[i].want == 'F';
		struct ask y = { is_true ? "allow" : no, who, name[0], thing, rows[i].rest };
		struct ask d = { is_true ? "denied" : is_false ? "allow" : "condition_error", who, name[1], thing, rows[i].rest };

		snprintf(name[0], sizeof(name[0]), "y%zu", i);
		snprintf(name[1], sizeof(name[1]), "n%zu", i);
		*strchrnul(asks_answer(&f, &y, yes, sizeof(yes)), ' ') = '\0';
		*strchrnul(asks_answer(&f, &d, nay, sizeof(nay)), ' ') = '\0';
		snprintf(what, sizeof(what), "row %zu: %.200s with %.200s: wanted %c, got %s and %s", i, rows[i].cond,
		    rows[i].rest != NULL ? rows[i].rest : "nothing", rows[i].want, yes, nay);
		CU_assertImplementation(strcmp(yes, y.want) == 0 && strcmp(nay, d.want) == 0, line, what, file, "", CU_FALSE);
	}
	fixture_close(&f);
	pol_buf_fini(&b);
}
