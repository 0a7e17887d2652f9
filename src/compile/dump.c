/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The set in one stable form: the same text whatever the order and number of its
 * files, and itself a policy that means the same. Names, ids, patterns and
 * conditions as they were written; no file, no line, no test, no limit of the
 * loader's.
 */
#include "compile/dump.h"

static void
write_enabled(struct pol_dump *d)
{
	const char *value = d->set->enabled == AST_ENABLED_FALSE ? "false" : "true";

	if (d->set->enabled_env != NULL) {
		pol_buf_printf(d->out, "enabled: { env: ");
		pol_dump_text(d->out, d->set->enabled_env->u.text, d->set->enabled_env->count);
		if (d->set->enabled != AST_ENABLED_UNSAID)
			pol_buf_printf(d->out, ", default: %s", value);
		pol_buf_printf(d->out, " }\n");
	} else if (d->set->enabled != AST_ENABLED_UNSAID) {
		pol_buf_printf(d->out, "enabled: %s\n", value);
	}
}

int
pol_set_dump(const struct ast_set *set, struct pol_buf *out)
{
	struct pol_dump d = { .set = set, .out = out };

	pol_arena_init(&d.arena);
	pol_buf_printf(out, "policy: 1\n");
	write_enabled(&d);
	pol_dump_modules(&d);
	pol_dump_store(&d);
	pol_dump_audit(&d);
	pol_dump_tokens(&d);
	pol_dump_resources(&d);
	pol_dump_actions(&d);
	pol_dump_conditions(&d);
	pol_dump_roles(&d);
	pol_dump_people(&d, false);
	pol_dump_everyone(&d, false);
	pol_dump_everyone(&d, true);
	pol_dump_scopes(&d);
	pol_dump_credentials(&d);
	pol_dump_routes(&d);
	pol_dump_people(&d, true);
	pol_arena_fini(&d.arena);
	return d.failed || out->failed ? POLICY_ERR_NOMEM : 0;
}
