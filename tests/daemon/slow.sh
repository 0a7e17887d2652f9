#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# policyd beside a thousand slow clients, beside a module that waits, and on large bodies that
# are no JSON. slow.sh ROUNDS: how often others are measured with and without; what that says
# is printed, not judged.
. "$(dirname "$0")/../lib.sh"
. "$top_srcdir/tests/daemon/lib.sh"
if ! command -v python3 >/dev/null 2>&1; then
	skip 1 "slow clients (no python3)"
	finish
fi
home
python3 -B "$top_srcdir/tests/daemon/slow.py" "$POLICYD" "$top_builddir/modules/.libs" "$tmp" "${1:-1}"
