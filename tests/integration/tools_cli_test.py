#!/usr/bin/env python3
"""Use and wrong use of the tools for data directories; basalt-check-rdb and basalt-export on real directories,
whole and damaged, and redis-server's own checker on what they write.
"""

import glob
import os
import shutil
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import Options, Server, main, wait_until
from contents import contents, difference
from tool_test import ALWAYS, CANNOT, IN_USE, KEYS, NO_LOG, PROBLEMS, ToolTest, USAGE, run


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
        server, path, data, at = self.killed_after_last_value()
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
