/* SPDX-License-Identifier: Apache-2.0 */
/* What every request over HTTPS must have, whoever sends it. */
#ifndef POL_COMMON_WEB_H
#define POL_COMMON_WEB_H

#include <signal.h>
#include <stdbool.h>

#include <curl/curl.h>

/*
 * Certificates are verified, by `ca` and `capath` alone where one of them is given (else
 * NULL); TLS 1.2 at least; only the scheme of `url`, no redirect, no proxy but `proxy`
 * (empty: none), nothing of the environment or ~/.netrc; descriptors are O_CLOEXEC. Each
 * option may fail for want of memory, and a request without one of them would be another.
 */
CURLcode pol_web_options(CURL *c, const char *url, const char *ca, const char *capath, const char *proxy);

/*
 * Writing into a connection that was closed raises SIGPIPE, also where one is closed:
 * between the two it is held back in this thread, and then forgotten.
 */
struct pol_web_pipe {
	sigset_t before;
	bool pending;
};

void pol_web_hold(struct pol_web_pipe *p);
void pol_web_release(const struct pol_web_pipe *p);

#endif
