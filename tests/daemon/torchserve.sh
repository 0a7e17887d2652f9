#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# TorchServe's keys as policyd makes them (torchserve.py), and before the real TorchServe
# where tests/live/torchserve/run has installed it.
. "$(dirname "$0")/../lib.sh"
. "$top_srcdir/tests/daemon/lib.sh"
[ -r "$top_builddir/modules/.libs/token_file.so" ] || { skip 1 "torchserve (token_file was not built)"; finish; }
command -v python3 >/dev/null 2>&1 || { skip 1 "torchserve (no python3)"; finish; }
home
python3 -B "$top_srcdir/tests/daemon/torchserve.py" "$(cd "$top_builddir" && pwd)" "$(cd "$tmp" && pwd)"
