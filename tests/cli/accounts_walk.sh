# SPDX-License-Identifier: Apache-2.0
# Of accounts.sh: whole stories, over policies that come with the library and a store each.
# shellcheck shell=sh

if [ ! -e "$modules/api_key.so" ] || [ ! -e "$modules/password.so" ]; then
	skip 105 "what tokens of the store open (api_key or password is not built)"
	return 0
fi

# story NAME ADMIN KIND: a set of policies/NAME.yaml with a store of its own, where
# ADMIN comes with the file $here/olga, and a password is of the KIND
story() {
	mkdir "$1" || exit 1
	cp "$top_srcdir/policies/$1.yaml" "$1/app.yaml"
	printf '%s\n' "policy: 1" "modules:" "  - use: api_key" "    with: { imported: true }" "    for: bearer" "    control: binding" \
	    "    kind: [session, api_key]" "    subject: { type: user, shared: true }" "  - use: token_file" \
	    "    with: { file: $here/olga }" "    for: bearer" "    kind: session" "    subject: { type: user, id: $2, shared: true }" \
	    "  - use: password" "    with: { store: true }" "    for: password" "    kind: $3" "    subject: { type: user, shared: true }" \
	    "store: { url: \"sqlite:$here/$1.db\" }" "audit: { file: $here/$1-%p.jsonl }" >"$1/policy.yaml"
	set_of=$1
}
in_story() { # WORD...
	verb=$1
	shift
	case $verb in
	user | token | key | grant | admin) verb="$verb $1" && shift ;;
	esac
	# shellcheck disable=SC2086 # two words
	"$POLICYCTL" $verb -p "$set_of" --module-dir "$modules" "$@"
}
admins() { in_story "$@" --token-file olga; }
# answers "ALLOW or DENY and why" TOKEN ACTION...
answers() {
	text=$1 file=$2
	shift 2
	same "$set_of: $file: $*" "$text" "$(in_story decide --token-file "$file" "$@" 2>&1 | sed -e 's/ *[^ ]*yaml:.*//' -e 's/  */ /')"
}
# --- login and logout ---
rm -rf state
printf 'a wrong password\n' | pc login olga --password-stdin >out 2>err
same "login with a wrong password: exit status" 1 $?
[ ! -e state/policy/token ] && ok || bad "login with a wrong password keeps something"
printf 'a long first password\n' | pc login olga --password-stdin --lifetime 2h --json >out 2>err
same "login: exit status" 0 $?
has out '"ok": true' '"user": "olga"'
same "login: modes" '600 700' "$(stat -c %a state/policy/token state/policy | tr '\n' ' ' | sed 's/ $//')"
lacks "login shows the token" "$(cat state/policy/token)" out err
yes pc user show
same "who is logged in" olga "$(head -n 1 out)"
cp state/policy/token kept
yes pc logout
[ ! -e state/policy/token ] && ok || bad "logout leaves the token"
no 'revoked' pc user show --token-file kept
same "whoami after logout" 'NO  revoked' "$(pc whoami --token-file kept)"
printf 'a long first password\nanother long password\n' | pc user passwd --login olga --password-stdin --password-file - >out 2>err
same "user passwd of one's own: exit status" 0 $?
printf 'a long first password\n' | pc login olga --password-stdin >out 2>err
same "login with the old password: exit status" 1 $?
printf 'another long password\n' | pc login olga --password-stdin >out 2>err
same "login with the new password: exit status" 0 $?
if command -v python3 >/dev/null 2>&1; then
	python3 "$cli/typist.py" 'another long password' 'a third long password' 'a third long password' -- "$POLICYCTL" user passwd \
	    -p set.yaml --module-dir "$modules" >typed 2>&1
	has typed 'Current password: [quiet]' 'New password: [quiet]' 'the password is changed' 'status 0'
	yes pc user show	# the token that asked goes on
else
	skip 5 "a password changed at a terminal (no python3)"
fi
yes pc logout

