#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What keeps the house small: functions of 60 lines, files of 400, a licence line
# in every file, a short README in every folder, ALLOW in one place, and nothing
# in core/ that allocates, locks, prints or opens.
. "$(dirname "$0")/../lib.sh"
cd "$top_srcdir" || exit 1

c_files=$(find src modules bindings tests doc \( -name '*.c' -o -name '*.h' \) 2>/dev/null | sort)
room_files=$(find src modules \( -name '*.c' -o -name '*.h' \) 2>/dev/null | sort)

# shellcheck disable=SC2086 # lists of names without blanks
set -- $room_files
# a public header is one audience's whole contract, and is not split
check "a file has at most 400 lines, a public header 600" \
    "$(wc -l "$@" | awk '$2 != "total" && $1 > ($2 ~ /^src\/include\// ? 600 : 400) { print $2 ": " $1 " lines" }')"

if ctags --version 2>/dev/null | grep -q 'Universal Ctags'; then
	check "a function has at most 60 lines" "$(ctags -x --c-kinds=f --fields=+ne \
	    --_xformat='%F %n %e %N' "$@" 2>/dev/null |
	    awk '$3 - $2 + 1 > 60 { print $1 ":" $2 ": " $4 " has " $3 - $2 + 1 " lines" }')"
else
	skip 1 "lengths of functions (no universal-ctags)"
fi

without_spdx=
for f in $c_files $(find . \( -path ./.git -o -path './build*' -o -path ./_build -o -path ./autom4te.cache -o -path ./m4 \) -prune \
    -o -type f \( -name '*.sh' -o -name '*.py' -o -name '*.map' -o -name '*.am' -o -name '*.ac' -o -name '*.pc.in' \
    -o -name bootstrap -o -name run -o -name '*.[1358]' \) -print | sed 's,^\./,,' | sort); do
	head -n 3 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || without_spdx="$without_spdx $f"
done
check "an SPDX line stands in the first three lines of every source" "$(printf '%s' "$without_spdx" | tr ' ' '\n' | sed 1d)"

readmes=
for d in $(find src modules policies bindings tests demo -type d ! -name '.*' ! -name __pycache__ \
    ! -path 'tests/cases/*' ! -path 'tests/fuzz/*/*' 2>/dev/null | sort); do
	if [ ! -f "$d/README" ]; then
		readmes="$readmes$d: no README;"
	elif [ "$(wc -l <"$d/README")" -gt 15 ]; then
		readmes="$readmes$d/README: more than 15 lines;"
	fi
done
check "every folder has a README of at most 15 lines" "$(printf '%s' "$readmes" | tr ';' '\n')"

# Comments and texts out, one line of code for each line of source.
code() {
	for f in "$@"; do
		sed -e 's/"\([^"\\]\|\\.\)*"/""/g' "$f" | awk -v f="$f" '
		{
			line = $0; out = ""
			while (line != "") {
				if (inside) {
					e = index(line, "*/")
					if (!e) { line = ""; break }
					line = substr(line, e + 2); inside = 0
				} else {
					b = index(line, "/*"); s = index(line, "//")
					if (s && (!b || s < b)) { out = out substr(line, 1, s - 1); break }
					if (!b) { out = out line; break }
					out = out substr(line, 1, b - 1); line = substr(line, b + 2); inside = 1
				}
			}
			print f ":" FNR ":" out
		}'
	done
}

core=$(find src/core \( -name '*.c' -o -name '*.h' \) | sort)
# shellcheck disable=SC2086
core_code=$(code $core)
# shellcheck disable=SC2086
everywhere=$(code $(find src/base src/core src/people src/load src/compile src/api src/auth src/admin src/audit \
    src/author \( -name '*.c' -o -name '*.h' \) 2>/dev/null | sort))
# Assigned, or given back: `= POLICY_ALLOW`, `? POLICY_ALLOW`, `: POLICY_ALLOW`,
# `return POLICY_ALLOW`, as an argument. Comparisons are reads.
writes() {
	printf '%s\n' "$1" | grep 'POLICY_ALLOW' |
	    grep -vE '(==|!=)[ \t]*POLICY_ALLOW|POLICY_ALLOW[ \t]*(==|!=)|case[ \t]+POLICY_ALLOW[ \t]*:'
}
core_writes=$(writes "$core_code")
same "places in src/core that say POLICY_ALLOW" 1 "$(printf '%s' "$core_writes" | grep -c .)"
[ "$(printf '%s' "$core_writes" | grep -c .)" = 1 ] || printf '%s\n' "$core_writes" | sed 's/^/    /'

# A handle that is off answers without deciding: that one place is api's.
other=$(writes "$everywhere" | grep -v '^src/core/')
same "places outside src/core that say POLICY_ALLOW (a set that is off)" 1 "$(printf '%s' "$other" | grep -c .)"
[ "$(printf '%s' "$other" | grep -c .)" = 1 ] || printf '%s\n' "$other" | sed 's/^/    /'

check "core/ calls nothing that allocates, prints, opens, locks or loads" "$(printf '%s\n' "$core_code" |
    grep -E '(^|[^A-Za-z0-9_])((m|c|re)alloc|aligned_alloc|free|alloca|[a-z]*printf|f?puts|f?open|read|write|mmap|pthread_[a-z_]+|dlopen|dlsym|yaml_[a-z_]+|pcre2_[a-z0-9_]+|exit|abort|getenv|setlocale)[ \t]*\(')"

check "the library neither prints nor ends the process" "$(printf '%s\n' "$everywhere" |
    grep -E '(^|[^A-Za-z0-9_])(v?f?printf|puts|putchar|perror|exit|_exit|abort|setlocale|umask|chdir|putenv|setenv|signal|sigaction)[ \t]*\(')"
finish
