#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# policyctl over a store in a PostgreSQL server of our own: a user and a token are made, the
# token opens what it may, is revoked and opens nothing; the log says so; and what is said
# where the server is gone.
. "$(dirname "$0")/../lib.sh"
. "$top_srcdir/modules/store_postgresql/server.sh"
modules=$(cd "$top_builddir" && pwd)/modules/.libs
cli=$(cd "$top_srcdir/tests/cli" && pwd)
for m in store_postgresql api_key token_file password; do
	[ -e "$modules/$m.so" ] || { skip 1 "policyctl on PostgreSQL ($m was not built)"; finish; }
done
scratch
pg_begin || { skip 1 "policyctl on PostgreSQL (no server can be started here)"; finish; }
trap 'pg_end; rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
here=$(pwd)
chmod 755 .
umask 022
unset NO_COLOR

echo olgas-token-0123456789abcdefghij >olga
chmod 600 olga
{
	cat "$cli/accounts.yaml"
	printf '%s\n' "modules:" "  - use: api_key" "    for: bearer" "    control: binding" "    kind: [token, api_key]" \
	    "    subject: { type: user, shared: true }" "  - use: token_file" "    with: { file: $here/olga }" "    for: bearer" \
	    "    subject: { type: user, id: olga, shared: true }" "  - use: password" "    with: { store: true }" \
	    "    for: password" "    subject: { type: user, shared: true }" \
	    "store: { url: \"$POLICY_TEST_PG&schema=cli\" }" "audit: { file: $here/audit-%p.jsonl }"
} >set.yaml
chmod 600 set.yaml

pc() { # WORD...
	verb=$1
	shift
	case $verb in
	user | token | key | grant | admin) verb="$verb $1" && shift ;;
	esac
	# shellcheck disable=SC2086 # two words
	"$POLICYCTL" $verb -p set.yaml --module-dir "$modules" "$@"
}
as_olga() { pc "$@" --token-file olga; }
yes() { # COMMAND...
	"$@" >out 2>err </dev/null
	same "$*: exit status" 0 $?
	[ ! -s err ] || sed 's/^/    /' err
}
field() { sed -n "s/.*\"$1\": \"\\([^\"]*\\)\".*/\\1/p" "$2" | head -n 1; }
answers() { # "ALLOW or DENY and why" TOKEN ACTION...
	text=$1 file=$2
	shift 2
	same "$file: $*" "$text" "$(pc decide --token-file "$file" "$@" 2>&1 | sed -e 's/ *[^ ]*yaml:.*//' -e 's/  */ /')"
}
holds() { if grep -qF -e "$2" "$1"; then ok; else bad "$1 lacks: $2"; fi; }

yes pc admin init olga admin --no-password
printf 'password of ann\n' >word
as_olga user add ann --password-file - --json <word >out 2>err
same "user add: exit status" 0 $?
uid=$(field uid out)
(umask 077 && as_olga token create ann --scopes read_user_session >scoped 2>err && as_olga token create ann >whole 2>err)
same "token create: exit status" 0 $?
as_olga token show --secret-file scoped --json >out
id=$(field token_id out)
answers 'ALLOW rule' scoped read_user_session session/s1 "resource.user_id=$uid"
answers 'DENY no_rule' scoped read_user_session session/s2 resource.user_id=another
answers 'DENY insufficient_scope' scoped create_session
answers 'ALLOW rule' whole create_session
answers 'DENY no_rule' whole block:run block/b1
yes as_olga grant add ann runner
answers 'ALLOW rule' whole block:run block/b1
same "login" 'ALLOW' "$(pc decide --password-stdin --name ann create_session <word | cut -d' ' -f 1)"
yes as_olga user list --json
holds out "$uid"
yes as_olga token list ann --json
same "token list: lines" 2 "$(wc -l <out | tr -d ' ')"
yes as_olga token revoke "$id"
answers 'DENY revoked' scoped read_user_session session/s1 "resource.user_id=$uid"
answers 'ALLOW rule' whole create_session
yes as_olga user delete ann
answers 'DENY revoked' whole create_session
same "the password of who is deleted" 'DENY bad_credential' "$(pc decide --password-stdin --name ann create_session <word 2>&1 | tr -s ' ')"

