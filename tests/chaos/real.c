/* SPDX-License-Identifier: Apache-2.0 */
#include "chaos/real.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "chaos/bao.h"
#include "chaos/served.h"
#include "modules/jwt/tests/mint.h"

#define SECOND INT64_C(1000000000)
#define BEGIN INT64_C(1700000000)

/* Of "correct horse", as cheap as the module lets it be. */
#define HASH "$y$j7T$libpolicy.libpolicy...$iwXe6FQhFEIubuWBB6IEwanJ/WXKnm4G5SfbguIQLZ0"
#define SECRET "12345678901234567890"
#define SECRET_HEX "3132333435363738393031323334353637383930"
#define KEY "a-key-of-an-application-0123456789abcdef"
#define TOKEN "a-token-of-somebody-0123456789"
#define MATRIX "/usr/lib/x86_64-linux-gnu/pam_wrapper/pam_matrix.so"

#define JWT(keys) "  - { use: jwt, name: %jwt, subject: { type: user, shared: true }, unscoped: full, cache: 0s,\n" \
	"      with: { issuer: \"https://issuer.example\", audience: api, groups: groups, keys: \"@/" keys "\" } }\n"

struct real real_list[] = {
	{ .name = "jwt HS256", .needs = "jwt", .steps = JWT("hs.json"), .files = { "hs.json" }, .kind = "bearer" },
	{ .name = "jwt RS256", .needs = "jwt", .steps = JWT("rs.json"), .files = { "rs.json" }, .kind = "bearer" },
	{ .name = "jwt ES256", .needs = "jwt", .steps = JWT("es.json"), .files = { "es.json" }, .kind = "bearer" },
	{ .name = "jwt EdDSA", .needs = "jwt", .steps = JWT("ed.json"), .files = { "ed.json" }, .kind = "bearer" },
	{ .name = "jwt ES256, keys of a URL", .needs = "jwt", .kind = "bearer", .may_wait = true, .served = true,
	  .steps = "  - { use: jwt, name: %jwt, subject: { type: user, shared: true }, unscoped: full, cache: 0s,\n"
	      "      with: { issuer: \"https://issuer.example\", audience: api, keys: \"http://127.0.0.1:#/\", insecure: true } }\n" },
	{ .name = "token_file, list", .needs = "token_file", .files = { "list" }, .kind = "bearer",
	  .steps = "  - { use: token_file, name: %list, subject: { type: token, shared: true }, with: { file: \"@/list\" } }\n",
	  .good = TOKEN, .bad = { "a-token-of-somebody-0123456780", "x" } },
	{ .name = "token_file, torchserve", .needs = "token_file", .files = { "keys" }, .kind = "api_key",
	  .steps = "  - { use: token_file, name: %keys, for: api_key, kind: [management, inference, api], subject: { type: key },\n"
	      "      with: { file: \"@/keys\", format: torchserve } }\n",
	  .good = "gNRuA7dS", .bad = { "gNRuA7dT", "s0rtOfOld" } },
	{ .name = "password", .needs = "password", .files = { "people" }, .kind = "password", .user = "ann", .may_wait = true,
	  .steps = "  - { use: password, name: %password, subject: { type: user, shared: true }, with: { file: \"@/people\" } }\n",
	  .good = "correct horse", .bad = { "correct hors", "battery staple" } },
	{ .name = "totp with password", .needs = "totp password", .files = { "people", "codes" }, .kind = "password",
	  .user = "u", .code = true, .may_wait = true,
	  .steps = "  - { use: totp, name: %totp, control: required, with: { file: \"@/codes\" } }\n"
	      "  - { use: password, name: %password, control: required, subject: { type: user, shared: true }, with: { file: \"@/people\" } }\n",
	  .good = "correct horse", .bad = { "correct horse", "battery staple" } },
	{ .name = "vault (OpenBao)", .needs = "vault", .kind = "bearer", .may_wait = true, .served = true,
	  .steps = "  - { use: vault, name: %vault, subject: { type: service, id: display_name, shared: true }, unscoped: full, cache: 0s,\n"
	      "      with: { address: \"http://127.0.0.1:&\", insecure: true, retries: 0 } }\n",
	  .good = BAO_ROOT, .bad = { "root-token-for-test", "s.nobody" } },
	{ .name = "pam", .needs = "pam", .kind = "password", .user = "alice", .may_wait = true, .frail = true,
	  .steps = "  - { use: pam, name: %pam, subject: { type: user, shared: true }, with: { service: real, confdir: \"@\" } }\n",
	  .good = "secret", .bad = { "guess", "" } },
	{ .name = "peer", .needs = "", .kind = "peer", .bad = { "root", "0" },
	  .steps = "  - { use: peer, name: %peer, subject: { type: user, id: user } }\n" },
	{ .name = "skeleton", .needs = "skeleton", .files = { "key" }, .kind = "api_key",
	  .steps = "  - { use: skeleton, name: %skeleton, subject: { shared: true }, with: { file: \"@/key\", user: ann } }\n",
	  .good = KEY, .bad = { "a-key-of-an-application-0123456789abcdee", "" } },
	{ .name = "return", .needs = "return_cache", .kind = "bearer",
	  .steps = "  - { use: return_cache, name: %return, cache: 0s }\n",
	  .good = "groups:some,more:claim:role=r:pass:somebody-of-many-letters", .bad = { "fail", "garbage:7" } },
};
const unsigned real_count = sizeof(real_list) / sizeof(real_list[0]);

