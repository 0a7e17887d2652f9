#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The routes of policies/ take requests for what they are, and let nobody in who may not.
. "$(dirname "$0")/../lib.sh"

for python in python3 /usr/bin/python3; do
	if "$python" -c 'import yaml' 2>/dev/null; then
		exec "$python" -B "$top_srcdir/tests/policies/routes.py" --asked "$top_builddir/tests/policies/asked"
	fi
done
skip 1 "routes of policies (no python3 with yaml)"
finish
