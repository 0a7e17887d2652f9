/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: options are rows of a table, everything else is a word. */
#include "cli/cli.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { FLAG, TEXT, WORDS, PATH, LOG_FILE, SIZE, COUNT, SECONDS };

#define AT(member) offsetof(struct pol_args, member)

static const struct option {
	const char *name;
	char letter;
	enum kind kind;
	unsigned bit;			/* 0: every verb has it */
	size_t at;
	const char *value, *help;
} options[] = {
	{ "path", 'p', PATH, POL_OPT_PATH, 0, "PATH", "a policy file, or a directory of *.yaml; may be repeated" },
	{ "scopes", 0, TEXT, POL_OPT_REQUEST, AT(scopes), "A,B", "the token's scopes; '' is a token with none" },
	{ "kind", 0, TEXT, POL_OPT_REQUEST, AT(kind), "KIND", "the token's credential kind" },
	{ "groups", 0, TEXT, POL_OPT_REQUEST, AT(groups), "A,B", "groups that the credential names" },
	{ "actor", 0, TEXT, POL_OPT_REQUEST, AT(actor), "SUBJECT", "who acts for the subject" },
	{ "set", 0, TEXT, POL_OPT_ROUTE, AT(set), "SET", "the set of routes, instead of `default`" },
	{ "body", 0, TEXT, POL_OPT_ROUTE, AT(body), "JSON", "the body of the request" },
	{ "now", 0, TEXT, POL_OPT_NOW, AT(now), "TIME", "decide as if it were TIME (RFC 3339)" },
	{ "fixtures", 0, FLAG, POL_OPT_FIXTURES, AT(fixtures), NULL, "hear the people and things of `fixtures:`" },
	{ "batch", 0, FLAG, POL_OPT_BATCH, AT(batch), NULL, "take lines of JSON from standard input, answer each" },
	{ "host", 0, FLAG, POL_OPT_HOST, AT(host), NULL, "open as a host would: refuse unsafe owners and modes" },
	{ "token-file", 0, TEXT, POL_OPT_CREDENTIAL | POL_OPT_AS, AT(token_file), "FILE", "the credential is a token: the one line of FILE (- is standard input)" },
	{ "password-stdin", 0, FLAG, POL_OPT_CREDENTIAL, AT(password_stdin), NULL, "the credential is the password on standard input, of --name" },
	{ "name", 0, TEXT, POL_OPT_CREDENTIAL, AT(name), "NAME", "the login name that goes with the credential" },
	{ "login", 0, TEXT, POL_OPT_AS, AT(login), "NAME", "the credential is NAME's password, asked for at the terminal" },
	{ "password-stdin", 0, FLAG, POL_OPT_AS, AT(password_stdin), NULL, "take the password of --login from standard input" },
	{ "type", 0, TEXT, POL_OPT_CREDENTIAL | POL_OPT_AS, AT(type), "TYPE", "what the credential is: bearer, api_key, password..." },
	{ "type", 0, TEXT, POL_OPT_SEEK, AT(type), "TYPE", "seek subjects of TYPE instead of users" },
	{ "module-dir", 0, TEXT, POL_OPT_MODULES, AT(module_dir), "DIR", "take modules from DIR, an absolute path" },
	{ "requests", 0, TEXT, POL_OPT_BENCH, AT(requests), "FILE", "AuthZEN requests, one a line; - is standard input" },
	{ "threads", 0, COUNT, POL_OPT_BENCH, AT(threads), "N", "ask from N threads at once" },
	{ "seconds", 0, SECONDS, POL_OPT_BENCH, AT(seconds), "S", "measure for S seconds instead of 2" },
	{ "profile", 0, FLAG, POL_OPT_BENCH, AT(profile), NULL, "count the evaluations of each entry" },
	{ "org", 0, TEXT, POL_OPT_USER | POL_OPT_IMPORT, AT(org), "ORG", "the organisation they belong to" },
	{ "groups", 0, TEXT, POL_OPT_USER, AT(groups), "A,B", "the groups that the user is in; '' is none" },
	{ "attribute", 0, WORDS, POL_OPT_USER, AT(attributes), "NAME=VALUE", "what is known of the user; may be repeated" },
	{ "unset", 0, WORDS, POL_OPT_CHANGE, AT(unset), "NAME", "forget an attribute; may be repeated" },
	{ "generated", 0, FLAG, POL_OPT_ADD, AT(generated), NULL, "no person's account, but one that a program made" },
	{ "disabled", 0, FLAG, POL_OPT_ADD, AT(disable), NULL, "shut out until `user change --enable`" },
	{ "reuse", 0, FLAG, POL_OPT_ADD, AT(reuse), NULL, "the name may be a deleted user's" },
	{ "disable", 0, FLAG, POL_OPT_CHANGE, AT(disable), NULL, "shut the user out, at once" },
	{ "enable", 0, FLAG, POL_OPT_CHANGE, AT(enable), NULL, "let the user in again" },
	{ "must-change", 0, FLAG, POL_OPT_ADD | POL_OPT_CHANGE, AT(must_change), NULL, "the password has to be changed" },
	{ "need-not-change", 0, FLAG, POL_OPT_CHANGE, AT(need_not_change), NULL, "the password need not be changed" },
	{ "void", 0, FLAG, POL_OPT_CHANGE, AT(void_tokens), NULL, "end every token that was issued so far" },
	{ "ask-password", 0, FLAG, POL_OPT_NEW, AT(ask_password), NULL, "ask for the new password at the terminal" },
	{ "password-file", 0, TEXT, POL_OPT_NEW, AT(password_file), "FILE", "the new password is the one line of FILE (- is standard input)" },
	{ "no-password", 0, FLAG, POL_OPT_NO_NEW, AT(no_password), NULL, "the user has no password" },
	{ "scopes", 0, TEXT, POL_OPT_TOKEN, AT(scopes), "A,B", "what it is for; '' opens nothing; not given: all its owner may do" },
	{ "name", 0, TEXT, POL_OPT_TOKEN, AT(name), "NAME", "what its owner calls it" },
	{ "kind", 0, TEXT, POL_OPT_TOKEN | POL_OPT_KIND, AT(kind), "KIND", "its kind, as `credentials:` has it" },
	{ "renewable", 0, FLAG, POL_OPT_TOKEN, AT(renewable), NULL, "it may be renewed" },
	{ "step", 0, TEXT, POL_OPT_TOKEN, AT(step), "STEP", "a signed one (JWT), by that step of `modules:`" },
	{ "lifetime", 0, TEXT, POL_OPT_LIFE, AT(lifetime), "TIME", "how long: 90s, 30m, 12h, 7d, 4w" },
	{ "from", 0, TEXT, POL_OPT_FROM, AT(from), "TIME", "from then on (RFC 3339)" },
	{ "until", 0, TEXT, POL_OPT_LIFE, AT(until), "TIME", "until then (RFC 3339)" },
	{ "secret-file", 0, TEXT, POL_OPT_SECRET, AT(secret_file), "FILE", "look at the token that is the one line of FILE (- is standard input)" },
	{ "user", 0, TEXT, POL_OPT_REVOKE, AT(user), "WHO", "all tokens of WHO" },
	{ "before", 0, TEXT, POL_OPT_REVOKE, AT(before), "TIME", "with --user: those issued before TIME (RFC 3339)" },
	{ "roles", 0, TEXT, POL_OPT_IMPORT, AT(roles), "A,B", "roles that each of them gets, everywhere" },
	{ "dry-run", 0, FLAG, POL_OPT_IMPORT, AT(dry_run), NULL, "read FILE and say what would be done; open no set" },
	{ "file", 0, LOG_FILE, POL_OPT_LOG, 0, "FILE", "a file of records, instead of those of a set; may be repeated" },
	{ "subject", 0, TEXT, POL_OPT_LOG, AT(subject), "SUBJECT", "NAME, TYPE:NAME, or uid:UID" },
	{ "action", 0, TEXT, POL_OPT_LOG, AT(action), "ACTION", "a name; with * at its end all that begin so" },
	{ "decision", 0, TEXT, POL_OPT_LOG, AT(decision), "WORD", "allow or deny" },
	{ "since", 0, TEXT, POL_OPT_LOG, AT(since), "TIME", "from TIME on (RFC 3339, or 30s, 5m, 1h, 7d ago)" },
	{ "until", 0, TEXT, POL_OPT_LOG, AT(until), "TIME", "before TIME" },
	{ "follow", 'f', FLAG, POL_OPT_LOG, AT(follow), NULL, "go on with what comes" },
	{ "verify", 0, FLAG, POL_OPT_LOG, AT(verify), NULL, "is every record there, as it was written?" },
	{ "key", 0, TEXT, POL_OPT_LOG, AT(key), "FILE", "the key of the log, for --verify" },
	{ "head", 0, TEXT, POL_OPT_LOG, AT(head), "FILE", "where the last --file ends, for --verify; else FILE.head beside each" },
	{ "replay", 0, TEXT, POL_OPT_LOG, AT(replay), "PATH", "what would the set at PATH have decided?" },
	{ "max-size", 0, SIZE, POL_OPT_SIZE, AT(max_size), "BYTES", "take files up to BYTES (K, M, G) long" },
	{ "json", 0, FLAG, POL_OPT_JSON, AT(json), NULL, "answer in JSON" },
	{ "help", 'h', FLAG, 0, AT(help), NULL, "say this" },
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))

