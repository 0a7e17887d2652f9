/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the process that parses requests keeps of its rights: files to read, a directory to
 * write records into, the system calls that deciding takes. Whoever makes it run code of
 * his own has these and no more.
 */
#ifndef POL_DAEMON_SANDBOX_H
#define POL_DAEMON_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"

/* What becomes of a system call that is not on the list. */
enum pol_sandbox_mode {
	POL_SANDBOX_KILL = 0,		/* the process is killed */
	POL_SANDBOX_ERRNO,		/* the call fails */
	POL_SANDBOX_LOG,		/* the kernel's log says so, and it is done: to find what is missing */
	POL_SANDBOX_OFF			/* no filter of calls; files are as ever */
};

/* A word of `--seccomp=`: kill, errno, log, off. False: it is none. */
bool pol_sandbox_word(enum pol_sandbox_mode *out, const char *word);

/*
 * For good, also after a reload: to be called while there is one thread, when sockets are
 * bound and rights given up, before the set is opened. What is opened before it is open for
 * whatever it was opened for.
 *
 * Files: beside the system's own, conf->policy, ->modules, ->state, the files of TLS and
 * conf->read are read, and conf->write is written (where it names none: /var/log/policy).
 *
 * 0; 1: in force as far as this kernel goes, `why` says in a sentence what it lacks (no
 * landlock: a warning); negative: it is not in force, and why.
 */
int pol_sandbox_front(const struct pol_conf *conf, enum pol_sandbox_mode mode, char *why, size_t room);

/* ---- for sandbox.c ---- */

/* As above, files alone. */
int pol_sandbox_files(const struct pol_conf *conf, char *why, size_t room);
/* System calls alone. 0 or -1. */
int pol_sandbox_calls(enum pol_sandbox_mode mode, char *why, size_t room);

#endif
