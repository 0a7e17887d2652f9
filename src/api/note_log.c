/* SPDX-License-Identifier: Apache-2.0 */
/* The log of a set, from `audit:` into force, and what the service does for it. */
#include <stdlib.h>

#include "api/note.h"
#include "api/open.h"
#include "api/steps.h"
#include "base/err.h"

static void
say(void *ctx, enum policy_log_level level, const char *text)
{
	pol_open_say(ctx, level, "%s", text);
}

int
pol_note_open(struct policy *p, struct pol_snapshot *s, const struct ast_set *set, struct policy_error *err)
{
	struct policy_error own = POLICY_ERROR_INIT;
	struct pol_audit *a = atomic_load(&p->audit);
	struct pol_audit_conf conf;
	struct pol_arena arena;
	struct pol_place at;
	int rc;

	pol_arena_init(&arena);
	rc = pol_steps_audit(&conf, &at, &arena, set, err);
	s->audited = rc == 0 && (conf.log.file != NULL || conf.log.syslog);
	if (rc == 0 && (a != NULL || s->audited)) {
		p->staged_audit = calloc(1, sizeof(*p->staged_audit));
		rc = p->staged_audit == NULL ? pol_err_nomem(&own) :
		    pol_audit_stage(&a, p->staged_audit, &conf, say, p, &own);
		atomic_store(&p->audit, a);
		if (rc != 0)
			pol_err_set(err, rc, at.file, at.line, at.column, "%s", own.text);
		if (rc != 0) {
			free(p->staged_audit);
			p->staged_audit = NULL;
		}
	}
	pol_arena_fini(&arena);
	return rc;
}

void
pol_note_put(struct policy *p)
{
	if (p->staged_audit == NULL)
		return;
	pol_audit_put(atomic_load(&p->audit), p->staged_audit);
	free(p->staged_audit);
	p->staged_audit = NULL;
}

void
pol_note_drop(struct policy *p)
{
	if (p->staged_audit == NULL)
		return;
	pol_audit_unstage(p->staged_audit);
	free(p->staged_audit);
	p->staged_audit = NULL;
}

void
pol_note_child(struct policy *p)
{
	struct pol_audit *a = atomic_load(&p->audit);

	if (a != NULL && atomic_load(&a->on) != 0)
		pol_audit_child(a);
}

int
pol_note_serve(struct policy *p, int64_t now, int64_t *next)
{
	struct pol_audit *a = atomic_load(&p->audit);
	int64_t due;
	int n;

	if (a == NULL)
		return 0;
	n = pol_audit_serve(a, now, &due);
	if (due < *next)
		*next = due;
	return n;
}
