/* SPDX-License-Identifier: Apache-2.0 */
/* api_key, driven alone: which texts are its, whose they are, and when they are no more. */
#include "chaos.h"
#ifndef CHAOS_SANITIZER
#include "heap.h"
#endif
#include "drive.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "found.h"
#include "shape.h"

#define SECOND INT64_C(1000000000)
#define NOW (1700000000 * SECOND)

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char sk[] = "sk-abcDEF1234567", xf[] = "xf-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL";

static char ours[4][64], hex[8][65];
static struct policy_row rows[16];
static struct drive d;

/* Another CRC-32 than the module's: a bit at a time. */
static void
seal(char *token)
{
	uint32_t crc = 0xffffffffu;

	for (const char *p = token; p < token + 47; p++) {
		crc ^= (unsigned char)*p;
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
	}
	crc = ~crc;
	for (int i = 5; i >= 0; i--, crc /= 62)
		token[47 + i] = base62[crc % 62];
	token[53] = '\0';
}

static void
make(char token[64], unsigned seed)
{
	memcpy(token, "pol_", 4);
	for (int i = 0; i < 43; i++)
		token[4 + i] = base62[(seed = seed * 1103515245 + 12345) >> 16 & 31];
	seal(token);
}

static struct policy_text
hash(int i, const char *token)
{
	unsigned char sum[32];

	EVP_Digest(token, strlen(token), sum, NULL, EVP_sha256(), NULL);
	for (int k = 0; k < 32; k++)
		snprintf(hex[i] + 2 * k, 3, "%02x", sum[k]);
	return policy_text(hex[i]);
}

/* ann has four tokens and two imported ones; bob, who is disabled, one. */
static void
people(void)
{
	static const char *const ids[] = { "t0", "t1", "t2", "t3", "sk", "xf" };

	memset(rows, 0, sizeof(rows));
	rows[0] = (struct policy_row){ .size = sizeof(rows[0]), .kind = POLICY_ROW_USER, .id = policy_text("u-ann"), .name = policy_text("ann") };
	rows[1] = (struct policy_row){ .size = sizeof(rows[0]), .kind = POLICY_ROW_USER, .id = policy_text("u-bob"), .name = policy_text("bob"),
	    .type = policy_text("user"), .flags = POLICY_ROW_OFF };
	for (int i = 0; i < 6; i++) {
		const char *secret = i < 4 ? ours[i] : i == 4 ? sk : xf;

		rows[2 + i] = (struct policy_row){ .size = sizeof(rows[0]), .kind = POLICY_ROW_TOKEN, .id = policy_text(ids[i]),
		    .owner = policy_text("u-ann"), .type = policy_text("token"), .secret = hash(i, secret), .from_ns = NOW };
	}
	d.rows = rows;
	d.n_rows = 8;
}

static int
start(int imported, uint32_t flags)
{
	const struct policy_attr with[] = { { POLICY_TEXT("imported"), { .type = POLICY_BOOL, .u.boolean = 1 } } };

	drive_init(&d, &policy_module_1);
	d.now_ns = NOW + SECOND;
	d.args.flags = flags;
	people();
	return drive_open(&d, with, imported ? 1 : 0);
}

static enum policy_check_result bearer(const char *t) { return drive_check(&d, "bearer", NULL, t); }
static int is(struct policy_text t, const char *s) { return t.len == strlen(s) && memcmp(t.data, s, t.len) == 0; }

static void
shapes(void)
{
	char t[128];
	unsigned broken = 0, wrong = 0;

	chaos_check(pol_shape_of(policy_text(ours[0])) == POL_SHAPE_OURS, "ours");
	for (int i = 4; i < 53; i++) {
		memcpy(t, ours[0], 54);
		t[i] = t[i] == 'x' ? 'y' : 'x';
		broken += pol_shape_of(policy_text(t)) == POL_SHAPE_BROKEN;
		t[i] = '-';
		wrong += pol_shape_of(policy_text(t)) != POL_SHAPE_OTHER;
	}
	chaos_check(broken == 49 && wrong == 0, "each letter is in the checksum, and is a letter");
	snprintf(t, sizeof(t), "%sx", ours[0]);
	chaos_check(pol_shape_of(policy_text(t)) == POL_SHAPE_OTHER, "a letter more");
	t[52] = '\0';
	chaos_check(pol_shape_of(policy_text(t)) == POL_SHAPE_OTHER, "a letter less");
	chaos_check(pol_shape_of(policy_text("")) == POL_SHAPE_OTHER && pol_shape_of((struct policy_text){ NULL, 0 }) == POL_SHAPE_OTHER, "nothing");
	chaos_check(pol_shape_of(policy_text(sk)) == POL_SHAPE_IMPORTED && pol_shape_of(policy_text(xf)) == POL_SHAPE_IMPORTED &&
	    pol_shape_of(policy_text("sk-abcDEF123456")) == POL_SHAPE_OTHER, "imported ones");
}

