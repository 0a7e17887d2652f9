#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Documents that repeat a file repeat it to the letter, manual pages are sound,
# and what README and HACKING point at is there.
. "$(dirname "$0")/../lib.sh"
cd "$top_srcdir" || exit 1

# The block of README between ```c and ``` that holds policy_open is doc/host.c.
scratch
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' README >"$tmp/host.c"
sed 1d doc/host.c >"$tmp/wanted.c"	# without its SPDX line
check "README shows doc/host.c" "$(diff "$tmp/wanted.c" "$tmp/host.c")"
lines=$(wc -l <"$tmp/host.c")
if [ "$lines" -le 40 ]; then ok; else bad "doc/host.c has $lines lines: it is shown as a short host"; fi

# Both ```yaml blocks of README load and their tests pass.
awk -v dir="$tmp" '/^```yaml$/ { file = dir "/readme" ++n ".yaml"; next } /^```$/ { file = "" } file { print > file }' README
if [ -x "$POLICYCTL" ]; then
	same "examples of README" 2 "$(ls "$tmp"/readme*.yaml | wc -l)"
	for f in "$tmp"/readme*.yaml; do
		if "$POLICYCTL" test "$f" >"$tmp/out" 2>&1; then ok; else
			bad "an example in README does not pass its own tests"
			sed 's/^/    /' "$tmp/out"
		fi
	done
else
	skip 3 "README's examples (no policyctl)"
fi

