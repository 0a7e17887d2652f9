/* SPDX-License-Identifier: Apache-2.0 */
/* password on the set's store, driven alone: who passes, what is reported, who waits. */
#include "chaos.h"
#ifndef CHAOS_SANITIZER
#include "heap.h"
#endif
#include "drive.h"
#include "found.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#define SECOND INT64_C(1000000000)
#define NOW (1700000000 * SECOND)

static char today[384], cheap[384], sha[384], hex[65];
static const char token[] = "a-token-of-anns";
static struct policy_row rows[8];
static struct drive d;

static void
make(char out[384], const char *prefix, unsigned long cost)
{
	static struct crypt_data data;
	char salt[192];

	if (crypt_gensalt_rn(prefix, cost, NULL, 0, salt, sizeof(salt)) == NULL)
		abort();
	snprintf(out, 384, "%s", crypt_rn("correct horse", salt, &data, (int)sizeof(data)));
}

static void
user(int i, const char *uid, const char *name, const char *secret)
{
	rows[i] = (struct policy_row){ .size = sizeof(rows[i]), .kind = POLICY_ROW_USER, .id = policy_text(uid),
	    .name = policy_text(name), .secret = policy_text(secret) };
}

/* ann, bob of another time, cyd who is disabled, dan without a password, and ann's token. */
static void
people(void)
{
	unsigned char sum[32];

	memset(rows, 0, sizeof(rows));
	user(0, "u-ann", "ann", today);
	user(1, "u-bob", "bob", sha);
	user(2, "u-cyd", "cyd", cheap);
	user(3, "u-dan", "dan", NULL);
	user(4, "u-eve", "eve", "$1$weak$aaaaaaaaaaaaaaaaaaaaaa");
	rows[2].flags = POLICY_ROW_OFF;
	EVP_Digest(token, strlen(token), sum, NULL, EVP_sha256(), NULL);
	for (int k = 0; k < 32; k++)
		snprintf(hex + 2 * k, 3, "%02x", sum[k]);
	rows[5] = (struct policy_row){ .size = sizeof(rows[0]), .kind = POLICY_ROW_TOKEN, .id = policy_text("t"),
	    .owner = policy_text("u-ann"), .secret = policy_text(hex) };
	d.rows = rows;
	d.n_rows = 6;
}

static const struct policy_attr with[] = { { POLICY_TEXT("store"), { .type = POLICY_BOOL, .u.boolean = 1 } } };

static int
start(void)
{
	drive_init(&d, &policy_module_1);
	d.now_ns = NOW;
	people();
	return drive_open(&d, with, 1);
}

static enum policy_check_result ask(const char *n, const char *p) { return drive_check(&d, "password", n, p); }
static int is(struct policy_text t, const char *s) { return t.len == strlen(s) && memcmp(t.data, s, t.len) == 0; }

static void
who_passes(void)
{
	chaos_check(start() == 0 && strcmp(d.source, "store") == 0 && d.watched == 0, "it opens without a file");
	chaos_check(ask("ann", "correct horse") == POLICY_CHECK_PASS && is(d.f.id.subject_id, "ann") && d.f.id.token_id.len == 0, "good");
	chaos_check(d.good == 0 && d.wrong == 0, "and nothing to be written");
	chaos_check(ask("ann", "correct hors") == POLICY_CHECK_FAIL && d.wrong == 1 && strcmp(d.seen, today) == 0, "a wrong one is counted");
	chaos_check(ask("cyd", "correct horse") == POLICY_CHECK_FAIL && ask("dan", "correct horse") == POLICY_CHECK_FAIL &&
	    ask("eve", "correct horse") == POLICY_CHECK_FAIL && ask("zoe", "correct horse") == POLICY_CHECK_FAIL &&
	    ask(NULL, "correct horse") == POLICY_CHECK_FAIL && ask("", "correct horse") == POLICY_CHECK_FAIL &&
	    d.f.reason == POLICY_REASON_BAD_CREDENTIAL, "disabled, without, weak, nobody");
	chaos_check(d.wrong == 1 && d.good == 0, "of whom nothing is counted");
	d.rows = NULL;
	d.n_rows = 0;
	chaos_check(ask("ann", "correct horse") == POLICY_CHECK_ERROR && ask("zoe", "x") == POLICY_CHECK_ERROR, "no store: nobody knows");
	people();
	chaos_check(ask("bob", "correct horse") == POLICY_CHECK_PASS && d.good == 1 && strcmp(d.seen, sha) == 0 &&
	    strncmp(d.rehash, "$y$j9T$", 7) == 0, "a hash of another time is made anew");
	rows[1].secret = policy_text(d.rehash);
	chaos_check(ask("bob", "correct horse") == POLICY_CHECK_PASS && d.good == 1, "once");
	rows[0].number = 3;
	chaos_check(ask("ann", "correct horse") == POLICY_CHECK_PASS && d.good == 2 && d.rehash[0] == '\0', "a good one ends a row of wrong ones");
	chaos_check(d.logged == 0, "nothing is logged");
	drive_close(&d);
}

