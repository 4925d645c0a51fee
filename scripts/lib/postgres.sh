# shellcheck shell=bash
# A PostgreSQL of our own to work in: a private copy of an installation, and servers started from
# it.  Nothing here writes into the system's PostgreSQL directories or talks to a server that
# somebody else started.  Source it after common.sh.
#
# Callers set `build_root`, where the extension is compiled.

# The environment must not lead a client to another server.
unset "${!PG@}"

# ---- finding and installing -------------------------------------------------------------------

# can_build_for PG_CONFIG.  PGXS alone does not say it: Debian's client package has that, and the
# headers are in another.
can_build_for() {
  [[ -x $1 && -f $("$1" --pgxs) && -f $("$1" --includedir-server)/postgres.h ]]
}

# The newest installed server that extensions can be built for.
installed_pg_config() {
  local config
  for config in $(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -rV); do
    if [[ -x ${config%pg_config}postgres ]] && can_build_for "$config"; then
      say "$config"
      return 0
    fi
  done
  return 1
}

# The major version that the distribution installs under the plain name.
default_major() {
  apt-cache depends postgresql | sed -n 's/^ *Depends: postgresql-\([0-9][0-9]*\)$/\1/p'
}

# Installs the distribution's default server, without the cluster that its package would create
# and start.
install_postgres() {
  local major conf_dir=/etc/postgresql-common/createcluster.d status=0
  can_install || return 1
  apt_update
  major=$(default_major)
  [[ -n $major ]] || return 1
  install_packages postgresql-common || return 1
  as_root mkdir -p "$conf_dir"
  as_root sh -c "echo 'create_main_cluster = false' >$conf_dir/vector-test.conf"
  install_packages "postgresql-$major" "postgresql-server-dev-$major" || status=1
  as_root rm -f "$conf_dir/vector-test.conf"
  as_root rmdir --ignore-fail-on-non-empty "$conf_dir"
  return $status
}

require_postgres() {
  installed_pg_config >/dev/null || install_postgres ||
    {
      say "PostgreSQL's server and its development files could not be installed"
      return 1
    }
}

# ---- the private copy -------------------------------------------------------------------------

# make_stage TEMPLATE: stage_dir, a directory which the server's user can read wherever the
# checkout lies.  Its name must be short: a Unix socket's path has room for 107 bytes.
make_stage() {
  use_stage "$(mktemp -d "$1")"
  chmod 755 "$stage_dir"
  mkdir -p "$stage_dir/home" "$stage_dir/socket"
  # Whoever reaches the socket is superuser.
  chmod 700 "$stage_dir/home" "$stage_dir/socket"
  own "$stage_dir/home" "$stage_dir/socket"
}

use_stage() {
  stage_dir=$1
  stage_user=
  if ((EUID == 0)); then
    # PostgreSQL does not run as root.
    stage_user=nobody
    if id postgres >/dev/null 2>&1; then stage_user=postgres; fi
  fi
}

own() {
  [[ -z $stage_user ]] || chown -R "$stage_user:$(id -gn "$stage_user")" "$@"
}

# There is no TCP: the port only names the socket.
stage_port=65432

# Runs a command as the user that owns the servers.
as_server() {
  local -a drop=()
  [[ -z $stage_user ]] ||
    drop=(setpriv --reuid "$stage_user" --regid "$(id -gn "$stage_user")" --clear-groups)
  "${drop[@]}" env HOME="$stage_dir/home" TMPDIR="$stage_dir/home" PGUSER=postgres \
    PGHOST="$stage_dir/socket" PGPORT="$stage_port" \
    ${private_lib:+LD_LIBRARY_PATH="$private_lib"} "$@"
}

