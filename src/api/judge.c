/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials and what is found of them. A hit needs nothing but the serial of the
 * snapshot's stack: no count of it is touched, so that deciders write no line that
 * others write. Only who judges holds the stack.
 *
 * What they stand on in the store is looked at once in each version of the people. Where
 * that changed while modules judged, nobody can say which version they had seen: then they
 * judge again, until it is the same before and after. So they do where a reload opened
 * another stack meanwhile: what it no longer takes is not good by what was.
 */
#include "api/judge.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/alive.h"
#include "api/child.h"
#include "auth/identity.h"
#include "auth/stack.h"
#include "base/name.h"

#define KIND_MOST 64u
#define NAME_MOST 255u
#define DATA_MOST 65536u
#define ROUNDS 8			/* of judging, while what it stands on changes; then it is unavailable */

/* ---- the shape of credentials ---- */

static int
check_kind(struct policy_text t)
{
	if (t.data == NULL || t.len == 0)
		return POLICY_ERR_ARG;
	if (t.len > KIND_MOST)
		return POLICY_ERR_LIMIT;
	for (size_t i = 0; i < t.len; i++) {
		if (!((t.data[i] >= 'a' && t.data[i] <= 'z') || (t.data[i] >= '0' && t.data[i] <= '9') || t.data[i] == '_'))
			return POLICY_ERR_ARG;
	}
	return 0;
}

static int
check_text(struct policy_text t, size_t most)
{
	if (t.data == NULL)
		return t.len == 0 ? 0 : POLICY_ERR_ARG;
	return t.len <= most ? 0 : POLICY_ERR_LIMIT;
}

int
pol_judge_shape(const struct policy_credential *list, size_t n)
{
	int rc = 0;

	if (list == NULL || n == 0)
		return POLICY_ERR_ARG;
	if (n > POLICY_CREDENTIALS_MAX)
		return POLICY_ERR_LIMIT;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = (list[i].reserved[0] | list[i].reserved[1]) != 0 ? POLICY_ERR_ARG : check_kind(list[i].kind);
		if (rc == 0)
			rc = check_text(list[i].name, NAME_MOST);
		if (rc == 0)
			rc = check_text(list[i].data, DATA_MOST);
	}
	return rc;
}

static bool
is_peer(const struct policy_credential *c)
{
	return pol_bytes_equal(c->kind.data, c->kind.len, "peer", 4);
}

/* One without anything in it is bad, whatever a module would say. */
static bool
is_empty(const struct policy_credential *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i].data.len == 0 && !(list[i].data.data == NULL && is_peer(&list[i])))
			return true;
	}
	return false;
}

/* ---- judging ---- */

void
pol_judge_fini(struct pol_judged *j)
{
	if (j->heap != NULL)
		free(j->heap);
	j->heap = NULL;
}

static void
begin(struct pol_judged *j, const struct policy_request *req)
{
	j->list = req->credentials;
	j->n = req->credentials_count;
	j->rc = 0;
	j->reason = POLICY_REASON_BAD_CREDENTIAL;
	j->packed = j->small;
	j->len = 0;
	j->heap = NULL;
	j->cached = false;
	j->stand = (struct pol_cache_stand){ 0, 0 };
}

bool
pol_judge_look(struct policy *p, const struct pol_snapshot *s, const struct policy_request *req, int64_t now,
    struct pol_judged *j)
{
	const struct pol_stack *stack = atomic_load_explicit(&s->stack, memory_order_acquire);

	begin(j, req);
	if (stack == NULL && pol_child_is_lost(p)) {
		j->list = NULL;
		return false;
	}
	if (stack == NULL || is_empty(j->list, j->n))
		return true;
	j->serial = pol_stack_serial(stack);
	pol_cache_key(p->cache, j->serial, j->list, j->n, &j->key);
	j->len = pol_cache_get(p->cache, &j->key, now, j->small, &j->stand);
	j->cached = j->len != 0;
	if (j->len == 0)
		j->list = NULL;
	else
		j->reason = POLICY_REASON_RULE;
	return j->len != 0;
}

/* ---- what they stand on ---- */

