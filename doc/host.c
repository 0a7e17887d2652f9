/* SPDX-License-Identifier: Apache-2.0 */
/* host SET SUBJECT ACTION TYPE ID [SCOPE...]: may this subject do this? */
#include <stdio.h>
#include <policy.h>

int
main(int argc, char **argv)
{
	struct policy *p;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_token token = POLICY_TOKEN_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	struct policy_text scopes[16];

	if (argc < 6 || argc > 6 + 16)
		return 64;
	if (policy_open(&p, argv[1], NULL, &err) != 0) {
		fprintf(stderr, "%s:%u:%u: %s\n", err.file, err.line, err.column, err.text);
		return 65;
	}
	req.subject_id = policy_text(argv[2]);
	req.action = policy_text(argv[3]);
	req.resource_type = policy_text(argv[4]);
	req.resource_id = policy_text(argv[5]);
	for (; (int)token.scopes_count < argc - 6; token.scopes_count++)
		scopes[token.scopes_count] = policy_text(argv[6 + token.scopes_count]);
	token.scopes = scopes;
	token.flags = POLICY_TOKEN_SCOPED;
	if (argc > 6)
		req.token = &token;	/* else the host vouches for the subject */

	policy_decide(p, &req, &d);	/* whatever it returns, d is a deny unless it says ALLOW */
	printf("%s %s %s\n", d.verdict == POLICY_ALLOW ? "allow" : "deny",
	    policy_reason_name((int)d.reason), d.rule);
	policy_close(p);
	return d.verdict == POLICY_ALLOW ? 0 : 1;
}
