#!/bin/bash
# Checks that the files compiled for one instruction set export their tables and nothing else: an
# inline function of a header that leaves such a file may be the copy that the linker keeps for
# everybody, and then the library dies on machines without that instruction set.
#
#   check_isa_leak.sh object...      objects, or archives of them
#
# Silent if all is well.  Only objects whose source has an ISA_FLAGS_ line or is arm_neon* count.
set -euo pipefail

if [ $# -eq 0 ]; then
  echo "usage: $0 object..." >&2
  exit 2
fi
root=$(cd "$(dirname "$0")/../.." && pwd)
stems=" $(sed -n 's/^ISA_FLAGS_\([A-Za-z0-9_]*\).*/\1/p' "$root/src/sources.mk" | tr '\n' ' ') "

# Allowed: constants (D and R) that are the tables of kernels/parts.h.
leaks=$("${NM:-nm}" -A -C --defined-only --extern-only "$@" | awk -v stems="$stems" '
  {
    object = $1
    sub(/:[0-9a-fA-F]*$/, "", object)
    sub(/.*[:\/]/, "", object)                       # archive:member, directory/object
    stem = object
    sub(/\..*/, "", stem)
    if (index(stems, " " stem " ") == 0 && stem !~ /^arm_neon/) next
    checked++
    if ($3 ~ /^DW\.ref\./) next                # a pointer to the exception runtime
    if ($2 !~ /^[DR]$/ || $3 !~ /^vec::kernels::k[A-Z]/) print object ": " $2 " " $3
  }
  END { if (!checked) print "no object of one instruction set among the arguments" }')
if [ -n "$leaks" ]; then
  printf '%s\n' "$leaks" >&2
  exit 1
fi
