/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The front, and time. A front that ends is started again at once, or later and later where
 * it does not live for a second; who connects meanwhile waits at the sockets, which are the
 * keeper's. One that does not answer is killed, and so are we by the service manager where
 * nothing helps: it hears of us only while the front answers.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper_impl.h"
#include "log.h"

#define MS ((int64_t)1000000)
#define SECOND (1000 * MS)
#define PING_EVERY SECOND
#define SILENCE (20 * SECOND)		/* of a front that serves */
#define RENEW_EVERY (3600 * SECOND)
#define ACCEPT_AT_LEAST (50 * MS)	/* who is half in when we stop */
#define ACCEPT_FOR (1 * SECOND)		/* when stopping: those who are waiting at the sockets */
#define DRAIN_FOR (13 * SECOND)		/* the front takes ten for what it has in hand */
#define FAILURES_AT_START 5
#define DESK_PLACES 8

/* ---- starting ---- */

/* A clerk for each thread of the front that may wait. Fewer are no reason not to serve. */
static int
greet_desk(struct pol_keeper *k)
{
	const unsigned n = k->conf->waiting < DESK_PLACES ? k->conf->waiting : DESK_PLACES;
	struct pol_message m = { .kind = POL_CHANNEL_DESK };
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < n; i++) {
		const int fd = pol_clerks_start(k->clerks);

		if (fd < 0) {
			pol_log(POLICY_LOG_WARNING, "there are %u clerks of %u: changes may wait", i, n);
			break;
		}
		rc = pol_channel_send(k->front.channel, &m, fd);
		close(fd);
	}
	return rc;
}

static int
greet(struct pol_keeper *k)
{
	struct pol_message m = { .kind = POL_CHANNEL_CONF, .number = k->mode };
	int rc;

	snprintf(m.text, sizeof(m.text), "%s", k->conf->file);
	rc = pol_channel_send(k->front.channel, &m, k->text);
	for (size_t i = 0; rc == 0 && i < k->sockets.n; i++) {
		m = (struct pol_message){ .kind = POL_CHANNEL_SOCKET };
		rc = pol_channel_send(k->front.channel, &m, k->sockets.list[i].fd);
	}
	if (rc == 0 && pol_conf_has_desk(k->conf))
		rc = greet_desk(k);
	return rc;
}

void
pol_keeper_start_front(struct pol_keeper *k)
{
	k->start_at = 0;
	if (pol_child_start(&k->front, k->program) != 0 || greet(k) != 0) {
		pol_log(POLICY_LOG_ERROR, "the serving process cannot be started");
		pol_child_leave(&k->front, true);
		if (k->front.pid == 0)
			pol_keeper_front_died(k, -1);
		return;		/* else: when it is reaped */
	}
	pol_keeper_give(k);
}

static void
give(struct pol_keeper *k, const char *path, bool last_good)
{
	struct pol_message m = { .kind = POL_CHANNEL_OPEN, .number = k->restarts, .last_good = last_good };

	snprintf(m.text, sizeof(m.text), "%s", path != NULL ? path : "");
	snprintf(m.error, sizeof(m.error), "%s", k->why);
	k->front.last_good = last_good;
	pol_channel_send(k->front.channel, &m, -1);
}

void
pol_keeper_give(struct pol_keeper *k)
{
	if (k->front.channel >= 0 && k->policy != NULL)
		give(k, k->last_good ? k->path : k->conf->policy, k->last_good);
}

void
pol_keeper_replace_front(struct pol_keeper *k)
{
	size_t i = 0;

	while (i < POL_KEEPER_LEAVING - 1 && k->leaving[i].pid != 0)
		i++;
	if (k->leaving[i].pid != 0)
		kill(k->leaving[i].pid, SIGKILL);
	if (k->front.pid != 0) {
		pol_channel_say(k->front.channel, POL_CHANNEL_STOP);
		k->leaving[i] = k->front;
		k->leaving[i].started = pol_child_now();
		pol_child_leave(&k->leaving[i], false);
	}
	pol_keeper_start_front(k);
}

/* ---- its end ---- */

void
pol_keeper_front_died(struct pol_keeper *k, int status)
{
	bool served = k->front.opened != 0;
	int64_t now = pol_child_now(), most = served ? 400 * MS : 5 * SECOND;
	int64_t delay = 50 * MS;		/* of the second that dies young */

	pol_child_leave(&k->front, false);
	k->front.pid = 0;
	if (k->stopping != 0) {
		pol_keeper_end(k, 0);
		return;
	}
	if (WIFSIGNALED(status))
		pol_log(POLICY_LOG_ERROR, "the serving process was killed by signal %d", WTERMSIG(status));
	else
		pol_log(POLICY_LOG_ERROR, "the serving process ended with status %d", status < 0 ? -1 : WEXITSTATUS(status));
	k->failures = served && now - k->front.opened > SECOND ? 0 : k->failures + 1;
	k->front.opened = 0;
	k->restarts++;
	if (!k->told_ready && k->failures >= FAILURES_AT_START) {
		pol_keeper_end(k, status > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 70);
		return;
	}
	if (k->reloading)
		pol_keeper_reloaded(k, "");	/* the next one reads the new set */
	for (unsigned i = 2; i < k->failures && delay < most; i++)
		delay *= 2;
	k->start_at = k->failures < 2 ? now : now + delay;
}

/* ---- what it says ---- */

/* It cannot open what is on disk now: the last good text, or nothing until it is asked for
 * again. At the first start that is what a refused set is. */
