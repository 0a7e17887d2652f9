/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first, second, third... allocation of one check fails, it alone or all that
 * follow too: ours, jansson's, libcurl's, OpenSSL's. Never a wrong PASS, never a no to
 * what is good, nothing left behind. A child process is the server.
 */
#include "vault.h"

#include "chaos/chaos.h"

#ifdef CHAOS_SANITIZER

int
main(void)
{
	chaos_skip(1, "failing allocations (a sanitizer has an allocator of its own)");
	return chaos_finish();
}

#else

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "chaos/heap.h"
#include "modules/drive.h"

#define TOKEN "s.token-of-a-client"
#define SECRET "secret-of-a-client"

enum { MOST = 20000 };

/* ---- the server ---- */

static const char data_[] = "{\"data\":{\"accessor\":\"acc\",\"display_name\":\"bob\",\"entity_id\":\"e-1\",\"expire_time\":null,"
    "\"id\":\"" TOKEN "\",\"meta\":{\"team\":\"red\"},\"num_uses\":0,\"policies\":[\"default\"],\"ttl\":0,\"renewable\":false,"
    "\"type\":\"service\"}}";
static const char auth_[] = "{\"auth\":{\"client_token\":\"" TOKEN "\",\"lease_duration\":600,\"renewable\":true,"
    "\"token_type\":\"service\"}}";

static const char *
answer(const char *request)
{
	if (strncmp(request, "POST /v1/auth/userpass/login/bob ", 33) == 0)
		return strstr(request, "\"" SECRET "\"") != NULL ? auth_ : "400";
	if (strstr(request, "X-Vault-Token: " TOKEN "\r\n") == NULL)
		return "403";
	if (strncmp(request, "GET /v1/auth/token/lookup-self ", 31) == 0)
		return data_;
	if (strncmp(request, "LIST /v1/secret/list ", 21) == 0)
		return "{\"data\":{\"keys\":[\"c1\",\"c2\"]}}";
	if (strncmp(request, "GET /v1/secret/list/c1 ", 23) == 0)
		return "{\"data\":{\"token\":\"" SECRET "\"}}";
	if (strncmp(request, "GET /v1/secret/list/c2 ", 23) == 0)
		return "{\"data\":{\"token\":\"of another\"}}";
	return "204";
}

static void
serve_one(int c)
{
	char in[16384], out[4096];
	size_t n = 0;
	ssize_t got;

	while ((got = read(c, in + n, sizeof(in) - 1 - n)) > 0) {
		const char *end, *length, *text;
		const char *status = "200";

		n += (size_t)got;
		in[n] = '\0';
		end = strstr(in, "\r\n\r\n");
		length = strstr(in, "Content-Length: ");
		if (end == NULL || (length != NULL && n < (size_t)(end + 4 - in) + strtoul(length + 16, NULL, 10)))
			continue;
		text = answer(in);
		if (strlen(text) == 3) {
			status = text;
			text = status[0] == '4' ? "{\"errors\":[\"permission denied\"]}" : "";
		}
		/* long enough that nobody who has too little room for it gets away with it */
		n = (size_t)snprintf(out, sizeof(out), "HTTP/1.1 %s X\r\nX-Long: %03000d\r\nContent-Length: %zu\r\n\r\n%s", status, 0,
		    strlen(text), text);
		if (write(c, out, n) != (ssize_t)n)
			break;
		n = 0;
	}
	close(c);
}

/* Connections one after the other: a step whose connection is open waits for nobody. */
static pid_t
server(int *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	if (s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(s, 16) != 0 ||
	    getsockname(s, (struct sockaddr *)&at, &len) != 0)
		return -1;
	*port = ntohs(at.sin_port);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGCHLD, SIG_IGN);
		for (;;) {
			int c = accept(s, NULL, NULL);

			if (c >= 0 && fork() == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				serve_one(c);
				_exit(0);
			}
			close(c);
		}
	}
	close(s);
	return pid;
}

/* ---- the checks ---- */

static struct drive d;
static char address[64], file[256];

static const struct mode {
	const char *name, *kind, *user, *good, *bad;
} modes[] = {
	{ "token", "bearer", NULL, TOKEN, "s.somebody-else" },
	{ "login", "password", "bob", SECRET, "not the secret" },
	{ "list", "bearer", NULL, SECRET, "s.somebody-else" },
};

static int
open_step(const struct mode *m)
{
	struct policy_attr with[] = {
		{ POLICY_TEXT("address"), { .type = POLICY_STRING, .u.text = policy_text(address) } },
		{ POLICY_TEXT("insecure"), { .type = POLICY_BOOL, .u.boolean = 1 } },
		DRIVE_ATTR_INT("retries", 0),
		{ POLICY_TEXT("mode"), { .type = POLICY_STRING, .u.text = policy_text(m->name) } },
		DRIVE_ATTR_TEXT("method", "userpass"),
		DRIVE_ATTR_TEXT("path", "list"), DRIVE_ATTR_INT("kv", 1),
		{ POLICY_TEXT("token_file"), { .type = POLICY_STRING, .u.text = policy_text(file) } },
	};
	const uint32_t n = strcmp(m->name, "token") == 0 ? 4 : strcmp(m->name, "login") == 0 ? 5 : 7;

	if (n == 7)	/* a list has no `method` */
		memmove(&with[4], &with[5], 3 * sizeof(with[0]));
	drive_init(&d, &policy_module_1);
	return drive_open(&d, with, n);
}

