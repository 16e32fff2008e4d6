#!/usr/bin/env python3
"""The wire: garbage, torn packets, long pipelines, large values. What can be compared is compared
with Redis.
"""

import os
import random
import socket
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import Options, ServerTest, main
from resp_client import Error, encode

GARBAGE = [
    b"*abc\r\n",
    b"*1\r\n$abc\r\nx\r\n",
    b"*1\r\n#5\r\n",
    b"*1\r\n4\r\nPING\r\n",
    b"*1048577\r\n",
    b"*2147483648\r\n",
    b"*1\r\n$-5\r\nx\r\n",
    b"*1\r\n$536870913\r\n",
    b"*1\r\n$99999999999999999999\r\n",
    b"*2\r\n$3\r\nGET\r\n$x\r\n",
    b"x" * 70000,
    b"*" + b"1" * 70000,
    b'SET key "unbalanced\r\n',
    b"SET key 'unbalanced\r\n",
    b"POST / HTTP/1.1\r\nHost: example\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: example\r\n\r\n",
    b"\x16\x03\x01\x02\xfc\x03\x03\r\n",  # no NUL: it makes redis wait for more, here it is a byte like any
    b"*1\r\n$4\r\nPING\r\n*x\r\n*1\r\n$4\r\nPING\r\n",
    b"PING\r\n*1\r\n$4\r\nPING\r\n*1\r\n$a\r\n",
]

HARMLESS = [
    b"\r\n",
    b"\r\n\r\nPING\r\n",
    b"PING\n",
    b"*0\r\nPING\r\n",
    b"*-1\r\nPING\r\n",
    b"   PING   \r\n",
    b'ECHO "a\\x41\\n\\"b"\r\n',
    b"ECHO 'it\\'s'\r\n",
    b"*1\r\n$0\r\n\r\n",
    b"ping hello\r\n",
    b"*3\r\n$3\r\nSET\r\n$0\r\n\r\n$0\r\n\r\n*2\r\n$3\r\nget\r\n$0\r\n\r\n",
    b"SET a\r\n",
    b"nosuch a b\r\n",
]

QUIET_S = 0.3


