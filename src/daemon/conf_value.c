/* SPDX-License-Identifier: Apache-2.0 */
/* Single values of policyd.yaml: what each kind takes, and what is said of the rest. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "conf_read.h"

struct unit {
	const char *name;
	uint64_t of;
};

static const struct unit seconds[] = { { "s", 1 }, { "m", 60 }, { "h", 3600 }, { NULL, 0 } };
static const struct unit bytes[] = { { "", 1 }, { "B", 1 }, { "KiB", 1024 }, { "MiB", 1024 * 1024 }, { NULL, 0 } };
static const struct unit ones[] = { { "", 1 }, { NULL, 0 } };

int
pol_conf_fault(const struct pol_place *p, int code, const char *fmt, ...)
{
	struct policy_error *e = p->err;
	va_list ap;

	if (e == NULL || e->code != 0)
		return code;
	e->code = code;
	e->line = (uint32_t)p->line;
	e->column = (uint32_t)p->column;
	snprintf(e->file, sizeof(e->file), "%s", p->file);
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	for (char *s = e->text; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
	return code;
}

unsigned
pol_conf_word(const struct pol_key *k, const char *text)
{
	for (const struct pol_word *w = k->words; w->name != NULL; w++)
		if (strcmp(w->name, text) == 0)
			return w->bit;
	return 0;
}

/* A number with one of the units; false: it is none, or beyond uint32. */
static bool
number(const char *text, unsigned base, const struct unit *units, uint64_t *out)
{
	uint64_t n = 0;
	size_t i = 0;

	for (; text[i] >= '0' && (unsigned)(text[i] - '0') < base && i < 10; i++)
		n = n * base + (unsigned)(text[i] - '0');
	if (i == 0)
		return false;
	for (; units->name != NULL; units++)
		if (strcmp(text + i, units->name) == 0) {
			*out = n * units->of;
			return *out <= UINT32_MAX;
		}
	return false;
}

static int
take_number(const struct pol_key *k, void *at, const char *text, const struct pol_place *p)
{
	const struct unit *units = k->kind == POL_KEY_SECONDS ? seconds : k->kind == POL_KEY_BYTES ? bytes : ones;
	const char *what = k->kind == POL_KEY_SECONDS ? "a time as 15s or 2m" :
	    k->kind == POL_KEY_BYTES ? "a size as 64KiB or 1MiB" : k->kind == POL_KEY_MODE ? "an octal mode" : "a number";
	uint64_t n;

	if (!number(text, k->kind == POL_KEY_MODE ? 8 : 10, units, &n))
		return pol_conf_fault(p, POLICY_ERR_INVALID, "%s: found \"%s\", wanted %s", k->name, text, what);
	if (n < k->min || n > k->max) {
		const char *form = k->kind == POL_KEY_MODE ? "%s: found \"%s\", wanted %s from %04llo to %04llo" :
		    k->kind == POL_KEY_BYTES ? "%s: found \"%s\", wanted %s, from %llu to %llu bytes" :
		    k->kind == POL_KEY_SECONDS ? "%s: found \"%s\", wanted %s, from %llu to %llu seconds" :
		    "%s: found \"%s\", wanted %s from %llu to %llu";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		return pol_conf_fault(p, POLICY_ERR_INVALID, form, k->name, text, what,
		    (unsigned long long)k->min, (unsigned long long)k->max);
#pragma GCC diagnostic pop
	}
	if (k->kind == POL_KEY_BYTES)
		*(size_t *)at = (size_t)n;
	else if (k->kind != POL_KEY_VERSION)
		*(unsigned *)at = (unsigned)n;
	return 0;
}

static int
take_text(char **at, const char *text, size_t len, const struct pol_place *p)
{
	*at = strndup(text, len);
	return *at != NULL ? 0 : pol_conf_fault(p, POLICY_ERR_NOMEM, "out of memory");
}

/* HOST:PORT; an address of IPv6 in brackets; "*" for HOST: any. */
static int
take_address(const struct pol_key *k, char **at, const char *text, const struct pol_place *p)
{
	const char *colon = strrchr(text, ':'), *host = text;
	size_t len = colon != NULL ? (size_t)(colon - text) : 0;
	uint64_t port;
	bool ok = len != 0 && number(colon + 1, 10, ones, &port) && port != 0 && port < 65536;
	int rc;

	if (ok && text[0] == '[') {
		ok = len > 2 && text[len - 1] == ']';
		host++;
		len -= 2;
	} else if (ok) {
		ok = memchr(text, ':', len) == NULL;
	}
	if (!ok || strcspn(text, " \t/@") != strlen(text))
		return pol_conf_fault(p, POLICY_ERR_INVALID,
		    "%s: found \"%s\", wanted HOST:PORT as 127.0.0.1:8181, [::1]:8181 or *:8181", k->name, text);
	rc = take_text(&at[0], host, len, p);
	return rc != 0 ? rc : take_text(&at[1], colon + 1, strlen(colon + 1), p);
}

/* A user or a group, by name or number. */
static int
take_id(const struct pol_key *k, struct pol_conf_peer *peer, const char *text, const struct pol_place *p)
{
	bool is_group = k->kind == POL_KEY_GROUP, ok = false;
	char room[16384];
	struct passwd pw, *user = NULL;
	struct group gr, *group = NULL;
	uint64_t n;
	int rc;

	if (peer->has_id)
		return pol_conf_fault(p, POLICY_ERR_INVALID, "peers: found both user and group, wanted one of them");
	peer->is_group = is_group;
	peer->has_id = true;
	if (number(text, 10, ones, &n) && n < UINT32_MAX) {
		peer->id = (uint32_t)n;
		return 0;
	}
	rc = is_group ? getgrnam_r(text, &gr, room, sizeof(room), &group) : getpwnam_r(text, &pw, room, sizeof(room), &user);
	if (rc == 0 && group != NULL) {
		peer->id = group->gr_gid;
		ok = true;
	} else if (rc == 0 && user != NULL) {
		peer->id = user->pw_uid;
		ok = true;
	}
	if (ok)
		return 0;
	return pol_conf_fault(p, rc == 0 || rc == ENOENT ? POLICY_ERR_INVALID : POLICY_ERR_IO,
	    "%s: found \"%s\", wanted a %s of this system", k->name, text, is_group ? "group" : "user");
}

int
pol_conf_scalar(const struct pol_key *k, void *base, const char *text, size_t len, const struct pol_place *p)
{
	void *at = (char *)base + k->at;

	switch (k->kind) {
	case POL_KEY_TEXT:
	case POL_KEY_PATH:
		if (len == 0 || len > 1024 || (k->kind == POL_KEY_PATH && text[0] != '/'))
			return pol_conf_fault(p, POLICY_ERR_INVALID, "%s: found \"%.*s\", wanted %s", k->name,
			    len > 64 ? 64 : (int)len, text,
			    k->kind == POL_KEY_PATH ? "a path from the root, of at most 1024 bytes" : "a text of 1 to 1024 bytes");
		return take_text(at, text, len, p);
	case POL_KEY_BOOL:
		*(bool *)at = strcmp(text, "true") == 0;
		return *(bool *)at || strcmp(text, "false") == 0 ? 0 :
		    pol_conf_fault(p, POLICY_ERR_INVALID, "%s: found \"%.64s\", wanted true or false", k->name, text);
	case POL_KEY_ADDRESS:
		return take_address(k, at, text, p);
	case POL_KEY_USER:
	case POL_KEY_GROUP:
		return take_id(k, at, text, p);
	default:
		return take_number(k, at, text, p);
	}
}
