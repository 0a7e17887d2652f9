#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/../../../tests/lib.sh"
exec python3 "$(dirname "$0")/vectors.py"
