#!/usr/bin/env bash
# From a pgvector package to this extension, on a private copy of the server.
#
#   test/tools/check_upgrade.sh [PG_CONFIG]
#
# Where the server named by PG_CONFIG has pgvector installed: fills a database under it, replaces
# library and scripts by ours, and checks that
#   every answer is the same under the new library: as it is, after ALTER EXTENSION vector UPDATE,
#     and after the indexes of every operator class, which pgvector built, are rebuilt
#   scripts/move-from-pgvector does the last two, and refuses where it should
#   the catalog is then that of a new installation
#   pgvector's library works with that catalog, too, and rebuilds the indexes
#   test/support/PgvectorCatalog.pm is right about the old catalogs: pgvector's own scripts, where
#     the package has them, lead from there to the package's catalog
# Nothing is written to the server's directories.  As root, the server runs as user postgres.
# Exit status 77: no pgvector to upgrade from.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

pg_config=${1:-${PG_CONFIG:-pg_config}}
bindir=$("$pg_config" --bindir)
sharedir=$("$pg_config" --sharedir)
pkglibdir=$("$pg_config" --pkglibdir)
control=$sharedir/extension/vector.control

if [[ ! -f $control || ! -f $pkglibdir/vector.so ]]; then
  echo "check_upgrade: $pg_config has no pgvector installed, nothing to check" >&2
  exit 77
fi
old_version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$control")
if [[ $old_version != 0.* ]]; then
  echo "check_upgrade: vector $old_version of $pg_config is not pgvector's" >&2
  exit 77
fi

work=$(mktemp -d)
as_server=()
if [[ $(id -u) == 0 ]]; then
  as_server=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
fi
root=$work/root
data=$work/data
ctl() { "${as_server[@]}" "$root$bindir/pg_ctl" -D "$data" "$@" >/dev/null; }
cleanup() {
  [[ ! -f $data/postmaster.pid ]] || ctl -m immediate stop || true
  rm -rf "$work"
}
trap cleanup EXIT

die() {
  echo "check_upgrade: $*" >&2
  exit 1
}

# The server finds its files relative to its own place, so a copy of the tree is a server.
for dir in "$bindir" "$sharedir" "$pkglibdir" "$("$pg_config" --libdir)/postgresql"; do
  [[ -d $dir && ! -d $root$dir ]] || continue
  mkdir -p "$root$dir"
  cp -aL "$dir/." "$root$dir/"
done

# Ours, built beside the checkout so that its objects do not get mixed up with other builds.
mkdir "$work/build"
tar -cf - --exclude='*.o' --exclude='*.d' --exclude='*.so' \
  GNUmakefile Makefile.pgxs src sql include scripts/move-from-pgvector vector.control |
  tar -xf - -C "$work/build"
make -s -C "$work/build" -f Makefile.pgxs PG_CONFIG="$pg_config" -j2 all >"$work/build.log" 2>&1 ||
  { tail -20 "$work/build.log" >&2; die "the build failed"; }
make -s -C "$work/build" -f Makefile.pgxs PG_CONFIG="$pg_config" DESTDIR="$work/ours" install \
  >>"$work/build.log" 2>&1 || { tail -20 "$work/build.log" >&2; die "make install failed"; }

