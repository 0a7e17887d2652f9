/* SPDX-License-Identifier: Apache-2.0 */
/* Threads check while the file is rewritten: who is in every version always passes, and
 * never more hash at once than were asked for. */
#include "chaos.h"
#include "drive.h"

#include <crypt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char dir[] = "/tmp/libpolicy-password-XXXXXX", path[64], fresh[64], hash[384];
static struct drive d;
static atomic_int done;
static atomic_ulong checks, wrong;

static enum policy_check_result
ask(const char *name, const char *password)
{
	struct pol_filling *f = calloc(1, sizeof(*f));	/* drive_check has one for all */
	struct policy_credential c = { policy_text("password"), policy_text(name), policy_text(password), { 0, 0 } };
	uint32_t used = 0;
	struct timespec t;
	struct policy_call call = { .size = sizeof(call), .credential = &c, .all = &c, .all_count = 1, .used = &used };
	enum policy_check_result r;

	clock_gettime(CLOCK_MONOTONIC, &t);
	call.deadline_ns = (int64_t)(t.tv_sec + 60) * 1000000000;
	if (f == NULL)
		return POLICY_CHECK_ERROR;
	pol_identity_begin(f);
	r = policy_module_1.check(d.state, &call, &f->id);
	free(f);
	return r;
}

static void *
checker(void *arg)
{
	(void)arg;
	for (int i = 0; i < 12; i++) {
		if (ask("ann", "correct horse") != POLICY_CHECK_PASS || ask("ann", "wrong") != POLICY_CHECK_FAIL ||
		    ask("nobody", "correct horse") != POLICY_CHECK_FAIL)
			atomic_fetch_add(&wrong, 1);
		atomic_fetch_add(&checks, 3);
	}
	atomic_fetch_add(&done, 1);
	return NULL;
}

static void
put(long n)
{
	FILE *f = fopen(fresh, "w");

	if (f == NULL || fprintf(f, "ann:%s\nbob%ld:%s\n", hash, n, hash) < 0 || fclose(f) != 0 || chmod(fresh, 0600) != 0 ||
	    rename(fresh, path) != 0)
		abort();
}

int
main(void)
{
	struct policy_attr with[] = { DRIVE_ATTR_TEXT("file", ""), DRIVE_ATTR_INT("concurrent", 2) };
	static struct crypt_data data;
	char salt[192];
	pthread_t t[4];
	long n = 0;

	if (mkdtemp(dir) == NULL || crypt_gensalt_rn("$y$", 3, NULL, 0, salt, sizeof(salt)) == NULL)
		return 1;
	snprintf(hash, sizeof(hash), "%s", crypt_rn("correct horse", salt, &data, (int)sizeof(data)));
	snprintf(path, sizeof(path), "%s/people", dir);
	snprintf(fresh, sizeof(fresh), "%s/fresh", dir);
	put(0);
	drive_init(&d, &policy_module_1);
	with[0].value.u.text = policy_text(path);
	if (!chaos_check(drive_open(&d, with, 2) == 0, "the file is read"))
		return chaos_finish();
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, checker, NULL);
	while (atomic_load(&done) < 4) {
		put(++n);
		policy_module_1.serve(d.state, POLICY_SERVE_CHANGED);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	chaos_check(atomic_load(&wrong) == 0, "every check saw a whole file");
	printf("%lu checks during %ld rewrites\n", atomic_load(&checks), n);
	drive_close(&d);
	unlink(path);
	rmdir(dir);
	return chaos_finish();
}
