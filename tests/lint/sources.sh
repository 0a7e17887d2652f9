#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makefile.am, with each module's module.am, names every C file of the tree, and none that is not there; build
# files and documents name neither each other's copies nor machines.
. "$(dirname "$0")/../lib.sh"
cd "$top_srcdir" || exit 1

named=$(sed -e 's/#.*//' Makefile.am modules/*/module.am | grep -oE '(src|tests|doc|modules)/[A-Za-z0-9_/.-]+\.[ch]\b' | sort -u)
there=$(find src tests modules -name '*.[ch]' | sort -u)
absent=$(for f in $named; do [ -f "$f" ] || echo "$f"; done)
unnamed=$(for f in $there; do printf '%s\n' "$named" | grep -qxF "$f" || echo "$f"; done)
check "every C file named in Makefile.am is there" "$absent"
check "every C file of the tree is named in Makefile.am or a module.am" "$unnamed"

policies=$(for f in policies/*.yaml; do grep -qF "$f" Makefile.am || echo "$f"; done)
check "every policy is named in Makefile.am" "$policies"

check "no path of one machine, no registry's address" "$(find . \( -path ./.git -o -path './build*' -o -path ./m4 \
    -o -path ./autom4te.cache -o -name __pycache__ \) -prune -o -type f ! -name configure ! -name Makefile.in ! -name '*.m4' ! -path ./tests/lint/sources.sh \
    -print | xargs grep -nIE '(^|[^A-Za-z0-9_.-])/(work|farm)/|https?://[a-z0-9.-]*(pypi|crates|npmjs|maven|debian|proxy)[a-z0-9.-]*/')"

check "no commented reminders in place of work" "$(find src modules bindings -type f -name '*.[ch]' -print 2>/dev/null |
    xargs grep -nE '\b(TODO|FIXME|XXX|HACK)\b')"
finish
