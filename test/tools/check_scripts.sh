#!/usr/bin/env bash
# What CREATE EXTENSION and ALTER EXTENSION run must not depend on who made what before: nothing is
# replaced or taken over if it is there, no function has a body that a search path could turn, none
# has rights of its own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
failed=0
for script in sql/*.sql; do
  # Comments out of the way; keywords in any case.
  if sed 's/--.*//' "$script" | grep -niE \
    'or replace|if not exists|search_path|security definer|leakproof|language +(sql|plpgsql)|\bdo +\$'; then
    printf '%s: see above\n' "$script"
    failed=1
  fi
  if ! sed -n 1p "$script" | grep -qE '^\\echo .*\\quit$'; then
    printf '%s can be run by psql without CREATE EXTENSION: no \\echo … \\quit\n' "$script"
    failed=1
  fi
done
exit $failed
