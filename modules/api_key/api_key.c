/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opaque tokens and API keys out of the set's store: one SHA-256, one look-up in memory.
 * Neither waits, locks nor allocates. Who a token is for, and what it is limited to, is
 * what the store says; what its owner may do is the set's to say.
 */
/* The one-call functions of libcrypto 3 allocate; these do not, and check() may not. */
#define OPENSSL_SUPPRESS_DEPRECATED 1
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include <policy_module.h>

#include "shape.h"

struct api_key {
	const struct policy_host *host;
	bool imported;
	bool ceilings;			/* the set has some */
	struct policy_text kinds[16];	/* of `kind:`; none: as the store has it */
	size_t n_kinds;
	char names[16][64];
};

static int
fail(struct policy_error *err, int code, const char *text)
{
	err->code = code;
	strcpy(err->text, text);
	return code;
}

static int
api_key_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	const struct policy_value *imported = policy_with(args, "imported");
	struct api_key *s;

	if (args->subject_id.data != NULL)
		return fail(err, POLICY_ERR_INVALID, "`subject: { id }` would make one of all owners: a token's is the store's to say");
	if (args->kinds_count > sizeof(s->kinds) / sizeof(s->kinds[0]))
		return fail(err, POLICY_ERR_LIMIT, "`kind` names more than 16 kinds");
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return fail(err, POLICY_ERR_NOMEM, "out of memory");
	s->host = args->host;
	s->ceilings = (args->flags & POLICY_OPEN_CEILINGS) != 0;
	s->imported = imported != NULL && imported->u.boolean;
	for (size_t i = 0; i < args->kinds_count; i++) {
		const size_t n = args->kinds[i].len;

		if (n > sizeof(s->names[i])) {
			free(s);
			return fail(err, POLICY_ERR_LIMIT, "a name of `kind` has more than 64 bytes");
		}
		memcpy(s->names[i], args->kinds[i].data, n);
		s->kinds[s->n_kinds++] = (struct policy_text){ s->names[i], n };
	}
	/* two steps on the store know the same people */
	(void)args->host->source(args->host, policy_text("store"));
	*state = s;
	return 0;
}

static void
api_key_close(void *state)
{
	free(state);
}

/* A broken one of ours is ours too. */
static int
api_key_claims(void *state, const struct policy_credential *c)
{
	const struct api_key *s = state;
	const enum pol_shape shape = pol_shape_hint(c->data);

	return shape == POL_SHAPE_OURS || (shape == POL_SHAPE_IMPORTED && s->imported);
}

/* ---- a check ---- */

static int
look(const struct api_key *s, struct policy_text secret, struct policy_account *token, struct policy_account *user)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	SHA256_CTX c;
	int rc;

	SHA256_Init(&c);
	SHA256_Update(&c, secret.data, secret.len);
	SHA256_Final(hash, &c);
	rc = s->host->find_token(s->host, hash, token, user);
	explicit_bzero(&c, sizeof(c));
	explicit_bzero(hash, sizeof(hash));
	return rc;
}

/* POLICY_REASON_RULE: it is good now. */
static enum policy_reason
judge(const struct policy_account *token, const struct policy_account *user, int64_t now)
{
	if (((token->flags | user->flags) & POLICY_ROW_GONE) != 0 || (user->flags & POLICY_ROW_OFF) != 0 ||
	    token->from_ns < user->from_ns)
		return POLICY_REASON_REVOKED;
	return token->until_ns != 0 && now >= token->until_ns ? POLICY_REASON_EXPIRED : POLICY_REASON_RULE;
}

static void
add_scopes(const struct policy_host *h, struct policy_identity *id, struct policy_text list)
{
	h->set_scoped(id);
	while (list.len > 0) {
		const char *blank = memchr(list.data, ' ', list.len);
		const size_t n = blank != NULL ? (size_t)(blank - list.data) : list.len;

		if (n > 0)
			h->add_scope(id, (struct policy_text){ list.data, n });
		list.data += n + (blank != NULL);
		list.len -= n + (blank != NULL);
	}
}

static bool
is_same(struct policy_text a, struct policy_text b)
{
	return a.data != NULL && b.data != NULL && a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* A token is of the kind that it was made as, or it is bad here: under another name it would
 * have another ceiling. Where a set has none, a step need not say its kinds. */
static bool
name_kind(const struct api_key *s, struct policy_identity *id, struct policy_text sent, struct policy_text kind)
{
	for (size_t i = 0; i < s->n_kinds; i++) {
		if (is_same(s->kinds[i], kind))
			return s->host->set_kind(id, kind) == 0;
	}
	return s->n_kinds == 0 && (!s->ceilings || is_same(sent, kind));
}

static enum policy_check_result
api_key_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	const struct api_key *s = state;
	const struct policy_host *h = s->host;
	struct policy_account token, user;	/* not emptied: 24 KiB */
	const enum pol_shape shape = pol_shape_of(call->credential->data);
	enum policy_reason reason;
	int rc;

	if (shape == POL_SHAPE_OTHER || (shape == POL_SHAPE_IMPORTED && !s->imported))
		return POLICY_CHECK_IGNORE;
	if (shape == POL_SHAPE_BROKEN)
		return POLICY_CHECK_FAIL;
	token.size = user.size = sizeof(token);
	rc = look(s, call->credential->data, &token, &user);
	if (rc == POLICY_ERR_NOENT)
		return shape == POL_SHAPE_IMPORTED ? POLICY_CHECK_IGNORE : POLICY_CHECK_FAIL;
	if (rc != 0)
		return POLICY_CHECK_ERROR;
	reason = judge(&token, &user, call->now_ns);
	if (reason != POLICY_REASON_RULE) {
		h->set_reason(id, reason);
		return POLICY_CHECK_FAIL;
	}
	if (!name_kind(s, id, call->credential->kind, token.type))
		return POLICY_CHECK_FAIL;
	h->set_subject(id, user.type, user.name);
	h->set_token_id(id, token.id);
	if (token.until_ns != 0)
		h->set_expires(id, token.until_ns);
	if ((token.flags & POLICY_ROW_SCOPED) != 0)
		add_scopes(h, id, token.list);
	return POLICY_CHECK_PASS;
}

static const char *const kinds[] = { "bearer", "api_key", NULL };

static const struct policy_module_key keys[] = {
	{ "imported", POLICY_KEY_BOOL, 0 },
	{ NULL, 0, 0 },
};

const struct policy_module policy_module_1 = {
	.size = sizeof(struct policy_module), .abi = POLICY_MODULE_ABI,
	.name = "api_key", .version = "1.0", .flags = POLICY_MODULE_CACHEABLE, .kinds = kinds, .keys = keys,
	.open = api_key_open, .check = api_key_check, .close = api_key_close, .claims = api_key_claims,
};
