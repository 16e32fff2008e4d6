#!/usr/bin/env python3
"""A disk that is full, fails, hangs, or has no descriptor left: what clients see, and that the server comes back by itself.

The log's faults are asked for with DEBUG LOG-FAULT; rotations meet real limits of the process.
"""

import errno
import glob
import os
import resource
import sys
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import main, wait_until
from one_server import SHARDS, OneServerTest
from resp_client import Disconnected, Error, encode

ALWAYS = ["--appendonly", "yes", "--appendfsync", "always", "--enable-debug-command", "yes"]
EVERYSEC = ["--appendonly", "yes", "--appendfsync", "everysec", "--enable-debug-command", "yes"]


def slot_of(key):
    crc = 0
    for byte in key.encode():
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
    return crc % 16384


def keys_of(shard, count=3, shards=SHARDS):
    """Keys that live on that shard."""
    found = (name for name in map("k%d".__mod__, range(10**6)))
    return [key for key, _ in zip((k for k in found if slot_of(k) * shards // 16384 == shard), range(count))]


class DiskTroubleTest(OneServerTest):
    def fault(self, shard, op, *what):
        self.admin.must("DEBUG", "LOG-FAULT", shard, op, *what)

    def refused(self, client, *args):
        reply = client.call(*args)
        return isinstance(reply, Error) and reply.startswith(b"MISCONF Errors writing to the AOF file: ")

    def wait_writable(self, key, within_s=20):
        """Until writes are taken; a connection may be closed meanwhile."""

        def taken():
            try:
                return self.server.call("SET", key, "again") == b"OK"
            except (Disconnected, OSError):
                return False

        wait_until(taken, within_s, "a write that is taken")

    def wait_trouble(self, kind):
        wait_until(lambda: ("trouble=" + kind) in str(self.persistence()), 10, "trouble=" + kind)

    def check_closed(self, client, *args):
        """The command is neither acknowledged nor refused."""
        with client, self.assertRaises((Disconnected, ConnectionError)):
            self.fail("%r was answered %r" % (args, client.call(*args)))


class Writes(DiskTroubleTest):
    def test_read_only_file_system_is_named(self):
        self.begin(EVERYSEC)
        key, other = keys_of(1, 2)
        self.server.call("SET", key, "before")
        self.assertEqual(self.server.call("WAITAOF", 1, 0, 10000), [1, 0])
        self.fault(1, "WRITE", errno.EROFS)
        self.assertEqual(self.server.call("SET", other, "this one is queued"), b"OK")
        self.wait_trouble("write")
        with self.client() as client:
            self.assertIn(b"Read-only file system", client.call("SET", key, "x"))
            self.assertEqual(client.call("GET", key), b"before")
        self.fault(1, "WRITE", 0)
        self.wait_writable(key)
        self.assertEqual(self.server.call("GET", other), b"this one is queued")

    def test_full_disk_is_known_to_all_shards_and_ends_by_itself(self):
        self.begin(EVERYSEC)
        keys = [keys_of(shard, 2) for shard in range(SHARDS)]
        for key, _ in keys:
            self.server.call("SET", key, "before")
        # Nothing is left to be written, or the fault would show before the write below.
        self.assertEqual(self.server.call("WAITAOF", 1, 0, 10000), [1, 0])
        self.fault(2, "WRITE", errno.ENOSPC)
        self.assertEqual(self.server.call("SET", keys[2][1], "this one is queued"), b"OK")
        self.wait_trouble("write")
        clients = [self.client() for _ in range(2 * SHARDS)]  # some on each shard
        for client in clients:
            for key, other in keys:
                self.assertTrue(self.refused(client, "SET", key, "x"), key)
                self.assertEqual(client.call("GET", key), b"before")
            self.assertTrue(self.refused(client, "MSET", keys[0][0], "x", keys[1][0], "y", keys[2][0], "z"))
            self.assertTrue(self.refused(client, "FLUSHALL"))
            self.assertEqual(client.call("MGET", keys[0][0], keys[2][0]), [b"before", b"before"])
            reply = client.call("SET", keys[0][0], "x")
            self.assertIn(b"No space left on device", reply)
        self.assertEqual(self.persistence()["aof_last_write_status"], "err")
        self.fault(2, "WRITE", 0)
        self.wait_writable(keys[0][0])
        self.assertEqual(self.persistence()["aof_last_write_status"], "ok")
        with self.server.client() as client:
            self.assertEqual(client.call("WAITAOF", 1, 0, 10000), [1, 0])
        self.server.kill()
        self.server.start()
        self.assertEqual(self.server.call("GET", keys[2][1]), b"this one is queued")

    def test_exec_of_what_was_queued_before_is_discarded(self):
        self.begin(EVERYSEC)
        key, other = keys_of(1, 2)
        with self.server.client() as client:
            client.must("MULTI")
            client.must("SET", key, "x")
            self.fault(1, "WRITE", errno.ENOSPC)
            self.server.call("SET", other, "x")
            self.wait_trouble("write")
            reply = client.call("EXEC")
            self.assertTrue(
                reply.startswith(b"EXECABORT Transaction discarded because of: MISCONF"), reply
            )
            self.assertIsNone(client.call("GET", key))


class Always(DiskTroubleTest):
    def test_full_disk_closes_who_waits_and_acknowledges_nothing(self):
        self.begin(ALWAYS)
        near, far = keys_of(0, 1)[0], keys_of(1, 1)[0]
        self.server.call("MSET", near, "old", far, "old")
        self.fault(1, "WRITE", errno.ENOSPC)
        clients = [self.client() for _ in range(2 * SHARDS)]
        self.check_closed(clients[0], "SET", far, "new")
        self.wait_trouble("write")
        # It depends on what may be lost, wherever the connection is; what does not goes on.
        self.check_closed(clients[1], "GET", far)
        for client in clients[2:]:
            self.assertEqual(client.call("GET", near), b"old")
            self.assertTrue(self.refused(client, "SET", near, "x"))
        self.fault(1, "WRITE", 0)
        self.wait_writable(near)
        self.assertEqual(self.server.call("GET", far), b"new")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.server.call("GET", far), b"new")

    def test_transaction_with_a_part_that_fails_lets_its_keys_go_unrevealed(self):
        self.begin(ALWAYS)
        a, b = keys_of(0, 1)[0], keys_of(2, 1)[0]
        self.server.call("MSET", a, "old", b, "old")
        self.fault(2, "WRITE", errno.ENOSPC)
        self.check_closed(self.client(), "MSET", a, "new", b, "new")
        self.wait_trouble("write")
        # The part of shard 0 is durable there, but a power cut now would take it back.
        self.check_closed(self.client(), "GET", a)
        self.check_closed(self.client(), "MGET", a, "unrelated")
        self.check_closed(self.client(), "SUNION", a, b)  # a park; WRONGTYPE tells something, too
        self.assertIsNotNone(self.server.info("server"))  # parks that reveal nothing go on
        self.fault(2, "WRITE", 0)
        self.wait_writable("k")
        self.assertEqual(self.server.call("MGET", a, b), [b"new", b"new"])

    def test_parked_write_is_not_acknowledged_when_its_flush_fails(self):
        self.begin(ALWAYS)
        a, b = keys_of(0, 1)[0], keys_of(2, 1)[0]
        self.server.call("SET", a, "v")
        self.fault(2, "SYNC", errno.EIO, 1)
        self.check_closed(self.client(), "RENAME", a, b)
        self.wait_writable(a)
        self.assertEqual(self.server.call("GET", b), b"v")

    def test_who_is_served_by_a_parked_write_hears_nothing_when_its_flush_fails(self):
        self.begin(ALWAYS)
        source, target = keys_of(0, 1)[0], keys_of(2, 1)[0]
        self.server.call("RPUSH", source, "v")
        for waiter in (self.client() for _ in range(SHARDS)):
            waiter.sock.sendall(encode(["BLPOP", target, 0]))
            wait_until(lambda: self.server.info("clients")["blocked_clients"] == "1", 5, "the wait")
            self.fault(0, "WRITE", errno.ENOSPC, 1)
            self.check_closed(self.client(), "RENAME", source, target)
            # The log of the target's shard is whole, but without the other part nothing of it counts.
            with self.assertRaises((Disconnected, ConnectionError)):
                self.fail("BLPOP was answered %r" % waiter.read())
            self.wait_writable("k")
            self.assertEqual(self.server.call("EXISTS", source, target), 0)
            self.server.call("RPUSH", source, "v")

    def test_transaction_that_lost_a_part_leaves_nothing_behind(self):
        self.begin(ALWAYS)
        a, b = keys_of(0, 1)[0], keys_of(2, 1)[0]
        self.server.call("MSET", a, "old", b, "old")
        self.fault(2, "WRITE", errno.ENOSPC)
        with self.client() as client:
            for words in (("MULTI",), ("SET", a, "new"), ("SET", b, "new")):
                client.must(*words)
            self.check_closed(client, "EXEC")
        self.wait_trouble("write")
        self.check_closed(self.client(), "GET", a)
        self.assertTrue(self.refused(self.client(), "COPY", a, b))
        self.server.kill()
        self.server.start()
        self.assertEqual(self.server.call("MGET", a, b), [b"old", b"old"])

    def test_always_does_not_begin_on_a_log_that_fails(self):
        self.begin(EVERYSEC)
        key, other = keys_of(0, 1)[0], keys_of(1, 1)[0]
        for name in (key, other):
            self.server.call("SET", name, "v")
        self.assertEqual(self.server.call("WAITAOF", 1, 0, 10000), [1, 0])
        self.fault(1, "SYNC", errno.EIO)
        self.admin.must("CONFIG", "SET", "rdb-save-rate-limit", "1")  # the new base takes its time
        reply = self.admin.call("CONFIG", "SET", "appendfsync", "always")
        self.assertTrue(reply.startswith(b"ERR CONFIG SET failed"), reply)
        self.assertEqual(self.admin.call("CONFIG", "GET", "appendfsync")[1], b"everysec")
        self.wait_trouble("fsync")
        reply = self.admin.call("CONFIG", "SET", "appendfsync", "always")
        self.assertIn(b"has failed", reply)
        # Not a record under `always` on a healthy shard: it would say that the other one had been durable.
        self.server.kill()
        self.server.start()
        self.assertEqual(self.server.call("MGET", key, other), [b"v", b"v"])
        self.admin = self.client()
        self.admin.must("CONFIG", "SET", "appendfsync", "always")
        self.server.call("SET", key, "w")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.server.call("MGET", key, other), [b"w", b"v"])

    def test_always_ends_on_a_log_that_fails(self):
        self.begin(ALWAYS)
        near, far = keys_of(0, 1)[0], keys_of(1, 1)[0]
        self.fault(1, "WRITE", errno.ENOSPC)
        clients = [self.client() for _ in range(SHARDS)]
        for client in clients:
            client.sock.sendall(encode(["SET", far, "in doubt"]))
        self.admin.must("CONFIG", "SET", "appendfsync", "no")
        for client in clients:  # an answer, a refusal or the end, but in time
            try:
                client.read()
            except (Disconnected, ConnectionError):
                pass
        self.fault(1, "WRITE", 0)
        self.wait_writable(far)
        self.assertEqual(self.server.call("SET", near, "v"), b"OK")
        self.assertEqual(self.server.call("WAITAOF", 1, 0, 10000), [1, 0])
        self.server.kill()
        self.server.start()
        self.assertEqual(self.server.call("MGET", near, far), [b"v", b"again"])

    def test_empty_part_after_a_restart_under_always(self):
        self.begin(EVERYSEC)
        a, b, c = (keys_of(shard, 1)[0] for shard in range(SHARDS))
        self.server.call("MSET", a, "v", b, "v", c, "v")
        self.server.terminate()
        self.server.start(args=ALWAYS)
        for _ in range(3):  # epochs of which shards 1 and 2 say nothing
            self.server.call("SET", a, "w")
            time.sleep(0.02)
        missing, other = keys_of(1, 3)[1:]
        self.assertEqual(self.server.call("DEL", a, missing), 1)
        self.server.call("SET", other, "w")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.server.call("MGET", a, b, c), [None, b"v", b"v"])

    def test_real_full_disk_leaves_nobody_waiting(self):
        for policy in ("always", "everysec"):
            with self.subTest(policy):
                self.full_disk(policy)

    def full_disk(self, policy):
        self.begin(ALWAYS + ["--appendfsync", policy])
        keys = [key for shard in range(SHARDS) for key in keys_of(shard, 4)]
        pid = self.server.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (100 << 10, before[1]))
        clients = [self.client() for _ in range(4 * SHARDS)]
        for turn in range(40):
            for i, client in list(enumerate(clients)):
                if client is None:
                    continue
                key, other = keys[(turn + i) % len(keys)], keys[(turn + 5 * i + 1) % len(keys)]
                value = "%d.%d." % (turn, i) + "x" * 2000
                words = ["SET", key, value] if i % 2 else ["MSET", key, value, other, value]
                if i % 4 == 3:
                    client.sock.sendall(encode(["GET", key]) * 3)
                client.sock.sendall(encode(words))
                try:
                    for _ in range(4 if i % 4 == 3 else 1):
                        client.read()  # raises when nothing comes for a while
                except (Disconnected, ConnectionError):
                    clients[i] = None
        self.assertIn("trouble=write", str(self.persistence()))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        self.wait_writable(keys[0])
        for client in filter(None, clients):
            self.assertEqual(client.call("PING"), b"PONG")
        self.assertEqual(self.server.call("SET", keys[1], "w"), b"OK")
        self.assertEqual(self.server.call("WAITAOF", 1, 0, 10000), [1, 0])
        now = self.server.call("MGET", *keys)
        self.server.kill()
        self.server.start()
        self.assertEqual(self.server.call("MGET", *keys), now)
        self.server.kill()

    def test_shutdown_does_not_wait_for_a_disk_that_fails(self):
        for policy, op in (("always", "WRITE"), ("everysec", "SYNC")):
            with self.subTest(policy):
                self.begin(ALWAYS + ["--appendfsync", policy])
                self.fault("*", op, errno.ENOSPC)
                with self.client() as client:
                    client.sock.sendall(encode(["SET", "k", "v"]))
                    self.wait_trouble("write" if op == "WRITE" else "fsync")
                self.assertIsNotNone(self.server.terminate(within_s=10))

    def test_failed_fsync_begins_a_new_log(self):
        self.begin(ALWAYS)
        keys = [key for shard in range(SHARDS) for key in keys_of(shard, 2)]
        for key in keys:
            self.server.call("SET", key, "old")
        rewrites = int(self.persistence()["aof_rewrites"])
        self.fault(1, "SYNC", errno.EIO, 1)
        self.check_closed(self.client(), "SET", keys_of(1, 1)[0], "in doubt")
        self.wait_writable(keys_of(1, 2)[1])
        self.assertEqual(int(self.persistence()["aof_rewrites"]), rewrites + 1)
        self.assertEqual(self.server.call("GET", keys_of(1, 1)[0]), b"in doubt")
        for key in keys[:2]:
            self.assertEqual(self.server.call("SET", key, "after"), b"OK")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.server.call("GET", keys_of(1, 2)[1]), b"again")
        self.assertEqual(self.server.call("GET", keys_of(1, 1)[0]), b"in doubt")
        self.assertEqual(self.server.call("MGET", *keys[:2]), [b"after", b"after"])

    def test_crash_between_a_failed_fsync_and_its_new_base(self):
        self.begin(ALWAYS)
        keys = [key for shard in range(SHARDS) for key in keys_of(shard, 2)]
        for key in keys:
            self.server.call("SET", key, "acknowledged")
        self.fault("*", "SYNC", errno.EIO)
        self.admin.must("CONFIG", "SET", "rdb-save-rate-limit", "1")  # the base takes its time
        self.check_closed(self.client(), "SET", keys[0], "in doubt")
        self.wait_trouble("fsync")
        wait_until(lambda: "Log rewrite started" in self.server.log_text(), 10, "the rewrite")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.server.call("MGET", *keys[1:]), [b"acknowledged"] * (len(keys) - 1))

    def test_reads_of_clean_keys_go_on_while_the_disk_hangs(self):
        self.begin(ALWAYS)
        clean, dirty = keys_of(1, 2)
        self.server.call("SET", clean, "v")
        readers = [self.client() for _ in range(SHARDS)]
        self.fault("*", "SYNC", "DELAY", 3000, 1)
        with self.server.client() as writer:
            began = time.monotonic()
            writer.sock.sendall(encode(["SET", dirty, "x"]))
            for reader in readers * 20:
                self.assertEqual(reader.call("GET", clean), b"v")
            self.server.info("persistence")  # does not wait for the disk either
            self.assertLess(time.monotonic() - began, 2.5)
            self.assertEqual(writer.read(), b"OK")
            self.assertGreater(time.monotonic() - began, 2.5)


