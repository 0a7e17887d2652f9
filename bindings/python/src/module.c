/* SPDX-License-Identifier: Apache-2.0 */
/* libpolicy._native: its types, its errors. */
#include "native.h"

struct pol_py_types pol_py_types;

static bool
put(PyObject *o, const char *name, PyObject *value)
{
	const bool done = value != NULL && PyObject_SetAttrString(o, name, value) == 0;

	Py_XDECREF(value);
	return done;
}

void
pol_py_raise(const struct policy_error *err)
{
	PyObject *text = err->file[0] == '\0' ? PyUnicode_DecodeUTF8(err->text, (Py_ssize_t)strlen(err->text), "replace") :
	    PyUnicode_FromFormat("%s:%u:%u: %s", err->file, err->line, err->column, err->text);
	PyObject *e = text == NULL ? NULL : PyObject_CallFunction(pol_py_types.error, "O", text);

	Py_XDECREF(text);
	if (e == NULL)
		return;
	if (put(e, "code", PyLong_FromLong(err->code)) && put(e, "file", PyUnicode_DecodeFSDefault(err->file)) &&
	    put(e, "line", PyLong_FromUnsignedLong(err->line)) && put(e, "column", PyLong_FromUnsignedLong(err->column)) &&
	    put(e, "text", PyUnicode_DecodeUTF8(err->text, (Py_ssize_t)strlen(err->text), "replace")))
		PyErr_SetObject(pol_py_types.error, e);
	Py_DECREF(e);
}

void
pol_py_raise_code(int code)
{
	if (code == POLICY_ERR_AGAIN) {
		PyErr_SetString(pol_py_types.would_block, "a step of the stack would have to wait");
	} else {
		struct policy_error err = POLICY_ERROR_INIT;

		err.code = code;
		strcpy(err.text, policy_strerror(code));
		pol_py_raise(&err);
	}
}

PyObject *
pol_py_no_copy(PyObject *o, PyObject *unused)
{
	(void)unused;
	return PyErr_Format(PyExc_TypeError, "%R is neither copied nor pickled: it would be an answer that nobody gave", (PyObject *)Py_TYPE(o));
}

static bool
add(PyObject *m, const char *name, PyObject *o)
{
	if (o == NULL)
		return false;
	Py_INCREF(o);
	if (PyModule_AddObject(m, name, o) == 0)
		return true;
	Py_DECREF(o);
	return false;
}

static bool
made(struct pol_py_types *t)
{
	PyObject *nothing = t->error != NULL ? NULL : Py_BuildValue("{s:i,s:s,s:i,s:i,s:s}", "code", 0, "file", "", "line", 0,
	    "column", 0, "text", "");

	if (nothing != NULL)
		t->error = PyErr_NewExceptionWithDoc("libpolicy.PolicyError",
		    "A set that is refused, or a call that could not be made: code, file, line, column, text.", NULL, nothing);
	Py_XDECREF(nothing);
	if (t->error != NULL && t->would_block == NULL) {
		PyObject *code = Py_BuildValue("{s:i}", "code", POLICY_ERR_AGAIN);

		t->would_block = code == NULL ? NULL : PyErr_NewExceptionWithDoc("libpolicy.WouldBlock",
		    "nonblock was asked for, and a step of the stack would have to wait.", t->error, code);
		Py_XDECREF(code);
	}
	if (t->would_block == NULL)
		return false;
	if (t->policy == NULL)
		t->policy = (PyTypeObject *)PyType_FromSpec(&pol_py_policy_spec);
	if (t->decision == NULL)
		t->decision = (PyTypeObject *)PyType_FromSpec(&pol_py_decision_spec);
	if (t->identity == NULL)
		t->identity = (PyTypeObject *)PyType_FromSpec(&pol_py_identity_spec);
	return t->policy != NULL && t->decision != NULL && t->identity != NULL;
}

/* Of every interpreter that imports us, and of one that does so again: the types are the
 * process's, and an object of an interpreter that has ended would be left in them. */
static int
exec(PyObject *m)
{
	struct pol_py_types *t = &pol_py_types;

	if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0) {
		PyErr_SetString(PyExc_ImportError, "libpolicy is for the main interpreter of a process, and this is another");
		return -1;
	}
	if (!pol_py_log_init(m) || !made(t))
		return -1;
	if (!add(m, "PolicyError", t->error) || !add(m, "WouldBlock", t->would_block) || !add(m, "Policy", (PyObject *)t->policy) ||
	    !add(m, "Decision", (PyObject *)t->decision) || !add(m, "Identity", (PyObject *)t->identity))
		return -1;
	return PyModule_AddStringConstant(m, "version", policy_version());
}

static PyModuleDef_Slot slots[] = {
	{ Py_mod_exec, exec },
	{ 0, NULL }
};

static struct PyModuleDef module = {
	PyModuleDef_HEAD_INIT, .m_name = "libpolicy._native", .m_doc = "The engine; use it through libpolicy.", .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__native(void)
{
	return PyModuleDef_Init(&module);
}
