/* SPDX-License-Identifier: Apache-2.0 */
/* A module that tells its test what is asked of it: see probe.h. For tests; never installed. */
#include <pthread.h>
#include <stdlib.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <policy_module.h>

#include "tests/modules/probe.h"

struct step {
	struct probe *probe;
	const struct policy_host *host;
	pid_t pid;
	pthread_mutex_t lock;
	char path[512], good[64];
};

static void
be_slow(const struct probe *p)
{
	struct timespec t = { 0, (long)p->slow_ms * 1000000 };

	nanosleep(&t, NULL);
}

static void
read_file(struct step *s)
{
	char line[sizeof(s->good)] = "";
	FILE *f = fopen(s->path, "re");

	if (f != NULL) {
		if (fgets(line, sizeof(line), f) == NULL)
			line[0] = '\0';
		fclose(f);
	}
	line[strcspn(line, "\n")] = '\0';
	pthread_mutex_lock(&s->lock);
	memcpy(s->good, line, sizeof(line));
	pthread_mutex_unlock(&s->lock);
}

static int
probe_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	const struct policy_value *at = policy_with(args, "at"), *file = policy_with(args, "file");
	char address[32];
	struct step *s = calloc(1, sizeof(*s));

	(void)err;
	if (s == NULL)
		return POLICY_ERR_NOMEM;
	snprintf(address, sizeof(address), "%.*s", (int)at->u.text.len, at->u.text.data);
	s->probe = (struct probe *)(uintptr_t)strtoull(address, NULL, 16);
	be_slow(s->probe);
	if (s->probe->open_fails != 0) {
		int rc = s->probe->open_fails;

		free(s);
		return rc;
	}
	pthread_mutex_init(&s->lock, NULL);
	s->host = args->host;
	s->pid = getpid();
	if (file != NULL) {
		snprintf(s->path, sizeof(s->path), "%.*s", (int)file->u.text.len, file->u.text.data);
		args->host->watch(args->host, s->path);
	}
	read_file(s);
	s->probe->opener = s->pid;
	s->probe->opened++;
	*state = s;
	return 0;
}

static void
look(struct step *s)
{
	if (s->pid != getpid())
		s->probe->foreign++;
}

static enum policy_check_result
probe_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	const struct policy_text t = call->credential->data;
	struct step *s = state;
	int good;

	look(s);
	s->probe->checked++;
	pthread_mutex_lock(&s->lock);
	good = t.len > 0 && t.len == strlen(s->good) && memcmp(t.data, s->good, t.len) == 0;
	pthread_mutex_unlock(&s->lock);
	if (t.len == 4 && memcmp(t.data, "wake", 4) == 0)
		s->host->wake(s->host);
	if (!good)
		return POLICY_CHECK_FAIL;
	s->host->set_subject(id, (struct policy_text){ NULL, 0 }, policy_text("alice"));
	if (memcmp(t.data, "no", 2) != 0)	/* those have no id */
		s->host->set_token_id(id, t);
	return POLICY_CHECK_PASS;
}

static int64_t
probe_serve(void *state, uint32_t why)
{
	struct step *s = state;

	look(s);
	be_slow(s->probe);
	if ((why & POLICY_SERVE_CHANGED) != 0) {
		read_file(s);
		s->probe->changed++;
	}
	if ((why & POLICY_SERVE_WOKEN) != 0)
		s->probe->woken++;
	s->probe->server = getpid();
	s->probe->served++;
	return -1;
}

static void
probe_close(void *state)
{
	struct step *s = state;

	look(s);
	s->probe->closed++;
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static const char *const kinds[] = { "bearer", NULL };

static const struct policy_module_key keys[] = {
	{ "at", POLICY_KEY_TEXT, POLICY_KEY_REQUIRED },
	{ "file", POLICY_KEY_TEXT, 0 },
	{ NULL, 0, 0 }
};

const struct policy_module policy_module_1 = {
	.size = sizeof(struct policy_module),
	.abi = POLICY_MODULE_ABI,
	.name = "probe",
	.version = "1",
	.flags = POLICY_MODULE_MAY_BLOCK | POLICY_MODULE_CACHEABLE,
	.kinds = kinds,
	.keys = keys,
	.open = probe_open,
	.check = probe_check,
	.close = probe_close,
	.serve = probe_serve,
};
