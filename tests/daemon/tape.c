/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's reader of JSON beside jansson: what stands in RFC 8259, text by text, then
 * random changes of good texts. Both must take the same texts and find the same in them.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chaos/chaos.h"
#include "daemon/tape.h"

#define ROUNDS 300000

/* ---- are they the same? ---- */

static bool same(const struct pol_tape *t, size_t i, json_t *j);

static bool
same_members(const struct pol_tape *t, size_t i, json_t *j)
{
	size_t at = i + 1;

	if (json_object_size(j) != t->nodes[i].len)
		return false;
	for (uint32_t k = 0; k < t->nodes[i].len; k++) {
		json_t *v = json_object_getn(j, t->nodes[at].u.text, t->nodes[at].len);

		if (v == NULL || !same(t, at + 1, v))
			return false;
		at = pol_tape_next(t, at + 1);
	}
	return at == t->nodes[i].u.next;
}

static bool
same_items(const struct pol_tape *t, size_t i, json_t *j)
{
	size_t at = i + 1;

	if (json_array_size(j) != t->nodes[i].len)
		return false;
	for (uint32_t k = 0; k < t->nodes[i].len; k++, at = pol_tape_next(t, at)) {
		if (!same(t, at, json_array_get(j, k)))
			return false;
	}
	return at == t->nodes[i].u.next;
}

static bool
same(const struct pol_tape *t, size_t i, json_t *j)
{
	const struct pol_tape_node *n = &t->nodes[i];

	switch (json_typeof(j)) {
	case JSON_NULL:
		return n->kind == POL_TAPE_NULL;
	case JSON_TRUE:
		return n->kind == POL_TAPE_TRUE;
	case JSON_FALSE:
		return n->kind == POL_TAPE_FALSE;
	case JSON_INTEGER:
		return n->kind == POL_TAPE_INT && n->u.integer == json_integer_value(j);
	case JSON_REAL:
		return n->kind == POL_TAPE_REAL && memcmp(&n->u.real, &(double){ json_real_value(j) }, sizeof(double)) == 0;
	case JSON_STRING:
		return n->kind == POL_TAPE_TEXT && n->len == json_string_length(j) &&
		    memcmp(n->u.text, json_string_value(j), n->len) == 0;
	case JSON_ARRAY:
		return n->kind == POL_TAPE_LIST && same_items(t, i, j);
	default:
		return n->kind == POL_TAPE_OBJECT && same_members(t, i, j);
	}
}

/* The text stands at the end of a block of its own, so that a sanitizer sees a byte too far. */
static int
both(const char *text, size_t len, bool *taken)
{
	char *copy = malloc(len + (len == 0));
	struct pol_tape t;
	json_error_t e;
	const char *why;
	json_t *j;
	size_t at;
	bool good;

	if (copy == NULL)
		return 0;
	memcpy(copy, text, len);
	pol_tape_init(&t);
	why = pol_tape_read(&t, copy, len, &at);
	j = json_loadb(copy, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);
	*taken = why == NULL;
	good = (why == NULL) == (j != NULL) && at <= len && (why != NULL || same(&t, 0, j));
	if (!good)
		printf("    %.*s\n    ours: %s at %zu, jansson: %s\n", (int)(len < 300 ? len : 300), text,
		    why != NULL ? why : "taken", at, j != NULL ? "taken" : e.text);
	json_decref(j);
	pol_tape_fini(&t);
	free(copy);
	return good;
}

/* ---- text by text ---- */

struct text {
	const char *data;
	size_t len;
	bool taken;
};

#define YES(literal) { (literal), sizeof(literal) - 1, true }
#define NO(literal) { (literal), sizeof(literal) - 1, false }

