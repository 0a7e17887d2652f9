/* SPDX-License-Identifier: Apache-2.0 */
/* A store in the memory of its test: memory:0xADDRESS of a struct memory (probe.h). For
 * tests; never installed. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <policy_module.h>

#include "tests/modules/probe.h"

struct state {
	struct memory *m;
	pid_t pid;
};

/* Held by a process, which may end while a thread of its own has it: then it is nobody's. */
static void
lock(struct memory *m)
{
	unsigned holder = 0;

	while (!atomic_compare_exchange_strong(&m->lock, &holder, (unsigned)getpid())) {
		if (kill((pid_t)holder, 0) != 0 && errno == ESRCH && atomic_compare_exchange_strong(&m->lock, &holder, (unsigned)getpid()))
			return;
		holder = 0;
		sched_yield();
	}
}

static int
memory_open(void **state, const struct policy_store_args *args, struct policy_error *err)
{
	char url[64];
	struct state *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return POLICY_ERR_NOMEM;
	snprintf(url, sizeof(url), "%.*s", (int)args->url.len, args->url.data);
	s->m = (struct memory *)(uintptr_t)strtoull(strchr(url, ':') + 1, NULL, 16);
	s->pid = getpid();
	rc = s->m->open_fails;
	if (rc != 0) {
		free(s);
		err->code = rc;
		strcpy(err->text, "nobody is there");
		return rc;
	}
	s->m->opened++;
	*state = s;
	return 0;
}

static int
tell(struct memory *m, uint64_t *since, policy_row_fn *row, void *ctx)
{
	int rc = 0;

	for (; rc == 0 && *since < m->n; ++*since) {
		const struct memory_row *from = &m->rows[*since];
		struct policy_row r = { .size = sizeof(r), .kind = from->kind, .until_ns = from->until };

		r.source = policy_text(from->source[0] != '\0' ? from->source : NULL);
		r.id = policy_text(from->id);
		rc = row(ctx, &r);
		m->told++;
	}
	return rc;
}

static int
memory_changes(void *state, uint64_t *since, policy_row_fn *row, void *ctx, struct policy_error *err)
{
	struct state *s = state;
	uint64_t n, to = *since;
	int rc;

	(void)err;
	if (s->pid != getpid())
		s->m->foreign++;
	s->m->asked++;
	if (s->m->fd >= 0 && s->m->fails == 0 && read(s->m->fd, &n, sizeof(n)) < 0)
		n = 0;			/* nothing was written: so be it */
	lock(s->m);
	rc = s->m->fails != 0 ? (int)s->m->fails : tell(s->m, &to, row, ctx);
	atomic_store(&s->m->lock, 0);
	if (rc == 0)
		*since = to;
	return rc;
}

static int
memory_apply(void *state, const struct policy_row *rows, size_t n, struct policy_error *err)
{
	struct memory *m = ((struct state *)state)->m;
	const uint64_t one = 1;
	int rc = 0;

	(void)err;
	lock(m);
	if (n > MEMORY_ROWS - m->n)
		rc = POLICY_ERR_LIMIT;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct memory_row *to = &m->rows[m->n + i];

		to->kind = rows[i].kind;
		to->until = rows[i].until_ns;
		snprintf(to->id, sizeof(to->id), "%.*s", (int)rows[i].id.len, rows[i].id.data);
		snprintf(to->source, sizeof(to->source), "%.*s", (int)rows[i].source.len,
		    rows[i].source.data != NULL ? rows[i].source.data : "");
	}
	if (rc == 0)
		m->n += (unsigned)n;
	atomic_store(&m->lock, 0);
	if (rc == 0 && m->fd >= 0 && write(m->fd, &one, sizeof(one)) < 0)
		rc = 0;			/* full: it is readable */
	return rc;
}

static int
memory_fd(void *state)
{
	return ((struct state *)state)->m->fd;
}

static void
memory_close(void *state)
{
	struct state *s = state;

	if (s->pid != getpid())
		s->m->foreign++;
	s->m->closed++;
	free(s);
}

const struct policy_store policy_store_1 = {
	.size = sizeof(struct policy_store),
	.abi = POLICY_MODULE_ABI,
	.name = "store_memory",
	.version = "1",
	.open = memory_open,
	.changes = memory_changes,
	.apply = memory_apply,
	.fd = memory_fd,
	.close = memory_close,
};
