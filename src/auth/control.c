/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole dispatch is this table: a word's meaning is its row. An outcome that no
 * column is for could not tell, whatever number a module made of it, so it reads as the
 * first column.
 */
#include "auth/control.h"

enum { ERROR, PASS, FAIL, IGNORE, COLUMNS };

#define BAD_STOP POL_DOES_BAD_STOP
#define BAD POL_DOES_BAD
#define SKIP POL_DOES_SKIP
#define OK POL_DOES_OK
#define OK_STOP POL_DOES_OK_STOP

/* rows: same order as enum pol_control; columns: same order as enum policy_check_result */
static const enum pol_control_does table[POL_CONTROL__COUNT][COLUMNS] = {
	/*		       ERROR	 PASS	  FAIL	    IGNORE */
	[POL_BINDING] =	     { BAD_STOP, OK_STOP, BAD_STOP, SKIP },
	[POL_REQUIRED] =     { BAD,	 OK,	  BAD,	    SKIP },
	[POL_REQUISITE] =    { BAD_STOP, OK,	  BAD_STOP, SKIP },
	[POL_SUFFICIENT] =   { SKIP,	 OK_STOP, SKIP,	    SKIP },
	[POL_OPTIONAL] =     { SKIP,	 SKIP,	  SKIP,	    SKIP },
};

_Static_assert(POLICY_CHECK_ERROR == 0 && POLICY_CHECK_PASS == 1 && POLICY_CHECK_FAIL == 2 &&
    POLICY_CHECK_IGNORE == 3, "columns are numbered as outcomes are");

enum pol_control_does
pol_control_step(struct pol_control_state *st, enum pol_control control, int outcome)
{
	enum pol_control_does does;

	if ((unsigned)control >= POL_CONTROL__COUNT)
		control = POL_BINDING;
	if ((unsigned)outcome >= COLUMNS)
		outcome = ERROR;
	does = table[control][outcome];
	if (does == BAD_STOP || does == BAD)
		st->bad = true;
	if (does == OK || does == OK_STOP)
		st->ok = true;
	if (does == BAD_STOP || (does == OK_STOP && !st->bad))
		st->stop = true;
	return does;
}

bool
pol_control_passes(const struct pol_control_state *st)
{
	return st->ok && !st->bad;
}