# --- integrate.ai: as its handbook has it ---
story integrate-ai olga password
yes in_story admin init olga admin --no-password --org acme
admins user add demo-user --generated --org acme --attribute email=f1bd9ff87c@integrate.example --attribute realm=ifl \
    --attribute env=prod --attribute iss=integrate.example --attribute role=analyst --json >user1
same "create_user: exit status" 0 $?
uid1=$(field uid user1)
admins user add stranger --generated --json >user2
(umask 077 && admins token create demo-user --kind session --scopes create_session,read_user_session --renewable >demo 2>err &&
    admins token create demo-user --kind session --scopes create_session,read_user_session >demo2 2>err &&
    admins token create demo-user --kind session --scopes read_all_session >wide 2>err &&
    admins token create demo-user --kind session >unscoped 2>err &&
    admins token create demo-user --kind session --lifetime 1h >short 2>err)
same "create_token: exit status" 0 $?
admins token show --secret-file demo --json >info
token1=$(field token_id info)
has info '"customer": "acme"' '"email": "f1bd9ff87c@integrate.example"' '"realm": "ifl"' '"role": "analyst"' '"env": "prod"' \
    '"iss": "integrate.example"' '"renewable": true' '"scope": "create_session read_user_session"' '"user_id": "demo-user"' \
    '"user_type": "generated"' '"active": true' '"iat": '
admins token show --secret-file wide --json >out
has out '"scope": "read_all_session read_user_session"' '"scopes": ["read_all_session"]'
answers 'ALLOW rule' demo create_session
answers 'ALLOW rule' demo read_user_session session/s1 "resource.user_id=$uid1"
answers 'DENY no_rule' demo read_user_session session/s2 "resource.user_id=$(field uid user2)"
answers 'DENY insufficient_scope' demo start_session session/s1 "resource.user_id=$uid1"
answers 'DENY no_rule' demo users:create user/x
answers 'ALLOW rule' unscoped start_session session/s1 "resource.user_id=$uid1"
no '' in_story user add eve --token-file demo
no '' in_story token create --kind session --token-file demo
no '' in_story token create olga --kind session --token-file unscoped
no '' in_story token revoke "$token1" --token-file demo
no '' in_story grant add demo-user admin --token-file unscoped
yes in_story token show --secret-file demo
yes admins token revoke "$token1"
answers 'DENY revoked' demo read_user_session session/s1 "resource.user_id=$uid1"
same "whoami: revoked" 'NO  revoked' "$(in_story whoami --token-file demo)"
answers 'ALLOW rule' demo2 read_user_session session/s1 "resource.user_id=$uid1"
# two hours later, and with a clock that is wrong
answers 'ALLOW rule' short create_session --now "$(date -u -d '+50 minutes' +%Y-%m-%dT%H:%M:%SZ)"
answers 'DENY expired' short create_session --now "$(date -u -d '+61 minutes' +%Y-%m-%dT%H:%M:%SZ)"
answers 'DENY expired' demo2 create_session --now "$(date -u -d '+31 days' +%Y-%m-%dT%H:%M:%SZ)"
yes admins user delete demo-user
for t in demo2 unscoped short; do
	answers 'DENY revoked' $t create_session
done
exits 73 'was the name of a user that was deleted' admins user add demo-user
admins user add demo-user --reuse --json >user3
same "user add --reuse: exit status" 0 $?
uid3=$(field uid user3)
[ -n "$uid3" ] && [ "$uid3" != "$uid1" ] && ok || bad "a new user of an old name has the old uid"
same "the new user has no token" '' "$(admins token list demo-user --json)"
answers 'DENY revoked' demo2 create_session
(umask 077 && admins token create demo-user --kind session >new 2>err)
answers 'DENY no_rule' new read_user_session session/s1 "resource.user_id=$uid1"
answers 'ALLOW rule' new read_user_session session/s9 "resource.user_id=$uid3"

