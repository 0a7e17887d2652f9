/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module's own token, with which it reads a list. Renewed when two thirds of its
 * lease are over, less some chance, so that many hosts do not come at once. One that
 * cannot be renewed, or is not for as long as before (its end is near), is followed by
 * a new login, or where it came from a file, by reading the file.
 */
#include "vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define REVOKE_NS VAULT_SECOND

/* A secret in a file: of root or of us, for nobody else, one line. 0, or why not. */
static const char *
read_secret(const char *path, char *out, size_t room, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	const char *why = NULL;
	struct stat st;
	ssize_t n = 0;

	*len = 0;
	if (fd < 0)
		return errno == ELOOP ? "it is a symbolic link" : errno == ENOENT ? "it is not there" : "it cannot be opened";
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		why = "it is no regular file";
	else if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & 077) != 0)
		why = "its owner or mode is wrong; wanted: root's or this user's, mode 0600";
	while (why == NULL && *len < room && (n = read(fd, out + *len, room - *len)) != 0) {
		if (n > 0)
			*len += (size_t)n;
		else if (errno != EINTR)
			why = "it cannot be read";
	}
	close(fd);
	if (why == NULL && *len == room)
		why = "it is too long";
	while (*len > 0 && strchr(" \t\r\n", out[*len - 1]) != NULL)
		--*len;
	if (why == NULL && *len == 0)
		why = "it is empty";
	return why;
}

static int64_t
chance(int64_t of)
{
	uint16_t dice = 0;

	return getrandom(&dice, sizeof(dice), GRND_NONBLOCK) == sizeof(dice) ? of * dice / UINT16_MAX : of / 2;
}

/* Two thirds of the lease, less 10 to 20 in a hundred of them. */
static void
schedule(struct vault_own *o, int64_t lease_ns)
{
	int64_t wait = lease_ns / 3 * 2;

	o->failures = 0;
	if (lease_ns == 0) {
		o->due_ns = INT64_MAX;
		return;
	}
	wait -= wait / 10 + chance(wait / 10);
	o->due_ns = pol_vault_clock(CLOCK_BOOTTIME) + (wait < VAULT_SECOND / 2 ? VAULT_SECOND / 2 : wait);
}

/* 1 s, 2 s, 4 s, 8 s, and half as much again by chance. */
static int
postpone(struct vault_own *o)
{
	int64_t wait = VAULT_SECOND << (o->failures < 3 ? o->failures : 3);

	o->failures++;
	o->due_ns = pol_vault_clock(CLOCK_BOOTTIME) + wait + chance(wait / 2);
	return -1;
}

static void
forget(struct vault_own *o)
{
	explicit_bzero(o->token, sizeof(o->token));
	o->len = 0;
	o->logged_in = o->renewable = false;
}

static int64_t
soon(const struct vault *v)
{
	return pol_vault_clock(CLOCK_MONOTONIC) + v->conf.timeout_ns;
}

static int
complain(struct vault *v, const char *what, const char *why)
{
	pol_vault_say(v, VAULT_SAY_OWN, POLICY_LOG_ERROR, "%s: no token of our own: %s: %s", v->conf.address, what, why);
	return -1;
}

/* ---- from a file ---- */

static int
from_file(struct vault *v)
{
	struct vault_own *o = &v->own;
	struct vault_ask ask = { .method = "GET", .path = "auth/token/lookup-self", .deadline_ns = soon(v) };
	struct vault_answer a;
	const json_t *data;
	const char *why, *type;
	int64_t ttl;
	int rc = -1;

	why = read_secret(v->conf.token_file, o->token, sizeof(o->token), &o->len);
	ask.token = (struct policy_text){ o->token, o->len };
	if (why == NULL && !pol_vault_is_token(ask.token))
		why = "it holds no token";
	if (why != NULL) {
		forget(o);
		return complain(v, v->conf.token_file, why);
	}
	pol_vault_ask(v, &ask, &a);
	data = json_object_get(a.json, "data");
	if (a.status == 200 && pol_vault_json_int(data, "ttl", 0, &ttl) && ttl < INT64_C(3153600000) &&
	    pol_vault_json_maybe(data, "type", &type)) {
		o->renewable = json_is_true(json_object_get(data, "renewable")) && strcmp(type, "batch") != 0;
		o->lease_ns = ttl * VAULT_SECOND;
		o->logged_in = false;
		schedule(o, o->lease_ns);
		rc = 0;
	} else if (a.status == 0) {
		complain(v, v->conf.token_file, a.why);
	} else {
		complain(v, v->conf.token_file, "the server does not know the token in it");
	}
	pol_vault_answer_fini(&a);
	if (rc != 0)
		forget(o);
	return rc;
}

