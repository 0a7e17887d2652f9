/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of every public structure on x86-64, and the value of every public
 * constant, as numbers: a host compiled against an older header must go on
 * meaning the same. A row changes only where a structure grew at its end, and
 * then only SIZE; a FIELD or VALUE row is never changed, rows are added.
 */
#include <policy.h>
#include <policy_author.h>

#include <stddef.h>
#include <stdio.h>

struct row {
	const char *what;
	long long is, wanted;
};

#define SIZE(s, n) { "sizeof(struct " #s ")", (long long)sizeof(struct s), n }
#define FIELD(s, f, n) { "offsetof(struct " #s ", " #f ")", (long long)offsetof(struct s, f), n }
#define VALUE(v, n) { #v, (long long)(v), n }

static const struct row values[] = {
	VALUE(POLICY_OK, 0),
	VALUE(POLICY_ERR_INTERNAL, -1),
	VALUE(POLICY_ERR_ARG, -2),
	VALUE(POLICY_ERR_ABI, -3),
	VALUE(POLICY_ERR_NOMEM, -4),
	VALUE(POLICY_ERR_LIMIT, -5),
	VALUE(POLICY_ERR_INVALID, -6),
	VALUE(POLICY_ERR_IO, -7),
	VALUE(POLICY_ERR_NOENT, -8),
	VALUE(POLICY_ERR_UNSAFE, -9),
	VALUE(POLICY_ERR_AGAIN, -10),
	VALUE(POLICY_ERR_UNAVAILABLE, -11),
	VALUE(POLICY_ERR_UNSUPPORTED, -12),
	VALUE(POLICY_DENY, 0),
	VALUE(POLICY_ALLOW, 1),
	VALUE(POLICY_REASON_ERROR, 0),
	VALUE(POLICY_REASON_RULE, 1),
	VALUE(POLICY_REASON_DISABLED, 2),
	VALUE(POLICY_REASON_NO_CREDENTIAL, 3),
	VALUE(POLICY_REASON_BAD_CREDENTIAL, 4),
	VALUE(POLICY_REASON_EXPIRED, 5),
	VALUE(POLICY_REASON_REVOKED, 6),
	VALUE(POLICY_REASON_UNAVAILABLE, 7),
	VALUE(POLICY_REASON_DENIED, 8),
	VALUE(POLICY_REASON_CONDITION_ERROR, 9),
	VALUE(POLICY_REASON_NO_RULE, 10),
	VALUE(POLICY_REASON_UNKNOWN_ACTION, 11),
	VALUE(POLICY_REASON_UNKNOWN_RESOURCE, 12),
	VALUE(POLICY_REASON_INSUFFICIENT_SCOPE, 13),
	VALUE(POLICY_REASON_CEILING, 14),
	VALUE(POLICY_REASON_LIMIT, 15),
	VALUE(POLICY_NULL, 0),
	VALUE(POLICY_STRING, 1),
	VALUE(POLICY_INT, 2),
	VALUE(POLICY_DOUBLE, 3),
	VALUE(POLICY_BOOL, 4),
	VALUE(POLICY_LIST, 5),
	VALUE(POLICY_OBJECT, 6),
	VALUE(POLICY_LOG_ERROR, 0),
	VALUE(POLICY_LOG_WARNING, 1),
	VALUE(POLICY_LOG_INFO, 2),
	VALUE(POLICY_STAGE_DENY, 1),
	VALUE(POLICY_STAGE_ALLOW, 2),
	VALUE(POLICY_STAGE_SCOPE, 3),
	VALUE(POLICY_STAGE_CEILING, 4),
	VALUE(POLICY_OUTCOME_MATCHED, 1),
	VALUE(POLICY_OUTCOME_FALSE, 2),
	VALUE(POLICY_OUTCOME_UNKNOWN, 3),
	VALUE(POLICY_NEAR_NONE, 0),
	VALUE(POLICY_NEAR_CONDITION, 1),
	VALUE(POLICY_NEAR_RESOURCE, 2),
	VALUE(POLICY_NEAR_WINDOW, 3),
	VALUE(POLICY_NEAR_ELSEWHERE, 4),
	VALUE(POLICY_NEAR_ROLE, 5),
	VALUE(POLICY_TOKEN_SCOPED, 1),
	VALUE(POLICY_NONBLOCK, 1),
	VALUE(POLICY_FORCE_ON, 1),
	VALUE(POLICY_FORCE_OFF, 2),
	VALUE(POLICY_NO_THREAD, 4),
	VALUE(POLICY_SET_FIXTURES, 1),
};

