/* SPDX-License-Identifier: Apache-2.0 */
/* The handle, for those that make calls with it. */
#ifndef POL_PYTHON_HANDLE_H
#define POL_PYTHON_HANDLE_H

#include "native.h"

struct pol_py_policy {
	PyObject_HEAD
	struct policy *p;		/* NULL: closed */
	unsigned busy;			/* calls under way without Python's lock */
	bool closing;			/* by who leaves last */
};

/* NULL: it is closed, and an exception is set. Asked for when a call begins, and once more
 * when its arguments are read: their __bool__ or __next__ is code of anybody's, who may close. */
struct pol_py_policy *pol_py_policy_enter(PyObject *o);
/* After a call for which `busy` was counted up. */
void pol_py_policy_leave(struct pol_py_policy *self);

PyObject *pol_py_decide(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *names);
PyObject *pol_py_decide_many(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *names);
PyObject *pol_py_authenticate(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *names);
PyObject *pol_py_decide_http(PyObject *o, PyObject *const *args, Py_ssize_t n, PyObject *names);

#endif
