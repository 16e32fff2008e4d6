#!/usr/bin/env python3
"""basalt-check-aof, basalt-check-rdb and basalt-export on real directories, whole and damaged, and
redis-server's own checkers on what they write.
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import Options, Server, ServerTest, is_basalt, main, wait_until
from contents import contents, difference, fill

ALWAYS = ["--appendonly", "yes", "--appendfsync", "always"]
TIMED = ALWAYS + ["--aof-timestamp-enabled", "yes"]
NO_LOG = ["--appendonly", "no"]
CLEAN, PROBLEMS, USAGE, CANNOT, IN_USE = range(5)
KEYS = 200


def tool(name):
    return os.path.join(os.path.dirname(Options.server), "basalt-" + name)


def run(command, within_s=120.0):
    """(exit code, standard output, standard error)"""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, timeout=within_s, check=False
    )
    return (
        done.returncode,
        done.stdout.decode(errors="replace"),
        done.stderr.decode(errors="replace"),
    )


class ToolTest(ServerTest):
    def setUp(self):
        if not is_basalt(Options.server):
            self.skipTest("the tools are Basalt's")

    def run_tool(self, name, *words, code=CLEAN):
        got, out, err = run([tool(name), *words])
        self.assertEqual(got, code, "%s %s\n%s%s" % (name, words, out, err))
        return out + err

    def run_json(self, name, *words, code=CLEAN):
        got, out, err = run([tool(name), "--json", *words])
        self.assertEqual(got, code, "%s %s\n%s%s" % (name, words, out, err))
        return json.loads(out)

    def folder(self):
        path = tempfile.mkdtemp(prefix="basalt-tools-")
        self.addCleanup(shutil.rmtree, path, ignore_errors=True)
        return path

    def log_of(self, server):
        return os.path.join(server.dir, "appendonlydir")

    def log_files(self, server):
        return sorted(glob.glob(os.path.join(self.log_of(server), "*.incr.aof")))

    def file_with(self, server, text):
        for path in self.log_files(server):
            with open(path, "rb") as file:
                data = file.read()
            if text in data:
                return path, data
        raise AssertionError("%r is in no log file" % text)

    def write_keys(self, server, first=0, last=KEYS):
        with server.client() as client:
            for i in range(first, last):
                client.must("SET", "key:%d" % i, "value-%d" % i)

    def filled(self, args=ALWAYS, shards=3):
        server = self.start(args=args, shards=shards)
        self.write_keys(server)
        return server

    def flip(self, server, text):
        path, data = self.file_with(server, text)
        at = data.index(text)
        damaged = bytearray(data)
        damaged[at] ^= 0x40
        with open(path, "wb") as file:
            file.write(damaged)
        return os.path.basename(path), at

    def keys_of_log(self, folder):
        """The keys that a server loads from this log folder."""
        data = self.folder()
        shutil.copytree(folder, os.path.join(data, "appendonlydir"))
        with Server(Options.server, shards=2, args=ALWAYS, folder=data) as server:
            with server.client() as client:
                return sorted(bytes(key) for key in client.must("KEYS", "*"))

    def contents_of(self, server):
        with server.client(timeout=60) as client:
            return contents(client)

    def fill_server(self, server):
        with server.client(timeout=60) as client:
            fill(client)
        return self.contents_of(server)


class Usage(ToolTest):
    def test_help_and_wrong_use(self):
        for name in ("check-aof", "check-rdb", "export"):
            self.assertIn("usage: basalt-" + name, self.run_tool(name, "--help"))
            self.run_tool(name, "--nonsense", code=USAGE)
        self.run_tool("check-aof", code=USAGE)
        self.run_tool("check-aof", "/nowhere/at/all", code=CANNOT)
        self.run_tool("check-rdb", "/nowhere/at/all", code=CANNOT)
        self.run_tool("export", "--dir", "/nowhere/at/all", "--output", "/tmp/x.rdb", code=CANNOT)
        self.run_tool("check-aof", "--fix", "--output", "/tmp/x", "/tmp", code=USAGE)
        self.run_tool("check-aof", "--until-epoch", "1", "/tmp", code=USAGE)
        self.run_tool("check-aof", self.folder(), code=CANNOT)
        self.run_tool("check-rdb", self.folder(), code=CANNOT)


class CheckAof(ToolTest):
    def test_clean_log(self):
        server = self.filled()
        self.assertEqual(server.terminate(), 0)
        for path in (server.dir, self.log_of(server)):
            report = self.run_json("check-aof", path)
            self.assertTrue(report["clean"])
            self.assertEqual(report["plan"]["kept_records"], KEYS)
            self.assertEqual(sum(shard["records"] for shard in report["shards"]), KEYS)
            self.assertFalse(report["server_runs"])
        text = self.run_tool("check-aof", server.dir)
        self.assertIn("clean", text)
        self.assertIn("%d records" % KEYS, text)
        file = self.log_files(server)[0]
        self.assertEqual(self.run_json("check-aof", file)["kind"], "basalt-file")

    def test_show(self):
        server = self.filled()
        server.call("SET", "long", "x" * 100000)
        server.terminate()
        text = self.run_tool("check-aof", "--show", "--width", "40", server.dir)
        for i in range(KEYS):
            self.assertIn('"SET" "key:%d" "value-%d"' % (i, i), text)
        self.assertLess(max(map(len, text.splitlines())), 300)
        self.assertNotIn("DROPPED", text)
        some = self.run_tool("check-aof", "--show", "--shard", "1", server.dir)
        self.assertLess(some.count('"SET"'), KEYS)
        # The offsets are those of the file.
        path, data = self.file_with(server, b"value-7\r")
        at = data.rindex(b"*3\r\n", 0, data.index(b"value-7\r"))
        self.assertRegex(text, r'(?m)^ +%d: "SET" "key:7"' % at)
        self.run_tool("check-aof", "--show", "--shard", "99", server.dir, code=USAGE)

    def test_running_server(self):
        server = self.filled()
        self.assertTrue(self.run_json("check-aof", server.dir)["server_runs"])
        before = {path: os.path.getsize(path) for path in self.log_files(server)}
        text = self.run_tool("check-aof", "--fix", "--yes", server.dir, code=IN_USE)
        self.assertIn("basalt.lock", text)
        self.run_tool(
            "check-aof", "--output", os.path.join(server.dir, "copy"), server.dir, code=IN_USE
        )
        self.assertEqual({path: os.path.getsize(path) for path in self.log_files(server)}, before)
        self.assertEqual(server.call("DBSIZE"), KEYS)

    def test_torn_tail_is_found_and_fixed(self):
        server = self.filled(shards=1)
        server.call("SET", "last", "the-last-value")
        server.kill()
        path, data = self.file_with(server, b"the-last-value")
        data = data.rstrip(b"\0")
        at = data.index(b"the-last-value")
        batch = max(m.start() for m in re.finditer(b"#BB1 ", data[:at]))
        with open(path, "wb") as file:
            file.write(data[: at + 4])
        report = self.run_json("check-aof", server.dir, code=PROBLEMS)
        (finding,) = report["findings"]
        self.assertEqual(
            (finding["case"], finding["file"], finding["offset"]),
            ("tail-torn", os.path.basename(path), batch),
        )
        self.assertEqual(report["refusals"], [])
        self.run_tool("check-aof", "--fix", server.dir)
        self.assertTrue(self.run_json("check-aof", server.dir)["clean"])
        (backup,) = glob.glob(self.log_of(server) + ".before-fix-*")
        with open(os.path.join(backup, os.path.basename(path)), "rb") as file:
            self.assertEqual(file.read(), data[: at + 4])
        server.start()
        self.assertEqual(server.call("DBSIZE"), KEYS)
        # What is written after the repair is kept, too.
        server.call("SET", "after", "it")
        server.kill()
        server.start()
        self.assertEqual(server.call("GET", "after"), b"it")

    def test_rotten_middle_is_refused_by_both_and_fixed_with_yes(self):
        server = self.filled()
        server.kill()
        name, at = self.flip(server, b"value-150\r")
        text = self.run_tool("check-aof", server.dir, code=PROBLEMS)
        refusal = re.search("REFUSED: (.*)", text).group(1)
        self.assertIn(name, refusal)
        log_before = len(server.log_text())
        with self.assertRaises(Exception):
            server.start()
        self.assertIn(refusal, server.log_text()[log_before:], "the server says something else")
        self.assertIn("--yes", self.run_tool("check-aof", "--fix", server.dir, code=PROBLEMS))
        self.run_tool("check-aof", "--fix", "--yes", server.dir)
        self.assertTrue(self.run_json("check-aof", server.dir)["clean"])
        server.start()
        kept = sorted(int(key[4:]) for key in server.call("KEYS", "*"))
        # A prefix of what one client wrote, one after the other, over all shards.
        self.assertEqual(kept, list(range(len(kept))))
        self.assertLess(len(kept), 151)

    def test_missing_files(self):
        server = self.filled()
        server.kill()
        path = self.log_files(server)[-1]
        with open(path, "rb") as file:
            data = file.read()
        os.remove(path)
        text = self.run_tool("check-aof", server.dir, code=PROBLEMS)
        self.assertIn(os.path.basename(path), text)
        with open(path, "wb") as file:
            file.write(data)
        (manifest,) = glob.glob(os.path.join(self.log_of(server), "*.manifest"))
        os.remove(manifest)
        text = self.run_tool("check-aof", server.dir, code=PROBLEMS)
        self.assertIn(os.path.basename(manifest), text)
        with open(manifest, "wb") as file:
            file.write(b"basalt-aof-manifest 1\nnonsense\n")
        self.run_tool("check-aof", server.dir, code=PROBLEMS)
        self.run_tool("check-aof", "--fix", "--yes", server.dir, code=PROBLEMS)

    def test_rotten_base(self):
        server = self.filled()
        server.call("BGREWRITEAOF")
        wait_until(
            lambda: server.info("persistence")["aof_rewrite_in_progress"] == "0",
            what="the rewrite",
        )
        server.terminate()
        self.run_tool("check-aof", server.dir)
        bases = sorted(
            glob.glob(os.path.join(self.log_of(server), "*.base.rdb")), key=os.path.getsize
        )
        with open(bases[-1], "r+b") as file:
            file.seek(os.path.getsize(bases[-1]) // 2)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))
        text = self.run_tool("check-aof", server.dir, code=PROBLEMS)
        self.assertIn(os.path.basename(bases[-1]), text)
        self.run_tool("check-aof", "--fix", "--yes", server.dir, code=PROBLEMS)

    def test_copy_until_an_epoch(self):
        server = self.filled()
        server.terminate()
        text = self.run_tool("check-aof", "--show", server.dir)
        epochs = [int(epoch) for epoch in re.findall(r"epoch (\d+), complete", text)]
        out = os.path.join(self.folder(), "log")
        self.run_tool("check-aof", "--output", out, server.dir)
        self.assertEqual(len(self.keys_of_log(out)), KEYS)
        self.run_tool("check-aof", "--output", out, server.dir, code=CANNOT)
        middle = (min(epochs) + max(epochs)) // 2
        part = os.path.join(self.folder(), "log")
        self.run_tool("check-aof", "--output", part, "--until-epoch", middle, server.dir)
        kept = sorted(int(key[4:]) for key in self.keys_of_log(part))
        self.assertEqual(kept, list(range(len(kept))))
        self.assertTrue(0 < len(kept) < KEYS, kept)
        self.assertTrue(self.run_json("check-aof", part)["clean"])

    def wait_for_second_after(self, moment):
        wait_until(lambda: time.time() >= int(moment) + 2, 10, "the second after next", 0.05)

    def test_copy_until_a_time(self):
        server = self.start(args=TIMED, shards=3)
        self.write_keys(server, 0, 50)
        moment = int(time.time())
        self.wait_for_second_after(moment)
        self.write_keys(server, 50, 100)
        server.terminate()
        shards = self.run_json("check-aof", server.dir)["shards"]
        self.assertTrue(all(shard["first_unix_s"] <= moment for shard in shards))
        self.assertTrue(all(shard["last_unix_s"] > moment for shard in shards))
        out = os.path.join(self.folder(), "log")
        self.run_tool("check-aof", "--output", out, "--until-time", moment, server.dir)
        keys = {b"key:%d" % i for i in range(50)}
        self.assertEqual(set(self.keys_of_log(out)), keys)
        early = os.path.join(self.folder(), "log")
        self.run_tool(
            "check-aof", "--output", early, "--until-time", "2001-01-01 00:00:00", server.dir
        )
        self.assertEqual(self.keys_of_log(early), [])

    def test_a_time_before_the_base_is_refused(self):
        server = self.start(args=TIMED, shards=2)
        self.write_keys(server, 0, 50)
        before = int(time.time()) - 100
        server.call("BGREWRITEAOF")
        wait_until(
            lambda: server.info("persistence")["aof_rewrite_in_progress"] == "0",
            what="the rewrite",
        )
        server.terminate()
        out = os.path.join(self.folder(), "log")
        text = self.run_tool(
            "check-aof", "--output", out, "--until-time", before, server.dir, code=PROBLEMS
        )
        self.assertIn("base", text)

    def test_a_log_without_times_cannot_be_cut_by_time(self):
        server = self.filled()
        server.terminate()
        text = self.run_tool(
            "check-aof",
            "--output",
            os.path.join(self.folder(), "log"),
            "--until-time",
            int(time.time()),
            server.dir,
            code=PROBLEMS,
        )
        self.assertIn("aof-timestamp-enabled", text)

    def test_redis_accepts_time_lines(self):
        server = self.start(args=TIMED, shards=2)
        self.write_keys(server)
        server.call("SELECT", 0)
        server.terminate()
        for path in self.log_files(server):
            with open(path, "rb") as file:
                text = file.read()
            self.assertLessEqual(text.count(b"#TS:"), 1 + 60)
            self.assertGreaterEqual(text.count(b"#TS:"), 1)
            code, out, err = run(["redis-check-aof", path])
            self.assertEqual(code, 0, out + err)
        # And a server with them starts again, with the option off as well.
        server.start(args=ALWAYS)
        self.assertEqual(server.call("DBSIZE"), KEYS)

    def test_time_is_noted_once_a_second_and_by_choice(self):
        server = self.start(args=ALWAYS, shards=1)
        self.write_keys(server, 0, 20)
        self.assertEqual(server.call("CONFIG", "GET", "aof-timestamp-enabled")[1], b"no")
        (path,) = self.log_files(server)
        with open(path, "rb") as file:
            self.assertNotIn(b"#TS:", file.read())
        self.assertEqual(server.call("CONFIG", "SET", "aof-timestamp-enabled", "yes"), b"OK")
        started = time.time()
        self.write_keys(server, 20, 200)
        seconds = int(time.time()) - int(started) + 1
        with open(path, "rb") as file:
            times = [int(t) for t in re.findall(rb"#TS:(\d+)\r\n", file.read())]
        self.assertTrue(1 <= len(times) <= seconds, times)
        self.assertEqual(times, sorted(set(times)))
        self.assertTrue(int(started) - 1 <= times[0] <= time.time())


class CheckRedisLogs(ToolTest):
    def redis_log(self):
        server = self.start(Options.redis, args=["--appendonly", "yes", "--appendfsync", "always"])
        self.write_keys(server, 0, 100)
        server.terminate()
        return server

    def test_folder(self):
        server = self.redis_log()
        report = self.run_json("check-aof", server.dir)
        self.assertTrue(report["clean"])
        self.assertEqual(report["kind"], "redis")
        text = self.run_tool("check-aof", "--show", server.dir)
        self.assertIn('"SET" "key:99" "value-99"', text)
        self.run_tool("check-aof", "--output", "/tmp/x", server.dir, code=USAGE)

    def check_fixed(self, path):
        code, out, err = run(["redis-check-aof", path])
        self.assertEqual(code, 0, out + err)

    def test_torn_single_file(self):
        server = self.redis_log()
        (path,) = self.log_files(server)
        with open(path, "rb") as file:
            data = file.read()
        torn = os.path.join(self.folder(), "old.aof")
        with open(torn, "wb") as file:
            file.write(data[:-3])
        report = self.run_json("check-aof", torn, code=PROBLEMS)
        self.assertEqual(report["kind"], "redis-file")
        self.run_tool("check-aof", "--fix", torn)
        self.check_fixed(torn)
        self.run_tool("check-aof", torn)
        self.assertEqual(len(glob.glob(torn + ".before-fix-*")), 1)

    def test_rotten_last_file(self):
        server = self.redis_log()
        (path,) = self.log_files(server)
        with open(path, "r+b") as file:
            at = file.read().rindex(b"*3\r\n")
            file.seek(at)
            file.write(b"what")
        text = self.run_tool("check-aof", server.dir, code=PROBLEMS)
        self.assertIn(str(at), text)
        self.run_tool("check-aof", "--fix", server.dir, code=PROBLEMS)
        self.run_tool("check-aof", "--fix", "--yes", server.dir)
        self.check_fixed(path)
        server.start()
        self.assertEqual(server.call("DBSIZE"), 99)

    def test_file_with_rdb_head(self):
        server = self.start(Options.redis, args=["--appendonly", "yes"])
        self.write_keys(server, 0, 50)
        server.call("BGREWRITEAOF")
        wait_until(
            lambda: server.info("persistence")["aof_rewrite_in_progress"] == "0",
            what="the rewrite",
        )
        self.write_keys(server, 50, 60)
        server.terminate()
        report = self.run_json("check-aof", server.dir)
        self.assertEqual(report["files"][0]["rdb_keys"], 50)
        with open(glob.glob(os.path.join(self.log_of(server), "*.base.rdb"))[0], "rb") as file:
            head = file.read()
        with open(self.log_files(server)[-1], "rb") as file:
            tail = file.read()
        single = os.path.join(self.folder(), "appendonly.aof")
        with open(single, "wb") as file:
            file.write(head + tail)
        (entry,) = self.run_json("check-aof", single)["files"]
        self.assertEqual((entry["rdb_keys"], entry["commands"]), (50, 11))


class CheckRdb(ToolTest):
    def saved(self):
        server = self.start(args=NO_LOG, shards=3)
        expected = self.fill_server(server)
        server.call("SET", "gone", "soon", "PX", 1)
        server.call("RPUSH", "big", *range(5000))
        self.assertEqual(server.call("SAVE"), b"OK")
        return server, expected

    def files(self, server):
        return sorted(glob.glob(os.path.join(server.dir, "*.rdb")), key=os.path.getsize)

    def test_snapshot(self):
        server, expected = self.saved()
        server.kill()
        report = self.run_json("check-rdb", server.dir)
        self.assertTrue(report["clean"])
        self.assertEqual(report["snapshot"]["shards"], 3)
        keys = sum(file["keys"] for file in report["files"])
        self.assertIn(keys - len(expected), (1, 2))  # big, and gone if it was not yet
        expiring = sum(1 for _, _, at in expected.values() if at != -1)
        self.assertIn(sum(file["expires"] for file in report["files"]) - expiring, (0, 1))
        lists = sum(file["types"]["list"]["keys"] for file in report["files"])
        self.assertEqual(
            lists - 1, sum(1 for kind, _, _ in expected.values() if kind == b"list")
        )
        biggest = [key for file in report["files"] for key in file["types"]["list"]["biggest"]]
        self.assertEqual(max(biggest, key=lambda key: key["elements"])["key"], "big")
        for file in report["files"]:
            self.assertGreaterEqual(file["aux"]["basalt-shard"], 0)
            self.assertEqual(self.run_json("check-rdb", file["file"])["files"][0], file)
            shallow = self.run_json("check-rdb", "--shallow", file["file"])["files"][0]
            self.assertEqual(shallow["keys"], file["keys"])
        text = self.run_tool("check-rdb", server.dir)
        self.assertIn("snapshot 1: 3 shards", text)
        self.assertEqual(text.count("checksum right"), 3)

    def test_damage(self):
        server, _ = self.saved()
        server.kill()
        path = self.files(server)[-1]
        with open(path, "rb") as file:
            good = file.read()
        damaged = bytearray(good)
        damaged[len(good) // 2] ^= 4
        for data in (damaged, good[:-20], good + b"more", b""):
            with open(path, "wb") as file:
                file.write(data)
            text = self.run_tool("check-rdb", server.dir, code=PROBLEMS)
            self.assertIn(os.path.basename(path), text)
            self.run_tool("check-rdb", path, code=PROBLEMS)
        os.remove(path)
        self.assertIn(
            os.path.basename(path), self.run_tool("check-rdb", server.dir, code=PROBLEMS)
        )

    def test_files_of_two_shards_exchanged(self):
        server, _ = self.saved()
        server.kill()
        first, second = self.files(server)[:2]
        os.rename(first, first + ".x")
        os.rename(second, first)
        os.rename(first + ".x", second)
        (manifest,) = glob.glob(os.path.join(server.dir, "dump.*.manifest"))
        text = self.run_tool("check-rdb", manifest, code=PROBLEMS)
        self.assertIn("says that it is shard", text)

    def test_file_of_redis_with_functions(self):
        redis = self.start(Options.redis)
        library = "#!lua name=mylib\nredis.register_function('f', function() return 1 end)"
        self.assertEqual(redis.call("FUNCTION", "LOAD", library), b"mylib")
        redis.call("SET", "a", "1")
        redis.call("SAVE")
        (entry,) = self.run_json("check-rdb", os.path.join(redis.dir, "dump.rdb"))["files"]
        self.assertEqual((entry["functions"], entry["keys"]), (["mylib"], 1))


class Export(ToolTest):
    def check_loads(self, path, expected, also=None):
        """redis-check-rdb accepts the file and redis-server loads the same contents from it."""
        code, out, err = run(["redis-check-rdb", path])
        self.assertEqual(code, 0, out + err)
        folder = self.folder()
        shutil.copy(path, os.path.join(folder, "dump.rdb"))
        with Server(Options.redis, folder=folder) as redis:
            self.assertEqual(difference(expected, self.contents_of(redis)), "")
            if also:
                also(redis)

    def test_snapshot(self):
        server = self.start(args=NO_LOG, shards=4)
        expected = self.fill_server(server)
        server.call("SAVE")
        out = os.path.join(self.folder(), "out.rdb")
        # Files of a snapshot never change: it may be had from a running server, if asked for.
        self.run_tool(
            "export", "--dir", server.dir, "--source", "snapshot", "--output", out
        )
        self.check_loads(out, expected)
        server.kill()
        self.run_tool("export", "--dir", server.dir, "--output", out, code=CANNOT)
        report = self.run_json("export", "--dir", server.dir, "--output", out, "--force")
        self.assertEqual(report["keys"], len(expected))
        self.assertEqual(report["bytes"], os.path.getsize(out))
        self.check_loads(out, expected)
        self.assertEqual(os.listdir(os.path.dirname(out)), ["out.rdb"])
        self.assertTrue(self.run_json("check-rdb", out)["clean"])

    def test_log(self):
        server = self.start(args=ALWAYS, shards=3)
        self.fill_server(server)
        server.call("BGREWRITEAOF")
        wait_until(
            lambda: server.info("persistence")["aof_rewrite_in_progress"] == "0",
            what="the rewrite",
        )
        self.write_keys(server)
        server.call("RENAME", "key:1", "renamed")
        expected = self.contents_of(server)
        out = os.path.join(self.folder(), "out.rdb")
        text = self.run_tool("export", "--dir", server.dir, "--output", out, code=IN_USE)
        self.assertIn("basalt.lock", text)
        self.assertFalse(os.path.exists(out))
        server.kill()
        before = self.tree(server.dir)
        self.run_tool("export", "--dir", server.dir, "--output", out, "--no-compress")
        self.assertEqual(self.tree(server.dir), before, "the data directory was changed")
        self.check_loads(out, expected)

    def tree(self, folder):
        found = {}
        for place, _, names in os.walk(folder):
            for name in names:
                with open(os.path.join(place, name), "rb") as file:
                    found[os.path.join(place, name)] = file.read()
        return found

    def test_torn_log_gives_what_a_start_would(self):
        server = self.filled(shards=1)
        server.call("SET", "last", "the-last-value")
        server.kill()
        path, data = self.file_with(server, b"the-last-value")
        at = data.index(b"the-last-value")
        with open(path, "wb") as file:
            file.write(data[: at + 4])
        out = os.path.join(self.folder(), "out.rdb")
        text = self.run_tool("export", "--dir", server.dir, "--output", out)
        self.assertIn(os.path.basename(path), text)
        self.assertEqual(os.path.getsize(path), at + 4, "the log was cut")
        server.start()
        self.check_loads(out, self.contents_of(server))

    def test_damaged_log_is_refused(self):
        server = self.filled()
        server.kill()
        name, _ = self.flip(server, b"value-50\r")
        out = os.path.join(self.folder(), "out.rdb")
        text = self.run_tool("export", "--dir", server.dir, "--output", out, code=PROBLEMS)
        self.assertIn(name, text)
        self.assertFalse(os.path.exists(out))

    def test_log_and_snapshot(self):
        server = self.filled()
        server.call("SAVE")
        server.call("SET", "later", "than the snapshot")
        server.kill()
        out = os.path.join(self.folder(), "out.rdb")
        self.run_tool("export", "--dir", server.dir, "--output", out, code=USAGE)
        for source, keys in (("log", KEYS + 1), ("snapshot", KEYS)):
            report = self.run_json(
                "export", "--dir", server.dir, "--output", out, "--force", "--source", source
            )
            self.assertEqual(report["keys"], keys)
        config = os.path.join(self.folder(), "basalt.conf")
        with open(config, "w") as file:
            file.write("dir %s\nappendonly yes\n" % server.dir)
        report = self.run_json("export", "--config", config, "--output", out, "--force")
        self.assertEqual(report["keys"], KEYS + 1)

    def test_files_of_redis_with_functions(self):
        redis = self.start(Options.redis)
        expected = self.fill_server(redis)
        library = "#!lua name=mylib\nredis.register_function('f', function() return 1 end)"
        redis.call("FUNCTION", "LOAD", library)
        redis.call("SAVE")
        out = os.path.join(self.folder(), "out.rdb")
        self.run_tool("export", "--dir", redis.dir, "--output", out)
        self.check_loads(
            out, expected, lambda r: self.assertEqual(r.call("FCALL", "f", 0), 1)
        )

    def test_empty_directory(self):
        out = os.path.join(self.folder(), "out.rdb")
        self.run_tool("export", "--dir", self.folder(), "--output", out, code=CANNOT)


if __name__ == "__main__":
    main()
