/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What PAM's modules do cannot be stopped from outside and may take as long as a directory
 * server is slow. So each conversation runs in a thread of its own, and the caller waits
 * for it until the deadline and no longer; the thread is then left to come to its end, with
 * its own copy of the password, which it wipes. At most `most` such threads exist; who finds
 * them all taken waits for one, also no longer than the deadline. Nothing is retried.
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <security/pam_appl.h>

#include "talk.h"

/* One conversation. It outlives its caller when it is slow: the last of the two frees it. */
struct talk {
	struct talks *talks;
	char name[TALK_NAME_MOST + 1], password[TALK_PASSWORD_MOST + 1];
	bool asked;			/* the password was given: once */
	bool done, left;		/* by the thread; by the caller; under talks->lock */
	int rc;				/* of PAM */
	char user[TALK_NAME_MOST + 1];	/* as PAM calls it in the end */
};

static void
free_talk(struct talk *t)
{
	explicit_bzero(t, sizeof(*t));
	free(t);
}

/* ---- the conversation ---- */

static void
free_replies(struct pam_response *list, int n)
{
	for (int i = 0; i < n; i++) {
		if (list[i].resp != NULL)
			explicit_bzero(list[i].resp, strlen(list[i].resp));
		free(list[i].resp);
	}
	free(list);
}

/* One hidden prompt is the password. Whatever else it asks for, nobody is there to tell. */
static int
answer(struct talk *t, const struct pam_message *m, struct pam_response *r)
{
	switch (m->msg_style) {
	case PAM_TEXT_INFO:
	case PAM_ERROR_MSG:
		return PAM_SUCCESS;
	case PAM_PROMPT_ECHO_OFF:
		if (t->asked)
			return PAM_CONV_ERR;
		t->asked = true;
		r->resp = malloc(strlen(t->password) + 1);
		if (r->resp == NULL)
			return PAM_BUF_ERR;
		memcpy(r->resp, t->password, strlen(t->password) + 1);
		return PAM_SUCCESS;
	default:
		return PAM_CONV_ERR;
	}
}

static int
converse(int n, const struct pam_message **messages, struct pam_response **out, void *ctx)
{
	struct pam_response *list;
	int rc = PAM_SUCCESS;

	*out = NULL;
	if (n <= 0 || n > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	list = calloc((size_t)n, sizeof(*list));	/* PAM frees it */
	if (list == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; rc == PAM_SUCCESS && i < n; i++)
		rc = answer(ctx, messages[i], &list[i]);
	if (rc == PAM_SUCCESS)
		*out = list;
	else
		free_replies(list, n);
	return rc;
}

/* Whom PAM means in the end: its modules may have mapped the name. */
static int
take_user(pam_handle_t *h, struct talk *t)
{
	const void *user = NULL;
	int rc = pam_get_item(h, PAM_USER, &user);

	if (rc != PAM_SUCCESS)
		return rc;
	if (user == NULL || strlen(user) == 0 || strlen(user) > TALK_NAME_MOST)
		return PAM_SYSTEM_ERR;
	memcpy(t->user, user, strlen(user) + 1);
	return PAM_SUCCESS;
}

static int
ask(struct talk *t)
{
	const struct pam_conv conv = { converse, t };
	const int flags = PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK;
	pam_handle_t *h = NULL;
	int rc = pam_start_confdir(t->talks->service, t->name, &conv, t->talks->confdir, &h);

	if (rc != PAM_SUCCESS)
		return rc;
	rc = pam_authenticate(h, flags);
	if (rc == PAM_SUCCESS && !t->asked)	/* a stack that lets in without a password vouches for none */
		rc = PAM_SYSTEM_ERR;
	if (rc == PAM_SUCCESS)
		rc = pam_acct_mgmt(h, flags);
	if (rc == PAM_SUCCESS)
		rc = take_user(h, t);
	pam_end(h, rc);
	return rc;
}

static void *
run(void *ctx)
{
	struct talk *t = ctx;
	struct talks *p = t->talks;
	const int rc = ask(t);
	bool left;

	explicit_bzero(t->password, sizeof(t->password));
	pthread_mutex_lock(&p->lock);
	t->rc = rc;
	t->done = true;
	left = t->left;
	if (left)
		free_talk(t);
	/* last: once none runs, close() frees what this thread stands on */
	p->running--;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* ---- a check ---- */

static struct timespec
timespec_of(int64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000) };

	return ts;
}

/* A place among the running; false: none until the deadline. */
static bool
enter(struct talks *p, const struct timespec *until)
{
	bool in;

	pthread_mutex_lock(&p->lock);
	while (p->running >= p->most &&
	    pthread_cond_clockwait(&p->changed, &p->lock, CLOCK_MONOTONIC, until) == 0)
		;
	in = p->running < p->most;
	if (in)
		p->running++;
	pthread_mutex_unlock(&p->lock);
	return in;
}

static void
leave(struct talks *p)
{
	pthread_mutex_lock(&p->lock);
	p->running--;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

/* The host's signals are not for this thread. */
static int
start(struct talk *t)
{
	pthread_attr_t attr;
	sigset_t all, before;
	pthread_t thread;
	int rc = pthread_attr_init(&attr);

	if (rc != 0)
		return rc;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, &attr, run, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

/* True: it has ended, and rc and user are its answer. Frees it, or leaves it to its thread. */
static bool
await(struct talk *t, const struct timespec *until, int *rc, char user[TALK_NAME_MOST + 1])
{
	struct talks *p = t->talks;
	bool done;

	pthread_mutex_lock(&p->lock);
	while (!t->done && pthread_cond_clockwait(&p->changed, &p->lock, CLOCK_MONOTONIC, until) == 0)
		;
	done = t->done;
	t->left = true;
	if (done) {
		*rc = t->rc;
		memcpy(user, t->user, sizeof(t->user));
	}
	pthread_mutex_unlock(&p->lock);
	if (done)
		free_talk(t);
	return done;
}

static bool
take(char *to, struct policy_text t, size_t most)
{
	if (t.data == NULL || t.len == 0 || t.len > most || memchr(t.data, '\0', t.len) != NULL)
		return false;
	memcpy(to, t.data, t.len);
	to[t.len] = '\0';
	return true;
}

enum talk_end
talk_hold(struct talks *p, struct policy_text name, struct policy_text password, int64_t deadline_ns,
    int *rc, char user[TALK_NAME_MOST + 1])
{
	const struct timespec until = timespec_of(deadline_ns);
	struct talk *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return TALK_FAILED;
	t->talks = p;
	if (!take(t->name, name, TALK_NAME_MOST) || !take(t->password, password, TALK_PASSWORD_MOST)) {
		free_talk(t);
		return TALK_REFUSED;
	}
	if (!enter(p, &until)) {
		free_talk(t);
		return TALK_BUSY;
	}
	if (start(t) != 0) {
		leave(p);
		free_talk(t);
		return TALK_FAILED;
	}
	return await(t, &until, rc, user) ? TALK_ENDED : TALK_SLOW;
}

void
talk_init(struct talks *p, const char *service, const char *confdir, unsigned most)
{
	p->service = service;
	p->confdir = confdir;
	p->most = most;
	p->running = 0;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
}

void
talk_fini(struct talks *p)
{
	pthread_mutex_lock(&p->lock);
	while (p->running > 0)
		pthread_cond_wait(&p->changed, &p->lock);
	pthread_mutex_unlock(&p->lock);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
}
