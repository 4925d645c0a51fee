#!/usr/bin/env bash
# pg_upgrade of a database with every type and an index of every operator class.
#
#   test/tools/check_pg_upgrade.sh OLD_PG_CONFIG NEW_PG_CONFIG
#
# Both servers must have this extension installed; the old one may have pgvector instead, and then
# move-from-pgvector is run on the new one.  Fills a new cluster of the old server, upgrades it (by
# copying and by linking files), and checks that under the new server
#   every answer is the same
#   every index is used by the query it is for, none needs REINDEX, hnsw_check() finds nothing
#   the catalog of the extension is that of a new installation
#   tables take rows, and searches find them
# The clusters are thrown away.  As root, the servers run as user postgres.
# Exit status 77: a server or the extension is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
unset "${!PG@}"

missing() {
  echo "check_pg_upgrade: $*, nothing to check" >&2
  exit 77
}
die() {
  echo "check_pg_upgrade: $*" >&2
  exit 1
}

(($# == 2)) || { sed -n '2,/^set -e/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
declare -A bindir version
for side in old new; do
  [[ -x $1 ]] || missing "no $1"
  bindir[$side]=$("$1" --bindir)
  [[ -x ${bindir[$side]}/initdb && -x ${bindir[$side]}/pg_upgrade ]] || missing "no server with $1"
  version[$side]=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" \
    "$("$1" --sharedir)/extension/vector.control" 2>/dev/null || true)
  shift
done
[[ ${version[old]} == [0-9]* ]] || missing "no extension \"vector\" for the old server"
[[ ${version[new]} == [1-9]* ]] || missing "this extension is not installed for the new server"
from_pgvector=
[[ ${version[old]} != 0.* ]] || from_pgvector=yes

work=$(mktemp -d)
chmod 755 "$work"
mkdir "$work/run"
as_server=()
if ((EUID == 0)); then
  as_server=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
  chown postgres "$work/run"
fi
cd_run() { (cd "$work/run" && "${as_server[@]}" "$@"); }
ctl() { cd_run "${bindir[$1]}/pg_ctl" -w -D "$work/run/$2" "${@:3}" >/dev/null; }
cleanup() {
  local data
  for data in "$work"/run/*/postmaster.pid; do
    [[ ! -f $data ]] || ctl new "$(basename "${data%/postmaster.pid}")" -m immediate stop || true
  done
  rm -rf "$work"
}
trap cleanup EXIT

create() { # SIDE CLUSTER
  local sums=()
  # Both clusters must have them or not; from PostgreSQL 18 on they are the default.
  if "${bindir[$1]}/initdb" --help | grep -q no-data-checksums; then sums=(--no-data-checksums); fi
  cd_run "${bindir[$1]}/initdb" -D "$work/run/$2" -A trust -N -E UTF8 --locale=C "${sums[@]}" \
    >/dev/null
}
start() { # SIDE CLUSTER
  ctl "$1" "$2" -l "$work/run/$2.log" \
    -o "-k $work/run -c listen_addresses='' -c fsync=off -c client_min_messages=warning" start
}
run() { # DATABASE [psql option...]: quietly, rows only, stops at an error
  "${as_server[@]}" "${bindir[new]}/psql" -XAtq -v ON_ERROR_STOP=1 -h "$work/run" "$@"
}
ask() { cat test/support/upgrade_{questions,searches}.sql | run app; }
catalog() { run "$1" <test/support/catalog_dump.sql; }
compare() { # FILE FILE WHAT
  diff "$1" "$2" >"$work/difference" || { head -40 "$work/difference" >&2; die "$3"; }
}
none() { # WHAT QUERY
  local rows
  rows=$(run app -c 'SET enable_seqscan = off' -c 'SET enable_sort = off' -c "$2")
  [[ -z $rows ]] || die "$1: $rows"
}
indexes_are_used() {
  none 'indexes not used' "SELECT index_name FROM searches
    WHERE strpos(indexes_of_plan(query), index_name || ' ') = 0"
}
indexes_are_good() {
  indexes_are_used
  none 'indexes that need REINDEX' 'SELECT oid::regclass FROM pg_class WHERE vector_needs_reindex(oid)'
  none 'hnsw_check()' "SELECT oid::regclass, problem FROM pg_class, hnsw_check(oid) AS problem
    WHERE relkind = 'i' AND relam = (SELECT oid FROM pg_am WHERE amname = 'hnsw')"
}

create old source
start old source
run postgres -c 'CREATE DATABASE app'
run app -c 'CREATE EXTENSION vector'
run app <test/support/upgrade_objects.sql
run app <test/support/upgrade_indexes.sql >/dev/null
ask >"$work/answers"
indexes_are_used
[[ -n $from_pgvector ]] || indexes_are_good
searches=$(run app -c 'SELECT count(*) FROM searches')
ctl old source stop

for mode in copy link; do
  create new "$mode"
  cd_run "${bindir[new]}/pg_upgrade" -b "${bindir[old]}" -B "${bindir[new]}" -d "$work/run/source" \
    -D "$work/run/$mode" -s "$work/run" "--$mode" >"$work/pg_upgrade" 2>&1 ||
    { cat "$work/pg_upgrade" >&2; die "pg_upgrade --$mode failed"; }
  start new "$mode"
  ask >"$work/answers-$mode"
  compare "$work/answers" "$work/answers-$mode" "answers differ after pg_upgrade --$mode"
  if [[ -n $from_pgvector ]]; then
    cd_run env PATH="${bindir[new]}:$PATH" "${bindir[new]}/move-from-pgvector" -h "$work/run" \
      >"$work/moved" || die "the script fails: $(<"$work/moved")"
    ask >"$work/answers-moved"
    compare "$work/answers" "$work/answers-moved" "answers differ after the script"
  fi
  indexes_are_good
  run postgres -c 'CREATE DATABASE fresh'
  run fresh -c 'CREATE EXTENSION vector'
  catalog app >"$work/catalog-$mode"
  catalog fresh >"$work/catalog-fresh"
  compare "$work/catalog-fresh" "$work/catalog-$mode" "the catalog differs after pg_upgrade --$mode"

  run app -c 'DELETE FROM by_hnsw WHERE id % 3 = 0' -c 'VACUUM by_hnsw'
  for table in $(run app -c "SELECT relname FROM pg_class WHERE relname ~ '^by_[a-z]*$'"); do
    run app -c "SELECT fill('$table', 1001, 1300)" >/dev/null
    found=$(run app -c 'SET enable_seqscan = off' -c 'SET ivfflat.probes = 100' \
      -c "SELECT v <-> (SELECT v FROM $table WHERE id = 1234) FROM $table
        ORDER BY v <-> (SELECT v FROM $table WHERE id = 1234) LIMIT 1")
    [[ $found == 0 ]] || die "$table: a new row is not found"
  done
  indexes_are_good
  ctl new "$mode" stop
done

server() { "${bindir[$1]}/postgres" --version | cut -d' ' -f3; }
echo "check_pg_upgrade: $(server old) with vector ${version[old]} to $(server new) with" \
  "${version[new]} is right, with $searches indexes"
