/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and passwords out of a file of hashes, or out of the set's store. Every check hashes once, whether the name
 * is there or not, the password well-formed or not, the account locked or not; and every
 * no is the same no. What only looks at the clock or at the answer learns nothing of names.
 */
#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "gate.h"
#include "live.h"
#include "users.h"

struct password {
	const struct policy_host *host;
	bool store;
	struct users none;		/* of a store */
	char dummy[USERS_HASH];
	char type[256];			/* of its users; empty: not said */
	struct pol_live live;		/* struct users, of a file */
	struct gates gates;
	size_t kind_len;
	char kind[256];
};

/* What one check has in hand; wiped behind it. crypt's own room is 32 KiB: too much for a stack. */
struct attempt {
	struct crypt_data crypt;
	char phrase[CRYPT_MAX_PASSPHRASE_SIZE];
	char hash[USERS_HASH];
	bool known, well_formed;
	struct account account;		/* of a store */
};

static const struct pol_live_kind files = {
	.most = 16u << 20, .absent_ok = false, .lines = true, .make = pol_users_make, .free = pol_users_free,
};

static int
count(unsigned *out, const struct policy_open_args *args, const char *key, unsigned least, unsigned most,
    struct policy_error *err)
{
	const struct policy_value *v = policy_with(args, key);

	if (v == NULL)
		return 0;
	if (v->u.integer < least || v->u.integer > most)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, "`%s` is not from %u to %u", key, least, most);
	*out = (unsigned)v->u.integer;
	return 0;
}

static int
read_settings(struct password *s, const struct policy_open_args *args, struct policy_error *err)
{
	unsigned concurrent = 4, queue = 64;
	int rc = count(&concurrent, args, "concurrent", 1, 64, err);

	if (rc == 0)
		rc = count(&queue, args, "queue", 0, 10000, err);
	if (rc != 0)
		return rc;
	if (args->kinds_count > 1 || (args->kinds_count == 1 && args->kinds[0].len >= sizeof(s->kind)))
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, "`kind` names several kinds: passwords are of one");
	if (args->kinds_count == 1) {
		s->kind_len = args->kinds[0].len;
		memcpy(s->kind, args->kinds[0].data, s->kind_len);
	}
	return pol_gate_init(&s->gates, concurrent, queue) ? 0 :
	    pol_secret_fail(err, POLICY_ERR_NOMEM, NULL, 0, "out of memory");
}

static int
open_file(struct password *s, const struct policy_open_args *args, struct policy_error *err)
{
	char *path = pol_secret_path(policy_with(args, "file"), "file", err);

	if (path == NULL)
		return err->code;
	/* two steps on one file know the same people */
	(void)args->host->source(args->host, policy_text(path));
	return pol_live_open(&s->live, &files, (void *)(uintptr_t)args->host, path, args->host, err);
}

static int
open_store(struct password *s, const struct policy_open_args *args, struct policy_error *err)
{
	if (args->subject_id.data != NULL)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, "`subject: { id }` is of no use: a user of the store is who he is called");
	if (args->subject_type.len >= sizeof(s->type))
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, "the type of `subject` has more than 255 bytes");
	if (args->subject_type.data != NULL)
		memcpy(s->type, args->subject_type.data, args->subject_type.len);
	if (!pol_users_none(&s->none, s->dummy))
		return pol_secret_fail(err, POLICY_ERR_INTERNAL, NULL, 0, "the kernel gave no random bytes");
	(void)args->host->source(args->host, policy_text("store"));
	return 0;
}

static void
password_close(void *state)
{
	struct password *s = state;

	if (!s->store)
		pol_live_close(&s->live);
	pol_gate_fini(&s->gates);
	explicit_bzero(s->dummy, sizeof(s->dummy));
	free(s);
}

