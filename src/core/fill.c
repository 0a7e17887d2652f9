/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer's bytes. A decision is not zeroed as a whole (29 ns): each text is
 * ended by its NUL and has its length, what is behind it is the caller's own.
 */
#include "core/fill.h"

#include <stddef.h>
#include <string.h>

#include "base/name.h"

/* Zero bytes that stand behind a program, so that a short text is copied whole. */
#define BEHIND 32
/* A line's number has fewer. */
#define DIGITS 16
_Static_assert(POL_MAX_FILE + 1 + DIGITS <= POL_MAX_RULE, "FILE:LINE fits");

void
pol_fill_error(struct policy_decision *out, int rc, uint64_t generation)
{
	if (rc == POLICY_ERR_LIMIT)
		pol_fill_deny(out, POLICY_REASON_LIMIT, 403);
	else if (rc == POLICY_ERR_UNAVAILABLE || rc == POLICY_ERR_NOMEM)	/* it may be there another time */
		pol_fill_deny(out, POLICY_REASON_UNAVAILABLE, 503);
	else
		pol_fill_deny(out, POLICY_REASON_ERROR, 403);
	pol_fill_blank(out, generation);
}

static const uint16_t status_of[POLICY_REASON__COUNT] = {
	[POLICY_REASON_ERROR] = 403,
	[POLICY_REASON_RULE] = 200,
	[POLICY_REASON_DISABLED] = 200,
	[POLICY_REASON_NO_CREDENTIAL] = 401,
	[POLICY_REASON_BAD_CREDENTIAL] = 401,
	[POLICY_REASON_EXPIRED] = 401,
	[POLICY_REASON_REVOKED] = 401,
	[POLICY_REASON_UNAVAILABLE] = 503,
	[POLICY_REASON_DENIED] = 403,
	[POLICY_REASON_CONDITION_ERROR] = 403,
	[POLICY_REASON_NO_RULE] = 403,
	[POLICY_REASON_UNKNOWN_ACTION] = 403,
	[POLICY_REASON_UNKNOWN_RESOURCE] = 403,
	[POLICY_REASON_INSUFFICIENT_SCOPE] = 403,
	[POLICY_REASON_CEILING] = 403,
	[POLICY_REASON_LIMIT] = 403,
};

void
pol_fill_reason(struct policy_decision *out, enum policy_reason reason, uint64_t generation)
{
	pol_fill_deny(out, reason, pol_fill_status(reason));
	pol_fill_blank(out, generation);
}

uint32_t
pol_fill_status(enum policy_reason reason)
{
	return status_of[reason];
}

/* A text of the program's, which has its NUL. Nothing is cut: what would not fit
 * was refused when compiling. */
static inline uint32_t
put(char *dst, size_t room, const struct pol_program *p, struct pol_str s)
{
	const char *src = pol_str_at(p, s);

	if (s.len >= room) {
		dst[0] = '\0';
		return 0;
	}
	memcpy(dst, src, BEHIND);
	if (s.len >= BEHIND)
		memcpy(dst + BEHIND, src + BEHIND, s.len + 1 - BEHIND);
	return s.len;
}

/* A text of the caller's, checked to be at most room - 1 bytes. */
static inline uint32_t
put_text(char *dst, size_t room, struct policy_text t)
{
	if (t.data == NULL || t.len >= room) {
		dst[0] = '\0';
		return 0;
	}
	pol_bytes_copy(dst, t.data, t.len);
	dst[t.len] = '\0';
	return (uint32_t)t.len;
}

/* FILE:LINE, which is no longer than POL_MAX_RULE. Its digits are copied in a fixed
 * size, with the zeros behind them. */
static inline uint32_t
put_place(char *dst, const struct pol_program *p, struct pol_str file, uint32_t line)
{
	char digits[2 * DIGITS] = { 0 };
	uint32_t at = DIGITS, len = put(dst, POL_MAX_FILE + 1, p, file);

	do {
		digits[--at] = (char)('0' + line % 10);
		line /= 10;
	} while (line != 0);
	dst[len] = ':';
	memcpy(dst + len + 1, digits + at, DIGITS);
	return len + 1 + DIGITS - at;
}

static inline uint32_t
put_name(char *dst, const struct pol_program *p, const struct pol_entry *e, struct pol_str file)
{
	const struct pol_label *label = POL_AT(p, e->label);
	uint32_t text = e->label + (uint32_t)offsetof(struct pol_label, text);

	if (e->label == 0 || label->rule == 0)
		return put_place(dst, p, file, e->line);
	return put(dst, POL_FILL_RULE, p, (struct pol_str){ text, label->rule });
}

