#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build.sh DIR [cedar|casbin|opa...]: builds the drivers into DIR, each under its name,
# and says `built NAME` or `skipped NAME: why` of each; the other ones go on. Sources
# are copied into DIR first, for cargo and go may write beside what they build.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 2
[ $# -ge 1 ] || { echo "usage: build.sh DIR [cedar|casbin|opa...]" >&2; exit 2; }
mkdir -p "$1" || exit 2
dir=$(cd "$1" && pwd) || exit 2
shift
[ $# -gt 0 ] || set -- cedar casbin opa

# A copy keeps its time while the text is the same, so that nothing is built anew.
copy() { # NAME
	mkdir -p "$dir/src/$1"
	for f in "$here/$1"/*.rs "$here/$1"/*.go "$here/$1"/*.toml "$here/$1"/go.mod "$here/$1"/go.sum; do
		to=$dir/src/$1/${f##*/}
		[ ! -f "$f" ] || cmp -s "$f" "$to" || { cp "$f" "$to" && chmod u+w "$to"; } || return 1
	done
}

cargo_build() {
	cd "$dir/src/$1" || return 1
	[ Cargo.lock -nt Cargo.toml ] || cargo generate-lockfile || return 1
	CARGO_TARGET_DIR=$dir/cargo cargo build --release --locked || return 1
	cmp -s "$dir/cargo/release/$1" "$dir/$1" || cp "$dir/cargo/release/$1" "$dir/$1"
}

go_build() {
	copy measure || return 1
	cd "$dir/src/$1" || return 1
	GOFLAGS='' GOWORK=off GOTOOLCHAIN=local go build -trimpath -buildvcs=false -mod=readonly -o "$dir/$1" .
}

for name; do
	case $name in
	cedar) tool=cargo ;;
	casbin | opa) tool=go ;;
	*) echo "build.sh: no peer $name" >&2; exit 2 ;;
	esac
	if ! command -v "$tool" >/dev/null 2>&1; then
		echo "skipped $name: no $tool"
		continue
	fi
	log=$dir/$name.log
	if copy "$name" >"$log" 2>&1 && ("${tool}_build" "$name") >>"$log" 2>&1; then
		echo "built $name"
	else
		rm -f "${dir:?}/$name"	# not one from before
		echo "skipped $name: it does not build, the log ends in"
		tail -n 5 "$log" | sed 's/^/    /'
	fi
done
