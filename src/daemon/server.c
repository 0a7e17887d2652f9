/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd: one of its daemons a listener, each with its threads. */
#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "conf_read.h"
#include "conn.h"
#include "log.h"
#include "metrics.h"
#include "penalty.h"

#define OPTIONS 20
#define QUIET 25			/* ticks of 10 ms without a request */
#define LOGGED 20			/* lines of libmicrohttpd a second */

/* What was sent is looked at as it was sent. */
static size_t
keep(void *ctx, struct MHD_Connection *mhd, char *s)
{
	(void)ctx, (void)mhd;
	return strlen(s);
}

/*
 * It has a line for every malformed request: whoever sends those does not fill a disk. And
 * what he asked for is not told: a path may hold a secret, or be written to be read in a log.
 */
static void
say(void *ctx, const char *fmt, va_list ap)
{
	struct pol_server *s = ctx;
	unsigned long now = (unsigned long)(pol_metrics_now() / 1000000000);
	const char *target = strstr(fmt, " for %s"), *quoted = strstr(fmt, " for `%s'");

	if (atomic_exchange(&s->said_at, now) != now)
		atomic_store(&s->said, 0);
	if (atomic_fetch_add(&s->said, 1) >= LOGGED)
		return;
	if (target == NULL)
		target = quoted;
	if (target != NULL)
		pol_log(POLICY_LOG_INFO, "%.*s", (int)(target - fmt), fmt);
	else
		pol_logv(POLICY_LOG_INFO, fmt, ap);
}

/* Adds one to the array, which ends in a zero. */
static void
option(struct MHD_OptionItem *list, enum MHD_OPTION o, intptr_t number, void *pointer)
{
	while (list->option != MHD_OPTION_END)
		list++;
	*list = (struct MHD_OptionItem){ o, number, pointer };
}

static void
options_of(struct MHD_OptionItem *list, struct pol_listening *l, const struct pol_tls *tls, int fd)
{
	const struct pol_conf *conf = l->server->conf;

	option(list, MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)say, l->server);
	option(list, MHD_OPTION_LISTEN_SOCKET, fd, NULL);
	/* head.c is stricter, and its refusal is one answer: 0.9.75 itself sends two heads */
	option(list, MHD_OPTION_STRICT_FOR_CLIENT, 0, NULL);
	option(list, MHD_OPTION_CONNECTION_LIMIT, (intptr_t)conf->connections, NULL);
	option(list, MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)conf->idle_s, NULL);
	option(list, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)conf->head_bytes, NULL);
	option(list, MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep, NULL);
	option(list, MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)pol_request_target, l);
	option(list, MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)pol_request_done, l);
	option(list, MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)pol_request_connection, l);
	if (conf->threads > 1)
		option(list, MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)conf->threads, NULL);
	if (tls->certificate != NULL) {
		option(list, MHD_OPTION_HTTPS_MEM_CERT, 0, tls->certificate);
		option(list, MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key);
		option(list, MHD_OPTION_HTTPS_PRIORITIES, 0, (char *)(uintptr_t)"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2");
	}
	if (tls->client_ca != NULL)
		option(list, MHD_OPTION_HTTPS_MEM_TRUST, 0, tls->client_ca);
}

static int
start(struct pol_listening *l, int fd, struct policy_error *err)
{
	struct pol_place p = { l->server->conf->file, l->conf->line, 0, err };
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem list[OPTIONS] = { { MHD_OPTION_END, 0, NULL } };
	int domain = 0, rc;
	socklen_t len = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0)
		rc = pol_conf_fault(&p, POLICY_ERR_ARG, "found no socket to listen on");
	else
		rc = pol_tls_load(&l->tls, l->server->conf, l->conf, err);
	if (rc == 0) {
		l->is_unix = domain == AF_UNIX;
		options_of(list, l, &l->tls, fd);
		errno = 0;
		l->daemon = MHD_start_daemon(flags | (l->tls.certificate != NULL ? MHD_USE_TLS : 0), 0, NULL, NULL,
		    pol_request_take, l, MHD_OPTION_ARRAY, list, MHD_OPTION_END);
		if (l->daemon == NULL)
			rc = pol_conf_fault(&p, POLICY_ERR_IO, "could not serve: %s", l->tls.certificate != NULL ?
			    "certificate and key were found, but are no pair in PEM, or a thread could not be started" :
			    "no thread, or no epoll");
	}
	if (l->tls.key != NULL)
		explicit_bzero(l->tls.key, strlen(l->tls.key));
	if (rc != 0)
		close(fd);
	return rc;
}

int
pol_server_new(struct pol_server **out, const struct pol_conf *conf, struct policy *policy, struct pol_desk *desk, const int *fds,
    struct policy_error *err)
{
	struct pol_place p = { conf->file, 0, 0, err };
	struct pol_server *s = calloc(1, sizeof(*s));
	size_t i = 0;
	int rc = POLICY_ERR_NOMEM;

	*out = NULL;
	if (s != NULL) {
		s->conf = conf;
		s->policy = policy;
		s->desk = desk;
		s->on = calloc(conf->listeners_count, sizeof(*s->on));
		s->penalty = pol_penalty_new();
		if (s->on != NULL && s->penalty != NULL)
			rc = pol_pool_new(&s->pool, conf->waiting, conf->queued);
		if (rc == 0)
			rc = pol_sweep_start(s);
	}
	if (rc != 0)
		pol_conf_fault(&p, rc, "could not start threads: %s", policy_strerror(rc));
	for (; rc == 0 && i < conf->listeners_count; i++) {
		s->on[i] = (struct pol_listening){ .server = s, .conf = &conf->listeners[i] };
		s->on_count++;
		rc = start(&s->on[i], fds[i], err);
	}
	for (; rc != 0 && i < conf->listeners_count; i++)
		close(fds[i]);
	if (rc != 0)
		pol_server_free(s);
	else
		*out = s;
	return rc;
}

void
pol_server_drain(struct pol_server *s, unsigned seconds)
{
	struct timespec tick = { 0, 10 * 1000000 };

	atomic_store(&s->draining, true);
	for (size_t i = 0; i < s->on_count; i++) {
		int fd = s->on[i].daemon != NULL ? MHD_quiesce_daemon(s->on[i].daemon) : -1;

		if (fd >= 0)
			close(fd);
	}
	/* who keeps a connection learns from the next answer that it ends: for a while nothing
	 * must come */
	for (unsigned n = seconds * 100, quiet = 0; n != 0 && quiet < QUIET; n--) {
		quiet = atomic_load(&s->under_way) == 0 ? quiet + 1 : 0;
		nanosleep(&tick, NULL);
	}
}

void
pol_server_free(struct pol_server *s)
{
	if (s == NULL)
		return;
	if (s->pool != NULL)
		pol_pool_drain(s->pool);	/* all who sleep are awake */
	for (size_t i = 0; i < s->on_count; i++) {
		if (s->on[i].daemon != NULL)
			MHD_stop_daemon(s->on[i].daemon);
		pol_tls_fini(&s->on[i].tls);
	}
	pol_sweep_stop(s);
	pol_pool_free(s->pool);
	pol_penalty_free(s->penalty);
	free(s->on);
	free(s);
}
