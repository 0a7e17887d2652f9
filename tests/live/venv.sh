# SPDX-License-Identifier: Apache-2.0
# Sourced, after top=. A place in build/tools for the packages of one host, and our binding.
build=$(cd "${top_builddir:-$top/build}" && pwd) || exit 1

live_skip() {
	echo "skipped: $1"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
}

# NAME REQUIREMENTS: sets venv
live_venv() {
	venv=$build/tools/live-$1
	python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
	    live_skip "no python3 of 3.10 with venv"
	cmp -s "$2" "$venv/requirements.txt" && return
	rm -rf "$venv"
	python3 -m venv "$venv" || live_skip "no venv"
	"$venv/bin/pip" -q --disable-pip-version-check install -r "$2" >"$build/live-$1.log" 2>&1 || {
		rm -rf "$venv"
		live_skip "no registry"
	}
	cp "$2" "$venv/requirements.txt"
}

# Sets site: our wheel, built by the venv's setuptools against this build, unpacked there.
live_binding() {
	local_tmp=$(mktemp -d) || exit 1
	trap 'rm -rf "$local_tmp"' EXIT
	site=$local_tmp/site
	cp -R "$top/bindings/python" "$local_tmp/python" || exit 1
	rm -rf "$local_tmp/python/build" "$local_tmp"/python/libpolicy/*.so
	LIBPOLICY_CFLAGS="-I$top/src/include" LIBPOLICY_LIBS="-L$build/.libs -Wl,-rpath,$build/.libs -lpolicy" \
	    "$venv/bin/pip" -q --disable-pip-version-check install --no-build-isolation --no-deps --target "$site" "$local_tmp/python" \
	    >"$local_tmp/log" 2>&1 || {
		cat "$local_tmp/log"
		echo "0 passed, 1 failed"
		exit 1
	}
}

# PROGRAM MODULE...: skips where one was not built
live_need() {
	[ -x "$build/$1" ] || live_skip "$1 was not built"
	shift
	for m; do
		[ -r "$build/modules/.libs/$m.so" ] || live_skip "$m was not built"
	done
}
