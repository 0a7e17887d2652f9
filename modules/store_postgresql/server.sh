# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# For tests: sourced. A PostgreSQL server of our own in a folder that is thrown away, on a
# unix socket; POLICY_TEST_PG is the url of its database.

pg_bin=
for d in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin; do
	[ ! -x "$d/initdb" ] || pg_bin=$d
done
pg_dir=

# It refuses to run as root.
pg_run() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=postgres --regid=postgres --clear-groups env -i PATH="$PATH" LC_ALL=C.UTF-8 "$@"
	else
		env -i PATH="$PATH" LC_ALL=C.UTF-8 "$@"
	fi
}

pg_up() { pg_run "$pg_bin/pg_ctl" -s -w -D "$pg_dir/data" -l "$pg_dir/log" start >/dev/null 2>&1; }
pg_down() { pg_run "$pg_bin/pg_ctl" -s -w -D "$pg_dir/data" -m "$1" stop >/dev/null 2>&1; }

pg_end() {
	[ -n "$pg_dir" ] || return 0
	pg_down immediate
	rm -rf "$pg_dir"
	pg_dir=
}

pg_begin() { # 0: it runs
	[ -n "$pg_bin" ] || return 1
	[ "$(id -u)" != 0 ] || id postgres >/dev/null 2>&1 || return 1
	pg_dir=$(mktemp -d /tmp/policy.pg.XXXXXX) || return 1
	trap pg_end EXIT
	trap 'exit 1' HUP INT TERM
	printf 'secret\n' >"$pg_dir/password"
	[ "$(id -u)" != 0 ] || chown -R postgres "$pg_dir"
	pg_run "$pg_bin/initdb" -D "$pg_dir/data" -U policy -A scram-sha-256 --pwfile="$pg_dir/password" \
	    -E UTF8 --locale=C.UTF-8 >"$pg_dir/initdb.log" 2>&1 || { cat "$pg_dir/initdb.log"; return 1; }
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$pg_dir'"
		echo "unix_socket_permissions = 0777"
		echo "max_connections = 60"
	} >>"$pg_dir/data/postgresql.conf"
	chmod 755 "$pg_dir"
	pg_up || { cat "$pg_dir/log"; return 1; }
	PGPASSWORD=secret "$pg_bin/psql" -qX -h "$pg_dir" -U policy -d postgres -c 'CREATE DATABASE policy' || return 1
	POLICY_TEST_PG="postgresql://policy:secret@/policy?host=$pg_dir"
	export POLICY_TEST_PG
}
