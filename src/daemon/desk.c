/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place is a socket with one clerk behind it. Who asks has a place for himself until it
 * has answered; where he no longer waits, the answer that is still owed is read and thrown
 * away by whoever has the place next.
 */
#include "desk.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "conn.h"
#include "frame.h"
#include "login.h"

#define GRACE ((int64_t)500 * 1000000)	/* for an answer that the clerk's own limit of time caused */

struct place {
	int fd;				/* -1: it is gone */
	bool taken, owes;
	struct pol_frame frame;		/* of an answer that is half read */
};

struct pol_desk {
	pthread_mutex_t lock;
	pthread_cond_t freed;
	struct place places[POL_DESK_PLACES];
	size_t n;
};

/* ---- jansson's memory ---- */

static void
wipe(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

void
pol_desk_wipe_json(void)
{
	json_set_alloc_funcs(malloc, wipe);
	json_object_seed(0);	/* while random numbers are to be had */
}

/* ---- places ---- */

struct pol_desk *
pol_desk_new(void)
{
	struct pol_desk *d = calloc(1, sizeof(*d));
	pthread_condattr_t attr;

	if (d == NULL)
		return NULL;
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->freed, &attr);
	pthread_condattr_destroy(&attr);
	return d;
}

int
pol_desk_add(struct pol_desk *d, int fd)
{
	if (fd < 0 || d->n == POL_DESK_PLACES)
		return -1;
	d->places[d->n++] = (struct place){ .fd = fd };
	return 0;
}

void
pol_desk_free(struct pol_desk *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->n; i++) {
		pol_frame_fini(&d->places[i].frame);
		if (d->places[i].fd >= 0)
			close(d->places[i].fd);
	}
	pthread_cond_destroy(&d->freed);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

/* One that is free, rather one that owes nothing; *any: there are some at all. */
static struct place *
find(struct pol_desk *d, bool *any)
{
	struct place *found = NULL;

	*any = false;
	for (size_t i = 0; i < d->n; i++) {
		struct place *p = &d->places[i];

		*any = *any || p->fd >= 0;
		if (p->fd >= 0 && !p->taken && (found == NULL || found->owes))
			found = p;
	}
	return found;
}

/* NULL: none was free in time, or (*any false) there is none. */
static struct place *
take(struct pol_desk *d, int64_t until_ns, bool *any)
{
	struct timespec until = { (time_t)(until_ns / 1000000000), until_ns % 1000000000 };
	struct place *p;
	int rc = 0;

	pthread_mutex_lock(&d->lock);
	while ((p = find(d, any)) == NULL && *any && rc == 0)
		rc = pthread_cond_timedwait(&d->freed, &d->lock, &until);
	if (p != NULL)
		p->taken = true;
	pthread_mutex_unlock(&d->lock);
	return p;
}

static void
give_back(struct pol_desk *d, struct place *p, bool broken)
{
	pthread_mutex_lock(&d->lock);
	if (broken) {
		pol_frame_fini(&p->frame);
		close(p->fd);
		p->fd = -1;
	}
	p->taken = false;
	if (broken)
		pthread_cond_broadcast(&d->freed);	/* it may have been the last */
	else
		pthread_cond_signal(&d->freed);
	pthread_mutex_unlock(&d->lock);
}

/* ---- a call ---- */

/* Texts of a request are bytes: what is no UTF-8 must not become something else. */
static bool
add_member(struct pol_text *t, const char *name, struct policy_text v)
{
	json_t *s;
	char *text;

	if (v.data == NULL)
		return true;
	s = json_stringn(v.data, v.len);
	text = s != NULL ? json_dumps(s, JSON_ENCODE_ANY) : NULL;
	json_decref(s);
	if (text == NULL)
		return false;
	if (t->data[t->len - 1] != '{')
		pol_text_str(t, ",");
	pol_text_str(t, name);
	pol_text_str(t, text);
	explicit_bzero(text, strlen(text));
	free(text);
	return true;
}

/* false: a credential is no text, so nobody's. */
static bool
write_call(struct pol_text *t, const char *call, const struct pol_caller *as, const char *args, int64_t wait_ns)
{
	char ms[32];
	bool good = true;

	snprintf(ms, sizeof(ms), "%lld", wait_ns > 0 ? (long long)(wait_ns / 1000000) : 0LL);
	pol_text_str(t, "{\"call\":\"");
	pol_text_str(t, call);
	pol_text_str(t, "\",\"wait_ms\":");
	pol_text_str(t, ms);
	pol_text_str(t, ",\"credentials\":[");
	for (size_t i = 0; as != NULL && i < as->count; i++) {
		pol_text_str(t, i == 0 ? "{" : ",{");
		good = good && add_member(t, "\"kind\":", as->list[i].kind) && add_member(t, "\"name\":", as->list[i].name) &&
		    add_member(t, "\"data\":", as->list[i].data);
		pol_text_str(t, "}");
	}
	pol_text_str(t, "],\"args\":");
	pol_text_str(t, args != NULL ? args : "{}");
	pol_text_str(t, "}");
	return good;
}

