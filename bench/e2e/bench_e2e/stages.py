"""Where the shards' ticks spend their cycles between two moments: INFO shards and INFO stages, read twice."""

import contextlib
import os
import pathlib
import re
import socket
import struct
from dataclasses import dataclass, field

from .resp import Client, ReplyError

_LISTEN = "0A"


def listening_ports(pid):
    """[(address, port)] of the TCP sockets on which the process listens, lowest port first."""
    inodes = set()
    for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            if match := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(descriptor)):
                inodes.add(match[1])
    found = set()
    for family, name in ((socket.AF_INET, "tcp"), (socket.AF_INET6, "tcp6")):
        with contextlib.suppress(FileNotFoundError):
            for line in pathlib.Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]:
                cells = line.split()
                if cells[3] == _LISTEN and cells[9] in inodes:
                    found.add(_endpoint(family, cells[1]))
    return sorted(found, key=lambda end: (end[1], end[0]))


def _endpoint(family, text):
    """The kernel writes an address as 32-bit words of the machine's byte order."""
    address, port = text.split(":")
    words = [int(address[i : i + 8], 16) for i in range(0, len(address), 8)]
    plain = socket.inet_ntop(family, struct.pack(f"={len(words)}I", *words))
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(plain, plain), int(port, 16)


@dataclass
class Reading:
    """What INFO says at one moment."""

    shards: list = field(default_factory=list)  # by shard: {"commands": n, ...}
    stages: list = field(default_factory=list)  # by shard: {stage: (runs, cycles)}
    per_us: float = 1  # cycles in a microsecond


def read(port, host="127.0.0.1", password=""):
    """OSError or ReplyError when the server cannot be asked; ValueError when it has no such sections."""
    with Client(port, 10, host) as client:
        if password:
            client.call("AUTH", password)
        shards, stages = client.info("shards"), client.info("stages")
    reading = Reading()
    if "cycles_per_usec" not in stages:
        raise ValueError("the server has no INFO stages")
    reading.per_us = float(stages["cycles_per_usec"])
    while (line := shards.get(f"shard_{len(reading.shards)}")) is not None:
        numbers = (pair.partition("=") for pair in line.split(","))
        reading.shards.append({name: float(value) for name, _, value in numbers})
        reading.stages.append({})
    for name, line in stages.items():
        if match := re.fullmatch(r"shard_(\d+)_([a-z]+)", name):
            figures = dict(pair.split("=") for pair in line.split(","))
            reading.stages[int(match[1])][match[2]] = (int(figures["runs"]), int(figures["cycles"]))
    return reading


@dataclass
class LongTick:
    """INFO stages, shard_N_longest_tick_on_core."""

    shard: int
    us: int
    core_us: int  # of them on a core, at most
    stage: str  # that took longest


def longest_tick(client):
    """Of all shards since CONFIG RESETSTAT, the tick that used most of a core; None when the server does not tell."""
    found = []
    for name, line in client.info("stages").items():
        if match := re.fullmatch(r"shard_(\d+)_longest_tick_on_core", name):
            figures = dict(pair.split("=") for pair in line.split(","))
            found.append(LongTick(int(match[1]), int(figures["usec"]), int(figures["core_usec_max"]), figures["stage"]))
    return max(found, key=lambda tick: tick.core_us, default=None)


def table(before, after):
    """Lines of text about the time between two readings."""
    spent = [{stage: cycles - was[stage][1] for stage, (_, cycles) in now.items()}
             for was, now in zip(before.stages, after.stages)]
    if any(cycles < 0 for of_shard in spent for cycles in of_shard.values()):
        return ["the server's counters were reset meanwhile (CONFIG RESETSTAT)"]
    names = list(spent[0])
    lines = [f"{'':9}{'load':>7}{'commands':>12}{'hops out':>11}{'hops in':>11}{'cycles/command':>16}"]
    for shard, (was, now) in enumerate(zip(before.shards, after.shards)):
        wall_us = sum(spent[shard].values()) / after.per_us
        grown = {name: now[name] - was[name] for name in ("cpu_us", "commands", "hops_sent", "hops_served")}
        each = grown["cpu_us"] * after.per_us / grown["commands"] if grown["commands"] else 0
        load = min(100, grown["cpu_us"] / wall_us * 100) if wall_us else 0
        lines.append(f"shard {shard:<3}{load:>6.1f}%{grown['commands']:>12,.0f}{grown['hops_sent']:>11,.0f}"
                     f"{grown['hops_served']:>11,.0f}{each:>16,.0f}")
    for title, cell in (("share of the shard's time, percent", lambda c, total: f"{c * 100 / total:.1f}"),
                        ("million cycles", lambda c, total: f"{c / 1e6:,.1f}")):
        lines += ["", title, f"{'':9}" + "".join(f"{name:>12}" for name in names)]
        for shard, of_shard in enumerate(spent):
            total = sum(of_shard.values()) or 1
            lines.append(f"shard {shard:<3}" + "".join(f"{cell(of_shard[name], total):>12}" for name in names))
    return lines


def try_read(ends, password=""):
    """The first of the (host, port) that answers: (its reading, it), or (None, why not)."""
    problem = "it listens on no TCP port"
    for host, port in ends:
        try:
            return read(port, host, password), (host, port)
        except (OSError, ReplyError, ValueError) as error:
            problem = f"port {port}: {error}"
    return None, problem
