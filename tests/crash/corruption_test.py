#!/usr/bin/env python3
"""Torn, rotten and missing files: what can be cut is cut and reported, the rest is refused by name
and place.

Each test writes known keys, kills the server, damages a file and starts again.
"""

import glob
import os
import re
import sys
import unittest

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import Options, ServerTest, StartFailed, main, wait_until
from resp_client import Error

ALWAYS = ["--appendonly", "yes", "--appendfsync", "always"]
KEYS = 400
HEADER = b"#BB1 "


class LogFile:
    """One file of the log, with verbs for damage. What was preallocated behind its end does not
    count.
    """

    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)
        with open(path, "rb") as file:
            self.data = bytearray(file.read().rstrip(b"\0"))

    def write(self, data):
        with open(self.path, "wb") as file:
            file.write(data)

    def cut(self, count):
        self.write(self.data[:-count])

    def flip(self, offset):
        damaged = bytearray(self.data)
        damaged[offset] ^= 0x40
        self.write(damaged)
        return offset

    def batches(self):
        return [match.start() for match in re.finditer(re.escape(HEADER), self.data)]

    def batch_with(self, text):
        """(start, position of the text) of the batch that holds the text."""
        at = self.data.index(text)
        return max(start for start in self.batches() if start < at), at


class CorruptionTest(ServerTest):
    def filled(self, args=ALWAYS, shards=None, fill=KEYS):
        """A server with keys key:0 … and, written last, key:last; killed."""
        server = self.start(args=args, **({"shards": shards} if shards else {}))
        with server.client() as client:
            for i in range(fill):
                client.must("SET", "key:%d" % i, "value-%d" % i)
            client.must("SET", "key:last", "the-last-value")
        return server

    def logs(self, server):
        paths = sorted(glob.glob(os.path.join(server.dir, "appendonlydir", "*.incr.aof")))
        self.assertTrue(paths, "no log files in %s" % os.listdir(server.dir))
        return [LogFile(path) for path in paths]

    def log_with(self, server, text):
        for log in self.logs(server):
            if text in log.data:
                return log
        self.fail("%r is in no log file" % text)

    def starts(self, server):
        server.start()
        return server.client()

    def refuses(self, server, *words):
        """The server must not start, must not crash, and must say what is wrong in these words."""
        log_before = len(server.log_text())
        try:
            server.start()
        except StartFailed as failure:
            said = server.log_text()[log_before:]
            self.assertIsNotNone(failure.exit_code, "it hangs\n" + said)
            self.assertGreater(
                failure.exit_code, 0, "it must exit by itself, not by a signal\n" + said
            )
            for word in words:
                self.assertIn(word, said)
            return said
        self.fail("it starts, with %s keys\n%s" % (server.call("DBSIZE"), server.log_tail()))

    def said(self, server, word):
        self.assertIn(word, server.log_text())


