/* SPDX-License-Identifier: Apache-2.0 */
/*
 * who, what: searches of a set as a host has them. The words are those of decide, with one
 * left out, which is what is sought.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/host.h"

#define PLACE "-"			/* stands where something is sought, and is not read */

struct finding {
	const struct pol_args *args;
	struct pol_json json;
	int sought;
	size_t n;
};

/* ---- what is found ---- */

static void
found_json(struct finding *f, struct policy_text type, struct policy_text id)
{
	pol_json_open(&f->json, NULL, '{');
	if (f->sought != POLICY_SEEK_ACTION)
		pol_json_text(&f->json, "type", type.data, type.len);
	pol_json_text(&f->json, f->sought == POLICY_SEEK_ACTION ? "name" : "id", id.data, id.len);
	pol_json_close(&f->json, '}');
}

/* As it is written elsewhere: NAME or TYPE:NAME, TYPE/ID, ACTION. */
static void
found_line(const struct finding *f, struct policy_text type, struct policy_text id)
{
	const bool plain = f->sought == POLICY_SEEK_ACTION || (f->sought == POLICY_SEEK_SUBJECT && type.len == 4 &&
	    memcmp(type.data, "user", 4) == 0 && memchr(id.data, ':', id.len) == NULL);

	if (!plain) {
		pol_out_text_n(stdout, type.data, type.len);
		fputc(f->sought == POLICY_SEEK_RESOURCE ? '/' : ':', stdout);
	}
	pol_out_text_n(stdout, id.data, id.len);
	fputc('\n', stdout);
}

static int
found(void *ctx, struct policy_text type, struct policy_text id)
{
	struct finding *f = ctx;

	f->n++;
	if (f->args->json)
		found_json(f, type, id);
	else
		found_line(f, type, id);
	return 0;
}

/* ---- a search ---- */

static int
search(const struct pol_args *a, int sought, const struct pol_ask *ask, struct policy *p)
{
	struct policy_error err = POLICY_ERROR_INIT;
	struct finding f = { a, { NULL, 0, 0, false }, sought, 0 };
	int rc;

	pol_json_open(&f.json, NULL, '{');
	pol_json_open(&f.json, "results", '[');
	rc = policy_search(p, sought, &ask->req, found, &f, &err);
	pol_json_close(&f.json, ']');
	pol_json_close(&f.json, '}');
	if (rc != 0 || !a->json)
		pol_json_fini(&f.json);
	if (rc != 0)
		return pol_out_error(a, &err);
	if (a->json && pol_out_json(&f.json) != 0)
		return EX_OSERR;
	return f.n != 0 ? POL_YES : POL_NO;
}

static int
search_words(const struct pol_args *a, int sought, const struct pol_args *words)
{
	struct pol_bump bump = { NULL, NULL, NULL };
	struct pol_ask ask;
	struct pol_host h;
	const char *why = NULL;
	json_t *root = pol_ask_read(words);
	int rc, status;

	if (root == NULL)
		return EX_USAGE;
	rc = pol_request_make(&ask, root, &bump, &why);
	if (rc != 0) {
		pol_out_finding("error", NULL, 0, 0, why);
		status = pol_out_status(rc);
	} else {
		status = pol_host_open(&h, a);
		if (status == 0) {
			status = search(a, sought, &ask, h.p);
			pol_host_close(&h);
		}
	}
	pol_bump_fini(&bump);
	json_decref(root);
	return status;
}

/* first: the words of decide that come before the rest of ours, which begins at `from`. */
static int
run(const struct pol_args *a, int sought, const char *const *first, size_t n, size_t from)
{
	struct pol_args words = *a;
	int status;

	words.words = calloc(n + a->n_words + 1, sizeof(*words.words));
	if (words.words == NULL) {
		fprintf(stderr, "policyctl: out of memory\n");
		return EX_OSERR;
	}
	for (words.n_words = 0; words.n_words < n; words.n_words++)
		words.words[words.n_words] = first[words.n_words];
	for (; from < a->n_words; from++)
		words.words[words.n_words++] = a->words[from];
	words.now = NULL;		/* it is the handle's clock */
	status = search_words(a, sought, &words);
	free(words.words);
	return status;
}

/* ---- the verbs ---- */

int
pol_cmd_who(const struct pol_args *a)
{
	const char *type = a->type != NULL ? a->type : "user";
	char *subject;
	int status;

	if (a->n_words == 0)
		return pol_out_usage(a, "ACTION is wanted");
	subject = calloc(1, strlen(type) + sizeof(":" PLACE));
	if (subject == NULL) {
		fprintf(stderr, "policyctl: out of memory\n");
		return EX_OSERR;
	}
	strcat(strcpy(subject, type), ":" PLACE);
	status = run(a, POLICY_SEEK_SUBJECT, (const char *[]){ subject, a->words[0] }, 2, 1);
	free(subject);
	return status;
}

/* ACTION TYPE: things; TYPE/ID, or nothing: actions. A word with = is a property. */
static int
is_name(const struct pol_args *a, size_t i)
{
	return i < a->n_words && strpbrk(a->words[i], "/=") == NULL;
}

int
pol_cmd_what(const struct pol_args *a)
{
	char *resource;
	int status;

	if (a->n_words == 0)
		return pol_out_usage(a, "SUBJECT is wanted");
	if (!is_name(a, 1))
		return run(a, POLICY_SEEK_ACTION, (const char *[]){ a->words[0], PLACE }, 2, 1);
	if (!is_name(a, 2))
		return pol_out_usage(a, "to which things may %s %s? TYPE is wanted behind %s", a->words[0], a->words[1], a->words[1]);
	resource = calloc(1, strlen(a->words[2]) + sizeof("/" PLACE));
	if (resource == NULL) {
		fprintf(stderr, "policyctl: out of memory\n");
		return EX_OSERR;
	}
	strcat(strcpy(resource, a->words[2]), "/" PLACE);
	status = run(a, POLICY_SEEK_RESOURCE, (const char *[]){ a->words[0], a->words[1], resource }, 3, 3);
	free(resource);
	return status;
}
