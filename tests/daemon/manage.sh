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
"$top_builddir/tests/daemon/clerks" "$modules" "$here/clerks" "$frames" >"$here/out" 2>&1
status=$?
cat "$here/out"
same "clerks, thrown at (status)" 0 "$status"
command -v python3 >/dev/null 2>&1 || { skip 1 "the management API (no python3)"; finish; }
python3 -B "$top_srcdir/tests/daemon/manage.py" --build "$(cd "$top_builddir" && pwd)" --dir "$here" --cases "$cases" --kills "$kills" "$@" \
    >"$here/out" 2>&1
status=$?
cat "$here/out"
same "the management API (status)" 0 "$status"
finish
