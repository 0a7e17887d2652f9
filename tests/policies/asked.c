/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody may by a policy: routes.py asks, policy_mutants.py compares.
 *   asked POLICY < QUESTIONS			an answer for each
 *   asked --check POLICY FILE [WORD]		FILE: questions, each with the answer it had; 1: one has another, 65: refused;
 *						those in which WORD stands are asked first
 * A question is 13 fields with tabs between, all but the first in hexadecimal, `-` for none:
 *   H SET METHOD TARGET BODY -   WHO...	an answer is VERDICT REASON [PUBLIC ACTION TYPE ID]
 *   D ACTION TYPE ID RES CTX     WHO...	RES and CTX: NAME=VALUE, an attribute; VERDICT REASON
 * WHO: TYPE ID KIND SCOPES MODELS TYPES SECRET (the last three: of the token, and a bearer that is no token of anybody's).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <policy.h>

#define FIELDS 13
#define LISTED 16
#define LINE 65536

static int
digit(char c)
{
	return c >= 'a' ? c - 'a' + 10 : c - '0';
}

static struct policy_text
unhex(char *s)
{
	size_t n = 0;

	if (strcmp(s, "-") == 0)
		return (struct policy_text){ NULL, 0 };
	for (; s[2 * n] != '\0' && s[2 * n + 1] != '\0'; n++)
		s[n] = (char)(digit(s[2 * n]) * 16 + digit(s[2 * n + 1]));
	return (struct policy_text){ s, n };
}

static struct policy_attr
attribute(struct policy_text t)
{
	const char *eq = t.data != NULL ? memchr(t.data, '=', t.len) : NULL;
	struct policy_attr a = { .value = { .type = POLICY_STRING } };

	if (eq == NULL)
		exit(2);
	a.name = (struct policy_text){ t.data, (size_t)(eq - t.data) };
	a.value.u.text = (struct policy_text){ eq + 1, t.len - a.name.len - 1 };
	return a;
}

/* Words with spaces between. */
static size_t
words(struct policy_text t, struct policy_text out[LISTED])
{
	size_t n = 0;

	for (size_t i = 0; i < t.len && n < LISTED; n++) {
		const char *end = memchr(t.data + i, ' ', t.len - i);
		size_t len = end != NULL ? (size_t)(end - t.data) - i : t.len - i;

		out[n] = (struct policy_text){ t.data + i, len };
		i += len + 1;
	}
	return n;
}

struct asker {
	struct policy_request req;
	struct policy_token token;
	struct policy_credential secret;
	struct policy_text scopes[LISTED], listed[LISTED];
	struct policy_value values[LISTED];
	struct policy_attr attrs[1];
};

static void
listed(struct asker *a, const char *name, struct policy_text said)
{
	uint32_t n = (uint32_t)words(said, a->listed);

	if (said.data == NULL)
		return;
	for (uint32_t i = 0; i < n; i++)
		a->values[i] = (struct policy_value){ .type = POLICY_STRING, .u.text = a->listed[i] };
	a->attrs[0].name = policy_text(name);
	a->attrs[0].value = (struct policy_value){ .type = POLICY_LIST, .count = n, .u.items = a->values };
	a->token.attributes = (struct policy_attrs){ a->attrs, 1 };
}

static void
asker(struct asker *a, const struct policy_text f[7])
{
	memset(a, 0, sizeof(*a));
	a->req = (struct policy_request)POLICY_REQUEST_INIT;
	a->token = (struct policy_token)POLICY_TOKEN_INIT;
	a->req.subject_type = f[0];
	a->req.subject_id = f[1];
	a->token.kind = f[2];
	a->token.scopes_count = words(f[3], a->scopes);
	a->token.scopes = a->scopes;
	a->token.flags = f[3].data != NULL ? POLICY_TOKEN_SCOPED : 0;
	listed(a, "models", f[4]);
	listed(a, "model_types", f[5]);
	if (f[2].data != NULL || f[3].data != NULL)
		a->req.token = &a->token;
	if (f[6].data == NULL)
		return;
	a->secret.kind = policy_text("bearer");
	a->secret.data = f[6];
	a->req.credentials = &a->secret;
	a->req.credentials_count = 1;
}

static void
put(char *out, const char *s, uint32_t len)
{
	char *at = out + strlen(out);

	at += sprintf(at, len == 0 ? "\t-" : "\t");
	for (uint32_t i = 0; i < len; i++)
		at += sprintf(at, "%02x", (unsigned char)s[i]);
}

static void
ask_http(struct policy *p, struct policy_text f[FIELDS], struct asker *a, struct policy_decision *d, char *said)
{
	struct policy_http http = POLICY_HTTP_INIT;
	struct policy_routed r = POLICY_ROUTED_INIT;

	http.set = f[1];
	http.method = f[2];
	http.target = f[3];
	http.body = f[4];
	if (policy_decide_http(p, &http, &a->req, d, &r) == POLICY_ERR_ABI)
		exit(2);
	if (r.found == 0)
		return;
	sprintf(said, "\t%u", r.is_public);
	put(said, r.action, r.action_len);
	put(said, r.resource_type, r.resource_type_len);
	put(said, r.resource_id, r.resource_id_len);
}

static void
ask(struct policy *p, char *line, char *out)
{
	struct policy_decision d = POLICY_DECISION_INIT;
	struct policy_attr res, ctx;
	struct policy_text f[FIELDS];
	char said[4096] = "", *rest = line;
	struct asker a;

	for (int i = 0; i < FIELDS; i++) {
		char *field = strsep(&rest, "\t");

		if (field == NULL)
			exit(2);
		f[i] = i > 0 ? unhex(field) : policy_text(field);
	}
	asker(&a, f + 6);
	if (f[0].data[0] == 'H') {
		ask_http(p, f, &a, &d, said);
	} else {
		a.req.action = f[1];
		a.req.resource_type = f[2];
		a.req.resource_id = f[3];
		if (f[4].data != NULL) {
			res = attribute(f[4]);
			a.req.resource_attributes = (struct policy_attrs){ &res, 1 };
		}
		if (f[5].data != NULL) {
			ctx = attribute(f[5]);
			a.req.context = (struct policy_attrs){ &ctx, 1 };
		}
		(void)policy_decide(p, &a.req, &d);
	}
	sprintf(out, "%s %s%s", d.verdict == POLICY_ALLOW ? "allow" : "deny", policy_reason_name((int)d.reason), said);
}

static struct policy *
open_set(const char *path)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy *p;

	opt.flags = POLICY_FORCE_ON | POLICY_NO_THREAD;
	if (policy_open(&p, path, &opt, &err) == 0)
		return p;
	fprintf(stderr, "%s:%u:%u: %s\n", path, err.line, err.column, err.text);
	exit(65);
}

