/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of one process: numbered, each bound to the one before, in a file of its own.
 * For one thread at a time. Where the file cannot be written, lines wait in a buffer of
 * fixed size; what was written halfway goes on where it stopped.
 */
#ifndef POL_AUDIT_LOG_H
#define POL_AUDIT_LOG_H

#include <stdbool.h>
#include <sys/types.h>

#include "audit/chain.h"
#include "audit/line.h"

#define POL_LOG_AGAIN_NS 100000000	/* what failed is tried again no sooner */

struct pol_log_conf {
	const char *file, *head, *key;	/* NULL: none; %h and %p not yet replaced */
	bool syslog;
	uint32_t facility;
};

typedef void pol_log_say_fn(void *ctx, enum policy_log_level level, const char *text);

struct pol_log {
	char *file, *head;		/* as opened; NULL: none */
	uint32_t facility;
	bool to_syslog;
	pol_log_say_fn *say;
	void *say_ctx;
	char host[256];

	struct pol_chain *chain, *seed;	/* seed is never used, but copied by a child */
	uint64_t number;		/* of the chain: random */
	uint64_t seq;			/* of the last line */
	unsigned char sum[POL_SUM];

	int fd;				/* -1: not open */
	dev_t dev;
	ino_t ino;
	off_t size;			/* so long we have made it */
	bool begun;			/* there are lines of ours, in whatever file */
	bool unsynced;			/* written, not yet on disk */
	bool ending;			/* the last line of the file is on its way */

	char *buf;			/* lines on their way */
	size_t len, sent;
	bool failing;
	int64_t again;			/* CLOCK_MONOTONIC ns */

	uint64_t head_seq;
	int64_t head_ns;
	bool head_failing;

	int syslog_fd;
	bool syslog_failing;
	int64_t syslog_again;
};

/* Nothing is opened yet but the key; what must be there for the file is looked for. */
int pol_log_new(struct pol_log **out, const struct pol_log_conf *conf, pol_log_say_fn *say, void *ctx,
    struct policy_error *err);
/* The same in a child, whose rights may be fewer than its parent's: the key is not read again. */
int pol_log_again(struct pol_log **out, const struct pol_log_conf *conf, const struct pol_log *parents,
    struct policy_error *err);
/* Its last line says that it ends. */
void pol_log_free(struct pol_log *log);
/* In a child, the parent's: closes the copies of its descriptors, and leaves the rest. */
void pol_log_abandon(const struct pol_log *log);

/* The file is there, the right one, and a line begins it. 0, or POLICY_ERR_IO: said once. */
int pol_log_ready(struct pol_log *log);
bool pol_log_has_room(const struct pol_log *log);	/* for one more line */
/* Behind pol_log_ready, where there is room. */
void pol_log_note(struct pol_log *log, const char *note, uint32_t len);
void pol_log_dropped(struct pol_log *log, uint64_t count);
/* What is in the buffer goes to the file; sync: and to the disk. 0 or POLICY_ERR_IO;
 * *unsure: it was written, and the disk does not say where to. */
int pol_log_flush(struct pol_log *log, bool sync, bool *unsure);
bool pol_log_waits(const struct pol_log *log);		/* is there anything in the buffer? */
/* Once a second, where something came since; always: now. */
void pol_log_head(struct pol_log *log, bool always);

/* Parts of it: log_line.c, log_file.c, syslog.c. */
void pol_log_fail(struct pol_log *log, const char *what, const char *path, int e);
void pol_log_say(const struct pol_log *log, enum policy_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int64_t pol_log_clock(int clock);
char *pol_log_open_line(struct pol_log *log);
void pol_log_close_line(struct pol_log *log, char *at);
void pol_log_end(struct pol_log *log, const char *why);
void pol_log_begin(struct pol_log *log, const unsigned char prev[POL_SUM], const unsigned char *torn);
int pol_log_file_open(struct pol_log *log);
bool pol_log_file_is_ours(const struct pol_log *log, int fd);
void pol_log_syslog(struct pol_log *log, const char *line, size_t len);

#endif