static const struct text texts[] = {
	YES("{}"), YES("[]"), YES("null"), YES("true"), YES("false"), YES("\"\""), YES("0"), YES("-0"), YES("-1"),
	YES(" \t\r\n{ \"a\" : [ 1 , 2.5 , -3e2 ] } \n"), YES("[[[[]]],{}]"), YES("{\"a\":{},\"b\":[{}]}"),
	YES("9223372036854775807"), YES("-9223372036854775808"), NO("9223372036854775808"), NO("-9223372036854775809"),
	YES("0.0"), YES("1e5"), YES("1E+5"), YES("1e-5"), YES("0e1"), YES("123.456e-78"), YES("1e-400"), NO("1e400"), NO("-1e400"),
	NO("01"), NO("-"), NO("-01"), NO("+1"), NO("1."), NO(".5"), NO("1.e5"), NO("1e"), NO("1e+"), NO("0x1"), NO("1 2"),
	NO("NaN"), NO("Infinity"), NO("-Infinity"), NO("nul"), NO("nulll"), NO("True"), NO("TRUE"), NO("undefined"), NO("'a'"),
	NO(""), NO(" "), NO("{"), NO("["), NO("}"), NO("]"), NO("{]"), NO("[}"), NO("[1,]"), NO("[,1]"), NO("[1 2]"), NO("[1,,2]"),
	NO("{,}"), NO("{\"a\"}"), NO("{\"a\":}"), NO("{\"a\":1,}"), NO("{\"a\":1 \"b\":2}"), NO("{a:1}"), NO("{1:1}"), NO("{\"a\"::1}"),
	NO("{\"a\":1,\"a\":2}"), NO("{\"a\":1,\"\\u0061\":2}"), NO("{\"\":1,\"\":2}"), YES("{\"a\":{\"a\":1},\"b\":{\"a\":1}}"),
	YES("[{\"a\":1},{\"a\":1}]"), NO("{} {}"), NO("{}x"), NO("[]]"), NO("// x\n1"), NO("/* x */ 1"), NO("\xef\xbb\xbf{}"),
	YES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), YES("\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\""), YES("\"\\uD83D\\uDE00\""),
	YES("\"a\\u0000b\""), NO("{\"a\\u0000b\":1}"), NO("\"\\u00\""), NO("\"\\u00g0\""), NO("\"\\x41\""), NO("\"\\\""), NO("\"\\a\""),
	NO("\"\\ud83d\""), NO("\"\\ud83dx\""), NO("\"\\ud83d\\u0041\""), NO("\"\\ude00\""), NO("\"\\ude00\\ud83d\""), NO("\"\\ud83d\\ud83d\""),
	NO("\"a"), NO("\""), NO("\"a\nb\""), NO("\"a\tb\""), NO("\"\x01\""), YES("\"\x7f\""),
	YES("\"\xc3\xa9\""), YES("\"\xe2\x82\xac\""), YES("\"\xf0\x9f\x98\x80\""), YES("\"\xf4\x8f\xbf\xbf\""),
	NO("\"\x80\""), NO("\"\xc3\""), NO("\"\xc3(\""), NO("\"\xc0\xaf\""), NO("\"\xc1\xbf\""), NO("\"\xe0\x80\xaf\""), NO("\"\xe2\x82\""),
	NO("\"\xed\xa0\x80\""), NO("\"\xed\xbf\xbf\""), NO("\"\xf0\x80\x80\xaf\""), NO("\"\xf4\x90\x80\x80\""), NO("\"\xf5\x80\x80\x80\""),
	NO("\"\xf0\x9f\x98\""), NO("\"\xff\""), NO("\"\xfe\""), NO("{\"\xff\":1}"), NO("\xff"), NO("[\"a\xc3\"]"),
};

/* What jansson does otherwise. */
static const struct text ours[] = {
	NO("1\0"), NO("{}\0"), NO("\0"), NO("[1,\0]"), NO("true\0"), NO("\"\0\""),
};

static void
fixed(void)
{
	struct pol_tape t;
	char what[96];
	size_t at;
	bool taken;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(what, sizeof(what), "text %zu: %s", i, texts[i].data);
		chaos_check(both(texts[i].data, texts[i].len, &taken) && taken == texts[i].taken, what);
	}
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		pol_tape_init(&t);
		snprintf(what, sizeof(what), "our own text %zu", i);
		chaos_check((pol_tape_read(&t, ours[i].data, ours[i].len, &at) == NULL) == ours[i].taken, what);
		pol_tape_fini(&t);
	}
}

/* ---- sizes ---- */

static bool
takes(const char *text, size_t len)
{
	struct pol_tape t;
	size_t at;
	bool good;

	pol_tape_init(&t);
	good = pol_tape_read(&t, text, len, &at) == NULL;
	pol_tape_fini(&t);
	return good;
}

/* n names, of which the last is the first again where `twice`. */
static char *
names(size_t n, bool twice, size_t *len)
{
	char *s = malloc(n * 20 + 16);
	size_t at = 0;

	if (s == NULL)
		exit(1);
	s[at++] = '{';
	for (size_t i = 0; i < n; i++)
		at += (size_t)sprintf(s + at, "%s\"n%zu\":%zu", i > 0 ? "," : "", twice && i == n - 1 ? 0 : i, i);
	s[at++] = '}';
	*len = at;
	return s;
}

static void
sizes(void)
{
	static const size_t counts[] = { 2, 15, 16, 17, 18, 1000, 40000 };
	char text[4096], what[64];
	bool taken;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		for (int twice = 0; twice < 2; twice++) {
			size_t len;
			char *s = names(counts[i], twice, &len);

			snprintf(what, sizeof(what), "%zu names%s", counts[i], twice ? ", one twice" : "");
			chaos_check(both(s, len, &taken) && taken == !twice, what);
			free(s);
		}
	}
	for (size_t depth = POL_TAPE_DEPTH; depth <= POL_TAPE_DEPTH + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		chaos_check(takes(text, 2 * depth) == (depth <= POL_TAPE_DEPTH), "depth");
		memset(text, '[', sizeof(text));
		chaos_check(!takes(text, sizeof(text)), "nothing but brackets");
	}
	for (size_t len = POL_TAPE_NUMBER; len <= POL_TAPE_NUMBER + 1; len++) {
		memset(text, '1', len);
		text[1] = '.';
		chaos_check(takes(text, len) == (len <= POL_TAPE_NUMBER), "length of a number");
	}
}

