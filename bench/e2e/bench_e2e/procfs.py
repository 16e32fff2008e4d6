"""What the kernel says about a process: CPU time of all its threads, memory."""

import os
import pathlib
from dataclasses import dataclass

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass
class CpuTimes:
    run_ns: int = 0  # on a core, over all threads alive, io_uring's kernel workers included
    wait_ns: int = 0  # runnable but without a core: others were using it
    user_s: float = 0  # coarse (clock ticks), ended threads included; good for the share user : kernel
    kernel_s: float = 0

    def __sub__(self, other):
        return CpuTimes(self.run_ns - other.run_ns, self.wait_ns - other.wait_ns, self.user_s - other.user_s,
                        self.kernel_s - other.kernel_s)


def cpu_times(pid):
    times = CpuTimes()
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            run, wait, _ = (task / "schedstat").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # the thread ended meanwhile
        times.run_ns += int(run)
        times.wait_ns += int(wait)
    # The name in parentheses may hold spaces, so count fields from its end: utime and stime are the 14th and 15th.
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    times.user_s = int(fields[11]) * _TICK_S
    times.kernel_s = int(fields[12]) * _TICK_S
    return times


def rss_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def machine():
    """A few words about where the figures come from."""
    cpu = "?"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    u = os.uname()
    return {"cpu": cpu, "cores": os.cpu_count(), "kernel": u.release, "arch": u.machine,
            "loadavg": list(os.getloadavg())}
