"""Concurrent writers whose every operation goes into a History.

Each writer is a thread with its own connection and its own keys, spread over all slots. Some
writers send pipelines, some wait for every answer; all of them now and then read a list of another
writer, so that effects become known through others than their author, and all count up one common
counter.
"""

import random
import threading
import time

from history import Operation
from resp_client import Disconnected, Error, encode, parse

LISTS_PER_WRITER = 12
PADDING_BYTES = (0, 10, 100, 1000, 20000)
COUNTER = b"incr:all"


class Writer(threading.Thread):
    def __init__(self, server, index, writers, first_number, seed):
        super().__init__(daemon=True)
        self.rng = random.Random(seed)
        self.index = index
        self.writers = writers
        self.number = first_number
        self.pipeline_length = self.rng.choice((1, 1, 4, 30))
        self.operations = []
        self.seen = []  # (key, number, when): the last item of another writer's list
        self.client = server.client(timeout=60.0)
        self.failure = None
        self.stopping = False

    def run(self):
        try:
            while not self.stopping:
                self.round_trip()
        except (Disconnected, ConnectionError):
            pass  # The crash.
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error
        finally:
            self.client.close()

    def round_trip(self):
        """A pipeline of one or more operations; each is known when its own reply has been read."""
        batch = [self.make() for _ in range(self.pipeline_length)]
        payload = b"".join([encode(command) for _, commands in batch for command in commands])
        called = time.monotonic()
        for op, _ in batch:
            if op.kind != "read":
                op.called = called
                self.operations.append(op)
        self.client.send(payload)
        for op, commands in batch:
            replies = [parse(raw)[0] for raw in self.client.read_raw(len(commands))]
            now = time.monotonic()
            bad = [reply for reply in replies if isinstance(reply, Error)]
            if bad:
                raise AssertionError("%r -> %r" % (op, bad[0]))
            if op.kind == "read":
                if replies[0] is not None:
                    self.seen.append((op.keys[0], int(replies[0]), now))
                continue
            if op.kind == "incr":
                op.number = replies[0]
            op.known = now

    def make(self):
        """(Operation, its commands)."""
        self.number += 1
        number = self.number
        roll = self.rng.random()
        if roll < 0.45:
            key = self.list_key(self.index)
            return Operation("push", [key], number), [(b"RPUSH", key, number)]
        if roll < 0.60:
            keys = [
                b"mset:%d:%d:%d" % (self.index, number, i) for i in range(self.rng.randrange(2, 5))
            ]
            words = [b"MSET"]
            for key in keys:
                words += [key, number]
            return Operation("mset", keys, number), [tuple(words)]
        if roll < 0.70:
            keys = sorted({self.list_key(self.index) for _ in range(3)})
            commands = [(b"MULTI",)] + [(b"RPUSH", key, number) for key in keys] + [(b"EXEC",)]
            return Operation("exec", keys, number), commands
        if roll < 0.80:
            key = b"set:%d:%d" % (self.index, self.rng.randrange(6))
            value = b"%d %s" % (number, b"x" * self.rng.choice(PADDING_BYTES))
            return Operation("set", [key], number), [(b"SET", key, value)]
        if roll < 0.88:
            return Operation("incr", [COUNTER], None), [(b"INCR", COUNTER)]
        key = self.list_key(self.rng.randrange(self.writers))
        return Operation("read", [key], number), [(b"LINDEX", key, -1)]

    def list_key(self, writer):
        return b"list:%d:%d" % (writer, self.rng.randrange(LISTS_PER_WRITER))


class Load:
    """A group of writers against one server, from start to crash."""

    def __init__(self, server, writers, first_number, seed):
        self.writers = [
            Writer(server, index, writers, first_number, seed * 1000 + index)
            for index in range(writers)
        ]

    def start(self):
        for writer in self.writers:
            writer.start()

    def stop(self):
        """For a polite end: each writer finishes its round trip."""
        for writer in self.writers:
            writer.stopping = True

    def finish(self):
        """Waits for the writers, which end when the server is gone; their operations, with what was
        seen.
        """
        for writer in self.writers:
            writer.join(30.0)
            if writer.is_alive():
                raise AssertionError(
                    "a writer is stuck: its request has no answer, its connection no end"
                )
            if writer.failure:
                raise writer.failure
        operations = [op for writer in self.writers for op in writer.operations]
        by_effect = {}
        for op in operations:
            if op.kind in ("push", "exec"):
                for key in op.keys:
                    by_effect[key, op.number] = op
        for writer in self.writers:
            for key, number, when in writer.seen:
                op = by_effect.get((key, number))  # None: of an earlier round
                if op and when < op.known:
                    op.known = when
        return operations

    def highest_number(self):
        return max(writer.number for writer in self.writers)
