/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of opening, checking and serving fails once, every call on a file
 * does: no code passes twice, no wrong one ever, nothing leaks. */
#include "chaos.h"
#ifndef CHAOS_SANITIZER
#include "heap.h"
#endif
#include "calls.h"
#include "code.h"
#include "drive.h"
#include "found.h"

#include <dirent.h>

#define NOW 1111111109

static char dir[] = "/tmp/libpolicy-totp-XXXXXX", path[64], used[64];
static struct drive d;

static int
start(void)
{
	struct policy_attr with[] = { DRIVE_ATTR_TEXT("file", "") };

	drive_init(&d, &policy_module_1);
	with[0].value.u.text = policy_text(path);
	return drive_open(&d, with, 1);
}

static enum policy_check_result ask(const char *code, int64_t now) { return code_check(d.state, "ann", code, now); }

static unsigned
files(void)
{
	DIR *at = opendir(dir);
	unsigned n = 0;

	while (at != NULL && readdir(at) != NULL)
		n++;
	closedir(at);
	return n - 2;
}

/* A whole life: opened, a code that passes, the same again, a wrong one, read anew. */
static unsigned
life(int *opened)
{
	unsigned wrong = 0, passed = 0;

	*opened = start() == 0;
	if (!*opened)
		return 0;
	for (int i = 0; i < 3; i++) {
		enum policy_check_result r = ask(code_at(NOW, 6), NOW);

		passed += r == POLICY_CHECK_PASS;
		wrong += r != POLICY_CHECK_PASS && r != POLICY_CHECK_ERROR && passed == 0;
	}
	wrong += ask("000000", NOW) == POLICY_CHECK_PASS;
	d.module->serve(d.state, POLICY_SERVE_CHANGED);
	wrong += passed > 1;
	drive_close(&d);
	return wrong;
}

static void
allocations(void)
{
#ifdef CHAOS_SANITIZER
	chaos_skip(6, "failing allocations (a sanitizer has the heap)");
#else
	long runs = 0, wrong = 0, leaked = 0, refused = 0;
	int opened;

	for (long n = 1; n < 10000; n++, runs++) {
		unlink(used);
		heap_live = heap_failed = 0;
		heap_fail = n;
		heap_on = 1;
		wrong += life(&opened);
		heap_on = 0;
		leaked += heap_live > 0;
		refused += !opened;
		if (!heap_failed)
			break;
	}
	heap_fail = 0;
	chaos_check(runs > 8 && refused > 3, "allocations failed");
	chaos_check(wrong == 0, "and no code passed that should not");
	chaos_check(leaked == 0, "and nothing leaked");
	printf("%ld allocations failed, one at a time; %ld refusals\n", runs, refused);
#endif
}

static void
calls(void)
{
	long runs = 0, wrong = 0, refused = 0, left = 0;
	int opened;

	unlink(used);
	start();
	calls_synced = 0;
	chaos_check(ask(code_at(NOW, 6), NOW) == POLICY_CHECK_PASS && calls_synced == 2, "file and directory are synced");
	drive_close(&d);
	for (long n = 1; n < 1000; n++, runs++) {
		unlink(used);
		calls_fail = n;
		calls_errno = n % 2 != 0 ? EIO : ENOSPC;
		calls_on = 1;
		wrong += life(&opened);
		calls_on = 0;
		refused += !opened;
		left += files() > 2;
		if (calls_fail != 0)
			break;
		/* what passed then does not pass now */
		if (opened && start() == 0) {
			wrong += ask(code_at(NOW, 6), NOW) == POLICY_CHECK_PASS;
			drive_close(&d);
		}
	}
	chaos_check(runs > 30 && refused > 5, "calls on files failed");
	chaos_check(wrong == 0, "and no code passed twice");
	chaos_check(left == 0, "and nothing was left beside the files");
	printf("%ld calls failed, one at a time; %ld refusals\n", runs, refused);
}

static void
another_was_faster(void)
{
	char other[80];

	snprintf(other, sizeof(other), "%s.other", used);
	code_put(other, "policy-totp 1\n1111111080 ann\n");
	if (rename(other, used) != 0)
		abort();
}

/* The file is replaced between being opened and being locked: the new one counts. */
static void
replaced(void)
{
	unlink(used);
	chaos_check(start() == 0, "a users file is read");
	calls_at_flock = another_was_faster;
	chaos_check(ask(code_at(NOW, 6), NOW) == POLICY_CHECK_FAIL && calls_at_flock == NULL, "who locks a file of yesterday looks again");
	drive_close(&d);
}

static void
canary(void)
{
#ifndef CHAOS_SANITIZER
	static char code[9], secret[20], hex[41];

	snprintf(code, sizeof(code), "%s", "91827364");
	for (int i = 0; i < 20; i++) {
		secret[i] = (char)('A' + (i * 7 + 3) % 26);
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)secret[i]);
	}
	{
		char line[80];

		snprintf(line, sizeof(line), "HOTP/T30/8 ann - %s\n", hex);
		code_put(path, line);
		explicit_bzero(line, sizeof(line));
	}
	unlink(used);
	chaos_check(start() == 0 && ask(code, NOW) == POLICY_CHECK_FAIL, "a code is judged");
	chaos_check(found(code, 8) == 1, "no copy of a code is left behind a check");
	drive_close(&d);
	chaos_check(found(secret, 20) == 1, "no secret is left behind close()");
#endif
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/users", dir);
	snprintf(used, sizeof(used), "%s/users.used", dir);
	code_put(path, "HOTP/T30 ann - " CODE_HEX "\n");
	canary();
	code_put(path, "HOTP/T30 ann - " CODE_HEX "\n");
	replaced();
	allocations();
	calls();
	unlink(used);
	unlink(path);
	rmdir(dir);
	return chaos_finish();
}
