/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential MODULEDIR [LEN]: what a credential that was verified a moment ago adds to a
 * decision. The same requests are asked with the subject asserted, with its token's facts
 * beside it, and with a credential of LEN bytes (650) from which the module return_cache
 * reads the same. In turn, block by block; the least and the middle block of each, in ns
 * a decision, as a line of JSON as drive.py has it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include <policy.h>

enum { SUBJECTS = 64, BLOCK = 512, BLOCKS = 2001, MODES = 3, LEN_MOST = 4096 };

static const char head[] =
    "policy: 1\n"
    "resources: { doc: }\n"
    "actions: { read: { resource: doc }, write: { resource: doc } }\n"
    "roles: { reader: { allow: read }, writer: { includes: reader, allow: write } }\n"
    "authenticated: { roles: reader }\n"
    "grants: [ { role: writer, to: u7, resource: doc/1 } ]\n"
    "modules: [ { use: return_cache, for: bearer, kind: key, cache: 1h } ]\n";

static struct policy_request plain[SUBJECTS], facts[SUBJECTS], sent[SUBJECTS];
static struct policy_token tokens[SUBJECTS];
static struct policy_credential credentials[SUBJECTS];
static char names[SUBJECTS][16], ids[SUBJECTS][16], data[SUBJECTS][LEN_MOST + 64];
static double took[MODES][BLOCKS];
static const char *const names_of[MODES] = { "asserted_", "with_token_", "" };	/* the last is what is judged */

static void
make(size_t len)
{
	for (int i = 0; i < SUBJECTS; i++) {
		struct policy_request *r = &plain[i];
		size_t n;

		snprintf(names[i], sizeof(names[i]), "u%d", i);
		snprintf(ids[i], sizeof(ids[i]), "t%d", i);
		n = (size_t)snprintf(data[i], sizeof(data[i]), "token:%s:attr:iss=corp:claim:pad=", ids[i]);
		while (n + 6 + strlen(names[i]) < len)
			data[i][n++] = 'x';
		snprintf(data[i] + n, sizeof(data[i]) - n, ":pass:%s", names[i]);
		*r = (struct policy_request)POLICY_REQUEST_INIT;
		r->action = policy_text("read");
		r->resource_type = policy_text("doc");
		r->resource_id = policy_text("1");
		sent[i] = *r;
		r->subject_id = policy_text(names[i]);
		facts[i] = *r;
		tokens[i] = (struct policy_token)POLICY_TOKEN_INIT;
		tokens[i].kind = policy_text("key");
		tokens[i].id = policy_text(ids[i]);
		facts[i].token = &tokens[i];
		credentials[i].kind = policy_text("bearer");
		credentials[i].data = policy_text(data[i]);
		sent[i].credentials = &credentials[i];
		sent[i].credentials_count = 1;
	}
}

static double
block(struct policy *p, const struct policy_request *r, unsigned *wrong)
{
	struct policy_decision d = POLICY_DECISION_INIT;
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (unsigned i = 0; i < BLOCK; i++)
		*wrong += policy_decide(p, &r[i % SUBJECTS], &d) != 0 || d.verdict != POLICY_ALLOW;
	clock_gettime(CLOCK_MONOTONIC, &b);
	return ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / BLOCK;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int
main(int argc, char **argv)
{
	const struct policy_request *lists[MODES] = { plain, facts, sent };
	struct policy_options o = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	size_t len = argc == 3 ? strtoul(argv[2], NULL, 10) : 650;
	struct policy *p;
	unsigned wrong = 0;

	if (argc < 2 || argc > 3 || len < 60 || len > LEN_MOST) {
		fputs("usage: credential MODULEDIR [LEN], 60 to 4096\n", stderr);
		return EX_USAGE;
	}
	o.module_dir = argv[1];
	o.flags = POLICY_NO_THREAD;
	if (policy_open_text(&p, "credential.yaml", head, sizeof(head) - 1, &o, &err) != 0) {
		fprintf(stderr, "credential: %s:%u: %s\n", err.file, err.line, err.text);
		return EX_DATAERR;
	}
	make(len);
	for (int i = 0; i < BLOCKS; i++) {
		for (int m = 0; m < MODES; m++)
			took[m][i] = block(p, lists[m], &wrong);
	}
	policy_close(p);
	for (int m = 0; m < MODES; m++)
		qsort(took[m], BLOCKS, sizeof(took[m][0]), by_size);
	printf("{\"peer\": \"libpolicy\", \"config\": \"cached\", \"set\": \"fixed\", \"version\": \"%s\", \"requests\": %d, "
	    "\"repeats\": %d, \"timer\": \"clock_gettime\", \"wrong\": %u", policy_version(), SUBJECTS, BLOCKS * BLOCK, wrong);
	for (int m = 0; m < MODES; m++)
		printf(", \"%smin_ns\": %.1f, \"%smedian_ns\": %.1f", names_of[m], took[m][0], names_of[m], took[m][BLOCKS / 2]);
	printf(", \"adds_min_ns\": %.1f, \"adds_ns\": %.1f}\n", took[2][0] - took[1][0], took[2][BLOCKS / 2] - took[1][BLOCKS / 2]);
	return wrong == 0 ? 0 : EX_SOFTWARE;
}
