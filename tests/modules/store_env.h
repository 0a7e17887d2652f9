/* SPDX-License-Identifier: Apache-2.0 */
/* What the suite of stores is told by each store that it is run on, and its tools. */
#ifndef POL_TESTS_STORE_ENV_H
#define POL_TESTS_STORE_ENV_H

#include <policy_module.h>

/* ---- each store has these: modules/store_NAME/test_env.c ---- */

/* Makes ready; the reason why the suite cannot run here, or NULL. */
const char *env_begin(void);
/* The url of a store that is new and empty, until the next one is asked for. */
const char *env_fresh(void);
/* What the store's own tools say of it now: NULL, or what is wrong. */
const char *env_wrong(void);
/* The same of a copy that backup() made at path; then puts it behind `env_copy`'s url. */
const char *env_copy(const char *path, const char **why);
/* How many rows the view of that name shows; -1: it cannot be read. */
long env_view(const char *name);
/* Urls that open() has to refuse, url NULL at the end; what its text must say. */
struct env_bad {
	const char *url, *says;
};
const struct env_bad *env_bad(void);
/* A place for files, absolute, 0700. */
const char *env_dir(void);
void env_end(void);

/* ---- store_drive.c ---- */

struct store {
	void *state;
	uint64_t since;
	struct policy_error err;
};

/* 0, or what open() said. */
int store_open(struct store *s, const char *url);
/* The same, for reading only. */
int store_open_reading(struct store *s, const char *url);
void store_close(struct store *s);
int store_apply(struct store *s, const struct policy_row *rows, size_t n);
/* Applies until it is not AGAIN. How often it was. */
int store_apply_hard(struct store *s, const struct policy_row *rows, size_t n);

/* What changes() told, each row copied. */
struct seen {
	struct policy_row *rows;
	size_t n;
	int stop_at;			/* the row whose telling fails; 0: none */
};

int store_changes(struct store *s, struct seen *seen);
void seen_drop(struct seen *seen);
/* Are they the same, absent and empty told apart? */
int row_same(const struct policy_row *a, const struct policy_row *b);
/* A user, all of whose texts come from n. The row's texts lie in *room. */
struct room {
	char bytes[40000];
	size_t used;
};
void row_make(struct policy_row *r, struct room *room, uint32_t kind, const char *id, unsigned n);

/* Counting, over all files of a program. */
#define check(holds, what) store_check(holds, what, __FILE__, __LINE__)
int store_check(int holds, const char *what, const char *file, int line);
int store_finish(void);

/* The parts of the suite. */
void suite_reads(void);
void suite_rows(void);
void suite_writers(void);

#endif
