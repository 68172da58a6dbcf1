#!/bin/sh
# with-postgres.sh COMMAND...  runs COMMAND with TEST_POSTGRES naming a private, empty PostgreSQL cluster, and removes it afterwards.
# A TEST_POSTGRES that is already set is used as it is. The cluster does not fsync: it is for tests alone (benchmarks pass FSYNC=on).
set -eu
if [ -n "${TEST_POSTGRES:-}" ]; then exec "$@"; fi

bin=$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1 || command -v initdb)")
# A test's database is a copy of about a thousand small files: in memory, where 4 GB are free, that is done four times as fast.
tmp=${TMPDIR:-/tmp}
if [ "${FSYNC:-off}" = off ] && [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')" -gt 4194304 ]; then tmp=/dev/shm; fi
dir=$(mktemp -d "$tmp/sidian-pg.XXXXXX")
# initdb refuses root.
as=
if [ "$(id -u)" = 0 ]; then
	chown postgres "$dir"
	as="runuser -u postgres --"
fi
stop() {
	(cd / && $as "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1) || true
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM

cd_back=$(pwd)
cd /
$as "$bin/initdb" -D "$dir/data" -U sidian --auth=trust --locale=C --encoding=UTF8 --no-sync >"$dir.log" 2>&1 || { cat "$dir.log" >&2; exit 1; }
rm -f "$dir.log"
$as "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/log" -o "-c listen_addresses='' -c unix_socket_directories='$dir' -c fsync=${FSYNC:-off} -c max_connections=200 -c shared_buffers=256MB -c max_prepared_transactions=0" start >/dev/null
cd "$cd_back"
TEST_POSTGRES="postgres://sidian@/postgres?host=$dir&sslmode=disable" "$@"
