/* SPDX-License-Identifier: Apache-2.0 */
/* A note as the inside of a line: what stands between its number and its sum. */
#ifndef POL_AUDIT_LINE_H
#define POL_AUDIT_LINE_H

#include "audit/note.h"

/* No line is longer, whatever stands in it. */
#define POL_LINE_MAX (POL_NOTE__TEXTS * POL_NOTE_TEXT_MAX * 6u + POL_NOTE_LIST_MAX * 6u + 16384u)

/* chain: the number of the writing process's. Returns behind it. */
char *pol_line_note(char *at, uint64_t chain, const struct pol_note *n, struct pol_note_lists *lists);
/* ,"time":"2026-..." */
char *pol_line_time(char *at, int64_t ns);

/* Names, by number. */
extern const char *const pol_line_events[POL_EVENT__COUNT];
extern const char *const pol_line_texts[POL_NOTE__TEXTS];

#endif
