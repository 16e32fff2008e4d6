#!/usr/bin/env python3
"""basalt-check-aof on real logs, Basalt's and Redis's, whole and damaged, and redis-server's own checker on what
it writes.
"""

import glob
import os
import re
import sys
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import Options, main, wait_until
from tool_test import ALWAYS, CANNOT, IN_USE, KEYS, PROBLEMS, TIMED, ToolTest, USAGE, run


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
        server, path, data, at = self.killed_after_last_value()
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


if __name__ == "__main__":
    main()
