/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation fails once, and once with all that follow it, while a step is opened,
 * checks a good token and a forged one, reads its keys again, and closes: OpenSSL's and
 * jansson's allocations too. Never a crash, a block left over, or a forged token passed.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chaos/chaos.h"

#ifndef CHAOS_SANITIZER
#include "chaos/heap.h"
#endif

#include <openssl/err.h>

#include "modules/drive.h"
#include "modules/jwt/jwk.h"
#include "modules/jwt/json.h"
#include "modules/jwt/tests/mint.h"

#ifndef CHAOS_SANITIZER

static char path[] = "/tmp/jwt-heap.XXXXXX";
static char *good, *forged;
static unsigned long runs, refused, passes, leaks, wrong;

static int
run(struct drive *d)
{
	static const struct policy_value audience = { .type = POLICY_STRING, .u.text = POLICY_TEXT("api") };
	static const struct policy_attr map = DRIVE_ATTR_TEXT("m", "nest");
	struct policy_attr with[] = {
		DRIVE_ATTR_TEXT("issuer", "https://issuer.example"),
		{ POLICY_TEXT("audience"), { .type = POLICY_LIST, .count = 1, .u.items = &audience } },
		{ POLICY_TEXT("keys"), { .type = POLICY_STRING, .u.text = { path, sizeof(path) - 1 } } },
		DRIVE_ATTR_TEXT("groups", "groups"),
		{ POLICY_TEXT("attributes"), { .type = POLICY_OBJECT, .count = 1, .u.members = &map } },
	};
	int passed = 0;

	drive_init(d, &policy_module_1);
	d->now_ns = INT64_C(1700000000000000000);
	if (drive_open(d, with, 5) != 0) {
		ERR_clear_error();
		return -1;
	}
	for (int i = 0; i < 2; i++) {
		passed += drive_check(d, "bearer", NULL, good) == POLICY_CHECK_PASS;
		wrong += drive_check(d, "bearer", NULL, forged) == POLICY_CHECK_PASS;
		d->module->serve(d->state, POLICY_SERVE_CHANGED);
	}
	drive_close(d);
	ERR_clear_error();		/* the texts of a thread's last errors are OpenSSL's own */
	return passed;
}

/* With the nth allocation failing, and with for_good all behind it: blocks left over. */
static long
once(long n, int for_good, int *passed)
{
	static struct drive d;

	heap_live = 0;
	heap_failed = 0;
	heap_fail = n;
	heap_for_good = for_good;
	heap_on = 1;
	*passed = run(&d);
	heap_on = 0;
	return heap_live;
}

/* 0: there is no nth. A thread's last 16 errors are a ring whose texts OpenSSL keeps: so
 * what is left over is a leak where a hundred times leave more than such a ring holds. */
static int
fail(long n, int for_good)
{
	int r, again, failed;
	long left = once(n, for_good, &r);

	failed = heap_failed;
	runs++;
	refused += r < 2;
	passes += r > 0 ? (unsigned long)r : 0;
	for (int i = 0; left > 0 && i < 100; i++)
		left += once(n, for_good, &again);
	if (left > 64) {
		leaks++;
		printf("allocation %ld%s: %ld blocks left over\n", n, for_good ? " and all after it" : "", left);
	}
	return failed;
}

/* Not a byte is lost where one of a text's allocations fails: the key named k-of-tenant-0001
 * is not that of k-of-tenant-000, nor does a token end at another time. */
static void
no_byte_lost(void)
{
	static const char keys[] = "{\"keys\":[{\"kid\":\"k-of-tenant-0001\",\"a-name-of-many-bytes\":\"\\u20ac\\ud83d\\ude00 and some more\"}]}";
	static const char payload[] = "{\"exp\":1700000600.000000000000000000000000e-09}";
	json_t *whole = json_loads(keys, 0, NULL);
	long n, other = 0, none = 0;

	for (n = 1; n < 1000; n++) {
		struct jwt_value values[4];
		char text[sizeof(payload)];
		bool nomem, read;
		json_t *j;

		memcpy(text, payload, sizeof(text));
		heap_live = heap_failed = heap_for_good = 0;
		heap_fail = n;
		heap_on = 1;
		j = jwt_set_json(keys, sizeof(keys) - 1, &nomem);
		read = jwt_json_read(values, 4, text, sizeof(payload) - 1);
		heap_on = 0;
		other += (j != NULL && !json_equal(j, whole)) || !read || values[1].u.real != 1700000600.e-09;
		none += j == NULL;
		json_decref(j);
		if (!heap_failed)
			break;
	}
	chaos_check(other == 0 && none == n - 1 && n > 10, "a byte is lost where memory is");
	json_decref(whole);
}

static void
of_key(unsigned row)
{
	struct mint m, stranger;
	struct drive d;
	char header[80], *keys;
	long n[2] = { 1, 1 };
	int fd;

	mint_init(&m, row);
	mint_init(&stranger, row);
	snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"k\"}", m.alg->name);
	good = mint_token(&m, header, "{\"iss\":\"https://issuer.example\",\"aud\":[\"api\"],\"sub\":\"alice\",\"exp\":1700000600,"
	    "\"iat\":1.6e9,\"scope\":\"a b\",\"groups\":[\"g\"],\"nest\":{\"a\":[1,2]}}");
	forged = mint_token(&stranger, header, "{\"iss\":\"https://issuer.example\",\"aud\":\"api\",\"sub\":\"root\",\"exp\":1700000600}");
	keys = mint_jwks(&m, "k");
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	chaos_check(fd >= 0 && write(fd, keys, strlen(keys)) == (ssize_t)strlen(keys), "the keys are written");
	close(fd);
	for (int i = 0; i < 3; i++)	/* what OpenSSL keeps for good, it keeps now */
		chaos_check(run(&d) == 2, "nothing fails: both good checks pass");
	for (int for_good = 0; for_good < 2; for_good++) {
		while (fail(n[for_good], for_good))
			n[for_good] += for_good && m.key != NULL ? 3 : 1;
	}
	chaos_check(run(&d) == 2, "and so they do afterwards");
	chaos_check(n[0] > 20 && n[1] > 20, "each allocation has had its turn");
	printf("%s: %ld allocations\n", m.alg->name, n[0] - 1);
	free(good);
	free(forged);
	free(keys);
	mint_fini(&m);
	mint_fini(&stranger);
}

int
main(void)
{
	static const unsigned rows[] = { 0, 3, 9, 12 };	/* HS256 RS256 ES256 EdDSA */
	int fd = mkstemp(path);

	close(fd);
	no_byte_lost();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		of_key(rows[i]);
	unlink(path);
	printf("%lu runs, in %lu of which something was refused; %lu good checks passed\n", runs, refused, passes);
	chaos_check(wrong == 0, "no forged token passed");
	chaos_check(leaks == 0, "nothing is left over");
	chaos_check(refused > 0 && passes > 0, "failures refuse, and not all");
	return chaos_finish();
}

#else

int
main(void)
{
	chaos_skip(1, "allocations that fail (a sanitizer has its own allocator)");
	return chaos_finish();
}

#endif