class TornTail(CorruptionTest):
    def check_cut(self, damage, shards):
        server = self.filled(shards=shards)
        server.kill()
        log = self.log_with(server, b"the-last-value")
        batch, at = log.batch_with(b"the-last-value")
        damage(log, batch, at)
        with self.starts(server) as client:
            self.assertIsNone(client.call("GET", "key:last"))
            self.assertEqual(client.call("DBSIZE"), KEYS)
            self.assertEqual(client.call("GET", "key:7"), b"value-7")
            client.must("SET", "key:new", "after")
        self.said(server, log.name)
        # What was cut stays cut, and the log goes on behind it.
        server.kill()
        with self.starts(server) as client:
            self.assertIsNone(client.call("GET", "key:last"))
            self.assertEqual(client.call("GET", "key:new"), b"after")

    def cut_inside_last(self, log, batch, at):
        log.write(log.data[: at + 4])

    def cut_inside_header(self, log, batch, at):
        log.write(log.data[: batch + 20])

    def flip_inside_last(self, log, batch, at):
        log.data = log.data[: self.end_of_batch(log, batch)]
        log.flip(at + 2)

    def garbage_for_last(self, log, batch, at):
        log.write(log.data[:batch] + b"\x07garbage" * 20)

    def end_of_batch(self, log, batch):
        """Where the next one starts: a mark of the idle shard, which proves this one durable."""
        later = [start for start in log.batches() if start > batch]
        return later[0] if later else len(log.data)

    def test_cut_inside_last_batch(self):
        self.check_cut(self.cut_inside_last, 1)

    def test_cut_inside_header_of_last_batch(self):
        self.check_cut(self.cut_inside_header, 1)

    def test_flipped_byte_in_last_batch(self):
        self.check_cut(self.flip_inside_last, 1)

    def test_garbage_instead_of_last_batch(self):
        self.check_cut(self.garbage_for_last, 1)

    def test_strict_mode_refuses(self):
        server = self.filled(args=ALWAYS + ["--aof-load-truncated", "no"], shards=1)
        server.kill()
        log = self.log_with(server, b"the-last-value")
        batch, at = log.batch_with(b"the-last-value")
        log.write(log.data[: at + 4])
        self.refuses(server, log.name, str(batch))
        # The refusal changed nothing.
        self.assertEqual(LogFile(log.path).data, log.data[: at + 4])

    def test_strict_mode_accepts_a_whole_log(self):
        server = self.filled(args=ALWAYS + ["--aof-load-truncated", "no"])
        server.kill()
        with self.starts(server) as client:
            self.assertEqual(client.call("GET", "key:last"), b"the-last-value")


class RottenMiddle(CorruptionTest):
    def check_refused(self, damage, shards=None):
        server = self.filled(shards=shards)
        server.kill()
        log = self.log_with(server, b"value-3")
        batch, at = log.batch_with(b"value-3")
        damage(log, batch, at)
        before = LogFile(log.path).data
        said = self.refuses(server, log.name)
        self.assertTrue(
            any(str(offset) in said for offset in range(batch, at + 100)),
            "no offset near %d in\n%s" % (batch, said),
        )
        self.assertEqual(LogFile(log.path).data, before, "the refusal changed the file")

    def test_flipped_byte_in_a_record(self):
        self.check_refused(lambda log, batch, at: log.flip(at + 3))

    def test_flipped_byte_in_a_header(self):
        self.check_refused(lambda log, batch, at: log.flip(batch + 10))

    def test_zeros_over_a_record(self):
        self.check_refused(
            lambda log, batch, at: log.write(log.data[:at] + bytes(20) + log.data[at + 20 :])
        )

    def test_bytes_taken_out(self):
        self.check_refused(
            lambda log, batch, at: log.write(log.data[: at + 2] + log.data[at + 9 :])
        )

    def test_bytes_put_in(self):
        self.check_refused(
            lambda log, batch, at: log.write(log.data[:at] + b"more" + log.data[at:])
        )

    def test_one_shard(self):
        self.check_refused(lambda log, batch, at: log.flip(at + 3), shards=1)

    def test_first_line(self):
        server = self.filled()
        server.kill()
        log = self.log_with(server, b"value-3")
        log.flip(20)
        self.refuses(server, log.name)


