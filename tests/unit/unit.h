/* SPDX-License-Identifier: Apache-2.0 */
/* What a file of tests/unit includes. It defines one array
 * `CU_TestInfo suite_<name>[]` ending in CU_TEST_INFO_NULL, and has a row in
 * suites.h. */
#ifndef POL_TESTS_UNIT_H
#define POL_TESTS_UNIT_H

#include <CUnit/CUnit.h>

#define SUITE(name) extern CU_TestInfo suite_##name[];
#include "unit/suites.h"
#undef SUITE

#endif
