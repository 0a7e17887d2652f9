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

int
pol_parts_store(struct policy *p, const struct ast_set *set, struct policy_error *err)
{
	struct pol_store_conf conf;
	struct pol_arena arena;
	int rc;

	pol_arena_init(&arena);
	rc = pol_steps_store(&conf, &arena, set, err);
	if (rc == 0 && conf.url != NULL) {
		p->staged = pol_store_same(p, &conf);
		if (p->staged == NULL)
			rc = pol_store_open(&p->staged, p, &conf, err);
	}
	pol_arena_fini(&arena);
	return rc;
}

void
pol_parts_back(struct policy *p)
{
	pol_store_drop(p->staged);
	p->staged = NULL;
}

int
pol_parts_open(struct policy *p, struct pol_snapshot *s, const struct ast_set *set, struct policy_error *err)
{
	int rc = pol_note_open(p, s, set, err);

	if (rc == 0 && pol_service_is_wanted(s->stack, p->staged, s->audited))
		rc = pol_service_start(p, err);
	/* those of the one in force are told, and it has others in hand */
	if (rc == 0 && p->staged != NULL && p->staged != p->store && pol_store_tell(p, p->staged) != 0)
		rc = pol_err_nomem(err);
	if (rc != 0)
		pol_note_drop(p);
	return rc;
}

void
pol_parts_swap(struct policy *p, struct pol_snapshot *s)
{
	s->store = p->staged;
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
