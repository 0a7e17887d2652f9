#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Profiles of ML Blocks and integrate.ai: each call, each refusal, and the recorded exchanges.
. "$(dirname "$0")/../lib.sh"
. "$top_srcdir/tests/daemon/lib.sh"
for m in jwt api_key password store_sqlite; do
	[ -r "$top_builddir/modules/.libs/$m.so" ] || { skip 1 "profiles ($m was not built)"; finish; }
done
command -v python3 >/dev/null 2>&1 || { skip 1 "profiles (no python3)"; finish; }
home
POLICY_SHARED=${POLICY_SHARED:-$top_srcdir/../shared}
export POLICY_SHARED
python3 -B "$top_srcdir/tests/daemon/profiles.py" "$(cd "$top_builddir" && pwd)" "$(cd "$tmp" && pwd)"
