/* SPDX-License-Identifier: Apache-2.0 */
/* A line as a struct: members in any order, those that are not known passed over. */
#include "audit/read.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "audit/json.h"
#include "base/name.h"
#include "base/time.h"

#define IS(t, word) pol_bytes_equal((t).data, (t).len, word, sizeof(word) - 1)

static const struct {
	const char *name;
	size_t at;
} texts[] = {
#define ROW(n) { #n, offsetof(struct policy_activity, n) }
	ROW(id), ROW(subject_type), ROW(subject), ROW(uid), ROW(actor_type), ROW(actor), ROW(token), ROW(kind),
	ROW(action), ROW(resource_type), ROW(resource), ROW(decision), ROW(reason), ROW(rule), ROW(outcome),
	ROW(whose), ROW(made),
#undef ROW
}, numbers[] = {
#define ROW(n) { #n, offsetof(struct policy_activity, n) }
	ROW(seq), ROW(generation), ROW(latency_ns),
#undef ROW
}, words[] = {
#define ROW(n) { #n, offsetof(struct policy_activity, n) }
	ROW(with_token), ROW(withdrawn), ROW(cut),
#undef ROW
};

static const char *const events[] = { "decision", "authentication", "change" };

static bool
take_text(struct policy_activity *a, struct policy_text name, struct policy_text value)
{
	struct pol_time t;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (pol_bytes_equal(name.data, name.len, texts[i].name, strlen(texts[i].name))) {
			memcpy((char *)a + texts[i].at, &value, sizeof(value));
			return true;
		}
	}
	if (IS(name, "event")) {
		for (uint32_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
			if (pol_bytes_equal(value.data, value.len, events[i], strlen(events[i])))
				a->event = i + 1;
		}
	} else if (IS(name, "time")) {
		if (pol_time_parse(&t, value.data, value.len) != 0)
			return false;
		a->time_ns = t.sec * 1000000000 + t.ns;
	}
	return true;
}

static void
take_number(struct policy_activity *a, struct policy_text name, uint64_t value)
{
	if (IS(name, "attributes"))
		a->attributes = (uint32_t)value;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (pol_bytes_equal(name.data, name.len, numbers[i].name, strlen(numbers[i].name)))
			memcpy((char *)a + numbers[i].at, &value, sizeof(value));
	}
}

static void
take_word(struct policy_activity *a, struct policy_text name, struct policy_text value)
{
	const int yes = IS(value, "true");

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (pol_bytes_equal(name.data, name.len, words[i].name, strlen(words[i].name)))
			memcpy((char *)a + words[i].at, &yes, sizeof(yes));
	}
}

static bool
take_list(struct pol_record *r, struct pol_ajson *j, struct policy_text name, const struct pol_ajson_value *v)
{
	const bool scopes = IS(name, "scopes");
	struct policy_text *to = r->lists + (scopes ? 0 : 256);
	int n;

	if (!scopes && !IS(name, "groups"))
		return true;
	n = pol_ajson_texts(j, v, to, 256);
	if (n < 0)
		return false;
	if (scopes) {
		r->a.scoped = 1;
		r->a.scopes = to;
		r->a.scopes_count = (size_t)n;
	} else {
		r->a.groups = to;
		r->a.groups_count = (size_t)n;
	}
	return true;
}

bool
pol_record_read(struct pol_record *r, const char *line, size_t len)
{
	struct pol_ajson_value v;
	struct policy_text name;
	struct pol_ajson j;

	if (r->room_len < 2 * len + 64) {
		free(r->room);
		r->room_len = 2 * len + 4096;
		r->room = malloc(r->room_len);
	}
	if (r->room == NULL) {
		r->room_len = 0;
		return false;
	}
	memset(&r->a, 0, sizeof(r->a));
	r->a.size = sizeof(r->a);
	r->a.line = (struct policy_text){ line, len };
	if (!pol_ajson_begin(&j, line, len, r->room, r->room_len))
		return false;
	while (pol_ajson_member(&j, &name, &v)) {
		bool good = true;

		if (v.kind == POL_AJSON_TEXT)
			good = take_text(&r->a, name, v.text);
		else if (v.kind == POL_AJSON_NUMBER)
			take_number(&r->a, name, v.number);
		else if (v.kind == POL_AJSON_WORD)
			take_word(&r->a, name, v.text);
		else if (v.kind == POL_AJSON_LIST)
			good = take_list(r, &j, name, &v);
		if (!good)
			return false;
	}
	return !j.failed && r->a.event != 0;
}

void
pol_record_fini(struct pol_record *r)
{
	free(r->room);
	r->room = NULL;
}
