/* SPDX-License-Identifier: Apache-2.0 */
/*
 * src/api/route.c: requests of HTTP, whoever sends them. What a path is taken for is
 * tests/differential/routes.py's; here is who may, and what a host may hand in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <policy_module.h>

#include "api/handle.h"
#include "api/open.h"
#include "core/route.h"
#include "unit/unit.h"

#define SET \
	"policy: 1\n" \
	"resources: { doc: { attributes: { region: { type: string }, size: { type: number }, hot: { type: boolean } } } }\n" \
	"actions: { read: { resource: doc }, put: { resource: doc }, list: , gate: , hour: }\n" \
	"roles:\n" \
	"  all: { allow: [ read, list, { actions: put, when: 'resource.region == \"eu\" and resource.size == 2.5 and resource.hot' },\n" \
	"    { actions: hour, when: 'context.mode == \"safe\"' } ] }\n" \
	"  shut: { deny: { actions: gate, id: no-gate } }\n" \
	"  odd: { deny: { actions: gate, when: context.missing } }\n" \
	"  closed: { deny: { actions: gate, when: context.closed } }\n" \
	"users: { ann: { roles: all }, mal: { roles: shut }, odd: { roles: odd } }\n" \
	"everyone: { roles: closed }\n" \
	"routes:\n" \
	"  default:\n" \
	"    - { match: \"GET /docs/{id}\", action: read, resource: \"doc/{id}\" }\n" \
	"    - { match: \"PUT /docs/{id}\", query: { region: \"{r}\" }, action: put, resource: \"doc/{id}\", with: { region: \"{r}\", size: 2.5, hot: true } }\n" \
	"    - { match: \"POST /docs\", body: name, action: read, resource: \"doc/{name}\" }\n" \
	"    - { match: \"GET /hour\", action: hour, context: { mode: safe } }\n" \
	"    - { match: \"GET /hour/{m}\", action: hour, context: { mode: \"{m}\" } }\n" \
	"    - { match: \"GET /ping\", public: true }\n" \
	"    - { match: \"GET /gate\", public: true, action: gate }\n" \
	"  other: [ { match: \"GET /docs/{id}\", action: list } ]\n"

/* ---- a module: the data is a name, `!` before it is bad, `~` is not to be told now ---- */

static int
mod_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	struct policy_host *h = malloc(sizeof(*h));

	(void)err;
	CU_ASSERT_PTR_NOT_NULL_FATAL(h);
	*h = *args->host;
	h->source(args->host, policy_text("one"));
	*state = h;
	return 0;
}

static enum policy_check_result
mod_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	const struct policy_host *h = state;
	const struct policy_text none = { NULL, 0 }, data = call->credential->data;

	if (data.data[0] == '~')
		return POLICY_CHECK_ERROR;
	if (data.data[0] == '!' || h->set_subject(id, none, data) != 0 || h->set_kind(id, policy_text("key")) != 0)
		return POLICY_CHECK_FAIL;
	return POLICY_CHECK_PASS;
}

static const struct policy_module names = {
	.size = sizeof(names), .abi = POLICY_MODULE_ABI, .name = "names", .version = "1",
	.flags = POLICY_MODULE_CACHEABLE, .open = mod_open, .check = mod_check, .close = free,
};

static int
load(const struct policy_module **out, const char *dir, const char *name, struct policy_error *err)
{
	(void)dir;
	(void)name;
	(void)err;
	*out = &names;
	return 0;
}

/* ---- asking ---- */

