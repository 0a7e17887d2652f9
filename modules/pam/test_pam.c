/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module against PAM itself, with services in a directory of the test's own whose
 * passwords pam_matrix (of pam_wrapper) keeps in a file.
 */
#include "chaos/chaos.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifndef CHAOS_SANITIZER
#include "chaos/heap.h"
#endif
#include "modules/drive.h"

#define MATRIX "/usr/lib/x86_64-linux-gnu/pam_wrapper/pam_matrix.so"

static char dir[] = "/tmp/policy-pam-XXXXXX";

static void
put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

/* A service: lines with %s for "MATRIX passdb=FILE". */
static void
service(const char *name, const char *text)
{
	char matrix[512], out[4096], *at = out;

	snprintf(matrix, sizeof(matrix), "%s.passwords", name);
	snprintf(out, sizeof(out), "alice:secret:%s\nbob:builder:other\n", name);
	put(matrix, out);
	snprintf(matrix, sizeof(matrix), MATRIX " passdb=%s/%s.passwords", dir, name);
	for (const char *s = text; *s != '\0'; s++) {
		if (*s == '%')
			at += snprintf(at, sizeof(out) - (size_t)(at - out), "%s", matrix);
		else
			*at++ = *s;
	}
	*at = '\0';
	put(name, out);
}

static int
open_service(struct drive *d, const char *name)
{
	const struct policy_attr with[] = {
		{ POLICY_TEXT("service"), { .type = POLICY_STRING, .u.text = policy_text(name) } },
		{ POLICY_TEXT("confdir"), { .type = POLICY_STRING, .u.text = policy_text(dir) } },
		DRIVE_ATTR_INT("concurrent", 2),
	};

	drive_init(d, &policy_module_1);
	return drive_open(d, with, 3);
}

static void
answers(void)
{
	static char long_password[2000];
	struct drive d;

	memset(long_password, 'x', sizeof(long_password) - 1);
	chaos_check(open_service(&d, "good") == 0, "a service opens");
	chaos_check(strcmp(d.source, "pam:good") == 0, "its people are the service's");
	chaos_check(drive_check(&d, "password", "alice", "secret") == POLICY_CHECK_PASS, "the right password");
	chaos_check(d.f.id.subject_id.len == 5 && memcmp(d.f.id.subject_id.data, "alice", 5) == 0, "is alice's");
	chaos_check(drive_check(&d, "password", "alice", "wrong") == POLICY_CHECK_FAIL, "a wrong password");
	chaos_check(d.f.reason == POLICY_REASON_BAD_CREDENTIAL, "is a bad credential");
	chaos_check(drive_check(&d, "password", "nobody-here", "secret") == POLICY_CHECK_FAIL, "an unknown user");
	chaos_check(drive_check(&d, "password", "bob", "builder") == POLICY_CHECK_FAIL, "a user of another service");
	chaos_check(drive_check(&d, "password", "alice", "") == POLICY_CHECK_FAIL, "no password");
	chaos_check(drive_check(&d, "password", "", "secret") == POLICY_CHECK_FAIL, "no name");
	chaos_check(drive_check(&d, "password", NULL, "secret") == POLICY_CHECK_FAIL, "an absent name");
	chaos_check(drive_check(&d, "password", "alice", long_password) == POLICY_CHECK_FAIL, "a password beyond all bounds");
	drive_close(&d);

	/* right password, and the account stage says no */
	chaos_check(open_service(&d, "locked") == 0 &&
	    drive_check(&d, "password", "alice", "secret") == POLICY_CHECK_FAIL, "an account that is refused");
	drive_close(&d);
	/* a stack that asks for no password vouches for none */
	chaos_check(open_service(&d, "permit") == 0 &&
	    drive_check(&d, "password", "alice", "whatever") == POLICY_CHECK_ERROR, "pam_permit alone is no password");
	drive_close(&d);
	chaos_check(open_service(&d, "broken") == 0 &&
	    drive_check(&d, "password", "alice", "secret") == POLICY_CHECK_ERROR, "a module that is not there is an error");
	chaos_check(d.logged == 1 && strstr(d.log, "secret") == NULL, "and is logged, without the password");
	drive_close(&d);
}

static void
opens(void)
{
	static const char *const bad[] = { "nowhere", "../good", "a/b", "good ", "." };
	struct drive d;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		chaos_check(open_service(&d, bad[i]) != 0 && d.err.text[0] != '\0', bad[i]);
}

