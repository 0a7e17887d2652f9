#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# policyctl from outside: words, exit status, JSON, batch lines, explanations.
. "$(dirname "$0")/../lib.sh"
scratch
[ -x "$POLICYCTL" ] || { bad "no policyctl at $POLICYCTL"; finish; }
cli=$top_srcdir/tests/cli
cp "$cli/office.yaml" "$cli/batch.jsonl" "$tmp" || exit 1
cd "$tmp" || exit 1
unset NO_COLOR

# says STATUS "STANDARD OUTPUT" WORD...
says() {
	wanted=$1 text=$2
	shift 2
	got=$("$POLICYCTL" "$@" 2>err)
	rc=$?
	same "$*: exit status" "$wanted" "$rc"
	same "$*: output" "$text" "$got"
}

# complains STATUS "PART OF STANDARD ERROR" WORD...
complains() {
	wanted=$1 text=$2
	shift 2
	"$POLICYCTL" "$@" >out 2>err </dev/null
	rc=$?
	same "$*: exit status" "$wanted" "$rc"
	if grep -qF -e "$text" err; then ok; else
		bad "$*: standard error lacks: $text"
		sed 's/^/    /' err
	fi
}

d() { # STATUS "OUTPUT" WORD...: decide on the office
	w=$1 t=$2
	shift 2
	says "$w" "$t" decide -p office.yaml --fixtures "$@"
}

# --- usage ---
complains 64 'usage: policyctl VERB'
complains 64 'no such verb: nonsense' nonsense
complains 64 'no such verb: \x1b[31m' "$(printf '\033[31m')"
complains 64 'unknown option --nonsense' check --nonsense office.yaml
complains 64 'unknown option --scopes' check --scopes a office.yaml
complains 64 'option --now wants TIME' decide -p office.yaml alice login --now
complains 64 'option --json takes no value' check --json=1 office.yaml
complains 64 'a file or directory is wanted' check
complains 64 'a file or directory is wanted' test
complains 64 'a file or directory is wanted' dump
complains 64 '-p PATH is wanted' decide alice login
complains 64 'SUBJECT and ACTION are wanted' decide -p office.yaml alice
complains 64 'SUBJECT and ACTION are wanted' explain -p office.yaml
complains 64 'standard input alone' decide -p office.yaml --batch alice login
complains 64 '--max-size' check --max-size 10Q office.yaml
complains 64 '--max-size' check --max-size -1 office.yaml
complains 64 'write user:everyone if it is' decide -p office.yaml everyone login
complains 64 'there is no resource' decide -p office.yaml alice login resource.a=1
complains 64 'number out of range' decide -p office.yaml alice login context.n=9223372036854775808
complains 64 'given twice' decide -p office.yaml alice login context.n=1 context.n=2
complains 64 'TYPE/ID is wanted once' decide -p office.yaml alice read doc/a1 doc/a2
complains 64 'TYPE/ID is wanted once' decide -p office.yaml alice read cntext.a=1
for v in check test decide who what explain route dump bench; do
	"$POLICYCTL" $v --help >out 2>err
	same "$v --help: exit status" 0 $?
	same "$v --help: first line" "usage: policyctl $v" "$(head -n 1 out | cut -d' ' -f 1-3)"
	same "help $v" "$(cat out)" "$("$POLICYCTL" help $v)"
done
same "--version" 0 "$("$POLICYCTL" --version | grep -qE '^policyctl [0-9]+\.[0-9]+'; echo $?)"
"$POLICYCTL" --help >out
same "--help names every verb" 9 "$(grep -cE '^  (check|test|decide|who|what|explain|route|dump|bench) ' out)"

# --- route ---
cat >routes.yaml <<-END
policy: 1
resources: { doc: }
actions: { read: { resource: doc }, open: }
routes:
  default:
    - { match: "GET /docs/{id}", action: read, resource: "doc/{id}" }
    - { match: "POST /docs", body: id, action: read, resource: "doc/{id}" }
    - { match: "GET /ping", public: true }
  other: [ { match: "GET /ping", public: true, action: open } ]
