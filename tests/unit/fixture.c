/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set from a text, compiled as a host's would be, for the suites.
 */
#include <stdio.h>
#include <string.h>

#include "core/quick.h"
#include "unit/fixture.h"

int
fixture_open(struct fixture *f, const char *text)
{
	struct pol_source source = { "input.yaml", text, strlen(text), true };
	struct policy_limits limits = POLICY_LIMITS_INIT;
	struct pol_compile_options opt = { .limits = &limits };
	struct policy_error err = POLICY_ERROR_INIT;
	int rc;

	memset(f, 0, sizeof(*f));
	rc = pol_set_read(&f->set, &source, 1, &opt, &err);
	if (rc == 0)
		rc = pol_code_emit(&f->code, f->set, &err);
	if (rc == 0)
		rc = pol_set_people(&f->people, f->set, pol_code_program(f->code), true, &err);
	if (rc != 0) {
		printf("fixture: %s:%u:%u: %s\n", err.file, err.line, err.column, err.text);
		return rc;
	}
	pol_code_engine(f->code, &f->engine);
	pol_engine_people(&f->engine, pol_people_view(f->people));
	return 0;
}

void
fixture_close(struct fixture *f)
{
	pol_people_free(f->people);
	pol_code_free(f->code);
	pol_set_free(f->set);
}

const char *
fixture_ask(const struct fixture *f, const char *subject, const char *action,
    const char *resource, int64_t now)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	struct pol_time t = { now, 0 };
	struct pol_answer a;
	const char *colon, *slash, *why;

	if (subject != NULL) {
		colon = strchr(subject, ':');
		if (colon != NULL)
			req.subject_type = (struct policy_text){ subject, (size_t)(colon - subject) };
		req.subject_id = policy_text(colon != NULL ? colon + 1 : subject);
	}
	req.action = policy_text(action);
	if (resource != NULL) {
		slash = strchr(resource, '/');
		req.resource_type = (struct policy_text){ resource, (size_t)(slash - resource) };
		req.resource_id = policy_text(slash + 1);
	}
	if (pol_request_sizes(&req, &why) != 0)
		return "refused";
	if (pol_decide(&f->engine, &req, t, NULL, &a, NULL, &why) != 0)
		return "refused";
	if (a.verdict == POLICY_ALLOW)
		return "allow";
	return policy_reason_name((int)a.reason);
}

static void
see_nothing(void *ctx, const struct pol_engine *e, enum policy_stage stage, uint32_t entry,
    enum policy_outcome outcome, uint32_t term, int term_value, bool for_actor)
{
	(void)ctx;
	(void)e;
	(void)stage;
	(void)entry;
	(void)outcome;
	(void)term;
	(void)term_value;
	(void)for_actor;
}

bool
fixture_both(const struct fixture *f, const struct policy_request *req, int64_t now,
    struct pol_answer *full, struct pol_answer *quick)
{
	static const struct pol_witness nobody = { see_nothing, NULL };
	struct pol_time t = { now, 0 };
	struct pol_known known;
	const char *why;
	uint32_t entry;
	int rc = pol_decide(&f->engine, req, t, NULL, full, &nobody, &why);

	if (rc != 0)
		*full = (struct pol_answer){ POLICY_DENY, rc == POLICY_ERR_LIMIT ? POLICY_REASON_LIMIT : POLICY_REASON_ERROR,
		    POL_NONE, POL_NONE };
	pol_known_hash(&known, &f->engine, req);
	pol_known_find(&known, &f->engine, req);
	if (!pol_quick(&f->engine, req, &known, &entry))
		return false;
	*quick = (struct pol_answer){ entry != POL_NONE ? POLICY_ALLOW : POLICY_DENY,
	    entry != POL_NONE ? POLICY_REASON_RULE : POLICY_REASON_NO_RULE, entry, POL_NONE };
	return true;
}

struct policy_request
fixture_request(void)
{
	struct policy_request req = POLICY_REQUEST_INIT;

	req.subject_id = policy_text("ann");
	req.action = policy_text("read");
	req.resource_type = policy_text("doc");
	req.resource_id = policy_text("1");
	return req;
}

struct policy_attr
fixture_attr(const char *name, uint32_t type)
{
	struct policy_attr a;

	memset(&a, 0, sizeof(a));
	a.name = policy_text(name);
	a.value.type = type;
	return a;
}
