#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The module against a real OpenBao, and against a server that lies: test.py.
. "$(dirname "$0")/../../tests/lib.sh"

command -v python3 >/dev/null 2>&1 || { skip 1 "the vault module against servers (no python3)"; finish; }
[ -x "$top_builddir/modules/vault/test_vault" ] || { skip 1 "the vault module against servers (not built)"; finish; }
scratch
python3 "$(dirname "$0")/test.py" "$top_builddir" "$tmp"
