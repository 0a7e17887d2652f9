#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# policyctl's verbs of accounts, over the store that is a file: words, prompts, what is kept,
# what is imported, and what a credential may.
. "$(dirname "$0")/../lib.sh"
scratch
[ -x "$POLICYCTL" ] || { bad "no policyctl at $POLICYCTL"; finish; }
modules=$(cd "$top_builddir" && pwd)/modules/.libs
[ -e "$modules/store_sqlite.so" ] && [ -e "$modules/token_file.so" ] || {
	skip 1 "accounts (store_sqlite is not built)"
	finish
}
cli=$(cd "$top_srcdir/tests/cli" && pwd)
cd "$tmp" || exit 1
here=$(pwd)
chmod 755 .
umask 022
unset NO_COLOR
XDG_STATE_HOME=$here/state
export XDG_STATE_HOME

# --- the set: its administrator comes with a token of a file ---
echo olgas-token-0123456789abcdefghij >olga
echo nobodys-token-0123456789abcdefgh >wrong
chmod 600 olga
{
	cat "$cli/accounts.yaml"
	echo "modules:"
	# tokens and passwords of the store, for the same people
	[ ! -e "$modules/api_key.so" ] || cat <<'END'
  - use: api_key
    with: { imported: true }
    for: bearer
    control: binding
    kind: [token, api_key]
    subject: { type: user, shared: true }
END
	echo "  - use: token_file"
	echo "    with: { file: $here/olga }"
	echo "    for: bearer"
	echo "    subject: { type: user, id: olga, shared: true }"
	[ ! -e "$modules/password.so" ] || cat <<'END'
  - use: password
    with: { store: true }
    for: password
    subject: { type: user, shared: true }
END
	echo "store: { url: \"sqlite:$here/store.db\" }"
} >set.yaml

pc() { # WORD...: as nobody in particular
	verb=$1
	shift
	case $verb in
	user | token | key | grant | admin) verb="$verb $1" && shift ;;
	esac
	# shellcheck disable=SC2086 # two words
	"$POLICYCTL" $verb -p set.yaml --module-dir "$modules" "$@"
}
as_olga() { pc "$@" --token-file olga; }

# exits STATUS "PART OF STANDARD ERROR" COMMAND...
exits() {
	wanted=$1 text=$2
	shift 2
	"$@" >out 2>err </dev/null
	rc=$?
	same "$*: exit status" "$wanted" "$rc"
	if [ -z "$text" ] || grep -qF -e "$text" err; then ok; else
		bad "$*: standard error lacks: $text"
		sed 's/^/    /' err
	fi
}
# yes COMMAND...: status 0; no COMMAND...: 1
yes() { exits 0 '' "$@"; }
no() { exits 1 "$@"; }
field() { sed -n "s/.*\"$1\": \"\\([^\"]*\\)\".*/\\1/p" "$2" | head -n 1; }
has() { # FILE PART...
	f=$1
	shift
	for part; do
		if grep -qF -e "$part" "$f"; then ok; else
			bad "$f lacks: $part"
			sed 's/^/    /' "$f"
		fi
	done
}
lacks() { # WHAT PART FILE...
	if grep -qF -e "$2" "$3" ${4:+"$4"}; then bad "$1"; else ok; fi
}

