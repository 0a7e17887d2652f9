/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-time codes as a second factor. It looks at a password's name and seeks the code
 * among the other credentials of the request; it proves nobody's name, so its PASS alone
 * opens nothing, but without it a `required` step is bad. liboath computes the codes;
 * which was used already is kept in used.c.
 */
#include <liboath/oath.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "live.h"
#include "used.h"
#include "users.h"

struct totp {
	const struct policy_host *host;
	struct pol_live live;		/* struct totp_users */
	char *used;			/* path */
	unsigned window;
	atomic_bool told;		/* of a file of used codes that does not do */
	struct totp_user nobody;	/* computed for a name that is not there */
};

static const struct pol_live_kind files = {
	.most = 4u << 20, .absent_ok = false, .lines = true, .make = pol_totp_users_make, .free = pol_totp_users_free,
};

static void
totp_close(void *state)
{
	struct totp *s = state;

	pol_live_close(&s->live);
	free(s->used);
	explicit_bzero(s, sizeof(*s));
	free(s);
}

/* Where used codes are written: `state`, or beside the file of secrets. */
static char *
used_path(const struct policy_open_args *args, const char *file, struct policy_error *err)
{
	const struct policy_value *v = policy_with(args, "state");
	char *path;

	if (v != NULL)
		return pol_secret_path(v, "state", err);
	if (asprintf(&path, "%s.used", file) < 0) {
		pol_secret_fail(err, POLICY_ERR_NOMEM, NULL, 0, "out of memory");
		return NULL;
	}
	return path;
}

static int
read_settings(struct totp *s, const struct policy_open_args *args, struct policy_error *err)
{
	const struct policy_value *v = policy_with(args, "window");

	s->window = 1;
	if (v != NULL && (v->u.integer < 0 || v->u.integer > 3))
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, "`window` is not from 0 to 3 steps");
	if (v != NULL)
		s->window = (unsigned)v->u.integer;
	s->nobody.secret_len = 20;
	s->nobody.step = 30;
	s->nobody.digits = 6;
	if ((args->flags & POLICY_OPEN_READ_ONLY) != 0)
		return pol_secret_fail(err, POLICY_ERR_UNSUPPORTED, NULL, 0, "a code is good once, so those that were used "
		    "are written to a file: a handle that is opened for reading only (POLICY_READ_ONLY) has no totp");
	if (getrandom(s->nobody.secret, 20, 0) != 20 || oath_init() != OATH_OK)
		return pol_secret_fail(err, POLICY_ERR_IO, NULL, 0, "liboath or the random bytes it takes cannot be had");
	return 0;
}

static int
totp_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	struct totp *s = calloc(1, sizeof(*s));
	char *path;
	int rc;

	if (s == NULL)
		return pol_secret_fail(err, POLICY_ERR_NOMEM, NULL, 0, "out of memory");
	s->host = args->host;
	rc = read_settings(s, args, err);
	if (rc == 0) {
		path = pol_secret_path(policy_with(args, "file"), "file", err);
		rc = path == NULL ? err->code : pol_live_open(&s->live, &files, NULL, path, args->host, err);
	}
	if (rc == 0) {
		s->used = used_path(args, s->live.path, err);
		rc = s->used == NULL ? err->code : pol_used_open(s->used, err);
	}
	if (rc != 0) {
		totp_close(s);
		return rc;
	}
	*state = s;
	return 0;
}

