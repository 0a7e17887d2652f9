/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import: the whole file is read and judged before anything is written. What is written
 * goes in blocks, each of them whole or not there; run again, it goes on where it ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/import.h"
#include "cli/when.h"

#define FILE_MOST (64u << 20)
#define BLOCK 200			/* users */

static const struct format {
	const char *name;
	void (*read)(struct pol_import *im);
} formats[] = {
	{ "xinference", pol_import_xinference }, { "torchserve", pol_import_torchserve },
	{ "ai4flwr", pol_import_ai4flwr }, { "htpasswd", pol_import_htpasswd },
};

static const struct format *
find_format(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

/* Passwords and keys stand in what the parser keeps. */
static void
wiping_free(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static int
read_file(struct pol_import *im)
{
	const int fd = open(im->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	ssize_t n = -1;
	int e = errno;

	if (fd >= 0 && fstat(fd, &st) == 0) {
		e = !S_ISREG(st.st_mode) ? EINVAL : st.st_size > (off_t)FILE_MOST ? EFBIG : 0;
		im->text = e == 0 ? malloc((size_t)st.st_size + 1) : NULL;
		n = 0;
		while (im->text != NULL && im->len < (size_t)st.st_size && (n = read(fd, im->text + im->len, (size_t)st.st_size - im->len)) > 0)
			im->len += (size_t)n;
		e = n < 0 ? errno : e == 0 && im->text == NULL ? ENOMEM : e;
	}
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && e == 0 && im->text != NULL) {
		im->text[im->len] = '\0';
		return 0;
	}
	pol_out_finding("error", im->file, 0, 0, strerror(e));
	return EX_NOINPUT;
}

static void
finish(struct pol_import *im)
{
	if (im->text != NULL)
		explicit_bzero(im->text, im->len);
	free(im->text);
	free(im->list);
	free(im->lines);
	free(im->roles);
	json_decref(im->root);
	json_decref(im->names);
	pol_bump_fini(&im->bump);
	pol_json_fini(&im->said);
}

/* ---- writing ---- */

struct block {
	struct pol_import *im;
	size_t first;
};

static int
skipped(void *ctx, size_t at, const struct policy_error *why)
{
	const struct block *b = ctx;
	struct pol_import *im = b->im;
	const struct policy_import *of = &im->list[b->first + at];
	const uint32_t line = im->lines[b->first + at];

	im->keys -= of->keys_count;
	if (why->code == POLICY_ERR_EXISTS) {
		im->present++;
		pol_out_finding("left alone", im->file, line, 0, why->text);
	} else {
		pol_import_refuse(im, line, "%.*s: %s", (int)of->user.name.len, of->user.name.data, why->text);
	}
	return 0;
}

static int
write_all(struct pol_import *im, struct pol_account *c)
{
	struct pol_progress progress;
	struct block b = { .im = im };
	int rc = 0, status;

	pol_progress_begin(&progress, "importing");
	for (; rc == 0 && b.first < im->n; b.first += BLOCK) {
		const size_t n = im->n - b.first < BLOCK ? im->n - b.first : BLOCK;

		pol_progress_show(&progress, b.first, im->n);
		status = pol_import_hash(im, c, b.first, n, &progress);
		if (status != 0) {
			pol_progress_end(&progress);
			return status;
		}
		rc = policy_admin_import(c->host.p, &c->as, im->list + b.first, n, skipped, &b, &c->err);
		if (rc != 0 && b.first > 0) {
			pol_progress_end(&progress);
			fprintf(stderr, "policyctl import: the first %zu are imported, the others not: run it again\n", b.first);
		}
	}
	pol_progress_end(&progress);
	return pol_account_said(c, rc);
}

static int
summary(struct pol_import *im, size_t refused_before)
{
	struct pol_json j = { NULL, 0, 0, false };
	const size_t users = im->n - im->present - (im->refused - refused_before);

	if (!im->a->json) {
		printf("%s: %zu %s and %zu %s%s, %zu there already, %zu refused\n", im->a->words[0], users, users == 1 ? "user" : "users",
		    im->keys, im->keys == 1 ? "key" : "keys", im->a->dry_run ? " to import" : " imported", im->present, im->refused);
		return im->refused > 0 ? POL_NO : POL_YES;
	}
	pol_json_open(&j, NULL, '{');
	pol_json_bool(&j, "dry_run", im->a->dry_run);
	pol_json_uint(&j, "users", users);
	pol_json_uint(&j, "keys", im->keys);
	pol_json_uint(&j, "present", im->present);
	pol_json_uint(&j, "refused", im->refused);
	pol_json_open(&j, "why", '[');
	if (im->said.len > 0)
		pol_json_raw(&j, im->said.data, im->said.len);
	pol_json_close(&j, ']');
	pol_json_close(&j, '}');
	return pol_out_json(&j) != 0 ? EX_OSERR : im->refused > 0 ? POL_NO : POL_YES;
}

static int
run(struct pol_import *im, struct pol_account *c, const struct format *f)
{
	size_t refused;
	int rc = pol_when_end(im->a, &im->expires_ns, 0);

	if (rc == 0)
		rc = read_file(im);
	if (rc != 0)
		return rc;
	f->read(im);
	refused = im->refused;
	if (im->status != 0)
		return im->status;
	if (!im->a->dry_run && im->n > 0) {
		rc = pol_account_credential(c, false);
		if (rc == 0)
			rc = pol_account_open(c);
		if (rc == 0)
			rc = write_all(im, c);
	}
	return rc != 0 ? rc : summary(im, refused);
}

int
pol_cmd_import(struct pol_account *c)
{
	const struct format *f = find_format(c->a->words[0]);
	struct pol_import im = { .a = c->a, .file = c->a->words[1] };
	int rc;

	if (f == NULL)
		return pol_out_usage(c->a, "xinference, torchserve, ai4flwr or htpasswd is wanted, not %s", c->a->words[0]);
	json_set_alloc_funcs(malloc, wiping_free);
	im.roles = pol_user_items(c->a->roles, &im.n_roles);
	rc = im.roles == NULL ? EX_OSERR : run(&im, c, f);
	finish(&im);
	return rc;
}
