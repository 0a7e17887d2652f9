/* SPDX-License-Identifier: Apache-2.0 */
/* Does the time of a check tell how much of a token was right, or where it stands? By
 * hand and by .ci/run timing: it measures time, which no test of make check does. */
#include "drive.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "timing.h"

enum { TOKENS = 1000, SAMPLES = 100000, LEN = 8 + 25 + 10 };

static char dir[] = "/tmp/libpolicy-timing-XXXXXX", path[64];
static char tokens[TOKENS][64];
static struct drive d;

struct asked {
	char text[2][LEN + 1], sent[LEN + 1];	/* sent from one place: an address shows too */
	struct policy_credential c;
	struct policy_call call;
	uint32_t used;
};

static void
prepare(void *ctx, int class)
{
	struct asked *a = ctx;

	memcpy(a->sent, a->text[class], sizeof(a->sent));
	a->c.data = (struct policy_text){ a->sent, LEN };
	pol_identity_begin(&d.f);
}

static void
run(void *ctx, int class)
{
	struct asked *a = ctx;

	(void)class;
	(void)(policy_module_1.check)(d.state, &a->call, &d.f.id);
}

/* The measure itself: a compare that ends early has to be seen. */
static void
run_early(void *ctx, int class)
{
	struct asked *a = ctx;
	volatile unsigned same = 0;

	(void)class;
	for (int i = 0; i < TOKENS; i++) {
		int j = 0;

		while (j < LEN && ((volatile char *)tokens[i])[j] == a->c.data.data[j])
			j++;
		if (j == LEN)
			break;
		same = same + (unsigned)j;
	}
}

static int
start(void)
{
	struct policy_attr with[] = { DRIVE_ATTR_TEXT("file", "") };
	FILE *f;

	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/tokens", dir);
	f = fopen(path, "w");
	for (int i = 0; i < TOKENS; i++) {
		snprintf(tokens[i], sizeof(tokens[i]), "%08x-the-tokens-of-this-list-%010x", (unsigned)i * 2654435761u, (unsigned)i);
		if (f == NULL || fprintf(f, "%s\n", tokens[i]) < 0)
			return -1;
	}
	if (fclose(f) != 0 || chmod(path, 0600) != 0)
		return -1;
	drive_init(&d, &policy_module_1);
	with[0].value.u.text = policy_text(path);
	return drive_open(&d, with, 1);
}

int
main(void)
{
	struct asked a = { .c = { .kind = policy_text("bearer") } };

	if (!check(start() == 0, "a list of a thousand is read"))
		return check_finish();
	a.call = (struct policy_call){ .size = sizeof(a.call), .credential = &a.c, .all = &a.c, .all_count = 1, .used = &a.used };
	memcpy(a.text[0], tokens[TOKENS / 2], LEN + 1);
	a.text[0][LEN - 1] = '?';
	memcpy(a.text[1], tokens[TOKENS / 2], LEN + 1);
	a.text[1][0] = '?';
	check(timing_same("a right beginning against a wrong one", SAMPLES, prepare, run, &a, 0), "a beginning shows");
	memcpy(a.text[0], tokens[0], LEN + 1);
	memcpy(a.text[1], tokens[TOKENS - 1], LEN + 1);
	check(drive_check(&d, "bearer", NULL, tokens[0]) == POLICY_CHECK_PASS &&
	    drive_check(&d, "bearer", NULL, tokens[TOKENS - 1]) == POLICY_CHECK_PASS, "both pass");
	check(timing_same("the first token against the last", SAMPLES, prepare, run, &a, 0), "the place shows");
	check(timing_same("the same by a compare that ends early", SAMPLES, prepare, run_early, &a, 1), "the measure sees nothing");
	drive_close(&d);
	unlink(path);
	rmdir(dir);
	return check_finish();
}