static void
who_passes(void)
{
	chaos_check(start(0, 0) == 0 && is(policy_text(d.source), "store"), "it opens, on the store's people");
	chaos_check(bearer(ours[0]) == POLICY_CHECK_PASS && is(d.f.id.subject_id, "ann") && is(d.f.id.subject_type, "user") &&
	    is(d.f.id.token_id, "t0") && d.f.id.scoped == 0 && d.f.id.expires == 0 && d.f.id.kind.len == 0, "a token without scopes");
	chaos_check(drive_check(&d, "api_key", "X-Key", ours[1]) == POLICY_CHECK_PASS && is(d.f.id.token_id, "t1"), "as an api_key");
	rows[2].flags = POLICY_ROW_SCOPED;
	chaos_check(bearer(ours[0]) == POLICY_CHECK_PASS && d.f.id.scoped == 1 && d.f.id.scopes_count == 0, "scopes, none");
	rows[2].list = policy_text("read  write models:list");
	rows[2].until_ns = NOW + 5 * SECOND;
	chaos_check(bearer(ours[0]) == POLICY_CHECK_PASS && d.f.id.scopes_count == 3 && is(d.f.id.scopes[2], "models:list") &&
	    d.f.id.expires == NOW + 5 * SECOND, "scopes, and an end");
	rows[2].flags = 0;
	chaos_check(bearer(ours[0]) == POLICY_CHECK_PASS && d.f.id.scoped == 0 && d.f.id.scopes_count == 0, "scopes that do not count");
	chaos_check(bearer(sk) == POLICY_CHECK_IGNORE && bearer(xf) == POLICY_CHECK_IGNORE, "imported ones are not asked for");
	drive_close(&d);
	chaos_check(start(1, 0) == 0 && bearer(sk) == POLICY_CHECK_PASS && is(d.f.id.token_id, "sk") && bearer(xf) == POLICY_CHECK_PASS,
	    "but where the step says so");
	chaos_check(bearer("sk-unknownUnknow") == POLICY_CHECK_IGNORE, "one that is not there is another's");
	drive_close(&d);
}

static void
who_fails(void)
{
	char t[64];

	start(0, 0);
	chaos_check(bearer(ours[3]) == POLICY_CHECK_PASS, "a good one");
	make(t, 99);
	chaos_check(bearer(t) == POLICY_CHECK_FAIL && d.f.reason == POLICY_REASON_BAD_CREDENTIAL, "one that is not there");
	memcpy(t, ours[0], 54);
	t[10] = t[10] == 'x' ? 'y' : 'x';
	d.rows = NULL;
	d.n_rows = 0;
	chaos_check(bearer(t) == POLICY_CHECK_FAIL && d.f.reason == POLICY_REASON_BAD_CREDENTIAL, "a wrong checksum needs no store");
	chaos_check(bearer(ours[0]) == POLICY_CHECK_ERROR, "a store that is not there, or too old");
	people();
	rows[2].until_ns = d.now_ns;
	chaos_check(bearer(ours[0]) == POLICY_CHECK_FAIL && d.f.reason == POLICY_REASON_EXPIRED, "ended");
	rows[2].flags = POLICY_ROW_GONE;
	chaos_check(bearer(ours[0]) == POLICY_CHECK_FAIL && d.f.reason == POLICY_REASON_REVOKED, "revoked");
	people();
	rows[0].from_ns = NOW + 1;
	chaos_check(bearer(ours[0]) == POLICY_CHECK_FAIL && d.f.reason == POLICY_REASON_REVOKED, "issued before its owner's were made void");
	rows[0].from_ns = NOW;
	chaos_check(bearer(ours[0]) == POLICY_CHECK_PASS, "and since");
	rows[0].flags = POLICY_ROW_OFF;
	chaos_check(bearer(ours[0]) == POLICY_CHECK_FAIL && d.f.reason == POLICY_REASON_REVOKED, "a disabled owner");
	rows[0].flags = POLICY_ROW_GONE;
	chaos_check(bearer(ours[0]) == POLICY_CHECK_FAIL && d.f.reason == POLICY_REASON_REVOKED, "a deleted one");
	rows[2].owner = policy_text("u-nobody");
	chaos_check(bearer(ours[0]) == POLICY_CHECK_FAIL && d.f.reason == POLICY_REASON_REVOKED, "one that never was");
	rows[2].owner = policy_text("u-bob");
	chaos_check(bearer(ours[0]) == POLICY_CHECK_FAIL && d.f.reason == POLICY_REASON_REVOKED, "one that was disabled before");
	chaos_check(d.logged == 0 && d.good + d.wrong == 0, "nothing is logged");
	drive_close(&d);
}

