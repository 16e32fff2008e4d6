#!/usr/bin/env python3
"""Connections move to the shard that their commands go to, and nothing is lost, doubled or out of
order by it.
"""

import os
import random
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import ServerTest, main, wait_until
from resp_client import Client, encode
from swarm import Swarm

SHARDS = 4
AFTER = 16


class Moves(ServerTest):
    def start_eager(self, *args, **options):
        more = ["--move-connections-after", str(AFTER)] + list(args)
        return self.start(shards=SHARDS, args=more, **options)

    def shard_of(self, client):
        info = client.call("CLIENT", "INFO").decode()
        return int(dict(p.split("=", 1) for p in info.split())["shard"])

    def moved(self, server):
        return int(server.info("stats")["moved_connections"])

    def hops(self, server):
        return int(server.info("stats")["hops_sent"])

    def key_elsewhere(self, server, client):
        """A key of another shard than the client's: the one whose use costs a hop."""
        for i in range(1000):
            before = self.hops(server)
            client.call("GET", "key:%d" % i)
            if self.hops(server) > before:
                return "key:%d" % i
        self.fail("all keys live on one shard")

    def go_to(self, client, key):
        for _ in range(AFTER + 8):
            client.call("GET", key)

    def test_a_client_moves_to_its_key_and_hops_no_more(self):
        server = self.start_eager()
        with server.client() as client:
            key = self.key_elsewhere(server, client)
            at_first = self.shard_of(client)
            self.go_to(client, key)
            wait_until(lambda: self.moved(server) == 1, what="the move")
            self.assertNotEqual(self.shard_of(client), at_first)
            before = self.hops(server)
            for i in range(100):
                self.assertEqual(client.call("INCR", key), i + 1)
            self.assertEqual(self.hops(server), before)
            wait_until(
                lambda: int(server.info("clients")["connected_clients"]) == 2, what="two clients"
            )

    def test_never_when_told_so_and_never_from_a_port_of_a_core(self):
        server = self.start_eager(core_ports=True)
        server.call("CONFIG", "SET", "move-connections-after", 0)
        with server.client() as client:
            self.go_to(client, self.key_elsewhere(server, client))
        server.call("CONFIG", "SET", "move-connections-after", AFTER)
        for shard in range(SHARDS):
            with Client(server.shard_port_base + shard) as client:
                self.assertEqual(self.shard_of(client), shard)
                self.go_to(client, self.key_elsewhere(server, client))
                self.assertEqual(self.shard_of(client), shard)
        self.assertEqual(self.moved(server), 0)

    def test_not_in_the_middle_of_something(self):
        server = self.start_eager()
        with server.client() as client:
            key = self.key_elsewhere(server, client)
            shard = self.shard_of(client)
            client.call("WATCH", "other")
            self.go_to(client, key)
            client.call("MULTI")
            client.call("INCR", "counter")
            client.call("GET", key)
            self.assertEqual(self.moved(server), 0)
            self.assertEqual(client.call("EXEC"), [1, None])
            # Now it may, and it keeps what belongs to the connection.
            client.call("SELECT", 3)
            client.call("CLIENT", "SETNAME", "traveller")
            self.go_to(client, key)
            wait_until(lambda: self.moved(server) == 1, what="the move")
            self.assertNotEqual(self.shard_of(client), shard)
            self.assertEqual(client.call("CLIENT", "GETNAME"), b"traveller")
            client.call("SET", key, "in three")
            client.call("SELECT", 0)
            self.assertIsNone(client.call("GET", key))

    def test_pipelines_of_travellers(self):
        """Each client counts in one key after the other: every reply is the next number."""
        server = self.start_eager()
        rng = random.Random(5)
        count = 40
        with Swarm(server.port) as swarm:
            expected = []
            for i in range(count):
                payload, replies = [], []
                for run in range(12):
                    key = "run:%d:%d" % (i, run)
                    for j in range(rng.randrange(AFTER, 4 * AFTER)):
                        payload.append(encode(("INCR", key)))
                        replies.append(j + 1)
                expected.append(replies)
                swarm.add(b"".join(payload), len(replies))
            self.assertFalse(swarm.run(within_s=60), "clients without an answer")
            for member, replies in zip(swarm.members, expected):
                self.assertEqual(member.replies, replies)

    def test_one_at_a_time_from_key_to_key(self):
        server = self.start_eager("--appendonly", "yes", "--appendfsync", "always")
        with server.client() as client:
            for run in range(24):
                for j in range(AFTER + 4):
                    self.assertEqual(client.call("INCR", "run:%d" % run), j + 1)
            self.assertGreater(self.moved(server), 6)
        files = server.open_files()
        self.assertEqual(server.call("DBSIZE"), 24)
        server.kill()
        server.start()
        self.assertEqual(server.call("GET", "run:23"), b"%d" % (AFTER + 4))
        self.assertGreaterEqual(files, SHARDS)

    def test_leaving_while_moving(self):
        server = self.start_eager()
        with server.client() as client:
            keys = ["key:%d" % i for i in range(8)]
            for key in keys:
                client.call("SET", key, "v")
        files = server.open_files()
        for i in range(400):
            client = server.client()
            key = keys[i % len(keys)]
            client.send(encode(("GET", key)) * (AFTER + 1 + i % 5))
            if i % 2:
                client.read_raw(AFTER)
            client.close()
        wait_until(
            lambda: int(server.info("clients")["connected_clients"]) == 1, what="the clients' end"
        )
        wait_until(lambda: server.open_files() <= files + 1, what="the sockets' end")

    def test_client_kill_finds_a_traveller(self):
        server = self.start_eager()
        with server.client() as client:
            number = client.call("CLIENT", "ID")
            key = self.key_elsewhere(server, client)
            self.go_to(client, key)
            wait_until(lambda: self.moved(server) == 1, what="the move")
            self.assertEqual(client.call("CLIENT", "ID"), number)
            self.assertEqual(server.call("CLIENT", "KILL", "ID", number), 1)
            self.assertTrue(client.closed_by_server())


if __name__ == "__main__":
    main()
