#!/usr/bin/env python3
"""Snapshots, log rewrites, and the exchange of files with redis-server and its checkers."""

import glob
import os
import shutil
import subprocess
import sys
import threading
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import Options, ServerTest, is_basalt, main, wait_until
from contents import contents, difference, fill
from resp_client import Error

NO_LOG = ["--appendonly", "no"]
LOG = ["--appendonly", "yes", "--appendfsync", "everysec"]

# fmt: off
INFO_FIELDS = [
    "loading", "async_loading", "rdb_changes_since_last_save", "rdb_bgsave_in_progress",
    "rdb_last_save_time", "rdb_last_bgsave_status", "rdb_last_bgsave_time_sec",
    "rdb_current_bgsave_time_sec", "aof_enabled", "aof_rewrite_in_progress",
    "aof_rewrite_scheduled", "aof_last_rewrite_time_sec", "aof_current_rewrite_time_sec",
    "aof_last_bgrewrite_status", "aof_last_write_status",
]
# fmt: on
INFO_LOG_FIELDS = ["aof_current_size", "aof_base_size", "aof_pending_rewrite", "aof_delayed_fsync"]


def rdb_files(folder):
    return sorted(glob.glob(os.path.join(folder, "**", "*.rdb"), recursive=True))


def contents_of(server):
    with server.client(timeout=60) as client:
        return contents(client)


def fill_server(server, **options):
    with server.client(timeout=60) as client:
        fill(client, **options)
    return contents_of(server)


class PersistenceTest(ServerTest):
    def persistence(self, server):
        return server.info("persistence")

    def wait_saved(self, server):
        wait_until(
            lambda: self.persistence(server)["rdb_bgsave_in_progress"] == "0", 60, "BGSAVE's end"
        )

    def wait_rewritten(self, server):
        def over():
            info = self.persistence(server)
            return info["aof_rewrite_in_progress"] == "0" and info["aof_rewrite_scheduled"] == "0"

        wait_until(over, 60, "BGREWRITEAOF's end")

    def check_same(self, expected, server):
        self.assertEqual(difference(expected, contents_of(server)), "")


class Snapshot(PersistenceTest):
    def test_save_and_load_with_other_shards(self):
        server = self.start(args=NO_LOG)
        expected = fill_server(server, scale=3)
        self.assertEqual(server.call("SAVE"), b"OK")
        for shards in (1, 3, 4):
            server.kill()
            server.start(shards=shards)
            self.check_same(expected, server)

    def test_save_replaces_the_former_one(self):
        server = self.start(args=NO_LOG)
        fill_server(server)
        server.call("SAVE")
        server.call("FLUSHALL")
        server.call("SET", "only", "this")
        server.call("SAVE")
        server.kill()
        server.start(shards=2)
        self.assertEqual(server.call("DBSIZE"), 1)
        server.call("SET", "and", "that")
        server.call("SAVE")
        server.kill()
        server.start(shards=3)
        self.assertEqual(sorted(server.call("KEYS", "*")), [b"and", b"only"])

    def test_bgsave(self):
        server = self.start(args=NO_LOG)
        expected = fill_server(server)
        info = self.persistence(server)
        self.assertGreater(int(info["rdb_changes_since_last_save"]), 100)
        last = server.call("LASTSAVE")
        self.assertAlmostEqual(last, time.time(), delta=120)
        wait_until(lambda: int(time.time()) > last, what="the next second")
        self.assertEqual(server.call("BGSAVE"), b"Background saving started")
        self.wait_saved(server)
        info = self.persistence(server)
        self.assertEqual(info["rdb_last_bgsave_status"], "ok")
        self.assertEqual(info["rdb_changes_since_last_save"], "0")
        self.assertGreater(server.call("LASTSAVE"), last)
        self.assertEqual(int(info["rdb_last_save_time"]), server.call("LASTSAVE"))
        server.kill()
        server.start()
        self.check_same(expected, server)

    def test_bgsave_does_not_stop_others(self):
        server = self.start(args=NO_LOG)
        with server.client(timeout=60) as client:
            for start in range(0, 300000, 10000):
                client.pipeline(
                    [("SET", "key:%d" % i, b"v" * 100) for i in range(start, start + 10000)]
                )
            client.must("BGSAVE")
            again = client.call("BGSAVE")
            slowest, writes = 0.0, 0
            while self.persistence(server)["rdb_bgsave_in_progress"] == "1":
                began = time.monotonic()
                client.must("SET", "during:%d" % writes, "v")
                writes += 1
                slowest = max(slowest, time.monotonic() - began)
        self.assertLess(slowest, 1.0)
        if writes > 5:
            self.assertIsInstance(again, Error)
        self.assertEqual(self.persistence(server)["rdb_last_bgsave_status"], "ok")
        server.kill()
        server.start()
        # The snapshot is of the moment of BGSAVE.
        self.assertEqual(server.call("DBSIZE"), 300000)

    def test_save_points(self):
        server = self.start(args=NO_LOG)
        last = server.call("LASTSAVE")
        self.assertEqual(server.call("CONFIG", "SET", "save", "1 3"), b"OK")
        server.call("MSET", "a", 1, "b", 2, "c", 3, "d", 4)
        server.call("INCR", "a")
        wait_until(lambda: server.call("LASTSAVE") > last, 20, "the save point")
        self.wait_saved(server)
        server.kill()
        server.start()
        self.assertEqual(server.call("MGET", "a", "b", "c", "d"), [b"2", b"2", b"3", b"4"])

    def test_expired_keys_do_not_come_back(self):
        server = self.start(args=NO_LOG)
        server.call("SET", "short", "v", "PX", 300)
        server.call("SET", "long", "v", "EX", 1000)
        server.call("SAVE")
        server.kill()
        time.sleep(0.35)
        server.start()
        self.assertEqual(server.call("EXISTS", "short", "long"), 1)

    def test_a_save_that_fails(self):
        server = self.start(args=NO_LOG)
        server.call("SET", "a", "1")
        shutil.rmtree(server.dir)
        self.assertIsInstance(server.call("SAVE"), Error)
        server.call("BGSAVE")
        self.wait_saved(server)
        self.assertEqual(self.persistence(server)["rdb_last_bgsave_status"], "err")
        self.assertEqual(server.call("GET", "a"), b"1")
        self.assertTrue(server.running())


