/* SPDX-License-Identifier: Apache-2.0 */
/* The management API, described as OpenAPI 3.1 has it, out of its tables. */
#include <stdio.h>
#include <string.h>

#include "manage.h"

/* ---- schemas ---- */

static const struct { const char *type, *schema; } types[] = {
	{ "text", "{\"type\":\"string\"}" },
	{ "texts", "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}" },
	{ "attributes", "{\"type\":\"object\",\"additionalProperties\":{\"type\":[\"string\",\"integer\",\"boolean\"]}}" },
	{ "time", "{\"anyOf\":[{\"type\":\"string\",\"format\":\"date-time\"},{\"type\":\"integer\",\"minimum\":1,\"maximum\":9223372036}]}" },
	{ "date", "{\"type\":\"string\",\"format\":\"date-time\"}" },
	{ "unix", "{\"type\":\"integer\"}" },
	{ "limit", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,\"default\":100}" },
	{ "seconds", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":315360000}" },
	{ "bool", "{\"type\":\"boolean\"}" },
	{ "verdict", "{\"type\":\"string\",\"enum\":[\"allow\",\"deny\"]}" }
};

/* "text?": or null */
static json_t *
type_of(const char *type)
{
	const size_t len = strcspn(type, "?");
	json_t *s = NULL;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strlen(types[i].type) == len && memcmp(types[i].type, type, len) == 0)
			s = json_loads(types[i].schema, 0, NULL);
	if (type[len] == '?')
		json_object_set_new(s, "type", json_pack("[O,s]", json_object_get(s, "type"), "null"));
	return s;
}

static json_t *
reference(const char *schema)
{
	char text[64];

	snprintf(text, sizeof(text), "#/components/schemas/%s", schema);
	return json_pack("{s:s}", "$ref", text);
}

/* Of what is answered: every member is there. */
static json_t *
schema_of(const char *name)
{
	json_t *members = json_object(), *all = json_array();

	for (const struct pol_manage_field *f = pol_manage_fields; f->schema != NULL; f++) {
		if (strcmp(f->schema, name) != 0)
			continue;
		json_object_set_new(members, f->name, type_of(f->type));
		json_array_append_new(all, json_string(f->name));
	}
	return json_pack("{s:s,s:o,s:o}", "type", "object", "properties", members, "required", all);
}

static json_t *
page_of(const char *name)
{
	return json_pack("{s:s,s:{s:{s:s,s:o},s:o},s:[s,s]}", "type", "object", "properties", "items", "type", "array",
	    "items", reference(name), "next", type_of("text?"), "required", "items", "next");
}

static json_t *
schemas(void)
{
	static const char *const names[] = { "User", "Grant", "Token", "Activity", "Identity" };
	json_t *s = json_object(), *made;
	char page[32];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_object_set_new(s, names[i], schema_of(names[i]));
		snprintf(page, sizeof(page), "%sPage", names[i]);
		if (i < 4)
			json_object_set_new(s, page, page_of(names[i]));
	}
	made = schema_of("Token");
	json_object_set_new(json_object_get(made, "properties"), "secret", json_pack("{s:s,s:s}", "type", "string",
	    "description", "Told this once"));
	json_array_append_new(json_object_get(made, "required"), json_string("secret"));
	json_object_set_new(s, "NewToken", made);
	json_object_set_new(s, "Description", json_pack("{s:s}", "type", "object"));
	json_object_set_new(s, "Error", json_pack("{s:s,s:[s,s,s],s:{s:o,s:o,s:{s:s,s:[s,s,s],s:{s:o,s:o,s:o}}}}", "type", "object",
	    "required", "detail", "message", "error", "properties", "detail", type_of("text"), "message", type_of("text"),
	    "error", "type", "object", "required", "message", "type", "code",
	    "properties", "message", type_of("text"), "type", type_of("text"), "code", type_of("text")));
	/* one that was refused before anybody looked whose it is */
	json_object_set_new(s, "Malformed", json_pack("{s:[o,o]}", "anyOf", reference("Error"), type_of("text")));
	return s;
}

/* ---- operations ---- */

static json_t *
parameter(const char *name, size_t len, bool in_path)
{
	const struct pol_manage_member *m = pol_manage_member(name, len);

	if (m == NULL)
		return NULL;
	/* in a query a time is a text */
	return json_pack("{s:s,s:s,s:b,s:s,s:o}", "name", m->name, "in", in_path ? "path" : "query", "required", in_path,
	    "description", m->about, "schema", type_of(strcmp(m->type, "time") == 0 ? "date" : m->type));
}

static json_t *
parameters(const struct pol_manage_op *op)
{
	json_t *list = json_array();

	for (const char *s = strchr(op->path, '{'); s != NULL; s = strchr(s + 1, '{'))
		json_array_append_new(list, parameter(s + 1, strcspn(s + 1, "}"), true));
	for (const char *s = op->query != NULL ? op->query : ""; *s != '\0'; s += strspn(s, " ")) {
		json_array_append_new(list, parameter(s, strcspn(s, " "), false));
		s += strcspn(s, " ");
	}
	return list;
}

