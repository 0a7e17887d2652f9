/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords of a file become hashes before anything of them leaves this process. */
#include <crypt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/import.h"

#define YESCRYPT "$y$"
#define PASSWORD_MOST 511

static bool
hash(struct pol_import *im, struct policy_import *of, struct crypt_data *data)
{
	char salt[CRYPT_GENSALT_OUTPUT_SIZE], password[PASSWORD_MOST + 1];
	const struct policy_text p = of->user.password;
	const char *made;
	char *kept;

	memcpy(password, p.data, p.len);
	password[p.len] = '\0';
	made = crypt_gensalt_rn(YESCRYPT, 0, NULL, 0, salt, sizeof(salt)) != NULL ?
	    crypt_rn(password, salt, data, (int)sizeof(*data)) : NULL;
	explicit_bzero(password, sizeof(password));
	if (made == NULL || made[0] == '*')
		return false;
	kept = pol_bump_alloc(&im->bump, strlen(made) + 1);
	if (kept == NULL)
		return false;
	memcpy(kept, made, strlen(made) + 1);
	of->password_hash = policy_text(kept);
	return true;
}

static int
ignore(void *ctx, const struct policy_user *u)
{
	(void)ctx;
	(void)u;
	return 0;
}

/* A hash takes its time: none is made for one that will be left alone. */
static bool
is_there(struct pol_account *c, const struct policy_user *u)
{
	struct policy_error err = POLICY_ERROR_INIT;
	char who[400];

	snprintf(who, sizeof(who), "user:%.*s", (int)u->name.len, u->name.data);
	return policy_user_show(c->host.p, &c->as, who, ignore, NULL, &err) == 0;
}

int
pol_import_hash(struct pol_import *im, struct pol_account *c, size_t first, size_t n, struct pol_progress *progress)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	bool good = data != NULL;

	for (size_t i = first; good && i < first + n; i++) {
		struct policy_import *of = &im->list[i];

		if (of->user.password.len == 0)
			continue;
		if (!is_there(c, &of->user)) {
			pol_progress_show(progress, i, im->n);
			good = hash(im, of, data);
		}
		of->user.password = (struct policy_text){ NULL, 0 };
	}
	if (data != NULL)
		explicit_bzero(data, sizeof(*data));
	free(data);
	if (good)
		return 0;
	fprintf(stderr, "policyctl import: a password could not be hashed: is there memory?\n");
	return EX_OSERR;
}
