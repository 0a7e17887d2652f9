/* SPDX-License-Identifier: Apache-2.0 */
/* A fuzz target as libFuzzer has them; replay.c runs one without libFuzzer. */
#ifndef POL_TESTS_FUZZ_TARGET_H
#define POL_TESTS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
