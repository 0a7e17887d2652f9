#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every policy and every case of the tree through the fuzz target, with prefixes and
# single-byte changes at every STEPth place (50; a sanitizer's build or a longer
# run may choose its own).
. "$(dirname "$0")/../lib.sh"
: "${STEP:=50}"
if [ ! -x "$top_builddir/tests/fuzz/set" ]; then
	bad "no tests/fuzz/set in $top_builddir"
	finish
fi
files=$(find "$top_srcdir/policies" "$top_srcdir/tests/cases" "$top_srcdir/tests/fuzz" -name '*.yaml' | sort)
# shellcheck disable=SC2086 # names without blanks
exec "$top_builddir/tests/fuzz/set" -s "$STEP" $files