static void
of_a_kind(void)
{
	const struct policy_text declared[] = { POLICY_TEXT("key"), POLICY_TEXT("token") };

	start(0, POLICY_OPEN_CEILINGS);
	chaos_check(bearer(ours[0]) == POLICY_CHECK_FAIL, "where there are ceilings, a kind is not changed by how it is sent");
	rows[2].type = policy_text("bearer");
	chaos_check(bearer(ours[0]) == POLICY_CHECK_PASS && drive_check(&d, "api_key", NULL, ours[0]) == POLICY_CHECK_FAIL, "as it was made");
	drive_close(&d);
	drive_init(&d, &policy_module_1);
	d.now_ns = NOW + SECOND;
	people();
	d.args.kinds = declared;
	d.args.kinds_count = 2;
	chaos_check(drive_open(&d, NULL, 0) == 0 && bearer(ours[0]) == POLICY_CHECK_PASS && is(d.f.id.kind, "token"), "of the step's kinds");
	rows[2].type = policy_text("session");
	chaos_check(bearer(ours[0]) == POLICY_CHECK_FAIL, "not of another");
	rows[2].type = (struct policy_text){ NULL, 0 };
	chaos_check(bearer(ours[0]) == POLICY_CHECK_FAIL, "nor of none");
	drive_close(&d);
	drive_init(&d, &policy_module_1);
	d.args.subject_id = policy_text("x");
	chaos_check(drive_open(&d, NULL, 0) == POLICY_ERR_INVALID && strstr(d.err.text, "subject") != NULL, "a step that says whose all are is refused");
}

#ifndef CHAOS_SANITIZER
static void
heap(void)
{
	int rc;

	start(0, 0);
	drive_close(&d);
	heap_live = heap_failed = 0;
	heap_fail = 1;
	heap_on = 1;
	rc = drive_open(&d, NULL, 0);
	heap_on = 0;
	chaos_check(rc == POLICY_ERR_NOMEM && heap_failed && d.state == NULL, "without memory it does not open");
	heap_on = 1;
	rc = drive_open(&d, NULL, 0);
	heap_fail = 1;
	heap_failed = 0;
	rc = rc == 0 && bearer(ours[0]) == POLICY_CHECK_PASS && bearer(ours[3]) == POLICY_CHECK_PASS;
	chaos_check(rc && !heap_failed, "a check allocates nothing");
	heap_fail = 0;
	drive_close(&d);
	heap_on = 0;
	chaos_check(heap_live == 0, "and nothing leaks");
}

static void
canary(void)
{
	char secret[64];

	start(0, 0);
	make(secret, 4711);
	bearer(secret);
	bearer(secret);
	chaos_check(found(secret + 4, 40) <= 1, "no copy of a token is left behind a check");
	drive_close(&d);
}
#endif

int
main(void)
{
	for (int i = 0; i < 4; i++)
		make(ours[i], (unsigned)i + 1);
	shapes();
	who_passes();
	who_fails();
	of_a_kind();
#ifdef CHAOS_SANITIZER
	chaos_skip(5, "failing allocations (a sanitizer has the heap)");
#else
	heap();
	canary();
#endif
	return chaos_finish();
}
