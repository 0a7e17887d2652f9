/* SPDX-License-Identifier: Apache-2.0 */
#include "api/ticket.h"

#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

void
pol_ticket_lock(struct pol_ticket *t)
{
	uint32_t mine = atomic_fetch_add(&t->drawn, 1), now;

	while ((now = atomic_load(&t->serving)) != mine)
		syscall(SYS_futex, &t->serving, FUTEX_WAIT_PRIVATE, now, NULL, NULL, 0);
}

bool
pol_ticket_try(struct pol_ticket *t)
{
	uint32_t next = atomic_load(&t->serving);

	return atomic_compare_exchange_strong(&t->drawn, &next, next + 1);
}

void
pol_ticket_unlock(struct pol_ticket *t)
{
	uint32_t next = atomic_fetch_add(&t->serving, 1) + 1;

	if (atomic_load(&t->drawn) != next)
		syscall(SYS_futex, &t->serving, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}
