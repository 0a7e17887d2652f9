#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A set is a union: one policy cut into five files says the same as the single
# file, byte for byte in the dump, whichever file is read first.
. "$(dirname "$0")/../lib.sh"
scratch
[ -x "$POLICYCTL" ] || { bad "no policyctl at $POLICYCTL"; finish; }
if ! python3 -c '' 2>/dev/null; then
	skip 130 "a policy in five files (no python3)"
	finish
fi
whole=$top_srcdir/policies/integrate-ai.yaml
mkdir "$tmp/part" "$tmp/set" && umask 022
if ! python3 "$top_srcdir/tests/cases/split.py" "$whole" "$tmp/part" >"$tmp/orders" 2>"$tmp/err"; then
	check "$whole is cut into five" "$(cat "$tmp/err")"
	finish
fi
"$POLICYCTL" dump "$whole" >"$tmp/dump"
[ -s "$tmp/dump" ] || bad "$whole: no dump"
tests=$("$POLICYCTL" test "$whole" | tail -n 1)

# named NAME...: part 1 has the first name, and so on; `-` leaves a part out
named() {
	rm -f "$tmp/set"/*
	part=0
	for name; do
		part=$((part + 1))
		[ "$name" = - ] || ln "$tmp/part/$part" "$tmp/set/$name"
	done
}

orders=0
while read -r a b c d e; do
	orders=$((orders + 1))
	named "$a" "$b" "$c" "$d" "$e"
	if ! "$POLICYCTL" dump "$tmp/set" >"$tmp/out" 2>"$tmp/err"; then
		check "parts named $a $b $c $d $e load" "$(cat "$tmp/err")"
	else
		check "parts named $a $b $c $d $e" "$(diff "$tmp/dump" "$tmp/out")"
	fi
	if [ $((orders % 24)) = 0 ]; then
		same "tests of parts named $a $b $c $d $e" "$tests" "$("$POLICYCTL" test "$tmp/set" | tail -n 1)"
	fi
done <"$tmp/orders"
[ "$orders" = 120 ] || bad "$orders orders of five names"
echo "$orders orders of five files; the set's own tests: $tests"

# Each part is needed: without it the set is refused, or says something else.
for order in '- 2 3 4 5' '1 - 3 4 5' '1 2 - 4 5' '1 2 3 - 5' '1 2 3 4 -'; do
	# shellcheck disable=SC2086
	set -- $order
	for name; do
		shift
		[ "$name" = - ] || name=$name.yaml
		set -- "$@" "$name"
	done
	named "$@"
	if "$POLICYCTL" dump "$tmp/set" 2>/dev/null | cmp -s - "$tmp/dump"; then bad "parts $order: the same dump"; else ok; fi
done
finish
