/* SPDX-License-Identifier: Apache-2.0 */
/* libpolicy for Python: what the files of the extension share. Python's limited API, 3.10. */
#ifndef POL_PYTHON_NATIVE_H
#define POL_PYTHON_NATIVE_H

#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030A0000
#endif
#include <Python.h>

#include <policy.h>

#include <stdbool.h>

/* ---- decision.c, identity.c: what is answered ---- */

struct pol_py_decision {
	PyObject_HEAD
	int error;			/* a negative policy_err; 0: a decision was reached */
	PyObject *route;		/* what decide_http() took it for; NULL: nothing */
	struct policy_decision d;
};

extern PyType_Spec pol_py_decision_spec, pol_py_identity_spec, pol_py_policy_spec;

/* A new one, a deny until it is filled. */
struct pol_py_decision *pol_py_decision_new(PyTypeObject *type);
/* What a value of the engine is in Python. */
PyObject *pol_py_object(const struct policy_value *v);
PyObject *pol_py_identity_new(PyTypeObject *type, const struct policy_identity *id, int error);

/* ---- value.c: attributes ---- */

struct pol_py_block;

/*
 * Memory of one call, and the objects whose bytes it borrows: another thread may empty a
 * list or dict of the arguments while the engine waits without Python's lock.
 */
struct pol_py_bag {
	struct pol_py_block *blocks;
	size_t used;
	PyObject **kept;
	size_t kept_count, kept_room;
	unsigned values;		/* of one bag of attributes, so far */
	PyObject *first_kept[32];
	_Alignas(16) char first[2048];
};

void pol_py_bag_init(struct pol_py_bag *b);
void *pol_py_bag_alloc(struct pol_py_bag *b, size_t n);
void pol_py_bag_fini(struct pol_py_bag *b);
/* str as UTF-8, or bytes, held until the bag ends; false: an exception is set. */
bool pol_py_text(struct pol_py_bag *b, struct policy_text *out, PyObject *o, const char *what);
bool pol_py_attrs(struct pol_py_bag *b, struct policy_attrs *out, PyObject *dict, const char *what);

/* ---- request.c: arguments to a request ---- */

struct pol_py_request {
	struct policy_request req;
	struct policy_token token;
	struct policy_credential credentials[POLICY_CREDENTIALS_MAX];
	struct pol_py_bag bag;
	bool nonblock;
	double timeout;			/* seconds; 0: none */
};

void pol_py_request_init(struct pol_py_request *r);
void pol_py_request_fini(struct pol_py_request *r);
/* One argument by its name; false: an exception is set. */
bool pol_py_request_set(struct pol_py_request *r, PyObject *name, PyObject *value);
bool pol_py_request_subject(struct pol_py_request *r, PyObject *who);
/* Into `req`, one of several that r is the pattern of, or its own. */
bool pol_py_request_action(struct pol_py_request *r, struct policy_request *req, PyObject *action);
bool pol_py_request_resource(struct pol_py_request *r, struct policy_request *req, PyObject *resource);
/* What was collected, and the deadline counted from now. */
const struct policy_request *pol_py_request_get(struct pol_py_request *r);

/* ---- log.c ---- */

/* From any thread, with no lock of Python's held: told to logging.getLogger("libpolicy")
 * by the main thread, when it next runs. */
void pol_py_log(void *ctx, enum policy_log_level level, const char *text);
bool pol_py_log_init(PyObject *module);

/* ---- module.c ---- */

struct pol_py_types {
	PyTypeObject *policy, *decision, *identity;
	PyObject *error, *would_block;
};
/* Of the main interpreter, the only one that may import us. */
extern struct pol_py_types pol_py_types;
/* Raises PolicyError with what err says. */
void pol_py_raise(const struct policy_error *err);
void pol_py_raise_code(int code);
/* __reduce__ of what is answered. */
PyObject *pol_py_no_copy(PyObject *o, PyObject *unused);

#endif
