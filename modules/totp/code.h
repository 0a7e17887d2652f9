/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests: the secret of the RFCs, its codes, and how one is sent with a password. */
#ifndef POL_TOTP_CODE_H
#define POL_TOTP_CODE_H

#include <liboath/oath.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <policy_module.h>

#define CODE_SECRET "12345678901234567890"
#define CODE_HEX "3132333435363738393031323334353637383930"

static inline const char *
code_at(int64_t seconds, unsigned digits)
{
	static _Thread_local char out[16][16];
	static _Thread_local unsigned n;
	char *o = out[n++ % 16];

	if (oath_totp_generate2(CODE_SECRET, 20, (time_t)seconds, 30, 0, digits, 0, o) != OATH_OK)
		abort();
	return o;
}

static inline void
code_put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, 0600) != 0)
		abort();
}

/* A password of this name and a code, judged by the module without a drive between. */
static inline enum policy_check_result
code_check(void *state, const char *name, const char *code, int64_t now_s)
{
	const struct policy_credential all[] = { { policy_text("password"), policy_text(name), policy_text("p"), { 0, 0 } },
		{ policy_text("otp"), { NULL, 0 }, policy_text(code), { 0, 0 } } };
	uint32_t used = 0;
	struct timespec t;
	struct policy_call call = { .size = sizeof(call), .credential = &all[0], .all = all, .all_count = 2,
	    .now_ns = now_s * 1000000000, .used = &used };

	clock_gettime(CLOCK_MONOTONIC, &t);
	call.deadline_ns = (int64_t)(t.tv_sec + 30) * 1000000000;
	return (policy_module_1.check)(state, &call, NULL);
}

#endif
