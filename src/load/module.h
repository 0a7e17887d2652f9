/* SPDX-License-Identifier: Apache-2.0 */
/* Modules: found in one directory, judged on the open descriptor, loaded, shaken hands with. */
#ifndef POL_LOAD_MODULE_H
#define POL_LOAD_MODULE_H

#include <policy_module.h>

/*
 * The module or store `name` ([a-z0-9_]+, at most 64 bytes) of the directory `dir`
 * (absolute): one that is built in, else DIR/NAME.so. The file and every directory above
 * it must belong to root or the effective user and be writable by nobody else; no link is
 * followed. What was loaded before as the same file is given again; a file that was
 * renamed over it is loaded as a new one; one that is written in place is not, and must not
 * be. Never unloaded: *out stays for the process's life. Runs the object's constructors.
 * Any number of threads at once. 0, or a negative policy_err with err filled (its text
 * names module and file; the place is the caller's to add): POLICY_ERR_NOENT no such file,
 * _UNSAFE owner, mode or a link, _INVALID no module, or none for us, _IO, _NOMEM.
 */
int pol_module_load(const struct policy_module **out, const char *dir, const char *name,
    struct policy_error *err);
int pol_store_load(const struct policy_store **out, const char *dir, const char *name,
    struct policy_error *err);

/*
 * Has it that function? The struct is the module's own, and may be of an older header,
 * shorter than ours: members behind `close` are looked at through this alone.
 */
#define POL_HAS(m, member) \
	((m)->size >= offsetof(__typeof__(*(m)), member) + sizeof((m)->member) && (m)->member != NULL)

#endif