mkdir "$data" "$work/socket"
if [[ ${#as_server[@]} -gt 0 ]]; then
  chown postgres "$data" "$work/socket"
  chmod 711 "$work"
fi
start() {
  ctl -w -l "$data/server.log" \
    -o "-k $work/socket -c listen_addresses='' -c fsync=off -c client_min_messages=warning" start
}
run() { # DATABASE [psql option...]: quietly, rows only, stops at an error
  "${as_server[@]}" "$root$bindir/psql" -XAtq -v ON_ERROR_STOP=1 -h "$work/socket" "$@"
}
catalog() { run "$1" <test/support/catalog_dump.sql; }
turn_into() { perl -Itest/support -MPgvectorCatalog=turn_into -e 'print turn_into(@ARGV)' "$1"; }
compare() { # FILE FILE WHAT
  diff "$1" "$2" >"$work/difference" || { head -40 "$work/difference" >&2; die "$3"; }
}
ask() { cat test/support/upgrade_{questions,searches}.sql | run "$1"; } # DATABASE
indexes_not_used() { # DATABASE
  run "$1" -c 'SET enable_seqscan = off' -c 'SET enable_sort = off' -c "SELECT index_name
    FROM searches WHERE strpos(indexes_of_plan(query), index_name || ' ') = 0 ORDER BY 1"
}
move() { # [OPTION or DATABASE...]
  "${as_server[@]}" env PATH="$root$bindir:$PATH" "$root$bindir/move-from-pgvector" \
    -h "$work/socket" "$@"
}
# The facts about old catalogs say nothing of comments.
without_comments() { sed -E 's/^(member \| [^|]*[^| ]).*/\1/' "$1" | sort >"$2"; }

"${as_server[@]}" "$root$bindir/initdb" -D "$data" -A trust -N >/dev/null
start

run postgres -c 'CREATE DATABASE old'
run old -c 'CREATE EXTENSION vector'
run old <test/support/upgrade_objects.sql
run old <test/support/upgrade_indexes.sql >/dev/null
ask old >"$work/answers"
[[ -z $(indexes_not_used old) ]] || die "not used under pgvector: $(indexes_not_used old)"
catalog old >"$work/catalog-package"
without_comments "$work/catalog-package" "$work/catalog-old"

paths=0
for version in $(perl -Itest/support -MPgvectorCatalog=versions -e 'print join " ", versions()'); do
  [[ $version < $old_version ]] || continue
  [[ -n $(run old -c "SELECT path FROM pg_extension_update_paths('vector')
    WHERE source = '$version' AND target = '$old_version'") ]] || continue
  run postgres -c 'CREATE DATABASE facts'
  run facts -c 'CREATE EXTENSION vector'
  turn_into "$version" | run facts
  run facts -c 'ALTER EXTENSION vector UPDATE'
  catalog facts >"$work/catalog-reached"
  without_comments "$work/catalog-reached" "$work/catalog-facts"
  compare "$work/catalog-facts" "$work/catalog-old" \
    "what PgvectorCatalog.pm says of $version does not lead to $old_version"
  run postgres -c 'DROP DATABASE facts'
  paths=$((paths + 1))
done

ctl -w stop
cp "$root$pkglibdir/vector.so" "$work/package.so"
cp -a "$work/ours/." "$root/"
start

ask old >"$work/answers-swapped"
compare "$work/answers" "$work/answers-swapped" "answers differ under the new library"

# Index files of the package's library: left alone, and said to need REINDEX.
searches=$(run old -c 'SELECT count(*) FROM searches')
unused=$(indexes_not_used old | wc -l)
((unused == searches)) || die "indexes of the package's are used: $((searches - unused))"
for table in by_hnsw by_ivfflat; do
  ! run old -c "INSERT INTO $table (id, category, v) SELECT 0, category, v FROM $table LIMIT 1" \
    2>"$work/refused" || die "an index of the package's takes a row: $table"
  grep -q 'Please REINDEX it' "$work/refused" || die "no hint to REINDEX: $(<"$work/refused")"
done

# By hand, in a copy.
run postgres -c 'CREATE DATABASE by_hand TEMPLATE old'
run by_hand -c 'ALTER EXTENSION vector UPDATE'
ask by_hand >"$work/answers-updated"
compare "$work/answers" "$work/answers-updated" "answers differ after the update"
old_indexes="SELECT 'REINDEX INDEX CONCURRENTLY ' || oid::regclass FROM pg_class
  WHERE vector_needs_reindex(oid)"
listed=$(run by_hand -c "$old_indexes" | wc -l)
((listed == searches)) || die "vector_needs_reindex() finds $listed of $searches indexes"
run by_hand <<<"$old_indexes \gexec"
ask by_hand >"$work/answers-by-hand"
compare "$work/answers" "$work/answers-by-hand" "answers differ after REINDEX by hand"
run postgres -c 'DROP DATABASE by_hand'

# By the script: not while there is a session older than the library, nor when only asked.
run old -c 'SELECT pg_sleep(600)' >"$work/session" 2>&1 &
session=$!
sleeping="SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%'"
until [[ -n $(run postgres -c "$sleeping") ]]; do sleep 0.1; done
touch "$root$pkglibdir/vector.so"
! move >"$work/move" 2>&1 || die "goes on although a session is older than the library"
grep -q 'older than the library' "$work/move" || die "does not say why: $(<"$work/move")"
run postgres -c "SELECT pg_terminate_backend(pid) FROM ($sleeping) AS old" >/dev/null
wait "$session" || true
move --check >"$work/move"
(($(grep -c 'to be rebuilt' "$work/move") == searches)) || die "--check lists $(<"$work/move")"
[[ $(run old -c "SELECT extversion FROM pg_extension WHERE extname = 'vector'") == "$old_version" ]] ||
  die "--check changes something"
move >"$work/move" || die "the script fails: $(<"$work/move")"
(($(grep -c ': rebuilt ' "$work/move") == searches)) || die "the script says $(<"$work/move")"
move >"$work/move"
! grep -v 'vector [0-9.]*$\|no index of pgvector' "$work/move" || die "finds more to do when run again"

run postgres -c 'CREATE DATABASE new'
run new -c 'CREATE EXTENSION vector'
catalog old >"$work/catalog-updated"
catalog new >"$work/catalog-new"
compare "$work/catalog-updated" "$work/catalog-new" "the catalog is not that of a new installation"

ask old >"$work/answers-moved"
compare "$work/answers" "$work/answers-moved" "answers differ after the script"
[[ -z $(indexes_not_used old) ]] || die "not used after the script: $(indexes_not_used old)"
[[ -z $(run old -c "SELECT oid::regclass, problem FROM pg_class, hnsw_check(oid) AS problem
  WHERE relkind = 'i' AND relam = (SELECT oid FROM pg_am WHERE amname = 'hnsw')") ]] ||
  die "hnsw_check() complains"
run old -c "INSERT INTO items (id, v) SELECT id + 1000, v + '[1,1,1]' FROM items" \
  -c 'REFRESH MATERIALIZED VIEW totals' -c 'ANALYZE items' -c 'VACUUM items'
new_rows=$(run old -c 'SELECT count(*) FROM items
  WHERE id > 1000 AND norm = vector_norm(v) AND half = v::halfvec AND signs = binary_quantize(v)')
[[ $new_rows == 21 ]] || die "generated columns of new rows: $new_rows of 21 are right"
new_version=$(run new -c "SELECT extversion FROM pg_extension WHERE extname = 'vector'")

# And back, without touching the catalog.
run old -c 'DELETE FROM items WHERE id > 1000' -c 'REFRESH MATERIALIZED VIEW totals'
ctl -w stop
cp "$work/package.so" "$root$pkglibdir/vector.so"
start
! run old -c 'SELECT v FROM by_hnsw ORDER BY v <-> question()::vector LIMIT 1' 2>"$work/refused" ||
  die "pgvector reads our indexes"
run old <<'SQL'
SELECT 'REINDEX INDEX ' || c.oid::regclass FROM pg_class AS c JOIN pg_am AS a ON a.oid = c.relam
WHERE c.relkind = 'i' AND a.amname IN ('hnsw', 'ivfflat') \gexec
SQL
ask old >"$work/answers-back"
compare "$work/answers" "$work/answers-back" "answers differ back under pgvector's library"
[[ -z $(indexes_not_used old) ]] || die "not used back under pgvector: $(indexes_not_used old)"

echo "check_upgrade: pgvector $old_version to $new_version and back is right, with $searches indexes;" \
  "facts about $paths older versions hold"
