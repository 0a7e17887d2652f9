#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# OAuth 2.0 of policyd, clause by clause; and whoever guesses passwords.
. "$(dirname "$0")/../lib.sh"
scratch
[ -x "$top_builddir/.libs/policyd" ] || [ -x "$top_builddir/policyd" ] || { skip 1 "OAuth (policyd is not built)"; finish; }
command -v python3 >/dev/null 2>&1 || { skip 1 "OAuth (no python3)"; finish; }
command -v openssl >/dev/null 2>&1 || { skip 1 "OAuth (no openssl)"; finish; }
chmod 755 "$tmp"
python3 -B "$top_srcdir/tests/daemon/oauth.py" --build "$(cd "$top_builddir" && pwd)" --dir "$(cd "$tmp" && pwd)"
