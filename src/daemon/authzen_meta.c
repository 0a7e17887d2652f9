/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this decision point is and serves, section 9. From the configuration alone: a URL
 * made of what a client sent as Host would be the client's to choose.
 */
#include "daemon/authzen.h"

#include <string.h>

#define WELL_KNOWN "/.well-known/authzen-configuration"

static const struct { const char *name, *path; } urls[] = {
	{ "policy_decision_point", "" },
	{ "access_evaluation_endpoint", "/access/v1/evaluation" },
	{ "access_evaluations_endpoint", "/access/v1/evaluations" },
	{ "search_subject_endpoint", "/access/v1/search/subject" },
	{ "search_resource_endpoint", "/access/v1/search/resource" },
	{ "search_action_endpoint", "/access/v1/search/action" },
};

/* A path that our URL has stands behind the well-known one (9.2): of another's, a
 * tenant's, nothing is known here. */
static bool
is_ours(const struct pol_call *c)
{
	const size_t len = sizeof(WELL_KNOWN) - 1;
	const char *host = strstr(c->conf->url, "://");
	const char *path = host != NULL ? strchr(host + 3, '/') : NULL;

	if (path == NULL)
		path = "";
	return c->path_len == len + strlen(path) && memcmp(c->target + len, path, c->path_len - len) == 0;
}

int
pol_authzen_metadata(struct pol_call *c)
{
	struct pol_text url = { 0 };

	if (c->conf->url == NULL)
		return pol_call_error(c, 404, "no url is configured");
	if (!is_ours(c))
		return pol_call_error(c, 404, "no such decision point");
	c->status = 200;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		url.len = 0;
		pol_text_str(&url, c->conf->url);
		pol_text_str(&url, urls[i].path);
		pol_text_str(&c->out, i == 0 ? "{\"" : ",\"");
		pol_text_str(&c->out, urls[i].name);
		pol_text_str(&c->out, "\":");
		pol_text_json(&c->out, url.data, url.len);
		c->out.failed |= url.failed;
	}
	pol_text_fini(&url);
	/* no capability is registered, and a list of none is left out (9.2.2) */
	pol_text_str(&c->out, "}");
	return 0;
}
