/* SPDX-License-Identifier: Apache-2.0 */
/* One thing that happened, as whom it happened to has it, and as bytes of a ring. */
#ifndef POL_AUDIT_NOTE_H
#define POL_AUDIT_NOTE_H

#include <stdbool.h>

#include <policy.h>

enum pol_event { POL_EVENT_DECISION, POL_EVENT_AUTHENTICATION, POL_EVENT_CHANGE, POL_EVENT__COUNT };

enum pol_note_text {
	POL_NOTE_SUBJECT_TYPE, POL_NOTE_SUBJECT, POL_NOTE_UID, POL_NOTE_ACTOR_TYPE, POL_NOTE_ACTOR,
	POL_NOTE_TOKEN, POL_NOTE_KIND, POL_NOTE_ACTION, POL_NOTE_RESOURCE_TYPE, POL_NOTE_RESOURCE,
	POL_NOTE_RULE, POL_NOTE_OUTCOME, POL_NOTE_WHOSE, POL_NOTE_MADE, POL_NOTE__TEXTS
};

/* A text beyond this, and lists beyond this in all, are left out and the record says so. */
#define POL_NOTE_TEXT_MAX 1024u
#define POL_NOTE_LIST_MAX 2048u

struct pol_note {
	uint64_t id;			/* of the ring's: pol_ring_take */
	int64_t time_ns, latency_ns;	/* latency negative: not known */
	uint64_t generation;
	uint8_t event, allowed, reason;
	uint8_t scoped, has_token;
	uint8_t decided;		/* a change: allowed and reason are said */
	uint8_t withdrawn;		/* the answer was a deny after all: it was not on disk in time */
	uint32_t attributes;		/* handed in with the request, and not recorded */
	struct policy_text text[POL_NOTE__TEXTS];	/* data NULL: absent */
	const struct policy_text *scopes, *groups;
	uint32_t scopes_count, groups_count;
};

/* Bytes that it takes. */
uint32_t pol_note_size(const struct pol_note *n);
/* Writes so many at `to`. */
void pol_note_write(char *to, const struct pol_note *n);

/* And back: texts point into the bytes. Lists come one text at a time. */
struct pol_note_lists {
	const char *at, *end;
	bool cut;			/* something was left out */
};
void pol_note_read(struct pol_note *n, struct pol_note_lists *lists, const char *from, uint32_t len);
/* The next text of the lists: scopes_count of scopes, then groups_count of groups. */
struct policy_text pol_note_next(struct pol_note_lists *lists);

#endif
