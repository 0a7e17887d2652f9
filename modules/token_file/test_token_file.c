/* SPDX-License-Identifier: Apache-2.0 */
/* token_file, driven alone: lists, key files, what is refused, what changes while it runs. */
#include "drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define S 1000000000LL

static char dir[] = "/tmp/libpolicy-token-XXXXXX", path[64], other[64];
static const struct policy_text three[] = { POLICY_TEXT("management"), POLICY_TEXT("inference"), POLICY_TEXT("api") };

static const char good_keys[] = "{\n  \"management\": {\n    \"key\": \"B-E5KSRM\",\n"
    "    \"expiration time\": \"2024-02-16T21:12:24.801167Z\"\n  },\n  \"inference\": {\n    \"key\": \"gNRuA7dS\",\n"
    "    \"expiration time\": \"2024-02-16T21:12:24.801148Z\"\n  },\n  \"API\": {\n    \"key\": \"yv9uQajP\"\n  }\n}\n";

static void
put(const char *data, size_t len)
{
	FILE *f = fopen(other, "w");

	if (f == NULL || fwrite(data, 1, len, f) != len || fclose(f) != 0 || chmod(other, 0600) != 0 || rename(other, path) != 0)
		abort();
}

static void puts_(const char *s) { put(s, strlen(s)); }

/* With kinds and a number of bare `with:` members; 0 is taken for the file alone. */
static int
open_list(struct drive *d)
{
	struct policy_attr with[] = { DRIVE_ATTR_TEXT("file", "") };

	drive_init(d, &policy_module_1);
	with[0].value.u.text = policy_text(path);
	return drive_open(d, with, 1);
}

static int
open_keys(struct drive *d, int write)
{
	struct policy_attr with[] = { DRIVE_ATTR_TEXT("file", ""), DRIVE_ATTR_TEXT("format", "torchserve"),
	    { POLICY_TEXT("write"), { .type = POLICY_BOOL, .u.boolean = 1 } } };

	drive_init(d, &policy_module_1);
	d->args.kinds = three;
	d->args.kinds_count = 3;
	d->args.now_ns = d->now_ns = 1708117944LL * S;
	with[0].value.u.text = policy_text(path);
	return drive_open(d, with, write ? 3 : 2);
}

static int passes(struct drive *d, const char *t) { return drive_check(d, "bearer", NULL, t) == POLICY_CHECK_PASS; }
static int fails(struct drive *d, const char *t) { return drive_check(d, "bearer", NULL, t) == POLICY_CHECK_FAIL; }
static int text_is(struct policy_text t, const char *s) { return t.len == strlen(s) && memcmp(t.data, s, t.len) == 0; }

static void
a_list(void)
{
	struct drive d;

	puts_("token1\n\n  a-much-longer-token-of-this-list.0123456789 \t\r\n\r\n\ntoken1\nlast of them");
	check(open_list(&d) == 0, "a list is read");
	check(d.watched == 1 && strcmp(d.watch[0], path) == 0 && strcmp(d.source, path) == 0, "it is watched, and the source");
	check(passes(&d, "token1") && passes(&d, "last of them"), "its tokens pass");
	check(text_is(d.f.id.subject_type, "user") && d.f.id.token_id.len == 25, "a bearer is of the type that the step says");
	check(passes(&d, "a-much-longer-token-of-this-list.0123456789"), "blanks and CRLF are no part of a token");
	check(memcmp(d.f.id.subject_id.data, "tf_", 3) == 0 && d.f.id.expires == 0, "its name is its id");
	check(fails(&d, "token") && fails(&d, "token11") && fails(&d, "TOKEN1") && fails(&d, "") && fails(&d, " token1") &&
	    fails(&d, "token1\n"), "nothing else passes");
	check(d.f.reason == POLICY_REASON_BAD_CREDENTIAL, "with the reason bad_credential");
	check(drive_check(&d, "api_key", NULL, "token1") == POLICY_CHECK_PASS, "as a key too");
	drive_close(&d);
}

static void
ids(void)
{
	struct drive d;
	char first[72];

	puts_("zzzzzzzzzzzzzzzzzzzzzzzzzzzz\nabcdefghijklmnopqrstuvwxyz\nshort\n");
	open_list(&d);
	passes(&d, "abcdefghijklmnopqrstuvwxyz");
	snprintf(first, sizeof(first), "%.*s", (int)d.f.id.token_id.len, d.f.id.token_id.data);
	check(strstr("abcdefghijklmnopqrstuvwxyz", first + 3) == NULL, "an id is no part of the token");
	drive_close(&d);
	puts_("short\nabcdefghijklmnopqrstuvwxyz\n");
	open_list(&d);
	passes(&d, "abcdefghijklmnopqrstuvwxyz");
	check(text_is(d.f.id.token_id, first), "an id stays, wherever the token stands");
	passes(&d, "short");
	check(!text_is(d.f.id.token_id, first), "and is another one's never");
	drive_close(&d);
}

