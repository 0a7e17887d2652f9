#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pam_policy.so in PAM's account stage, asked by pamtester; pam_wrapper lets it read
# services from a directory of ours.
. "$(dirname "$0")/../../tests/lib.sh"
scratch
so=$top_builddir/modules/.libs/pam_policy.so
wrapper=$(find /usr/lib -name libpam_wrapper.so 2>/dev/null | head -n 1)
if [ ! -e "$so" ] || [ -z "$wrapper" ] || ! command -v pamtester >/dev/null 2>&1; then
	skip 14 "pam_policy.so (it, pamtester or pam_wrapper is not here)"
	finish
fi
if [ "$POL_SANITIZER" != none ]; then
	skip 14 "pam_policy.so (a sanitizer must be preloaded first)"
	finish
fi
chmod 755 "$tmp"
cat >"$tmp/set.yaml" <<'EOF'
policy: 1
resources:
  host:
actions:
  login:
  become: { resource: host }
roles:
  staff: { allow: login }
  night: { deny: { id: no-remote, actions: login, when: 'has context.rhost and context.rhost == "evil.example"' } }
  root:  { allow: { actions: become, resources: host/db1 } }
users:
  alice: { roles: [staff, night, root] }
  service:robot: { roles: staff }
EOF
echo 'policy: 2' >"$tmp/broken.yaml"
chmod 644 "$tmp"/*.yaml

n=0
asks() { # WHAT YES|NO USER "OPTIONS"
	n=$((n + 1))
	echo "account required $so $4" >"$tmp/svc$n"
	env LD_PRELOAD="$wrapper" PAM_WRAPPER=1 PAM_WRAPPER_SERVICE_DIR="$tmp" \
	    LD_LIBRARY_PATH="$top_builddir/.libs" pamtester ${5:-} "svc$n" "$3" acct_mgmt >"$tmp/out" 2>&1
	if [ $? = 0 ]; then got=YES; else got=NO; fi
	same "$1" "$2" "$got"
	[ "$2" = "$got" ] || sed 's/^/    /' "$tmp/out"
}

asks "one who may" YES alice "policy=$tmp/set.yaml"
asks "one who may not" NO mallory "policy=$tmp/set.yaml"
asks "another action" NO alice "policy=$tmp/set.yaml action=become"
asks "another action, on a thing" YES alice "policy=$tmp/set.yaml action=become resource=host/db1"
asks "on another thing" NO alice "policy=$tmp/set.yaml action=become resource=host/db2"
asks "an action that is not declared" NO alice "policy=$tmp/set.yaml action=fly"
asks "another type of subject" YES robot "policy=$tmp/set.yaml type=service"
asks "and not the user of that name" NO robot "policy=$tmp/set.yaml"
asks "what PAM knows is context" NO alice "policy=$tmp/set.yaml" "-I rhost=evil.example"
asks "from elsewhere" YES alice "policy=$tmp/set.yaml" "-I rhost=good.example"
asks "a set that is not there" NO alice "policy=$tmp/nowhere.yaml"
asks "a set that is broken" NO alice "policy=$tmp/broken.yaml"
asks "an option that is not understood" NO alice "policy=$tmp/set.yaml debug"
asks "a resource that is none" NO alice "policy=$tmp/set.yaml resource=host"
finish