# what was done, by unique id: who has the name now did other things than who had it then
yes in_story log --subject "uid:$uid1" --json
same "log: all of one uid" "$(wc -l <out)" "$(grep -cE "\"(uid|whose)\":\"$uid1\"" out)"
has out '"resource":"s1"' '"action":"read_user_session"' '"decision":"allow"' '"reason":"insufficient_scope"' "\"token\":\"$token1\""
lacks "log: another's doings stand under a uid" '"resource":"s9"' out
yes in_story log --subject "uid:$uid3" --json
has out '"resource":"s9"' '"reason":"no_rule"'
lacks "log: another's doings stand under a uid" "$token1" out
yes in_story log --verify

# --- ML Blocks: a password opens /login, a token the blocks, a key less ---
story ml-blocks amy password
yes in_story admin init amy --no-password
printf 'password of ann\n' | admins user add ann --password-file - >out 2>err
same "POST /admin/users: exit status" 0 $?
yes admins grant add ann user
yes admins grant add ann runner block/bart-large-mnli
same "POST /login: with the password" 'ALLOW' "$(echo 'password of ann' | in_story decide --password-stdin --name ann login | cut -d' ' -f 1)"
same "POST /login: with another" 'DENY   bad_credential' "$(echo 'password of amy' | in_story decide --password-stdin --name ann login)"
same "a password opens nothing else" 'DENY   ceiling' "$(echo 'password of ann' | in_story decide --password-stdin --name ann block:list | sed 's/ [^ ]*yaml.*//')"
(umask 077 && admins token create ann --kind session --lifetime 12h >session 2>err && admins key create ann --lifetime 7d >key 2>err)
answers 'ALLOW rule' session block:run block/bart-large-mnli
answers 'DENY no_rule' session block:run block/vision/resnet
answers 'ALLOW rule' session pipeline:create
answers 'ALLOW rule' key block:run block/bart-large-mnli
answers 'DENY ceiling' key pipeline:create
answers 'DENY no_rule' session admin:users
answers 'DENY expired' key block:list --now "$(date -u -d '+8 days' +%Y-%m-%dT%H:%M:%SZ)"
yes admins user delete ann
answers 'DENY revoked' key block:list
same "a deleted user's password" 'DENY   bad_credential' "$(echo 'password of ann' | in_story decide --password-stdin --name ann login)"

# --- Xinference: its own file, its own keys ---
story xinference root session
yes in_story admin init root --no-password
sed -e '/xuser3/,/xuser4/d' -e '/models:fly/d' -e 's/    { "username": "filed".*/    { "username": "last" }/' x.json >sound.json
yes admins import xinference sound.json
has out 'xinference: 3 users and 4 keys imported'
echo sk-35tkasdyGLYMy >sk
echo xf-0123456789abcdef0123456789abcdef0123456789abcdef >xf
echo sk-72tkvudyGLPMi >sk-admin
echo sk-35tkasdyGLYMz >sk-none
chmod 600 sk xf sk-admin sk-none
for t in sk xf; do
	answers 'ALLOW rule' $t models:list
	answers 'ALLOW rule' $t models:read model/qwen3
	answers 'DENY no_rule' $t models:start
done
answers 'ALLOW rule' sk-admin models:start
answers 'DENY bad_credential' sk-none models:list
answers 'DENY expired' sk models:list --now "$(date -u -d '+31 days' +%Y-%m-%dT%H:%M:%SZ)"
same "a password of the file" 'YES  user:xuser2' "$(echo secret2 | in_story whoami --password-stdin --name xuser2 | head -n 1)"
same "another password" 'NO  bad_credential' "$(echo secret1 | in_story whoami --password-stdin --name xuser2)"
yes admins token revoke "$(admins key list xuser2 --json | sed -n '1s/.*"token_id": "\([^"]*\)".*/\1/p')"
same "a key that was revoked, and the other" 'NO revoked YES user:xuser2 ' \
    "$(for t in sk xf; do in_story whoami --token-file $t | head -n 1; done | sort | tr -s ' \n' ' ')"
