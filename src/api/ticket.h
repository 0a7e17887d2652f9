/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lock of our own: who wants it draws a ticket and sleeps on a futex until that is
 * served, so that all queue and none is overtaken for ever. All zero it is free: in memory
 * that a fork wipes it is free in the child, whoever held it in the parent. (A
 * pthread_mutex_t may not be made anew while it is held.)
 */
#ifndef POL_API_TICKET_H
#define POL_API_TICKET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct pol_ticket {
	_Atomic uint32_t drawn, serving;
};

void pol_ticket_lock(struct pol_ticket *t);
/* Where nobody has it. */
bool pol_ticket_try(struct pol_ticket *t);
void pol_ticket_unlock(struct pol_ticket *t);

#endif
