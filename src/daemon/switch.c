/* SPDX-License-Identifier: Apache-2.0 */
#include "switch.h"

#include <stdlib.h>
#include <strings.h>

#include "log.h"

const struct pol_conf_torchserve *
pol_switch_conf(const struct pol_conf *conf)
{
	for (size_t i = 0; i < conf->listeners_count; i++)
		if ((conf->listeners[i].serve & POL_SERVE_TORCHSERVE) != 0)
			return &conf->listeners[i].torchserve;
	return NULL;
}

/* As Java takes a boolean: what is not "true", in letters of any case, is false. */
bool
pol_switch_is_off(const struct pol_conf *conf, bool flag, const char *environment, const char **by)
{
	const struct pol_conf_torchserve *t = pol_switch_conf(conf);

	*by = NULL;
	if (t == NULL)
		return false;
	if (t->reads_environment != 0 && environment != NULL) {
		*by = POL_SWITCH_NAME;
		return strcasecmp(environment, "true") == 0;
	}
	*by = flag ? "--disable-token-auth" : "disable_token_authorization";
	return flag || t->is_disabled != 0;
}

bool
pol_switch_look(const struct pol_conf *conf, bool flag)
{
	const char *by;
	bool is_off = pol_switch_is_off(conf, flag, secure_getenv(POL_SWITCH_NAME), &by);

	if (is_off)
		pol_log(POLICY_LOG_WARNING, "token authorization is disabled by %s: everything is allowed to everybody", by);
	else if (by != NULL)
		pol_log(POLICY_LOG_INFO, "token authorization is enabled");
	return is_off;
}
