"""A throwaway Debian 13 to measure in: made with debootstrap, entered with mounts that vanish.

The chroot holds both installations of PostgreSQL, the compiler and the Python packages, so that
the machine itself needs only debootstrap and Python.
"""

import fcntl
import glob
import os
import re
import shutil
import signal
import subprocess
import sys

from ann import paths

SUITE = "trixie"
ROOT = os.path.join(paths.CACHE, "chroot")
INSIDE_TREE = "/vector"  # where the source tree is inside
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
INSIDE = "ANN_BENCH_INSIDE"
PACKAGES = (
    "ca-certificates git g++ make libeigen3-dev "
    "postgresql-17 postgresql-17-pgvector postgresql-server-dev-17 "
    "libopenblas0-pthread python3-numpy python3-psycopg python3-matplotlib python3-h5py"
).split()
PACKAGES_OF_DATA = {
    "sift": ["python3-opencv"],
    "text": ["python3-sklearn"],
    "minilm": ["python3-pip"],
}


def find_mirror():
    """The Debian archive in the configuration of this system's apt."""
    for path in ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*"))]:
        if not os.path.isfile(path):
            continue
        with open(path, encoding="utf-8") as file:
            for line in file:
                match = re.match(r"(?:URIs:|deb(?:\s+\[[^]]*\])?)\s+(\S*/debian/?)(?:\s|$)", line)
                if match:
                    return match.group(1)
    raise SystemExit("apt's configuration names no Debian archive; name one with --mirror")


def apt_proxy():
    """apt's HTTP proxy settings as lines of configuration, so that the chroot uses the same."""
    dump = subprocess.run(
        ["apt-config", "dump", "Acquire::http::Proxy"], capture_output=True, text=True, check=False
    )
    return dump.stdout


def check_host():
    if os.geteuid() != 0:
        raise SystemExit(
            "making and entering the chroot needs root; without it give two connection strings, --a and --b"
        )
    for program in ("debootstrap", "unshare", "chroot"):
        if not shutil.which(program):
            raise SystemExit(
                f"{program} is not installed; without it give two connection strings, --a and --b"
            )


def prepare(datasets, mirror=None):
    """Make the chroot if it is not there and install what the given data sets need too."""
    if not os.path.exists(f"{ROOT}/.debootstrapped"):
        print("making a Debian 13 chroot: this is done once", flush=True)
        shutil.rmtree(ROOT, ignore_errors=True)
        os.makedirs(ROOT)
        keyring = [f"--keyring={KEYRING}"] if os.path.exists(KEYRING) else []
        log = os.path.join(paths.CACHE, "debootstrap.log")
        command = [
            "debootstrap",
            "--variant=minbase",
            *keyring,
            SUITE,
            ROOT,
            mirror or find_mirror(),
        ]
        with open(log, "w", encoding="utf-8") as file:
            if subprocess.run(command, stdout=file, stderr=file, check=False).returncode:
                raise SystemExit(f"debootstrap failed; see {log}")
        with open(f"{ROOT}/etc/apt/apt.conf.d/50bench", "w", encoding="utf-8") as file:
            file.write(apt_proxy() + 'APT::Install-Recommends "false";\n')
        open(f"{ROOT}/.debootstrapped", "w", encoding="utf-8").close()
    use_network_of_machine()
    wanted = PACKAGES + [p for name in datasets for p in PACKAGES_OF_DATA.get(name, [])]
    missing = [p for p in wanted if not is_installed(p)]
    if missing:
        print(f"installing {' '.join(missing)}", flush=True)
        # No cluster of Debian's own; and no service is to be started in a chroot.
        script = (
            "mkdir -p /etc/postgresql-common"
            " && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf"
            " && printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d"
            " && chmod +x /usr/sbin/policy-rc.d"
            f" && apt-get -qq update && apt-get -qqy -o Dpkg::Use-Pty=0 install {' '.join(missing)}"
        )
        log = os.path.join(paths.CACHE, "install.log")
        with open(log, "w", encoding="utf-8") as file:
            done = subprocess.run(
                inside(["sh", "-c", script]), stdout=file, stderr=file, check=False
            )
        if done.returncode:
            raise SystemExit(f"installing packages failed; see {log}")
    use_network_of_machine()


def use_network_of_machine():
    """Names are resolved and certificates trusted as on the machine."""
    for path in ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt"):
        if os.path.exists(path) and os.path.isdir(os.path.dirname(ROOT + path)):
            shutil.copy(path, ROOT + path)


def is_installed(package):
    status = glob.glob(f"{ROOT}/var/lib/dpkg/info/{package}.list") + glob.glob(
        f"{ROOT}/var/lib/dpkg/info/{package}:*.list"
    )
    return bool(status)


def inside(command):
    """The command line that runs `command` in the chroot.

    It gets a mount and a process namespace of its own: the mounts vanish and the servers end with
    it, however it ends.
    """
    mounts = (
        f'root=$1; tree=$2; shift 2; mkdir -p "$root{INSIDE_TREE}" "$root/host";'
        ' mount --rbind /dev "$root/dev"; mount --rbind /sys "$root/sys";'
        f' mount --bind "$tree" "$root{INSIDE_TREE}"; mount --rbind / "$root/host";'
        ' exec chroot "$root" "$@"'
    )
    environment = [
        "env",
        "-C",
        f"{INSIDE_TREE}/bench",
        "LC_ALL=C.UTF-8",
        "DEBIAN_FRONTEND=noninteractive",
        f"{INSIDE}=1",
    ]
    return [
        *("unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={ROOT}/proc"),
        *("sh", "-ec", mounts, "sh", ROOT, paths.TREE, *environment, *command),
    ]


def reenter(arguments):
    """Run bench/compare with the same arguments in the chroot; exit with its status.

    However this process ends, unshare is killed with it, and the kernel then ends all the chroot's
    processes.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    process = subprocess.Popen(inside([f"{INSIDE_TREE}/bench/compare", *arguments]))
    try:
        status = process.wait()
    except KeyboardInterrupt:
        status = 130
    finally:
        process.kill()
        process.wait()
    sys.exit(status)


def lock():
    """Let one run at a time use the chroot.  The lock lasts as long as the returned file."""
    os.makedirs(paths.CACHE, exist_ok=True)
    file = open(os.path.join(paths.CACHE, "lock"), "w", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SystemExit("another run is using bench/cache") from None
    return file


def is_inside():
    return os.environ.get(INSIDE) == "1"
