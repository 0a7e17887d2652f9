/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrong passwords in a row make the next one wait: a second behind the sixth, twice as long
 * behind each further one, a minute at most. What is tried meanwhile is not judged, and
 * makes the wait no longer: it ends by itself, whatever others do.
 */
#ifndef POL_PEOPLE_WRONG_H
#define POL_PEOPLE_WRONG_H

#include <stdint.h>

#define POL_WRONG_FREE 5u
#define POL_WRONG_MOST INT64_C(60000000000)

/* Unix ns: none is judged before; 0: no wait. number: how many in a row, the last at `now`. */
static inline int64_t
pol_wrong_until(uint32_t number, int64_t now)
{
	const uint32_t over = number > POL_WRONG_FREE ? number - POL_WRONG_FREE - 1 : 0;
	const int64_t wait = over < 6 ? (INT64_C(1000000000) << over) : POL_WRONG_MOST;

	return number > POL_WRONG_FREE ? now + wait : 0;
}

#endif
