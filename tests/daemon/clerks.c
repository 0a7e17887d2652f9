/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The desk, seen from a front that was taken over: whatever it sends, the clerk answers a
 * refusal or ends, and nothing is changed. clerks MODULES FOLDER [ROUNDS].
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>
#include <policy_admin.h>

#include "chaos/chaos.h"
#include "daemon/clerk.h"
#include "daemon/clerk_call.h"
#include "daemon/frame.h"

/* Every call, well formed, by a credential that is nobody's. */
#define BY "\"wait_ms\":2000,\"credentials\":[{\"kind\":\"bearer\",\"data\":\"pol_nobodys0123456789abcdefghijklmnopqrs\"}],\"args\":"
static const char *const seeds[] = {
	"{\"call\":\"user_create\"," BY "{\"name\":\"eve\",\"groups\":[],\"attributes\":{\"a\":1,\"b\":\"x\",\"c\":true}}}",
	"{\"call\":\"user_show\"," BY "{\"who\":\"olga\"}}",
	"{\"call\":\"user_list\"," BY "{\"limit\":10,\"cursor\":\"user:a\"}}",
	"{\"call\":\"user_change\"," BY "{\"who\":\"olga\",\"disabled\":true,\"void_tokens\":true}}",
	"{\"call\":\"user_password\"," BY "{\"who\":\"olga\",\"password\":\"another long password\"}}",
	"{\"call\":\"user_delete\"," BY "{\"who\":\"good\"}}",
	"{\"call\":\"grant_add\"," BY "{\"who\":\"good\",\"role\":\"admin\",\"until\":\"2030-01-01T00:00:00Z\",\"from\":1}}",
	"{\"call\":\"grant_list\"," BY "{\"cursor\":\"a/00000000000000000001/b\"}}",
	"{\"call\":\"token_create\"," BY "{\"who\":\"olga\",\"scopes\":[\"a\",\"b\"],\"lifetime\":3600}}",
	"{\"call\":\"token_show\"," BY "{\"secret\":\"pol_x\"}}",
	"{\"call\":\"token_revoke\"," BY "{\"id\":\"x\"}}",
	"{\"call\":\"token_renew\"," BY "{\"id\":\"x\",\"expires\":\"2030-01-01T00:00:00.5+01:00\"}}",
	"{\"call\":\"activity\"," BY "{\"since\":\"2020-01-01T00:00:00Z\",\"decision\":\"deny\",\"cursor\":\"1.1\"}}",
	"{\"call\":\"login\"," BY "{\"kind\":\"token\"}}",
	"{\"call\":\"token_list\",\"wait_ms\":1,\"credentials\":[],\"args\":{}}",
};

/* What a mutation puts in. */
static const char *const pieces[] = {
	"\"", "{", "}", "[", "]", ",", ":", "null", "true", "-1", "1e400", "9223372036854775808", "\"who\":", "\"args\":", "\"credentials\":",
	"\\u0000", "\\ud800", "\xff", "\xc3", "\"olga\"", "\"uid:\"", "\"policyd\"", "\"kind\":\"asserted\"", "\"subject_id\":\"olga\"",
	"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "{\"a\":{\"a\":{\"a\":", "%s%n", "\n", "\r\n", "\t", "'", "--", "\"call\":\"user_create\",",
	"\"9999999999.9999999999\"", "\"1970-01-01T00:00:00Z\"", "\"//\"", "\"data\":\"\"", "0", "315360001"
};

#define CHECK(holds) chaos_check(!!(holds), #holds)

enum { ROOM = 8192, SEEDS = sizeof(seeds) / sizeof(seeds[0]), PIECES = sizeof(pieces) / sizeof(pieces[0]) };

static uint64_t state = 0x9e3779b97f4a7c15u;

static unsigned
chance(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 20) % below);
}

/* ---- mutations ---- */