static const struct option *
find(unsigned allowed, const char *arg, size_t len)
{
	size_t i;

	for (i = 0; i < OPTIONS; i++) {
		if (options[i].bit != 0 && (options[i].bit & allowed) == 0)
			continue;
		if (arg[1] == '-' ? strlen(options[i].name) == len - 2 && memcmp(options[i].name, arg + 2, len - 2) == 0 :
		    options[i].letter != 0 && arg[1] == options[i].letter && len == 2)
			return &options[i];
	}
	return NULL;
}

static int
read_size(const struct pol_args *a, uint64_t *out, const char *s)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(s, &end, 10);
	if (end == s || s[0] < '0' || s[0] > '9' || errno != 0)
		return pol_out_usage(a, "--max-size: a number of bytes is wanted, not %s", s);
	if (*end != '\0') {
		unit = strchr(units, *end >= 'a' && *end <= 'z' ? *end - 'a' + 'A' : *end);
		if (unit == NULL || end[1] != '\0')
			return pol_out_usage(a, "--max-size: K, M or G may follow the number, not %s", end);
		v <<= 10 * (unit - units + 1);
	}
	if (v == 0 || v > UINT64_C(1) << 40)
		return pol_out_usage(a, "--max-size: from 1 byte to 1024G is wanted, not %s", s);
	*out = v;
	return 0;
}

