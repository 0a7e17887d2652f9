/* SPDX-License-Identifier: Apache-2.0 */
/* The module that other tests lean on: does it do as its head says? */
#include "chaos/chaos.h"
#include "modules/drive.h"

static struct drive d;

static int
is(struct policy_text t, const char *wanted)
{
	return t.len == strlen(wanted) && memcmp(t.data, wanted, t.len) == 0;
}

static void
says(const char *data, enum policy_check_result wanted)
{
	chaos_check(drive_check(&d, "bearer", NULL, data) == wanted, data);
}

static void
answers(void)
{
	static const struct policy_text kinds[] = { POLICY_TEXT("key"), POLICY_TEXT("session") };

	drive_init(&d, &policy_module_1);
	d.args.kinds = kinds;
	d.args.kinds_count = 2;
	d.now_ns = 5000000000;
	chaos_check(drive_open(&d, NULL, 0) == 0, "opens without settings");
	says("pass:alice", POLICY_CHECK_PASS);
	chaos_check(is(d.f.id.subject_id, "alice") && is(d.f.id.subject_type, "user"), "a user by default");
	says("pass:robot/r2", POLICY_CHECK_PASS);
	chaos_check(is(d.f.id.subject_id, "r2") && is(d.f.id.subject_type, "robot"), "a type");
	says("fail", POLICY_CHECK_FAIL);
	chaos_check(d.f.reason == POLICY_REASON_BAD_CREDENTIAL, "bad, where nothing is said");
	says("fail:expired", POLICY_CHECK_FAIL);
	chaos_check(d.f.reason == POLICY_REASON_EXPIRED, "expired");
	says("fail:revoked", POLICY_CHECK_FAIL);
	chaos_check(d.f.reason == POLICY_REASON_REVOKED, "revoked");
	says("ignore", POLICY_CHECK_IGNORE);
	says("error", POLICY_CHECK_ERROR);
	says("again", POLICY_CHECK_AGAIN);
	says("garbage:999", (enum policy_check_result)999);
	says("garbage:-1", (enum policy_check_result)-1);
	says("nonsense", POLICY_CHECK_FAIL);
	says("", POLICY_CHECK_FAIL);
	says("scopes:a:", POLICY_CHECK_FAIL);
	says("nosubject", POLICY_CHECK_ERROR);
	says("huge", POLICY_CHECK_ERROR);
	says("two", POLICY_CHECK_ERROR);
	says("kind:other:pass:a", POLICY_CHECK_ERROR);
}

static void
words(void)
{
	says("scopes:a,b:groups:g:kind:key:token:t1:expires:60:cacheable:-1:pass:alice", POLICY_CHECK_PASS);
	chaos_check(d.f.id.scoped == 1 && d.f.id.scopes_count == 2 && is(d.f.id.scopes[1], "b"), "scopes");
	chaos_check(d.f.id.groups_count == 1 && is(d.f.id.groups[0], "return/g"), "groups");
	chaos_check(is(d.f.id.kind, "key") && is(d.f.id.token_id, "t1"), "kind and token");
	chaos_check(d.f.id.expires == 65000000000 && d.f.id.cacheable == 4000000000, "times");
	says("scoped::pass:alice", POLICY_CHECK_PASS);
	chaos_check(d.f.id.scoped == 1 && d.f.id.scopes_count == 0, "no scope");
	says("subject:mail=a@b:attr:x=y:claim:role=boss:pass:alice", POLICY_CHECK_PASS);
	chaos_check(d.f.id.subject_attributes_count == 1 && d.f.id.token_attributes_count == 1 &&
	    is(d.f.id.token_attributes[0].value.u.text, "y"), "attributes");
	chaos_check(d.n_claims == 1 && is(d.claims[0].value, "boss"), "a claim");
	says("log:hello:wake::sleep:1:pass:alice", POLICY_CHECK_PASS);
	chaos_check(strcmp(d.log, "hello\n") == 0 && d.woken == 1, "log and wake");
	chaos_check(d.module->serve(d.state, POLICY_SERVE_CHANGED) == -1, "serve");
	says("count::pass:alice", POLICY_CHECK_PASS);
	chaos_check(d.f.id.token_attributes_count == 4 && d.f.id.token_attributes[1].value.u.integer == 1 &&
	    d.f.id.token_attributes[2].value.u.integer == 1 && d.f.id.token_attributes[3].value.u.integer == 0, "counts");
	drive_close(&d);
}

static void
settings(void)
{
	struct policy_value path = { .type = POLICY_STRING, .u.text = POLICY_TEXT("/etc/x") };
	const struct policy_attr with[] = {
		DRIVE_ATTR_TEXT("answer", "fail:revoked"),
		DRIVE_ATTR_TEXT("prefix", "r-"),
		DRIVE_ATTR_TEXT("source", "here"),
		DRIVE_ATTR_INT("every", 7),
		{ POLICY_TEXT("watch"), { .type = POLICY_LIST, .count = 1, .u.items = &path } },
	};
	const struct policy_attr refused[] = { DRIVE_ATTR_TEXT("refuse", "because") };
	struct policy_issue want = { .size = sizeof(want), .subject_id = POLICY_TEXT("alice") };
	struct policy_issued out = { .size = sizeof(out) };

	drive_init(&d, &policy_module_1);
	chaos_check(drive_open(&d, with, 5) == 0, "opens with settings");
	chaos_check(strcmp(d.source, "here") == 0 && d.watched == 1 && strcmp(d.watch[0], "/etc/x") == 0, "source, watch");
	says("pass:alice", POLICY_CHECK_IGNORE);
	says("r-pass:alice", POLICY_CHECK_FAIL);
	chaos_check(d.f.reason == POLICY_REASON_REVOKED, "the answer of the settings");
	chaos_check(d.module->serve(d.state, 0) == 7, "every");
	drive_close(&d);
	drive_init(&d, &policy_module_1);
	chaos_check(drive_open(&d, &with[1], 1) == 0, "opens with a prefix");
	says("r-pass:alice", POLICY_CHECK_PASS);
	chaos_check(d.module->issue(d.state, &want, &out, &d.err) == 0 && out.data_len == strlen(out.data), "issue");
	drive_close(&d);
	drive_init(&d, &policy_module_1);
	chaos_check(drive_open(&d, refused, 1) == POLICY_ERR_INVALID && strcmp(d.err.text, "because") == 0, "refuse");
}

int
main(void)
{
	answers();
	words();
	settings();
	return chaos_finish();
}
