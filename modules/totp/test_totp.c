/* SPDX-License-Identifier: Apache-2.0 */
/* totp, driven alone: which codes pass, once; what else is sent; which files are refused. */
#include "drive.h"

#include <unistd.h>

#include "check.h"
#include "code.h"

#define NOW 1111111109

static char dir[] = "/tmp/libpolicy-totp-XXXXXX", path[64], used[64];

static int
start(struct drive *d, int window)
{
	struct policy_attr with[] = { DRIVE_ATTR_TEXT("file", ""), DRIVE_ATTR_INT("window", 0) };

	drive_init(d, &policy_module_1);
	with[0].value.u.text = policy_text(path);
	with[1].value.u.integer = window;
	d->now_ns = NOW * 1000000000LL;
	return drive_open(d, with, 2);
}

static int
restart(struct drive *d, int window)
{
	unlink(used);
	return start(d, window);
}

static enum policy_check_result
ask(struct drive *d, const char *name, const char *code, int64_t now)
{
	const struct policy_credential all[] = { { policy_text("password"), policy_text(name), policy_text("p"), { 0, 0 } },
		{ policy_text("otp"), { NULL, 0 }, policy_text(code), { 0, 0 } } };
	uint32_t place = 0;
	enum policy_check_result r;

	d->now_ns = now * 1000000000;
	r = drive_check_all(d, all, 2, 0, &place);
	check(place == 2, "the code is marked as used");
	return r;
}

static int passes(struct drive *d, const char *n, const char *c, int64_t now) { return ask(d, n, c, now) == POLICY_CHECK_PASS; }
static int fails(struct drive *d, const char *n, const char *c, int64_t now) { return ask(d, n, c, now) == POLICY_CHECK_FAIL; }

static void
vectors(void)
{
	static const struct { int64_t t; const char *code; } rfc[] = { { 59, "94287082" }, { 1111111109, "07081804" },
		{ 1111111111, "14050471" }, { 1234567890, "89005924" }, { 2000000000, "69279037" }, { 20000000000, "65353130" } };
	struct drive d;

	code_put(path, "HOTP/T30/8\tann\t-\t" CODE_HEX "\n");
	check(restart(&d, 0) == 0, "a users file is read");
	for (size_t i = 0; i < sizeof(rfc) / sizeof(rfc[0]); i++)
		check(rfc[i].t > 9000000000 || passes(&d, "ann", rfc[i].code, rfc[i].t), "the codes of RFC 6238");
	drive_close(&d);
}

static void
replay(void)
{
	struct drive d, e;
	struct stat st;
	const char *old = code_at(NOW - 30, 6), *now = code_at(NOW, 6), *next = code_at(NOW + 30, 6);

	code_put(path, "# people\n\nHOTP/T30 ann - " CODE_HEX " 0 123456 2020-01-01T00:00:00L\r\nHOTP/T30/6 bob + " CODE_HEX "\n");
	check(restart(&d, 1) == 0 && stat(used, &st) == 0 && (st.st_mode & 07777) == 0600, "the file of used codes is made");
	check(fails(&d, "ann", code_at(NOW - 60, 6), NOW) && fails(&d, "ann", code_at(NOW + 60, 6), NOW), "outside the window");
	check(passes(&d, "ann", old, NOW), "the code before");
	check(fails(&d, "ann", old, NOW), "once");
	check(passes(&d, "ann", now, NOW), "the code of now");
	check(fails(&d, "ann", now, NOW) && fails(&d, "ann", old, NOW), "once, and none before it");
	check(passes(&d, "bob", next, NOW), "the code after it, of another");
	check(fails(&d, "bob", now, NOW) && fails(&d, "bob", old, NOW), "none before that one");
	check(passes(&d, "ann", next, NOW) && fails(&d, "ann", next, NOW + 30), "whatever time it is");
	check(start(&e, 1) == 0 && fails(&e, "ann", next, NOW + 30) && fails(&e, "bob", next, NOW), "whoever asks");
	drive_close(&d);
	drive_close(&e);
	check(start(&d, 3) == 0 && fails(&d, "ann", next, NOW) && fails(&d, "ann", old, NOW), "after a reload too");
	check(passes(&d, "ann", code_at(NOW + 120, 6), NOW + 30), "a window of three");
	check(stat(used, &st) == 0 && (st.st_mode & 07777) == 0600, "the mode stays");
	drive_close(&d);
}

