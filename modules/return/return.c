/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers what it is told, by `with: { answer: ... }` or else by the credential's data:
 *
 *	pass:NAME  pass:TYPE/NAME	PASS, with that subject
 *	fail  fail:expired  fail:revoked	FAIL
 *	ignore  error  again		IGNORE, ERROR, AGAIN
 *	garbage:N			N, whatever it means
 *	nosubject			PASS, and nobody is named
 *	huge				PASS, with a name of 1 MiB
 *	two				PASS, with two names
 *
 * before which any of these may stand:
 *
 *	sleep:MS:  log:TEXT:  wake::  scoped::
 *	count::				as token.checked, .served, .changed, .woken
 *	scopes:A,B:  groups:A,B:  kind:K:  token:ID:  expires:SECONDS:  cacheable:SECONDS:
 *	subject:NAME=VALUE:  attr:NAME=VALUE:  claim:NAME=VALUE:
 *
 * as in "scopes:read,write:expires:60:pass:alice". Anything else: FAIL. A second factor answers for the first credential of the kind `otp`
 * in the request, and without one FAILs. What open() and serve() do: keys[], below.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <policy_module.h>

#ifndef RETURN_NAME
#define RETURN_NAME "return"
#define RETURN_FLAGS 0
#endif

#define SECOND 1000000000
#define HUGE_NAME (1024u * 1024u)

struct returns {
	const struct policy_host *host;
	char answer[512], prefix[64];	/* empty: none */
	int64_t every;
	atomic_uint checked, served, changed, woken;
};

struct ask {
	struct returns *r;
	const struct policy_call *call;
	struct policy_identity *id;
};

/* ---- words that go before ---- */

static int64_t
number(struct policy_text t)
{
	char room[32];

	snprintf(room, sizeof(room), "%.*s", (int)t.len, t.data);
	return strtoll(room, NULL, 10);
}

/* Up to `sep`; *rest is what stands behind it, empty where there is none. */
static struct policy_text
cut(struct policy_text t, char sep, struct policy_text *rest)
{
	const char *at = memchr(t.data, sep, t.len);
	const size_t n = at != NULL ? (size_t)(at - t.data) : t.len;

	rest->data = t.data + n + (at != NULL);
	rest->len = t.len - n - (at != NULL);
	return (struct policy_text){ t.data, n };
}

static void
do_sleep(struct ask *a, struct policy_text t)
{
	const int64_t ns = number(t) * 1000000;
	struct timespec left = { ns / SECOND, ns % SECOND };

	(void)a;
	while (nanosleep(&left, &left) != 0)
		;
}

static void
do_log(struct ask *a, struct policy_text t)
{
	char text[256];

	snprintf(text, sizeof(text), "%.*s", (int)t.len, t.data);
	a->r->host->log(a->r->host, POLICY_LOG_WARNING, text);
}

static void
do_wake(struct ask *a, struct policy_text t)
{
	(void)t;
	a->r->host->wake(a->r->host);
}

static void
do_count(struct ask *a, struct policy_text t)
{
	const struct { const char *name; unsigned n; } rows[] = {
		{ "checked", a->r->checked }, { "served", a->r->served },
		{ "changed", a->r->changed }, { "woken", a->r->woken },
	};

	(void)t;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct policy_value v = { .type = POLICY_INT, .u.integer = rows[i].n };

		a->r->host->add_token_attribute(a->id, policy_text(rows[i].name), &v);
	}
}

static void
do_scoped(struct ask *a, struct policy_text t)
{
	(void)t;
	a->r->host->set_scoped(a->id);
}

static void
do_claim(struct ask *a, struct policy_text t)
{
	struct policy_text value, name = cut(t, '=', &value);

	a->r->host->add_claim(a->id, name, value);
}

/* ---- words that end it ---- */

static int
end_pass(struct ask *a, struct policy_text t)
{
	struct policy_text name, type = cut(t, '/', &name);

	if (name.len == 0) {
		name = t;
		type.data = NULL;
	}
	a->r->host->set_subject(a->id, type, name);
	return POLICY_CHECK_PASS;
}

static int
end_fail(struct ask *a, struct policy_text t)
{
	if (t.len == 7)
		a->r->host->set_reason(a->id, t.data[0] == 'e' ? POLICY_REASON_EXPIRED : POLICY_REASON_REVOKED);
	return POLICY_CHECK_FAIL;
}

static int
end_garbage(struct ask *a, struct policy_text t)
{
	(void)a;
	return (int)number(t);
}

