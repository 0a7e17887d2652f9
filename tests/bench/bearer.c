/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bearer MODULEDIR FOLDER SECONDS: tokens of FOLDER/requests.jsonl, put to policy_authenticate
 * under FOLDER/policy.yaml, which caches none; where there is FOLDER/key, to OpenSSL's bare
 * verify and to libjwt too. All are asked all tokens once, for the answers; then the
 * first, which is good, block by block in turn. A line of JSON for each: answers (1 good, 0 bad,
 * . not its to say), the least and the middle block in ns a call.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include <jansson.h>
#include <policy.h>

#include "bearer.h"

enum { BLOCKS = 20001, BLOCK_NS = 50000 };

static struct way ways[] = {
	{ .peer = "libpolicy", .config = "authenticate", .init = ours_init, .ask = ours_ask, .fini = ours_fini },
	{ .peer = "openssl", .config = "verify", .signature = true, .init = bare_init, .ask = bare_ask,
	    .fini = bare_fini },
	{ .peer = "libjwt", .config = "decode", .init = libjwt_init, .ask = libjwt_ask, .fini = libjwt_fini },
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static double took[WAYS][BLOCKS];

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int
by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* ---- the folder ---- */

static size_t
read_requests(const char *dir, struct token *out)
{
	char path[4096], line[32768];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/requests.jsonl", dir);
	f = fopen(path, "r");
	while (f != NULL && n < TOKENS && fgets(line, sizeof(line), f) != NULL) {
		json_t *row = json_loads(line, 0, NULL);
		const char *text = json_string_value(json_object_get(row, "token"));

		if (text == NULL)
			exit(EX_DATAERR);
		out[n].text = strdup(text);
		out[n++].good = json_is_true(json_object_get(row, "expected"));
		json_decref(row);
	}
	if (f != NULL)
		fclose(f);
	return n;
}

static void
read_key(struct folder *f)
{
	char path[4096];
	FILE *in;

	snprintf(path, sizeof(path), "%s/key", f->dir);
	in = fopen(path, "r");
	if (in == NULL)
		return;
	f->key_len = fread(f->key, 1, sizeof(f->key) - 1, in);
	fclose(in);
	snprintf(path, sizeof(path), "%s/name.json", f->dir);
	f->name = json_load_file(path, 0, NULL);
	f->alg = json_string_value(json_object_get(f->name, "alg"));
	if (f->alg == NULL)
		exit(EX_DATAERR);
}

/* ---- measuring ---- */

static double
block(struct way *w, const char *token, unsigned calls)
{
	const double begin = now();

	for (unsigned i = 0; i < calls; i++)
		w->changed += w->ask(w->state, token) != 1;
	return (now() - begin) / calls;
}

/* So many that the clock is not what is measured. */
static unsigned
calls_of(struct way *w, const char *token)
{
	double least = block(w, token, 3);

	for (int i = 0; i < 5; i++) {
		const double t = block(w, token, 3);

		least = t < least ? t : least;
	}
	return least >= BLOCK_NS ? 1 : (unsigned)(BLOCK_NS / least);
}

static void
measure(const struct folder *f, double seconds)
{
	const double end = now() + seconds * 1e9;
	unsigned calls[WAYS] = { 0 };
	size_t n = 0;

	for (int w = 0; w < WAYS; w++) {
		if (ways[w].there)
			calls[w] = calls_of(&ways[w], f->tokens[0].text);
	}
	for (; n < 3 || (n < BLOCKS && now() < end); n++) {
		for (int w = 0; w < WAYS; w++) {
			if (ways[w].there)
				took[w][n] = block(&ways[w], f->tokens[0].text, calls[w]);
		}
	}
	for (int w = 0; w < WAYS; w++) {
		if (!ways[w].there)
			continue;
		qsort(took[w], n, sizeof(double), by_size);
		printf("{\"peer\": \"%s\", \"config\": \"%s\", \"set\": \"fixed\", \"version\": \"%s\", \"requests\": %zu, "
		    "\"repeats\": %zu, \"min_ns\": %.1f, \"median_ns\": %.1f, \"timer\": \"clock_gettime\", \"wrong\": %u, "
		    "\"answers\": \"%s\"}\n", ways[w].peer, ways[w].config, ways[w].version, f->n, n * calls[w], took[w][0],
		    took[w][n / 2], ways[w].wrong, ways[w].answers);
	}
}

/* What each says of each token, and whether that is as expected, where it can say. */
static void
ask_all(const struct folder *f)
{
	for (int w = 0; w < WAYS; w++) {
		for (size_t i = 0; ways[w].there && i < f->n; i++) {
			const bool said = ways[w].ask(ways[w].state, f->tokens[i].text) == 1;
			const bool silent = ways[w].signature && said && !f->tokens[i].good;

			ways[w].answers[i] = silent ? '.' : said ? '1' : '0';
			ways[w].wrong += !silent && said != f->tokens[i].good;
		}
	}
}

int
main(int argc, char **argv)
{
	static struct folder f;
	unsigned changed = 0;

	if (argc != 4 || argv[1][0] != '/') {
		fputs("usage: bearer MODULEDIR FOLDER SECONDS\n", stderr);
		return EX_USAGE;
	}
	f.modules = argv[1];
	f.dir = argv[2];
	f.n = read_requests(f.dir, f.tokens);
	if (f.n == 0 || !f.tokens[0].good) {
		fprintf(stderr, "bearer: %s: no requests, or the first is not good\n", f.dir);
		return EX_DATAERR;
	}
	read_key(&f);
	for (int w = 0; w < WAYS; w++)
		ways[w].there = ways[w].init(&ways[w], &f);
	ask_all(&f);
	measure(&f, strtod(argv[3], NULL));
	for (int w = 0; w < WAYS; w++) {
		changed += ways[w].changed;
		if (ways[w].there)
			ways[w].fini(ways[w].state);
	}
	for (size_t i = 0; i < f.n; i++)
		free(f.tokens[i].text);
	json_decref(f.name);
	return changed == 0 ? 0 : EX_SOFTWARE;
}
