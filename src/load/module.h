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
 * renamed over it is loaded as a new one. Never unloaded: *out stays for the process's
 * life. Runs the object's constructors. 0, or a negative policy_err with err filled (its
 * text names the file; place is the caller's to add).
 */
int pol_module_load(const struct policy_module **out, const char *dir, const char *name,
    struct policy_error *err);
int pol_store_load(const struct policy_store **out, const char *dir, const char *name,
    struct policy_error *err);

#endif
