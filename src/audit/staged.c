/* SPDX-License-Identifier: Apache-2.0 */
/* A log comes into force, and goes: with a set, with a fork, with the handle. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/audit.h"
#include "base/err.h"

static void
free_conf(struct pol_audit_conf *c)
{
	free((char *)(uintptr_t)c->log.file);
	free((char *)(uintptr_t)c->log.head);
	free((char *)(uintptr_t)c->log.key);
	memset(c, 0, sizeof(*c));
}

static bool
copy_text(const char **to, const char *from)
{
	*to = from != NULL ? strdup(from) : NULL;
	return (*to == NULL) == (from == NULL);
}

static bool
copy_conf(struct pol_audit_conf *to, const struct pol_audit_conf *from)
{
	*to = *from;
	to->log.file = to->log.head = to->log.key = NULL;
	return copy_text(&to->log.file, from->log.file) && copy_text(&to->log.head, from->log.head) &&
	    copy_text(&to->log.key, from->log.key);
}

static bool
is_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* A key's file is read again by who changes its name, no sooner: a chain has one key. */
static bool
is_same(const struct pol_audit_conf *a, const struct pol_audit_conf *b)
{
	return is_text(a->log.file, b->log.file) && is_text(a->log.head, b->log.head) && is_text(a->log.key, b->log.key) &&
	    a->log.syslog == b->log.syslog && a->log.facility == b->log.facility;
}

static bool
is_wanted(const struct pol_audit_conf *c)
{
	return c->log.file != NULL || c->log.syslog;
}

static int
new_audit(struct pol_audit **out, pol_log_say_fn *say, void *ctx, struct policy_error *err)
{
	struct pol_audit *a = calloc(1, sizeof(*a));
	int rc = a != NULL ? pol_rings_new(&a->rings) : POLICY_ERR_NOMEM;

	if (rc != 0) {
		free(a);
		return pol_err_set(err, rc, NULL, 0, 0, rc == POLICY_ERR_UNSUPPORTED ?
		    "audit: this kernel cannot wipe memory on fork (Linux 4.14 can)" : "audit: no memory");
	}
	atomic_store(&a->rings->live, 1);
	atomic_store(&a->ahead_ns, pol_log_clock(CLOCK_REALTIME) - pol_log_clock(CLOCK_MONOTONIC));
	a->say = say;
	a->say_ctx = ctx;
	*out = a;
	return 0;
}

int
pol_audit_stage(struct pol_audit **a, struct pol_audit_staged *out, const struct pol_audit_conf *conf,
    pol_log_say_fn *say, void *ctx, struct policy_error *err)
{
	int rc = 0;

	memset(out, 0, sizeof(*out));
	if (*a == NULL && is_wanted(conf))
		rc = new_audit(a, say, ctx, err);
	if (rc != 0 || *a == NULL)
		return rc;
	if (!copy_conf(&out->conf, conf)) {
		free_conf(&out->conf);
		return pol_err_nomem(err);
	}
	out->same = (*a)->log != NULL && is_wanted(conf) && is_same(conf, &(*a)->conf) && pol_audit_is_live(*a);
	if (is_wanted(conf) && !out->same)
		rc = pol_log_new(&out->log, &conf->log, say, ctx, err);
	if (rc != 0)
		free_conf(&out->conf);
	return rc;
}

void
pol_audit_unstage(struct pol_audit_staged *s)
{
	pol_log_free(s->log);
	free_conf(&s->conf);
	memset(s, 0, sizeof(*s));
}

void
pol_audit_put(struct pol_audit *a, struct pol_audit_staged *s)
{
	struct pol_audit_conf before = a->conf;
	struct pol_log *old = NULL;
	const bool live = pol_audit_is_live(a);

	pol_audit_lock(a, true);
	if (!s->same) {
		if (a->log != NULL && live)
			pol_audit_drain(a);
		old = a->log;
		a->log = s->log;
		atomic_store(&a->failing, 0);
	}
	a->conf = s->conf;		/* a child forked within finds texts that are still there */
	atomic_store(&a->deny_only, s->conf.deny_only);
	atomic_store(&a->must_ns, s->conf.must_ns);
	atomic_store(&a->on, is_wanted(&s->conf));
	atomic_store(&a->rings->live, 1);
	pol_audit_unlock(a);
	memset(s, 0, sizeof(*s));
	free_conf(&before);
	if (live)			/* else it is the parent's */
		pol_log_free(old);
}

/* What the parent's log has in memory is lost to the child, once a fork. */
int
pol_audit_child(struct pol_audit *a)
{
	struct pol_log *log = NULL;
	struct policy_error err = POLICY_ERROR_INIT;
	int rc = 0;

	if (pol_audit_is_live(a))
		return 0;
	if (a->log != NULL)
		rc = pol_log_again(&log, &a->conf.log, a->log, &err);
	if (rc != 0) {
		if (a->say != NULL)
			a->say(a->say_ctx, POLICY_LOG_ERROR, err.text);
		return rc;
	}
	if (a->log != NULL)
		pol_log_abandon(a->log);
	a->log = log;
	a->dropped = a->unflushed = 0;
	atomic_store(&a->written, 0);
	atomic_store(&a->failing, 0);
	atomic_store(&a->rings->live, 1);
	return 0;
}

void
pol_audit_free(struct pol_audit *a)
{
	if (a == NULL)
		return;
	if (pol_audit_is_live(a)) {
		pol_audit_lock(a, true);
		if (a->log != NULL)
			pol_audit_drain(a);
		pol_audit_unlock(a);
		pol_log_free(a->log);
	}
	pol_rings_free(a->rings);
	free_conf(&a->conf);
	free(a);
}
