/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that a step makes and the set's store has, or has no more. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chaos/chaos.h"
#include "modules/drive.h"

static char path[] = "/tmp/jwt-rows.XXXXXX";
static const struct policy_value audience = { .type = POLICY_STRING, .u.text = POLICY_TEXT("api") };

#define NOW INT64_C(1700000000000000000)

static int
open_secret(struct drive *d, bool registered)
{
	const struct policy_attr with[] = {
		DRIVE_ATTR_TEXT("issuer", "https://issuer.example"),
		{ POLICY_TEXT("audience"), { .type = POLICY_LIST, .count = 1, .u.items = &audience } },
		{ POLICY_TEXT("secret_file"), { .type = POLICY_STRING, .u.text = { path, sizeof(path) - 1 } } },
		{ POLICY_TEXT("sign_with"), { .type = POLICY_STRING, .u.text = { path, sizeof(path) - 1 } } },
		{ POLICY_TEXT("algorithms"), { .type = POLICY_LIST, .count = 1,
		    .u.items = &(const struct policy_value){ .type = POLICY_STRING, .u.text = POLICY_TEXT("HS256") } } },
		{ POLICY_TEXT("registered"), { .type = POLICY_BOOL, .u.boolean = registered } },
	};

	drive_init(d, &policy_module_1);
	d->now_ns = NOW;
	return drive_open(d, with, 6);
}

static int
open_bare(struct drive *d, bool registered)
{
	const struct policy_attr with[] = {
		DRIVE_ATTR_TEXT("issuer", "xinference"),
		{ POLICY_TEXT("secret_file"), { .type = POLICY_STRING, .u.text = { path, sizeof(path) - 1 } } },
		{ POLICY_TEXT("sign_with"), { .type = POLICY_STRING, .u.text = { path, sizeof(path) - 1 } } },
		DRIVE_ATTR_TEXT("scopes", "scopes"),
		{ POLICY_TEXT("bare"), { .type = POLICY_BOOL, .u.boolean = 1 } },
		{ POLICY_TEXT("registered"), { .type = POLICY_BOOL, .u.boolean = registered } },
	};

	drive_init(d, &policy_module_1);
	d->now_ns = NOW;
	return drive_open(d, with, 6);
}

static int
reads(struct drive *d, const char *token)
{
	enum policy_check_result r = drive_check(d, "bearer", NULL, token);

	return r == POLICY_CHECK_PASS ? (int)POLICY_REASON_RULE : r == POLICY_CHECK_FAIL ? (int)d->f.reason : -1;
}

static void
issue(struct drive *d, const char *id, struct policy_issued *out)
{
	const struct policy_text scopes[] = { POLICY_TEXT("read"), POLICY_TEXT("models:list") };
	struct policy_issue want = { .size = sizeof(want), .flags = POLICY_ISSUE_SCOPED, .subject_id = policy_text("alice"),
	    .now_ns = NOW, .token_id = policy_text(id), .scopes = scopes, .scopes_count = 2 };
	struct policy_error err = POLICY_ERROR_INIT;

	out->size = sizeof(*out);
	chaos_check(d->module->issue(d->state, &want, out, &err) == 0, "a token is made");
}