class Hanging(DiskTroubleTest):
    def test_everysec_goes_on_and_says_how_far_behind_the_disk_is(self):
        self.begin(EVERYSEC)
        key = keys_of(1, 1)[0]
        self.fault("*", "SYNC", "DELAY", 4000, 1)
        began = time.monotonic()
        with self.server.client() as client:
            while time.monotonic() < began + 2.5:
                self.assertEqual(client.call("SET", key, "x" * 100), b"OK")
                time.sleep(0.01)
        info = self.persistence()
        self.assertGreater(int(info["aof_unsynced_bytes"]), 1000)
        self.assertGreater(int(info["aof_unsynced_oldest_ms"]), 1000)
        self.assertEqual(info["aof_last_write_status"], "ok")
        self.assertGreaterEqual(int(info["aof_pending_bio_fsync"]), 1)
        wait_until(lambda: int(self.persistence()["aof_unsynced_bytes"]) == 0, 10, "the sync")

    def test_what_waits_for_a_disk_that_hangs_is_bounded(self):
        self.begin(EVERYSEC + ["--aof-buffer-limit", "1mb"])
        key = keys_of(1, 1)[0]
        self.fault(1, "WRITE", "DELAY", 5000, 1)
        with self.server.client() as client:
            accepted = 0
            for _ in range(400):
                if self.refused(client, "SET", key, "x" * 50000):
                    break
                accepted += 1
            self.assertGreater(accepted, 15)
            self.assertLess(accepted, 200)  # far from all; a tick may take in some megabytes at once
        self.assertIn("trouble=behind", str(self.persistence()))
        self.wait_writable(key)
        self.assertNotIn("trouble=behind", str(self.persistence()))