class MissingFiles(CorruptionTest):
    def manifest(self, server):
        (path,) = glob.glob(os.path.join(server.dir, "appendonlydir", "*.manifest"))
        return path

    def test_nothing_there(self):
        server = self.start(args=ALWAYS)
        self.assertEqual(server.call("DBSIZE"), 0)

    def test_log_file(self):
        server = self.filled()
        server.kill()
        log = self.log_with(server, b"value-3")
        os.remove(log.path)
        self.refuses(server, log.name)

    def test_emptied_log_file(self):
        server = self.filled()
        server.kill()
        with self.starts(server) as client:  # which notes how much there is
            self.assertEqual(client.call("GET", "key:last"), b"the-last-value")
        server.kill()
        log = self.log_with(server, b"value-3")
        log.write(b"")
        self.refuses(server, log.name)

    def test_manifest(self):
        server = self.filled()
        server.kill()
        manifest = self.manifest(server)
        os.remove(manifest)
        self.refuses(server, os.path.basename(manifest))

    def test_manifest_rotten(self):
        server = self.filled()
        server.kill()
        manifest = self.manifest(server)
        with open(manifest, "rb") as file:
            text = bytearray(file.read())
        text[len(text) // 2] ^= 0x01
        with open(manifest, "wb") as file:
            file.write(text)
        self.refuses(server, os.path.basename(manifest))

    def test_manifest_empty(self):
        server = self.filled()
        server.kill()
        manifest = self.manifest(server)
        open(manifest, "wb").close()
        self.refuses(server, os.path.basename(manifest))

    def test_log_of_another_shard(self):
        server = self.filled(shards=2)
        server.kill()
        first, second = self.logs(server)[:2]
        first.write(second.data)
        self.refuses(server, first.name)

    def rewritten(self):
        server = self.filled()
        with server.client() as client:
            client.must("BGREWRITEAOF")
            wait_until(
                lambda: server.info("persistence").get("aof_rewrite_in_progress") == "0",
                what="the rewrite",
            )
            client.must("SET", "key:later", "after the rewrite")
        server.kill()
        bases = sorted(
            glob.glob(os.path.join(server.dir, "appendonlydir", "*.base.rdb")), key=os.path.getsize
        )
        self.assertTrue(
            bases, "no base files in %s" % os.listdir(os.path.join(server.dir, "appendonlydir"))
        )
        return server, LogFile(bases[-1])

    def test_base_file(self):
        server, base = self.rewritten()
        os.remove(base.path)
        self.refuses(server, base.name)

    def test_base_file_too_short(self):
        server, base = self.rewritten()
        base.cut(30)
        self.refuses(server, base.name)

    def test_base_file_rotten(self):
        server, base = self.rewritten()
        base.flip(len(base.data) // 2)
        self.refuses(server, base.name)

    def test_rewritten_log_is_whole(self):
        server, _ = self.rewritten()
        with self.starts(server) as client:
            self.assertEqual(client.call("DBSIZE"), KEYS + 2)


class Snapshots(CorruptionTest):
    """Without a log: the files of SAVE."""

    ARGS = ["--appendonly", "no"]

    def saved(self):
        server = self.filled(args=self.ARGS)
        self.assertEqual(server.call("SAVE"), b"OK")
        server.kill()
        files = [
            os.path.join(folder, name)
            for folder, _, names in os.walk(server.dir)
            for name in names
            if name.endswith(".rdb")
        ]
        self.assertTrue(files, "no RDB file in %s" % os.listdir(server.dir))
        return server, [LogFile(path) for path in sorted(files, key=os.path.getsize)]

    def test_whole(self):
        server, _ = self.saved()
        with self.starts(server) as client:
            self.assertEqual(client.call("DBSIZE"), KEYS + 1)

    def test_flipped_byte(self):
        server, files = self.saved()
        files[-1].flip(len(files[-1].data) // 2)
        self.refuses(server, files[-1].name)

    def test_too_short(self):
        server, files = self.saved()
        files[-1].cut(20)
        self.refuses(server, files[-1].name)

    def test_one_of_several_missing(self):
        server, files = self.saved()
        if len(files) < 2:
            self.skipTest("one file holds it all")
        os.remove(files[-1].path)
        self.refuses(server, files[-1].name)

    def test_half_written_temporary_is_ignored(self):
        server, files = self.saved()
        with open(os.path.join(os.path.dirname(files[0].path), "temp-12345.rdb"), "wb") as file:
            file.write(b"REDIS0010\xfa")
        with self.starts(server) as client:
            self.assertEqual(client.call("DBSIZE"), KEYS + 1)


if __name__ == "__main__":
    main()
