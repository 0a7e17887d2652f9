/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a step's answer means for the credential it was asked about. Nothing here knows a
 * module: a control word and an outcome go in, a state comes out.
 */
#ifndef POL_AUTH_CONTROL_H
#define POL_AUTH_CONTROL_H

#include <stdbool.h>

#include "auth/stack.h"

/* What becomes of it. Zero is the worst. */
enum pol_control_does {
	POL_DOES_BAD_STOP = 0,
	POL_DOES_BAD,			/* and go on: later steps change nothing but the time it takes */
	POL_DOES_SKIP,
	POL_DOES_OK,
	POL_DOES_OK_STOP		/* stop, if nothing was bad */
};

/* Zeroed before the first step. */
struct pol_control_state {
	bool ok, bad, stop;
};

/* One row of the table. A control word that is none is `binding`; an outcome that is none
 * is ERROR. */
enum pol_control_does pol_control_step(struct pol_control_state *st, enum pol_control control, int outcome);
bool pol_control_passes(const struct pol_control_state *st);

#endif
