#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who may include whom, and which room may know which foreign library. Read from
# the #include lines alone. Tests of a module are tests: they reach what they test.
. "$(dirname "$0")/../lib.sh"

# One line a violation, for the tree at $1.
violations() {
	(cd "$1" && find src modules bindings -name '*.[ch]' ! -path 'modules/*/tests/*' 2>/dev/null | sort | xargs -r awk '
BEGIN {
	# room: the rooms below it that it may include, itself among them
	may["base"]    = "base"
	may["core"]    = "base core"
	may["people"]  = "base core people"
	may["load"]    = "base core load"
	may["compile"] = "base core people load compile"
	may["auth"]    = "base core load auth"
	may["admin"]   = "base core people load admin"
	may["audit"]   = "base core load audit"
	may["api"]     = "base core people load auth compile admin audit api"
	may["author"]  = "base core people load compile author"
	may["include"] = may["cli"] = may["daemon"] = may["modules"] = may["bindings"] = "-"
	may["cli"] = "cli"; may["daemon"] = "daemon"	# their own headers

	# public headers by room; a room that is not named may include policy.h alone
	pub["api"] = "policy.h policy_admin.h policy_module.h"
	pub["admin"] = "policy.h policy_admin.h policy_module.h"
	pub["audit"] = "policy.h policy_admin.h"
	pub["people"] = pub["auth"] = pub["load"] = pub["modules"] = "policy.h policy_module.h"
	pub["author"] = "policy.h policy_author.h"
	pub["include"] = pub["cli"] = pub["daemon"] = pub["bindings"] = \
	    "policy.h policy_admin.h policy_author.h policy_module.h"

	# foreign headers and the rooms that may include them
	only["yaml.h"] = "compile daemon"
	only["microhttpd.h"] = only["gnutls/"] = only["seccomp.h"] = "daemon"
	only["pcre2.h"] = "compile"
	only["dlfcn.h"] = "load"
	only["jansson.h"] = "cli daemon modules"
	only["openssl/"] = "load auth admin audit api cli modules"
	only["jwt.h"] = only["sqlite3.h"] = only["libpq-fe.h"] = "modules"
	only["crypt.h"] = "admin cli modules"
	only["curl/"] = only["liboath/"] = only["security/"] = "modules"
	only["Python.h"] = "bindings"
	only["stdio.h"] = only["pthread.h"] = only["fcntl.h"] = "!core"
}
function has(list, word) { return index(" " list " ", " " word " ") > 0 }
function complain(what) { printf "%s:%d: %s may not include %s\n", FILENAME, FNR, room, what }
/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
	n = split(FILENAME, part, "/")
	room = part[1] == "src" ? part[2] : part[1]
	h = $0
	sub(/^[^<"]*[<"]/, "", h)
	sub(/[>"].*$/, "", h)
	if (!(room in may)) { complain(h " (a room that tests/lint/rooms.sh does not know)"); next }
	if (h ~ /^\.\.|\/\.\./) { complain(h " (a path with ..)"); next }
	if (h ~ /^policy[a-z_]*\.h$/) {
		if (!has((room in pub) ? pub[room] : "policy.h", h)) complain(h)
		next
	}
	for (f in only)
		if (index(h, f) == 1) {
			if (only[f] ~ /^!/ ? has(substr(only[f], 2), room) : !has(only[f], room)) complain("<" h ">")
			next
		}
	if ($0 ~ /</) next				# the C library
	# tests of a module may reach what drives them
	if (room == "modules" && part[n] ~ /^(test|bench|timing)[_.]/ && h ~ /^(chaos|modules|unit|auth)\//) next
	split(h, hp, "/")
	if (h !~ /\//) next				# beside the file: its own room
	if (!has(may[room], hp[1])) complain("\"" h "\"")
}')
}

check "every room includes downward only" "$(violations "$top_srcdir")"

# The check itself: each of these must be found.
scratch
wrong() { # FILE INCLUDE
	mkdir -p "$tmp/t/$(dirname "$1")"
	printf '#include %s\n' "$2" >"$tmp/t/$1"
	if [ -n "$(violations "$tmp/t")" ]; then ok; else bad "$1 including $2 went unnoticed"; fi
	rm -rf "$tmp/t"
}
right() {
	mkdir -p "$tmp/t/$(dirname "$1")"
	printf '#include %s\n' "$2" >"$tmp/t/$1"
	check "$1 may include $2" "$(violations "$tmp/t")"
	rm -rf "$tmp/t"
}
wrong src/base/x.c '"core/core.h"'
wrong src/core/x.c '"people/people.h"'
wrong src/core/x.c '<stdio.h>'
wrong src/core/x.c '<yaml.h>'
wrong src/load/x.c '"compile/compile.h"'
wrong src/people/x.c '"compile/compile.h"'
wrong src/compile/x.c '"auth/stack.h"'
wrong src/compile/x.c '<dlfcn.h>'
wrong src/author/x.c '"api/api.h"'
wrong src/cli/x.c '"core/core.h"'
wrong src/daemon/x.c '"base/err.h"'
wrong src/cli/x.c '<microhttpd.h>'
wrong modules/jwt/jwt.c '"base/err.h"'
wrong modules/jwt/jwt.c '"modules/drive.h"'
wrong bindings/python/x.c '"core/core.h"'
wrong src/api/x.c '"../core/core.h"'
wrong src/core/x.c '<policy_author.h>'
wrong src/new/x.c '<string.h>'
right src/core/x.c '"base/hash.h"'
right modules/jwt/test_jwt.c '"modules/drive.h"'
right src/compile/x.c '<yaml.h>'
right src/daemon/x.c '<microhttpd.h>'
right src/cli/x.c '<policy_author.h>'
right src/api/x.c '"compile/compile.h"'
right modules/jwt/tests/x.c '"modules/drive.h"'
finish
