/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line a user: HOTP/T30 NAME - SECRET, the secret in hexadecimal. What liboath's own
 * functions write behind it, the last code and its time, is not looked at: used.c keeps
 * that in a file of its own, so that this one may be read-only.
 */
#include "users.h"

#include <stdlib.h>
#include <string.h>

enum { TYPE, NAME, PIN, SECRET, FIELDS };

static bool
is_text(struct policy_text t, const char *word)
{
	return t.len == strlen(word) && memcmp(t.data, word, t.len) == 0;
}

/* The first fields of a line; how many there are, at most FIELDS. */
static unsigned
split(struct policy_text field[FIELDS], const char *p, const char *end)
{
	unsigned n = 0;

	for (;;) {
		const char *start;

		while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
			p++;
		if (p == end || n == FIELDS)
			return n;
		for (start = p; p < end && *p != ' ' && *p != '\t' && *p != '\r'; p++)
			;
		field[n++] = (struct policy_text){ start, (size_t)(p - start) };
	}
}

static const struct {
	const char *type;
	unsigned step, digits;
} types[] = {
	{ "HOTP/T30", 30, 6 }, { "HOTP/T30/6", 30, 6 }, { "HOTP/T30/7", 30, 7 }, { "HOTP/T30/8", 30, 8 },
	{ "HOTP/T60", 60, 6 }, { "HOTP/T60/6", 60, 6 }, { "HOTP/T60/7", 60, 7 }, { "HOTP/T60/8", 60, 8 },
};

static int
digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool
unhex(struct totp_user *u, struct policy_text hex)
{
	u->secret_len = hex.len / 2;
	if (hex.len % 2 != 0 || u->secret_len < TOTP_SECRET_LEAST || u->secret_len > TOTP_SECRET)
		return false;
	for (size_t i = 0; i < u->secret_len; i++) {
		const int high = digit(hex.data[2 * i]), low = digit(hex.data[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		u->secret[i] = (char)(high << 4 | low);
	}
	return true;
}

static int
read_line(struct totp_users *users, const char *p, const char *end, unsigned line, struct policy_error *err)
{
	struct policy_text field[FIELDS];
	struct totp_user *u = &users->list[users->n];
	const unsigned n = split(field, p, end);
	size_t t;

	if (n == 0 || field[0].data[0] == '#')
		return 0;
	for (; p < end; p++)
		if ((unsigned char)*p < ' ' && *p != '\t' && *p != '\r')
			return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, line, "a control character");
	if (n < FIELDS)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, line, "not TYPE NAME - SECRET, as in HOTP/T30 ann - HEXADECIMAL");
	for (t = 0; t < sizeof(types) / sizeof(types[0]) && !is_text(field[TYPE], types[t].type); t++)
		;
	if (t == sizeof(types) / sizeof(types[0]))
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, line,
		    "a type that is not HOTP/T30 or HOTP/T60, with /6, /7 or /8 behind it or not: codes are of a time");
	if (!is_text(field[PIN], "-") && !is_text(field[PIN], "+"))
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, line, "a PIN in the third field, where - was wanted");
	if (field[NAME].len > TOTP_NAME || users->n == users->room)
		return pol_secret_fail(err, POLICY_ERR_LIMIT, NULL, line, "more than %d users, or a name of more than %d bytes",
		    TOTP_USERS, TOTP_NAME);
	if (pol_totp_users_find(users, field[NAME]) != NULL)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, line, "a name that stands above already");
	if (!unhex(u, field[SECRET]))
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, line, "no secret of %d to %d bytes in hexadecimal",
		    TOTP_SECRET_LEAST, TOTP_SECRET);
	memcpy(u->name, field[NAME].data, field[NAME].len);
	u->name_len = field[NAME].len;
	u->step = types[t].step;
	u->digits = types[t].digits;
	users->n++;
	return 0;
}

int
pol_totp_users_make(void **out, void *ctx, char *text, size_t len, struct policy_error *err)
{
	struct totp_users *u;
	size_t room = 1;
	unsigned line = 1;
	int rc = 0;

	(void)ctx;
	for (size_t i = 0; i < len; i++)
		room += text[i] == '\n';
	if (room > TOTP_USERS)
		room = TOTP_USERS;
	u = calloc(1, sizeof(*u) + (room + 1) * sizeof(u->list[0]));
	if (u == NULL)
		return pol_secret_fail(err, POLICY_ERR_NOMEM, NULL, 0, "out of memory");
	u->room = room;
	for (const char *p = text, *end = text + len; text != NULL && p < end && rc == 0; line++) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));

		if (stop == NULL)
			stop = end;
		rc = read_line(u, p, stop, line, err);
		p = stop + 1;
	}
	if (rc != 0) {
		pol_totp_users_free(u);
		return rc;
	}
	*out = u;
	return 0;
}

void
pol_totp_users_free(void *made)
{
	struct totp_users *u = made;

	explicit_bzero(u->list, (u->room + 1) * sizeof(u->list[0]));
	free(u);
}

const struct totp_user *
pol_totp_users_find(const struct totp_users *u, struct policy_text name)
{
	const struct totp_user *found = NULL;

	for (size_t i = 0; i < u->n && name.data != NULL; i++)
		if (u->list[i].name_len == name.len && memcmp(u->list[i].name, name.data, name.len) == 0)
			found = &u->list[i];
	return found;
}
