#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How many requests a second `policyctl decide --batch` answers, on one processor.
# What fails is a wrong count of answers; a time never does. Not a part of
# `make check`: sh tests/bench/batch.sh, with a build in ./build or $top_builddir.
. "$(dirname "$0")/../lib.sh"
scratch
[ -x "$POLICYCTL" ] || { bad "no policyctl at $POLICYCTL"; finish; }
if ! python3 -c '' 2>/dev/null; then
	skip 2 "batches (no python3)"
	finish
fi
[ ! -r /proc/loadavg ] || echo "load before: $(cut -d' ' -f 1-3 /proc/loadavg)"
for f in github integrate-ai; do
	if python3 "$top_srcdir/tests/bench/batch.py" --policyctl "$POLICYCTL" \
	    --policy "$top_srcdir/policies/$f.yaml" --tmp "$tmp"; then ok; else bad "$f"; fi
done
finish