END
says 0 'read doc/a b  route routes.yaml:6' route -p routes.yaml GET '/docs/a%20b?x=1'
says 0 'read doc/7  route routes.yaml:7' route -p routes.yaml --body '{"id":"7"}' POST /docs
says 0 'public  route routes.yaml:8' route -p routes.yaml GET /ping
says 0 'public  open  route routes.yaml:9' route -p routes.yaml --set other GET /ping
says 1 'no route' route -p routes.yaml GET /docs/a%2Fb
says 1 '{"found": false}' route --json -p routes.yaml GET /
says 0 '{"found": true, "public": false, "action": "read", "resource": {"type": "doc", "id": "1"}, "file": "routes.yaml", "line": 6}' \
    route --json -p routes.yaml GET /docs/1
complains 1 'could be read in two ways' route -p routes.yaml GET /docs/..
complains 1 'lacks what the route wants' route -p routes.yaml POST /docs
complains 64 'METHOD and TARGET are wanted' route -p routes.yaml GET
complains 64 '-p PATH is wanted' route GET /

# --- check, test, dump ---
says 0 'office.yaml: ok (1 file, 3 types, 5 actions, 6 roles, 13 entries, 2 users, 1 group, 3 grants, 3 entities, 2 tests)' \
    check office.yaml
complains 0 'office.yaml:42:69: warning: this deny reads resource.level' check office.yaml
same "check --json: severity" '"severity": "warning"' "$("$POLICYCTL" check --json office.yaml | grep -oF '"severity": "warning"')"
complains 66 'error: ' check nowhere.yaml
complains 66 'error: ' test nowhere.yaml
complains 66 'error: ' dump nowhere.yaml
complains 66 'error: ' decide -p nowhere.yaml alice login
printf 'policy: 1\nactions: [a]\nroles: { r: { allow: b } }\n' >bad.yaml
complains 1 'bad.yaml:3:' check bad.yaml
complains 1 'bad.yaml:3:' check office.yaml bad.yaml
complains 65 'bad.yaml:3:' test bad.yaml
complains 65 'bad.yaml:3:' dump bad.yaml
complains 65 'bad.yaml:3:' decide -p bad.yaml alice a
complains 65 'bad.yaml:3:' explain -p bad.yaml alice a
same "check --json: severity" '"severity": "error"' "$("$POLICYCTL" check --json bad.yaml | grep -oF '"severity": "error"')"
printf 'policy: 1\nactions: [a]\ntests:\n  - { as: alice, allow: a }\n' >failing.yaml
says 0 'office.yaml: 8 checks, 0 failed
8 passed, 0 failed' test office.yaml
says 1 'failing.yaml:4: failed: a: wanted allow, got deny no_rule
failing.yaml: 1 check, 1 failed
0 passed, 1 failed' test failing.yaml
says 1 '{"results": [{"ok": false, "file": "failing.yaml", "line": 4, "what": "a", "wanted": "allow", "got": "deny", "reason": "no_rule", "rule": ""}], "passed": 0, "failed": 1}' \
    test --json failing.yaml
"$POLICYCTL" dump office.yaml >dump1 && "$POLICYCTL" dump --json office.yaml >dump2
same "dump: exit status" 0 $?
same "dump says something" 0 "$([ -s dump1 ] && head -c 9 dump2 | grep -q '{"dump": '; echo $?)"
# two files are one set, whatever their order
printf 'policy: 1\nactions: [a]\n' >one.yaml
printf 'policy: 1\nroles: { r: { allow: a } }\neveryone: { roles: r }\n' >two.yaml
says 0 'ALLOW  rule two.yaml:2' decide -p one.yaml -p two.yaml - a
says 0 'ALLOW  rule two.yaml:2' decide -p two.yaml -p one.yaml anonymous a
same "dump of two files" "$("$POLICYCTL" dump one.yaml two.yaml)" "$("$POLICYCTL" dump two.yaml one.yaml)"
says 0 '[]' check --json one.yaml
# longer than the default limit
{ printf 'policy: 1\nactions: [a]\n# '; head -c 1100000 /dev/zero | tr '\0' x; echo; } >long.yaml
complains 1 'long.yaml' check long.yaml
says 0 'long.yaml: ok (1 file, 1 action)' check --max-size 2M long.yaml

