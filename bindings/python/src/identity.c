/* SPDX-License-Identifier: Apache-2.0 */
/* Identity: whose credentials they are. True only where they are good. */
#include "native.h"

struct identity {
	PyObject_HEAD
	int verified;
	PyObject *dict;			/* what it says, made at once */
};

static void
dealloc(PyObject *o)
{
	PyTypeObject *type = Py_TYPE(o);

	Py_XDECREF(((struct identity *)o)->dict);
	PyObject_Free(o);
	Py_DECREF(type);
}

static int
is_good(PyObject *o)
{
	return ((struct identity *)o)->verified == 1;
}

static PyObject *
get(PyObject *o, void *name)
{
	PyObject *value = PyDict_GetItemString(((struct identity *)o)->dict, name);

	Py_XINCREF(value);
	if (value == NULL && PyErr_Occurred() == NULL)
		PyErr_SetString(PyExc_AttributeError, name);
	return value;
}

static PyObject *
repr(PyObject *o)
{
	PyObject *dict = ((struct identity *)o)->dict;
	PyObject *who = PyDict_GetItemString(dict, "subject_id"), *reason = PyDict_GetItemString(dict, "reason");

	return is_good(o) ? PyUnicode_FromFormat("<libpolicy.Identity %R>", who) :
	    PyUnicode_FromFormat("<libpolicy.Identity not verified, reason=%U>", reason);
}

static PyGetSetDef members[] = {
	{ "verified", get, NULL, "True only where the credentials are good.", "verified" },
	{ "reason", get, NULL, "Why they are not; empty where they are.", "reason" },
	{ "status", get, NULL, "HTTP status that fits: 200, 401, 403 or 503.", "status" },
	{ "subject_type", get, NULL, "Type of the subject.", "subject_type" },
	{ "subject_id", get, NULL, "Id of the subject.", "subject_id" },
	{ "kind", get, NULL, "Kind of the credential.", "kind" },
	{ "token_id", get, NULL, "Id of the token, never the token; empty where it has none.", "token_id" },
	{ "step", get, NULL, "The step of the stack that vouches for it.", "step" },
	{ "groups", get, NULL, "Groups that the credential names.", "groups" },
	{ "scopes", get, NULL, "Its scopes, a tuple; None: unscoped.", "scopes" },
	{ "expires", get, NULL, "Unix time in seconds when it ends; None: nobody said.", "expires" },
	{ "attributes", get, NULL, "Attributes of the subject.", "attributes" },
	{ "token_attributes", get, NULL, "Attributes of the token.", "token_attributes" },
	{ "generation", get, NULL, "Of the snapshot whose modules judged.", "generation" },
	{ "error", get, NULL, "0; or the negative code of what kept the engine from judging.", "error" },
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
	{ Py_nb_bool, is_good },
	{ Py_tp_doc, "Whose credentials they are. True only where they are good." },
	{ 0, NULL }
};

PyType_Spec pol_py_identity_spec = {
	.name = "libpolicy.Identity",
	.basicsize = sizeof(struct identity),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
	.slots = slots,
};

/* Takes `value`, which may be NULL: an exception is set. */
static bool
put(PyObject *dict, const char *name, PyObject *value)
{
	const bool done = value != NULL && PyDict_SetItemString(dict, name, value) == 0;

	Py_XDECREF(value);
	return done;
}

static PyObject *
text(struct policy_text t)
{
	return PyUnicode_DecodeUTF8(t.data == NULL ? "" : t.data, (Py_ssize_t)t.len, "surrogateescape");
}

static PyObject *
texts(const struct policy_text *list, uint32_t n)
{
	PyObject *out = PyTuple_New((Py_ssize_t)n);

	for (uint32_t i = 0; out != NULL && i < n; i++) {
		PyObject *item = text(list[i]);

		if (item == NULL || PyTuple_SetItem(out, (Py_ssize_t)i, item) != 0)
			Py_CLEAR(out);
	}
	return out;
}

static PyObject *
attributes(const struct policy_attr *list, uint32_t n)
{
	struct policy_value v = { .type = POLICY_OBJECT, .count = n };

	v.u.members = list;
	return pol_py_object(&v);
}

static PyObject *
seconds(int64_t ns)
{
	if (ns == 0)
		Py_RETURN_NONE;
	return PyFloat_FromDouble((double)ns / 1e9);
}

static PyObject *
scopes(const struct policy_identity *id)
{
	if (id->scoped == 0)
		Py_RETURN_NONE;
	return texts(id->scopes, id->scopes_count);
}

PyObject *
pol_py_identity_new(PyTypeObject *type, const struct policy_identity *id, int error)
{
	const bool good = error == 0 && id->verified == 1;
	struct identity *self;
	PyObject *d = PyDict_New();

	if (d == NULL)
		return NULL;
	self = PyObject_New(struct identity, type);
	if (self == NULL) {
		Py_DECREF(d);
		return NULL;
	}
	self->verified = good;
	self->dict = d;
	if (!put(d, "verified", PyBool_FromLong(good)) ||
	    !put(d, "reason", PyUnicode_FromString(good ? "" : policy_reason_name((int)id->reason))) ||
	    !put(d, "status", PyLong_FromUnsignedLong(id->status)) ||
	    !put(d, "error", PyLong_FromLong(error)) ||
	    !put(d, "generation", PyLong_FromUnsignedLongLong(id->generation)) ||
	    !put(d, "subject_type", text(id->subject_type)) || !put(d, "subject_id", text(id->subject_id)) ||
	    !put(d, "kind", text(id->kind)) || !put(d, "token_id", text(id->token_id)) || !put(d, "step", text(id->step)) ||
	    !put(d, "groups", texts(id->groups, id->groups_count)) || !put(d, "scopes", scopes(id)) ||
	    !put(d, "expires", seconds(id->expires)) ||
	    !put(d, "attributes", attributes(id->subject_attributes, id->subject_attributes_count)) ||
	    !put(d, "token_attributes", attributes(id->token_attributes, id->token_attributes_count)))
		Py_CLEAR(self);
	return (PyObject *)self;
}
