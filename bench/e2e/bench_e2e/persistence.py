"""Snapshots, rewrites and restarts: how long they take, and what clients notice of them."""

import os
import pathlib
import threading
import time
from dataclasses import dataclass

from .servers import Server
from .workloads import Dataset, Workload

DATA = Dataset("key:", None, 64)
PATIENCE_S = 300
# Half reads and half writes at a fixed rate, whatever the server does meanwhile.
LOAD = Workload("mixed", ("--mix", "get=1,set=1"), data=DATA)


@dataclass
class Row:
    """What one server does with one number of keys."""

    label: str
    keys: int
    save_s: float = 0  # BGSAVE, until INFO says it is over
    snapshot_bytes: int = 0
    fork_us: int = 0  # of that BGSAVE: the fork alone ...
    stall_us: int | None = None  # ... and all the time that no shard ran a command; None: the server does not tell
    copied_bytes: int = 0  # copy-on-write, under load
    load_s: float = 0  # start, until the first PONG, from the snapshot
    log_load_s: float = 0  # the same from the log of the same writes
    idle_p999_us: float = 0
    save_p999_us: float = 0  # at the same rate during BGSAVE
    logged_p999_us: float = 0
    rewrite_p999_us: float = 0  # with AOF everysec, during BGREWRITEAOF


def wait_for(server, section, field):
    """Until the INFO field is 0. Returns how long it took."""
    start = time.monotonic()
    while time.monotonic() - start < PATIENCE_S:
        with server.client() as client:
            value = client.info(section).get(field)
        if value == "0":
            return time.monotonic() - start
        if value is None:
            raise RuntimeError(f"{server.spec.label}: INFO {section} has no {field}")
        time.sleep(0.005)
    raise RuntimeError(f"{server.spec.label}: {field} does not come to an end")


def files_of(folder, suffix):
    return sum(p.stat().st_size for p in pathlib.Path(folder).rglob("*") if p.is_file() and p.name.endswith(suffix))


class PersistenceBench:
    def __init__(self, specs, loader, filler, options, say):
        self._specs, self._loader, self._filler, self._o, self._say = specs, loader, filler, options, say
        self.rows = []

    def run(self):
        for keys in self._o.keys:
            for spec in self._specs:
                self._say(f"{keys:,} keys  {spec.label}")
                row = Row(spec.label, keys)
                self._snapshot(spec, row)
                self._log(spec, row)
                self.rows.append(row)

    def _server(self, spec, aof):
        return Server(spec, aof, self._o.server_cores, self._o.realtime, self._o.dir, patience_s=PATIENCE_S)

    def _snapshot(self, spec, row):
        with self._server(spec, "off") as server:
            self._filler.fill(server.port, DATA, row.keys)
            with server.client() as client:
                client.call("BGSAVE")
            row.save_s = wait_for(server, "persistence", "rdb_bgsave_in_progress")
            row.snapshot_bytes = files_of(server.folder, ".rdb")
            with server.client() as client:
                stats = client.info("stats") | client.info("persistence")
                row.fork_us = int(stats["latest_fork_usec"])
                row.stall_us = int(stats["snapshot_stall_usec"]) if "snapshot_stall_usec" in stats else None
            row.load_s = self._restart(server, row.keys)
            row.idle_p999_us = self._under_load(server, row.keys, None)
            row.save_p999_us = self._under_load(server, row.keys, ("BGSAVE",))
            wait_for(server, "persistence", "rdb_bgsave_in_progress")
            with server.client() as client:
                row.copied_bytes = int(client.info("persistence").get("rdb_last_cow_size", 0))

    def _log(self, spec, row):
        with self._server(spec, "everysec") as server:
            self._filler.fill(server.port, DATA, row.keys)
            row.log_load_s = self._restart(server, row.keys)
            row.logged_p999_us = self._under_load(server, row.keys, None)
            row.rewrite_p999_us = self._under_load(server, row.keys, ("BGREWRITEAOF",))
            wait_for(server, "persistence", "aof_rewrite_in_progress")

    def _restart(self, server, keys):
        server.stop()
        os.sync()
        start = time.monotonic()
        server.restart()
        took = time.monotonic() - start
        with server.client() as client:
            if (found := client.call("DBSIZE")) != keys:
                raise RuntimeError(f"{server.spec.label}: {found} keys after the restart instead of {keys}")
        return took

    def _under_load(self, server, keys, command):
        """p99.9 at the fixed rate, with `command` given when the load has been on for a fifth of the time."""
        start = threading.Event()

        def disturb():
            start.wait()
            time.sleep(self._o.duration / 5 + 0.1)
            with server.client() as client:
                client.call(*command)

        thread = threading.Thread(target=disturb) if command else None
        if thread:
            thread.start()
        start.set()
        sample = self._loader.run(server.port, LOAD, keys, self._o.duration, self._o.rate)
        if thread:
            thread.join()
        if sample.problems:
            self._say(f"  {server.spec.label}: {'; '.join(sample.problems)}")
        return sample.p999_us

    def table(self):
        head = ("keys", "server", "BGSAVE s", "M keys/s", "x ref", "MB", "fork us", "stall us", "copied MB", "load s", "M keys/s",
                "x ref", "log load s", "x ref", "p99.9 us", "in BGSAVE", "logged", "in rewrite")
        widths = [max(9, len(name)) for name in head]
        lines = ["  ".join(f"{name:>{width}}" for name, width in zip(head, widths))]
        for row in self.rows:
            first = next(r for r in self.rows if r.keys == row.keys)
            cells = (f"{row.keys:,}", row.label, f"{row.save_s:.2f}", f"{row.keys / row.save_s / 1e6:.2f}",
                     f"{first.save_s / row.save_s:.2f}", f"{row.snapshot_bytes / 1e6:.0f}", f"{row.fork_us:,}",
                     "-" if row.stall_us is None else f"{row.stall_us:,}", f"{row.copied_bytes / 1e6:.0f}", f"{row.load_s:.2f}",
                     f"{row.keys / row.load_s / 1e6:.2f}", f"{first.load_s / row.load_s:.2f}", f"{row.log_load_s:.2f}",
                     f"{first.log_load_s / row.log_load_s:.2f}", f"{row.idle_p999_us:,.0f}", f"{row.save_p999_us:,.0f}",
                     f"{row.logged_p999_us:,.0f}", f"{row.rewrite_p999_us:,.0f}")
            lines.append("  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths)))
        return lines
