/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users of the store. Whether there is such a user, whether he is disabled, has no password
 * or has to wait: one hash is made, and every no is the same no.
 *
 * The wait is what slows guessing down, and it must not be what keeps its owner out. So it
 * has an end (a minute), nothing that is tried meanwhile makes it longer, and who sends
 * beside his password a token of his own that is still good is judged at once: a guesser
 * has none.
 */
/* The one-call functions of libcrypto 3 allocate, and die where they cannot; these do not. */
#define OPENSSL_SUPPRESS_DEPRECATED 1
#include "account.h"

#include <crypt.h>
#include <openssl/sha.h>
#include <string.h>

#define OTHER_MOST 4096u		/* bytes of a credential that may be a token */
#define SPARE_NS INT64_C(1000000000)	/* a second hash is made where there is as much time */

static bool
is_same(struct policy_text a, struct policy_text b)
{
	return a.data != NULL && b.data != NULL && a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* Is it a token of this user's that is still good? */
static bool
is_token(struct account *a, const struct policy_host *h, const struct policy_credential *c, int64_t now)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	SHA256_CTX ctx;
	int rc;

	if (c->data.len == 0 || c->data.len > OTHER_MOST)
		return false;
	SHA256_Init(&ctx);
	SHA256_Update(&ctx, c->data.data, c->data.len);
	SHA256_Final(hash, &ctx);
	a->token.size = a->owner.size = sizeof(a->token);
	rc = h->find_token(h, hash, &a->token, &a->owner);
	explicit_bzero(&ctx, sizeof(ctx));
	explicit_bzero(hash, sizeof(hash));
	return rc == 0 && is_same(a->owner.id, a->user.id) && (a->token.flags & POLICY_ROW_GONE) == 0 &&
	    (a->owner.flags & (POLICY_ROW_GONE | POLICY_ROW_OFF)) == 0 && a->token.from_ns >= a->owner.from_ns &&
	    (a->token.until_ns == 0 || now < a->token.until_ns);
}

static bool
has_token(struct account *a, const struct policy_host *h, const struct policy_call *call)
{
	for (size_t i = 0; i < call->all_count; i++) {
		if (&call->all[i] != call->credential && is_token(a, h, &call->all[i], call->now_ns))
			return true;
	}
	return false;
}

bool
pol_account_find(struct account *a, const struct policy_host *h, struct policy_text type,
    const struct policy_call *call, const struct users *none, char hash[USERS_HASH], bool *known)
{
	const struct policy_text name = call->credential->name;
	int rc = POLICY_ERR_NOENT;

	a->user.size = sizeof(a->user);
	pol_users_hash(hash, none, name, known);
	if (name.data != NULL && name.len <= USERS_NAME && memchr(name.data, '\0', name.len) == NULL)
		rc = h->find_user(h, type, name, &a->user);
	if (rc != 0 && rc != POLICY_ERR_NOENT)
		return false;
	a->found = rc == 0 && (a->user.flags & (POLICY_ROW_GONE | POLICY_ROW_OFF)) == 0 && a->user.secret.data != NULL &&
	    a->user.secret.len < USERS_HASH && pol_users_takes(a->user.secret.data);
	if (a->found)
		memcpy(hash, a->user.secret.data, a->user.secret.len + 1);
	a->no_wait = (call->flags & POLICY_CALL_NO_WAIT) != 0;
	a->waits = a->found && !a->no_wait && a->user.until_ns > call->now_ns && !has_token(a, h, call);
	*known = a->found && !a->waits;
	return true;
}

void
pol_account_tell(const struct account *a, const struct policy_host *h, bool good, const char *phrase,
    const char *hash, int64_t deadline_ns, struct crypt_data *room)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *fresh = NULL;

	if (!a->found || a->waits || (a->no_wait && !good))
		return;
	if (good && pol_users_is_old(hash) && deadline_ns - pol_secret_now() > SPARE_NS &&
	    crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)) != NULL) {
		fresh = crypt_rn(phrase, setting, room, (int)sizeof(*room));
		if (fresh != NULL && !pol_users_takes(fresh))
			fresh = NULL;
	}
	/* who was never wrong has nothing to be written about him */
	if (!good || fresh != NULL || a->user.number != 0 || a->user.until_ns != 0)
		h->report_password(h, a->user.id, good, policy_text(hash), fresh);
	explicit_bzero(setting, sizeof(setting));
}