static struct policy *
open_text(const char *text, uint32_t flags)
{
	struct pol_origin from = { .name = "t", .text = text, .len = strlen(text), .is_text = true, .load = load };
	struct policy_options o = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy *p = NULL;

	o.flags = flags;
	if (pol_open_new(&p, &from, &o, &err) != 0)
		printf("%s:%u: %s\n", err.file, err.line, err.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	return p;
}

static struct policy *
open_set(const char *more)
{
	static char text[16384];

	snprintf(text, sizeof(text), "%s%s", SET, more);
	return open_text(text, 0);
}

static struct policy_routed routed;
static struct policy_decision made;

static struct policy_http
http(const char *request)
{
	struct policy_http h = POLICY_HTTP_INIT;
	const char *space = strchr(request, ' ');

	h.method = (struct policy_text){ request, (size_t)(space - request) };
	h.target = policy_text(space + 1);
	return h;
}

static enum policy_reason
ask(struct policy *p, const struct policy_http *h, const struct policy_request *who)
{
	made = (struct policy_decision)POLICY_DECISION_INIT;
	routed = (struct policy_routed)POLICY_ROUTED_INIT;
	made.verdict = POLICY_ALLOW;
	routed.found = 1;
	CU_ASSERT_EQUAL(policy_decide_http(p, h, who, &made, &routed), 0);
	CU_ASSERT_EQUAL(made.verdict == POLICY_ALLOW, made.reason == POLICY_REASON_RULE || made.reason == POLICY_REASON_DISABLED);
	return (enum policy_reason)made.reason;
}

/* who NULL: nobody */
static enum policy_reason
as(struct policy *p, const char *who, const char *request)
{
	struct policy_http h = http(request);
	struct policy_request r = POLICY_REQUEST_INIT;

	r.subject_id = policy_text(who);
	return ask(p, &h, &r);
}

static enum policy_reason
with(struct policy *p, const char *token, const char *request)
{
	struct policy_credential c = { .kind = POLICY_TEXT("bearer"), .data = policy_text(token) };
	struct policy_http h = http(request);
	struct policy_request r = POLICY_REQUEST_INIT;

	r.credentials = &c;
	r.credentials_count = 1;
	return ask(p, &h, &r);
}

static void
a_route_names_what_is_asked(void)
{
	struct policy *p = open_set("");
	struct policy_http h = http("GET /docs/1");
	struct policy_request r = POLICY_REQUEST_INIT;

	CU_ASSERT_EQUAL(as(p, "ann", "GET /docs/a%20b"), POLICY_REASON_RULE);
	CU_ASSERT(routed.found == 1 && routed.is_public == 0 && routed.line == 14);
	CU_ASSERT_STRING_EQUAL(routed.action, "read");
	CU_ASSERT_STRING_EQUAL(routed.resource_type, "doc");
	CU_ASSERT_STRING_EQUAL(routed.resource_id, "a b");
	CU_ASSERT(routed.action_len == 4 && routed.resource_type_len == 3 && routed.resource_id_len == 3);
	CU_ASSERT_STRING_EQUAL(routed.file, "t");
	CU_ASSERT_STRING_EQUAL(made.subject_id, "ann");
	CU_ASSERT_EQUAL(made.generation, 1);
	CU_ASSERT_EQUAL(as(p, "bob", "GET /docs/1"), POLICY_REASON_NO_RULE);
	CU_ASSERT_EQUAL(as(p, NULL, "GET /docs/1"), POLICY_REASON_NO_CREDENTIAL);
	CU_ASSERT_EQUAL(as(p, "ann", "PUT /docs/1?region=eu"), POLICY_REASON_RULE);
	CU_ASSERT_EQUAL(as(p, "ann", "PUT /docs/1?region=us"), POLICY_REASON_NO_RULE);
	r.subject_id = policy_text("ann");
	h.set = policy_text("other");
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_RULE);
	CU_ASSERT_STRING_EQUAL(routed.action, "list");
	CU_ASSERT(routed.resource_type_len == 0 && routed.resource_id[0] == '\0');
	h.set = policy_text("none");
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_NO_RULE);
	h.set = policy_text("");
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_NO_RULE);
	policy_close(p);
}

