/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account MODULEDIR [USERS]: what an opaque token of the store adds to a decision, with
 * USERS (100,000) users and as many tokens in people. 64 hot ones: the user asserted, with
 * his token's facts beside, by his token out of the cache, by a step that keeps nothing;
 * and any of them by such a step, and asserted. In turn, block by block; the least and the
 * middle block of each, in ns a decision, as a line of JSON as drive.py has it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "api/handle.h"
#include "api/store.h"

enum { HOT = 64, BLOCK = 512, BLOCKS = 1001, MODES = 6, MOST = 1000000 };

static const char *const names_of[MODES] = { "asserted_", "with_token_", "", "uncached_", "any_uncached_", "any_asserted_" };
static double took[MODES][BLOCKS];
static unsigned users = 100000;
static char (*names)[16], (*ids)[16], (*secrets)[56], (*hex)[65];
static struct policy_token tokens[HOT];
static struct policy *caching, *asking;

static void
seal(char *token)
{
	static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint32_t crc = 0xffffffffu;

	for (const char *p = token; p < token + 47; p++) {
		crc ^= (unsigned char)*p;
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
	}
	crc = ~crc;
	for (int i = 5; i >= 0; i--, crc /= 62)
		token[47 + i] = base62[crc % 62];
	token[53] = '\0';
}

static int
fill(struct policy *p)
{
	struct policy_row *rows = calloc(2 * (size_t)users, sizeof(*rows));
	struct policy_error err = POLICY_ERROR_INIT;
	unsigned char sum[32];
	int rc;

	for (unsigned i = 0; rows != NULL && i < users; i++) {
		snprintf(names[i], sizeof(names[i]), "u%u", i);
		snprintf(ids[i], sizeof(ids[i]), "t%u", i);
		snprintf(secrets[i], sizeof(secrets[i]), "pol_%043u", i);
		seal(secrets[i]);
		EVP_Digest(secrets[i], strlen(secrets[i]), sum, NULL, EVP_sha256(), NULL);
		for (int k = 0; k < 32; k++)
			snprintf(hex[i] + 2 * k, 3, "%02x", sum[k]);
		rows[2 * i] = (struct policy_row){ .size = sizeof(*rows), .kind = POLICY_ROW_USER, .id = policy_text(names[i]),
		    .name = policy_text(names[i]) };
		rows[2 * i + 1] = (struct policy_row){ .size = sizeof(*rows), .kind = POLICY_ROW_TOKEN, .id = policy_text(ids[i]),
		    .owner = policy_text(names[i]), .type = policy_text("bearer"), .secret = policy_text(hex[i]) };
	}
	rc = rows != NULL ? pol_store_write(p, rows, 2 * (size_t)users, pol_store_seen(p), &err) : POLICY_ERR_NOMEM;
	if (rc != 0)
		fprintf(stderr, "account: %s\n", err.text);
	free(rows);
	return rc;
}

