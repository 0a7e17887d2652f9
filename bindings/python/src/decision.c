/* SPDX-License-Identifier: Apache-2.0 */
/* Decision: true only where it allows. Its members are made when they are asked for. */
#include <stddef.h>

#include "native.h"

struct pol_py_decision *
pol_py_decision_new(PyTypeObject *type)
{
	struct pol_py_decision *self = PyObject_New(struct pol_py_decision, type);

	if (self == NULL)
		return NULL;
	self->error = 0;
	self->route = NULL;
	/* the engine fills it up to `size`; until then it reads as a deny */
	self->d.size = sizeof(self->d);
	self->d.verdict = POLICY_DENY;
	self->d.reason = POLICY_REASON_ERROR;
	return self;
}

static void
dealloc(PyObject *o)
{
	PyTypeObject *type = Py_TYPE(o);

	Py_XDECREF(((struct pol_py_decision *)o)->route);
	PyObject_Free(o);
	Py_DECREF(type);
}

static const struct policy_decision *
of(PyObject *o)
{
	return &((struct pol_py_decision *)o)->d;
}

static int
is_allow(PyObject *o)
{
	return of(o)->verdict == POLICY_ALLOW;
}

static PyObject *
get_allowed(PyObject *o, void *unused)
{
	(void)unused;
	return PyBool_FromLong(is_allow(o));
}

static PyObject *
get_reason(PyObject *o, void *unused)
{
	(void)unused;
	return PyUnicode_FromString(policy_reason_name((int)of(o)->reason));
}

static PyObject *
get_status(PyObject *o, void *unused)
{
	(void)unused;
	return PyLong_FromUnsignedLong(of(o)->status);
}

static PyObject *
get_line(PyObject *o, void *unused)
{
	(void)unused;
	return PyLong_FromUnsignedLong(of(o)->line);
}

static PyObject *
get_generation(PyObject *o, void *unused)
{
	(void)unused;
	return PyLong_FromUnsignedLongLong(of(o)->generation);
}

static PyObject *
get_expires(PyObject *o, void *unused)
{
	(void)unused;
	if (of(o)->expires == 0)
		Py_RETURN_NONE;
	return PyFloat_FromDouble((double)of(o)->expires / 1e9);
}

static PyObject *
get_route(PyObject *o, void *unused)
{
	PyObject *route = ((struct pol_py_decision *)o)->route;

	(void)unused;
	if (route == NULL)
		Py_RETURN_NONE;
	Py_INCREF(route);
	return route;
}

static PyObject *
get_error(PyObject *o, void *unused)
{
	(void)unused;
	return PyLong_FromLong(((struct pol_py_decision *)o)->error);
}

struct text {
	size_t at, len;
};

static PyObject *
get_text(PyObject *o, void *which)
{
	const struct text *t = which;
	const char *d = (const char *)of(o);
	uint32_t n;

	memcpy(&n, d + t->len, sizeof(n));
	return PyUnicode_DecodeUTF8(d + t->at, (Py_ssize_t)n, "surrogateescape");
}

static PyObject *
repr(PyObject *o)
{
	const struct policy_decision *d = of(o);

	return PyUnicode_FromFormat("<libpolicy.Decision %s reason=%s%s%s>", is_allow(o) ? "allow" : "deny",
	    policy_reason_name((int)d->reason), d->rule_len != 0 ? " rule=" : "", d->rule_len != 0 ? d->rule : "");
}

static const struct text rule = { offsetof(struct policy_decision, rule), offsetof(struct policy_decision, rule_len) };
static const struct text file = { offsetof(struct policy_decision, file), offsetof(struct policy_decision, file_len) };
static const struct text type = { offsetof(struct policy_decision, subject_type), offsetof(struct policy_decision, subject_type_len) };
static const struct text id = { offsetof(struct policy_decision, subject_id), offsetof(struct policy_decision, subject_id_len) };
static const struct text token = { offsetof(struct policy_decision, token_id), offsetof(struct policy_decision, token_id_len) };

static PyGetSetDef members[] = {
	{ "allowed", get_allowed, NULL, "True only where it allows.", NULL },
	{ "reason", get_reason, NULL, "Why: rule, disabled, no_credential, denied, no_rule...", NULL },
	{ "status", get_status, NULL, "HTTP status that fits: 200, 401, 403 or 503.", NULL },
	{ "rule", get_text, NULL, "The entry that decided: its id, or FILE:LINE; empty where there is none.", (void *)&rule },
	{ "file", get_text, NULL, "The entry's file.", (void *)&file },
	{ "line", get_line, NULL, "The entry's line; 0: none.", NULL },
	{ "subject_type", get_text, NULL, "Type of the subject it was decided for.", (void *)&type },
	{ "subject_id", get_text, NULL, "Id of the subject; empty: nobody.", (void *)&id },
	{ "token_id", get_text, NULL, "Id of the token, never the token.", (void *)&token },
	{ "expires", get_expires, NULL, "Unix time in seconds when the credential ends; None: nobody said.", NULL },
	{ "generation", get_generation, NULL, "Of the snapshot that decided.", NULL },
	{ "route", get_route, NULL, "Of decide_http(): (action, resource type, id, public, file, line); None: no route.", NULL },
	{ "error", get_error, NULL, "0; or the negative code of what kept the engine from deciding: a deny.", NULL },
	{ NULL, NULL, NULL, NULL, NULL }
};

static PyMethodDef methods[] = {
	{ "__reduce__", pol_py_no_copy, METH_NOARGS, NULL },
	{ NULL, NULL, 0, NULL }
};

static PyType_Slot slots[] = {
	{ Py_tp_dealloc, dealloc },
	{ Py_tp_getset, members },
	{ Py_tp_methods, methods },
	{ Py_tp_repr, repr },
	{ Py_nb_bool, is_allow },
	{ Py_tp_doc, "What was decided. True only where it allows." },
	{ 0, NULL }
};

PyType_Spec pol_py_decision_spec = {
	.name = "libpolicy.Decision",
	.basicsize = sizeof(struct pol_py_decision),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = slots,
};
