/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int
pol_load_init(struct pol_load *l)
{
	*l = (struct pol_load){ .done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	return l->done < 0 ? -1 : 0;
}

static void *
run(void *ctx)
{
	struct pol_load *l = ctx;
	uint64_t one = 1;

	if (l->policy != NULL)
		l->rc = policy_reload(l->policy, &l->err);
	else
		l->rc = policy_open(&l->policy, l->path, l->options, &l->err);
	while (write(l->done, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	return NULL;
}

int
pol_load_start(struct pol_load *l, struct policy *policy, const char *path, const struct policy_options *options)
{
	l->policy = policy;
	l->path = path;
	l->options = options;
	l->rc = POLICY_ERR_INTERNAL;
	l->err = (struct policy_error)POLICY_ERROR_INIT;
	l->running = pthread_create(&l->thread, NULL, run, l) == 0;
	return l->running ? 0 : -1;
}

void
pol_load_end(struct pol_load *l)
{
	uint64_t n;

	while (read(l->done, &n, sizeof(n)) < 0 && errno == EINTR)
		;
	if (l->running)
		pthread_join(l->thread, NULL);
	l->running = false;
}