static void
no_route_is_no_rule_and_a_bad_path_an_error(void)
{
	static const char *const none[] = { "GET /", "GET /docs", "GET /docs/1/", "GET /docs/1/2", "HEAD /docs/1", "OPTIONS /ping",
		"get /docs/1", "GET /Docs/1", "GET /docs/a%2Fb", "PUT /docs/1", "PUT /docs/1?region=", "PUT /docs/1?Region=eu" };
	static const char *const bad[] = { "GET /docs/..", "GET /docs/%2e%2E/x", "GET /docs/.", "GET //docs/1", "GET /docs//1", "GET /docs/a%2F..",
		"GET /docs/a%2Fb%2F", "GET /docs/%5c", "GET /docs/\\", "GET /docs/a;b=c", "GET /docs/%3b", "GET /docs/%00", "GET /docs/%0d",
		"GET /docs/%7f", "GET /docs/%", "GET /docs/%4", "GET /docs/%g1", "GET /docs/%ff", "GET /docs/%c0%af", "GET /docs/\xc3\xa9",
		"GET /docs/a b", "GET /docs/1#x", "GET *", "GET http://h/docs/1", "GET docs/1", "GET ", " /docs/1", "G(T /docs/1",
		"PUT /docs/1?region=eu&region=eu", "PUT /docs/1?region=%", "PUT /docs/1?a=%00&region=eu", "PUT /docs/1?region=eu;a=b",
		"PUT /docs/1?region=eu&x=%ff", "PUT /docs/1?region=\xc3\xa9", "GET /docs/1?a b", "POST /docs" };
	struct policy *p = open_set("");

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		CU_ASSERT_EQUAL(as(p, "ann", none[i]), POLICY_REASON_NO_RULE);
		CU_ASSERT(routed.found == 0 && made.status == 403 && made.rule_len == 0);
		CU_ASSERT_EQUAL(as(p, NULL, none[i]), POLICY_REASON_NO_CREDENTIAL);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(as(p, "ann", bad[i]), POLICY_REASON_ERROR);
		if (made.reason != POLICY_REASON_ERROR)
			printf("%s: %s\n", bad[i], policy_reason_name((int)made.reason));
		CU_ASSERT(routed.found == 0 && routed.action_len == 0);
		CU_ASSERT_EQUAL(as(p, NULL, bad[i]), POLICY_REASON_ERROR);
	}
	CU_ASSERT_EQUAL(as(p, "ann", "GET /docs/1?%%%=%ff&x=;"), POLICY_REASON_RULE);	/* no route asks for a parameter */
	policy_close(p);
}

static void
what_is_too_long_meets_a_limit(void)
{
	static char target[POL_TARGET_MAX + 32];
	struct policy *p = open_set("");
	size_t i, n;

	n = (size_t)sprintf(target, "GET /docs/");
	memset(target + n, 'x', POL_MAX_RESOURCE_ID);
	CU_ASSERT_EQUAL(as(p, "ann", target), POLICY_REASON_RULE);
	strcat(target, "x");
	CU_ASSERT_EQUAL(as(p, "ann", target), POLICY_REASON_LIMIT);
	memset(target + 4 + 6, 'x', POL_TARGET_MAX - 6);
	CU_ASSERT_EQUAL(as(p, "ann", target), POLICY_REASON_LIMIT);	/* as an id */
	target[4 + POL_TARGET_MAX] = 'x';
	CU_ASSERT_EQUAL(as(p, "ann", target), POLICY_REASON_LIMIT);
	for (i = 0, n = 4; i < POL_TARGET_SEGMENTS; i++, n += 2)
		memcpy(target + n, "/a", 3);
	CU_ASSERT_EQUAL(as(p, "ann", target), POLICY_REASON_NO_RULE);
	memcpy(target + n, "/a", 3);
	CU_ASSERT_EQUAL(as(p, "ann", target), POLICY_REASON_LIMIT);
	n = (size_t)sprintf(target, "PUT /docs/1?region=eu");
	for (i = 1; i < POL_TARGET_PARAMS; i++, n += 2)
		memcpy(target + n, "&a", 3);
	CU_ASSERT_EQUAL(as(p, "ann", target), POLICY_REASON_RULE);
	memcpy(target + n, "&a", 3);
	CU_ASSERT_EQUAL(as(p, "ann", target), POLICY_REASON_LIMIT);
	policy_close(p);
}