#ifdef __x86_64__
static const struct row layout[] = {
	SIZE(policy_text, 16),
	FIELD(policy_text, data, 0),
	FIELD(policy_text, len, 8),
	SIZE(policy_value, 24),
	FIELD(policy_value, type, 0),
	FIELD(policy_value, count, 4),
	FIELD(policy_value, u, 8),
	SIZE(policy_attr, 40),
	FIELD(policy_attr, name, 0),
	FIELD(policy_attr, value, 16),
	SIZE(policy_attrs, 16),
	FIELD(policy_attrs, list, 0),
	FIELD(policy_attrs, count, 8),
	SIZE(policy_token, 72),
	FIELD(policy_token, size, 0),
	FIELD(policy_token, flags, 4),
	FIELD(policy_token, scopes, 8),
	FIELD(policy_token, scopes_count, 16),
	FIELD(policy_token, kind, 24),
	FIELD(policy_token, id, 40),
	FIELD(policy_token, attributes, 56),
	SIZE(policy_credential, 64),
	FIELD(policy_credential, kind, 0),
	FIELD(policy_credential, name, 16),
	FIELD(policy_credential, data, 32),
	FIELD(policy_credential, reserved, 48),
	SIZE(policy_request, 280),
	FIELD(policy_request, size, 0),
	FIELD(policy_request, flags, 4),
	FIELD(policy_request, subject_type, 8),
	FIELD(policy_request, subject_id, 24),
	FIELD(policy_request, subject_attributes, 40),
	FIELD(policy_request, groups, 56),
	FIELD(policy_request, groups_count, 64),
	FIELD(policy_request, token, 72),
	FIELD(policy_request, credentials, 80),
	FIELD(policy_request, credentials_count, 88),
	FIELD(policy_request, actor_type, 96),
	FIELD(policy_request, actor_id, 112),
	FIELD(policy_request, actor_attributes, 128),
	FIELD(policy_request, action, 144),
	FIELD(policy_request, action_attributes, 160),
	FIELD(policy_request, resource_type, 176),
	FIELD(policy_request, resource_id, 192),
	FIELD(policy_request, resource_attributes, 208),
	FIELD(policy_request, context, 224),
	FIELD(policy_request, deadline_ns, 240),
	FIELD(policy_request, reserved, 248),
	SIZE(policy_decision, 1112),
	FIELD(policy_decision, size, 0),
	FIELD(policy_decision, verdict, 4),
	FIELD(policy_decision, reason, 8),
	FIELD(policy_decision, status, 12),
	FIELD(policy_decision, generation, 16),
	FIELD(policy_decision, expires, 24),
	FIELD(policy_decision, line, 32),
	FIELD(policy_decision, rule_len, 36),
	FIELD(policy_decision, file_len, 40),
	FIELD(policy_decision, subject_type_len, 44),
	FIELD(policy_decision, subject_id_len, 48),
	FIELD(policy_decision, token_id_len, 52),
	FIELD(policy_decision, rule, 56),
	FIELD(policy_decision, file, 456),
	FIELD(policy_decision, subject_type, 712),
	FIELD(policy_decision, subject_id, 784),
	FIELD(policy_decision, token_id, 1040),
	SIZE(policy_error, 2064),
	FIELD(policy_error, size, 0),
	FIELD(policy_error, code, 4),
	FIELD(policy_error, line, 8),
	FIELD(policy_error, column, 12),
	FIELD(policy_error, file, 16),
	FIELD(policy_error, text, 1040),
	SIZE(policy_limits, 40),
	FIELD(policy_limits, size, 0),
	FIELD(policy_limits, depth, 4),
	FIELD(policy_limits, file_bytes, 8),
	FIELD(policy_limits, scalar_bytes, 16),
	FIELD(policy_limits, nodes, 24),
	FIELD(policy_limits, files, 32),
	SIZE(policy_options, 88),
	FIELD(policy_options, size, 0),
	FIELD(policy_options, flags, 4),
	FIELD(policy_options, clock, 8),
	FIELD(policy_options, clock_ctx, 16),
	FIELD(policy_options, log, 24),
	FIELD(policy_options, log_ctx, 32),
	FIELD(policy_options, module_dir, 40),
	FIELD(policy_options, limits, 48),
	FIELD(policy_options, reserved, 56),
	SIZE(policy_step, 936),
	FIELD(policy_step, stage, 0),
	FIELD(policy_step, outcome, 4),
	FIELD(policy_step, line, 8),
	FIELD(policy_step, for_actor, 12),
	FIELD(policy_step, test_line, 16),
	FIELD(policy_step, test_column, 20),
	FIELD(policy_step, rule, 24),
	FIELD(policy_step, file, 424),
	FIELD(policy_step, test, 680),
	SIZE(policy_trace, 24),
	FIELD(policy_trace, size, 0),
	FIELD(policy_trace, count, 4),
	FIELD(policy_trace, room, 8),
	FIELD(policy_trace, dropped, 12),
	FIELD(policy_trace, steps, 16),
	SIZE(policy_set_options, 80),
	FIELD(policy_set_options, size, 0),
	FIELD(policy_set_options, flags, 4),
	FIELD(policy_set_options, limits, 8),
	FIELD(policy_set_options, warning, 16),
	FIELD(policy_set_options, warning_ctx, 24),
	FIELD(policy_set_options, progress, 32),
	FIELD(policy_set_options, progress_ctx, 40),
	FIELD(policy_set_options, reserved, 48),
	SIZE(policy_test_result, 64),
	FIELD(policy_test_result, file, 0),
	FIELD(policy_test_result, line, 8),
	FIELD(policy_test_result, ok, 12),
	FIELD(policy_test_result, what, 16),
	FIELD(policy_test_result, wanted, 24),
	FIELD(policy_test_result, because, 32),
	FIELD(policy_test_result, got, 40),
	FIELD(policy_test_result, reason, 48),
	FIELD(policy_test_result, rule, 56),
	SIZE(policy_explanation, 6152),
	FIELD(policy_explanation, size, 0),
	FIELD(policy_explanation, near, 4),
	FIELD(policy_explanation, near_line, 8),
	FIELD(policy_explanation, test_line, 12),
	FIELD(policy_explanation, test_column, 16),
	FIELD(policy_explanation, test_outcome, 20),
	FIELD(policy_explanation, grant_line, 24),
	FIELD(policy_explanation, near_rule, 28),
	FIELD(policy_explanation, near_file, 428),
	FIELD(policy_explanation, near_role, 684),
	FIELD(policy_explanation, test, 940),
	FIELD(policy_explanation, test_file, 1452),
	FIELD(policy_explanation, missing, 1708),
	FIELD(policy_explanation, grant_file, 1964),
	FIELD(policy_explanation, grant_text, 2220),
	FIELD(policy_explanation, role, 2732),
	FIELD(policy_explanation, text, 2988),
	FIELD(policy_explanation, decision, 5040),
	SIZE(policy_set_info, 72),
	FIELD(policy_set_info, size, 0),
	FIELD(policy_set_info, files, 4),
	FIELD(policy_set_info, types, 8),
	FIELD(policy_set_info, actions, 12),
	FIELD(policy_set_info, roles, 16),
	FIELD(policy_set_info, entries, 20),
	FIELD(policy_set_info, conditions, 24),
	FIELD(policy_set_info, scopes, 28),
	FIELD(policy_set_info, kinds, 32),
	FIELD(policy_set_info, users, 36),
	FIELD(policy_set_info, groups, 40),
	FIELD(policy_set_info, grants, 44),
	FIELD(policy_set_info, entities, 48),
	FIELD(policy_set_info, tests, 52),
	FIELD(policy_set_info, program_bytes, 56),
	FIELD(policy_set_info, people_bytes, 64),
};
#endif

static unsigned passed, failed;

static void
compare(const struct row *r, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (r[i].is == r[i].wanted) {
			passed++;
			continue;
		}
		failed++;
		printf("failed: %s is %lld, wanted %lld\n", r[i].what, r[i].is, r[i].wanted);
	}
}

int
main(void)
{
	compare(values, sizeof(values) / sizeof(values[0]));
#ifdef __x86_64__
	compare(layout, sizeof(layout) / sizeof(layout[0]));
	printf("%u passed, %u failed\n", passed, failed);
#else
	printf("skipped: sizes and offsets (they are those of x86-64)\n");
	printf("%u passed, %u failed, 1 skipped\n", passed, failed);
#endif
	return failed != 0;
}
