/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as what a client sent, a line each: method, target, body. Refused, or taken
 * for something that a request may be: an id of a name, no step in it, of a bounded size.
 */
#include <stdlib.h>
#include <string.h>

#include "compile/compile.h"
#include "core/route.h"
#include "fuzz/target.h"

static const char text[] =
    "policy: 1\n"
    "resources: { t: {} }\n"
    "actions: { a: { resource: t } }\n"
    "routes:\n"
    "  default:\n"
    "    - { match: \"GET /a/{x}/b\", action: a, resource: \"t/{x}\" }\n"
    "    - { match: \"GET /a/{x/}/c\", action: a, resource: \"t/{x}\" }\n"
    "    - { match: \"* /{y}/b/{x**}\", action: a, resource: \"t/{y}/{x}\", with: { n: \"{y}\" } }\n"
    "    - { match: \"GET /q\", query: { k: \"{x}\", l: v }, action: a, resource: \"t/{x}\", context: { w: \"{x}\" } }\n"
    "    - { match: \"POST /b/{z}\", body: m, action: a, resource: \"t/{z}/{m}\" }\n"
    "    - { match: \"GET /\", public: true }\n";

static struct pol_code *code;

static void
prepare(void)
{
	struct pol_source source = { "route.yaml", text, sizeof(text) - 1, true };
	struct policy_limits limits = POLICY_LIMITS_INIT;
	struct pol_compile_options opt = { .limits = &limits };
	struct policy_error err = POLICY_ERROR_INIT;
	struct ast_set *set = NULL;

	if (pol_set_read(&set, &source, 1, &opt, &err) != 0 || pol_code_emit(&code, set, &err) != 0)
		abort();
	pol_set_free(set);
}

static struct policy_text
line(const uint8_t **data, size_t *size)
{
	const uint8_t *end = *size > 0 ? memchr(*data, '\n', *size) : NULL;
	const struct policy_text t = { (const char *)*data, end != NULL ? (size_t)(end - *data) : *size };

	*size -= t.len + (end != NULL);
	*data += t.len + (end != NULL);
	return t;
}

/* Between two slashes of what came from a path stands a name. */
static void
hold(const struct pol_target *t, const struct pol_routed *r)
{
	if (r->id.len == 0 || r->id.len > POL_MAX_RESOURCE_ID || memchr(r->id.data, '\0', r->id.len) != NULL)
		abort();
	for (uint32_t i = 0; i < t->n; i++) {
		const struct pol_segment *g = &t->segment[i];

		if ((g->len == 0 && i + 1 != t->n) || g->off + g->len > sizeof(t->path) ||
		    (g->len == 1 && t->path[g->off] == '.') || memchr(t->path + g->off, '\0', g->len) != NULL)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pol_target t;
	static struct pol_routed r;
	const struct policy_text method = line(&data, &size), target = line(&data, &size);
	const struct policy_text body = { size > 0 ? (const char *)data : NULL, size };

	if (code == NULL)
		prepare();
	if (pol_target_read(&t, method, target) != 0)
		return 0;
	if (pol_route_find(&r, pol_code_program(code), policy_text("default"), &t, body) != 0 && r.route != NULL)
		abort();
	if (r.route != NULL && r.type.data != NULL)
		hold(&t, &r);
	return 0;
}
