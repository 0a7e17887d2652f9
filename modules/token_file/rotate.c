/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of a TorchServe file made here. The file is the truth: under its lock it is read
 * anew, one key replaced, and the whole renamed over it; only then does the new key count.
 * A key is 256 random bits where `length` says nothing else, not TorchServe's 48:
 * TorchServe never reads its own file back.
 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "token_file.h"

enum { KEY_BYTES = TOKEN_CHARS_MOST / 4 * 3 };

#define LOCK_NS 2000000000LL

static int
random_key(char out[TOKEN_CHARS_MOST], size_t chars, struct policy_error *err)
{
	unsigned char random[KEY_BYTES + 1] = { 0 };

	if (getrandom(random, KEY_BYTES, 0) != KEY_BYTES)
		return pol_secret_fail(err, POLICY_ERR_IO, NULL, 0, "no random bytes could be had");
	pol_table_base64(out, random, chars);
	explicit_bzero(random, sizeof(random));
	return 0;
}

static int64_t
later(int64_t now_ns, int64_t lifetime_ns)
{
	int64_t end;

	return __builtin_add_overflow(now_ns, lifetime_ns, &end) ? INT64_MAX : end;
}

int
pol_rotate_make(const struct token_file *s, const char *path, int64_t now_ns, struct policy_error *err)
{
	char text[TOKEN_JSON], key[TOKEN_ROLES][TOKEN_CHARS_MOST], end[64];
	struct token_keys k;
	struct stat st;
	int rc = 0;

	if (lstat(path, &st) == 0)
		return S_ISREG(st.st_mode) ? 0 : pol_secret_fail(err, POLICY_ERR_UNSAFE, path, 0,
		    "is not a regular file, and would be replaced");
	pol_instant_print(end, later(now_ns, s->lifetime_ns));
	for (unsigned r = 0; r < TOKEN_ROLES && rc == 0; r++) {
		rc = random_key(key[r], s->chars, err);
		k.key[r] = (struct policy_text){ key[r], s->chars };
		k.expires[r] = r == TOKEN_API ? (struct policy_text){ NULL, 0 } : policy_text(end);
	}
	if (rc == 0)
		rc = pol_secret_replace(path, text, pol_keys_print(text, &k), true, err);
	explicit_bzero(text, sizeof(text));
	explicit_bzero(key, sizeof(key));
	/* another process was faster: its keys are as good */
	return rc == POLICY_ERR_AGAIN ? 0 : rc;
}

static int
judge(const struct token_file *s, const struct policy_issue *want, unsigned *role, int64_t *end,
    struct policy_error *err)
{
	if (!s->write)
		return pol_secret_fail(err, POLICY_ERR_UNSUPPORTED, NULL, 0,
		    "this step makes no keys: it would need `format: torchserve` and `write: true`");
	for (*role = 0; *role < TOKEN_API; (*role)++)
		if (want->kind.len == strlen(pol_token_file_kinds[*role]) &&
		    memcmp(want->kind.data, pol_token_file_kinds[*role], want->kind.len) == 0)
			break;
	if (*role == TOKEN_API)
		return pol_secret_fail(err, POLICY_ERR_ARG, NULL, 0, "only a management or an inference key can be renewed");
	if (s->made_elsewhere)
		return pol_secret_fail(err, POLICY_ERR_UNSUPPORTED, NULL, 0, "this step was opened for reading only");
	*end = want->expires_ns != 0 ? want->expires_ns : later(want->now_ns, s->lifetime_ns);
	if (*end <= want->now_ns)
		return pol_secret_fail(err, POLICY_ERR_ARG, NULL, 0, "a key that would have ended already");
	return 0;
}

/* The file with one key replaced: written, and made. The lock is held. */
static int
replace_key(const struct token_file *s, int fd, unsigned role, const char *key, int64_t end_ns, void **made,
    struct policy_error *err)
{
	struct pol_secret old;
	struct token_keys k;
	struct stat st;
	char text[TOKEN_JSON], end[64];
	size_t len;
	int rc = pol_secret_read_fd(&old, &st, fd, s->live.path, TOKEN_JSON / 2, err);

	if (rc != 0)
		return rc;
	rc = pol_keys_parse(&k, old.data, old.len, err);
	if (rc != 0)
		snprintf(err->file, sizeof(err->file), "%s", s->live.path);
	if (rc == 0) {
		pol_instant_print(end, end_ns);
		k.key[role] = (struct policy_text){ key, s->chars };
		k.expires[role] = policy_text(end);
		len = pol_keys_print(text, &k);
		/* made first: what is written must be what can be read */
		rc = pol_keys_make(made, NULL, text, len, err);
		if (rc == 0)
			rc = pol_secret_replace(s->live.path, text, len, false, err);
		explicit_bzero(text, sizeof(text));
		if (rc != 0 && *made != NULL) {
			pol_table_free(*made);
			*made = NULL;
		}
	}
	pol_secret_drop(&old);
	return rc;
}

static void
tell(struct policy_issued *out, const struct token_table *t, unsigned role, const char *key, size_t chars)
{
	memcpy(out->data, key, chars);
	out->data[chars] = '\0';
	out->data_len = (uint32_t)chars;
	out->expires_ns = t->rows[role].expires_ns;
	snprintf(out->token_id, sizeof(out->token_id), "%s", t->rows[role].id);
}

int
pol_rotate_issue(void *state, const struct policy_issue *want, struct policy_issued *out, struct policy_error *err)
{
	struct token_file *s = state;
	char key[TOKEN_CHARS_MOST];
	void *made = NULL;
	int64_t end = 0;
	unsigned role = 0;
	int fd, rc = judge(s, want, &role, &end, err);

	if (rc != 0)
		return rc;
	rc = random_key(key, s->chars, err);
	if (rc != 0)
		return rc;
	pol_live_lock(&s->live);
	fd = pol_secret_lock(s->live.path, pol_secret_now() + LOCK_NS, err);
	rc = fd < 0 ? fd : replace_key(s, fd, role, key, end, &made, err);
	if (rc == 0) {
		tell(out, made, role, key, s->chars);
		rc = pol_live_publish(&s->live, made);
		if (rc != 0)
			pol_secret_fail(err, rc, s->live.path, 0, "is written, but older keys are still being read");
	}
	if (fd >= 0)
		close(fd);
	pol_live_unlock(&s->live);
	explicit_bzero(key, sizeof(key));
	if (rc != 0)
		explicit_bzero(out->data, sizeof(out->data));
	return rc;
}