/* ---- by a login ---- */

static void
give_back(struct vault *v)
{
	struct vault_own *o = &v->own;

	if (o->len > 0 && o->logged_in && o->pid == getpid())
		pol_vault_revoke(v, (struct policy_text){ o->token, o->len },
		    pol_vault_clock(CLOCK_MONOTONIC) + REVOKE_NS);
}

static void
take_login(struct vault *v, const struct vault_login *in)
{
	struct vault_own *o = &v->own;

	memcpy(o->token, in->token, in->len + 1);
	o->len = in->len;
	o->renewable = in->renewable;
	o->logged_in = !in->batch;
	o->lease_ns = in->lease_ns;
	o->pid = getpid();
	schedule(o, in->lease_ns);
}

static int
by_login(struct vault *v)
{
	const struct vault_conf *c = &v->conf;
	char secret[VAULT_MAX_TOKEN + 1];
	struct vault_login login;
	size_t len;
	long status;
	const char *why = read_secret(c->auth_file, secret, sizeof(secret), &len);

	if (why != NULL) {
		explicit_bzero(secret, sizeof(secret));
		return complain(v, c->auth_file, why);
	}
	status = pol_vault_login(v, c->auth_method, c->auth_mount, c->auth_role, policy_text(c->auth_user),
	    (struct policy_text){ secret, len }, soon(v), &login);
	explicit_bzero(secret, sizeof(secret));
	if (status == 200) {
		give_back(v);
		take_login(v, &login);
	} else {
		complain(v, "logging in", status == 0 ? "it cannot be asked" : "refused");
	}
	explicit_bzero(&login, sizeof(login));
	return status == 200 ? 0 : -1;
}

static int
obtain(struct vault *v)
{
	return v->conf.token_file[0] != '\0' ? from_file(v) : by_login(v);
}

/* ---- renewing ---- */

/* 0: renewed; 1: a new one is wanted; -1: could not be asked */
static int
renew(struct vault *v)
{
	static const char none[] = "{}";
	struct vault_own *o = &v->own;
	struct vault_ask ask = { .method = "POST", .path = "auth/token/renew-self", .token = { o->token, o->len },
	    .body = { none, 2 }, .deadline_ns = soon(v) };
	struct vault_login got;
	struct vault_answer a;
	int rc = -1;

	pol_vault_ask(v, &ask, &a);
	if (a.status == 200 && pol_vault_login_read(a.json, &got)) {
		rc = 0;
		schedule(o, got.lease_ns);
		if (!got.renewable || got.lease_ns / 2 * 3 < o->lease_ns)
			o->renewable = false;
		explicit_bzero(&got, sizeof(got));
	} else if (a.status != 0) {
		rc = 1;
	} else {
		complain(v, "renewing it", a.why);
	}
	pol_vault_answer_fini(&a);
	return rc;
}

int
pol_vault_own_ready(struct vault *v, bool anew)
{
	struct vault_own *o = &v->own;
	int rc = 1;

	if (!anew && pol_vault_clock(CLOCK_BOOTTIME) < o->due_ns)
		return o->len > 0 ? 0 : -1;
	if (!anew && o->len > 0 && o->renewable)
		rc = renew(v);
	if (rc == 1)
		rc = obtain(v);
	if (rc != 0)
		postpone(o);
	return o->len > 0 ? 0 : -1;
}

void
pol_vault_own_refused(struct vault *v)
{
	give_back(v);	/* it may be good, and merely not allowed to */
	forget(&v->own);
	v->own.due_ns = 0;
}

void
pol_vault_own_fini(struct vault *v)
{
	give_back(v);
	forget(&v->own);
}
