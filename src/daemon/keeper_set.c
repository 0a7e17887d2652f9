/* SPDX-License-Identifier: Apache-2.0 */
/* The set that the keeper holds: opened, read again, kept for a day on which it is refused. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "keeper_impl.h"
#include "log.h"

#define CLERKS_S 2			/* for calls that are under way when the front is gone */
#define DEFAULT_PATH "/etc/policy"

static const char *
path_of(const struct pol_keeper *k)
{
	return k->conf->policy != NULL ? k->conf->policy : DEFAULT_PATH;
}

/* path NULL: libpolicy's. */
void
pol_keeper_open(struct pol_keeper *k, const char *path)
{
	if (path == k->conf->policy && k->conf->state != NULL) {
		pol_last_forget(k->seen);
		k->seen = pol_last_look(path_of(k));
	}
	if (pol_load_start(&k->load, NULL, path, &k->options) != 0) {
		pol_log(POLICY_LOG_ERROR, "there is no thread to open the set in");
		pol_keeper_end(k, 71);
	}
}

void
pol_keeper_reload(struct pol_keeper *k)
{
	if (k->last_good) {	/* the real one is another handle */
		pol_keeper_open(k, k->conf->policy);
		return;
	}
	pol_last_forget(k->seen);
	k->seen = k->conf->state != NULL ? pol_last_look(path_of(k)) : NULL;
	if (pol_load_start(&k->load, k->policy, NULL, NULL) != 0)
		pol_keeper_reloaded(k, "there is no thread to read the set in");
}

/* The set on disk is in force: its text is kept. */
static void
keep(struct pol_keeper *k)
{
	struct policy_error err = POLICY_ERROR_INIT;

	if (k->conf->state == NULL)
		return;
	if (pol_last_keep(k->conf->state, path_of(k), k->seen, &err) != 0) {
		char why[1400];

		pol_state_say(why, sizeof(why), &err);
		pol_log(POLICY_LOG_WARNING, "no last good text is kept: %s", why);
	}
	k->renewed = pol_child_now();
	pol_last_forget(k->seen);
	k->seen = NULL;
}

/* Would another text help? Not where memory, a server or a right of ours is missing. */
static bool
is_of_text(int code)
{
	return code == POLICY_ERR_INVALID || code == POLICY_ERR_NOENT || code == POLICY_ERR_UNSAFE ||
	    code == POLICY_ERR_LIMIT || code == POLICY_ERR_IO || code == POLICY_ERR_UNSUPPORTED;
}

/* At start the set was refused. */
static void
fall_back(struct pol_keeper *k, int rc)
{
	struct policy_error err = POLICY_ERROR_INIT;
	char why[1400];

	pol_log(POLICY_LOG_ERROR, "the set is refused: %s", k->why);
	if (k->conf->state != NULL && is_of_text(rc)) {
		if (pol_last_find(k->path, sizeof(k->path), k->conf->state, &err) == 0) {
			k->last_good = true;
			pol_keeper_open(k, k->path);
			return;
		}
		pol_state_say(why, sizeof(why), &err);
		pol_log(POLICY_LOG_ERROR, "there is no last good text to start from: %s", why);
	}
	pol_keeper_end(k, pol_exit_status(rc));
}

static void
opened(struct pol_keeper *k)
{
	bool was_last = k->policy != NULL && k->last_good;

	if (k->load.rc != 0 && was_last) {	/* the real one is refused still */
		pol_keeper_reloaded(k, k->why);
	} else if (k->load.rc != 0 && k->last_good) {
		pol_log(POLICY_LOG_ERROR, "the last good text is refused as well");
		pol_keeper_end(k, pol_exit_status(k->load.rc));
	} else if (k->load.rc != 0) {
		fall_back(k, k->load.rc);
	} else {
		k->policy = k->load.policy;
		pol_clerks_hold(k->clerks, k->policy);
		if (was_last)
			k->last_good = false;
		if (k->last_good) {
			pol_log(POLICY_LOG_WARNING, "the last good text serves until the set is right and a reload is asked for");
		} else {
			k->why[0] = '\0';
			keep(k);
		}
		if (was_last)
			pol_keeper_replace_front(k);
		else
			pol_keeper_give(k);
	}
}

void
pol_keeper_loaded(struct pol_keeper *k)
{
	bool was_reload = k->load.policy != NULL && k->load.policy == k->policy;
	char why[1400];

	pol_load_end(&k->load);
	pol_state_say(why, sizeof(why), &k->load.err);
	if (k->load.rc != 0 && !(k->last_good && k->policy == NULL))
		memcpy(k->why, why, sizeof(why));	/* of the set, not of what was kept */
	if (k->over || k->stopping != 0) {
		if (!was_reload)
			policy_close(k->load.policy);
	} else if (!was_reload) {
		opened(k);
	} else if (k->load.rc != 0) {
		struct pol_message m = { .kind = POL_CHANNEL_REFUSED };

		snprintf(m.error, sizeof(m.error), "%s", why);
		pol_channel_send(k->front.channel, &m, -1);
		pol_keeper_reloaded(k, why);
	} else {
		k->why[0] = '\0';
		keep(k);
		if (k->front.last_good)
			pol_keeper_replace_front(k);
		else if (k->front.channel < 0)
			pol_keeper_reloaded(k, "");	/* who starts reads the new one */
		else if (pol_channel_say(k->front.channel, POL_CHANNEL_RELOAD) != 0)
			pol_keeper_reloaded(k, "the serving process does not listen");
	}
}

void
pol_keeper_reloaded(struct pol_keeper *k, const char *why)
{
	if (why != k->why)
		snprintf(k->why, sizeof(k->why), "%s", why);
	k->reloading = false;
	if (k->why[0] != '\0')
		pol_log(POLICY_LOG_ERROR, "the set is refused, the one before stays in force: %s", k->why);
	pol_notify_say(&k->notify, "READY=1\nSTATUS=%s%.900s", k->why[0] == '\0' ? "serving" : "serving an older set: ", k->why);
}

void
pol_keeper_fini(struct pol_keeper *k)
{
	pol_child_leave(&k->front, true);
	pol_sockets_close(&k->sockets);
	if (k->load.running)		/* a server or a disk may keep it for long */
		_exit(k->status);
	if (!pol_clerks_end(k->clerks, CLERKS_S))
		_exit(k->status);
	pol_last_forget(k->seen);
	pol_notify_close(&k->notify);
	pol_conf_free(k->conf);
}
