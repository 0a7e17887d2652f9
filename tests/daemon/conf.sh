#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# policyd.yaml: what is taken, and what is said of the rest.
. "$(dirname "$0")/../lib.sh"
. "$top_srcdir/tests/daemon/lib.sh"
home
set=$tmp/set.yaml
file=$tmp/policyd.yaml
printf 'policy: 1\nactions: [read]\n' >"$set"

# The listener that most need, and what goes before it.
head_="policyd: 1
policy: $set"
on="listeners: [ { unix: $tmp/s, serve: [health] } ]"

run() { # TEXT: exit status to $rc, what was said to $said
	printf '%s\n' "$1" >"$file"
	said=$("$POLICYD" -t -c "$file" 2>&1)
	rc=$?
	said=$(printf '%s\n' "$said" | grep -v 'policy set in force' | sed "s,$tmp,T,g")
}

good() { # WHAT TEXT
	run "$2"
	same "$1" "0:" "$rc:$said"
}

bad_() { # WANTED TEXT: line:column: the message
	run "$2"
	same "exit of: $1" 65 "$rc"
	same "message" "policyd: T/policyd.yaml:$1" "$said"
}

good "the least" "$head_
$on"
good "all there is" "$head_
modules: $tmp
state: $tmp
user: root
url: https://pdp.example/
jwks: $tmp/keys.json
threads: 2
limits: { connections: 64, idle: 15s, wait: 1m, waiting: 8, queued: 256, head: 32KiB, body: 1MiB, batch: 1000 }
listeners:
  - unix: $tmp/s
    mode: \"0660\"
    serve: [authzen, health, metrics]
    peers: [ { user: root, may: [evaluate] }, { group: \"0\", may: [evaluate, search, admin] }, { user: 4294967294, may: [admin] } ]
  - tcp: \"[::1]:8181\"
    tls: { certificate: $tmp/c, key: $tmp/k, client_ca: $tmp/a }
    serve: [authzen]
  - { tcp: \"*:8182\", serve: [proxy], proxy: { routes: default, bodies: 64KiB } }
  - { systemd: name, serve: [health, manage], forwarded: true, peers: [ { user: root, may: [search] } ] }"

# keys
bad_ "2:1: error: found an empty file, wanted the key \"policyd\"" ""
bad_ "1:1: error: the key \"policyd\" is wanted here" "$on"
bad_ "1:1: error: the key \"listeners\" is wanted here" "$head_"
bad_ "1:10: error: policyd: found \"2\", wanted a number from 1 to 1" "policyd: 2
$on"
bad_ "3:1: error: unknown key \"polciy\": wanted one of policyd, policy, modules, state, read, write, user, url, jwks, threads, limits, listeners" "$head_
polciy: x
$on"
bad_ "3:1: error: the key \"policy\" is repeated" "$head_
policy: /x
$on"
bad_ "1:1: error: found a list, wanted a map with the key \"policyd\"" "[ policyd ]"
bad_ "1:10: error: policyd: found a map, wanted a single value" "policyd: { a: b }"
bad_ "3:1: error: found an anchor or alias: values are wanted as they are" "$head_
*a : b" 
bad_ "3:10: error: found an anchor or alias: values are wanted as they are" "$head_
modules: &a /x
$on"
bad_ "3:10: error: found a tag: values are wanted as they are" "$head_
modules: !!str /x
$on"
bad_ "3:10: error: modules: found \"x\", wanted a path from the root, of at most 1024 bytes" "$head_
modules: x
$on"
bad_ "3:7: error: jwks: found \"x\", wanted a path from the root, of at most 1024 bytes" "$head_
jwks: x
$on"
bad_ "4:1: error: found a second document, wanted one" "$head_
$on
---
$head_"

# numbers, times, sizes
limit() { # COLUMN MESSAGE VALUE
	bad_ "3:$1: error: $2" "$head_
limits: { $3 }
$on"
}
limit 17 'wait: found "10", wanted a time as 15s or 2m' 'wait: 10'
limit 17 'wait: found "0s", wanted a time as 15s or 2m, from 1 to 300 seconds' 'wait: 0s'
limit 17 'wait: found "6m", wanted a time as 15s or 2m, from 1 to 300 seconds' 'wait: 6m'
limit 17 'head: found "4KB", wanted a size as 64KiB or 1MiB' 'head: 4KB'
limit 17 'head: found "1", wanted a size as 64KiB or 1MiB, from 4096 to 1048576 bytes' 'head: 1'
limit 17 'body: found "65MiB", wanted a size as 64KiB or 1MiB, from 1024 to 67108864 bytes' 'body: 65MiB'
limit 17 'body: found "99999999999", wanted a size as 64KiB or 1MiB' 'body: 99999999999'
limit 17 'body: found "9999999999MiB", wanted a size as 64KiB or 1MiB' 'body: 9999999999MiB'
limit 18 'batch: found "many", wanted a number' 'batch: many'
limit 18 'batch: found "-1", wanted a number' 'batch: -1'
limit 18 'batch: found "10001", wanted a number from 1 to 10000' 'batch: 10001'
limit 17 'wait: found a list, wanted a single value' 'wait: [1s]'
limit 11 'unknown key "x": wanted one of connections, idle, wait, waiting, queued, head, body, batch' 'x: 1'
good "at their ends" "$head_
limits: { connections: 2, idle: 3600s, wait: 300s, head: 4096, body: 64MiB, batch: 10000 }
$on"

# listeners
on_() { # PLACE MESSAGE LISTENER
	bad_ "3:$1error: $2" "$head_
listeners: [ $3 ]"
}
bad_ '3:13: error: listeners: found an empty list' "$head_
listeners: []"
on_ '14: ' 'the key "serve" is wanted here' '{ tcp: "127.0.0.1:1" }'
on_ ' ' 'found none of unix, tcp and systemd, wanted one of them' '{ serve: [health] }'
on_ ' ' 'found several of unix, tcp and systemd, wanted one of them' '{ unix: /s, tcp: "a:1", serve: [health] }'
on_ '39: ' 'serve: found "healht", wanted authzen, proxy, health, metrics, manage, ml-blocks or integrate-ai' '{ systemd: abc, serve: [ healht ] }'
on_ '47: ' 'serve: "health" is repeated' '{ systemd: abc, serve: [ health, health ] }'
on_ '37: ' 'serve: found a single value, wanted a list of words' '{ systemd: abc, serve: health }'
for a in 127.0.0.1 127.0.0.1:0 127.0.0.1:65536 ::1:80 '[]:80' :80 'a b:80' 'a:8o'; do
	on_ '21: ' "tcp: found \"$a\", wanted HOST:PORT as 127.0.0.1:8181, [::1]:8181 or *:8181" "{ tcp: \"$a\", serve: [health] }"
done
on_ '34: ' 'mode: found "888", wanted an octal mode' '{ unix: /a/b, mode: "888", serve: [health] }'
on_ '34: ' 'mode: found "1777", wanted an octal mode from 0001 to 0777' '{ unix: /a/b, mode: "1777", serve: [health] }'
on_ '56: ' 'forwarded: found "yes", wanted true or false' '{ tcp: "a:1", serve: [manage], forwarded: yes }'
on_ ' ' 'mode: found beside no unix, wanted with unix' '{ tcp: "a:1", mode: "0600", serve: [health] }'
on_ ' ' 'peers: found beside tcp, wanted with unix or systemd: who calls over TCP shows a credential' \
    '{ tcp: "a:1", serve: [health], peers: [ { user: root, may: [admin] } ] }'
on_ ' ' 'tls: found beside unix, wanted with tcp or systemd' '{ unix: /s, tls: { certificate: /a, key: /b }, serve: [health] }'
on_ ' ' 'proxy: found where serve has no proxy' '{ unix: /s, serve: [health], proxy: { routes: a } }'
on_ ' ' 'serve: found proxy, wanted beside it what routes it has, as proxy: { routes: default }' '{ unix: /s, serve: [proxy] }'
on_ '60: ' 'user: found "no-such-user-here", wanted a user of this system' \
    '{ unix: /s, serve: [health], peers: [ { user: no-such-user-here, may: [admin] } ] }'
long=$(printf '%0108d' 0)
on_ ' ' 'unix: found 109 bytes, wanted at most 107' "{ unix: /$long, serve: [health] }"

# the file itself
run "$head_
$on"
chmod 666 "$file"
said=$("$POLICYD" -t -c "$file" 2>&1)
same "exit of a file anybody may write" 77 $?
same "what is said" "policyd: $file: error: the file $file has mode 0666, but group and others must not be able to write it" "$said"
chmod 644 "$file"
if [ "$(id -u)" = 0 ]; then
	chown 65534 "$file"
	"$POLICYD" -t -c "$file" >/dev/null 2>&1
	same "exit of somebody else's file" 77 $?
	chown 0 "$file"
else
	skip 1 "somebody else's file (not root)"
fi
mkdir "$tmp/open" && chmod 777 "$tmp/open" && cp "$file" "$tmp/open/c.yaml"
said=$("$POLICYD" -t -c "$tmp/open/c.yaml" 2>&1)
same "exit of one in a folder anybody may write" 77 $?
ln -s "$tmp/open/c.yaml" "$tmp/link.yaml"
"$POLICYD" -t -c "$tmp/link.yaml" >/dev/null 2>&1
same "exit of one behind a link into it" 77 $?
"$POLICYD" -t -c "$tmp/none" >/dev/null 2>&1
same "exit of none" 66 $?
"$POLICYD" -t -c "$tmp" >/dev/null 2>&1
same "exit of a folder" 65 $?
{ cat "$file"; head -c 70000 /dev/zero | tr '\0' '#'; } >"$tmp/large.yaml"
"$POLICYD" -t -c "$tmp/large.yaml" >/dev/null 2>&1
same "exit of 70 KB" 65 $?
"$POLICYD" --nonsense >/dev/null 2>&1
same "exit of a wrong argument" 64 $?
"$POLICYD" --version | grep -q '^policyd [0-9]' && ok || bad "--version"
printf 'policy: 2\n' >"$set"
"$POLICYD" -t -c "$file" >/dev/null 2>&1
same "exit where the set is refused" 65 $?
finish
