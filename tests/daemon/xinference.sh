#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# policyd as the login and guard of an Xinference, of both generations, behind nginx: what
# Xinference was seen to answer, and version 1.17's own code asked the same (xinference*.py).
. "$(dirname "$0")/../lib.sh"
. "$top_srcdir/tests/daemon/lib.sh"
PATH=$PATH:/usr/sbin
command -v nginx >/dev/null 2>&1 || { skip 1 "xinference (no nginx)"; finish; }
for m in jwt api_key password store_sqlite; do
	[ -r "$top_builddir/modules/.libs/$m.so" ] || { skip 1 "xinference ($m was not built)"; finish; }
done
command -v python3 >/dev/null 2>&1 || { skip 1 "xinference (no python3)"; finish; }
[ -x "$top_builddir/policyctl" ] || { skip 1 "xinference (no policyctl)"; finish; }
# Version 1.17's own code, and what it stands on.
tools=$(cd "$top_builddir" && pwd)/tools/xinference
if ! cmp -s "$top_srcdir/tests/daemon/xinference.txt" "$tools/requirements.txt"; then
	rm -rf "$tools"
	pip="$tools/bin/pip --quiet --disable-pip-version-check --retries 1"
	# shellcheck disable=SC2086
	if python3 -m venv "$tools" && grep -v '^xinference==' "$top_srcdir/tests/daemon/xinference.txt" >"$tools/needs" &&
	    $pip install --only-binary=:all: -r "$tools/needs" && $pip download --no-deps -d "$tools" xinference==1.17.0 &&
	    python3 -m zipfile -e "$tools"/xinference-1.17.0-*.whl "$tools/wheel"; then
		cp "$top_srcdir/tests/daemon/xinference.txt" "$tools/requirements.txt"
		: >"$tools/ready"
	else
		rm -rf "$tools"
	fi >"$top_builddir/tools.log" 2>&1
fi
home
POLICY_SHARED=${POLICY_SHARED:-$top_srcdir/../shared}
export POLICY_SHARED
python3 -B "$top_srcdir/tests/daemon/xinference.py" "$(cd "$top_builddir" && pwd)" "$(cd "$tmp" && pwd)"