static void
names_and_kinds(void)
{
	struct policy_attr with[] = { DRIVE_ATTR_TEXT("file", "") };
	struct drive d;

	puts_("token1\n");
	with[0].value.u.text = policy_text(path);
	drive_init(&d, &policy_module_1);
	d.args.subject_type = policy_text("site");
	d.args.subject_id = policy_text("clinic");
	d.args.kinds = three;
	d.args.kinds_count = 1;
	check(drive_open(&d, with, 1) == 0 && passes(&d, "token1"), "a list may have a name and a kind");
	check(text_is(d.f.id.subject_type, "site") && text_is(d.f.id.subject_id, "clinic") && text_is(d.f.id.kind, "management") &&
	    memcmp(d.f.id.token_id.data, "tf_", 3) == 0, "which its bearers have");
	drive_close(&d);
	drive_init(&d, &policy_module_1);
	d.args.kinds = three;
	d.args.kinds_count = 3;
	check(drive_open(&d, with, 1) == POLICY_ERR_INVALID && strstr(d.err.text, "kind") != NULL, "but not three kinds");
}

static void
refused_lists(void)
{
	static const struct { const char *text; size_t len; uint32_t line; } bad[] = {
		{ "a\nb\0c\n", 6, 2 }, { "a\n\n\xef\xbb\xbftoken\n", 12, 3 }, { "x\ty\n", 4, 1 }, { "\x7f\n", 2, 1 }, { "a\n\x1b[0m\n", 7, 2 },
	};
	static char big[17 << 20];
	struct drive d;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(bad[i].text, bad[i].len);
		check(open_list(&d) == POLICY_ERR_INVALID && d.err.line == bad[i].line && strcmp(d.err.file, path) == 0,
		    "a byte that cannot be sent is refused with its line");
	}
	memset(big, 'x', sizeof(big));
	big[4096] = '\n';
	put(big, 4097);
	check(open_list(&d) == 0 && d.state != NULL, "4096 bytes are a token");
	drive_close(&d);
	put(big + 5000, 4097);
	check(open_list(&d) == POLICY_ERR_LIMIT && d.err.line == 1, "4097 are none");
	put(big, sizeof(big));
	check(open_list(&d) == POLICY_ERR_LIMIT, "a file of 17 MiB is refused");
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = i % 2 != 0 ? '\n' : 'a';
	put(big, 1002);
	check(open_list(&d) == POLICY_ERR_LIMIT && d.err.line == 501, "five hundred short tokens are the most");
	for (size_t i = 0; i < 100001; i++)
		snprintf(big + 24 * i, 25, "token-%017zu\n", i);
	put(big, 24 * 100001);
	check(open_list(&d) == POLICY_ERR_LIMIT && d.err.line == 100001, "100,000 tokens are the most");
	put(big, 24 * 100000);
	check(open_list(&d) == 0 && passes(&d, "token-00000000000099999") && passes(&d, "token-00000000000000000") &&
	    fails(&d, "token-00000000000100000"), "and all of them count");
	drive_close(&d);
}

static void
refused_files(void)
{
	static const struct { mode_t mode; int code; } modes[] = {
		{ 0600, 0 }, { 0400, 0 }, { 0640, 0 }, { 0644, POLICY_ERR_UNSAFE }, { 0660, POLICY_ERR_UNSAFE },
		{ 0602, POLICY_ERR_UNSAFE }, { 0666, POLICY_ERR_UNSAFE },
	};
	struct policy_attr relative[] = { DRIVE_ATTR_TEXT("file", "tokens") };
	struct drive d;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		puts_("token1\n");
		chmod(path, modes[i].mode);
		check(open_list(&d) == modes[i].code, "the mode is judged");
		drive_close(&d);
	}
	puts_("token1\n");
	if (geteuid() == 0) {
		check(chown(path, 12345, 0) == 0 && open_list(&d) == POLICY_ERR_UNSAFE, "and the owner");
	}
	unlink(path);
	check(mkfifo(path, 0600) == 0 && open_list(&d) == POLICY_ERR_UNSAFE, "a pipe is refused at once");
	unlink(path);
	check(mkdir(path, 0700) == 0 && open_list(&d) == POLICY_ERR_UNSAFE, "a directory too");
	rmdir(path);
	puts_("token1\n");
	check(rename(path, other) == 0 && symlink(other, path) == 0 && open_list(&d) == 0 && passes(&d, "token1"),
	    "a link is how secrets are mounted");
	drive_close(&d);
	unlink(path);
	check(open_list(&d) == 0 && fails(&d, "token1") && strstr(d.log, "nobody passes") != NULL,
	    "no file: nobody passes, and it is logged");
	drive_close(&d);
	drive_init(&d, &policy_module_1);
	check(drive_open(&d, relative, 1) == POLICY_ERR_INVALID, "a relative path is refused");
}

