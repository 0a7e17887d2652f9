/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide(), decide_many(), authenticate(). What waits for nothing is done with Python's lock
 * held, it is shorter than letting go of it. The engine is asked that way first, and only
 * where it says that a step would have to wait, once more without the lock.
 */
#include "handle.h"

/* Without waiting, and then, if that is what it takes and nobody minds, with. */
static int
ask(struct pol_py_policy *self, struct policy_request *req, bool nonblock, struct policy_decision *out)
{
	int rc;

	req->flags |= POLICY_NONBLOCK;
	rc = policy_decide(self->p, req, out);
	if (rc != POLICY_ERR_AGAIN || nonblock)
		return rc;
	req->flags &= ~POLICY_NONBLOCK;
	out->size = sizeof(*out);
	self->busy++;
	Py_BEGIN_ALLOW_THREADS
	rc = policy_decide(self->p, req, out);
	Py_END_ALLOW_THREADS
	pol_py_policy_leave(self);
	return rc;
}

static bool
keywords(struct pol_py_request *r, PyObject *const *values, PyObject *names)
{
	const Py_ssize_t n = names == NULL ? 0 : PyTuple_Size(names);

	for (Py_ssize_t i = 0; i < n; i++) {
		if (!pol_py_request_set(r, PyTuple_GetItem(names, i), values[i]))
			return false;
	}
	return true;
}

static PyObject *
decided(struct pol_py_policy *self, struct pol_py_request *r)
{
	struct pol_py_decision *out = pol_py_decision_new(pol_py_types.decision);

	if (out == NULL)
		return NULL;
	out->error = ask(self, (struct policy_request *)pol_py_request_get(r), r->nonblock, &out->d);
	if (out->error == POLICY_ERR_AGAIN) {
		pol_py_raise_code(out->error);
		Py_CLEAR(out);
	} else if (out->error != 0)
		out->d.verdict = POLICY_DENY;
	return (PyObject *)out;
}

PyObject *
pol_py_decide(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
	struct pol_py_policy *self = pol_py_policy_enter(o);
	struct pol_py_request r;
	PyObject *out = NULL;

	if (self == NULL)
		return NULL;
	if (n < 2 || n > 3) {
		PyErr_SetString(PyExc_TypeError, "decide(subject, action, resource=None, *, ...)");
		return NULL;
	}
	pol_py_request_init(&r);
	if (pol_py_request_subject(&r, args[0]) && pol_py_request_action(&r, &r.req, args[1]) &&
	    (n == 2 || pol_py_request_resource(&r, &r.req, args[2])) && keywords(&r, args + n, names) && pol_py_policy_enter(o) != NULL)
		out = decided(self, &r);
	pol_py_request_fini(&r);
	return out;
}

/* ---- decide_many ---- */

/* (action, resource) or (action, resource, attributes of the resource). */
static bool
check(struct pol_py_request *r, struct policy_request *req, PyObject *o)
{
	const Py_ssize_t n = PyTuple_Check(o) ? PyTuple_Size(o) : 0;

	*req = r->req;
	if (n != 2 && n != 3) {
		PyErr_SetString(PyExc_TypeError, "a check is (action, resource) or (action, resource, resource_attributes)");
		return false;
	}
	return pol_py_request_action(r, req, PyTuple_GetItem(o, 0)) && pol_py_request_resource(r, req, PyTuple_GetItem(o, 1)) &&
	    (n == 2 || pol_py_attrs(&r->bag, &req->resource_attributes, PyTuple_GetItem(o, 2), "resource_attributes"));
}

static int
ask_many(struct pol_py_policy *self, struct policy_request *reqs, size_t n, bool nonblock, struct policy_decision *out)
{
	int rc;

	for (size_t i = 0; i < n; i++)
		reqs[i].flags |= POLICY_NONBLOCK;
	/* long lists are not worth keeping others waiting for */
	rc = n > 64 && !nonblock ? POLICY_ERR_AGAIN : policy_decide_many(self->p, reqs, n, out);
	if (rc != POLICY_ERR_AGAIN || nonblock)
		return rc;
	for (size_t i = 0; i < n; i++) {
		reqs[i].flags &= ~POLICY_NONBLOCK;
		out[i].size = sizeof(*out);
	}
	self->busy++;
	Py_BEGIN_ALLOW_THREADS
	rc = policy_decide_many(self->p, reqs, n, out);
	Py_END_ALLOW_THREADS
	pol_py_policy_leave(self);
	return rc;
}