static int64_t
monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Each waits no longer than its deadline; close waits for those that were left. */
static void *
slow_one(void *ctx)
{
	struct drive *d = ctx;

	return (void *)(uintptr_t)(drive_check(d, "password", "alice", "secret") != POLICY_CHECK_ERROR);
}

static void
slow(void)
{
	struct drive d, each[6];
	pthread_t t[6];
	void *bad;
	int wrong = 0;

	chaos_check(open_service(&d, "slow") == 0, "a slow service opens");
	for (int i = 0; i < 6; i++) {
		each[i] = d;
		each[i].deadline_ns = monotonic() + 100000000;
		pthread_create(&t[i], NULL, slow_one, &each[i]);
	}
	for (int i = 0; i < 6; i++) {
		pthread_join(t[i], &bad);
		wrong += bad != NULL;
	}
	chaos_check(wrong == 0, "who was not answered in time cannot tell, whether it waited for PAM or for a place");
	d.deadline_ns = monotonic() + 20000000000;
	chaos_check(drive_check(&d, "password", "alice", "secret") == POLICY_CHECK_PASS, "it goes on when PAM is through");
	drive_close(&d);
}

static void *
many_one(void *ctx)
{
	struct drive *d = ctx;
	uintptr_t wrong = 0;

	for (int i = 0; i < 40; i++) {
		wrong += drive_check(d, "password", "alice", "secret") != POLICY_CHECK_PASS;
		wrong += drive_check(d, "password", "alice", "guess") != POLICY_CHECK_FAIL;
	}
	return (void *)wrong;
}

static void
many(void)
{
	struct drive d, each[4];
	pthread_t t[4];
	void *bad;
	uintptr_t wrong = 0;

	chaos_check(open_service(&d, "good") == 0, "opens for many");
	for (int i = 0; i < 4; i++) {
		each[i] = d;
		pthread_create(&t[i], NULL, many_one, &each[i]);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &bad);
		wrong += (uintptr_t)bad;
	}
	chaos_check(wrong == 0, "320 checks by four threads, two at a time");
	drive_close(&d);
}

/*
 * The n-th allocation of a check fails: a wrong password never passes. Only the module's own
 * are tried: libpam 1.5.2 itself does not survive some of its own failing.
 */
static void
out_of_memory(void)
{
#ifdef CHAOS_SANITIZER
	chaos_skip(2, "failing allocations (a sanitizer has an allocator of its own)");
#else
	static const char *const passwords[] = { "secret", "guess" };
	struct drive d;
	long tried = 0, wrong = 0;

	chaos_check(open_service(&d, "good") == 0, "opens for failures");
	for (int k = 0; k < 2; k++) {
		for (long n = 1; n < 5000; n++) {
			enum policy_check_result r;

			heap_failed = 0;
			heap_fail = n;
			heap_own = heap_on = 1;
			r = drive_check(&d, "password", "alice", passwords[k]);
			heap_on = 0;
			tried++;
			wrong += r == POLICY_CHECK_PASS && k == 1;
			if (!heap_failed)
				break;
		}
	}
	printf("%ld checks with an allocation that failed\n", tried);
	chaos_check(tried > 6 && wrong == 0, "no failed allocation lets a wrong password in");
	chaos_check(drive_check(&d, "password", "alice", "secret") == POLICY_CHECK_PASS, "and the right one still passes");
	drive_close(&d);
#endif
}

static void
clean(void)
{
	static const char *const names[] = { "good", "locked", "permit", "broken", "slow" };
	char path[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
		snprintf(path, sizeof(path), "%s/%s.passwords", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

int
main(void)
{
	if (access(MATRIX, R_OK) != 0) {
		chaos_skip(28, "PAM as a backend (no pam_wrapper)");
		return chaos_finish();
	}
	if (mkdtemp(dir) == NULL)
		abort();
	service("good", "auth required %\naccount required %\n");
	service("locked", "auth required %\naccount required pam_deny.so\n");
	service("permit", "auth required pam_permit.so\naccount required pam_permit.so\n");
	service("broken", "auth required pam_is_not_there.so\naccount required pam_permit.so\n");
	service("slow", "auth optional pam_exec.so quiet /bin/sleep 0.5\nauth required %\naccount required %\n");
	opens();
	answers();
	slow();
	many();
	out_of_memory();
	clean();
	return chaos_finish();
}
