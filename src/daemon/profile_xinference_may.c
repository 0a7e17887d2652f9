/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a user may, in Xinference's words, which are actions of the set. It is found by
 * asking the set for each: the words that he holds for some model only are among them, for
 * a session has to be able to use them there; where, the set says each time.
 */
#include "profile_xinference.h"

#include <string.h>

#define SIMPLE POL_XINFERENCE_SIMPLE
#define ADVANCED POL_XINFERENCE_ADVANCED

/* In the order in which a token has them. */
static const struct word {
	const char *name;
	unsigned in;			/* POL_XINFERENCE_ */
	const char *type, *id;		/* of what it is asked about; NULL: nothing */
	bool of_model;			/* or about one model */
} words[] = {
	{ "admin", SIMPLE | ADVANCED, NULL, NULL, false },
	{ "cache:delete", SIMPLE | ADVANCED, NULL, NULL, false },
	{ "cache:list", SIMPLE | ADVANCED, NULL, NULL, false },
	{ "keys:create", ADVANCED, "key", "mine", false },
	{ "keys:manage", ADVANCED, "key", "any", false },
	{ "logs:list", ADVANCED, NULL, NULL, false },
	{ "model_requests:read_body", ADVANCED, NULL, NULL, false },
	{ "models:add", SIMPLE, NULL, NULL, false },
	{ "models:list", SIMPLE | ADVANCED, NULL, NULL, true },
	{ "models:read", SIMPLE | ADVANCED, NULL, NULL, true },
	{ "models:register", SIMPLE | ADVANCED, NULL, NULL, true },
	{ "models:start", SIMPLE, NULL, NULL, true },
	{ "models:stop", SIMPLE, NULL, NULL, true },
	{ "models:unregister", SIMPLE, NULL, NULL, true },
	{ "models:write", ADVANCED, NULL, NULL, true },
	{ "monitor:view", ADVANCED, NULL, NULL, false },
	{ "routers:list", ADVANCED, NULL, NULL, false },
	{ "routers:operate", ADVANCED, NULL, NULL, false },
	{ "routers:read", ADVANCED, NULL, NULL, false },
	{ "routers:write", ADVANCED, NULL, NULL, false },
	{ "settings:read", ADVANCED, NULL, NULL, false },
	{ "settings:write", ADVANCED, NULL, NULL, false },
	{ "users:manage", ADVANCED, "user", "any", false },
	{ "virtualenv:delete", SIMPLE | ADVANCED, NULL, NULL, false },
	{ "virtualenv:list", SIMPLE | ADVANCED, NULL, NULL, false },
};

enum { WORDS = sizeof(words) / sizeof(words[0]) };

struct found {
	bool has[WORDS];
};

static int
found(void *ctx, struct policy_text type, struct policy_text id)
{
	struct found *f = ctx;

	(void)type;
	for (size_t i = 0; i < WORDS; i++)
		if (strlen(words[i].name) == id.len && memcmp(words[i].name, id.data, id.len) == 0)
			f->has[i] = true;
	return 0;
}

static int
one(void *ctx, struct policy_text type, struct policy_text id)
{
	(void)type;
	(void)id;
	*(bool *)ctx = true;
	return 1;
}

static int
seek(struct pol_call *c, struct policy_text user, const char *type, const char *id, struct found *f)
{
	struct policy_request req = POLICY_REQUEST_INIT;

	req.subject_id = user;
	req.resource_type = type != NULL ? policy_text(type) : (struct policy_text){ NULL, 0 };
	req.resource_id = type != NULL ? policy_text(id) : (struct policy_text){ NULL, 0 };
	req.deadline_ns = c->deadline_ns;
	return policy_search(c->policy, POLICY_SEEK_ACTION, &req, found, f, NULL);
}

static int
seek_model(struct pol_call *c, struct policy_text user, const char *word, bool *has)
{
	struct policy_request req = POLICY_REQUEST_INIT;
	int rc;

	req.subject_id = user;
	req.action = policy_text(word);
	req.resource_type = policy_text("model");
	req.deadline_ns = c->deadline_ns;
	rc = policy_search(c->policy, POLICY_SEEK_RESOURCE, &req, one, has, NULL);
	return rc < 0 ? rc : 0;
}

static int
find(struct pol_call *c, struct policy_text user, unsigned in, struct found *f)
{
	int rc = seek(c, user, NULL, NULL, f);

	for (size_t i = 0; rc == 0 && i < WORDS; i++) {
		const struct word *w = &words[i];

		if ((w->in & in) == 0 || f->has[i])
			continue;
		if (w->type != NULL)
			rc = seek(c, user, w->type, w->id, f);
		else if (w->of_model)
			rc = seek_model(c, user, w->name, &f->has[i]);
	}
	return rc;
}

json_t *
pol_xinference_may(struct pol_call *c, struct policy_text user)
{
	const unsigned in = c->on->xinference.generation;
	struct found f = { { false } };
	json_t *list = json_array();

	if (list == NULL || find(c, user, in, &f) != 0) {
		json_decref(list);
		return NULL;
	}
	for (size_t i = 0; i < WORDS; i++) {
		if ((words[i].in & in) == 0 || !f.has[i])
			continue;
		if (json_array_append_new(list, json_string(words[i].name)) != 0) {
			json_decref(list);
			return NULL;
		}
		if (i == 0 && in == SIMPLE)	/* who has it is asked for no other */
			break;
	}
	return list;
}

const char *
pol_xinference_word(const char *permission)
{
	static const struct {
		const char *old, *now;
	} aliases[] = {
		{ "models:start", "models:write" }, { "models:stop", "models:write" },
		{ "models:add", "models:register" }, { "models:unregister", "models:register" },
	};

	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(aliases[i].old, permission) == 0)
			return aliases[i].now;
	for (size_t i = 0; i < WORDS; i++)
		if ((words[i].in & ADVANCED) != 0 && strcmp(words[i].name, permission) == 0)
			return words[i].name;
	return NULL;
}