static void
what_is_sent(void)
{
	struct policy_credential all[4] = { { policy_text("password"), policy_text("ann"), policy_text("p"), { 0, 0 } } };
	const char *now = code_at(NOW, 6);
	uint32_t place = 0;
	struct drive d;

	code_put(path, "HOTP/T30 ann - " CODE_HEX "\n");
	restart(&d, 1);
	check(drive_check_all(&d, all, 1, 0, &place) == POLICY_CHECK_FAIL && place == 0, "no code, no pass");
	check(fails(&d, "ann", "", NOW) && fails(&d, "ann", "00000", NOW) && fails(&d, "ann", "0000000", NOW), "no other length");
	check(fails(&d, "ann", "------", NOW) && fails(&d, "bob", now, NOW) && fails(&d, "", now, NOW) && fails(&d, NULL, now, NOW),
	    "nobody else's");
	all[1] = all[2] = (struct policy_credential){ policy_text("otp"), { NULL, 0 }, policy_text(now), { 0, 0 } };
	check(drive_check_all(&d, all, 3, 0, &place) == POLICY_CHECK_FAIL && place == 0, "one code, not two");
	all[1].name = policy_text("bob");
	check(drive_check_all(&d, all, 2, 0, &place) == POLICY_CHECK_FAIL && place == 0, "no code of another name");
	all[1].kind = policy_text("bearer");
	all[1].name = (struct policy_text){ NULL, 0 };
	check(drive_check_all(&d, all, 2, 0, &place) == POLICY_CHECK_FAIL, "no token in its place");
	all[2].name = policy_text("ann");
	check(drive_check_all(&d, all, 3, 0, &place) == POLICY_CHECK_PASS && place == 3, "its own name may stand there");
	check((policy_module_1.flags & POLICY_MODULE_SECOND_FACTOR) != 0 && d.f.id.subject_id.len == 0, "it proves nobody's name");
	drive_close(&d);
}

static void
one_refused(const char *line, const char *why)
{
	struct drive d;
	char text[1000];

	snprintf(text, sizeof(text), "HOTP/T30 ann - " CODE_HEX "\n%s\n", line);
	code_put(path, text);
	check(start(&d, 1) != 0 && d.err.line == 2 && strstr(d.err.text, why) != NULL && strstr(d.err.text, "3132") == NULL, line);
	drive_close(&d);
}

static void
refused(void)
{
	char line[600];
	struct drive d;
	unsigned wrong = 0;
	const char good[] = "HOTP/T30 ann - " CODE_HEX "\n";

	one_refused("HOTP bob - " CODE_HEX, "of a time");
	one_refused("HOTP/E/6 bob - " CODE_HEX, "of a time");
	one_refused("HOTP/T15 bob - " CODE_HEX, "of a time");
	one_refused("HOTP/T30/5 bob - " CODE_HEX, "of a time");
	one_refused("HOTP/T30 bob 1234 " CODE_HEX, "PIN");
	one_refused("HOTP/T30 bob -", "not TYPE");
	one_refused("HOTP/T30 bob - 31323334353637383930", "no secret");
	one_refused("HOTP/T30 bob - " CODE_HEX "3", "no secret");
	one_refused("HOTP/T30 bob - " CODE_HEX "3g", "no secret");
	one_refused("HOTP/T30 ann - " CODE_HEX, "stands above");
	one_refused("HOTP/T30 b\x01ob - " CODE_HEX, "control");
	snprintf(line, sizeof(line), "HOTP/T30 %0256d - " CODE_HEX, 0);
	one_refused(line, "255 bytes");
	snprintf(line, sizeof(line), "HOTP/T30 bob - %0130d", 0);
	one_refused(line, "no secret");
	for (size_t i = 1; i < sizeof(good) - 2; i++) {
		snprintf(line, sizeof(line), "%.*s\n", (int)i, good);
		code_put(path, line);
		/* a secret that is cut is another one, of at least 16 bytes */
		wrong += start(&d, 1) == 0 && (i < 15 + 32 || i % 2 == 0);
		drive_close(&d);
	}
	check(wrong == 0, "no part of a line is one");
	code_put(path, good);
	check(start(&d, 4) == POLICY_ERR_INVALID && strstr(d.err.text, "window") != NULL, "a window of four is refused");
	check(start(&d, -1) == POLICY_ERR_INVALID, "one of less than none too");
	chmod(path, 0644);
	check(start(&d, 1) == POLICY_ERR_UNSAFE, "secrets are not for everybody to read");
	unlink(path);
	check(start(&d, 1) == POLICY_ERR_NOENT, "no file, no step");
}

