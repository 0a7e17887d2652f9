/* SPDX-License-Identifier: Apache-2.0 */
#include "api/batch.h"

#include "core/fill.h"

int
pol_batch_decide(struct pol_batch *b, const struct pol_snapshot *s, struct pol_time now)
{
	const char *why;
	int first = 0;

	for (size_t i = 0; i < b->n; i++) {
		pol_known_hash(&b->known[i], b->engine, b->req[i]);
		pol_known_fetch_slots(&b->known[i], b->engine);
	}
	for (size_t i = 0; i < b->n; i++)
		pol_known_fetch_records(&b->known[i], b->engine);
	for (size_t i = 0; i < b->n; i++) {
		pol_known_find(&b->known[i], b->engine, b->req[i]);
		b->rc[i] = pol_decide_plain(b->engine, b->req[i], &b->known[i], now, &b->answer[i], &why);
		pol_fill_fetch(b->engine, &b->answer[i]);
	}
	for (size_t i = 0; i < b->n; i++) {
		int rc = pol_batch_code(b->rc[i]);

		if (rc == 0)
			pol_fill_answer(b->out[i], b->engine, b->req[i], &b->answer[i], s->generation);
		else
			pol_fill_error(b->out[i], rc, s->generation);
		pol_batch_first(&first, rc);
	}
	b->n = 0;
	return first;
}
