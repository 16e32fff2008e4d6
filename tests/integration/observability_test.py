#!/usr/bin/env python3
"""What the server tells about itself: INFO shards, INFO stages, what tools/profile makes of them;
the tracepoints in its binary.
"""

import os
import re
import shutil
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "../../bench/e2e")]

from bench_e2e import stages as profile
from basalt_harness import Options, ServerTest, is_basalt, main, wait_until
from resp_client import Client

STAGES = "reap sleep drain receive serve park execute coordinate commit reply idle".split()
PROBES = set("tick__begin stage__end fsync__begin fsync__done".split())
PROBES |= set("park__begin park__end snapshot__fork".split())
SDT_HEADERS = ("/usr/include/sys/sdt.h", "/usr/include/%s-linux-gnu/sys/sdt.h" % os.uname().machine)


def fields(line):
    return dict(pair.split("=") for pair in line.split(","))


def stages(server, client=None):
    """{shard: {stage: (runs, cycles, share)}} and the cycles in a microsecond."""
    text = bytes((client or server).call("INFO", "stages")).decode()
    per_us, shards = None, {}
    for line in text.splitlines():
        if line.startswith("cycles_per_usec:"):
            per_us = float(line.split(":")[1])
        elif line and not line.startswith("#") and "_longest_tick" not in line:
            found = re.fullmatch(
                r"shard_(\d+)_([a-z]+):runs=(\d+),cycles=(\d+),share=(\d+\.\d\d)", line
            )
            if found is None:
                raise AssertionError("unexpected line: %s" % line)
            figures = int(found[3]), int(found[4]), float(found[5])
            shards.setdefault(int(found[1]), {})[found[2]] = figures
    return shards, per_us


LONG_TICK = r"shard_(\d+)_(longest_tick(?:_on_core)?):usec=(\d+),core_usec_max=(\d+),"
LONG_TICK += r"stage=([a-z]+),stage_usec_max=(\d+)"


def long_ticks(client):
    """[{name: (usec, usec on a core, stage, its usec)}] by shard."""
    text = bytes(client.call("INFO", "stages")).decode()
    shards = []
    for line in text.splitlines():
        if "_longest_tick" in line:
            shard, name, us, core_us, stage, stage_us = re.fullmatch(LONG_TICK, line).groups()
            shards += [{} for _ in range(int(shard) + 1 - len(shards))]
            shards[int(shard)][name] = int(us), int(core_us), stage, int(stage_us)
    return shards


def total(of_shard):
    return sum(cycles for _, cycles, _ in of_shard.values())


class Observability(ServerTest):
    """These sections are Basalt's."""

    def setUp(self):
        if not is_basalt(Options.server):
            self.skipTest("these sections are Basalt's")

    def shards(self, server):
        info = server.info("shards")
        rows = [fields(info["shard_%d" % i]) for i in range(server.shards)]
        return info, rows

    def key_of(self, client, shard, shards):
        """A key whose slot is in the shard's range."""
        for i in range(10000):
            slot = client.call("CLUSTER", "KEYSLOT", "key:%d" % i)
            if slot * shards // 16384 == shard:
                return "key:%d" % i
        raise AssertionError("no key")


class Shards(Observability):
    def test_load_and_its_summary(self):
        server = self.start()
        info, rows = self.shards(server)
        loads = [float(row["load"]) for row in rows]
        for load in loads:
            self.assertTrue(0 <= load <= 100, loads)
        self.assertAlmostEqual(float(info["load_mean"]), sum(loads) / len(loads), delta=0.02)
        self.assertEqual(float(info["load_max"]), max(loads))
        self.assertEqual(loads[int(info["load_max_shard"])], max(loads))

    def test_an_imbalance_is_seen(self):
        server = self.start(shards=3, core_ports=True)
        # The connection lives on shard 2, and so do the keys.
        with Client(server.shard_port_base + 2) as client:
            key = self.key_of(client, 2, 3)
            client.call("CONFIG", "RESETSTAT")
            deadline = time.monotonic() + 60
            while True:
                for _ in range(200):
                    client.pipeline([("SET", key, "x")] * 100)
                info, rows = self.shards(server)
                if int(rows[2]["cpu_us"]) > 20000 or time.monotonic() > deadline:
                    break
        self.assertEqual(info["load_max_shard"], "2")
        for row in rows[:2]:
            self.assertLess(float(row["load"]), float(rows[2]["load"]) / 2)
            self.assertLess(int(row["cpu_us"]), int(rows[2]["cpu_us"]) / 2)
        self.assertGreaterEqual(int(rows[2]["commands"]), 20000)
        self.assertEqual(int(rows[2]["hops_sent"]), 0)


