#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The routes of policies/ take requests for what they are, and let nobody in who may not.
. "$(dirname "$0")/../lib.sh"

command -v python3 >/dev/null && python3 -c 'import yaml' 2>/dev/null || { skip 1 "no python3 with yaml"; finish; }
exec python3 "$top_srcdir/tests/policies/routes.py" --asked "$top_builddir/tests/policies/asked"
