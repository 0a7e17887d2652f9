/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row is checked when it is written and when it is read: what somebody put into the
 * table by hand is not believed because it stands there.
 */
#include "rows.h"

#include <stdbool.h>

#include "secret.h"

#define TEXT(member, most, column) { offsetof(struct policy_row, member), most, column }

const struct pol_rows_text pol_rows_texts[POL_ROWS_TEXTS] = {
	TEXT(source, 255, "source"),
	TEXT(type, 255, "type"),
	TEXT(name, 255, "name"),
	TEXT(owner, 255, "owner"),
	TEXT(org, 255, "org"),
	TEXT(by, 255, "made_by"),
	TEXT(secret, 511, "secret"),
	TEXT(resource, 1100, "resource"),
	TEXT(list, 8192, "list"),
	TEXT(attributes, 16384, "attributes"),
};

/* The bytes of the character at s, of which there are `left`; 0: it is none. */
static size_t
utf8(const unsigned char *s, size_t left)
{
	/* first byte from, to; the second byte from, to; bytes */
	static const unsigned char form[][5] = {
		{ 0x01, 0x7f, 0, 0, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		const unsigned char *f = form[i];

		if (s[0] < f[0] || s[0] > f[1])
			continue;
		if (left < f[4] || (f[4] > 1 && (s[1] < f[2] || s[1] > f[3])))
			return 0;
		for (size_t k = 2; k < f[4]; k++) {
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		}
		return f[4];
	}
	return 0;
}

static bool
is_text(struct policy_text t)
{
	for (size_t at = 0, n; at < t.len; at += n) {
		n = utf8((const unsigned char *)t.data + at, t.len - at);
		if (n == 0)
			return false;
	}
	return true;
}

static int
judge(struct policy_text t, const char *column, size_t most, struct policy_error *err)
{
	if (t.data == NULL && t.len > 0)
		return pol_secret_fail(err, POLICY_ERR_ARG, NULL, 0, "a row's %s has a length and no bytes", column);
	if (t.len > most)
		return pol_secret_fail(err, POLICY_ERR_LIMIT, NULL, 0,
		    "a row's %s has %zu bytes, but at most %zu are kept", column, t.len, most);
	if (!is_text(t))
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0,
		    "a row's %s is no text: it must be UTF-8 without a NUL", column);
	return 0;
}

int
pol_rows_check(const struct policy_row *r, struct policy_error *err)
{
	int rc;

	if (r->size < sizeof(*r))
		return pol_secret_fail(err, POLICY_ERR_ABI, NULL, 0, "a row has %u bytes, but must have at least %zu",
		    r->size, sizeof(*r));
	if (r->kind == 0 || r->kind > INT32_MAX)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, "a row is of kind %u, which is none", r->kind);
	if (r->id.len == 0)
		return pol_secret_fail(err, POLICY_ERR_INVALID, NULL, 0, "a row's id is empty");
	rc = judge(r->id, "id", 255, err);
	for (int i = 0; rc == 0 && i < POL_ROWS_TEXTS; i++)
		rc = judge(*pol_rows_get(r, i), pol_rows_texts[i].column, pol_rows_texts[i].most, err);
	return rc;
}
