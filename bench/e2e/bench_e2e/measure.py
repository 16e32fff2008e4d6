"""Runs the plan. In a round all servers are up, but all except the measured one are stopped by signal.

Each workload goes to one server right after the other, so that a machine that is slow for some seconds is slow for all.
"""

import concurrent.futures
import contextlib
import statistics
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field

from . import counters, procfs
from .resp import ReplyError
from .servers import Server
from .workloads import AOF_POLICIES, Dataset, Workload


@dataclass
class Sample:
    """One workload on one server in one round."""

    round: int
    ops: int
    ops_per_s: float
    p50_us: float
    p99_us: float
    p999_us: float
    cpu_ns_per_op: float
    busy: float  # server CPU time per wall time; above 1 with several threads
    waited: float  # share of the time the server was runnable but had no core
    kernel_share: float | None
    client_busy: float
    instructions_per_op: float | None
    cycles_per_op: float | None
    rss_bytes: int
    errors: int
    rate_asked_per_s: float = 0
    problems: list = field(default_factory=list)


@dataclass
class Memory:
    value_bytes: int
    keys: int
    bytes_per_key: float | None  # by the server's own used_memory
    rss_per_key: float
    rss_bytes: int


class Bench:
    def __init__(self, specs, workloads, client, filler, options, say):
        self.specs, self.workloads = specs, workloads
        self._client, self._filler, self._o, self._say = client, filler, options, say
        self.samples = defaultdict(list)  # (workload name, label) -> [Sample]
        self.memory = defaultdict(list)  # label -> [Memory]
        self.failures = []
        self._half_rates = {}
        self.counter_problem = counters.hardware_problem()

    def run(self):
        for number in range(1, self._o.rounds + 1):
            for aof in AOF_POLICIES:
                batch = [w for w in self.workloads if w.aof == aof]
                if batch:
                    self._say(f"round {number}/{self._o.rounds}  AOF {aof}")
                    with contextlib.ExitStack() as stack:
                        self._run_batch(number, batch, self._start_all(stack, aof))

    def _start_all(self, stack, aof):
        running = []
        for spec in self.specs:
            if aof == "off" or spec.has_aof:
                server = self._guarded(spec, lambda: stack.enter_context(self._server(spec, aof)))
                if server:
                    server.pause()
                    running.append(server)
        return running

    def _run_batch(self, number, batch, running):
        filled = set()
        for workload in batch:
            if not self._client.can(workload):
                continue
            # Every other round goes backwards: whoever comes second finds the machine as the first one left it.
            for server in list(running) if number % 2 else list(reversed(running)):
                if not server.spec.stores and not workload.floor:
                    continue
                server.resume()
                if not self._guarded(server.spec, lambda: self._run_one(number, workload, server, filled)):
                    running.remove(server)  # what it would say from here on could not be trusted
                server.pause()

    def _run_one(self, number, workload, server, filled):
        keys = workload.data.keys or self._o.keys
        if workload.preload and server.spec.stores and (server, workload.data) not in filled:
            filled.add((server, workload.data))
            self._filler.fill(server.port, workload.data, keys)
        server.prepare(workload.setup)
        rate = self._half_rate(workload)
        if rate or not workload.half_load:
            sample = self._measure(number, server, workload, keys, rate)
            self.samples[workload.name, server.spec.label].append(sample)
            if sample.problems:
                self._say(f"  {workload.name} {server.spec.label}: {'; '.join(sample.problems)}")
        return True

    def run_memory(self):
        for spec in self.specs:
            for value_bytes in (16, 64):
                if spec.stores:
                    self._say(f"memory, {value_bytes}-byte values  {spec.label}")
                    self._guarded(spec, lambda: self._measure_memory(spec, value_bytes))

    def _guarded(self, spec, step):
        """One server's failure is reported at the end and does not take the others' figures with it."""
        try:
            return step()
        except (RuntimeError, OSError, ReplyError) as problem:
            self._say(f"  FAILED {spec.label}: {problem}")
            self.failures.append(f"{spec.label}: {problem}")
            return None

    def _server(self, spec, aof="off"):
        return Server(spec, aof, self._o.server_cores, self._o.realtime, self._o.dir)

    def _half_rate(self, workload):
        """Half of what the reference reached with the same requests in its first round: one rate for all servers."""
        if not workload.half_load:
            return workload.rate
        if self._o.open_rate:
            return self._o.open_rate
        if workload.name not in self._half_rates:
            full = next((w.name for w in self.workloads if w.requests == workload.requests and w.pipeline == 1
                         and w.aof == "off" and not w.half_load), None)
            seen = self.samples.get((full, self.specs[0].label))
            if seen:
                self._half_rates[workload.name] = round(seen[0].ops_per_s / 2, -2)
        return self._half_rates.get(workload.name, 0)

    def _measure(self, number, server, workload, keys, rate):
        time.sleep(0.1)  # let the server finish with the connections of the run before
        counting = contextlib.nullcontext() if self.counter_problem else counters.HardwareCounters(server.pid)
        with counting as hardware:
            before, start = procfs.cpu_times(server.pid), time.monotonic()
            seen, others_ops = self._run_client(server, workload, keys, rate)
            wall = time.monotonic() - start
            used = procfs.cpu_times(server.pid) - before
        ops = max(seen.ops + others_ops, 1)
        values = hardware.values if hardware else {}
        per_op = lambda event: values[event] / ops if event in values else None
        ticks = used.user_s + used.kernel_s
        return Sample(number, seen.ops, seen.ops_per_s, seen.p50_us, seen.p99_us, seen.p999_us, used.run_ns / ops,
                      used.run_ns / 1e9 / wall, used.wait_ns / 1e9 / wall, used.kernel_s / ticks if ticks else None,
                      seen.client_cpu_s / wall, per_op("instructions"), per_op("cycles"),
                      procfs.rss_bytes(server.pid), seen.errors, rate, seen.problems)

    def _run_client(self, server, workload, keys, rate):
        """What the client saw, and how many operations the client beside it did, of which nothing else counts."""
        run = lambda: self._client.run(server.port, workload, keys, self._o.duration, rate)
        if not workload.beside:
            return run(), 0
        other = Workload("beside", workload.beside, pipeline=16)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            # It begins earlier and ends later: its start is in the other's warmup.
            writes = pool.submit(self._filler.run, server.port, other, self._o.keys, self._o.duration + 0.2)
            time.sleep(0.1)
            return run(), writes.result().ops

    def _measure_memory(self, spec, value_bytes):
        with self._server(spec) as server:
            before, rss_before = self._used_memory(server), procfs.rss_bytes(server.pid)
            self._filler.fill(server.port, Dataset("key:", None, value_bytes), self._o.keys)
            time.sleep(0.3)  # connections of the filler are freed
            after, rss = self._used_memory(server), procfs.rss_bytes(server.pid)
        known = before is not None and after is not None
        per_key = (after - before) / self._o.keys if known else None
        self.memory[spec.label].append(
            Memory(value_bytes, self._o.keys, per_key, (rss - rss_before) / self._o.keys, rss))

    @staticmethod
    def _used_memory(server):
        with server.client() as client:
            try:
                used = client.info("memory").get("used_memory")
            except ReplyError:
                return None
        return int(used) if used else None

    def medians(self):
        """{(workload, label): {field: median over the rounds, ...}}, and of every round's ratio to the reference."""
        return {key: self._median_row(key[0], samples) for key, samples in self.samples.items()}

    def _median_row(self, workload, samples):
        row = {"rounds": len(samples)}
        for name in asdict(samples[0]):
            values = [getattr(s, name) for s in samples if isinstance(getattr(s, name), (int, float))]
            row[name] = statistics.median(values) if values else None
        reference = {s.round: s for s in self.samples.get((workload, self.specs[0].label), [])}
        for name in ("ops_per_s", "cpu_ns_per_op"):
            ratios = [getattr(s, name) / getattr(reference[s.round], name) for s in samples
                      if s.round in reference and getattr(reference[s.round], name)]
            row[name + "_ratio"] = statistics.median(ratios) if ratios else None
            row[name + "_ratio_range"] = [min(ratios), max(ratios)] if ratios else None
        rates = [s.ops_per_s for s in samples]
        row["spread"] = (max(rates) - min(rates)) / row["ops_per_s"] if row["ops_per_s"] else 0
        return row
