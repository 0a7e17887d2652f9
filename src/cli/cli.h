/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of policyctl share. Public headers of the library only. */
#ifndef POL_CLI_CLI_H
#define POL_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sysexits.h>

#include <policy.h>
#include <policy_admin.h>
#include <policy_author.h>

#include "cli/json.h"

/* Exit status everywhere: 0 yes, 1 no, sysexits(3) where there is no answer. */
enum { POL_YES = 0, POL_NO = 1 };

/* ---- args.c ---- */

struct pol_words {
	const char **list;
	size_t n;
};

struct pol_args {
	const char *verb;
	const char **words;		/* what is no option */
	size_t n_words;
	const char **paths;		/* -p */
	size_t n_paths;
	const char **files;		/* --file */
	size_t n_files;
	const char *subject, *action, *decision, *since, *until, *key, *head, *replay;
	const char *scopes, *kind, *groups, *actor, *now;
	const char *requests, *set, *body;
	const char *token_file, *name, *type, *module_dir;
	const char *login, *org, *password_file, *secret_file, *lifetime, *from, *step, *user, *before, *roles;
	struct pol_words attributes, unset;
	uint64_t max_size;		/* 0: the default */
	unsigned threads;		/* 0: the default */
	double seconds;			/* 0: the default */
	bool follow, verify;
	bool json, fixtures, batch, host, profile, password_stdin, help;
	bool ask_password, no_password, generated, reuse, disable, enable, must_change, need_not_change, void_tokens;
	bool renewable, dry_run;
};

/* What a verb may be given. */
#define POL_OPT_PATH (1u << 0)
#define POL_OPT_JSON (1u << 1)
#define POL_OPT_FIXTURES (1u << 2)
#define POL_OPT_REQUEST (1u << 3)	/* --scopes, --kind, --groups, --actor */
#define POL_OPT_NOW (1u << 4)
#define POL_OPT_BATCH (1u << 5)
#define POL_OPT_HOST (1u << 6)
#define POL_OPT_SIZE (1u << 7)
#define POL_OPT_BENCH (1u << 8)	/* --requests, --threads, --seconds, --profile */

#define POL_OPT_CREDENTIAL (1u << 9)	/* --token-file, --password-stdin, --name, --type */
#define POL_OPT_MODULES (1u << 10)	/* --module-dir */
#define POL_OPT_AS (1u << 11)		/* who calls: --token-file, --login, --password-stdin, --type */
#define POL_OPT_USER (1u << 12)		/* --org, --groups, --attribute */
#define POL_OPT_ADD (1u << 13)		/* --generated, --disabled, --must-change, --reuse */
#define POL_OPT_CHANGE (1u << 14)	/* --disable, --enable, --unset, --void... */
#define POL_OPT_NEW (1u << 15)		/* --ask-password, --password-file */
#define POL_OPT_NO_NEW (1u << 16)	/* --no-password */
#define POL_OPT_TOKEN (1u << 17)	/* --scopes, --kind, --name, --renewable, --step */
#define POL_OPT_KIND (1u << 18)		/* --kind */
#define POL_OPT_LIFE (1u << 19)		/* --lifetime, --until */
#define POL_OPT_FROM (1u << 20)
#define POL_OPT_SECRET (1u << 21)	/* --secret-file */
#define POL_OPT_REVOKE (1u << 22)	/* --user, --before */
#define POL_OPT_IMPORT (1u << 23)	/* --roles, --dry-run */

#define POL_OPT_ROUTE (1u << 25)	/* --set, --body */
#define POL_OPT_SEEK (1u << 26)		/* --type, of who is sought */
#define POL_OPT_LOG (1u << 24)		/* --file, --subject, --since..., --verify, --replay */

/* 0, or an exit status when it has said what is wrong. Frees with pol_args_fini. */
int pol_args_read(struct pol_args *out, const char *verb, unsigned allowed, int argc, char **argv);
void pol_args_fini(struct pol_args *a);
/* The nth item, from 0, of a list that is separated by commas; false: there is none. An empty
 * text is an empty list. */
bool pol_args_item(struct policy_text *out, const char *list, size_t n);
/* Lines of help for the options of `allowed`. */
void pol_args_help(FILE *f, unsigned allowed);

/* ---- out.c ---- */

/* "policyctl VERB: ...", to standard error. Returns EX_USAGE. */
int pol_out_usage(const struct pol_args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Text from elsewhere: what could steer a terminal is shown as \xNN. */
void pol_out_text(FILE *f, const char *s);
void pol_out_text_n(FILE *f, const char *s, size_t len);
/* FILE:LINE:COLUMN: WORD: TEXT */
void pol_out_finding(const char *word, const char *file, uint32_t line, uint32_t column, const char *text);
/* An error of the library, and the exit status it stands for. */
int pol_out_error(const struct pol_args *a, const struct policy_error *err);
int pol_out_status(int code);
/* "ALLOW  rule x.yaml:24" */
void pol_out_decision(FILE *f, const struct policy_decision *d);
enum pol_paint { POL_PLAIN, POL_GOOD, POL_BAD, POL_WARN, POL_STRONG };
/* Begins and ends a colour, on a terminal that wants it. */
void pol_out_paint(FILE *f, enum pol_paint p);
/* Flushes standard output: 0, or EX_IOERR when something was not written. */
int pol_out_close(int status);
/* What was written, on a line of its own, and frees it: 0, or EX_OSERR when memory ran out. */
int pol_out_json(struct pol_json *j);

/* How far a long work is, on a terminal, once it takes over a second. */
struct pol_progress {
	const char *what;
	int64_t started, shown;		/* ns; shown 0: nothing to clear */
	bool on;
};
void pol_progress_begin(struct pol_progress *p, const char *what);
/* total 0: unknown; done is then a count. */
void pol_progress_show(struct pol_progress *p, uint64_t done, uint64_t total);
void pol_progress_end(struct pol_progress *p);

/* ---- open.c ---- */

/* Opens paths as one set, telling of unsafe owners and modes on standard error. 0 or the library's code. */
int pol_open_set(struct policy_set **out, const struct pol_args *a, const char *const *paths, size_t n,
    struct policy_error *err);
/* The same with all warnings told elsewhere. */
int pol_open_set_with(struct policy_set **out, const struct pol_args *a, const char *const *paths, size_t n,
    policy_warning_fn *warning, void *ctx, struct policy_error *err);
void pol_open_limits(struct policy_limits *out, const struct pol_args *a);

/* ---- cmd_*.c: return the exit status ---- */

int pol_cmd_check(const struct pol_args *a);
int pol_cmd_test(const struct pol_args *a);
int pol_cmd_decide(const struct pol_args *a);
int pol_cmd_explain(const struct pol_args *a);
int pol_cmd_route(const struct pol_args *a);
int pol_cmd_dump(const struct pol_args *a);
int pol_cmd_bench(const struct pol_args *a);
int pol_cmd_whoami(const struct pol_args *a);
int pol_cmd_log(const struct pol_args *a);
int pol_cmd_who(const struct pol_args *a);
int pol_cmd_what(const struct pol_args *a);

/* log_replay.c: of the records that q wants, those that --replay decides otherwise. */
struct policy_activity_query;
int pol_log_replay(const struct pol_args *a, struct policy *p, const struct policy_activity_query *q);

/* batch.c */
int pol_batch_run(struct policy_set *set, const struct pol_args *a);

#endif