# --- words ---
exits 64 'usage: policyctl user VERB' "$POLICYCTL" user
exits 64 'usage: policyctl token VERB' "$POLICYCTL" token nonsense
exits 64 'no such verb: users' "$POLICYCTL" users
exits 64 'a word is missing: NAME' as_olga user add
exits 64 'words too many' as_olga user add ann bob
exits 64 'unknown option --scopes' as_olga user add ann --scopes a
exits 64 'NAME=VALUE is wanted' as_olga user add ann --attribute email
exits 64 '--lifetime: from 1s to 3650d' as_olga token create --lifetime 30
exits 64 '--lifetime: from 1s to 3650d' as_olga token create --lifetime 0d
exits 64 '--lifetime: from 1s to 3650d' as_olga token create --lifetime 3651d
exits 64 '--lifetime: from 1s to 3650d' as_olga token create --lifetime 99999999999999999999d
exits 64 '--until: a time such as' as_olga token create --until tomorrow
exits 64 'exclude each other' as_olga token create --lifetime 1d --until 2030-01-01T00:00:00Z
exits 64 'either ID or --secret-file' as_olga token show
exits 64 'either ID... or --user' as_olga token revoke
exits 64 '--before wants --user' as_olga token revoke x --before 2030-01-01T00:00:00Z
exits 64 'an option and its opposite' as_olga user change ann --enable --disable
exits 64 'nothing to change' as_olga user change ann
exits 64 'exclude each other' as_olga user list --login olga
exits 64 '--password-stdin wants --login' pc user list --password-stdin
exits 64 'xinference, torchserve, ai4flwr or htpasswd' as_olga import ldap x
exits 66 'nobody is logged in' pc user list
exits 66 'a line is wanted, and there is none' pc user list --login olga --password-stdin
exits 66 'nowhere: No such file' pc user list --token-file nowhere
for v in 'user add' 'user list' 'token create' 'key revoke' 'grant add' login logout import 'admin init' backup; do
	# shellcheck disable=SC2086 # two words
	"$POLICYCTL" $v --help >out 2>err
	same "$v --help: exit status" 0 $?
	same "$v --help: first line" "usage: policyctl $v [OPTION]..." "$(head -n 1 out | cut -d' ' -f "1-$(($(echo "$v" | wc -w) + 3))")"
	# shellcheck disable=SC2086
	same "help $v" "$(cat out)" "$("$POLICYCTL" help $v)"
done
"$POLICYCTL" --help >out
has out '  user add ' '  token revoke ' '  import ' '  backup '

# --- the first of all ---
printf 'a long first password\n' >pw
yes pc admin init olga --password-file pw --org acme
has out olga 'password    set'
exits 65 'somebody has policy:escalate already' pc admin init eve --no-password
exits 1 'bad_credential' pc user list --token-file wrong
yes as_olga user list --json
same "user list --json: one line" 1 "$(wc -l <out)"
same "user list --json: who" olga "$(field name out)"

# --- users ---
yes as_olga user add demo-user --generated --org acme --groups lab --attribute email=f1bd9ff87c@integrate.example \
    --attribute env=prod --attribute floor=5 --attribute 'room="7"' --attribute vip=true --json
has out '"floor": 5' '"room": "7"' '"vip": true' '"generated": true' '"groups": ["lab"]' '"has_password": false'
uid=$(field uid out)
exits 73 "there is a user 'demo-user' already" as_olga user add demo-user
exits 73 '' as_olga user add filed
exits 66 "there is no user 'nobody'" as_olga user show nobody
yes as_olga user show "uid:$uid"
has out demo-user 'floor       5'
yes as_olga user change demo-user --attribute floor=-6 --unset room --disable --must-change
yes as_olga user show demo-user --json
has out '"floor": -6' '"vip": true' '"disabled": true' '"must_change": true' '"org": "acme"'
lacks "an attribute that was unset is there" '"room"' out
yes as_olga user change demo-user --enable --need-not-change --groups ''
yes as_olga user show demo-user --json
has out '"groups": []' '"disabled": false' '"must_change": false' '"floor": -6'
as_olga user list >out
same "user list: aligned" 1 "$(awk '{ print index($0, $2) }' out | sort -u | wc -l)"
has out 'NAME ' 'UID '
printf 'an old one\n' | as_olga user passwd demo-user --password-file - 2>err
same "user passwd: exit status" 0 $?
yes as_olga user show demo-user
has out 'password    set'

