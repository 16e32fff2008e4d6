"""Runs one stream of steps on two servers in lockstep and finds the first difference.

The reference is `a`, the server under test `b`. Commands go out in pipelined chunks of random size,
now and then torn into pieces at odd places, so that the servers' parsers meet every kind of split.
"""

import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

from resp_client import Disconnected, parse
from steps import Action, short

CHUNK_SIZES = (1, 1, 2, 5, 20, 60, 200)
TEAR_ONE_IN = 8
TIMEOUT_S = 30.0


class Mismatch:
    """Where and how the servers disagree."""

    def __init__(self, step_index, step, command, reply_a, reply_b, wrong):
        self.step_index = step_index
        self.step = step
        self.command = command
        self.reply_a = reply_a
        self.reply_b = reply_b
        self.wrong = wrong

    def __str__(self):
        lines = ["command:   %s" % render(self.command), "wrong:     %s" % self.wrong]
        if self.reply_a is not None:
            lines += ["reference: %s" % short(self.reply_a), "server:    %s" % short(self.reply_b)]
        return "\n".join(lines)


def render(command):
    """A command as it could be typed into redis-cli."""
    words = []
    for arg in command:
        arg = bytes(arg)
        if arg and all(33 <= c < 127 and c not in b"\"'\\" for c in arg):
            words.append(arg.decode())
            continue
        text = "".join(
            chr(c) if 32 <= c < 127 and c not in b'"\\' else "\\x%02x" % c for c in arg[:300]
        )
        words.append('"%s"%s' % (text, "…(%d bytes)" % len(arg) if len(arg) > 300 else ""))
    return " ".join(words)


class Pair:
    """A connection to each of two servers. Restarts a server that died, so that shrinking can go
    on.
    """

    def __init__(self, reference, server):
        self.servers = (reference, server)
        self.a = self.b = None

    def connect(self):
        self.close()
        for server in self.servers:
            if not server.running():
                server.kill()
                server.start()
        self.a, self.b = (server.client(timeout=TIMEOUT_S) for server in self.servers)

    def reset(self):
        """Fresh connections to empty servers."""
        self.connect()
        for client in (self.a, self.b):
            client.must("FLUSHALL")

    def close(self):
        for client in (self.a, self.b):
            if client:
                client.close()


class Runner:
    def __init__(self, pair, seed=0):
        self.pair = pair
        self.rng = random.Random(seed)
        self.commands_run = 0
        self.kinds = {}

    def run(self, steps, first_index=0, max_chunk=None):
        """Runs all steps; the first Mismatch, or None."""
        chunk = []
        limit = self.chunk_limit(max_chunk)
        index = first_index
        for step in steps:
            if isinstance(step, Action):
                mismatch = self.run_chunk(chunk) or self.run_action(index, step)
                chunk = []
                if mismatch:
                    return mismatch
            else:
                chunk.append((index, step))
                if len(chunk) >= limit:
                    mismatch = self.run_chunk(chunk)
                    if mismatch:
                        return mismatch
                    chunk = []
                    limit = self.chunk_limit(max_chunk)
            index += 1
        return self.run_chunk(chunk)

    def chunk_limit(self, max_chunk):
        return max_chunk or self.rng.choice(CHUNK_SIZES)

    def run_action(self, index, step):
        self.commands_run += 1
        try:
            wrong = step.run(self.pair.a, self.pair.b)
        except (OSError, Disconnected, AssertionError, ValueError) as error:
            wrong = "%s: %s" % (type(error).__name__, error)
        if wrong:
            return Mismatch(index, step, step.commands[0], None, None, wrong)
        return None

    def run_chunk(self, chunk):
        if not chunk:
            return None
        payload = b"".join([step.payload() for _, step in chunk])
        count = sum([len(step.commands) for _, step in chunk])
        self.commands_run += count
        raws = []
        for client in (self.pair.a, self.pair.b):
            try:
                self.send(client, payload)
            except (OSError, Disconnected):
                pass  # Reading tells where it ended.
        for client in (self.pair.a, self.pair.b):
            raws.append(self.read_all(client, count))
        return self.compare_chunk(chunk, *raws)

    def send(self, client, payload):
        if len(payload) < 60000 and self.rng.randrange(TEAR_ONE_IN) == 0:
            cut = self.rng.randrange(len(payload))
            client.send(payload[:cut])
            payload = payload[cut:]
        client.send(payload)

    def read_all(self, client, count):
        """`count` raw replies; after a failure, as many as came and then the failure."""
        try:
            return client.read_raw(count)
        except (OSError, Disconnected, ValueError) as failure:
            replies = []
            try:
                while True:
                    client.sock.settimeout(0.01)
                    replies += client.read_raw(1)
            except (OSError, Disconnected, ValueError):
                pass
            return replies + [failure]

    def compare_chunk(self, chunk, raws_a, raws_b):
        at = 0
        kinds = self.kinds
        for index, step in chunk:
            checks = step.checks
            earlier = []
            for number, command in enumerate(step.commands):
                raw_a = raws_a[min(at, len(raws_a) - 1)]
                raw_b = raws_b[min(at, len(raws_b) - 1)]
                at += 1
                if isinstance(raw_a, Exception) or isinstance(raw_b, Exception):
                    return self.broken(index, step, command, raw_a, raw_b)
                check = checks[number] if checks else None
                if check is None:
                    wrong = None if raw_a == raw_b else "differ"
                else:
                    wrong = check(raw_a, raw_b, earlier)
                if wrong:
                    return Mismatch(index, step, command, raw_a, raw_b, wrong)
                if checks:
                    earlier.append(parse(raw_a)[0])
                kind = raw_a[:7] if raw_a[:1] == b"-" else raw_a[:1]
                kinds[kind] = kinds.get(kind, 0) + 1
        return None

    def broken(self, index, step, command, raw_a, raw_b):
        side, failure = ("reference", raw_a) if isinstance(raw_a, Exception) else ("server", raw_b)
        wrong = "the %s gave no reply: %s %s" % (side, type(failure).__name__, failure)
        return Mismatch(index, step, command, None, None, wrong)