uint32_t
pol_fill_rule(char out[POL_FILL_RULE], const struct pol_program *p, uint32_t entry)
{
	const struct pol_entry *e = (const struct pol_entry *)POL_AT(p, p->entries.off) + entry;

	return put_name(out, p, e, ((const struct pol_str *)POL_AT(p, p->files.off))[e->file]);
}

void
pol_fill_place(struct policy_decision *out, const struct pol_program *p, uint32_t file, uint32_t line)
{
	const struct pol_str *files = POL_AT(p, p->files.off);

	out->line = line;
	out->rule_len = put_place(out->rule, p, files[file], line);
	out->file_len = put(out->file, sizeof(out->file), p, files[file]);
}

static inline void
put_rule(struct policy_decision *out, const struct pol_program *p, const struct pol_answer *a)
{
	const struct pol_str *files = POL_AT(p, p->files.off);

	if (a->entry != POL_NONE) {
		const struct pol_entry *e = (const struct pol_entry *)POL_AT(p, p->entries.off) + a->entry;

		out->line = e->line;
		out->rule_len = put_name(out->rule, p, e, files[e->file]);
		out->file_len = put(out->file, sizeof(out->file), p, files[e->file]);
	} else if (a->kind != POL_NONE) {
		const struct pol_kind *k = (const struct pol_kind *)POL_AT(p, p->kinds.off) + a->kind;

		out->line = k->line;
		out->rule_len = put_place(out->rule, p, files[k->file], k->line);
		out->file_len = put(out->file, sizeof(out->file), p, files[k->file]);
	} else {
		out->line = out->rule_len = out->file_len = 0;
		out->rule[0] = out->file[0] = '\0';
	}
}

void
pol_fill_answer(struct policy_decision *out, const struct pol_engine *e,
    const struct policy_request *req, const struct pol_answer *a, uint64_t generation)
{
	static const struct policy_text user = POLICY_TEXT("user"), none = { NULL, 0 };

	out->verdict = a->verdict;
	out->reason = a->reason;
	out->status = status_of[a->reason];
	out->generation = generation;
	out->expires = 0;
	put_rule(out, e->program, a);
	if (req->subject_id.data != NULL) {
		out->subject_type_len = put_text(out->subject_type, sizeof(out->subject_type),
		    req->subject_type.data != NULL ? req->subject_type : user);
		out->subject_id_len = put_text(out->subject_id, sizeof(out->subject_id), req->subject_id);
	} else {
		out->subject_type_len = out->subject_id_len = 0;
		out->subject_type[0] = out->subject_id[0] = '\0';
	}
	out->token_id_len = put_text(out->token_id, sizeof(out->token_id),
	    req->token != NULL ? req->token->id : none);
}

/* ---- the witness of policy_trace ---- */

static void
step(void *ctx, const struct pol_engine *e, enum policy_stage stage, uint32_t entry,
    enum policy_outcome outcome, uint32_t term, int term_value, bool for_actor)
{
	struct policy_trace *t = ctx;
	const struct pol_program *p = e->program;
	struct pol_answer named = { POLICY_DENY, POLICY_REASON_ERROR, POL_NONE, POL_NONE };
	struct policy_decision d;
	struct policy_step *s;

	(void)term_value;
	if (t->count >= t->room) {
		t->dropped++;
		return;
	}
	s = &t->steps[t->count++];
	memset(s, 0, sizeof(*s));
	s->stage = stage;
	s->outcome = outcome;
	s->for_actor = for_actor;
	if ((entry & POL_WITNESS_KIND) != 0)
		named.kind = entry & ~POL_WITNESS_KIND;
	else
		named.entry = entry;
	put_rule(&d, p, &named);
	s->line = d.line;
	memcpy(s->rule, d.rule, d.rule_len);
	memcpy(s->file, d.file, d.file_len);
	if (term != POL_NONE) {
		const struct pol_term *at = (const struct pol_term *)POL_AT(p, p->terms.off) + term;
		size_t n = at->text.len, room = sizeof(s->test) - 1;

		s->test_line = at->line;
		s->test_column = at->column;
		memcpy(s->test, pol_str_at(p, at->text), n < room ? n : room);
		if (n > room)
			memcpy(s->test + room - 3, "...", 3);
	}
}

void
pol_fill_witness(struct pol_witness *out, struct policy_trace *trace)
{
	trace->count = trace->dropped = 0;
	out->step = step;
	out->ctx = trace;
}
