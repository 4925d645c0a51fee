"""Servers that we manage: an installation tree each, a cluster each, a Unix socket directory each.

Both trees hold the same PostgreSQL; PostgreSQL finds its libraries and extensions relative to
where its executable stands, so that a copy is a second installation with its own `vector`.
"""

import filecmp
import os
import shutil
import subprocess

from ann.side import Side

MAJOR = "17"
PACKAGED = "/usr"
TREES = "/srv/trees"  # inside the chroot
CLUSTERS = "/srv/clusters"
SETTINGS = {
    "listen_addresses": "''",
    "autovacuum": "off",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "1h",
    "max_parallel_workers": "8",
    "max_connections": "50",
    "update_process_title": "off",
    "logging_collector": "off",
}


def run(*command, **keywords):
    """Run a command; on failure show its output."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **keywords
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}")
    return done.stdout


def copy_installation(prefix):
    """A second installation of the packaged PostgreSQL below `prefix`, without pgvector."""
    shutil.rmtree(prefix, ignore_errors=True)
    for part in (f"lib/postgresql/{MAJOR}", f"share/postgresql/{MAJOR}"):
        shutil.copytree(f"{PACKAGED}/{part}", f"{prefix}/{part}", symlinks=True)
    os.symlink(f"{PACKAGED}/include", f"{prefix}/include")
    share = f"{prefix}/share/postgresql/{MAJOR}/extension"
    for name in os.listdir(share):
        if name == "vector.control" or name.startswith("vector--"):
            os.unlink(f"{share}/{name}")
    os.unlink(f"{prefix}/lib/postgresql/{MAJOR}/lib/vector.so")


UNWANTED = (".o", ".d", ".so", ".bc")  # of another compiler or server


def copy_changed(source, work):
    """Make `work` hold the sources of `source`; files that are the same keep their time.

    So make compiles again just what differs from the last run, whichever of them is older.
    """
    wanted = set()
    for parent, directories, names in os.walk(source):
        top = parent == source
        directories[:] = [
            d
            for d in directories
            if d != ".git" and not (top and d.startswith(("bench", "results", "build")))
        ]
        for name in names:
            if name.endswith(UNWANTED):
                continue
            path = os.path.relpath(os.path.join(parent, name), source)
            wanted.add(path)
            target = os.path.join(work, path)
            if not os.path.exists(target) or not filecmp.cmp(
                os.path.join(parent, name), target, shallow=False
            ):
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copyfile(os.path.join(parent, name), target)
    for parent, _, names in os.walk(work):
        for name in names:
            path = os.path.join(parent, name)
            if not name.endswith(UNWANTED) and os.path.relpath(path, work) not in wanted:
                os.unlink(path)


def build_tree(key, source):
    """Build the extension in `source` and install it into a tree of its own; return its prefix."""
    prefix, work = f"{TREES}/{key}", f"{TREES}/{key}.build"
    copy_installation(prefix)
    copy_changed(source, work)
    makefile = "Makefile.pgxs" if os.path.exists(f"{work}/Makefile.pgxs") else "Makefile"
    make = ["make", "-C", work, "-f", makefile, f"PG_CONFIG={bindir(prefix)}/pg_config"]
    run(*make, f"-j{os.cpu_count()}")
    run(*make, "install")
    return prefix


def bindir(prefix):
    return f"{prefix}/lib/postgresql/{MAJOR}/bin"


class Cluster:
    """A server of ours.  `environment` is what its processes get in addition."""

    def __init__(self, key, origin, prefix, socket_root, settings, environment):
        self.key, self.origin, self.prefix = key, origin, prefix
        self.settings = {**SETTINGS, **settings}
        self.environment = environment
        self.data = f"{CLUSTERS}/{key}"
        self.sockets = os.path.join(socket_root, key)

    @property
    def conninfo(self):
        return f"host={self.sockets} user=postgres dbname=postgres"

    def as_postgres(self, program, *arguments):
        environment = [f"{name}={value}" for name, value in self.environment.items()]
        path = f"{bindir(self.prefix)}/{program}"
        command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "env"]
        return run(*command, *environment, path, *arguments, cwd="/")

    def create(self):
        """Make an empty cluster in place of an older one."""
        shutil.rmtree(self.data, ignore_errors=True)
        for directory in (self.data, self.sockets):
            os.makedirs(directory, exist_ok=True)
            shutil.chown(directory, "postgres", "postgres")
        os.chmod(self.data, 0o700)
        self.as_postgres(
            "initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8"
        )
        with open(f"{self.data}/postgresql.conf", "a", encoding="utf-8") as file:
            file.write(f"unix_socket_directories = '{self.sockets}'\n")
            file.writelines(f"{name} = {value}\n" for name, value in self.settings.items())
        return self

    def start(self):
        self.as_postgres(
            "pg_ctl", "-D", self.data, "-l", f"{self.data}/log", "-w", "-t", "120", "start"
        )

    def stop(self):
        if os.path.exists(f"{self.data}/postmaster.pid"):
            self.as_postgres("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")

    def side(self, label):
        return Side(self.key, label, self.conninfo, self)