def answer(port, payload):
    """(all that comes back, whether the server closed), after a silence or the end."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=5)
    got = b""
    try:
        sock.sendall(payload)
        sock.settimeout(QUIET_S)
        while True:
            data = sock.recv(65536)
            if not data:
                return got, True
            got += data
    except TimeoutError:
        return got, False
    except ConnectionError:
        return got, True
    finally:
        sock.close()


class Garbage(ServerTest):
    def test_same_answer_and_end_as_redis(self):
        server, redis = self.start(), self.start(Options.redis)
        with server.client() as bystander:
            for payload in GARBAGE + HARMLESS:
                with self.subTest(payload=payload[:60]):
                    self.assertEqual(answer(server.port, payload), answer(redis.port, payload))
                    self.assertEqual(bystander.call("PING"), b"PONG")

    def test_only_that_client_is_closed(self):
        server = self.start()
        bystanders = [server.client() for _ in range(20)]
        for payload in GARBAGE:
            answer(server.port, payload)
        for number, client in enumerate(bystanders):
            self.assertEqual(client.call("INCR", "n"), number + 1)
            client.close()

    def test_random_bytes(self):
        server = self.start()
        rng = random.Random(7)
        valid = b"".join(encode(("SET", "key:%d" % i, "value")) for i in range(20))
        with server.client() as bystander:
            for _ in range(300):
                damaged = bytearray(valid[: rng.randrange(1, len(valid))])
                for _ in range(rng.randrange(1, 6)):
                    damaged[rng.randrange(len(damaged))] = rng.randrange(256)
                sock = socket.create_connection(("127.0.0.1", server.port), timeout=5)
                sock.sendall(damaged)
                sock.close()
                self.assertEqual(bystander.call("PING"), b"PONG")

    def test_client_leaves_inside_a_command(self):
        server = self.start()
        whole = encode(("SET", "key", "v" * 1000))
        for cut in range(0, len(whole), 37):
            sock = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            sock.sendall(whole[:cut])
            sock.close()
        self.assertEqual(server.call("EXISTS", "key"), 0)

    def test_client_leaves_without_reading(self):
        server = self.start()
        server.call("SET", "big", "x" * 1000000)
        for _ in range(20):
            sock = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            sock.sendall(encode(("GET", "big")) * 50)
            # Closed with unread data: the server sees a reset in the middle of its sends.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            sock.close()
        self.assertEqual(server.call("STRLEN", "big"), 1000000)


class Pipelines(ServerTest):
    def test_order_over_all_shards(self):
        with self.start().client() as client:
            commands, expected = [], []
            for i in range(10000):
                key = "key:%d" % (i % 777)
                if i % 3 == 0:
                    commands.append(("SET", key, i))
                    expected.append(b"OK")
                elif i % 3 == 1:
                    commands.append(("ECHO", i))
                    expected.append(b"%d" % i)
                else:
                    commands.append(("INCRBY", "counter:%d" % i, i))
                    expected.append(i)
            self.assertEqual(client.pipeline(commands), expected)

    def test_every_command_sees_the_ones_before_it(self):
        with self.start().client() as client:
            commands, expected = [], []
            for i in range(10000):
                key = "key:%d" % (i % 50)
                commands += [("SET", key, i), ("GET", key)]
                expected += [b"OK", b"%d" % i]
            self.assertEqual(client.pipeline(commands), expected)

    def test_commands_over_several_shards_in_order(self):
        with self.start().client() as client:
            commands, expected = [], []
            for i in range(2000):
                commands += [
                    ("MSET", "a", i, "b", i, "c", i, "d", i),
                    ("MGET", "d", "c", "b", "a"),
                    ("INCR", "a"),
                    ("MGET", "a", "b"),
                    ("DEL", "c", "d", "nothing"),
                    ("EXISTS", "a", "b", "c", "d"),
                ]
                n = b"%d" % i
                expected += [b"OK", [n] * 4, i + 1, [b"%d" % (i + 1), n], 2, 2]
            self.assertEqual(client.pipeline(commands), expected)

    def test_transactions_inside_a_pipeline(self):
        with self.start().client() as client:
            commands, expected = [], []
            for i in range(500):
                commands += [("MULTI",), ("INCR", "x"), ("INCR", "y"), ("EXEC",), ("GET", "x")]
                expected += [b"OK", b"QUEUED", b"QUEUED", [i + 1, i + 1], b"%d" % (i + 1)]
            self.assertEqual(client.pipeline(commands), expected)

    def test_one_byte_at_a_time(self):
        with self.start().client() as client:
            for byte in encode(("SET", "key", "torn")) + encode(("GET", "key")) + b"PING\r\n":
                client.sock.sendall(bytes([byte]))
            self.assertEqual([client.read() for _ in range(3)], [b"OK", b"torn", b"PONG"])

    def test_torn_at_every_place(self):
        with self.start().client() as client:
            payload = (
                encode(("SET", "key", "v\r\n$3\r\n")) + encode(("GET", "key")) + encode(("PING",))
            )
            for cut in range(1, len(payload)):
                client.sock.sendall(payload[:cut])
                client.sock.sendall(payload[cut:])
                self.assertEqual(
                    [client.read() for _ in range(3)], [b"OK", b"v\r\n$3\r\n", b"PONG"]
                )

    def test_many_arguments(self):
        with self.start().client() as client:
            words = [b"%d" % i for i in range(200000)]
            self.assertEqual(client.call("RPUSH", "list", *words), 200000)
            self.assertEqual(client.call("LRANGE", "list", 0, -1), words)
            keys = ["k:%d" % i for i in range(20000)]
            self.assertEqual(client.call("MSET", *[x for key in keys for x in (key, "1")]), b"OK")
            self.assertEqual(client.call("MGET", *keys), [b"1"] * 20000)
            self.assertEqual(client.call("DEL", *keys), 20000)


class LargeValues(ServerTest):
    def check(self, size):
        with self.start().client(timeout=60) as client:
            value = random.Random(size).randbytes(1 << 20) * (size >> 20)
            self.assertEqual(client.call("SET", "large", value), b"OK")
            self.assertEqual(client.call("STRLEN", "large"), size)
            self.assertTrue(client.call("GET", "large") == value)
            self.assertEqual(client.call("GETRANGE", "large", size - 10, -1), value[-10:])
            self.assertEqual(client.call("APPEND", "large", "tail"), size + 4)
            self.assertEqual(client.call("GETRANGE", "large", -6, -1), value[-2:] + b"tail")
            self.assertEqual(client.call("RPUSH", "list", value, "small"), 2)
            self.assertTrue(client.call("LINDEX", "list", 0) == value)
            self.assertEqual(client.call("DEL", "large", "list"), 2)

    def test_1_mb(self):
        self.check(1 << 20)

    def test_64_mb(self):
        self.check(64 << 20)

    def test_64_mb_with_log(self):
        server = self.start(args=["--appendonly", "yes", "--appendfsync", "always"])
        value = b"x" * (64 << 20)
        with server.client(timeout=60) as client:
            self.assertEqual(client.call("SET", "large", value), b"OK")
        server.kill()
        server.start()
        self.assertEqual(server.call("STRLEN", "large"), len(value))

    def test_longer_than_allowed(self):
        with self.start().client() as client:
            client.sock.sendall(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$600000000\r\n")
            self.assertEqual(client.read(), Error(b"ERR Protocol error: invalid bulk length"))
            self.assertTrue(client.closed_by_server())


class Versions(ServerTest):
    def test_resp3(self):
        with self.start().client(resp=3) as client:
            client.call("HSET", "h", "f", "v")
            self.assertEqual(list(client.call("HGETALL", "h")), [(b"f", b"v")])
            self.assertIsNone(client.call("GET", "nothing"))
            client.must("HELLO", 2)
            self.assertEqual(client.call("HGETALL", "h"), [b"f", b"v"])

    def test_quit_and_reset(self):
        server = self.start()
        with server.client() as client:
            client.call("SELECT", 3)
            client.call("MULTI")
            self.assertEqual(client.call("RESET"), b"RESET")
            self.assertEqual(client.call("SET", "a", "1"), b"OK")
            self.assertEqual(client.call("QUIT"), b"OK")
            self.assertTrue(client.closed_by_server())
        self.assertEqual(server.call("GET", "a"), b"1")


if __name__ == "__main__":
    main()
