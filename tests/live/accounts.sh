#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# accounts.sh [ROUNDS]: revocations are seen by every process, on SQLite and on a PostgreSQL
# server of our own, which is then stopped and started under them; each statement that is
# sent to it fails once.
. "$(dirname "$0")/../lib.sh"
. "$top_srcdir/modules/store_postgresql/server.sh"

rounds=${1:-5}
states=1	# in which a statement fails
[ "$rounds" -lt 30 ] || states=3
scratch
trap 'pg_end; rm -rf "$tmp"' EXIT

count() { # NAME COMMAND...: adds what it says at its end
	name=$1
	shift
	"$@" >"$tmp/out" 2>&1
	rc=$?
	sed "s,^,$name: ," "$tmp/out" | grep -vE ' passed, [0-9]+ failed'
	line=$(grep -oE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?' "$tmp/out" | tail -n 1)
	n_passed=$((n_passed + ${line%% passed*} + 0))
	f=${line#*passed, }
	n_failed=$((n_failed + ${f%% failed*} + 0))
	case $line in *skipped) f=${line#*failed, } && n_skipped=$((n_skipped + ${f%% skipped})) ;; esac
	[ "$rc" = 0 ] || [ "${f%% failed*}" != 0 ] || bad "$name ends with $rc"
}

modules=$top_builddir/modules/.libs
live=$top_builddir/tests/live
if [ ! -r "$modules/api_key.so" ]; then
	skip 2 "accounts (api_key was not built)"
	finish
fi
if [ -r "$modules/store_sqlite.so" ]; then
	count sqlite "$live/revoked" "$rounds" 4 1
else
	skip 1 "accounts on SQLite (store_sqlite was not built)"
fi
if [ -r "$modules/store_postgresql.so" ] && pg_begin; then
	trap 'pg_end; rm -rf "$tmp"' EXIT
	for word in up down; do
		printf '#!/bin/sh\n. %s\npg_dir=%s\npg_%s "$@"\n' "$top_srcdir/modules/store_postgresql/server.sh" \
		    "$pg_dir" "$word" >"$pg_dir/$word"
		chmod 755 "$pg_dir/$word"
	done
	count postgresql "$live/revoked" "$rounds" 4 2 "$POLICY_TEST_PG"
	count outage "$live/outage" "$POLICY_TEST_PG&schema=outage" "$pg_dir/up" "$pg_dir/down"
	count statements "$live/statements" "$POLICY_TEST_PG" "$states"
else
	skip 3 "accounts on PostgreSQL (not built, or no server can be started here)"
fi
finish
