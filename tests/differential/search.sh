#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Searches beside the reference's: some random sets, and those of the AuthZEN vectors. What
# is foreign stands beside the checkout, or is skipped.
. "$(dirname "$0")/../lib.sh"
shared=${POLICY_SHARED:-$top_srcdir/../shared}
scratch
if ! python3 -c 'import yaml' 2>/dev/null || [ ! -r "$shared/reference/policyref.py" ]; then
	skip 1 "searches of random sets (no reference beside the tree, or no python3 with yaml)"
	finish
fi
set -- --driver "$top_builddir/tests/differential/search" --reference "$shared/reference" --sets "${POLICY_SEARCH_SETS:-40}"
[ ! -r "$shared/vectors/authzen-interop.json" ] || set -- "$@" --vectors "$shared/vectors/authzen-interop.json"
python3 "$top_srcdir/tests/differential/search.py" "$@" >"$tmp/out" 2>&1
rc=$?
sed '$d' "$tmp/out"
line=$(grep -oE '^[0-9]+ passed, [0-9]+ failed' "$tmp/out" | tail -n 1)
if [ -z "$line" ]; then
	bad "search.py: exit status $rc"
	tail -n 20 "$tmp/out"
else
	f=${line#*passed, }
	n_passed=$((n_passed + ${line%% passed*})) n_failed=$((n_failed + ${f%% failed*}))
fi
finish
