/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine logs, for logging.getLogger("libpolicy"). It logs from threads of its own,
 * with locks of its own held, so nobody waits for Python's lock here: a line is kept in a
 * ring, and the main thread is asked to tell it when it next runs. Python is asked without
 * our lock held: where its list of calls is busy, it may let go of its lock and want it back.
 */
#include <pthread.h>
#include <sched.h>
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
static unsigned asking;			/* threads that are about to call Python */
static bool ended;			/* Python ends: nobody may call it any more */
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

static int tell(void *unused);

/* `asking` was counted up. */
static void
ask(void)
{
	const bool done = Py_AddPendingCall(tell, NULL) == 0;

	pthread_mutex_lock(&lock);
	asking--;
	if (!done)
		asked = false;
	pthread_mutex_unlock(&lock);
}

/* What is left after this is told another time. */
static void
ask_again(void)
{
	bool more;

	pthread_mutex_lock(&lock);
	more = !ended;
	if (more)
		asking++;
	pthread_mutex_unlock(&lock);
	if (more)
		ask();
}

static int
tell(void *unused)
{
	char text[LINE];
	int level;

	(void)unused;
	for (unsigned n = 0; n <= LINES; n++) {
		PyObject *done;

		if (!take(&level, text))
			return 0;
		done = PyObject_CallFunction(tell_fn, "is", level, text);
		if (done == NULL && !PyErr_ExceptionMatches(PyExc_Exception)) {
			/* Control-C, or an exit: it is for the program, and not for us to eat */
			ask_again();
			return -1;
		}
		/* a logger that fails is no reason to stop the program */
		if (done == NULL)
			PyErr_WriteUnraisable(tell_fn);
		Py_XDECREF(done);
	}
	/* lines come faster than they are told: the program has its turn */
	ask_again();
	return 0;
}

void
pol_py_log(void *ctx, enum policy_log_level level, const char *text)
{
	bool first_one;

	(void)ctx;
	pthread_mutex_lock(&lock);
	if (count == LINES)
		lost++;
	else {
		const unsigned at = (first + count++) % LINES;

		ring[at].level = level;
		snprintf(ring[at].text, LINE, "%s", text);
	}
	first_one = !asked && !ended;
	asked = asked || first_one;
	if (first_one)
		asking++;
	pthread_mutex_unlock(&lock);
	if (first_one)
		ask();
}

/* ---- fork: a thread that logs just then is not there to unlock it for the child ---- */

static void
before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void
in_parent(void)
{
	pthread_mutex_unlock(&lock);
}

/* The lines are the parent's, who tells them. */
static void
in_child(void)
{
	first = count = lost = asking = 0;
	asked = false;
	pthread_mutex_unlock(&lock);
}

/* ---- begin and end ---- */

static PyObject *
set_teller(PyObject *module, PyObject *fn)
{
	PyObject *old = tell_fn;

	(void)module;
	Py_INCREF(fn);
	tell_fn = fn;
	Py_XDECREF(old);
	Py_RETURN_NONE;
}

/* At Python's exit: tells what there is. The engine's threads may outlive Python, and log. */
static PyObject *
end(PyObject *module, PyObject *unused)
{
	unsigned left;

	(void)module;
	(void)unused;
	do {
		pthread_mutex_lock(&lock);
		ended = true;
		left = asking;
		pthread_mutex_unlock(&lock);
		if (left != 0) {
			Py_BEGIN_ALLOW_THREADS
			sched_yield();
			Py_END_ALLOW_THREADS
		}
	} while (left != 0);
	if (tell(NULL) != 0)
		return NULL;
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
	{ "_set_teller", set_teller, METH_O, NULL },
	{ "_end", end, METH_NOARGS, NULL },
	{ NULL, NULL, 0, NULL }
};

bool
pol_py_log_init(PyObject *module)
{
	static bool watched;

	if (ended) {
		PyErr_SetString(PyExc_ImportError, "libpolicy is not there once more in a Python that began anew");
		return false;
	}
	if (!watched && pthread_atfork(before_fork, in_parent, in_child) != 0) {
		PyErr_NoMemory();
		return false;
	}
	watched = true;
	return PyModule_AddFunctions(module, methods) == 0;
}