/* ---- attributes ---- */

static void
attributes(void)
{
	static const char text[] = "{\"t\":\"x\\n\",\"i\":-5,\"d\":2.5,\"b\":true,\"z\":null,\"l\":[1,\"a\",[]],\"o\":{\"p\":{\"q\":false}}}";
	struct policy_attrs a = { NULL, 0 };
	const struct policy_attr *l;
	struct pol_tape t;
	char deep[200];
	size_t at;

	pol_tape_init(&t);
	if (chaos_check(pol_tape_read(&t, text, sizeof(text) - 1, &at) == NULL && pol_tape_attrs(&t, &a, 0, NULL) == 0 &&
	    a.count == 6, "attributes: six, for null is none")) {
		l = a.list;
		chaos_check(l[0].value.type == POLICY_STRING && l[0].value.u.text.len == 2 && l[0].value.u.text.data[1] == '\n', "a text");
		chaos_check(l[1].value.type == POLICY_INT && l[1].value.u.integer == -5, "an integer");
		chaos_check(l[2].value.type == POLICY_DOUBLE && l[2].value.u.real == 2.5, "a decimal");
		chaos_check(l[3].value.type == POLICY_BOOL && l[3].value.u.boolean == 1, "a truth");
		chaos_check(l[4].value.type == POLICY_LIST && l[4].value.count == 3 &&
		    l[4].value.u.items[2].type == POLICY_LIST && l[4].value.u.items[2].count == 0, "a list");
		chaos_check(l[5].value.type == POLICY_OBJECT && l[5].value.count == 1 &&
		    l[5].value.u.members[0].value.u.members[0].name.data[0] == 'q', "an object");
	}
	pol_tape_fini(&t);
	for (size_t depth = 10; depth <= 40; depth += 30) {
		pol_tape_init(&t);
		memcpy(deep, "{\"a\":", 5);
		memset(deep + 5, '[', depth);
		memset(deep + 5 + depth, ']', depth);
		deep[5 + 2 * depth] = '}';
		chaos_check(pol_tape_read(&t, deep, 6 + 2 * depth, &at) == NULL &&
		    pol_tape_attrs(&t, &a, 0, NULL) == (depth <= 16 ? 0 : POLICY_ERR_LIMIT), "depth of attributes");
		pol_tape_fini(&t);
	}
}

/* ---- at random ---- */

static uint64_t state = 0x9e3779b97f4a7c15u;

static uint32_t
any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 32) % below);
}

static size_t
change(char *s, size_t len, size_t room)
{
	static const char bytes[] = "{}[]\",:\\u0123456789abcdefDE.+-eE tnrfls\n\xc3\xa9\xed\xa0\xf0\x9f\x98\x80\xff\x1f";
	uint32_t at = any((uint32_t)len), n = 1 + any(4);

	switch (any(4)) {
	case 0:
		s[at] = bytes[any(sizeof(bytes) - 1)];
		return len;
	case 1:
		if (len + 1 > room)
			return len;
		memmove(s + at + 1, s + at, len - at);
		s[at] = bytes[any(sizeof(bytes) - 1)];
		return len + 1;
	case 2:
		if (at + n >= len)
			return len;
		memmove(s + at, s + at + n, len - at - n);
		return len - n;
	default:
		if (at + n >= len || len + n > room)
			return len;
		memmove(s + at + n, s + at, len - at);
		return len + n;
	}
}

static void
at_random(void)
{
	static const char *const good[] = {
		"{\"subject\":{\"type\":\"user\",\"id\":\"alice\"},\"action\":{\"name\":\"read\"},\"resource\":{\"type\":\"r\",\"id\":\"1\"}}",
		"{\"a\":[1,-2,3.5,1e5,-0.25E-3,true,false,null,\"x\"],\"b\":{\"c\":{\"d\":[]}}}",
		"[\"\\u00e9\\ud83d\\ude00\\n\\\\\\\"\",\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\",{\"\\u0061\":1,\"b\":2}]",
		"{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":1,\"k\":2,\"l\":3,\"m\":4,\"n\":5,\"o\":6,\"p\":7,\"q\":8}",
	};
	unsigned wrong = 0, taken = 0;
	char text[512];

	for (unsigned i = 0; i < ROUNDS && wrong < 20; i++) {
		const char *from = good[any(sizeof(good) / sizeof(good[0]))];
		size_t len = strlen(from);
		bool yes = false;

		memcpy(text, from, len);
		for (uint32_t k = 1 + any(3); k > 0 && len > 1; k--)
			len = change(text, len, sizeof(text));
		wrong += !both(text, len, &yes);
		taken += yes;
	}
	printf("%u changed texts, %u of them taken\n", (unsigned)ROUNDS, taken);
	chaos_check(wrong == 0, "changed texts are read as jansson reads them");
	chaos_check(taken > ROUNDS / 20 && taken < ROUNDS / 2, "some are good, most are not");
}

int
main(void)
{
	fixed();
	sizes();
	attributes();
	at_random();
	return chaos_finish();
}
