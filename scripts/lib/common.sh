# shellcheck shell=bash
# Helpers that scripts/* share: messages, timed steps, packages.  Source it, do not run it.
#
# Callers set `log_dir` before the first step.

export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
unset CDPATH
umask 022 # the servers' user reads what root writes

# Nothing may wait for an answer when nobody is there to give it.
no_input() { [[ -t 0 ]] || exec </dev/null; }

say() { printf '%s\n' "$*"; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Everything below needs these, and fails obscurely without them: bare chroots lack them.
require_machine() {
  [[ -r /proc/self/maps ]] || die "/proc is not there; as root: mount -t proc proc /proc"
  [[ -d /dev/shm && -w /dev/shm ]] ||
    die "/dev/shm is not there or not writable; as root: mount -t tmpfs tmpfs /dev/shm"
  [[ -c /dev/null ]] || die "/dev/null is not a device"
}

jobs_count() { say "${VECTOR_JOBS:-$(nproc 2>/dev/null || echo 2)}"; }

# ---- timed steps ------------------------------------------------------------------------------

step_times=()

# step NAME COMMAND...: runs it with its output in a log.  Success: one line, with what the command
# wrote to file descriptor 3 (the runner's own summary).  Failure: the end of the log, and exit 1.
step() {
  local name=$1 log=$log_dir/$1.log summary=$log_dir/$1.summary start=$SECONDS
  shift
  # Who watches a terminal is told what takes so long.
  [[ ! -t 1 ]] || printf '%-11s ...' "$name"
  # Not in an `if`: that would switch off `set -e` inside the command.
  set +e
  (set -e && "$@") >"$log" 2>&1 3>"$summary"
  local status=$?
  set -e
  [[ ! -t 1 ]] || printf '\r\e[K'
  if ((status != 0)); then
    say "$name: FAILED; the end of $log:"
    tail -n "${VECTOR_LOG_LINES:-120}" "$log" | sed 's/^/  | /'
    exit 1
  fi
  step_times+=("$name $((SECONDS - start))")
  printf '%-11s ' "$name"
  if [[ -s $summary ]]; then
    sed '2,$s/^/            /' "$summary"
  else
    say "ok"
  fi
}

# A part that this machine cannot run.  Said aloud, so that nobody takes it for passed.
skip() {
  printf '%-11s SKIPPED: %s\n' "$1" "$2"
  step_times+=("$1 skipped")
}

print_step_times() {
  local all
  printf -v all '%s, ' "${step_times[@]}"
  say "seconds: ${all%, }; total $SECONDS"
}

# ---- packages ---------------------------------------------------------------------------------

have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif [[ -t 0 ]]; then
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

can_install() { have apt-get && { ((EUID == 0)) || have sudo; }; }

twice() { "$@" || { sleep 5 && "$@"; }; }

apt_get() {
  as_root apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 \
    -o Dpkg::Options::=--force-confold "$@"
}

apt_lists_fresh=
apt_update() {
  [[ -n $apt_lists_fresh ]] || twice apt_get update
  apt_lists_fresh=yes
}

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

missing_packages() {
  local package
  for package; do is_installed "$package" || say "$package"; done
}

# Installs those of the packages that are not there.  Fails if they cannot be had.
install_packages() {
  local missing
  have dpkg-query || return 1
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  can_install || return 1
  apt_update && twice apt_get install -y --no-install-recommends "${missing[@]}"
}

# The same for packages without which nothing works.
require_packages() {
  if ! have dpkg-query; then
    say "not a Debian system: expecting the equivalents of $* to be installed"
  elif ! install_packages "$@"; then
    say "could not install: $(missing_packages "$@" | tr '\n' ' ')"
    can_install || say "run this as root or as a user with sudo, or install them by hand"
    return 1
  fi
}
