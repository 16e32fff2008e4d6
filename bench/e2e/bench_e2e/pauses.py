"""What clients notice while a server does something large: growth, mass expiry, big deletes, snapshots.

A prober sends GETs at a fixed rate; latency counts from when a request was due. Some way into its run the event happens.
"""

import concurrent.futures
import contextlib
import time
from dataclasses import dataclass

from . import stages
from .persistence import wait_for
from .resp import ReplyError
from .servers import Server
from .workloads import Dataset, Workload

DATA = Dataset("key:", None, 64)
NEW = Dataset("new:", None, 64)
PROBE = Workload("probe", ("--mix", "get"), data=DATA)
BIG_SET = "big"
SET_WORDS = 1000  # members that one SADD brings


@dataclass
class Row:
    event: str
    label: str
    p999_us: float
    max_us: float
    took_s: float  # from the command to its end, what it leaves to be done later included where INFO tells
    tick: stages.LongTick | None = None  # of Basalt: the one that used most of a core meanwhile


class PausesBench:
    def __init__(self, specs, prober, filler, writer, options, say):
        """`writer` has few connections: it makes the table grow at a pace that does not swamp the server."""
        self._specs, self._prober, self._filler, self._writer = specs, prober, filler, writer
        self._o, self._say = options, say
        self.rows = []
        everything = {
            "nothing": ("off", lambda server: 0),
            "growth": ("off", self._grow),
            "expiry": ("off", self._expire),
            "DEL": ("off", lambda server: self._delete(server, "DEL")),
            "UNLINK": ("off", lambda server: self._delete(server, "UNLINK")),
            "FLUSHALL": ("off", self._flush),
            "BGSAVE": ("off", lambda server: self._in_background(server, "BGSAVE", "rdb_bgsave_in_progress")),
            "BGREWRITEAOF": ("everysec", lambda server: self._in_background(server, "BGREWRITEAOF", "aof_rewrite_in_progress")),
        }
        if unknown := set(options.only) - set(everything):
            raise SystemExit(f"no such event: {', '.join(sorted(unknown))}; there are {' '.join(everything)}")
        self._events = {name: e for name, e in everything.items() if not options.only or name in options.only}

    def run(self):
        for event, (aof, happen) in self._events.items():
            for spec in self._specs:
                self._say(f"{event}  {spec.label}")
                with Server(spec, aof, self._o.server_cores, self._o.realtime, self._o.dir, patience_s=300) as server:
                    self.rows.append(self._measure(event, server, happen))

    def _measure(self, event, server, happen):
        self._filler.fill(server.port, DATA, self._o.keys)
        if event in ("DEL", "UNLINK"):
            self._make_set(server)
        at_ms = None
        if event == "expiry":
            at_ms = self._expiring_keys(server)
        time.sleep(1)  # the server gets over being filled
        with server.client() as client, contextlib.suppress(ReplyError):
            client.call("CONFIG", "RESETSTAT")

        def disturb():
            time.sleep(max(0.5, at_ms / 1000 - time.time() if at_ms else 0))
            return happen(server)

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            event_ends = pool.submit(disturb)
            # As long as the event lasts: in slices, of which the worst counts.
            samples = [self._prober.run(server.port, PROBE, self._o.keys, self._o.duration, self._o.rate)]
            while not event_ends.done():
                samples.append(self._prober.run(server.port, PROBE, self._o.keys, self._o.duration, self._o.rate))
            took_s = event_ends.result()
        for problem in (p for sample in samples for p in sample.problems):
            self._say(f"  {server.spec.label}: {problem}")
        with server.client() as client:
            tick = stages.longest_tick(client)
        return Row(event, server.spec.label, max(s.p999_us for s in samples), max(s.max_us for s in samples), took_s, tick)

    def _make_set(self, server):
        with server.client() as client:
            for start in range(0, self._o.set_size, SET_WORDS):
                client.call("SADD", BIG_SET, *(f"member:{n}" for n in range(start, min(start + SET_WORDS, self._o.set_size))))

    def _expiring_keys(self, server):
        """As many keys as there are already, all with the same last moment, in Unix milliseconds; returns it."""
        start = time.monotonic()
        self._filler.run_count(server.port, Workload("", self._set_until(time.time() + 3600), data=NEW, pipeline=64),
                               self._o.keys, self._o.keys)
        at_ms = int((time.time() + 2 * (time.monotonic() - start) + 3) * 1000)
        self._filler.run_count(server.port, Workload("", self._set_until(at_ms / 1000), data=NEW, pipeline=64),
                               self._o.keys, self._o.keys)
        if time.time() * 1000 > at_ms:
            raise RuntimeError("the machine was too slow: keys expired before all were there")
        return at_ms

    @staticmethod
    def _set_until(unix_s):
        return ("--command", f"SET {{key}} {{value}} PXAT {int(unix_s * 1000)}", "--distribution", "seq")

    # The events. Each returns how long it took.

    def _grow(self, server):
        start = time.monotonic()
        self._writer.fill(server.port, NEW, self._o.keys)
        return time.monotonic() - start

    def _expire(self, server):
        """Until all are gone."""
        start = time.monotonic()
        while time.monotonic() - start < 300:
            with server.client() as client:
                if client.call("DBSIZE") <= self._o.keys:
                    return time.monotonic() - start
            time.sleep(0.01)
        raise RuntimeError(f"{server.spec.label}: expired keys do not go")

    def _delete(self, server, verb):
        start = time.monotonic()
        with server.client() as client:
            client.call(verb, BIG_SET)
        wait_for(server, "memory", "lazyfree_pending_objects")
        return time.monotonic() - start

    def _flush(self, server):
        start = time.monotonic()
        with server.client() as client:
            client.call("FLUSHALL")
        wait_for(server, "memory", "lazyfree_pending_objects")
        return time.monotonic() - start

    def _in_background(self, server, command, field):
        with server.client() as client:
            client.call(command)
        return wait_for(server, "persistence", field)

    def table(self):
        head = ("event", "server", "p99.9 us", "max us", "took s", "longest tick us", "of it on core", "stage")
        widths = [max(14, len(name)) for name in head]
        lines = ["  ".join(f"{name:>{width}}" for name, width in zip(head, widths))]
        for row in self.rows:
            tick = (f"{row.tick.us:,}", f"{row.tick.core_us:,}", row.tick.stage) if row.tick else ("-", "-", "-")
            cells = (row.event, row.label, f"{row.p999_us:,.0f}", f"{row.max_us:,.0f}", f"{row.took_s:.2f}", *tick)
            lines.append("  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths)))
        return lines
