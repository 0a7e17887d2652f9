/* SPDX-License-Identifier: Apache-2.0 */
/* decide_http(): one request of HTTP by the set's `routes:`. */
#include "handle.h"

struct http {
	struct pol_py_request r;
	struct policy_http http;
};

static bool
word(struct http *h, PyObject *name, PyObject *value)
{
	if (PyUnicode_CompareWithASCIIString(name, "routes") == 0)
		return value == Py_None || pol_py_text(&h->r.bag, &h->http.set, value, "routes");
	if (PyUnicode_CompareWithASCIIString(name, "body") == 0)
		return value == Py_None || pol_py_text(&h->r.bag, &h->http.body, value, "body");
	if (PyUnicode_CompareWithASCIIString(name, "subject") == 0)
		return pol_py_request_subject(&h->r, value);
	return pol_py_request_set(&h->r, name, value);
}

static int
ask(struct pol_py_policy *self, struct http *h, struct policy_decision *out, struct policy_routed *routed)
{
	struct policy_request *req = (struct policy_request *)pol_py_request_get(&h->r);
	int rc;

	req->flags |= POLICY_NONBLOCK;
	rc = policy_decide_http(self->p, &h->http, req, out, routed);
	if (rc != POLICY_ERR_AGAIN || h->r.nonblock)
		return rc;
	req->flags &= ~POLICY_NONBLOCK;
	out->size = sizeof(*out);
	routed->size = sizeof(*routed);
	self->busy++;
	Py_BEGIN_ALLOW_THREADS
	rc = policy_decide_http(self->p, &h->http, req, out, routed);
	Py_END_ALLOW_THREADS
	pol_py_policy_leave(self);
	return rc;
}

static PyObject *
decided(struct pol_py_policy *self, struct http *h)
{
	struct pol_py_decision *out = pol_py_decision_new(pol_py_types.decision);
	struct policy_routed routed = POLICY_ROUTED_INIT;

	if (out == NULL)
		return NULL;
	out->error = ask(self, h, &out->d, &routed);
	if (out->error == POLICY_ERR_AGAIN) {
		pol_py_raise_code(out->error);
		Py_CLEAR(out);
		return NULL;
	}
	if (out->error != 0)
		out->d.verdict = POLICY_DENY;
	if (routed.found) {
		out->route = Py_BuildValue("(s#s#s#Os#I)", routed.action, (Py_ssize_t)routed.action_len,
		    routed.resource_type, (Py_ssize_t)routed.resource_type_len,
		    routed.resource_id, (Py_ssize_t)routed.resource_id_len,
		    routed.is_public ? Py_True : Py_False, routed.file, (Py_ssize_t)routed.file_len, routed.line);
		/* an id that is no UTF-8: the decision stands, the route is not told */
		if (out->route == NULL)
			PyErr_Clear();
	}
	return (PyObject *)out;
}

PyObject *
pol_py_decide_http(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
	struct pol_py_policy *self = pol_py_policy_enter(o);
	const Py_ssize_t words = names == NULL ? 0 : PyTuple_Size(names);
	struct http h = { .http = POLICY_HTTP_INIT };
	PyObject *out = NULL;
	bool good;

	if (self == NULL)
		return NULL;
	if (n != 2) {
		PyErr_SetString(PyExc_TypeError, "decide_http(method, target, *, routes=None, body=None, ...)");
		return NULL;
	}
	pol_py_request_init(&h.r);
	good = pol_py_text(&h.r.bag, &h.http.method, args[0], "method") && pol_py_text(&h.r.bag, &h.http.target, args[1], "target");
	for (Py_ssize_t i = 0; good && i < words; i++)
		good = word(&h, PyTuple_GetItem(names, i), args[n + i]);
	if (good && pol_py_policy_enter(o) != NULL)
		out = decided(self, &h);
	pol_py_request_fini(&h.r);
	return out;
}