static size_t
put(char *out, size_t n, size_t at, size_t gone, const char *with, size_t len)
{
	if (n - gone + len > ROOM)
		return n;
	memmove(out + at + len, out + at + gone, n - at - gone);
	memcpy(out + at, with, len);
	return n - gone + len;
}

static size_t
mutate(char *out)
{
	const char *seed = seeds[chance(SEEDS)], *other = seeds[chance(SEEDS)];
	size_t n = strlen(seed);

	memcpy(out, seed, n);
	for (unsigned k = 1 + chance(4); k > 0; k--) {
		const size_t at = chance((unsigned)n + 1), left = n - at;
		const char *piece = pieces[chance(PIECES)];
		char byte = (char)chance(256);

		switch (chance(6)) {
		case 0:
			n = put(out, n, at, left > 0, &byte, 1);
			break;
		case 1:
			n = put(out, n, at, 0, piece, strlen(piece));
			break;
		case 2:
			n = put(out, n, at, left > 0 ? chance((unsigned)left) : 0, "", 0);
			break;
		case 3:
			n = put(out, n, at, left, other + chance((unsigned)strlen(other)), 0);
			break;
		case 4:
			n = put(out, n, at, 0, other, strlen(other));
			break;
		default:
			n = put(out, n, at, left < 8 ? left : 8, piece, strlen(piece));
		}
	}
	return n;
}

/* ---- what is answered ---- */

/* A refusal, as JSON. */
static bool
is_refusal(const char *data, size_t len)
{
	json_t *v = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
	const bool good = json_integer_value(json_object_get(v, "code")) < 0 && json_is_string(json_object_get(v, "text"));

	json_decref(v);
	return good;
}

static json_int_t
code_of(struct policy *p, const char *text, size_t len)
{
	struct pol_text out = { NULL, 0, 0, false };
	json_t *v;
	json_int_t code;

	pol_clerk_answer(p, text, len, &out);
	v = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
	code = json_is_integer(json_object_get(v, "code")) ? json_integer_value(json_object_get(v, "code")) : 1;
	json_decref(v);
	pol_text_fini(&out);
	return code;
}

static void
direct(struct policy *p, long rounds)
{
	char text[ROOM];
	long wrong = 0;

	for (long i = 0; i < rounds; i++) {
		const size_t n = mutate(text);
		char *exact = malloc(n + 1);	/* for a sanitizer: not a byte more */

		if (exact == NULL)
			abort();
		memcpy(exact, text, n);
		exact[n] = '\0';
		if (code_of(p, exact, n) >= 0) {
			printf("not refused: %.*s\n", (int)n, text);
			wrong++;
		}
		free(exact);
	}
	CHECK(wrong == 0);
	printf("%ld messages\n", rounds);
}

/* ---- over the socket ---- */