static int
fault(json_t **answer, int code, const char *reason, const char *text)
{
	*answer = json_pack("{s:i,s:s,s:s}", "code", code, "error", code == POLICY_ERR_DENIED ? "DENIED" :
	    code == POLICY_ERR_LIMIT ? "LIMIT" : code == POLICY_ERR_UNSUPPORTED ? "UNSUPPORTED" : "UNAVAILABLE", "text", text);
	if (*answer != NULL && reason != NULL)
		json_object_set_new(*answer, "reason", json_string(reason));
	return code;
}

/* 0, or negative: then nothing is known of what was done. */
static int
exchange(struct place *p, const struct pol_text *t, int64_t until_ns, json_t **told)
{
	int rc;

	if (p->owes) {
		rc = pol_frame_get(&p->frame, p->fd, until_ns);
		if (rc <= 0)
			return rc < 0 ? -1 : POLICY_ERR_AGAIN;
		pol_frame_fini(&p->frame);
		p->owes = false;
	}
	if (pol_frame_put(p->fd, t->data, t->len, until_ns) != 0)
		return -1;
	p->owes = true;
	rc = pol_frame_get(&p->frame, p->fd, until_ns + GRACE);
	if (rc <= 0)
		return rc < 0 ? -1 : POLICY_ERR_AGAIN;
	p->owes = false;
	*told = json_loadb(p->frame.data, p->frame.len, JSON_REJECT_DUPLICATES, NULL);
	pol_frame_fini(&p->frame);
	return json_is_object(*told) ? 0 : -1;
}

static int
ask(struct pol_desk *d, struct policy *policy, const struct pol_text *t, int64_t until_ns, json_t **answer)
{
	json_t *told = NULL, *code;
	struct place *p;
	bool any;
	int rc;

	p = take(d, until_ns, &any);
	if (p == NULL && any)
		return fault(answer, POLICY_ERR_UNAVAILABLE, "unavailable", "too many changes wait: nothing was changed");
	if (p == NULL)
		return fault(answer, POLICY_ERR_UNAVAILABLE, "unavailable", "the process that changes things is not there");
	rc = exchange(p, t, until_ns, &told);
	give_back(d, p, rc == -1);
	code = json_object_get(told, "code");
	if (rc != 0 || !json_is_integer(code)) {
		json_decref(told);
		return fault(answer, POLICY_ERR_UNAVAILABLE, "unavailable", "the change was not answered in time: it may have been made");
	}
	rc = (int)json_integer_value(code);
	if (rc < 0) {
		*answer = told;
		return rc;
	}
	/* whoever is answered may ask for what he changed at once; where the store fails, the
	 * change is in force here a moment later */
	if (json_is_true(json_object_get(told, "changed")))
		(void)policy_sync(policy, NULL);
	*answer = json_incref(json_object_get(told, "result"));
	json_decref(told);
	return 0;
}

/* A password reaches the keeper only where it is good: who guesses waits on this side. */
static int
judge(struct pol_call *c, const struct pol_caller *as, json_t **answer)
{
	for (size_t i = 0; as != NULL && i < as->count; i++) {
		unsigned seconds;
		int reason, rc;

		if (!pol_login_is_password(&as->list[i]))
			continue;
		reason = pol_login_judge(c, &as->list[i], &seconds);
		if (reason == POLICY_REASON_RULE)
			continue;
		if (reason == POLICY_REASON_UNAVAILABLE)
			return fault(answer, POLICY_ERR_UNAVAILABLE, "unavailable", "the credential cannot be judged now: nothing was changed");
		if (reason != POLICY_REASON_LIMIT)
			return fault(answer, POLICY_ERR_DENIED, policy_reason_name(reason), "the credential is not valid");
		rc = fault(answer, POLICY_ERR_LIMIT, policy_reason_name(reason), "too many were wrong: try again later");
		if (*answer != NULL)
			json_object_set_new(*answer, "retry_after", json_integer(seconds));
		return rc;
	}
	return 0;
}

int
pol_desk_ask(struct pol_call *c, const char *call, const struct pol_caller *as, const char *args, json_t **answer)
{
	struct pol_desk *d = c->server->desk;
	struct pol_text t = { NULL, 0, 0, false };
	int rc;

	*answer = NULL;
	if (d == NULL || d->n == 0)
		return fault(answer, POLICY_ERR_UNSUPPORTED, NULL, "nothing is changed here: policyd runs without a keeper");
	if (c->nonblock)
		return POLICY_ERR_AGAIN;
	rc = judge(c, as, answer);
	if (rc != 0)
		return rc;
	/* one block: what grows leaves copies of itself behind */
	t.room = 4096 + (args != NULL ? strlen(args) : 0);
	for (size_t i = 0; as != NULL && i < as->count; i++)
		t.room += 6 * (as->list[i].data.len + as->list[i].name.len);
	t.data = malloc(t.room);
	if (t.data == NULL)
		return POLICY_ERR_NOMEM;
	if (!write_call(&t, call, as, args, c->deadline_ns - pol_child_now()))
		rc = fault(answer, POLICY_ERR_DENIED, "bad_credential", "a credential is no text");
	else if (t.failed || t.len > POL_FRAME_BYTES)
		rc = fault(answer, POLICY_ERR_LIMIT, NULL, "what was asked for is too long");
	else
		rc = ask(d, c->policy, &t, c->deadline_ns, answer);
	if (t.data != NULL)
		explicit_bzero(t.data, t.room);
	pol_text_fini(&t);
	return rc;
}
