#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/python.sh"
with_python jwt cryptography -- tokens.py 1
