#!/usr/bin/env bash
# Installs the package of this extension on a system that has nothing of PostgreSQL, and uses it.
# scripts/test-package runs this, in a throwaway system, as root.
#
#   test/tools/use_package.sh MAJOR 3>&1     with /packages/postgresql-MAJOR-vector_*.deb
#
# The summary goes to file descriptor 3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
major=$1
package=postgresql-$major-vector
bindir=/usr/lib/postgresql/$major/bin
work=$(mktemp -d)
chmod 755 "$work"

die() {
  echo "use_package: $*" >&2
  exit 1
}
install() { apt-get -qqy -o Dpkg::Use-Pty=0 install "$@"; }
as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups -- env HOME=/tmp "$@"; }
run() { # DATABASE [psql option...]: quietly, rows only, stops at an error
  as_postgres "$bindir/psql" -XAtq -v ON_ERROR_STOP=1 "$@"
}
# The cluster that the server's package made; by its socket alone, as the port is the machine's.
server() { pg_ctlcluster "$major" main "$1" -- -o "-c listen_addresses='' -c client_min_messages=warning"; }
ask() { cat test/support/upgrade_{questions,searches}.sql | run "$1"; }
compare() { # FILE FILE WHAT
  diff "$1" "$2" >"$work/difference" || { head -40 "$work/difference" >&2; die "$3"; }
}
not_used() { # DATABASE
  run "$1" -c 'SET enable_seqscan = off' -c 'SET enable_sort = off' -c "SELECT index_name
    FROM searches WHERE strpos(indexes_of_plan(query), index_name || ' ') = 0 ORDER BY 1"
}
fill() { # DATABASE
  run postgres -c "CREATE DATABASE $1"
  run "$1" -c 'CREATE EXTENSION vector'
  run "$1" <test/support/upgrade_objects.sql
  run "$1" <test/support/upgrade_indexes.sql >/dev/null
}

apt-get -qq update

# Move in, from the distribution's own package where there is one that is new enough.
pgvector=$( (apt-cache show "postgresql-$major-pgvector" 2>/dev/null || true) |
  sed -n '/^Version: 0\./{s/^Version: \([0-9.]*\).*/\1/p;q}')
moved="Debian's pgvector is ${pgvector:-not there}: not moved in from"
if [[ -n $pgvector ]] && dpkg --compare-versions "$pgvector" ge 0.5; then
  install "postgresql-$major-pgvector"
  server start
  fill old
  ask old >"$work/answers"
  [[ -z $(not_used old) ]] || die "not used under pgvector: $(not_used old)"
  install /packages/"$package"_*.deb
  [[ $(dpkg-query -W -f '${db:Status-Status}' "postgresql-$major-pgvector" 2>/dev/null) != installed ]] ||
    die "pgvector's package is still there"
  server restart
  ask old >"$work/answers-swapped"
  compare "$work/answers" "$work/answers-swapped" "answers differ under the new library"
  as_postgres "$bindir/move-from-pgvector" >"$work/moved" || die "the script fails: $(<"$work/moved")"
  ask old >"$work/answers-moved"
  compare "$work/answers" "$work/answers-moved" "answers differ after move-from-pgvector"
  [[ -z $(not_used old) ]] || die "not used after move-from-pgvector: $(not_used old)"
  rebuilt=$(grep -c ': rebuilt ' "$work/moved")
  searches=$(run old -c 'SELECT count(*) FROM searches')
  ((rebuilt == searches)) || die "$rebuilt of $searches indexes are rebuilt"
  moved="a database of Debian's pgvector $pgvector moved in, $rebuilt indexes rebuilt, answers equal"
  run postgres -c 'DROP DATABASE old'
  apt-get -qqy -o Dpkg::Use-Pty=0 purge "$package"
  server stop
fi

install /packages/"$package"_*.deb
server start
as_postgres env PATH="$bindir:$PATH" psql -XAtqc 'SELECT version()'

# What scripts/quickstart shows: loading, exact search, half and sparse, binary, indexes.
examples=/usr/share/doc/$package/examples/notes
files=("$examples"/[0-9]*.sql)
for file in "${files[@]}"; do
  (cd "$examples" && as_postgres "$bindir/psql" -X -v ON_ERROR_STOP=1 -f "$file") >"$work/out" 2>&1 ||
    { cat "$work/out" >&2; die "$file fails"; }
  cat "$work/out"
done

fill app
ask app >"$work/answers-app"
[[ -z $(not_used app) ]] || die "indexes not used: $(not_used app)"
as_postgres "$bindir/pg_dump" -Fc app >"$work/dump"
run postgres -c 'CREATE DATABASE restored'
as_postgres "$bindir/pg_restore" --exit-on-error -d restored "$work/dump"
ask restored >"$work/answers-restored"
compare "$work/answers-app" "$work/answers-restored" "answers differ after dump and restore"
[[ -z $(not_used restored) ]] || die "indexes not used after dump and restore: $(not_used restored)"

version=$(run postgres -c 'SHOW server_version')
server stop
apt-get -qqy -o Dpkg::Use-Pty=0 purge "$package"
left=$(find /usr/lib/postgresql /usr/share/postgresql \( -path '*extension/vector*' -o -name 'vector.so' \
  -o -name 'vector.index.bc' -o -name move-from-pgvector \))
[[ -z $left ]] || die "left after purge: $left"

cat >&3 <<END
PostgreSQL $version: $package installed, ${#files[@]} examples run, dumped and restored with equal
answers ($(wc -l <"$work/answers-app") lines), purged without trace
$moved
END