/* All of them; the first that is not alive says why. */
static enum policy_reason
look(struct pol_alive *a, const struct pol_snapshot *s, int64_t now, const struct pol_judged *j)
{
	const uint32_t n = pol_pack_count(j->packed, j->len);
	enum policy_reason first = POLICY_REASON_RULE;
	struct policy_identity id;	/* not emptied */

	*a = (struct pol_alive)POL_ALIVE_INIT;
	id.size = sizeof(id);
	for (uint32_t i = 0; i < n; i++) {
		enum policy_reason reason = POLICY_REASON_ERROR;

		if (pol_unpack(&id, j->packed, j->len, i))
			reason = pol_alive_look(a, s->engine.people, &id, now);
		if (first == POLICY_REASON_RULE)
			first = reason;
	}
	return n != 0 ? first : POLICY_REASON_ERROR;
}

__attribute__((noinline))
static bool
look_again(struct policy *p, const struct pol_snapshot *s, int64_t now, struct pol_judged *j, enum policy_reason *reason)
{
	const struct pol_stack *stack = atomic_load_explicit(&s->stack, memory_order_acquire);
	const bool same = stack != NULL && pol_stack_serial(stack) == j->serial;
	struct pol_alive a;

	*reason = look(&a, s, now, j);
	if ((a.print != j->stand.print || !same) && j->cached) {
		j->list = NULL;
		return false;
	}
	if (a.print != j->stand.print && j->stand.version != 0 && *reason == POLICY_REASON_RULE)
		*reason = POLICY_REASON_REVOKED;	/* it changed behind the judging */
	if (*reason != POLICY_REASON_RULE)
		return true;
	j->stand = (struct pol_cache_stand){ a.print, s->generation };
	if (j->cached)
		pol_cache_seen(p->cache, &j->key, &j->stand);
	return true;
}

bool
pol_judge_alive(struct policy *p, const struct pol_snapshot *s, int64_t now, struct pol_judged *j,
    enum policy_reason *reason)
{
	*reason = POLICY_REASON_RULE;
	return j->stand.version == s->generation || look_again(p, s, now, j, reason);
}

/* What the stack may say: anything else is our own mistake. */
static int
filter(int rc)
{
	switch (rc) {
	case 0:
	case POLICY_ERR_AGAIN:
	case POLICY_ERR_LIMIT:
	case POLICY_ERR_NOMEM:
	case POLICY_ERR_UNAVAILABLE:
		return rc;
	default:
		return POLICY_ERR_INTERNAL;
	}
}

/* As bytes, like those from the cache; those that are too long for it, on the heap. */
static int
pack(struct pol_judged *j, const struct policy_identity *ids, size_t n)
{
	const uint32_t room = (uint32_t)(n * sizeof(*ids));

	j->len = pol_pack(j->small, sizeof(j->small), ids, n);
	if (j->len != 0 || n == 0)
		return n != 0 ? 0 : POLICY_ERR_INTERNAL;
	j->heap = malloc(room);
	if (j->heap == NULL)
		return POLICY_ERR_NOMEM;
	j->packed = j->heap;
	j->len = pol_pack(j->heap, room, ids, n);
	return j->len != 0 ? 0 : POLICY_ERR_INTERNAL;
}

/* *until: as long as it may be kept. */
static void
ask_stack(struct pol_stack *stack, const struct pol_asked *asked, struct pol_judged *j, int64_t *until)
{
	struct policy_identity *ids = malloc(asked->n * sizeof(*ids));
	enum policy_reason reason = POLICY_REASON_ERROR;
	size_t n = 0;

	*until = 0;
	if (ids == NULL) {
		j->rc = POLICY_ERR_NOMEM;
		return;
	}
	for (size_t i = 0; i < asked->n; i++) {
		ids[i].size = sizeof(ids[i]);
		pol_identity_clear(&ids[i]);
	}
	j->rc = filter(pol_stack_judge(stack, asked, ids, &n, until, &reason));
	if (j->rc == 0)
		j->reason = reason;
	if (j->rc == 0 && reason == POLICY_REASON_RULE)
		j->rc = n <= asked->n ? pack(j, ids, n) : POLICY_ERR_INTERNAL;
	for (size_t i = 0; i < asked->n; i++)
		pol_identity_wipe(&ids[i]);
	free(ids);
}

