/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokens DIR: writes what credentials.py puts to us, OpenSSL, libjwt and PyJWT: a folder
 * DIR/credentials-jwt-ALG for each algorithm, with its policy, the keys in both forms, and
 * tokens with what is to be said of them. The times in them are the clock's: the peers
 * know no other.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>

#include "modules/jwt/tests/mint.h"

#define ISSUER "https://issuer.example"
enum { HOUR = 3600 };

static const struct {
	const char *what, *aud;
	long begin, end;		/* from now, in hours */
	bool spoilt, good;		/* spoilt: signed by another key */
} rows[] = {
	{ "good", "api", -1, 24, false, true },
	{ "expired", "api", -3, -1, false, false },
	{ "not yet", "api", 1, 24, false, false },
	{ "wrong signature", "api", -1, 24, true, false },
	{ "wrong audience", "other", -1, 24, false, false },
};

static FILE *
create(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (f == NULL || fchmod(fileno(f), 0600) != 0) {
		fprintf(stderr, "tokens: %s: %s\n", path, strerror(errno));
		exit(EX_CANTCREAT);
	}
	return f;
}

static void
finish(FILE *f)
{
	if (fclose(f) != 0) {
		fprintf(stderr, "tokens: %s\n", strerror(errno));
		exit(EX_IOERR);
	}
}

static void
write_requests(const struct mint *m, const struct mint *other, const char *dir)
{
	FILE *f = create(dir, "requests.jsonl");
	const long now = (long)time(NULL);
	char header[80], payload[512], *token;

	snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"k1\"}", m->alg->name);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(payload, sizeof(payload), "{\"iss\":\"" ISSUER "\",\"aud\":\"%s\",\"sub\":\"alice\",\"iat\":%ld,"
		    "\"nbf\":%ld,\"exp\":%ld,\"jti\":\"dGhpcyBpcyBhbiBpZA\",\"scope\":\"read write\",\"groups\":[\"eng\",\"ops\"]}",
		    rows[i].aud, now + rows[i].begin * HOUR, now + rows[i].begin * HOUR, now + rows[i].end * HOUR);
		token = mint_token(rows[i].spoilt ? other : m, header, payload);
		fprintf(f, "{\"what\": \"%s\", \"token\": \"%s\", \"expected\": %s}\n", rows[i].what, token,
		    rows[i].good ? "true" : "false");
		free(token);
	}
	finish(f);
}

static void
write_policy(const struct mint *m, const char *dir)
{
	FILE *f = create(dir, "policy.yaml");

	/* cache: 0s, so that every question is a check */
	fprintf(f, "policy: 1\nresources: { doc: }\nactions: { read: { resource: doc } }\n"
	    "roles: { reader: { allow: read } }\nauthenticated: { roles: reader }\nmodules:\n  - use: jwt\n    cache: 0s\n"
	    "    with: { issuer: \"" ISSUER "\", audience: api, algorithms: [%s], keys: \"%s/keys.json\", groups: groups }\n",
	    m->alg->name, dir);
	finish(f);
	f = create(dir, "name.json");
	fprintf(f, "{\"name\": \"credentials-jwt-%s\", \"family\": \"credentials\", \"alg\": \"%s\", \"issuer\": \"" ISSUER "\", "
	    "\"audience\": \"api\"}\n", m->alg->name, m->alg->name);
	finish(f);
}

static void
write_keys(const struct mint *m, const char *dir)
{
	size_t len;
	char *text = mint_jwks(m, "k1");
	FILE *f = create(dir, "keys.json");

	fputs(text, f);
	finish(f);
	free(text);
	text = mint_pem(m, &len);
	f = create(dir, "key");
	fwrite(text, 1, len, f);
	finish(f);
	free(text);
}

int
main(int argc, char **argv)
{
	static const unsigned algs[] = { 0, 3, 6, 9, 12 };	/* HS256 RS256 PS256 ES256 EdDSA */
	struct mint m, other;
	char dir[4000];

	if (argc != 2 || argv[1][0] != '/') {
		fputs("usage: tokens DIR, from the root\n", stderr);
		return EX_USAGE;
	}
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		mint_init(&m, algs[i]);
		mint_init(&other, algs[i]);
		snprintf(dir, sizeof(dir), "%s/credentials-jwt-%s", argv[1], m.alg->name);
		if (mkdir(dir, 0755) != 0 && errno != EEXIST) {
			fprintf(stderr, "tokens: %s: %s\n", dir, strerror(errno));
			return EX_CANTCREAT;
		}
		write_policy(&m, dir);
		write_keys(&m, dir);
		write_requests(&m, &other, dir);
		mint_fini(&m);
		mint_fini(&other);
		puts(strrchr(dir, '/') + 1);
	}
	return 0;
}
