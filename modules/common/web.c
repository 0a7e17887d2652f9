/* SPDX-License-Identifier: Apache-2.0 */
#include "web.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static curl_socket_t
on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *s)
{
	(void)ctx;
	(void)purpose;
	return socket(s->family, s->socktype | SOCK_CLOEXEC, s->protocol);
}

#define SET(option, value) do { \
	if (rc == CURLE_OK) \
		rc = curl_easy_setopt(c, option, value); \
} while (0)

CURLcode
pol_web_options(CURL *c, const char *url, const char *ca, const char *capath, const char *proxy)
{
	const bool https = strncmp(url, "https:", 6) == 0;
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_URL, url);
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(CURLOPT_PROTOCOLS_STR, https ? "https" : "http");
#else
	SET(CURLOPT_PROTOCOLS, https ? (long)CURLPROTO_HTTPS : (long)CURLPROTO_HTTP);
#endif
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (ca != NULL || capath != NULL) {	/* libcurl looks into the system's store too, unless told not to */
		SET(CURLOPT_CAINFO, ca);
		SET(CURLOPT_CAPATH, capath);
	}
	SET(CURLOPT_PROXY, proxy);
	SET(CURLOPT_NOPROXY, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
	return rc;
}

#undef SET

void
pol_web_hold(struct pol_web_pipe *p)
{
	sigset_t pipes, pending;

	sigemptyset(&pipes);
	sigaddset(&pipes, SIGPIPE);
	sigpending(&pending);
	p->pending = sigismember(&pending, SIGPIPE) != 0;
	pthread_sigmask(SIG_BLOCK, &pipes, &p->before);
}

void
pol_web_release(const struct pol_web_pipe *p)
{
	const struct timespec none = { 0, 0 };
	sigset_t pipes;

	sigemptyset(&pipes);
	sigaddset(&pipes, SIGPIPE);
	while (!p->pending && sigtimedwait(&pipes, NULL, &none) == -1 && errno == EINTR)
		;
	pthread_sigmask(SIG_SETMASK, &p->before, NULL);
}
