/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An uncached check of a token, all claims among it, beside OpenSSL's bare verify of the
 * same bytes and libjwt's decode, in turns in one run: minimum, median, ratio of medians.
 *
 *	bench [--json] [ROUNDS [ALG]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "modules/drive.h"
#include "modules/jwt/tests/mint.h"
#include "modules/jwt/tests/peer.h"

#define MOST 2001
enum { OURS, BARE, LIBJWT, WAYS };
static const char *const ways[WAYS] = { "module", "openssl", "libjwt" };

struct subject {
	struct mint m;
	struct drive d;
	struct policy_call call;
	struct policy_credential c;
	char *token, *pem;
	size_t pem_len, input_len, sig_len;
	unsigned char sig[1024];
	EVP_MD_CTX *ctx;
};

static double took[WAYS][MOST];

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int
ours(struct subject *s)
{
	pol_identity_begin(&s->d.f);
	s->d.f.step = "jwt";
	s->d.f.subject_type = policy_text("user");
	return s->d.module->check(s->d.state, &s->call, &s->d.f.id) == POLICY_CHECK_PASS;
}

static int
bare(struct subject *s)
{
	EVP_PKEY_CTX *p = NULL;
	unsigned char mac[64];
	unsigned n;

	if (s->m.key == NULL)
		return HMAC(EVP_sha256(), s->m.secret, sizeof(s->m.secret), (const unsigned char *)s->token, s->input_len, mac,
		    &n) != NULL && CRYPTO_memcmp(mac, s->sig, n) == 0;
	return EVP_MD_CTX_reset(s->ctx) == 1 &&
	    EVP_DigestVerifyInit_ex(s->ctx, &p, s->m.alg->digest, NULL, NULL, s->m.key, NULL) == 1 &&
	    (s->m.alg->scheme != JWT_PSS || (EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(p, RSA_PSS_SALTLEN_DIGEST) == 1)) &&
	    EVP_DigestVerify(s->ctx, s->sig, s->sig_len, (const unsigned char *)s->token, s->input_len) == 1;
}

static int
peer(struct subject *s)
{
	return s->m.alg->scheme != JWT_EDDSA && s->m.alg->scheme != JWT_PSS && peer_decode(s->token, s->pem, s->pem_len);
}

static int (*const calls[WAYS])(struct subject *) = { ours, bare, peer };

static void
prepare(struct subject *s, unsigned row)
{
	static char path[] = "/tmp/jwt-bench.XXXXXX";
	static const struct policy_value audience = { .type = POLICY_STRING, .u.text = POLICY_TEXT("api") };
	struct policy_attr with[] = {
		DRIVE_ATTR_TEXT("issuer", "https://issuer.example"),
		{ POLICY_TEXT("audience"), { .type = POLICY_LIST, .count = 1, .u.items = &audience } },
		{ POLICY_TEXT("keys"), { .type = POLICY_STRING } },
		DRIVE_ATTR_TEXT("groups", "groups"),
	};
	char header[80], *keys;
	const char *dot;
	int fd;

	mint_init(&s->m, row);
	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	keys = mint_jwks(&s->m, "k1");
	if (fd < 0 || write(fd, keys, strlen(keys)) < 0)
		exit(1);
	close(fd);
	free(keys);
	with[2].value.u.text = policy_text(path);
	drive_init(&s->d, &policy_module_1);
	if (drive_open(&s->d, with, 4) != 0) {
		fprintf(stderr, "%s\n", s->d.err.text);
		exit(1);
	}
	unlink(path);
	snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"k1\"}", s->m.alg->name);
	s->token = mint_token(&s->m, header, "{\"iss\":\"https://issuer.example\",\"aud\":\"api\",\"sub\":\"alice\","
	    "\"iat\":1700000000,\"nbf\":1700000000,\"exp\":1700003600,\"jti\":\"dGhpcyBpcyBhbiBpZA\",\"scope\":\"read write\","
	    "\"groups\":[\"eng\",\"ops\"]}");
	s->pem = mint_pem(&s->m, &s->pem_len);
	dot = strrchr(s->token, '.');
	s->input_len = (size_t)(dot - s->token);
	s->sig_len = mint_sign(&s->m, s->sig, sizeof(s->sig), s->token, s->input_len, true);
	s->ctx = EVP_MD_CTX_new();
	s->c = (struct policy_credential){ policy_text("bearer"), policy_text(NULL), policy_text(s->token), { 0, 0 } };
	s->call = (struct policy_call){ .size = sizeof(s->call), .credential = &s->c, .all = &s->c, .all_count = 1,
	    .now_ns = INT64_C(1700000100000000000), .deadline_ns = INT64_MAX };
}

static int
by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Rounds of a few calls each, so that the clock is not what is measured. */
static void
measure(unsigned row, int rounds, int json)
{
	struct subject s;
	const int each = jwt_algs[row].scheme == JWT_HMAC ? 50 : 5;
	int there[WAYS];

	memset(&s, 0, sizeof(s));
	prepare(&s, row);
	for (int w = 0; w < WAYS; w++)
		there[w] = calls[w](&s);
	if (!there[OURS] || !there[BARE])
		exit(1);
	for (int r = 0; r < rounds; r++) {
		for (int w = 0; w < WAYS; w++) {
			const double from = now();

			for (int i = 0; there[w] && i < each; i++)
				there[w] = calls[w](&s);
			took[w][r] = (now() - from) / each;
		}
	}
	for (int w = 0; w < WAYS; w++) {
		if (!there[w])
			continue;
		qsort(took[w], (size_t)rounds, sizeof(double), by_value);
		printf(json ? "{\"alg\":\"%s\",\"way\":\"%s\",\"min\":%.0f,\"median\":%.0f}\n" : "%-6s %-8s min %8.0f ns  median %8.0f ns",
		    jwt_algs[row].name, ways[w], took[w][0], took[w][rounds / 2]);
		if (!json)
			puts("");
	}
	if (!json)
		printf("%-6s ratio to openssl: median %.3f, min %.3f\n", jwt_algs[row].name,
		    took[OURS][rounds / 2] / took[BARE][rounds / 2], took[OURS][0] / took[BARE][0]);
	drive_close(&s.d);
	EVP_MD_CTX_free(s.ctx);
	free(s.token);
	free(s.pem);
	mint_fini(&s.m);
}

int
main(int argc, char **argv)
{
	static const unsigned rows[] = { 0, 3, 6, 9, 12 };	/* HS256 RS256 PS256 ES256 EdDSA */
	const int json = argc > 1 && strcmp(argv[1], "--json") == 0;
	const int rounds = argc > 1 + json ? atoi(argv[1 + json]) : 501;
	const char *only = argc > 2 + json ? argv[2 + json] : NULL;

	if (rounds < 3 || rounds > MOST)
		return 64;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (only == NULL || strcmp(only, jwt_algs[rows[i]].name) == 0)
			measure(rows[i], rounds, json);
	}
	return 0;
}