static char dir[] = "/tmp/libpolicy-real-XXXXXX", modules[4096];
static char *minted[3 * 4];
static char *keys[4];

/* ---- servers ---- */

static const char *
keys_of(const char *request, char *room, size_t size)
{
	(void)request;
	(void)room;
	(void)size;
	return keys[2];
}

static struct served issuer = { .answer = keys_of };
/* A thread's own: it asks at the time of its code, whatever the others do. */
static _Thread_local int64_t now_s = BEGIN;

static int64_t
now(void *ctx)
{
	(void)ctx;
	return now_s * SECOND;
}

/* ---- files ---- */

static bool
put(const char *name, const char *text, mode_t mode)
{
	char at[128], fresh[128];
	FILE *f;

	snprintf(at, sizeof(at), "%s/%s", dir, name);
	snprintf(fresh, sizeof(fresh), "%s/%s.new", dir, name);
	f = fopen(fresh, "we");
	return f != NULL && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(fresh, mode) == 0 && rename(fresh, at) == 0;
}

static const struct { const char *name, *text, *more; } texts[] = {
	{ "list", "another-token-0123456789\n" TOKEN "\n", "and-one-more-0123456789\n" },
	{ "keys", "{\"management\":{\"key\":\"s0rtOfOld\",\"expiration time\":\"2020-02-16T21:12:24Z\"},\"inference\":{\"key\":\"gNRuA7dS\","
	    "\"expiration time\":\"2124-02-16T21:12:24Z\"},\"API\":{\"key\":\"yv9uQajP\"}}\n", " " },
	{ "people", "ann:" HASH "\nu0:" HASH "\nu1:" HASH "\nu2:" HASH "\n", "bob:" HASH "\n" },
	{ "codes", "HOTP/T30 u0 - " SECRET_HEX "\nHOTP/T30 u1 - " SECRET_HEX "\nHOTP/T30 u2 - " SECRET_HEX "\n",
	    "HOTP/T30 bob - " SECRET_HEX "\n" },
	{ "key", KEY "\n", "" },
	{ "real", "auth required " MATRIX " passdb=@/pam.people\naccount required " MATRIX " passdb=@/pam.people\n", "" },
	{ "pam.people", "alice:secret:real\n", "" },
	{ "hs.json", NULL, " " }, { "rs.json", NULL, " " }, { "es.json", NULL, " " }, { "ed.json", NULL, " " },
};
#define TEXTS (sizeof(texts) / sizeof(texts[0]))

