/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alone: what needs no server. With the argument `drive`: steps of the module, opened
 * and asked as lines of JSON on standard input say, one line of JSON back for each.
 * test.py runs the servers and writes those lines.
 */
#include "vault.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chaos/chaos.h"
#include "modules/drive.h"

enum { STEPS = 16, THREADS = 64 };

static struct drive steps[STEPS];
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- alone ---- */

static void
words(void)
{
	static const struct { const char *s; bool word, path; } t[] = {
		{ "alice", true, true }, { "a.b-c_9", true, true }, { "", false, false }, { ".", false, false },
		{ "..", false, false }, { "...", true, true }, { "a/b", false, true }, { "a//b", false, false },
		{ "a/../b", false, false }, { "a/./b", false, false }, { "/a", false, false }, { "a/", false, false },
		{ "a%2Fb", false, false }, { "a b", false, false }, { "a?b", false, false }, { "a#b", false, false },
		{ "\xc3\xa4", false, false }, { "a\n", false, false },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		chaos_check(pol_vault_is_word(t[i].s, strlen(t[i].s)) == t[i].word, "a word");
		chaos_check(pol_vault_is_path(t[i].s) == t[i].path, "a path");
	}
	chaos_check(!pol_vault_is_word("a\0b", 3), "a word with a NUL");
}

static void
tokens(void)
{
	char text[VAULT_MAX_TOKEN + 1], digest[44];

	memset(text, 'a', sizeof(text));
	chaos_check(pol_vault_is_token((struct policy_text){ text, VAULT_MAX_TOKEN }), "a token as long as may be");
	chaos_check(!pol_vault_is_token((struct policy_text){ text, VAULT_MAX_TOKEN + 1 }), "a token too long");
	chaos_check(!pol_vault_is_token((struct policy_text){ text, 0 }), "an empty token");
	for (int b = 0; b < 256; b++) {
		text[3] = (char)b;
		chaos_check(pol_vault_is_token((struct policy_text){ text, 8 }) == (b > ' ' && b < 0x7f), "a byte of a token");
	}
	chaos_check(pol_vault_digest(digest, policy_text("abc")) == 0 &&
	    strcmp(digest, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0") == 0, "the digest of abc");
}

static void
texts(void)
{
	static const struct { const char *s; size_t n; bool able; } t[] = {
		{ "plain", 5, true }, { "\xc3\xa4", 2, true }, { "\xe2\x82\xac", 3, true }, { "\xf0\x9f\x92\xa9", 4, true },
		{ "\xc3", 1, false }, { "\xc0\x80", 2, false }, { "\xe0\x80\x80", 3, false }, { "\xed\xa0\x80", 3, false },
		{ "\xf0\x80\x80\x80", 4, false }, { "\xf4\x90\x80\x80", 4, false }, { "\x80", 1, false }, { "\xff", 1, false },
		{ "\xe2\x82", 2, false }, { "\xe2\x28\xa1", 3, false }, { "", 0, true },
	};
	char out[64];
	const char *name = "n";

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct policy_text s = { t[i].s, t[i].n };

		chaos_check(pol_vault_json_able(s) == t[i].able, "UTF-8 or not");
		chaos_check((pol_vault_json_write(out, sizeof(out), &name, &s, 1) > 0) == t[i].able, "and jansson agrees");
	}
}

static void
answers(void)
{
	static const char *const escapes[] = { "{\"a\":\"\\u003c\\u00e4\\u20ac\\ud83d\\udca9x\"}", "{\"\\\"\\\\\":\"\\n\\/\\b\"}",
	    "{\"\\u00C4b\":[\"\xc3\xa4\",\"\\uD83D\\uDCA9\",\"\"]}", "{\"[\":\"{{{[[[\\\\\"}", "{}" };
	char text[4 * VAULT_MAX_DEPTH + 8];

	for (int n = 1; n <= VAULT_MAX_DEPTH + 1; n++) {
		char *p = text;
		json_t *j;

		for (int i = 0; i < n - 1; i++)
			p += sprintf(p, i == 0 ? "{\"a\":" : "[");
		p += sprintf(p, n == 1 ? "{}" : "[]");
		for (int i = n - 2; i >= 0; i--)
			*p++ = i == 0 ? '}' : ']';
		j = pol_vault_json(text, (size_t)(p - text));
		chaos_check((j != NULL) == (n <= VAULT_MAX_DEPTH), "depth of an answer");
		pol_vault_json_free(j);
	}
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		json_t *j = pol_vault_json(escapes[i], strlen(escapes[i]));

		chaos_check(j != NULL, "escapes, and the bytes they stand for");
		pol_vault_json_free(j);
	}
	chaos_check(pol_vault_json("[]", 2) == NULL && pol_vault_json("{", 1) == NULL &&
	    pol_vault_json("{\"a\":1,\"a\":2}", 13) == NULL && pol_vault_json("{} x", 4) == NULL, "no object");
}

