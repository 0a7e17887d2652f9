#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A host whose decisions are recorded, and what it leaves: every line parses and holds no
# control byte; records and those dropped are all there were; forks, kills, renamed files.
. "$(dirname "$0")/../lib.sh"
scratch
host=$top_builddir/tests/audit/audited
[ -x "$host" ] || { bad "no $host"; finish; }
log=$tmp/log
chmod 755 "$tmp"

set_up() { # MORE-OF-AUDIT
	rm -rf "$tmp/set" "$log"
	mkdir "$tmp/set" "$log"
	chmod 755 "$tmp/set"
	cat >"$tmp/set/policy.yaml" <<-END
	policy: 1
	audit: { file: $log/audit-%h-%p.jsonl$1 }
	resources: { thing: {} }
	actions: [go]
	roles: { all: { allow: go } }
	everyone: { roles: all }
	END
	chmod 644 "$tmp/set/policy.yaml"
}
# "FILES RECORDS DROPPED": every line of every file parses, and none has a raw control byte.
lines() {
	python3 - "$log"/*.jsonl* <<-'END'
	import json, sys
	files = records = dropped = 0
	for name in sys.argv[1:]:
	    if name.endswith('.head'):
	        continue
	    files += 1
	    for line in open(name, 'rb').read().split(b'\n')[:-1]:
	        assert all(0x20 <= c < 0x7f for c in line), line
	        r = json.loads(line)
	        records += r['event'] == 'decision'
	        dropped += r.get('count', 0) if r['event'] == 'dropped' else 0
	print(files, records, dropped)
	END
}
verified() { "$POLICYCTL" log --verify -p "$tmp/set" 2>&1; }

# ---- threads ----
set_up ""
same "16 threads" "320000 decided, 0 bad" "$("$host" "$tmp/set" threads 20000)"
got=$(lines)
echo "16 threads: files, records, dropped: $got"
same "records and those dropped are all there were" 320000 "$(echo "$got" | awk '{ print $2 + $3 }')"
same "one file" 1 "${got%% *}"
verified >/dev/null && ok || bad "threads: $(verified)"
set_up ", must: 5s"
same "16 threads that must" "3200 decided, 0 bad" "$("$host" "$tmp/set" threads 200)"
same "all are recorded" "1 3200 0" "$(lines)"
set_up ", decisions: deny"
"$host" "$tmp/set" threads 20 >/dev/null
same "allows are not asked for: nothing is begun" 0 "$(ls "$log" | wc -l)"

# ---- forks ----
[ "$POL_SANITIZER" != tsan ] || skip 16 "forks (ThreadSanitizer has no threads in a child)"
for more in "" ", must: 5s"; do
	[ "$POL_SANITIZER" != tsan ] || break
	set_up "$more"
	same "forks: the parent decides$more" "100 decided, 0 bad" "$("$host" "$tmp/set" forks 100)"
	same "forks: a file each, and nothing twice$more" "5 500 0" "$(lines)"
	for f in "$log"/*.jsonl; do
		"$POLICYCTL" log --verify --file "$f" >/dev/null 2>&1 && ok || bad "$("$POLICYCTL" log --verify --file "$f" 2>&1)"
	done
	same "forks: the sum of them$more" "whole: 510 records of 5 processes" "$(verified)"
done

# ---- a kill ----
set_up ", must: 5s"
kills=0 told=0
while [ $kills -lt 20 ]; do
	: >"$tmp/told"
	"$host" "$tmp/set" tell >>"$tmp/told" &
	pid=$!
	while [ "$(wc -l <"$tmp/told")" -lt 20 ] && kill -0 $pid 2>/dev/null; do sleep 0.02; done
	kill -9 $pid
	wait $pid 2>/dev/null
	f=$(ls -t "$log"/*-$pid.jsonl)
	"$POLICYCTL" log --file "$f" --json | sed -n 's/.*"resource":"\([0-9]*\)".*"decision":"allow".*/\1/p' | sort >"$tmp/recorded"
	missing=$(sort "$tmp/told" | comm -23 - "$tmp/recorded" | wc -l)
	[ "$missing" = 0 ] && ok || bad "killed: $missing that were told are not recorded"
	"$POLICYCTL" log --verify --file "$f" >/dev/null 2>&1 && ok || bad "killed: $("$POLICYCTL" log --verify --file "$f" 2>&1)"
	told=$((told + $(wc -l <"$tmp/told")))
	kills=$((kills + 1))
done
echo "$kills kills, $told answers told, each on disk"
printf '{"seq":99999,"id":"x' >>"$f"
same "a torn line is said" 1 "$("$POLICYCTL" log --verify --file "$f" | grep -c '1 torn off')"

# ---- renamed, cut short ----
set_up ""
mkfifo "$tmp/in" "$tmp/out"
"$host" "$tmp/set" steps <"$tmp/in" >"$tmp/out" 2>"$tmp/said" &
pid=$!
exec 3>"$tmp/in" 4<"$tmp/out"
step() { echo "$1" >&3; read -r answer <&4; }
# until FILE has a line with the text: the service writes when it comes to it
comes() { n=0; until grep -q "$2" "$1" 2>/dev/null || [ $n -gt 200 ]; do n=$((n + 1)); sleep 0.05; done; grep -q "$2" "$1"; }
step a
f=$log/audit-$(uname -n)-$pid.jsonl
comes "$f" '"resource":"a"' && ok || bad "no record of a"
mv "$f" "$f.2"
step b
comes "$f" '"resource":"b"' && ok || bad "renamed: no record of b"
mv "$f" "$f.1"
step c
comes "$f" '"resource":"c"' && ok || bad "renamed twice: no record of c"
grep -q '"why":"rotated"' "$f.2" && ok || bad "a renamed file does not end"
same "renamed files are one chain" "whole: 8 records of 1 processes" "$("$POLICYCTL" log --verify --file "$f.2" --file "$f.1" --file "$f" --head "$f.head" | sed 's/, 1 files.*//')"
"$POLICYCTL" log --verify --file "$f.2" --file "$f" --head "$f.head" >/dev/null 2>&1 && bad "a missing file in between went unnoticed" || ok
same "they are read by time" "a b c" "$("$POLICYCTL" log -p "$tmp/set" --json | sed -n 's/.*"resource":"\([a-z]\)".*/\1/p' | tr '\n' ' ' | sed 's/ $//')"
"$POLICYCTL" log -p "$tmp/set" --follow --action go >"$tmp/followed" 2>&1 3>&- 4<&- &
follower=$!
comes "$tmp/followed" 'go thing/c' && ok || bad "followed: no c"
step i
comes "$tmp/followed" 'go thing/i' && ok || bad "followed: no i: $(cat "$tmp/followed")"
mv "$f" "$f.0"
step j
comes "$tmp/followed" 'go thing/j' && ok || bad "followed over a rename: no j"
kill $follower
wait $follower 2>/dev/null
cp "$f" "$f.copy" && : >"$f"
step d
comes "$f" '"resource":"d"' && ok || bad "cut short: no record of d"
grep -q 'was cut short' "$tmp/said" && ok || bad "that it was cut short is not said"

# ---- loaded again ----
step reload
same "the same log goes on" "reload 0" "$answer"
step e
comes "$f" '"resource":"e"' && ok || bad "loaded again: no record of e"
sed -i 's/audit-%h/other-%h/' "$tmp/set/policy.yaml"
step reload
step f
other=$log/other-$(uname -n)-$pid.jsonl
comes "$other" '"resource":"f"' && ok || bad "another file: no record of f"
same "the old log ends" 1 "$(grep -c '"why":"closed"' "$f")"
sed -i '/^audit/d' "$tmp/set/policy.yaml"
step reload
step g
same "without audit the log ends" 1 "$(grep -c '"why":"closed"' "$other")"
same "and nothing is recorded" 0 "$(grep -c '"resource":"g"' "$other")"
exec 3>&-
wait $pid
exec 4<&-
"$POLICYCTL" log --verify --file "$other" >/dev/null 2>&1 && ok || bad "$("$POLICYCTL" log --verify --file "$other" 2>&1)"
"$POLICYCTL" log --verify --file "$f" >/dev/null 2>&1 && ok || bad "$("$POLICYCTL" log --verify --file "$f" 2>&1)"

# ---- asked for ----
same "by action" 0 "$("$POLICYCTL" log --file "$f" --action stay | wc -l)"
same "by its beginning" 2 "$("$POLICYCTL" log --file "$f" --action 'g*' --subject ann --decision allow --since 1h | wc -l)"
same "before" 0 "$("$POLICYCTL" log --file "$f" --until 2020-01-01T00:00:00Z | wc -l)"
sed '/audit/d; s/allow: go/deny: go/' "$tmp/set/policy.yaml" >"$tmp/other.yaml"
"$POLICYCTL" log --file "$f" --replay "$tmp/other.yaml" >"$tmp/replayed"
same "replayed: exit status" 1 $?
same "replayed" "2 asked again, 2 decided otherwise, 0 could not be asked again" "$(tail -n 1 "$tmp/replayed")"

# ---- credentials: whose they were, and never they themselves ----
set_up ""
echo canary-0123456789-canary-0123456789 >"$tmp/tokens"
echo canary-of-nobody-0123456789-0123456 >"$tmp/stranger"
chmod 600 "$tmp/tokens" "$tmp/stranger"
printf 'modules:\n  - { use: token_file, with: { file: %s }, for: bearer, subject: { type: token }, unscoped: full }\n' "$tmp/tokens" >>"$tmp/set/policy.yaml"
ctl() { "$POLICYCTL" "$@" -p "$tmp/set" --module-dir "$top_builddir/modules/.libs" >/dev/null 2>"$tmp/err"; }
if [ -e "$top_builddir/modules/.libs/token_file.so" ]; then
	ctl decide --token-file "$tmp/tokens" go thing/1 || bad "a good token: $(cat "$tmp/err")"
	ctl decide --token-file "$tmp/stranger" go thing/2
	ctl whoami --token-file "$tmp/stranger"
	cat "$log"/*.jsonl >"$tmp/all"
	same "whose it was" 1 "$(grep -c '"subject_type":"token","subject":"tf_[^"]*","token":"tf_[^"]*","kind":"[^"]*","action":"go".*"decision":"allow"' "$tmp/all")"
	same "nobody's" 1 "$(grep -c '"event":"decision","kind":"bearer","action":"go".*"reason":"bad_credential"' "$tmp/all")"
	same "that did not log in" 1 "$(grep -c '"event":"authentication".*"reason":"bad_credential"' "$tmp/all")"
	same "no credential" 0 "$(grep -c canary "$tmp/all")"
else
	skip 4 "credentials (no module token_file)"
fi

finish
