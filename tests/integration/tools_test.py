#!/usr/bin/env python3
"""Redis's own tools: redis-cli and redis-benchmark."""

import os
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import Options, ServerTest, is_basalt, main
from resp_client import encode
from tool_test import run

# fmt: off
BENCHMARKS = [
    "PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "LPUSH", "RPUSH", "LPOP", "RPOP", "SADD",
    "HSET", "SPOP", "ZADD", "ZPOPMIN", "LPUSH (needed to benchmark LRANGE)",
    "LRANGE_100 (first 100 elements)", "LRANGE_300 (first 300 elements)",
    "LRANGE_500 (first 500 elements)", "LRANGE_600 (first 600 elements)", "MSET (10 keys)",
]
# fmt: on


class RedisCli(ServerTest):
    def setUp(self):
        self.server = self.start()

    def cli(self, *words, text=None):
        code, out, err = run(["redis-cli", "-p", self.server.port, *words], text)
        self.assertEqual((code, err), (0, ""), out)
        return out

    def test_basics(self):
        self.assertEqual(self.cli("PING"), "PONG\n")
        self.assertEqual(self.cli("SET", "greeting", "hello world"), "OK\n")
        self.assertEqual(self.cli("GET", "greeting"), "hello world\n")
        self.assertEqual(self.cli("--no-raw", "GET", "greeting"), '"hello world"\n')
        self.assertEqual(self.cli("-n", "3", "EXISTS", "greeting"), "0\n")
        self.assertEqual(self.cli("-3", "HSET", "h", "a", "1"), "1\n")
        self.assertIn("# Server", self.cli("INFO"))

    def test_commands_from_stdin(self):
        self.assertEqual(self.cli(text=b"SET a 1\nINCR a\nGET a\n"), "OK\n2\n2\n")

    def test_mass_insertion(self):
        commands = b"".join(encode(("SET", "key:%d" % i, i)) for i in range(50000))
        self.assertIn("errors: 0, replies: 50000", self.cli("--pipe", text=commands))
        self.assertEqual(self.cli("DBSIZE"), "50000\n")
        self.assertEqual(self.cli("GET", "key:49999"), "49999\n")

    def test_scan(self):
        for i in range(100):
            self.server.call("SET", "user:%d" % i, i)
        found = self.cli("--scan", "--pattern", "user:*").split()
        self.assertEqual(sorted(set(found)), sorted("user:%d" % i for i in range(100)))

    def test_big_keys(self):
        self.server.call("RPUSH", "list", *range(500))
        self.server.call("SET", "string", "x" * 5000)
        out = self.cli("--bigkeys")
        self.assertIn("list", out)
        self.assertIn("5000 bytes", out)

    def test_memory_of_keys(self):
        self.server.call("SET", "string", "x" * 5000)
        self.assertIn("string", self.cli("--memkeys"))

    def test_errors_have_their_texts(self):
        self.assertEqual(self.cli("GET").strip(), "ERR wrong number of arguments for 'get' command")


class RedisBenchmark(ServerTest):
    def benchmark(self, server, *words, port=None, within_s=200.0):
        code, out, err = run(
            ["redis-benchmark", "-p", port or server.port, "-q", *words], within_s=within_s
        )
        self.assertEqual(code, 0, out + err)
        self.assertEqual(err, "")
        # Progress is overwritten with carriage returns; the last part of a line is its result.
        lines = [line.rsplit("\r", 1)[-1] for line in out.split("\n")]
        results = [line for line in lines if "requests per second" in line]
        others = [line for line in lines if line.strip() and line not in results]
        self.assertEqual(others, [], "redis-benchmark complains")
        for line in results:
            self.assertNotIn(": 0.00 requests", line)
        return [line.rsplit(":", 1)[0].strip() for line in results]

    def test_default_list(self):
        server = self.start()
        self.assertEqual(self.benchmark(server, "-n", "4000"), BENCHMARKS)
        self.assertTrue(server.running())

    def test_default_list_with_durable_log(self):
        server = self.start(args=["--appendonly", "yes", "--appendfsync", "always"])
        self.assertEqual(self.benchmark(server, "-n", "2000"), BENCHMARKS)

    def test_pipelines_and_threads(self):
        server = self.start()
        names = self.benchmark(server, "-n", "50000", "-P", "16", "--threads", "2", "-r", "10000")
        self.assertEqual(names, BENCHMARKS)

    def test_many_clients(self):
        server = self.start()
        self.assertEqual(
            self.benchmark(server, "-n", "20000", "-c", "500", "-t", "set,get"), ["SET", "GET"]
        )

    def test_large_values(self):
        server = self.start()
        self.benchmark(server, "-n", "2000", "-d", "100000", "-t", "set,get", "-r", "50")

    def test_cluster_mode_on_core_ports(self):
        if not is_basalt(Options.server):
            self.skipTest("core ports are Basalt's")
        server = self.start(core_ports=True)
        for port in (server.shard_port_base, server.shard_port_base + server.shards - 1):
            code, out, err = run(
                [
                    "redis-benchmark",
                    "-p",
                    port,
                    "--cluster",
                    "-q",
                    "-n",
                    "20000",
                    "-r",
                    "1000",
                    "-t",
                    "set,get,incr",
                ]
            )
            self.assertEqual(code, 0, out + err)
            self.assertIn("Cluster has %d master nodes" % server.shards, out)
            for name in ("SET", "GET", "INCR"):
                self.assertRegex(out, r"%s: [0-9.]+ requests per second" % name)
        self.assertGreater(server.call("DBSIZE"), 500)


if __name__ == "__main__":
    main()
