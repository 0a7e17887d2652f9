/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grants of a store, built: sorted by the hash of their owner, as the users are, both are
 * walked once; those of one owner are numbered on the way.
 */
#include "people/builder.h"


struct grants {
	struct pol_builder *b;
	size_t n;			/* that wait to be handed on: */
	struct pol_grant_fact facts[POL_BLOCK];
	struct pol_who who[POL_BLOCK];
	uint32_t roles[POL_BLOCK];
};

static int
hand_on(struct grants *g)
{
	size_t bad;
	int rc = pol_builder_grants(g->b, g->facts, g->n, &bad);

	g->n = 0;
	return rc;
}

static int
grant(struct grants *g, const struct pol_fact *rec, const struct pol_fact *user)
{
	const char *why = pol_adopt_grant(g->b->program, rec, &g->facts[g->n], &g->roles[g->n]);

	if (why != NULL) {
		pol_adopt_warn(g->b->warn, g->b->warn_ctx, rec, why);
		return 0;
	}
	g->who[g->n] = pol_adopt_who(user);
	g->facts[g->n].to = &g->who[g->n];
	g->facts[g->n].n_to = 1;
	return ++g->n == POL_BLOCK ? hand_on(g) : 0;
}

/* The user whose hash it is and who has a holder; *from on are those not below it. */
static const struct pol_fact *
owner_of(const struct pol_builder *b, const struct pol_sort_key *users, size_t n, size_t *from, uint64_t hash,
    struct policy_text uid)
{
	while (*from < n && users[*from].key < hash)
		++*from;
	for (size_t i = *from; i < n && users[i].key == hash; i++) {
		const struct pol_fact *f = FACTS(b)[users[i].row].rec;
		struct policy_text id = pol_fact_text(f, POL_TEXT_ID);

		if (pol_bytes_equal(id.data, id.len, uid.data, uid.len))
			return f;
	}
	return NULL;
}

/* Both are sorted by the owner's hash. */
static int
walk_grants(struct pol_builder *b, const struct pol_sort_key *grants, size_t n, const struct pol_sort_key *users,
    size_t n_users)
{
	struct grants g = { .b = b, .n = 0 };
	size_t user = 0;
	uint32_t k = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct pol_bfact *f = FACTS(b) + grants[i].row;
		const struct pol_fact *owner;

		k = i != 0 && grants[i - 1].key == grants[i].key ? k + 1 : 0;
		f->place = k;
		rc = pol_builder_link(b, POL_LINK_OWNED, pol_link_owned_hash(grants[i].key, k), f->hash);
		if (rc == 0 && (i + 1 == n || grants[i + 1].key != grants[i].key))
			rc = pol_builder_link(b, POL_LINK_COUNT, pol_link_owned_hash(grants[i].key, POL_NONE), k + 1);
		owner = owner_of(b, users, n_users, &user, grants[i].key, pol_fact_text(f->rec, POL_TEXT_OWNER));
		if (rc == 0 && owner != NULL)
			rc = grant(&g, f->rec, owner);
	}
	return rc != 0 ? rc : hand_on(&g);
}

int
pol_builder_adopt_grants(struct pol_builder *b, struct pol_sort_key *keys)
{
	struct pol_sort_key *users = malloc((b->facts.n + 1) * sizeof(*users));
	const struct pol_bfact *f = FACTS(b);
	size_t n = 0, n_users = 0;
	int rc = users == NULL ? POLICY_ERR_NOMEM : 0;

	for (size_t i = 0; rc == 0 && i < b->facts.n; i++) {
		if (f[i].rec == NULL)
			continue;
		if (f[i].row != 0)
			users[n_users++] = (struct pol_sort_key){ f[i].hash, (uint32_t)i, 0 };
		if (f[i].rec->kind == POLICY_ROW_GRANT && (f[i].rec->flags & POLICY_ROW_GONE) == 0)
			keys[n++] = (struct pol_sort_key){ pol_fact_hash(b->program->seed, POLICY_ROW_USER,
			    pol_fact_text(f[i].rec, POL_TEXT_OWNER)), (uint32_t)i, 0 };
	}
	if (rc == 0)
		rc = pol_keys_sort(keys, n);
	if (rc == 0)
		rc = pol_keys_sort(users, n_users);
	if (rc == 0)
		rc = walk_grants(b, keys, n, users, n_users);
	free(users);
	return rc;
}
