/* SPDX-License-Identifier: Apache-2.0 */
/* Policy: a handle on a set, its methods. */
#include "handle.h"

struct pol_py_policy *
pol_py_policy_enter(PyObject *o)
{
	struct pol_py_policy *self = (struct pol_py_policy *)o;

	if (self->p == NULL || self->closing) {
		PyErr_SetString(PyExc_ValueError, "this policy is closed");
		return NULL;
	}
	return self;
}

/* With Python's lock held, which policy_close() must not need: it joins a thread of the
 * engine's, which takes no lock of Python's (log.c). */
static void
close_now(struct pol_py_policy *self)
{
	struct policy *p = self->p;

	self->p = NULL;
	Py_BEGIN_ALLOW_THREADS
	policy_close(p);
	Py_END_ALLOW_THREADS
}

void
pol_py_policy_leave(struct pol_py_policy *self)
{
	if (--self->busy == 0 && self->closing)
		close_now(self);
}

static void
dealloc(PyObject *o)
{
	struct pol_py_policy *self = (struct pol_py_policy *)o;
	PyTypeObject *type = Py_TYPE(o);
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

	if (self->p != NULL)
		close_now(self);
	release(o);
	Py_DECREF(type);
}

/* ---- open ---- */

/* Zeroed: of a subclass that was made otherwise, it is a closed one. */
static PyObject *
made(PyObject *type, struct policy *p)
{
	struct pol_py_policy *self = (struct pol_py_policy *)PyType_GenericAlloc((PyTypeObject *)type, 0);

	if (self == NULL) {
		policy_close(p);
		return NULL;
	}
	self->p = p;
	return (PyObject *)self;
}

static PyObject *
open_any(PyObject *type, const char *path, const char *text, Py_ssize_t len, const char *modules, int on, int off)
{
	struct policy_options opt = POLICY_OPTIONS_INIT;
	struct policy_error err = POLICY_ERROR_INIT;
	struct policy *p = NULL;
	int rc;

	opt.flags = (on ? POLICY_FORCE_ON : 0) | (off ? POLICY_FORCE_OFF : 0);
	opt.log = pol_py_log;
	opt.module_dir = modules;
	Py_BEGIN_ALLOW_THREADS
	rc = text != NULL ? policy_open_text(&p, path, text, (size_t)len, &opt, &err) : policy_open(&p, path, &opt, &err);
	Py_END_ALLOW_THREADS
	if (rc != 0) {
		pol_py_raise(&err);
		return NULL;
	}
	return made(type, p);
}

/* None is as good as nothing. */
static int
path_or_none(PyObject *o, void *out)
{
	return o == Py_None ? 1 : PyUnicode_FSConverter(o, out);
}

static PyObject *
py_open(PyObject *type, PyObject *args, PyObject *kwargs)
{
	static char *names[] = { "path", "module_dir", "force_on", "force_off", NULL };
	PyObject *path = NULL, *modules = NULL, *out = NULL;
	int on = 0, off = 0;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O&$O&pp:open", names, path_or_none, &path,
	    path_or_none, &modules, &on, &off))
		goto done;
	out = open_any(type, path == NULL ? NULL : PyBytes_AsString(path), NULL, 0, modules == NULL ? NULL : PyBytes_AsString(modules),
	    on, off);
done:
	Py_XDECREF(path);
	Py_XDECREF(modules);
	return out;
}

static PyObject *
py_open_text(PyObject *type, PyObject *args, PyObject *kwargs)
{
	static char *names[] = { "name", "text", "module_dir", "force_on", "force_off", NULL };
	const char *name, *text;
	PyObject *modules = NULL, *out;
	int on = 0, off = 0;
	Py_ssize_t len;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "ss#|$O&pp:open_text", names, &name, &text, &len, path_or_none,
	    &modules, &on, &off)) {
		Py_XDECREF(modules);
		return NULL;
	}
	out = open_any(type, name, text, len, modules == NULL ? NULL : PyBytes_AsString(modules), on, off);
	Py_XDECREF(modules);
	return out;
}

/* ---- reload, close ---- */

static PyObject *
py_reload(PyObject *o, PyObject *unused)
{
	struct pol_py_policy *self = pol_py_policy_enter(o);
	struct policy_error err = POLICY_ERROR_INIT;
	int rc;

	(void)unused;
	if (self == NULL)
		return NULL;
	self->busy++;
	Py_BEGIN_ALLOW_THREADS
	rc = policy_reload(self->p, &err);
	Py_END_ALLOW_THREADS
	pol_py_policy_leave(self);
	if (rc == 0)
		Py_RETURN_NONE;
	pol_py_raise(&err);
	return NULL;
}

