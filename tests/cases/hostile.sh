#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# hostile.sh [DIR]: every file of DIR (or of tests/cases/hostile) is refused by
# `policyctl check` with exit status 1 and a place, within five seconds of processor
# time and 128 MB of address space. None may crash,
# hang or load.
. "$(dirname "$0")/../lib.sh"
dir=${1:-$top_srcdir/tests/cases/hostile}
scratch
[ -x "$POLICYCTL" ] || { bad "no policyctl at $POLICYCTL"; finish; }
n=0
for f in "$dir"/*.yaml; do
	[ -e "$f" ] || continue
	n=$((n + 1))
	(
		[ "$POL_SANITIZER" != none ] || ulimit -v 131072	# address space, in KiB
		ulimit -t 5
		exec timeout 20 "$POLICYCTL" check "$f"
	) >"$tmp/out" 2>&1
	rc=$?
	if [ "$rc" != 1 ]; then
		bad "$(basename "$f"): exit status $rc, wanted 1"
		head -n 3 "$tmp/out" | cut -c 1-300 | sed 's/^/    /'
	elif ! grep -qE '(:[0-9]+:[0-9]+|\.yaml): error: ' "$tmp/out"; then
		bad "$(basename "$f"): refused without saying where"
		head -n 3 "$tmp/out" | cut -c 1-300 | sed 's/^/    /'
	elif [ "$(wc -c <"$tmp/out")" -gt 4096 ]; then
		bad "$(basename "$f"): the message is longer than 4096 bytes"
	else
		ok
	fi
done
[ "$n" -gt 0 ] || bad "no files in $dir"
finish
