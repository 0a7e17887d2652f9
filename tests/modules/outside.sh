#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# doc/MODULES, followed to the letter: its module is built outside of the tree, against
# the installed headers, with nothing else of ours, and judges a credential.
. "$(dirname "$0")/../lib.sh"

# Not in the build tree: a module's directory, and those above it, must be safe.
tmp=$(mktemp -d /tmp/pol-outside-XXXXXX) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$tmp"
umask 022
doc=$top_srcdir/doc/MODULES
dest=$tmp/dest

# block LANGUAGE N: the Nth block of that language
block() {
	awk -v fence="\`\`\`$1" -v n="$2" '$0 == fence { on = ++seen == n; next } /^```$/ { on = 0 } on' "$doc"
}

load=$top_builddir/tests/modules/load
[ ! -x "$top_builddir/tests/modules/.libs/load" ] || load=$top_builddir/tests/modules/.libs/load
judge() { # DATA: what the module says, without a set
	"$load" "$tmp/w/modules" badge badge "$tmp/w/badges" "$1"
}

MAKEFLAGS='' make -s -C "$top_builddir" install-includeHEADERS install-pkgconfigDATA DESTDIR="$dest" >"$tmp/out" 2>&1 ||
    bad "the headers do not install: $(tail -n 3 "$tmp/out")"
pc=$(find "$dest" -name libpolicy.pc)
same "libpolicy.pc files installed" 1 "$(printf '%s\n' "$pc" | grep -c .)"

# Where it is followed: cc, pkg-config and policyctl as the page calls them.
mkdir "$tmp/bin" "$tmp/w"
# shellcheck disable=SC2086 # a compiler and its flags
set -- $CC
printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v "$1")${CC#"$1"}" >"$tmp/bin/cc"	# found before cc is ours
printf '#!/bin/sh\nexec "%s" "$@"\n' "$POLICYCTL" >"$tmp/bin/policyctl"
chmod +x "$tmp/bin/cc" "$tmp/bin/policyctl"
PATH=$tmp/bin:$PATH
PKG_CONFIG_PATH=$(dirname "$pc") PKG_CONFIG_SYSROOT_DIR=$dest PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1
export PATH PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_ALLOW_SYSTEM_CFLAGS
cd "$tmp/w" || exit 1

same "blocks of C" 1 "$(grep -c '^```c$' "$doc")"
same "blocks of commands" 4 "$(grep -c '^```sh$' "$doc")"
block c 1 >badge.c
for i in 1 2; do
	block sh "$i" >step.sh
	if sh -e step.sh >"$tmp/out" 2>&1; then ok; else bad "step $((i + 1)) fails: $(cat "$tmp/out")"; fi
	check "step $((i + 1)) says nothing" "$(cat "$tmp/out")"
done
for c in cc "cc -std=c11 -Wextra -Wpedantic -Wshadow -Wconversion"; do
	check "the page's module compiles without a warning ($c)" \
	    "$($c -c -fPIC -O2 -Wall $(pkg-config --cflags libpolicy) -o /dev/null badge.c 2>&1)"
done
check "it was built against what was installed" "$(cc -M $(pkg-config --cflags libpolicy) badge.c |
    tr ' \\' '\n\n' | grep 'policy[a-z_]*\.h' | grep -v "^$dest/")"
same "what it exports" policy_module_1 "$($NM -D --defined-only modules/badge.so | awk '{ print $3 }')"
check "it needs nothing of ours" "$(readelf -d modules/badge.so | grep 'NEEDED.*polic')"

same "a good badge" "pass alice" "$(judge 4711-0815-2342)"
same "another number" "fail -" "$(judge 4711-0815-2343)"
same "the beginning of one" "fail -" "$(judge 4711-0815-234)"
same "none" "fail -" "$(judge '')"
same "too long a one" "fail -" "$(judge 4711-0815-23424711-0815-23424711-0815-2342)"
echo '4711-0815-2342 bob' >>badges
same "a number that two have" "error -" "$(judge 4711-0815-2342)"
echo 'nobody' >>badges
same "a bad line" "$tmp/w/badges: a line is not NUMBER NAME" "$(judge 4711-0815-2342)"
chmod 644 badges
same "a file that others read" "$tmp/w/badges: others may read or write it, but its mode must be 0600 or less" \
    "$(judge 4711-0815-2342)"

# The set, by what hosts use. Each line is a command that must succeed; "!" says that it must not.
block sh 2 >step.sh && rm -f badges && sh -e step.sh
block sh 3 >step.sh
block sh 4 >>step.sh
same "commands to try" 6 "$(grep -c . step.sh)"
while read -r line; do
	if eval "$line" >"$tmp/out" 2>&1; then ok; else bad "$line: $(cat "$tmp/out")"; fi
	case $line in
	'! '*) check "it says bad_credential" "$(grep -q bad_credential "$tmp/out" || cat "$tmp/out")" ;;
	*whoami*) check "it prints alice" "$(grep -qw alice "$tmp/out" || cat "$tmp/out")" ;;
	*decide*) check "it prints ALLOW" "$(grep -qw ALLOW "$tmp/out" || cat "$tmp/out")" ;;
	esac
done <step.sh
finish