static void
rows(void)
{
	static struct drive d;
	static struct policy_issued t, other;
	struct policy_row row[2] = {
		{ .size = sizeof(row[0]), .kind = POLICY_ROW_USER, .id = policy_text("u-1"), .name = policy_text("alice") },
		{ .size = sizeof(row[0]), .kind = POLICY_ROW_TOKEN, .id = policy_text("t-1"), .owner = policy_text("u-1"),
		    .source = policy_text("jwt"), .flags = POLICY_ROW_SCOPED, .until_ns = NOW + INT64_C(60000000000), .from_ns = NOW },
	};

	chaos_check(open_secret(&d, true) == 0, "a step that signs");
	issue(&d, "t-1", &t);
	issue(&d, NULL, &other);
	chaos_check(strcmp(t.token_id, "t-1") == 0 && strcmp(other.token_id, "t-1") != 0, "of the id that is asked for");
	chaos_check(reads(&d, t.data) == -1, "registered, and there is no store: nobody knows");
	d.rows = row;
	d.n_rows = 2;
	chaos_check(reads(&d, t.data) == (int)POLICY_REASON_RULE && d.f.id.expires == row[1].until_ns && d.f.id.scopes_count == 2, "as its row is");
	chaos_check(reads(&d, other.data) == (int)POLICY_REASON_REVOKED, "one that was never registered");
	row[1].source = policy_text("elsewhere");
	chaos_check(reads(&d, t.data) == (int)POLICY_REASON_REVOKED, "or by another step");
	row[1].source = policy_text("jwt");
	row[0].from_ns = NOW + 1;
	chaos_check(reads(&d, t.data) == (int)POLICY_REASON_REVOKED, "void");
	row[0].from_ns = NOW;
	row[1].until_ns = NOW;
	chaos_check(reads(&d, t.data) == (int)POLICY_REASON_EXPIRED, "ended before it says");
	row[1].until_ns = 0;
	row[1].flags = POLICY_ROW_GONE;
	chaos_check(reads(&d, t.data) == (int)POLICY_REASON_REVOKED, "revoked");
	row[1].flags = 0;
	row[0].flags = POLICY_ROW_OFF;
	chaos_check(reads(&d, t.data) == (int)POLICY_REASON_REVOKED, "its owner is disabled");
	row[0].flags = 0;
	row[0].name = policy_text("bob");
	chaos_check(reads(&d, t.data) == (int)POLICY_REASON_REVOKED, "or is another");
	row[0].name = policy_text("alice");
	row[1].secret = policy_text("00");
	chaos_check(reads(&d, t.data) == (int)POLICY_REASON_REVOKED, "an opaque one's id");
	drive_close(&d);

	chaos_check(open_secret(&d, false) == 0 && reads(&d, other.data) == (int)POLICY_REASON_RULE, "without a store, as ever");
	d.rows = row;
	d.n_rows = 1;
	row[0].from_ns = row[0].made_ns = 0;
	chaos_check(reads(&d, other.data) == (int)POLICY_REASON_RULE, "a user of the store, nothing of whom is void");
	row[0].from_ns = NOW + 1;
	chaos_check(reads(&d, other.data) == (int)POLICY_REASON_REVOKED, "issued before all of his was made void");
	row[0].from_ns = 0;
	row[0].made_ns = NOW + 1;
	chaos_check(reads(&d, other.data) == (int)POLICY_REASON_REVOKED, "or before he was made");
	row[0].made_ns = NOW;
	row[0].flags = POLICY_ROW_OFF;
	chaos_check(reads(&d, other.data) == (int)POLICY_REASON_REVOKED, "disabled");
	drive_close(&d);
}

/* sub, scopes, exp and nothing else, as Xinference writes and reads them. */
static void
bare(void)
{
	/* {"alg":"HS256","typ":"JWT"} . {"sub":"alice","scopes":["read","models:list"],"exp":1700003600} */
	static const char start[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
	    "eyJzdWIiOiJhbGljZSIsInNjb3BlcyI6WyJyZWFkIiwibW9kZWxzOmxpc3QiXSwiZXhwIjoxNzAwMDAzNjAwfQ.";
	static struct drive d;
	static struct policy_issued t, full;
	struct policy_row row[2] = {
		{ .size = sizeof(row[0]), .kind = POLICY_ROW_USER, .id = policy_text("u-1"), .name = policy_text("alice") },
		{ .size = sizeof(row[0]), .kind = POLICY_ROW_TOKEN, .owner = policy_text("u-1"), .source = policy_text("jwt"),
		    .flags = POLICY_ROW_SCOPED, .from_ns = NOW },
	};

	chaos_check(open_secret(&d, false) == 0, "one with iss");
	issue(&d, "t-1", &full);
	drive_close(&d);
	chaos_check(open_bare(&d, true) == 0, "bare, and registered");
	issue(&d, "t-1", &t);
	chaos_check(strncmp(t.data, start, sizeof(start) - 1) == 0, "the bytes of another's");
	chaos_check(strlen(t.token_id) == 43, "its id is a hash, whatever was asked for");
	row[1].id = policy_text(t.token_id);
	chaos_check(reads(&d, t.data) == -1, "its row cannot be asked for");
	d.rows = row;
	d.n_rows = 1;
	chaos_check(reads(&d, t.data) == (int)POLICY_REASON_REVOKED, "it has none");
	d.n_rows = 2;
	chaos_check(reads(&d, t.data) == (int)POLICY_REASON_RULE && d.f.id.scopes_count == 2, "it has one, of the hash");
	chaos_check(drive_check(&d, "bearer", NULL, full.data) == POLICY_CHECK_IGNORE, "iss is another step's");
	row[1].flags |= POLICY_ROW_GONE;
	chaos_check(reads(&d, t.data) == (int)POLICY_REASON_REVOKED, "revoked");
	d.now_ns = NOW + INT64_C(3631000000000);
	chaos_check(reads(&d, t.data) == (int)POLICY_REASON_EXPIRED, "ended");
	drive_close(&d);
}

int
main(void)
{
	static const char secret[] = "0123456789abcdef0123456789abcdef";
	const int fd = mkstemp(path);

	if (fd < 0 || write(fd, secret, strlen(secret)) != (ssize_t)strlen(secret) || close(fd) != 0)
		return 1;
	rows();
	bare();
	unlink(path);
	return chaos_finish();
}
