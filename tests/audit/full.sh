#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A file system without room: what must be recorded is denied, what need not goes on, and
# both recover by themselves. Needs a mount of its own; without one it is skipped.
. "$(dirname "$0")/../lib.sh"
scratch
chmod 755 "$tmp"
host=$top_builddir/tests/audit/audited
small=$tmp/small
mkdir "$small"
mount -t tmpfs -o size=64k,mode=755 tmpfs "$small" 2>/dev/null || { skip 8 "no tmpfs can be mounted"; finish; }
trap 'umount "$small" 2>/dev/null; rm -rf "$tmp"' EXIT

run() { # MORE: answers before, without, and again with room
	rm -rf "$tmp/set" "$small"/*
	mkdir "$tmp/set" && chmod 755 "$tmp/set"
	printf 'policy: 1\naudit: { file: %s/log%s }\nresources: { thing: {} }\nactions: [go]\nroles: { all: { allow: go } }\neveryone: { roles: all }\n' \
	    "$small" "$1" >"$tmp/set/policy.yaml"
	rm -f "$tmp/in" "$tmp/out"
	mkfifo "$tmp/in" "$tmp/out"
	"$host" "$tmp/set" steps <"$tmp/in" >"$tmp/out" 2>"$tmp/said" &
	pid=$!
	exec 3>"$tmp/in" 4<"$tmp/out"
	step() { echo "$1" >&3; read -r answer <&4; answer=${answer##* }; }
	step a
	before=$answer
	dd if=/dev/zero of="$small/ballast" bs=4k 2>/dev/null
	without="" i=0
	while [ $i -lt 40 ]; do
		step "without-$i"
		without="$without $answer"
		i=$((i + 1))
	done
	rm "$small/ballast"
	sleep 1
	i=0
	step z
	while [ "$answer" != allow ] && [ $i -lt 100 ]; do sleep 0.1; step z; i=$((i + 1)); done
	again=$answer
	exec 3>&-
	wait $pid
	exec 4<&-
}

run ", must: 1s"
same "must: before" allow "$before"
same "must: without room the last are denied" "deny deny deny" "$(echo "$without" | awk '{ print $(NF-2), $(NF-1), $NF }')"
same "must: again" allow "$again"
"$POLICYCTL" log --verify --file "$small/log" >/dev/null 2>&1 && ok || bad "$("$POLICYCTL" log --verify --file "$small/log" 2>&1)"
# what was allowed without room is recorded as allowed
wrong=0 i=0
for w in $without; do
	[ "$w" = allow ] && ! "$POLICYCTL" log --file "$small/log" --decision allow --json 2>/dev/null | grep -q "\"resource\":\"without-$i\"" && wrong=$((wrong + 1))
	i=$((i + 1))
done
same "must: allows without their record" 0 $wrong
grep -q 'cannot be written' "$tmp/said" && grep -q 'is written again' "$tmp/said" && ok || bad "neither is said: $(cat "$tmp/said")"

run ""
same "need not: it goes on" 40 "$(echo "$without" | tr ' ' '\n' | grep -c allow)"
"$POLICYCTL" log --verify --file "$small/log" >/dev/null 2>&1 && ok || bad "$("$POLICYCTL" log --verify --file "$small/log" 2>&1)"
finish