static enum policy_check_result
run(const struct mode *m, const char *what, long n)
{
	enum policy_check_result r;

	heap_live = 0;
	heap_failed = 0;
	heap_fail = n;
	heap_on = 1;
	if (open_step(m) == 0) {
		if (strcmp(m->name, "list") == 0)
			policy_module_1.serve(d.state, POLICY_SERVE_CHANGED);
		r = drive_check(&d, m->kind, m->user, what);
		drive_close(&d);
	} else {
		r = POLICY_CHECK_ERROR;
	}
	heap_on = 0;
	return r;
}

/* What libcurl, jansson and OpenSSL keep for the process's life is there by then. */
static void
try(const struct mode *m, const char *what, enum policy_check_result wanted, enum policy_check_result never)
{
	enum policy_check_result r = POLICY_CHECK_AGAIN;
	long n, left = 0, counts[5] = { 0 };

	for (n = 0; n < 3; n++)
		r = run(m, what, 0);
	chaos_check(r == wanted, "the answer with memory enough");
	chaos_check(heap_live == 0, "memory left behind without a failure");
	for (n = 1; n < MOST; n++) {
		r = run(m, what, n);
		counts[r]++;
		if (!chaos_check(r != never, "a wrong answer for want of memory"))
			printf("    %s: allocation %ld: %d\n", m->name, n, (int)r);
		left += heap_live;
		if (!heap_failed)
			break;
	}
	chaos_check(n < MOST && r == wanted, "it never gets through");
	/* OpenSSL's queue of errors, one a thread, takes a few blocks when it is first used */
	if (!chaos_check(left <= 8, "memory left behind"))
		printf("    %s: %ld blocks in %ld runs\n", m->name, left, n);
	printf("%s: %ld allocations failed in turn: %ld ERROR, %ld PASS, %ld FAIL\n", m->name, n - 1, counts[0], counts[1],
	    counts[2]);
}

/* ---- one step all the way ---- */

static enum policy_check_result
check(const struct mode *m, long n)
{
	enum policy_check_result r;

	heap_failed = 0;
	heap_fail = n;
	heap_on = 1;
	r = drive_check(&d, m->kind, m->user, m->good);
	heap_on = 0;
	heap_fail = 0;
	chaos_check(r != POLICY_CHECK_FAIL, "a no for want of memory");
	return r;
}

/* Who could not be reached is left alone for a second. */
static bool
comes_back(const struct mode *m)
{
	const struct timespec nap = { 0, 20000000 };

	for (int i = 0; i < 500 && check(m, 0) != POLICY_CHECK_PASS; i++)
		nanosleep(&nap, NULL);
	return chaos_check(check(m, 0) == POLICY_CHECK_PASS, "what is good is not good again");
}

/* A failure that no answer tells of may have left something to the handle, which the
 * next check begins with: so there each of that one's allocations fails too. */
static void
keep(const struct mode *m)
{
	long n, k, twice = 0;
	bool more = true;

	if (!chaos_check(open_step(m) == 0, "the step opens"))
		return;
	for (n = 1; n < MOST && more && comes_back(m); n++) {
		more = check(m, n) != POLICY_CHECK_PASS || heap_failed;
		for (k = 1; k < MOST && comes_back(m) && check(m, n) == POLICY_CHECK_PASS && heap_failed; k++, twice++) {
			if (check(m, k) == POLICY_CHECK_PASS && !heap_failed)
				break;
		}
	}
	chaos_check(!more, "it never gets through");
	drive_close(&d);
	printf("%s, one step: %ld allocations failed in turn, %ld in pairs\n", m->name, n - 2, twice);
}

int
main(void)
{
	char dir[] = "/tmp/libpolicy-vault-XXXXXX";
	int port = 0, fd;
	pid_t pid = server(&port);

	if (!chaos_check(pid > 0 && mkdtemp(dir) != NULL, "no server, no scratch directory"))
		return chaos_finish();
	snprintf(address, sizeof(address), "http://127.0.0.1:%d", port);
	snprintf(file, sizeof(file), "%s/token", dir);
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
	chaos_check(fd >= 0 && write(fd, TOKEN "\n", sizeof(TOKEN)) == (ssize_t)sizeof(TOKEN) && close(fd) == 0, "the token's file");
	for (heap_for_good = 0; heap_for_good < 2; heap_for_good++) {
		for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
			try(&modes[i], modes[i].good, POLICY_CHECK_PASS, POLICY_CHECK_FAIL);
			try(&modes[i], modes[i].bad, POLICY_CHECK_FAIL, POLICY_CHECK_PASS);
		}
	}
	heap_for_good = 0;
	keep(&modes[0]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(file);
	rmdir(dir);
	return chaos_finish();
}

#endif
