/* SPDX-License-Identifier: Apache-2.0 */
/* policyctl: finds the verb in a table, reads its options, runs it. */
#include "cli/account.h"

#include <signal.h>
#include <string.h>

static const struct verb {
	const char *name;
	int (*run)(const struct pol_args *a);
	unsigned allowed;
	const char *words, *summary, *help;
} verbs[] = {
	{ "check", pol_cmd_check, POL_OPT_JSON | POL_OPT_HOST | POL_OPT_SIZE,
	    "PATH...", "is each PATH a valid set?",
	    "Each PATH, a file or a directory of *.yaml, is a set of its own. Prints its errors\n"
	    "and warnings. Exit status: 0 all valid, 1 one is not, 77 unsafe owner or mode\n"
	    "(--host only; otherwise a warning).\n" },
	{ "test", pol_cmd_test, POL_OPT_JSON | POL_OPT_SIZE,
	    "PATH...", "run the tests that a set carries",
	    "Each PATH is a set of its own. Prints the lines that failed and a count. Exit\n"
	    "status: 0 all passed, 1 one failed, 65 a set is invalid.\n" },
	{ "decide", pol_cmd_decide,
	    POL_OPT_PATH | POL_OPT_JSON | POL_OPT_FIXTURES | POL_OPT_REQUEST | POL_OPT_NOW | POL_OPT_BATCH | POL_OPT_SIZE |
	    POL_OPT_CREDENTIAL | POL_OPT_MODULES,
	    "-p PATH SUBJECT ACTION [TYPE/ID] [ROOT.NAME=VALUE]...", "may SUBJECT do ACTION?",
	    "SUBJECT is NAME (a user), TYPE:NAME, or anonymous (also -). ROOT is resource,\n"
	    "context, subject, action, token or actor. VALUE is typed as in YAML: numbers, true,\n"
	    "false, else text; \"quoted\" is text; [a, b] is a list; nothing, ~ or null is absent.\n"
	    "Exit status: 0 allow, 1 deny.\n"
	    "\n"
	    "  policyctl decide -p PATH --batch < requests.jsonl > decisions.jsonl\n"
	    "\n"
	    "answers AuthZEN requests, one a line, in order. A request may have \"token\",\n"
	    "\"actor\", \"groups\" and \"now\" besides. Exit status 0 when all were answered.\n"
	    "\n"
	    "  policyctl decide -p PATH --token-file FILE ACTION [TYPE/ID] [ROOT.NAME=VALUE]...\n"
	    "\n"
	    "asks as a host does: the set's modules judge the credential and say who it is.\n" },
	{ "whoami", pol_cmd_whoami,
	    POL_OPT_PATH | POL_OPT_JSON | POL_OPT_NOW | POL_OPT_BATCH | POL_OPT_SIZE | POL_OPT_CREDENTIAL | POL_OPT_MODULES,
	    "-p PATH --token-file FILE", "whose credential is this?",
	    "The set's modules judge the credential. Prints subject, kind, scopes, groups and\n"
	    "expiry; never the credential. Exit status: 0 it is good, 1 it is not, 69 a module\n"
	    "could not tell.\n"
	    "\n"
	    "  policyctl whoami -p PATH --batch < credentials.jsonl > answers.jsonl\n"
	    "\n"
	    "takes lines {\"credential\": {\"type\": \"bearer\", \"data\": \"...\"}}, with \"name\" where\n"
	    "there is a login name, or \"credentials\": [...] where there are several.\n" },
	{ "who", pol_cmd_who,
	    POL_OPT_PATH | POL_OPT_JSON | POL_OPT_REQUEST | POL_OPT_NOW | POL_OPT_SIZE | POL_OPT_MODULES | POL_OPT_SEEK,
	    "-p PATH ACTION [TYPE/ID] [ROOT.NAME=VALUE]...", "who may do ACTION?",
	    "Of everybody whom the set and its store know by name, those who may, a line each.\n"
	    "The words are those of decide. Exit status: 0 somebody, 1 nobody.\n" },
	{ "what", pol_cmd_what,
	    POL_OPT_PATH | POL_OPT_JSON | POL_OPT_REQUEST | POL_OPT_NOW | POL_OPT_SIZE | POL_OPT_MODULES,
	    "-p PATH SUBJECT [ACTION TYPE | TYPE/ID] [ROOT.NAME=VALUE]...", "what may SUBJECT do?",
	    "With ACTION and TYPE: to which things of TYPE, of those that the set and its store\n"
	    "know by name. With TYPE/ID: which actions, on it. Else: which actions, on nothing.\n"
	    "A line each. Exit status: 0 something, 1 nothing.\n" },
	{ "log", pol_cmd_log, POL_OPT_PATH | POL_OPT_JSON | POL_OPT_SIZE | POL_OPT_MODULES | POL_OPT_LOG,
	    "-p PATH | --file FILE...", "who was allowed or denied what?",
	    "Prints the records of the set's `audit:`, or of files. With --verify instead says\n"
	    "whether all are there as they were written; with --replay, which of them another set\n"
	    "would have decided otherwise. Exit status: 0; 1 the first that is not as it was, or\n"
	    "one is decided otherwise.\n" },
	{ "explain", pol_cmd_explain,
	    POL_OPT_PATH | POL_OPT_JSON | POL_OPT_FIXTURES | POL_OPT_REQUEST | POL_OPT_NOW | POL_OPT_SIZE,
	    "-p PATH SUBJECT ACTION [TYPE/ID] [ROOT.NAME=VALUE]...", "why may SUBJECT, or why not?",
	    "The words are those of decide. Names the entry that decides or, for a deny, the\n"
	    "nearest entry that would have allowed it and what was missing. Exit status: 0\n"
	    "allow, 1 deny.\n" },
	{ "route", pol_cmd_route, POL_OPT_PATH | POL_OPT_JSON | POL_OPT_SIZE | POL_OPT_ROUTE,
	    "-p PATH METHOD TARGET", "what is a request of HTTP taken for?",
	    "By the `routes:` of the set. TARGET is path and query as a client sends them. Prints\n"
	    "action, resource and the route's place. Exit status: 0 there is a route, 1 there is\n"
	    "none, or the request is malformed.\n" },
	{ "dump", pol_cmd_dump, POL_OPT_JSON | POL_OPT_SIZE,
	    "PATH...", "print a set in one stable form",
	    "All PATHs are one set. Every name is resolved and everything sorted: two sets with\n"
	    "the same dump mean the same.\n" },
	{ "bench", pol_cmd_bench,
	    POL_OPT_PATH | POL_OPT_JSON | POL_OPT_FIXTURES | POL_OPT_NOW | POL_OPT_BENCH | POL_OPT_SIZE,
	    "-p PATH --requests FILE", "how fast is a set, and which requests are slow?",
	    "Asks the requests of FILE over and over as a host does and says how long decisions\n"
	    "take, which requests take longest, and which entries they look at. A request is a\n"
	    "line as decide --batch takes it; it may say \"expected\": true or false. Exit status:\n"
	    "0 measured, 1 a request was not answered as expected.\n" },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* Of the verbs of accounts those that begin so; how many there are. */
static size_t
help_accounts(FILE *f, const char *begin)
{
	size_t n = 0;

	for (const struct pol_verb *v = pol_verbs; v->name != NULL; v++) {
		if (strncmp(v->name, begin, strlen(begin)) != 0 || (v->flags & POL_VERB_ALIAS) != 0)
			continue;
		fprintf(f, "  %-12s %s\n", v->name, v->summary);
		n++;
	}
	return n;
}

static void
help(FILE *f)
{
	size_t i;

	fputs("usage: policyctl VERB [OPTION]... [WORD]...\n\nverbs:\n", f);
	for (i = 0; i < VERBS; i++)
		fprintf(f, "  %-12s %s\n", verbs[i].name, verbs[i].summary);
	fputs("\nusers, what they hold, and their tokens, in the store of a set:\n", f);
	help_accounts(f, "");
	fputs("\npolicyctl VERB --help says more; --version names the version. Exit status: 0 yes,\n"
	    "1 no, 64 and up when there is no answer (64 usage, 65 invalid policy, 66 no input).\n", f);
}

static void
help_verb(const struct verb *v)
{
	printf("usage: policyctl %s [OPTION]... %s\n\n%s", v->name, v->words, v->help);
	pol_args_help(stdout, v->allowed);
}

static const struct verb *
find(const char *name)
{
	size_t i;

	for (i = 0; i < VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int
run(const struct verb *v, int argc, char **argv)
{
	struct pol_args a;
	int status = pol_args_read(&a, v->name, v->allowed, argc, argv);

	if (status == 0 && a.help)
		help_verb(v);
	else if (status == 0)
		status = v->run(&a);
	pol_args_fini(&a);
	return status;
}

/* ---- the verbs of accounts: of one word or of two ---- */

/* The one that argv[1] and what follows name; *words: how many of them do. */
static const struct pol_verb *
find_account(int argc, char **argv, int *words)
{
	for (const struct pol_verb *v = pol_verbs; v->name != NULL; v++) {
		const size_t first = strcspn(v->name, " ");

		if (argc < 2 || strlen(argv[1]) != first || memcmp(argv[1], v->name, first) != 0)
			continue;
		*words = v->name[first] != '\0' ? 2 : 1;
		if (*words == 1 || (argc > 2 && strcmp(argv[2], v->name + first + 1) == 0))
			return v;
	}
	return NULL;
}

static int
help_account(const struct pol_verb *v)
{
	printf("usage: policyctl %s [OPTION]... %s\n\n%s", v->name, v->words, v->help);
	pol_args_help(stdout, v->allowed);
	return POL_YES;
}

static int
run_account(const struct pol_verb *v, int argc, char **argv)
{
	struct pol_args a;
	int status = pol_args_read(&a, v->name, v->allowed, argc, argv);

	if (status == 0)
		status = a.help ? help_account(v) : pol_account_run(v, &a);
	pol_args_fini(&a);
	return status;
}

/* "user" alone, or with a word that is none of its own. */
static int
start_group(int argc, char **argv)
{
	const bool asked = argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0);
	FILE *f = asked ? stdout : stderr;
	char begin[32];

	snprintf(begin, sizeof(begin), "%.20s ", argv[1]);
	fprintf(f, "usage: policyctl %sVERB [OPTION]... [WORD]...\n\nverbs:\n", begin);
	(void)help_accounts(f, begin);
	return asked ? POL_YES : EX_USAGE;
}

/* -1: it is none of these verbs. */
static int
start_account(int argc, char **argv)
{
	const bool help = argc > 2 && strcmp(argv[1], "help") == 0;
	int words = 0;
	const struct pol_verb *v = find_account(argc - help, argv + help, &words);

	if (v != NULL)
		return help ? help_account(v) : run_account(v, argc - 1 - words, argv + 1 + words);
	return words > 0 ? start_group(argc - help, argv + help) : -1;
}

static int
start(int argc, char **argv)
{
	const struct verb *v;
	const char *word = argc > 1 ? argv[1] : NULL;
	const int account = start_account(argc, argv);

	if (account >= 0)
		return account;

	if (word == NULL) {
		help(stderr);
		return EX_USAGE;
	}
	if (strcmp(word, "--version") == 0) {
		printf("policyctl %s\n", policy_version());
		return POL_YES;
	}
	if (strcmp(word, "help") == 0 && argc > 2)
		word = argv[2];
	else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
		help(stdout);
		return POL_YES;
	}
	v = find(word);
	if (v == NULL) {
		fputs("policyctl: no such verb: ", stderr);
		pol_out_text(stderr, word);
		fputs("\ntry: policyctl --help\n", stderr);
		return EX_USAGE;
	}
	if (word == argv[2] && argc > 2) {
		help_verb(v);
		return POL_YES;
	}
	return run(v, argc - 2, argv + 2);
}

int
main(int argc, char **argv)
{
	/* a reader that goes away is an error of writing, told as one */
	signal(SIGPIPE, SIG_IGN);
	return pol_out_close(start(argc, argv));
}
