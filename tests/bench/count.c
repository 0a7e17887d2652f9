/* SPDX-License-Identifier: Apache-2.0 */
/*
 * count decide POLICY REQUESTS.jsonl [N]: asks each of the first N requests twice, and
 * has callgrind count the second time, when nothing is asked for the first time. Run
 * by instructions.py under callgrind with --instr-atstart=no; prints the number of
 * requests, how many were allowed and how many could not be decided.
 *
 * count bytes POLICY: what a set takes in memory, in bytes: program and people.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <policy.h>
#include <policy_author.h>

#include "cli/asks.h"

#if defined(__has_include)
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#define IS_COUNTED 1
#endif
#endif
#ifndef IS_COUNTED
#define IS_COUNTED 0
#define CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_STOP_INSTRUMENTATION
#endif

static void
open_limits(struct policy_limits *l)
{
	*l = (struct policy_limits)POLICY_LIMITS_INIT;
	l->file_bytes = (uint64_t)1 << 32;
	l->nodes = (uint64_t)1 << 30;
}

static int
say(const char *path, int rc, const struct policy_error *err)
{
	fprintf(stderr, "count: %s:%u:%u: %s\n", err->file[0] != '\0' ? err->file : path, err->line, err->column,
	    err->text[0] != '\0' ? err->text : policy_strerror(rc));
	return EX_DATAERR;
}

/* Owner and mode of the file are not looked at: its text is opened. */
static int
open_set(struct policy **p, const char *path)
{
	struct policy_options o = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_limits l;
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t len = 0;
	long size;
	int rc;

	if (f == NULL)
		return EX_NOINPUT;
	if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) > 0 && fseek(f, 0, SEEK_SET) == 0 &&
	    (text = malloc((size_t)size)) != NULL)
		len = fread(text, 1, (size_t)size, f);
	fclose(f);
	open_limits(&l);
	o.limits = &l;
	rc = policy_open_text(p, "policy.yaml", text, len, &o, &err);
	free(text);
	return rc == 0 ? 0 : say(path, rc, &err);
}

__attribute__((noinline))
static size_t
pass(struct policy *p, const struct pol_asks *a, size_t *failed)
{
	struct policy_decision d = POLICY_DECISION_INIT;
	size_t yes = 0, i;

	for (i = 0; i < a->n; i++) {
		*failed += policy_decide(p, &a->list[i].ask.req, &d) != 0;
		yes += d.verdict == POLICY_ALLOW;
	}
	return yes;
}

static int
decide(const char *policy, const char *requests, size_t most)
{
	struct policy *p = NULL;
	struct pol_asks asks;
	size_t failed = 0, yes = 0;
	int rc;

	memset(&asks, 0, sizeof(asks));
	rc = open_set(&p, policy);
	if (rc == 0)
		rc = pol_asks_read(&asks, requests, most);
	if (rc == 0) {
		pass(p, &asks, &failed);
		CALLGRIND_START_INSTRUMENTATION;
		yes = pass(p, &asks, &failed);
		CALLGRIND_STOP_INSTRUMENTATION;
		printf("%d %zu %zu %zu\n", IS_COUNTED, asks.n, yes, failed);
	}
	pol_asks_fini(&asks);
	policy_close(p);
	return rc;
}

static int
bytes(const char *policy)
{
	struct policy_set_options o = POLICY_SET_OPTIONS_INIT;
	struct policy_set_info info = POLICY_SET_INFO_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_limits l;
	struct policy_set *set;
	int rc;

	open_limits(&l);
	o.limits = &l;
	rc = policy_set_open(&set, &policy, 1, &o, &err);
	if (rc != 0)
		return say(policy, rc, &err);
	rc = policy_set_get_info(set, &info);
	printf("%llu %llu\n", (unsigned long long)info.program_bytes, (unsigned long long)info.people_bytes);
	policy_set_close(set);
	return rc == 0 ? 0 : EX_SOFTWARE;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "bytes") == 0)
		return bytes(argv[2]);
	if ((argc == 4 || argc == 5) && strcmp(argv[1], "decide") == 0)
		return decide(argv[2], argv[3], argc == 5 ? strtoull(argv[4], NULL, 10) : SIZE_MAX);
	fputs("usage: count decide POLICY REQUESTS.jsonl [N] | count bytes POLICY\n", stderr);
	return EX_USAGE;
}
