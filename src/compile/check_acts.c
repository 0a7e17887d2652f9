/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `actions:` name. A thousand roles that say "**" share one list, and a text
 * is tried on the names once, however often it is written.
 */
#include "compile/check.h"

#include <stdlib.h>

#include "base/glob.h"

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Into names->pick, once each. */
static void
pick(struct pol_names *names, size_t *n, uint32_t action)
{
	if (names->mark[action] == names->stamp)
		return;
	names->mark[action] = names->stamp;
	names->pick[(*n)++] = action;
}

static int
picked(struct pol_acts **out, struct ast_set *set, struct pol_names *names, size_t n)
{
	struct pol_acts key = { .list = names->pick, .n = n }, *acts;
	struct policy_text a, b;
	void *old;

	qsort(names->pick, n, sizeof(*names->pick), by_number);
	names->acts.key(&key, &a, &b);
	*out = pol_index_get(&names->acts, a, b);
	if (*out != NULL)
		return 0;
	names->acts_sum += n;
	if (names->acts_sum > POL_CHECK_ACTS)
		return pol_set_limit(set, NULL, "the different lists of actions sum up to more than %u actions", POL_CHECK_ACTS);
	acts = POL_NEW(set, struct pol_acts);
	if (acts == NULL)
		return POLICY_ERR_NOMEM;
	acts->list = POL_NEW_ARRAY(set, n, uint32_t);
	if (acts->list == NULL)
		return POLICY_ERR_NOMEM;
	if (n > 0)
		memcpy(acts->list, names->pick, n * sizeof(*acts->list));
	acts->n = n;
	*out = acts;
	return pol_index_add(&old, &names->acts, acts) != 0 ? pol_set_nomem(set) : 0;
}

static int
nothing_matches(struct ast_set *set, const struct pol_names *names, const struct pol_node *n)
{
	struct policy_text t = pol_node_text(n);

	if (memchr(n->u.text, '*', n->count) != NULL)
		return pol_set_fail(set, n, "no action matches '%.*s'%s", POL_SHOW(n),
		    POL_TEXT_IS(t, "*") ? "; * does not cross a colon, ** does" : "");
	if (POL_TEXT_IS(t, "all"))
		return pol_set_fail(set, n, "unknown action 'all'; write \"**\" for every action");
	return pol_check_unknown(set, &names->actions, n, t, "unknown action");
}

static int
one_text(struct pol_acts **out, struct ast_set *set, struct pol_names *names, const struct pol_node *n)
{
	const struct pol_action_name *found;
	size_t i, count = 0;

	names->stamp++;
	if (memchr(n->u.text, '*', n->count) == NULL) {
		found = pol_check_get(&names->actions, pol_node_text(n));
		if (found == NULL)
			return nothing_matches(set, names, n);
		pick(names, &count, found->action->index);
		return picked(out, set, names, count);
	}
	for (i = 0; !pol_glob_ends_stray(n->u.text, n->count) && i < names->n_action_names; i++) {
		const struct pol_action_name *a = names->action_names[i];

		if (names->mark[a->action->index] != names->stamp &&
		    pol_glob_match(n->u.text, n->count, a->name->u.text, a->name->count, ':', NULL))
			pick(names, &count, a->action->index);
	}
	if (count == 0)
		return nothing_matches(set, names, n);
	return picked(out, set, names, count);
}

/* Remembers what a text stands for. */
static int
keep(struct ast_set *set, struct pol_names *names, struct policy_text text, struct pol_acts *acts)
{
	struct pol_acts_text *t = POL_NEW(set, struct pol_acts_text);
	void *old;

	if (t == NULL)
		return POLICY_ERR_NOMEM;
	t->text = text;
	t->acts = acts;
	return pol_index_add(&old, &names->acts_texts, t) != 0 ? pol_set_nomem(set) : 0;
}

static int
known_text(struct pol_acts **out, struct ast_set *set, struct pol_names *names, const struct pol_node *n)
{
	const struct pol_acts_text *t = pol_check_get(&names->acts_texts, pol_node_text(n));
	int rc;

	if (t != NULL) {
		*out = t->acts;
		return 0;
	}
	rc = one_text(out, set, names, n);
	return rc != 0 ? rc : keep(set, names, pol_node_text(n), *out);
}

static int
several(struct pol_acts **out, struct ast_set *set, struct pol_names *names, const struct ast_texts *texts)
{
	struct pol_acts *part;
	size_t i, j, count = 0;
	int rc;

	for (i = 0; i < texts->n; i++) {	/* first all globs: they use the marks themselves */
		rc = known_text(&part, set, names, &texts->list[i]);
		if (rc != 0)
			return rc;
	}
	names->stamp++;
	for (i = 0; i < texts->n; i++) {
		rc = known_text(&part, set, names, &texts->list[i]);
		for (j = 0; rc == 0 && j < part->n; j++)
			pick(names, &count, part->list[j]);
	}
	return picked(out, set, names, count);
}

int
pol_acts_init(struct ast_set *set, struct pol_names *names)
{
	size_t i, n = 0;

	names->mark = POL_NEW_ARRAY(set, set->actions.n, uint32_t);
	names->pick = POL_NEW_ARRAY(set, set->actions.n, uint32_t);
	names->type_mark = POL_NEW_ARRAY(set, set->types.n, uint32_t);
	names->reach = POL_NEW_ARRAY(set, set->actions.n, struct pol_acts *);
	if (names->mark == NULL || names->pick == NULL || names->type_mark == NULL || names->reach == NULL)
		return POLICY_ERR_NOMEM;
	names->stamp = 1;
	for (i = 0; i < set->actions.n; i++)
		pick(names, &n, (uint32_t)i);
	return picked(&names->all, set, names, n);
}

int
pol_acts_get(struct pol_acts **out, struct ast_set *set, struct pol_names *names, const struct ast_texts *texts)
{
	const struct pol_acts_text *known;
	struct policy_text text;
	size_t i;
	int rc;

	if (texts->n == 1)
		return known_text(out, set, names, &texts->list[0]);
	names->scratch.len = 0;
	for (i = 0; i < texts->n; i++) {
		(void)pol_buf_append(&names->scratch, texts->list[i].u.text, texts->list[i].count);
		(void)pol_buf_append(&names->scratch, "", 1);
	}
	if (names->scratch.failed)
		return pol_set_nomem(set);
	text.data = names->scratch.data;
	text.len = names->scratch.len;
	known = pol_check_get(&names->acts_texts, text);
	if (known != NULL) {
		*out = known->acts;
		return 0;
	}
	rc = several(out, set, names, texts);
	if (rc != 0)
		return rc;
	text.data = pol_arena_copy(&set->arena, text.data, text.len);
	return text.data == NULL ? pol_set_nomem(set) : keep(set, names, text, *out);
}
