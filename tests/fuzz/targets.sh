#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What clients send, with its prefixes and changes of every byte, through the fuzz target.
. "$(dirname "$0")/../lib.sh"
if [ ! -x "$top_builddir/tests/fuzz/route" ]; then
	bad "no tests/fuzz/route in $top_builddir"
	finish
fi
exec "$top_builddir/tests/fuzz/route" -s 1 "$top_srcdir"/tests/fuzz/targets/*.txt