# --- owner and mode: a host refuses, an author is warned ---
mkdir loose && cp one.yaml loose/ && chmod 666 loose/one.yaml
complains 77 'loose/one.yaml' check --host loose/one.yaml
complains 0 'warning: ' check loose/one.yaml
complains 0 'warning: ' dump loose/one.yaml

# --- who, what ---
cat >search.yaml <<'EOF'
policy: 1
resources: { doc: { attributes: { state: { type: string } } }, box: }
actions: { read: { resource: doc, aliases: view }, write: { resource: doc, unless: resource.state == "closed" }, login: }
roles: { reader: { allow: [read, login] }, writer: { includes: reader, allow: write }, night: { allow: read } }
users: { bob: { roles: writer }, ann: { roles: reader }, none: }
groups: { team: { members: ['device:d 1', "a:b"], roles: reader } }
grants: [ { role: writer, to: eve, resource: doc/2 }, { role: night, to: owl, from: "2026-01-01T00:00:00Z", until: "2026-02-01T00:00:00Z" } ]
entities: { doc/1: { state: closed }, doc/3: { state: open } }
EOF
says 0 'ann
bob' who -p search.yaml login
says 0 'ann
bob
eve' who -p search.yaml view doc/2
says 0 'bob' who -p search.yaml write doc/3
says 1 '' who -p search.yaml write doc/1
says 0 'bob' who -p search.yaml write doc/9 resource.state=open
says 0 'ann
bob
owl' who -p search.yaml --now 2026-01-15T00:00:00Z read doc/1
says 0 'device:d 1' who -p search.yaml --type device read doc/1
says 0 '{"results": [{"type": "device", "id": "d 1"}]}' who -p search.yaml --type device --json read doc/1
says 1 '{"results": []}' who -p search.yaml --json write doc/1
says 0 'doc/1
doc/2
doc/3' what -p search.yaml ann read doc
says 0 'doc/2' what -p search.yaml eve write doc resource.state=open
says 1 '' what -p search.yaml none read doc
says 1 '' what -p search.yaml bob read box
says 0 'login' what -p search.yaml bob
says 0 'login
read
write' what -p search.yaml bob doc/3
says 0 'login
read' what -p search.yaml bob doc/1
says 0 '{"results": [{"name": "read"}]}' what -p search.yaml --json owl doc/1 --now 2026-01-15T00:00:00Z
says 1 '' what -p search.yaml --scopes '' bob doc/3
says 1 '' what -p search.yaml anonymous doc/1
complains 64 'ACTION is wanted' who -p search.yaml
complains 64 'SUBJECT is wanted' what -p search.yaml
complains 64 'TYPE is wanted behind read' what -p search.yaml bob read
complains 64 '-p PATH is wanted' who login
complains 64 'no subject types' who -p search.yaml --type group login
complains 66 'error: ' who -p nowhere.yaml login
complains 65 'bad.yaml:3:' what -p bad.yaml bob