static json_t *
body_of(const struct pol_manage_op *op)
{
	json_t *members = json_object(), *wanted = json_array(), *schema;
	bool must;

	for (const struct pol_manage_member *m = pol_manage_members; m->name != NULL; m++) {
		json_t *v;

		if (!pol_manage_has(op->body, m->name, &must))
			continue;
		v = type_of(m->type);
		json_object_set_new(v, "description", json_string(m->about));
		json_object_set_new(members, m->name, v);
		if (must)
			json_array_append_new(wanted, json_string(m->name));
	}
	must = json_array_size(wanted) != 0 || strcmp(op->method, "PATCH") == 0;
	schema = json_pack("{s:s,s:o,s:o,s:b}", "type", "object", "properties", members, "required", wanted,
	    "additionalProperties", 0);
	if (strcmp(op->method, "PATCH") == 0)
		json_object_set_new(schema, "minProperties", json_integer(1));
	return json_pack("{s:b,s:{s:{s:o}}}", "required", (int)must, "content", "application/json", "schema", schema);
}

static void
add_response(json_t *all, const char *status, const char *about, const char *schema)
{
	json_t *r = json_pack("{s:s}", "description", about);

	if (schema != NULL)
		json_object_set_new(r, "content", json_pack("{s:{s:o}}", "application/json", "schema", reference(schema)));
	json_object_set_new(all, status, r);
}

static json_t *
responses(const struct pol_manage_op *op)
{
	static const struct { const char *status, *about; } errors[] = {
		{ "401", "The credential is missing, or not good" }, { "403", "The set denies it" },
		{ "404", "There is no such thing" }, { "405", "No such method here" }, { "409", "The name is taken" },
		{ "413", "The body is too large" }, { "415", "The body is no JSON" }, { "422", "What was asked for cannot be" }, { "429", "Passwords were wrong too often: Retry-After says when" },
		{ "429", "Too many passwords were wrong: not judged before Retry-After" },
		{ "501", "There is no keeper, or no store" }, { "503", "What the answer needs cannot be reached; a change may have been made" }
	};
	json_t *all = json_object();
	char status[8];

	snprintf(status, sizeof(status), "%u", op->status);
	add_response(all, status, op->result != NULL ? "Done" : "Done; there is nothing to say", op->result);
	if (op->location != NULL)
		json_object_set_new(json_object_get(all, status), "headers", json_pack("{s:{s:s,s:o}}", "Location",
		    "description", "Where it is", "schema", type_of("text")));
	if (strcmp(op->method, "PATCH") == 0)
		add_response(all, "204", "Done; the caller may not read it", NULL);
	add_response(all, "400", "What is wrong with the request, and what is wanted", "Malformed");
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		add_response(all, errors[i].status, errors[i].about, strcmp(errors[i].status, "413") == 0 ||
		    strcmp(errors[i].status, "503") == 0 ? "Malformed" : "Error");
	return all;
}

static json_t *
operation(const struct pol_manage_op *op)
{
	json_t *o = json_pack("{s:s,s:s,s:o,s:o}", "operationId", op->name, "summary", op->about, "parameters", parameters(op),
	    "responses", responses(op));

	if (op->body != NULL)
		json_object_set_new(o, "requestBody", body_of(op));
	if ((op->flags & POL_MANAGE_OPEN) != 0)
		json_object_set_new(o, "security", json_array());
	return o;
}

json_t *
pol_manage_describe(const char *url)
{
	static const char lower[][8] = { "get", "post", "put", "patch", "delete" };
	static const char *const upper[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
	json_t *paths = json_object();

	for (const struct pol_manage_op *op = pol_manage_ops; op->method != NULL; op++) {
		json_t *at = json_object_get(paths, op->path);

		if (at == NULL) {
			at = json_object();
			json_object_set_new(paths, op->path, at);
		}
		for (size_t i = 0; i < sizeof(upper) / sizeof(upper[0]); i++)
			if (strcmp(upper[i], op->method) == 0)
				json_object_set_new(at, lower[i], operation(op));
	}
	return json_pack("{s:s,s:{s:s,s:s,s:{s:s}},s:[{s:s}],s:o,s:{s:o,s:{s:{s:s,s:s},s:{s:s,s:s}}},s:[{s:[]},{s:[]}]}",
	    "openapi", "3.1.0", "info", "title", "policyd: users, grants, tokens, activity", "version", "1",
	    "license", "name", "Apache-2.0", "servers", "url", url != NULL ? url : "/", "paths", paths,
	    "components", "schemas", schemas(), "securitySchemes", "bearer", "type", "http", "scheme", "bearer",
	    "basic", "type", "http", "scheme", "basic", "security", "bearer", "basic");
}
