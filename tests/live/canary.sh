#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No credential is left behind, in memory or in a log.
. "$(dirname "$0")/../lib.sh"
if [ "$POL_SANITIZER" != none ] || ! command -v python3 >/dev/null 2>&1 || ! command -v openssl >/dev/null 2>&1; then
	skip 1 "canary (a sanitizer keeps what was freed; or no python3, or no openssl)"
	finish
fi
exec python3 "$top_srcdir/tests/live/canary.py" "$top_builddir"
