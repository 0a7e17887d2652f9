# SPDX-License-Identifier: Apache-2.0
# For test scripts: sourced. A script calls ok, bad or skip once a check, then
# finish, whose line tests/run reads. Paths come from the Makefile; run by hand
# from the top of the tree, with a build in ./build, a script finds its own.

: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$top_srcdir/build}"
# policyctl itself rather than libtool's wrapper around it, which is slow to start.
if [ -z "${POLICYCTL:-}" ]; then
	POLICYCTL=$top_builddir/policyctl
	if [ -x "$top_builddir/.libs/policyctl" ]; then
		POLICYCTL=$top_builddir/.libs/policyctl
		LD_LIBRARY_PATH=$top_builddir/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
		export LD_LIBRARY_PATH
	fi
fi
: "${CC:=cc}" "${NM:=nm}" "${POL_SANITIZER:=none}"
LC_ALL=C
export LC_ALL top_srcdir top_builddir POLICYCTL

n_passed=0 n_failed=0 n_skipped=0

ok() { n_passed=$((n_passed + 1)); }
bad() { n_failed=$((n_failed + 1)); echo "failed: $*"; }
skip() { # COUNT WHY
	n_skipped=$((n_skipped + $1))
	shift
	echo "skipped: $*"
}

# check "what must hold" TEXT: passes when TEXT is empty, else shows it.
check() {
	if [ -z "$2" ]; then
		ok
	else
		bad "$1"
		printf '%s\n' "$2" | head -n 40 | sed 's/^/    /'
	fi
}

# same "what" WANTED GOT
same() {
	if [ "$2" = "$3" ]; then ok; else bad "$1: wanted $2, got $3"; fi
}

# The functions that the header $1 declares.
declared() {
	awk '
	/^[ \t]*#/ { next }
	{ sub(/\/\/.*/, ""); text = text $0 "\n" }
	END {
		while ((b = index(text, "/*")) > 0) {
			rest = substr(text, b + 2)
			text = substr(text, 1, b - 1) " " substr(rest, index(rest, "*/") + 2)
		}
		print text
	}' "$1" | grep -E '^[a-z].*[ *]policy_[a-z_]+\(' | grep -vE '^(static|typedef)' |
	    grep -oE 'policy_[a-z_]+\(' | tr -d '(' | sort -u
}

# A scratch folder, in the build tree if there is one; gone when the script ends.
scratch() {
	if [ -d "$top_builddir" ]; then
		tmp=$(mktemp -d "$top_builddir/tests.tmp.XXXXXX") || exit 1
	else
		tmp=$(mktemp -d) || exit 1
	fi
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 1' HUP INT TERM
}

finish() {
	line="$n_passed passed, $n_failed failed"
	[ "$n_skipped" = 0 ] || line="$line, $n_skipped skipped"
	echo "$line"
	[ "$n_failed" = 0 ]
	exit
}
