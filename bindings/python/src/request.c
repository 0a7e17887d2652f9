/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of a call as a request. */
#include <time.h>

#include "native.h"

void
pol_py_request_init(struct pol_py_request *r)
{
	memset(&r->req, 0, sizeof(r->req));
	r->req.size = sizeof(r->req);
	memset(&r->token, 0, sizeof(r->token));
	r->token.size = sizeof(r->token);
	r->nonblock = false;
	r->timeout = 0;
	pol_py_bag_init(&r->bag);
}

void
pol_py_request_fini(struct pol_py_request *r)
{
	pol_py_bag_fini(&r->bag);
}

/* ("type", "id"), or the id alone. A str is never taken apart: what a user calls himself
 * must not choose his type. */
static bool
entity(struct pol_py_bag *b, struct policy_text *type, struct policy_text *id, PyObject *o, const char *what)
{
	if (o == Py_None)
		return true;
	if (!PyTuple_Check(o))
		return pol_py_text(b, id, o, what);
	if (PyTuple_Size(o) != 2) {
		PyErr_Format(PyExc_TypeError, "%s is an id, or (type, id)", what);
		return false;
	}
	return pol_py_text(b, type, PyTuple_GetItem(o, 0), what) && pol_py_text(b, id, PyTuple_GetItem(o, 1), what);
}

bool
pol_py_request_subject(struct pol_py_request *r, PyObject *who)
{
	return entity(&r->bag, &r->req.subject_type, &r->req.subject_id, who, "subject");
}

bool
pol_py_request_action(struct pol_py_request *r, struct policy_request *req, PyObject *action)
{
	return pol_py_text(&r->bag, &req->action, action, "action");
}

bool
pol_py_request_resource(struct pol_py_request *r, struct policy_request *req, PyObject *resource)
{
	struct policy_text t;
	const char *slash;

	if (resource == Py_None)
		return true;
	if (PyTuple_Check(resource))
		return entity(&r->bag, &req->resource_type, &req->resource_id, resource, "resource");
	if (!pol_py_text(&r->bag, &t, resource, "resource"))
		return false;
	/* a type has no slash, an id may: the first one parts them */
	slash = memchr(t.data, '/', t.len);
	if (slash == NULL) {
		PyErr_SetString(PyExc_ValueError, "resource is \"TYPE/ID\", or (type, id)");
		return false;
	}
	req->resource_type = (struct policy_text){ t.data, (size_t)(slash - t.data) };
	req->resource_id = (struct policy_text){ slash + 1, t.len - (size_t)(slash - t.data) - 1 };
	return true;
}

static bool
texts(struct pol_py_bag *b, const struct policy_text **out, size_t *count, PyObject *o, const char *what)
{
	const bool tuple = PyTuple_Check(o);
	struct policy_text *list;
	Py_ssize_t n;

	if (!tuple && !PyList_Check(o)) {
		PyErr_Format(PyExc_TypeError, "%s is a list or tuple of str", what);
		return false;
	}
	n = tuple ? PyTuple_Size(o) : PyList_Size(o);
	list = n < 0 ? NULL : pol_py_bag_alloc(b, (size_t)n * sizeof(*list));
	if (list == NULL)
		return false;
	for (Py_ssize_t i = 0; i < n; i++) {
		PyObject *item = tuple ? PyTuple_GetItem(o, i) : PyList_GetItem(o, i);

		if (item == NULL || !pol_py_text(b, &list[i], item, what))
			return false;
	}
	*out = list;
	*count = (size_t)n;
	return true;
}

/* (kind, data) or (kind, name, data). */
static bool
credential(struct pol_py_bag *b, struct policy_credential *out, PyObject *o)
{
	const Py_ssize_t n = PyTuple_Check(o) ? PyTuple_Size(o) : 0;
	PyObject *name = n == 3 ? PyTuple_GetItem(o, 1) : Py_None;

	memset(out, 0, sizeof(*out));
	if (n != 2 && n != 3) {
		PyErr_SetString(PyExc_TypeError, "a credential is (kind, data) or (kind, name, data)");
		return false;
	}
	return pol_py_text(b, &out->kind, PyTuple_GetItem(o, 0), "kind of a credential") &&
	    (name == Py_None || pol_py_text(b, &out->name, name, "name of a credential")) &&
	    (PyTuple_GetItem(o, n - 1) == Py_None || pol_py_text(b, &out->data, PyTuple_GetItem(o, n - 1), "data of a credential"));
}