yes pc log --subject "uid:$uid" --json
holds out "\"token\":\"$id\""
holds out '"reason":"insufficient_scope"'
yes pc log --json
holds out '"reason":"revoked"'
yes pc log --verify
same "a secret in the log" '' "$(grep -lF -e "$(cat scoped)" -e "$(cat whole)" -e 'password of ann' audit-*.jsonl)"

pg_down fast
pc decide --token-file olga create_session >out 2>&1
same "decide without the server: exit status" no "$(grep -q '^ALLOW' out && echo yes || echo no)"
as_olga user list >out 2>&1
[ $? != 0 ] && ok || bad "user list without the server says that all is well"
same "a password of the server's in what is said" '' "$(grep -F 'secret@' out)"
pg_up
yes as_olga user list

# ---- by TLS: a certificate for 127.0.0.1, of an authority of its own ----

tls_server() { # ON_OR_OFF
	pg_down fast
	{
		echo "listen_addresses = '127.0.0.1'"
		echo "port = $port"
		echo "ssl = $1"
		echo "ssl_cert_file = '$pg_dir/server.pem'"
		echo "ssl_key_file = '$pg_dir/server.key'"
		echo "log_connections = on"
	} >>"$pg_dir/data/postgresql.conf"
	pg_up
}
certificates() {
	for ca in ours theirs; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$ca" \
		    -keyout "$pg_dir/$ca.key" -out "$here/$ca.pem"
	done
	printf 'subjectAltName=IP:127.0.0.1\n' >"$pg_dir/san"
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=database -keyout "$pg_dir/server.key" \
	    -out "$pg_dir/server.csr"
	openssl x509 -req -in "$pg_dir/server.csr" -CA "$here/ours.pem" -CAkey "$pg_dir/ours.key" -CAcreateserial -days 2 \
	    -extfile "$pg_dir/san" -out "$pg_dir/server.pem"
	chmod 600 "$pg_dir/server.key"
	[ "$(id -u)" != 0 ] || chown postgres "$pg_dir/server.key"
}
over() { # HOST OPTIONS: the same set over TCP; its users are listed into out, or err says why not
	{
		grep -v '^store: ' set.yaml
		echo "store: { url: \"postgresql://policy:secret@$1:$port/policy?schema=cli&$2\" }"
	} >tls.yaml
	chmod 600 tls.yaml
	"$POLICYCTL" user list --json -p tls.yaml --module-dir "$modules" --token-file olga >out 2>err
	rc=$?
}
refused() { # WHAT SAID HOST OPTIONS
	over "$3" "$4"
	[ "$rc" != 0 ] && ok || bad "$1: is let in"
	holds err "$2"
}

if ! command -v openssl >/dev/null 2>&1; then
	skip 12 "PostgreSQL over TLS (no openssl)"
	finish
fi
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
certificates >made 2>&1 || { cat made; bad "no certificates"; }
sed -i 's/^host /hostssl /' "$pg_dir/data/pg_hba.conf"
tls_server on
over 127.0.0.1 "sslmode=verify-full&sslrootcert=$here/ours.pem"
same "by TLS: exit status" 0 "$rc"
holds out '"olga"'
if grep -q 'SSL enabled (protocol=TLSv1' "$pg_dir/log"; then ok; else bad "the server saw no TLS"; fi
refused "another authority" "TLS: its certificate is not accepted" 127.0.0.1 "sslmode=verify-full&sslrootcert=$here/theirs.pem"
refused "another name" "TLS: its certificate is not accepted" localhost "sslmode=verify-full&sslrootcert=$here/ours.pem"
refused "without TLS" "it lets nobody in from here" 127.0.0.1 sslmode=disable
tls_server off
refused "a server without TLS" "TLS cannot be agreed on" 127.0.0.1 "sslmode=verify-full&sslrootcert=$here/ours.pem"
finish