/* 0, or 1 where an answer is another than it was. */
static int
check(struct policy *p, FILE *from, const char *word)
{
	static char line[LINE], whole[LINE], out[8192];

	rewind(from);
	while (fgets(line, sizeof(line), from) != NULL) {
		char *answer = strstr(line, "\t=\t");

		if (word != NULL && strstr(line, word) == NULL)
			continue;
		if (answer == NULL)
			exit(2);
		line[strcspn(line, "\n")] = '\0';
		*answer = '\0';
		memcpy(whole, line, strlen(line) + 1);
		ask(p, line, out);
		if (strcmp(out, answer + 3) != 0) {
			printf("%s: was %s, is %s\n", whole, answer + 3, out);
			return 1;
		}
	}
	return 0;
}

static void
answer(struct policy *p)
{
	static char line[LINE], out[8192];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		ask(p, line, out);
		puts(out);
	}
}

int
main(int argc, char **argv)
{
	int is_check = argc > 3 && strcmp(argv[1], "--check") == 0, rc = 0;
	FILE *from = is_check ? fopen(argv[3], "r") : NULL;
	struct policy *p;

	if (is_check ? from == NULL || argc > 5 : argc != 2)
		return 2;
	p = open_set(argv[is_check ? 2 : 1]);
	if (!is_check)
		answer(p);
	else
		rc = (argc == 5 && check(p, from, argv[4]) != 0) || check(p, from, NULL) != 0;
	policy_close(p);
	return rc;
}
