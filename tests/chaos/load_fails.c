/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first, second, third... allocation of a load fails, it alone or all that
 * follow too, until one load gets through: each failure is told as POLICY_ERR_NOMEM,
 * leaves nothing behind, and a set that was running goes on as it was.
 */
#include "chaos.h"

#ifdef CHAOS_SANITIZER

int
main(void)
{
	chaos_skip(1, "failing allocations (a sanitizer has an allocator of its own)");
	return chaos_finish();
}

#else

#include <sys/stat.h>
#include <unistd.h>

#include <string.h>

#include "api/open.h"
#include "api/steps.h"
#include "heap.h"

enum { MOST = 200000 };

static const char *path;	/* of a file with the set */

static int
open_text(struct policy **p, struct policy_error *err)
{
	return policy_open_text(p, "chaos.yaml", chaos_set, sizeof(chaos_set) - 1, NULL, err);
}

static int
open_file(struct policy **p, struct policy_error *err)
{
	return policy_open(p, path, NULL, err);
}

/* ---- a set with a module that allocates nothing itself ---- */

static const struct policy_host *host;

static int
words_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	(void)err;
	host = args->host;
	*state = &host;
	return 0;
}

static enum policy_check_result
words_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	const struct policy_text none = { NULL, 0 };

	(void)state;
	host->set_subject(id, none, policy_text("ann"));
	host->set_token_id(id, call->credential->data);
	return POLICY_CHECK_PASS;
}

static void
words_close(void *state)
{
	(void)state;
}

static int
load(const struct policy_module **out, const char *dir, const char *name, struct policy_error *err)
{
	static const struct policy_module words = {
		.size = sizeof(words), .abi = POLICY_MODULE_ABI, .name = "words", .version = "1",
		.flags = POLICY_MODULE_CACHEABLE, .open = words_open, .check = words_check, .close = words_close,
	};

	(void)dir;
	(void)name;
	(void)err;
	*out = &words;
	return 0;
}

static int
open_modules(struct policy **p, struct policy_error *err)
{
	static const char more[] = "modules: [ { use: words, for: bearer, kind: key } ]\n";
	static char text[sizeof(chaos_set) + sizeof(more)];
	struct pol_origin from = { .name = "chaos.yaml", .text = text, .is_text = true, .load = load };

	*p = NULL;
	from.len = (size_t)snprintf(text, sizeof(text), "%s%s", chaos_set, more);
	return pol_open_new(p, &from, NULL, err);
}

/* A credential that is new each time is judged, or denied for want of memory. */
static void
judgements(void)
{
	struct policy *p;
	char text[32];
	long n;
	int rc = -1;

	if (!chaos_check(open_modules(&p, NULL) == 0, "the set with a module does not open"))
		return;
	for (n = 1; n < MOST && rc != 0; n++) {
		struct policy_request req = POLICY_REQUEST_INIT;
		struct policy_decision d = POLICY_DECISION_INIT;
		struct policy_credential c = { .kind = policy_text("bearer") };

		snprintf(text, sizeof(text), "token %ld", n);
		c.data = policy_text(text);
		req.action = policy_text("read");
		req.resource_type = policy_text("file");
		req.resource_id = policy_text("f");
		req.credentials = &c;
		req.credentials_count = 1;
		d.verdict = POLICY_ALLOW;
		heap_live = 0;
		heap_failed = 0;
		heap_fail = n;
		heap_on = 1;
		rc = policy_decide(p, &req, &d);
		heap_on = 0;
		chaos_check(heap_live == 0, "judging leaves memory behind");
		chaos_check((d.verdict == POLICY_ALLOW) == (rc == 0), "an allow without memory");
		chaos_check(rc == 0 || (rc == POLICY_ERR_NOMEM && d.reason == POLICY_REASON_UNAVAILABLE && d.status == 503),
		    "want of memory is told as something else");
	}
	chaos_check(rc == 0 && n > 1, "no credential gets through, or none needs memory");
	policy_close(p);
	printf("judging: %ld allocations failed in turn\n", n - 2);
}

static void
opens(int (*open_)(struct policy **, struct policy_error *), const char *what)
{
	struct policy *p;
	long n;
	int rc = -1;

	for (n = 1; n < MOST && rc != 0; n++) {
		struct policy_error err = POLICY_ERROR_INIT;

		p = (struct policy *)&n;
		heap_live = 0;
		heap_failed = 0;
		heap_fail = n;
		heap_on = 1;
		rc = open_(&p, &err);
		heap_on = 0;
		if (rc == 0)
			break;
		if (!heap_failed) {
			printf("%s: %s: %d %s\n", what, "fails by itself", rc, err.text);
			chaos_check(0, what);
			return;
		}
		chaos_check(rc == POLICY_ERR_NOMEM && err.code == POLICY_ERR_NOMEM, "an allocation that failed is told as something else");
		chaos_check(p == NULL, "a failed open leaves a handle");
		chaos_check(heap_live == 0, "a failed open leaves memory behind");
	}
	if (!chaos_check(rc == 0, "the load never gets through"))
		return;
	chaos_check(chaos_no_wrong_allow(p), "a wrong allow after a load that was short of memory");
	heap_on = 1;
	policy_close(p);
	heap_on = 0;
	chaos_check(heap_live == 0, "closing leaves memory behind");
	printf("%s: %ld allocations failed in turn\n", what, n - 1);
}

