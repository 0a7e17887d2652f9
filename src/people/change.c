/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single changes: a successor of people that shares all that did not change. A
 * change is prepared whole before its predecessor is touched; when memory is out
 * halfway, what was made is freed and nothing has happened.
 */
#include <stdlib.h>

#include "base/glob.h"
#include "people/impl.h"

#define MAX_PAIRS 16			/* of role and holder in one change */

int
pol_change_made(struct pol_change *c, void *p)
{
	if (p == NULL)
		return POLICY_ERR_NOMEM;
	if (c->n_made == sizeof(c->made) / sizeof(c->made[0])) {
		free(p);
		return POLICY_ERR_LIMIT;
	}
	c->made[c->n_made++] = p;
	return 0;
}

/* What was made in this same change and is replaced again is freed at once. */
void
pol_change_dead(struct pol_change *c, const void *p)
{
	for (size_t i = 0; i < c->n_made; i++) {
		if (c->made[i] == p) {
			c->made[i] = c->made[--c->n_made];
			free((void *)(uintptr_t)p);
			return;
		}
	}
	/* MAX_PAIRS keeps it from ever being full: at most four a pair */
	if (p != NULL && c->n_dead < sizeof(c->dead) / sizeof(c->dead[0]))
		c->dead[c->n_dead++] = (void *)(uintptr_t)p;
}

static int
begin(struct pol_change *c, struct pol_people_root *from)
{
	memset(c, 0, sizeof(*c));
	if (from->has_successor)
		return POLICY_ERR_ARG;
	c->from = from;
	c->to = malloc(sizeof(*c->to));
	if (c->to == NULL)
		return POLICY_ERR_NOMEM;
	*c->to = *from;
	c->to->garbage = NULL;
	c->to->n_garbage = 0;
	c->to->view.version++;
	return 0;
}

static void
undo(struct pol_change *c)
{
	for (size_t i = 0; i < c->n_made; i++)
		free(c->made[i]);
	free(c->to);
}

static int
commit(struct pol_change *c, struct pol_people_root **out)
{
	void **garbage = malloc((c->n_dead + 1) * sizeof(*garbage));

	if (garbage == NULL)
		return POLICY_ERR_NOMEM;
	memcpy(garbage, c->dead, c->n_dead * sizeof(*garbage));
	c->from->garbage = garbage;
	c->from->n_garbage = c->n_dead;
	c->from->has_successor = true;
	*out = c->to;
	return 0;
}

void
pol_people_retire(struct pol_people_root *root)
{
	if (root == NULL)
		return;
	for (size_t i = 0; i < root->n_garbage; i++)
		free(root->garbage[i]);
	free(root->garbage);
	free(root);
}

static const struct pol_holder *
find_who(const struct pol_people *w, const struct pol_who *who)
{
	return pol_find_holder(w, pol_who_hash(w->seed, who), who->type.data, who->type.len, who->name.data, who->name.len);
}

/* The number of a holder; a subject that nobody named before gets a record. */
static int
holder_id(struct pol_change *c, const struct pol_who *who, bool make, uint32_t *id)
{
	const struct pol_holder *h;

	if (!pol_who_is_valid(who, true))
		return POLICY_ERR_ARG;
	if (who->type.len == 0) {
		*id = pol_bytes_equal(who->name.data, who->name.len, "everyone", 8) ?
		    POL_HOLDER_EVERYONE : POL_HOLDER_AUTHENTICATED;
		return 0;
	}
	h = find_who(&c->to->view, who);
	if (h != NULL) {
		*id = h->id;
		return 0;
	}
	if (!make || pol_who_is_group(who))
		return POLICY_ERR_NOENT;
	return pol_edit_new_holder(c, who, id);
}

static int
on_type(struct pol_change *c, uint32_t type, const struct pol_grant_parts *g, bool add)
{
	struct pol_people *w = &c->to->view;
	const struct pol_type_grants **by_type = calloc(w->n_types + 1, sizeof(*by_type));
	int rc = pol_change_made(c, (void *)by_type);

	if (rc != 0)
		return rc;
	memcpy((void *)by_type, (const void *)w->by_type, w->n_types * sizeof(*by_type));
	rc = pol_edit_block(c, by_type[type], g, add, &by_type[type]);
	if (rc != 0)
		return rc;
	pol_change_dead(c, w->by_type);
	w->by_type = by_type;
	return 0;
}

static int
one(struct pol_change *c, const struct pol_program *program, const struct pol_grant_fact *f,
    const struct pol_who *who, uint32_t role, bool add)
{
	bool many = who->type.len == 0 || pol_who_is_group(who);
	struct pol_grant_parts g;
	struct pol_window window;
	int rc;

	memset(&g, 0, sizeof(g));
	g.role = role;
	g.window = pol_window_of(f, &window);
	if (g.window != NULL)
		c->to->view.has_windows = 1;
	rc = holder_id(c, who, add, &g.holder);
	if (rc != 0)
		return rc;
	if (!f->has_resource) {
		if (!many)
			return pol_edit_holder(c, program, find_who(&c->to->view, who), &g, add);
		/* it would change the roles of each member: that is a new building of people */
		if (g.window == NULL)
			return POLICY_ERR_UNSUPPORTED;
		return pol_edit_block(c, c->to->view.anywhere, &g, add, &c->to->view.anywhere);
	}
	if (f->glob.data == NULL)
		return on_type(c, f->type, &g, add);
	if (pol_glob_has_star(f->glob.data, f->glob.len)) {
		struct pol_glob_piece pieces[POL_GLOB_MAX_PIECES];
		size_t n;

		if (pol_glob_parse(f->glob.data, f->glob.len, pieces, &n) != 0)
			return POLICY_ERR_LIMIT;
		g.glob = f->glob;
		return on_type(c, f->type, &g, add);
	}
	{
		char *id = malloc(f->glob.len + 1);
		struct policy_text t = { id, 0 };

		if (id == NULL)
			return POLICY_ERR_NOMEM;
		t.len = pol_glob_unescape(f->glob.data, f->glob.len, id);
		rc = pol_edit_thing(c, program, f->type, t, &g, add);
		free(id);
		return rc;
	}
}

static int
change(struct pol_people_root *from, const struct pol_program *program,
    const struct pol_grant_fact *f, bool add, struct pol_people_root **out)
{
	struct pol_change c;
	int rc;

	*out = NULL;
	if (f->n_to > MAX_PAIRS || f->n_roles > MAX_PAIRS || f->n_to * f->n_roles > MAX_PAIRS)
		return POLICY_ERR_LIMIT;
	rc = begin(&c, from);
	if (rc != 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < f->n_to; i++) {
		for (size_t k = 0; rc == 0 && k < f->n_roles; k++)
			rc = one(&c, program, f, &f->to[i], f->roles[k], add);
	}
	if (rc == 0)
		rc = commit(&c, out);
	if (rc != 0)
		undo(&c);
	return rc;
}

int
pol_people_add_grant(struct pol_people_root *from, const struct pol_program *program,
    const struct pol_grant_fact *f, struct pol_people_root **out)
{
	return change(from, program, f, true, out);
}

int
pol_people_remove_grant(struct pol_people_root *from, const struct pol_program *program,
    const struct pol_grant_fact *f, struct pol_people_root **out)
{
	return change(from, program, f, false, out);
}