# --- decide ---
d 0 'ALLOW  rule office.yaml:32' alice write doc/a1
d 0 'ALLOW  rule office.yaml:28' alice read doc/b1
d 0 'ALLOW  rule office.yaml:28' user:alice view doc/b1
d 1 'DENY   no_rule' alice erase doc/b1
d 1 'DENY   no_rule' alice erase
d 1 'DENY   denied no-vault (office.yaml:41)' alice read doc/vault/x resource.public=true
d 1 'DENY   condition_error low-level (office.yaml:42)' alice read doc/lab/x
d 1 'DENY   denied low-level (office.yaml:42)' alice read doc/lab/x resource.level=2.5
d 0 'ALLOW  rule office.yaml:28' alice read doc/lab/x resource.level=3 resource.public=true
d 1 'DENY   unknown_action' alice raed doc/a1
d 1 'DENY   unknown_resource' alice read dok/a1
d 1 'DENY   no_credential' anonymous login
d 1 'DENY   no_credential' - login
d 1 'DENY   insufficient_scope' alice login --scopes docs --kind browser
d 1 'DENY   insufficient_scope' alice login --scopes '' --kind browser
d 0 'ALLOW  rule office.yaml:39' alice login --scopes docs,login --kind browser
d 1 'DENY   ceiling office.yaml:58' alice write doc/a1 --kind key
d 1 'DENY   ceiling' alice login --kind nonsense
d 1 'DENY   ceiling' alice login token.a=1
d 1 'DENY   ceiling office.yaml:59' alice login --kind kiosk context.ip=11.0.0.1
d 0 'ALLOW  rule office.yaml:39' alice login --kind kiosk context.ip=10.0.0.1
d 0 'ALLOW  rule office.yaml:37' carol print printer/x --now 2026-01-31T23:59:59Z
d 1 'DENY   no_rule' carol print printer/x --now 2026-02-01T00:00:00Z
d 0 'ALLOW  rule office.yaml:32' dave write doc/p1 resource.size=1
d 1 'DENY   no_rule' dave write doc/p1
d 0 'ALLOW  rule office.yaml:32' zoe write doc/z --groups eng resource.size=1
d 1 'DENY   no_rule' zoe write doc/z --groups nobodies resource.size=1
d 0 'ALLOW  rule office.yaml:44' service:ci read doc/a1
d 0 'ALLOW  rule office.yaml:32' alice read doc/a1 --actor service:ci
d 1 'DENY   no_rule' alice write doc/a1 --actor service:ci
d 0 'ALLOW  rule office.yaml:35' alice print printer/hall context.hour=8
d 1 'DENY   no_rule' alice print printer/hall 'context.hour="8"'
d 1 'DENY   no_rule' alice print printer/hall context.hour=
d 1 'DENY   error' group:eng login
d 1 'DENY   error' alice login --now yesterday
complains 1 'RFC 3339' decide -p office.yaml alice login --now yesterday
says 1 'DENY   no_rule' decide -p office.yaml alice write doc/a1
says 0 '{"decision": true, "context": {"reason": "rule", "rule": "office.yaml:39", "file": "office.yaml", "line": 39, "status": 200}}' \
    decide -p office.yaml --json alice login
says 1 '{"decision": false, "context": {"reason": "error", "status": 403}}' decide -p office.yaml --json group:x login
says 1 'DENY   unknown_action' decide -p office.yaml alice "$(printf 'a\033[31m')"

# values are typed as YAML's plain scalars are
cat >typed.yaml <<'END'
policy: 1
actions: [int, real, text, bool, list, nested, absent]
roles:
  r:
    allow:
      - { actions: int, when: context.v == 10 }
      - { actions: real, when: context.v == 2.5 }
      - { actions: text, when: 'context.v == "010"' }
      - { actions: bool, when: context.v }
      - { actions: list, when: 'context.v covers ["a", "b, c", 3, true]' }
      - { actions: nested, when: context.v.w.x == 1 }
      - { actions: absent, when: not has context.v }
everyone: { roles: r }
END
t() { says "$1" "$2" decide -p typed.yaml - "$3" "$4"; }
t 0 'ALLOW  rule typed.yaml:6' int context.v=10
t 1 'DENY   no_credential' int 'context.v="10"'
t 0 'ALLOW  rule typed.yaml:7' real context.v=2.5
t 0 'ALLOW  rule typed.yaml:8' text context.v=010
t 1 'DENY   no_credential' bool context.v=yes
t 0 'ALLOW  rule typed.yaml:9' bool context.v=true
t 0 'ALLOW  rule typed.yaml:10' list 'context.v=[a, "b, c", 3, true]'
t 1 'DENY   no_credential' list 'context.v=[a, b, c, 3, true]'
t 0 'ALLOW  rule typed.yaml:11' nested context.v.w.x=1
t 0 'ALLOW  rule typed.yaml:12' absent context.v=
t 0 'ALLOW  rule typed.yaml:12' absent context.v=~
t 1 'DENY   no_credential' absent 'context.v=""'
t 1 'DENY   no_credential' absent 'context.v=[]'

# --- a set with modules: judged by its text, and no module is looked for ---
cat >mapped.yaml <<'END'
policy: 1
actions: [go]
roles: { goer: { allow: go } }
modules:
  - { use: no_such_module, name: corp, map: { roles: { team: { a: goer } } } }
store: { url: "nowhere:at all" }
END
says 0 'mapped.yaml: ok (1 file, 1 action, 1 role, 1 entry)' check mapped.yaml
says 0 'ALLOW  rule mapped.yaml:3' decide -p mapped.yaml --groups map:corp/goer ann go
says 1 'DENY   no_rule' decide -p mapped.yaml ann go
says 0 'ALLOW  rule mapped.yaml:3
ann may go: it is allowed by mapped.yaml:3 of role goer; ann holds role goer through group map:corp/goer (mapped.yaml:5).' \
    explain -p mapped.yaml --groups map:corp/goer ann go

