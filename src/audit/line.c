/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/line.h"

#include "audit/json.h"
#include "base/time.h"

const char *const pol_line_events[POL_EVENT__COUNT] = { "decision", "authentication", "change" };

/* In the order of a line. */
const char *const pol_line_texts[POL_NOTE__TEXTS] = {
	"subject_type", "subject", "uid", "actor_type", "actor", "token", "kind", "action", "resource_type", "resource",
	"rule", "outcome", "whose", "made",
};

char *
pol_line_time(char *at, int64_t ns)
{
	char text[POL_TIME_TEXT];
	const size_t n = pol_time_format(text, pol_time_from_ns(ns));

	at = pol_ajson_raw(at, ",\"time\":");
	return pol_ajson_text(at, text, n);
}

static char *
put_name(char *at, const char *name)
{
	*at++ = ',';
	*at++ = '"';
	at = pol_ajson_raw(at, name);
	*at++ = '"';
	*at++ = ':';
	return at;
}

static char *
put_list(char *at, const char *name, struct pol_note_lists *lists, uint32_t n)
{
	at = put_name(at, name);
	*at++ = '[';
	for (uint32_t i = 0; i < n; i++) {
		const struct policy_text t = pol_note_next(lists);

		if (i > 0)
			*at++ = ',';
		at = pol_ajson_text(at, t.data, t.len);
	}
	*at++ = ']';
	return at;
}

static char *
put_number(char *at, const char *name, uint64_t v)
{
	return pol_ajson_uint(put_name(at, name), v);
}

char *
pol_line_note(char *at, uint64_t chain, const struct pol_note *n, struct pol_note_lists *lists)
{
	at = pol_ajson_raw(at, ",\"id\":\"");
	at = pol_ajson_hex(at, chain, 16);
	*at++ = '-';
	at = pol_ajson_hex(at, n->id, 14);
	*at++ = '"';
	at = pol_line_time(at, n->time_ns);
	at = pol_ajson_raw(put_name(at, "event"), "\"");
	at = pol_ajson_raw(at, pol_line_events[n->event < POL_EVENT__COUNT ? n->event : 0]);
	*at++ = '"';
	for (uint32_t i = 0; i < POL_NOTE__TEXTS; i++) {
		if (n->text[i].data != NULL)
			at = pol_ajson_text(put_name(at, pol_line_texts[i]), n->text[i].data, n->text[i].len);
	}
	if (n->scoped)
		at = put_list(at, "scopes", lists, n->scopes_count);
	if (n->groups_count > 0)
		at = put_list(at, "groups", lists, n->groups_count);
	if (n->has_token)
		at = pol_ajson_raw(put_name(at, "with_token"), "true");
	if (n->event != POL_EVENT_CHANGE || n->decided) {
		at = pol_ajson_raw(put_name(at, "decision"), n->allowed ? "\"allow\"" : "\"deny\"");
		at = pol_ajson_raw(put_name(at, "reason"), "\"");
		at = pol_ajson_raw(at, policy_reason_name(n->reason));
		*at++ = '"';
	}
	at = put_number(at, "generation", n->generation);
	if (n->latency_ns >= 0)
		at = put_number(at, "latency_ns", (uint64_t)n->latency_ns);
	if (n->attributes > 0)
		at = put_number(at, "attributes", n->attributes);
	if (lists->cut)
		at = pol_ajson_raw(put_name(at, "cut"), "true");
	if (n->withdrawn)
		at = pol_ajson_raw(put_name(at, "withdrawn"), "true");
	return at;
}
