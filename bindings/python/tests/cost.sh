#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# By hand, after tests/run.sh: what the binding costs over the C call.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
build=$(cd "${top_builddir:-$top/build}" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat >"$tmp/set.yaml" <<'SET'
policy: 1
resources: { session: { owner: user_id } }
actions:
  create_session:
  list_session: { resource: session }
  read_user_session: { resource: session, when: own }
roles: { user: { allow: [create_session, list_session, read_user_session] } }
authenticated: { roles: user }
routes: { default: [ { match: "GET /ping", public: true } ] }
SET
chmod 600 "$tmp/set.yaml"
cp -R "$here/.." "$tmp/python"
rm -rf "$tmp/python/build"
cc -O2 -I"$top/src/include" -o "$tmp/cost" "$here/cost.c" -L"$build/.libs" -Wl,-rpath,"$build/.libs" -lpolicy
(cd "$tmp/python" && LIBPOLICY_CFLAGS="-I$top/src/include" LIBPOLICY_LIBS="-L$build/.libs -Wl,-rpath,$build/.libs -lpolicy" \
    "$build/tools/python-binding/bin/python" setup.py -q build_ext --inplace >"$tmp/log" 2>&1) || { cat "$tmp/log"; exit 1; }
# shellcheck disable=SC2046 # three words
PYTHONPATH=$tmp/python "$build/tools/python-binding/bin/python" "$here/cost.py" "$tmp/set.yaml" $("$tmp/cost" "$tmp/set.yaml")
