#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Random routes and targets against a second reading of them: a few; .ci/run differential
# tries a hundred thousand tables.
. "$(dirname "$0")/../lib.sh"

command -v python3 >/dev/null || { skip 1 "no python3"; finish; }
exec python3 "$top_srcdir/tests/differential/routes.py" --tables "${TABLES:-500}" --seed "${SEED:-1}"