static PyObject *
many(struct pol_py_policy *self, struct pol_py_request *r, PyObject *checks)
{
	const size_t n = (size_t)PyTuple_Size(checks);
	struct policy_request *reqs = PyMem_Calloc(n + 1, sizeof(*reqs));
	struct policy_decision *out = PyMem_Calloc(n + 1, sizeof(*out));
	PyObject *list = NULL;
	int rc = 0;

	if (reqs == NULL || out == NULL) {
		PyErr_NoMemory();
		goto done;
	}
	(void)pol_py_request_get(r);
	for (size_t i = 0; i < n; i++) {
		out[i].size = sizeof(*out);
		if (!check(r, &reqs[i], PyTuple_GetItem(checks, (Py_ssize_t)i)))
			goto done;
	}
	rc = n == 0 ? 0 : ask_many(self, reqs, n, r->nonblock, out);
	if (rc == POLICY_ERR_AGAIN) {
		pol_py_raise_code(rc);
		goto done;
	}
	list = PyList_New((Py_ssize_t)n);
	for (size_t i = 0; list != NULL && i < n; i++) {
		struct pol_py_decision *d = pol_py_decision_new(pol_py_types.decision);

		if (d == NULL) {
			Py_CLEAR(list);
			break;
		}
		d->d = out[i];
		/* which of them failed is not told: what is no decision reads as error, and denies */
		d->error = rc != 0 && d->d.verdict == POLICY_DENY && d->d.generation == 0 ? rc : 0;
		(void)PyList_SetItem(list, (Py_ssize_t)i, (PyObject *)d);
	}
done:
	PyMem_Free(reqs);
	PyMem_Free(out);
	return list;
}

PyObject *
pol_py_decide_many(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
	struct pol_py_policy *self = pol_py_policy_enter(o);
	PyObject *checks, *out = NULL;
	struct pol_py_request r;

	if (self == NULL)
		return NULL;
	if (n != 2) {
		PyErr_SetString(PyExc_TypeError, "decide_many(subject, checks, *, ...)");
		return NULL;
	}
	checks = PySequence_Tuple(args[1]);
	if (checks == NULL)
		return NULL;
	pol_py_request_init(&r);
	if (pol_py_request_subject(&r, args[0]) && keywords(&r, args + n, names) && pol_py_policy_enter(o) != NULL)
		out = many(self, &r, checks);
	pol_py_request_fini(&r);
	Py_DECREF(checks);
	return out;
}

/* ---- authenticate ---- */

/* Of the others none is read: who gives one would think that it counts. */
static bool
patience(struct pol_py_request *r, PyObject *const *values, PyObject *names)
{
	const Py_ssize_t n = names == NULL ? 0 : PyTuple_Size(names);

	for (Py_ssize_t i = 0; i < n; i++) {
		PyObject *name = PyTuple_GetItem(names, i);

		if (PyUnicode_CompareWithASCIIString(name, "timeout") != 0 && PyUnicode_CompareWithASCIIString(name, "nonblock") != 0) {
			PyErr_Format(PyExc_TypeError, "authenticate() has no argument named %R", name);
			return false;
		}
	}
	return keywords(r, values, names);
}

static int
judge(struct pol_py_policy *self, struct pol_py_request *r, struct policy_identity *id)
{
	struct policy_request *req = (struct policy_request *)pol_py_request_get(r);
	int rc;

	id->size = sizeof(*id);
	req->flags |= POLICY_NONBLOCK;
	rc = policy_authenticate(self->p, req, id);
	if (rc != POLICY_ERR_AGAIN || r->nonblock)
		return rc;
	req->flags &= ~POLICY_NONBLOCK;
	self->busy++;
	Py_BEGIN_ALLOW_THREADS
	rc = policy_authenticate(self->p, req, id);
	Py_END_ALLOW_THREADS
	pol_py_policy_leave(self);
	return rc;
}

PyObject *
pol_py_authenticate(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
	struct pol_py_policy *self = pol_py_policy_enter(o);
	struct policy_identity *id;
	struct pol_py_request r;
	PyObject *out = NULL, *word;

	if (self == NULL)
		return NULL;
	if (n != 1) {
		PyErr_SetString(PyExc_TypeError, "authenticate(credentials, *, timeout=None, nonblock=False)");
		return NULL;
	}
	id = PyMem_Malloc(sizeof(*id));
	word = PyUnicode_FromString("credentials");
	pol_py_request_init(&r);
	if (id == NULL)
		PyErr_NoMemory();
	if (id != NULL && word != NULL && pol_py_request_set(&r, word, args[0]) && patience(&r, args + n, names) &&
	    pol_py_policy_enter(o) != NULL) {
		const int rc = judge(self, &r, id);

		if (rc == POLICY_ERR_AGAIN || rc == POLICY_ERR_ARG || rc == POLICY_ERR_ABI)
			pol_py_raise_code(rc);
		else
			out = pol_py_identity_new(pol_py_types.identity, id, rc);
	}
	pol_py_request_fini(&r);
	PyMem_Free(id);
	Py_XDECREF(word);
	return out;
}