static struct policy *
open_with(const char *modules, const char *dir, const char *cache)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy *p = NULL;
	char set[1024];

	snprintf(set, sizeof(set),
	    "policy: 1\nresources: { doc: }\nactions: { read: { resource: doc } }\nroles: { reader: { allow: read } }\n"
	    "authenticated: { roles: reader }\nmodules: [ { use: api_key, cache: %s } ]\n"
	    "store: { url: \"sqlite:%s/a.db\", stale: 1h }\n", cache, dir);
	opt.flags = POLICY_NO_THREAD;
	opt.module_dir = modules;
	if (policy_open_text(&p, "set", set, strlen(set), &opt, &err) != 0)
		fprintf(stderr, "account: %s:%u: %s\n", err.file, err.line, err.text);
	return p;
}

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static double
block(int mode, unsigned *seed, int *good)
{
	static struct policy_request req[BLOCK];
	static struct policy_credential c[BLOCK];
	struct policy_decision d = POLICY_DECISION_INIT;
	int64_t begin;

	for (int i = 0; i < BLOCK; i++) {
		const unsigned u = mode >= 4 ? (*seed = *seed * 1664525u + 1013904223u) / 16 % users : (unsigned)i % HOT;

		req[i] = (struct policy_request)POLICY_REQUEST_INIT;
		req[i].action = policy_text("read");
		req[i].resource_type = policy_text("doc");
		req[i].resource_id = policy_text("1");
		c[i] = (struct policy_credential){ policy_text("bearer"), { NULL, 0 }, policy_text(secrets[u]), { 0, 0 } };
		if (mode <= 1 || mode == 5)
			req[i].subject_id = policy_text(names[u]);
		if (mode == 1)
			req[i].token = &tokens[u];
		if (mode >= 2 && mode <= 4) {
			req[i].credentials = &c[i];
			req[i].credentials_count = 1;
		}
	}
	begin = now();
	for (int i = 0; i < BLOCK; i++) {
		policy_decide(mode == 3 || mode == 4 ? asking : caching, &req[i], &d);
		*good += d.verdict == POLICY_ALLOW;
	}
	return (double)(now() - begin) / BLOCK;
}

static int
by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
over(int mode, int other, int at)
{
	return took[mode][at] - took[other][at];
}

static void
say(void)
{
	printf("{\"peer\": \"libpolicy\", \"config\": \"token\", \"set\": \"fixed\", \"version\": \"%s\", \"requests\": %d, "
	    "\"repeats\": %d, \"timer\": \"clock_gettime\", \"wrong\": 0", policy_version(), HOT, BLOCKS);
	for (int m = 0; m < MODES; m++) {
		qsort(took[m], BLOCKS, sizeof(took[m][0]), by_size);
		printf(", \"%smin_ns\": %.1f, \"%smedian_ns\": %.1f", names_of[m], took[m][0], names_of[m], took[m][BLOCKS / 2]);
	}
	printf(", \"adds_min_ns\": %.1f, \"adds_ns\": %.1f, \"uncached_adds_min_ns\": %.1f, \"uncached_adds_ns\": %.1f, "
	    "\"any_uncached_adds_min_ns\": %.1f, \"any_uncached_adds_ns\": %.1f}\n", over(2, 0, 0), over(2, 0, BLOCKS / 2),
	    over(3, 0, 0), over(3, 0, BLOCKS / 2), over(4, 5, 0), over(4, 5, BLOCKS / 2));
}

int
main(int argc, char **argv)
{
	char dir[] = "/tmp/libpolicy-account-XXXXXX", command[64];
	unsigned seed = 1;
	int good = 0, rc;

	if (argc > 2)
		users = (unsigned)strtoul(argv[2], NULL, 10);
	if (argc < 2 || users < HOT || users > MOST || mkdtemp(dir) == NULL)
		return EX_USAGE;
	names = calloc(users, sizeof(*names));
	ids = calloc(users, sizeof(*ids));
	secrets = calloc(users, sizeof(*secrets));
	hex = calloc(users, sizeof(*hex));
	caching = open_with(argv[1], dir, "1h");
	rc = names == NULL || ids == NULL || secrets == NULL || hex == NULL || caching == NULL ? 1 : fill(caching);
	asking = rc == 0 ? open_with(argv[1], dir, "0s") : NULL;
	for (int i = 0; i < HOT; i++) {
		tokens[i] = (struct policy_token)POLICY_TOKEN_INIT;
		tokens[i].kind = policy_text("bearer");
		tokens[i].id = policy_text(ids != NULL ? ids[i] : "");
	}
	for (int b = 0; asking != NULL && b < BLOCKS; b++) {
		for (int m = 0; m < MODES; m++)
			took[m][b] = block(m, &seed, &good);
	}
	rc = good != BLOCK * BLOCKS * MODES;
	if (rc == 0)
		say();
	else
		fprintf(stderr, "account: %d allows\n", good);
	policy_close(caching);
	policy_close(asking);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) != 0 || rc != 0;
}
