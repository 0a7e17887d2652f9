# SPDX-License-Identifier: Apache-2.0
# For the scripts beside it: sourced; then `with_python MODULE... -- SCRIPT N`. SCRIPT runs
# in a Python that has the modules, or its N checks are skipped.
: "${top_srcdir:=$(cd "$(dirname "$0")/../../.." && pwd)}"
. "$top_srcdir/tests/lib.sh"

with_python() {
	import=sys
	while [ "$1" != -- ]; do
		import=$import,$1
		shift
	done
	for python in python3 /usr/bin/python3; do
		if "$python" -c "import $import" 2>/dev/null; then
			PYTHONDONTWRITEBYTECODE=1 exec "$python" "$top_srcdir/modules/jwt/tests/$2"
		fi
	done
	skip "$3" "$2 (no Python with $import)"
	finish
}
