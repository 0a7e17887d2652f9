/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every line of the `tests:` of every policy in policies/ (and of the directories
 * named), asked through a handle that hears the fixtures: no answer allocates, and
 * each is the one that the test wants.
 */
#include "chaos.h"

#ifdef CHAOS_SANITIZER

int
main(void)
{
	chaos_skip(1, "no allocation (a sanitizer makes some)");
	return chaos_finish();
}

#else

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "base/time.h"
#include "heap.h"
#include "load/file.h"

static int64_t now_ns;
static unsigned long asked, allocated, differ;

static int64_t
clock_fn(void *ctx)
{
	(void)ctx;
	return now_ns;
}

static bool
is(struct policy_text t, const char *s)
{
	return t.len == strlen(s) && memcmp(t.data, s, t.len) == 0;
}

/* The token of a test; its attributes without those that have members of their own. */
static void
make_token(struct policy_token *token, struct policy_attr room[64], const struct ast_test *t)
{
	size_t n = 0;

	*token = (struct policy_token)POLICY_TOKEN_INIT;
	token->flags = t->has_scopes ? POLICY_TOKEN_SCOPED : 0;
	token->scopes = t->scopes;
	token->scopes_count = t->n_scopes;
	token->kind = t->kind;
	for (size_t i = 0; i < t->token_attributes.count && n < 64; i++) {
		const struct policy_attr *a = &t->token_attributes.list[i];

		if (is(a->name, "id") && a->value.type == POLICY_STRING)
			token->id = a->value.u.text;
		else if (!is(a->name, "id") && !is(a->name, "scopes") && !is(a->name, "kind"))
			room[n++] = *a;
	}
	token->attributes.list = room;
	token->attributes.count = n;
}

static struct policy_attrs
with(const struct ast_test *t, const struct ast_test_line *l)
{
	const struct policy_attrs none = { NULL, 0 };

	if (!t->keyed)
		return l->has_resource ? t->with : none;
	for (size_t i = 0; i < t->with.count; i++) {
		const struct policy_text *name = &t->with.list[i].name;

		if (name->len == l->type.len + 1 + l->id.len && memcmp(name->data, l->type.data, l->type.len) == 0 &&
		    name->data[l->type.len] == '/' && memcmp(name->data + l->type.len + 1, l->id.data, l->id.len) == 0)
			return (struct policy_attrs){ t->with.list[i].value.u.members, t->with.list[i].value.count };
	}
	return none;
}

static void
ask(struct policy *p, const char *file, const struct ast_test *t, const struct ast_test_line *l)
{
	struct policy_request r = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	struct policy_attr room[64];
	struct policy_token token;

	if (!t->anonymous) {
		r.subject_type = ast_holder_type(&t->as);
		r.subject_id = ast_holder_name(&t->as);
		r.subject_attributes = t->subject;
	}
	r.groups = t->groups;
	r.groups_count = t->n_groups;
	if (t->has_actor) {
		r.actor_type = ast_holder_type(&t->actor);
		r.actor_id = ast_holder_name(&t->actor);
	}
	r.context = t->context;
	if (t->has_token) {
		make_token(&token, room, t);
		r.token = &token;
	}
	r.action = l->action;
	if (l->has_resource) {
		r.resource_type = l->type;
		r.resource_id = l->id;
		r.resource_attributes = with(t, l);
	}
	heap_calls = 0;
	heap_on = 1;
	policy_decide(p, &r, &d);
	heap_on = 0;
	asked++;
	if (heap_calls != 0) {
		allocated++;
		printf("%s:%u: %ld calls of the allocator\n", file, t->source->line, heap_calls);
	}
	if ((d.verdict == POLICY_ALLOW) != l->allow) {
		differ++;
		printf("%s:%u: %.*s: %s\n", file, l->source->line, (int)l->action.len, l->action.data,
		    policy_reason_name((int)d.reason));
	}
}

/* Puts the set with its fixtures in force: a host's handle would never hear them. */
static int
hear_fixtures(struct policy *p, const struct ast_set *set)
{
	struct pol_people_root *people = NULL;
	struct pol_code *code = NULL;
	struct pol_snapshot *s;
	int rc = pol_code_emit(&code, set, NULL);

	if (rc == 0)
		rc = pol_set_people(&people, set, pol_code_program(code), true, NULL);
	if (rc == 0)
		rc = pol_handle_snapshot(&s, code, people);
	if (rc != 0)
		return rc;
	pol_handle_lock(p);
	pol_handle_swap(p, s);
	pol_handle_collect(p, 0);
	pol_handle_unlock(p);
	return 0;
}

static void
ask_all(struct policy *p, const char *file, const struct ast_set *set)
{
	for (size_t i = 0; i < set->tests.n; i++) {
		const struct ast_test *t = set->tests.list[i];
		struct pol_time at = { 1750000000, 0 };

		if (t->now.data != NULL && pol_time_parse(&at, t->now.data, t->now.len) != 0)
			chaos_check(0, "a test's time");
		now_ns = at.sec * 1000000000 + at.ns;
		for (size_t k = 0; k < t->n_lines; k++)
			ask(p, file, t, &t->lines[k]);
	}
}

/* A source tree may be group-writable. */
static void
ignore(void *ctx, const char *file, const char *text)
{
	(void)ctx;
	(void)file;
	(void)text;
}

static void
policy(const char *path)
{
	struct policy_options o = POLICY_OPTIONS_INIT;
	struct policy_limits limits = POLICY_LIMITS_INIT;
	struct pol_compile_options opt = { .limits = &limits };
	struct policy_error err = POLICY_ERROR_INIT;
	struct pol_files files = { NULL, 0 };
	struct ast_set *set = NULL;
	struct pol_source source;
	struct policy *p = NULL;
	int rc;

	o.clock = clock_fn;
	o.flags = POLICY_FORCE_ON;
	rc = pol_files_read(&files, path, &limits, ignore, NULL, &err);
	if (rc == 0) {
		source = (struct pol_source){ path, files.list[0].text, files.list[0].len, true };
		rc = pol_set_read(&set, &source, 1, &opt, &err);
	}
	if (rc == 0)
		rc = policy_open_text(&p, path, source.text, source.len, &o, &err);
	if (rc == 0)
		rc = hear_fixtures(p, set);
	if (!chaos_check(rc == 0, "the policy does not open"))
		printf("    %s: %s:%u: %s\n", path, err.file, err.line, err.text);
	else
		ask_all(p, path, set);
	policy_close(p);
	if (set != NULL)
		pol_set_free(set);
	pol_files_free(&files);
}

static unsigned
directory(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	char name[4096];
	unsigned n = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		if (len < 6 || strcmp(e->d_name + len - 5, ".yaml") != 0)
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		policy(name);
		n++;
	}
	if (d != NULL)
		closedir(d);
	return n;
}

int
main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir");
	char own[4096];
	unsigned n = 0;

	snprintf(own, sizeof(own), "%s/policies", top != NULL ? top : ".");
	n += directory(own);
	for (int i = 1; i < argc; i++)
		n += directory(argv[i]);
	chaos_check(n > 0, "no policy to ask");
	chaos_check(allocated == 0, "deciding called the allocator");
	chaos_check(differ == 0, "answers that the tests do not want");
	printf("%u policies, %lu requests\n", n, asked);
	return chaos_finish();
}

#endif
