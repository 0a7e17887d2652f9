/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of JSON: Xinference's --auth-config, TorchServe's key_file.json. The parser says
 * no places, so the text is walked beside it to know on which line a user begins; it has
 * been found sound by then.
 */
#include <ctype.h>
#include <string.h>
#include <time.h>

#include "cli/bench.h"
#include "cli/import.h"

/* ---- places ---- */

static size_t
skip_blanks(const struct pol_import *im, size_t at)
{
	while (at < im->len && strchr(" \t\r\n,:", im->text[at]) != NULL && im->text[at] != '\0')
		at++;
	return at;
}

static size_t
skip_text(const struct pol_import *im, size_t at)
{
	for (at++; at < im->len && im->text[at] != '"'; at++)
		at += im->text[at] == '\\';
	return at + 1;
}

static size_t
skip_value(const struct pol_import *im, size_t at)
{
	size_t depth = 0;

	do {
		at = skip_blanks(im, at);
		if (at >= im->len)
			break;
		if (im->text[at] == '"') {
			at = skip_text(im, at);
			continue;
		}
		depth += im->text[at] == '{' || im->text[at] == '[';
		depth -= im->text[at] == '}' || im->text[at] == ']';
		if (isalnum((unsigned char)im->text[at]) || im->text[at] == '-')
			at += strcspn(im->text + at, " \t\r\n,:]}");
		else
			at++;
	} while (depth > 0);
	return at;
}

/* Where the value of a member of the outermost object begins; im->len: nowhere. */
static size_t
find_member(const struct pol_import *im, const char *name)
{
	const size_t len = strlen(name);
	size_t at = skip_blanks(im, 0) + 1, end;

	for (;;) {
		at = skip_blanks(im, at);
		if (at >= im->len || im->text[at] != '"')
			return im->len;
		end = skip_text(im, at);
		if (end - at == len + 2 && memcmp(im->text + at + 1, name, len) == 0)
			return skip_blanks(im, end);
		at = skip_value(im, end);
	}
}

/* Users come in the order of the file: what was counted is not counted again. */
static uint32_t
line_at(struct pol_import *im, size_t at)
{
	if (at > im->len)
		at = im->len;
	if (at < im->counted)
		im->counted = im->counted_lines = 0;
	for (; im->counted < at; im->counted++)
		im->counted_lines += im->text[im->counted] == '\n';
	return im->counted_lines + 1;
}

/* The line of a text that stands behind `at`; where it is written otherwise, that of `at`. */
static uint32_t
line_of(struct pol_import *im, size_t at, struct policy_text s)
{
	const char *found = s.len > 0 ? memmem(im->text + at, im->len - at, s.data, s.len) : NULL;

	return line_at(im, found != NULL ? (size_t)(found - im->text) : at);
}

static bool
load(struct pol_import *im)
{
	json_error_t err;

	im->root = json_loadb(im->text, im->len, JSON_REJECT_DUPLICATES, &err);
	/* its own sentence would show what stands near the fault */
	if (!json_is_object(im->root))
		pol_import_fail(im, im->root == NULL && err.line > 0 ? (uint32_t)err.line : 0, "no JSON object stands in it");
	return im->status == 0;
}

static struct policy_text
text_of(const json_t *v)
{
	return (struct policy_text){ json_string_value(v), json_string_length(v) };
}

/* ---- xinference ---- */

/* sk- and 13 letters and digits, or xf- and 48. */
static bool
is_key(struct policy_text s)
{
	if (!(s.len == 16 && memcmp(s.data, "sk-", 3) == 0) && !(s.len == 51 && memcmp(s.data, "xf-", 3) == 0))
		return false;
	for (size_t i = 3; i < s.len; i++)
		if (!isalnum((unsigned char)s.data[i]))
			return false;
	return true;
}

/* What a list may hold: texts alone. */
static bool
are_texts(const json_t *list)
{
	size_t i;
	json_t *v;

	if (list != NULL && !json_is_array(list))
		return false;
	json_array_foreach((json_t *)(uintptr_t)list, i, v)
		if (!json_is_string(v))
			return false;
	return true;
}

static void
take_permissions(struct pol_import *im, struct policy_import *of, const json_t *list)
{
	const size_t n = json_array_size(list);
	struct policy_text *roles = pol_bump_alloc(&im->bump, (n + im->n_roles + 1) * sizeof(*roles));

	if (roles == NULL) {
		im->status = EX_OSERR;
		return;
	}
	for (size_t i = 0; i < im->n_roles; i++)
		roles[i] = im->roles[i];
	for (size_t i = 0; i < n; i++)
		roles[im->n_roles + i] = text_of(json_array_get(list, i));
	of->roles = roles;
	of->roles_count = im->n_roles + n;
}

