/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as a host has them, and asking them: the loops that are timed. */
#include "ours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static struct policy_text *
five(struct policy_request *r, unsigned i)
{
	struct policy_text *const at[5] = { &r->subject_type, &r->subject_id, &r->action,
		&r->resource_type, &r->resource_id };

	return at[i];
}

static bool
is_plain(const struct policy_request *r)
{
	return r->subject_attributes.count + r->groups_count + r->actor_attributes.count + r->action_attributes.count +
	    r->resource_attributes.count + r->context.count == 0 && r->token == NULL && r->actor_id.data == NULL;
}

static int
lay_out(struct set *s)
{
	size_t bytes = 0, i;
	unsigned k;
	char *at;

	for (i = 0; i < s->n; i++)
		for (k = 0; k < 5; k++)
			bytes += five(&s->asks.list[i].ask.req, k)->len;
	s->calls = calloc(s->n, sizeof(*s->calls));
	s->texts = at = malloc(bytes + 1);
	s->yes = calloc(s->n, 1);
	if (s->calls == NULL || at == NULL || s->yes == NULL)
		return EX_OSERR;
	for (i = 0; i < s->n; i++) {
		struct policy_request *r = &s->asks.list[i].ask.req;

		s->calls[i].at = at;
		s->has_rest |= !is_plain(r);
		for (k = 0; k < 5; k++) {
			const struct policy_text *t = five(r, k);

			if (t->data == NULL)
				s->calls[i].absent |= (uint8_t)(1u << k);
			else
				memcpy(at, t->data, t->len);
			s->calls[i].len[k] = (uint16_t)t->len;
			at += t->len;
		}
	}
	return 0;
}

int
calls_read(struct set *s, const char *dir, const char *file, const char *name, size_t most)
{
	char path[4096];
	int rc;

	snprintf(path, sizeof(path), "%s/%s.jsonl", dir, file);
	if (access(path, F_OK) != 0)
		return -1;
	rc = pol_asks_read(&s->asks, path, most);
	s->name = name;
	s->n = s->asks.n;
	return rc != 0 ? rc : lay_out(s);
}

int
calls_copy(struct set *out, const struct set *s)
{
	int rc;

	memset(out, 0, sizeof(*out));
	rc = pol_asks_copy(&out->asks, &s->asks);
	out->name = s->name;
	out->n = s->n;
	out->allowed = s->allowed;
	return rc != 0 ? rc : lay_out(out);
}

void
calls_fini(struct set *s)
{
	pol_asks_fini(&s->asks);
	free(s->calls);
	free(s->texts);
	free(s->yes);
}

/* ---- the work of a host for one request ---- */

__attribute__((noinline))
static void
take_out(struct policy_request *r, unsigned absent)
{
	for (unsigned k = 0; k < 5; k++)
		if ((absent & 1u << k) != 0)
			five(r, k)->data = NULL;
}

static inline void
put_texts(struct policy_request *r, const struct call *c)
{
	const char *at = c->at;

	r->subject_type = (struct policy_text){ at, c->len[0] };
	at += c->len[0];
	r->subject_id = (struct policy_text){ at, c->len[1] };
	at += c->len[1];
	r->action = (struct policy_text){ at, c->len[2] };
	at += c->len[2];
	r->resource_type = (struct policy_text){ at, c->len[3] };
	at += c->len[3];
	r->resource_id = (struct policy_text){ at, c->len[4] };
	if (__builtin_expect(c->absent != 0, 0))
		take_out(r, c->absent);
}

/* Attributes, groups, token and actor are ready: only where they are is set. */
static inline void
put_rest(struct policy_request *r, const struct policy_request *from)
{
	r->subject_attributes = from->subject_attributes;
	r->groups = from->groups;
	r->groups_count = from->groups_count;
	r->token = from->token;
	r->actor_type = from->actor_type;
	r->actor_id = from->actor_id;
	r->actor_attributes = from->actor_attributes;
	r->action_attributes = from->action_attributes;
	r->resource_attributes = from->resource_attributes;
	r->context = from->context;
}

static inline void
put(struct policy_request *r, const struct set *s, size_t i)
{
	put_texts(r, &s->calls[i]);
	if (s->has_rest)
		put_rest(r, &s->asks.list[i].ask.req);
}

/* ---- passes: an error is a deny, as it reads ---- */

static inline size_t
pass(const struct bench *b, const struct set *s, size_t from, size_t to, struct pol_times *times, bool fence)
{
	struct policy_request r = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	size_t yes = 0, i;
	uint64_t begin;

	for (i = from; i < to; i++) {
		if (times != NULL)
			begin = pol_timer_begin(&b->timer);
		put(&r, s, i);
		policy_decide(b->p, &r, &d);
		if (times != NULL)
			pol_times_add(times, pol_timer_end(&b->timer, begin));
		else if (fence)
			pol_timer_fence();
		yes += d.verdict == POLICY_ALLOW;
		s->yes[i] = d.verdict == POLICY_ALLOW;
	}
	return yes;
}

size_t
pass_one(const struct bench *b, const struct set *s, size_t from, size_t to, struct pol_times *times)
{
	return times != NULL ? pass(b, s, from, to, times, false) : pass(b, s, from, to, NULL, false);
}

size_t
pass_alone(const struct bench *b, const struct set *s, size_t from, size_t to, struct pol_times *times)
{
	return times != NULL ? pass(b, s, from, to, times, false) : pass(b, s, from, to, NULL, true);
}

#define MANY 16

static inline size_t
pass_many(const struct bench *b, const struct set *s, size_t from, size_t to, struct pol_times *times)
{
	struct policy_request r[MANY];
	struct policy_decision d[MANY];
	size_t yes = 0, i, k, n;
	uint64_t begin;

	for (k = 0; k < MANY; k++) {
		r[k] = (struct policy_request)POLICY_REQUEST_INIT;
		d[k] = (struct policy_decision)POLICY_DECISION_INIT;
	}
	for (i = from; i < to; i += n) {
		n = to - i < MANY ? to - i : MANY;
		if (times != NULL)
			begin = pol_timer_begin(&b->timer);
		for (k = 0; k < n; k++)
			put(&r[k], s, i + k);
		policy_decide_many(b->p, r, n, d);
		if (times != NULL)
			pol_times_add(times, pol_timer_end(&b->timer, begin) / n);
		for (k = 0; k < n; k++) {
			yes += d[k].verdict == POLICY_ALLOW;
			s->yes[i + k] = d[k].verdict == POLICY_ALLOW;
		}
	}
	return yes;
}

size_t
pass_many16(const struct bench *b, const struct set *s, size_t from, size_t to, struct pol_times *times)
{
	return times != NULL ? pass_many(b, s, from, to, times) : pass_many(b, s, from, to, NULL);
}
