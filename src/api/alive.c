/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A credential is judged once and believed for a while; what it stands on is looked at in
 * each version of the people. A token of the store is alive as long as its row is: there,
 * not ended, issued since its owner's tokens were last made void; and its owner counts.
 * Whoever is named as a user of the store, by whatever step, is one who counts, too: who
 * was disabled or deleted is not let in by somebody else's word.
 *
 * The print says whether it is the same rows as when it was judged: a secret that was
 * renewed, a name that is another user's now. It is no secret and no proof: it only has to
 * differ where the rows do, so its seed is fixed.
 */
#include "api/alive.h"

#include <string.h>

#include "base/hash.h"
#include "base/name.h"
#include "people/fact.h"

#define SEED UINT64_C(0x706f6c6963790a)

static uint64_t
add_text(uint64_t print, struct policy_text t)
{
	return pol_hash(t.data != NULL ? t.data : "", t.len, print + (t.data != NULL));
}

static uint64_t
add_numbers(uint64_t print, const struct policy_row *r)
{
	const int64_t n[] = { r->made_ns, r->from_ns, (int64_t)(r->flags & ~(POLICY_ROW_CHANGE | POLICY_ROW_MADE)) };

	return pol_hash(n, sizeof(n), print);
}

/* Never nothing, whatever came before. */
static void
stand(struct pol_alive *a, uint64_t print, bool actor)
{
	const uint64_t had = a->print & POL_ALIVE_ACTOR;

	a->print = (pol_hash(&print, sizeof(print), a->print) & ~(uint64_t)POL_ALIVE_ACTOR) | 2u | had |
	    (actor ? POL_ALIVE_ACTOR : 0u);
}

static bool
is_named(const struct policy_row *user, struct policy_text type, struct policy_text name)
{
	const struct policy_text of = user->type.data != NULL ? user->type : policy_text("user");

	if (type.data == NULL || type.len == 0)
		type = policy_text("user");
	return pol_bytes_equal(user->name.data, user->name.len, name.data, name.len) &&
	    pol_bytes_equal(of.data, of.len, type.data, type.len);
}

/* A token that another step takes is none of this one's, though its id be the same. */
static bool
find_token(const struct pol_people *w, const struct policy_identity *id, struct policy_row *out)
{
	return id->token_id.len != 0 && pol_fact_find(w, POLICY_ROW_TOKEN, id->token_id, out) &&
	    (out->source.data == NULL ||
	    pol_bytes_equal(out->source.data, out->source.len, id->step.data, id->step.len));
}

static enum policy_reason
token_alive(struct pol_alive *a, const struct pol_people *w, const struct policy_identity *id,
    const struct policy_row *token, int64_t now)
{
	uint64_t print = add_text(add_text(add_text(add_numbers(SEED, token), token->secret), token->owner), token->list);
	struct policy_row user;
	const bool owned = pol_fact_find(w, POLICY_ROW_USER, token->owner, &user);

	if (owned)
		print = add_numbers(print, &user);
	print = pol_hash(&token->until_ns, sizeof(token->until_ns), print);
	stand(a, print, (token->flags & POLICY_ROW_ACTOR) != 0);
	if (token->until_ns != 0 && token->until_ns < a->until)
		a->until = token->until_ns;
	if ((token->flags & POLICY_ROW_GONE) != 0 || !owned || token->from_ns < user.from_ns ||
	    !is_named(&user, id->subject_type, id->subject_id) || pol_fact_standing(w, &user) != POL_STANDING_GOOD)
		return POLICY_REASON_REVOKED;
	return token->until_ns != 0 && now >= token->until_ns ? POLICY_REASON_EXPIRED : POLICY_REASON_RULE;
}

enum policy_reason
pol_alive_look(struct pol_alive *a, const struct pol_people *w, const struct policy_identity *id, int64_t now)
{
	enum pol_standing standing;
	struct policy_row row;

	if (pol_fact_count(w) == 0)
		return POLICY_REASON_RULE;
	if (find_token(w, id, &row))
		return token_alive(a, w, id, &row, now);
	if (!pol_fact_user(w, id->subject_type, id->subject_id, &row))
		return POLICY_REASON_RULE;
	standing = pol_fact_standing(w, &row);
	if (standing == POL_STANDING_SHADOWED)	/* he is the file's, and stands on nothing here */
		return POLICY_REASON_RULE;
	stand(a, add_text(add_numbers(SEED, &row), row.id), false);
	return standing == POL_STANDING_GOOD ? POLICY_REASON_RULE : POLICY_REASON_REVOKED;
}

enum policy_reason
pol_alive_actor(const struct pol_people *w, const struct policy_identity *id, struct policy_text *type,
    struct policy_text *name)
{
	struct policy_row token, user;

	*type = *name = (struct policy_text){ NULL, 0 };
	if (!find_token(w, id, &token) || (token.flags & POLICY_ROW_ACTOR) == 0)
		return POLICY_REASON_RULE;
	if (token.by.data == NULL || !pol_fact_find(w, POLICY_ROW_USER, token.by, &user) ||
	    pol_fact_standing(w, &user) != POL_STANDING_GOOD)
		return POLICY_REASON_REVOKED;
	*type = user.type.data != NULL ? user.type : policy_text("user");
	*name = user.name;
	return POLICY_REASON_RULE;
}

static bool
is_stored(const struct pol_people *w, struct policy_text type, struct policy_text name)
{
	struct policy_row user;

	return name.data != NULL && pol_fact_user(w, type, name, &user) &&
	    pol_fact_standing(w, &user) != POL_STANDING_SHADOWED;
}

bool
pol_alive_needs_store(const struct pol_people *w, const struct policy_request *req)
{
	return pol_fact_count(w) != 0 && (is_stored(w, req->subject_type, req->subject_id) ||
	    is_stored(w, req->actor_type, req->actor_id));
}