static int
end_huge(struct ask *a, struct policy_text t)
{
	char *name = malloc(HUGE_NAME);

	(void)t;
	if (name == NULL)
		return POLICY_CHECK_ERROR;
	memset(name, 'a', HUGE_NAME);
	a->r->host->set_subject(a->id, (struct policy_text){ NULL, 0 }, (struct policy_text){ name, HUGE_NAME });
	free(name);
	return POLICY_CHECK_PASS;
}

static int
end_two(struct ask *a, struct policy_text t)
{
	(void)t;
	end_pass(a, policy_text("alice"));
	return end_pass(a, policy_text("bob"));
}

/* ---- words ---- */

typedef int text_fn(struct policy_identity *, struct policy_text);
typedef int time_fn(struct policy_identity *, int64_t);
typedef int attr_fn(struct policy_identity *, struct policy_text, const struct policy_value *);

/* What a word does before the next one (by itself, or as a function of the host's with
 * the texts of a list, a time, a name and its text), or else how it ends. */
static const struct word {
	const char *word;
	void (*first)(struct ask *, struct policy_text);
	size_t text, time, attr;	/* offsets in struct policy_host; 0: none */
	int (*end)(struct ask *, struct policy_text);
	int answer;
} words[] = {
	{ "pass", .end = end_pass },
	{ "fail", .end = end_fail },
	{ "ignore", .answer = POLICY_CHECK_IGNORE },
	{ "error", .answer = POLICY_CHECK_ERROR },
	{ "again", .answer = POLICY_CHECK_AGAIN },
	{ "garbage", .end = end_garbage },
	{ "nosubject", .answer = POLICY_CHECK_PASS },
	{ "huge", .end = end_huge },
	{ "two", .end = end_two },
	{ "sleep", .first = do_sleep },
	{ "log", .first = do_log },
	{ "wake", .first = do_wake },
	{ "count", .first = do_count },
	{ "scoped", .first = do_scoped },
	{ "scopes", .text = offsetof(struct policy_host, add_scope) },
	{ "groups", .text = offsetof(struct policy_host, add_group) },
	{ "kind", .text = offsetof(struct policy_host, set_kind) },
	{ "token", .text = offsetof(struct policy_host, set_token_id) },
	{ "expires", .time = offsetof(struct policy_host, set_expires) },
	{ "cacheable", .time = offsetof(struct policy_host, set_cacheable) },
	{ "subject", .attr = offsetof(struct policy_host, add_subject_attribute) },
	{ "attr", .attr = offsetof(struct policy_host, add_token_attribute) },
	{ "claim", .first = do_claim },
};

/* False: the word ends it. */
static bool
first(struct ask *a, const struct word *w, struct policy_text t)
{
	const char *host = (const char *)a->r->host;
	struct policy_value v = { .type = POLICY_STRING };

	if (w->first != NULL)
		w->first(a, t);
	while (w->text != 0 && t.len > 0)
		(*(text_fn *const *)(const void *)(host + w->text))(a->id, cut(t, ',', &t));
	if (w->time != 0)
		(*(time_fn *const *)(const void *)(host + w->time))(a->id, a->call->now_ns + number(t) * SECOND);
	if (w->attr != 0) {
		const struct policy_text name = cut(t, '=', &v.u.text);

		(*(attr_fn *const *)(const void *)(host + w->attr))(a->id, name, &v);
	}
	return w->first != NULL || w->text + w->time + w->attr != 0;
}

static int
answer(struct ask *a, struct policy_text t)
{
	while (t.len > 0) {
		struct policy_text word = cut(t, ':', &t), rest;
		const struct policy_text arg = cut(t, ':', &rest);
		size_t i = 0;

		while (i < sizeof(words) / sizeof(words[0]) &&
		    (strlen(words[i].word) != word.len || memcmp(words[i].word, word.data, word.len) != 0))
			i++;
		if (i == sizeof(words) / sizeof(words[0]))
			break;
		if (!first(a, &words[i], arg))
			return words[i].end != NULL ? words[i].end(a, t) : words[i].answer;
		t = rest;
	}
	return POLICY_CHECK_FAIL;
}

/* ---- what the library calls ---- */

static void
copy(char *to, size_t room, const struct policy_value *v)
{
	if (v != NULL)
		snprintf(to, room, "%.*s", (int)v->u.text.len, v->u.text.data);
}

static void
return_close(void *state)
{
	free(state);
}