# --- explain: blocks of `$ words`, then what is said ---
block=0
ask() {
	[ -n "$words" ] || return 0
	block=$((block + 1))
	eval "set -- $words"
	same "explain $words" "$text" "$("$POLICYCTL" explain -p office.yaml --fixtures "$@" 2>&1)"
}
words='' text=''
while IFS= read -r line; do
	case $line in
	'$ '*) ask; words=${line#'$ '} text= ;;
	'') ;;
	*) text=${text:+$text
}$line ;;
	esac
done <"$cli/explain.txt"
ask
[ "$block" -gt 10 ] || bad "explain.txt was not read"
"$POLICYCTL" explain --json -p office.yaml --fixtures alice erase doc/b1 >out
same "explain --json: exit status" 1 $?
for part in '"distance": "condition"' '"role": "editor"' '"text": "own"' '"outcome": "false"' '"reason": "no_rule"'; do
	if grep -qF "$part" out; then ok; else bad "explain --json lacks $part"; fi
done

# --- batch ---
"$POLICYCTL" decide -p office.yaml --fixtures --batch <batch.jsonl >out 2>err
same "batch: exit status" 0 $?
check "batch: answers" "$(diff "$cli/batch.want" out)"
same "batch: a line for each line" "$(wc -l <batch.jsonl)" "$(wc -l <out)"
same "batch: a sentence for each refusal" "$(grep -cE '"(error|limit)"' out)" "$(grep -cE '^line [0-9]+: ' err)"
same "batch: no newline at the end" '{"decision": false, "context": {"reason": "no_credential", "rule": ""}}' \
    "$(printf '{"action": {"name": "login"}}' | "$POLICYCTL" decide -p office.yaml --batch)"
same "batch: nothing in, nothing out" '' "$("$POLICYCTL" decide -p office.yaml --batch </dev/null)"
same "batch: --now where a line says none" '"reason": "rule"' \
    "$(echo '{"subject": {"type": "user", "id": "carol"}, "action": {"name": "print"}, "resource": {"type": "printer", "id": "x"}}' |
    "$POLICYCTL" decide -p office.yaml --now 2026-01-05T00:00:00Z --batch | grep -oF '"reason": "rule"')"
{
	printf '{"action": {"name": "'
	head -c 3000000 /dev/zero | tr '\0' x
	printf '"}}\n{"action": {"name": "login"}}\n'
} | "$POLICYCTL" decide -p office.yaml --batch >out 2>err
same "batch: a line too long" '{"decision": false, "context": {"reason": "limit"}}
{"decision": false, "context": {"reason": "no_credential", "rule": ""}}' "$(cat out)"
# bytes that are no UTF-8, and a NUL as it is
printf '{"action": {"name": "\377"}}\n{"action": {"name": "a\000b"}}\n{"action": {"name": "login"}, "x": null\000}\n' |
    "$POLICYCTL" decide -p office.yaml --batch >out 2>err
same "batch: bytes" 3 "$(grep -c '"error"' out)"
# answers come before the input ends
mkfifo ask answer
"$POLICYCTL" decide -p office.yaml --batch <ask >answer 2>/dev/null &
exec 3>ask 4<answer
echo '{"action": {"name": "login"}}' >&3
read -r got <&4
same "batch: an answer before the end" '{"decision": false, "context": {"reason": "no_credential", "rule": ""}}' "$got"
exec 3>&- 4<&-
wait

