#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One host, whose credentials change under it.
. "$(dirname "$0")/../lib.sh"
if [ "$POL_SANITIZER" != none ] || ! command -v python3 >/dev/null 2>&1 || ! command -v openssl >/dev/null 2>&1; then
	skip 1 "swap (a sanitizer keeps what was freed; or no python3, or no openssl)"
	finish
fi
exec python3 "$top_srcdir/tests/live/swap.py" "$top_builddir"
