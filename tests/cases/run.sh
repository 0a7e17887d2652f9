#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the case folders: good/NAME (the dump is as written, and the set's own
# tests pass), bad/NAME (the error is as written, and the exit status says
# invalid). With ACCEPT=1 in the environment the expected files are written anew:
# read every one of them before it is kept.
. "$(dirname "$0")/../lib.sh"
cd "$top_srcdir/tests/cases" || exit 1
scratch

[ -x "$POLICYCTL" ] || { bad "no policyctl at $POLICYCTL"; finish; }

compare() { # NAME EXPECTED GOT
	if [ -n "${ACCEPT:-}" ]; then
		cp "$3" "$2"
		skip 1 "$1: written, not compared"
	elif [ ! -f "$2" ]; then
		bad "$1: no $2"
		sed 's/^/    /' "$3"
	else
		check "$1" "$(diff "$2" "$3")"
	fi
}

# Each set is asked about in a folder of its own, as `.`, so that messages name
# files by their bare names wherever the tree stands.
enter() { # FOLDER
	rm -rf "$tmp/set"
	mkdir "$tmp/set" && cp "$1"/*.yaml "$tmp/set" && chmod 755 "$tmp/set" && chmod 644 "$tmp/set"/*
}
in_set() { # VERB: into $tmp/out and $tmp/err
	(cd "$tmp/set" && exec "$POLICYCTL" "$1" .) >"$tmp/out" 2>"$tmp/raw"
	rc=$?
	sed 's,\./,,g' "$tmp/raw" >"$tmp/err"
}

for d in good/*/; do
	d=${d%/}
	[ -d "$d" ] || continue
	enter "$d"
	in_set dump
	if [ "$rc" != 0 ]; then
		bad "$d: dump says $rc: $(head -n 3 "$tmp/err")"
		continue
	fi
	compare "$d: dump" "$d/dump" "$tmp/out"
	if grep -q '^tests:' "$d"/*.yaml; then
		in_set test
		same "$d: exit status of test" 0 "$rc"
		[ "$rc" = 0 ] || sed 's/^/    /' "$tmp/out" "$tmp/err"
	fi
done

for d in bad/*/; do
	d=${d%/}
	[ -d "$d" ] || continue
	enter "$d"
	in_set check
	same "$d: exit status of check" 1 "$rc"
	grep -v ': warning: ' "$tmp/err" >"$tmp/error"
	compare "$d: error" "$d/error" "$tmp/error"
	in_set dump
	same "$d: exit status of dump" 65 "$rc"
done
finish
