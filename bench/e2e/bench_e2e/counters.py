"""Instructions and cycles of a running server: from the CPU's counters, or counted by valgrind when asked."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

from .servers import Server

EVENTS = ("instructions", "cycles")


def hardware_problem():
    """None when `perf stat` can count instructions here, else why not, in one line."""
    if shutil.which("perf") is None:
        return "perf is not installed"
    done = subprocess.run(["perf", "stat", "-x,", "-e", ",".join(EVENTS), "--", "true"],
                          capture_output=True, text=True)
    if "<not supported>" in done.stderr or "<not counted>" in done.stderr:
        return "perf stat says instructions and cycles are not supported (usual in virtual machines)"
    if done.returncode != 0:
        return done.stderr.strip().splitlines()[0] if done.stderr.strip() else "perf stat failed"
    return None


class HardwareCounters:
    """Counts for one process from __enter__ to __exit__; `values` by event name afterwards."""

    def __init__(self, pid):
        self._pid = pid
        self.values = {}

    def __enter__(self):
        handle, self._path = tempfile.mkstemp(prefix="perf-stat-")
        os.close(handle)
        command = ["perf", "stat", "-x,", "-e", ",".join(EVENTS), "-p", str(self._pid), "-o", self._path]
        self._perf = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *unused):
        self._perf.send_signal(signal.SIGINT)
        self._perf.wait()
        for line in pathlib.Path(self._path).read_text().splitlines():
            fields = line.split(",")
            if len(fields) > 2 and fields[2] in EVENTS and fields[0].isdigit():
                self.values[fields[2]] = int(fields[0])
        os.unlink(self._path)


def valgrind():
    # The distribution's wrapper is a script around this program; without it the pid is the server's own.
    return next((p for p in ("/usr/bin/valgrind.bin", shutil.which("valgrind")) if p and os.path.exists(p)), None)


def callgrind_instructions(spec, client, workload, keys, count, cores=""):
    """User-space instructions per operation: two runs of different length, so that start and end cancel out.

    The kernel's part is not in it. How many requests a tick finds, and how many ticks find none, depends on the moment:
    figures of the same server differ by some percent. bench_e2e/ticks.py counts exactly, Basalt only.
    """
    if valgrind() is None:
        raise RuntimeError("valgrind is not installed")
    totals = [_callgrind_total(spec, client, workload, keys, n, cores) for n in (count, 3 * count)]
    return (totals[1] - totals[0]) / (2 * count)


def _callgrind_total(spec, client, workload, keys, count, cores):
    handle, out = tempfile.mkstemp(prefix="callgrind-")
    os.close(handle)
    # Threads take turns: without that a shard that waits for another one may keep it from running.
    prefix = (valgrind(), "--tool=callgrind", "--fair-sched=yes", f"--callgrind-out-file={out}")
    try:
        with Server(spec, cores=cores, prefix=prefix, patience_s=60) as server:
            if workload.preload and hasattr(client, "fill") and spec.stores:
                client.fill(server.port, workload.data, keys)
            server.prepare(workload.setup)
            client.run_count(server.port, workload, keys, count)
            server.stop()
        found = re.findall(r"^(?:totals|summary): (\d+)", pathlib.Path(out).read_text(), re.M)
        if not found:
            raise RuntimeError(f"{spec.label} left no totals under valgrind")
        return int(found[-1])
    finally:
        os.unlink(out)
