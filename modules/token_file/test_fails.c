/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of opening, checking, serving and issuing fails once; every call on a
 * file does. Nothing passes that should not, nothing is lost, nothing leaks. */
#include "chaos.h"
#ifndef CHAOS_SANITIZER
#include "heap.h"
#endif
#include "calls.h"
#include "drive.h"
#include "found.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static char dir[] = "/tmp/libpolicy-token-XXXXXX", path[64];
static const struct policy_text three[] = { POLICY_TEXT("management"), POLICY_TEXT("inference"), POLICY_TEXT("api") };
static struct drive d;

static int
start(int keys)
{
	struct policy_attr with[] = { DRIVE_ATTR_TEXT("file", ""), DRIVE_ATTR_TEXT("format", "torchserve"),
	    { POLICY_TEXT("write"), { .type = POLICY_BOOL, .u.boolean = 1 } } };

	drive_init(&d, &policy_module_1);
	d.args.kinds = three;
	d.args.kinds_count = keys ? 3 : 0;
	d.args.now_ns = d.now_ns = 1700000000000000000LL;
	with[0].value.u.text = policy_text(path);
	return drive_open(&d, with, keys ? 3 : 1);
}

static enum policy_check_result ask(const char *token) { return drive_check(&d, "bearer", NULL, token); }

static int
issue(const char *kind, struct policy_issued *out)
{
	struct policy_issue want = { .size = sizeof(want), .kind = policy_text(kind), .now_ns = d.now_ns };

	memset(out, 0, sizeof(*out));
	out->size = sizeof(*out);
	return d.module->issue(d.state, &want, out, &d.err);
}

#ifndef CHAOS_SANITIZER
static void
put(const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || setvbuf(f, NULL, _IONBF, 0) != 0 || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, 0600) != 0)
		abort();
}
#endif

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

static size_t
whole(char text[4096])
{
	FILE *f = fopen(path, "r");
	size_t n = f != NULL ? fread(text, 1, 4095, f) : 0;

	if (f != NULL)
		fclose(f);
	text[n] = '\0';
	return n;
}

static void
allocations(void)
{
#ifdef CHAOS_SANITIZER
	chaos_skip(8, "failing allocations (a sanitizer has the heap)");
#else
	static struct policy_issued out;
	long runs = 0, wrong = 0, leaked = 0, refused = 0;

	for (int keys = 0; keys < 2; keys++) {
		put("short\na-token-that-is-long-enough\n");
		for (long n = 1; n < 10000; n++, runs++) {
			int rc;

			if (keys)
				unlink(path);
			heap_live = heap_failed = 0;
			heap_fail = n;
			heap_on = 1;
			rc = start(keys);
			if (rc == 0 && keys)
				rc = issue("inference", &out);
			if (rc == 0) {
				wrong += ask(keys ? out.data : "short") == POLICY_CHECK_PASS ? 0 : 1;
				wrong += ask("other") == POLICY_CHECK_PASS;
				heap_on = 0;
				put(keys ? "{" : "a-token-that-is-long-enough\n");
				heap_on = 1;
				d.module->serve(d.state, POLICY_SERVE_CHANGED);
				wrong += ask("other") == POLICY_CHECK_PASS;
			}
			drive_close(&d);
			heap_on = 0;
			put("short\na-token-that-is-long-enough\n");
			refused += rc != 0;
			wrong += rc != 0 && keys && out.data[0] != '\0' && out.data_len == 0;
			leaked += heap_live > 0;
			if (!heap_failed)
				break;
		}
	}
	heap_fail = 0;
	chaos_check(runs > 10 && refused > 5, "allocations failed");
	chaos_check(wrong == 0, "and nothing passed that should not");
	chaos_check(leaked == 0, "and nothing leaked");
	printf("%ld allocations failed, one at a time; %ld refusals\n", runs, refused);
#endif
}

/* Neither locks nor allocates: check() may not, as this module says. */
static void
quiet(void)
{
#ifndef CHAOS_SANITIZER
	put("short\na-token-that-is-long-enough\n");
	start(0);
	heap_calls = 0;
	heap_on = 1;
	ask("short");
	ask("other");
	heap_on = 0;
	chaos_check(heap_calls == 0, "a check neither allocates nor frees");
	drive_close(&d);
#endif
}

/* Neither what is in the file, nor what is presented, nor what is made stays in memory. */
static void
canary(void)
{
#ifndef CHAOS_SANITIZER
	static struct policy_issued out;
	static char good[44], other[44], key[44];

	for (int i = 0; i < 42; i++) {
		good[i] = (char)('A' + (i * 7 + 3) % 26);
		other[i] = (char)('a' + (i * 5 + 1) % 26);
	}
	put(good);
	chaos_check(start(0) == 0 && ask(good) == POLICY_CHECK_PASS && ask(other) == POLICY_CHECK_FAIL, "a token is taken");
	explicit_bzero(d.f.id.bytes, sizeof(d.f.id.bytes));
	chaos_check(found(good, 42) == 1 && found(other, 42) == 1, "no copy of a token is left behind a check");
	drive_close(&d);
	unlink(path);
	chaos_check(start(1) == 0 && issue("inference", &out) == 0, "a key is made");
	memcpy(key, out.data, 43);
	explicit_bzero(&out, sizeof(out));
	chaos_check(found(key, 43) == 1, "no copy of a key is left behind issue()");
	drive_close(&d);
#endif
}

static void
calls(void)
{
	static struct policy_issued first, out;
	char before[4096], after[4096];
	long runs = 0, wrong = 0, refused = 0;

	unlink(path);
	if (!chaos_check(start(1) == 0 && issue("inference", &first) == 0, "keys are made"))
		return;
	calls_synced = 0;
	chaos_check(issue("inference", &first) == 0 && calls_synced == 2, "file and directory are synced");
	for (long n = 1; n < 1000; n++, runs++) {
		int rc;

		whole(before);
		calls_fail = n;
		calls_errno = n % 2 != 0 ? EIO : ENOSPC;
		calls_on = 1;
		rc = issue("inference", &out);
		calls_on = 0;
		if (calls_fail != 0)
			break;
		whole(after);
		if (rc == 0) {
			/* of what was only read; of a lock that was sought again */
			wrong += strcmp(calls_what, "close") != 0 && strcmp(calls_what, "fstat") != 0;
			first = out;
		} else {
			refused++;
			wrong += strcmp(before, after) != 0 || out.data[0] != '\0' || d.err.text[0] == '\0';
		}
		wrong += ask(first.data) != POLICY_CHECK_PASS || files() != 1;
		d.module->serve(d.state, POLICY_SERVE_CHANGED);
		wrong += ask(first.data) != POLICY_CHECK_PASS;
	}
	chaos_check(runs > 10 && refused >= 10, "calls on files failed");
	chaos_check(wrong == 0, "and the file was whole, its keys in force, nothing left beside it");
	printf("%ld calls failed, one at a time; %ld refusals\n", runs, refused);
	drive_close(&d);
	for (long n = 1; n < 1000; n++) {
		unlink(path);
		calls_fail = n;
		calls_on = 1;
		if (start(1) == 0)
			wrong += issue("management", &out) == 0 && ask(out.data) != POLICY_CHECK_PASS;
		else
			wrong += files() > 1;
		calls_on = 0;
		drive_close(&d);
		if (calls_fail != 0)
			break;
	}
	chaos_check(wrong == 0, "nor in opening");
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/tokens", dir);
	allocations();
	quiet();
	canary();
	calls();
	unlink(path);
	chaos_check(files() == 0, "nothing is left behind");
	rmdir(dir);
	return chaos_finish();
}
