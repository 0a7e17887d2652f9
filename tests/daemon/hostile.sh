#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Requests that are no HTTP, or are two in one; every spelling of every route, by who may not.
# The vectors are beside the checkout, or are skipped with a count.
. "$(dirname "$0")/../lib.sh"
. "$top_srcdir/tests/daemon/lib.sh"
if ! command -v python3 >/dev/null 2>&1; then
	skip 1 "hostile requests (no python3)"
	finish
fi
home
python3 -B "$top_srcdir/tests/daemon/hostile.py" "$POLICYD" "$top_builddir/modules/.libs" "$tmp" \
    "$top_builddir/tests/daemon/routes" "${POLICY_SHARED:-$top_srcdir/../shared}"
