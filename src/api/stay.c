/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who stays counts himself like a decider (see handle.c: in first, then look), but in a
 * counter of its own that writers look at and never wait for: what they replaced meanwhile
 * is freed by a later one, by the service, or here, when he leaves.
 *
 * The counter is wiped in a forked child. There one who was inside, and forked himself, is
 * counted no more: he must neither read on nor count out. He knows by the number that each
 * process of a line has of its own.
 */
#include "api/stay.h"

#include "api/service.h"

void
pol_stay_begin(struct pol_stay *st, struct policy *p)
{
	if (atomic_load_explicit(&p->wiped->mark, memory_order_acquire) != POL_MARK_LIVE)
		pol_handle_wake(p);
	st->born = atomic_load(&p->wiped->born);
	st->parity = atomic_load(&p->parity) & 1;
	atomic_fetch_add(&p->wiped->staying[st->parity], 1);
	st->s = atomic_load(&p->now);
}

bool
pol_stay_is_held(const struct pol_stay *st, const struct policy *p)
{
	return atomic_load(&p->wiped->born) == st->born;
}

void
pol_stay_end(struct pol_stay *st, struct policy *p)
{
	if (!pol_stay_is_held(st, p))
		return;
	atomic_fetch_sub(&p->wiped->staying[st->parity], 1);
	st->s = NULL;
	if (!pol_handle_has_old(p))
		return;
	pol_service_wake(p);
	if (atomic_load(&p->service) == NULL && pol_handle_try(p)) {
		pol_handle_collect(p, 0);
		pol_handle_unlock(p);
	}
}