static int
open_with(struct returns *r, const struct policy_open_args *args, struct policy_error *err)
{
	const struct policy_value *refuse = policy_with(args, "refuse"), *source = policy_with(args, "source");
	const struct policy_value *watch = policy_with(args, "watch"), *every = policy_with(args, "every");
	char path[4096];

	copy(err->text, sizeof(err->text), refuse);
	if (refuse != NULL)
		return err->code = POLICY_ERR_INVALID;
	copy(r->answer, sizeof(r->answer), policy_with(args, "answer"));
	copy(r->prefix, sizeof(r->prefix), policy_with(args, "prefix"));
	r->every = every != NULL ? every->u.integer : -1;
	if (source != NULL && r->host->source(r->host, source->u.text) != 0)
		return err->code = POLICY_ERR_INVALID;
	for (uint32_t i = 0; watch != NULL && i < watch->count; i++) {
		copy(path, sizeof(path), &watch->u.items[i]);
		if (r->host->watch(r->host, path) != 0)
			return err->code = POLICY_ERR_INVALID;
	}
	return 0;
}

static int
return_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	struct returns *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return err->code = POLICY_ERR_NOMEM;
	r->host = args->host;
	rc = open_with(r, args, err);
	if (rc != 0) {
		return_close(r);
		return rc;
	}
	*state = r;
	return 0;
}

static int
return_claims(void *state, const struct policy_credential *c)
{
	const struct returns *r = state;

	return c->data.len >= strlen(r->prefix) && memcmp(c->data.data, r->prefix, strlen(r->prefix)) == 0;
}

static enum policy_check_result
return_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	struct ask a = { state, call, id };
	struct policy_text told = call->credential->data;

	a.r->checked++;
	if ((RETURN_FLAGS & POLICY_MODULE_HEEDS_NONBLOCK) != 0 && (call->flags & POLICY_CALL_NONBLOCK) != 0)
		return POLICY_CHECK_AGAIN;
	if ((RETURN_FLAGS & POLICY_MODULE_SECOND_FACTOR) != 0) {
		size_t i = 0;

		while (i < call->all_count && (call->all[i].kind.len != 3 || memcmp(call->all[i].kind.data, "otp", 3) != 0))
			i++;
		if (i == call->all_count)
			return POLICY_CHECK_FAIL;
		told = call->all[i].data;
		if (&call->all[i] != call->credential && call->used != NULL)
			*call->used = (uint32_t)i + 1;
	} else {
		told.data += strlen(a.r->prefix);	/* claims() saw it */
		told.len -= strlen(a.r->prefix);
	}
	return (enum policy_check_result)answer(&a, a.r->answer[0] != '\0' ? policy_text(a.r->answer) : told);
}

static int64_t
return_serve(void *state, uint32_t why)
{
	struct returns *r = state;

	r->served++;
	r->changed += (why & POLICY_SERVE_CHANGED) != 0;
	r->woken += (why & POLICY_SERVE_WOKEN) != 0;
	return r->every;
}

/* A credential that passes as whom it was made for. */
static int
return_issue(void *state, const struct policy_issue *want, struct policy_issued *out, struct policy_error *err)
{
	int n = snprintf(out->data, sizeof(out->data), "token:issued:pass:%.*s",
	    (int)want->subject_id.len, want->subject_id.data);

	(void)state;
	if (n < 0 || (size_t)n >= sizeof(out->data))
		return err->code = POLICY_ERR_LIMIT;
	out->data_len = (uint32_t)n;
	out->expires_ns = want->expires_ns;
	memcpy(out->token_id, "issued", sizeof("issued"));
	return 0;
}

static const struct policy_module_key keys[] = {
	{ "answer", POLICY_KEY_TEXT, 0 },	/* to whatever is sent */
	{ "prefix", POLICY_KEY_TEXT, 0 },	/* of data that is claimed; the answer stands behind it */
	{ "refuse", POLICY_KEY_TEXT, 0 },	/* open() fails, with this text */
	{ "source", POLICY_KEY_TEXT, 0 },
	{ "watch", POLICY_KEY_TEXTS, 0 },	/* paths */
	{ "every", POLICY_KEY_DURATION, 0 },	/* what serve() asks for */
	{ NULL, 0, 0 },
};

const struct policy_module policy_module_1 = {
	.size = sizeof(struct policy_module), .abi = POLICY_MODULE_ABI,
	.name = RETURN_NAME, .version = "1.0", .flags = RETURN_FLAGS,
	.keys = keys,
	.open = return_open, .check = return_check, .close = return_close,
	.claims = return_claims, .serve = return_serve, .issue = return_issue,
};
