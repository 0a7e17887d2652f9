/* SPDX-License-Identifier: Apache-2.0 */
/* Parts by themselves: base64url, JSON beside jansson, each algorithm, threads. */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "chaos/chaos.h"
#include "modules/drive.h"
#include "modules/jwt/b64.h"
#include "modules/jwt/json.h"
#include "modules/jwt/jwk.h"
#include "modules/jwt/tests/mint.h"

static uint64_t seed = 88172645463325252u;

static uint32_t
dice(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % n;
}

/* ---- base64url ---- */

static void
base64(void)
{
	unsigned char in[64], out[64];
	char text[96];
	unsigned taken = 0;

	for (size_t n = 0; n <= sizeof(in); n++) {
		for (size_t i = 0; i < n; i++)
			in[i] = (unsigned char)dice(256);
		chaos_check(jwt_base64_encode(text, in, n) == JWT_B64_LEN(n) && jwt_base64_decode(out, n, text, JWT_B64_LEN(n)) == (ptrdiff_t)n &&
		    memcmp(in, out, n) == 0, "base64url there and back");
		chaos_check(n == 0 || jwt_base64_decode(out, n - 1, text, JWT_B64_LEN(n)) == -1, "one byte too little room");
	}
	/* of all texts of two characters one in 16 is the spelling of a byte: of three, one in 4 */
	for (unsigned i = 0; i < 65536; i++) {
		const char two[2] = { (char)(i >> 8), (char)(i & 255) };

		taken += jwt_base64_decode(out, sizeof(out), two, 2) == 1;
	}
	chaos_check(taken == 256, "256 texts of two characters");
	for (unsigned i = taken = 0; i < 64 * 256; i++) {
		char three[4] = "AAA";

		jwt_base64_encode(text, (const unsigned char[]){ (unsigned char)(i >> 8), 0, 0 }, 3);
		memcpy(three, text, 2);
		three[2] = (char)(i & 255);
		taken += jwt_base64_decode(out, sizeof(out), three, 3) == 2;
	}
	chaos_check(taken == 64 * 16, "16 characters end a text of three");
	chaos_check(jwt_base64_decode(out, sizeof(out), "A", 1) == -1 && jwt_base64_decode(out, sizeof(out), "AA==", 4) == -1 &&
	    jwt_base64_decode(out, sizeof(out), "AAA=", 4) == -1 && jwt_base64_decode(out, sizeof(out), "++//", 4) == -1 &&
	    jwt_base64_decode(out, sizeof(out), "AA A", 4) == -1 && jwt_base64_decode(out, sizeof(out), "", 0) == 0, "what is no base64url");
}

/* ---- JSON ---- */

static int
equal(const struct jwt_value *v, const json_t *j)
{
	uint32_t n;
	size_t i = 0;

	switch (v->type) {
	case JWT_NULL:
		return json_is_null(j);
	case JWT_BOOL:
		return json_is_boolean(j) && v->u.boolean == json_is_true(j);
	case JWT_INT:
		return json_is_integer(j) && v->u.integer == json_integer_value(j);
	case JWT_REAL:
		return json_is_real(j) && memcmp(&v->u.real, &(double){ json_real_value(j) }, sizeof(double)) == 0;
	case JWT_TEXT:
		return json_is_string(j) && v->u.text.len == json_string_length(j) &&
		    memcmp(v->u.text.data, json_string_value(j), v->u.text.len) == 0;
	case JWT_LIST:
		if (!json_is_array(j) || v->count != json_array_size(j))
			return 0;
		for (const struct jwt_value *k = jwt_json_first(v, &n); n > 0; k = jwt_json_next(k, &n)) {
			if (!equal(k, json_array_get(j, i++)))
				return 0;
		}
		return 1;
	case JWT_OBJECT:
		if (!json_is_object(j) || v->count != json_object_size(j))
			return 0;
		for (const struct jwt_value *k = jwt_json_first(v, &n); n > 0; k = jwt_json_next(k, &n)) {
			const json_t *m = json_object_getn(j, k->name.data, k->name.len);

			if (m == NULL || !equal(k, m))
				return 0;
		}
		return 1;
	}
	return 0;
}