/* With what stands for a sign; `name` is for `%`. */
static char *
expand(char *o, const char *from, const char *name)
{
	for (const char *f = from; *f != '\0'; f++) {
		if (*f == '@')
			o = stpcpy(o, dir);
		else if (*f == '%')
			o = stpcpy(o, name);
		else if (*f == '#' || *f == '&')
			o += sprintf(o, "%d", *f == '#' ? issuer.port : bao_port);
		else
			*o++ = *f;
	}
	*o = '\0';
	return o;
}

static bool
put_text(const char *name, bool longer)
{
	char text[8192];

	for (size_t i = 0; i < TEXTS; i++) {
		if (strcmp(texts[i].name, name) != 0)
			continue;
		strcpy(expand(text, texts[i].text != NULL ? texts[i].text : keys[i - (TEXTS - 4)], ""), longer ? texts[i].more : "");
		return put(name, text, 0600);
	}
	return false;
}

bool
real_put_files(const struct real *r, bool longer)
{
	for (size_t i = 0; i < 3 && r->files[i] != NULL; i++)
		if (!put_text(r->files[i], longer))
			return false;
	return true;
}

bool
real_put_set(const struct real *r, enum real_set which)
{
	const char *name = which == REAL_RIGHT ? "other_" : "";
	char text[4096];
	int n = snprintf(text, sizeof(text), "policy: 1\nactions: [a, b]\nroles: { r: { allow: %s } }\n"
	    "authenticated: { roles: r }\nmodules:\n", which == REAL_RIGHT ? "b" : "a");
	char *o = expand(text + n, r->steps, name);

	if (which == REAL_RIGHT)
		strcpy(o, "  - { use: peer, name: more, control: optional, subject: { type: process, id: uid } }\n");
	else if (which == REAL_BROKEN)
		strcpy(o, "roles: [\n");
	else if (which == REAL_REFUSED)		/* by a module, after the others were opened */
		strcpy(o, "  - { use: peer, name: last, subject: { type: last, id: nobody } }\n");
	return put("set.yaml", text, 0644);
}

/* ---- credentials ---- */

/* HS256, RS256, ES256 and EdDSA; each with a stranger's token, and one of its own that is over. */
static bool
mint_all(void)
{
	static const unsigned rows[] = { 0, 3, 9, 12 };
	static const char *const claims[] = { "\"aud\":[\"api\"],\"sub\":\"somebody-of-many-letters\",\"exp\":4000000000,\"groups\":[\"of-many-letters-too\"]}",
	    "\"aud\":\"api\",\"sub\":\"root\",\"exp\":4000000000}", "\"aud\":\"api\",\"sub\":\"root\",\"exp\":1600000000}" };
	char header[80], payload[256];

	for (unsigned i = 0; i < 4; i++) {
		struct mint own, stranger;

		mint_init(&own, rows[i]);
		mint_init(&stranger, rows[i]);
		snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"a-key-of-many-letters\"}", own.alg->name);
		for (unsigned k = 0; k < 3; k++) {
			snprintf(payload, sizeof(payload), "{\"iss\":\"https://issuer.example\",%s", claims[k]);
			minted[3 * i + k] = mint_token(k == 1 ? &stranger : &own, header, payload);
		}
		keys[i] = mint_jwks(&own, "a-key-of-many-letters");
		real_list[i].good = minted[3 * i];
		real_list[i].bad[0] = minted[3 * i + 1];
		real_list[i].bad[1] = minted[3 * i + 2];
		if (i == 2) {		/* the fifth is signed as the third is */
			real_list[4].good = real_list[i].good;
			memcpy(real_list[4].bad, real_list[i].bad, sizeof(real_list[i].bad));
		}
		mint_fini(&own);
		mint_fini(&stranger);
	}
	return true;
}

