/* SPDX-License-Identifier: Apache-2.0 */
/* password, driven alone: who passes, which files are refused, what changes while it runs. */
#include "drive.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "gate.h"
#include "secret.h"

static char dir[] = "/tmp/libpolicy-password-XXXXXX", path[64], other[64];
static char yes[384], gost[384], blow[384], sha[384];	/* of "correct horse" */

static void
put(const char *data, size_t len)
{
	FILE *f = fopen(other, "w");

	if (f == NULL || fwrite(data, 1, len, f) != len || fclose(f) != 0 || chmod(other, 0600) != 0 || rename(other, path) != 0)
		abort();
}

static void puts_(const char *s) { put(s, strlen(s)); }

static void
make(char out[384], const char *prefix, unsigned long cost, const char *password)
{
	static struct crypt_data data;
	char salt[192];

	if (crypt_gensalt_rn(prefix, cost, NULL, 0, salt, sizeof(salt)) == NULL ||
	    crypt_rn(password, salt, &data, (int)sizeof(data)) == NULL)
		abort();
	snprintf(out, 384, "%s", crypt_rn(password, salt, &data, (int)sizeof(data)));
}

static int
start(struct drive *d)
{
	struct policy_attr with[] = { DRIVE_ATTR_TEXT("file", "") };

	drive_init(d, &policy_module_1);
	with[0].value.u.text = policy_text(path);
	return drive_open(d, with, 1);
}

static int passes(struct drive *d, const char *n, const char *p) { return drive_check(d, "password", n, p) == POLICY_CHECK_PASS; }
static int fails(struct drive *d, const char *n, const char *p) { return drive_check(d, "password", n, p) == POLICY_CHECK_FAIL; }
static int text_is(struct policy_text t, const char *s) { return t.len == strlen(s) && memcmp(t.data, s, t.len) == 0; }

static void
who_passes(void)
{
	char text[4000], again[384], seventy[100], longer[600];
	struct drive d;

	make(again, "$6$", 5000, "x");
	memset(seventy, 'p', 99);
	seventy[99] = '\0';
	memset(longer, 'p', 599);
	longer[599] = '\0';
	snprintf(text, sizeof(text), "# people\n\nann:%s\nbob:%s\r\ncyd:%s\ndan:%s\neve:!%s\nfay:*\nx:%s\ngil zz:%s\n",
	    yes, gost, blow, sha, yes, again, yes);
	puts_(text);
	check(start(&d) == 0, "a file is read");
	check(strstr(d.log, "several methods or costs") != NULL && strcmp(d.source, path) == 0 && d.watched == 1,
	    "that it has several methods is logged");
	check(passes(&d, "ann", "correct horse") && text_is(d.f.id.subject_id, "ann") && d.f.id.token_id.len == 0, "yescrypt");
	check(passes(&d, "bob", "correct horse") && passes(&d, "cyd", "correct horse") && passes(&d, "dan", "correct horse") &&
	    passes(&d, "gil zz", "correct horse"), "gost-yescrypt, bcrypt, SHA-512");
	check(fails(&d, "ann", "correct hors") && fails(&d, "ann", "correct horse ") && fails(&d, "ann", "Correct horse"), "nothing else");
	check(fails(&d, "ANN", "correct horse") && fails(&d, "an", "correct horse") && fails(&d, "anna", "correct horse"), "of nobody else");
	check(fails(&d, "eve", "correct horse") && fails(&d, "fay", "correct horse") && fails(&d, "fay", "*"), "nobody who is locked");
	check(fails(&d, "ann", "") && fails(&d, "x", "") && fails(&d, "fay", ""), "an empty password is none");
	check(fails(&d, NULL, "correct horse") && fails(&d, "", "correct horse") && fails(&d, "# people", "x"), "nor an absent name");
	check(passes(&d, "x", "x") && fails(&d, "x", longer), "what stands in for a malformed password is nobody's");
	check(fails(&d, "ann", longer) && fails(&d, "ann", seventy), "long ones are only wrong");
	check(fails(&d, "ann", yes) && fails(&d, "ann:", "x"), "the hash is no password");
	check(d.f.reason == POLICY_REASON_BAD_CREDENTIAL, "and the reason is always the same");
	{
		struct policy_credential c = { policy_text("password"), policy_text("ann"), { "correct horse\0x", 15 }, { 0, 0 } };
		uint32_t used = 0;

		check(drive_check_all(&d, &c, 1, 0, &used) == POLICY_CHECK_FAIL, "a NUL does not end a password");
		c.data.len = 13;
		c.name = (struct policy_text){ "ann\0x", 5 };
		check(drive_check_all(&d, &c, 1, 0, &used) == POLICY_CHECK_FAIL, "nor a name");
	}
	check(strstr(d.log, "correct horse") == NULL, "no password is logged");
	drive_close(&d);
}