/* ---- driven ---- */

static const char *const results[] = { "ERROR", "PASS", "FAIL", "IGNORE", "AGAIN" };

/* Values live in the tree, which outlives the open. */
static void
to_value(struct policy_value *out, const json_t *j, struct policy_value *items, struct policy_attr *members)
{
	const char *name;
	json_t *m;

	memset(out, 0, sizeof(*out));
	if (json_is_string(j)) {
		out->type = POLICY_STRING;
		out->u.text = (struct policy_text){ json_string_value(j), json_string_length(j) };
	} else if (json_is_integer(j)) {
		out->type = POLICY_INT;
		out->u.integer = json_integer_value(j);
	} else if (json_is_boolean(j)) {
		out->type = POLICY_BOOL;
		out->u.boolean = json_is_true(j);
	} else if (json_is_array(j)) {
		out->type = POLICY_LIST;
		out->u.items = items;
		for (size_t i = 0; i < json_array_size(j); i++)
			to_value(&items[out->count++], json_array_get(j, i), NULL, NULL);
	} else {
		out->type = POLICY_OBJECT;
		out->u.members = members;
		json_object_foreach((json_t *)(uintptr_t)j, name, m) {
			members[out->count].name = policy_text(name);
			to_value(&members[out->count++].value, m, NULL, NULL);
		}
	}
}

static json_t *
text_of(struct policy_text t)
{
	return t.data != NULL ? json_stringn(t.data, t.len) : json_null();
}

/* Steps log from any thread. */
static void
locked_log(const struct policy_host *h, enum policy_log_level level, const char *text)
{
	struct drive *d = (struct drive *)(void *)h->step;
	size_t n;

	(void)level;
	pthread_mutex_lock(&log_lock);
	n = strlen(d->log);
	snprintf(d->log + n, sizeof(d->log) - n, "%s\n", text);
	pthread_mutex_unlock(&log_lock);
}

static json_t *
do_open(struct drive *d, json_t *in)
{
	static struct policy_value items[64];
	static struct policy_attr with[64], members[64];
	static struct policy_text claims[64];
	const char *name, *id = json_string_value(json_object_get(in, "id"));
	json_t *v, *list = json_object_get(in, "claims");
	uint32_t n = 0;
	int rc;

	drive_init(d, &policy_module_1);
	d->host.log = locked_log;
	d->args.subject_id = policy_text(id);
	for (size_t i = 0; i < json_array_size(list); i++)
		claims[i] = policy_text(json_string_value(json_array_get(list, i)));
	d->args.claims = claims;
	d->args.claims_count = json_array_size(list);
	json_object_foreach(json_object_get(in, "with"), name, v) {
		with[n].name = policy_text(name);
		to_value(&with[n++].value, v, items, members);
	}
	rc = drive_open(d, with, n);
	return json_pack("{s:i, s:s, s:s}", "rc", rc, "error", d->err.text, "source", d->source);
}

static json_t *
attributes(const struct policy_attr *list, uint32_t n)
{
	json_t *o = json_object();
	char name[256];

	for (uint32_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%.*s", (int)list[i].name.len, list[i].name.data);
		json_object_set_new(o, name, text_of(list[i].value.u.text));
	}
	return o;
}

static json_t *
listed(const struct policy_text *list, uint32_t n)
{
	json_t *a = json_array();

	for (uint32_t i = 0; i < n; i++)
		json_array_append_new(a, text_of(list[i]));
	return a;
}

static json_t *
do_check(struct drive *d, json_t *in)
{
	const char *name = json_string_value(json_object_get(in, "name"));
	json_t *data = json_object_get(in, "data"), *claims = json_array();
	struct policy_credential c = { policy_text(json_string_value(json_object_get(in, "kind"))), policy_text(name),
	    { json_string_value(data), json_string_length(data) }, { 0, 0 } };
	const int64_t now = pol_vault_clock(CLOCK_REALTIME), ms = json_integer_value(json_object_get(in, "ms"));
	const int64_t start = pol_vault_clock(CLOCK_MONOTONIC);
	const struct policy_identity *id = &d->f.id;
	enum policy_check_result r;

	d->now_ns = now;
	d->call_flags = json_is_true(json_object_get(in, "nonblock")) ? POLICY_CALL_NONBLOCK : 0;
	d->deadline_ns = start + (ms != 0 ? ms : 20000) * 1000000;
	r = drive_check_all(d, &c, 1, 0, NULL);
	for (unsigned i = 0; i < d->n_claims; i++)
		json_array_append_new(claims, json_pack("[o, o]", text_of(d->claims[i].claim), text_of(d->claims[i].value)));
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:f, s:f, s:i, s:f}", "r", results[r],
	    "subject", text_of(id->subject_id), "token_id", text_of(id->token_id),
	    "groups", listed(id->groups, id->groups_count), "scopes", listed(id->scopes, id->scopes_count),
	    "scoped", (int)id->scoped, "token", attributes(id->token_attributes, id->token_attributes_count),
	    "user", attributes(id->subject_attributes, id->subject_attributes_count), "claims", claims,
	    "expires", id->expires == 0 ? 0.0 : (double)(id->expires - now) / 1e9,
	    "cacheable", (double)(id->cacheable - now) / 1e9, "reason", (int)d->f.reason,
	    "took", (double)(pol_vault_clock(CLOCK_MONOTONIC) - start) / 1e9);
}

