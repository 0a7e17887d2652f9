/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules that are part of the library. Each is compiled as any other module is, but
 * with its symbol renamed (-Dpolicy_module_1=pol_module_NAME in its module.am).
 */
#include "load/builtin.h"

#include <string.h>

extern const struct policy_module pol_module_peer;

static const struct {
	const char *name;
	const struct policy_module *module;
} rows[] = {
	{ "peer", &pol_module_peer },
};

const struct policy_module *
pol_builtin_find(const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].module;
	}
	return NULL;
}