static bool
set_credentials(struct pol_py_request *r, PyObject *o)
{
	Py_ssize_t n;

	if (o == Py_None)
		return true;
	r->req.credentials = r->credentials;
	if (!PyList_Check(o)) {
		r->req.credentials_count = 1;
		return credential(&r->bag, &r->credentials[0], o);
	}
	n = PyList_Size(o);
	if (n > POLICY_CREDENTIALS_MAX) {
		PyErr_Format(PyExc_ValueError, "at most %d credentials", POLICY_CREDENTIALS_MAX);
		return false;
	}
	for (Py_ssize_t i = 0; i < n; i++) {
		PyObject *item = PyList_GetItem(o, i);

		if (item == NULL || !credential(&r->bag, &r->credentials[i], item))
			return false;
	}
	r->req.credentials_count = (size_t)n;
	return true;
}

static bool
set_groups(struct pol_py_request *r, PyObject *o)
{
	return o == Py_None || texts(&r->bag, &r->req.groups, &r->req.groups_count, o, "groups");
}

/* None: the token has no scopes, it is as good as its owner. An empty list opens nothing. */
static bool
set_scopes(struct pol_py_request *r, PyObject *o)
{
	if (o == Py_None)
		return true;
	r->req.token = &r->token;
	r->token.flags |= POLICY_TOKEN_SCOPED;
	return texts(&r->bag, &r->token.scopes, &r->token.scopes_count, o, "scopes");
}

static bool
set_kind(struct pol_py_request *r, PyObject *o)
{
	if (o == Py_None)
		return true;
	r->req.token = &r->token;
	return pol_py_text(&r->bag, &r->token.kind, o, "kind");
}

static bool
set_token_id(struct pol_py_request *r, PyObject *o)
{
	if (o == Py_None)
		return true;
	r->req.token = &r->token;
	return pol_py_text(&r->bag, &r->token.id, o, "token_id");
}

static bool
set_token_attributes(struct pol_py_request *r, PyObject *o)
{
	if (o == Py_None)
		return true;
	r->req.token = &r->token;
	return pol_py_attrs(&r->bag, &r->token.attributes, o, "token_attributes");
}

static bool
set_actor(struct pol_py_request *r, PyObject *o)
{
	return entity(&r->bag, &r->req.actor_type, &r->req.actor_id, o, "actor");
}

#define ATTRS(function, member, name) \
static bool \
function(struct pol_py_request *r, PyObject *o) \
{ \
	return pol_py_attrs(&r->bag, &r->req.member, o, name); \
}
ATTRS(set_subject_attributes, subject_attributes, "subject_attributes")
ATTRS(set_actor_attributes, actor_attributes, "actor_attributes")
ATTRS(set_action_attributes, action_attributes, "action_attributes")
ATTRS(set_resource_attributes, resource_attributes, "resource_attributes")
ATTRS(set_context, context, "context")

static bool
set_nonblock(struct pol_py_request *r, PyObject *o)
{
	const int yes = PyObject_IsTrue(o);

	r->nonblock = yes != 0;
	return yes >= 0;
}

static bool
set_timeout(struct pol_py_request *r, PyObject *o)
{
	if (o == Py_None)
		return true;
	r->timeout = PyFloat_AsDouble(o);
	if (r->timeout == -1.0 && PyErr_Occurred() != NULL)
		return false;
	if (r->timeout > 0 && r->timeout < 1e9)
		return true;
	PyErr_SetString(PyExc_ValueError, "timeout is seconds, more than 0");
	return false;
}

static const struct {
	const char *name;
	bool (*set)(struct pol_py_request *r, PyObject *o);
} words[] = {
	{ "context", set_context },
	{ "credentials", set_credentials },
	{ "resource_attributes", set_resource_attributes },
	{ "groups", set_groups },
	{ "scopes", set_scopes },
	{ "kind", set_kind },
	{ "subject_attributes", set_subject_attributes },
	{ "action_attributes", set_action_attributes },
	{ "token_id", set_token_id },
	{ "token_attributes", set_token_attributes },
	{ "actor", set_actor },
	{ "actor_attributes", set_actor_attributes },
	{ "timeout", set_timeout },
	{ "nonblock", set_nonblock },
};

bool
pol_py_request_set(struct pol_py_request *r, PyObject *name, PyObject *value)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (PyUnicode_CompareWithASCIIString(name, words[i].name) == 0)
			return words[i].set(r, value);
	}
	PyErr_Format(PyExc_TypeError, "no argument is named %R", name);
	return false;
}

const struct policy_request *
pol_py_request_get(struct pol_py_request *r)
{
	if (r->nonblock)
		r->req.flags |= POLICY_NONBLOCK;
	if (r->timeout > 0) {
		struct timespec now;

		clock_gettime(CLOCK_MONOTONIC, &now);
		r->req.deadline_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec + (int64_t)(r->timeout * 1e9);
	}
	return &r->req;
}