static void
one_refused(const char *line, const char *why)
{
	struct drive d;
	char text[1000];
	int rc;

	snprintf(text, sizeof(text), "ann:%s\n\n%s\n", yes, line);
	puts_(text);
	rc = start(&d);
	check((rc == POLICY_ERR_INVALID || rc == POLICY_ERR_LIMIT) && d.err.line == 3 && strcmp(d.err.file, path) == 0 &&
	    strstr(d.err.text, why) != NULL, line);
	drive_close(&d);
}

static void
refused(void)
{
	static const struct { const char *prefix; unsigned long cost; const char *why; } cheap[] = {
		{ "$y$", 1, "4 MiB" }, { "$y$", 2, "4 MiB" }, { "$gy$", 1, "4 MiB" }, { "$2b$", 9, "below 10" }, { "$2b$", 4, "below 10" },
		{ "$6$", 4999, "5000 rounds" }, { "$6$", 1000, "5000 rounds" }, { "$5$", 5000, "no hash" }, { "$1$", 0, "no hash" },
		{ "$2a$", 10, "no hash" }, { "$sha1", 1000, "no hash" }, { "$7$", 7, "no hash" }, { "$3$", 0, "no hash" }, { "", 0, "no hash" },
		{ "_", 0, "no hash" },
	};
	static const char *const odd[] = { "bob:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=", "bob:$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00",
	    "bob:correct horse", "bob:x", "bob:$y$", "bob:$6$", "bob:$2b$10$", "bob:*0x:y" };
	char line[600], hash[384];

	for (size_t i = 0; i < sizeof(cheap) / sizeof(cheap[0]); i++) {
		make(hash, cheap[i].prefix, cheap[i].cost, "correct horse");
		snprintf(line, sizeof(line), "bob:%s", hash);
		one_refused(line, cheap[i].why);
	}
	for (size_t i = 0; i + 1 < sizeof(odd) / sizeof(odd[0]); i++)
		one_refused(odd[i], "hash");
	one_refused("bob", "no NAME:HASH");
	one_refused("bob:", "no NAME:HASH");
	one_refused(":$y$", "no NAME:HASH");
	one_refused("b\x01ob:*", "control character");
	snprintf(line, sizeof(line), "ann:%s", sha);
	one_refused(line, "the name of line 1 once more");
	memset(line, 'n', 256);
	memcpy(line + 256, ":*", 3);
	one_refused(line, "255");
}

/* No part of a hash is one, nor is one with a byte of another alphabet. */
static void
broken_hashes(void)
{
	const char *const hashes[] = { yes, gost, blow, sha };
	struct drive d;
	char text[1000];
	unsigned wrong = 0, files = 0;

	for (size_t h = 0; h < 4; h++) {
		const size_t n = strlen(hashes[h]);

		snprintf(text, sizeof(text), "bob:%sa\n", hashes[h]);
		puts_(text);
		wrong += start(&d) == 0;
		drive_close(&d);
		for (size_t i = 0; i < n; i++, files++) {
			snprintf(text, sizeof(text), "bob:%.*s\n", (int)i, hashes[h]);
			puts_(text);
			wrong += start(&d) == 0;
			wrong += strstr(d.err.text, hashes[h] + n - 10) != NULL;
			drive_close(&d);
			snprintf(text, sizeof(text), "bob:%s\n", hashes[h]);
			text[4 + i] = '%';
			puts_(text);
			wrong += start(&d) == 0;
			drive_close(&d);
		}
	}
	put("a:*\0b:*\n", 8);
	wrong += start(&d) == 0;
	drive_close(&d);
	check(wrong == 0, "broken hashes are refused");
	printf("%u lengths of hashes refused, and as many with a byte changed\n", files);
}

static void doze(void) { nanosleep(&(struct timespec){ 1, 50000000 }, NULL); }
static int64_t serve(struct drive *d) { return d->module->serve(d->state, POLICY_SERVE_CHANGED); }