static void
refused(struct pol_keeper *k, const struct pol_message *m)
{
	struct policy_error err = POLICY_ERROR_INIT;

	snprintf(k->why, sizeof(k->why), "%s", m->error);
	pol_log(POLICY_LOG_ERROR, "the serving process cannot open the set: %s", k->why);
	if (!k->front.last_good && k->told_ready && k->conf->state != NULL &&
	    pol_last_find(k->path, sizeof(k->path), k->conf->state, &err) == 0)
		give(k, k->path, true);
	else if (k->told_ready)
		pol_child_leave(&k->front, true);
	else
		pol_keeper_end(k, pol_exit_status(m->code));
}

static void
serves(struct pol_keeper *k)
{
	k->front.opened = k->front.answered = pol_child_now();
	k->told_ready = true;
	if (k->reloading)
		pol_keeper_reloaded(k, k->why);
	else if (k->front.last_good)
		pol_notify_say(&k->notify, "READY=1\nSTATUS=not ready, serving the last good text: %.900s", k->why);
	else
		pol_notify_say(&k->notify, "READY=1\nSTATUS=serving");
	pol_log(POLICY_LOG_INFO, "ready%s", k->front.last_good ? ", but for the set: the last good text serves" : "");
}

void
pol_keeper_heard(struct pol_keeper *k)
{
	struct pol_message m;

	/* a few, lest it keeps us from everything else */
	for (int n = 0; n < 16 && k->front.channel >= 0; n++) {
		int got = pol_channel_get(k->front.channel, &m, NULL);

		if (got == 0)
			return;
		/* it is gone; or speaks no more like one of ours */
		if (got < 0 || (m.kind == POL_CHANNEL_OPENED && k->front.opened != 0)) {
			pol_child_leave(&k->front, true);
			return;
		}
		k->front.answered = pol_child_now();
		if (m.kind == POL_CHANNEL_OPENED && m.code != 0)
			refused(k, &m);
		else if (m.kind == POL_CHANNEL_OPENED)
			serves(k);
		else if (m.kind == POL_CHANNEL_RELOADED && k->reloading)
			pol_keeper_reloaded(k, m.code == 0 ? "" : m.error);
	}
}

/* ---- stopping ---- */

void
pol_keeper_stop(struct pol_keeper *k)
{
	if (k->stopping != 0)
		return;
	pol_notify_say(&k->notify, "STOPPING=1\nSTATUS=finishing what was asked");
	pol_log(POLICY_LOG_INFO, "stopping");
	k->stopping = pol_child_now();
	pol_sockets_shut(&k->sockets);
	if (k->front.pid == 0)
		pol_keeper_end(k, 0);
}

static void
stop_on(struct pol_keeper *k, int64_t now)
{
	bool wanted = now < k->stopping + ACCEPT_AT_LEAST || (now < k->stopping + ACCEPT_FOR && pol_sockets_wanted(&k->sockets));

	if (!k->told_stop && (k->front.opened == 0 || !wanted)) {
		k->told_stop = true;
		pol_channel_say(k->front.channel, POL_CHANNEL_STOP);
	}
	if (now > k->stopping + DRAIN_FOR) {
		pol_log(POLICY_LOG_WARNING, "the serving process does not end: it is killed");
		pol_child_leave(&k->front, true);
		pol_keeper_end(k, 0);
	}
}

/* ---- time ---- */

static void
ping(struct pol_keeper *k, int64_t now)
{
	int64_t feed_every = k->notify.watchdog_ns / 2;

	if (k->front.opened != 0 && now - k->front.answered > SILENCE) {
		pol_log(POLICY_LOG_ERROR, "the serving process does not answer: it is killed");
		pol_child_leave(&k->front, true);
		k->front.opened = 0;
		return;
	}
	if (now - k->front.pinged >= (feed_every != 0 && feed_every < PING_EVERY ? feed_every : PING_EVERY)) {
		k->front.pinged = now;
		pol_channel_say(k->front.channel, POL_CHANNEL_PING);
	}
	if (feed_every != 0 && now - k->fed >= feed_every && now - k->front.answered < 2 * feed_every) {
		k->fed = now;
		pol_notify_say(&k->notify, "WATCHDOG=1");
	}
}

void
pol_keeper_time(struct pol_keeper *k)
{
	int64_t now = pol_child_now();
	struct policy_error err = POLICY_ERROR_INIT;

	if (k->over)
		return;
	for (size_t i = 0; i < POL_KEEPER_LEAVING; i++) {
		if (k->leaving[i].pid != 0 && now - k->leaving[i].started > DRAIN_FOR)
			kill(k->leaving[i].pid, SIGKILL);
	}
	if (k->stopping != 0) {
		stop_on(k, now);
		return;
	}
	if (k->start_at != 0 && now >= k->start_at)
		pol_keeper_start_front(k);
	if (k->front.channel >= 0)
		ping(k, now);
	if (k->reload_wanted && !k->reloading && !k->load.running && k->policy != NULL) {
		k->reload_wanted = false;
		k->reloading = true;
		pol_notify_reloading(&k->notify);
		pol_keeper_reload(k);
	}
	if (k->conf->state != NULL && k->policy != NULL && k->why[0] == '\0' && !k->last_good && now - k->renewed > RENEW_EVERY) {
		k->renewed = now;
		pol_last_renew(k->conf->state, &err);
	}
}

int64_t
pol_keeper_due(const struct pol_keeper *k)
{
	int64_t now = pol_child_now(), at = now + 60 * SECOND, next;

	if (k->stopping != 0)
		return 5;
	if (k->start_at != 0 && k->start_at < at)
		at = k->start_at;
	if (k->front.channel >= 0) {
		next = k->notify.watchdog_ns / 2;
		if (next == 0 || next > PING_EVERY)
			next = PING_EVERY;
		if (k->front.pinged + next < at)
			at = k->front.pinged + next;
	}
	return at <= now ? 0 : (at - now + MS - 1) / MS;
}
