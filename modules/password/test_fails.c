/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of opening, checking and serving fails once: nobody passes wrongly,
 * nothing leaks; and no password stays in memory behind a check. */
#include "chaos.h"
#ifndef CHAOS_SANITIZER
#include "heap.h"
#endif
#include "drive.h"
#include "found.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char dir[] = "/tmp/libpolicy-password-XXXXXX", path[64];

#ifndef CHAOS_SANITIZER
static struct drive d;

static int
start(void)
{
	struct policy_attr with[] = { DRIVE_ATTR_TEXT("file", "") };

	drive_init(&d, &policy_module_1);
	with[0].value.u.text = policy_text(path);
	return drive_open(&d, with, 1);
}

static void
put(const char *name)
{
	static struct crypt_data data;
	char salt[192];
	FILE *f = fopen(path, "w");

	if (f == NULL || crypt_gensalt_rn("$y$", 3, NULL, 0, salt, sizeof(salt)) == NULL ||
	    fprintf(f, "%s:%s\n", name, crypt_rn("correct horse", salt, &data, (int)sizeof(data))) < 0 || fclose(f) != 0 ||
	    chmod(path, 0600) != 0)
		abort();
	explicit_bzero(&data, sizeof(data));
}

static int no_maps;

#pragma GCC visibility push(default)
/* What yescrypt has its memory from. */
void *
mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (no_maps) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return (void *)syscall(SYS_mmap, at, len, prot, flags, fd, offset);
}
#pragma GCC visibility pop

static enum policy_check_result ask(const char *name, const char *p) { return drive_check(&d, "password", name, p); }

static void
allocations(void)
{
	long runs = 0, wrong = 0, leaked = 0, refused = 0, errors = 0;

	for (long n = 1; n < 10000; n++, runs++) {
		enum policy_check_result r = POLICY_CHECK_ERROR;
		int rc;

		put("ann");
		heap_live = heap_failed = 0;
		heap_fail = n;
		heap_on = 1;
		rc = start();
		if (rc == 0) {
			r = ask("ann", "correct horse");
			wrong += r != POLICY_CHECK_PASS && r != POLICY_CHECK_ERROR;
			errors += r == POLICY_CHECK_ERROR;
			wrong += ask("ann", "wrong") == POLICY_CHECK_PASS || ask("bob", "correct horse") == POLICY_CHECK_PASS;
			heap_on = 0;
			put("bob");
			heap_on = 1;
			d.module->serve(d.state, POLICY_SERVE_CHANGED);
			wrong += ask("bob", "wrong") == POLICY_CHECK_PASS;
		}
		drive_close(&d);
		heap_on = 0;
		refused += rc != 0;
		leaked += heap_live > 0;
		if (!heap_failed)
			break;
	}
	heap_fail = 0;
	chaos_check(runs > 8 && refused > 4 && errors > 0, "allocations failed");
	chaos_check(wrong == 0, "and nobody passed who should not");
	chaos_check(leaked == 0, "and nothing leaked");
	printf("%ld allocations failed, one at a time; %ld refusals, %ld errors\n", runs, refused, errors);
}

/* Not a wrong password: nobody knows. */
static void
no_memory(void)
{
	put("ann");
	chaos_check(start() == 0, "a file is read");
	no_maps = 1;
	chaos_check(ask("ann", "correct horse") == POLICY_CHECK_ERROR && ask("bob", "correct horse") == POLICY_CHECK_ERROR,
	    "a hash that cannot be made is an error, for every name");
	no_maps = 0;
	chaos_check(ask("ann", "correct horse") == POLICY_CHECK_PASS, "and no longer than that");
	drive_close(&d);
}

static void
canary(void)
{
	/* the test's own copy is the only one, and told apart by being known */
	static char secret[32];

	for (int i = 0; i < 24; i++)
		secret[i] = (char)('A' + (i * 7 + 3) % 26);
	put("ann");
	chaos_check(start() == 0, "a file is read");
	ask("ann", secret);
	ask("bob", secret);
	chaos_check(found(secret, 24) == 1, "no copy of a password is left behind a check");
	drive_close(&d);
}
#endif

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/people", dir);
#ifdef CHAOS_SANITIZER
	chaos_skip(8, "failing allocations (a sanitizer has the heap)");
#else
	allocations();
	no_memory();
	canary();
#endif
	unlink(path);
	rmdir(dir);
	return chaos_finish();
}
