/* SPDX-License-Identifier: Apache-2.0 */
/* Python's values as the engine takes them. Texts are borrowed, all else is in the bag. */
#include <math.h>

#include "native.h"

#define DEEPEST 8

/*
 * What the engine takes of values in a request, and of members in one object. One more than
 * that is handed on, for the engine to deny, and no further is looked: a list that holds one
 * list many times, which does so too, is short and has no end.
 */
enum { VALUES = 4096, MEMBERS = 64 };

struct pol_py_block {
	struct pol_py_block *next;
	_Alignas(16) char data[];
};

void
pol_py_bag_init(struct pol_py_bag *b)
{
	b->blocks = NULL;
	b->used = 0;
	b->values = 0;
	b->kept = b->first_kept;
	b->kept_count = 0;
	b->kept_room = sizeof(b->first_kept) / sizeof(b->first_kept[0]);
}

void *
pol_py_bag_alloc(struct pol_py_bag *b, size_t n)
{
	struct pol_py_block *block;

	n = (n + 15) & ~(size_t)15;
	if (n <= sizeof(b->first) - b->used) {
		void *at = b->first + b->used;

		b->used += n;
		return at;
	}
	block = PyMem_Malloc(sizeof(*block) + n);
	if (block == NULL) {
		PyErr_NoMemory();
		return NULL;
	}
	block->next = b->blocks;
	b->blocks = block;
	return block->data;
}

void
pol_py_bag_fini(struct pol_py_bag *b)
{
	for (size_t i = 0; i < b->kept_count; i++)
		Py_DECREF(b->kept[i]);
	while (b->blocks != NULL) {
		struct pol_py_block *next = b->blocks->next;

		PyMem_Free(b->blocks);
		b->blocks = next;
	}
}

/* Blocks of the bag are freed only at its end: a list that grew stays where it was, too. */
static bool
keep(struct pol_py_bag *b, PyObject *o)
{
	if (b->kept_count == b->kept_room) {
		PyObject **wider = pol_py_bag_alloc(b, 2 * b->kept_room * sizeof(PyObject *));

		if (wider == NULL)
			return false;
		memcpy(wider, b->kept, b->kept_count * sizeof(PyObject *));
		b->kept = wider;
		b->kept_room *= 2;
	}
	Py_INCREF(o);
	b->kept[b->kept_count++] = o;
	return true;
}

bool
pol_py_text(struct pol_py_bag *b, struct policy_text *out, PyObject *o, const char *what)
{
	Py_ssize_t n;
	char *bytes;

	if (!keep(b, o))
		return false;
	if (PyUnicode_Check(o)) {
		out->data = PyUnicode_AsUTF8AndSize(o, &n);
		out->len = (size_t)n;
		return out->data != NULL;
	}
	if (PyBytes_Check(o)) {
		if (PyBytes_AsStringAndSize(o, &bytes, &n) != 0)
			return false;
		out->data = bytes;
		out->len = (size_t)n;
		return true;
	}
	PyErr_Format(PyExc_TypeError, "%s is a str or bytes", what);
	return false;
}

static bool value(struct pol_py_bag *b, struct policy_value *out, PyObject *o, const char *what, int depth);

/* A list or tuple; no other iterable, which could change while it is read. */
static bool
list(struct pol_py_bag *b, struct policy_value *out, PyObject *o, const char *what, int depth)
{
	const bool tuple = PyTuple_Check(o);
	Py_ssize_t n = tuple ? PyTuple_Size(o) : PyList_Size(o);
	struct policy_value *items;

	if (n < 0)
		return false;
	n = n > VALUES ? VALUES + 1 : n;
	items = pol_py_bag_alloc(b, (size_t)n * sizeof(*items));
	if (items == NULL)
		return false;
	for (Py_ssize_t i = 0; i < n; i++) {
		PyObject *item = tuple ? PyTuple_GetItem(o, i) : PyList_GetItem(o, i);

		if (item == NULL || !value(b, &items[i], item, what, depth + 1))
			return false;
	}
	out->type = POLICY_LIST;
	out->count = (uint32_t)n;
	out->u.items = items;
	return true;
}

static bool
members(struct pol_py_bag *b, const struct policy_attr **out, size_t *count, PyObject *o, const char *what, int depth)
{
	Py_ssize_t n = PyDict_Size(o);
	struct policy_attr *attrs;
	PyObject *key, *val;
	Py_ssize_t at = 0;
	size_t k = 0;

	if (n < 0)
		return false;
	n = n > MEMBERS ? MEMBERS + 1 : n;
	attrs = pol_py_bag_alloc(b, (size_t)n * sizeof(*attrs));
	if (attrs == NULL)
		return false;
	/* nothing in here runs code of Python's: the dict stays as it is */
	while (k < (size_t)n && PyDict_Next(o, &at, &key, &val)) {
		if (!PyUnicode_Check(key)) {
			PyErr_Format(PyExc_TypeError, "names in %s are str", what);
			return false;
		}
		if (!pol_py_text(b, &attrs[k].name, key, what) || !value(b, &attrs[k].value, val, what, depth + 1))
			return false;
		k++;
	}
	*out = attrs;
	*count = k;
	return true;
}

