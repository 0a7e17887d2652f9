/* SPDX-License-Identifier: Apache-2.0 */
/* Which texts are tokens of a store, told by themselves. */
#ifndef POL_API_KEY_SHAPE_H
#define POL_API_KEY_SHAPE_H

#include <policy.h>

enum pol_shape {
	POL_SHAPE_OTHER = 0,
	POL_SHAPE_OURS,			/* pol_, 43 letters of base 62, and 6 that are its checksum */
	POL_SHAPE_BROKEN,		/* ours, but for the checksum */
	POL_SHAPE_IMPORTED		/* another system's: sk- and 13 letters, xf- and 48 */
};

/* By prefix and length alone. */
enum pol_shape pol_shape_hint(struct policy_text t);
/* Its time depends on the text's shape alone. */
enum pol_shape pol_shape_of(struct policy_text t);

#endif
