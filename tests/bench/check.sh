#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What `make bench` asks is asked here in small, without a clock: the decisions of
# every generator's workload are the expected ones, and run.py, given drivers that
# only say numbers, counts and compares them rightly.
. "$(dirname "$0")/../lib.sh"
scratch
here=$top_srcdir/tests/bench
shared=${POLICY_SHARED:-$top_srcdir/../shared}
if ! python3 -c '' 2>/dev/null; then
	skip 1 "workloads of the benchmark (no python3)"
	finish
fi
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

write() { # GENERATOR OPTION...: its folders, named on standard output
	g=$1
	shift
	python3 "$here/workloads/$g.py" "$tmp/w" --stream 300 "$@" 2>>"$tmp/said"
}

{
	write apps --shared "$shared" --sizes 5,20 --own-size 20 && write ladder --sizes 10,1000 --no-peers &&
	    write casbin --only 'basic|rbac$|small|resource|domains|abac|key|deny' && write attributes &&
	    write shipped --policies "$top_srcdir/policies"
} >"$tmp/names" || bad "a generator ended badly: $(tail -n 1 "$tmp/said")"
grep '^skipped' "$tmp/said" | while read -r line; do echo "$line"; done
n_skipped=$(grep -c '^skipped' "$tmp/said")

for name in $(cat "$tmp/names"); do
	dir=$tmp/w/$name
	cat "$dir/requests.jsonl" "$dir/stream.jsonl" >"$tmp/asked"
	"$POLICYCTL" decide --batch --max-size 64M -p "$dir/policy.yaml" <"$tmp/asked" >"$tmp/told" 2>"$tmp/err"
	check "$name: the decisions are the expected ones" "$(cat "$tmp/err"; python3 "$here/check.py" answers "$tmp/asked" "$tmp/told")"
done
same "families of workloads that were written" "$(python3 "$here/check.py" families "$tmp/said")" \
    "$(sed 's/^own-//; s/github-[0-9].*/apps/; s/gdrive-[0-9].*/apps/; s/tinytodo-[0-9].*/apps/; s/-.*//' "$tmp/names" | sort -u | wc -l)"

check "run.py compares, counts and writes" "$(python3 "$here/check.py" run "$tmp" 2>&1)"
finish
