#!/usr/bin/env bash
# Every test is run, and nothing that looks like one is left over:
#   each test/sql/*.sql and test/specs/*.spec has an expected/*.out, and each of those a test
#   names are unique over both, and differ from the scripts in sql/, which pg_regress would run
#   test/unit, test/t, test/fuzz hold only files whose names the build files pick up
#   each module in test/modules has its own expected files
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
shopt -s nullglob

failed=0
complain() {
  printf '%s\n' "$*"
  failed=1
}

names() { # DIRECTORY SUFFIX
  local file
  for file in "$1"/*"$2"; do basename "$file" "$2"; done
}

# check_expected SQL-DIR SPEC-DIR EXPECTED-DIR
check_expected() {
  local name
  for name in $(names "$1" .sql); do
    [[ -f $3/$name.out ]] || complain "$1/$name.sql has no $3/$name.out"
  done
  for name in $(names "$2" .spec); do
    [[ -f $3/$name.out ]] || complain "$2/$name.spec has no $3/$name.out"
    [[ ! -f $1/$name.sql ]] || complain "$1/$name.sql and $2/$name.spec have the same name"
  done
  for name in $(names "$3" .out); do
    # pg_regress also takes NAME_1.out and so on as answers that are right elsewhere.
    [[ -f $1/$name.sql || -f $2/$name.spec || -f $1/${name%_[0-9]}.sql ||
      -f $2/${name%_[0-9]}.spec ]] || complain "$3/$name.out belongs to no test"
  done
}

only() { # DIRECTORY PATTERN...
  local dir=$1 file pattern
  shift
  for file in "$dir"/*; do
    for pattern; do [[ ${file##*/} != $pattern ]] || continue 2; done
    complain "$file is run by nothing: $dir takes $*"
  done
}

check_expected test/sql test/specs expected
for module in test/modules/*/; do
  check_expected "${module}sql" "${module}specs" "${module}expected"
done
for name in $(names sql .sql); do
  [[ ! -f test/sql/$name.sql ]] ||
    complain "sql/$name.sql would be run by pg_regress in place of test/sql/$name.sql"
done
only test/unit '*_test.cpp' '*.h'
only test/t '[0-9][0-9][0-9]_*.pl' '*.pm'
only test/fuzz '*_fuzz.cpp' '*.h' corpus '*_corpus'
only test/sql '*.sql'
only test/specs '*.spec'
only expected '*.out'
exit $failed
