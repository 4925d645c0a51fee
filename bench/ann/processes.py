"""What a local server's processes use: CPU time exactly, memory by sampling /proc."""

import os
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")


def stat_fields(pid):
    """The fields of /proc/PID/stat after the command name; field 0 is the state."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()


def postmaster_of(backend):
    return int(stat_fields(backend)[1])


def children(pid):
    """Process ids of the direct children of `pid`."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if int(stat_fields(name)[1]) == pid:
                    found.append(int(name))
            except OSError:
                pass  # it ended in the meantime
    return found


def cpu_seconds(postmaster):
    """CPU time of a server so far: its living processes, and those it has reaped.

    A difference of two calls loses nothing, because the postmaster accounts for every parallel
    worker that ends between them.
    """
    own = stat_fields(postmaster)
    ticks = sum(int(x) for x in own[11:15])  # utime, stime, and both of reaped children
    for pid in children(postmaster):
        try:
            ticks += sum(int(x) for x in stat_fields(pid)[11:13])
        except OSError:
            pass
    return ticks / TICK


def on_cpu_us(pid):
    """Microseconds that a process has spent on a CPU; other work on the machine hardly changes it."""
    with open(f"/proc/{pid}/schedstat", encoding="utf-8") as file:
        return int(file.read().split()[0]) / 1e3


def anonymous_bytes(pid):
    """Private memory of a process that is in RAM."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        for line in file:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return 0


def dynamic_segments(pid):
    """Bytes of the dynamic shared memory segments that a process has mapped, by path."""
    found = {}
    with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        for line in file:
            path = line.split(maxsplit=5)[5:]
            if path and path[0].startswith("/dev/shm/PostgreSQL."):
                start, end = (int(x, 16) for x in line.split()[0].split("-"))
                found[path[0]] = found.get(path[0], 0) + end - start
    return found


def memory_bytes(postmaster):
    """Private memory of all the server's processes, and its dynamic shared memory once."""
    total, segments = 0, {}
    for pid in children(postmaster):
        try:
            total += anonymous_bytes(pid)
            segments.update(dynamic_segments(pid))
        except OSError:
            pass
    return total + sum(segments.values())


class PeakMemory:
    """Samples memory_bytes in the background; `peak` is the greatest rise above the start.

    Leaves out shared_buffers, which are there anyway, and the page cache.
    """

    def __init__(self, postmaster, interval_s=0.05):
        self.postmaster, self.interval_s = postmaster, interval_s
        self.start = memory_bytes(postmaster)
        self.peak = 0
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def watch(self):
        while not self.done.wait(self.interval_s):
            self.peak = max(self.peak, memory_bytes(self.postmaster) - self.start)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


def stopwatch():
    """A function that returns the seconds since it was made."""
    start = time.perf_counter()
    return lambda: time.perf_counter() - start
