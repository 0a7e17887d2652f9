#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every policy of policies/ is valid, and every line of its own tests passes. Each
# file is a set of its own.
. "$(dirname "$0")/../lib.sh"
cd "$top_srcdir" || exit 1
scratch
for f in policies/*.yaml; do
	"$POLICYCTL" check "$f" >"$tmp/out" 2>&1
	same "$f: exit status of check" 0 "$?"
	"$POLICYCTL" test "$f" >"$tmp/out" 2>&1
	rc=$?
	if [ "$rc" != 0 ]; then
		bad "$f: test says $rc"
		sed 's/^/    /' "$tmp/out"
		continue
	fi
	# Its tests are counted here too, line by line.
	line=$(grep -oE '[0-9]+ passed, [0-9]+ failed' "$tmp/out" | tail -n 1)
	n=${line%% passed*}
	if [ "${n:-0}" -gt 0 ]; then n_passed=$((n_passed + n)); else bad "$f: no test ran"; fi
done
finish
