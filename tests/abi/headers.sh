#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The public headers stand alone, compile as C99, C11 and C++17 without a
# warning, and include nothing but the standard headers they name.
. "$(dirname "$0")/../lib.sh"
scratch
inc=$top_srcdir/src/include
for h in "$inc"/policy*.h; do
	name=$(basename "$h")
	printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' "$name" "$name" >"$tmp/t.c"
	cp "$tmp/t.c" "$tmp/t.cc"
	for std in c99 c11; do
		check "$name as $std" "$($CC -std=$std -Wall -Wextra -Wpedantic -Werror -I"$inc" -fsyntax-only "$tmp/t.c" 2>&1)"
	done
	if command -v g++ >/dev/null 2>&1; then
		check "$name as C++17" "$(g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -I"$inc" -fsyntax-only "$tmp/t.cc" 2>&1)"
	else
		skip 1 "$name as C++17 (no g++)"
	fi
	check "$name includes the standard headers and policy.h only" "$(grep -E '^#[ \t]*include' "$h" |
	    grep -vE '<(stddef|stdint|string|policy)\.h>')"
done
finish