/* RFC 4226, section 5.3. */
static void
code_of(char out[8], int64_t seconds)
{
	unsigned char counter[8], mac[EVP_MAX_MD_SIZE];
	unsigned len = 0, at;
	uint64_t step = (uint64_t)seconds / 30;

	for (int i = 7; i >= 0; i--, step >>= 8)
		counter[i] = (unsigned char)step;
	HMAC(EVP_sha1(), SECRET, (int)strlen(SECRET), counter, sizeof(counter), mac, &len);
	at = mac[19] & 15u;
	snprintf(out, 8, "%06u", (((mac[at] & 127u) * 1u << 24) | mac[at + 1] * 1u << 16 | mac[at + 2] * 1u << 8 | mac[at + 3]) % 1000000u);
}

static void
fill(const struct real *r, unsigned who, const char *data, bool wrong_code, struct real_ask *out)
{
	static const char *const users[] = { "u0", "u1", "u2" };

	memset(out, 0, sizeof(*out));
	out->count = 1;
	out->list[0].kind = policy_text(r->kind);
	out->list[0].name = policy_text(r->code ? users[who] : r->user);
	out->list[0].data = policy_text(data);
	if (!r->code)
		return;
	now_s += 30;
	code_of(out->code, now_s);
	if (wrong_code)
		out->code[5] = (char)('0' + (out->code[5] - '0' + 5) % 10);
	out->list[1].kind = policy_text("otp");
	out->list[1].data = policy_text(out->code);
	out->count = 2;
}

void
real_good(const struct real *r, unsigned who, struct real_ask *out)
{
	fill(r, who, r->good, false, out);
}

void
real_bad(const struct real *r, unsigned who, unsigned n, struct real_ask *out)
{
	fill(r, who, r->bad[n % 2], n % 2 == 0, out);
}

/* ---- all of it ---- */

bool
real_there_is(const struct real *r)
{
	char at[4200], name[64];
	size_t n;

	if (r->needs[0] == '\0' && getpwuid(geteuid()) == NULL)	/* peer, where nobody has a name */
		return false;
	if ((strcmp(r->needs, "vault") == 0 && bao_port == 0) || (strcmp(r->needs, "pam") == 0 && access(MATRIX, R_OK) != 0))
		return false;
	for (const char *p = r->needs; *p != '\0'; p += n + strspn(p + n, " ")) {
		n = strcspn(p, " ");
		snprintf(name, sizeof(name), "%.*s", (int)n, p);
		snprintf(at, sizeof(at), "%s/%s.so", modules, name);
		if (access(at, R_OK) != 0)
			return false;
	}
	return true;
}

bool
real_open(struct policy **out, const struct real *r, uint32_t flags)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	char at[128];

	opt.flags = flags;
	opt.clock = now;
	opt.module_dir = modules;
	snprintf(at, sizeof(at), "%s/set.yaml", dir);
	if (policy_open(out, at, &opt, &err) == 0)
		return true;
	printf("    %s: %s:%u:%u: %s\n", r->name, err.file, err.line, err.column, err.text);
	return false;
}

bool
real_begin(void)
{
	const char *build = getenv("top_builddir");
	char at[4096];

	snprintf(at, sizeof(at), "%s/modules/.libs", build != NULL ? build : ".");
	if (realpath(at, modules) == NULL || mkdtemp(dir) == NULL || !mint_all() || !served_begin(&issuer))
		return false;
	bao_begin(build != NULL ? build : ".", dir);
	for (size_t i = 0; i < TEXTS; i++)
		if (!put_text(texts[i].name, false))
			return false;
	return true;
}

void
real_end(void)
{
	static const char *const others[] = { "set.yaml", "codes.used" };
	char at[128];

	served_end(&issuer);
	bao_end();
	for (size_t i = 0; i < TEXTS + 2; i++) {
		snprintf(at, sizeof(at), "%s/%s", dir, i < TEXTS ? texts[i].name : others[i - TEXTS]);
		unlink(at);
	}
	rmdir(dir);
	for (size_t i = 0; i < sizeof(minted) / sizeof(minted[0]); i++)
		free(minted[i]);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		free(keys[i]);
}