# --- grants ---
yes as_olga grant add demo-user runner 'block/vision/*' --from 2026-01-01T00:00:00Z --until 2126-01-01T00:00:00+02:00 --json
has out '"role": "runner"' '"resource": "block/vision/*"' '"from": "2026-01-01T00:00:00Z"' '"until": "2125-12-31T22:00:00Z"'
grant=$(field id out)
exits 65 'the set has no such role' as_olga grant add demo-user nonsense
exits 64 'a time after --from' as_olga grant add demo-user runner --from 2030-01-01T00:00:00Z --until 2029-01-01T00:00:00Z
yes as_olga grant list demo-user
has out "$grant" runner 'block/vision/*'
yes pc decide --token-file olga block:run block/vision/x
yes as_olga grant remove "$grant" --json
has out '{"ok": true}'
exits 66 'there is no grant' as_olga grant remove "$grant"

# --- tokens: the secret alone on standard output, and only once ---
(umask 077 && as_olga token create demo-user --scopes create_session,read_user_session --name laptop >t1 2>err)
same "token create: one line" 1 "$(wc -l <t1)"
has err demo-user 'create_session, read_user_session' laptop
lacks "token create tells the secret twice" "$(cat t1)" err
lacks "token create warns of a file that none but its owner reads" warning err
as_olga token create demo-user --scopes '' >loose 2>err
has err 'warning: others may read the file' 'none: it opens nothing'
as_olga token show --secret-file t1 --json >info 2>err
same "token show: exit status" 0 $?
id=$(field token_id info)
has info '"customer": "acme"' '"email": "f1bd9ff87c@integrate.example"' '"realm": null' '"role": null' '"env": "prod"' '"iss": null' \
    '"user_id": "demo-user"' '"user_type": "generated"' '"active": true' '"scope": "create_session read_user_session"' \
    '"renewable": false' '"username": "demo-user"' '"token_type": "Bearer"' "\"sub\": \"$uid\"" "\"jti\": \"$id\"" '"client_id": "laptop"'
same "token show: iat and exp are 30 days apart" 2592000 "$(($(sed 's/.*"exp": \([0-9]*\).*/\1/' info) - $(sed 's/.*"iat": \([0-9]*\).*/\1/' info)))"
lacks "token show tells the secret" "$(cat t1)" info
yes as_olga token inspect "$id"
has out "$id" active laptop
yes as_olga token list demo-user
has out "$id" 'create_session read_user_session'
lacks "token list tells a secret" "$(cut -c 10- t1)" out
exits 65 'max_lifetime' as_olga token create demo-user --lifetime 31d
exits 65 '' as_olga token renew "$id"
as_olga token create demo-user --scopes create_session --renewable --lifetime 1h --json >made 2>err
has made '"token": "pol_' '"renewable": true'
again=$(field token_id made)
field token made >t2
as_olga token renew "$again" >t3 2>err
same "token renew: another secret" 1 "$(cmp -s t2 t3; echo $?)"
as_olga key create demo-user --name robot >k1 2>err
same "key list: the key alone" 1 "$(as_olga key list demo-user --json | wc -l)"
same "token list: all of them" 4 "$(as_olga token list demo-user --json | wc -l)"
if [ -w /dev/full ]; then
	as_olga token create demo-user >/dev/full 2>err
	same "token create to a full disk: exit status" 74 $?
	same "token create to a full disk: it is revoked" 4 "$(as_olga token list demo-user --json | grep -c '"revoked": false')"
else
	skip 2 "no /dev/full"
fi
yes as_olga token revoke "$again" --json
has out '{"ok": true}'
yes as_olga token show "$again" --json
has out '"active": false' '"revoked": true'
exits 0 '3 revoked' as_olga token revoke --user demo-user --before 2126-01-01T00:00:00Z
yes as_olga token revoke --user demo-user

# --- a copy ---
yes as_olga backup copy.db
same "backup: mode" 600 "$(stat -c %a copy.db)"
[ -s copy.db ] && ok || bad "backup: nothing is in it"
exits 1 '' pc backup other.db --token-file wrong

. "$cli/accounts_kept.sh"
. "$cli/accounts_import.sh"
. "$cli/accounts_walk.sh"
finish
