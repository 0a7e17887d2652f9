/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam_policy.so: PAM's account stage asks policy_decide() whether this user may use this
 * service. The other way round than pam.c.
 *
 *	account required pam_policy.so [policy=PATH] [action=NAME] [resource=TYPE/ID] [type=TYPE]
 *
 * The set is opened for one question and closed: a login is rare, and what it is asked is
 * what is on the disk then. Whatever goes wrong is a refusal.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include <policy.h>

struct settings {
	const char *policy, *action, *resource, *type;
};

static const struct {
	const char *name;
	size_t at;
} words[] = {
	{ "policy=", offsetof(struct settings, policy) },
	{ "action=", offsetof(struct settings, action) },
	{ "resource=", offsetof(struct settings, resource) },
	{ "type=", offsetof(struct settings, type) },
};

static bool
take_word(struct settings *s, const char *arg)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const size_t n = strlen(words[i].name);

		if (strncmp(arg, words[i].name, n) == 0 && arg[n] != '\0') {
			*(const char **)(void *)((char *)s + words[i].at) = arg + n;
			return true;
		}
	}
	return false;
}

/* A word that is not understood may have been meant as a limit. */
static int
read_settings(struct settings *s, pam_handle_t *h, int argc, const char **argv)
{
	*s = (struct settings){ .action = "login" };
	for (int i = 0; i < argc; i++) {
		if (!take_word(s, argv[i])) {
			pam_syslog(h, LOG_ERR, "unknown option: %s", argv[i]);
			return PAM_SERVICE_ERR;
		}
	}
	if (s->resource != NULL && strchr(s->resource, '/') == NULL) {
		pam_syslog(h, LOG_ERR, "resource=: TYPE/ID is wanted, not %s", s->resource);
		return PAM_SERVICE_ERR;
	}
	return PAM_SUCCESS;
}

/* What PAM knows of the visit, as context.NAME; what it does not know is absent. */
static const struct {
	const char *name;
	int item;
} items[] = {
	{ "service", PAM_SERVICE },
	{ "tty", PAM_TTY },
	{ "rhost", PAM_RHOST },
	{ "ruser", PAM_RUSER },
};

#define ITEMS (sizeof(items) / sizeof(items[0]))

static void
add_items(struct policy_request *req, struct policy_attr list[ITEMS], pam_handle_t *h)
{
	const void *value;

	req->context.list = list;
	for (size_t i = 0; i < ITEMS; i++) {
		if (pam_get_item(h, items[i].item, &value) != PAM_SUCCESS || value == NULL)
			continue;
		list[req->context.count].name = policy_text(items[i].name);
		list[req->context.count].value = (struct policy_value){ .type = POLICY_STRING, .u.text = policy_text(value) };
		req->context.count++;
	}
}

static int
decide(struct policy *p, const struct settings *s, pam_handle_t *h, const char *user)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct policy_decision d = POLICY_DECISION_INIT;
	struct policy_attr list[ITEMS];
	const char *slash = s->resource != NULL ? strchr(s->resource, '/') : NULL;

	req.subject_type = policy_text(s->type);
	req.subject_id = policy_text(user);
	req.action = policy_text(s->action);
	if (slash != NULL) {
		req.resource_type = (struct policy_text){ s->resource, (size_t)(slash - s->resource) };
		req.resource_id = policy_text(slash + 1);
	}
	add_items(&req, list, h);
	if (policy_decide(p, &req, &d) == 0 && d.verdict == POLICY_ALLOW)
		return PAM_SUCCESS;
	pam_syslog(h, LOG_NOTICE, "refused: %s%s%s", policy_reason_name((int)d.reason),
	    d.rule_len > 0 ? " " : "", d.rule);
	return d.reason == POLICY_REASON_ERROR || d.reason == POLICY_REASON_UNAVAILABLE ||
	    d.reason == POLICY_REASON_LIMIT ? PAM_AUTHINFO_UNAVAIL : PAM_PERM_DENIED;
}

__attribute__((visibility("default")))
int
pam_sm_acct_mgmt(pam_handle_t *h, int flags, int argc, const char **argv)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct settings s;
	struct policy *p;
	const char *user = NULL;
	int rc = read_settings(&s, h, argc, argv);

	(void)flags;
	if (rc != PAM_SUCCESS)
		return rc;
	rc = pam_get_user(h, &user, NULL);
	if (rc != PAM_SUCCESS || user == NULL || user[0] == '\0')
		return PAM_USER_UNKNOWN;
	opt.flags = POLICY_NO_THREAD;	/* PAM may unload this object behind us */
	if (policy_open(&p, s.policy, &opt, &err) != 0) {
		pam_syslog(h, LOG_ERR, "%s%s%s", err.file, err.file[0] != '\0' ? ": " : "", err.text);
		return PAM_AUTHINFO_UNAVAIL;
	}
	rc = decide(p, &s, h, user);
	policy_close(p);
	return rc;
}