static PyObject *
py_close(PyObject *o, PyObject *unused)
{
	struct pol_py_policy *self = (struct pol_py_policy *)o;

	(void)unused;
	if (self->p == NULL)
		Py_RETURN_NONE;
	if (self->busy != 0)
		self->closing = true;
	else
		close_now(self);
	Py_RETURN_NONE;
}

static PyObject *
py_enter(PyObject *o, PyObject *unused)
{
	(void)unused;
	Py_INCREF(o);
	return o;
}

static PyObject *
py_exit(PyObject *o, PyObject *args)
{
	(void)args;
	return py_close(o, NULL);
}

static PyObject *
get_generation(PyObject *o, void *unused)
{
	struct pol_py_policy *self = pol_py_policy_enter(o);

	(void)unused;
	return self == NULL ? NULL : PyLong_FromUnsignedLongLong(policy_generation(self->p));
}

static PyObject *
get_enabled(PyObject *o, void *unused)
{
	struct pol_py_policy *self = pol_py_policy_enter(o);

	(void)unused;
	return self == NULL ? NULL : PyBool_FromLong(policy_is_enabled(self->p));
}

static PyObject *
get_closed(PyObject *o, void *unused)
{
	struct pol_py_policy *self = (struct pol_py_policy *)o;

	(void)unused;
	return PyBool_FromLong(self->p == NULL || self->closing);
}

#define FAST(function) ((PyCFunction)(void (*)(void))(function))

static PyMethodDef methods[] = {
	{ "open", FAST(py_open), METH_CLASS | METH_VARARGS | METH_KEYWORDS,
	  "open(path=None, *, module_dir=None, force_on=False, force_off=False)\n\n"
	  "Opens a set, a file or a directory; None is /etc/policy. PolicyError says what is wrong with it, and where." },
	{ "open_text", FAST(py_open_text), METH_CLASS | METH_VARARGS | METH_KEYWORDS,
	  "open_text(name, text, *, module_dir=None, force_on=False, force_off=False)\n\n"
	  "Opens a set from memory; name stands in messages and rules." },
	{ "decide", FAST(pol_py_decide), METH_FASTCALL | METH_KEYWORDS,
	  "decide(subject, action, resource=None, *, credentials=None, context=None, ...)\n\n"
	  "May this subject do this? A Decision, true only where it allows. See the stubs for all arguments." },
	{ "decide_many", FAST(pol_py_decide_many), METH_FASTCALL | METH_KEYWORDS,
	  "decide_many(subject, checks, *, ...)\n\n"
	  "Many decisions on one snapshot, the credentials judged once. A check is (action, resource[, resource_attributes])." },
	{ "decide_http", FAST(pol_py_decide_http), METH_FASTCALL | METH_KEYWORDS,
	  "decide_http(method, target, *, routes=None, body=None, subject=None, credentials=None, ...)\n\n"
	  "May this request of HTTP be made? By the set's `routes:`; target is path and query as the client sent them." },
	{ "authenticate", FAST(pol_py_authenticate), METH_FASTCALL | METH_KEYWORDS,
	  "authenticate(credentials, *, timeout=None, nonblock=False)\n\nWhose credentials they are. An Identity, true only where they are good." },
	{ "reload", py_reload, METH_NOARGS, "Reads the set again, all or nothing: on PolicyError the old one stays in force." },
	{ "close", py_close, METH_NOARGS, "Closes; calls that are under way in other threads end first." },
	{ "__enter__", py_enter, METH_NOARGS, NULL },
	{ "__exit__", py_exit, METH_VARARGS, NULL },
	{ NULL, NULL, 0, NULL }
};

static PyGetSetDef members[] = {
	{ "generation", get_generation, NULL, "Of the running snapshot.", NULL },
	{ "enabled", get_enabled, NULL, "False: switched off, everything is allowed.", NULL },
	{ "closed", get_closed, NULL, "True: it takes no more calls.", NULL },
	{ NULL, NULL, NULL, NULL, NULL }
};

static PyType_Slot slots[] = {
	{ Py_tp_dealloc, dealloc },
	{ Py_tp_methods, methods },
	{ Py_tp_getset, members },
	{ Py_tp_doc, "A policy set, open. Any thread may use it." },
	{ 0, NULL }
};

PyType_Spec pol_py_policy_spec = {
	.name = "libpolicy._native.Policy",
	.basicsize = sizeof(struct pol_py_policy),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = slots,
};
