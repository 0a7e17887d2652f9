#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the process that parses requests can do under its sandbox, and what code of somebody
# else's in it cannot: files by landlock, system calls by seccomp.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../../modules/store_postgresql/server.sh"

modules=$top_builddir/modules/.libs
sandboxed=$top_builddir/tests/daemon/sandboxed
[ ! -x "$top_builddir/tests/daemon/.libs/sandboxed" ] || sandboxed=$top_builddir/tests/daemon/.libs/sandboxed
[ -x "$sandboxed" ] || { skip 1 "the sandbox (policyd is not built)"; finish; }
[ -f "$modules/store_sqlite.so" ] || { skip 1 "the sandbox (no store_sqlite)"; finish; }

dir=$(mktemp -d /var/tmp/policy.sandbox.XXXXXX) || exit 1
kept=$PWD pids=
end_all() {
	exec 7>&- 8>&- 9>&-
	for p in $pids; do kill "$p" 2>/dev/null; wait "$p" 2>/dev/null; done
	pg_end
	rm -rf "$dir"
}
trap end_all EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$dir"
mkdir -m 755 "$dir/set" "$dir/log" "$dir/work"
mkdir -m 700 "$dir/store"
echo hunter2 >"$dir/secret"
# who is shut in cannot be looked into by what seeks leaks
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
kills=0

# ---- sets ----

rules='policy: 1
resources: { doc: { attributes: { name: { type: string, default: none } } }, user: { owner: { resource: user_id, subject: uid } } }
actions:
  read: { resource: doc }
  named: { resource: doc, when: '\''subject.mail matches "[a-z]+@[a-z]+([.][a-z]+)*"'\'' }
  users:create: { resource: user }
  grants:create: { resource: user }
  policy:escalate: { resource: user }
roles:
  reader: { allow: [read, named] }
  admin: { includes: reader, allow: [users:create, grants:create, policy:escalate] }
users:
  ann: { roles: reader, attributes: { mail: ann@example.org } }
  bob: { roles: reader, attributes: { mail: "not an address" } }
'
write_set() { # MORE
	{ printf '%s' "$rules"; printf '%s\n' "$1"; } >"$dir/set/policy.yaml"
	chmod 644 "$dir/set/policy.yaml"
}
conf() { # FILE MORE
	{
		echo "policyd: 1"
		echo "policy: $dir/set"
		echo "modules: $modules"
		echo "read: [$dir/store]"
		echo "write: [$dir/log]"
		echo "listeners: [ { unix: $dir/work/s, serve: [authzen] } ]"
	} >"$dir/work/conf.yaml"
	chmod 600 "$dir/work/conf.yaml"
}
conf

# ---- a process that is asked ----

start() { # FD MODE: its input is FD (8: who reads, 9: who writes), its output $dir/work/out.FD
	rm -f "$dir/work/in.$1" "$dir/work/out.$1"
	: >"$dir/work/out.$1"
	mkfifo "$dir/work/in.$1"
	# shellcheck disable=SC2086 # words
	${as:-} "$sandboxed" "$2" "$dir/work/conf.yaml" <"$dir/work/in.$1" >>"$dir/work/out.$1" 2>&1 7>&- 8>&- 9>&- &
	eval "pid_$1=\$!"
	pids="$pids $!"
	eval "exec $1>'$dir/work/in.$1'"
	n=0
	until grep -q '^ready$\|^error' "$dir/work/out.$1" || ! kill -0 "$!" 2>/dev/null; do
		sleep 0.05
		n=$((n + 1))
		[ "$n" -lt 400 ] || break
	done
	grep -q '^ready$' "$dir/work/out.$1"
}
say() { # FD WORDS: the answer, a line that is no log
	fd=$1
	shift
	before=$(grep -vc '^log: ' "$dir/work/out.$fd")
	eval "printf '%s\n' \"\$*\" >&$fd; pid=\$pid_$fd"
	n=0
	while [ "$(grep -vc '^log: ' "$dir/work/out.$fd")" -le "$before" ]; do
		grep -q '^State:.*[RSD] ' "/proc/$pid/status" 2>/dev/null || { echo died; return; }
		sleep 0.02
		n=$((n + 1))
		[ "$n" -lt 1000 ] || { echo "no answer"; return; }
	done
	grep -v '^log: ' "$dir/work/out.$fd" | tail -n 1
}
asked() { same "$1" "$2" "$(shift 2; say 8 "$@")"; }
soon() { soon_by 8 "$@"; }
soon_by() { # FD WHAT WANTED WORDS: within ten seconds
	who=$1 what=$2 wanted=$3
	shift 3
	m=0
	while got=$(say "$who" "$@"); [ "$got" != "$wanted" ] && [ "$m" -lt 50 ]; do
		sleep 0.2
		m=$((m + 1))
	done
	same "$what" "$wanted" "$got"
}
stop() { # FD
	eval "exec $1>&-"
	eval "wait \"\$pid_$1\""
	rc=$?
	[ "$rc" != 159 ] || kills=$((kills + 1))
	return "$rc"
}
ended_well() { # FD WHAT
	if stop "$1"; then ok; else bad "$2: ended with $rc"; tail -n 5 "$dir/work/out.$1"; fi
}

