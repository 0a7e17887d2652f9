#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The seeds through the fuzz target, with every prefix and changes of each byte.
: "${top_srcdir:=$(cd "$(dirname "$0")/../../.." && pwd)}"
. "$top_srcdir/tests/lib.sh"
if [ ! -x "$top_builddir/modules/jwt/tests/fuzz" ]; then
	bad "no modules/jwt/tests/fuzz in $top_builddir"
	finish
fi
exec "$top_builddir/modules/jwt/tests/fuzz" -s "${STEP:-3}" "$top_srcdir"/modules/jwt/tests/corpus/*.*