/* A text that is JSON, or nearly; never more than the reader has room for. */
static size_t
make(char *out, int depth)
{
	static const char *const pieces[] = { "1", "-0", "12.5", "1e3", "-7E-2", "true", "false", "null", "\"\"", "\"abc\"", "\"\\n\\u00e9\"",
	    "\"\\ud83d\\ude00\"", "\"\\\\\\\"\\/\"", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", "9223372036854775807", "-9223372036854775808",
	    "9223372036854775808", "1.7976931348623157e308", "1e309", "1700000600.00000001",
	    "-0.0E+00", "4.9e-324", "1e-400", "2.", "0", "\"\\u20ac\\u07ff\"", "\"\\u0001\"" };
	static const char *const names[] = { "\"a\":", "\"b\" :", "\"c\": ", "\"\\u0061\":", "\"\":", "\"long name\":" };
	const int object = dice(2) != 0;
	char *o = out;

	if (depth == 0 || dice(3) == 0) {
		strcpy(out, pieces[dice(sizeof(pieces) / sizeof(pieces[0]))]);
		return strlen(out);
	}
	*o++ = object ? '{' : '[';
	for (uint32_t i = 0, n = dice(4); i < n; i++) {
		if (i > 0)
			*o++ = ',';
		if (object)
			o = stpcpy(o, names[dice(sizeof(names) / sizeof(names[0]))]);
		o += make(o, depth - 1);
		if (dice(8) == 0)
			*o++ = " \t\n\r"[dice(4)];
	}
	*o++ = object ? '}' : ']';
	return (size_t)(o - out);
}

static void
json(void)
{
	static struct jwt_value values[JWT_VALUES_MAX];
	static char text[65536], copy[65536];
	unsigned long both = 0, neither = 0, differ = 0;

	for (unsigned long i = 0; i < 200000; i++) {
		size_t n = make(text, 4);
		json_t *j, *set;
		bool good, nomem;

		for (uint32_t k = dice(3); k > 0; k--)
			text[dice((uint32_t)n)] = "{}[]\",:\\0u9e.- x\x80\xc3\xff"[dice(19)];
		if (dice(16) == 0)
			n = dice((uint32_t)n);
		memcpy(copy, text, n);
		good = jwt_json_read(values, JWT_VALUES_MAX, copy, n);
		j = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
		if (good != (j != NULL) || (good && !equal(values, j))) {
			if (differ++ < 5)
				printf("read differently (%d): %.*s\n", good, (int)n, text);
		}
		both += good;
		neither += !good;
		/* the same of sets of keys, whose bytes are counted */
		set = jwt_set_json(text, n, &nomem);
		differ += (set != NULL) != (json_is_object(j) || json_is_array(j)) || nomem;
		json_decref(set);
		json_decref(j);
	}
	printf("%lu texts read as jansson reads them, %lu refused as it refuses them\n", both, neither);
	chaos_check(differ == 0 && both > 20000 && neither > 20000, "JSON as jansson has it");
}

static void
json_limits(void)
{
	static struct jwt_value values[8];
	char text[32];

	strcpy(text, "[1,2,3,4,5,6,7]");
	chaos_check(jwt_json_read(values, 8, text, strlen(text)) && values->span == 8, "as many values as there is room for");
	strcpy(text, "[1,2,3,4,5,6,7,8]");
	chaos_check(!jwt_json_read(values, 8, text, strlen(text)), "one more");
	chaos_check(!jwt_json_read(values, 8, (char[]){ '1', '\0' }, 2) && !jwt_json_read(values, 8, (char[]){ '\0', '1' }, 2),
	    "a NUL, which jansson skips");
	chaos_check(jwt_json_get(NULL, "a", 1) == NULL && jwt_json_get(values, "a", 1) == NULL, "no member of what is no object");
}

/* ---- steps ---- */

static char path[] = "/tmp/jwt-unit.XXXXXX";
static const struct policy_value audience = { .type = POLICY_STRING, .u.text = POLICY_TEXT("api") };
static const char claims[] = "{\"iss\":\"https://issuer.example\",\"aud\":\"api\",\"sub\":\"alice\",\"exp\":1700000600}";

static void
put_keys(const char *text)
{
	char next[sizeof(path) + 4];
	int fd;

	snprintf(next, sizeof(next), "%s.new", path);
	fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || rename(next, path) != 0)
		abort();
	close(fd);
}

static int
open_step(struct drive *d)
{
	const struct policy_attr with[] = {
		DRIVE_ATTR_TEXT("issuer", "https://issuer.example"),
		{ POLICY_TEXT("audience"), { .type = POLICY_LIST, .count = 1, .u.items = &audience } },
		{ POLICY_TEXT("keys"), { .type = POLICY_STRING, .u.text = { path, sizeof(path) - 1 } } },
	};

	drive_init(d, &policy_module_1);
	d->now_ns = INT64_C(1700000000000000000);
	return drive_open(d, with, 3);
}

