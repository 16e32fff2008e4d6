"""redis-benchmark as it is run by default: all its tests, one after the other, on each server in turn."""

import csv
import io
import statistics
from collections import defaultdict

from .clients import run_client
from .servers import Server


class DefaultsBench:
    def __init__(self, specs, cores, tool, options, say):
        """`cores`: by label."""
        self._specs, self._cores, self._tool, self._o, self._say = specs, cores, tool, options, say
        self.samples = defaultdict(dict)  # (test, label) -> {round: (requests per second, p50 ms, p99 ms)}

    def run(self):
        for number in range(1, self._o.rounds + 1):
            for spec in self._specs if number % 2 else reversed(self._specs):
                self._say(f"round {number}/{self._o.rounds}  {spec.label}")
                with Server(spec, "off", self._cores[spec.label], self._o.realtime, self._o.dir) as server:
                    for row in self._run_one(server.port):
                        self.samples[row["test"], spec.label][number] = (
                            float(row["rps"]), float(row["p50_latency_ms"]), float(row["p99_latency_ms"]))

    def _run_one(self, port):
        command = [self._tool, "-h", "127.0.0.1", "-p", str(port), "-n", str(self._o.requests), "-P", str(self._o.pipeline), "--csv"]
        done = run_client(command, self._o.client_cores, self._o.realtime, 3600)
        start = done.stdout.find('"test"')
        if done.returncode != 0 or start < 0:
            raise RuntimeError(f"redis-benchmark: {done.stdout[-300:]} {done.stderr[-300:]}")
        return list(csv.DictReader(io.StringIO(done.stdout[start:])))

    def rows(self):
        """(test, label, median requests per second, of their ratios to the first server, p50, p99), test by test."""
        for test in dict.fromkeys(test for test, _ in self.samples):
            reference = self.samples[test, self._specs[0].label]
            for spec in self._specs:
                rounds = self.samples.get((test, spec.label), {})
                ratios = [rate / reference[number][0] for number, (rate, *_) in rounds.items() if reference.get(number, (0,))[0]]
                if ratios:
                    rate, p50, p99 = (statistics.median(column) for column in zip(*rounds.values()))
                    yield test, spec.label, rate, statistics.median(ratios), p50, p99

    def table(self):
        lines = [f"{'test':36}  {'server':12}  {'requests/s':>12}  {'x ref':>6}  {'p50 ms':>8}  {'p99 ms':>8}"]
        shown = None
        for test, label, rate, times, p50, p99 in self.rows():
            name, shown = ("" if test == shown else test), test
            lines.append(f"{name:36.36}  {label:12}  {rate:12,.0f}  {times:6.2f}  {p50:8.3f}  {p99:8.3f}")
        return lines