#define THREADS_MOST 1024

static int
read_count(const struct pol_args *a, const struct option *o, unsigned *out, const char *s)
{
	unsigned long v;
	char *end;

	errno = 0;
	v = strtoul(s, &end, 10);
	if (s[0] < '0' || s[0] > '9' || *end != '\0' || errno != 0 || v == 0 || v > THREADS_MOST)
		return pol_out_usage(a, "--%s: a number from 1 to %d is wanted, not %s", o->name, THREADS_MOST, s);
	*out = (unsigned)v;
	return 0;
}

static int
read_seconds(const struct pol_args *a, const struct option *o, double *out, const char *s)
{
	char *end;
	double v = strtod(s, &end);

	if (s[0] < '0' || s[0] > '9' || *end != '\0' || !(v > 0) || v > 86400)
		return pol_out_usage(a, "--%s: seconds, up to a day of them, are wanted, not %s", o->name, s);
	*out = v;
	return 0;
}

static int
no_memory(void)
{
	fprintf(stderr, "policyctl: out of memory\n");
	return EX_OSERR;
}

static int
add_word(struct pol_words *w, const char *value)
{
	const char **list = reallocarray(w->list, w->n + 1, sizeof(*list));

	if (list == NULL)
		return no_memory();
	list[w->n++] = value;
	w->list = list;
	return 0;
}

