/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <pthread.h>
#include <stdio.h>
#include <sysexits.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pol_state state;

static int64_t
clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void
pol_state_get(struct pol_state *out)
{
	pthread_mutex_lock(&lock);
	*out = state;
	pthread_mutex_unlock(&lock);
}

static void
put(const char *error, int64_t failed)
{
	state.failed = failed;
	snprintf(state.error, sizeof(state.error), "%s", error != NULL ? error : "");
}

void
pol_state_start(bool last_good, unsigned restarts, const char *error)
{
	pthread_mutex_lock(&lock);
	state.last_good = last_good;
	state.restarts = restarts;
	put(error, last_good ? clock_now() : 0);
	pthread_mutex_unlock(&lock);
}

void
pol_state_reloaded(int rc, const char *error)
{
	pthread_mutex_lock(&lock);
	if (rc == 0)
		put(NULL, 0);
	else
		put(error, state.failed != 0 ? state.failed : clock_now());
	pthread_mutex_unlock(&lock);
}

void
pol_state_say(char *out, size_t room, const struct policy_error *err)
{
	if (err->file[0] != '\0' && err->line != 0)
		snprintf(out, room, "%.400s:%u:%u: %s", err->file, err->line, err->column, err->text);
	else if (err->file[0] != '\0')
		snprintf(out, room, "%.400s: %s", err->file, err->text);
	else
		snprintf(out, room, "%s", err->text[0] != '\0' ? err->text : policy_strerror(err->code));
	for (char *s = out; *s != '\0'; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
	}
}

int
pol_exit_status(int code)
{
	switch (code) {
	case 0:
		return 0;
	case POLICY_ERR_NOENT:
		return EX_NOINPUT;
	case POLICY_ERR_UNSAFE:
		return EX_NOPERM;
	case POLICY_ERR_IO:
	case POLICY_ERR_UNAVAILABLE:
		return EX_UNAVAILABLE;
	case POLICY_ERR_INTERNAL:
	case POLICY_ERR_NOMEM:
		return EX_SOFTWARE;
	default:
		return EX_DATAERR;
	}
}
