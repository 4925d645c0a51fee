# shellcheck shell=bash
# Debian systems of their own, to build and test in.  Source it after common.sh, do not run it.
#
# Callers set
#   top         the checkout
#   build_root  where the systems lie: SUITE-base as debootstrap made them, which stay
#   mirror      the Debian archive

require_systems() {
  require_machine
  ((EUID == 0)) || die "making and entering other systems needs root"
  local program
  for program in debootstrap unshare chroot; do
    have "$program" || die "$program is not installed"
  done
}

# inside ROOT COMMAND...: with a mount and a process namespace of its own, so that mounts and
# servers end with the command.  The checkout is at /vector, and cannot be written to.
inside() {
  local root=$1
  shift
  # shellcheck disable=SC2016 # for the inner shell
  unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" sh -ec '
    root=$1; tree=$2; shift 2
    mount --rbind /dev "$root/dev"
    mkdir -p "$root/vector"
    mount --bind "$tree" "$root/vector"; mount -o remount,bind,ro "$root/vector"
    exec chroot "$root" "$@"' sh "$root" "$top" \
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root \
    DEBIAN_FRONTEND=noninteractive ${VECTOR_JOBS:+VECTOR_JOBS="$VECTOR_JOBS"} "$@"
}

make_base() { # SUITE
  local base=$build_root/$1-base
  [[ ! -f $base/complete ]] || return 0
  rm -rf "$base"
  mkdir -p "$base"
  debootstrap --variant=minbase "$1" "$base" "$mirror"
  apt-config dump Acquire::http::Proxy >"$base/etc/apt/apt.conf.d/50test"
  # Of unstable an archive may have what is some weeks old.
  echo 'Acquire::Check-Valid-Until "false";' >>"$base/etc/apt/apt.conf.d/50test"
  # Nobody starts a server here but this test.
  printf '#!/bin/sh\nexit 101\n' >"$base/usr/sbin/policy-rc.d"
  chmod +x "$base/usr/sbin/policy-rc.d"
  touch "$base/complete"
}

fresh() { # SUITE NAME: sets `root`
  root=$build_root/$1-$2
  rm -rf "$root"
  cp -a "$build_root/$1-base" "$root"
  [[ ! -f /etc/resolv.conf ]] || cp -L /etc/resolv.conf "$root/etc/resolv.conf"
}

# copy_checkout DIRECTORY: a shell command that copies the checkout to there, without what was built.
copy_checkout() {
  say "mkdir -p $1; cd /vector; tar --exclude=./.git --exclude='./build*' --exclude=./.cache" \
    "--exclude=./bench/cache --exclude='*.o' --exclude='*.d' --exclude='*.so' -cf - . | tar -C $1 -xf -"
}
