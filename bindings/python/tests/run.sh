#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the wheel against the library of this tree, installs it where it touches nothing,
# runs tests/test_*.py. Without a python3 of 3.10 with venv, or a registry: skipped, counted.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
top=$(cd "$here/../../.." && pwd) || exit 1
build=${top_builddir:-$top/build}
build=$(cd "$build" && pwd) || exit 1
where=$build/tools/python-binding

skip() {
	echo "bindings/python: skipped: $1"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
}

python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || skip "no python3 of 3.10 with venv"
if ! cmp -s "$here/requirements.txt" "$where/requirements.txt"; then
	rm -rf "$where"
	python3 -m venv "$where" || skip "no venv"
	"$where/bin/pip" -q --disable-pip-version-check install -r "$here/requirements.txt" >"$build/python-binding.log" 2>&1 ||
	    { rm -rf "$where"; skip "no registry"; }
	cp "$here/requirements.txt" "$where/requirements.txt"
fi

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cp -R "$here/.." "$tmp/python" || exit 1
rm -rf "$tmp/python/build" "$tmp"/python/libpolicy/*.so
LIBPOLICY_CFLAGS="-I$top/src/include -Wall -Wextra -Wshadow -Werror" LIBPOLICY_LIBS="-L$build/.libs -Wl,-rpath,$build/.libs -lpolicy"
POLICY_MODULES=$build/modules/.libs POLICY_TMP=${POLICY_TMP:-$tmp}
export LIBPOLICY_CFLAGS LIBPOLICY_LIBS POLICY_MODULES POLICY_TMP
if ! "$where/bin/pip" -q --disable-pip-version-check wheel --no-build-isolation --no-deps -w "$tmp/wheel" "$tmp/python" >"$tmp/log" 2>&1; then
	cat "$tmp/log"
	echo "0 passed, 1 failed"
	exit 1
fi
"$where/bin/pip" -q --disable-pip-version-check install --no-deps --target "$tmp/site" "$tmp"/wheel/libpolicy-*-cp310-abi3-*.whl || exit 1

passed=1 failed=0 skipped=0			# the wheel is one
for t in "$here"/test_*.py; do
	PYTHONPATH=$tmp/site:$here PYTHONDONTWRITEBYTECODE=1 "$where/bin/python" "$t" >"$tmp/out" 2>&1
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$tmp/out" | tail -n 1)
	[ -n "$line" ] || line="0 passed, 1 failed, 0 skipped"
	# shellcheck disable=SC2086 # words
	set -- $(echo "$line" | tr -d ',')
	passed=$((passed + $1)) failed=$((failed + $3)) skipped=$((skipped + $5))
	[ "$3" = 0 ] || cat "$tmp/out"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
