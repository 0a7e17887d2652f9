#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stands for the unit tests in a tree that was configured without CUnit.
. "$(dirname "$0")/../lib.sh"
skip 1 "every unit test (no CUnit when configured)"
finish
