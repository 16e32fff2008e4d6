#!/usr/bin/env python3
"""Many clients, slow clients, greedy clients, no clients."""

import binascii
import os
import sys
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import ServerTest, main, wait_until
from resp_client import Client, Disconnected, Error, encode
from swarm import Swarm

MB = 1 << 20


def resident_bytes(server):
    with open("/proc/%d/statm" % server.process.pid) as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Many(ServerTest):
    def test_a_thousand_at_once(self):
        server = self.start()
        files_before = server.open_files()
        with Swarm(server.port) as swarm:
            for i in range(1000):
                commands = [
                    ("SET", "key:%d" % i, i),
                    ("GET", "key:%d" % i),
                    ("INCR", "all"),
                    ("PING",),
                ]
                swarm.add(b"".join(map(encode, commands)), len(commands))
            self.assertFalse(swarm.run(), "clients without an answer")
            for i, member in enumerate(swarm.members):
                self.assertEqual(member.replies[:2], [b"OK", b"%d" % i])
            self.assertEqual(sorted(m.replies[2] for m in swarm.members), list(range(1, 1001)))
            self.assertGreaterEqual(int(server.info("clients")["connected_clients"]), 1000)
        wait_until(
            lambda: int(server.info("clients")["connected_clients"]) <= 2, what="the clients' end"
        )
        wait_until(lambda: server.open_files() <= files_before + 2, what="the sockets' end")

    def test_coming_and_going(self):
        server = self.start()
        files_before = server.open_files()
        for i in range(2000):
            with server.client() as client:
                if i % 3:
                    self.assertEqual(client.call("PING"), b"PONG")
        wait_until(lambda: server.open_files() <= files_before + 2, what="the sockets' end")

    def test_maxclients(self):
        server = self.start(args=["--maxclients", "20"])
        self.assertEqual(server.call("CONFIG", "GET", "maxclients"), [b"maxclients", b"20"])
        wait_until(lambda: int(server.info("clients")["connected_clients"]) == 1, what="one client")
        clients = []
        try:
            for _ in range(20):
                clients.append(server.client())
                self.assertEqual(clients[-1].call("PING"), b"PONG")
            with server.client() as one_more:
                try:
                    reply = one_more.call("PING")
                    self.assertEqual(reply, Error(b"ERR max number of clients reached"))
                except ConnectionError:
                    pass  # Reset because of the unread PING: as with Redis, a matter of timing.
                self.assertTrue(one_more.closed_by_server())
            self.assertEqual(clients[0].call("PING"), b"PONG")
            clients.pop().close()

            def accepted():
                try:
                    with server.client() as client:
                        return client.call("PING") == b"PONG"
                except (ConnectionError, Disconnected):
                    return False

            wait_until(accepted, what="a free place")
        finally:
            for client in clients:
                client.close()


