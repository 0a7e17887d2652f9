#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# AuthZEN 1.0 as policyd serves it: every MUST, foreign vectors, random sets, real clients.
# What is foreign is beside the checkout or in build/tools, or is skipped with a count.
. "$(dirname "$0")/../lib.sh"
scratch
policyd=$top_builddir/.libs/policyd
if [ ! -x "$policyd" ]; then
	skip 1 "policyd (not built)"
	finish
fi
if ! python3 -c '' 2>/dev/null; then
	skip 1 "AuthZEN over HTTP (no python3)"
	finish
fi
PYTHONDONTWRITEBYTECODE=1 python3 "$top_srcdir/tests/daemon/authzen.py" --policyd "$policyd" --policyctl "$POLICYCTL" \
    --modules "$top_builddir/modules/.libs" --tools "$top_builddir/tools" --shared "${POLICY_SHARED:-$top_srcdir/../shared}" \
    --tmp "$tmp" "$@" >"$tmp/out" 2>&1
rc=$?
cat "$tmp/out"
# its last line is the count; without one it died
tail -n 1 "$tmp/out" | grep -qE '^[0-9]+ passed, [0-9]+ failed' || {
	bad "authzen.py: exit status $rc"
	finish
}
exit "$rc"