static enum policy_check_result
ask_with(const char *name, const char *password, const char *other)
{
	struct policy_credential all[] = {
		{ policy_text("password"), policy_text(name), policy_text(password), { 0, 0 } },
		{ policy_text("bearer"), { NULL, 0 }, policy_text(other), { 0, 0 } },
	};
	uint32_t used = 0;

	return drive_check_all(&d, all, 2, 0, &used);
}

static void
who_waits(void)
{
	unsigned passed = 0;

	start();
	rows[0].number = 9;
	rows[0].until_ns = NOW + 8 * SECOND;
	chaos_check(ask("ann", "correct horse") == POLICY_CHECK_FAIL && d.f.reason == POLICY_REASON_BAD_CREDENTIAL, "a good one has to wait");
	chaos_check(ask("ann", "wrong") == POLICY_CHECK_FAIL && d.wrong == 0 && d.good == 0, "nothing counts meanwhile");
	d.call_flags = POLICY_CALL_NO_WAIT;
	chaos_check(ask("ann", "wrong") == POLICY_CHECK_FAIL && d.wrong == 0, "where the host delays who guesses no wrong one counts");
	chaos_check(ask("ann", "correct horse") == POLICY_CHECK_PASS && d.good == 1, "and nobody waits");
	d.call_flags = 0;
	d.good = 0;
	chaos_check(ask_with("ann", "correct horse", token) == POLICY_CHECK_PASS && d.good == 1, "but for who has a token of his own");
	chaos_check(ask_with("ann", "wrong", token) == POLICY_CHECK_FAIL && d.wrong == 1, "who is judged like everybody");
	chaos_check(ask_with("ann", "correct horse", "another") == POLICY_CHECK_FAIL, "not another one");
	rows[5].flags = POLICY_ROW_GONE;
	passed += ask_with("ann", "correct horse", token) == POLICY_CHECK_PASS;
	people();
	rows[0].until_ns = NOW + 1;
	rows[5].until_ns = NOW;
	passed += ask_with("ann", "correct horse", token) == POLICY_CHECK_PASS;
	rows[5].until_ns = 0;
	rows[0].from_ns = 1;
	passed += ask_with("ann", "correct horse", token) == POLICY_CHECK_PASS;
	rows[0].from_ns = 0;
	rows[5].owner = policy_text("u-bob");
	passed += ask_with("ann", "correct horse", token) == POLICY_CHECK_PASS;
	chaos_check(passed == 0, "nor one that is revoked, ended, void or another's");
	d.now_ns = NOW + 1;
	chaos_check(ask("ann", "correct horse") == POLICY_CHECK_PASS, "the wait ends");
	drive_close(&d);
}

static void
refused(void)
{
	const struct policy_attr both[] = { with[0], DRIVE_ATTR_TEXT("file", "/nowhere") };

	drive_init(&d, &policy_module_1);
	chaos_check(drive_open(&d, NULL, 0) == POLICY_ERR_INVALID && strstr(d.err.text, "neither") != NULL, "neither file nor store");
	drive_init(&d, &policy_module_1);
	chaos_check(drive_open(&d, both, 2) == POLICY_ERR_INVALID && strstr(d.err.text, "both") != NULL, "both");
	drive_init(&d, &policy_module_1);
	d.args.subject_id = policy_text("x");
	chaos_check(drive_open(&d, with, 1) == POLICY_ERR_INVALID, "whose all are");
}

#ifndef CHAOS_SANITIZER
static void
heap(void)
{
	long wrong = 0, errors = 0, runs = 0;

	start();
	for (long n = 1; n < 1000; n++, runs++) {
		enum policy_check_result r;

		heap_live = heap_failed = 0;
		heap_fail = n;
		heap_on = 1;
		r = ask("bob", "correct horse");
		wrong += r != POLICY_CHECK_PASS && r != POLICY_CHECK_ERROR;
		errors += r == POLICY_CHECK_ERROR;
		wrong += heap_failed ? 0 : ask("bob", "wrong") == POLICY_CHECK_PASS;
		heap_on = 0;
		wrong += heap_live != 0;
		if (!heap_failed)
			break;
	}
	heap_fail = 0;
	chaos_check(wrong == 0 && errors > 0 && runs > 0, "an allocation that fails lets nobody in, and leaks nothing");
	drive_close(&d);
}

static void
canary(void)
{
	static char secret[32];

	for (int i = 0; i < 24; i++)
		secret[i] = (char)('A' + (i * 7 + 3) % 26);
	start();
	ask("ann", secret);
	ask("zoe", secret);
	chaos_check(found(secret, 24) == 1, "no copy of a password is left behind a check");
	drive_close(&d);
}
#endif

int
main(void)
{
	make(today, "$y$", 0);
	make(cheap, "$y$", 3);
	make(sha, "$6$", 5000);
	who_passes();
	who_waits();
	refused();
#ifdef CHAOS_SANITIZER
	chaos_skip(2, "failing allocations (a sanitizer has the heap)");
#else
	heap();
	canary();
#endif
	return chaos_finish();
}