/* All of them or none: who has a key that cannot be taken is refused with all that is his. */
static bool
check_keys(struct pol_import *im, struct policy_text name, const json_t *list, size_t at)
{
	struct policy_text s;

	for (size_t i = 0; i < json_array_size(list); i++) {
		s = text_of(json_array_get(list, i));
		if (!is_key(s)) {
			pol_import_refuse(im, line_of(im, at, s), "%.*s: key %zu is none: sk- and 13 letters and digits, or xf- and 48, are wanted",
			    (int)name.len, name.data, i + 1);
			return false;
		}
		if (json_object_getn(im->root, s.data, s.len) != NULL) {
			pol_import_fail(im, line_of(im, at, s), "a key stands here for the second time: it would be nobody's");
			return false;
		}
		if (json_object_setn_new_nocheck(im->root, s.data, s.len, json_true()) != 0)
			im->status = EX_OSERR;
	}
	return im->status == 0;
}

static void
take_keys(struct pol_import *im, struct policy_import *of, const json_t *list)
{
	const size_t n = json_array_size(list);
	struct policy_imported_key *keys = pol_import_keys(im, of, n);

	for (size_t i = 0; keys != NULL && i < n; i++)
		pol_import_key(im, of, keys, text_of(json_array_get(list, i)), "api_key");
}

static void
take_user(struct pol_import *im, const json_t *v, size_t at)
{
	const json_t *permissions = json_object_get(v, "permissions"), *keys = json_object_get(v, "api_keys");
	const struct policy_text name = text_of(json_object_get(v, "username")), password = text_of(json_object_get(v, "password"));
	const uint32_t line = line_at(im, at);
	struct policy_import *of;

	if (name.data == NULL || !are_texts(permissions) || !are_texts(keys)) {
		pol_import_fail(im, line, "a user with username, password, permissions and api_keys is wanted");
		return;
	}
	if (password.len > 511 || (password.len > 0 && memchr(password.data, '\0', password.len) != NULL)) {
		pol_import_refuse(im, line, "the password of %.*s is longer than 511 bytes, or has a NUL", (int)name.len, name.data);
		return;
	}
	if (!check_keys(im, name, keys, at))
		return;
	of = pol_import_user(im, line, (struct policy_text){ NULL, 0 }, name);
	if (of == NULL)
		return;
	if (password.len > 4 && (memcmp(password.data, "$2b$", 4) == 0 || memcmp(password.data, "$2y$", 4) == 0) && password.len == 60)
		of->password_hash = password;
	else if (password.len > 0)
		of->user.password = password;
	take_permissions(im, of, permissions);
	if (im->status == 0)
		take_keys(im, of, keys);
}

void
pol_import_xinference(struct pol_import *im)
{
	json_t *users, *v;
	size_t i, at;

	if (!load(im))
		return;
	users = json_object_get(im->root, "user_config");
	if (!json_is_array(users)) {
		pol_import_fail(im, 0, "user_config, a list of users, is wanted");
		return;
	}
	at = find_member(im, "user_config") + 1;
	json_array_foreach(users, i, v) {
		at = skip_blanks(im, at);
		take_user(im, v, at);
		if (im->status != 0)
			return;
		at = skip_value(im, at);
	}
}

/* ---- torchserve ---- */

static void
take_torchserve(struct pol_import *im, const char *member, const char *name)
{
	const json_t *v = json_object_get(im->root, member), *end = json_object_get(v, "expiration time");
	const struct policy_text key = text_of(json_object_get(v, "key"));
	const uint32_t line = line_at(im, find_member(im, member));
	struct policy_imported_key *keys;
	struct policy_import *of;
	struct timespec now;
	int64_t expires = 0;

	if (v == NULL)
		return;
	if (key.len == 0 || (end != NULL && (!json_is_string(end) || pol_bench_time(&expires, json_string_value(end)) != 0))) {
		pol_import_fail(im, line, "%s: a key and the time when it ends are wanted", member);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	if (expires != 0 && expires / 1000000000 <= now.tv_sec) {
		pol_import_refuse(im, line, "%s: the key has ended", member);
		return;
	}
	of = pol_import_user(im, line, policy_text("key"), policy_text(name));
	if (of == NULL)
		return;
	of->user.flags = POLICY_USER_MADE;
	keys = pol_import_keys(im, of, 1);
	if (keys == NULL)
		return;
	pol_import_key(im, of, keys, key, name);
	if (expires != 0 && (im->expires_ns == 0 || expires < im->expires_ns))
		keys[0].info.expires_ns = expires;
}

void
pol_import_torchserve(struct pol_import *im)
{
	if (!load(im))
		return;
	if (json_object_get(im->root, "management") == NULL && json_object_get(im->root, "inference") == NULL &&
	    json_object_get(im->root, "API") == NULL) {
		pol_import_fail(im, 0, "management, inference and API with their keys are wanted");
		return;
	}
	take_torchserve(im, "management", "management");
	take_torchserve(im, "inference", "inference");
	take_torchserve(im, "API", "api");
}