static void
a_body_is_read_where_a_route_wants_it(void)
{
	static char large[POL_ROUTE_BODY_MAX + 1];
	struct policy *p = open_set("");
	struct policy_http h = http("POST /docs");
	struct policy_request r = POLICY_REQUEST_INIT;

	r.subject_id = policy_text("ann");
	h.body = policy_text("{\"name\":\"d\\u0031\"}");
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_RULE);
	CU_ASSERT_STRING_EQUAL(routed.resource_id, "d1");
	h.body = policy_text("{\"name\":\"\"}");
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_ERROR);
	h.body = policy_text("{\"name\":\"a\",\"name\":\"b\"}");
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_ERROR);
	memset(large, ' ', sizeof(large));
	memcpy(large, "{\"name\":\"a\"}", 12);
	h.body = (struct policy_text){ large, sizeof(large) - 1 };
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_RULE);
	h.body.len++;
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_LIMIT);
	h = http("GET /docs/1");
	h.body = policy_text("no JSON");
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_RULE);
	policy_close(p);
}

static void
the_routes_word_on_the_context_stands(void)
{
	struct policy_attr said[] = {
		{ POLICY_TEXT("mode"), { .type = POLICY_STRING, .u.text = POLICY_TEXT("wild") } },
		{ POLICY_TEXT("closed"), { .type = POLICY_BOOL, .u.boolean = 1 } },
	};
	struct policy *p = open_set("");
	struct policy_http h = http("GET /hour");
	struct policy_request r = POLICY_REQUEST_INIT;

	r.subject_id = policy_text("ann");
	r.context = (struct policy_attrs){ said, 2 };
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_RULE);
	h = http("GET /hour/wild");
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_NO_RULE);
	h = http("GET /hour/safe");
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_RULE);
	h = http("GET /gate");
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_DENIED);	/* what else the host says is heard */
	policy_close(p);
}

static void
a_public_route_is_open_but_for_deny_entries(void)
{
	struct policy_attr open = { POLICY_TEXT("closed"), { .type = POLICY_BOOL, .u.boolean = 0 } };
	struct policy_http h = http("GET /gate");
	struct policy_request r = POLICY_REQUEST_INIT;
	struct policy *p = open_set("");

	CU_ASSERT_EQUAL(as(p, NULL, "GET /ping"), POLICY_REASON_RULE);
	CU_ASSERT(routed.found == 1 && routed.is_public == 1 && routed.action_len == 0);
	CU_ASSERT_STRING_EQUAL(made.rule, "t:19");
	CU_ASSERT(made.line == 19 && strcmp(made.file, "t") == 0 && made.status == 200);
	CU_ASSERT_EQUAL(as(p, "mal", "GET /ping"), POLICY_REASON_RULE);
	CU_ASSERT_STRING_EQUAL(made.subject_id, "mal");
	CU_ASSERT_EQUAL(as(p, NULL, "GET /gate"), POLICY_REASON_CONDITION_ERROR);	/* nobody says whether it is closed */
	r.context = (struct policy_attrs){ &open, 1 };
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_RULE);
	CU_ASSERT_STRING_EQUAL(made.rule, "t:20");
	r.subject_id = policy_text("ann");
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_RULE);
	r.subject_id = policy_text("mal");
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_DENIED);
	CU_ASSERT_STRING_EQUAL(made.rule, "no-gate");
	r.subject_id = policy_text("odd");
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_CONDITION_ERROR);
	r.subject_id = policy_text("ann");
	r.actor_id = policy_text("mal");
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_DENIED);
	r.actor_id = policy_text("bob");
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_RULE);
	open.value.u.boolean = 1;
	CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_DENIED);
	policy_close(p);
}

