/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the text of a set: refused with a sentence, or a set that can be
 * dumped, compiled and asked. Never a crash, a leak, or an allow of nothing.
 */
#include <stdlib.h>

#include "compile/compile.h"
#include "core/core.h"
#include "fuzz/target.h"

static void
ask(const struct pol_engine *e)
{
	const struct pol_program *p = e->program;
	struct pol_time now = { 1700000000, 0 };

	for (uint32_t i = 0; i < p->actions.n && i < 32; i++) {
		struct pol_str name = pol_action_key(p, i);
		struct policy_request req = POLICY_REQUEST_INIT;
		struct pol_answer answer;
		const char *why;

		req.subject_id = policy_text("alice");
		req.action = (struct policy_text){ pol_str_at(p, name), name.len };
		if (p->types.n != 0) {
			const struct pol_type *t = (const struct pol_type *)POL_AT(p, p->types.off) + i % p->types.n;

			req.resource_type = (struct policy_text){ pol_str_at(p, t->name), t->name.len };
			req.resource_id = policy_text("a/b");
		}
		if (pol_request_sizes(&req, &why) == 0)
			(void)pol_decide(e, &req, now, NULL, &answer, NULL, &why);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pol_source source = { "input.yaml", (const char *)data, size, true };
	struct policy_limits limits = POLICY_LIMITS_INIT;
	struct pol_compile_options opt = { .limits = &limits };
	struct policy_error err = POLICY_ERROR_INIT;
	struct pol_people_root *people = NULL;
	struct pol_code *code = NULL;
	struct ast_set *set = NULL;
	struct pol_engine engine;
	struct pol_buf dump;
	int rc;

	rc = pol_set_read(&set, &source, 1, &opt, &err);
	if (rc == 0)
		rc = pol_code_emit(&code, set, &err);
	if (rc == 0)
		rc = pol_set_people(&people, set, pol_code_program(code), true, &err);
	if (rc != 0 && err.text[0] == '\0')
		abort();		/* refused without a sentence */
	if (rc == 0) {
		pol_buf_init(&dump);
		(void)pol_set_dump(set, &dump);
		pol_buf_fini(&dump);
		pol_code_engine(code, &engine);
		pol_engine_people(&engine, pol_people_view(people));
		ask(&engine);
	}
	pol_people_free(people);
	pol_code_free(code);
	pol_set_free(set);
	return 0;
}
