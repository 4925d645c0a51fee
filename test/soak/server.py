"""Servers of our own: made, killed, restarted, copied, promoted."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import psycopg

CONFIG = """
listen_addresses = ''
shared_buffers = 16MB
max_connections = 40
max_prepared_transactions = 0
fsync = off
full_page_writes = on
autovacuum = off
wal_level = replica
max_wal_size = 256MB
wal_keep_size = 512MB
checkpoint_timeout = 30s
maintenance_work_mem = 16MB
max_parallel_workers = 4
restart_after_crash = on
log_line_prefix = '%m [%p] %q%a '
log_min_messages = warning
log_error_verbosity = verbose
log_min_error_statement = panic
"""

# What must never stand in a server's log.  Signal 9 is ours.
ALARMING = re.compile(r"PANIC|TRAP:|terminated by signal (?!9\b)|XX00[0-2]|inconsistent page found"
                      r"|WAL contains references|unexpected pageaddr.*corrupt|stack smashing"
                      r"|buffer refcount leak|resource was not closed|relcache reference leak"
                      r"|snapshot reference leak|still referenced")
# A parallel worker that comes to its start when its leader has been killed says the first; a leader
# that waits for its workers at the end of a transaction when the postmaster is killed trips over the
# second, an assertion of PostgreSQL's, on its way out.
HARMLESS = re.compile(r"XX000: could not attach to per-session DSM segment"
                      r'|TRAP: FailedAssertion\("!IsTransactionOrTransactionBlock\(\)", File: "pgstat.c"')


class Server:
    """One cluster in DIRECTORY, run by the user who runs this."""

    started = []     # all that may be up

    def __init__(self, bin_dir, directory, port, source=None):
        self.bin = pathlib.Path(bin_dir)
        self.data = pathlib.Path(directory)
        self.socket = self.data.parent
        self.port = port
        self.log = self.data.parent / f"{self.data.name}.log"
        self.read_to = 0
        if source is None:
            self.tool("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                      "--locale=C", "--no-sync")
            self.configure(CONFIG)
        self.configure(f"port = {port}\nunix_socket_directories = '{self.socket}'\n"
                       f"cluster_name = '{self.data.name}'\n")

    def tool(self, name, *args, check=True):
        done = subprocess.run([self.bin / name, *map(str, args)], capture_output=True, text=True,
                              cwd="/")
        if check and done.returncode != 0:
            raise RuntimeError(f"{name} failed: {done.stdout}{done.stderr}")
        return done

    def configure(self, text):
        with open(self.data / "postgresql.conf", "a") as conf:
            conf.write(text)

    def start(self):
        if self not in Server.started:
            Server.started.append(self)
        # Output to a file: the server must not keep our pipes open.
        with open(os.devnull, "w") as null:
            code = subprocess.run([self.bin / "pg_ctl", "-D", self.data, "-l", self.log, "-t",
                                   "120", "-w", "start"], stdout=null, stderr=null,
                                  cwd="/").returncode
        if code != 0:
            raise RuntimeError(f"{self.data.name} did not start:\n{self.log_tail()}")

    def stop(self, how="fast"):
        self.tool("pg_ctl", "-D", self.data, "-m", how, "-w", "-t", "120", "stop", check=False)

    def log_tail(self, lines=40):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def alarms(self):
        """Alarming lines since the last call."""
        if not self.log.exists():
            return []
        with open(self.log, errors="replace") as log:
            log.seek(self.read_to)
            text = log.read()
            self.read_to = log.tell()
        return [line for line in text.splitlines()
                if ALARMING.search(line) and not HARMLESS.search(line)]

    def connect(self, name="soak", **options):
        return psycopg.connect(host=str(self.socket), port=self.port, user="postgres",
                               dbname="postgres", autocommit=True, application_name=name,
                               cursor_factory=psycopg.ClientCursor, connect_timeout=30, **options)

    def wait_until_up(self, seconds=120):
        end = time.monotonic() + seconds
        while True:
            try:
                with self.connect() as conn:
                    conn.execute("SELECT 1")
                return
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise RuntimeError(f"{self.data.name} is not up:\n{self.log_tail()}") from None
                time.sleep(0.05)

    def is_running(self):
        try:
            return is_alive(self.pid())
        except FileNotFoundError:
            return False

    # ---- faults -------------------------------------------------------------------------------

    def pid(self):
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def children(self):
        out = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(self.pid())],
                             capture_output=True, text=True).stdout
        found = {}
        for line in out.splitlines():
            pid, _, words = line.strip().partition(" ")
            found[int(pid)] = words
        return found

    def kill_everything(self):
        """As if the machine's memory had run out: postmaster first, then all that it has forked."""
        pids = [self.pid()]
        end = time.monotonic() + 20
        # What it forked in that moment is no child of its any more.  A worker of a query may wait
        # two minutes then, for a lock that its leader held.
        while pids:
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if time.monotonic() > end:
                raise RuntimeError("killed processes are still there")
            time.sleep(0.01)
            pids = self.processes()
        # A parent that has not asked yet what became of it keeps the number in use.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        (self.socket / f".s.PGSQL.{self.port}.lock").unlink(missing_ok=True)

    def processes(self):
        """All that work in the data directory, whosever children they are."""
        found = []
        for name in os.listdir("/proc"):
            try:
                if name.isdigit() and os.path.samefile(f"/proc/{name}/cwd", self.data):
                    found.append(int(name))
            except OSError:   # gone, or somebody else's
                pass
        return found

    def kill_one(self, rng):
        """One process of the server; the postmaster restarts all others.  Says which."""
        children = self.children()
        wanted = rng.choice(("postgres: %s: postgres", "checkpointer", "walwriter", "background",
                             "postgres: %s: postgres", "postgres: %s: postgres"))
        wanted = wanted.replace("%s", self.data.name)
        pids = [pid for pid, words in children.items() if wanted in words] or list(children)
        pid = rng.choice(sorted(pids))
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return None
        for _ in range(2000):
            if not is_alive(pid):
                return children[pid]
            time.sleep(0.01)
        raise RuntimeError("a killed process is still there")

    # ---- copies -------------------------------------------------------------------------------

    def backup(self, directory, port):
        """A base backup as a new, stopped Server."""
        shutil.rmtree(directory, ignore_errors=True)
        self.tool("pg_basebackup", "-h", self.socket, "-p", self.port, "-U", "postgres", "-D",
                  directory, "-X", "stream", "-c", "fast", "--no-sync")
        return Server(self.bin, directory, port, source=self)

    def follow(self, primary):
        self.configure(f"primary_conninfo = 'host={primary.socket} port={primary.port} "
                       f"user=postgres'\nhot_standby = on\nmax_standby_streaming_delay = 1s\n")
        (self.data / "standby.signal").touch()

    def remove(self):
        self.stop("immediate")
        Server.started.remove(self)
        shutil.rmtree(self.data, ignore_errors=True)


def is_alive(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return state != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
