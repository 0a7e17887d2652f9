#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The suite of stores, and what a server does to a store, against a server of our own.
. "$(dirname "$0")/../../tests/lib.sh"
. "$(dirname "$0")/server.sh"

here=$top_builddir/modules/store_postgresql
[ -x "$here/test_suite" ] || { skip 1 "store_postgresql (not built)"; finish; }
pg_begin || { skip 1 "store_postgresql (no PostgreSQL server can be started here)"; finish; }

# What test_down calls to start and stop the server.
for word in up down; do
	printf '#!/bin/sh\n. %s\npg_dir=%s\npg_%s "$@"\n' "$(cd "$(dirname "$0")" && pwd)/server.sh" \
	    "$pg_dir" "$word" >"$pg_dir/$word"
	chmod 755 "$pg_dir/$word"
done
for p in test_suite test_reader test_down; do
	"$here/$p" "$pg_dir/up" "$pg_dir/down" >"$pg_dir/out" 2>&1
	rc=$?
	cat "$pg_dir/out"
	line=$(grep -oE '^[0-9]+ passed, [0-9]+ failed' "$pg_dir/out" | tail -n 1)
	n_passed=$((n_passed + ${line%% passed*} + 0))
	f=${line#*passed, }
	n_failed=$((n_failed + ${f%% failed*} + 0))
	[ "$rc" = 0 ] || [ "${f%% failed*}" != 0 ] || bad "$p ends with $rc"
done
finish
