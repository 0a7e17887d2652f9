/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log and wake come from any thread and touch one atomic and what the handle lent; watch
 * and source come from within open(), which one thread runs, so they need no lock.
 */
#include "auth/stack_host.h"

#include <limits.h>
#include <stdio.h>

#include "load/module.h"

#define LINE_MOST 2048			/* of a log line; the rest is left out */

static struct pol_step *
step_of(const struct policy_host *h)
{
	return (struct pol_step *)(void *)h->step;
}

static void
host_log(const struct policy_host *h, enum policy_log_level level, const char *text)
{
	const struct pol_step *s = step_of(h);
	char line[LINE_MOST];

	if (s->stack->conf.log == NULL || text == NULL)
		return;
	if (level != POLICY_LOG_WARNING && level != POLICY_LOG_INFO)
		level = POLICY_LOG_ERROR;
	snprintf(line, sizeof(line), "%s: %s", s->conf->name, text);
	for (char *p = line; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 0x20 || c == 0x7f)	/* no second line, no terminal's sequence */
			*p = '?';
	}
	s->stack->conf.log(s->stack->conf.ctx, level, line);
}

static void
host_wake(const struct policy_host *h)
{
	struct pol_step *s = step_of(h);

	atomic_fetch_or(&s->why, POLICY_SERVE_WOKEN);
	s->stack->conf.wake(s->stack->conf.ctx);
}

static int
host_watch(const struct policy_host *h, const char *path)
{
	struct pol_step *s = step_of(h);
	char *copy;

	if (!s->opening || path == NULL || path[0] != '/' || !POL_HAS(s->module, serve))
		return POLICY_ERR_ARG;
	for (uint32_t i = 0; i < s->n_watched; i++) {
		if (strcmp(s->watched[i], path) == 0)
			return 0;
	}
	if (s->n_watched == POL_STEP_WATCHED || strlen(path) >= PATH_MAX)
		return POLICY_ERR_LIMIT;
	copy = pol_arena_copy(&s->stack->conf.arena, path, strlen(path));
	if (copy == NULL)
		return POLICY_ERR_NOMEM;
	s->watched[s->n_watched++] = copy;
	return 0;
}

static int
host_source(const struct policy_host *h, struct policy_text source)
{
	struct pol_step *s = step_of(h);
	const char *copy;

	if (!s->opening || source.data == NULL || source.len == 0 || memchr(source.data, '\0', source.len) != NULL)
		return POLICY_ERR_ARG;
	if (source.len > POL_STEP_SOURCE)
		return POLICY_ERR_LIMIT;
	copy = pol_arena_copy(&s->stack->conf.arena, source.data, source.len);
	if (copy == NULL)
		return POLICY_ERR_NOMEM;
	s->source = copy;
	return 0;
}

/* ---- the store ---- */

/* Never asked with less room than is written to. */
static bool
has_room(const struct policy_account *a)
{
	return a != NULL && a->size >= sizeof(*a);
}

static int
host_find_user(const struct policy_host *h, struct policy_text type, struct policy_text name, struct policy_account *out)
{
	const struct pol_stack_conf *c = &step_of(h)->stack->conf;

	if (!has_room(out) || name.data == NULL)
		return POLICY_ERR_ARG;
	return c->store != NULL ? c->store->find_user(c->ctx, type, name, out) : POLICY_ERR_UNAVAILABLE;
}

static int
host_find_token(const struct policy_host *h, const unsigned char sha256[32], struct policy_account *token,
    struct policy_account *user)
{
	const struct pol_stack_conf *c = &step_of(h)->stack->conf;

	if (!has_room(token) || !has_room(user) || sha256 == NULL)
		return POLICY_ERR_ARG;
	return c->store != NULL ? c->store->find_token(c->ctx, sha256, token, user) : POLICY_ERR_UNAVAILABLE;
}

static int
host_find_token_id(const struct policy_host *h, struct policy_text id, struct policy_account *token,
    struct policy_account *user)
{
	const struct pol_step *s = step_of(h);
	const struct pol_stack_conf *c = &s->stack->conf;

	if (!has_room(token) || !has_room(user) || id.data == NULL)
		return POLICY_ERR_ARG;
	return c->store != NULL ? c->store->find_token_id(c->ctx, policy_text(s->conf->name), id, token, user) :
	    POLICY_ERR_UNAVAILABLE;
}

static void
host_report_password(const struct policy_host *h, struct policy_text uid, int good, struct policy_text seen,
    const char *rehash)
{
	const struct pol_stack_conf *c = &step_of(h)->stack->conf;

	if (c->store != NULL && uid.data != NULL && uid.len != 0)
		c->store->report_password(c->ctx, uid, good, seen, rehash);
}

void
pol_stack_host(struct pol_step *s)
{
	s->host = (struct policy_host){ .size = sizeof(s->host), .abi = POLICY_MODULE_ABI,
	    .step = (struct policy_host_step *)(void *)s, .log = host_log, .wake = host_wake,
	    .watch = host_watch, .source = host_source, .find_user = host_find_user, .find_token = host_find_token,
	    .find_token_id = host_find_token_id, .report_password = host_report_password };
	pol_identity_offer(&s->host);
}