static int64_t serve(struct drive *d) { return d->module->serve(d->state, POLICY_SERVE_CHANGED); }
static void doze(void) { nanosleep(&(struct timespec){ 1, 50000000 }, NULL); }

static void
changes(void)
{
	struct drive d;

	puts_("token1\ntoken2\n");
	open_list(&d);
	check(serve(&d) > S && d.logged == 0, "an unchanged file is left alone");
	puts_("token2\ntoken3\n");
	check(serve(&d) > S && fails(&d, "token1") && passes(&d, "token2") && passes(&d, "token3"), "a new list counts at once");
	puts_("token2\ntok");
	check(serve(&d) <= S && passes(&d, "token3") && fails(&d, "tok"), "half a line is not believed");
	puts_("token2\ntoken4\n");
	check(serve(&d) > S && passes(&d, "token4") && fails(&d, "tok"), "the whole is");
	puts_("");
	check(serve(&d) <= S && passes(&d, "token4"), "an empty file may be the beginning of one");
	doze();
	check(serve(&d) > S && fails(&d, "token4") && fails(&d, ""), "or it is meant");
	puts_("token4\nno end");
	serve(&d);
	doze();
	check(serve(&d) > S && passes(&d, "no end"), "so is a line without an end");
	puts_("bad\x01one\n");
	check(serve(&d) <= S && strstr(d.log, "stays in force") == NULL, "a broken file may be half a file");
	doze();
	check(serve(&d) > S && passes(&d, "token4") && strstr(d.log, ":1: ") != NULL && strstr(d.log, "stays in force") != NULL,
	    "a broken file changes nothing, and is logged");
	puts_("token4\ntoken5\n");
	chmod(path, 0666);
	serve(&d);
	doze();
	check(serve(&d) > S && fails(&d, "token5"), "nor does one that others may write");
	unlink(path);
	check(serve(&d) <= S && passes(&d, "token4"), "a file that is gone may be on its way back");
	doze();
	check(serve(&d) > S && fails(&d, "token4"), "or nobody passes any longer");
	puts_("token4\n");
	check(serve(&d) > S && passes(&d, "token4"), "until it is back");
	check(strstr(d.log, "token") == NULL || strstr(d.log, "token4") == NULL, "no token is logged");
	drive_close(&d);
}

static void
a_key_file(void)
{
	struct drive d;

	puts_(good_keys);
	check(open_keys(&d, 0) == 0, "the key file of TorchServe's own documentation is read");
	check(passes(&d, "B-E5KSRM") && text_is(d.f.id.subject_id, "management") &&
	    text_is(d.f.id.kind, "management") && d.f.id.expires == 1708117944801167000LL, "the management key");
	check(passes(&d, "gNRuA7dS") && text_is(d.f.id.subject_id, "inference") && text_is(d.f.id.kind, "inference"),
	    "the inference key");
	check(passes(&d, "yv9uQajP") && text_is(d.f.id.subject_id, "api") && text_is(d.f.id.kind, "api") &&
	    d.f.id.expires == 0, "the API key");
	check(fails(&d, "yv9uQajp") && d.f.reason == POLICY_REASON_BAD_CREDENTIAL, "no other");
	d.now_ns = 1708117944801167000LL - 1;
	check(passes(&d, "B-E5KSRM"), "to the last nanosecond");
	d.now_ns++;
	check(fails(&d, "B-E5KSRM") && d.f.reason == POLICY_REASON_EXPIRED, "then it has expired");
	check(passes(&d, "yv9uQajP"), "which the API key never does");
	unlink(path);
	serve(&d);
	doze();
	check(serve(&d) > S && fails(&d, "yv9uQajP"), "TorchServe stops, the file goes, and so do the keys");
	drive_close(&d);
	puts_(good_keys);
	drive_init(&d, &policy_module_1);
	{
		struct policy_attr with[] = { DRIVE_ATTR_TEXT("file", ""), DRIVE_ATTR_TEXT("format", "torchserve") };

		with[0].value.u.text = policy_text(path);
		check(drive_open(&d, with, 2) == POLICY_ERR_INVALID && strstr(d.err.text, "kind: [management") != NULL,
		    "its kinds have to be said");
		d.args.kinds = three;
		d.args.kinds_count = 2;
		check(drive_open(&d, with, 2) == POLICY_ERR_INVALID, "all three");
	}
}

