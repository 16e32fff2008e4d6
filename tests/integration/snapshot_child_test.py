#!/usr/bin/env python3
"""The forked child that writes a snapshot or a rewrite: what it must not keep, where it may run, and what is left when it
dies, hangs, is cancelled or meets a limit of the process.
"""

import glob
import os
import re
import resource
import signal
import sys
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import main, wait_until
from one_server import SHARDS, OneServerTest
from resp_client import Error


class SnapshotChild(OneServerTest):
    def fill(self):
        with self.server.client() as client:
            for i in range(300):
                client.must("SET", "key:%d" % i, os.urandom(3000).hex())

    def rdb_files(self):
        return sorted(os.path.basename(f) for f in glob.glob(os.path.join(self.server.dir, "dump*")))

    def wait_over(self):
        wait_until(lambda: self.persistence()["rdb_bgsave_in_progress"] == "0", 20, "the end")

    def begin_slow_save(self):
        self.admin.must("CONFIG", "SET", "rdb-save-rate-limit", "100kb")
        self.admin.must("BGSAVE")
        return wait_until(self.child, 5, "the child")

    def child(self):
        found = re.findall(r"Background saving started by pid (\d+)", self.server.log_text())
        return int(found[-1]) if found and len(found) > self.saves else None

    def prepare(self, shards=SHARDS):
        self.saves = 0
        self.begin(["--appendonly", "no"], shards)
        self.fill()
        self.assertEqual(self.server.call("SAVE"), b"OK")
        self.stands = self.rdb_files()

    def check_old_stands(self, reason):
        self.wait_over()
        self.assertEqual(self.rdb_files(), self.stands)
        self.assertIn(reason, self.server.log_text())
        self.server.kill()
        self.server.start()
        self.assertEqual(self.server.call("DBSIZE"), 300)

    def test_child_holds_no_connection_open(self):
        self.prepare()
        client = self.client()
        number = client.call("CLIENT", "ID")
        self.begin_slow_save()
        self.assertEqual(self.admin.call("CLIENT", "KILL", "ID", number), 1)
        client.sock.settimeout(5)  # the child is at work for three times as long
        self.assertEqual(client.sock.recv(1), b"")

    def test_child_may_run_on_every_core(self):
        def cores(pid):
            with open("/proc/%d/status" % pid) as status:
                return re.search(r"^Cpus_allowed_list:\s*(.*)$", status.read(), re.M)[1]

        self.prepare(shards=1)  # no more than cores: each has one of its own
        child = self.begin_slow_save()
        server = self.server.process.pid
        wait_until(lambda: cores(child) == cores(server), 5, "the child to leave its shard's core")

    def test_child_that_is_killed(self):
        self.prepare()
        os.kill(self.begin_slow_save(), signal.SIGKILL)
        wait_until(lambda: self.persistence()["rdb_last_bgsave_status"] == "err", 10, "the error")
        self.check_old_stands("ended by signal 9")

    def test_child_that_hangs_is_ended(self):
        self.prepare()
        self.admin.must("CONFIG", "SET", "rdb-save-timeout", "1")
        os.kill(self.begin_slow_save(), signal.SIGSTOP)
        wait_until(lambda: self.persistence()["rdb_last_bgsave_status"] == "err", 10, "the error")
        self.check_old_stands("made no progress for 1 seconds")

    def test_child_that_is_cancelled(self):
        self.prepare()
        self.begin_slow_save()
        wait_until(lambda: int(self.persistence()["current_cow_size"]) > 0, 5, "current_cow_size")
        self.assertEqual(self.admin.call("BGSAVE", "CANCEL"), b"Background saving cancelled")
        self.wait_over()
        self.assertEqual(self.persistence()["rdb_last_bgsave_status"], "ok")
        self.assertIsInstance(self.admin.call("BGSAVE", "CANCEL"), Error)
        self.check_old_stands("cancelled")

    def test_child_whose_files_grow_too_large(self):
        self.prepare()
        pid = self.server.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (200 << 10, before[1]))
        self.admin.must("BGSAVE")
        wait_until(lambda: self.persistence()["rdb_last_bgsave_status"] == "err", 10, "the error")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        self.check_old_stands("File too large")

    def test_shutdown_does_not_wait_for_a_slow_child(self):
        self.prepare()
        self.begin_slow_save()
        self.assertEqual(self.server.terminate(within_s=10), 0)

    def fail_to_shut_down(self):
        pid = self.server.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (200 << 10, before[1]))
        reply = self.admin.call("SHUTDOWN", "SAVE")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        self.assertEqual(reply, b"ERR Errors trying to SHUTDOWN. Check logs.")
        self.admin.must("CONFIG", "SET", "rdb-save-rate-limit", "0")

    def test_shutdown_that_fails_leaves_no_save_under_way(self):
        self.prepare()
        self.begin_slow_save()
        self.fail_to_shut_down()
        self.wait_over()
        self.assertEqual(self.admin.call("BGSAVE"), b"Background saving started")
        self.wait_over()
        self.assertEqual(self.persistence()["rdb_last_bgsave_status"], "ok")

    def test_shutdown_that_fails_leaves_no_rewrite_under_way(self):
        self.begin(["--appendonly", "yes", "--appendfsync", "everysec"])
        self.fill()
        self.admin.must("CONFIG", "SET", "rdb-save-rate-limit", "100kb")
        self.admin.must("BGREWRITEAOF")
        wait_until(lambda: "Log rewrite started" in self.server.log_text(), 10, "the child")
        self.fail_to_shut_down()
        over = lambda: self.persistence()["aof_rewrite_in_progress"] == "0"
        wait_until(over, 10, "the end")
        rewrites = int(self.persistence()["aof_rewrites"])
        self.admin.must("BGREWRITEAOF")
        wait_until(lambda: int(self.persistence()["aof_rewrites"]) > rewrites, 20, "a rewrite")

    def test_rewrite_that_fails_is_not_tried_again_at_once(self):
        self.begin(["--appendonly", "yes", "--appendfsync", "everysec"])
        self.fill()
        pid = self.server.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        self.admin.must("CONFIG", "SET", "auto-aof-rewrite-min-size", "1")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (200 << 10, before[1]))
        time.sleep(3)
        self.assertLess(self.server.log_text().count("Log rewrite started"), 5)
        self.assertEqual(glob.glob(os.path.join(self.server.dir, "appendonlydir", "*.tmp")), [])


if __name__ == "__main__":
    main()