/* Each row of the table: its own signature alone is good. */
static void
algorithms(unsigned row)
{
	struct mint m, other;
	static struct drive d;
	char header[64], *keys, *good, *forged, c, what[64];
	size_t n, bad = 0;

	mint_init(&m, row);
	mint_init(&other, row);
	keys = mint_jwks(&m, "k");
	put_keys(keys);
	snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"typ\":\"at+jwt\"}", m.alg->name);
	snprintf(what, sizeof(what), "%s %s", m.alg->name, m.alg->crv != NULL ? m.alg->crv : "");
	good = mint_token(&m, header, claims);
	forged = mint_token(&other, header, claims);
	chaos_check(open_step(&d) == 0, what);
	for (int i = 0; i < 3; i++) {
		chaos_check(drive_check(&d, "bearer", NULL, good) == POLICY_CHECK_PASS, what);
		chaos_check(drive_check(&d, "bearer", NULL, forged) == POLICY_CHECK_FAIL, what);
	}
	n = strlen(good);
	for (size_t i = 0; i < n; i++) {
		c = good[i];
		good[i] = c == 'A' ? 'B' : 'A';
		bad += drive_check(&d, "bearer", NULL, good) == POLICY_CHECK_PASS;
		good[i] = c;
	}
	chaos_check(bad == 0, "one character other");
	drive_close(&d);
	free(keys);
	free(good);
	free(forged);
	mint_fini(&m);
	mint_fini(&other);
}

/* ---- threads ---- */

#define THREADS 4
static struct drive shared;
static char *tokens[3];			/* of a key that stays, of one that comes and goes, forged */
static _Atomic int stop;
static _Atomic unsigned long wrong, checks;

static void *
ask(void *ctx)
{
	struct pol_filling *f = malloc(sizeof(*f));

	(void)ctx;
	for (unsigned i = 0; f != NULL && !stop; i++) {
		const struct policy_credential c = { policy_text("bearer"), policy_text(NULL), policy_text(tokens[i % 3]), { 0, 0 } };
		const struct policy_call call = { .size = sizeof(call), .credential = &c, .all = &c, .all_count = 1,
		    .now_ns = INT64_C(1700000000000000000), .deadline_ns = INT64_MAX };
		enum policy_check_result r;

		pol_identity_begin(f);
		f->step = "jwt";
		f->subject_type = policy_text("user");
		r = policy_module_1.check(shared.state, &call, &f->id);
		wrong += r == POLICY_CHECK_ERROR || (i % 3 == 0 && r != POLICY_CHECK_PASS) || (i % 3 == 2 && r == POLICY_CHECK_PASS);
		checks++;
	}
	free(f);
	return NULL;
}

static void
threads(void)
{
	struct mint a, b, other;
	pthread_t t[THREADS];
	char *keys[2], *one, *two;

	mint_init(&a, 0);
	mint_init(&b, 1);
	mint_init(&other, 0);
	one = mint_jwk(&a, "a", "HS256");
	two = mint_jwk(&b, "b", "HS384");
	keys[0] = malloc(8192);
	keys[1] = malloc(8192);
	snprintf(keys[0], 8192, "{\"keys\":[%s]}", one);
	snprintf(keys[1], 8192, "{\"keys\":[%s,%s]}", two, one);
	tokens[0] = mint_token(&a, "{\"alg\":\"HS256\",\"kid\":\"a\"}", claims);
	tokens[1] = mint_token(&b, "{\"alg\":\"HS384\",\"kid\":\"b\"}", claims);
	tokens[2] = mint_token(&other, "{\"alg\":\"HS256\",\"kid\":\"a\"}", claims);
	put_keys(keys[0]);
	chaos_check(open_step(&shared) == 0, "a step for threads");
	for (int i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, ask, NULL);
	for (int i = 0; i < 300; i++) {
		put_keys(keys[i & 1]);
		policy_module_1.serve(shared.state, POLICY_SERVE_CHANGED);
		usleep(1000);
	}
	stop = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	printf("%lu checks by %d threads over 300 new sets of keys\n", (unsigned long)checks, THREADS);
	chaos_check(wrong == 0 && checks > 1000, "a set is seen whole, by all threads");
	drive_close(&shared);
	for (int i = 0; i < 3; i++)
		free(tokens[i]);
	free(keys[0]);
	free(keys[1]);
	free(one);
	free(two);
	mint_fini(&a);
	mint_fini(&b);
	mint_fini(&other);
}

int
main(void)
{
	const int fd = mkstemp(path);

	close(fd);
	base64();
	json();
	json_limits();
	for (unsigned row = 0; row < JWT_ALGS; row++)
		algorithms(row);
	threads();
	unlink(path);
	return chaos_finish();
}
