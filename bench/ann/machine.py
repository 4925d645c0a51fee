"""The machine a run was made on, and how quiet it was."""

import os
import platform
import subprocess
import time

NOISY_LOAD = 0.3  # load average a CPU before the run starts
NOISY_VARIATION = 0.10  # repetitions of the same measurement, (high - low) / median
NOISY_STEAL = 0.02  # share of CPU time the hypervisor gave to others


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith(("model name", "Model")):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_bytes():
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def commit_of(tree):
    """The commit of a source tree, with a mark if files differ from it; None outside git."""
    git = ["git", "-c", f"safe.directory={tree}", "-C", tree]
    try:
        commit = subprocess.run(
            [*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True
        )
        status = [*git, "status", "--porcelain", "--", "src", "sql", "include", "Makefile.pgxs"]
        changed = subprocess.run(status, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
    return commit.stdout.strip() + (" with changes" if changed else "")


def cpu_ticks():
    """(stolen, all) ticks since boot."""
    with open("/proc/stat", encoding="utf-8") as file:
        fields = [int(x) for x in file.readline().split()[1:9]]
    return fields[7], sum(fields)


class Machine:
    """Facts about the machine, taken when made; `verdict` closes the run."""

    def __init__(self):
        self.load_at_start = os.getloadavg()[0]
        self.ticks = cpu_ticks()
        self.started = time.time()

    def describe(self):
        return {
            "cpu": cpu_model(),
            "cpus": len(os.sched_getaffinity(0)),
            "memory_bytes": memory_bytes(),
            "kernel": platform.release(),
            "load_at_start": self.load_at_start,
        }

    def verdict(self, variation):
        """Sentences about noise; empty on a quiet machine."""
        out = []
        stolen, total = (after - before for before, after in zip(self.ticks, cpu_ticks()))
        if self.load_at_start > NOISY_LOAD * len(os.sched_getaffinity(0)):
            out.append(f"the load average was {self.load_at_start:.2f} before the run")
        if total and stolen / total > NOISY_STEAL:
            out.append(f"the hypervisor took {stolen / total:.0%} of the CPU time")
        if variation is not None and variation > NOISY_VARIATION:
            out.append(f"repetitions of the same measurement differ by {variation:.0%} (median)")
        return out
