/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads check while the list is rewritten: a token that is in both lists always
 * passes, one that is in neither never does, one that was taken out and its successor
 * never pass the wrong way round. */
#include "chaos.h"
#include "drive.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REWRITES = 400 };

static char dir[] = "/tmp/libpolicy-token-XXXXXX", path[64], fresh[64];
static struct drive d;
static atomic_int stop;
static atomic_ulong checks, wrong;
static atomic_long published;		/* the newest list that is surely in force */

static enum policy_check_result
ask(const char *token)
{
	struct pol_filling *f = calloc(1, sizeof(*f));	/* drive_check has one for all */
	struct policy_credential c = { policy_text("bearer"), { NULL, 0 }, policy_text(token), { 0, 0 } };
	uint32_t used = 0;
	struct policy_call call = { .size = sizeof(call), .credential = &c, .all = &c, .all_count = 1, .used = &used };
	enum policy_check_result r;

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
	char token[64];

	(void)arg;
	while (!atomic_load(&stop)) {
		const long before = atomic_load(&published);

		snprintf(token, sizeof(token), "a-token-of-the-list-number-%ld", before - 1);
		if (ask("the-one-that-stays-for-ever") != POLICY_CHECK_PASS || ask("the-one-that-never-was-there") != POLICY_CHECK_FAIL ||
		    ask(token) != POLICY_CHECK_FAIL)
			atomic_fetch_add(&wrong, 1);
		atomic_fetch_add(&checks, 3);
	}
	return NULL;
}

static void
put(long n)
{
	FILE *f = fopen(fresh, "w");

	if (f == NULL || fprintf(f, "the-one-that-stays-for-ever\na-token-of-the-list-number-%ld\n", n) < 0 || fclose(f) != 0 ||
	    chmod(fresh, 0600) != 0 || rename(fresh, path) != 0)
		abort();
}

int
main(void)
{
	struct policy_attr with[] = { DRIVE_ATTR_TEXT("file", "") };
	pthread_t t[2];

	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/tokens", dir);
	snprintf(fresh, sizeof(fresh), "%s/fresh", dir);
	put(0);
	drive_init(&d, &policy_module_1);
	with[0].value.u.text = policy_text(path);
	if (!chaos_check(drive_open(&d, with, 1) == 0, "the list is read"))
		return chaos_finish();
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, checker, NULL);
	for (long n = 1; n <= REWRITES; n++) {
		put(n);
		policy_module_1.serve(d.state, POLICY_SERVE_CHANGED);
		atomic_store(&published, n);
	}
	while (atomic_load(&checks) < 10000)
		usleep(1000);
	atomic_store(&stop, 1);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	chaos_check(atomic_load(&wrong) == 0, "no check saw anything but a whole list, and the newest");
	chaos_check(ask("a-token-of-the-list-number-400") == POLICY_CHECK_PASS, "the last list is in force");
	printf("%lu checks during %d rewrites\n", atomic_load(&checks), REWRITES);
	drive_close(&d);
	unlink(path);
	rmdir(dir);
	return chaos_finish();
}
