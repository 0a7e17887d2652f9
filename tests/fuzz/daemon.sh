#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What policyd reads from clients, through its fuzz targets: each line of tape.txt and head.txt
# is a text (\r, \n and bytes as printf has them), and its prefixes and changes.
. "$(dirname "$0")/../lib.sh"
scratch
for t in tape head; do
	if [ ! -x "$top_builddir/tests/fuzz/$t" ]; then
		skip 1 "tests/fuzz/$t (policyd was not built)"
		continue
	fi
	n=0
	while IFS= read -r line; do
		n=$((n + 1))
		printf '%b' "$line" >"$tmp/$t.$n"
	done <"$top_srcdir/tests/fuzz/$t.txt"
	if "$top_builddir/tests/fuzz/$t" -s "${STEP:-3}" "$tmp/$t".* >"$tmp/out" 2>&1; then ok; else bad "$t: $(tail -n 3 "$tmp/out")"; fi
	sed -n "s/^[0-9]* files/$t: &/p" "$tmp/out"
done
finish
