#!/usr/bin/env python3
"""Clients that wait in blocking pops, over shards. The same script must end as on Redis."""

import os
import sys
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import ServerTest, main, wait_until
from resp_client import Error, encode


class Blocking(ServerTest):
    def setUp(self):
        self.server = self.start()

    def blocked(self, *command):
        """A client that is waiting in this command."""
        client = self.server.client()
        self.addCleanup(client.close)
        before = self.blocked_clients()
        client.send(encode(command))
        wait_until(lambda: self.blocked_clients() > before, what="%r to block" % (command,))
        return client

    def blocked_clients(self):
        return int(self.server.info("clients")["blocked_clients"])

    def test_pop_is_served_by_a_push(self):
        waiting = self.blocked("BLPOP", "a", "b", "c", 0)
        self.server.call("RPUSH", "b", "x", "y")
        self.assertEqual(waiting.read(), [b"b", b"x"])
        self.assertEqual(self.server.call("LRANGE", "b", 0, -1), [b"y"])
        self.assertEqual(self.blocked_clients(), 0)

    def test_first_come_first_served(self):
        waiting = [self.blocked("BLPOP", "a", "other:%d" % i, 0) for i in range(5)]
        for i in range(5):
            self.server.call("RPUSH", "a", i)
        self.assertEqual(
            [client.read() for client in waiting], [[b"a", b"%d" % i] for i in range(5)]
        )

    def test_one_push_serves_several(self):
        waiting = [self.blocked("BRPOP", "a", 0) for _ in range(3)]
        self.assertEqual(self.server.call("RPUSH", "a", 1, 2, 3, 4), 4)
        self.assertEqual([client.read()[1] for client in waiting], [b"4", b"3", b"2"])
        self.assertEqual(self.server.call("LRANGE", "a", 0, -1), [b"1"])

    def test_timeout(self):
        client = self.server.client()
        self.addCleanup(client.close)
        for command in (
            ("BLPOP", "a", "0.1"),
            ("BRPOPLPUSH", "a", "b", "0.1"),
            ("BLMOVE", "a", "b", "LEFT", "LEFT", "0.1"),
            ("BZPOPMIN", "a", "b", "0.1"),
            ("BLMPOP", "0.1", 2, "a", "b", "LEFT"),
            ("BZMPOP", "0.1", 1, "a", "MIN"),
        ):
            began = time.monotonic()
            self.assertIsNone(client.call(*command), command)
            self.assertGreaterEqual(time.monotonic() - began, 0.09)
            self.assertLess(time.monotonic() - began, 5.0)

    def test_sorted_sets(self):
        waiting = self.blocked("BZPOPMAX", "z1", "z2", "z3", 0)
        self.server.call("ZADD", "z3", 1, "low", 2, "high")
        self.assertEqual(waiting.read(), [b"z3", b"high", b"2"])
        waiting = self.blocked("BZMPOP", 0, 2, "z1", "z2", "MIN", "COUNT", 2)
        self.server.call("ZADD", "z2", 1, "a", 2, "b", 3, "c")
        self.assertEqual(waiting.read(), [b"z2", [[b"a", b"1"], [b"b", b"2"]]])

    def test_move_between_shards(self):
        waiting = self.blocked("BLMOVE", "source", "target", "LEFT", "RIGHT", 0)
        self.server.call("RPUSH", "source", "x")
        self.assertEqual(waiting.read(), b"x")
        self.assertEqual(self.server.call("LRANGE", "target", 0, -1), [b"x"])
        self.assertEqual(self.server.call("EXISTS", "source"), 0)

    def test_chain_of_moves(self):
        last = self.blocked("BLPOP", "c", 0)
        second = self.blocked("BRPOPLPUSH", "b", "c", 0)
        first = self.blocked("BRPOPLPUSH", "a", "b", 0)
        self.server.call("LPUSH", "a", "x")
        self.assertEqual([first.read(), second.read(), last.read()], [b"x", b"x", [b"c", b"x"]])

    def test_woken_by_other_ways(self):
        for commands in (
            [("RPUSH", "{k}tmp", "v"), ("RENAME", "{k}tmp", "k1")],
            [("RPUSH", "k", "v"), ("COPY", "k", "k1")],
            [("RPUSH", "k", "v"), ("LMOVE", "k", "k1", "LEFT", "LEFT")],
            [("MULTI",), ("RPUSH", "k1", "v"), ("SET", "x", "1"), ("EXEC",)],
            [("RPUSH", "k", "v"), ("SORT", "k", "ALPHA", "STORE", "k1")],
        ):
            self.server.call("FLUSHALL")
            waiting = self.blocked("BLPOP", "k1", 0)
            with self.server.client() as client:
                for command, reply in zip(commands, client.pipeline(commands)):
                    self.assertNotIsInstance(reply, Error, command)
            self.assertEqual(waiting.read(), [b"k1", b"v"], commands)

    def test_wrong_type_does_not_wake(self):
        waiting = self.blocked("BLPOP", "k", 0)
        self.server.call("SET", "k", "v")
        self.assertEqual(self.blocked_clients(), 1)
        self.server.call("DEL", "k")
        self.server.call("RPUSH", "k", "v")
        self.assertEqual(waiting.read(), [b"k", b"v"])

    def test_never_blocks_inside_exec(self):
        with self.server.client() as client:
            replies = client.pipeline(
                [("MULTI",), ("BLPOP", "a", 0), ("BZPOPMIN", "z", 0), ("EXEC",)]
            )
            self.assertEqual(replies[-1], [None, None])

    def test_a_client_that_leaves_takes_nothing(self):
        waiting = self.blocked("BLPOP", "a", 0)
        waiting.close()
        wait_until(lambda: self.blocked_clients() == 0, what="the client's end")
        self.server.call("RPUSH", "a", "x")
        self.assertEqual(self.server.call("LLEN", "a"), 1)

    def test_commands_behind_a_blocked_one_wait(self):
        waiting = self.blocked("BLPOP", "a", 0)
        waiting.send(encode(("SET", "later", "1")) + encode(("PING",)))
        time.sleep(0.05)
        self.assertEqual(self.server.call("EXISTS", "later"), 0)
        self.server.call("RPUSH", "a", "x")
        self.assertEqual([waiting.read() for _ in range(3)], [[b"a", b"x"], b"OK", b"PONG"])

    def test_unblock(self):
        client = self.server.client()
        self.addCleanup(client.close)
        number = client.must("CLIENT", "ID")
        for mode, expected in (
            (None, None),
            ("ERROR", Error(b"UNBLOCKED client unblocked via CLIENT UNBLOCK")),
        ):
            client.send(encode(("BLPOP", "a", 0)))
            wait_until(lambda: self.blocked_clients() == 1, what="BLPOP to block")
            words = ["CLIENT", "UNBLOCK", number] + ([mode] if mode else [])
            self.assertEqual(self.server.call(*words), 1)
            self.assertEqual(client.read(), expected)

    def test_waiters_on_several_shards_are_served_once_and_in_order(self):
        """Each of many clients waits for the same keys, which lie on different shards; as many
        elements are pushed as there are clients, and everybody gets one, in the order they came.
        """
        keys = ["key:%d" % i for i in range(4)]
        waiting = [self.blocked("BLPOP", *keys, 0) for _ in range(12)]
        with self.server.client() as pusher:
            for number in range(12):
                pusher.must("RPUSH", keys[number % 4], number)
        got = [client.read() for client in waiting]
        self.assertEqual(got, [[keys[i % 4].encode(), b"%d" % i] for i in range(12)])
        self.assertEqual(self.server.call("EXISTS", *keys), 0)
        self.assertEqual(self.blocked_clients(), 0)

    def test_who_waits_for_a_move_to_another_shard_is_not_overtaken(self):
        move = self.blocked("BLMOVE", "source", "target", "LEFT", "RIGHT", 0)
        pop = self.blocked("BLPOP", "source", 0)
        self.server.call("RPUSH", "source", "first")
        self.assertEqual(move.read(), b"first")
        self.server.call("RPUSH", "source", "second")
        self.assertEqual(pop.read(), [b"source", b"second"])
        self.assertEqual(self.server.call("LRANGE", "target", 0, -1), [b"first"])

    def test_a_move_that_was_given_up_lets_those_behind_it_go_on(self):
        for _ in range(20):
            move = self.blocked("BLMOVE", "source", "target", "LEFT", "RIGHT", 0)
            pop = self.blocked("BLPOP", "source", 0)
            # Both may come first: the move's end or its element.
            move.close()
            self.server.call("RPUSH", "source", "x")
            wait_until(lambda: self.server.call("EXISTS", "source") == 0, what="a taker")
            if self.server.call("LLEN", "target") == 0:
                self.assertEqual(pop.read(), [b"source", b"x"])
            else:
                self.server.call("RPUSH", "source", "x")
                self.assertEqual(pop.read(), [b"source", b"x"])
            self.server.call("DEL", "target")
            pop.close()
            wait_until(lambda: self.blocked_clients() == 0, what="everybody's end")

    def test_clients_that_leave_in_the_middle_of_it(self):
        """Hang up while blocked, at once after the request, and behind a pipeline."""
        for number in range(30):
            clients = [self.server.client() for _ in range(8)]
            for i, client in enumerate(clients):
                client.send(encode(("BLPOP", "a", "b:%d" % i, "c", 0)))
                if number % 3 == 1:
                    client.send(encode(("SET", "x", "1")) * 3)
            if number % 2 == 0:
                self.server.call("RPUSH", "b:%d" % (number % 8), "x")
            for client in clients:
                client.close()
        wait_until(lambda: self.blocked_clients() == 0, what="everybody's end")
        self.assertEqual(self.server.call("RPUSH", "a", "y"), 1)

    def test_blocked_clients_do_not_stop_the_server(self):
        waiting = [self.blocked("BLPOP", "a", 0) for _ in range(10)]
        self.assertEqual(self.server.terminate(), 0)
        for client in waiting:
            self.assertTrue(client.closed_by_server())


if __name__ == "__main__":
    main()
