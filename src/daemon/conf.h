/* SPDX-License-Identifier: Apache-2.0 */
/* policyd.yaml: where the daemon listens, what it serves there, and to whom. */
#ifndef POL_DAEMON_CONF_H
#define POL_DAEMON_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <policy.h>

/* What a listener serves: `serve:`. */
enum {
	POL_SERVE_AUTHZEN = 1, POL_SERVE_PROXY = 2, POL_SERVE_HEALTH = 4, POL_SERVE_METRICS = 8,
	POL_SERVE_MANAGE = 16, POL_SERVE_OAUTH = 32, POL_SERVE_ML_BLOCKS = 64, POL_SERVE_XINFERENCE = 128,
	POL_SERVE_TORCHSERVE = 256, POL_SERVE_INTEGRATE_AI = 512,
	/* those that make calls at the desk */
	POL_SERVE_DESK = POL_SERVE_MANAGE | POL_SERVE_OAUTH | POL_SERVE_ML_BLOCKS | POL_SERVE_XINFERENCE |
	    POL_SERVE_TORCHSERVE | POL_SERVE_INTEGRATE_AI
};

/* What a caller may: a word of `peers:`, or on TCP the action policyd:WORD. */
enum { POL_MAY_EVALUATE = 1, POL_MAY_SEARCH = 2, POL_MAY_ADMIN = 4 };

struct pol_conf_peer {
	bool is_group, has_id;
	uint32_t id;			/* uid, or gid */
	unsigned may;
};

/* profiles: integrate-ai: NULL where it is not said. */
struct pol_conf_iai {
	char *step, *kind;		/* of the tokens it makes; no step: opaque ones */
	char *customer, *env, *realm, *iss, *domain;	/* what is said of the users it makes */
};

struct pol_conf_listener {
	unsigned line;			/* in the file */
	/* one of three: */
	char *unix_path;
	unsigned unix_mode;		/* 0660 where not said */
	char *host, *port;
	char *activation;		/* a descriptor that systemd passes, by its name */

	char *certificate, *key, *client_ca;	/* TLS: files; NULL: none */
	unsigned serve;
	struct pol_conf_peer *peers;
	size_t peers_count;
	struct pol_conf_iai iai;	/* of integrate-ai */
	char *routes;			/* of a proxy: the set of routes */
	bool forwarded;			/* a proxy stands before it, and says whose a request is: X-Forwarded-For */
	size_t body_bytes;		/* of a proxy: of a body that routes may look at; 0: none is sent */
};

struct pol_conf {
	char *file;			/* this one */
	char *policy;			/* the set; NULL: libpolicy's default */
	char *modules;			/* module directory; NULL: the one compiled in */
	char *state;			/* where the last good text is kept; NULL: nowhere */
	char *user;			/* to become, where started as root; NULL: none */
	char *url;			/* public https URL without a slash at the end; NULL: no metadata */
	char *jwks;			/* a file of public keys, for whoever asks; NULL: none */
	unsigned threads;		/* that serve */
	unsigned waiting;		/* threads where a module may wait */
	unsigned queued;		/* requests that wait for one of those; beyond: 503 */
	unsigned connections;		/* of a listener */
	unsigned idle_s, wait_s;	/* a connection without a byte; a module */
	size_t head_bytes, body_bytes;
	unsigned batch;			/* evaluations in one request */
	/* directories beside the system's own: that the process which parses requests may read,
	 * and where it may write records; see sandbox.h */
	char **read, **write;
	size_t read_count, write_count;
	struct pol_conf_listener *listeners;
	size_t listeners_count;
};

/* Reads it. Owner and mode are checked as policy_open() checks a set's. On failure *out is
 * NULL and err has file, line and what was wanted. */
int pol_conf_new(struct pol_conf **out, const char *file, struct policy_error *err);
/* The same from its text; `file` is what it is called. */
int pol_conf_text(struct pol_conf **out, const char *file, const char *text, size_t len, struct policy_error *err);
void pol_conf_free(struct pol_conf *c);
/* Does a listener serve what makes calls at the desk? */
bool pol_conf_has_desk(const struct pol_conf *c);

#endif
