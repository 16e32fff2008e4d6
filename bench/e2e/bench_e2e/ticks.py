"""Instructions per request of basalt-ticks (bench/ticks): the same on an idle machine and on a busy one."""

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass

from . import counters


@dataclass(frozen=True)
class Row:
    name: str
    words: tuple  # arguments of basalt-ticks
    count: int = 32_000  # requests counted


ROWS = (
    Row("get-p1-c1", ("--verb", "get", "--connections", "1"), 8_000),  # a tick for each
    Row("get-p1", ("--verb", "get")),
    Row("set-p1", ("--verb", "set")),
    Row("get-p16", ("--verb", "get", "--pipeline", "16")),
    Row("set-p16", ("--verb", "set", "--pipeline", "16")),
    Row("set-p16-everysec", ("--verb", "set", "--pipeline", "16", "--log", "everysec")),
    Row("get-p16-8-shards", ("--verb", "get", "--pipeline", "16", "--shards", "8")),  # 7 of 8 by a hop
)


# Instructions per request at each number of shards, to be held against one shard. With `all` keys are drawn uniformly, so all but
# one in so many requests go to another shard and back; with `own` each connection keeps to its shard's keys, as on core ports.
CONNECTIONS = 50  # of each shard, as basalt-ticks has them by default
HOPS = (
    (16, "all", (1, 2, 8, 32, 64)),
    (1, "all", (1, 2)),
    (16, "own", (1, 2, 8)),
    (1, "own", (1, 2)),
)


def hops(method, program, say):
    """Tells `say` a line for each."""
    say(f"{'GET':>6}{'keys':>6}{'shards':>8}{'instructions':>14}{'x 1 shard':>11}")
    for pipeline, spread, numbers in HOPS:
        one = None
        for shards in numbers:
            words = ("--verb", "get", "--pipeline", str(pipeline), "--shards", str(shards), "--spread", spread)
            row = Row("", words, max(32_000, 4 * shards * CONNECTIONS * pipeline))
            counted = instructions(method, program, row)
            one = one or counted
            say(f"{f'P={pipeline}':>6}{spread:>6}{shards:>8}{counted:>14.1f}{counted / one:>11.2f}")


def everysec_cost(figures):
    """A line about what the log adds to a SET, or None."""
    without, with_log = figures.get("set-p16"), figures.get("set-p16-everysec")
    if not without or not with_log:
        return None
    return f"everysec adds {(with_log / without - 1) * 100:.1f} % to SET P=16 in user space"


def methods():
    """What can count instructions here, best first; and why the others cannot."""
    problem = counters.hardware_problem()
    found = [] if problem else ["hardware"]
    why_not = [problem] if problem else []
    if counters.valgrind() is None:
        why_not.append("valgrind is not installed")
    else:
        found.append("callgrind")
    return found, why_not


def instructions(method, program, row):
    """User-space instructions per request. RuntimeError when the program fails or nothing was counted."""
    if method == "callgrind":
        requests, counted = _under_callgrind(program, row)
        return counted / requests
    # Start and filling cancel out between two runs.
    (few, fewer), (many, more) = (_under_perf(program, row, row.count * times) for times in (4, 12))
    return (more - fewer) / (many - few)


def _under_callgrind(program, row):
    with tempfile.TemporaryDirectory(prefix="ticks-") as folder:
        out = os.path.join(folder, "callgrind.out")
        # What counts begins and ends with this function.
        prefix = [counters.valgrind(), "--tool=callgrind", f"--callgrind-out-file={out}",
                  "--toggle-collect=basalt::ticks::*RunMeasured*"]
        requests = _run(prefix, program, row.words, row.count)
        with open(out) as file:
            found = re.findall(r"^(?:totals|summary): (\d+)", file.read(), re.M)
    if not found or int(found[-1]) == 0:
        raise RuntimeError(f"callgrind counted nothing of {program}")
    return requests, int(found[-1])


def _under_perf(program, row, count):
    with tempfile.TemporaryDirectory(prefix="ticks-") as folder:
        out = os.path.join(folder, "perf.out")
        requests = _run(["perf", "stat", "-x,", "-e", "instructions:u", "-o", out, "--"], program, row.words, count)
        with open(out) as file:
            found = re.search(r"^(\d+),", file.read(), re.M)
    if found is None:
        raise RuntimeError(f"perf stat counted nothing of {program}")
    return requests, int(found[1])


def _run(prefix, program, words, count):
    done = subprocess.run([*prefix, str(program), *words, "--count", str(count)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=300)
    found = re.search(r"^requests (\d+)", done.stdout, re.M)
    if done.returncode != 0 or found is None:
        raise RuntimeError(f"{program} failed: {done.stderr.strip()[-300:]}")
    return int(found[1])