/* A name that is not there costs what the others cost, and not what a mistake costs. */
static void
unknown_names(void)
{
	const char *const hashes[] = { yes, gost, blow, sha, "*" };
	struct drive d;
	char text[1000], name[32];

	for (size_t h = 0; h < 5; h++) {
		unsigned wrong = 0;

		snprintf(text, sizeof(text), "ann:%s\n", hashes[h]);
		puts_(text);
		start(&d);
		for (int i = 0; i < 20; i++) {
			snprintf(name, sizeof(name), "nobody%d", i);
			wrong += !fails(&d, name, "correct horse");
		}
		check(wrong == 0, "an unknown name is hashed for, and is wrong");
		drive_close(&d);
	}
}

static void
changes(void)
{
	struct drive d;
	char text[1000];

	unlink(path);
	check(start(&d) == POLICY_ERR_NOENT, "no file, no step");
	snprintf(text, sizeof(text), "ann:%s\n", yes);
	puts_(text);
	check(start(&d) == 0 && d.logged == 0 && passes(&d, "ann", "correct horse"), "one method: nothing to log");
	snprintf(text, sizeof(text), "bob:%s\n", yes);
	puts_(text);
	check(serve(&d) > 1000000000 && fails(&d, "ann", "correct horse") && passes(&d, "bob", "correct horse"), "a new file counts at once");
	puts_("bob:broken\n");
	serve(&d);
	doze();
	serve(&d);
	check(passes(&d, "bob", "correct horse") && strstr(d.log, ":1: no hash") != NULL &&
	    strstr(d.log, "broken\n") == NULL, "a broken one does not");
	unlink(path);
	serve(&d);
	doze();
	serve(&d);
	check(fails(&d, "bob", "correct horse") && fails(&d, "cyd", "x"), "no file, nobody");
	drive_close(&d);
	puts_("");
	check(start(&d) == 0 && fails(&d, "ann", "correct horse"), "an empty file is nobody, and work all the same");
	drive_close(&d);
}

static void
gates(void)
{
	struct gates g;
	struct gate *a, *b;
	const int64_t now = pol_secret_now();
	int status;
	pid_t child;

	check(pol_gate_init(&g, 2, 1), "a gate for two");
	a = pol_gate_enter(&g, now);
	b = pol_gate_enter(&g, now);
	check(a != NULL && b != NULL && pol_gate_enter(&g, now + 10000000) == NULL, "the third waits until its deadline");
	child = fork();
	if (child == 0) {
		struct gate *c = pol_gate_enter(&g, now);

		pol_gate_fini(&g);
		_exit(c != NULL && c != a ? 0 : 1);
	}
	check(waitpid(child, &status, 0) == child && status == 0, "a child has a gate of its own");
	pol_gate_leave(a);
	a = pol_gate_enter(&g, now);
	check(a != NULL, "who leaves makes room");
	pol_gate_leave(a);
	pol_gate_leave(b);
	pol_gate_fini(&g);
	check(pol_gate_init(&g, 1, 0), "a gate without a queue");
	a = pol_gate_enter(&g, now);
	check(pol_gate_enter(&g, now + 3600000000000LL) == NULL, "nobody waits at it");
	pol_gate_leave(a);
	pol_gate_fini(&g);
}

static void
settings(void)
{
	struct policy_attr with[] = { DRIVE_ATTR_TEXT("file", ""), DRIVE_ATTR_INT("concurrent", 0) };
	struct drive d;

	puts_("");
	with[0].value.u.text = policy_text(path);
	drive_init(&d, &policy_module_1);
	check(drive_open(&d, with, 2) == POLICY_ERR_INVALID && strstr(d.err.text, "concurrent") != NULL, "at least one at a time");
	with[1].value.u.integer = 65;
	check(drive_open(&d, with, 2) == POLICY_ERR_INVALID, "at most 64");
	chmod(path, 0644);
	check(start(&d) == POLICY_ERR_UNSAFE && strstr(d.err.text, "chmod o-r") != NULL, "hashes are not for everybody to read");
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/people", dir);
	snprintf(other, sizeof(other), "%s/fresh", dir);
	make(yes, "$y$", 3, "correct horse");
	make(gost, "$gy$", 3, "correct horse");
	make(blow, "$2b$", 10, "correct horse");
	make(sha, "$6$", 5000, "correct horse");
	who_passes();
	refused();
	broken_hashes();
	unknown_names();
	changes();
	gates();
	settings();
	unlink(path);
	unlink(other);
	rmdir(dir);
	return check_finish();
}
