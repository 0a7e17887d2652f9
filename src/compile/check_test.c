/* SPDX-License-Identifier: Apache-2.0 */
/* Tests: what they say is because of something that can be said. */
#include "compile/check.h"

/* What a decision may give as its reason, of those that tests can bring about. */
static const char *const reasons[] = {
	"rule", "denied", "condition_error", "no_rule", "unknown_action", "unknown_resource",
	"insufficient_scope", "ceiling", "no_credential", "error",
};

static int
check_because(struct ast_set *set, const struct pol_names *names, const struct ast_test *t)
{
	struct pol_hint h;
	size_t i;

	if (t->because.data == NULL || pol_check_get(&names->ids, t->because) != NULL)
		return 0;
	pol_hint_init(&h, t->because);
	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (pol_bytes_equal(t->because.data, t->because.len, reasons[i], strlen(reasons[i])))
			return 0;
		pol_hint_offer(&h, policy_text(reasons[i]));
	}
	if (pol_hint_found(&h))
		return pol_set_fail(set, t->source, "because: '%.*s' is no reason and no entry id; did you mean '%.*s'?",
		    POL_SHOW_TEXT(t->because), POL_SHOW_TEXT(h.best));
	return pol_check_unknown(set, &names->ids, t->source, t->because, "because: no reason and no entry id is called");
}

int
pol_check_tests(struct ast_set *set, struct pol_names *names, struct pol_conds *conds)
{
	const struct pol_action_name *a;
	size_t i, j;
	int rc = 0;

	(void)conds;
	for (i = 0; rc == 0 && i < set->tests.n; i++) {
		const struct ast_test *t = set->tests.list[i];

		rc = check_because(set, names, t);
		for (j = 0; rc == 0 && j < t->n_lines; j++) {
			a = pol_check_get(&names->actions, t->lines[j].action);
			if (a != NULL && a->action->resource.n > 0 && !t->lines[j].has_resource)
				rc = pol_set_fail(set, t->lines[j].source, "'%.*s': this action needs TYPE/ID", POL_SHOW(t->lines[j].source));
		}
	}
	return rc;
}
