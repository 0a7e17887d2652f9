/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bearer tokens and API keys out of a file: ai4flwr's list, or TorchServe's key_file.json
 * (read while TorchServe writes it, or written here by issue()).
 *
 * A PASS is not offered to the cache: a token that was taken out of the file must be
 * refused at once, and looking it up costs less than a microsecond in a list of hundreds.
 */
#include <stdlib.h>
#include <string.h>

#include "token_file.h"

static const struct pol_live_kind lists = {
	.most = 16u << 20, .absent_ok = true, .lines = true, .make = pol_list_make, .free = pol_table_free,
};

static const struct pol_live_kind key_files = {
	.most = TOKEN_JSON, .absent_ok = true, .lines = false, .make = pol_keys_make, .free = pol_table_free,
};

const char *const pol_token_file_kinds[TOKEN_ROLES] = { "management", "inference", "api" };

static bool
is_text(struct policy_text t, const char *word)
{
	return t.len == strlen(word) && memcmp(t.data, word, t.len) == 0;
}

static int
copy_text(char out[256], size_t *len, struct policy_text t, struct policy_error *err)
{
	if (t.len > 255)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, "a text of `subject:` has more than 255 bytes");
	if (t.data != NULL)
		memcpy(out, t.data, t.len);
	*len = t.len;
	return 0;
}

static int
read_format(struct token_file *s, const struct policy_open_args *args, struct policy_error *err)
{
	const struct policy_value *format = policy_with(args, "format"), *v;

	if (format == NULL || is_text(format->u.text, "list"))
		s->keys = false;
	else if (is_text(format->u.text, "torchserve"))
		s->keys = true;
	else
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, "`format` is neither list nor torchserve");
	v = policy_with(args, "write");
	s->write = v != NULL && v->u.boolean;
	if (s->write && (args->flags & POLICY_OPEN_READ_ONLY) != 0)
		s->made_elsewhere = true;
	v = policy_with(args, "lifetime");
	s->lifetime_ns = v != NULL ? v->u.integer : 3600000000000LL;
	if (v != NULL && !s->write)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0,
		    "`lifetime` is that of keys made here, and none is made without `write: true`");
	v = policy_with(args, "length");
	s->chars = v != NULL && v->u.integer >= 0 ? (size_t)v->u.integer : v != NULL ? 0 : TOKEN_CHARS;
	if (v != NULL && (!s->write || s->chars < TOKEN_CHARS_LEAST || s->chars > TOKEN_CHARS_MOST))
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0,
		    "`length` is that of keys made here by `write: true`, from %d to %d characters", TOKEN_CHARS_LEAST, TOKEN_CHARS_MOST);
	if (s->write && !s->keys)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0,
		    "`write: true` is for `format: torchserve`: a list is only read");
	if (s->lifetime_ns < 1000000000)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, "`lifetime` is less than a second");
	return 0;
}

/* The kinds of the step must be those that its keys have. */
static int
read_kinds(struct token_file *s, const struct policy_open_args *args, struct policy_error *err)
{
	unsigned there = 0;

	if (!s->keys) {
		if (args->kinds_count > 1)
			return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0,
			    "`kind` names %zu kinds: the tokens of a list are all of one", args->kinds_count);
		return args->kinds_count == 0 ? 0 : copy_text(s->kind, &s->kind_len, args->kinds[0], err);
	}
	for (size_t i = 0; i < args->kinds_count; i++)
		for (unsigned r = 0; r < TOKEN_ROLES; r++)
			there |= (is_text(args->kinds[i], pol_token_file_kinds[r]) ? 1u : 0u) << r;
	if (there != 7u)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0,
		    "a TorchServe file has keys of three kinds: write `kind: [management, inference, api]`");
	if (args->subject_id.data != NULL)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0,
		    "`subject: { id }` would make one of three keys: theirs are management, inference and api");
	return 0;
}

static int
token_file_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	struct token_file *s = calloc(1, sizeof(*s));
	const struct policy_value *file = policy_with(args, "file");
	char *path;
	int rc;

	if (s == NULL)
		return pol_secret_fail(err, POLICY_ERR_NOMEM, NULL, 0, "out of memory");
	rc = read_format(s, args, err);
	if (rc == 0)
		rc = read_kinds(s, args, err);
	if (rc == 0)
		rc = copy_text(s->id, &s->id_len, args->subject_id, err);
	if (rc == 0) {
		path = pol_secret_path(file, "file", err);
		rc = path == NULL ? err->code : 0;
		if (rc == 0 && s->write && !s->made_elsewhere && (rc = pol_rotate_make(s, path, args->now_ns, err)) != 0)
			free(path);
		if (rc == 0) {
			/* two steps on one file know the same people; a longer path stays the step's name */
			(void)args->host->source(args->host, policy_text(path));
			rc = pol_live_open(&s->live, s->keys ? &key_files : &lists, NULL, path, args->host, err);
		}
	}
	if (rc != 0) {
		pol_live_close(&s->live);
		free(s);
		return rc;
	}
	s->host = args->host;
	*state = s;
	return 0;
}

static void
token_file_close(void *state)
{
	struct token_file *s = state;

	pol_live_close(&s->live);
	free(s);
}

static void
identify(const struct token_file *s, const struct token_row *row, struct policy_identity *id)
{
	const struct policy_host *h = s->host;
	struct policy_text name = { s->id, s->id_len };

	if (s->keys) {
		name = policy_text(pol_token_file_kinds[row->role]);
		h->set_kind(id, name);
	} else if (s->kind_len != 0) {
		h->set_kind(id, (struct policy_text){ s->kind, s->kind_len });
	}
	if (name.len == 0)
		name = policy_text(row->id);
	/* of the type that the step says: it is what the set was checked by */
	h->set_subject(id, (struct policy_text){ NULL, 0 }, name);
	h->set_token_id(id, policy_text(row->id));
	if (row->expires_ns != 0)
		h->set_expires(id, row->expires_ns);
}

static enum policy_check_result
token_file_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	struct token_file *s = state;
	enum policy_check_result r = POLICY_CHECK_FAIL;
	const struct token_row *row;
	unsigned slot;

	row = pol_table_find(pol_live_enter(&s->live, &slot), call->credential->data);
	if (row != NULL && row->expires_ns != 0 && call->now_ns >= row->expires_ns) {
		s->host->set_reason(id, POLICY_REASON_EXPIRED);
	} else if (row != NULL) {
		identify(s, row, id);
		r = POLICY_CHECK_PASS;
	}
	pol_live_leave(&s->live, slot);
	return r;
}

static int64_t
token_file_serve(void *state, uint32_t why)
{
	struct token_file *s = state;

	return pol_live_serve(&s->live, why);
}

static const char *const kinds[] = { "bearer", "api_key", NULL };

static const struct policy_module_key keys[] = {
	{ "file", POLICY_KEY_TEXT, POLICY_KEY_REQUIRED },
	{ "format", POLICY_KEY_TEXT, 0 },
	{ "write", POLICY_KEY_BOOL, 0 },
	{ "lifetime", POLICY_KEY_DURATION, 0 },
	{ "length", POLICY_KEY_INT, 0 },
	{ NULL, 0, 0 },
};

const struct policy_module policy_module_1 = {
	.size = sizeof(struct policy_module), .abi = POLICY_MODULE_ABI,
	.name = "token_file", .version = "1.0", .flags = 0, .kinds = kinds, .keys = keys,
	.open = token_file_open, .check = token_file_check, .close = token_file_close,
	.serve = token_file_serve, .issue = pol_rotate_issue,
};