static int
password_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	const struct policy_value *store = policy_with(args, "store");
	struct password *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return pol_secret_fail(err, POLICY_ERR_NOMEM, NULL, 0, "out of memory");
	s->host = args->host;
	s->store = store != NULL && store->u.boolean;
	rc = read_settings(s, args, err);
	if (rc == 0 && s->store == (policy_with(args, "file") != NULL))
		rc = pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, s->store ?
		    "both `file` and `store: true` stand there: one of them is wanted, and a second step for the other" :
		    "neither `file` nor `store: true` stands there: one of them is wanted");
	if (rc == 0)
		rc = s->store ? open_store(s, args, err) : open_file(s, args, err);
	if (rc != 0) {
		password_close(s);
		return rc;
	}
	*state = s;
	return 0;
}

/* The hash to compare with, and the password as crypt takes it. False: nobody can say. */
static bool
prepare(struct password *s, struct attempt *a, const struct policy_call *call)
{
	const struct policy_credential *c = call->credential;
	const struct policy_text type = { s->type[0] != '\0' ? s->type : NULL, strlen(s->type) };
	unsigned slot;

	if (s->store && !pol_account_find(&a->account, s->host, type, call, &s->none, a->hash, &a->known))
		return false;
	if (!s->store) {
		pol_users_hash(a->hash, pol_live_enter(&s->live, &slot), c->name, &a->known);
		pol_live_leave(&s->live, slot);
	}
	a->well_formed = c->data.len != 0 && c->data.len < sizeof(a->phrase) && memchr(c->data.data, '\0', c->data.len) == NULL;
	if (a->well_formed)
		memcpy(a->phrase, c->data.data, c->data.len);
	else
		a->phrase[0] = 'x';
	return true;
}

static enum policy_check_result
judge(struct attempt *a)
{
	const size_t len = strlen(a->hash);
	const char *made;
	bool same;

	errno = 0;
	made = crypt_rn(a->phrase, a->hash, &a->crypt, (int)sizeof(a->crypt));
	if (made == NULL)
		return POLICY_CHECK_ERROR;
	same = strlen(made) == len && pol_secret_same(made, a->hash, len);
	return (same & a->known & a->well_formed) ? POLICY_CHECK_PASS : POLICY_CHECK_FAIL;
}

static enum policy_check_result
password_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	struct password *s = state;
	const struct policy_credential *c = call->credential;
	enum policy_check_result r = POLICY_CHECK_ERROR;
	struct attempt *a;
	struct gate *gate = pol_gate_enter(&s->gates, call->deadline_ns);

	if (gate == NULL)
		return POLICY_CHECK_ERROR;
	a = calloc(1, sizeof(*a));
	if (a != NULL) {
		if (prepare(s, a, call))
			r = judge(a);
		if (s->store && a->well_formed && r != POLICY_CHECK_ERROR)
			pol_account_tell(&a->account, s->host, r == POLICY_CHECK_PASS, a->phrase, a->hash, call->deadline_ns, &a->crypt);
		explicit_bzero(a, sizeof(*a));
		free(a);
	}
	pol_gate_leave(gate);
	if (r == POLICY_CHECK_PASS) {
		s->host->set_subject(id, (struct policy_text){ NULL, 0 }, c->name);
		if (s->kind_len != 0)
			s->host->set_kind(id, (struct policy_text){ s->kind, s->kind_len });
	}
	return r;
}

static int64_t
password_serve(void *state, uint32_t why)
{
	struct password *s = state;

	return s->store ? -1 : pol_live_serve(&s->live, why);
}

static const char *const kinds[] = { "password", NULL };

static const struct policy_module_key keys[] = {
	{ "file", POLICY_KEY_TEXT, 0 },
	{ "store", POLICY_KEY_BOOL, 0 },
	{ "concurrent", POLICY_KEY_INT, 0 },
	{ "queue", POLICY_KEY_INT, 0 },
	{ NULL, 0, 0 },
};

const struct policy_module policy_module_1 = {
	.size = sizeof(struct policy_module), .abi = POLICY_MODULE_ABI,
	.name = "password", .version = "1.0", .flags = POLICY_MODULE_MAY_BLOCK | POLICY_MODULE_CACHE_ASKED,
	.kinds = kinds, .keys = keys,
	.open = password_open, .check = password_check, .close = password_close, .serve = password_serve,
};
