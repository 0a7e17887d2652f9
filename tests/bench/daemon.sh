#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# policyd beside Cerbos, asked by wrk: daemon.sh [REPEATS [SECONDS]]. Not a part of `make
# check`: a time never fails, an answer that is missing does.
. "$(dirname "$0")/../lib.sh"
. "$top_srcdir/tests/daemon/lib.sh"
for program in python3 wrk taskset; do
	command -v "$program" >/dev/null 2>&1 || { skip 7 "policyd beside Cerbos (no $program)"; finish; }
done
home
python3 -B "$top_srcdir/tests/bench/daemon.py" "$POLICYD" "$top_builddir/modules/.libs" "$top_builddir/tools" "$tmp" "$@"