# ---- a store of SQLite, records, passwords, expressions ----

on_sqlite() {
	write_set "store: { url: \"sqlite:$dir/store/policy.db\", stale: 5s }
audit: { file: $dir/log/audit.%p }
modules: [ { use: password, with: { store: true } }, { use: attacker, subject: { type: nobody }, with: { dir: $dir } } ]"
	if start 9 none; then ok; else bad "who writes does not start"; cat "$dir/work/out.9"; return; fi
	if start 8 kill; then ok; else bad "who reads does not start"; cat "$dir/work/out.8"; return; fi
	same "nothing is said of the sandbox" "" "$(grep '^sandbox' "$dir/work/out.8")"
	asked "a decision" "allow rule" ask ann read doc 1
	asked "an expression, without code made for it" "allow rule" ask ann named doc 1
	asked "and one that does not match" "deny no_rule" ask bob named doc 1
	asked "a user whom nobody has made" "deny no_rule" ask cyd read doc 1
	same "another process makes him" made "$(say 9 make cyd horse-and-cart)"
	soon "and he is known" "allow rule" ask cyd read doc 1
	asked "by his password" "is cyd" login cyd horse-and-cart
	asked "and by no other" "nobody bad_credential" login cyd cart-and-horse
	same "nothing is changed here" error: "$(say 8 make eve horse-and-cart | cut -d ' ' -f 1)"
	if ls "$dir"/log/audit.* >/dev/null 2>&1; then ok; else bad "no record is written"; fi
	asked "read again" reloaded reload
	write_set "store: { url: \"sqlite:$dir/store/policy.db\", stale: 5s }
modules: [ { use: password, with: { store: true } }, { use: attacker, subject: { type: nobody }, with: { dir: $dir } } ]
grants: [ { role: reader, to: dan } ]"
	asked "changed, and read again" reloaded reload
	asked "as changed" "allow rule" ask dan read doc 1
	ended_well 8 "SQLite"
}

# ---- a store in PostgreSQL, by a role that may SELECT and no more ----

on_postgresql() {
	[ -f "$modules/store_postgresql.so" ] || { skip 1 "under the sandbox, PostgreSQL (not built)"; return; }
	pg_begin 7>&- 8>&- 9>&- || { trap end_all EXIT; skip 1 "under the sandbox, PostgreSQL (no server can be started here)"; return; }
	trap end_all EXIT
	write_set "store: { url: \"$POLICY_TEST_PG\", stale: 5s }
modules: [ { use: password, with: { store: true } } ]"
	start 9 none || { bad "who writes does not start"; cat "$dir/work/out.9"; return; }
	PGPASSWORD=secret "$pg_bin/psql" -qX -h "$pg_dir" -U policy -d policy -c "CREATE ROLE reader LOGIN PASSWORD 'reader';
	    GRANT USAGE ON SCHEMA policy TO reader; GRANT SELECT ON policy.policy_head, policy.policy_row TO reader" ||
	    bad "there is no role"
	write_set "store: { url: \"postgresql://reader:reader@/policy?host=$pg_dir\", stale: 5s }
modules: [ { use: password, with: { store: true } } ]"
	start 8 kill || { bad "who reads does not start"; cat "$dir/work/out.8"; return; }
	asked "PostgreSQL: nobody" "deny no_rule" ask cyd read doc 1
	same "another process makes him" made "$(say 9 make cyd horse-and-cart)"
	soon "and he is known" "allow rule" ask cyd read doc 1
	asked "by his password" "is cyd" login cyd horse-and-cart
	pg_down fast
	asked "while the server is away, what it said holds" "allow rule" ask cyd read doc 1
	pg_up 7>&- 8>&- 9>&-
	soon_by 9 "it is back" made make dan horse-and-cart
	soon "and is heard of again" "allow rule" ask dan read doc 1
	asked "read again" reloaded reload
	ended_well 8 "PostgreSQL"
	ended_well 9 "who writes"
}