# --- bench: what it counts and says of answers; never a time ---
measures() { # STATUS WORD...
	wanted=$1
	shift
	"$POLICYCTL" bench "$@" --seconds 0.01 >out 2>err </dev/null
	same "bench $*: exit status" "$wanted" $?
}
complains 64 '-p PATH is wanted' bench --requests bench.jsonl
complains 64 '--requests FILE is wanted' bench -p office.yaml
complains 64 'from FILE alone' bench -p office.yaml --requests bench.jsonl alice login
complains 64 '--threads: a number from 1' bench -p office.yaml --requests bench.jsonl --threads 0
complains 64 '--threads: a number from 1' bench -p office.yaml --requests bench.jsonl --threads two
complains 64 '--seconds: seconds' bench -p office.yaml --requests bench.jsonl --seconds 0
complains 64 'unknown option --profile' decide -p office.yaml --profile alice login
complains 66 'nowhere.jsonl: error: ' bench -p office.yaml --requests nowhere.jsonl
cp "$cli/bench.jsonl" . || exit 1
complains 66 'error: ' bench -p nowhere.yaml --requests bench.jsonl
complains 65 'bad.yaml:3:' bench -p bad.yaml --requests bench.jsonl
complains 65 'bad.yaml:3:' bench -p bad.yaml --requests bench.jsonl --fixtures
: >empty.jsonl
complains 65 'empty.jsonl: error: no request' bench -p office.yaml --requests empty.jsonl
printf '{"action": {"name": "login"}}\n{"action": 1}\n' >half.jsonl
complains 65 'half.jsonl:2: error: action' bench -p office.yaml --requests half.jsonl
echo '{"action": {"name": "login"}, "now": "2026-02-30T00:00:00Z"}' >when.jsonl
complains 65 'when.jsonl:1: error: now' bench -p office.yaml --requests when.jsonl
measures 0 -p office.yaml --fixtures --requests bench.jsonl
same "bench: requests" '7 requests: 4 allowed, 3 denied (1 refused)' "$(head -n 1 out)"
same "bench: says what was opened" 1 "$(grep -c '^measured on a handle opened from the text' out)"
same "bench: slowest requests" 5 "$(grep -cE '^  [0-9]+ ns  bench.jsonl:[0-9]+: ' out)"
# without fixtures alice is nobody in particular
complains 1 'bench.jsonl:2: error: allow was expected, the answer is deny (no_rule)' \
    bench -p office.yaml --requests bench.jsonl --seconds 0.01
same "bench: not as expected" '7 requests: 3 allowed, 4 denied (1 refused), 1 not as expected' "$(head -n 1 out)"
same "bench: opened by its path" 0 "$(grep -c '^measured on a handle' out)"
"$POLICYCTL" bench -p office.yaml --fixtures --requests - --seconds 0.01 --threads 3 --json --profile <bench.jsonl >out
same "bench --json: exit status" 0 $?
same "bench --json: keys" 'decisions min_ns median_ns p99_ns max_ns threads load_ms rss_kb program_bytes people_bytes rules' \
    "$(grep -oE '^[{]"decisions.*"rules"' out | grep -oE '"[a-z_0-9]+":?' | tr -d '":' | tr '\n' ' ' | sed 's/ $//')"
for part in '"threads": 3' '"rules": 16' '"requests": 7' '"allowed": 4' '"refused": 1' '"wrong": 0' '"opened": "dump"' \
    '"rule": "low-level", "file": "office.yaml", "line": 42, "evaluated": 2, "matched": 0, "false": 1, "unknown": 1'; do
	if grep -qF "$part" out; then ok; else bad "bench --json lacks $part"; fi
done
if command -v python3 >/dev/null 2>&1; then
	same "bench --json is JSON, the profile sorted" True "$(python3 -c '
import json, sys
r = json.load(sys.stdin)
n = [e["evaluated"] for e in r["profile"]]
print(n == sorted(n, reverse=True) and len(n) == 5 and len(r["slowest"]) == 5
      and r["min_ns"] <= r["median_ns"] and r["p99_ns"] <= r["max_ns"] and r["decisions"] >= 10 * 3 * 7)' <out)"
else
	skip 1 "bench --json is read (no python3)"
