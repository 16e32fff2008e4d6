"""The two load generators behind one call: run(workload, ...) -> Sample of what the client saw."""

import json
import re
import subprocess
from dataclasses import dataclass, field

from .servers import child_setup, pinned


@dataclass
class ClientSample:
    ops: int  # all operations answered, for CPU per operation
    ops_per_s: float
    p50_us: float
    p99_us: float
    p999_us: float
    client_cpu_s: float = 0
    errors: int = 0
    problems: list = field(default_factory=list)
    max_us: float = 0  # loadgen only


def run_client(command, cores, realtime, timeout_s):
    return subprocess.run(pinned(cores) + command, capture_output=True, text=True, timeout=timeout_s,
                          stdin=subprocess.DEVNULL, preexec_fn=child_setup(realtime))


class Loadgen:
    name = "basalt-loadgen"

    def __init__(self, path, cores, realtime, connections, threads):
        self._path, self._cores, self._realtime = path, cores, realtime
        self._connections, self._threads = connections, threads

    def can(self, workload):
        return True

    def fill(self, port, data, keys):
        """Stores every key of `data` once."""
        pipeline = 64 if data.value_bytes < 4096 else 1
        words = ("--mix", "set", "--distribution", "seq", "--count", keys)
        return self._measure(port, data, keys, words, pipeline, 600)

    def run(self, port, workload, keys, duration_s, rate_per_s=0):
        how = ("--duration", duration_s, "--warmup", duration_s / 5)
        if rate_per_s:
            how += ("--rate", rate_per_s)
        return self._measure(port, workload.data, keys, workload.requests + how, workload.pipeline, duration_s + 60,
                             workload.connections)

    def run_count(self, port, workload, keys, count):
        words = workload.requests + ("--count", count)
        return self._measure(port, workload.data, keys, words, workload.pipeline, 600)

    def _measure(self, port, data, keys, words, pipeline, timeout_s, connections=None):
        command = [self._path, "--json", "--port", port, "--connections", connections or self._connections, "--threads",
                   self._threads, "--pipeline", pipeline, "--keys", keys, "--key-prefix", data.prefix,
                   "--value-size", data.value_bytes, *words]
        done = run_client([str(word) for word in command], self._cores, self._realtime, timeout_s)
        if not done.stdout:
            raise RuntimeError(f"{self.name}: {done.stderr.strip()}")
        out = json.loads(done.stdout)
        latency = out["latency_us"]
        problems = [f"{times} x {text}" for text, times in out["error_texts"].items()]
        for what in ("never_sent", "unanswered", "lost_connections"):
            if out[what]:
                problems.append(f"{out[what]} {what.replace('_', ' ')}")
        return ClientSample(out["ops_answered"], out["ops_per_s"], latency["p50"], latency["p99"], latency["p99.9"],
                            out["cpu_seconds"], out["errors"], problems, latency["max"])


class RedisBenchmark:
    name = "redis-benchmark"

    def __init__(self, path, cores, realtime, connections, threads):
        self._path, self._cores, self._realtime = path, cores, realtime
        self._connections, self._threads = connections, threads

    def can(self, workload):
        return bool(workload.redis_benchmark) and not workload.half_load

    def run(self, port, workload, keys, duration_s, rate_per_s=0):
        """redis-benchmark counts requests, not seconds, so a short run finds out how many fill the time."""
        probe = self.run_count(port, workload, keys, 20000)
        done = self.run_count(port, workload, keys, max(20000, int(probe.ops_per_s * duration_s)))
        done.ops += probe.ops
        return done

    def run_count(self, port, workload, keys, count):
        command = [self._path, "-h", "127.0.0.1", "-p", port, "-c", workload.connections or self._connections, "-n", count, "-P",
                   workload.pipeline, "-r", keys, "-d", workload.data.value_bytes, "--precision", 3]
        if self._threads > 1:
            command += ["--threads", self._threads]
        done = run_client([str(w) for w in command + list(workload.redis_benchmark)], self._cores, self._realtime, 600)
        text = done.stdout.replace("\r", "\n")
        rate = re.search(r"throughput summary: ([\d.]+) requests per second", text)
        if rate is None:
            raise RuntimeError(f"redis-benchmark: {text[-300:]} {done.stderr[-300:]}")
        found = re.findall(r"([\d.]+)% <= ([\d.]+) milliseconds", text)
        quantiles = [(float(p), float(ms) * 1000) for p, ms in found]
        quantile = lambda p: next((us for at, us in quantiles if at >= p), quantiles[-1][1])
        return ClientSample(count, float(rate[1]), quantile(50), quantile(99), quantile(99.9))