# copy_postgres PG_CONFIG: a copy of that installation below the stage.  PostgreSQL finds its
# directories relative to its programs, so a copy that keeps their relative places is an
# installation: its pg_config reports the copy's paths, and `make install` with it writes there.
copy_postgres() {
  local config=$1 root=$stage_dir/pg dir option
  local -a dirs
  # Sorted: a directory comes before those inside it, which then are there already.
  mapfile -t dirs < <({
    "$config" --bindir && "$config" --pkglibdir && "$config" --sharedir &&
      "$config" --includedir-server
    if is_private_lib "$("$config" --libdir)"; then "$config" --libdir; fi
  } | sort)
  for dir in "${dirs[@]}"; do
    [[ ! -d $root$dir ]] || continue
    mkdir -p "$root$dir"
    # Bitcode is half of the bytes, and nothing here uses it.
    tar -C "$dir" --exclude=./bitcode -cf - . | tar -C "$root$dir" -xf -
  done
  use_private_postgres "$config" # sets where the programs are; libpq, too, if the copy has one
  for option in --bindir --pkglibdir --sharedir --includedir-server --pgxs; do
    dir=$("$private_pg_config" $option)
    [[ $dir == "$root"/* ]] || die "the copied PostgreSQL still points at $dir"
  done
  # An extension of the same name that was there before must not lend ours its files.
  rm -rf "$("$private_pg_config" --includedir-server)/extension/vector"
  rm -f "$("$private_pg_config" --sharedir)"/extension/vector{.control,--*.sql} \
    "$("$private_pg_config" --pkglibdir)/vector.so"
}

use_private_postgres() {
  local lib
  private_bin=$stage_dir/pg$("$1" --bindir)
  private_pg_config=$private_bin/pg_config
  lib=$("$1" --libdir)
  private_lib=
  if is_private_lib "$lib"; then private_lib=$stage_dir/pg$lib; fi
}

# The library directory of an installation that has a prefix of its own, not the system's.
is_private_lib() {
  case $1 in
    /usr/lib | /usr/lib/*-linux-gnu* | /usr/lib64*) return 1 ;;
  esac
}

# ---- servers ----------------------------------------------------------------------------------

# init_server DIR: a new, throwaway cluster.
init_server() {
  local data=$1
  mkdir "$data"
  own "$data"
  as_server "$private_bin/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C \
    --no-sync >/dev/null
  as_server tee -a "$data/postgresql.conf" >/dev/null <<END
listen_addresses = ''
unix_socket_directories = '$stage_dir/socket'
port = $stage_port
shared_buffers = 128MB
maintenance_work_mem = 64MB
max_wal_size = 2GB
fsync = off
log_line_prefix = '%m [%p] %q%a '
END
}

start_server() {
  local data=$1
  (cd / && as_server "$private_bin/pg_ctl" -D "$data" -l "$data/server.log" -w -t 300 start) \
    >/dev/null ||
    {
      tail -n 30 "$data/server.log" >&2
      return 1
    }
}

# Not so if it died, with its machine perhaps, and left its file behind.
server_runs() { # DIR
  [[ -f $1/postmaster.pid ]] && (cd / && as_server "$private_bin/pg_ctl" -D "$1" status) >/dev/null
}

stop_server() {
  local data=$1
  server_runs "$data" || return 0
  (cd / && as_server "$private_bin/pg_ctl" -D "$data" -m fast -w -t 300 stop) >/dev/null
}

# ---- the extension ----------------------------------------------------------------------------

sources() {
  find GNUmakefile Makefile.pgxs vector.control README.md src sql include test expected examples docs \
    scripts/move-from-pgvector \
    -type f ! -name '*.o' ! -name '*.d' ! -name '*.so' ! -path '*/__pycache__/*' | sort
}

# mirror_sources TO: what the extension's build and its server tests are made of, as the checkout
# has it now.  Objects stay, so that the next build in TO is incremental; the checkout itself is
# left as it is, and majors of the server do not mix.
mirror_sources() {
  local to=$1 list
  list=$(sources 2>/dev/null || true)
  mkdir -p "$to"
  comm -13 <(say "$list") <(cd "$to" && sources 2>/dev/null || true) |
    (cd "$to" && xargs -r -d '\n' rm -f)
  say "$list" | xargs -d '\n' cp --parents -pu -t "$to"
}

# One per server: objects for two of them must not mix.
build_dir_for() {
  say "$build_root/extension-$("$1" --version | cut -d' ' -f2)-$("$1" --bindir | cksum |
    cut -d' ' -f1)"
}

# build_extension PG_CONFIG [VARIABLE=VALUE...]
build_extension() {
  local config=$1 dir
  shift
  dir=$(build_dir_for "$config")
  mirror_sources "$dir"
  make -s -C "$dir" -f Makefile.pgxs -j "$(jobs_count)" PG_CONFIG="$config" "$@"
}

# install_extension PG_CONFIG: installs what build_extension built into the private copy.
install_extension() {
  make -s -C "$(build_dir_for "$1")" -f Makefile.pgxs install PG_CONFIG="$private_pg_config"
}

# ---- the workload -----------------------------------------------------------------------------

# run_soak ARGUMENT...: test/soak/soak.py with servers of its own, from the private copy.
run_soak() {
  local -a drop=()
  rm -rf "$stage_dir/soak" "$stage_dir/run"
  cp -r test/soak "$stage_dir/soak"
  mkdir "$stage_dir/run"
  own "$stage_dir/soak" "$stage_dir/run"
  # Not as_server: where clients connect to is for the workload to say.
  [[ -z $stage_user ]] ||
    drop=(setpriv --reuid "$stage_user" --regid "$(id -gn "$stage_user")" --clear-groups)
  "${drop[@]}" env HOME="$stage_dir/home" TMPDIR="$stage_dir/home" \
    ${private_lib:+LD_LIBRARY_PATH="$private_lib"} \
    /usr/bin/python3 -B "$stage_dir/soak/soak.py" --bin-dir "$private_bin" \
    --directory "$stage_dir/run" "$@"
}
