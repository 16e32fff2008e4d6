#!/usr/bin/env python3
"""Commands that one connection sends at once take effect in the order they were sent, whatever they
are: single commands, transactions, scripts that keep to their keys, scripts that do not, commands
over all shards. Meanwhile others read the same keys over all shards, so that commands meet keys
which are held and have to step aside.
"""

import os
import random
import sys
import threading

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

from basalt_harness import ServerTest, main

KEYS = ["key:%d" % i for i in range(8)]
ROUNDS = 60
PIPELINE = 150
MOST = 400  # bytes in a value

# Both append ARGV[1] and return what is there then; the second hides its key from all but a run.
PLAIN = "redis.call('APPEND', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])"
HIDDEN = "local k = ARGV[2] .. '' redis.call('APPEND', k, ARGV[1]) return redis.call('GET', k)"


class Model:
    """What a server that does one thing after the other would answer."""

    def __init__(self):
        self.values = {key: b"" for key in KEYS}

    def append(self, key, text):
        self.values[key] += text.encode()
        return len(self.values[key])

    def one(self, chance, mark):
        """A command about one key, and its reply."""
        key = chance.choice(KEYS)
        kind = chance.randrange(3)
        if len(self.values[key]) > MOST or kind == 0:
            self.values[key] = mark.encode()
            return ("SET", key, mark), b"OK"
        if kind == 1:
            return ("APPEND", key, mark), self.append(key, mark)
        return ("GET", key), self.values[key]

    def step(self, chance, mark):
        """Commands that belong together, and their replies."""
        key = chance.choice(KEYS)
        kind = chance.randrange(12)
        if kind < 3:
            commands, replies = zip(*[self.one(chance, mark)])
            return list(commands), list(replies)
        if kind < 6:  # EXEC, mostly of one shard
            if kind < 5:
                within = [(("APPEND", key, mark + x), self.append(key, mark + x)) for x in "yz"]
                within.append((("GET", key), self.values[key]))
            else:
                within = [self.one(chance, mark + "x") for _ in range(3)]
            commands = [("MULTI",)] + [c for c, _ in within] + [("EXEC",)]
            return commands, [b"OK"] + [b"QUEUED"] * len(within) + [[r for _, r in within]]
        if kind < 10:
            self.append(key, mark)
            if kind == 9:
                return [("EVAL", HIDDEN, 1, chance.choice(KEYS), mark, key)], [self.values[key]]
            return [("EVAL", PLAIN, 1, key, mark)], [self.values[key]]
        if kind == 10:
            return [("MGET", *KEYS)], [[self.values[k] for k in KEYS]]
        other = chance.choice(KEYS)
        self.values[key] = self.values[other] = mark.encode()
        return [("MSET", key, mark, other, mark)], [b"OK"]


class PipelineOrder(ServerTest):
    def check(self, shards):
        seed = int(os.environ.get("BASALT_TEST_SEED", random.randrange(1 << 32)))
        chance = random.Random(seed)
        # Connections move all the time meanwhile.
        server = self.start(shards=shards, args=["--move-connections-after", "3"])
        model = Model()
        done = threading.Event()

        def disturb():
            with server.client() as client:
                while not done.is_set():
                    client.pipeline([("MGET", *KEYS)] * 4)

        with server.client() as client:
            client.call("MSET", *[x for key in KEYS for x in (key, "")])
            threads = [threading.Thread(target=disturb, daemon=True) for _ in range(2)]
            for thread in threads:
                thread.start()
            try:
                for number in range(ROUNDS):
                    commands, wanted = [], []
                    while len(commands) < PIPELINE:
                        more, replies = model.step(chance, "%d." % len(commands))
                        commands += more
                        wanted += replies
                    got = client.pipeline(commands)
                    for at, pair in enumerate(zip(got, wanted)):
                        self.assertEqual(
                            *pair,
                            "seed %d, round %d, command %d of the pipeline: %r"
                            % (seed, number, at, commands[max(0, at - 8) : at + 1]),
                        )
            finally:
                done.set()
                for thread in threads:
                    thread.join(30)

    def test_one_shard(self):
        self.check(1)

    def test_two_shards(self):
        self.check(2)

    def test_four_shards(self):
        self.check(4)


if __name__ == "__main__":
    main()