static bool
integer(struct policy_value *out, PyObject *o, const char *what)
{
	int over = 0;
	const long long n = PyLong_AsLongLongAndOverflow(o, &over);

	if (over != 0)
		PyErr_Format(PyExc_OverflowError, "an integer in %s is beyond 64 bits", what);
	out->type = POLICY_INT;
	out->u.integer = n;
	return over == 0 && !(n == -1 && PyErr_Occurred() != NULL);
}

static bool
real(struct policy_value *out, PyObject *o, const char *what)
{
	out->type = POLICY_DOUBLE;
	out->u.real = PyFloat_AsDouble(o);
	if (isfinite(out->u.real))
		return true;
	if (PyErr_Occurred() == NULL)
		PyErr_Format(PyExc_ValueError, "a number in %s is not finite", what);
	return false;
}

static bool
value(struct pol_py_bag *b, struct policy_value *out, PyObject *o, const char *what, int depth)
{
	size_t n;

	memset(out, 0, sizeof(*out));
	if (++b->values > VALUES + 1)
		return true;
	if (depth > DEEPEST) {
		PyErr_Format(PyExc_ValueError, "%s is more than %d deep", what, DEEPEST);
		return false;
	}
	if (o == Py_None)
		return true;
	if (o == Py_True || o == Py_False) {
		out->type = POLICY_BOOL;
		out->u.boolean = o == Py_True;
		return true;
	}
	if (PyLong_Check(o))
		return integer(out, o, what);
	if (PyFloat_Check(o))
		return real(out, o, what);
	if (PyList_Check(o) || PyTuple_Check(o))
		return list(b, out, o, what, depth);
	if (PyDict_Check(o)) {
		out->type = POLICY_OBJECT;
		if (!members(b, &out->u.members, &n, o, what, depth))
			return false;
		out->count = (uint32_t)n;
		return true;
	}
	out->type = POLICY_STRING;
	if (PyUnicode_Check(o) || PyBytes_Check(o))
		return pol_py_text(b, &out->u.text, o, what);
	PyErr_Format(PyExc_TypeError, "a value in %s is none of str, bytes, int, float, bool, None, list, dict", what);
	return false;
}

bool
pol_py_attrs(struct pol_py_bag *b, struct policy_attrs *out, PyObject *dict, const char *what)
{
	if (dict == Py_None)
		return true;
	if (!PyDict_Check(dict)) {
		PyErr_Format(PyExc_TypeError, "%s is a dict", what);
		return false;
	}
	b->values = 0;
	return members(b, &out->list, &out->count, dict, what, 0);
}

/* ---- and back ---- */

static PyObject *
text_object(const struct policy_text *t)
{
	/* what is no UTF-8 comes back as surrogates, as os.fsdecode() has it */
	return PyUnicode_DecodeUTF8(t->data == NULL ? "" : t->data, (Py_ssize_t)t->len, "surrogateescape");
}

static PyObject *
list_object(const struct policy_value *v)
{
	PyObject *out = PyList_New(0);

	for (uint32_t i = 0; out != NULL && i < v->count; i++) {
		PyObject *item = pol_py_object(&v->u.items[i]);

		if (item == NULL || PyList_Append(out, item) != 0)
			Py_CLEAR(out);
		Py_XDECREF(item);
	}
	return out;
}

static PyObject *
dict_object(const struct policy_value *v)
{
	PyObject *out = PyDict_New();

	for (uint32_t i = 0; out != NULL && i < v->count; i++) {
		PyObject *name = text_object(&v->u.members[i].name), *item = pol_py_object(&v->u.members[i].value);

		if (name == NULL || item == NULL || PyDict_SetItem(out, name, item) != 0)
			Py_CLEAR(out);
		Py_XDECREF(name);
		Py_XDECREF(item);
	}
	return out;
}

PyObject *
pol_py_object(const struct policy_value *v)
{
	switch (v->type) {
	case POLICY_STRING:
		return text_object(&v->u.text);
	case POLICY_INT:
		return PyLong_FromLongLong(v->u.integer);
	case POLICY_DOUBLE:
		return PyFloat_FromDouble(v->u.real);
	case POLICY_BOOL:
		return PyBool_FromLong(v->u.boolean);
	case POLICY_LIST:
		return list_object(v);
	case POLICY_OBJECT:
		return dict_object(v);
	default:
		Py_RETURN_NONE;
	}
}