static void
credentials_are_judged_for_what_is_asked(void)
{
	struct policy_attr open = { POLICY_TEXT("closed"), { .type = POLICY_BOOL, .u.boolean = 0 } };
	struct policy_credential c[2] = { { .kind = POLICY_TEXT("bearer"), .data = POLICY_TEXT("ann") },
	    { .kind = POLICY_TEXT("bearer"), .data = POLICY_TEXT("!x") } };
	struct policy_http h = http("GET /gate");
	struct policy_request r = POLICY_REQUEST_INIT;
	struct policy *p = open_set("modules: [ { use: names, for: bearer, kind: key } ]\n");

	for (int i = 0; i < 2; i++) {		/* then from the cache */
		CU_ASSERT_EQUAL(with(p, "ann", "GET /docs/1"), POLICY_REASON_RULE);
		CU_ASSERT_STRING_EQUAL(made.subject_id, "ann");
		CU_ASSERT_EQUAL(with(p, "bob", "GET /docs/1"), POLICY_REASON_NO_RULE);
		CU_ASSERT_EQUAL(with(p, "bob", "GET /none"), POLICY_REASON_NO_RULE);
		CU_ASSERT_STRING_EQUAL(made.subject_id, "bob");
		CU_ASSERT_EQUAL(with(p, "!ann", "GET /docs/1"), POLICY_REASON_BAD_CREDENTIAL);
		CU_ASSERT_EQUAL(with(p, "!ann", "GET /none"), POLICY_REASON_BAD_CREDENTIAL);
		CU_ASSERT_EQUAL(with(p, "~ann", "GET /none"), POLICY_REASON_UNAVAILABLE);
		CU_ASSERT_EQUAL(with(p, "", "GET /docs/1"), POLICY_REASON_BAD_CREDENTIAL);
		CU_ASSERT_EQUAL(with(p, "!ann", "GET /docs/.."), POLICY_REASON_ERROR);
		CU_ASSERT_EQUAL(with(p, "!ann", "GET /ping"), POLICY_REASON_RULE);	/* anybody */
		r.context = (struct policy_attrs){ &open, 1 };
		r.credentials = c;
		r.credentials_count = 1;
		CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_RULE);
		c[0].data = policy_text("mal");
		CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_DENIED);
		c[0].data = policy_text("!mal");
		CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_RULE);
		CU_ASSERT_EQUAL(made.subject_id_len, 0);
		c[0].data = policy_text("~mal");
		CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_RULE);
		r.credentials_count = 2;
		open.value.u.boolean = 1;
		CU_ASSERT_EQUAL(ask(p, &h, &r), POLICY_REASON_DENIED);	/* of nobody too */
		open.value.u.boolean = 0;
		c[0].data = policy_text("ann");
	}
	policy_close(p);
}

static void
an_engine_that_is_off_allows_it(void)
{
	struct policy *p = open_text("policy: 1\nenabled: false\n", 0);

	CU_ASSERT_EQUAL(as(p, NULL, "GET /.."), POLICY_REASON_DISABLED);
	CU_ASSERT_EQUAL(routed.found, 0);
	policy_close(p);
	p = open_text("policy: 1\n", 0);
	CU_ASSERT_EQUAL(as(p, "ann", "GET /"), POLICY_REASON_NO_RULE);
	policy_close(p);
}

/* rc of a call that may not be made; a deny all the same */
static int
refused(struct policy *p, const struct policy_http *h, const struct policy_request *r)
{
	int rc;

	made = (struct policy_decision)POLICY_DECISION_INIT;
	routed = (struct policy_routed)POLICY_ROUTED_INIT;
	made.verdict = POLICY_ALLOW;
	routed.found = 1;
	rc = policy_decide_http(p, h, r, &made, &routed);
	CU_ASSERT(made.verdict == POLICY_DENY);
	return rc;
}

