#!/usr/bin/env bash
# The installed headers are valid C11 and C++, each by itself after postgres.h.
#   check_headers.sh [PG_CONFIG]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
shopt -s nullglob

server=$("${1:-pg_config}" --includedir-server)
headers=(include/vector/*.h)
for header in "${headers[@]}"; do
  program=$'#include "postgres.h"\n'"#include \"vector/${header##*/}\""$'\n'
  program+="#include \"vector/${header##*/}\""$'\n' # a second time: include guards
  ${CC:-cc} -x c -std=gnu11 -fsyntax-only -Wall -Wextra -Werror -isystem "$server" -Iinclude \
    - <<<"$program"
  for standard in gnu++11 c++20; do
    ${CXX:-c++} -x c++ -std=$standard -fsyntax-only -Wall -Wextra -Werror -isystem "$server" \
      -Iinclude - <<<"$program"
  done
done
echo "headers: ${#headers[@]} valid as C and as C++"