# So does every example of policy.yaml(5) that begins as a set does, or with its modules.
awk -v dir="$tmp" '/^\.Bd -literal/ { on = 1; first = 1; next } /^\.Ed/ { on = set = 0 }
	on && first { set = /^(policy: 1|modules:)/; first = 0; if (set) file = dir "/page" ++n ".yaml" }
	set && /^modules:/ && !(file in begun) { print "policy: 1" > file }
	set { begun[file] }
	on && set { gsub(/\\e/, "\\"); gsub(/\\\(dq/, "\""); print > file }' doc/policy.yaml.5
if [ -x "$POLICYCTL" ]; then
	same "examples of policy.yaml(5) that are sets" 9 "$(ls "$tmp"/page*.yaml | wc -l)"
	for f in "$tmp"/page*.yaml; do
		if "$POLICYCTL" check "$f" >"$tmp/out" 2>&1 &&
		    { ! grep -q '^tests:' "$f" || "$POLICYCTL" test "$f" >"$tmp/out" 2>&1; }; then ok; else
			bad "$(basename "$f" .yaml) of policy.yaml(5) does not load, or fails its own tests"
			sed 's/^/    /' "$tmp/out"
		fi
	done
else
	skip 10 "examples of policy.yaml(5) (no policyctl)"
fi

# A host opens those with modules: with the modules as built, and files where the example
# has them, below a scratch directory. Servers are not there, which does not hinder opening;
# nor is a store. Then a credential of a kind that nobody looks at is refused (status 1).
files() {
	mkdir -p "$tmp/etc/policy" "$tmp/etc/flower" "$tmp/etc/app" "$tmp/srv/serve" "$tmp/var/lib/app" "$tmp/pam.d" || return 1
	for f in etc/policy/tokens etc/flower/tokens etc/policy/vault-token; do
		echo a-token-of-somebody-0123456789 >"$tmp/$f"
	done
	# the public key of RFC 7517, appendix A.1
	echo '{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",' \
	    '"y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}' >"$tmp/etc/policy/jwks.json"
	echo '{"management":{"key":"s0rtOfOld","expiration time":"2124-02-16T21:12:24Z"},' \
	    '"inference":{"key":"gNRuA7dS","expiration time":"2124-02-16T21:12:24Z"},"API":{"key":"yv9uQajP"}}' >"$tmp/srv/serve/key_file.json"
	echo 'HOTP/T30 ann - 3132333435363738393031323334353637383930' >"$tmp/etc/app/codes"
	# shellcheck disable=SC2016 # dollars are the hash's own
	echo 'ann:$y$j7T$libpolicy.libpolicy...$iwXe6FQhFEIubuWBB6IEwanJ/WXKnm4G5SfbguIQLZ0' >"$tmp/etc/app/people"
	echo "auth required pam_deny.so" >"$tmp/pam.d/myapp"
	: >"$tmp/etc/policy/vault-ca.pem"
	chmod -R go-rwx "$tmp"
}

there_is() { # its modules, as far as they are no part of the library
	for m in $(grep -oE 'use: [a-z_]+' "$1" | sed 's/use: //' | grep -vx peer); do
		[ -e "$top_builddir/modules/.libs/$m.so" ] || return 1
	done
}

if [ -x "$POLICYCTL" ] && files; then
	same "examples of policy.yaml(5) with modules" 7 "$(grep -l '^modules:' "$tmp"/page*.yaml | wc -l)"
	for f in $(grep -l '^modules:' "$tmp"/page*.yaml); do
		example=$(basename "$f" .yaml)
		if ! there_is "$f"; then
			skip 1 "$example of policy.yaml(5), opened (one of its modules is not built)"
			continue
		fi
		sed -e "s:/\(etc\|srv\|var\)/:$tmp&:g" -e 's|//[a-z0-9.]*example/jwks|//127.0.0.1:1/jwks|' -e 's/127.0.0.1:8200/127.0.0.1:1/' \
		    -e "s:service\: myapp:&, confdir\: $tmp/pam.d:" -e '/^store:/d' "$f" >"$tmp/opened.yaml"
		chmod go-rwx "$tmp/opened.yaml"
		echo nothing | "$POLICYCTL" whoami -p "$tmp/opened.yaml" --module-dir "$top_builddir/modules/.libs" --type nothing \
		    --token-file - >"$tmp/out" 2>&1
		rc=$?
		if [ "$rc" = 1 ]; then ok; else
			bad "$example of policy.yaml(5) is not opened by a host (status $rc)"
			sed 's/^/    /' "$tmp/out"
		fi
	done
else
	skip 8 "examples of policy.yaml(5), opened (no policyctl, or no scratch files)"
fi

if command -v mandoc >/dev/null 2>&1; then
	for page in doc/*.[1358]; do
		check "$page is sound mdoc" "$(mandoc -T lint -W warning "$page" 2>&1)"
	done
else
	skip "$(ls doc/*.[1358] | wc -l)" "manual pages (no mandoc)"
fi

# Every public function, and every verb of policyctl, is in its manual page.
check "doc/libpolicy.3 names every function" "$(for h in src/include/policy*.h; do declared "$h"; done |
    while read -r f; do grep -qE "^\.Fn $f\b" doc/libpolicy.3 || echo "$f"; done)"
check "doc/policyctl.1 has every verb" "$(for f in src/cli/cmd_*.c; do
	v=$(basename "$f" .c)
	v=${v#cmd_}
	[ "$v" = '*' ] || grep -qE "^\.(It|Ss|Cm)( Cm)? $v\b" doc/policyctl.1 || echo "$v"
done)"
check "doc/libpolicy.3 has every reason" "$(grep -oE 'POLICY_REASON_[A-Z_]+' src/include/policy.h | sort -u |
    grep -v -e _COUNT | while read -r r; do
	w=$(echo "${r#POLICY_REASON_}" | tr 'A-Z' 'a-z')
	grep -qw -- "$w" doc/policy.yaml.5 || echo "$w (policy.yaml.5)"
	grep -qw -- "$r" doc/libpolicy.3 || echo "$r (libpolicy.3)"
    done)"

# Paths in `backquotes` that look like files of the tree.
check "files that documents point at are there" "$(grep -ohE '`(src|tests|doc|modules|bindings|policies|demo|\.ci)/[A-Za-z0-9_./-]+`' \
    README doc/HACKING doc/DESIGN doc/MODULES 2>/dev/null | tr -d '`' | sort -u | while read -r p; do
	[ -e "$p" ] || echo "$p"
    done)"
finish
