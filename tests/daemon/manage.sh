#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The management API, and the desk behind it. manage.sh [FRAMES [CASES [KILLS [PART...]]]]: how many
# hostile messages, cases of schemathesis an operation, kills of each process.
. "$(dirname "$0")/../lib.sh"
. "$top_srcdir/tests/daemon/lib.sh"
modules=$(cd "$top_builddir" && pwd)/modules/.libs
[ -e "$modules/store_sqlite.so" ] && [ -e "$modules/api_key.so" ] && [ -e "$modules/password.so" ] || {
	skip 1 "the management API (store_sqlite is not built)"
	finish
}
home
chmod 755 "$tmp"
here=$(cd "$tmp" && pwd)
frames=${1:-20000} cases=${2:-3} kills=${3:-5}
[ $# -lt 3 ] || shift 3

# What it said of itself, and how it ended, are counted.
count() { # WHAT
	cat "$here/out"
	line=$(grep -oE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?' "$here/out" | tail -n 1)
	f=${line#*passed, }
	n_passed=$((n_passed + ${line%% passed*} + 0)) n_failed=$((n_failed + ${f%% failed*} + 0))
	case $line in *skipped) f=${line#*failed, } && n_skipped=$((n_skipped + ${f%% skipped})) ;; esac
	same "$1 (status)" 0 "$status"
}

mkdir "$here/clerks"
{
	cat "$top_srcdir/tests/cli/accounts.yaml"
	echo "modules:"
	echo "  - use: api_key"
	echo "    for: bearer"
	echo "    control: binding"
	echo "    kind: [token, api_key]"
	echo "    subject: { type: user, shared: true }"
	echo "store: { url: \"sqlite:$here/clerks/store.db\" }"
} >"$here/clerks/set.yaml"
# nobody shuts this program in: leaks are looked for
ASAN_OPTIONS=${ASAN_OPTIONS%:detect_leaks=0} "$top_builddir/tests/daemon/clerks" "$modules" "$here/clerks" "$frames" >"$here/out" 2>&1
status=$?
count "clerks, thrown at"
command -v python3 >/dev/null 2>&1 || { skip 1 "the management API (no python3)"; finish; }
python3 -B "$top_srcdir/tests/daemon/manage.py" --build "$(cd "$top_builddir" && pwd)" --dir "$here" --cases "$cases" --kills "$kills" "$@" \
    >"$here/out" 2>&1
status=$?
count "the management API"
finish
