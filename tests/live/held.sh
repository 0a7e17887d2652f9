#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A real OpenBao that is asked, stopped, sealed, slow: through the whole library.
. "$(dirname "$0")/../lib.sh"
if [ "$POL_SANITIZER" = thread ] || ! command -v python3 >/dev/null 2>&1 || ! command -v openssl >/dev/null 2>&1; then
	skip 1 "held (two threads beside libcurl's, which no sanitizer of threads knows; or no python3, or no openssl)"
	finish
fi
exec python3 "$top_srcdir/tests/live/held.py" "$top_builddir" "$@"