class Stages(Observability):
    def test_every_stage_of_every_shard(self):
        server = self.start()
        found, per_us = stages(server)
        self.assertEqual(sorted(found), list(range(server.shards)))
        for of_shard in found.values():
            self.assertEqual(list(of_shard), STAGES)
        self.assertGreaterEqual(per_us, 1)

    def test_shares_add_up(self):
        server = self.start()
        with server.client() as client:
            client.pipeline([("SET", "key:%d" % i, "x") for i in range(2000)])
            found, _ = stages(server, client)
        for of_shard in found.values():
            self.assertAlmostEqual(sum(share for *_, share in of_shard.values()), 100, delta=0.06)
            for _, cycles, share in of_shard.values():
                self.assertAlmostEqual(share, cycles * 100 / total(of_shard), delta=0.006)

    def test_all_of_the_time_is_accounted_for(self):
        server = self.start()
        with server.client() as client:
            before = time.monotonic()
            first, _ = stages(server, client)
            begun = time.monotonic()
            for _ in range(300):
                client.pipeline([("SET", "key:%d" % i, "x") for i in range(100)])
            ending = time.monotonic()
            second, per_us = stages(server, client)
            after = time.monotonic()
        for shard in first:
            spent_s = (total(second[shard]) - total(first[shard])) / per_us / 1e6
            self.assertLess(spent_s, (after - before) * 1.02 + 0.001)
            self.assertGreater(spent_s, (ending - begun) * 0.98 - 0.001)

    def test_work_is_counted_where_it_is_done(self):
        server = self.start(shards=2, core_ports=True)

        def runs(shard, stage):
            return stages(server)[0][shard][stage][0]

        with Client(server.shard_port_base) as client:
            own, far = self.key_of(client, 0, 2), self.key_of(client, 1, 2)
            serve, execute = runs(1, "serve"), runs(0, "execute")
            for _ in range(50):
                client.call("SET", far, "x")
            self.assertGreaterEqual(runs(1, "serve") - serve, 50)
            self.assertGreaterEqual(runs(0, "serve"), 50)  # the answers
            for _ in range(50):
                client.call("SET", own, "x")
            self.assertGreaterEqual(runs(0, "execute") - execute, 50)
            coordinate = runs(0, "coordinate")
            for _ in range(20):
                client.call("MSET", own, "x", far, "x")
            self.assertGreaterEqual(runs(0, "coordinate") - coordinate, 20)
            park = runs(1, "park")
            for _ in range(20):
                client.call("RENAME", own, far)
                client.call("RENAME", far, own)
            self.assertGreaterEqual(runs(1, "park") - park, 40)
            self.assertGreater(runs(0, "park"), 40)

    def test_an_idle_server_sleeps(self):
        server = self.start()
        server.call("CONFIG", "RESETSTAT")

        def all_sleep():
            return all(of_shard["sleep"][2] > 90 for of_shard in stages(server)[0].values())

        wait_until(all_sleep, every_s=0.2, what="sleep of more than 90 percent")

    def test_resetstat(self):
        server = self.start()
        with server.client() as client:
            for _ in range(20):
                client.pipeline([("SET", "key:%d" % i, "x") for i in range(500)])
            used = stages(server, client)[0]
            self.assertGreater(sum(of_shard["execute"][0] for of_shard in used.values()), 20)
            before = time.monotonic()
            client.call("CONFIG", "RESETSTAT")
            found, per_us = stages(server, client)
            passed_us = (time.monotonic() - before) * 1e6
            _, rows = self.shards(server)
            since_us = (time.monotonic() - before) * 1e6
        for shard, of_shard in found.items():
            self.assertLess(total(of_shard), passed_us * per_us * 1.02 + 1000)
            self.assertLessEqual(of_shard["execute"][0], 2)
        for row in rows:
            self.assertLessEqual(int(row["cpu_us"]), since_us * 1.02 + 1000)
            self.assertLess(int(row["commands"]), 10)

    def test_the_longest_tick_is_that_of_the_slowest_command(self):
        server = self.start(shards=2, core_ports=True)
        script = "local n = 0 for i = 1, tonumber(ARGV[1]) do n = n + i end return n"
        with Client(server.shard_port_base + 1) as client:
            key = self.key_of(client, 1, 2)
            rounds = 1_000_000
            while True:  # until it is by far the longest thing that the shard has done
                client.call("CONFIG", "RESETSTAT")
                client.call("EVAL", script, "1", key, str(rounds))
                ticks = long_ticks(client)[1]
                if ticks["longest_tick_on_core"][1] > 20000:
                    break
                rounds *= 2
            us, core_us, stage, stage_us = ticks["longest_tick"]
            self.assertGreaterEqual(us, ticks["longest_tick_on_core"][0])
            self.assertLessEqual(core_us, us)
            self.assertLessEqual(stage_us, us)
            us, core_us, stage, stage_us = ticks["longest_tick_on_core"]
            self.assertEqual(stage, "execute")
            self.assertGreater(stage_us, us / 2)
            again = long_ticks(client)[1]["longest_tick_on_core"]
            self.assertEqual(again[2], "execute")  # reading does not reset it
            self.assertGreaterEqual(again[1], core_us * 0.98)
            client.call("CONFIG", "RESETSTAT")
            self.assertLess(long_ticks(client)[1]["longest_tick_on_core"][1], core_us / 2)

    def test_time_without_a_core_is_told_apart(self):
        server = self.start(shards=1, args=["--enable-debug-command", "yes"])
        with server.client() as client:
            client.call("CONFIG", "RESETSTAT")
            self.assertEqual(client.call("DEBUG", "SLEEP", "0.3"), b"OK")
            ticks = long_ticks(client)[0]
        us, core_us, stage, stage_us = ticks["longest_tick"]
        self.assertGreaterEqual(stage_us, 300000 * 0.98)
        self.assertGreaterEqual(us, stage_us)
        self.assertLess(core_us, 150000)

    def test_only_where_it_is_asked_for(self):
        server = self.start()
        self.assertNotIn(b"# Stages", bytes(server.call("INFO")))
        self.assertIn(b"# Shards", bytes(server.call("INFO")))
        for word in ("all", "everything", "stages"):
            self.assertIn(b"# Stages", bytes(server.call("INFO", word)))


