/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of a key file and its times: every part, every byte of one changed. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "format.h"

#define S 1000000000LL

static const char good_keys[] = "{\n  \"management\": {\n    \"key\": \"B-E5KSRM\",\n"
    "    \"expiration time\": \"2024-02-16T21:12:24.801167Z\"\n  },\n  \"inference\": {\n    \"key\": \"gNRuA7dS\",\n"
    "    \"expiration time\": \"2024-02-16T21:12:24.801148Z\"\n  },\n  \"API\": {\n    \"key\": \"yv9uQajP\"\n  }\n}\n";

/* Every prefix is refused, but those that lack blanks at the end; every byte changed is
 * refused, or read without a fault. */
static void
broken_key_files(void)
{
	char text[sizeof(good_keys)];
	struct token_keys k;
	struct policy_error err = POLICY_ERROR_INIT;
	size_t n = sizeof(good_keys) - 1, taken = 0, wrong = 0;

	for (size_t i = 0; i < n - 1; i++) {
		char *copy = malloc(i + 1);

		memcpy(copy, good_keys, i);
		wrong += pol_keys_parse(&k, copy, i, &err) == 0;
		wrong += err.line == 0 || strstr(err.text, "B-E5KSRM") != NULL;
		free(copy);
	}
	check(wrong == 0, "no part of a key file is one");
	for (size_t i = 0; i < n; i++)
		for (int b = 0; b < 256; b++) {
			memcpy(text, good_keys, n);
			text[i] = (char)b;
			taken += pol_keys_parse(&k, text, n, &err) == 0;
		}
	check(taken > n && taken < 100 * n, "bytes changed one at a time are refused or another key");
	printf("%zu prefixes refused, %zu of %zu changed files read\n", n - 1, taken, 256 * n);
}

static void
odd_key_files(void)
{
	static const char *const bad[] = { "", "null", "[]", "{}", "{\"API\":{\"key\":\"yv9uQajP\"}}",
	    ("{\"management\":{\"key\":\"aaaaaaaa\",\"expiration time\":\"2024-02-16T21:12:24Z\"},\"inference\":{\"key\":\"aaaaaaaa\","
	    "\"expiration time\":\"2024-02-16T21:12:24Z\"},\"API\":{\"key\":\"yv9uQajP\"}}"),
	    "{\"API\":{\"key\":\"\"}}", "{\"API\":{\"key\":\"yv9u\\u0051ajP\"}}", "{\"API\":{\"key\":\"yv9uQajP\"},\"API\":{\"key\":\"yv9uQajP\"}}",
	    "{\"API\":{\"key\":\"yv9uQajP\",\"expiration time\":\"2024-02-16T21:12:24Z\"}}", "{\"other\":{}}" };
	struct policy_error err = POLICY_ERROR_INIT;
	struct token_keys k;
	char text[512];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "%s", bad[i]);
		check(pol_keys_parse(&k, text, strlen(text), &err) == POLICY_ERR_INVALID, bad[i]);
	}
}

static void
instants(void)
{
	static const struct { const char *text; int64_t ns; } times[] = {
		{ "1970-01-01T00:00:00Z", 1 }, { "2000-02-29T23:59:59Z", 951868799 * S }, { "2026-11-21T01:58:07.602688802Z", 1795226287602688802LL },
		{ "2024-02-16T21:12:24.801Z", 1708117944801000000LL }, { "2100-03-01T00:00:00.000001Z", 4107542400000001000LL },
		{ "2261-12-31T23:59:59.999999999Z", 9214646399999999999LL }, { "9999-12-31T23:59:59Z", INT64_MAX },
		{ "2023-02-29T00:00:00Z", 0 }, { "2100-02-29T00:00:00Z", 0 }, { "2024-13-01T00:00:00Z", 0 }, { "2024-00-01T00:00:00Z", 0 },
		{ "2024-01-00T00:00:00Z", 0 }, { "2024-01-32T00:00:00Z", 0 }, { "2024-01-01T24:00:00Z", 0 }, { "2024-01-01T23:60:00Z", 0 },
		{ "2024-01-01T23:59:60Z", 0 }, { "2024-01-01T23:59:59", 0 }, { "2024-01-01T23:59:59.Z", 0 }, { "2024-01-01T23:59:59.1Z", 0 },
		{ "2024-01-01T23:59:59.1234567890Z", 0 }, { "2024-01-01T23:59:59+00:00", 0 }, { "2024-01-01 23:59:59Z", 0 },
		{ "+10000-01-01T00:00:00Z", 0 }, { "1969-12-31T23:59:59Z", 0 }, { "", 0 }, { "Z", 0 }, { "2024-01-01T23:59:59ZZ", 0 },
	};
	char text[64];

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		int64_t ns = 0;
		int rc = pol_instant_parse(&ns, policy_text(times[i].text));

		check(times[i].ns == 0 ? rc != 0 : rc == 0 && ns == times[i].ns, times[i].text);
	}
	for (int64_t ns = 1; ns < INT64_MAX / 4; ns = ns * 3 + 7) {
		int64_t back = 0;

		pol_instant_print(text, ns);
		check(pol_instant_parse(&back, policy_text(text)) == 0 && back == ns, text);
	}
}

