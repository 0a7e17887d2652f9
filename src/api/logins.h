/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords that modules judged, on their way into the store. What was reported counts at
 * once in this process; the service writes it.
 */
#ifndef POL_API_LOGINS_H
#define POL_API_LOGINS_H

#include <policy_module.h>

#include "api/handle.h"

struct pol_logins;

int pol_logins_new(struct pol_logins **out);
void pol_logins_free(struct pol_logins *l);	/* NULL is fine */

/* As struct policy_host has it. Waits for nothing but another report. */
void pol_logins_report(struct policy *p, struct policy_text uid, bool good, struct policy_text seen, const char *rehash);
/* What is not in the store yet, put over a user out of it. Neither locks nor allocates. */
void pol_logins_overlay(const struct policy *p, struct policy_account *user);

/* The service, outside of any lock: writes what was reported. How many users; negative: it
 * is to be tried again. */
int pol_logins_serve(struct policy *p);
/* In a child: what waits is the parent's to write. */
void pol_logins_orphan(struct policy *p);

#endif
