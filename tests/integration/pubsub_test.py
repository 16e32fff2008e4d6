#!/usr/bin/env python3
"""Publish and subscribe. The same script must end as on Redis."""

import os
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import ServerTest, main, wait_until
from resp_client import Push, encode


class PublishSubscribe(ServerTest):
    def setUp(self):
        self.server = self.start()
        self.clients = []

    def subscriber(self, *command, resp=2):
        client = self.server.client(resp=resp)
        self.addCleanup(client.close)
        client.send(encode(command))
        for name in command[1:]:
            self.assertEqual(client.read()[1], name.encode())
        return client

    def test_every_subscriber_gets_every_message_in_order(self):
        subscribers = [self.subscriber("SUBSCRIBE", "news") for _ in range(20)]
        with self.server.client() as publisher:
            for i in range(200):
                self.assertEqual(publisher.call("PUBLISH", "news", i), 20)
        for client in subscribers:
            got = [client.read() for _ in range(200)]
            self.assertEqual(got, [[b"message", b"news", b"%d" % i] for i in range(200)])

    def test_patterns(self):
        client = self.subscriber("PSUBSCRIBE", "n*", "x?")
        self.assertEqual(self.server.call("PUBLISH", "news", "a"), 1)
        self.assertEqual(self.server.call("PUBLISH", "xy", "b"), 1)
        self.assertEqual(self.server.call("PUBLISH", "other", "c"), 0)
        self.assertEqual(client.read(), [b"pmessage", b"n*", b"news", b"a"])
        self.assertEqual(client.read(), [b"pmessage", b"x?", b"xy", b"b"])

    def test_resp3_push(self):
        client = self.subscriber("SUBSCRIBE", "news", resp=3)
        self.server.call("PUBLISH", "news", "a")
        message = client.read()
        self.assertIsInstance(message, Push)
        self.assertEqual(list(message), [b"message", b"news", b"a"])
        self.assertEqual(client.call("PING"), b"PONG")

    def test_introspection(self):
        self.subscriber("SUBSCRIBE", "a", "b")
        self.subscriber("SUBSCRIBE", "b")
        self.subscriber("PSUBSCRIBE", "p*")
        self.assertEqual(sorted(self.server.call("PUBSUB", "CHANNELS")), [b"a", b"b"])
        self.assertEqual(
            self.server.call("PUBSUB", "NUMSUB", "a", "b", "c"), [b"a", 1, b"b", 2, b"c", 0]
        )
        self.assertEqual(self.server.call("PUBSUB", "NUMPAT"), 1)

    def test_subscribed_clients_may_do_little(self):
        client = self.subscriber("SUBSCRIBE", "a")
        self.assertRegex(client.call("GET", "x").decode(), r"^ERR Can't execute 'get'")
        self.assertEqual(client.call("PING"), [b"pong", b""])
        self.assertEqual(client.call("UNSUBSCRIBE"), [b"unsubscribe", b"a", 0])
        self.assertIsNone(client.call("GET", "x"))

    def test_leaving(self):
        client = self.subscriber("SUBSCRIBE", "a")
        client.close()
        wait_until(lambda: self.server.call("PUBLISH", "a", "x") == 0, what="the subscriber's end")


if __name__ == "__main__":
    main()
