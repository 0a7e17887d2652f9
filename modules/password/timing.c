/* SPDX-License-Identifier: Apache-2.0 */
/* Does the time of a check tell which names are there? By hand and by .ci/run timing. */
#include "drive.h"

#include <crypt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "timing.h"

enum { SAMPLES = 2000 };

static char dir[] = "/tmp/libpolicy-timing-XXXXXX", path[64];
static struct drive d;

struct asked {
	int other;			/* the second class: 'z', not there; '!', locked */
	unsigned n;
	char name[16], password[16];
	struct policy_credential c;
	struct policy_call call;
	uint32_t used;
};

/* Other names and other passwords each time: how long a hash takes depends on what is
 * hashed, whoever asks for it. */
static void
prepare(void *ctx, int class)
{
	struct asked *a = ctx;

	a->n = a->n * 1664525u + 1013904223u;
	snprintf(a->name, sizeof(a->name), "%c%u", class == 0 ? 'a' : a->other == '!' ? 'l' : 'z', a->n >> 16 & 63);
	snprintf(a->password, sizeof(a->password), "%08x-horse", a->n);
	a->c.name = policy_text(a->name);
	a->c.data = policy_text(a->password);
	a->call.deadline_ns = timing_now() + 60000000000;
	pol_identity_begin(&d.f);
}

static void
run(void *ctx, int class)
{
	struct asked *a = ctx;

	(void)class;
	(void)(policy_module_1.check)(d.state, &a->call, &d.f.id);
}

/* What is to be seen: no hash for a name that is not there. */
static void
run_early(void *ctx, int class)
{
	if (class == 0)
		run(ctx, class);
}

static int
start(const char *method, unsigned long cost)
{
	struct policy_attr with[] = { DRIVE_ATTR_TEXT("file", "") };
	static struct crypt_data data;
	char salt[192];
	FILE *f = fopen(path, "w");

	if (f == NULL)
		return -1;
	for (int i = 0; i < 128; i++)
		if (crypt_gensalt_rn(method, cost, NULL, 0, salt, sizeof(salt)) == NULL || fprintf(f, "%c%d:%s%s\n",
		    i < 64 ? 'a' : 'l', i & 63, i < 64 ? "" : "!", crypt_rn("correct horse", salt, &data, (int)sizeof(data))) < 0)
			return -1;
	if (fclose(f) != 0 || chmod(path, 0600) != 0)
		return -1;
	drive_init(&d, &policy_module_1);
	with[0].value.u.text = policy_text(path);
	return drive_open(&d, with, 1);
}

static void
one(const char *method, unsigned long cost)
{
	struct asked a = { .other = 'z', .c = { .kind = policy_text("password") } };

	printf("%s\n", method);
	if (!check(start(method, cost) == 0, "a file is read"))
		return;
	a.call = (struct policy_call){ .size = sizeof(a.call), .credential = &a.c, .all = &a.c, .all_count = 1, .used = &a.used };
	check(timing_same("a wrong password against an unknown name", SAMPLES, prepare, run, &a, 0), "a name shows");
	a.other = '!';
	check(timing_same("a wrong password against a locked name", SAMPLES, prepare, run, &a, 0), "a lock shows");
	a.other = 'z';
	check(timing_same("no hash for an unknown name", SAMPLES / 10, prepare, run_early, &a, 1), "the measure sees nothing");
	drive_close(&d);
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/people", dir);
	one("$6$", 5000);
	one("$y$", 3);
	unlink(path);
	rmdir(dir);
	return check_finish();
}
