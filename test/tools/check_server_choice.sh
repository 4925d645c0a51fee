#!/usr/bin/env bash
# A server whose headers are missing is none that can be built for, though PGXS is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source scripts/lib/common.sh
source scripts/lib/postgres.sh

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
config=$dir/pg_config
cat >"$config" <<END
#!/bin/sh
case \$1 in
  --pgxs) echo "$dir/pgxs.mk" ;;
  --includedir-server) echo "$dir/server" ;;
esac
END
mkdir "$dir/server"

expect() { # no|yes WHAT
  local found=no
  if can_build_for "$config"; then found=yes; fi
  [[ $found == "$1" ]] || die "$2: can_build_for says $found"
}

expect no 'a program that may not be run'
chmod +x "$config"
expect no 'neither PGXS nor headers'
touch "$dir/pgxs.mk"
expect no 'PGXS without headers'
touch "$dir/server/postgres.h"
expect yes 'PGXS and headers'
