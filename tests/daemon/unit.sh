#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What policyd is installed with: units that systemd reads, a user, folders, a configuration.
. "$(dirname "$0")/../lib.sh"
scratch
policyd=$top_builddir/.libs/policyd
[ -x "$policyd" ] || policyd=$top_builddir/policyd
[ -x "$policyd" ] || { skip 1 "units (policyd is not built)"; finish; }
LD_LIBRARY_PATH=$top_builddir/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

unit=$top_builddir/dist/policyd.service
check "the unit names no place that configure knows" "$(grep -nE '@[a-z]+@' "$unit")"

if command -v systemd-analyze >/dev/null 2>&1; then
	# its program need not be installed to be judged
	sed 's,^ExecStart=.*,ExecStart=/bin/true,' "$unit" >"$tmp/policyd.service"
	exposure=$(systemd-analyze security --offline=yes --no-pager "$tmp/policyd.service" 2>"$tmp/err" |
	    sed -n 's/.*exposure level for policyd.service: \([0-9.]*\).*/\1/p')
	echo "systemd-analyze security: ${exposure:-none}"
	if awk -v e="${exposure:-10}" 'BEGIN { exit !(e + 0 <= 2.0) }'; then ok; else bad "exposure ${exposure:-unknown}, wanted at most 2.0"; fi
	cp "$top_srcdir/dist/policyd.socket" "$tmp/"
	check "systemd finds no fault in the units" "$(SYSTEMD_UNIT_PATH="$tmp:" systemd-analyze verify --man=no \
	    "$tmp/policyd.service" "$tmp/policyd.socket" 2>&1 | grep -F "$tmp/policyd")"
else
	skip 2 "systemd-analyze security, verify (no systemd)"
fi

if command -v systemd-sysusers >/dev/null 2>&1; then
	mkdir -p "$tmp/root/etc" "$tmp/root/usr/lib/sysusers.d"
	cp "$top_srcdir/dist/sysusers.d/policyd.conf" "$tmp/root/usr/lib/sysusers.d/"
	systemd-sysusers --root="$tmp/root" policyd.conf >"$tmp/out" 2>&1
	if grep -q '^policyd:.*nologin' "$tmp/root/etc/passwd" 2>/dev/null; then ok; else bad "no user: $(cat "$tmp/out")"; fi
else
	skip 1 "systemd-sysusers (no systemd)"
fi
if command -v systemd-tmpfiles >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && [ -s "$tmp/root/etc/passwd" ]; then
	mkdir -p "$tmp/root/usr/lib/tmpfiles.d"
	cp "$top_srcdir/dist/tmpfiles.d/policyd.conf" "$tmp/root/usr/lib/tmpfiles.d/"
	systemd-tmpfiles --root="$tmp/root" --create policyd.conf >"$tmp/out" 2>&1
	same "mode of the folder of state" 700 "$(stat -c %a "$tmp/root/var/lib/policyd" 2>&1)"
	same "mode of the folder of sockets" 755 "$(stat -c %a "$tmp/root/run/policyd" 2>&1)"
else
	skip 2 "systemd-tmpfiles (no systemd, or not root)"
fi

# The example is a configuration: with a set that is there it is taken.
mkdir -p "$tmp/set"
echo 'policy: 1' >"$tmp/set/policy.yaml"
sed "s,^policy: .*,policy: $tmp/set,; s,group: policyd,group: $(id -gn)," "$top_srcdir/dist/policyd.yaml" >"$tmp/policyd.yaml"
chmod 755 "$tmp"
"$policyd" -t -c "$tmp/policyd.yaml" >"$tmp/out" 2>&1
same "the example of a configuration ($(cat "$tmp/out"))" 0 $?
"$policyd" -x 2>/dev/null
same "an unknown option" 64 $?
"$policyd" -c "$tmp/none.yaml" 2>/dev/null
same "a configuration that is not there" 66 $?
echo 'policyd: 2' >"$tmp/policyd.yaml"
"$policyd" -c "$tmp/policyd.yaml" 2>/dev/null
same "a configuration that is refused" 65 $?
chmod 666 "$tmp/policyd.yaml"
"$policyd" -c "$tmp/policyd.yaml" 2>/dev/null
same "a configuration that all may write" 77 $?
finish