static int
issue(struct drive *d, const char *kind, struct policy_issued *out)
{
	struct policy_issue want = { .size = sizeof(want), .kind = policy_text(kind), .now_ns = d->now_ns };

	memset(out, 0, sizeof(*out));
	out->size = sizeof(*out);
	return d->module->issue(d->state, &want, out, &d->err);
}

static void
rotation(void)
{
	struct policy_issued out, two;
	struct drive d, reader;
	struct stat st;

	unlink(path);
	check(open_keys(&d, 1) == 0 && stat(path, &st) == 0 && (st.st_mode & 07777) == 0600, "keys are made, for their owner alone");
	check(open_keys(&reader, 0) == 0, "and can be read");
	check(issue(&d, "inference", &out) == 0 && out.data_len == 43 && out.expires_ns == d.now_ns + 3600 * S, "a key is made");
	check(passes(&d, out.data) && text_is(d.f.id.kind, "inference") && text_is(d.f.id.token_id, out.token_id) &&
	    d.f.id.expires == out.expires_ns, "which counts at once");
	check(fails(&reader, out.data) && serve(&reader) > S && passes(&reader, out.data), "for readers of the file too");
	check(issue(&d, "management", &two) == 0 && passes(&d, two.data) && passes(&d, out.data), "the other one stays");
	check(issue(&d, "inference", &two) == 0 && passes(&d, two.data) && fails(&d, out.data), "the old one does not");
	check(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600, "the mode stays");
	check(issue(&d, "api", &two) == POLICY_ERR_ARG && issue(&d, "", &two) == POLICY_ERR_ARG && two.data_len == 0, "no API key is made");
	check(issue(&reader, "inference", &two) == POLICY_ERR_UNSUPPORTED, "nor anything by who only reads");
	{
		struct policy_issue want = { .size = sizeof(want), .kind = policy_text("inference"), .now_ns = d.now_ns, .expires_ns = d.now_ns };

		check(d.module->issue(d.state, &want, &two, &d.err) == POLICY_ERR_ARG, "no key is made that has ended");
		want.expires_ns += 5 * S;
		check(d.module->issue(d.state, &want, &two, &d.err) == 0 && two.expires_ns == d.now_ns + 5 * S, "one may end when it is asked to");
	}
	puts_("{ half");
	check(issue(&d, "inference", &two) == POLICY_ERR_INVALID && two.data[0] == '\0', "nothing is made of a broken file");
	drive_close(&d);
	drive_close(&reader);
	check(open_keys(&d, 1) == POLICY_ERR_INVALID && d.err.line == 1, "nor opened, nor overwritten");
	unlink(path);
	check(symlink(other, path) == 0 && open_keys(&d, 1) == POLICY_ERR_UNSAFE, "a link would be replaced");
	unlink(path);
}

/* How long keys are is the step's to say, within bounds. */
static void
lengths(void)
{
	static const struct { int64_t length; int rc; } asked[] = { { 8, 0 }, { 22, 0 }, { 64, 0 }, { 7, 1 }, { 65, 1 }, { 0, 1 }, { -8, 1 }, { INT64_MIN, 1 } };
	struct policy_issued out;
	struct drive d;

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct policy_attr with[] = { DRIVE_ATTR_TEXT("file", ""), DRIVE_ATTR_TEXT("format", "torchserve"),
		    { POLICY_TEXT("write"), { .type = POLICY_BOOL, .u.boolean = 1 } },
		    { POLICY_TEXT("length"), { .type = POLICY_INT, .u.integer = asked[i].length } } };
		int rc;

		unlink(path);
		drive_init(&d, &policy_module_1);
		d.args.kinds = three;
		d.args.kinds_count = 3;
		d.args.now_ns = d.now_ns = 1708117944LL * S;
		with[0].value.u.text = policy_text(path);
		rc = drive_open(&d, with, 4);
		check((rc == 0) == (asked[i].rc == 0), "a length is taken or refused");
		if (rc != 0)
			continue;
		check(issue(&d, "inference", &out) == 0 && (int64_t)out.data_len == asked[i].length && (int64_t)strlen(out.data) == asked[i].length,
		    "a key has it");
		check(passes(&d, out.data), "and is one");
		drive_close(&d);
	}
	unlink(path);
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/tokens", dir);
	snprintf(other, sizeof(other), "%s/fresh", dir);
	a_list();
	ids();
	names_and_kinds();
	refused_lists();
	refused_files();
	changes();
	a_key_file();
	rotation();
	lengths();
	unlink(path);
	unlink(other);
	rmdir(dir);
	return check_finish();
}
