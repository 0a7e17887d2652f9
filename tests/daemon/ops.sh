#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# policyd in operation; ops.sh KILLS [NAME...]: how often each process is killed, which parts.
. "$(dirname "$0")/../lib.sh"
scratch
[ -x "$top_builddir/.libs/policyd" ] || [ -x "$top_builddir/policyd" ] || { skip 1 "operation (policyd is not built)"; finish; }
command -v python3 >/dev/null 2>&1 || { skip 1 "operation (no python3)"; finish; }
chmod 755 "$tmp"
python3 -B "$top_srcdir/tests/daemon/ops.py" --build "$(cd "$top_builddir" && pwd)" --dir "$(cd "$tmp" && pwd)" --kills "${@:-3}"
