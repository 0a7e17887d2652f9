/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What requests of HTTP are taken for, for routes.py. It reads `S BYTES` and a policy, or
 * `R SET METHOD TARGET BODY` (bytes of each, BODY - for none) and those; it answers `ok`
 * or `no MESSAGE`, and `REASON` or `REASON LINE PUBLIC ACTION TYPE ID`, in hexadecimal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <policy.h>

#define MOST 4194304u

static char *
take(size_t len)
{
	char *s = len > MOST ? NULL : malloc(len + 1);

	if (s == NULL || fread(s, 1, len, stdin) != len)
		exit(2);
	s[len] = '\0';
	return s;
}

static void
put(const char *s, uint32_t len)
{
	putchar(' ');
	if (len == 0)
		putchar('-');
	for (uint32_t i = 0; i < len; i++)
		printf("%02x", (unsigned char)s[i]);
}

static void
load(struct policy **p, size_t len)
{
	struct policy_error err = POLICY_ERROR_INIT;
	char *text = take(len);

	policy_close(*p);
	if (policy_open_text(p, "t", text, len, NULL, &err) == 0)
		puts("ok");
	else
		printf("no %u:%u: %s\n", err.line, err.column, err.text);
	free(text);
}

static void
ask(struct policy *p, const size_t len[4], int has_body)
{
	struct policy_http http = POLICY_HTTP_INIT;
	struct policy_request who = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	struct policy_routed r = POLICY_ROUTED_INIT;
	char *part[4];

	for (size_t i = 0; i < 4; i++)
		part[i] = take(len[i]);
	http.set = (struct policy_text){ part[0], len[0] };
	http.method = (struct policy_text){ part[1], len[1] };
	http.target = (struct policy_text){ part[2], len[2] };
	if (has_body)
		http.body = (struct policy_text){ part[3], len[3] };
	if (policy_decide_http(p, &http, &who, &d, &r) != 0)
		exit(3);
	printf("%s", policy_reason_name((int)d.reason));
	if (r.found != 0) {
		printf(" %u %u", r.line, r.is_public);
		put(r.action, r.action_len);
		put(r.resource_type, r.resource_type_len);
		put(r.resource_id, r.resource_id_len);
	}
	putchar('\n');
	for (size_t i = 0; i < 4; i++)
		free(part[i]);
}

int
main(void)
{
	struct policy *p = NULL;
	char line[128], body[32];
	size_t len[4];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		memset(len, 0, sizeof(len));
		if (sscanf(line, "S %zu", &len[0]) == 1) {
			load(&p, len[0]);
		} else if (sscanf(line, "R %zu %zu %zu %31s", &len[0], &len[1], &len[2], body) == 4 && p != NULL) {
			len[3] = strcmp(body, "-") != 0 ? strtoul(body, NULL, 10) : 0;
			ask(p, len, strcmp(body, "-") != 0);
		} else if (line[0] == 'F') {
			fflush(stdout);
		} else {
			return 4;
		}
	}
	policy_close(p);
	return 0;
}
