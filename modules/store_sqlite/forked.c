/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fork. SQLite keeps for each process a table of the files that it has open and of the
 * locks that it holds on them. A child inherits the table and not the locks: a connection
 * that it opens to the same file would find itself locked already, and not lock, and others
 * would take the log away under it. So before a child opens its first connection, the
 * files of its parent's are closed here, one layer below the connection: that gives up the
 * child's copies of descriptors and mappings and its copy of the table, and does not say
 * anything to anybody. (Closing the connection itself would write.)
 *
 * Which connections those are, only this process can know: hence the one thing that lives
 * outside of what open() returned. It is read and written without a lock, for a lock may
 * have been held when the process forked.
 *
 * Where a thread of the parent was inside SQLite in that moment, locks within SQLite may be
 * held for ever here. Such a child gets no store.
 */
#include <sched.h>
#include <unistd.h>

#include "secret.h"
#include "store_sqlite.h"

#define STORES 64

static _Atomic(struct pol_sqlite *) stores[STORES];
static _Atomic pid_t parting;		/* the process that is at it */

static int
part_from(struct pol_sqlite *parents, struct policy_error *err)
{
	if (atomic_load(&parents->inside) != 0)
		return pol_secret_fail(err, POLICY_ERR_UNAVAILABLE, NULL, 0,
		    "this process was forked while a thread was in the store: it has to be started anew");
	if (parents->log != NULL && parents->log->pMethods != NULL)
		parents->log->pMethods->xClose(parents->log);
	if (parents->file != NULL && parents->file->pMethods != NULL) {
		if (parents->file->pMethods->iVersion >= 2)
			parents->file->pMethods->xShmUnmap(parents->file, 0);
		parents->file->pMethods->xClose(parents->file);
	}
	return 0;
}

static int
part_from_all(pid_t self, struct policy_error *err)
{
	pid_t was = atomic_load(&parting);
	int rc = 0;

	/* a mark of another process is one that its fork left behind */
	while (was == self || !atomic_compare_exchange_strong(&parting, &was, self)) {
		sched_yield();
		was = atomic_load(&parting);
	}
	for (unsigned i = 0; rc == 0 && i < STORES; i++) {
		struct pol_sqlite *other = atomic_load(&stores[i]);

		if (other == NULL || other->pid == self)
			continue;
		rc = part_from(other, err);
		if (rc == 0)
			atomic_store(&stores[i], NULL);
	}
	atomic_store(&parting, 0);
	return rc;
}

int
pol_forked_add(struct pol_sqlite *s, struct policy_error *err)
{
	int rc;

	s->pid = getpid();
	rc = part_from_all(s->pid, err);
	if (rc != 0)
		return rc;
	atomic_store(&s->inside, 1);
	for (unsigned i = 0; i < STORES; i++) {
		struct pol_sqlite *none = NULL;

		if (atomic_compare_exchange_strong(&stores[i], &none, s))
			return 0;
	}
	return pol_secret_fail(err, POLICY_ERR_LIMIT, NULL, 0, "this process has %d stores open already", STORES);
}

void
pol_forked_remove(struct pol_sqlite *s)
{
	for (unsigned i = 0; i < STORES; i++) {
		struct pol_sqlite *own = s;

		if (atomic_compare_exchange_strong(&stores[i], &own, NULL))
			return;
	}
}

int
pol_forked_enter(struct pol_sqlite *s, struct policy_error *err)
{
	if (s->pid != getpid())
		return pol_secret_fail(err, POLICY_ERR_UNAVAILABLE, NULL, 0,
		    "the store was opened by the process that this one was forked from: it must be opened anew");
	atomic_store(&s->inside, 1);
	return 0;
}

void
pol_forked_leave(struct pol_sqlite *s)
{
	atomic_store(&s->inside, 0);
}
