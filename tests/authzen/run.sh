#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# AuthZEN requests answered by policyctl, ours and foreign ones; then the tests of
# the reference sets. What is foreign stands beside the checkout, or is skipped.
. "$(dirname "$0")/../lib.sh"
shared=${POLICY_SHARED:-$top_srcdir/../shared}
here=$top_srcdir/tests/authzen
scratch
[ -x "$POLICYCTL" ] || { bad "no policyctl at $POLICYCTL"; finish; }

# add FILE: what its last count says; 1 if there is none
add() {
	line=$(grep -oE '[0-9]+ passed, [0-9]+ failed' "$1" | tail -n 1)
	[ -n "$line" ] || return 1
	f=${line#*passed, }
	n_passed=$((n_passed + ${line%% passed*})) n_failed=$((n_failed + ${f%% failed*}))
}

for f in cert todo search; do
	"$POLICYCTL" check "$here/$f.yaml" >"$tmp/out" 2>&1
	same "$f.yaml: exit status of check" 0 $?
done

vectors=$shared/vectors/authzen-interop.json
if ! python3 -c '' 2>/dev/null; then
	skip 1 "AuthZEN requests (no python3)"
else
	[ -r "$vectors" ] || skip 1 "AuthZEN vectors (none beside the tree)"
	set -- --policyctl "$POLICYCTL" --tmp "$tmp"
	[ ! -r "$vectors" ] || set -- "$@" --vectors "$vectors"
	python3 "$here/run.py" "$@" >"$tmp/out" 2>&1
	rc=$?
	sed '$d' "$tmp/out"
	before=$n_failed
	if ! add "$tmp/out" || { [ "$rc" != 0 ] && [ "$n_failed" = "$before" ]; }; then
		bad "run.py: exit status $rc"
		tail -n 20 "$tmp/out"
	fi
fi

sets=0 passed=$n_passed
for f in "$shared"/reference/policy.d/*.yaml; do
	[ -r "$f" ] || continue
	sets=$((sets + 1))
	"$POLICYCTL" test "$f" >"$tmp/out" 2>&1
	rc=$?
	before=$n_failed
	if ! add "$tmp/out" || [ "$line" = "0 passed, 0 failed" ] || { [ "$rc" != 0 ] && [ "$n_failed" = "$before" ]; }; then
		bad "$(basename "$f"): exit status $rc, said ${line:-no count}"
		rc=1
	fi
	[ "$rc" = 0 ] || tail -n 20 "$tmp/out"
done
if [ "$sets" = 0 ]; then
	skip 1 "reference sets (none beside the tree)"
else
	echo "reference sets: $sets, $((n_passed - passed)) checks pass"
fi
finish
