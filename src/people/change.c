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

#define GONE ((void *)(uintptr_t)1)	/* in `made`: what was here is free again */

static size_t
made_at(const struct pol_change *c, const void *p)
{
	size_t k = (size_t)(((uintptr_t)p >> 4) * (uintptr_t)0x9e3779b97f4a7c15u >> 20) & (c->cap_made - 1);

	while (c->made[k] != NULL && c->made[k] != p)
		k = (k + 1) & (c->cap_made - 1);
	return k;
}

bool
pol_change_is_made(const struct pol_change *c, const void *p)
{
	return c->cap_made != 0 && c->made[made_at(c, p)] != NULL;
}

/* Room for one more, at most half full. */
static int
grow_made(struct pol_change *c)
{
	struct pol_change old = *c;

	if (c->n_made * 2 < c->cap_made)
		return 0;
	c->cap_made = old.cap_made == 0 ? 64 : old.cap_made * 2;
	c->made = calloc(c->cap_made, sizeof(*c->made));
	if (c->made == NULL) {
		*c = old;
		return POLICY_ERR_NOMEM;
	}
	c->n_made = 0;
	for (size_t i = 0; i < old.cap_made; i++) {
		if (old.made[i] != NULL && old.made[i] != GONE) {
			c->made[made_at(c, old.made[i])] = old.made[i];
			c->n_made++;
		}
	}
	free(old.made);
	return 0;
}

int
pol_change_made(struct pol_change *c, void *p)
{
	if (p == NULL)
		return POLICY_ERR_NOMEM;
	if (grow_made(c) != 0) {
		free(p);
		return POLICY_ERR_NOMEM;
	}
	c->made[made_at(c, p)] = p;
	c->n_made++;
	return 0;
}

/* What was made in this same change and is replaced again is freed at once. */
void
pol_change_dead(struct pol_change *c, const void *p)
{
	if (p == NULL)
		return;
	if (pol_change_is_made(c, p)) {
		c->made[made_at(c, p)] = GONE;
		free((void *)(uintptr_t)p);
		return;
	}
	if (c->n_dead == c->cap_dead) {
		size_t cap = c->cap_dead == 0 ? 32 : c->cap_dead * 2;
		void **dead = realloc(c->dead, cap * sizeof(*dead));

		if (dead == NULL) {
			c->failed = true;
			return;
		}
		c->dead = dead;
		c->cap_dead = cap;
	}
	c->dead[c->n_dead++] = (void *)(uintptr_t)p;
}

int
pol_change_begin(struct pol_change *c, struct pol_people_root *from)
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

int
pol_change_end(struct pol_change *c, int rc, struct pol_people_root **out)
{
	if (rc == 0 && c->failed)
		rc = POLICY_ERR_NOMEM;
	if (rc == 0) {			/* what is dead is its predecessor's to free */
		c->from->garbage = c->dead;
		c->from->n_garbage = c->n_dead;
		c->from->has_successor = true;
		*out = c->to;
	} else {
		for (size_t i = 0; i < c->cap_made; i++) {
			if (c->made[i] != GONE)
				free(c->made[i]);
		}
		free(c->dead);
		free(c->to);
	}
	free(c->made);
	return rc;
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
		*id = pol_holder_number(h);
		return *id != 0 ? 0 : POLICY_ERR_NOENT;
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

int
pol_change_resource(struct pol_change *c, const struct pol_program *program, const struct pol_grant_fact *f,
    uint32_t number, uint32_t role, bool add)
{
	struct pol_grant_parts g = { number, role, NULL, { NULL, 0 } };
	struct pol_window window;
	struct policy_text t;
	char *id;
	int rc;

	g.window = pol_window_of(f, &window);
	if (g.window != NULL)
		c->to->view.has_windows = 1;
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
	id = malloc(f->glob.len + 1);
	if (id == NULL)
		return POLICY_ERR_NOMEM;
	t.data = id;
	t.len = pol_glob_unescape(f->glob.data, f->glob.len, id);
	rc = pol_edit_thing(c, program, f->type, t, &g, add);
	free(id);
	return rc;
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
	return pol_change_resource(c, program, f, g.holder, role, add);
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
	rc = pol_change_begin(&c, from);
	if (rc != 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < f->n_to; i++) {
		for (size_t k = 0; rc == 0 && k < f->n_roles; k++)
			rc = one(&c, program, f, &f->to[i], f->roles[k], add);
	}
	return pol_change_end(&c, rc, out);
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