/* What a set with engine sections goes through before a module is opened. */
static int
take_steps(const char *text, size_t len, struct policy_error *err)
{
	struct policy_limits limits = POLICY_LIMITS_INIT;
	struct pol_compile_options opt = { .limits = &limits };
	struct pol_source source = { "chaos.yaml", text, len, true };
	struct pol_people_root *people = NULL;
	struct pol_stack_conf conf = { .n = 0 };
	struct pol_store_conf store;
	struct ast_set *set = NULL;
	struct pol_code *code = NULL;
	struct pol_buf dump;
	int rc = pol_set_read(&set, &source, 1, &opt, err);

	pol_buf_init(&dump);
	if (rc == 0)
		rc = pol_code_emit(&code, set, err);
	if (rc == 0)
		rc = pol_set_people(&people, set, pol_code_program(code), false, err);
	if (rc == 0)
		rc = pol_set_dump(set, &dump);
	if (rc == 0)
		rc = pol_steps_conf(&conf, set, err);
	if (rc == 0) {
		rc = pol_steps_store(&store, &conf.arena, set, err);
		pol_arena_fini(&conf.arena);
	}
	pol_buf_fini(&dump);
	pol_people_free(people);
	pol_code_free(code);
	if (set != NULL)
		pol_set_free(set);
	return rc;
}

static void
steps(const char *what)
{
	static const char more[] =
	    "modules:\n"
	    "  - use: jwt\n"
	    "    for: [bearer, id]\n"
	    "    kind: key\n"
	    "    subject: { type: user, id: sub, shared: true }\n"
	    "    map: { roles: { team: { a: [reader, writer], b: reader }, unit: { c: sharer } } }\n"
	    "    with: { issuer: x, algorithms: [ES256, RS256], leeway: 30, headers: { a: b } }\n"
	    "  - { use: jwt, name: other, control: optional, cache: 0s }\n"
	    "store: { url: \"sqlite:/var/lib/x\", stale: 60s }\n";
	char text[sizeof(chaos_set) + sizeof(more)];
	long n;
	int rc = -1;

	snprintf(text, sizeof(text), "%s%s", chaos_set, more);
	for (n = 1; n < MOST && rc != 0; n++) {
		struct policy_error err = POLICY_ERROR_INIT;

		heap_live = 0;
		heap_failed = 0;
		heap_fail = n;
		heap_on = 1;
		rc = take_steps(text, strlen(text), &err);
		heap_on = 0;
		if (rc == 0)
			break;
		if (!heap_failed) {
			printf("%s: %s: %d %s\n", what, "fails by itself", rc, err.text);
			chaos_check(0, what);
			return;
		}
		chaos_check(rc == POLICY_ERR_NOMEM, "an allocation that failed is told as something else");
		chaos_check(heap_live == 0, "a set that failed leaves memory behind");
	}
	chaos_check(rc == 0, "the steps never get through");
	chaos_check(heap_live == 0, "a set that was freed leaves memory behind");
	printf("%s: %ld allocations failed in turn\n", what, n - 1);
}

static void
reloads(void)
{
	struct policy *p;
	struct policy_decision d = POLICY_DECISION_INIT;
	uint64_t before;
	size_t i;
	long n;
	int rc = -1;

	if (!chaos_check(policy_open(&p, path, NULL, NULL) == 0, "the file does not open"))
		return;
	for (n = 1; n < MOST && rc != 0; n++) {
		before = policy_generation(p);
		heap_live = 0;
		heap_failed = 0;
		heap_fail = n;
		heap_on = 1;
		rc = policy_reload(p, NULL);
		heap_on = 0;
		if (rc == 0)
			break;
		chaos_check(rc == POLICY_ERR_NOMEM, "a failed reload is told as something else");
		chaos_check(heap_live == 0, "a failed reload leaves memory behind");
		chaos_check(policy_generation(p) == before, "a failed reload changed the generation");
		for (i = 0; i < CHAOS_REQUESTS; i++)
			if (!chaos_ask(p, i, &d))
				break;
		chaos_check(i == CHAOS_REQUESTS, "a failed reload changed an answer");
	}
	chaos_check(rc == 0, "the reload never gets through");
	/* deciding asks for none: with all refused, every answer is as ever */
	heap_failed = heap_for_good = 1;
	heap_on = 1;
	for (i = 0; i < CHAOS_REQUESTS; i++)
		if (!chaos_ask(p, i, &d))
			break;
	heap_on = 0;
	heap_failed = 0;
	chaos_check(i == CHAOS_REQUESTS, "an answer without memory");
	policy_close(p);
	printf("reload: %ld allocations failed in turn\n", n - 1);
}

int
main(void)
{
	char dir[] = "/tmp/libpolicy-chaos-XXXXXX", name[sizeof(dir) + 16];
	FILE *f;

	opens(open_text, "policy_open_text");
	opens(open_modules, "a set with a module");
	judgements();
	heap_for_good = 1;
	opens(open_text, "policy_open_text, from then on");
	opens(open_modules, "a set with a module, from then on");
	steps("modules and store, from then on");
	heap_for_good = 0;
	steps("modules and store");
	if (!chaos_check(mkdtemp(dir) != NULL, "no scratch directory"))
		return chaos_finish();
	snprintf(name, sizeof(name), "%s/set.yaml", dir);
	f = fopen(name, "w");
	if (chaos_check(f != NULL && fputs(chaos_set, f) >= 0 && fclose(f) == 0 && chmod(name, 0644) == 0,
	    "the scratch file cannot be written")) {
		path = dir;
		opens(open_file, "policy_open");
		reloads();
		heap_for_good = 1;
		opens(open_file, "policy_open, from then on");
		reloads();
	}
	unlink(name);
	rmdir(dir);
	return chaos_finish();
}

#endif