static void
send_some(int fd, const char *data, size_t len)
{
	while (len > 0) {
		const size_t n = chance(8) == 0 ? 1 + chance((unsigned)len) : len;
		const ssize_t sent = send(fd, data, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		data += sent;
		len -= (size_t)sent;
	}
}

/* One frame, right or wrong; false: the place is gone. */
static bool
throw_one(int fd, long *wrong)
{
	static char big[POL_FRAME_BYTES + 64];
	struct pol_frame f = { .have = 0 };
	char text[ROOM];
	size_t n = mutate(text);
	uint32_t len = (uint32_t)n;
	const unsigned way = chance(64);
	int rc;

	if (way == 0)
		len = chance(2) != 0 ? 0 : (uint32_t)POL_FRAME_BYTES + 1 + chance(1u << 30);
	if (way == 1) {
		memset(big, '[', sizeof(big));
		len = (uint32_t)POL_FRAME_BYTES;
	}
	send_some(fd, (const char *)(unsigned char[4]){ (unsigned char)len, (unsigned char)(len >> 8), (unsigned char)(len >> 16),
	    (unsigned char)(len >> 24) }, 4);
	if (way == 2) {		/* it ends in the middle */
		send_some(fd, text, n / 2);
		return false;
	}
	send_some(fd, way == 1 ? big : text, way == 1 ? len : n);
	rc = pol_frame_get(&f, fd, INT64_MAX);
	if (rc == 1 && !is_refusal(f.data, f.len))
		++*wrong;
	if ((rc == 1) == (len == 0 || len > POL_FRAME_BYTES))	/* no frame: the clerk goes */
		++*wrong;
	pol_frame_fini(&f);
	return rc == 1;
}

static void
sockets(struct policy *p, long rounds)
{
	struct pol_clerks *k = pol_clerks_new();
	long wrong = 0;
	int fd = -1;

	CHECK(k != NULL);
	pol_clerks_hold(k, p);
	for (long i = 0; i < rounds; i++) {
		if (fd < 0)
			fd = pol_clerks_start(k);
		if (fd < 0) {
			usleep(1000);	/* those before are ending */
			continue;
		}
		if (!throw_one(fd, &wrong)) {
			close(fd);
			fd = -1;
		}
	}
	if (fd >= 0)
		close(fd);
	CHECK(wrong == 0);
	CHECK(pol_clerks_end(k, 20));
	printf("%ld frames\n", rounds);
}

/* ---- a set with somebody in it ---- */

static int
keep_secret(void *ctx, const struct policy_token_info *t)
{
	snprintf(ctx, 256, "%.*s", (int)t->secret.len, t->secret.data);
	return 0;
}

static void
prepare(struct policy *p, char secret[256])
{
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_user olga = POLICY_USER_INIT;
	struct policy_token_info want = POLICY_TOKEN_INFO_INIT;
	struct policy_request as = POLICY_REQUEST_INIT;
	char text[1024];

	olga.name = policy_text("olga");
	as.subject_id = olga.name;
	CHECK(policy_admin_bootstrap(p, &olga, "admin", NULL, NULL, &err) == 0);
	CHECK(policy_token_create(p, &as, &want, keep_secret, secret, &err) == 0);
	/* with hers it is done: what follows is refused for what it is */
	snprintf(text, sizeof(text), "{\"call\":\"user_create\",\"wait_ms\":2000,\"credentials\":[{\"kind\":\"bearer\",\"data\":\"%s\"}],"
	    "\"args\":{\"name\":\"good\"}}", secret);
	CHECK(code_of(p, text, strlen(text)) == 0);
	CHECK(code_of(p, text, strlen(text)) == POLICY_ERR_EXISTS);
	CHECK(code_of(NULL, text, strlen(text)) == POLICY_ERR_UNAVAILABLE);
	for (size_t i = 0; i < SEEDS; i++)
		CHECK(code_of(p, seeds[i], strlen(seeds[i])) == (i == 13 ? POLICY_ERR_ARG : POLICY_ERR_DENIED));
}

int
main(int argc, char **argv)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_status before = POLICY_STATUS_INIT, after = POLICY_STATUS_INIT;
	const long rounds = argc > 3 ? atol(argv[3]) : 20000;
	struct policy *p = NULL;
	char secret[256] = "", path[1024];

	if (argc < 3)
		return 2;
	snprintf(path, sizeof(path), "%s/set.yaml", argv[2]);
	opt.module_dir = argv[1];
	CHECK(policy_open(&p, path, &opt, &err) == 0);
	if (p == NULL) {
		printf("%s\n", err.text);
		return chaos_finish();
	}
	prepare(p, secret);
	CHECK(policy_get_status(p, &before) == 0);
	direct(p, rounds);
	CHECK(policy_get_status(p, &after) == 0);
	CHECK(before.users == after.users && before.tokens == after.tokens && before.grants == after.grants);
	CHECK(before.generation == after.generation);
	sockets(p, rounds / 5);		/* closes it */
	CHECK(policy_open(&p, path, &opt, &err) == 0);
	CHECK(policy_get_status(p, &after) == 0);
	CHECK(before.users == after.users && before.tokens == after.tokens && before.grants == after.grants);
	policy_close(p);
	return chaos_finish();
}
