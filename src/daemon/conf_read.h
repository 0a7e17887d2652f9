/* SPDX-License-Identifier: Apache-2.0 */
/* A file of YAML to structures, by tables of keys. */
#ifndef POL_DAEMON_CONF_READ_H
#define POL_DAEMON_CONF_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <policy.h>

enum pol_key_kind {
	POL_KEY_TEXT,			/* char * */
	POL_KEY_PATH,			/* char *, absolute */
	POL_KEY_VERSION,		/* a number that is looked at, and kept nowhere */
	POL_KEY_COUNT,			/* unsigned */
	POL_KEY_SECONDS,		/* unsigned: 15s, 2m, 1h */
	POL_KEY_BYTES,			/* size_t: 64KiB, 1MiB */
	POL_KEY_MODE,			/* unsigned: octal */
	POL_KEY_WORDS,			/* unsigned: a list of words, one bit each */
	POL_KEY_ADDRESS,		/* two char *: host, port */
	POL_KEY_BOOL,			/* bool: true, false */
	POL_KEY_USER,			/* struct pol_conf_peer */
	POL_KEY_GROUP,
	POL_KEY_MAP,			/* keys of the same structure, one deeper */
	POL_KEY_LIST			/* structures, or char * of paths; a pointer and a count */
};

struct pol_word {
	const char *name;
	unsigned bit;
};

struct pol_key {
	const char *name;
	enum pol_key_kind kind;
	bool required;
	size_t at;			/* where it goes */
	uint64_t min, max;		/* of a number; of a list, its items */
	const struct pol_word *words;
	const struct pol_key *keys;	/* of a map, of an item (NULL: a path); an empty name ends them */
	size_t item;			/* bytes of one */
	size_t count_at;		/* size_t of a list */
	bool lined;			/* an item begins with its line, unsigned */
};

/* What values say of their place. */
struct pol_place {
	const char *file;
	size_t line, column;		/* from 1 */
	struct policy_error *err;
};

/* Fills err (may be NULL), returns code. Control bytes become '?'. */
int pol_conf_fault(const struct pol_place *p, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The text of a scalar of any kind but lists and maps. base: the structure. */
int pol_conf_scalar(const struct pol_key *k, void *base, const char *text, size_t len,
    const struct pol_place *p);
/* The bit of a word of a list, or 0. */
unsigned pol_conf_word(const struct pol_key *k, const char *text);
/* Reads the text by keys into base. What was read before a failure is left there. */
int pol_conf_read(void *base, const struct pol_key *keys, const char *file, const char *text,
    size_t len, struct policy_error *err);
/* The file's text, the caller's to free; owner and mode are judged. */
int pol_conf_load(char **out, size_t *len, const char *file, struct policy_error *err);

#endif
