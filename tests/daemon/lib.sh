# SPDX-License-Identifier: Apache-2.0
# For scripts of policyd: sourced after tests/lib.sh. policyd itself rather than libtool's
# wrapper, where there is one.
POLICYD=$top_builddir/policyd
if [ -x "$top_builddir/.libs/policyd" ]; then
	POLICYD=$top_builddir/.libs/policyd
	LD_LIBRARY_PATH=$top_builddir/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
	export LD_LIBRARY_PATH
fi
if [ ! -x "$POLICYD" ]; then
	skip 1 "policyd was not built: no libmicrohttpd, gnutls or libseccomp"
	finish
fi
umask 022
# who is shut in cannot be looked into by what seeks leaks
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"

# The folder of a test, which nobody else may write: policyd judges what is above its file.
home() {
	scratch
	[ -n "$(find "$tmp" -maxdepth 0 -perm /022)" ] && chmod go-w "$tmp"
	:
}

free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# start FILE: policyd in the foreground on FILE, its log in $tmp/log; waits until it is
# ready, or has ended. stop: tells it to end; $ended is its exit status.
start() {
	"$POLICYD" -n -c "$1" >"$tmp/log" 2>&1 &
	policyd=$!
	for _ in $(seq 500); do
		grep -q '^policyd: ready' "$tmp/log" && return 0
		kill -0 "$policyd" 2>/dev/null || return 1
		sleep 0.02
	done
	return 1
}
stop() {
	kill -TERM "$policyd"
	wait "$policyd"
	ended=$?
}