static void
what_a_host_may_not_hand_in_is_refused(void)
{
	struct policy *p = open_set("");
	struct policy_http h = http("GET /docs/1"), g = h;
	struct policy_request r = POLICY_REQUEST_INIT, s;

	r.subject_id = policy_text("ann");
	CU_ASSERT_EQUAL(refused(NULL, &h, &r), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(refused(p, NULL, &r), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(refused(p, &h, NULL), POLICY_ERR_ARG);
	CU_ASSERT_EQUAL(policy_decide_http(p, &h, &r, NULL, NULL), POLICY_ERR_ARG);
	for (int i = 0; i < 5; i++) {
		s = r;
		*(i == 0 ? &s.action : i == 1 ? &s.resource_type : i == 2 ? &s.resource_id : &s.subject_type) = policy_text("a b");
		s.flags = i == 4 ? 0x100 : 0;
		CU_ASSERT_EQUAL(refused(p, &h, &s), POLICY_ERR_ARG);
		CU_ASSERT_EQUAL(routed.found, i > 2);	/* then it is who asks that is malformed */
	}
	g.flags = 1;
	CU_ASSERT_EQUAL(refused(p, &g, &r), POLICY_ERR_ARG);
	g = h;
	g.reserved[3] = 1;
	CU_ASSERT_EQUAL(refused(p, &g, &r), POLICY_ERR_ARG);
	g = h;
	g.size = 0;
	CU_ASSERT_EQUAL(refused(p, &g, &r), POLICY_ERR_ABI);
	made = (struct policy_decision)POLICY_DECISION_INIT;
	CU_ASSERT_EQUAL(policy_decide_http(p, &h, &r, &made, (struct policy_routed *)(void *)&(uint32_t){ 4 }), POLICY_ERR_ABI);
	CU_ASSERT_EQUAL(policy_decide_http(p, &h, &r, &made, NULL), 0);
	CU_ASSERT_EQUAL(made.verdict, POLICY_ALLOW);
	made = (struct policy_decision){ .size = offsetof(struct policy_decision, rule) };
	routed = (struct policy_routed){ .size = offsetof(struct policy_routed, file) };
	memset(routed.file, 'x', sizeof(routed.file));
	CU_ASSERT_EQUAL(policy_decide_http(p, &h, &r, &made, &routed), 0);
	CU_ASSERT(made.verdict == POLICY_ALLOW && routed.found == 1 && routed.file[0] == 'x' && made.rule[0] == '\0');
	policy_close(p);
}

static void
what_is_recorded_is_what_was_asked(void)
{
	char dir[] = "/tmp/policy-route-XXXXXX", text[512], line[4096];
	struct policy *p;
	unsigned lines = 0;
	FILE *f;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(text, sizeof(text), "audit: { file: %s/log }\n", dir);
	p = open_set(text);
	CU_ASSERT_EQUAL(as(p, "ann", "GET /docs/a%2Db"), POLICY_REASON_RULE);
	CU_ASSERT_EQUAL(as(p, "ann", "GET /none"), POLICY_REASON_NO_RULE);
	CU_ASSERT_EQUAL(as(p, NULL, "GET /ping"), POLICY_REASON_RULE);
	policy_close(p);
	snprintf(text, sizeof(text), "%s/log", dir);
	f = fopen(text, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strstr(line, "\"event\":\"decision\"") == NULL)
			continue;
		CU_ASSERT_EQUAL(strstr(line, "\"action\":\"read\"") != NULL, lines == 0);
		CU_ASSERT_EQUAL(strstr(line, "a-b") != NULL, lines == 0);
		CU_ASSERT_EQUAL(strstr(line, "\"ann\"") != NULL, lines < 2);
		CU_ASSERT(strstr(line, "\"*\"") == NULL);
		lines++;
	}
	fclose(f);
	CU_ASSERT_EQUAL(lines, 3);
	snprintf(line, sizeof(line), "rm -r %s", dir);
	CU_ASSERT_EQUAL(system(line), 0);
}

CU_TestInfo suite_route[] = {
	{ "a route names what is asked", a_route_names_what_is_asked },
	{ "no route is no_rule, and a bad path an error", no_route_is_no_rule_and_a_bad_path_an_error },
	{ "what is too long meets a limit", what_is_too_long_meets_a_limit },
	{ "a body is read where a route wants it", a_body_is_read_where_a_route_wants_it },
	{ "the route's word on the context stands", the_routes_word_on_the_context_stands },
	{ "a public route is open but for deny entries", a_public_route_is_open_but_for_deny_entries },
	{ "credentials are judged for what is asked", credentials_are_judged_for_what_is_asked },
	{ "an engine that is off allows it", an_engine_that_is_off_allows_it },
	{ "what a host may not hand in is refused", what_a_host_may_not_hand_in_is_refused },
	{ "what is recorded is what was asked", what_is_recorded_is_what_was_asked },
	CU_TEST_INFO_NULL
};
