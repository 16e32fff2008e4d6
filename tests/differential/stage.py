"""One server's side of a scenario: several clients that speak in a fixed order, and a transcript.

A scenario is a function of a Stage. It is played on each server in turn, and the transcripts are
compared line by line, so a scenario must not decide anything by what a server answers. Where it has
to wait, it waits for a state (a number of blocked clients, a key that is gone), never for a time.

    @scenario(needs=("blocking",))
    def pushed_once(stage):
        a, b = stage.clients("ab")
        a.blocks("BLPOP", "list", 0)      # sent; goes on when INFO says that it is blocked
        b("RPUSH", "list", "x")           # sent, its reply read and noted
        a.answer()                        # the reply of the blocked command
"""

import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from basalt_harness import wait_until
from compare import unordered
from resp_client import Client, Disconnected, encode, parse

REPLY_WITHIN_S = 10.0
STATE_WITHIN_S = 10.0


class Line:
    """One entry of a transcript: who sent what, and the bytes that came."""

    def __init__(self, client, command, raw, check=None):
        self.client = client
        self.command = command
        self.raw = raw
        self.check = check

    def difference(self, other):
        """What is wrong with `other`, the same line of another server; None if nothing."""
        if self.raw == other.raw:
            return None
        if self.check and None not in (self.raw, other.raw):
            return self.check(self.raw, other.raw)
        return "differ"


class Actor:
    """A client of a stage."""

    def __init__(self, stage, name):
        self.stage = stage
        self.name = name
        self.pending = []
        self.gone = False
        self.connection = Client(stage.server.port, timeout=REPLY_WITHIN_S, resp=stage.resp)
        self.id = self.connection.must("CLIENT", "ID")

    def __call__(self, *command, check=None):
        """Sends a command and notes its reply."""
        self.send(*command)
        self.answer(check)

    def unordered(self, *command):
        """As a call, for a reply whose order Redis leaves open."""
        self(*command, check=unordered)

    def each(self, *commands):
        """Sends several commands at once, written as in a shell, and notes their replies."""
        words = [command.split() for command in commands]
        self.pending += words
        self.write(b"".join(map(encode, words)))
        for _ in commands:
            self.answer()

    def send(self, *command):
        """Sends a command whose reply is for answer()."""
        self.pending.append(command)
        self.write(encode(command))

    def write(self, payload):
        try:
            self.connection.send(payload)
        except OSError:
            pass  # reading tells

    def blocks(self, *command):
        """Sends a command and goes on when one client more is blocked."""
        before = self.stage.blocked_clients()
        self.send(*command)
        self.stage.wait_blocked(before + 1)

    def answer(self, check=None):
        """Notes the reply to the first command that has none yet."""
        command = self.pending.pop(0)
        self.stage.note(self.name, command, self.read(), check)

    def read(self):
        try:
            return self.connection.read_raw(1)[0]
        except TimeoutError:
            self.stage.broken = True
            return b"(no reply)"
        except (Disconnected, OSError):
            return b"(disconnected)"
        except ValueError as error:
            return b"(%s)" % str(error).encode()

    def quiet(self, *command):
        """Sends a command and returns its parsed reply, which is not noted."""
        self.send(*command)
        self.pending.pop()
        return parse(self.read())[0]

    def leave(self):
        """Closes the connection; goes on when the server has noticed."""
        self.gone = True
        self.connection.close()
        ids = re.compile(rb"\bid=%d " % self.id)
        self.stage.wait(
            lambda: not ids.search(self.stage.control.call("CLIENT", "LIST") + b" "),
            "%s to be gone" % self.name,
        )


class Stage:
    def __init__(self, server, resp, seed):
        self.server = server
        self.resp = resp
        self.random = random.Random(seed)
        self.control = server.client(timeout=REPLY_WITHIN_S)
        self.actors = []
        self.lines = []
        self.broken = False

    def begin(self):
        for command in (["FLUSHALL"], ["SELECT", 0]):
            self.control.must(*command)

    def clients(self, names):
        """One client per letter."""
        actors = [Actor(self, name) for name in names]
        self.actors += actors
        return actors

    def client(self, name="a"):
        return self.clients(name)[0]

    def note(self, client, command, raw, check=None):
        self.lines.append(Line(client, command, raw, check))

    def wait(self, condition, what):
        """Goes on when condition() is true; a state that does not come is noted, and a failure even
        when it comes on neither server."""
        try:
            wait_until(condition, STATE_WITHIN_S, what, every_s=0.002)
        except AssertionError as error:
            self.note("(stage)", (what,), str(error).encode())
            self.broken = True

    def blocked_clients(self):
        text = bytes(self.control.must("INFO", "clients"))
        found = re.search(rb"blocked_clients:(\d+)", text)
        return int(found.group(1)) if found else 0  # a server without blocking commands

    def wait_blocked(self, count):
        self.wait(lambda: self.blocked_clients() == count, "%d blocked clients" % count)

    def wait_gone(self, key, db=0):
        """Goes on when the key has expired."""
        self.control.must("SELECT", db)
        self.wait(lambda: self.control.call("EXISTS", key) == 0, "%s to expire" % key)
        self.control.must("SELECT", 0)

    def contents(self):
        """Notes every key with its value."""
        for db in range(3):
            self.control.must("SELECT", db)
            for key in sorted(self.control.must("KEYS", "*")):
                raw = self.control.pipeline_raw(encode(("DUMP", key)), 1)[0]
                kind = bytes(self.control.must("TYPE", key)).upper()
                read = READERS.get(kind)
                if read:
                    value = self.control.call(*[key if word is None else word for word in read])
                    raw = repr(sorted(value) if kind == b"SET" else value).encode()
                self.note("(db %d)" % db, (kind, key), raw)
        self.control.must("SELECT", 0)

    def end(self):
        """Ends what still waits, and sees that no client got more than its replies."""
        for actor in self.actors:
            if actor.gone:
                continue
            while actor.pending:
                # One that was served, or is about to be, has its reply; any other gets nil.
                self.control.call("CLIENT", "UNBLOCK", actor.id, "TIMEOUT")
                actor.answer()
            raw = b"(disconnected)"
            try:
                actor.connection.send(encode(("ECHO", "the end")))
                raw = actor.read()
            except OSError:
                pass
            self.note(actor.name, ("ECHO", "the end"), raw)
            actor.connection.close()
        self.contents()
        self.wait_blocked(0)
        self.control.close()


READERS = {
    b"STRING": ("GET", None),
    b"LIST": ("LRANGE", None, 0, -1),
    b"SET": ("SMEMBERS", None),
    b"ZSET": ("ZRANGE", None, 0, -1, "WITHSCORES"),
    b"HASH": ("HGETALL", None),
}


class Scenario:
    def __init__(self, name, function, needs, seeds, resps):
        self.name = name
        self.function = function
        self.needs = frozenset(needs)
        self.seeds = seeds
        self.resps = resps


class Scenes:
    """The scenarios of one file."""

    def __init__(self, group, needs=()):
        self.group = group
        self.needs = tuple(needs)
        self.scenarios = []

    def scenario(self, needs=(), seeds=1, resps=(2, 3)):
        """Registers a function; with `seeds` it is played so often, each time with another
        stage.random.
        """

        def register(function):
            name = "%s.%s" % (self.group, function.__name__)
            self.scenarios.append(
                Scenario(name, function, self.needs + tuple(needs), seeds, resps)
            )
            return function

        return register