class Profile(Observability):
    def test_finds_the_ports_of_a_process(self):
        server = self.start(core_ports=True)
        ports = [server.port] + [server.shard_port_base + i for i in range(server.shards)]
        ends = [("127.0.0.1", port) for port in ports]
        self.assertEqual(profile.listening_ports(server.process.pid), sorted(ends))
        self.assertEqual(profile.try_read(ends)[1], ends[0])

    def test_what_happened_between_two_readings(self):
        server = self.start(shards=2)
        first = profile.read(server.port)
        with server.client() as client:
            client.pipeline([("SET", "key:%d" % i, "x") for i in range(1000)])
        second = profile.read(server.port)
        lines = profile.table(first, second)
        rows = [line for line in lines if line.startswith("shard ")]
        self.assertEqual([row.split()[1] for row in rows], ["0", "1"] * 3)
        commands = [int(row.split()[3].replace(",", "")) for row in rows[:2]]
        self.assertGreaterEqual(sum(commands), 1000)
        self.assertLess(sum(commands), 1100)
        for row in rows[2:4]:
            self.assertAlmostEqual(sum(map(float, row.split()[2:])), 100, delta=0.6)

    def test_counters_that_were_reset_meanwhile(self):
        server = self.start()
        with server.client() as client:
            client.pipeline([("SET", "key:%d" % i, "x") for i in range(1000)])
            first = profile.read(server.port)
            client.call("CONFIG", "RESETSTAT")
        self.assertIn("reset meanwhile", profile.table(first, profile.read(server.port))[0])

    def test_a_server_that_does_not_answer(self):
        server = self.start(args=["--requirepass", "secret"])
        ends = profile.listening_ports(server.process.pid)
        reading, why = profile.try_read(ends)
        self.assertIsNone(reading)
        self.assertIn("NOAUTH", why)
        self.assertIsNotNone(profile.try_read(ends, "secret")[0])
        server.kill()
        self.assertIsNone(profile.try_read(ends, "secret")[0])
        self.assertEqual(profile.try_read([])[1], "it listens on no TCP port")


@unittest.skipUnless(any(map(os.path.exists, SDT_HEADERS)), "built without <sys/sdt.h>")
class Tracepoints(unittest.TestCase):
    def setUp(self):
        if not is_basalt(Options.server):
            self.skipTest("these tracepoints are Basalt's")
        if shutil.which("readelf") is None:
            self.skipTest("readelf is not installed")

    def test_all_are_in_the_binary(self):
        done = subprocess.run(
            ["readelf", "-n", Options.server],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        found = re.findall(r"Provider: (\S+)\s+Name: (\S+)", done.stdout)
        self.assertEqual({name for provider, name in found if provider == "basalt"}, PROBES)


if __name__ == "__main__":
    main()
