"""Drives many connections from one thread: sends what each one's script yields, notes the times,
and hands the replies back to it.

A script is a generator. It yields a list of commands, which are sent at once (a pipeline), and gets
a Round back. `yield Drop(commands)` sends them and closes the connection without waiting: nobody
knows what became of them. The script then goes on with a new connection under a new name.
"""

import selectors
import socket
import time

from resp_client import RECEIVE_BYTES, encode, parse, reply_end


class Drop(list):
    """Commands whose replies nobody waits for."""


class Failed(Exception):
    """The server did what no schedule explains: it closed a connection, fell silent, or sent more
    than was asked for.
    """


class Round:
    __slots__ = ("client", "asked", "replies", "told")

    def __init__(self, client, asked):
        self.client = client
        self.asked = asked
        self.replies = []
        self.told = []  # of each reply


class Connection:
    def __init__(self, port, name, script, selector):
        self.port = port
        self.name = name
        self.script = script
        self.selector = selector
        self.connects = 0
        self.sock = None
        self.done = False
        self._connect()

    def _connect(self):
        self.connects += 1
        self.client = self.name if self.connects == 1 else "%s.%d" % (self.name, self.connects)
        self.sock = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.buf = bytearray()
        self.unsent = b""
        self.commands = []
        self.round = None
        self.selector.register(self.sock, selectors.EVENT_READ, self)

    def close(self):
        if self.sock is not None:
            self.selector.unregister(self.sock)
            self.sock.close()
            self.sock = None

    def advance(self, answer=None):
        """The script's next commands go out."""
        while True:
            try:
                commands = self.script.send(answer)
            except StopIteration:
                self.done = True
                self.close()
                return
            payload = b"".join(map(encode, commands))
            self.commands = commands
            answer = self.round = Round(self.client, time.monotonic_ns())
            self._send(payload)
            if not isinstance(commands, Drop):
                return
            self.close()
            self._connect()

    def _send(self, payload):
        try:
            sent = self.sock.send(payload)
        except BlockingIOError:
            sent = 0
        except ConnectionError:
            raise Failed("%s: the server closed the connection" % self.client) from None
        self.unsent = payload[sent:]
        if self.unsent and not isinstance(self.commands, Drop):
            self.selector.modify(self.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, self)

    def write(self):
        self._send(self.unsent)
        if not self.unsent:
            self.selector.modify(self.sock, selectors.EVENT_READ, self)

    def read(self):
        """True when all replies of the round are there."""
        try:
            data = self.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return False
        except ConnectionError:
            data = b""
        now = time.monotonic_ns()
        if not data:
            raise Failed(
                "%s: the server closed the connection; the next reply was due for %r"
                % (self.client, self.commands[len(self.round.replies) :][:1])
            )
        self.buf += data
        buf, at, size = self.buf, 0, len(self.buf)
        replies, told = self.round.replies, self.round.told
        while at < size:
            end = reply_end(buf, at)
            if end < 0:
                break
            replies.append(parse(buf, at)[0])
            told.append(now)
            at = end
        del buf[:at]
        if len(replies) > len(self.commands):
            raise Failed("%s: more replies than commands" % self.client)
        return len(replies) == len(self.commands)


def drive(port, scripts, deadline):
    """Runs {name: script} until all have ended; Failed if some have not at `deadline`
    (time.monotonic).
    """
    with selectors.DefaultSelector() as selector:
        connections = [Connection(port, name, script, selector) for name, script in scripts.items()]
        try:
            for connection in connections:
                connection.advance()
            while not all(connection.done for connection in connections):
                if time.monotonic() > deadline:
                    raise Failed(_stuck(connections))
                complete = []
                for key, events in selector.select(1.0):
                    connection = key.data
                    if connection.sock is not key.fileobj:
                        continue
                    if events & selectors.EVENT_WRITE:
                        connection.write()
                    if events & selectors.EVENT_READ and connection.read():
                        complete.append(connection)
                for connection in complete:
                    connection.advance(connection.round)
        finally:
            for connection in connections:
                connection.close()


def _stuck(connections):
    waiting = [
        "%s waits for the reply to %r" % (one.client, one.commands[len(one.round.replies)])
        for one in connections
        if not one.done
    ]
    return "the server does not answer: %d clients wait\n  %s" % (
        len(waiting),
        "\n  ".join(waiting[:5]),
    )