/* Whole, but for one thing. */
static void
almost(void)
{
#define M "\"management\":{\"key\":\"aaaaaaaa\",\"expiration time\":\"2024-02-16T21:12:24Z\"}"
#define I "\"inference\":{\"expiration time\":\"2024-02-16T21:12:24Z\",\"key\":\"bbbbbbbb\"}"
#define A "\"API\":{\"key\":\"cccccccc\"}"
	static const struct { const char *text; int good; } texts[] = {
		{ "{" M "," I "," A "}", 1 }, { " {" A " ,\r\n\t" I "," M "} ", 1 },
		{ "{" M "," I "," A "," A "}", 0 }, { "{" M "," I "," M "," A "}", 0 }, { "{" M "," I "," A "}x", 0 },
		{ "{" M "," I "," A "}{}", 0 }, { "{" M "," I "}", 0 }, { "{" M "," I "," A ",}", 0 }, { "{" M "," I " " A "}", 0 },
		{ "{" M "," I ",\"API\":{\"key\":\"ccccccc\"}}", 0 }, { "{" M "," I ",\"API\":{\"key\":\"ccccccc=\"}}", 0 },
		{ "{" M "," I ",\"API\":{\"key\":\"cccccccc\",\"key\":\"dddddddd\"}}", 0 },
		{ "{" M "," I ",\"API\":{\"key\":\"cccccccc\",\"x\":\"y\"}}", 0 },
		{ "{" M "," I ",\"API\":{\"key\":\"cccccccc\",\"expiration time\":\"2024-02-16T21:12:24Z\"}}", 0 },
		{ "{" M ",\"inference\":{\"key\":\"bbbbbbbb\"}," A "}", 0 },
		{ "{" M ",\"inference\":{\"key\":\"bbbbbbbb\",\"expiration time\":\"tomorrow\"}," A "}", 0 },
	};
	struct policy_error err = POLICY_ERROR_INIT;
	struct token_keys k;
	char text[512];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(text, sizeof(text), "%s", texts[i].text);
		check((pol_keys_parse(&k, text, strlen(text), &err) == 0) == texts[i].good, texts[i].text);
	}
#undef M
#undef I
#undef A
}

/* Every bit of a hash counts. */
static void
hashes(void)
{
	const struct policy_text token = POLICY_TEXT("a-token-that-is-long-enough");
	struct token_table *t = pol_table_new(1);
	unsigned wrong = 0;

	check(t != NULL && pol_table_add(t, token, 0, 0) == 0 && pol_table_find(t, token) == t->rows, "a token is found");
	for (unsigned bit = 0; bit < 256; bit++) {
		t->hashes[0].w[bit / 64] ^= (uint64_t)1 << bit % 64;
		wrong += pol_table_find(t, token) != NULL;
		t->hashes[0].w[bit / 64] ^= (uint64_t)1 << bit % 64;
	}
	check(wrong == 0 && pol_table_find(t, token) != NULL, "one that differs in a bit is not");
	pol_table_free(t);
}

int
main(void)
{
	broken_key_files();
	odd_key_files();
	almost();
	instants();
	hashes();
	return check_finish();
}