int64_t
pol_judge_clock(const struct policy *p)
{
	struct timespec ts;

	if (p->clock != NULL)
		return p->clock(p->clock_ctx);
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* The stack in force, held, and the version of the people; NULL: none. */
static struct pol_stack *
hold(struct policy *p, uint64_t *version)
{
	_Atomic uint32_t *in;
	const struct pol_snapshot *s = pol_handle_enter(p, &in);
	struct pol_stack *stack = NULL;

	if (s != NULL && !s->off)
		stack = atomic_load_explicit(&s->stack, memory_order_acquire);
	if (stack != NULL) {
		pol_stack_hold(stack);
		*version = s->generation;
	}
	pol_handle_exit(in);
	return stack;
}

/* What was judged by `stack`, as it stands now. The version; 0: it is not alive, or nothing is
 * on. *same: that stack is still in force. */
static uint64_t
stand(struct policy *p, struct pol_alive *a, int64_t now, const struct pol_judged *j, const struct pol_stack *stack,
    uint64_t *version, bool *same)
{
	_Atomic uint32_t *in;
	const struct pol_snapshot *s = pol_handle_enter(p, &in);
	bool alive = false;

	*a = (struct pol_alive)POL_ALIVE_INIT;
	*version = 0;
	*same = true;
	if (s != NULL && !s->off) {
		*same = atomic_load_explicit(&s->stack, memory_order_acquire) == stack;
		alive = look(a, s, now, j) == POLICY_REASON_RULE;
		*version = s->generation;
	}
	pol_handle_exit(in);
	return alive ? *version : 0;
}

/* Once. True: it is known on what the answer stands. */
static bool
judge(struct policy *p, struct pol_stack *stack, const struct pol_asked *asked, uint64_t before, uint64_t *print,
    struct pol_judged *j)
{
	struct pol_alive a;
	uint64_t version;
	int64_t until;
	bool same;

	ask_stack(stack, asked, j, &until);
	if (j->rc != 0 || j->reason != POLICY_REASON_RULE)
		return true;
	j->serial = pol_stack_serial(stack);
	j->stand.version = stand(p, &a, asked->now_ns, j, stack, &version, &same);
	if (!same)
		return false;
	j->stand.print = a.print;
	same = version == before || a.print == 0 || a.print == *print;
	*print = a.print;
	if (!same || j->stand.version == 0)
		return same || j->stand.version == 0;
	if (a.until < until)
		until = a.until;
	pol_cache_key(p->cache, pol_stack_serial(stack), j->list, j->n, &j->key);
	if (j->packed == j->small)
		pol_cache_put(p->cache, &j->key, asked->now_ns, until, j->small, j->len, &j->stand);
	return true;
}

void
pol_judge_ask(struct policy *p, const struct policy_request *req, struct pol_judged *j)
{
	struct pol_asked asked = { .list = req->credentials, .n = req->credentials_count,
	    .nonblock = (req->flags & POLICY_NONBLOCK) != 0, .no_wait = (req->flags & POLICY_NO_WAIT) != 0, .deadline_ns = req->deadline_ns };
	uint64_t version = 0, print = 0;
	struct pol_stack *stack;
	bool known = false;

	begin(j, req);
	j->rc = pol_judge_shape(req->credentials, req->credentials_count);
	if (j->rc == 0)
		j->rc = pol_child_ready(p, asked.nonblock);
	/* a child that has its modules still to open looked for nothing before */
	if (j->rc != 0 || is_empty(j->list, j->n))
		return;
	for (int i = 0; !known && i < ROUNDS; i++) {
		pol_judge_fini(j);
		begin(j, req);
		asked.now_ns = pol_judge_clock(p);
		stack = hold(p, &version);
		if (stack == NULL)
			return;
		known = judge(p, stack, &asked, version, &print, j);
		pol_stack_drop(stack);
		/* good a moment ago, by a code that is good once: nobody can say any more */
		if (i > 0 && known && j->reason == POLICY_REASON_BAD_CREDENTIAL)
			known = false;
		if (j->reason != POLICY_REASON_RULE)
			break;
	}
	if (!known)
		j->reason = POLICY_REASON_UNAVAILABLE;
}