static bool
text_same(struct policy_text a, struct policy_text b)
{
	return a.data != NULL && b.data != NULL && a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* The one code of the request, if it has no name or this one; its place plus one, or 0. */
static uint32_t
find_code(const struct policy_call *call)
{
	uint32_t at = 0;

	for (size_t i = 0; i < call->all_count; i++) {
		const struct policy_credential *c = &call->all[i];

		if (!text_same(c->kind, policy_text("otp")))
			continue;
		if (at != 0)
			return 0;
		at = (uint32_t)i + 1;
	}
	if (at != 0 && call->all[at - 1].name.data != NULL && !text_same(call->all[at - 1].name, call->credential->name))
		return 0;
	return at;
}

/*
 * The time of the newest code of the window that is this one, into *found, 0: none of
 * them. All are computed and compared to the end. false: liboath could not.
 */
static bool
match(int64_t *found, const struct totp *s, const struct totp_user *u, int64_t now_s, struct policy_text code)
{
	char given[9] = "--------", made[16];
	const bool shaped = code.len == u->digits;
	bool computed = true;

	if (shaped)
		memcpy(given, code.data, code.len);
	*found = 0;
	for (int i = -(int)s->window; i <= (int)s->window; i++) {
		const int64_t t = (now_s / u->step + i) * u->step;

		memset(made, 0, sizeof(made));
		if (t <= 0)
			continue;
		if (oath_totp_generate2(u->secret, u->secret_len, (time_t)t, u->step, 0, u->digits, 0, made) != OATH_OK)
			computed = false;
		else if (pol_secret_same(made, given, u->digits) & shaped)
			*found = t;
	}
	explicit_bzero(made, sizeof(made));
	explicit_bzero(given, sizeof(given));
	return computed;
}

static enum policy_check_result
take(struct totp *s, const struct policy_call *call, int64_t code_s, int64_t now_s)
{
	struct policy_error err = POLICY_ERROR_INIT;
	char text[2400];
	int rc = pol_used_take(s->used, call->credential->name, code_s, now_s, call->deadline_ns, &err);

	if (rc == 1) {
		atomic_store(&s->told, false);
		return POLICY_CHECK_PASS;
	}
	if (rc == 0)
		return POLICY_CHECK_FAIL;
	/* once, not for every try */
	if (rc != POLICY_ERR_UNAVAILABLE && !atomic_exchange(&s->told, true)) {
		snprintf(text, sizeof(text), "%s: %s; nobody passes", s->used, err.text);
		s->host->log(s->host, POLICY_LOG_ERROR, text);
	}
	return POLICY_CHECK_ERROR;
}

static enum policy_check_result
totp_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	struct totp *s = state;
	const int64_t now_s = call->now_ns / 1000000000;
	const uint32_t at = find_code(call);
	const struct totp_user *u;
	struct totp_user copy;
	int64_t code_s;
	unsigned slot;
	bool known, computed;

	(void)id;
	if (at == 0)
		return POLICY_CHECK_FAIL;
	*call->used = at;
	u = pol_totp_users_find(pol_live_enter(&s->live, &slot), call->credential->name);
	known = u != NULL;
	copy = known ? *u : s->nobody;
	pol_live_leave(&s->live, slot);
	computed = match(&code_s, s, &copy, now_s, call->all[at - 1].data);
	explicit_bzero(&copy, sizeof(copy));
	if (!computed)
		return POLICY_CHECK_ERROR;
	if (!known || code_s == 0)
		return POLICY_CHECK_FAIL;
	return take(s, call, code_s, now_s);
}

static int64_t
totp_serve(void *state, uint32_t why)
{
	struct totp *s = state;

	return pol_live_serve(&s->live, why);
}

static const char *const kinds[] = { "password", NULL };

static const struct policy_module_key keys[] = {
	{ "file", POLICY_KEY_TEXT, POLICY_KEY_REQUIRED },
	{ "state", POLICY_KEY_TEXT, 0 },
	{ "window", POLICY_KEY_INT, 0 },
	{ NULL, 0, 0 },
};

const struct policy_module policy_module_1 = {
	.size = sizeof(struct policy_module), .abi = POLICY_MODULE_ABI,
	.name = "totp", .version = "1.0", .flags = POLICY_MODULE_MAY_BLOCK | POLICY_MODULE_SECOND_FACTOR,
	.kinds = kinds, .keys = keys,
	.open = totp_open, .check = totp_check, .close = totp_close, .serve = totp_serve,
};
