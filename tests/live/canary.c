/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where is a credential after the call? Opens a set, decides with credentials, wipes its
 * own copies and looks for them in every writable page of the process.
 *
 *	canary SET MODULE-DIR [KIND NAME MASKED]...
 *
 * NAME - is none. MASKED is the secret's bytes in hex, each with MASK laid over it: so the
 * plain secret stands nowhere but where it is put on purpose. Prints a line for each:
 * "verdict reason found N", and whatever the library logged.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <policy.h>

#define MASK 0x5a
#define MOST 16384
#define NEEDLE 24			/* the secret's last bytes are looked for: a token's signature */
#define BLOCK (1u << 20)

static unsigned char masked[MOST];
static char block[2 * BLOCK];

static size_t
read_masked(const char *hex)
{
	size_t n = 0;
	unsigned v;

	for (; hex[0] != '\0' && hex[1] != '\0' && n < MOST && sscanf(hex, "%2x", &v) == 1; hex += 2)
		masked[n++] = (unsigned char)v;
	return n;
}

/* How often the secret's end stands in `len` bytes, by its mask. */
static unsigned
count(const char *at, size_t len, const unsigned char *needle, size_t n)
{
	unsigned found = 0;
	size_t k;

	for (size_t i = 0; i + n <= len; i++) {
		for (k = 0; k < n && ((unsigned char)at[i + k] ^ MASK) == needle[k]; k++)
			;
		found += k == n;
	}
	return found;
}

/* A region by blocks that overlap by a secret's length. */
static unsigned
look_at(int mem, uint64_t from, uint64_t to, const unsigned char *needle, size_t n)
{
	unsigned found = 0;

	for (uint64_t at = from; at < to; at += BLOCK) {
		uint64_t want = to - at < BLOCK + n - 1 ? to - at : BLOCK + n - 1;
		ssize_t got = pread(mem, block, (size_t)want, (off_t)at);

		if (got > 0)
			found += count(block, (size_t)got, needle, n);
		explicit_bzero(block, sizeof(block));
	}
	return found;
}

static unsigned
look(size_t len)
{
	const size_t n = len < NEEDLE ? len : NEEDLE;
	const unsigned char *needle = masked + len - n;
	const uint64_t own = (uint64_t)(uintptr_t)block;
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned found = 0;
	char line[512], mode[8];

	if (mem < 0 || maps == NULL)
		abort();
	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned long long from, to;

		if (sscanf(line, "%llx-%llx %7s", &from, &to, mode) != 3 || mode[1] != 'w')
			continue;
		if (own >= from && own < to) {	/* not in the window itself */
			found += look_at(mem, from, own, needle, n);
			from = own + sizeof(block);
		}
		found += look_at(mem, from, to, needle, n);
	}
	fclose(maps);
	close(mem);
	return found;
}

/* The call, with the secret in a buffer that is wiped behind it. */
__attribute__((noinline))
static void
decide(struct policy *p, const char *kind, const char *name, size_t n, struct policy_decision *d)
{
	struct policy_credential c = { policy_text(kind), { NULL, 0 }, { NULL, 0 }, { 0, 0 } };
	struct policy_request req = POLICY_REQUEST_INIT;
	static char secret[MOST];

	for (size_t i = 0; i < n; i++)
		secret[i] = (char)(masked[i] ^ MASK);
	if (strcmp(name, "-") != 0)
		c.name = policy_text(name);
	c.data = (struct policy_text){ secret, n };
	req.credentials = &c;
	req.credentials_count = 1;
	req.action = policy_text("work");
	policy_decide(p, &req, d);
	explicit_bzero(secret, sizeof(secret));
}

/* Does it find one that is there? */
static void
try_out(size_t n)
{
	volatile char *plain = malloc(n);

	if (plain == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		plain[i] = (char)(masked[i] ^ MASK);
	printf("kept found %u\n", look(n));
	for (size_t i = 0; i < n; i++)
		plain[i] = 0;
	free((void *)(uintptr_t)plain);
}

static void
say(void *ctx, enum policy_log_level level, const char *text)
{
	(void)ctx;
	printf("log %d %s\n", (int)level, text);
}

int
main(int argc, char **argv)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy *p;

	if (argc < 3 || argc % 3 != 0)
		return 64;
	opt.module_dir = argv[2];
	opt.log = say;
	if (policy_open(&p, argv[1], &opt, &err) != 0) {
		printf("%s:%u: %s\n", err.file, err.line, err.text);
		return 1;
	}
	for (int i = 3; i + 2 < argc; i += 3) {
		struct policy_decision d = POLICY_DECISION_INIT;
		size_t n = read_masked(argv[i + 2]);

		decide(p, argv[i], argv[i + 1], n, &d);
		if (i == 3)
			try_out(n);
		printf("%s %s found %u\n", d.verdict == POLICY_ALLOW ? "allow" : "deny",
		    policy_reason_name((int)d.reason), look(n));
	}
	policy_close(p);
	return 0;
}
