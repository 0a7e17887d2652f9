/* SPDX-License-Identifier: Apache-2.0 */
/* A head of fixed size and the texts behind each other: what a decider writes is what a
 * copy costs. Texts were checked against the engine's sizes, which are within ours. */
#include "audit/note.h"

#include <string.h>

#include "base/name.h"

#define ABSENT UINT16_MAX

struct head {
	uint64_t id, generation;
	int64_t time_ns, latency_ns;
	uint32_t attributes, lists;	/* bytes of both lists */
	uint16_t len[POL_NOTE__TEXTS];
	uint16_t scopes_count, groups_count;
	uint8_t event, allowed, reason, scoped, has_token, withdrawn, cut, decided;
};

static inline bool
is_left_out(const struct policy_text *t)
{
	return t->data != NULL && t->len > POL_NOTE_TEXT_MAX;
}

/* Bytes of the lists, each text with its length; too many: none. */
static uint32_t
lists_size(const struct pol_note *n)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < n->scopes_count; i++)
		bytes += sizeof(uint16_t) + n->scopes[i].len;
	for (uint32_t i = 0; i < n->groups_count; i++)
		bytes += sizeof(uint16_t) + n->groups[i].len;
	return bytes <= POL_NOTE_LIST_MAX ? (uint32_t)bytes : 0;
}

uint32_t
pol_note_size(const struct pol_note *n)
{
	uint32_t size = (uint32_t)sizeof(struct head);

	for (uint32_t i = 0; i < POL_NOTE__TEXTS; i++) {
		if (n->text[i].data != NULL && n->text[i].len <= POL_NOTE_TEXT_MAX)
			size += (uint32_t)n->text[i].len;
	}
	if ((n->scopes_count | n->groups_count) != 0)
		size += lists_size(n);
	return size;
}

static char *
write_list(char *at, const struct policy_text *list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const uint16_t len = (uint16_t)list[i].len;

		memcpy(at, &len, sizeof(len));
		if (len > 0)
			memcpy(at + sizeof(len), list[i].data, len);
		at += sizeof(len) + len;
	}
	return at;
}

void
pol_note_write(char *to, const struct pol_note *n)
{
	struct head h = { .id = n->id, .generation = n->generation, .time_ns = n->time_ns, .latency_ns = n->latency_ns,
	    .attributes = n->attributes, .event = n->event, .allowed = n->allowed, .reason = n->reason,
	    .scoped = n->scoped, .has_token = n->has_token, .withdrawn = n->withdrawn, .decided = n->decided };
	char *at = to + sizeof(h);

	for (uint32_t i = 0; i < POL_NOTE__TEXTS; i++) {
		const struct policy_text *t = &n->text[i];

		h.len[i] = ABSENT;
		if (t->data == NULL)
			continue;
		if (is_left_out(t)) {
			h.cut = 1;
			continue;
		}
		h.len[i] = (uint16_t)t->len;
		pol_bytes_copy(at, t->data, t->len);
		at += t->len;
	}
	if ((n->scopes_count | n->groups_count) != 0) {
		h.lists = lists_size(n);
		h.cut |= h.lists == 0;
		h.scopes_count = h.lists != 0 ? (uint16_t)n->scopes_count : 0;
		h.groups_count = h.lists != 0 ? (uint16_t)n->groups_count : 0;
		if (h.lists != 0)
			write_list(write_list(at, n->scopes, n->scopes_count), n->groups, n->groups_count);
	}
	memcpy(to, &h, sizeof(h));
}

void
pol_note_read(struct pol_note *n, struct pol_note_lists *lists, const char *from, uint32_t len)
{
	struct head h;
	const char *at = from + sizeof(h);

	memset(n, 0, sizeof(*n));
	memset(lists, 0, sizeof(*lists));
	if (len < sizeof(h))
		return;			/* our own bytes: it never is */
	memcpy(&h, from, sizeof(h));
	n->id = h.id;
	n->generation = h.generation;
	n->time_ns = h.time_ns;
	n->latency_ns = h.latency_ns;
	n->attributes = h.attributes;
	n->event = h.event;
	n->allowed = h.allowed;
	n->reason = h.reason;
	n->scoped = h.scoped;
	n->has_token = h.has_token;
	n->withdrawn = h.withdrawn;
	n->decided = h.decided;
	for (uint32_t i = 0; i < POL_NOTE__TEXTS; i++) {
		if (h.len[i] == ABSENT)
			continue;
		n->text[i] = (struct policy_text){ at, h.len[i] };
		at += h.len[i];
	}
	n->scopes_count = h.scopes_count;
	n->groups_count = h.groups_count;
	*lists = (struct pol_note_lists){ at, at + h.lists, h.cut != 0 };
}

struct policy_text
pol_note_next(struct pol_note_lists *lists)
{
	struct policy_text t = { "", 0 };
	uint16_t len;

	if (lists->end - lists->at < (ptrdiff_t)sizeof(len))
		return t;
	memcpy(&len, lists->at, sizeof(len));
	t = (struct policy_text){ lists->at + sizeof(len), len };
	lists->at += sizeof(len) + len;
	return t;
}