class Greedy(ServerTest):
    def test_large_pipelined_values_from_all_sides(self):
        """More bytes in flight than the server has receive buffers: all are answered."""
        server = self.start()
        value = b"v" * 65536
        with Swarm(server.port) as swarm:
            for i in range(100):
                payload = b"".join(
                    encode(("SET", "key:%d:%d" % (i, j % 3), value)) for j in range(30)
                )
                swarm.add(payload + encode(("STRLEN", "key:%d:0" % i)), 31)
            self.assertFalse(swarm.run(within_s=90), "clients without an answer")
            for member in swarm.members:
                self.assertFalse(member.closed)
                self.assertEqual(member.replies, [b"OK"] * 30 + [len(value)])
        self.assertEqual(server.call("DBSIZE"), 300)

    def test_large_answers_to_all_sides(self):
        server = self.start()
        value = b"v" * 200000
        server.call("SET", "big", value)
        with Swarm(server.port) as swarm:
            for _ in range(50):
                swarm.add(encode(("GET", "big")) * 20, 20)
            self.assertFalse(swarm.run(within_s=90), "clients without an answer")
            for member in swarm.members:
                self.assertEqual(set(map(len, member.replies)), {len(value)})

    def test_a_client_that_never_reads(self):
        server = self.start()
        count = 300
        server.call("SET", "big", b"x" * MB)
        before = resident_bytes(server)
        with server.client(timeout=60) as greedy, server.client() as other:
            greedy.sock.sendall(encode(("GET", "big")) * count + encode(("INCR", "done")))
            slowest = 0.0
            deadline = time.monotonic() + 2.0
            while time.monotonic() < deadline:
                began = time.monotonic()
                self.assertEqual(other.call("PING"), b"PONG")
                self.assertEqual(other.call("STRLEN", "big"), MB)
                slowest = max(slowest, time.monotonic() - began)
            self.assertLess(slowest, 3.0, "others wait for a client that does not read")
            if server.basalt:
                grown = resident_bytes(server) - before
                self.assertLess(grown, 150 * MB, "%d MB are kept for one client" % (grown // MB))
            replies = greedy.read_raw(count + 1)
            self.assertEqual(set(map(len, replies[:-1])), {MB + len(b"$1048576\r\n\r\n")})
            self.assertEqual(replies[-1], b":1\r\n")

    def test_a_client_that_sends_without_reading(self):
        """Small commands for ever: sooner or later the server stops reading from it, not from
        others.
        """
        server = self.start()
        payload = encode(("ECHO", "x" * 1000)) * 1000
        with server.client(timeout=2) as greedy, server.client() as other:
            greedy.sock.setblocking(False)
            sent = 0
            deadline = time.monotonic() + 2.0
            while time.monotonic() < deadline and sent < 64 * MB:
                try:
                    sent += greedy.sock.send(payload)
                except BlockingIOError:
                    time.sleep(0.005)
                self.assertEqual(other.call("PING"), b"PONG")
        self.assertTrue(server.running())

    def room(self, server):
        clients = server.call("CLIENT", "LIST").decode().splitlines()
        return [
            int(dict(p.split("=", 1) for p in line.split()).get("qbuf-free", 0)) for line in clients
        ]

    def test_room_of_large_commands_is_bounded_and_given_back(self):
        server = self.start(args=["--shards", "1"])
        with Swarm(server.port) as swarm:
            for i in range(100):
                swarm.add(encode(("SET", "key:%d" % i, b"v" * MB)), 1)
            self.assertFalse(swarm.run(within_s=60), "clients without an answer")
            kept = self.room(server)
            self.assertGreater(max(kept), MB // 2, "a large buffer is not kept at all")
            self.assertLess(sum(kept), 66 * MB)
            # The connections live on, idle.
            wait_until(
                lambda: sum(self.room(server)) < MB, within_s=10, what="the memory of idle clients"
            )
            self.assertEqual(server.call("STRLEN", "key:99"), MB)


class Pipelines(ServerTest):
    """Of a connection whose shard owns one half of its keys and another shard the other half."""

    ROUNDS = 100
    BUSY = "for i = 1, 2e8 do end return redis.call('GET', KEYS[1])"

    def begin(self):
        server = self.start(shards=2, core_ports=True)
        keys = {}
        for i in range(64):
            key = b"key:%d" % i
            keys.setdefault(binascii.crc_hqx(key, 0) % 16384 * 2 // 16384, key)  # by its shard
        for key in keys.values():
            server.call("SET", key, "v")
        return server, keys[0], keys[1]

    def test_answers_of_both_shards_leave_with_one_send(self):
        server, near, far = self.begin()
        batch = b"".join(encode(("GET", key)) for key in (near, far) * 8)
        sends = []
        with Client(server.shard_port_base) as client:
            for _ in range(10):  # another load on the machine may make the other shard late
                before = int(server.info("stats")["total_writes_processed"])
                for _ in range(self.ROUNDS):
                    client.send(batch)
                    self.assertEqual([client.read() for _ in range(16)], [b"v"] * 16)
                after = int(server.info("stats")["total_writes_processed"])
                sends.append((after - before) / self.ROUNDS)
                if sends[-1] < 1.8:  # 2.0 when each half leaves by itself
                    return
        self.fail("sends for each pipeline: %s" % sends)

    def test_answers_do_not_wait_for_a_busy_shard(self):
        server, near, far = self.begin()
        with Client(server.shard_port_base) as client, Client(server.shard_port_base + 1) as other:
            for _ in range(5):  # until the script was there first
                other.send(encode(("EVAL", self.BUSY, 1, far)))
                client.send(encode(("GET", near)) + encode(("GET", far)))
                sent = time.monotonic()
                client.read()
                first_s = time.monotonic() - sent
                client.read()
                second_s = time.monotonic() - sent
                self.assertEqual(other.read(), b"v")
                if second_s > 0.5:
                    return self.assertLess(first_s, 0.3)
        self.fail("no script came before a GET")


class Idle(ServerTest):
    def test_what_an_idle_client_costs(self):
        server = self.start()
        count = 3000
        before = int(server.info("memory")["used_memory"])
        with Swarm(server.port) as swarm:
            for _ in range(count):
                swarm.add(encode(("PING",)), 1)
            self.assertFalse(swarm.run(), "clients without an answer")
            grown = int(server.info("memory")["used_memory"]) - before
            self.assertLess(grown / count, 2048, "bytes per idle client")
            self.check(server)

    def check(self, server):
        # What start and the last requests left to do is over after a moment.
        wait_until(lambda: self.cpu_over(server, 0.3) < 0.02, what="quiet")
        used = self.cpu_over(server, 3.0)
        self.assertLessEqual(used, 0.03, "%.1f %% of a core while idle" % (used / 3.0 * 100))

    def cpu_over(self, server, span_s):
        before = server.cpu_seconds()
        time.sleep(span_s)
        return server.cpu_seconds() - before

    def test_with_half_a_command(self):
        server = self.start()
        payload = encode(("SET", "key", "v" * 1000))
        with server.client() as client, server.client() as starter:
            starter.send(payload[:5])  # all of it still in its first piece
            for piece in (payload[:20], payload[20:500]):
                client.send(piece)
                self.check(server)
            client.send(payload[500:])
            self.assertEqual(client.read(), b"OK")

    def test_without_clients(self):
        self.check(self.start())

    def test_with_idle_clients_and_log(self):
        server = self.start(args=["--appendonly", "yes", "--appendfsync", "everysec"])
        clients = [server.client() for _ in range(100)]
        for i, client in enumerate(clients):
            client.must("SET", "key:%d" % i, "v")
            client.must("SET", "volatile:%d" % i, "v", "EX", 1000)
        self.check(server)
        for client in clients:
            self.assertEqual(client.call("PING"), b"PONG")
            client.close()


if __name__ == "__main__":
    main()