# ---- keys by HTTPS, tokens of OpenBao ----

servers() {
	python3 -c 'import cryptography' 2>/dev/null || { skip 1 "under the sandbox, servers (no python3-cryptography)"; return; }
	mkdir "$dir/work/servers"
	mkfifo "$dir/work/servers/in"
	python3 "$(dirname "$0")/sandbox_servers.py" "$dir/work/servers" "$top_builddir" <"$dir/work/servers/in" \
	    >"$dir/work/servers/out" 2>&1 7>&- 8>&- 9>&- &
	pids="$pids $!"
	exec 7>"$dir/work/servers/in"
	n=0
	until [ -e "$dir/work/servers/servers" ] || [ "$n" -ge 900 ]; do sleep 0.1; n=$((n + 1)); done
	[ -e "$dir/work/servers/servers" ] || { bad "no servers"; cat "$dir/work/servers/out"; return; }
	keys= vault= vault_token=
	. "$dir/work/servers/servers"
	more=
	[ -z "$vault" ] || more=", { use: vault, subject: { type: service, id: display_name }, with: { address: \"$vault\", insecure: true } }"
	mkdir -p "$dir/set/ca"
	cp "$dir/work/servers/ca.pem" "$dir/set/ca/ca.pem"
	write_set "modules: [ { use: jwt, subject: { type: user }, with: { issuer: us, audience: us, keys: \"$keys\",
    ca: $dir/set/ca/ca.pem, refresh: 1s } }$more ]"
	start 8 kill || { bad "it does not start"; cat "$dir/work/out.8"; return; }
	soon "a token, by a key that was fetched" "is tom0" bearer "$(cat "$dir/work/servers/token")"
	echo turn >&7
	until grep -q turned "$dir/work/servers/out"; do sleep 0.05; done
	soon "and by one that is new" "is tom1" bearer "$(cat "$dir/work/servers/token")"
	asked "no token" "nobody bad_credential" bearer "$(cat "$dir/work/servers/token")x"
	if [ -n "$vault" ]; then
		asked "a token of OpenBao's" "is token-svc" bearer "$vault_token"
		asked "and none" "nobody bad_credential" bearer s.notatokenatall
	else
		skip 2 "tokens of OpenBao (it is not there)"
	fi
	asked "read again" reloaded reload
	soon "and fetched again" "is tom1" bearer "$(cat "$dir/work/servers/token")"
	ended_well 8 "servers"
	exec 7>&-
}

# ---- an attacker within ----

# $got is what came of a row: "done", a word of errno, or "killed".
attack() { # ROW
	got=nothing
	if [ "$(say 8 bearer "attack.$1")" = died ]; then
		wait "$pid_8"
		if [ "$?" = 159 ]; then got=killed; else got=died; fi
		return
	fi
	got=$(sed -n "s/^log: .*: \([A-Za-z0-9]*\) $1\$/\1/p" "$dir/work/out.8" | tail -n 1)
}
attacks() {
	write_set "store: { url: \"sqlite:$dir/store/policy.db\", stale: 5s }
modules: [ { use: attacker, subject: { type: nobody }, with: { dir: $dir } } ]"
	echo x >"$dir/log/audit"
	start 9 none || { bad "who writes does not start"; return; }
	# without a sandbox it is done, or this would prove nothing
	start 8 none || { bad "does not start"; return; }
	say 8 bearer attack.list >/dev/null
	sed -n 's/^log: .*row \(.*\)$/\1/p' "$dir/work/out.8" >"$dir/work/rows"
	sed '/^$/,$d' "$dir/work/rows" >"$dir/work/goes"
	sed '1,/^$/d' "$dir/work/rows" >"$dir/work/not"
	for row in $(cat "$dir/work/goes") store_write set_write secret_read root_list own_memory new_process new_process_raw bind_tcp \
	    listen_tcp run_memory run_memory_read run_memory_later memory_file dump_again log_chmod parent_environment; do
		attack "$row"
		same "without a sandbox: $row" done "$got"
	done
	ended_well 8 "without a sandbox"
	for mode in errno kill; do
		n_refused=0 n_killed=0
		start 8 "$mode" || bad "does not start"
		while read -r row; do
			attack "$row"
			same "$mode: $row" done "$got"
		done <"$dir/work/goes"
		while read -r row; do
			attack "$row"
			case $got in
			done | nothing | died | '') bad "$mode: $row: $got" ;;
			killed) ok; n_killed=$((n_killed + 1)); exec 8>&-; start 8 "$mode" || { bad "does not start again"; cat "$dir/work/out.8"; } ;;
			*) ok; n_refused=$((n_refused + 1)) ;;
			esac
			printf '%s\t%s\t%s\n' "$mode" "$row" "$got" >>"$dir/work/table"
		done <"$dir/work/not"
		ended_well 8 "$mode"
		echo "an attacker within, $mode: $(grep -c . "$dir/work/not") things tried, $n_refused refused, $n_killed killed for"
	done
	[ -z "${SANDBOX_TABLE:-}" ] || cat "$dir/work/table"
	same "the records are there" x "$(cat "$dir/log/audit")"
	if [ -e "$dir/store/new" ] || [ -e /etc/policy-was-here ] || [ -e /tmp/policy-was-here ]; then bad "something was made"; else ok; fi
	ended_well 9 "who writes"
}

