/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A secret comes from a file or from standard input, never from the command line, where
 * every process can read it.
 */
#include "cli/host.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/bench.h"

static int64_t
host_clock(void *ctx)
{
	return *(const int64_t *)ctx;
}

static void
host_log(void *ctx, enum policy_log_level level, const char *text)
{
	const struct pol_host *h = ctx;

	/* what keeps a set from opening comes back as the error, and is told once */
	if (level == POLICY_LOG_WARNING || (level == POLICY_LOG_ERROR && h->p != NULL))
		pol_out_finding(level == POLICY_LOG_ERROR ? "error" : "warning", NULL, 0, 0, text);
}

/* RFC 3339, or Unix seconds, which is what a token's own times are. */
static int
read_now(int64_t *out, const char *s)
{
	const size_t digits = strspn(s, "0123456789");
	long long v = 0;

	if (s[digits] != '\0')
		return pol_bench_time(out, s);
	if (digits == 0 || digits > 10 || sscanf(s, "%lld", &v) != 1)
		return -1;
	*out = v * 1000000000;
	return v > 9000000000 ? -1 : 0;
}

int
pol_host_open(struct pol_host *h, const struct pol_args *a)
{
	struct policy_options o = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;

	h->p = NULL;
	if (a->n_paths != 1)
		return pol_out_usage(a, a->n_paths == 0 ? "-p PATH is wanted" :
		    "a host opens one set: a single -p PATH is wanted");
	if (a->now != NULL && read_now(&h->now, a->now) != 0)
		return pol_out_usage(a, "--now: RFC 3339 with an offset, or Unix seconds, is wanted, not %s", a->now);
	pol_open_limits(&h->limits, a);
	o.limits = &h->limits;
	o.clock = a->now != NULL ? host_clock : NULL;
	o.clock_ctx = &h->now;
	o.log = host_log;
	o.log_ctx = h;
	o.module_dir = a->module_dir;
	if (policy_open(&h->p, a->paths[0], &o, &err) != 0)
		return pol_out_error(a, &err);
	return 0;
}

void
pol_host_close(struct pol_host *h)
{
	policy_close(h->p);
	h->p = NULL;
}

bool
pol_host_secret_given(const struct pol_args *a)
{
	return a->token_file != NULL || a->password_stdin;
}

static int
read_all(const struct pol_args *a, struct pol_secret *s, const char *path, size_t *len)
{
	const bool standard = strcmp(path, "-") == 0;
	const int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : 1;
	int e = errno;

	*len = 0;
	while (n > 0 && *len < sizeof(s->data)) {
		n = read(fd, s->data + *len, sizeof(s->data) - *len);
		e = errno;
		if (n > 0)
			*len += (size_t)n;
		else if (n < 0 && e == EINTR)
			n = 1;
	}
	if (fd >= 0 && !standard)
		close(fd);
	if (n >= 0)
		return 0;
	fprintf(stderr, "policyctl %s: ", a->verb);
	pol_out_text(stderr, path);
	fprintf(stderr, ": %s\n", strerror(e));
	return EX_NOINPUT;
}

int
pol_host_secret_read(struct pol_secret *s, const struct pol_args *a)
{
	const char *type = a->type != NULL ? a->type : a->password_stdin ? "password" : "bearer";
	size_t len;
	int rc;

	memset(s, 0, sizeof(*s));
	if (a->token_file != NULL && a->password_stdin)
		return pol_out_usage(a, "--token-file and --password-stdin exclude each other");
	if (a->password_stdin && a->name == NULL)
		return pol_out_usage(a, "--password-stdin wants --name NAME");
	rc = read_all(a, s, a->token_file != NULL ? a->token_file : "-", &len);
	if (rc != 0)
		return rc;
	if (len > 0 && s->data[len - 1] == '\n')
		len--;
	if (len > 0 && s->data[len - 1] == '\r')
		len--;
	if (len > 65536) {
		fprintf(stderr, "policyctl %s: the credential is longer than 65536 bytes\n", a->verb);
		return EX_DATAERR;
	}
	s->credential.kind = policy_text(type);
	s->credential.name = policy_text(a->name);
	s->credential.data = (struct policy_text){ s->data, len };
	return 0;
}

void
pol_host_secret_wipe(struct pol_secret *s)
{
	explicit_bzero(s, sizeof(*s));
}
