/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of import share. */
#include "cli/import.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#define NAME_MOST 255

static void
no_memory(struct pol_import *im)
{
	fprintf(stderr, "policyctl: out of memory\n");
	im->status = EX_OSERR;
}

static void
say(struct pol_import *im, const char *word, uint32_t line, const char *text)
{
	pol_out_finding(word, im->file, line, 0, text);
	if (!im->a->json)
		return;
	pol_json_open(&im->said, NULL, '{');
	pol_json_uint(&im->said, "line", line);
	pol_json_str(&im->said, "why", text);
	pol_json_close(&im->said, '}');
}

void
pol_import_refuse(struct pol_import *im, uint32_t line, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	im->refused++;
	say(im, "refused", line, text);
}

void
pol_import_fail(struct pol_import *im, uint32_t line, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pol_out_finding("error", im->file, line, 0, text);
	im->status = EX_DATAERR;
}

static bool
grow(struct pol_import *im)
{
	const size_t room = im->room == 0 ? 64 : im->room * 2;
	struct policy_import *list = reallocarray(im->list, room, sizeof(*list));
	uint32_t *lines;

	if (list != NULL)
		im->list = list;
	lines = list != NULL ? reallocarray(im->lines, room, sizeof(*lines)) : NULL;
	if (lines == NULL)
		return false;
	im->lines = lines;
	im->room = room;
	return true;
}

/* A name that stands twice is one user; 0: it is new. */
static int
seen(struct pol_import *im, struct policy_text name)
{
	if (im->names == NULL)
		im->names = json_object();
	if (json_object_getn(im->names, name.data, name.len) != NULL)
		return 1;
	return json_object_setn_new_nocheck(im->names, name.data, name.len, json_true());
}

struct policy_import *
pol_import_user(struct pol_import *im, uint32_t line, struct policy_text type, struct policy_text name)
{
	struct policy_import *of;
	int rc;

	if (name.len == 0 || name.len > NAME_MOST || memchr(name.data, '\0', name.len) != NULL) {
		pol_import_refuse(im, line, "a name of 1 to %d bytes is wanted", NAME_MOST);
		return NULL;
	}
	rc = seen(im, name);
	if (rc > 0) {
		pol_import_refuse(im, line, "%.*s stands here for the second time", (int)name.len, name.data);
		return NULL;
	}
	if (rc < 0 || (im->n == im->room && !grow(im))) {
		no_memory(im);
		return NULL;
	}
	of = &im->list[im->n];
	*of = (struct policy_import)POLICY_IMPORT_INIT;
	of->user = (struct policy_user)POLICY_USER_INIT;
	of->user.type = type;
	of->user.name = name;
	of->user.org = policy_text(im->a->org);
	of->roles = im->roles;
	of->roles_count = im->n_roles;
	im->lines[im->n++] = line;
	return of;
}

struct policy_imported_key *
pol_import_keys(struct pol_import *im, struct policy_import *of, size_t n)
{
	struct policy_imported_key *keys = pol_bump_alloc(&im->bump, (n + 1) * sizeof(*keys));

	if (keys == NULL)
		no_memory(im);
	of->keys = keys;
	of->keys_count = 0;
	return keys;
}

void
pol_import_key(struct pol_import *im, struct policy_import *of, struct policy_imported_key *keys, struct policy_text secret,
    const char *kind)
{
	struct policy_imported_key *k = &keys[of->keys_count];

	memset(k, 0, sizeof(*k));
	k->info = (struct policy_token_info)POLICY_TOKEN_INFO_INIT;
	k->info.kind = policy_text(im->a->kind != NULL ? im->a->kind : kind);
	k->info.expires_ns = im->expires_ns;
	if (EVP_Digest(secret.data, secret.len, k->sha256, NULL, EVP_sha256(), NULL) != 1) {
		no_memory(im);
		return;
	}
	of->keys_count++;
	im->keys++;
}
