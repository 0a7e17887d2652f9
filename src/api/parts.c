/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever can fail comes before anything is in force, and the store's rows come last:
 * what was told is not taken back.
 */
#include "api/parts.h"

#include "api/child.h"
#include "api/note.h"
#include "api/service.h"
#include "api/steps.h"
#include "api/store.h"
#include "base/err.h"

/* *fresh: it is not the one in force, whose rows are told. */
static int
open_store(struct policy *p, bool *fresh, const struct ast_set *set, struct policy_error *err)
{
	struct pol_store_conf conf;
	struct pol_arena arena;
	int rc;

	*fresh = false;
	pol_arena_init(&arena);
	rc = pol_steps_store(&conf, &arena, set, err);
	if (rc == 0 && conf.url != NULL) {
		p->staged = pol_store_same(p, &conf);
		*fresh = p->staged == NULL;
		if (*fresh)
			rc = pol_store_open(&p->staged, p, &conf, err);
	}
	pol_arena_fini(&arena);
	return rc;
}

int
pol_parts_open(struct policy *p, struct pol_snapshot *s, const struct ast_set *set, struct policy_error *err)
{
	bool fresh = false;
	int rc = open_store(p, &fresh, set, err);

	if (rc == 0)
		rc = pol_note_open(p, s, set, err);
	if (rc == 0 && pol_service_is_wanted(s->stack, p->staged, s->audited))
		rc = pol_service_start(p, err);
	if (rc == 0 && fresh && pol_store_tell(p, p->staged) != 0)
		rc = pol_err_nomem(err);
	if (rc != 0) {
		pol_store_drop(p->staged);
		p->staged = NULL;
		pol_note_drop(p);
	}
	return rc;
}

void
pol_parts_swap(struct policy *p, struct pol_snapshot *s)
{
	if (s->audited)			/* first: what the new set decides is recorded as it says */
		pol_note_put(p);
	pol_handle_swap(p, s);
	if (!s->audited)
		pol_note_put(p);
	pol_store_put(p, p->staged);
	p->staged = NULL;
	pol_child_done(p);
	pol_service_wake(p);
}
