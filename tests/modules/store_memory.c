/* SPDX-License-Identifier: Apache-2.0 */
/* A store in the memory of its test: memory:0xADDRESS of a struct memory (probe.h). For
 * tests; never installed. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static const size_t texts[MEMORY_TEXTS] = {
	offsetof(struct policy_row, type), offsetof(struct policy_row, name), offsetof(struct policy_row, owner),
	offsetof(struct policy_row, org), offsetof(struct policy_row, by), offsetof(struct policy_row, secret),
	offsetof(struct policy_row, resource), offsetof(struct policy_row, list), offsetof(struct policy_row, attributes),
};

static void
read_row(const struct memory *m, const struct memory_row *from, struct policy_row *r)
{
	const char *at = m->bytes + from->at;

	*r = (struct policy_row){ .size = sizeof(*r), .kind = from->kind, .until_ns = from->until, .made_ns = from->made,
	    .from_ns = from->from, .flags = from->flags, .number = from->number };
	r->source = policy_text(from->source[0] != '\0' ? from->source : NULL);
	r->id = policy_text(from->id);
	for (int i = 0; from->kind != POLICY_ROW_REVOCATION && i < MEMORY_TEXTS; i++) {
		struct policy_text t = { at, from->len[i] };

		if (from->len[i] == MEMORY_ABSENT)
			t = (struct policy_text){ NULL, 0 };
		memcpy((char *)r + texts[i], &t, sizeof(t));
		at += t.len;
	}
}

static int
tell(struct memory *m, uint64_t *since, policy_row_fn *row, void *ctx)
{
	int rc = 0;

	for (; rc == 0 && *since < m->n; ++*since) {
		const struct memory_row *from = &m->rows[*since];
		struct policy_row r;

		if (from->replaced != 0)
			continue;
		read_row(m, from, &r);
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

static void
replace(struct memory *m, const struct memory_row *by)
{
	for (struct memory_row *r = m->rows; r < by; r++) {
		if (r->kind == by->kind && strcmp(r->id, by->id) == 0)
			r->replaced = 1;
	}
}

static int
write_row(struct memory *m, const struct policy_row *r, struct memory_row *to)
{
	size_t all = 0;

	memset(to, 0, sizeof(*to));
	to->kind = r->kind;
	to->flags = r->flags;
	to->number = r->number;
	to->until = r->until_ns;
	to->made = r->made_ns;
	to->from = r->from_ns;
	to->at = m->used;
	if (r->id.len >= sizeof(to->id) || r->source.len >= sizeof(to->source))
		return POLICY_ERR_LIMIT;
	memcpy(to->id, r->id.data, r->id.len);
	if (r->source.data != NULL)
		memcpy(to->source, r->source.data, r->source.len);
	for (int i = 0; i < MEMORY_TEXTS; i++) {
		struct policy_text t;

		memcpy(&t, (const char *)r + texts[i], sizeof(t));
		to->len[i] = t.data == NULL ? MEMORY_ABSENT : (uint16_t)t.len;
		if (t.len > sizeof(m->bytes) - to->at - all)
			return POLICY_ERR_LIMIT;
		if (t.len != 0)
			memcpy(m->bytes + to->at + all, t.data, t.len);
		all += t.len;
	}
	m->used += (unsigned)all;
	return 0;
}

static int
memory_apply(void *state, const struct policy_row *rows, size_t n, uint64_t *since, struct policy_error *err)
{
	struct memory *m = ((struct state *)state)->m;
	const uint64_t one = 1;
	unsigned used;
	int rc = 0;

	(void)err;
	lock(m);
	used = m->used;
	if (m->n > *since)
		rc = POLICY_ERR_AGAIN;
	else if (n > MEMORY_ROWS - m->n)
		rc = POLICY_ERR_LIMIT;
	else if (m->apply_fails < 0)
		rc = m->apply_fails;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = write_row(m, &rows[i], &m->rows[m->n + i]);
	if (rc != 0)
		m->used = used;
	for (size_t i = 0; rc == 0 && i < n; i++)
		replace(m, &m->rows[m->n + i]);
	if (rc == 0) {
		m->n += (unsigned)n;
		*since = m->n;
	}
	if (rc == 0 && m->apply_fails > 0)
		rc = -m->apply_fails;
	atomic_store(&m->lock, 0);
	if (rc == 0 && m->fd >= 0 && write(m->fd, &one, sizeof(one)) < 0)
		rc = 0;			/* full: it is readable */
	return rc;
}

static int
memory_forget(void *state, int64_t before_ns, struct policy_error *err)
{
	struct memory *m = ((struct state *)state)->m;

	(void)err;
	m->forgot++;
	m->forgot_before = before_ns;
	return m->fails;
}

static int
memory_backup(void *state, const char *path, struct policy_error *err)
{
	FILE *f = fopen(path, "wx");
	int rc = f == NULL ? (errno == ENOMEM ? POLICY_ERR_NOMEM : POLICY_ERR_IO) : 0;

	(void)err;
	if (f != NULL && (fprintf(f, "%u rows\n", ((struct state *)state)->m->n) < 0 || fclose(f) != 0))
		rc = POLICY_ERR_IO;
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
	.forget = memory_forget,
	.backup = memory_backup,
};
