/* SPDX-License-Identifier: Apache-2.0 */
/* Layout and values of policy_admin.h, as layout.c has them of the others. */
#include <policy_admin.h>

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
	VALUE(POLICY_USER_DISABLED, 1),
	VALUE(POLICY_USER_MADE, 2),
	VALUE(POLICY_USER_CHANGE, 4),
	VALUE(POLICY_USER_REUSE, 8),
	VALUE(POLICY_USER_SHADOWED, 16),
	VALUE(POLICY_CHANGE_FLAGS, 1),
	VALUE(POLICY_CHANGE_ORG, 2),
	VALUE(POLICY_CHANGE_GROUPS, 4),
	VALUE(POLICY_CHANGE_ATTRIBUTES, 8),
	VALUE(POLICY_CHANGE_VOID, 16),
	VALUE(POLICY_TOKEN_RENEWABLE, 2),
	VALUE(POLICY_TOKEN_REVOKED, 4),
	VALUE(POLICY_TOKEN_SIGNED, 8),
	VALUE(POLICY_TOKEN_ACTOR, 16),
	VALUE(POLICY_ACTIVITY_DECISION, 1),
	VALUE(POLICY_ACTIVITY_AUTHENTICATION, 2),
	VALUE(POLICY_ACTIVITY_CHANGE, 3),
	VALUE(POLICY_ACTIVITY_FOLLOW, 1),
};

#ifdef __x86_64__
static const struct row layout[] = {
	SIZE(policy_user, 160),
	FIELD(policy_user, size, 0),
	FIELD(policy_user, flags, 4),
	FIELD(policy_user, uid, 8),
	FIELD(policy_user, type, 24),
	FIELD(policy_user, name, 40),
	FIELD(policy_user, org, 56),
	FIELD(policy_user, groups, 72),
	FIELD(policy_user, groups_count, 80),
	FIELD(policy_user, attributes, 88),
	FIELD(policy_user, password, 104),
	FIELD(policy_user, by, 120),
	FIELD(policy_user, created_ns, 136),
	FIELD(policy_user, valid_from_ns, 144),
	FIELD(policy_user, has_password, 152),
	SIZE(policy_grant, 128),
	FIELD(policy_grant, size, 0),
	FIELD(policy_grant, flags, 4),
	FIELD(policy_grant, id, 8),
	FIELD(policy_grant, who, 24),
	FIELD(policy_grant, uid, 40),
	FIELD(policy_grant, role, 56),
	FIELD(policy_grant, resource, 72),
	FIELD(policy_grant, from_ns, 88),
	FIELD(policy_grant, until_ns, 96),
	FIELD(policy_grant, by, 104),
	FIELD(policy_grant, created_ns, 120),
	SIZE(policy_token_info, 232),
	FIELD(policy_token_info, size, 0),
	FIELD(policy_token_info, flags, 4),
	FIELD(policy_token_info, id, 8),
	FIELD(policy_token_info, who, 24),
	FIELD(policy_token_info, kind, 40),
	FIELD(policy_token_info, name, 56),
	FIELD(policy_token_info, step, 72),
	FIELD(policy_token_info, scopes, 88),
	FIELD(policy_token_info, scopes_count, 96),
	FIELD(policy_token_info, expires_ns, 104),
	FIELD(policy_token_info, prefix, 112),
	FIELD(policy_token_info, secret, 128),
	FIELD(policy_token_info, user_id, 144),
	FIELD(policy_token_info, org, 160),
	FIELD(policy_token_info, by, 176),
	FIELD(policy_token_info, created_ns, 192),
	FIELD(policy_token_info, issued_ns, 200),
	FIELD(policy_token_info, active, 208),
	FIELD(policy_token_info, implied, 216),
	FIELD(policy_token_info, implied_count, 224),
	SIZE(policy_imported_key, 264),
	FIELD(policy_imported_key, sha256, 0),
	FIELD(policy_imported_key, info, 32),
	SIZE(policy_import, 216),
	FIELD(policy_import, size, 0),
	FIELD(policy_import, flags, 4),
	FIELD(policy_import, user, 8),
	FIELD(policy_import, password_hash, 168),
	FIELD(policy_import, roles, 184),
	FIELD(policy_import, roles_count, 192),
	FIELD(policy_import, keys, 200),
	FIELD(policy_import, keys_count, 208),
	SIZE(policy_activity, 400),
	FIELD(policy_activity, size, 0),
	FIELD(policy_activity, event, 4),
	FIELD(policy_activity, time_ns, 8),
	FIELD(policy_activity, seq, 16),
	FIELD(policy_activity, generation, 24),
	FIELD(policy_activity, latency_ns, 32),
	FIELD(policy_activity, id, 40),
	FIELD(policy_activity, subject_type, 56),
	FIELD(policy_activity, subject, 72),
	FIELD(policy_activity, uid, 88),
	FIELD(policy_activity, actor_type, 104),
	FIELD(policy_activity, actor, 120),
	FIELD(policy_activity, token, 136),
	FIELD(policy_activity, kind, 152),
	FIELD(policy_activity, action, 168),
	FIELD(policy_activity, resource_type, 184),
	FIELD(policy_activity, resource, 200),
	FIELD(policy_activity, decision, 216),
	FIELD(policy_activity, reason, 232),
	FIELD(policy_activity, rule, 248),
	FIELD(policy_activity, outcome, 264),
	FIELD(policy_activity, scopes, 280),
	FIELD(policy_activity, groups, 288),
	FIELD(policy_activity, scopes_count, 296),
	FIELD(policy_activity, groups_count, 304),
	FIELD(policy_activity, scoped, 312),
	FIELD(policy_activity, with_token, 316),
	FIELD(policy_activity, withdrawn, 320),
	FIELD(policy_activity, cut, 324),
	FIELD(policy_activity, attributes, 328),
	FIELD(policy_activity, reserved, 332),
	FIELD(policy_activity, line, 336),
	FIELD(policy_activity, file, 352),
	FIELD(policy_activity, whose, 368),
	FIELD(policy_activity, made, 384),
	SIZE(policy_activity_query, 88),
	FIELD(policy_activity_query, size, 0),
	FIELD(policy_activity_query, flags, 4),
	FIELD(policy_activity_query, files, 8),
	FIELD(policy_activity_query, files_count, 16),
	FIELD(policy_activity_query, subject, 24),
	FIELD(policy_activity_query, action, 40),
	FIELD(policy_activity_query, decision, 56),
	FIELD(policy_activity_query, since_ns, 72),
	FIELD(policy_activity_query, until_ns, 80),
	SIZE(policy_activity_verified, 40),
	FIELD(policy_activity_verified, size, 0),
	FIELD(policy_activity_verified, torn, 4),
	FIELD(policy_activity_verified, lines, 8),
	FIELD(policy_activity_verified, dropped, 16),
	FIELD(policy_activity_verified, chains, 24),
	FIELD(policy_activity_verified, missing_before, 28),
	FIELD(policy_activity_verified, open, 32),
	FIELD(policy_activity_verified, heads, 36),
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
