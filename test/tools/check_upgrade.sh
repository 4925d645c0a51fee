#!/usr/bin/env bash
# From a pgvector package to this extension, on a private copy of the server.
#
#   test/tools/check_upgrade.sh [PG_CONFIG]
#
# Where the server named by PG_CONFIG has pgvector installed: fills a database under it, replaces
# library and scripts by ours, and checks that
#   every answer is the same under the new library, before and after ALTER EXTENSION vector UPDATE
#   the catalog is then that of a new installation
#   pgvector's library works with that catalog, too
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
  GNUmakefile Makefile.pgxs src sql include vector.control | tar -xf - -C "$work/build"
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
# The facts about old catalogs say nothing of comments.
without_comments() { sed -E 's/^(member \| [^|]*[^| ]).*/\1/' "$1" | sort >"$2"; }

"${as_server[@]}" "$root$bindir/initdb" -D "$data" -A trust -N >/dev/null
start

run postgres -c 'CREATE DATABASE old'
run old -c 'CREATE EXTENSION vector'
run old <test/support/upgrade_objects.sql
run old -c 'CREATE TABLE indexed AS SELECT i AS id, ARRAY[i % 7, i % 11, i % 13]::vector(3) AS val
    FROM generate_series(1, 500) i' \
  -c 'CREATE INDEX indexed_hnsw ON indexed USING hnsw (val vector_l2_ops)' \
  -c 'CREATE INDEX indexed_ivfflat ON indexed USING ivfflat (val vector_cosine_ops) WITH (lists = 5)'
run old <test/support/upgrade_questions.sql >"$work/answers"
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

run old <test/support/upgrade_questions.sql >"$work/answers-swapped"
compare "$work/answers" "$work/answers-swapped" "answers differ under the new library"

# Index files of the package's library: left alone, and said to need REINDEX.
nearest="SELECT id FROM indexed ORDER BY val <-> '[3,4,5]', id LIMIT 1"
plan() { run old -c 'SET enable_seqscan = off' -c "EXPLAIN (COSTS OFF) SELECT id FROM indexed
  ORDER BY val $1 '[3,4,5]' LIMIT 1"; }
for index in 'hnsw <->' 'ivfflat <=>'; do
  [[ $(plan "${index#* }") != *indexed_* ]] || die "an index of the package's is used: $index"
  ! run old -c "INSERT INTO indexed VALUES (0, '[1,1,1]')" 2>"$work/refused" ||
    die "an index of the package's takes a row: $index"
  grep -q 'Please REINDEX it' "$work/refused" || die "no hint to REINDEX: $(<"$work/refused")"
  run old -c "REINDEX INDEX CONCURRENTLY indexed_${index%% *}"
  [[ $(plan "${index#* }") == *indexed_${index%% *}* ]] || die "not used after REINDEX: $index"
done
run old -c "INSERT INTO indexed VALUES (0, '[3,4,5]')"
[[ $(run old -c 'SET enable_seqscan = off' -c "$nearest") == 0 ]] || die 'a new row is not found'
run old -c 'DROP TABLE indexed'

run old -c 'ALTER EXTENSION vector UPDATE'
run postgres -c 'CREATE DATABASE new'
run new -c 'CREATE EXTENSION vector'
catalog old >"$work/catalog-updated"
catalog new >"$work/catalog-new"
compare "$work/catalog-updated" "$work/catalog-new" "the catalog is not that of a new installation"

run old <test/support/upgrade_questions.sql >"$work/answers-updated"
compare "$work/answers" "$work/answers-updated" "answers differ after the update"
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
run old <test/support/upgrade_questions.sql >"$work/answers-back"
compare "$work/answers" "$work/answers-back" "answers differ back under pgvector's library"

echo "check_upgrade: pgvector $old_version to $new_version and back is right;" \
  "facts about $paths older versions hold"