class Log(PersistenceTest):
    def test_load_with_other_shards(self):
        server = self.start(args=LOG)
        expected = fill_server(server)
        for shards in (2, 1, 4, 3):
            server.terminate()
            server.start(shards=shards)
            self.check_same(expected, server)

    def test_files_rotate_at_their_size(self):
        args = ["--appendonly", "yes", "--appendfsync", "always", "--aof-file-size", "64kb"]
        server = self.start(args=args, shards=1)
        pattern = os.path.join(server.dir, "appendonlydir", "*.incr.aof")

        def sizes():
            """Of the log's files, the oldest first."""
            number = lambda path: int(path.split(".aof.")[1].split(".")[0])
            return [os.path.getsize(path) for path in sorted(glob.glob(pattern), key=number)]

        def rotations():
            return int(self.persistence(server)["aof_rotations"])

        value = b"x" * 10000
        with server.client() as client:

            def write_until(count):
                while rotations() < count:
                    client.must("SET", "key", value)

            write_until(3)
            client.must("CONFIG", "SET", "aof-file-size", "256kb")
            write_until(6)
            client.must("SET", "last", "there")
            found = sizes()
            # Full, by what arrived while the next file was made. A change holds from the next file
            # on: the fourth, which was there, ends at its own size.
            for size in found[:4]:
                self.assertTrue(64 << 10 <= size < 256 << 10, found)
            for size in found[4:6]:
                self.assertGreaterEqual(size, 256 << 10, found)
            self.assertEqual(rotations(), 6)
            self.assertEqual(len(found), 7)
        server.kill()
        server.start()
        self.assertEqual(server.call("GET", "last"), b"there")
        self.assertEqual(server.call("GET", "key"), value)

    def test_rewrite(self):
        server = self.start(args=LOG)
        with server.client() as client:
            client.pipeline([("INCR", "counter")] * 50000)
        expected = fill_server(server)
        size_before = int(self.persistence(server)["aof_current_size"])
        self.assertIn(
            server.call("BGREWRITEAOF"),
            (
                b"Background append only file rewriting started",
                b"Background append only file rewriting scheduled",
            ),
        )
        self.wait_rewritten(server)
        info = self.persistence(server)
        self.assertEqual(info["aof_last_bgrewrite_status"], "ok")
        self.assertLess(int(info["aof_current_size"]), size_before)
        self.check_same(expected, server)
        for shards in (4, 1):
            server.kill()
            server.start(shards=shards)
            self.check_same(expected, server)

    def test_turned_off_and_on_while_it_is_rewritten(self):
        """The old rewrite must not get into the new log, wherever it stood."""
        server = self.start(args=LOG[:2] + ["--appendfsync", "always", "--aof-file-size", "64kb"])
        started = lambda: server.log_text().count("Log rewrite started")
        with server.client() as client:
            client.pipeline([("SET", "key:%d" % i, os.urandom(500).hex()) for i in range(300)])
        for round_number in range(8):
            with server.client() as client:
                # The child takes its time, in every other round; else the rewrite has hardly begun.
                limit = "100kb" if round_number % 2 else "0"
                client.must("CONFIG", "SET", "rdb-save-rate-limit", limit)
                before = started()
                client.must("BGREWRITEAOF")
                if round_number % 2:
                    wait_until(lambda: started() > before, 10, "the child")
                client.must("CONFIG", "SET", "appendonly", "no")
                client.must("RPUSH", "rounds", round_number)

                def turned_on():
                    reply = client.call("CONFIG", "SET", "appendonly", "yes")
                    if isinstance(reply, Error):
                        self.assertIn(b"try again", reply)
                    return not isinstance(reply, Error)

                wait_until(turned_on, 10, "the log")
                client.pipeline([("APPEND", "key:%d" % i, round_number) for i in range(300)])
            self.wait_rewritten(server)
            server.kill()
            server.start()
            self.assertEqual(server.call("LLEN", "rounds"), round_number + 1)
            self.assertTrue(server.call("GET", "key:7").endswith(b"%d" % round_number))
        self.assertNotIn("Log rewrite failed", server.log_text())

    def test_rewrite_under_load(self):
        server = self.start(args=LOG[:2] + ["--appendfsync", "always"])
        done = []

        def write(number):
            with server.client(timeout=60) as client:
                for i in range(400):
                    client.must("RPUSH", "list:%d" % (i % 7), "%d:%d" % (number, i))
                done.append(number)

        writers = [threading.Thread(target=write, args=(n,), daemon=True) for n in range(4)]
        for writer in writers:
            writer.start()
        rewrites = 0
        while len(done) < 4 and any(writer.is_alive() for writer in writers):
            if not isinstance(server.call("BGREWRITEAOF"), Error):
                rewrites += 1
            self.wait_rewritten(server)
        for writer in writers:
            writer.join(60)
        self.assertEqual(len(done), 4)
        self.assertGreater(rewrites, 1)
        expected = contents_of(server)
        self.assertEqual(sum(len(value) for _, value, _ in expected.values()), 1600)
        server.kill()
        server.start(shards=2)
        self.check_same(expected, server)

    def test_old_files_go_after_a_rewrite(self):
        server = self.start(args=LOG)
        fill_server(server)
        folder = os.path.join(server.dir, "appendonlydir")
        counts = []
        for _ in range(4):
            server.call("BGREWRITEAOF")
            self.wait_rewritten(server)
            counts.append(len(os.listdir(folder)))
        wait_until(lambda: len(os.listdir(folder)) <= counts[0], 10, "the old files' removal")

    def test_switched_on_at_run_time(self):
        server = self.start(args=NO_LOG)
        expected = fill_server(server)
        self.assertEqual(server.call("CONFIG", "SET", "appendonly", "yes"), b"OK")
        self.wait_rewritten(server)
        server.call("SET", "afterwards", "v")
        expected = contents_of(server)
        self.assertEqual(self.persistence(server)["aof_enabled"], "1")
        time.sleep(1.2)  # everysec
        server.kill()
        server.start(args=LOG)
        self.check_same(expected, server)

    def test_switched_off_at_run_time(self):
        server = self.start(args=LOG)
        fill_server(server)
        self.assertEqual(server.call("CONFIG", "SET", "appendonly", "no"), b"OK")
        self.assertEqual(self.persistence(server)["aof_enabled"], "0")
        self.assertEqual(server.call("SET", "a", "1"), b"OK")

    def test_everything_changed_is_logged(self):
        """One command of each kind whose effect is not its text."""
        server = self.start(args=LOG)
        with server.client() as client:
            commands = [
                ("SET", "a", "1", "EX", 1000),
                ("INCRBYFLOAT", "f", "0.1"),
                ("INCRBYFLOAT", "f", "0.2"),
                ("HINCRBYFLOAT", "h", "f", "1.1"),
                ("SADD", "s", *range(50)),
                ("SPOP", "s"),
                ("SPOP", "s", 10),
                ("EXPIRE", "s", 5000),
                ("GETEX", "a", "PERSIST"),
                ("GETEX", "f", "EX", 777),
                ("SET", "gone", "v", "PX", 1),
                ("ZADD", "z", 1, "a", 2, "b"),
                ("ZPOPMIN", "z"),
                ("RPUSH", "l", 1, 2, 3),
                ("LMOVE", "l", "l2", "LEFT", "RIGHT"),
                ("RENAME", "l2", "l3"),
                ("COPY", "l3", "l4"),
                ("MOVE", "l4", 5),
                ("SORT", "l", "STORE", "sorted"),
                ("SINTERSTORE", "s2", "s", "s"),
                ("SWAPDB", 0, 7),
                ("MSET", "m1", 1, "m2", 2, "m3", 3),
                ("MSETNX", "n1", 1, "n2", 2),
                ("GETDEL", "m1"),
                ("SETRANGE", "r", 10, "x"),
                ("BITOP", "NOT", "b", "r"),
                ("BITFIELD", "bf", "SET", "u8", 0, 200),
                ("MULTI",),
                ("INCR", "x1"),
                ("INCR", "x2"),
                ("SELECT", 2),
                ("INCR", "x3"),
                ("SELECT", 0),
                ("EXEC",),
                ("EXPIRE", "m2", -1),
                ("PEXPIREAT", "m3", 4102444800123),
                ("PFADD", "p", "a", "b", "c"),
            ]
            for command, reply in zip(commands, client.pipeline(commands)):
                if isinstance(reply, Error) and not reply.startswith(b"ERR unknown command"):
                    self.fail("%r -> %r" % (command, reply))
            client.must("SELECT", 7)  # SWAPDB took it there
            wait_until(lambda: client.call("EXISTS", "gone") == 0, what="the expiry")
        expected = contents_of(server)
        for shards in (1, 4):
            server.terminate()
            server.start(shards=shards)
            self.check_same(expected, server)

    def test_flushall(self):
        server = self.start(args=LOG)
        fill_server(server)
        server.call("FLUSHALL")
        server.call("SET", "after", "1")
        server.terminate()
        server.start()
        self.assertEqual(contents_of(server), {(0, b"after"): (b"string", b"1", -1)})


