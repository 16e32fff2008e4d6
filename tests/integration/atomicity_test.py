#!/usr/bin/env python3
"""One atomic world: what several clients do at once to keys on several shards looks like one after
the other.
"""

import os
import random
import sys
import threading
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import ServerTest, main
from resp_client import Error

SPAN_S = 2.0
# Keys of many slots, hence of all shards.
KEYS = ["account:%d" % i for i in range(16)]


class Concurrently(ServerTest):
    def setUp(self):
        self.server = self.start()

    def run_all(self, *jobs, span_s=SPAN_S):
        """Each job (a function of a client) again and again until the time is over; the first
        failure fails the test.
        """
        failures = []
        end = time.monotonic() + span_s
        rounds = [0] * len(jobs)

        def loop(number, job):
            try:
                with self.server.client() as client:
                    while time.monotonic() < end and not failures:
                        job(client)
                        rounds[number] += 1
            except BaseException as failure:  # pylint: disable=broad-except
                failures.append(failure)

        threads = [
            threading.Thread(target=loop, args=item, daemon=True) for item in enumerate(jobs)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            self.assertFalse(thread.is_alive(), "a client waits for ever")
        if failures:
            raise failures[0]
        for number, count in enumerate(rounds):
            self.assertGreater(count, 0, "job %d never came to an end" % number)


class WholeCommands(Concurrently):
    def test_mset_is_seen_whole(self):
        self.server.call("MSET", *[x for key in KEYS for x in (key, "0")])

        def write(client):
            stamp = str(random.random())
            keys = random.sample(KEYS, len(KEYS))
            self.assertEqual(client.call("MSET", *[x for key in keys for x in (key, stamp)]), b"OK")

        def read(client):
            values = client.call("MGET", *random.sample(KEYS, len(KEYS)))
            self.assertEqual(len(set(values)), 1, values)

        def read_in_transaction(client):
            replies = client.pipeline([("MULTI",)] + [("GET", key) for key in KEYS] + [("EXEC",)])
            self.assertEqual(len(set(replies[-1])), 1, replies[-1])

        self.run_all(write, write, write, read, read, read_in_transaction)

    def test_msetnx_sets_all_or_none(self):
        keys = KEYS[:4]

        def claim(client):
            mine = str(random.random())
            if client.call("MSETNX", *[x for key in keys for x in (key, mine)]) == 1:
                self.assertEqual(client.call("MGET", *keys), [mine.encode()] * 4)
                self.assertEqual(client.call("DEL", *random.sample(keys, 4)), 4)

        self.run_all(claim, claim, claim, claim)

    def test_del_and_exists_are_whole(self):
        def write(client):
            client.must("MSET", *[x for key in KEYS for x in (key, "1")])
            client.must("DEL", *random.sample(KEYS, len(KEYS)))

        def count(client):
            self.assertIn(client.call("EXISTS", *random.sample(KEYS, len(KEYS))), (0, len(KEYS)))

        self.run_all(write, count, count)

    def test_rename_never_shows_both_or_none(self):
        self.server.call("SET", KEYS[0], "treasure")

        def rename(client):
            client.call("RENAME", *random.sample(KEYS, 2))

        def look(client):
            values = client.call("MGET", *KEYS)
            self.assertEqual([v for v in values if v], [b"treasure"])

        self.run_all(rename, rename, look, look)

    def test_smove_and_lmove_lose_nothing(self):
        self.server.call("SADD", "set:0", *range(50))
        self.server.call("RPUSH", "list:0", *range(50))
        sets = ["set:%d" % i for i in range(4)]
        lists = ["list:%d" % i for i in range(4)]

        def move(client):
            client.must("SMOVE", *random.sample(sets, 2), random.randrange(50))
            client.must("LMOVE", *random.sample(lists, 2), "LEFT", "RIGHT")

        def look(client):
            self.assertEqual(len(client.must("SUNION", *sets)), 50)
            replies = client.pipeline([("MULTI",)] + [("LLEN", key) for key in lists] + [("EXEC",)])
            self.assertEqual(sum(replies[-1]), 50)

        self.run_all(move, move, move, look)

    def test_swapdb_is_seen_whole(self):
        self.server.call("MSET", *[x for key in KEYS for x in (key, "zero")])
        with self.server.client() as client:
            client.must("SELECT", 1)
            client.must("MSET", *[x for key in KEYS for x in (key, "one")])

        def swap(client):
            client.must("SWAPDB", 0, 1)

        def look(client):
            values = client.call("MGET", *KEYS)
            self.assertEqual(len(set(values)), 1, values)

        self.run_all(swap, look, look)

    def test_flushall_is_seen_whole(self):
        def write(client):
            client.must("MSET", *[x for key in KEYS for x in (key, "1")])

        def flush(client):
            client.must("FLUSHALL")

        def look(client):
            self.assertIn(client.call("EXISTS", *KEYS), (0, len(KEYS)))

        self.run_all(write, flush, look, look)


class Transactions(Concurrently):
    def test_transfers_keep_the_sum(self):
        self.server.call("MSET", *[x for key in KEYS for x in (key, "100")])

        def transfer(client):
            source, target = random.sample(KEYS, 2)
            amount = random.randrange(1, 10)
            replies = client.pipeline(
                [("MULTI",), ("DECRBY", source, amount), ("INCRBY", target, amount), ("EXEC",)]
            )
            self.assertEqual(len(replies[-1]), 2)

        def audit(client):
            self.assertEqual(sum(map(int, client.call("MGET", *KEYS))), 100 * len(KEYS))

        self.run_all(transfer, transfer, transfer, audit, audit)

    def test_watch_makes_read_and_write_one(self):
        self.server.call("MSET", *[x for key in KEYS for x in (key, "100")])
        done = []

        def transfer(client):
            source, target = random.sample(KEYS, 2)
            client.must("WATCH", source, target)
            have, other = map(int, client.must("MGET", source, target))
            replies = client.pipeline(
                [("MULTI",), ("SET", source, have - 1), ("SET", target, other + 1), ("EXEC",)]
            )
            if replies[-1] is not None:
                done.append(1)

        def audit(client):
            self.assertEqual(sum(map(int, client.call("MGET", *KEYS))), 100 * len(KEYS))

        self.run_all(transfer, transfer, transfer, transfer, audit)
        self.assertGreater(len(done), 10)

    def test_watch_counts_exactly(self):
        """Optimistic increments: as many as succeeded are in the counter."""
        succeeded = []

        def increment(client):
            client.must("WATCH", "counter", "other")
            value = int(client.must("GET", "counter") or 0)
            replies = client.pipeline(
                [("MULTI",), ("SET", "counter", value + 1), ("INCR", "other"), ("EXEC",)]
            )
            if replies[-1] is not None:
                succeeded.append(1)

        self.run_all(increment, increment, increment, increment)
        expected = b"%d" % len(succeeded)
        self.assertEqual(self.server.call("MGET", "counter", "other"), [expected, expected])

    def test_commands_of_one_exec_are_neighbours(self):
        def write(client):
            stamp = str(random.random())
            client.pipeline([("MULTI",)] + [("SET", key, stamp) for key in KEYS] + [("EXEC",)])

        def read(client):
            self.assertEqual(len(set(client.call("MGET", *KEYS))), 1)

        self.run_all(write, write, read, read)


class RealTime(Concurrently):
    """What one client was told, another sees if it asks afterwards."""

    def test_counter_never_goes_back(self):
        lock = threading.Lock()
        highest = [0]

        def count(client):
            with lock:
                known = highest[0]
            value = client.must("INCR", "counter")
            self.assertGreater(value, known)
            with lock:
                highest[0] = max(highest[0], value)

        def read(client):
            with lock:
                known = highest[0]
            self.assertGreaterEqual(int(client.must("GET", "counter") or 0), known)

        self.run_all(count, count, read, read)

    def test_two_keys_in_order(self):
        """a is always written before b; whoever has seen b = n sees a >= n."""
        number = [0]

        def write(client):
            number[0] += 1
            client.must("SET", "a", number[0])
            client.must("SET", "b", number[0])

        def read(client):
            second = int(client.must("GET", "b") or 0)
            first = int(client.must("GET", "a") or 0)
            self.assertGreaterEqual(first, second)

        def read_at_once(client):
            first, second = client.must("MGET", "a", "b")
            self.assertGreaterEqual(int(first or 0), int(second or 0))

        self.run_all(write, read, read, read_at_once)


class Stress(Concurrently):
    def test_everything_at_once(self):
        """Fan-outs, transactions, parks, snapshots and single commands: nobody waits for ever,
        nothing fails.
        """

        def single(client):
            replies = client.pipeline([("INCR", random.choice(KEYS)) for _ in range(20)])
            self.assertFalse(
                [r for r in replies if isinstance(r, Error) and not r.startswith(b"ERR value")]
            )

        def fan_out(client):
            client.must("MSET", *[x for key in random.sample(KEYS, 5) for x in (key, "1")])
            client.must("DEL", *random.sample(KEYS, 5))

        def transaction(client):
            commands = [("INCRBY", key, 2) for key in random.sample(KEYS, 5)]
            replies = client.pipeline([("MULTI",)] + commands + [("EXEC",)])
            self.assertEqual(len(replies[-1]), 5)

        def park(client):
            client.must("SWAPDB", 1, 2)
            client.must("DBSIZE")
            client.must("KEYS", "*")
            time.sleep(0.005)

        def administer(client):
            client.call("BGSAVE")
            client.must("CONFIG", "SET", "timeout", "0")
            client.must("INFO")
            time.sleep(0.05)

        self.run_all(
            single, single, fan_out, fan_out, transaction, transaction, park, administer, span_s=4.0
        )


if __name__ == "__main__":
    main()
