/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine logs, for logging.getLogger("libpolicy"). It logs from threads of its own,
 * with locks of its own held, so nobody waits for Python's lock here: a line is kept in a
 * ring, and the main thread is asked to tell it when it next runs.
 */
#include <pthread.h>
#include <stdio.h>

#include "native.h"

enum { LINES = 64, LINE = 512 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	enum policy_log_level level;
	char text[LINE];
} ring[LINES];
static unsigned first, count, lost;
static bool asked;
static PyObject *tell_fn;		/* libpolicy._tell(level, text) */

static bool
take(int *level, char *text)
{
	bool any;

	pthread_mutex_lock(&lock);
	any = count > 0;
	if (any) {
		*level = (int)ring[first].level;
		memcpy(text, ring[first].text, LINE);
		first = (first + 1) % LINES;
		count--;
	} else if (lost > 0) {
		*level = POLICY_LOG_WARNING;
		snprintf(text, LINE, "%u messages were lost: nobody took them", lost);
		lost = 0;
		any = true;
	} else
		asked = false;
	pthread_mutex_unlock(&lock);
	return any;
}

static int
tell(void *unused)
{
	char text[LINE];
	int level;

	(void)unused;
	while (take(&level, text)) {
		PyObject *done = PyObject_CallFunction(tell_fn, "is", level, text);

		/* a logger that fails is no reason to stop the program */
		if (done == NULL)
			PyErr_WriteUnraisable(tell_fn);
		Py_XDECREF(done);
	}
	return 0;
}

void
pol_py_log(void *ctx, enum policy_log_level level, const char *text)
{
	bool ask;

	(void)ctx;
	pthread_mutex_lock(&lock);
	if (count == LINES)
		lost++;
	else {
		const unsigned at = (first + count++) % LINES;

		ring[at].level = level;
		snprintf(ring[at].text, LINE, "%s", text);
	}
	ask = !asked;
	asked = true;
	pthread_mutex_unlock(&lock);
	if (ask && Py_AddPendingCall(tell, NULL) != 0) {
		pthread_mutex_lock(&lock);
		asked = false;
		pthread_mutex_unlock(&lock);
	}
}

static PyObject *
set_teller(PyObject *module, PyObject *fn)
{
	(void)module;
	Py_INCREF(fn);
	Py_XDECREF(tell_fn);
	tell_fn = fn;
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
	{ "_set_teller", set_teller, METH_O, NULL },
	{ NULL, NULL, 0, NULL }
};

bool
pol_py_log_init(PyObject *module)
{
	return PyModule_AddFunctions(module, methods) == 0;
}
