"""The unit of a generated stream: one or several commands that belong together.

A Step is sent in a pipeline with its neighbours. An Action needs answers before it can go on (a
SCAN, a wait for an expiry, a comparison of all contents), so it runs alone, on both servers. Either
can be replayed any number of times.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

import compare
from resp_client import Error, encode, to_bytes

EXPIRY_WITHIN_S = 10.0
DATABASES = 16


class Step:
    __slots__ = ("commands", "checks")

    def __init__(self, commands, checks=None):
        self.commands = [tuple(map(to_bytes, command)) for command in commands]
        self.checks = checks

    def payload(self):
        return b"".join(map(encode, self.commands))


def exact(*args):
    return Step([args])


def checked(check, *args):
    return Step([args], [check])


class Inline(Step):
    """One command as a plain line. Only for arguments without spaces, quotes and control
    characters.
    """

    __slots__ = ()

    def payload(self):
        return b" ".join(self.commands[0]) + b"\r\n"


class Action:
    """commands are only its name for people and its keys for the shrinker."""

    __slots__ = ("commands",)

    def run(self, a, b):
        """None if both clients saw the same, else what is wrong."""
        raise NotImplementedError


class FullScan(Action):
    """Iterates SCAN, HSCAN, SSCAN or ZSCAN to the end on both; the same elements must have come."""

    __slots__ = ("pairs",)

    def __init__(self, head, options, pairs):
        self.commands = [tuple(map(to_bytes, head + [b"0"] + options))]
        self.pairs = pairs

    def run(self, a, b):
        seen_a, seen_b = self.iterate(a), self.iterate(b)
        if seen_a == seen_b:
            return None
        if isinstance(seen_a, set) and isinstance(seen_b, set):
            return "full iteration: only the reference %r, only the server %r" % (
                sorted(seen_a - seen_b)[:5],
                sorted(seen_b - seen_a)[:5],
            )
        return "reference %r, server %r" % (seen_a, seen_b)

    def iterate(self, client):
        command = list(self.commands[0])
        place = 1 if command[0].upper() == b"SCAN" else 2
        seen = set()
        for _ in range(100000):
            reply = client.call(*command)
            if isinstance(reply, Error):
                return bytes(reply)
            cursor, items = reply
            if self.pairs:
                seen.update(zip(items[::2], items[1::2]))
            else:
                seen.update(items)
            if cursor == b"0":
                return seen
            command[place] = cursor
        return "no end after 100000 calls"


class Expiry(Action):
    """Runs commands that give a key a very short life, then waits until it is gone from both."""

    __slots__ = ("key",)

    def __init__(self, key, commands):
        self.key = key
        self.commands = [tuple(map(to_bytes, command)) for command in commands]

    def run(self, a, b):
        for command in self.commands:
            replies = a.call(*command), b.call(*command)
            if isinstance(replies[0], Error) != isinstance(replies[1], Error):
                return "%r: reference %r, server %r" % ((command,) + replies)
        for name, client in (("reference", a), ("server", b)):
            deadline = time.monotonic() + EXPIRY_WITHIN_S
            while client.call("PTTL", self.key) not in (-1, -2):
                if time.monotonic() > deadline:
                    return "the key does not expire on the %s" % name
                time.sleep(0.002)
        replies = [(c.call("EXISTS", self.key), c.call("DBSIZE")) for c in (a, b)]
        return None if replies[0] == replies[1] else "EXISTS, DBSIZE afterwards: %r" % replies


class Transfer(Action):
    """DUMPs a key on each server and RESTOREs the payload on the other one, under a second name."""

    __slots__ = ("source", "target")

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.commands = [(b"DUMP", source), (b"RESTORE", target, b"0", b"(payload)", b"REPLACE")]

    def run(self, a, b):
        payload_a, payload_b = a.call("DUMP", self.source), b.call("DUMP", self.source)
        if type(payload_a) is not type(payload_b):
            return "DUMP: reference %r, server %r" % (payload_a, payload_b)
        if not isinstance(payload_a, bytes) or isinstance(payload_a, Error):
            return None if payload_a == payload_b else "DUMP: %r and %r" % (payload_a, payload_b)
        replies = [
            client.call("RESTORE", self.target, 0, payload, "REPLACE")
            for client, payload in ((a, payload_b), (b, payload_a))
        ]
        return (
            None
            if replies[0] == replies[1]
            else "RESTORE: reference %r, server %r" % tuple(replies)
        )


READERS = {
    b"string": (lambda key: ("GET", key), None),
    b"list": (lambda key: ("LRANGE", key, 0, -1), None),
    b"hash": (lambda key: ("HGETALL", key), compare.pairs),
    b"set": (lambda key: ("SMEMBERS", key), compare.unordered),
    b"zset": (lambda key: ("ZRANGE", key, 0, -1, "WITHSCORES"), None),
    b"stream": (lambda key: ("XRANGE", key, "-", "+"), None),
}


class CompareContents(Action):
    """Every database of both servers: the same keys with the same type, value, encoding and TTL."""

    __slots__ = ("encodings",)

    def __init__(self, encodings=True):
        self.commands = [(b"(compare", b"all", b"contents)")]
        self.encodings = encodings

    def run(self, a, b):
        databases = [set(), set()]
        for database in range(DATABASES):
            keys = []
            for client in (a, b):
                client.must("SELECT", database)
                keys.append(sorted(client.must("KEYS", "*")))
            if keys[0] != keys[1]:
                return self.failed(
                    "db %d: keys only on the reference %r, only on the server %r"
                    % (database, without(*keys), without(*reversed(keys))),
                    without(*keys) + without(*reversed(keys)),
                )
            sizes = [client.call("DBSIZE") for client in (a, b)]
            if sizes != [len(keys[0])] * 2:
                return self.failed(
                    "db %d: DBSIZE %r with %d keys" % (database, sizes, len(keys[0])), []
                )
            wrong = self.compare_keys(a, b, keys[0])
            if wrong:
                return self.failed("db %d: %s" % (database, wrong[0]), [wrong[1]])
        return None

    def failed(self, text, keys):
        """The keys at fault become part of this step: the shrinker keeps what touched them."""
        self.commands = [(b"(compare", b"all", b"contents)")] + [(b"at", key) for key in keys]
        return text

    def compare_keys(self, a, b, keys):
        if not keys:
            return None
        types = [client.pipeline([("TYPE", key) for key in keys]) for client in (a, b)]
        for key, type_a, type_b in zip(keys, *types):
            if type_a != type_b:
                return "TYPE %r: %r and %r" % (key, type_a, type_b), key
        questions = []
        for key, kind in zip(keys, types[0]):
            reader, check = READERS[bytes(kind)]
            questions.append((reader(key), check))
            questions.append((("PTTL", key), compare.near_milliseconds))
            if self.encodings:
                questions.append((("OBJECT", "ENCODING", key), None))
        payload = b"".join(encode(question) for question, _ in questions)
        raws = [client.pipeline_raw(payload, len(questions)) for client in (a, b)]
        for (question, check), raw_a, raw_b in zip(questions, *raws):
            if raw_a != raw_b and (check is None or check(raw_a, raw_b)):
                key = question[1] if question[0] != "OBJECT" else question[2]
                text = "%r: reference %s, server %s" % (question, short(raw_a), short(raw_b))
                return text, to_bytes(key)
        return None


def without(these, those):
    return sorted(set(these) - set(those))[:10]


def short(raw, limit=600):
    text = repr(raw)
    return text if len(text) <= limit else "%s… (%d bytes)" % (text[:limit], len(raw))