fi
# a clock for all, and one of its own for a request
echo '{"subject": {"type": "user", "id": "carol"}, "action": {"name": "print"}, "resource": {"type": "printer", "id": "x"}, "expected": true}' >then.jsonl
complains 1 'then.jsonl:1: error: allow was expected' bench -p office.yaml --requests then.jsonl --seconds 0.01
measures 0 -p office.yaml --requests then.jsonl --now 2026-01-05T00:00:00+02:00
# owner and mode that a host refuses, two paths, a set that is off
echo '{"action": {"name": "a"}, "expected": true}' >a.jsonl
complains 0 'warning: ' bench -p loose/one.yaml -p two.yaml --requests a.jsonl --seconds 0.01
complains 1 'warning: ' bench -p loose/one.yaml --requests a.jsonl --seconds 0.01
printf 'policy: 1\nenabled: false\nactions: [a]\n' >off.yaml
measures 0 -p off.yaml --requests a.jsonl
same "bench: a set that is off is told" 1 "$(grep -c '^the set is switched off' out)"
# fixtures of every shape become people and things like any other: the verb itself
# compares each answer with that of the author's view
for f in "$top_srcdir"/policies/*.yaml; do
	"$POLICYCTL" bench -p "$f" --fixtures --requests bench.jsonl --seconds 0.01 >out 2>err
	rc=$?
	same "bench: $(basename "$f") with its fixtures opens" 1 "$(grep -c '^measured on' out)"
	[ "$rc" -le 1 ] || bad "bench: $(basename "$f"): exit status $rc: $(cat err)"
done

# --- credentials ---
chmod 755 . && chmod 644 office.yaml
printf 'a-token\n' >token
complains 64 '-p PATH is wanted' whoami --token-file token
complains 64 'a single -p PATH' whoami -p office.yaml -p office.yaml --token-file token
complains 64 'or --batch is wanted' whoami -p office.yaml
complains 64 'no word is wanted' whoami -p office.yaml --token-file token alice
complains 64 'exclude each other' whoami -p office.yaml --token-file token --password-stdin --name a
complains 64 'wants --name' whoami -p office.yaml --password-stdin
complains 64 'standard input alone' whoami -p office.yaml --batch --token-file token
complains 64 'standard input alone' whoami -p office.yaml --batch --name alice
complains 64 '--now' whoami -p office.yaml --token-file token --now yesterday
complains 66 'No such file' whoami -p office.yaml --token-file nowhere
complains 66 'No such file' whoami -p nowhere.yaml --token-file token
complains 64 'speaks for itself' decide -p office.yaml --token-file token --scopes a login
complains 64 'speaks for itself' decide -p office.yaml --token-file token --fixtures login
complains 64 'go with --token-file' decide -p office.yaml --name alice alice login
head -c 70000 /dev/zero | tr '\0' a >long
complains 65 'longer than 65536' whoami -p office.yaml --token-file long
# a set without modules has nobody who could vouch for a credential
says 1 'NO  bad_credential' whoami -p office.yaml --token-file token
says 1 '{"ok": false, "reason": "bad_credential", "status": 401}' whoami -p office.yaml --token-file token --json --now 1700000000
says 1 'DENY   bad_credential' decide -p office.yaml --token-file token login
says 1 'DENY   bad_credential' decide -p office.yaml --password-stdin --name alice login <token
printf '%s\n' '{"credential": {"type": "bearer", "data": "x"}}' '{"credentials": [{"type": "bearer", "data": "x"}]}' \
    '{"credential": {"type": "bearer", "data": 1}}' '{"credentials": []}' 'no' \
    '{"credential": {"type": "bearer", "data": "x"}, "credentials": []}' >lines
bad_line='{"ok": false, "reason": "bad_credential", "status": 401}' error_line='{"ok": false, "reason": "error"}'
same "whoami --batch" "$bad_line $bad_line $error_line $error_line $error_line $error_line " \
    "$("$POLICYCTL" whoami -p office.yaml --batch <lines 2>err | tr '\n' ' ')"
same "whoami --batch writes no NUL" 0 "$("$POLICYCTL" whoami -p office.yaml --batch <lines 2>err | tr -cd '\0' | wc -c)"
same "whoami --batch tells which lines are wrong" "3 4 5 6 " "$(sed -n 's/^line \([0-9]*\):.*/\1/p' err | tr '\n' ' ')"

# --- output that cannot be written ---
if [ -w /dev/full ]; then
	"$POLICYCTL" check office.yaml >/dev/full 2>err
	same "check to a full disk: exit status" 74 $?
	"$POLICYCTL" decide -p office.yaml --batch <batch.jsonl >/dev/full 2>err
	same "batch to a full disk: exit status" 74 $?
	grep -q 'could not be written' err
	same "batch to a full disk: said" 0 $?
else
	skip 3 "no /dev/full"
fi
finish
