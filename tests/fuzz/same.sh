#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every YAML of the tree, and of the material beside it where that is, read by the
# fast reader and by libyaml; then TEXTS (20000) texts made of them, by SEED.
. "$(dirname "$0")/../lib.sh"
: "${TEXTS:=20000}" "${SEED:=1}"
shared=${POLICY_SHARED:-$top_srcdir/../shared}
if [ ! -x "$top_builddir/tests/fuzz/mutate" ]; then
	bad "no tests/fuzz/mutate in $top_builddir"
	finish
fi
files=$(find "$top_srcdir/policies" "$top_srcdir/tests" -name '*.yaml' | sort)
more=
[ ! -d "$shared" ] || more=$(find "$shared/" -name '*.yaml' | sort)
# shellcheck disable=SC2086 # names without blanks
out=$("$top_builddir/tests/fuzz/mutate" -s "$SEED" -n "$TEXTS" $files $more)
rc=$?
if [ -n "$more" ]; then
	printf '%s\n' "$out"
else
	echo "skipped: files beside the tree (not there)"
	printf '%s, 1 skipped\n' "$out"
fi
exit "$rc"
