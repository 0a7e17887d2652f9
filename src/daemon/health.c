/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is it alive, is it ready. An old set that is in force serves: that is ready, and says
 * since when it is old. A text kept from earlier, taken since the set was refused when we
 * started, is not: somebody has to look.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "call.h"
#include "metrics.h"
#include "state.h"

/* RFC 3339, in UTC, to the second; a text of JSON. */
static void
add_time(struct pol_text *t, const char *name, int64_t ns)
{
	time_t s = (time_t)(ns / 1000000000);
	struct tm tm;
	char text[64];
	size_t n = 0;

	if (gmtime_r(&s, &tm) != NULL)
		n = strftime(text, sizeof(text), "\"%Y-%m-%dT%H:%M:%SZ\"", &tm);
	text[n] = '\0';
	pol_text_str(t, ",\"");
	pol_text_str(t, name);
	pol_text_str(t, "\":");
	pol_text_str(t, n > 0 ? text : "null");
}

static void
add_number(struct pol_text *t, const char *name, double value)
{
	char text[128];

	snprintf(text, sizeof(text), ",\"%s\":%.15g", name, value);
	pol_text_str(t, text);
}

static int
ready(struct pol_call *c)
{
	struct policy_status s = { .size = sizeof(s) };
	struct pol_state now;
	bool known = c->policy != NULL && policy_get_status(c->policy, &s) == 0;
	bool stale_store = known && s.store_age_ns >= 0 && s.store_age_ns > s.store_stale_ns;
	const char *word;

	pol_state_get(&now);
	word = !known || now.last_good || stale_store ? "not ready" : now.failed != 0 ? "stale" : "ready";
	c->status = !known || now.last_good || stale_store ? 503 : 200;
	pol_text_str(&c->out, "{\"status\":\"");
	pol_text_str(&c->out, word);
	pol_text_str(&c->out, "\"");
	if (known) {
		pol_text_str(&c->out, s.enabled != 0 ? ",\"enabled\":true" : ",\"enabled\":false");
		add_number(&c->out, "generation", (double)s.generation);
		add_time(&c->out, "loaded", s.loaded);
	}
	if (now.failed != 0)
		add_time(&c->out, now.last_good ? "last_good_since" : "stale_since", now.failed);
	if (now.error[0] != '\0') {
		pol_text_str(&c->out, ",\"error\":");
		pol_text_json(&c->out, now.error, strlen(now.error));
	}
	if (known && s.store_age_ns >= 0) {
		add_number(&c->out, "store_age_seconds", (double)s.store_age_ns / 1e9);
		add_number(&c->out, "store_stale_seconds", (double)s.store_stale_ns / 1e9);
	}
	pol_text_str(&c->out, "}\n");
	return 0;
}

static int
live(struct pol_call *c)
{
	c->status = 200;
	pol_text_str(&c->out, "{\"status\":\"live\"}\n");
	return 0;
}

static int
healthz(struct pol_call *c)
{
	c->status = 200;
	c->type = "text/plain; charset=utf-8";
	pol_text_str(&c->out, "ok\n");
	return 0;
}

static int
metrics(struct pol_call *c)
{
	c->status = 200;
	c->type = "text/plain; version=0.0.4; charset=utf-8";
	pol_metrics_write(&c->out, c->policy);
	return 0;
}

const struct pol_route pol_health_routes[] = {
	{ "GET", "/health/live", false, POL_SERVE_HEALTH, 0, live },
	{ "GET", "/health/ready", false, POL_SERVE_HEALTH, 0, ready },
	{ "GET", "/healthz", false, POL_SERVE_HEALTH, 0, healthz },
	{ "GET", "/metrics", false, POL_SERVE_METRICS, 0, metrics },
	{ NULL, NULL, false, 0, 0, NULL },
};