class Waitaof(DiskTroubleTest):
    def test_waits_for_the_disk(self):
        self.begin(EVERYSEC)
        with self.server.client() as client:
            self.fault("*", "SYNC", "DELAY", 300, 1)
            for shard in range(SHARDS):
                client.must("SET", keys_of(shard, 1)[0], "durable")
            began = time.monotonic()
            self.assertEqual(client.call("WAITAOF", 1, 0, 0), [1, 0])
            self.assertGreater(time.monotonic() - began, 0.2)
            self.assertEqual(client.call("WAITAOF", 1, 0, 0), [1, 0])
        self.server.kill()
        self.server.start()
        for shard in range(SHARDS):
            self.assertEqual(self.server.call("GET", keys_of(shard, 1)[0]), b"durable")

    def test_no_policy_syncs_when_asked(self):
        self.begin(EVERYSEC + ["--appendfsync", "no"])
        with self.server.client() as client:
            client.must("SET", "k", "v")
            self.assertEqual(client.call("WAITAOF", 1, 0, 5000), [1, 0])

    def test_times_out_and_can_be_unblocked(self):
        self.begin(EVERYSEC)
        with self.server.client() as client:
            self.fault("*", "SYNC", "DELAY", 3000, 1)
            client.must("SET", "k", "v")
            began = time.monotonic()
            self.assertEqual(client.call("WAITAOF", 1, 0, 200), [0, 0])
            self.assertLess(time.monotonic() - began, 1.5)
            self.assertEqual(client.call("WAITAOF", 0, 1, 100)[1], 0)
            number = client.must("CLIENT", "ID")
            client.sock.sendall(encode(["WAITAOF", 0, 1, 0]))
            wait_until(lambda: self.server.info("clients")["blocked_clients"] == "1", 5, "the wait")
            self.assertEqual(self.admin.call("CLIENT", "UNBLOCK", number, "ERROR"), 1)
            self.assertTrue(client.read().startswith(b"UNBLOCKED"))
            client.sock.sendall(encode(["WAIT", 1, 0]))
            wait_until(lambda: self.server.info("clients")["blocked_clients"] == "1", 5, "the wait")
            self.assertEqual(self.admin.call("CLIENT", "UNBLOCK", number), 1)
            self.assertEqual(client.read(), 0)
            self.assertEqual(client.call("PING"), b"PONG")

    def test_inside_multi_and_with_nothing_to_wait_for(self):
        self.begin(ALWAYS)
        with self.server.client() as client:
            client.must("SET", "k", "v")
            self.assertEqual(client.call("WAITAOF", 1, 0, 0), [1, 0])
            self.assertEqual(client.call("WAIT", 0, 0), 0)
            began = time.monotonic()
            self.assertEqual(client.call("WAIT", 1, 150), 0)
            self.assertGreater(time.monotonic() - began, 0.1)
            client.must("MULTI")
            client.must("SET", "k", "w")
            client.must("WAITAOF", 0, 3, 0)
            client.must("WAIT", 3, 0)
            self.assertEqual(client.call("EXEC"), [b"OK", [0, 0], 0])

    def test_errors(self):
        self.begin(["--appendonly", "no"])
        with self.server.client() as client:
            self.assertEqual(
                client.call("WAITAOF", 1, 0, 0),
                b"ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.",
            )
            for args in ((2, 0, 0), (0, -1, 0), (0, 0, -1), ("x", 0, 0)):
                self.assertIsInstance(client.call("WAITAOF", *args), Error, args)
            self.assertEqual(client.call("WAITAOF", 0, 0, 0), [0, 0])


class Descriptors(DiskTroubleTest):
    def test_rotation_without_descriptors_is_tried_again(self):
        self.begin(EVERYSEC)
        key, other = keys_of(1, 2)
        pid = self.server.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        value = "x" * (1 << 20)
        with self.server.client() as client:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (self.server.open_files(), before[1]))
            for _ in range(70):  # more than a file takes
                client.must("SET", key, value)
            wait_until(lambda: "no new log file" in self.server.log_text(), 20, "the failure")
            began, tries = time.monotonic(), self.server.log_text().count("no new log file")
            wait_until(lambda: self.server.log_text().count("no new log file") > tries, 10, "a second try")
            tries = self.server.log_text().count("no new log file") - tries
            self.assertLessEqual(tries, time.monotonic() - began + 2)  # once a second
            self.assertEqual(client.call("SET", other, "goes on"), b"OK")
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
            pattern = os.path.join(self.server.dir, "appendonlydir", "*shard-1.incr.aof")
            client.must("SET", other, "more")
            wait_until(lambda: len(glob.glob(pattern)) > 1, 10, "the next file")


if __name__ == "__main__":
    main()
