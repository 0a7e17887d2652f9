/* SPDX-License-Identifier: Apache-2.0 */
/* admin/ without a store: secrets, patterns that cover patterns, what somebody holds, what
 * scopes imply. The calls themselves are in tests/chaos/admin*.c. */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "admin/held.h"
#include "admin/secret.h"
#include "admin/tell.h"
#include "base/glob.h"
#include "unit/fixture.h"

static void
opaque_tokens(void)
{
	char token[POL_OPAQUE_LEN + 1], other[POL_OPAQUE_LEN + 1], hex[POL_HEX_LEN + 1];
	/* made with Python: base62 of 256 bits, zlib.crc32 */
	static const char known[] = "pol_00000000000000000000000000000000000000000013Pz4d2";

	CU_ASSERT(pol_secret_opaque(token) == 0 && pol_secret_opaque(other) == 0);
	CU_ASSERT(strlen(token) == POL_OPAQUE_LEN && strcmp(token, other) != 0);
	CU_ASSERT(pol_secret_is_opaque(policy_text(token)));
	for (size_t i = 0; i < POL_OPAQUE_LEN; i++) {
		char was = token[i];

		token[i] = was == 'A' ? 'B' : 'A';
		CU_ASSERT(!pol_secret_is_opaque(policy_text(token)));
		token[i] = was;
	}
	CU_ASSERT(!pol_secret_is_opaque((struct policy_text){ token, POL_OPAQUE_LEN - 1 }));
	CU_ASSERT(pol_secret_is_opaque(policy_text(known)));
	pol_secret_hex(hex, policy_text("abc"));
	CU_ASSERT_STRING_EQUAL(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void
uids(void)
{
	char a[POL_UID_LEN + 1], b[POL_UID_LEN + 1];

	CU_ASSERT(pol_secret_uid(a) == 0 && pol_secret_uid(b) == 0);
	CU_ASSERT(strlen(a) == POL_UID_LEN && strcmp(a, b) != 0 && strspn(a, "abcdefghijklmnopqrstuvwxyz234567") == POL_UID_LEN);
}

static void
passwords(void)
{
	static const struct {
		const char *hash;
		int good;
	} rows[] = {
		{ "$2b$10$abcdefghijklmnopqrstuuOxG0gvh0zDTxX6KXhvdTFnrjXPZBKMe", 1 },
		{ "$2b$09$abcdefghijklmnopqrstuuOxG0gvh0zDTxX6KXhvdTFnrjXPZBKMe", 0 },
		{ "$2b$10$abcdefghijklmnopqrstuuOxG0gvh0zDTxX6KXhvdTFnrjXPZBKM", 0 },
		{ "$2a$10$abcdefghijklmnopqrstuuOxG0gvh0zDTxX6KXhvdTFnrjXPZBKMe", 0 },
		{ "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/", 1 },
		{ "$6$rounds=4999$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/", 0 },
		{ "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/", 0 },
		{ "*0", 0 },
		{ "", 0 },
	};
	char hash[POL_PASSWORD_HASH];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(pol_secret_bad_hash(policy_text(rows[i].hash)) == NULL, rows[i].good);
	CU_ASSERT(pol_secret_bad_password((struct policy_text){ "", 0 }) != NULL);
	CU_ASSERT(pol_secret_bad_password((struct policy_text){ "a\0b", 3 }) != NULL);
	CU_ASSERT(pol_secret_password(hash, policy_text("right")) == 0);
	CU_ASSERT(strncmp(hash, "$y$", 3) == 0 && pol_secret_bad_hash(policy_text(hash)) == NULL);
	CU_ASSERT_EQUAL(pol_secret_fits(policy_text("right"), policy_text(hash)), 1);
	CU_ASSERT_EQUAL(pol_secret_fits(policy_text("wrong"), policy_text(hash)), 0);
	CU_ASSERT_EQUAL(pol_secret_fits((struct policy_text){ NULL, 0 }, policy_text(hash)), 0);
	CU_ASSERT(pol_secret_fits(policy_text("right"), policy_text("*0")) <= 0);
}

/* ---- patterns ---- */

static void
covering(void)
{
	static const struct {
		const char *held, *asked;
		int covers;
	} rows[] = {
		{ "a", "a", 1 }, { "a", "b", 0 }, { "a", "*", 0 }, { "*", "a", 1 }, { "*", "*", 1 }, { "*", "**", 0 },
		{ "**", "*", 1 }, { "**", "a/*/c", 1 }, { "*", "a/b", 0 }, { "a/*", "a/b", 1 }, { "a/*", "a/b/c", 0 },
		{ "a/**", "a/b/*", 1 }, { "a/*", "a/b*", 1 }, { "a/b*", "a/*", 0 }, { "a*c", "a*bc", 1 }, { "a*c", "ab*c", 1 },
		{ "\\*", "*", 0 }, { "\\*", "\\*", 1 }, { "*", "\\*", 1 }, { "a", "\\a", 1 }, { "***", "a/b", 1 }, { "", "", 1 },
		{ "*", "", 1 }, { "a*", "a", 1 }, { "**/x", "a/*/x", 1 }, { "**/x", "*", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(pol_held_covers(policy_text(rows[i].held), policy_text(rows[i].asked)), rows[i].covers);
}

static unsigned
any(uint64_t *seed, unsigned n)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33) % n;
}

/* Whatever the one that is covered matches, the other one does. */
static void
covering_is_sound(void)
{
	static const char *const pieces[] = { "a", "b", "/", "*", "**", "\\*", "a" };
	static const char *const fill[] = { "", "a", "b", "/", "ab", "a/b", "*", "//" };
	uint64_t seed = 7;
	unsigned covered = 0, wrong = 0, matched = 0;

	for (int i = 0; i < 200000; i++) {
		char held[32] = "", asked[32] = "", text[64] = "";

		for (unsigned k = any(&seed, 5); k > 0; k--)
			strcat(held, pieces[any(&seed, 7)]);
		for (unsigned k = any(&seed, 5); k > 0; k--) {
			const unsigned piece = any(&seed, 7);

			strcat(asked, pieces[piece]);
			strcat(text, piece == 3 || piece == 4 ? fill[any(&seed, 8)] : piece == 5 ? "*" : pieces[piece]);
		}
		if (!pol_held_covers(policy_text(held), policy_text(asked)))
			continue;
		covered++;
		if (!pol_glob_match(asked, strlen(asked), text, strlen(text), '/', NULL))
			continue;
		matched++;
		wrong += !pol_glob_match(held, strlen(held), text, strlen(text), '/', NULL);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(covered > 5000 && matched > 2000);
}

/* ---- held ---- */

static const char set[] =
    "policy: 1\n"
    "resources: { doc: , user: }\n"
    "actions: { read: , write: { implies: read }, list: , policy:escalate: }\n"
    "roles:\n"
    "  reader: { allow: read }\n"
    "  writer: { includes: reader, allow: write }\n"
    "  boss: { includes: writer, allow: policy:escalate }\n"
    "  maybe: { allow: { actions: policy:escalate, when: 'context.ip == \"::1\"' } }\n"
    "  barred: { deny: policy:escalate }\n"
    "everyone: { roles: maybe }\n"
    "groups: { staff: { members: [eve], roles: writer } }\n"
    "users: { ann: { roles: writer }, bea: { roles: boss }, cat: { roles: [boss, barred] }, dan: { roles: maybe } }\n"
    "grants:\n"
    "  - { role: writer, to: bob, resource: doc/a/** }\n"
    "  - { role: reader, to: bob, resource: doc/x }\n"
    "  - { role: writer, to: bob, resource: doc, from: \"2026-01-01T00:00:00Z\", until: \"2026-02-01T00:00:00Z\" }\n"
    "  - { role: boss, to: fay, until: \"2226-02-01T00:00:00Z\" }\n"
    "scopes: { edit: [write], look: [read], all: [read, write, list] }\n";

#define JAN INT64_C(1767225600000000000)
#define FEB INT64_C(1769904000000000000)

static bool
holds(const struct fixture *f, const char *who, const char *role, const char *glob, int64_t from, int64_t until)
{
	const struct pol_held_who w = { POLICY_TEXT("user"), policy_text(who) };
	struct pol_held_grant g = { .role = pol_find_role(f->engine.program, role, strlen(role)), .type = POL_NONE,
	    .window = pol_held_window(from, until) };
	uint64_t hash;

	if (glob != NULL)
		g.type = pol_find_type(f->engine.program, "doc", 3, &hash);
	if (glob != NULL && glob[0] != '\0')
		g.glob = policy_text(glob);
	return pol_held_role(&f->engine, &w, &g);
}

static void
held(void)
{
	struct fixture f;

	if (fixture_open(&f, set) != 0) {
		CU_FAIL("the set");
		return;
	}
	CU_ASSERT(holds(&f, "ann", "writer", NULL, 0, 0) && holds(&f, "ann", "reader", NULL, 0, 0) && holds(&f, "ann", "reader", "z", 5, 9));
	CU_ASSERT(!holds(&f, "ann", "boss", NULL, 0, 0));
	CU_ASSERT(holds(&f, "eve", "reader", NULL, 0, 0));
	CU_ASSERT(!holds(&f, "bob", "reader", NULL, 0, 0) && !holds(&f, "bob", "reader", "", 0, 0));
	CU_ASSERT(holds(&f, "bob", "reader", "a/b*", 0, 0) && !holds(&f, "bob", "reader", "b", 0, 0));
	CU_ASSERT(holds(&f, "bob", "reader", "x", 0, 0) && !holds(&f, "bob", "writer", "x", 0, 0) && !holds(&f, "bob", "reader", "x*", 0, 0));
	CU_ASSERT(holds(&f, "bob", "writer", "", JAN, FEB) && holds(&f, "bob", "writer", "z/*", JAN + 1, FEB - 1));
	CU_ASSERT(!holds(&f, "bob", "writer", "", JAN - 1, FEB) && !holds(&f, "bob", "writer", "", JAN, FEB + 1));
	CU_ASSERT(!holds(&f, "bob", "writer", "", 0, FEB) && !holds(&f, "bob", "writer", "", JAN, 0));
	CU_ASSERT(holds(&f, "fay", "boss", NULL, 1, FEB) && !holds(&f, "fay", "boss", NULL, 0, 0));
	CU_ASSERT(!holds(&f, "nobody", "reader", NULL, 0, 0) && holds(&f, "nobody", "maybe", NULL, 0, 0));
	fixture_close(&f);
}

static bool
administers(const struct fixture *f, const char *who)
{
	const struct pol_held_who w = { POLICY_TEXT("user"), policy_text(who) };

	return pol_held_is_admin(&f->engine, &w, JAN);
}

static void
administrators(void)
{
	const struct pol_held_who bea = { POLICY_TEXT("user"), POLICY_TEXT("bea") }, staff = { POLICY_TEXT("user"), POLICY_TEXT("eve") };
	struct fixture f;

	if (fixture_open(&f, set) != 0) {
		CU_FAIL("the set");
		return;
	}
	CU_ASSERT(administers(&f, "bea"));
	CU_ASSERT(!administers(&f, "cat") && !administers(&f, "dan") && !administers(&f, "fay") && !administers(&f, "nobody"));
	CU_ASSERT(pol_held_has_admin(&f.engine, NULL, JAN) && !pol_held_has_admin(&f.engine, &bea, JAN));
	CU_ASSERT(pol_held_may_have_admin(&f.engine));
	CU_ASSERT(pol_held_group(&f.engine, &staff, policy_text("staff")) && !pol_held_group(&f.engine, &bea, policy_text("staff")));
	CU_ASSERT_EQUAL(pol_held_group_number(&f.engine, policy_text("crowd")), POL_NONE);
	fixture_close(&f);
	if (fixture_open(&f, "policy: 1\nactions: [policy:escalate]\nroles: { boss: { allow: policy:escalate } }\nusers: { ann: }\n") == 0) {
		CU_ASSERT(!pol_held_may_have_admin(&f.engine) && !pol_held_has_admin(&f.engine, NULL, JAN));
		fixture_close(&f);
	}
}

static void
implied(void)
{
	struct policy_text scopes[] = { POLICY_TEXT("edit"), POLICY_TEXT("unknown") };
	struct pol_call c;
	struct policy_text *out;
	struct fixture f;
	size_t n;

	if (fixture_open(&f, set) != 0) {
		CU_FAIL("the set");
		return;
	}
	memset(&c, 0, sizeof(c));
	pol_arena_init(&c.arena);
	c.e = &f.engine;
	out = pol_tell_implied(&c, scopes, 2, &n);
	CU_ASSERT(out != NULL && n == 5);
	for (size_t i = 0; out != NULL && n == 5 && i < n; i++)
		CU_ASSERT_STRING_EQUAL(out[i].data, ((const char *const[]){ "edit", "look", "read", "unknown", "write" })[i]);
	out = pol_tell_implied(&c, scopes, 0, &n);
	CU_ASSERT(out != NULL && n == 0);
	pol_arena_fini(&c.arena);
	fixture_close(&f);
}

CU_TestInfo suite_admin[] = {
	{ "opaque tokens", opaque_tokens },
	{ "uids", uids },
	{ "passwords", passwords },
	{ "patterns that cover", covering },
	{ "a pattern that is covered matches no more", covering_is_sound },
	{ "held", held },
	{ "administrators", administrators },
	{ "implied", implied },
	CU_TEST_INFO_NULL,
};
