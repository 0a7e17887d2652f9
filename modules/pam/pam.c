/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam: a name and a password, judged by PAM (authentication, then account).
 *
 * pam_unix and others start helpers and look at SIGCHLD while they do: that is PAM's
 * nature, and the reason why `password` is to be preferred where a file will do.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <security/pam_appl.h>

#include <policy_module.h>

#include "talk.h"

#define CONCURRENT_MOST 64

struct pam {
	const struct policy_host *host;
	char *service, *confdir;	/* confdir NULL: PAM's own */
	struct talks talks;
};

/* What PAM's answers mean. Any other: it could not tell. */
static const struct {
	int rc;
	enum policy_check_result result;
	enum policy_reason reason;
} answers[] = {
	{ PAM_SUCCESS, POLICY_CHECK_PASS, POLICY_REASON_ERROR },
	{ PAM_AUTH_ERR, POLICY_CHECK_FAIL, POLICY_REASON_BAD_CREDENTIAL },
	{ PAM_USER_UNKNOWN, POLICY_CHECK_FAIL, POLICY_REASON_BAD_CREDENTIAL },
	{ PAM_MAXTRIES, POLICY_CHECK_FAIL, POLICY_REASON_BAD_CREDENTIAL },
	{ PAM_PERM_DENIED, POLICY_CHECK_FAIL, POLICY_REASON_BAD_CREDENTIAL },
	{ PAM_CRED_INSUFFICIENT, POLICY_CHECK_FAIL, POLICY_REASON_BAD_CREDENTIAL },
	{ PAM_ACCT_EXPIRED, POLICY_CHECK_FAIL, POLICY_REASON_EXPIRED },
	{ PAM_AUTHTOK_EXPIRED, POLICY_CHECK_FAIL, POLICY_REASON_EXPIRED },
	{ PAM_NEW_AUTHTOK_REQD, POLICY_CHECK_FAIL, POLICY_REASON_EXPIRED },
};

static enum policy_check_result
translate(struct pam *p, int rc, const char *user, struct policy_identity *id)
{
	const struct policy_text none = { NULL, 0 };
	char text[128];

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (answers[i].rc != rc)
			continue;
		if (answers[i].result == POLICY_CHECK_PASS)
			p->host->set_subject(id, none, policy_text(user));
		else
			p->host->set_reason(id, answers[i].reason);
		return answers[i].result;
	}
	snprintf(text, sizeof(text), "PAM could not tell: %s", pam_strerror(NULL, rc));
	p->host->log(p->host, POLICY_LOG_ERROR, text);
	return POLICY_CHECK_ERROR;
}

static enum policy_check_result
pam_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	/* in the order of enum talk_end */
	static const char *const told[] = { NULL, NULL, "every conversation with PAM is taken",
	    "PAM has not answered in time", "no memory or no thread to ask PAM" };
	struct pam *p = state;
	char user[TALK_NAME_MOST + 1];
	int rc = PAM_ABORT;
	enum talk_end end = talk_hold(&p->talks, call->credential->name, call->credential->data,
	    call->deadline_ns, &rc, user);

	if (end == TALK_ENDED)
		return translate(p, rc, user, id);
	if (end == TALK_REFUSED)
		return POLICY_CHECK_FAIL;
	p->host->log(p->host, POLICY_LOG_WARNING, told[end]);
	return POLICY_CHECK_ERROR;
}

/* ---- open and close ---- */

__attribute__((format(printf, 3, 4)))
static int
fail(struct policy_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	err->code = code;
	return code;
}

/* A service is one file's name: PAM makes a path of it. */
static bool
is_service(struct policy_text t)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	if (t.len == 0 || t.len > 64)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (memchr(allowed, t.data[i], sizeof(allowed) - 1) == NULL)
			return false;
	}
	return true;
}

/* Without its file PAM takes that of `other`, which on many systems lets every account of
 * the machine in. */
static int
check_file(const struct pam *p, struct policy_error *err)
{
	static const char *const dirs[] = { "/etc/pam.d", "/usr/lib/pam.d", "/usr/share/pam.d" };
	char path[4096 + 80];
	struct stat st;
	size_t n = p->confdir != NULL ? 1 : sizeof(dirs) / sizeof(dirs[0]);

	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", p->confdir != NULL ? p->confdir : dirs[i], p->service);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			return 0;
	}
	return fail(err, POLICY_ERR_NOENT, "PAM has no service '%s': a file of that name in %s is wanted", p->service,
	    p->confdir != NULL ? p->confdir : dirs[0]);
}

static int
take_settings(struct pam *p, const struct policy_open_args *args, struct policy_error *err)
{
	const struct policy_value *service = policy_with(args, "service"), *confdir = policy_with(args, "confdir"),
	    *most = policy_with(args, "concurrent");
	const struct policy_text name = service != NULL ? service->u.text : (struct policy_text)POLICY_TEXT("policy");

	if (!is_service(name))
		return fail(err, POLICY_ERR_INVALID, "service: letters, digits, _ and - are wanted, at most 64 of them");
	if (confdir != NULL && (confdir->u.text.data[0] != '/' || confdir->u.text.len > 4000))
		return fail(err, POLICY_ERR_INVALID, "confdir: an absolute path is wanted");
	if (most != NULL && (most->u.integer < 1 || most->u.integer > CONCURRENT_MOST))
		return fail(err, POLICY_ERR_INVALID, "concurrent: a number from 1 to %d is wanted", CONCURRENT_MOST);
	p->service = strndup(name.data, name.len);
	if (confdir != NULL)
		p->confdir = strndup(confdir->u.text.data, confdir->u.text.len);
	if (p->service == NULL || (confdir != NULL && p->confdir == NULL))
		return fail(err, POLICY_ERR_NOMEM, "out of memory");
	talk_init(&p->talks, p->service, p->confdir, most != NULL ? (unsigned)most->u.integer : 4);
	return check_file(p, err);
}

static void
pam_close(void *state)
{
	struct pam *p = state;

	if (p->talks.most > 0)
		talk_fini(&p->talks);
	free(p->service);
	free(p->confdir);
	free(p);
}

static int
pam_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	struct pam *p = calloc(1, sizeof(*p));
	char source[80];
	int rc;

	if (p == NULL)
		return fail(err, POLICY_ERR_NOMEM, "out of memory");
	p->host = args->host;
	rc = take_settings(p, args, err);
	if (rc == 0) {
		snprintf(source, sizeof(source), "pam:%s", p->service);
		rc = args->host->source(args->host, policy_text(source));
	}
	if (rc != 0) {
		pam_close(p);
		return rc;
	}
	*state = p;
	return 0;
}

static const char *const kinds[] = { "password", NULL };

static const struct policy_module_key keys[] = {
	{ "service", POLICY_KEY_TEXT, 0 },
	{ "confdir", POLICY_KEY_TEXT, 0 },
	{ "concurrent", POLICY_KEY_INT, 0 },
	{ NULL, 0, 0 },
};

const struct policy_module policy_module_1 = {
	.size = sizeof(struct policy_module),
	.abi = POLICY_MODULE_ABI,
	.name = "pam",
	.version = "1.0",
	.flags = POLICY_MODULE_MAY_BLOCK | POLICY_MODULE_CACHE_ASKED,
	.kinds = kinds,
	.keys = keys,
	.open = pam_open,
	.check = pam_check,
	.close = pam_close,
};