/* ---- many at once ---- */

struct storm {
	pthread_t thread;
	struct drive d;			/* the same state as all, an identity of its own */
	json_t *in;
	unsigned counts[5];
	long n;
};

static void *
storming(void *arg)
{
	struct storm *s = arg;

	for (long i = 0; i < s->n; i++) {
		json_t *data = json_object_get(s->in, "data");
		const char *text = json_string_value(json_array_get(data, (size_t)i % json_array_size(data)));

		s->counts[drive_check(&s->d, json_string_value(json_object_get(s->in, "kind")), NULL, text)]++;
	}
	return NULL;
}

static json_t *
do_storm(struct drive *d, json_t *in)
{
	static struct storm storms[THREADS];
	unsigned n = (unsigned)json_integer_value(json_object_get(in, "threads")), sum[5] = { 0 };

	for (unsigned i = 0; i < n && i < THREADS; i++) {
		storms[i].d = *d;
		pol_identity_offer(&storms[i].d.host);
		storms[i].d.deadline_ns = pol_vault_clock(CLOCK_MONOTONIC) + 60 * VAULT_SECOND;
		storms[i].in = in;
		storms[i].n = (long)json_integer_value(json_object_get(in, "n"));
		memset(storms[i].counts, 0, sizeof(storms[i].counts));
	}
	for (unsigned i = 0; i < n && i < THREADS; i++)
		pthread_create(&storms[i].thread, NULL, storming, &storms[i]);
	for (int i = 0; json_is_true(json_object_get(in, "serve")) && i < 50; i++)
		policy_module_1.serve(d->state, POLICY_SERVE_CHANGED);
	for (unsigned i = 0; i < n && i < THREADS; i++) {
		pthread_join(storms[i].thread, NULL);
		for (int r = 0; r < 5; r++)
			sum[r] += storms[i].counts[r];
	}
	return json_pack("{s:i, s:i, s:i, s:i, s:i}", results[0], (int)sum[0], results[1], (int)sum[1], results[2],
	    (int)sum[2], results[3], (int)sum[3], results[4], (int)sum[4]);
}

/* The same in a child, beside its parent, whose connections it has as well. */
static json_t *
do_fork(struct drive *d, json_t *in)
{
	pid_t child = fork();
	json_t *out = child == 0 || !json_is_true(json_object_get(in, "idle")) ? do_storm(d, in) : json_object();
	int status = -1;

	if (child == 0) {
		drive_close(d);
		_exit(json_integer_value(json_object_get(out, "ERROR")) != 0 ? 1 :
		    json_integer_value(json_object_get(out, "PASS")) == json_integer_value(json_object_get(out, "FAIL")) ? 0 : 2);
	}
	waitpid(child, &status, 0);
	json_object_set_new(out, "child", json_integer(status));
	return out;
}

static json_t *
do_line(json_t *in)
{
	struct drive *d = &steps[json_integer_value(json_object_get(in, "step")) % STEPS];
	const char *what = json_string_value(json_object_get(in, "do"));
	json_t *out;

	if (strcmp(what, "open") == 0)
		return do_open(d, in);
	if (strcmp(what, "check") == 0)
		return do_check(d, in);
	if (strcmp(what, "storm") == 0)
		return do_storm(d, in);
	if (strcmp(what, "fork") == 0)
		return do_fork(d, in);
	if (strcmp(what, "serve") == 0)
		return json_pack("{s:f}", "wait", (double)policy_module_1.serve(d->state,
		    (uint32_t)json_integer_value(json_object_get(in, "why"))) / 1e9);
	if (strcmp(what, "log") == 0) {
		out = json_pack("{s:s}", "log", d->log);
		d->log[0] = '\0';
		return out;
	}
	drive_close(d);
	return json_object();
}

static int
driven(void)
{
	static char line[1 << 20];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		json_t *in = json_loads(line, JSON_ALLOW_NUL, NULL), *out = in != NULL ? do_line(in) : NULL;

		if (out == NULL || json_dumpf(out, stdout, JSON_COMPACT) != 0) {
			fprintf(stderr, "a line that is none of ours, or an answer that is no JSON\n");
			return 1;
		}
		puts("");
		fflush(stdout);
		json_decref(out);
		json_decref(in);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "drive") == 0)
		return driven();
	words();
	tokens();
	texts();
	answers();
	return chaos_finish();
}
