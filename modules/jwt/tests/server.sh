#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/python.sh"
with_python cryptography -- server.py 1
