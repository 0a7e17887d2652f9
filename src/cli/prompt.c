/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A terminal that does not show what is typed must show it again whatever ends the
 * question: signals are caught while it is asked, and sent again once the terminal is as
 * it was. One that stopped the process asks again.
 */
#include "cli/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU };

#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

static volatile sig_atomic_t caught[SIGNALS];

static void
catch(int sig)
{
	for (size_t i = 0; i < SIGNALS; i++)
		if (signals[i] == sig)
			caught[i] = 1;
}

static bool
is_caught(void)
{
	for (size_t i = 0; i < SIGNALS; i++)
		if (caught[i])
			return true;
	return false;
}

void
pol_prompt_wipe(struct pol_line *l)
{
	explicit_bzero(l, sizeof(*l));
}

/* One that comes just before a read would not end it: they are let through while it is waited
 * for, and only there. 0 or an errno. */
static int
wait_for(int fd, const sigset_t *through)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (!is_caught())
		if (ppoll(&p, 1, NULL, through) >= 0 || errno != EINTR)
			return 0;
	return EINTR;
}

/*
 * Byte by byte: what follows the line is another secret's, or another program's. through:
 * the mask of signals while it waits; NULL: as it is. 0 or an errno.
 */
static int
read_line(struct pol_line *out, int fd, const sigset_t *through, bool *ended)
{
	ssize_t n;

	out->len = 0;
	*ended = false;
	for (;;) {
		if (through != NULL && wait_for(fd, through) != 0)
			return EINTR;
		n = read(fd, out->data + out->len, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		*ended = n == 0;
		if (n == 0 || out->data[out->len] == '\n')
			break;
		if (++out->len > POL_SECRET_MOST)
			return EMSGSIZE;
	}
	if (out->len > 0 && out->data[out->len - 1] == '\r')
		out->len--;
	out->data[out->len] = '\0';
	return memchr(out->data, '\0', out->len) != NULL ? EILSEQ : 0;
}

static int
complain(struct pol_line *out, const struct pol_args *a, const char *what, int e)
{
	pol_prompt_wipe(out);
	fprintf(stderr, "policyctl %s: ", a->verb);
	pol_out_text(stderr, what);
	if (e == EMSGSIZE)
		fprintf(stderr, ": a line is longer than %d bytes\n", POL_SECRET_MOST);
	else
		fprintf(stderr, ": %s\n", e == EILSEQ ? "a NUL stands in the line" : e == ENODATA ? "a line is wanted, and there is none" : strerror(e));
	return e == EMSGSIZE || e == EILSEQ ? EX_DATAERR : EX_NOINPUT;
}

/* ---- the terminal ---- */

static void
say(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		const ssize_t n = write(fd, text, len);

		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

static int
ask_once(struct pol_line *out, int fd, const char *prompt)
{
	struct termios was, quiet;
	sigset_t held, through;
	bool ended;
	int e;

	if (tcgetattr(fd, &was) != 0)
		return errno;
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	while (tcsetattr(fd, TCSAFLUSH, &quiet) != 0)
		if (errno != EINTR || is_caught())
			return errno;
	/* not before: who may not write to the terminal has to be told so by a signal */
	sigemptyset(&held);
	for (size_t i = 0; i < SIGNALS; i++)
		sigaddset(&held, signals[i]);
	pthread_sigmask(SIG_BLOCK, &held, &through);
	say(fd, prompt);
	e = read_line(out, fd, &through, &ended);
	say(fd, "\n");
	pthread_sigmask(SIG_SETMASK, &through, NULL);
	while (tcsetattr(fd, TCSAFLUSH, &was) != 0 && errno == EINTR)
		;
	return e;
}

/* Those that were caught, to where they were meant; true: it was stopped, and goes on. */
static bool
pass_on(void)
{
	bool stopped = false;

	for (size_t i = 0; i < SIGNALS; i++) {
		if (!caught[i])
			continue;
		kill(getpid(), signals[i]);
		stopped |= signals[i] == SIGTSTP || signals[i] == SIGTTIN || signals[i] == SIGTTOU;
	}
	return stopped;
}

int
pol_prompt_ask(struct pol_line *out, const struct pol_args *a, const char *prompt)
{
	struct sigaction act = { .sa_handler = catch }, was[SIGNALS];
	const int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	bool again;
	int e;

	if (fd < 0)
		return pol_out_usage(a, "there is no terminal to ask at: a file or standard input is wanted for the secret");
	sigemptyset(&act.sa_mask);
	do {
		memset((void *)(uintptr_t)caught, 0, sizeof(caught));
		for (size_t i = 0; i < SIGNALS; i++)
			sigaction(signals[i], &act, &was[i]);
		e = ask_once(out, fd, prompt);
		for (size_t i = 0; i < SIGNALS; i++)
			sigaction(signals[i], &was[i], NULL);
		again = pass_on();
	} while (again);
	close(fd);
	return e != 0 ? complain(out, a, "the terminal", e) : 0;
}

int
pol_prompt_new(struct pol_line *out, const struct pol_args *a)
{
	struct pol_line twice;
	int rc = pol_prompt_ask(out, a, "New password: ");

	if (rc == 0)
		rc = pol_prompt_ask(&twice, a, "New password, again: ");
	if (rc == 0 && (out->len != twice.len || memcmp(out->data, twice.data, out->len) != 0)) {
		fprintf(stderr, "policyctl %s: the two are not the same\n", a->verb);
		rc = EX_DATAERR;
	}
	pol_prompt_wipe(&twice);
	if (rc != 0)
		pol_prompt_wipe(out);
	return rc;
}

/* ---- files ---- */

int
pol_prompt_file(struct pol_line *out, const struct pol_args *a, const char *file)
{
	const bool standard = strcmp(file, "-") == 0;
	const int fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool ended;
	char more;
	int e;

	if (fd < 0)
		return complain(out, a, file, errno);
	e = read_line(out, fd, NULL, &ended);
	if (e == 0 && ended && out->len == 0)
		e = ENODATA;
	if (!standard) {
		if (e == 0 && read(fd, &more, 1) == 1) {
			close(fd);
			pol_prompt_wipe(out);
			return pol_out_usage(a, "%s: one line is wanted, and there are more", file);
		}
		close(fd);
	}
	return e != 0 ? complain(out, a, standard ? "standard input" : file, e) : 0;
}
