#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The server of policyd: heads, bodies, callers, who waits, TLS.
. "$(dirname "$0")/../lib.sh"
. "$top_srcdir/tests/daemon/lib.sh"
if ! command -v python3 >/dev/null 2>&1; then
	skip 1 "the server (no python3)"
	finish
fi
home
python3 "$top_srcdir/tests/daemon/server.py" "$POLICYD" "$top_builddir/modules/.libs" "$tmp"