class Info(PersistenceTest):
    def test_fields(self):
        server = self.start(args=LOG)
        info = self.persistence(server)
        self.assertEqual([name for name in INFO_FIELDS + INFO_LOG_FIELDS if name not in info], [])
        self.assertEqual(
            (info["loading"], info["aof_enabled"], info["aof_last_write_status"]), ("0", "1", "ok")
        )
        self.assertIn("latest_fork_usec", server.info("stats"))

    def test_stall_is_that_of_the_fork(self):
        """The parks of INFO itself, and of other commands about all shards, do not count."""
        server = self.start(args=NO_LOG)
        fill_server(server)
        server.call("BGSAVE")
        for _ in range(3):
            info = self.persistence(server)
            self.assertGreater(int(info["latest_fork_usec"]), 0)
            self.assertGreaterEqual(
                int(info["snapshot_stall_usec"]), int(info["latest_fork_usec"])
            )

    def test_fields_without_log(self):
        info = self.persistence(self.start(args=NO_LOG))
        self.assertEqual([name for name in INFO_FIELDS if name not in info], [])
        self.assertEqual(info["aof_enabled"], "0")


class Exchange(PersistenceTest):
    """Files from here to Redis and back."""

    def check_tool(self, tool, path):
        done = subprocess.run([tool, path], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(
            done.returncode,
            0,
            "%s %s\n%s%s" % (tool, path, done.stdout[-1500:], done.stderr[-500:]),
        )

    def redis_with(self, rdb=None, log=(), base=None):
        """A redis-server that has loaded these files."""
        server = self.start(Options.redis, args=NO_LOG if rdb else LOG, start=False)
        if rdb:
            shutil.copy(rdb, os.path.join(server.dir, "dump.rdb"))
        else:
            folder = os.path.join(server.dir, "appendonlydir")
            os.mkdir(folder)
            lines = []
            if base:
                shutil.copy(base, os.path.join(folder, "base.rdb"))
                lines.append("file base.rdb seq 1 type b\n")
            for number, path in enumerate(log, 1):
                shutil.copy(path, os.path.join(folder, "%d.aof" % number))
                lines.append("file %d.aof seq %d type i\n" % (number, number))
            with open(os.path.join(folder, "appendonly.aof.manifest"), "w") as manifest:
                manifest.writelines(lines)
        return server.start()

    def loaded_by_redis(self, **files):
        server = self.redis_with(**files)
        found = contents_of(server)
        server.close()
        return found

    def test_snapshot_to_redis(self):
        server = self.start(args=NO_LOG)
        expected = fill_server(server)
        server.call("SAVE")
        server.kill()
        together = {}
        for path in rdb_files(server.dir):
            self.check_tool("redis-check-rdb", path)
            part = self.loaded_by_redis(rdb=path)
            self.assertFalse(set(part) & set(together), "a key in two files")
            together.update(part)
        self.assertEqual(difference(expected, together), "")

    def shard_files(self, folder):
        """[(base or None, logs in order)] per shard."""
        shards = {}
        for path in sorted(glob.glob(os.path.join(folder, "appendonlydir", "*.shard-*"))):
            shard = os.path.basename(path).split(".shard-")[1].split(".")[0]
            shards.setdefault(shard, []).append(path)
        for paths in shards.values():
            bases = [path for path in paths if path.endswith(".base.rdb")]
            logs = [path for path in paths if path.endswith(".aof")]
            logs.sort(
                key=lambda path: int(os.path.basename(path).split(".shard-")[0].rsplit(".", 1)[1])
            )
            yield (bases[-1] if bases else None), logs

    def check_log_to_redis(self, rewrite):
        if not is_basalt(Options.server):
            self.skipTest("about Basalt's files")
        server = self.start(args=LOG)
        fill_server(server, seed=3)
        if rewrite:
            server.call("BGREWRITEAOF")
            self.wait_rewritten(server)
        server.call("MSET", "x", 1, "y", 2, "z", 3)
        server.call("INCRBYFLOAT", "f", "0.5")
        expected = contents_of(server)
        self.assertEqual(server.terminate(), 0)
        together = {}
        for base, logs in self.shard_files(server.dir):
            if base:
                self.check_tool("redis-check-rdb", base)
            for path in logs:
                self.check_tool("redis-check-aof", path)
            together.update(self.loaded_by_redis(base=base, log=logs))
        self.assertEqual(difference(expected, together), "")

    def test_log_to_redis(self):
        self.check_log_to_redis(rewrite=False)

    def test_rewritten_log_to_redis(self):
        self.check_log_to_redis(rewrite=True)

    def test_snapshot_from_redis(self):
        redis = self.start(Options.redis, args=NO_LOG)
        expected = fill_server(redis)
        redis.call("SAVE")
        server = self.start(args=NO_LOG, start=False)
        shutil.copy(os.path.join(redis.dir, "dump.rdb"), server.dir)
        server.start()
        self.check_same(expected, server)
        # From then on it is at home here.
        server.call("SAVE")
        server.kill()
        server.start(shards=2)
        self.check_same(expected, server)

    def check_log_from_redis(self, rewrite):
        redis = self.start(Options.redis, args=LOG)
        expected = fill_server(redis)
        if rewrite:
            redis.call("BGREWRITEAOF")
            self.wait_rewritten(redis)
            redis.call("SET", "after", "the rewrite")
            expected = contents_of(redis)
        redis.terminate()
        server = self.start(args=LOG, start=False)
        shutil.copytree(
            os.path.join(redis.dir, "appendonlydir"), os.path.join(server.dir, "appendonlydir")
        )
        server.start()
        self.check_same(expected, server)
        server.call("SET", "here", "now")
        expected = contents_of(server)
        for shards in (4, 2):
            server.terminate()
            server.start(shards=shards)
            self.check_same(expected, server)

    def test_log_from_redis(self):
        self.check_log_from_redis(rewrite=False)

    def test_rewritten_log_from_redis(self):
        self.check_log_from_redis(rewrite=True)

    def test_dump_and_restore_both_ways(self):
        server, redis = self.start(), self.start(Options.redis)
        expected = fill_server(redis)
        for source, target in ((redis, server), (server, redis)):
            target.call("FLUSHALL")
            with source.client() as reader, target.client() as writer:
                for (database, key), (_, _, expiry) in expected.items():
                    reader.must("SELECT", database)
                    writer.must("SELECT", database)
                    payload = reader.must("DUMP", key)
                    writer.must("RESTORE", key, max(expiry, 0), payload, "ABSTTL")
            self.check_same(expected, target)


if __name__ == "__main__":
    main()
