/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target without libFuzzer: on each file named, on every prefix of it,
 * and on it with single bytes changed. `-s N` takes every Nth place only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"

static uint8_t *
read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(4u << 20);

	if (f == NULL || data == NULL) {
		free(data);
		if (f != NULL)
			fclose(f);
		return NULL;
	}
	*len = fread(data, 1, 4u << 20, f);
	fclose(f);
	return data;
}

/* A copy of exactly n bytes, so that a sanitizer sees a read behind it. */
static void
run(const uint8_t *data, size_t n, size_t at, int byte)
{
	uint8_t *copy = malloc(n + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, data, n);
	copy[n] = 0;			/* texts are given with a NUL behind them */
	if (byte >= 0)
		copy[at] = (uint8_t)byte;
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

int
main(int argc, char **argv)
{
	static const int bytes[] = { ' ', '\n', '"', '\'', '[', '}', ':', '#', '*', '0', 0x80, 0 };
	size_t step = 1, cases = 0, files = 0;
	int i = 1;

	if (argc > 2 && strcmp(argv[1], "-s") == 0) {
		step = (size_t)atol(argv[2]);
		i = 3;
	}
	for (; i < argc; i++) {
		size_t len;
		uint8_t *data = read_file(argv[i], &len);

		if (data == NULL) {
			printf("%s: cannot be read\n0 passed, 1 failed\n", argv[i]);
			return 1;
		}
		run(data, len, 0, -1);
		for (size_t at = 0; step != 0 && at < len; at += step) {
			run(data, at, 0, -1);
			run(data, len, at, data[at] ^ 1);
			run(data, len, at, bytes[(at / step) % (sizeof(bytes) / sizeof(bytes[0]))]);
			cases += 3;
		}
		free(data);
		files++;
		cases++;
	}
	printf("%zu files, %zu texts\n%zu passed, 0 failed\n", files, cases, files);
	return 0;
}
