/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of accounts say. See account.h. */
#include "cli/account.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/when.h"

/* ---- JSON ---- */

void
pol_say_json_text(struct pol_json *j, const char *name, struct policy_text t)
{
	if (t.data == NULL)
		pol_json_null(j, name);
	else
		pol_json_text(j, name, t.data, t.len);
}

void
pol_say_json_time(struct pol_json *j, const char *name, int64_t ns)
{
	char buf[32];

	if (ns == 0)
		pol_json_null(j, name);
	else
		pol_json_str(j, name, pol_when_text(buf, ns));
}

void
pol_say_json_list(struct pol_json *j, const char *name, const struct policy_text *list, size_t n)
{
	pol_json_open(j, name, '[');
	for (size_t i = 0; i < n; i++)
		pol_json_text(j, NULL, list[i].data, list[i].len);
	pol_json_close(j, ']');
}

static void
json_attribute(struct pol_json *j, const char *name, const struct policy_value *v)
{
	char buf[256];

	if (v->type == POLICY_STRING)
		pol_say_json_text(j, name, v->u.text);
	else if (v->type == POLICY_BOOL)
		pol_json_bool(j, name, v->u.boolean != 0);
	else if (v->type == POLICY_INT && v->u.integer >= 0)
		pol_json_uint(j, name, (uint64_t)v->u.integer);
	else if (v->type == POLICY_INT)
		pol_json_int(j, name, v->u.integer);
	else
		pol_json_str(j, name, pol_say_attribute(buf, v));
}

void
pol_say_json_attributes(struct pol_json *j, const char *name, struct policy_attrs attrs)
{
	char label[256];

	pol_json_open(j, name, '{');
	for (size_t i = 0; i < attrs.count; i++) {
		snprintf(label, sizeof(label), "%.*s", (int)attrs.list[i].name.len, attrs.list[i].name.data);
		json_attribute(j, label, &attrs.list[i].value);
	}
	pol_json_close(j, '}');
}

int
pol_say_done(const struct pol_account *c, int rc)
{
	if (rc == 0 && c->a->json)
		fputs("{\"ok\": true}\n", stdout);
	return rc;
}

/* ---- people ---- */

void
pol_say_list(FILE *f, const char *label, const struct policy_text *list, size_t n)
{
	if (n == 0)
		return;
	fprintf(f, "  %-11s ", label);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			fputs(", ", f);
		pol_out_text_n(f, list[i].data, list[i].len);
	}
	fputc('\n', f);
}

void
pol_say_line(FILE *f, const char *label, struct policy_text t)
{
	pol_say_list(f, label, &t, t.len > 0);
}

void
pol_say_time(FILE *f, const char *label, int64_t ns)
{
	char buf[32];

	if (ns != 0)
		pol_say_line(f, label, policy_text(pol_when_text(buf, ns)));
}

const char *
pol_say_attribute(char buf[256], const struct policy_value *v)
{
	switch (v->type) {
	case POLICY_STRING:
		snprintf(buf, 256, "%.*s", (int)v->u.text.len, v->u.text.data);
		break;
	case POLICY_INT:
		snprintf(buf, 256, "%" PRId64, v->u.integer);
		break;
	case POLICY_BOOL:
		snprintf(buf, 256, "%s", v->u.boolean ? "true" : "false");
		break;
	case POLICY_DOUBLE:
		snprintf(buf, 256, "%.17g", v->u.real);
		break;
	default:
		snprintf(buf, 256, "(a list or an object)");
	}
	return buf;
}

/* ---- secrets ---- */

/* Others could read it where it goes. */
static void
warn_loose(const struct pol_account *c)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
		fprintf(stderr, "policyctl %s: warning: others may read the file that the secret goes to: umask 077, or chmod 600 it\n",
		    c->a->verb);
}

/* Past stdio, whose buffer would keep it. */
int
pol_say_secret(const struct pol_account *c, struct policy_text secret)
{
	const char *at = secret.data;
	size_t len = secret.len;
	ssize_t n = 0;

	warn_loose(c);
	fflush(stdout);
	while (len > 0 && (n >= 0 || errno == EINTR)) {
		n = write(STDOUT_FILENO, at, len);
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	if (len == 0 && write(STDOUT_FILENO, "\n", 1) == 1)
		return 0;
	fprintf(stderr, "policyctl %s: the secret could not be written: %s\n", c->a->verb, strerror(errno));
	return EX_IOERR;
}
