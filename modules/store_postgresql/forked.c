/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fork. A child inherits the sockets of its parent's connections. It never uses them, but
 * as long as it has them the server does not see that the parent is gone: the session and
 * the locks of it stay. So before a child opens its first connection, its copies are
 * closed here, and nothing else is done: the parent's PGconn is not touched, for PQfinish()
 * would say goodbye to the server in the parent's name.
 *
 * Which sockets those are, only this process can know: hence the one thing that lives
 * outside of what open() returned. It is read and written without a lock, for a lock may
 * have been held when the process forked. A number that the host has put another file
 * behind since is not closed: device and inode are compared.
 */
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_postgresql.h"

#define SOCKETS 64
#define BUSY ((pid_t)-1)		/* being filled or emptied */

static struct {
	_Atomic pid_t pid;		/* whose it is; 0: free */
	int fd;
	dev_t dev;
	ino_t ino;
} sockets[SOCKETS];

void
pol_forked_add(struct pol_pg *s)
{
	struct stat st;

	if (fstat(PQsocket(s->conn), &st) != 0)
		return;
	/* where all are taken, a child keeps a copy: no reason to refuse the parent */
	for (unsigned i = 0; i < SOCKETS; i++) {
		pid_t none = 0;

		if (!atomic_compare_exchange_strong(&sockets[i].pid, &none, BUSY))
			continue;
		sockets[i].fd = PQsocket(s->conn);
		sockets[i].dev = st.st_dev;
		sockets[i].ino = st.st_ino;
		atomic_store(&sockets[i].pid, s->pid);
		s->slot = i + 1;
		return;
	}
}

void
pol_forked_remove(struct pol_pg *s)
{
	if (s->slot != 0)
		atomic_store(&sockets[s->slot - 1].pid, 0);
	s->slot = 0;
}

void
pol_forked_part(void)
{
	const pid_t self = getpid();

	for (unsigned i = 0; i < SOCKETS; i++) {
		pid_t was = atomic_load(&sockets[i].pid);
		struct stat st;

		if (was == 0 || was == BUSY || was == self ||
		    !atomic_compare_exchange_strong(&sockets[i].pid, &was, BUSY))
			continue;
		if (fstat(sockets[i].fd, &st) == 0 && st.st_dev == sockets[i].dev && st.st_ino == sockets[i].ino)
			close(sockets[i].fd);
		atomic_store(&sockets[i].pid, 0);
	}
}