# ---- as a user with no rights, whose /proc is root's once nothing may be dumped ----

as_another() {
	[ "$(id -u)" = 0 ] && command -v setpriv >/dev/null || { skip 2 "under the sandbox, another user (not root)"; return; }
	write_set "modules: [ { use: attacker, subject: { type: nobody }, with: { dir: $dir } } ]"
	chmod 644 "$dir/work/conf.yaml"
	chmod 755 "$dir/store"
	as="setpriv --reuid=65534 --regid=65534 --clear-groups"
	if start 8 kill; then ok; else bad "another user: does not start"; cat "$dir/work/out.8"; fi
	as=
	asked "another user: read again" reloaded reload
	attack read_set
	same "another user: a module is there" done "$got"
	ended_well 8 "another user"
	chmod 600 "$dir/work/conf.yaml"
}

# ---- the same, through policyd ----

over_http() {
	policyd=$top_builddir/policyd
	[ -x "$policyd" ] && command -v curl >/dev/null || { skip 3 "policyd under attack (it, or curl, is not there)"; return; }
	write_set "modules: [ { use: attacker, subject: { type: nobody }, with: { dir: $dir } } ]"
	for listener in 1 2 3 4 5 6 7 8; do
		port=$((20000 + ($$ * 7 + listener * 997) % 40000))
		{ grep -v listeners "$dir/work/conf.yaml"; echo "listeners: [ { tcp: \"127.0.0.1:$port\", serve: [authzen] } ]"; } >"$dir/work/http.yaml"
		chmod 600 "$dir/work/http.yaml"
		"$policyd" -c "$dir/work/http.yaml" >"$dir/work/http" 2>&1 7>&- 8>&- 9>&- &
		keeper=$!
		pids="$pids $keeper"
		n=0
		until [ "$(http read_set)" != 000 ] || [ "$n" -ge 100 ]; do sleep 0.1; n=$((n + 1)); done
		[ "$n" -ge 100 ] || break
		kill "$keeper"; wait "$keeper"
	done
	for row in store_write secret_read etc_write new_process bind_tcp run_memory; do
		same "policyd: $row: nobody is let in" 401 "$(http "$row")"
		if grep -q "E[A-Z]* $row\$" "$dir/work/http"; then ok; else bad "policyd: $row"; tail -n 3 "$dir/work/http"; fi
	done
	same "policyd: what kills has no answer" 000 "$(http run)"
	n=0
	until [ "$(http read_set)" = 401 ] || [ "$n" -ge 100 ]; do sleep 0.1; n=$((n + 1)); done
	if [ "$n" -lt 100 ]; then ok; else bad "policyd: and it is not there again"; fi
	if grep -q "killed by signal 31" "$dir/work/http"; then ok; else bad "policyd: nobody says why"; tail -n 5 "$dir/work/http"; fi
	kill "$keeper"
	wait "$keeper"
	same "policyd: the keeper ends well" 0 "$?"
}
http() { # ROW: the status
	curl -s -o /dev/null -m 10 -w '%{http_code}' -H "Authorization: Bearer attack.$1" -H 'Content-Type: application/json' \
	    -d '{"subject":{"type":"user","id":"ann"},"action":{"name":"read"},"resource":{"type":"doc","id":"1"}}' \
	    "http://127.0.0.1:$port/access/v1/evaluation"
}

on_sqlite
ended_well 9 "who writes"
as_another
attacks
over_http
on_postgresql
servers
echo "$kills kills where nobody attacked"
same "no call that was needed was missing" 0 "$kills"
finish
