#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The real nginx before an application, configured as policyd(8) says: who passes, who does
# not, and whom the application is told (proxy_nginx.py).
. "$(dirname "$0")/../lib.sh"
. "$top_srcdir/tests/daemon/lib.sh"
PATH=$PATH:/usr/sbin
command -v nginx >/dev/null 2>&1 || { skip 1 "nginx (no nginx)"; finish; }
for m in jwt token_file password; do
	[ -r "$top_builddir/modules/.libs/$m.so" ] || { skip 1 "nginx ($m was not built)"; finish; }
done
command -v python3 >/dev/null 2>&1 || { skip 1 "nginx (no python3)"; finish; }
home
python3 -B "$top_srcdir/tests/daemon/proxy_nginx.py" "$(cd "$top_builddir" && pwd)" "$(cd "$tmp" && pwd)"