static int
take(struct pol_args *a, const struct option *o, const char *value)
{
	char *base = (char *)a;

	switch (o->kind) {
	case FLAG:
		*(bool *)(void *)(base + o->at) = true;
		break;
	case TEXT:
		*(const char **)(void *)(base + o->at) = value;
		break;
	case WORDS:
		return add_word((struct pol_words *)(void *)(base + o->at), value);
	case PATH:
		a->paths[a->n_paths++] = value;
		break;
	case LOG_FILE:
		a->files[a->n_files++] = value;
		break;
	case SIZE:
		return read_size(a, &a->max_size, value);
	case COUNT:
		return read_count(a, o, (unsigned *)(void *)(base + o->at), value);
	case SECONDS:
		return read_seconds(a, o, (double *)(void *)(base + o->at), value);
	}
	return 0;
}

static int
read_option(struct pol_args *a, unsigned allowed, int argc, char **argv, int *i)
{
	const char *arg = argv[*i], *equals = strncmp(arg, "--", 2) == 0 ? strchr(arg, '=') : NULL;
	size_t len = equals != NULL ? (size_t)(equals - arg) : strlen(arg);
	const struct option *o = find(allowed, arg, len);

	if (o == NULL)
		return pol_out_usage(a, "unknown option %.*s", (int)(len < 80 ? len : 80), arg);
	if (o->kind == FLAG) {
		if (equals != NULL)
			return pol_out_usage(a, "option --%s takes no value", o->name);
		return take(a, o, NULL);
	}
	if (equals != NULL)
		return take(a, o, equals + 1);
	if (*i + 1 >= argc)
		return pol_out_usage(a, "option --%s wants %s", o->name, o->value);
	return take(a, o, argv[++*i]);
}

int
pol_args_read(struct pol_args *out, const char *verb, unsigned allowed, int argc, char **argv)
{
	bool only_words = false;
	int i, rc;

	memset(out, 0, sizeof(*out));
	out->verb = verb;
	out->words = calloc((size_t)argc + 1, sizeof(*out->words));
	out->paths = calloc((size_t)argc + 1, sizeof(*out->paths));
	out->files = calloc((size_t)argc + 1, sizeof(*out->files));
	if (out->words == NULL || out->paths == NULL || out->files == NULL)
		return no_memory();
	for (i = 0; i < argc; i++) {
		if (only_words || argv[i][0] != '-' || argv[i][1] == '\0') {
			out->words[out->n_words++] = argv[i];
		} else if (strcmp(argv[i], "--") == 0) {
			only_words = true;
		} else {
			rc = read_option(out, allowed, argc, argv, &i);
			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

void
pol_args_fini(struct pol_args *a)
{
	free(a->words);
	free(a->paths);
	free(a->files);
	free(a->attributes.list);
	free(a->unset.list);
}

bool
pol_args_item(struct policy_text *out, const char *list, size_t n)
{
	if (list == NULL || *list == '\0')
		return false;
	for (; n > 0; n--) {
		list = strchr(list, ',');
		if (list == NULL)
			return false;
		list++;
	}
	*out = (struct policy_text){ list, strcspn(list, ",") };
	return true;
}

void
pol_args_help(FILE *f, unsigned allowed)
{
	char left[40];
	size_t i;

	fputs("\noptions:\n", f);
	for (i = 0; i < OPTIONS; i++) {
		const struct option *o = &options[i];

		if (o->bit != 0 && (o->bit & allowed) == 0)
			continue;
		snprintf(left, sizeof(left), "%c%c --%s %s", o->letter != 0 ? '-' : ' ',
		    o->letter != 0 ? o->letter : ' ', o->name, o->value != NULL ? o->value : "");
		fprintf(f, "  %-24s %s\n", left, o->help);
	}
}