static void
used_codes(void)
{
	static const char *const broken[] = { "", "policy-totp", "policy-totp 2\n", "policy-totp 1\nann 3\n", "policy-totp 1\n3\n",
	    "policy-totp 1\n 3 ann\n", "policy-totp 1\n3 ann", "policy-totp 1\n99999999999999999999 ann\n", "policy-totp 1\n-1 ann\n",
	    "policy-totp 1\n3 \n", "policy-totp 1\n\n" };
	struct drive d;
	char text[256];
	FILE *f;

	code_put(path, "HOTP/T30 ann - " CODE_HEX "\n");
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		restart(&d, 1);
		code_put(used, broken[i]);
		check(ask(&d, "ann", code_at(NOW, 6), NOW) == POLICY_CHECK_ERROR && ask(&d, "ann", code_at(NOW, 6), NOW) == POLICY_CHECK_ERROR &&
		    d.logged == 1 && strstr(d.log, "nobody passes") != NULL, "a broken file of used codes: nobody passes, logged once");
		drive_close(&d);
	}
	restart(&d, 1);
	unlink(used);
	check(ask(&d, "ann", code_at(NOW, 6), NOW) == POLICY_CHECK_ERROR, "nor without the file");
	drive_close(&d);
	code_put(used, "no such\n");
	check(start(&d, 1) == POLICY_ERR_INVALID, "a file of something else is refused");
	restart(&d, 1);
	code_put(used, "policy-totp 1\n1111000000 old\n1111111000 new\n");
	check(passes(&d, "ann", code_at(NOW, 6), NOW), "others' lines stay");
	f = fopen(used, "r");
	text[fread(text, 1, 255, f)] = '\0';
	fclose(f);
	check(strcmp(text, "policy-totp 1\n1111111000 new\n1111111080 ann\n") == 0, "those of a day ago do not");
	drive_close(&d);
	unlink(used);
	check(mkdir(used, 0700) == 0 && start(&d, 1) < 0, "a directory in its place is refused");
	rmdir(used);
	check(symlink("elsewhere", used) == 0 && start(&d, 1) < 0, "and a link that leads nowhere");
}

static void
changes(void)
{
	struct drive d;

	code_put(path, "HOTP/T30 ann - " CODE_HEX "\n");
	restart(&d, 1);
	code_put(path, "HOTP/T30 bob - " CODE_HEX "\n");
	check(d.module->serve(d.state, POLICY_SERVE_CHANGED) > 1000000000 && fails(&d, "ann", code_at(NOW, 6), NOW) &&
	    passes(&d, "bob", code_at(NOW, 6), NOW), "a new file counts at once");
	check(d.watched == 1 && strstr(d.log, "3132") == NULL && strstr(d.log, code_at(NOW, 6)) == NULL, "no secret, no code is logged");
	drive_close(&d);
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/users", dir);
	snprintf(used, sizeof(used), "%s/users.used", dir);
	vectors();
	replay();
	what_is_sent();
	refused();
	used_codes();
	unlink(used);
	changes();
	unlink(used);
	unlink(path);
	check(rmdir(dir) == 0, "nothing is left behind");
	return check_finish();
}
