#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the shared objects export is what the headers declare, no more and no
# less, every name with its version; and they need nothing but what is promised.
. "$(dirname "$0")/../lib.sh"
scratch

library() { # NAME HEADERS MOST NODE NEEDED-PATTERN
	so=$top_builddir/.libs/$1.so
	if [ ! -e "$so" ]; then
		bad "$1.so was not built"
		return
	fi
	for h in $2; do declared "$top_srcdir/src/include/$h"; done | sort -u >"$tmp/declared"
	# GLOBAL DEFAULT, defined; the version node itself is an absolute symbol.
	$NM -D --defined-only "$so" | awk '$2 != "A" { print $3 }' | sort -u >"$tmp/full"
	sed 's/@.*//' "$tmp/full" | sort -u >"$tmp/exported"
	check "$1 exports nothing that $2 does not declare" "$(comm -13 "$tmp/declared" "$tmp/exported")"
	check "$1 exports all that $2 declares" "$(comm -23 "$tmp/declared" "$tmp/exported")"
	check "every name of $1 has a version of ours" "$(grep -vE "@@$4_[0-9]+\.[0-9]+\$" "$tmp/full")"
	sed -n 's/^[ \t]*\(policy_[a-z_]*\);.*/\1/p' "$top_srcdir/$1.map" | sort -u >"$tmp/mapped"
	check "$1.map and $2 agree" "$(comm -3 "$tmp/declared" "$tmp/mapped")"
	n=$(wc -l <"$tmp/exported")
	if [ "$n" -gt 0 ] && [ "$n" -le "$3" ]; then ok; else bad "$1 exports $n names; at most $3, and some"; fi
	check "$1 needs only what is promised" "$(readelf -d "$so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
	    grep -vE "$5" | if [ "$POL_SANITIZER" = none ]; then cat; else grep -vE '^lib(asan|ubsan|tsan|m|gcc_s|stdc\+\+|pthread|rt|dl|resolv)\.'; fi)"
	same "soname of $1" "$1.so.0" "$(readelf -d "$so" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')"
	check "$1 has no constructor, no text relocation, no executable stack" "$(
	    [ "$POL_SANITIZER" = none ] || exit 0
	    readelf -d "$so" | grep TEXTREL
	    readelf -lW "$so" | grep 'GNU_STACK.*E'
	    $NM "$so" | grep -iE ' t (.*_)?constructor')"
}

library libpolicy 'policy.h policy_admin.h' 40 LIBPOLICY '^(libc\.so\.6|libcrypt\.so\.1|libyaml-0\.so\.2|libpcre2-8\.so\.0|libcrypto\.so\.3|ld-linux-.*)$'
library libpolicy-author policy_author.h 40 LIBPOLICY_AUTHOR '^(libc\.so\.6|libcrypt\.so\.1|libyaml-0\.so\.2|libpcre2-8\.so\.0|libcrypto\.so\.3|ld-linux-.*)$'

# base and core know no foreign code, whatever the headers say.
foreign=$(for o in "$top_builddir"/src/base/.libs/*.o "$top_builddir"/src/core/.libs/*.o; do
	[ -e "$o" ] || continue
	$NM -u "$o" | awk '{ print $2 }' | grep -E '^(yaml_|pcre2_|EVP_|OPENSSL_|CRYPTO_|SHA|dlopen|dlsym)' | sed "s,^,$(basename "$o"): ,"
done)
check "no object of base or core refers to YAML, PCRE2, libcrypto or the loader" "$foreign"
alloc=$(for o in "$top_builddir"/src/core/.libs/*.o; do
	[ -e "$o" ] || continue
	$NM -u "$o" | awk '{ print $2 }' | grep -xE '(m|c|re)alloc|free|aligned_alloc|strdup|printf|fopen|open|pthread_.*|syscall' |
	    sed "s,^,$(basename "$o"): ,"
done)
check "no object of core refers to an allocator, a lock, stdio or a system call" "$alloc"
finish
